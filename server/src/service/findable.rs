//! After an update, older records become findable as the new version searches, beside everything else.
//!
//! Which ones are left stands with each record, so whoever is interrupted goes on where it was.

use std::time::{Duration, Instant};

use sync_core::id::RecordId;
use tokio::sync::watch;

use super::rebuild::make_findable;
use crate::error::ServiceError;
use crate::state::App;

/// When it is tried again that could not be done, and looked again whether another server still leads.
const REST: Duration = Duration::from_secs(30);

/// Makes all records findable, if this is the server that leads, until it is done or told to stop.
pub async fn run(app: App, mut stop: watch::Receiver<bool>) {
    let (mut after, mut batches) = (None, 0_u64);
    loop {
        let begun = Instant::now();
        let pause = match turn(&app, after).await {
            Ok(Turn::Done) => break,
            Ok(Turn::Elsewhere) => REST,
            Ok(Turn::Behind(last)) => {
                (after, batches) = (Some(last), batches + 1);
                // As long again as it worked: phones and pages come first.
                begun.elapsed()
            }
            Err(error) => {
                tracing::warn!(code = error.code.name, cause = ?error.internal, "records can't be made findable now");
                REST
            }
        };
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
    if batches > 0 {
        tracing::info!(batches, "records of an older version are findable by their words");
    }
}

enum Turn {
    /// No record is left.
    Done,
    /// All up to this record are done.
    Behind(RecordId),
    /// Another server does it.
    Elsewhere,
}

async fn turn(app: &App, after: Option<RecordId>) -> Result<Turn, ServiceError> {
    if let Some(neighbours) = app.store.neighbours()
        && !neighbours.take_lead().await?
    {
        // The leader may have finished meanwhile.
        let left = !app.store.rebuild().unsearchable(None, 1).await?.is_empty();
        return Ok(if left { Turn::Elsewhere } else { Turn::Done });
    }
    Ok(make_findable(app, after).await?.map_or(Turn::Done, Turn::Behind))
}
