//! Becoming another device: after the phone was cloned, or restored from a backup of itself.

use std::collections::{BTreeMap, HashMap, HashSet};

use rand_core::Rng;

use super::pull::line_of;
use super::{Effect, Engine, EngineError, Failure};
use crate::document::NewChange;
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
        self.turn_into(rng, key_seed, common_through, answer, effects)?;
        self.advance(now, rng, effects)
    }

    /// Takes on an identity in the place of the present one: what the journal says after `common_through` is written
    /// again under it.
    pub(super) fn turn_into(
        &mut self,
        rng: &mut dyn Rng,
        key_seed: [u8; 32],
        common_through: u64,
        answer: EnrolResponse,
        effects: &mut Vec<Effect>,
    ) -> Result<(), EngineError<S::Error>> {
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
        let lines = self.rewritten(&tail, &identity)?;
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
        Ok(())
    }

    /// The new journal.
    ///
    /// What no server has acknowledged nobody else can have, and it is written again. The rest a server knew once that
    /// was restored since: others have it, and may have built on it, so its changes keep their names. The server takes
    /// those of a former identity for this device's own, unless the copy has used the same numbers in the same record;
    /// then the person gets the text back.
    fn rewritten(&self, tail: &[Item], identity: &Identity) -> Result<Vec<Rewritten>, EngineError<S::Error>> {
        // What is acknowledged now may be less: the server has counted back.
        let receipt = self.progress.receipt.as_ref().map_or(0, |receipt| receipt.head.n);
        let acknowledged = self.progress.acknowledged.max(receipt);
        let mut records: BTreeMap<RecordId, Vec<Item>> = BTreeMap::new();
        for item in tail.iter().filter(|item| item.entry.n > acknowledged) {
            records.entry(item.entry.record).or_default().push(item.clone());
        }
        let mut written: HashMap<u64, NewChange> = HashMap::new();
        let mut rows: BTreeMap<RecordId, Row> = BTreeMap::new();
        for (record, items) in records {
            // A line that does not read is handed in as it is: the server sets it aside, and people see it.
            let Ok(changes) = reauthor(&items, identity.device) else {
                continue;
            };
            if self.store.row(record).map_err(EngineError::Store)?.is_some() {
                let Some(row) = self.line_with(record, &items, &changes)? else {
                    continue;
                };
                rows.insert(record, row);
            }
            written.extend(items.iter().map(|item| item.entry.n).zip(changes));
        }
        let mut head = Head::EMPTY;
        let mut lines = Vec::with_capacity(tail.len());
        for Item { entry, change } in tail {
            let kept = || change.clone().map(|bytes| NewChange { hash: entry.change, bytes });
            let Some(change) = written.remove(&entry.n).or_else(kept) else {
                continue;
            };
            let record = entry.record;
            let row = match rows.get(&record) {
                Some(row) => Some(row.clone()),
                // It has left the scope, or this version can't read it: nothing is lost that could be shown.
                None => self.store.row(record).map_err(EngineError::Store)?,
            };
            let (entry, next) = head.append(record, change.hash, entry.clock);
            head = next;
            lines.push(Rewritten { entry, head, change: change.bytes, row });
        }
        Ok(lines)
    }

    /// How a record reads in lists with other changes in the place of some; `None` if it does not.
    fn line_with(
        &self,
        record: RecordId,
        items: &[Item],
        changes: &[NewChange],
    ) -> Result<Option<Row>, EngineError<S::Error>> {
        let dropped: HashSet<ChangeHash> = items.iter().map(|item| item.entry.change).collect();
        let mut known = self.store.changes(record).map_err(EngineError::Store)?;
        known.retain(|(hash, _)| !dropped.contains(hash));
        let log = known.iter().map(|(_, raw)| raw).chain(changes.iter().map(|change| &change.bytes));
        Ok(line_of(log.map(Vec::as_slice)))
    }
}
