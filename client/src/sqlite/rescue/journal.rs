//! What becomes of the journal of a damaged store.
//!
//! The server holds the lines that it has acknowledged, so a gap among them does not matter. After them the chain goes on as
//! far as it is whole. What stands behind a gap, or has lost its line, gets a new line at the end: nobody has seen the old
//! one, and if somebody has, a change that comes twice is the same change.

use std::collections::BTreeSet;

use sync_core::id::{ActorId, ChangeHash, RecordId};
use sync_core::journal::{Entry, Head};
use sync_core::store::Progress;
use sync_core::time::{BootId, ClockReading, UnixMillis};

use super::salvage::Salvage;
use super::{Damage, LostSave};

/// The journal that the new store begins with.
pub(super) struct Mended {
    pub(super) lines: Vec<(Entry, Head)>,
    /// Up to where the server holds it.
    pub(super) acknowledged: u64,
}

/// Puts the journal together, and notes in `damage` what is lost for good.
pub(super) fn mend(salvage: &Salvage, progress: &Progress, actor: Option<ActorId>, damage: &mut Damage) -> Mended {
    let base = base(salvage, progress);
    let mut lines: Vec<(Entry, Head)> = salvage.journal.range(..=base.n).map(|(_, line)| *line).collect();
    if base.n > 0 && lines.last().is_none_or(|(entry, _)| entry.n < base.n) {
        // Of this line only the link is known, which is what the next one has to follow.
        let (record, change) = (RecordId::from([0; 16]), ChangeHash([0; 32]));
        lines.push((Entry { n: base.n, record, change, clock: unknown_clock(UnixMillis(0)) }, base));
    }
    let mut head = base;
    while let Some((entry, next)) =
        salvage.journal.get(&(head.n + 1)).filter(|(entry, next)| head.after(entry) == *next)
    {
        lines.push((*entry, *next));
        head = *next;
    }
    let behind: Vec<&Entry> = salvage.journal.range(head.n + 1..).map(|(_, (entry, _))| entry).collect();
    let missing = salvage.journal_end.saturating_sub(head.n).saturating_sub(behind.len() as u64);

    let here = |entry: &Entry| salvage.changes.contains_key(&(entry.record, entry.change));
    let lost = lines.iter().map(|(entry, _)| entry).filter(|entry| entry.n > base.n).chain(behind.iter().copied());
    damage.lost.extend(
        lost.filter(|entry| !here(entry))
            .map(|entry| LostSave { record: Some(entry.record), saved_at: Some(entry.clock.wall) }),
    );

    let mut anew: Vec<(RecordId, ChangeHash, ClockReading)> =
        behind.into_iter().filter(|entry| here(entry)).map(|entry| (entry.record, entry.change, entry.clock)).collect();
    // Those without a line may be of lost lines that the server has acknowledged, too: then it knows them already.
    let without_line = without_line(salvage, actor);
    let explained = missing.min(without_line.len() as u64);
    damage.lost.extend((explained..missing).map(|_| LostSave { record: None, saved_at: None }));
    let with_line = lines.iter().filter(|(entry, _)| entry.n > base.n && here(entry)).count() + anew.len();
    damage.rescued = with_line as u64 + explained;
    anew.extend(without_line);
    for (record, change, clock) in anew {
        let (entry, next) = head.append(record, change, clock);
        lines.push((entry, next));
        head = next;
    }
    Mended { lines, acknowledged: base.n }
}

/// Where what the server holds ends, as far as its link is still known.
fn base(salvage: &Salvage, progress: &Progress) -> Head {
    let promised = progress.receipt.as_ref().map(|receipt| receipt.head);
    let stored = salvage.journal.range(..=progress.acknowledged).next_back().map(|(_, (_, head))| *head);
    let known = promised.into_iter().chain(stored).filter(|head| head.n <= progress.acknowledged);
    known.max_by_key(|head| head.n).unwrap_or(Head::EMPTY)
}

/// Changes that this device wrote and that no line names any more, in the order in which they were written.
fn without_line(salvage: &Salvage, actor: Option<ActorId>) -> Vec<(RecordId, ChangeHash, ClockReading)> {
    let named: BTreeSet<ChangeHash> = salvage.journal.values().map(|(entry, _)| entry.change).collect();
    let mut orphans: Vec<_> = salvage
        .changes
        .iter()
        .filter(|((_, hash), change)| Some(change.frame.actor) == actor && !change.parted && !named.contains(hash))
        .collect();
    orphans.sort_by_key(|((record, _), change)| (change.frame.time, *record, change.frame.seq));
    orphans.into_iter().map(|((record, hash), change)| (*record, *hash, unknown_clock(change.frame.time))).collect()
}

/// Of a line that is lost only the wall clock is known, from the change itself.
fn unknown_clock(wall: UnixMillis) -> ClockReading {
    ClockReading { wall, mono_ms: 0, boot: BootId(0) }
}
