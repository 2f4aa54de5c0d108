//! Taking in the feed: unpack, put together with what is here, and work out the new line in lists.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::drift::Repaired;
use super::{Engine, EngineError};
use crate::ancestry::Ancestry;
use crate::chunk;
use crate::document::view_of_changes;
use crate::id::{ChangeHash, RecordId};
use crate::index::Row;
use crate::store::{PulledRecord, Store};
use crate::wire::digest::Comparison;
use crate::wire::exchange::{ExchangeResponse, GoneReason, News};

type Gone = Vec<(RecordId, GoneReason)>;
/// Changes that came although they are here.
type Confirmed = Vec<(RecordId, ChangeHash)>;
/// News, departures, what a comparison repairs, and what is confirmed.
type Taken = (Vec<PulledRecord>, Gone, Repaired, Confirmed);

impl<S: Store> Engine<S> {
    pub(super) fn read_pull(&self, answer: &ExchangeResponse) -> Result<Taken, EngineError<S::Error>> {
        let mut pulled = Vec::with_capacity(answer.pull.len());
        let mut gone = Vec::new();
        let mut confirmed = Vec::new();
        let (named, wanted, refused) = match &answer.digest {
            Some(Comparison::Repair { whole, wanted, refused, .. }) => (&whole[..], &wanted[..], &refused[..]),
            _ => (&[][..], &[][..], &[][..]),
        };
        let named: BTreeSet<RecordId> = named.iter().copied().collect();
        let mut whole = BTreeMap::new();
        for item in &answer.pull {
            match &item.news {
                News::Gone(reason) => gone.push((item.record, *reason)),
                News::Changes(packed) if named.contains(&item.record) => {
                    whole.insert(item.record, packed.as_slice());
                }
                News::Changes(packed) => {
                    let known = self.store.changes(item.record).map_err(EngineError::Store)?;
                    pulled.push(read_record(item.record, &known, packed, &mut confirmed));
                }
            }
        }
        Ok((pulled, gone, self.read_repair(&whole, wanted, refused)?, confirmed))
    }

    /// Whether a record that was read so far can't be any more. What came contradicts what is here, as after a server was
    /// restored that went on in another way: only a comparison finds out.
    pub(super) fn stops_reading(&self, pulled: &[PulledRecord]) -> Result<bool, EngineError<S::Error>> {
        for news in pulled.iter().filter(|news| news.row.is_none()) {
            if self.store.row(news.id).map_err(EngineError::Store)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn read_record(
    id: RecordId,
    known: &[(ChangeHash, Vec<u8>)],
    packed: &[Vec<u8>],
    confirmed: &mut Confirmed,
) -> PulledRecord {
    let names: BTreeSet<ChangeHash> = known.iter().map(|(hash, _)| *hash).collect();
    let mut changes: Vec<(ChangeHash, Vec<u8>)> = Vec::with_capacity(packed.len());
    let mut previous = None;
    for bytes in packed {
        // Whatever can't be unpacked is missed by the ones after it, and shows in the digest.
        if let Ok((hash, raw)) = chunk::unpack(bytes, previous.as_ref()) {
            previous = Some(hash);
            if names.contains(&hash) {
                confirmed.push((id, hash));
            } else {
                changes.push((hash, raw));
            }
        }
    }
    let log = known.iter().chain(&changes).map(|(_, raw)| raw.as_slice());
    let row = line_of(log);
    PulledRecord { id, changes, whole: false, row }
}

/// How a record with these changes reads in lists.
pub(super) fn line_of<'a>(log: impl Iterator<Item = &'a [u8]>) -> Option<Row> {
    // The server has verified every change; a panic here is a fault of ours that must not cost the other records.
    catch_unwind(AssertUnwindSafe(|| view_of_changes(log))).ok().and_then(Result::ok).map(|view| Row::of(&view))
}

/// A record that came whole.
pub(super) struct Read {
    /// What is to be stored in place of what is there; `None` if that is the same.
    pub(super) pulled: Option<PulledRecord>,
    /// The settled changes that did not come.
    pub(super) extra: BTreeSet<ChangeHash>,
}

/// Puts a whole record together with what is here. Bytes that are not what their name says are given up, unless they
/// are this device's and nobody else may have them; so is what was refused, with whatever follows it. This device's own
/// changes are not given up here: it is told of each by itself.
pub(super) fn read_whole(
    id: RecordId,
    known: &[(ChangeHash, Vec<u8>)],
    packed: &[Vec<u8>],
    unsettled: &BTreeSet<ChangeHash>,
    refused: &BTreeSet<ChangeHash>,
) -> Read {
    let came = unpack(packed);
    let held = known.len();
    let known = fit(known, unsettled, refused);
    let here = Ancestry::of(known.iter().map(|(hash, raw)| (*hash, raw.as_slice())));
    let damaged = |hash: &ChangeHash| here.damaged().contains(hash);
    let settled = here.clone().without(unsettled).in_order();
    let extra = settled.into_iter().filter(|hash| !came.contains_key(hash)).collect();

    let mut all: BTreeMap<ChangeHash, &Vec<u8>> =
        known.iter().filter(|(hash, _)| !damaged(hash)).map(|(hash, raw)| (*hash, raw)).collect();
    all.extend(came.iter().map(|(hash, raw)| (*hash, raw)));
    let order = Ancestry::of(all.iter().map(|(hash, raw)| (*hash, raw.as_slice()))).in_order();
    let mut changes: Vec<(ChangeHash, Vec<u8>)> =
        order.iter().filter_map(|hash| all.get(hash).map(|raw| (*hash, (*raw).clone()))).collect();
    changes.extend(
        known.iter().filter(|(hash, _)| damaged(hash) && unsettled.contains(hash) && !came.contains_key(hash)).cloned(),
    );

    let same = here.damaged().is_empty() && changes.len() == held;
    let row = line_of(changes.iter().map(|(_, raw)| raw.as_slice()));
    Read { pulled: (!same).then_some(PulledRecord { id, changes, whole: true, row }), extra }
}

/// What is here without what was refused.
fn fit(
    known: &[(ChangeHash, Vec<u8>)],
    unsettled: &BTreeSet<ChangeHash>,
    refused: &BTreeSet<ChangeHash>,
) -> Vec<(ChangeHash, Vec<u8>)> {
    let all = Ancestry::of(known.iter().map(|(hash, raw)| (*hash, raw.as_slice())));
    let fit: BTreeSet<ChangeHash> = all.clone().without(refused).in_order().into_iter().collect();
    let refused: BTreeSet<ChangeHash> = all.in_order().into_iter().filter(|hash| !fit.contains(hash)).collect();
    let stays = |hash: &ChangeHash| !refused.contains(hash) || unsettled.contains(hash);
    known.iter().filter(|(hash, _)| stays(hash)).cloned().collect()
}

fn unpack(packed: &[Vec<u8>]) -> BTreeMap<ChangeHash, Vec<u8>> {
    let mut previous = None;
    let mut changes = BTreeMap::new();
    for bytes in packed {
        if let Ok((hash, raw)) = chunk::unpack(bytes, previous.as_ref()) {
            previous = Some(hash);
            changes.insert(hash, raw);
        }
    }
    changes
}
