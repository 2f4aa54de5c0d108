//! Records of which published changes were lost, and have come back.
//!
//! Changes name what they follow, so a record without one of its ancestors can't be read, and judging what comes by
//! what is left of it would find everything false. What still reads is the base; what came back is judged on that; and
//! what follows is put behind it again. A change that published ones follow was published itself, so whether its
//! author might write there is not asked again.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use sync_core::ancestry::Ancestry;
use sync_core::chunk::read_change;
use sync_core::document::Document;
use sync_core::id::ChangeHash;
use sync_core::trust::Limits;
use sync_core::trust::judge::{Candidate, judge};

use super::projector::{author_of, record_row};
use crate::store::{PendingRecord, Publication};

/// Puts a record together again, if what was received is what its published changes lack. `None` if they lack
/// nothing, or something else.
pub(super) fn heal(record: &PendingRecord, limits: &Limits) -> Option<Publication> {
    let published: BTreeMap<ChangeHash, &[u8]> =
        record.published.iter().map(|change| (change.hash, change.raw.as_slice())).collect();
    let ancestry = Ancestry::of(published.iter().map(|(hash, raw)| (*hash, *raw)));
    let mut lost = ancestry.lost();
    if lost.is_empty() {
        return None;
    }
    let orphans = ancestry.orphans();
    let incoming: BTreeMap<ChangeHash, &[u8]> =
        record.incoming.iter().filter_map(|change| Some((change.hash, change.raw.as_deref()?))).collect();
    let order = Ancestry::of(incoming.iter().map(|(hash, raw)| (*hash, *raw))).in_order();
    for hash in order.iter().rev().filter(|hash| incoming.contains_key(hash)) {
        if lost.contains(hash) {
            lost.extend(read_change(incoming[hash]).ok()?.deps);
        }
    }
    let sound: Vec<&[u8]> = record
        .published
        .iter()
        .filter(|change| !orphans.contains(&change.hash))
        .map(|change| change.raw.as_slice())
        .collect();
    let candidates: Vec<Candidate<'_>> = record
        .incoming
        .iter()
        .filter(|change| lost.contains(&change.hash))
        .filter_map(|change| {
            Some(Candidate {
                hash: change.hash,
                raw: change.raw.as_deref()?,
                author: author_of(&change.author),
                device: change.device,
                copied: false,
                approved: true,
            })
        })
        .collect();
    let accepted = judge(record.id, &sound, &record.refused, &candidates, limits).ok()?.accepted;

    let back: BTreeSet<ChangeHash> = accepted.iter().copied().collect();
    let all = published.iter().chain(incoming.iter().filter(|(hash, _)| back.contains(hash)));
    let all: BTreeMap<ChangeHash, &[u8]> = all.map(|(hash, raw)| (*hash, *raw)).collect();
    let whole = Ancestry::of(all.iter().map(|(hash, raw)| (*hash, *raw)));
    whole.heads()?;
    let order = whole.in_order();
    let row = catch_unwind(AssertUnwindSafe(|| {
        let mut document = Document::load(order.iter().map(|hash| all[hash])).ok()?;
        let view = document.any_view().ok()?;
        Some(record_row(record, &view))
    }));
    let row = row.ok().flatten()?;
    tracing::warn!(record = %record.id, changes = accepted.len(), "lost changes of a record came back to their places");
    let moved = |hash: &&ChangeHash| back.contains(hash) || orphans.contains(hash);
    Some(Publication {
        id: record.id,
        organisation: record.organisation,
        base_seq: record.base_seq,
        decided: record.decided,
        published: order.iter().filter(moved).copied().collect(),
        staff: Vec::new(),
        set_aside: Vec::new(),
        left: record.incoming.iter().map(|change| change.hash).filter(|hash| !back.contains(hash)).collect(),
        row: Some(row),
    })
}
