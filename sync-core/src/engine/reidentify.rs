//! Becoming another device: after the phone was cloned, or restored from a backup of itself.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};

use rand_core::Rng;

use super::{Effect, Engine, EngineError, Failure};
use crate::document::{Document, NewChange};
use crate::id::{ActorId, ChangeHash, RecordId};
use crate::index::Row;
use crate::journal::Head;
use crate::reauthor::reauthor;
use crate::store::{BatchLimit, Identity, Progress, Rewritten, Store};
use crate::time::ClockReading;
use crate::wire::enrol::{EnrolResponse, ReidentifyRequest};
use crate::wire::segment::Item;

const ALL: BatchLimit = BatchLimit { records: usize::MAX, bytes: usize::MAX };

impl<S: Store> Engine<S> {
    /// The request for a new identity. Its key is kept before anybody hears of it, like the first one.
    pub(super) fn reidentify_request(
        &mut self,
        identity: &Identity,
        rng: &mut dyn Rng,
    ) -> Result<ReidentifyRequest, EngineError<S::Error>> {
        let key = self.next_key(rng)?;
        Ok(ReidentifyRequest {
            key: key.public(),
            proof: key.sign_reidentification(identity.device),
            app: self.app.clone(),
        })
    }

    /// Takes on the new identity and writes the journal's tail again under it.
    pub(super) fn reidentified(
        &mut self,
        now: ClockReading,
        rng: &mut dyn Rng,
        common_through: u64,
        answer: EnrolResponse,
        effects: &mut Vec<Effect>,
    ) -> Result<(), EngineError<S::Error>> {
        let Some(key_seed) = self.store.device_key().map_err(EngineError::Store)? else {
            return self.finish(now, rng, Some(Failure::BadAnswer), effects);
        };
        if !self.turn_into(rng, key_seed, common_through, answer, effects)? {
            return self.finish(now, rng, Some(Failure::Forked), effects);
        }
        self.advance(now, rng, effects)
    }

    /// Takes on an identity in the place of the present one: what the journal says after `common_through` is written
    /// again under it. False, with nothing changed, if something does not read any more.
    pub(super) fn turn_into(
        &mut self,
        rng: &mut dyn Rng,
        key_seed: [u8; 32],
        common_through: u64,
        answer: EnrolResponse,
        effects: &mut Vec<Effect>,
    ) -> Result<bool, EngineError<S::Error>> {
        let identity = Identity {
            device: answer.device,
            actor: ActorId::random(rng),
            key_seed,
            server_key: answer.server_key,
            profile: answer.profile,
        };
        let mut tail = self.store.outbox(common_through, ALL).map_err(EngineError::Store)?;
        // Of a record that left the scope only what no backup held is still here.
        tail.retain(|item| item.change.is_some());
        self.leave_refused(&mut tail)?;
        let Ok(changes) = reauthor(&tail, identity.device, identity.actor) else {
            return Ok(false);
        };
        let Some(lines) = self.rewritten(&tail, changes)? else {
            return Ok(false);
        };
        self.store.reidentify(&identity, common_through, &lines).map_err(EngineError::Store)?;
        self.identity = Some(identity);
        self.moved = false;
        self.progress = Progress::anew();
        self.token = None;
        self.nonce.clear();
        self.withheld.clear();
        if !lines.is_empty() {
            effects.push(Effect::Changed(lines.iter().map(|line| line.entry.record).collect()));
        }
        Ok(true)
    }

    /// The new journal; `None` if a record does not read any more, in which case nothing may be given up.
    fn rewritten(
        &self,
        tail: &[Item],
        changes: Vec<NewChange>,
    ) -> Result<Option<Vec<Rewritten>>, EngineError<S::Error>> {
        let dropped: HashSet<ChangeHash> = tail.iter().map(|item| item.entry.change).collect();
        let mut logs: BTreeMap<RecordId, Vec<Vec<u8>>> = BTreeMap::new();
        for (item, change) in tail.iter().zip(&changes) {
            let log = match logs.entry(item.entry.record) {
                Entry::Occupied(log) => log.into_mut(),
                Entry::Vacant(place) => {
                    let mut known = self.store.changes(item.entry.record).map_err(EngineError::Store)?;
                    known.retain(|(hash, _)| !dropped.contains(hash));
                    place.insert(known.into_iter().map(|(_, raw)| raw).collect())
                }
            };
            log.push(change.bytes.clone());
        }
        let mut rows: BTreeMap<RecordId, Row> = BTreeMap::new();
        for (record, log) in &logs {
            if self.store.row(*record).map_err(EngineError::Store)?.is_none() {
                // It has left the scope, or this version can't read it: nothing is lost that could be shown.
                continue;
            }
            let view = Document::load(log.iter().map(Vec::as_slice)).and_then(|mut document| document.any_view());
            match view {
                Ok(view) => rows.insert(*record, Row::of(&view)),
                Err(_) => return Ok(None),
            };
        }
        let mut head = Head::EMPTY;
        let lines = tail.iter().zip(changes).map(|(item, change)| {
            let (entry, next) = head.append(item.entry.record, change.hash, item.entry.clock);
            head = next;
            Rewritten { entry, head, change: change.bytes, row: rows.get(&entry.record).cloned() }
        });
        Ok(Some(lines.collect()))
    }
}
