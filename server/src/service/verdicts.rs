//! What a phone is told about its changes.

use std::collections::HashSet;

use sync_core::chunk;
use sync_core::id::{ChangeHash, RecordId};
use sync_core::wire::exchange::{ItemVerdict, Verdict};

use crate::error::ServiceError;
use crate::state::App;
use crate::store::{ChangeState, Device, LineVerdict};

/// The verdicts since a position, and up to which line of the device's journal everything has been judged.
///
/// # Errors
/// When the database fails.
pub(super) async fn verdicts(app: &App, device: &Device, after: u64) -> Result<(Vec<ItemVerdict>, u64), ServiceError> {
    let told = app.store.verdicts(device.id, after).await?;
    let wanted: Vec<(RecordId, ChangeHash)> =
        told.verdicts.iter().flat_map(|line| awaited(line).map(|dep| (line.record, dep))).collect();
    let published = published(app, &wanted).await?;
    let verdicts = told.verdicts.into_iter().filter_map(|line| verdict(line, &published)).collect();
    Ok((verdicts, told.judged_through))
}

/// Those of the changes that are published.
async fn published(app: &App, changes: &[(RecordId, ChangeHash)]) -> Result<HashSet<ChangeHash>, ServiceError> {
    let states = if changes.is_empty() { Vec::new() } else { app.store.states_of(changes).await? };
    let published = states.into_iter().filter(|(_, _, state)| *state == ChangeState::Published);
    Ok(published.map(|(_, hash, _)| hash).collect())
}

/// The changes that a change follows, of which this is the beginning; none if it can't be read.
pub(super) fn dependencies(beginning: &[u8]) -> Vec<ChangeHash> {
    chunk::dependencies(beginning).unwrap_or_default()
}

fn awaited(line: &LineVerdict) -> impl Iterator<Item = ChangeHash> {
    line.waiting.as_deref().map(dependencies).unwrap_or_default().into_iter()
}

fn verdict(line: LineVerdict, published: &HashSet<ChangeHash>) -> Option<ItemVerdict> {
    let verdict = match line.state {
        ChangeState::Received => return None,
        ChangeState::Published => Verdict::Published,
        ChangeState::Held => Verdict::Held { code: line.code },
        ChangeState::Quarantined => Verdict::Quarantined { code: line.code },
        ChangeState::Waiting => Verdict::Need { deps: awaited(&line).filter(|dep| !published.contains(dep)).collect() },
        ChangeState::Refused => Verdict::Refused { code: line.code, reason: line.reason.unwrap_or_default() },
    };
    Some(ItemVerdict { n: line.n, verdict })
}
