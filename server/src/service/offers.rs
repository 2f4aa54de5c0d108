//! Changes that a phone holds as published and the server has lost.
//!
//! Lines of the phone's own journal go back to their places and are judged as if they had just come. Whose the others
//! are, a phone can't prove: they are kept as strays until their author's phone brings them, or a person decides.

use std::collections::BTreeSet;

use sync_core::chunk::{read_change, unpack};
use sync_core::id::{ChangeHash, RecordId};
use sync_core::journal::Entry;
use sync_core::wire::digest::{Offer, OfferedLine};
use sync_core::wire::exchange::{GoneReason, News, PullItem};
use sync_core::wire::segment::Item;

use super::gaps;
use super::projector::Lane;
use super::quarantine::is_readable;
use crate::error::{ServiceError, codes};
use crate::scope;
use crate::state::App;
use crate::store::{Device, NewStray, StoreError, StrayLimits};

/// How many changes one message may offer.
const MOST_CHANGES: usize = 2_000;
/// What one device may have waiting here.
const LIMITS: StrayLimits = StrayLimits { changes: 2_000, bytes: 8 * 1024 * 1024 };

/// Takes in what a phone offers. Answers which of the records it may let go, because everything about them is safe and
/// they are not in its scope.
///
/// # Errors
/// When too much is offered at once, or the database fails.
pub(super) async fn take_in(app: &App, device: &Device, offers: &[Offer]) -> Result<Vec<PullItem>, ServiceError> {
    if offers.iter().map(|offer| offer.changes.len()).sum::<usize>() > MOST_CHANGES {
        return Err(codes::SYNC_TOO_LARGE.into());
    }
    let now = app.clock.now();
    let mut own = Vec::new();
    let mut strays = Vec::new();
    let mut unsafe_records = BTreeSet::new();
    for offer in offers {
        for change in &offer.changes {
            let read = unpack(&change.packed, None).and_then(|(hash, raw)| Ok((hash, read_change(&raw)?.actor, raw)));
            let Ok((hash, actor, raw)) = read else {
                unsafe_records.insert(offer.record);
                continue;
            };
            match change.line.filter(|line| (1..=device.head.n).contains(&line.n)) {
                Some(line) => own.push(item(offer.record, hash, line, raw)),
                None if is_readable(&raw, &app.config.limits.records) => {
                    strays.push(NewStray { record: offer.record, hash, actor, raw, claimed: change.author });
                }
                None => {
                    unsafe_records.insert(offer.record);
                }
            }
        }
    }
    fill(app, device, own, &mut unsafe_records).await?;
    let safe: BTreeSet<ChangeHash> = if strays.is_empty() {
        BTreeSet::new()
    } else {
        let organisation = device.person.organisation;
        app.store.keep_strays(organisation, device.id, &strays, LIMITS, now).await?.into_iter().collect()
    };
    unsafe_records.extend(strays.iter().filter(|stray| !safe.contains(&stray.hash)).map(|stray| stray.record));
    if !safe.is_empty() {
        tracing::warn!(device = %device.id, strays = safe.len(), "a phone brought back what was lost here");
    }
    let offered: BTreeSet<RecordId> = offers.iter().map(|offer| offer.record).collect();
    partings(app, device, offered.difference(&unsafe_records)).await
}

fn item(record: RecordId, hash: ChangeHash, line: OfferedLine, raw: Vec<u8>) -> Item {
    Item { entry: Entry { n: line.n, record, change: hash, clock: line.clock }, change: Some(raw) }
}

/// Puts lines of the journal back into their gaps.
async fn fill(
    app: &App,
    device: &Device,
    mut own: Vec<Item>,
    unsafe_records: &mut BTreeSet<RecordId>,
) -> Result<(), ServiceError> {
    own.sort_by_key(|item| item.entry.n);
    own.dedup_by_key(|item| item.entry.n);
    let mut vacant = Vec::new();
    for item in own {
        match app.store.journal(device.id, item.entry.n, 1).await?.first() {
            Some(line) if line.entry.n == item.entry.n => {
                if line.entry.change != item.entry.change {
                    unsafe_records.insert(item.entry.record);
                }
            }
            _ => vacant.push(item),
        }
    }
    if vacant.is_empty() {
        return Ok(());
    }
    if !gaps::fits_chain(app, device, device.head, &vacant).await? {
        tracing::warn!(device = %device.id, "lines that were offered for gaps in a journal don't belong there");
        unsafe_records.extend(vacant.iter().map(|item| item.entry.record));
        return Ok(());
    }
    gaps::fill(app, device, &vacant).await?;
    let lane = Lane::of(app, device.id);
    let ticket = app.projector.request(device.person.organisation);
    app.projector.wait(ticket, lane, app.config.limits.publish_wait).await;
    Ok(())
}

/// Records that are not the person's to hold, and about which everything is safe here.
async fn partings(
    app: &App,
    device: &Device,
    offered: impl Iterator<Item = &RecordId>,
) -> Result<Vec<PullItem>, ServiceError> {
    let mut gone = Vec::new();
    for record in offered {
        match app.store.record_line(*record).await {
            Ok(line) if line.organisation == device.person.organisation && !scope::sees(&device.person, &line) => {
                gone.push(PullItem { record: *record, news: News::Gone(GoneReason::Reassigned) });
            }
            Ok(_) | Err(StoreError::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(gone)
}
