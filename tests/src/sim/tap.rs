//! Listens on the server's end of the line: what every answer claims is held against what the server really has at
//! that moment, and what it sends against who may see it.

use std::collections::{BTreeMap, BTreeSet};

use server::store::{ChangeState, SetAside, Store};
use sync_core::chunk;
use sync_core::engine::{Route, WireRequest, WireResponse};
use sync_core::id::{ChangeHash, DeviceId, RecordId};
use sync_core::journal::{Entry, Head};
use sync_core::time::UnixMillis;
use sync_core::trust::code;
use sync_core::wire::exchange::{ExchangeResponse, News, Order, PullItem, Verdict};
use sync_core::wire::{self, MEDIA_TYPE};

use super::backend::odd;
use super::diary::{Diary, words_in};
use super::disk::Committed;
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
/// More lines than any journal of a run has.
const ALL: u32 = u32::MAX >> 1;

/// Where a journal stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// Whose journal.
    pub device: DeviceId,
    /// After which line.
    pub n: u64,
    link: [u8; 32],
}

impl Mark {
    /// The mark of a journal's head.
    pub fn of(device: DeviceId, head: Head) -> Self {
        Self { device, n: head.n, link: head.link.0 }
    }
}

/// What was heard.
#[derive(Debug, Default)]
pub struct Tap {
    /// What the server has proved to hold, ever.
    proved: BTreeSet<Mark>,
    /// What the server holds of each journal now, as far as it was looked at.
    journals: BTreeMap<DeviceId, Held>,
    /// Up to where the server has ever judged each journal.
    judged: BTreeMap<DeviceId, u64>,
    /// Every receipt that was given and that somebody can still hold the server to.
    pub receipts: BTreeSet<Mark>,
    /// The changes of each record.
    changes: BTreeMap<RecordId, BTreeSet<ChangeHash>>,
    /// In which changes people's words are.
    words: BTreeMap<String, Vec<ChangeHash>>,
    /// The backups: when they were taken, and how much of each journal they hold.
    pub backups: Vec<(UnixMillis, Vec<(DeviceId, u64)>)>,
    /// Exchanges that were served.
    pub exchanges: u64,
    /// The changes that somebody decided about, each with its record.
    pub decided: BTreeMap<ChangeHash, RecordId>,
    /// Phones that have to come again at once for the rest of their feed.
    paging: BTreeSet<usize>,
}

/// A journal on the server, as far as it was looked at.
#[derive(Debug, Default)]
struct Held {
    heads: Vec<Head>,
    /// Up to where everything has been judged.
    judged: u64,
}

/// Everything that the server holds at one moment.
#[derive(Debug, Default)]
pub struct Everything {
    /// The changes in all journals.
    pub changes: BTreeSet<ChangeHash>,
    /// Where each journal stood after each line.
    pub heads: BTreeSet<Mark>,
}

impl Tap {
    /// A change was made.
    pub fn know(&mut self, made: &Committed) {
        self.changes.entry(made.record).or_default().insert(made.change);
        for words in words_in(&made.raw) {
            self.words.entry(words).or_default().push(made.change);
        }
    }

    /// The changes in which somebody's words are.
    pub fn changes_with(&self, words: &str) -> impl Iterator<Item = ChangeHash> + '_ {
        self.words.get(words).into_iter().flatten().copied()
    }

    /// Whether the server has proved, at any time, that it held a journal up to here.
    pub fn has_held(&self, device: DeviceId, head: Head) -> bool {
        self.proved.contains(&Mark::of(device, head))
    }

    /// Up to where a phone may say that its journal is published.
    pub fn judged(&self, device: DeviceId) -> u64 {
        self.judged.get(&device).copied().unwrap_or(0)
    }

    /// Whether somebody refused a change, or one of the same record which it follows.
    pub fn somebody_refused(&self, aside: &SetAside) -> bool {
        let follows =
            aside.code == code::FOLLOWS_REFUSED && self.decided.values().any(|record| *record == aside.record);
        follows || self.decided.contains_key(&aside.hash)
    }

    /// Whether the server holds a journal up to here now, as far as it was looked at.
    fn holds(&self, device: DeviceId, head: Head) -> bool {
        let held = self.journals.get(&device).map(|held| held.heads.as_slice()).unwrap_or_default();
        head == Head::EMPTY || held.contains(&head)
    }

    /// Whether a phone reads its feed page by page at this moment.
    pub fn is_paging(&self, phone: usize) -> bool {
        self.paging.contains(&phone)
    }

    /// The server was set back: what was seen of it before says nothing about it now.
    pub fn the_server_went_back(&mut self) {
        self.journals.clear();
    }

    /// The devices that were ever heard of.
    pub fn devices(&self) -> impl Iterator<Item = DeviceId> + '_ {
        self.judged.keys().copied()
    }

    /// Looks at everything that the server holds of the devices that were ever heard of.
    ///
    /// # Errors
    /// When the server's storage can't be read.
    pub async fn everything_held(&self, truth: &dyn Store) -> Result<Everything, Failure> {
        let mut all = Everything::default();
        for device in self.devices() {
            let mut head = Head::EMPTY;
            for line in truth.journal(device, 1, ALL).await.map_err(odd("a journal"))? {
                head = head.after(&line.entry);
                all.heads.insert(Mark::of(device, head));
                all.changes.insert(line.entry.change);
            }
        }
        Ok(all)
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
        (now, restorable_ms): (UnixMillis, i64),
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
        if answer.more {
            faults.fired(Fault::PullPaged);
            self.paging.insert(phone);
        } else {
            self.paging.remove(&phone);
        }
        let (truth, judged) = self.look_at_journal(store, device).await?;
        if let Some(receipt) = &answer.receipt {
            if !self.holds(device, receipt.head) {
                let said = format!("phone {phone}: receipt for {:?}, stored is {truth:?}", receipt.head);
                found.push(Violation::new("a receipt is for what is stored", said));
            }
            if answer.published_through < receipt.head.n {
                faults.fired(Fault::PublishedLate);
            }
            if answer.orders.contains(&Order::Deposit) {
                faults.fired(Fault::Deposited);
            }
            self.receipts.insert(Mark::of(device, receipt.head));
        }
        if answer.published_through > judged {
            let said = format!("phone {phone}: through {}, judged are {judged}", answer.published_through);
            found.push(Violation::new("published is what was judged", said));
        }
        found.extend(hear_verdicts(store, phone, device, &answer).await?);
        let old_enough = self.backups.iter().filter(|(at, _)| at.0 <= now.0.saturating_sub(restorable_ms));
        let held = old_enough.flat_map(|(_, journals)| journals).filter(|(known, _)| *known == device);
        let backed_up = held.map(|(_, n)| *n).max().unwrap_or(0);
        if answer.backed_up_through > backed_up {
            let said = format!("phone {phone}: through {}, the backup has {backed_up}", answer.backed_up_through);
            found.push(Violation::new("only what a backup holds may go", said));
        }
        for item in &answer.pull {
            found.extend(self.hear_pull(store, (phone, Some(device)), item, world).await?);
        }
        Ok(found)
    }

    /// Where the server's copy of a journal ends, and up to where it has been judged.
    async fn look_at_journal(&mut self, store: &dyn Store, device: DeviceId) -> Result<(Head, u64), Failure> {
        let held = self.journals.entry(device).or_default();
        let lines = store.journal(device, held.judged + 1, ALL).await.map_err(odd("the journal"))?;
        for line in &lines {
            let head = held.heads.last().copied().unwrap_or(Head::EMPTY);
            if line.entry.n > head.n {
                held.heads.push(head.after(&line.entry));
                self.proved.insert(Mark::of(device, head.after(&line.entry)));
            }
        }
        let head = held.heads.last().copied().unwrap_or(Head::EMPTY);
        let open = lines.iter().find(|line| line.state == ChangeState::Received).map(|line| line.entry.n);
        held.judged = open.map_or(head.n, |n| n - 1);
        let judged = self.judged.entry(device).or_default();
        *judged = (*judged).max(held.judged);
        Ok((head, held.judged))
    }

    async fn hear_pull(
        &mut self,
        store: &dyn Store,
        (phone, device): (usize, Option<DeviceId>),
        item: &PullItem,
        (house, diary): (&House, &Diary),
    ) -> Result<Vec<Violation>, Failure> {
        let News::Changes(packed) = &item.news else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        if !house.sees(phone, item.record) || device.is_some_and(|device| house.cut_off.contains(&device)) {
            let said = format!("phone {phone} was sent {} of phone {:?}", item.record, diary.maker(item.record));
            found.push(Violation::new("nothing outside the scope is sent", said));
        }
        let mut previous = None;
        for bytes in packed {
            let Ok((hash, raw)) = chunk::unpack(bytes, previous.as_ref()) else {
                found.push(Violation::new("what is sent can be read", format!("phone {phone}: {}", item.record)));
                break;
            };
            if !self.is_of(store, item.record, hash).await? {
                let said = format!("phone {phone}: {} came with {hash}, which nobody wrote there", item.record);
                found.push(Violation::new("a record is sent with its own changes", said));
            }
            let stray = words_in(&raw).into_iter().find(|words| diary.place_of(words) != Some(item.record));
            if let Some(words) = stray {
                let said = format!("phone {phone}: {} came with {words}", item.record);
                found.push(Violation::new("a record is sent with its own words", said));
            }
            previous = Some(hash);
        }
        Ok(found)
    }

    /// Whether a change was written in a record: on a phone, or at the console.
    async fn is_of(&mut self, store: &dyn Store, record: RecordId, change: ChangeHash) -> Result<bool, Failure> {
        if self.changes.get(&record).is_some_and(|known| known.contains(&change)) {
            return Ok(true);
        }
        if self.decided.get(&change) == Some(&record) {
            return Ok(true);
        }
        let origins = store.origins(record).await.map_err(odd("a record"))?;
        let at_the_console = origins.into_iter().filter(|origin| origin.device.is_none()).map(|origin| origin.hash);
        let known = self.changes.entry(record).or_default();
        known.extend(at_the_console);
        Ok(known.contains(&change))
    }
}

async fn is_published(store: &dyn Store, entry: &Entry) -> Result<bool, Failure> {
    let record = store.record(entry.record).await.map_err(odd("a record"))?;
    Ok(record.published.iter().any(|change| change.hash == entry.change))
}

async fn hear_verdicts(
    store: &dyn Store,
    phone: usize,
    device: DeviceId,
    answer: &ExchangeResponse,
) -> Result<Vec<Violation>, Failure> {
    let mut found = Vec::new();
    for item in &answer.verdicts {
        let line = store.journal(device, item.n, 1).await.map_err(odd("the journal"))?;
        let state = line.first().filter(|line| line.entry.n == item.n).map(|line| line.state);
        let fits = match &item.verdict {
            Verdict::Need { .. } => state == Some(ChangeState::Waiting),
            Verdict::Held { .. } => state == Some(ChangeState::Held),
            Verdict::Quarantined { .. } => state == Some(ChangeState::Quarantined),
            Verdict::Published => match (state, line.first()) {
                // It brought again what is in its record already.
                (Some(ChangeState::Quarantined), Some(line)) => is_published(store, &line.entry).await?,
                _ => state == Some(ChangeState::Published),
            },
            Verdict::Refused { .. } => state == Some(ChangeState::Refused),
        };
        if !fits {
            let said = format!("phone {phone}: line {} is {state:?}, told {:?}", item.n, item.verdict);
            found.push(Violation::new("a verdict is what was decided", said));
        }
    }
    Ok(found)
}
