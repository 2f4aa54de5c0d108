//! A phone's storage that outlives the app: it can refuse, fill up, and lose the app between any two steps.

use std::cell::RefCell;
use std::rc::Rc;

use sync_core::id::{ActorId, ChangeHash, PersonId, RecordId};
use sync_core::index::Row;
use sync_core::journal::{Entry, Head};
use sync_core::refusal::Refusal;
use sync_core::store::memory::{MemoryStore, OutOfOrder};
use sync_core::store::{
    BatchLimit, ExchangeOutcome, Identity, Installation, Listed, LocalCommit, PageKey, Progress, RecordSync, Rewritten,
    RowFilter, Store, Tombstone,
};
use sync_core::wire::exchange::Backlog;
use sync_core::wire::segment::Item;

use super::fault::{Fault, Faults};
use super::mutant::Mutant;

/// Why the storage did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiskError {
    /// The app is dead; whoever still holds this store is a ghost.
    #[error("the app was killed")]
    Killed,
    /// One write failed.
    #[error("the storage refused a write")]
    Refused,
    /// Nothing fits any more.
    #[error("the disk is full")]
    Full,
    /// A rule of the store was broken.
    #[error(transparent)]
    OutOfOrder(#[from] OutOfOrder),
}

/// What is on the disk and what is wrong with it.
#[derive(Debug)]
pub struct Disk {
    contents: MemoryStore,
    /// What a kill leaves behind, if that is not everything: only the mutant that claims too early has it.
    flushed: Option<MemoryStore>,
    mutant: Option<Mutant>,
    killed: bool,
    steps_left: Option<u32>,
    refusals: u32,
    full: bool,
    /// So many records that come will be lost inside.
    losses: u32,
    /// The furthest acknowledgement that was ever written.
    acknowledged: u64,
    /// What the faults did.
    pub faults: Faults,
    /// Changes that were committed, in order, since somebody looked last.
    pub committed: Vec<Committed>,
}

/// A change that a phone has committed.
#[derive(Clone, Debug)]
pub struct Committed {
    /// About which record.
    pub record: RecordId,
    /// Its name.
    pub change: ChangeHash,
    /// Its bytes.
    pub raw: Vec<u8>,
}

impl Committed {
    fn again(line: &Rewritten) -> Self {
        Self { record: line.entry.record, change: line.entry.change, raw: line.change.clone() }
    }

    fn of(commit: &LocalCommit) -> Self {
        Self { record: commit.entry.record, change: commit.entry.change, raw: commit.change.clone() }
    }
}

/// A handle to a phone's disk.
#[derive(Clone, Debug)]
pub struct PhoneStore(Rc<RefCell<Disk>>);

impl PhoneStore {
    /// An empty disk.
    pub fn new(mutant: Option<Mutant>) -> Self {
        Self(Rc::new(RefCell::new(Disk {
            contents: MemoryStore::new(),
            flushed: (mutant == Some(Mutant::CommitNotFlushed)).then(MemoryStore::new),
            mutant,
            killed: false,
            steps_left: None,
            refusals: 0,
            full: false,
            losses: 0,
            acknowledged: 0,
            faults: Faults::default(),
            committed: Vec::new(),
        })))
    }

    /// The app is killed after so many more storage steps.
    pub fn kill_after(&self, steps: u32) {
        self.0.borrow_mut().steps_left = Some(steps);
    }

    /// The app is killed now.
    pub fn kill(&self) {
        let mut disk = self.0.borrow_mut();
        disk.killed = true;
        disk.faults.fired(Fault::PhoneKilled);
    }

    /// The next writes fail.
    pub fn refuse(&self, writes: u32) {
        self.0.borrow_mut().refusals = writes;
    }

    /// Fills or empties the disk.
    pub fn set_full(&self, full: bool) {
        self.0.borrow_mut().full = full;
    }

    /// So many records that come will be lost inside.
    pub fn lose_pulled(&self, records: u32) {
        self.0.borrow_mut().losses = records;
    }

    /// Whether the app was killed.
    pub fn is_killed(&self) -> bool {
        self.0.borrow().killed
    }

    /// The app starts again, on what was durable.
    pub fn restart(&self) {
        let mut disk = self.0.borrow_mut();
        disk.killed = false;
        disk.steps_left = None;
        if let Some(flushed) = &disk.flushed {
            disk.contents = flushed.clone();
        }
    }

    /// Nothing is wrong any more.
    pub fn heal(&self) {
        let mut disk = self.0.borrow_mut();
        (disk.steps_left, disk.refusals, disk.full, disk.losses) = (None, 0, false, 0);
    }

    /// What is on the disk, as a backup of the phone copies it.
    pub fn contents(&self) -> MemoryStore {
        self.0.borrow().contents.clone()
    }

    /// Where the journal stood after line `n`, whatever is wrong with the disk.
    pub fn head_of(&self, n: u64) -> Option<Head> {
        self.0.borrow().contents.head_at(n).ok().flatten()
    }

    /// Puts a backup, or another phone's copy, in the place of what is on the disk.
    pub fn put_back(&self, contents: MemoryStore) {
        let mut disk = self.0.borrow_mut();
        disk.contents = contents;
        disk.flush();
    }

    /// Takes the faults and the changes that were committed since the last time.
    pub fn take_notes(&self) -> (Faults, Vec<Committed>) {
        let mut disk = self.0.borrow_mut();
        (std::mem::take(&mut disk.faults), std::mem::take(&mut disk.committed))
    }
}

impl Disk {
    /// One step of the app; true if the app dies right after it.
    fn step(&mut self) -> Result<bool, DiskError> {
        if self.killed {
            return Err(DiskError::Killed);
        }
        match self.steps_left {
            None => Ok(false),
            Some(0) => {
                self.die(Fault::PhoneKilled);
                Err(DiskError::Killed)
            }
            Some(left) => {
                self.steps_left = Some(left - 1);
                // The last step but one is done, and the app dies without knowing: odd counts end like this.
                Ok(left == 1)
            }
        }
    }

    fn die(&mut self, fault: Fault) {
        self.killed = true;
        self.faults.fired(fault);
    }

    fn read<T>(&mut self, read: impl FnOnce(&MemoryStore) -> Result<T, OutOfOrder>) -> Result<T, DiskError> {
        self.step()?;
        Ok(read(&self.contents)?)
    }

    fn write(&mut self, write: impl FnOnce(&mut MemoryStore) -> Result<(), OutOfOrder>) -> Result<(), DiskError> {
        let dies_after = self.step()?;
        if self.full {
            self.faults.fired(Fault::DiskFull);
            return Err(DiskError::Full);
        }
        if self.refusals > 0 {
            self.refusals -= 1;
            self.faults.fired(Fault::WriteFailed);
            return Err(DiskError::Refused);
        }
        write(&mut self.contents)?;
        if dies_after {
            self.die(Fault::PhoneKilledAfterWrite);
            return Err(DiskError::Killed);
        }
        Ok(())
    }

    /// What arrives, without what is lost on the last inch.
    fn lose_some_of(&mut self, outcome: &ExchangeOutcome) -> ExchangeOutcome {
        let mut outcome = outcome.clone();
        if self.losses > 0 && outcome.pulled.iter().any(|record| !record.whole && !record.changes.is_empty()) {
            self.losses -= 1;
            self.faults.fired(Fault::GapPlanted);
            let first = outcome.pulled.iter().position(|record| !record.whole && !record.changes.is_empty());
            first.map(|first| outcome.pulled.remove(first));
        }
        outcome
    }

    fn flush(&mut self) {
        if let Some(flushed) = &mut self.flushed {
            flushed.clone_from(&self.contents);
        }
    }
}

impl Store for PhoneStore {
    type Error = DiskError;

    fn identity(&self) -> Result<Option<Identity>, DiskError> {
        self.0.borrow_mut().read(MemoryStore::identity)
    }

    fn set_identity(&mut self, identity: &Identity) -> Result<(), DiskError> {
        let mut disk = self.0.borrow_mut();
        disk.write(|store| store.set_identity(identity))?;
        disk.flush();
        Ok(())
    }

    fn device_key(&self) -> Result<Option<[u8; 32]>, DiskError> {
        self.0.borrow_mut().read(MemoryStore::device_key)
    }

    fn set_device_key(&mut self, seed: &[u8; 32]) -> Result<(), DiskError> {
        let mut disk = self.0.borrow_mut();
        disk.write(|store| store.set_device_key(seed))?;
        disk.flush();
        Ok(())
    }

    fn progress(&self) -> Result<Progress, DiskError> {
        self.0.borrow_mut().read(MemoryStore::progress)
    }

    fn set_progress(&mut self, progress: &Progress) -> Result<(), DiskError> {
        let mut disk = self.0.borrow_mut();
        disk.write(|store| store.set_progress(progress))?;
        disk.acknowledged = disk.acknowledged.max(progress.acknowledged);
        Ok(())
    }

    fn head(&self) -> Result<Head, DiskError> {
        self.0.borrow_mut().read(MemoryStore::head)
    }

    fn head_at(&self, n: u64) -> Result<Option<Head>, DiskError> {
        self.0.borrow_mut().read(|store| store.head_at(n))
    }

    fn changes(&self, record: RecordId) -> Result<Vec<(ChangeHash, Vec<u8>)>, DiskError> {
        self.0.borrow_mut().read(|store| store.changes(record))
    }

    fn row(&self, record: RecordId) -> Result<Option<Row>, DiskError> {
        self.0.borrow_mut().read(|store| store.row(record))
    }

    fn record_sync(&self, record: RecordId) -> Result<RecordSync, DiskError> {
        self.0.borrow_mut().read(|store| store.record_sync(record))
    }

    fn commit(&mut self, commit: &LocalCommit) -> Result<(), DiskError> {
        let mut disk = self.0.borrow_mut();
        let before = disk.contents.head()?.n;
        let written = disk.write(|store| store.commit(commit));
        if disk.contents.head()?.n > before {
            disk.committed.push(Committed::of(commit));
        }
        written
    }

    fn outbox(&self, after: u64, limit: BatchLimit) -> Result<Vec<Item>, DiskError> {
        let mut disk = self.0.borrow_mut();
        let mut items = disk.read(|store| store.outbox(after, limit))?;
        if disk.mutant == Some(Mutant::PruneBeforeBackup) {
            let pruned = disk.acknowledged;
            for item in items.iter_mut().filter(|item| item.entry.n <= pruned) {
                item.change = None;
            }
        }
        Ok(items)
    }

    fn lines(&self, record: RecordId) -> Result<Vec<Entry>, DiskError> {
        self.0.borrow_mut().read(|store| store.lines(record))
    }

    fn unsettled(&self, published_through: u64) -> Result<Vec<ChangeHash>, DiskError> {
        self.0.borrow_mut().read(|store| store.unsettled(published_through))
    }

    fn records_between(&self, after: u64, through: u64) -> Result<Vec<RecordId>, DiskError> {
        self.0.borrow_mut().read(|store| store.records_between(after, through))
    }

    fn backlog(&self, after: u64) -> Result<Backlog, DiskError> {
        self.0.borrow_mut().read(|store| store.backlog(after))
    }

    fn apply(&mut self, outcome: &ExchangeOutcome) -> Result<(), DiskError> {
        let mut disk = self.0.borrow_mut();
        let outcome = &disk.lose_some_of(outcome);
        disk.write(|store| store.apply(outcome))?;
        let repaired = outcome.pulled.iter().filter(|record| record.whole).count();
        (0..repaired).for_each(|_| disk.faults.fired(Fault::DriftRepaired));
        outcome.gone.iter().for_each(|_| disk.faults.fired(Fault::RecordGone));
        disk.acknowledged = disk.acknowledged.max(outcome.progress.acknowledged);
        disk.flush();
        Ok(())
    }

    fn reidentify(&mut self, identity: &Identity, common_through: u64, lines: &[Rewritten]) -> Result<(), DiskError> {
        let mut disk = self.0.borrow_mut();
        let before = disk.contents.identity()?.map(|identity| identity.device);
        let written = disk.write(|store| store.reidentify(identity, common_through, lines));
        if disk.contents.identity()?.map(|identity| identity.device) != before {
            disk.faults.fired(Fault::Reidentified);
            disk.committed.extend(lines.iter().map(Committed::again));
            disk.flush();
        }
        written
    }

    fn installation(&self) -> Result<Option<Installation>, DiskError> {
        self.0.borrow_mut().read(MemoryStore::installation)
    }

    fn set_installation(&mut self, fingerprint: [u8; 32]) -> Result<(), DiskError> {
        self.0.borrow_mut().write(|store| store.set_installation(fingerprint))
    }

    fn move_in(&mut self, fingerprint: [u8; 32], actor: ActorId) -> Result<(), DiskError> {
        let mut disk = self.0.borrow_mut();
        disk.write(|store| store.move_in(fingerprint, actor))?;
        disk.flush();
        Ok(())
    }

    fn wipe(&mut self) -> Result<(), DiskError> {
        let mut disk = self.0.borrow_mut();
        disk.write(MemoryStore::wipe)?;
        disk.faults.fired(Fault::PhoneWiped);
        disk.flush();
        Ok(())
    }

    fn tombstone(&self) -> Result<Option<Tombstone>, DiskError> {
        self.0.borrow_mut().read(MemoryStore::tombstone)
    }

    fn bury(&mut self) -> Result<(), DiskError> {
        let mut disk = self.0.borrow_mut();
        disk.write(MemoryStore::bury)?;
        disk.flush();
        Ok(())
    }

    fn refusals(&self) -> Result<Vec<Refusal>, DiskError> {
        self.0.borrow_mut().read(MemoryStore::refusals)
    }

    fn refused(&self, record: RecordId) -> Result<Vec<(ChangeHash, bool)>, DiskError> {
        self.0.borrow_mut().read(|store| store.refused(record))
    }

    fn settle_refusal(&mut self, record: RecordId, change: ChangeHash) -> Result<(), DiskError> {
        self.0.borrow_mut().write(|store| store.settle_refusal(record, change))
    }

    fn list(&self, filter: &RowFilter, after: Option<PageKey>, limit: usize) -> Result<Vec<Listed>, DiskError> {
        self.0.borrow_mut().read(|store| store.list(filter, after, limit))
    }

    fn count(&self, filter: &RowFilter) -> Result<u64, DiskError> {
        self.0.borrow_mut().read(|store| store.count(filter))
    }

    fn held(&self, after: Option<RecordId>, limit: usize) -> Result<Vec<RecordId>, DiskError> {
        self.0.borrow_mut().read(|store| store.held(after, limit))
    }

    fn author(&self, actor: ActorId) -> Result<Option<(PersonId, String)>, DiskError> {
        self.0.borrow_mut().read(|store| store.author(actor))
    }
}
