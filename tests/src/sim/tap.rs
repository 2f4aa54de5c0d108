//! Listens on the server's end of the line: what every answer claims is held against what the server really has at
//! that moment, and what it sends against who may see it.

use std::collections::{BTreeMap, BTreeSet};

use server::store::{ChangeState, Store, StoreError};
use sync_core::engine::{Route, WireRequest, WireResponse};
use sync_core::id::{ChangeHash, DeviceId, RecordId};
use sync_core::journal::Head;
use sync_core::trust::chunk;
use sync_core::wire::exchange::{ExchangeResponse, News, PullItem, Verdict};
use sync_core::wire::{self, MEDIA_TYPE};

use super::backend::odd;
use super::diary::Diary;
use super::fault::{Fault, Faults};
use super::house::House;
use crate::failure::Failure;

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which rule.
    pub rule: &'static str,
    /// How.
    pub said: String,
}

impl Violation {
    /// A broken rule.
    pub fn new(rule: &'static str, said: impl Into<String>) -> Self {
        Self { rule, said: said.into() }
    }
}

/// How much an answer may unpack to.
const LIMIT: usize = 64 << 20;

/// What was heard.
#[derive(Debug, Default)]
pub struct Tap {
    /// Up to where the server has proved to hold each phone's journal.
    durable: BTreeMap<usize, u64>,
    /// Up to where it has proved to have judged it.
    judged: BTreeMap<usize, u64>,
    /// Every receipt that was given.
    pub receipts: BTreeSet<(usize, u64, [u8; 32])>,
    /// The changes of each record.
    changes: BTreeMap<RecordId, BTreeSet<ChangeHash>>,
    /// How much of each journal the newest backup holds.
    pub backed_up: Vec<(DeviceId, u64)>,
    /// Exchanges that were served.
    pub exchanges: u64,
}

impl Tap {
    /// A change was made.
    pub fn know(&mut self, record: RecordId, change: ChangeHash) {
        self.changes.entry(record).or_default().insert(change);
    }

    /// Up to where the phone may say that the server holds its journal.
    pub fn durable(&self, phone: usize) -> u64 {
        self.durable.get(&phone).copied().unwrap_or(0)
    }

    /// Up to where the phone may say that its journal is published.
    pub fn judged(&self, phone: usize) -> u64 {
        self.judged.get(&phone).copied().unwrap_or(0)
    }

    /// Examines an answer before it goes out.
    ///
    /// # Errors
    /// When the server's storage can't be read.
    pub async fn listen(
        &mut self,
        store: &dyn Store,
        who: (usize, Option<DeviceId>),
        traffic: (&WireRequest, &WireResponse),
        world: (&House, &Diary),
        faults: &mut Faults,
    ) -> Result<Vec<Violation>, Failure> {
        let ((phone, device), (request, response)) = (who, traffic);
        let mut found = Vec::new();
        let (Route::Exchange, 200, Some(device)) = (request.route, response.status, device) else {
            if response.status == 500 {
                found.push(Violation::new("the server does not fail", String::from_utf8_lossy(&response.body)));
            }
            return Ok(found);
        };
        if response.media_type != MEDIA_TYPE {
            return Ok(found);
        }
        let answer: ExchangeResponse =
            wire::decode(&response.body, response.encoding, LIMIT).map_err(odd("the answer"))?;
        self.exchanges += 1;
        let truth = match store.device(device).await {
            Ok(device) => device.head,
            Err(StoreError::NotFound) => Head::EMPTY,
            Err(error) => return Err(odd("the device")(error)),
        };
        if let Some(receipt) = &answer.receipt {
            if receipt.head != truth {
                let said = format!("phone {phone}: receipt for {:?}, stored is {truth:?}", receipt.head);
                found.push(Violation::new("a receipt is for what is stored", said));
            }
            if answer.published_through < receipt.head.n {
                faults.fired(Fault::PublishedLate);
            }
            self.receipts.insert((phone, receipt.head.n, receipt.head.link.0));
            let durable = self.durable.entry(phone).or_default();
            *durable = (*durable).max(truth.n);
        }
        found.extend(self.hear_judgement(store, phone, device, &answer).await?);
        let backed_up = self.backed_up.iter().find(|(known, _)| *known == device).map_or(0, |(_, n)| *n);
        if answer.backed_up_through > backed_up {
            let said = format!("phone {phone}: through {}, the backup has {backed_up}", answer.backed_up_through);
            found.push(Violation::new("only what a backup holds may go", said));
        }
        for item in &answer.pull {
            found.extend(self.hear_pull(phone, item, world));
        }
        Ok(found)
    }

    async fn hear_judgement(
        &mut self,
        store: &dyn Store,
        phone: usize,
        device: DeviceId,
        answer: &ExchangeResponse,
    ) -> Result<Vec<Violation>, Failure> {
        let lines = store.journal(device, 1, u32::MAX >> 1).await.map_err(odd("the journal"))?;
        let open = lines.iter().find(|line| line.state == ChangeState::Received).map(|line| line.entry.n);
        let judged = open.map_or(lines.len() as u64, |n| n - 1);
        let mut found = Vec::new();
        if answer.published_through > judged {
            let said = format!("phone {phone}: through {}, judged are {judged}", answer.published_through);
            found.push(Violation::new("published is what was judged", said));
        }
        for item in &answer.verdicts {
            let state = lines.iter().find(|line| line.entry.n == item.n).map(|line| line.state);
            let fits = match &item.verdict {
                Verdict::Need { .. } => state == Some(ChangeState::Waiting),
                Verdict::Held { .. } => state == Some(ChangeState::Held),
                Verdict::Quarantined { .. } => state == Some(ChangeState::Quarantined),
                Verdict::Published => state == Some(ChangeState::Published),
                Verdict::Refused { .. } => state == Some(ChangeState::Refused),
            };
            if !fits {
                let said = format!("phone {phone}: line {} is {state:?}, told {:?}", item.n, item.verdict);
                found.push(Violation::new("a verdict is what was decided", said));
            }
        }
        let known = self.judged.entry(phone).or_default();
        *known = (*known).max(judged);
        Ok(found)
    }

    fn hear_pull(&self, phone: usize, item: &PullItem, (house, diary): (&House, &Diary)) -> Vec<Violation> {
        let News::Changes(packed) = &item.news else {
            return Vec::new();
        };
        let mut found = Vec::new();
        let maker = diary.maker(item.record).and_then(|maker| house.members.get(maker));
        let seen = house.members.get(phone).zip(maker).is_some_and(|(reader, maker)| reader.sees_what_is_of(maker));
        if !seen {
            let said = format!("phone {phone} was sent {} of phone {:?}", item.record, diary.maker(item.record));
            found.push(Violation::new("nothing outside the scope is sent", said));
        }
        let mut previous = None;
        for bytes in packed {
            let Ok((hash, _)) = chunk::unpack(bytes, previous.as_ref()) else {
                found.push(Violation::new("what is sent can be read", format!("phone {phone}: {}", item.record)));
                break;
            };
            if !self.changes.get(&item.record).is_some_and(|known| known.contains(&hash)) {
                let said = format!("phone {phone}: {} came with {hash}, which nobody wrote there", item.record);
                found.push(Violation::new("a record is sent with its own changes", said));
            }
            previous = Some(hash);
        }
        found
    }
}
