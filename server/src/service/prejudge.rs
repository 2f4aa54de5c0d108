//! Judging what a phone brings before it is stored, so that it is written once and published in the same transaction.
//!
//! This is a short cut and nothing more: whatever can't be judged here at once is stored as received, and the
//! projector judges it in its turn. That goes for what suspects send, for what was under judgement when an earlier process
//! was killed, and for whatever is no longer so when it is about to be stored.

use std::collections::{BTreeMap, HashSet};

use sync_core::id::{ChangeHash, RecordId};
use sync_core::time::UnixMillis;

use super::projector::{Lane, TOGETHER, judge_all};
use crate::error::ServiceError;
use crate::state::App;
use crate::store::{ChangeState, Device, IncomingChange, NewLine, PendingRecord, Publication};

/// Judges lines that were looked at and are about to be stored. What the answer does not speak of is to be stored as
/// received.
///
/// # Errors
/// When the database fails.
pub(super) async fn prejudge(
    app: &App,
    device: &Device,
    lines: &[NewLine],
    now: UnixMillis,
) -> Result<Vec<Publication>, ServiceError> {
    // A copy of the phone may have used the same numbers, and the projector knows which actor is whose.
    let is_plain = device.forked_at.is_none() && device.replaces.is_none();
    if !app.config.limits.judge_on_arrival || !is_plain || Lane::of(app, device.id) == Lane::Slow {
        return Ok(Vec::new());
    }
    let mut records: BTreeMap<RecordId, Vec<IncomingChange>> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.state == ChangeState::Received) {
        records.entry(line.entry.record).or_default().push(incoming(device, line, now));
    }
    records.retain(|id, changes| !app.trial.is_wary_of(*id) && are_distinct(changes));
    if records.is_empty() {
        return Ok(Vec::new());
    }
    let Ok(_seat) = app.projector.seats.acquire().await else {
        return Ok(Vec::new());
    };
    // Nearly all are new, and to ask whether they are takes less than to load what there is of them.
    let known = app.store.known_records(&records.keys().copied().collect::<Vec<_>>()).await?;
    let (mut known, mut pending) = known_and_new(device, records, &known);
    let mut publications = Vec::with_capacity(known.len() + pending.len());
    loop {
        publications.extend(judge_some(app, pending).await);
        if known.is_empty() {
            return Ok(publications);
        }
        // In the order of identifiers.
        let rest = known.keys().nth(TOGETHER).copied().map(|next| known.split_off(&next)).unwrap_or_default();
        pending = with_stored(app, device, std::mem::replace(&mut known, rest)).await?;
    }
}

/// Judges some records together.
async fn judge_some(app: &App, pending: Vec<PendingRecord>) -> Vec<Publication> {
    if pending.is_empty() {
        return Vec::new();
    }
    let _judging = app.trial.begin(pending.iter().map(|record| record.id));
    // What fails here must keep nobody's changes out: the projector meets it again, and there it is seen.
    judge_all(app, pending, 1).await.unwrap_or_else(|error| {
        tracing::error!(code = error.code.name, cause = ?error.internal, "judging on arrival failed; it will be judged again");
        Vec::new()
    })
}

/// Fresh changes of the records of which something may be stored, and all others as they are judged.
fn known_and_new(
    device: &Device,
    records: BTreeMap<RecordId, Vec<IncomingChange>>,
    known: &HashSet<RecordId>,
) -> (BTreeMap<RecordId, Vec<IncomingChange>>, Vec<PendingRecord>) {
    let (known, new): (BTreeMap<_, _>, BTreeMap<_, _>) = records.into_iter().partition(|(id, _)| known.contains(id));
    (known, new.into_iter().map(|(id, incoming)| begun(device, id, incoming)).collect())
}

/// A record of which nothing is stored.
fn begun(device: &Device, id: RecordId, incoming: Vec<IncomingChange>) -> PendingRecord {
    PendingRecord {
        id,
        organisation: device.person.organisation,
        base_seq: 0,
        published: Vec::new(),
        incoming,
        refused: Vec::new(),
        decided: 0,
    }
}

/// Fresh changes of records with what is stored of these, but for records of which one of them is stored already.
async fn with_stored(
    app: &App,
    device: &Device,
    mut fresh: BTreeMap<RecordId, Vec<IncomingChange>>,
) -> Result<Vec<PendingRecord>, ServiceError> {
    let ids: Vec<RecordId> = fresh.keys().copied().collect();
    let mut pending = Vec::with_capacity(ids.len());
    for mut known in app.store.records(&ids).await? {
        let fresh = fresh.remove(&known.id).unwrap_or_default();
        if !fresh.iter().any(|change| is_known(&known, change.hash)) {
            known.incoming.extend(fresh);
            pending.push(known);
        }
    }
    pending.extend(fresh.into_iter().map(|(id, incoming)| begun(device, id, incoming)));
    Ok(pending)
}

fn incoming(device: &Device, line: &NewLine, now: UnixMillis) -> IncomingChange {
    IncomingChange {
        hash: line.entry.change,
        raw: line.raw.clone(),
        device: device.id,
        n: line.entry.n,
        author: device.person.clone(),
        received_at: now,
        copied: false,
        approved: false,
    }
}

fn are_distinct(changes: &[IncomingChange]) -> bool {
    let mut seen = HashSet::with_capacity(changes.len());
    changes.iter().all(|change| seen.insert(change.hash))
}

/// Whether a change is one of those with which the record is judged anyway. One that was set aside for good is not, and
/// is found out about when the line is stored.
fn is_known(record: &PendingRecord, hash: ChangeHash) -> bool {
    record.published.iter().any(|change| change.hash == hash)
        || record.incoming.iter().any(|change| change.hash == hash)
        || record.refused.contains(&hash)
}
