//! What an earlier process was judging when it was killed: tried in ever smaller parts, until the change that kills is
//! alone.

use std::collections::HashSet;

use sync_core::id::{ChangeHash, RecordId};

use super::projector::{judge_all, set_aside_unseen};
use super::publishing::publish;
use super::trial::Suspect;
use crate::error::ServiceError;
use crate::state::App;
use crate::store::{PendingRecord, StoreError};

/// Judges the suspects, if there are any, and publishes what comes of it.
///
/// # Errors
/// When the database fails.
pub(super) async fn try_suspects(app: &App) -> Result<(), ServiceError> {
    for suspect in app.trial.take_suspects() {
        match suspect {
            Suspect::Together(record) => try_alone(app, record).await?,
            Suspect::Alone(_) | Suspect::Change { .. } => try_each_change(app, suspect).await?,
        }
    }
    app.trial.adjourn();
    Ok(())
}

/// A suspect with what has to be judged. If nothing is stored, it killed while it was judged on arrival.
async fn pending(app: &App, id: RecordId) -> Result<Option<PendingRecord>, ServiceError> {
    match app.store.record(id).await {
        Ok(record) if !record.incoming.is_empty() => Ok(Some(record)),
        Ok(_) | Err(StoreError::NotFound) => {
            app.trial.be_wary_of(id);
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

async fn try_alone(app: &App, id: RecordId) -> Result<(), ServiceError> {
    if let Some(record) = pending(app, id).await? {
        let judging = app.trial.begin(std::iter::once(id));
        let mut publications = judge_all(app, vec![record], 1).await?;
        drop(judging);
        publish(app, &mut publications).await?;
    }
    Ok(())
}

/// Judges the changes of a record one by one, together with those before them that wait for others.
async fn try_each_change(app: &App, suspect: Suspect) -> Result<(), ServiceError> {
    let id = suspect.record();
    let mut tried: HashSet<ChangeHash> = HashSet::new();
    while let Some(mut record) = pending(app, id).await? {
        let Some(next) = record.incoming.iter().map(|change| change.hash).find(|hash| !tried.contains(hash)) else {
            break;
        };
        let mut publications = if suspect.condemns(next) {
            tracing::error!(record = %id, change = %next, "judging this change killed the server; it is set aside");
            vec![set_aside_unseen(&record, std::iter::once(next))]
        } else {
            tried.insert(next);
            let _judging = app.trial.begin_change(id, next, suspect.deaths_at(next));
            record.incoming.retain(|change| tried.contains(&change.hash));
            judge_all(app, vec![record], 1).await?
        };
        // What changed meanwhile is left alone, and judged in its turn.
        publish(app, &mut publications).await?;
    }
    Ok(())
}
