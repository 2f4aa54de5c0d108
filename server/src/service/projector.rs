//! The second step: judges what was received and publishes it.
//!
//! Other devices see published changes only, so a poisonous one can't travel. Every batch is one transaction that
//! also takes the feed positions, and a record that changed meanwhile is simply judged again.

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sync_core::id::{ChangeHash, DeviceId, OrganisationId, RecordId};
use sync_core::index::Row;
use sync_core::record::view::AnyView;
use sync_core::trust::authority::Author;
use sync_core::trust::judge::{Candidate, Judgement, SetAside, judge};
use sync_core::trust::{Limits, code};
use tokio::sync::{Notify, Semaphore, watch};

use super::bill::Bill;
use super::heal::heal;
use super::publishing;
use super::suspects::try_suspects;
use super::turns;
use crate::day::facts::facts;
use crate::error::ServiceError;
use crate::flag::sighting::Sighting;
use crate::state::App;
use crate::store::{
    ChangeState, IncomingChange, PendingRecord, Person, Publication, Published, RecordRow, Senders, StoreError,
};

/// Records published in one transaction.
const BATCH: u32 = 256;
/// Records loaded and judged together. Each may be as large as the limits allow, and somebody may send many of those.
pub(super) const TOGETHER: usize = 32;
/// The same for devices of the slow lane. Whoever comes meanwhile waits for no more than that.
const SLOW_BATCH: u32 = 4;
/// How long the projector rests after the database failed.
pub(super) const REST: Duration = Duration::from_secs(1);
/// How long whoever decided waits to hear what became of it.
const SETTLING: Duration = Duration::from_secs(10);

/// After whom a device's changes are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// After those that came before.
    Fast,
    /// After all others, a few at a time: most of what the device sent lately was false.
    Slow,
}

impl Lane {
    /// That of a device.
    pub fn of(app: &App, device: DeviceId) -> Self {
        if app.admission.is_suspect(device, app.clock.now()) { Self::Slow } else { Self::Fast }
    }
}

/// The newest tickets that are done.
#[derive(Clone, Copy, Debug, Default)]
struct Done {
    /// But for what devices of the slow lane sent.
    fast: u64,
    all: u64,
}

/// The handle to the projector.
#[derive(Debug)]
pub struct Projector {
    requested: AtomicU64,
    /// The tickets that are not done, but for the slow lane's, the oldest first, each with whose it is.
    waiting: Mutex<VecDeque<(u64, OrganisationId)>>,
    wake: Notify,
    done: watch::Sender<Done>,
    stopping: AtomicBool,
    running: AtomicBool,
    /// For those who judge what phones bring before it is stored: as many at once as there are processors.
    pub(super) seats: Semaphore,
    /// Records that could not be published, each with where its organisation's feed stood when that was tried first.
    failing: Mutex<HashMap<RecordId, u64>>,
}

impl Default for Projector {
    fn default() -> Self {
        let done = watch::Sender::new(Done::default());
        Self {
            requested: AtomicU64::new(0),
            waiting: Mutex::default(),
            wake: Notify::new(),
            done,
            stopping: AtomicBool::new(false),
            running: AtomicBool::new(false),
            seats: Semaphore::new(workers()),
            failing: Mutex::default(),
        }
    }
}

impl Projector {
    /// Says that something of an organisation's was received; the ticket is done when everything received before is judged.
    pub fn request(&self, organisation: OrganisationId) -> u64 {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let ticket = self.requested.fetch_add(1, Ordering::AcqRel) + 1;
        waiting.push_back((ticket, organisation));
        drop(waiting);
        self.wake.notify_one();
        ticket
    }

    /// Waits until a ticket is done in its lane, but not longer than `patience`; whether it is done.
    pub async fn wait(&self, ticket: u64, lane: Lane, patience: Duration) -> bool {
        let mut done = self.done.subscribe();
        let is_done = |done: &Done| ticket <= if lane == Lane::Fast { done.fast } else { done.all };
        tokio::time::timeout(patience, done.wait_for(is_done)).await.is_ok_and(|done| done.is_ok())
    }

    /// How many pushes came that are not judged yet, but for the slow lane's.
    pub fn behind(&self) -> u64 {
        self.requested.load(Ordering::Acquire).saturating_sub(self.done.borrow().fast)
    }

    /// How many of these are an organisation's.
    pub fn behind_with(&self, organisation: OrganisationId) -> u64 {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.iter().filter(|(_, of)| *of == organisation).count() as u64
    }

    /// The newest ticket.
    pub(super) fn requested(&self) -> u64 {
        self.requested.load(Ordering::Acquire)
    }

    /// The newest ticket that is done in every lane.
    pub(super) fn done(&self) -> u64 {
        self.done.borrow().all
    }

    /// A ticket is done, and all before it, in the slow lane too or in the fast one only.
    pub(super) fn finish(&self, ticket: u64, lane: Lane) {
        self.done.send_if_modified(|done| {
            let Done { fast, all } = *done;
            done.fast = fast.max(ticket);
            done.all = if lane == Lane::Slow { all.max(ticket) } else { all };
            (done.fast, done.all) != (fast, all)
        });
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        while waiting.front().is_some_and(|(oldest, _)| *oldest <= ticket) {
            waiting.pop_front();
        }
    }

    /// A record can't be published where the feed stands; answers where it stood when that was found out.
    fn fails(&self, record: RecordId, seq: u64) -> u64 {
        *self.failing().entry(record).or_insert(seq)
    }

    fn failing(&self) -> MutexGuard<'_, HashMap<RecordId, u64>> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a request, or to be stopped.
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Asks [`run`] to end after what is under way.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.wake.notify_one();
    }
}

/// Publishes whatever is received until [`Projector::stop`]; begins with what an earlier process left behind.
pub async fn run(app: App) {
    app.projector.running.store(true, Ordering::Release);
    match app.store.neighbours() {
        Some(neighbours) => turns::run(&app, neighbours).await,
        None => alone(&app).await,
    }
}

async fn alone(app: &App) {
    loop {
        match drain(app).await {
            Ok(()) if app.projector.is_stopping() => return,
            Ok(()) => app.projector.woken().await,
            Err(error) => {
                tracing::error!(code = error.code.name, cause = ?error.internal, "publishing failed");
                if app.projector.is_stopping() {
                    return;
                }
                tokio::time::sleep(REST).await;
            }
        }
    }
}

/// Has judged what was just put back, whether [`run`] is under way in this process or, as for `daybook admin` beside a
/// stopped server, nobody else would do it.
///
/// # Errors
/// When the database fails.
pub(super) async fn settle(app: &App, organisation: OrganisationId) -> Result<(), ServiceError> {
    if app.projector.running.load(Ordering::Acquire) {
        app.projector.wait(app.projector.request(organisation), Lane::Slow, SETTLING).await;
        return Ok(());
    }
    drain(app).await
}

/// Judges and publishes until nothing received is left.
///
/// # Errors
/// When the database fails; what is left stays received.
pub async fn drain(app: &App) -> Result<(), ServiceError> {
    try_suspects(app).await?;
    while !round(app).await? {}
    Ok(())
}

/// Judges and publishes one batch, and then a few records of the slow lane; whether nothing received is left.
///
/// # Errors
/// As [`drain`].
pub async fn round(app: &App) -> Result<bool, ServiceError> {
    let ticket = app.projector.requested();
    let suspects = app.admission.suspects(app.clock.now());
    let senders = if suspects.is_empty() { Senders::All } else { Senders::Others(&suspects) };
    let fast = app.store.pending(BATCH, senders).await?;
    let mut all = fast.len() < BATCH as usize;
    publish(app, &fast, workers()).await?;
    if all {
        app.projector.finish(ticket, Lane::Fast);
    }
    if !suspects.is_empty() {
        let slow = app.store.pending(SLOW_BATCH, Senders::These(&suspects)).await?;
        all &= slow.len() < SLOW_BATCH as usize;
        // The other processors are for those who come meanwhile.
        publish(app, &slow, 1).await?;
    }
    if !all {
        return Ok(false);
    }
    app.projector.finish(ticket, Lane::Slow);
    // Records that changed meanwhile were left alone and are still pending; so is what came since.
    Ok(!app.store.is_received().await?)
}

/// Judges records and publishes them in one transaction.
async fn publish(app: &App, pending: &[RecordId], workers: usize) -> Result<(), ServiceError> {
    let mut publications = Vec::with_capacity(pending.len());
    for ids in pending.chunks(TOGETHER) {
        let mut records = app.store.records(ids).await?;
        // Somebody else may have judged one meanwhile.
        records.retain(|record| !record.incoming.is_empty());
        let _judging = app.trial.begin(records.iter().map(|record| record.id));
        publications.extend(judge_all(app, records, workers).await?);
    }
    if publications.is_empty() {
        return Ok(());
    }
    let published = match publishing::publish(app, &mut publications).await {
        Err(error) if !error.is_retryable() => one_by_one(app, &mut publications).await?,
        published => published?,
    };
    metrics::counter!("daybook_records_published_total").increment(publications.len() as u64);
    let done = publications.iter().zip(&published).filter(|(_, answer)| **answer != Published::Stale);
    let changes: usize = done.map(|(publication, _)| publication.published.len()).sum();
    metrics::counter!("daybook_changes_published_total").increment(changes as u64);
    Ok(())
}

/// Publishes records by themselves that could not be published together. One that can't be published where others can is
/// damaged itself, as when something of it can't be read any more: what is new of it is held, where people see it, and
/// keeps nobody waiting. As long as nothing can be published, nothing is held for that.
async fn one_by_one(app: &App, publications: &mut [Publication]) -> Result<Vec<Published>, ServiceError> {
    let mut before = HashMap::new();
    for publication in &*publications {
        let organisation = publication.organisation;
        before.insert(organisation, app.store.feed_head(organisation).await?.seq);
    }
    let mut published = vec![Published::Stale; publications.len()];
    let mut failed = Vec::new();
    for (publication, answer) in publications.iter_mut().zip(&mut published) {
        match publishing::publish(app, std::slice::from_mut(publication)).await {
            Ok(answers) => answers.into_iter().for_each(|it| *answer = it),
            Err(error) if error.is_retryable() => return Err(error),
            Err(error) => failed.push((publication, answer, error)),
        }
    }
    for (publication, answer, error) in failed {
        let (record, organisation) = (publication.id, publication.organisation);
        let stood = app.projector.fails(record, before.get(&organisation).copied().unwrap_or_default());
        if app.store.feed_head(organisation).await?.seq == stood {
            return Err(error);
        }
        tracing::error!(%record, code = error.code.name, cause = ?error.internal, "a record can't be published; its news are held");
        *publication = held(&app.store.record(record).await?);
        let answers = publishing::publish(app, std::slice::from_mut(publication)).await?;
        answers.into_iter().for_each(|it| *answer = it);
        app.projector.failing().remove(&record);
    }
    Ok(published)
}

/// On how many threads records are judged.
fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(8)
}

/// Judges what waits at one record, after something that it may have waited for was published by other means.
///
/// # Errors
/// When the database fails.
pub(super) async fn judge_again(app: &App, id: RecordId) -> Result<(), ServiceError> {
    loop {
        let record = match app.store.record(id).await {
            Ok(record) if !record.incoming.is_empty() => record,
            Ok(_) | Err(StoreError::NotFound) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let mut publications = judge_all(app, vec![record], 1).await?;
        let published = publishing::publish(app, &mut publications).await?;
        if !published.contains(&Published::Stale) {
            return Ok(());
        }
    }
}

/// A verdict without looking: some changes of a record are set aside, and nothing is said of the others.
pub(super) fn set_aside_unseen(record: &PendingRecord, changes: impl Iterator<Item = ChangeHash>) -> Publication {
    let set_aside = changes.map(|change| (change, ChangeState::Quarantined, code::FATAL.to_owned()));
    all_aside(record, set_aside.collect())
}

/// Everything that is new of a record waits until somebody has looked at the storage.
fn held(record: &PendingRecord) -> Publication {
    let new = record.incoming.iter().map(|change| (change.hash, ChangeState::Held, code::DAMAGED.to_owned()));
    all_aside(record, new.collect())
}

fn all_aside(record: &PendingRecord, set_aside: Vec<(ChangeHash, ChangeState, String)>) -> Publication {
    Publication {
        id: record.id,
        organisation: record.organisation,
        base_seq: record.base_seq,
        decided: record.decided,
        published: Vec::new(),
        staff: Vec::new(),
        set_aside,
        left: Vec::new(),
        row: None,
    }
}

/// Judges a record with `judge`. A panic that nothing caught before is a fault of ours, and costs the change only with
/// which it came.
fn safely(mut record: PendingRecord, judge: impl Fn(&PendingRecord) -> Publication) -> (PendingRecord, Publication) {
    let try_it = |record: &PendingRecord| catch_unwind(AssertUnwindSafe(|| judge(record))).ok();
    if let Some(publication) = try_it(&record) {
        return (record, publication);
    }
    let all = std::mem::take(&mut record.incoming);
    let mut fatal = Vec::new();
    let mut publication = set_aside_unseen(&record, std::iter::empty());
    for change in &all {
        record.incoming.push(change.clone());
        match try_it(&record) {
            Some(better) => publication = better,
            None => fatal.extend(record.incoming.pop().map(|change| change.hash)),
        }
    }
    tracing::error!(record = %record.id, changes = fatal.len(), "judging panicked; these changes are set aside");
    record.incoming = all;
    publication.set_aside.extend(set_aside_unseen(&record, fatal.into_iter()).set_aside);
    (record, publication)
}

/// Judges records on so many threads.
pub(super) async fn judge_all(
    app: &App,
    pending: Vec<PendingRecord>,
    workers: usize,
) -> Result<Vec<Publication>, ServiceError> {
    let limits = app.config.limits.records;
    let share = pending.len().div_ceil(workers).max(1);
    let mut rest = pending.into_iter().peekable();
    let mut tasks = Vec::with_capacity(workers);
    while rest.peek().is_some() {
        let part: Vec<PendingRecord> = rest.by_ref().take(share).collect();
        tasks.push(tokio::task::spawn_blocking(move || {
            let judge = |record| {
                let begun = Instant::now();
                let (record, publication) = safely(record, |record| judge_record(record, &limits));
                let bill = Bill::of(&record, &publication, begun.elapsed());
                (publication, bill)
            };
            part.into_iter().map(judge).collect::<Vec<_>>()
        }));
    }
    let mut publications = Vec::new();
    for task in tasks {
        for (publication, bill) in task.await.map_err(ServiceError::internal)? {
            bill.settle(app);
            publications.push(publication);
        }
    }
    Ok(publications)
}

pub(super) fn author_of(person: &Person) -> Author {
    Author { person: person.id, role: person.role, office: person.office, team: person.team }
}

/// The verdict about one record as a publication.
fn judge_record(record: &PendingRecord, limits: &Limits) -> Publication {
    let published: Vec<&[u8]> = record.published.iter().map(|change| change.raw.as_slice()).collect();
    let mut set_aside = Vec::new();
    let candidates: Vec<Candidate<'_>> =
        record.incoming.iter().filter_map(|change| candidate(change, &mut set_aside)).collect();
    let (accepted, row) = match judge(record.id, &published, &record.refused, &candidates, limits) {
        Ok(Judgement { accepted, set_aside: refused, view, .. }) => {
            set_aside.extend(refused.into_iter().map(|(hash, reason)| {
                let (state, code) = state_of(&reason);
                (hash, state, code.to_owned())
            }));
            let row = view.filter(|_| !accepted.is_empty()).map(|view| record_row(record, &view));
            (accepted, row)
        }
        Err(damaged) => {
            tracing::error!(record = %record.id, error = %damaged, "a published record does not load");
            let all = candidates.iter().map(|change| (change.hash, ChangeState::Held, code::DAMAGED.to_owned()));
            set_aside.extend(all);
            (Vec::new(), None)
        }
    };
    if !set_aside.is_empty()
        && let Some(healed) = heal(record, limits)
    {
        return healed;
    }
    Publication {
        id: record.id,
        organisation: record.organisation,
        base_seq: record.base_seq,
        decided: record.decided,
        published: accepted,
        staff: Vec::new(),
        set_aside,
        left: Vec::new(),
        row,
    }
}

fn candidate<'a>(
    change: &'a IncomingChange,
    set_aside: &mut Vec<(ChangeHash, ChangeState, String)>,
) -> Option<Candidate<'a>> {
    let Some(raw) = &change.raw else {
        set_aside.push((change.hash, ChangeState::Quarantined, code::WITHHELD.to_owned()));
        return None;
    };
    Some(Candidate {
        hash: change.hash,
        raw,
        author: author_of(&change.author),
        device: change.device,
        copied: change.copied,
        approved: change.approved,
    })
}

fn state_of(reason: &SetAside) -> (ChangeState, &'static str) {
    match reason {
        SetAside::Waiting(_) => (ChangeState::Waiting, code::WAITING),
        SetAside::Held(code) => (ChangeState::Held, code),
        SetAside::Quarantined(code) => (ChangeState::Quarantined, code),
        SetAside::Refused(code) => (ChangeState::Refused, code),
    }
}

pub(super) fn record_row(record: &PendingRecord, view: &AnyView) -> RecordRow {
    RecordRow {
        organisation: record.organisation,
        row: Row::of(view),
        // Raised together with those of the other records that are published with it.
        flags: 0,
        seen: Sighting::of(record.organisation, view),
        partners: Vec::new(),
        heads: view.frame().heads.clone(),
        photos: view.frame().photos.iter().map(|photo| photo.entry.hash).collect(),
        made_by: view.frame().header.owner,
        made_in: view.frame().header.office,
        facts: facts(view),
    }
}

#[cfg(test)]
mod tests {
    use sync_core::id::{DeviceId, OrganisationId, PersonId};
    use sync_core::time::UnixMillis;
    use sync_core::wire::enrol::Role;

    use super::*;

    fn change(number: u8) -> IncomingChange {
        let author = Person {
            id: PersonId::from([1; 16]),
            organisation: OrganisationId::from([1; 16]),
            name: "Li".to_owned(),
            role: Role::Promoter,
            office: None,
            team: None,
            login: None,
            active: true,
            profile_version: 1,
            scope_version: 1,
            created_at: UnixMillis(0),
        };
        IncomingChange {
            hash: ChangeHash([number; 32]),
            raw: Some(vec![number]),
            device: DeviceId::from([1; 16]),
            n: number.into(),
            author,
            received_at: UnixMillis(0),
            copied: false,
            approved: false,
        }
    }

    fn record(changes: u8) -> PendingRecord {
        PendingRecord {
            id: RecordId::from([1; 16]),
            organisation: OrganisationId::from([1; 16]),
            base_seq: 0,
            published: Vec::new(),
            incoming: (1..=changes).map(change).collect(),
            refused: Vec::new(),
            decided: 0,
        }
    }

    /// Publishes everything; panics at some changes.
    fn judge_with(panics: impl Fn(u8) -> bool) -> impl Fn(&PendingRecord) -> Publication {
        move |record| {
            assert!(!record.incoming.iter().any(|change| panics(change.hash.0[0])), "a fault of ours");
            let published = record.incoming.iter().map(|change| change.hash).collect();
            Publication { published, ..set_aside_unseen(record, std::iter::empty()) }
        }
    }

    #[test]
    fn a_panic_costs_the_change_only_with_which_it_came() {
        for fatal in [&[][..], &[2], &[3], &[1, 2, 3]] {
            let whole = record(3);
            let (judged, publication) = safely(whole.clone(), judge_with(|number| fatal.contains(&number)));
            assert_eq!(judged, whole);
            let aside = publication.set_aside.iter().map(|(hash, state, code)| (hash.0[0], *state, code.as_str()));
            let expected = fatal.iter().map(|number| (*number, ChangeState::Quarantined, code::FATAL));
            assert_eq!(aside.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
            let published: Vec<u8> = publication.published.iter().map(|hash| hash.0[0]).collect();
            assert_eq!(published, (1..=3).filter(|number| !fatal.contains(number)).collect::<Vec<_>>());
        }
    }
}
