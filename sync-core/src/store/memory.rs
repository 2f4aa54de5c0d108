//! A store that forgets everything with the process: for simulations, and for the rules of [`Store`] in their
//! plainest form.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    BatchLimit, ExchangeOutcome, Identity, Installation, Listed, LocalCommit, PageKey, Progress, PulledRecord,
    RecordSync, RefusedRecord, Rewritten, RowFilter, Store, Tombstone,
};
use crate::id::{ActorId, ChangeHash, PersonId, RecordId};
use crate::index::{Row, contains, phrases};
use crate::journal::{Entry, Head};
use crate::refusal::Refusal;
use crate::status::Problem;
use crate::wire::exchange::{Backlog, Verdict};
use crate::wire::segment::Item;

type Changes = Vec<(ChangeHash, Vec<u8>)>;

/// A device's memory in memory. A clone is what a backup of the device would bring back.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    identity: Option<Identity>,
    device_key: Option<[u8; 32]>,
    installation: Option<Installation>,
    tombstone: Option<Tombstone>,
    progress: Progress,
    journal: Vec<(Entry, Head)>,
    /// Which lines of the journal are about a record.
    lines: BTreeMap<RecordId, Vec<u64>>,
    changes: BTreeMap<RecordId, Changes>,
    /// This device's own changes of records that left the scope, as long as no backup of the server holds them.
    parted: BTreeMap<ChangeHash, Vec<u8>>,
    rows: BTreeMap<RecordId, Row>,
    verdicts: BTreeMap<u64, Verdict>,
    /// Changes of identities that were given up, as long as nobody has confirmed them.
    former: BTreeMap<(RecordId, ChangeHash), Verdict>,
    leaving: BTreeSet<RecordId>,
    authors: BTreeMap<ActorId, (PersonId, String)>,
    /// Refused changes in the order in which they were heard of; without a text once they are settled.
    refusals: Vec<(RecordId, ChangeHash, Option<Refusal>)>,
}

/// A commit that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {found} does not continue the journal, which ends with line {last}")]
pub struct OutOfOrder {
    /// The line that was to be committed.
    pub found: u64,
    /// The journal's last line.
    pub last: u64,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn lines_after(&self, n: u64) -> &[(Entry, Head)] {
        let skip = usize::try_from(n).unwrap_or(usize::MAX);
        self.journal.get(skip..).unwrap_or_default()
    }

    fn change(&self, entry: &Entry) -> Option<&Vec<u8>> {
        let here = self.changes.get(&entry.record).into_iter().flatten();
        here.filter(|(hash, _)| *hash == entry.change)
            .map(|(_, bytes)| bytes)
            .next()
            .or_else(|| self.parted.get(&entry.change))
    }

    fn add_line(&mut self, entry: &Entry, head: Head) -> Result<(), OutOfOrder> {
        let last = self.journal.last().map_or(0, |(entry, _)| entry.n);
        if entry.n != last + 1 {
            return Err(OutOfOrder { found: entry.n, last });
        }
        self.journal.push((*entry, head));
        self.lines.entry(entry.record).or_default().push(entry.n);
        Ok(())
    }

    fn sync_of(&self, record: RecordId) -> RecordSync {
        let lines = self.lines.get(&record).map(Vec::as_slice).unwrap_or_default();
        let problems = lines
            .iter()
            .filter_map(|n| self.verdicts.get(n).map(|verdict| Problem { n: *n, verdict: verdict.clone() }))
            .filter(|problem| problem.verdict != Verdict::Published);
        let former = self.former.range((record, ChangeHash([0; 32]))..=(record, ChangeHash([0xff; 32])));
        let problems = former.map(|(_, verdict)| Problem { n: 0, verdict: verdict.clone() }).chain(problems).collect();
        RecordSync { last_entry: lines.last().copied(), problems }
    }

    fn finds(&self, filter: &RowFilter, row: &Row) -> bool {
        let wanted = filter.text.as_deref().map(phrases).unwrap_or_default();
        filter.kind.is_none_or(|kind| row.kind == kind)
            && filter.owner.is_none_or(|owner| row.owner == owner)
            && filter.day.is_none_or(|day| row.day == day)
            && filter.review.is_none_or(|review| row.review == review)
            && filter.stage.as_ref().is_none_or(|stage| row.stage.as_ref() == Some(stage))
            && (!filter.in_conflict || row.conflicts > 0)
            && (!filter.unsent || self.sync_of(row.id).last_entry > Some(self.progress.acknowledged))
            && wanted.iter().all(|phrase| contains(&row.search, phrase))
    }

    fn take_in(&mut self, record: &PulledRecord) {
        self.leaving.remove(&record.id);
        let known = self.changes.entry(record.id).or_default();
        if record.whole {
            known.clear();
        }
        for (hash, bytes) in &record.changes {
            self.parted.remove(hash);
            if !known.iter().any(|(seen, _)| seen == hash) {
                known.push((*hash, bytes.clone()));
            }
        }
        if let Some(row) = &record.row {
            self.rows.insert(record.id, row.clone());
        }
    }

    /// Takes refused changes out of a record.
    fn take_out(&mut self, record: &RefusedRecord) {
        if let Some(known) = self.changes.get_mut(&record.id) {
            let (dropped, kept) =
                std::mem::take(known).into_iter().partition(|(hash, _)| record.dropped.contains(hash));
            *known = kept;
            self.parted.extend::<Changes>(dropped);
        }
        self.changes.retain(|_, changes| !changes.is_empty());
        for refusal in &record.refusals {
            if !self.refusals.iter().any(|(_, hash, _)| *hash == refusal.change) {
                self.refusals.push((record.id, refusal.change, Some(refusal.clone())));
            }
        }
        match &record.row {
            Some(row) => self.rows.insert(record.id, row.clone()),
            None => self.rows.remove(&record.id),
        };
    }

    /// Removes the records that may leave now.
    fn part(&mut self) {
        if self.leaving.is_empty() && self.parted.is_empty() {
            return;
        }
        let Progress { acknowledged, backed_up_through, .. } = self.progress;
        let unsent: BTreeSet<RecordId> = self.lines_after(acknowledged).iter().map(|(entry, _)| entry.record).collect();
        let (staying, parting): (BTreeSet<_>, BTreeSet<_>) =
            std::mem::take(&mut self.leaving).into_iter().partition(|record| unsent.contains(record));
        self.leaving = staying;
        for record in parting {
            self.rows.remove(&record);
            self.parted.extend(self.changes.remove(&record).into_iter().flatten());
        }
        // What only the server's disk holds may be asked for again; what others wrote, or a backup holds, may not.
        let needed: BTreeSet<ChangeHash> =
            self.lines_after(backed_up_through).iter().map(|(entry, _)| entry.change).collect();
        self.parted.retain(|hash, _| needed.contains(hash));
    }
}

impl Store for MemoryStore {
    type Error = OutOfOrder;

    fn identity(&self) -> Result<Option<Identity>, OutOfOrder> {
        Ok(self.identity.clone())
    }

    fn set_identity(&mut self, identity: &Identity) -> Result<(), OutOfOrder> {
        self.identity = Some(identity.clone());
        Ok(())
    }

    fn device_key(&self) -> Result<Option<[u8; 32]>, OutOfOrder> {
        Ok(self.device_key)
    }

    fn set_device_key(&mut self, seed: &[u8; 32]) -> Result<(), OutOfOrder> {
        self.device_key = Some(*seed);
        Ok(())
    }

    fn reidentify(&mut self, identity: &Identity, common_through: u64, lines: &[Rewritten]) -> Result<(), OutOfOrder> {
        for (entry, _) in self.journal.iter().filter(|(entry, _)| entry.n <= common_through) {
            let verdict =
                self.verdicts.get(&entry.n).cloned().or_else(|| {
                    (entry.n > self.progress.published_through).then(|| Verdict::Need { deps: Vec::new() })
                });
            if let Some(verdict) = verdict.filter(|verdict| *verdict != Verdict::Published) {
                self.former.insert((entry.record, entry.change), verdict);
            }
        }
        let kept: BTreeSet<ChangeHash> = lines.iter().map(|line| line.entry.change).collect();
        let dropped = |entry: &Entry| entry.n > common_through && !kept.contains(&entry.change);
        for (entry, _) in self.journal.iter().filter(|(entry, _)| dropped(entry)) {
            if let Some(changes) = self.changes.get_mut(&entry.record) {
                changes.retain(|(hash, _)| *hash != entry.change);
            }
        }
        self.changes.retain(|_, changes| !changes.is_empty());
        self.journal.clear();
        self.lines.clear();
        self.verdicts.clear();
        self.parted.clear();
        self.leaving.clear();
        self.progress = Progress::anew();
        self.identity = Some(identity.clone());
        if let Some(installation) = &mut self.installation {
            installation.moved = false;
        }
        for Rewritten { entry, head, change, row } in lines {
            self.add_line(entry, *head)?;
            if self.changes.get(&entry.record).is_some_and(|known| known.iter().any(|(hash, _)| *hash == entry.change))
            {
                continue;
            }
            match (row, self.changes.get_mut(&entry.record)) {
                (Some(row), _) => {
                    self.changes.entry(entry.record).or_default().push((entry.change, change.clone()));
                    self.rows.insert(row.id, row.clone());
                }
                (None, Some(known)) => known.push((entry.change, change.clone())),
                (None, None) => {
                    self.parted.insert(entry.change, change.clone());
                }
            }
        }
        Ok(())
    }

    fn installation(&self) -> Result<Option<Installation>, OutOfOrder> {
        Ok(self.installation.clone())
    }

    fn set_installation(&mut self, fingerprint: [u8; 32]) -> Result<(), OutOfOrder> {
        self.installation = Some(Installation { fingerprint, moved: false });
        Ok(())
    }

    fn move_in(&mut self, fingerprint: [u8; 32], actor: ActorId) -> Result<(), OutOfOrder> {
        self.installation = Some(Installation { fingerprint, moved: self.identity.is_some() });
        self.device_key = None;
        if let Some(identity) = &mut self.identity {
            identity.actor = actor;
        }
        Ok(())
    }

    fn wipe(&mut self) -> Result<(), OutOfOrder> {
        let before = std::mem::take(self);
        self.installation = before.installation.map(|known| Installation { moved: false, ..known });
        self.tombstone = before.identity.map(|Identity { device, key_seed, .. }| Tombstone { device, key_seed });
        Ok(())
    }

    fn tombstone(&self) -> Result<Option<Tombstone>, OutOfOrder> {
        Ok(self.tombstone.clone())
    }

    fn bury(&mut self) -> Result<(), OutOfOrder> {
        self.tombstone = None;
        Ok(())
    }

    fn progress(&self) -> Result<Progress, OutOfOrder> {
        Ok(self.progress.clone())
    }

    fn set_progress(&mut self, progress: &Progress) -> Result<(), OutOfOrder> {
        self.progress = progress.clone();
        Ok(())
    }

    fn head(&self) -> Result<Head, OutOfOrder> {
        Ok(self.journal.last().map_or(Head::EMPTY, |(_, head)| *head))
    }

    fn head_at(&self, n: u64) -> Result<Option<Head>, OutOfOrder> {
        let Some(before) = n.checked_sub(1) else {
            return Ok(Some(Head::EMPTY));
        };
        Ok(self.lines_after(before).first().map(|(_, head)| *head))
    }

    fn changes(&self, record: RecordId) -> Result<Changes, OutOfOrder> {
        Ok(self.changes.get(&record).cloned().unwrap_or_default())
    }

    fn row(&self, record: RecordId) -> Result<Option<Row>, OutOfOrder> {
        Ok(self.rows.get(&record).cloned())
    }

    fn record_sync(&self, record: RecordId) -> Result<RecordSync, OutOfOrder> {
        Ok(self.sync_of(record))
    }

    fn commit(&mut self, commit: &LocalCommit) -> Result<(), OutOfOrder> {
        let LocalCommit { entry, head, change, row } = commit;
        self.add_line(entry, *head)?;
        self.changes.entry(entry.record).or_default().push((entry.change, change.clone()));
        self.rows.insert(row.id, row.clone());
        Ok(())
    }

    fn outbox(&self, after: u64, limit: BatchLimit) -> Result<Vec<Item>, OutOfOrder> {
        let mut records = BTreeSet::new();
        let mut bytes = 0;
        let mut items = Vec::new();
        for (entry, _) in self.lines_after(after) {
            let change = self.change(entry).cloned();
            records.insert(entry.record);
            bytes += change.as_ref().map_or(0, Vec::len);
            if !items.is_empty() && (records.len() > limit.records || bytes > limit.bytes) {
                break;
            }
            items.push(Item { entry: *entry, change });
        }
        Ok(items)
    }

    fn lines(&self, record: RecordId) -> Result<Vec<Entry>, OutOfOrder> {
        let lines = self.lines.get(&record).into_iter().flatten();
        Ok(lines.filter_map(|n| self.lines_after(n - 1).first().map(|(entry, _)| *entry)).collect())
    }

    fn unsettled(&self, published_through: u64) -> Result<Vec<ChangeHash>, OutOfOrder> {
        let apart = |n: u64| {
            n > published_through || self.verdicts.get(&n).is_some_and(|verdict| *verdict != Verdict::Published)
        };
        let ours = self.journal.iter().filter(|(entry, _)| apart(entry.n)).map(|(entry, _)| entry.change);
        Ok(ours.chain(self.former.keys().map(|(_, change)| *change)).collect())
    }

    fn records_between(&self, after: u64, through: u64) -> Result<Vec<RecordId>, OutOfOrder> {
        let lines = self.lines_after(after).iter().take_while(|(entry, _)| entry.n <= through);
        let records: BTreeSet<RecordId> = lines.map(|(entry, _)| entry.record).collect();
        Ok(records.into_iter().collect())
    }

    fn backlog(&self, after: u64) -> Result<Backlog, OutOfOrder> {
        let lines = self.lines_after(after);
        let records: BTreeSet<RecordId> = lines.iter().map(|(entry, _)| entry.record).collect();
        let bytes = lines.iter().filter_map(|(entry, _)| self.change(entry)).map(|change| change.len() as u64).sum();
        Ok(Backlog {
            records: u32::try_from(records.len()).unwrap_or(u32::MAX),
            changes: u32::try_from(lines.len()).unwrap_or(u32::MAX),
            oldest: lines.first().map(|(entry, _)| entry.clock.wall),
            photos: 0,
            bytes,
        })
    }

    fn apply(&mut self, outcome: &ExchangeOutcome) -> Result<(), OutOfOrder> {
        self.progress = outcome.progress.clone();
        if let (Some(identity), Some(profile)) = (&mut self.identity, &outcome.profile) {
            identity.profile = profile.clone();
        }
        for (actor, person, name) in &outcome.authors {
            self.authors.insert(*actor, (*person, name.clone()));
        }
        for (n, verdict) in &outcome.verdicts {
            self.verdicts.insert(*n, verdict.clone());
        }
        for record in &outcome.pulled {
            self.take_in(record);
        }
        for change in &outcome.confirmed {
            self.former.remove(change);
        }
        for record in &outcome.refused {
            self.take_out(record);
        }
        // What came back is refused no more.
        let changes = &self.changes;
        self.refusals.retain(|(record, change, _)| {
            !changes.get(record).is_some_and(|known| known.iter().any(|(hash, _)| hash == change))
        });
        if let (Some(identity), Some(actor)) = (&mut self.identity, outcome.actor) {
            identity.actor = actor;
        }
        self.leaving.extend(outcome.gone.iter().map(|(record, _)| *record));
        self.part();
        Ok(())
    }

    fn refusals(&self) -> Result<Vec<Refusal>, OutOfOrder> {
        Ok(self.refusals.iter().filter_map(|(_, _, refusal)| refusal.clone()).collect())
    }

    fn refused(&self, record: RecordId) -> Result<Vec<(ChangeHash, bool)>, OutOfOrder> {
        let of_record = self.refusals.iter().filter(|(of, _, _)| *of == record);
        Ok(of_record.map(|(_, hash, refusal)| (*hash, refusal.is_none())).collect())
    }

    fn settle_refusal(&mut self, record: RecordId, change: ChangeHash) -> Result<(), OutOfOrder> {
        for (_, _, refusal) in self.refusals.iter_mut().filter(|(of, hash, _)| (*of, *hash) == (record, change)) {
            *refusal = None;
        }
        let lines = self.journal.iter().filter(|(entry, _)| (entry.record, entry.change) == (record, change));
        for (entry, _) in lines {
            self.verdicts.remove(&entry.n);
        }
        Ok(())
    }

    fn list(&self, filter: &RowFilter, after: Option<PageKey>, limit: usize) -> Result<Vec<Listed>, OutOfOrder> {
        let key = |row: &Row| PageKey { captured: row.captured, id: row.id };
        let mut found: Vec<&Row> = self
            .rows
            .values()
            .filter(|row| after.is_none_or(|after| key(row) < after) && self.finds(filter, row))
            .collect();
        found.sort_unstable_by_key(|row| std::cmp::Reverse(key(row)));
        Ok(found.into_iter().take(limit).map(|row| Listed { row: row.clone(), sync: self.sync_of(row.id) }).collect())
    }

    fn count(&self, filter: &RowFilter) -> Result<u64, OutOfOrder> {
        Ok(self.rows.values().filter(|row| self.finds(filter, row)).count() as u64)
    }

    fn held(&self, after: Option<RecordId>, limit: usize) -> Result<Vec<RecordId>, OutOfOrder> {
        let held =
            self.changes.iter().filter(|(id, changes)| after.is_none_or(|after| **id > after) && !changes.is_empty());
        Ok(held.map(|(id, _)| *id).take(limit).collect())
    }

    fn author(&self, actor: ActorId) -> Result<Option<(PersonId, String)>, OutOfOrder> {
        Ok(self.authors.get(&actor).cloned())
    }
}

#[cfg(test)]
mod tests {
    crate::store_conformance!(|| (super::MemoryStore::new(), ()));
}
