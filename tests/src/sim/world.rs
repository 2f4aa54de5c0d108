//! The world of a run: one queue of what happens next, everything in one thread.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use server::clock::Clock as _;
use server::service::edit::edit_facts;
use server::service::review::{Decision, decide};
use server::store::{RecordFilter, RecordLine, RecordQuery, Scope};
use sync_core::engine::{Effect, Event, Outcome, RequestId, Route, TransportError, WireRequest, WireResponse};
use sync_core::record::review::ReviewState;
use sync_core::time::UnixMillis;

use super::backend::{Backend, odd, refused};
use super::diary::{Corrected, Diary, What};
use super::disk::PhoneStore;
use super::fault::{Fault, Faults};
use super::handset::{Attempt, Handset, fields_of};
use super::house::House;
use super::luck::Luck;
use super::mutant::Mutant;
use super::plan::{Act, Item, Line, Plan};
use super::tap::{Tap, Violation};
use super::time::{MORNING, TrueTime};
use crate::failure::Failure;

/// After so long without an answer a phone gives up.
const TIMEOUT_MS: i64 = 30_000;

/// Something in the queue.
#[derive(Debug)]
pub(super) enum Happening {
    /// An entry of the plan.
    Planned(Item),
    /// An alarm.
    Wake { phone: usize, alarm: u64 },
    /// A request reaches the server.
    AtServer { phone: usize, life: u64, id: RequestId, request: WireRequest },
    /// A reply, or the lack of one, reaches a phone.
    AtPhone { phone: usize, life: u64, id: RequestId, result: Result<WireResponse, TransportError> },
    /// The projector has its turn.
    Publish,
}

/// Everything there is.
pub struct World {
    /// The true time.
    pub time: TrueTime,
    /// The server.
    pub backend: Backend,
    /// Who works there.
    pub house: House,
    /// Their phones.
    pub phones: Vec<Handset>,
    /// What they remember.
    pub diary: Diary,
    /// Who listens.
    pub tap: Tap,
    /// What went wrong on purpose.
    pub faults: Faults,
    /// What went wrong otherwise.
    pub violations: Vec<Violation>,
    /// What happened, for people.
    pub trace: Vec<String>,
    /// How the last run of each phone ended.
    pub outcomes: BTreeMap<usize, Outcome>,
    queue: BTreeMap<(UnixMillis, u64), Happening>,
    ticket: u64,
    luck: Luck,
    mutant: Option<Mutant>,
    healed: bool,
    dies_after_commit: bool,
    corrections: u64,
}

impl World {
    /// Puts the world of a plan together.
    ///
    /// # Errors
    /// When the server can't be started.
    pub async fn new(plan: &Plan, mutant: Option<Mutant>) -> Result<Self, Failure> {
        let time = TrueTime::default();
        let mut luck = Luck::of(plan.seed, 2);
        let backend = Backend::start(plan.seed, time.clone(), mutant).await?;
        let house = House::found(backend.app(), plan.offices, plan.phones, &mut luck).await?;
        let mut phones = Vec::new();
        for (number, member) in house.members.iter().enumerate() {
            phones.push(Handset::new(number, member.clone(), PhoneStore::new(mutant), plan.seed)?);
        }
        let mut world = Self {
            time,
            backend,
            house,
            phones,
            diary: Diary::default(),
            tap: Tap::default(),
            faults: Faults::default(),
            violations: Vec::new(),
            trace: Vec::new(),
            outcomes: BTreeMap::new(),
            queue: BTreeMap::new(),
            ticket: 0,
            luck,
            mutant,
            healed: false,
            dies_after_commit: false,
            corrections: 0,
        };
        for phone in 0..world.phones.len() {
            // Codes are handed out over the first minutes.
            let at = world.luck.between(0, 10 * 60_000);
            world.set_alarm(phone, MORNING.plus(at));
        }
        for item in &plan.items {
            world.push(MORNING.plus(item.at), Happening::Planned(*item));
        }
        Ok(world)
    }

    /// The true time.
    pub fn now(&self) -> UnixMillis {
        self.time.now()
    }

    fn push(&mut self, at: UnixMillis, happening: Happening) {
        self.ticket += 1;
        self.queue.insert((at.max(self.now()), self.ticket), happening);
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        let minutes = self.now().since(MORNING) / 1_000;
        self.trace.push(format!("{:>6}s {}", minutes, line()));
    }

    fn violate(&mut self, found: Vec<Violation>) {
        for violation in found {
            self.note(|| format!("VIOLATION {}: {}", violation.rule, violation.said));
            self.violations.push(violation);
        }
    }

    /// Lives until the queue is empty, or until the end of the day.
    ///
    /// # Errors
    /// When the simulation itself fails.
    pub async fn live(&mut self, until: UnixMillis) -> Result<(), Failure> {
        while let Some(entry) = self.queue.first_entry() {
            if entry.key().0 > until || !self.violations.is_empty() {
                break;
            }
            let ((at, _), happening) = entry.remove_entry();
            self.time.advance_to(at);
            self.happen(happening).await?;
        }
        Ok(())
    }

    /// Everything is repaired, and everybody syncs until nothing moves any more; then once more, which must move
    /// nothing.
    ///
    /// # Errors
    /// When the simulation itself fails.
    pub async fn heal_and_settle(&mut self) -> Result<(), Failure> {
        self.healed = true;
        self.note(|| "everything heals".to_owned());
        self.queue.retain(|_, happening| !matches!(happening, Happening::Planned(_)));
        for phone in &mut self.phones {
            phone.store.heal();
            phone.clock.set_right();
        }
        for _ in 0..12 {
            self.everybody_syncs().await?;
            let quiet = self.outcomes.values().all(is_quiet) && self.outcomes.len() == self.phones.len();
            if quiet || !self.violations.is_empty() {
                break;
            }
        }
        if self.violations.is_empty() {
            self.everybody_syncs().await?;
            for phone in 0..self.phones.len() {
                let outcome = self.outcomes.get(&phone).cloned();
                if !outcome.as_ref().is_some_and(|outcome| is_quiet(outcome) && outcome.exchanges == 1) {
                    let said = format!("phone {phone}: {outcome:?}");
                    self.violate(vec![Violation::new("a further sync moves nothing", said)]);
                }
            }
        }
        Ok(())
    }

    async fn everybody_syncs(&mut self) -> Result<(), Failure> {
        self.run_dry().await?;
        self.outcomes.clear();
        for phone in 0..self.phones.len() {
            let wish = self.phones[phone].wish(Event::SyncNow);
            self.give(phone, wish)?;
            self.run_dry().await?;
        }
        self.backend.publish().await
    }

    /// Lets everything that is under way arrive; nobody wakes up by themselves.
    async fn run_dry(&mut self) -> Result<(), Failure> {
        loop {
            self.queue.retain(|_, happening| !matches!(happening, Happening::Wake { .. }));
            let Some(((at, _), happening)) = self.queue.pop_first() else {
                return Ok(());
            };
            self.time.advance_to(at);
            self.happen(happening).await?;
        }
    }

    async fn happen(&mut self, happening: Happening) -> Result<(), Failure> {
        match happening {
            Happening::Planned(item) => self.carry_out(item).await,
            Happening::Wake { phone, alarm } => {
                if self.phones[phone].alarm_number != alarm {
                    return Ok(());
                }
                let wish = self.phones[phone].wish(Event::Tick);
                self.give(phone, wish)
            }
            Happening::AtServer { phone, life, id, request } => self.serve(phone, life, id, request).await,
            Happening::AtPhone { phone, life, id, result } => {
                if self.phones[phone].life != life {
                    return Ok(());
                }
                self.give(phone, Event::Response(id, result))
            }
            Happening::Publish => self.backend.publish().await,
        }
    }

    /// Gives a phone an event and does what it asks for.
    fn give(&mut self, phone: usize, event: Event) -> Result<(), Failure> {
        let now = self.now();
        if let Event::Response(_, Err(error)) = &event {
            self.note(|| format!("phone {phone} hears {error:?}"));
        }
        let effects = self.phones[phone].handle(now, event);
        self.take_notes(phone);
        match effects {
            Some(effects) => {
                for effect in effects {
                    self.obey(phone, effect);
                }
            }
            None if self.phones[phone].store.is_killed() => self.restart(phone)?,
            // The disk refused; whoever drives the engine tries again after a while.
            None => self.set_alarm(phone, now.plus(60_000)),
        }
        self.hold_to_its_word(phone);
        Ok(())
    }

    fn take_notes(&mut self, phone: usize) {
        let (faults, committed) = self.phones[phone].store.take_notes();
        self.faults.add(&faults);
        for (record, change) in committed {
            self.tap.know(record, change);
        }
    }

    fn restart(&mut self, phone: usize) -> Result<(), Failure> {
        self.phones[phone].restart()?;
        self.note(|| format!("phone {phone}: the app was killed and starts again"));
        let at = self.now().plus(1_000 + self.luck.between(0, 300_000));
        self.set_alarm(phone, at);
        Ok(())
    }

    /// What the phone says about its safety must never be more than the server has proved.
    fn hold_to_its_word(&mut self, phone: usize) {
        let progress = self.phones[phone].engine.progress();
        let (durable, judged) = (self.tap.durable(phone), self.tap.judged(phone));
        if progress.acknowledged > durable || progress.published_through > judged {
            let said = format!(
                "phone {phone}: says stored {} published {}, proved are {durable} and {judged}",
                progress.acknowledged, progress.published_through
            );
            self.violate(vec![Violation::new("a status is never more than true", said)]);
        }
    }

    fn set_alarm(&mut self, phone: usize, at: UnixMillis) {
        let handset = &mut self.phones[phone];
        handset.alarm_number += 1;
        let alarm = handset.alarm_number;
        self.push(at, Happening::Wake { phone, alarm });
    }

    fn obey(&mut self, phone: usize, effect: Effect) {
        match effect {
            Effect::Send(id, request) => self.send(phone, id, request),
            Effect::WakeAt(wall) => {
                self.phones[phone].alarm = Some(wall);
                let at = self.phones[phone].clock.true_time_of(wall);
                self.set_alarm(phone, at);
            }
            Effect::Changed(_) => {}
            Effect::Finished(outcome) => {
                self.note(|| match &outcome.failure {
                    None => format!("phone {phone} synced: {} up, {} down", outcome.pushed, outcome.pulled),
                    Some(failure) => format!("phone {phone} did not sync: {failure}"),
                });
                if outcome.failure.is_some() && self.mutant == Some(Mutant::RetryWithNewIds) {
                    self.write_again(phone);
                }
                self.outcomes.insert(phone, outcome);
            }
        }
    }

    /// The mutant that retries by writing anew.
    fn write_again(&mut self, phone: usize) {
        let Some(last) = self.diary.saved.iter().rev().find(|saved| saved.phone == phone).cloned() else {
            return;
        };
        let Some(What::FollowUp(text)) = last.what.first().cloned() else {
            return;
        };
        let now = self.now();
        if self.phones[phone].engine.progress().acknowledged < last.n
            && self.phones[phone].follow_up(now, last.record, text)
        {
            self.diary.save(phone, last.record, false, last.what);
            self.take_notes(phone);
        }
    }

    fn send(&mut self, phone: usize, id: RequestId, request: WireRequest) {
        let now = self.now();
        let life = self.phones[phone].life;
        let line = if self.healed { Line::default() } else { self.phones[phone].line };
        let arrive = |result| Happening::AtPhone { phone, life, id, result };
        if !self.healed && now < self.phones[phone].offline_until {
            self.faults.fired(Fault::Offline);
            return self.push(now.plus(10), arrive(Err(TransportError::Offline)));
        }
        if !self.healed && now < self.phones[phone].portal_until {
            self.faults.fired(Fault::CaptivePortal);
            return self.push(now.plus(50), arrive(Ok(login_page())));
        }
        self.push(now.plus(TIMEOUT_MS), arrive(Err(TransportError::Timeout)));
        if self.luck.in_thousand(line.lost) {
            self.faults.fired(Fault::RequestLost);
            return;
        }
        let mut request = request;
        if self.luck.in_thousand(line.cut) {
            self.faults.fired(Fault::RequestTruncated);
            let keep = self.luck.index(request.body.bytes.len());
            request.body.bytes.truncate(keep);
        }
        if self.luck.in_thousand(line.twice) {
            self.faults.fired(Fault::RequestDuplicated);
            let at = now.plus(self.delay(&line));
            self.push(at, Happening::AtServer { phone, life, id, request: request.clone() });
        }
        let at = now.plus(self.delay(&line));
        self.push(at, Happening::AtServer { phone, life, id, request });
    }

    fn delay(&mut self, line: &Line) -> i64 {
        if self.luck.in_thousand(line.slow) {
            self.faults.fired(Fault::Delayed);
            self.luck.between(1_000, 2 * TIMEOUT_MS)
        } else {
            self.luck.between(20, 400)
        }
    }

    async fn serve(&mut self, phone: usize, life: u64, id: RequestId, request: WireRequest) -> Result<(), Failure> {
        let handset = &mut self.phones[phone];
        if handset.life == life {
            if id.0 < handset.newest_request {
                self.faults.fired(Fault::Reordered);
            }
            handset.newest_request = handset.newest_request.max(id.0);
        }
        let device = handset.device;
        let mut response = self.backend.serve(&request).await?;
        if let Some(mutant) = self.mutant {
            mutant.tamper_with(&mut response, request.route);
        }
        let store = &self.backend.app().store;
        let world = (&self.house, &self.diary);
        let heard = self.tap.listen(&**store, (phone, device), (&request, &response), world, &mut self.faults);
        let found = heard.await?;
        self.violate(found);
        if request.route == Route::Exchange && response.status == 200 {
            if self.dies_after_commit && !self.healed {
                self.dies_after_commit = false;
                self.faults.fired(Fault::ServerKilledAfterCommit);
                self.note(|| format!("the server dies before it answers phone {phone}"));
                self.backend.kill().await?;
                return Ok(());
            }
            let soon = self.now().plus(self.luck.between(1, 10_000));
            if self.healed || self.luck.in_thousand(600) {
                self.push(soon, Happening::Publish);
            }
        }
        self.reply(phone, life, id, response);
        Ok(())
    }

    fn reply(&mut self, phone: usize, life: u64, id: RequestId, mut response: WireResponse) {
        let line = if self.healed { Line::default() } else { self.phones[phone].line };
        let now = self.now();
        if self.luck.in_thousand(line.lost) {
            self.faults.fired(Fault::ReplyLost);
            return;
        }
        let mut result = Ok(response.clone());
        if self.luck.in_thousand(line.cut) && !response.body.is_empty() {
            self.faults.fired(Fault::ReplyTruncated);
            let keep = self.luck.index(response.body.len());
            response.body.truncate(keep);
            // Most clients notice; a proxy that mends the length makes them believe it.
            result = if self.luck.in_thousand(500) { Ok(response) } else { Err(TransportError::Interrupted) };
        }
        if self.luck.in_thousand(line.twice) {
            self.faults.fired(Fault::ReplyDuplicated);
            let at = now.plus(self.delay(&line));
            self.push(at, Happening::AtPhone { phone, life, id, result: result.clone() });
        }
        let at = now.plus(self.delay(&line));
        self.push(at, Happening::AtPhone { phone, life, id, result });
    }

    async fn carry_out(&mut self, item: Item) -> Result<(), Failure> {
        let Item { phone, act, .. } = item;
        let now = self.now();
        let mut luck = Luck::of(item.luck, 3);
        self.note(|| format!("plan: {act:?} {phone}"));
        match act {
            Act::Write => self.write(phone, &mut luck)?,
            Act::Ask => {
                let wish = self.phones[phone].wish(Event::SyncNow);
                self.give(phone, wish)?;
            }
            Act::Review => self.review(&mut luck).await?,
            Act::Correct => self.correct(&mut luck).await?,
            Act::Publish => self.backend.publish().await?,
            Act::KillAfter(0) => {
                self.phones[phone].store.kill();
                self.take_notes(phone);
                self.restart(phone)?;
            }
            Act::KillAfter(steps) => self.phones[phone].store.kill_after(steps),
            Act::Refuse(writes) => self.phones[phone].store.refuse(writes),
            Act::FillDisk(length) => {
                self.phones[phone].full_until = now.plus(length);
                self.phones[phone].store.set_full(true);
            }
            Act::SetClock(by) => {
                self.faults.fired(Fault::ClockSet);
                self.phones[phone].clock.set(by);
                // Alarms go by the wall clock: one that is passed goes off.
                if let Some(wall) = self.phones[phone].alarm {
                    let at = self.phones[phone].clock.true_time_of(wall);
                    self.set_alarm(phone, at);
                }
            }
            Act::Reboot => {
                self.faults.fired(Fault::Reboot);
                self.phones[phone].clock.reboot(now);
                self.restart(phone)?;
            }
            Act::GoOffline(length) => self.phones[phone].offline_until = now.plus(length),
            Act::Portal(length) => self.phones[phone].portal_until = now.plus(length),
            Act::Line(line) => self.phones[phone].line = line,
            Act::KillServer => {
                self.faults.fired(Fault::ServerKilled);
                self.backend.kill().await?;
            }
            Act::KillServerAfterCommit => self.dies_after_commit = true,
            Act::BackUp => self.tap.backed_up = self.backend.back_up().await?,
            Act::Restore { told } => {
                if self.backend.restore(told).await? {
                    self.faults.fired(if told { Fault::ServerRestored } else { Fault::ServerSetBack });
                }
            }
        }
        let time = self.now();
        for handset in self.phones.iter().filter(|handset| handset.full_until <= time) {
            handset.store.set_full(false);
        }
        Ok(())
    }

    fn write(&mut self, phone: usize, luck: &mut Luck) -> Result<(), Failure> {
        let now = self.now();
        let attempt = self.phones[phone].write(now, luck);
        let killed = self.phones[phone].store.is_killed();
        match attempt {
            Attempt::Nothing => {}
            Attempt::Saved(record, made, what) => {
                self.note(|| format!("phone {phone} saved {what:?} in {record}"));
                self.diary.save(phone, record, made, what);
            }
            Attempt::Failed(what) if killed => {
                self.take_notes(phone);
                self.restart(phone)?;
                // The person looks whether it is there.
                if let Some(record) = self.phones[phone].look_for(now, &what)? {
                    self.note(|| format!("phone {phone} finds {what:?} saved"));
                    let made = self.diary.maker(record).is_none();
                    self.diary.save(phone, record, made, what);
                }
            }
            Attempt::Failed(what) => self.note(|| format!("phone {phone} could not save {what:?}")),
        }
        self.take_notes(phone);
        if self.phones[phone].store.is_killed() {
            self.restart(phone)?;
        } else {
            self.give(phone, Event::Edited)?;
        }
        Ok(())
    }

    async fn lines(&self) -> Result<Vec<RecordLine>, Failure> {
        let store = &self.backend.app().store;
        let reviewer = store.person(self.house.reviewer).await.map_err(odd("the reviewer"))?;
        let scope = Scope::Organisation(reviewer.organisation);
        let query = RecordQuery { scope, filter: RecordFilter::default(), after: None, limit: 200 };
        store.list_records(&query).await.map_err(odd("the list"))
    }

    async fn review(&mut self, luck: &mut Luck) -> Result<(), Failure> {
        let lines = self.lines().await?;
        let Some(line) = luck.pick(&lines) else { return Ok(()) };
        let states = [ReviewState::Approved, ReviewState::Returned, ReviewState::Rejected, ReviewState::Received];
        let state = luck.pick(&states).copied().unwrap_or(ReviewState::Returned);
        let decision = Decision { state, reason: Some("看过".to_owned()), seen: Some(line.heads.clone()) };
        let app = self.backend.app();
        let reviewer = app.store.person(self.house.reviewer).await.map_err(odd("the reviewer"))?;
        decide(app, &reviewer, line.row.id, decision).await.map_err(refused("a verdict"))?;
        self.learn(line).await
    }

    async fn correct(&mut self, luck: &mut Luck) -> Result<(), Failure> {
        let lines = self.lines().await?;
        let open: Vec<&RecordLine> = lines.iter().filter(|line| !line.row.review.is_closed()).collect();
        let Some(line) = luck.pick(&open) else { return Ok(()) };
        let fields = fields_of(line.row.kind);
        let field = fields[luck.index(fields.len())];
        self.corrections += 1;
        let value = format!("hq{}.", self.corrections);
        let edits: Map<String, Value> = [(field.to_owned(), Value::from(value.clone()))].into_iter().collect();
        let app = self.backend.app();
        let reviewer = app.store.person(self.house.reviewer).await.map_err(odd("the reviewer"))?;
        edit_facts(app, &reviewer, line.row.id, &edits).await.map_err(refused("a correction"))?;
        self.diary.corrected.push(Corrected { record: line.row.id, what: What::Field { field, value } });
        self.learn(line).await
    }

    /// Learns the names of the changes that were just made at the console.
    async fn learn(&mut self, line: &RecordLine) -> Result<(), Failure> {
        let origins = self.backend.app().store.origins(line.row.id).await.map_err(odd("a record"))?;
        for origin in origins.into_iter().filter(|origin| origin.device.is_none()) {
            self.tap.know(line.row.id, origin.hash);
        }
        Ok(())
    }
}

fn is_quiet(outcome: &Outcome) -> bool {
    outcome.failure.is_none() && outcome.pushed == 0 && outcome.pulled == 0 && outcome.enrolled.is_none()
}

fn login_page() -> WireResponse {
    WireResponse {
        status: 200,
        media_type: "text/html".to_owned(),
        encoding: sync_core::wire::Encoding::Identity,
        retry_after_s: None,
        body: b"<html>Please sign in to use this Wi-Fi</html>".to_vec(),
    }
}
