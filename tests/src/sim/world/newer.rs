//! What newer apps and hostile devices bring into the world.

use automerge::transaction::{CommitOptions, Transactable as _};
use automerge::{AutoCommit, ROOT, ReadDoc as _};
use sync_core::id::RecordId;
use sync_core::store::{LocalCommit, RowFilter, Store as _};

use super::World;
use crate::failure::Failure;
use crate::sim::diary::What;
use crate::sim::fault::Fault;
use crate::sim::intruder::Intruder;
use crate::sim::luck::Luck;

/// A field of the facts that no version knows yet.
pub(super) const UNKNOWN: &str = "from_the_future";

impl World {
    /// A device that lies sends false changes.
    pub(super) async fn strike(&mut self) -> Result<(), Failure> {
        let now = self.now();
        let mut intruder = match self.intruder.take() {
            Some(intruder) => intruder,
            None => match Intruder::enrol(&self.backend, &mut self.house, now, self.seed).await? {
                Some(intruder) => intruder,
                None => return self.see_to_the_server(true).await,
            },
        };
        let (sent, found) = intruder.strike(&self.backend, now).await?;
        (0..sent).for_each(|_| self.faults.fired(Fault::Hostile));
        self.diary.foreign = Some(intruder.own);
        for change in &intruder.changes {
            self.tap.know(change);
        }
        self.intruder = Some(intruder);
        self.violate(found);
        self.see_to_the_server(true).await
    }

    /// A newer app on this phone writes a field that no other version knows.
    pub(super) fn write_unknown(&mut self, phone: usize, luck: &mut Luck) -> Result<(), Failure> {
        let now = self.now();
        let handset = &mut self.phones[phone];
        if !handset.is_newest() || !handset.is_ready() {
            return Ok(());
        }
        let listed = handset.store.list(&RowFilter::default(), None, 1_000).unwrap_or_default();
        let mine = handset.engine.identity().map(|identity| (identity.profile.person, identity.actor));
        let Some((person, actor)) = mine else { return Ok(()) };
        let own: Vec<_> = listed.into_iter().filter(|listed| listed.row.owner == person).collect();
        let Some(row) = luck.pick(&own).map(|listed| listed.row.clone()) else { return Ok(()) };
        let words = handset.fresh();
        let what = vec![What::Field { field: UNKNOWN, value: words.clone() }];
        let Some(change) = self.phones[phone].future_change(row.id, actor, now, &words) else { return Ok(()) };
        let handset = &mut self.phones[phone];
        let Ok(head) = handset.store.head() else { return Ok(()) };
        let (entry, head) = head.append(row.id, change.0, handset.clock.read(now));
        let saved = handset.store.commit(&LocalCommit { entry, head, change: change.1, row: row.clone() });
        self.take_notes(phone);
        let there = self.phones[phone].store.contents().head().is_ok_and(|there| there.n >= entry.n);
        if saved.is_ok() || there {
            self.note(|| format!("phone {phone}, a newer app, saved {words} in {}", row.id));
            self.diary.save(phone, row.id, false, what);
        }
        if self.phones[phone].store.is_killed() {
            self.restart(phone)?;
        }
        Ok(())
    }

    /// Counts it when an app of this version writes where a newer one has written.
    pub(super) fn count_carried(&mut self, phone: usize, record: RecordId) {
        let known = |what: &What| matches!(what, What::Field { field, .. } if *field == UNKNOWN);
        let newer = self.diary.saved.iter().any(|saved| saved.record == record && saved.what.iter().any(known));
        if newer && !self.phones[phone].is_newest() {
            self.faults.fired(Fault::UnknownFieldCarried);
        }
    }
}

/// A change that puts a value into a field of the facts that this version does not know.
pub(crate) fn put_unknown(log: &[Vec<u8>], actor: [u8; 16], at: i64, words: &str) -> Option<([u8; 32], Vec<u8>)> {
    let bytes: Vec<u8> = log.concat();
    let mut doc = AutoCommit::load(&bytes).ok()?.with_actor(automerge::ActorId::from(actor));
    let (_, facts) = doc.get(ROOT, "facts").ok()??;
    doc.put(&facts, UNKNOWN, words).ok()?;
    doc.commit_with(CommitOptions::default().with_time(at))?;
    let made = doc.get_last_local_change()?;
    Some((made.hash().0, made.raw_bytes().to_vec()))
}
