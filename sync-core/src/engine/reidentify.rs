//! Becoming another device: after the phone was cloned, or restored from a backup of itself.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};

use rand_core::Rng;

use super::{Effect, Engine, EngineError, Failure};
use crate::document::{Document, NewChange};
use crate::id::{ActorId, ChangeHash, RecordId};
use crate::index::Row;
use crate::journal::{Head, Key};
use crate::reauthor::reauthor;
use crate::store::{BatchLimit, Identity, LocalCommit, Progress, Store};
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
        let kept = self.store.device_key().map_err(EngineError::Store)?.filter(|seed| *seed != identity.key_seed);
        let key = match kept {
            Some(seed) => Key::from_seed(seed),
            None => {
                let key = Key::generate(rng);
                self.store.set_device_key(&key.seed()).map_err(EngineError::Store)?;
                key
            }
        };
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
        let identity = Identity {
            device: answer.device,
            actor: ActorId::random(rng),
            key_seed,
            server_key: answer.server_key,
            profile: answer.profile,
        };
        let tail = self.store.outbox(common_through, ALL).map_err(EngineError::Store)?;
        let Ok(changes) = reauthor(&tail, identity.device, identity.actor) else {
            return self.finish(now, rng, Some(Failure::Forked), effects);
        };
        let Some(commits) = self.commits(&tail, changes)? else {
            return self.finish(now, rng, Some(Failure::Forked), effects);
        };
        self.store.reidentify(&identity, common_through, &commits).map_err(EngineError::Store)?;
        self.identity = Some(identity);
        self.progress = Progress::default();
        self.token = None;
        self.nonce.clear();
        self.withheld.clear();
        if !commits.is_empty() {
            effects.push(Effect::Changed(commits.iter().map(|commit| commit.row.id).collect()));
        }
        self.advance(now, rng, effects)
    }

    /// The new journal; `None` if a record does not read any more, in which case nothing may be given up.
    fn commits(
        &self,
        tail: &[Item],
        changes: Vec<NewChange>,
    ) -> Result<Option<Vec<LocalCommit>>, EngineError<S::Error>> {
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
            let view = Document::load(log.iter().map(Vec::as_slice)).and_then(|mut document| document.any_view());
            match view {
                Ok(view) => rows.insert(*record, Row::of(&view)),
                Err(_) => return Ok(None),
            };
        }
        let mut head = Head::EMPTY;
        let commits = tail.iter().zip(changes).filter_map(|(item, change)| {
            let (entry, next) = head.append(item.entry.record, change.hash, item.entry.clock);
            head = next;
            Some(LocalCommit { entry, head, change: change.bytes, row: rows.get(&entry.record)?.clone() })
        });
        Ok(Some(commits.collect()))
    }
}
