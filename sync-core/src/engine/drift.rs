//! Finding out whether this device and the server still hold the same, and putting right what they don't.
//!
//! Once a day, after a restore of the server, and when the server orders it, a run ends with a comparison
//! ([`crate::digest`]). It begins only when nothing is unsent, unread or unjudged, so whatever differs has drifted.
//! What the device lacks the server sends whole; what the server lacks the device offers, its own changes with the
//! lines of its journal. It ends when both hold the same, or when a round has moved nothing: what the server has put
//! aside for a person to look at stays a difference until then.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::pull::{Read, read_whole};
use super::{DAY_MS, Engine, EngineError};
use crate::ancestry::Ancestry;
use crate::chunk;
use crate::digest::{Leaf, Side, Tree};
use crate::id::{ChangeHash, RecordId};
use crate::store::{Progress, Store};
use crate::time::UnixMillis;
use crate::wire::digest::{Comparison, Offer, OfferedChange, OfferedLine, Question};

/// How many answers may ask for another question before the rest is left for the next run.
const MOST_ROUNDS: u32 = 500;
/// How often news may come between before the comparison is left for the next run.
const MOST_DELAYS: u32 = 3;
/// Bytes of changes that are offered in one message. The first change is always taken.
const OFFERED_BYTES: usize = 256 * 1024;
/// Changes that are offered in one message.
const OFFERED_CHANGES: usize = 500;
/// Records of which the device looks for the names at once.
const PAGE: usize = 1_000;

/// What is going on in the comparison of a run.
#[derive(Debug, Default)]
pub(super) struct Drift {
    next: Next,
    /// What the server lacks and has not been offered yet.
    offers: VecDeque<(RecordId, BTreeSet<ChangeHash>)>,
    /// What was offered in this run: nothing is offered twice.
    offered: BTreeSet<ChangeHash>,
    rounds: u32,
    delays: u32,
}

/// The question that comes next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Next {
    #[default]
    Root,
    Buckets,
    Records(Vec<u8>),
    Nothing,
}

impl Drift {
    /// Nothing more is compared in this run.
    fn end(&mut self) {
        self.next = Next::Nothing;
        self.offers.clear();
    }
}

/// Clocks are set by so much by themselves, when they hear of the right time.
const CLOCK_STEP_MS: i64 = 10 * 60 * 1_000;

impl Progress {
    /// Whether a comparison is due: once a day, and when the last one lies in the future because the clock was set back,
    /// by however little. It would otherwise come late by as much as the clock had been wrong.
    fn digest_is_due(&self, now: UnixMillis) -> bool {
        self.digest_due || self.digest_at.is_some_and(|at| at > now.plus(CLOCK_STEP_MS) || now.since(at) >= DAY_MS)
    }
}

impl<S: Store> Engine<S> {
    /// The question that goes along with an exchange that brings nothing else.
    pub(super) fn question(&self, now: UnixMillis) -> Result<Option<Question>, EngineError<S::Error>> {
        if !self.may_ask(now)? {
            return Ok(None);
        }
        let next = self.run.as_ref().map(|run| &run.drift.next);
        Ok(match next {
            None | Some(Next::Nothing) => None,
            Some(Next::Root) => Some(Question::Root(self.held_tree()?.root())),
            Some(Next::Buckets) => Some(Question::Buckets(self.held_tree()?.buckets())),
            Some(Next::Records(buckets)) => {
                let leaves = self.held_tree()?.records(buckets);
                Some(Question::Records { buckets: buckets.clone(), leaves })
            }
        })
    }

    /// Whether this run has something to ask or to offer.
    pub(super) fn is_comparing(&self, now: UnixMillis) -> Result<bool, EngineError<S::Error>> {
        let offering = self.run.as_ref().is_some_and(|run| !run.drift.offers.is_empty());
        Ok(offering || self.may_ask(now)?)
    }

    fn may_ask(&self, now: UnixMillis) -> Result<bool, EngineError<S::Error>> {
        let Some(drift) = self.run.as_ref().map(|run| &run.drift) else {
            return Ok(false);
        };
        let progress = &self.progress;
        if drift.next == Next::Nothing || !drift.offers.is_empty() || !progress.digest_is_due(now) {
            return Ok(false);
        }
        let read = progress.cursor.is_some_and(|cursor| cursor.since.is_none()) && progress.check.is_none();
        let head = self.store.head().map_err(EngineError::Store)?.n;
        Ok(read && progress.acknowledged == head && progress.published_through >= head)
    }

    /// What this device holds as published.
    fn held_tree(&self) -> Result<Tree, EngineError<S::Error>> {
        let unsettled = self.unsettled()?;
        let mut tree = Tree::default();
        let mut after = None;
        loop {
            let page = self.store.held(after, PAGE).map_err(EngineError::Store)?;
            let Some(last) = page.last() else {
                return Ok(tree);
            };
            after = Some(*last);
            for record in page {
                let changes = self.store.changes(record).map_err(EngineError::Store)?;
                let named = changes.iter().map(|(hash, raw)| (*hash, raw.as_slice()));
                let settled = Ancestry::of(named).without(&unsettled);
                if !settled.is_empty() {
                    let leaf = settled.heads().map(|heads| Leaf::of(record, &heads));
                    tree.insert(record, leaf.unwrap_or_else(|| Leaf::broken(record, Side::Phone)));
                }
            }
        }
    }

    /// This device's changes that are not part of their records on the server.
    fn unsettled(&self) -> Result<BTreeSet<ChangeHash>, EngineError<S::Error>> {
        let changes = self.store.unsettled(self.progress.published_through).map_err(EngineError::Store)?;
        Ok(changes.into_iter().collect())
    }

    /// Reads records that came whole; what the server lacks of them is put on the list.
    pub(super) fn read_repair(
        &self,
        whole: &BTreeMap<RecordId, &[Vec<u8>]>,
        wanted: &[RecordId],
        refused: &[ChangeHash],
    ) -> Result<Repaired, EngineError<S::Error>> {
        let unsettled = self.unsettled()?;
        let refused = refused.iter().copied().collect();
        let mut repaired = Repaired::default();
        for (record, packed) in whole {
            let known = self.store.changes(*record).map_err(EngineError::Store)?;
            let Read { pulled, extra } = read_whole(*record, &known, packed, &unsettled, &refused);
            repaired.pulled.extend(pulled);
            repaired.lacking.push((*record, extra));
        }
        for record in wanted.iter().filter(|record| !whole.contains_key(record)) {
            let known = self.store.changes(*record).map_err(EngineError::Store)?;
            repaired.lacking.push((*record, read_whole(*record, &known, &[], &unsettled, &refused).extra));
        }
        Ok(repaired)
    }

    /// Takes in what the comparison came to, and notes in `progress` whether another one is due.
    pub(super) fn compared(
        &mut self,
        now: UnixMillis,
        answer: Option<Comparison>,
        mut repaired: Repaired,
        gone: bool,
        progress: &mut Progress,
    ) {
        let Some(drift) = self.run.as_mut().map(|run| &mut run.drift) else {
            return;
        };
        repaired.lacking.iter_mut().for_each(|(_, names)| names.retain(|name| !drift.offered.contains(name)));
        repaired.lacking.retain(|(_, names)| !names.is_empty());
        let moved = gone || !repaired.pulled.is_empty() || !repaired.lacking.is_empty();
        drift.rounds += 1;
        drift.next = match answer {
            _ if drift.rounds > MOST_ROUNDS => Next::Nothing,
            Some(Comparison::Later) => {
                drift.delays += 1;
                if drift.delays > MOST_DELAYS { Next::Nothing } else { Next::Root }
            }
            Some(Comparison::SendBuckets) => Next::Buckets,
            Some(Comparison::SendRecords(buckets)) => Next::Records(buckets),
            Some(Comparison::Repair { more: true, .. }) if moved => drift.next.clone(),
            Some(Comparison::Repair { .. }) if moved => Next::Root,
            // Both hold the same, as far as they ever will; or the server does not know of comparisons.
            Some(Comparison::Same | Comparison::Repair { .. }) | None => {
                (progress.digest_at, progress.digest_due) = (Some(now), false);
                Next::Nothing
            }
        };
        drift.offers.extend(repaired.lacking);
    }

    /// The server does not take messages of this size: the comparison is left for another day. False if there was
    /// none.
    pub(super) fn give_up_comparing(&mut self, now: UnixMillis) -> Result<bool, EngineError<S::Error>> {
        let Some(run) = self.run.as_mut().filter(|run| run.drift.next != Next::Nothing) else {
            return Ok(false);
        };
        run.drift.end();
        (self.progress.digest_at, self.progress.digest_due) = (Some(now), false);
        self.store.set_progress(&self.progress).map_err(EngineError::Store)?;
        Ok(true)
    }

    /// The next changes to offer, off the list.
    pub(super) fn next_offers(&mut self) -> Result<Vec<Offer>, EngineError<S::Error>> {
        let mut offers = Vec::new();
        let (mut bytes, mut count) = (0, 0);
        while let Some((record, mut names)) = self.run.as_mut().and_then(|run| run.drift.offers.pop_front()) {
            let lines: BTreeMap<ChangeHash, OfferedLine> = self
                .store
                .lines(record)
                .map_err(EngineError::Store)?
                .into_iter()
                .map(|entry| (entry.change, OfferedLine { n: entry.n, clock: entry.clock }))
                .collect();
            let mut changes = Vec::new();
            for (hash, raw) in self.store.changes(record).map_err(EngineError::Store)? {
                if !names.contains(&hash) {
                    continue;
                }
                let full = count > 0 && (bytes + raw.len() > OFFERED_BYTES || count >= OFFERED_CHANGES);
                if full {
                    break;
                }
                names.remove(&hash);
                if let Some(change) = self.offered(hash, &raw, &lines)? {
                    bytes += raw.len();
                    count += 1;
                    changes.push(change);
                }
                if let Some(run) = &mut self.run {
                    run.drift.offered.insert(hash);
                }
            }
            let full = bytes >= OFFERED_BYTES || count >= OFFERED_CHANGES;
            let rest = !names.is_empty() && !changes.is_empty() && full;
            if !changes.is_empty() {
                offers.push(Offer { record, changes });
            }
            if rest || full {
                if rest && let Some(run) = &mut self.run {
                    run.drift.offers.push_front((record, names));
                }
                break;
            }
        }
        Ok(offers)
    }

    fn offered(
        &self,
        hash: ChangeHash,
        raw: &[u8],
        lines: &BTreeMap<ChangeHash, OfferedLine>,
    ) -> Result<Option<OfferedChange>, EngineError<S::Error>> {
        let (Ok(packed), Ok(frame)) = (chunk::pack(raw, None), chunk::read_change(raw)) else {
            return Ok(None);
        };
        let author = self.store.author(frame.actor).map_err(EngineError::Store)?.map(|(person, _)| person);
        Ok(Some(OfferedChange { packed, line: lines.get(&hash).copied(), author }))
    }
}

/// What a repair comes to on this side.
#[derive(Debug, Default)]
pub(super) struct Repaired {
    /// Records that read differently now.
    pub(super) pulled: Vec<crate::store::PulledRecord>,
    /// Settled changes that the server lacks.
    lacking: Vec<(RecordId, BTreeSet<ChangeHash>)>,
}
