//! A server under attack, and what its honest phones notice of it.
//!
//! In each round honest phones exchange in peace for a while, and then while attackers throw false changes at the same
//! server. Before and after, the server's memory is looked at; at the end every record is loaded from its database.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use client::{Daybook, Options};
use serde::Serialize;
use server::store::Store as _;
use server::store::sqlite::SqliteStore;
use sync_core::document::Document;
use sync_core::id::RecordId;
use sync_core::notebook::CreateRequest;
use sync_core::record::lead::LeadFacts;

use crate::attack::{Answers, Attacker};
use crate::clock::rest;
use crate::failure::Failure;
use crate::figures::{median, p95};
use crate::process::resident_mb;
use crate::progress::{Stretch, say};
use crate::server_process::{ServerProcess, server_program};

/// Rounds; the median counts.
const ROUNDS: usize = 3;
/// Honest phones.
const PHONES: usize = 8;
/// How often each of them exchanges.
const PACE: Duration = Duration::from_millis(400);
/// How long they exchange in peace in each round.
const PEACE: Duration = Duration::from_secs(12);
/// Attackers at the same time.
const ATTACKERS: usize = 4;
/// How long an attacker that was sent away waits, whatever it was told.
const IMPATIENCE: Duration = Duration::from_millis(50);
/// False changes of the warm-up, in which the server gets to know all classes.
const WARM_UP: usize = 2_000;

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// False changes that reached the server.
    pub changes: u64,
    /// Restarts of the server and answers 5xx that were not "busy".
    pub crashes: u64,
    /// Records that don't load at the end.
    pub unloadable: u64,
    /// How much the server's resident memory grew between the warm-up and the end, in megabytes.
    pub memory_growth_mb: f64,
    /// The 95th percentile of honest exchanges under attack, divided by that in peace; median of the rounds.
    pub honest_p95_ratio: f64,
    /// That percentile in peace, in milliseconds.
    pub honest_p95_peace_ms: f64,
    /// And under attack.
    pub honest_p95_attack_ms: f64,
    /// Honest exchanges that were measured.
    pub honest_exchanges: usize,
    /// Honest exchanges that failed.
    pub honest_failures: u64,
    /// Attackers' messages that were refused because of their budgets.
    pub throttled: u64,
    /// Records at the end, all of which were loaded.
    pub records: u64,
    /// How long all of it took.
    pub seconds: f64,
    /// False changes by class.
    pub classes: BTreeMap<String, u64>,
}

/// Attacks a server in a fresh folder with at least so many false changes.
///
/// # Errors
/// When the server, an honest phone or an attacker can't be set up, or an honest phone's store fails.
pub fn besiege(folder: &Path, changes: usize) -> Result<Outcome, Failure> {
    let begun = Instant::now();
    let mut server = ServerProcess::start(&server_program()?, &folder.join("server"))?;
    let admin = |order: &[&str]| server.admin(order);
    admin(&["organisation", "create", "--name", "o"])?;
    admin(&["office", "create", "--name", "f"])?;
    let code = |name: &str| -> Result<String, Failure> {
        admin(&["person", "create", "--name", name, "--role", "promoter", "--office", "f"])?;
        let issued = admin(&["code", "issue", "--person", name])?;
        issued["code"].as_str().map(str::to_owned).ok_or_else(|| Failure::Unexpected("no code".to_owned()))
    };
    let base = server.base_url();
    let stretch = Stretch::begin("honest phones and attackers enrol", 1);
    let mut phones = Vec::new();
    for n in 0..PHONES {
        phones.push(honest(&folder.join(format!("phone-{n}.db")), &base, &code(&format!("honest-{n}"))?)?);
    }
    let each = changes.div_ceil(ROUNDS * ATTACKERS) + 20;
    let mut waves = Vec::new();
    for round in 0..ROUNDS {
        let mut wave = Vec::new();
        for n in 0..ATTACKERS {
            let seed = (round * ATTACKERS + n) as u64;
            wave.push(Attacker::enrol(&base, &code(&format!("hostile-{round}-{n}"))?, seed + 1, each)?);
        }
        waves.push(wave);
    }
    let mut warm_up = vec![Attacker::enrol(&base, &code("warm-up")?, 99, WARM_UP)?];
    stretch.end("done");

    let answers = Answers::default();
    let stretch = Stretch::begin("warm-up", 1);
    let warm = attack(&phones, &mut warm_up, &answers)?;
    stretch.end(&format!("{:.1} ms at the 95th percentile", p95(&warm.times)));
    let memory_before = resident_mb(server.process())?;
    let (mut ratios, mut peaces, mut attacks) = (Vec::new(), Vec::new(), Vec::new());
    let (mut exchanges, mut failures) = (0, warm.failures);
    for (number, wave) in waves.iter_mut().enumerate() {
        let stretch = Stretch::begin(&format!("round {}", number + 1), 1);
        let peace = exchange(&phones, &|| rest(PEACE))?;
        let siege = attack(&phones, wave, &answers)?;
        let (before, during) = (p95(&peace.times), p95(&siege.times));
        exchanges += peace.times.len() + siege.times.len();
        failures += peace.failures + siege.failures;
        stretch.end(&format!(
            "95th percentile {before:.1} ms in peace ({}), {during:.1} ms under attack ({})",
            peace.times.len(),
            siege.times.len()
        ));
        ratios.push(during / before.max(0.001));
        peaces.push(before);
        attacks.push(during);
    }
    let memory_growth_mb = resident_mb(server.process())? - memory_before;
    let crashes = answers.failures.load(Ordering::Relaxed) + u64::from(!server.is_running());
    server.stop()?;
    let (records, unloadable) = load_everything(&server.data_folder())?;
    let mut classes = BTreeMap::new();
    for (class, count) in waves.iter().flatten().chain(&warm_up).flat_map(Attacker::sent) {
        *classes.entry(class).or_insert(0) += count;
    }
    Ok(Outcome {
        changes: answers.changes.load(Ordering::Relaxed),
        crashes,
        unloadable,
        memory_growth_mb,
        honest_p95_ratio: median(ratios),
        honest_p95_peace_ms: median(peaces),
        honest_p95_attack_ms: median(attacks),
        honest_exchanges: exchanges,
        honest_failures: failures,
        throttled: answers.throttled.load(Ordering::Relaxed),
        records,
        seconds: begun.elapsed().as_secs_f64(),
        classes,
    })
}

fn honest(file: &Path, base: &str, code: &str) -> Result<Daybook, Failure> {
    let failed = |error: client::Error| Failure::Unexpected(format!("an honest phone: {error}"));
    let daybook = Daybook::open(file, Options::http("honest/1", base).map_err(failed)?).map_err(failed)?;
    daybook.enrol(code, "honest").map_err(failed)?;
    Ok(daybook)
}

/// What honest phones noticed.
#[derive(Debug, Default)]
struct Noticed {
    /// How long exchanges took, in milliseconds.
    times: Vec<f64>,
    failures: u64,
}

/// Lets the honest phones exchange for as long as `meanwhile` takes.
fn exchange(phones: &[Daybook], meanwhile: &dyn Fn()) -> Result<Noticed, Failure> {
    std::thread::scope(|scope| {
        let (ends, running): (Vec<Sender<()>>, Vec<_>) = phones
            .iter()
            .enumerate()
            .map(|(number, phone)| {
                let (end, over) = channel();
                (end, scope.spawn(move || work(phone, number, &over)))
            })
            .unzip();
        meanwhile();
        drop(ends);
        let mut all = Noticed::default();
        for joined in running {
            let noticed = joined.join().map_err(|_| Failure::Unexpected("an honest phone panicked".to_owned()))??;
            all.times.extend(noticed.times);
            all.failures += noticed.failures;
        }
        Ok(all)
    })
}

/// Saves a lead and exchanges, at an even pace, until told that it is over.
fn work(phone: &Daybook, number: usize, over: &Receiver<()>) -> Result<Noticed, Failure> {
    let mut noticed = Noticed::default();
    let mut due = Instant::now() + PACE * u32::try_from(number).unwrap_or(0) / PHONES as u32;
    while over.recv_timeout(due.saturating_duration_since(Instant::now())) == Err(RecvTimeoutError::Timeout) {
        let facts = LeadFacts { name: Some(format!("张{}", noticed.times.len())), ..LeadFacts::default() };
        let made = phone.leads().create(CreateRequest { facts, ..CreateRequest::default() });
        made.map_err(|error| Failure::Unexpected(format!("an honest phone: {error}")))?;
        let begun = Instant::now();
        if let Err(error) = phone.sync() {
            say(&format!("an honest phone: {error}"));
            noticed.failures += 1;
        }
        noticed.times.push(begun.elapsed().as_secs_f64() * 1_000.0);
        due = (due + PACE).max(Instant::now());
    }
    Ok(noticed)
}

/// Lets the honest phones exchange while the attackers throw what they have.
fn attack(phones: &[Daybook], attackers: &mut [Attacker], answers: &Answers) -> Result<Noticed, Failure> {
    let failed = AtomicBool::new(false);
    let noticed = std::thread::scope(|scope| {
        let (done, all_done) = channel::<()>();
        for attacker in attackers.iter_mut() {
            let (done, failed) = (done.clone(), &failed);
            scope.spawn(move || {
                let _done = done;
                while attacker.has_more() {
                    match attacker.strike(answers) {
                        Ok(true) => {}
                        Ok(false) => std::thread::park_timeout(IMPATIENCE),
                        Err(error) => {
                            say(&format!("an attacker: {error}"));
                            failed.store(true, Ordering::Relaxed);
                            return;
                        }
                    }
                }
            });
        }
        drop(done);
        // Nobody sends anything: it ends when the last attacker has.
        exchange(phones, &|| {
            let _ = all_done.recv();
        })
    })?;
    if failed.load(Ordering::Relaxed) {
        return Err(Failure::Unexpected("an attacker could not attack".to_owned()));
    }
    Ok(noticed)
}

/// Loads every record of a stopped server: how many there are, and how many don't load.
fn load_everything(folder: &Path) -> Result<(u64, u64), Failure> {
    let odd = |error: &dyn std::fmt::Debug| Failure::Unexpected(format!("the database at the end: {error:?}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(Failure::system("can't start a runtime"))?.block_on(async {
        let store = SqliteStore::open(folder).await.map_err(|error| odd(&error))?;
        let (mut records, mut unloadable) = (0, 0);
        let mut after: Option<RecordId> = None;
        loop {
            let ids = store.record_ids(after, 500).await.map_err(|error| odd(&error))?;
            for id in &ids {
                let record = store.record(*id).await.map_err(|error| odd(&error))?;
                let log: Vec<&[u8]> = record.published.iter().map(|change| change.raw.as_slice()).collect();
                records += 1;
                let loads = log.is_empty() || loads(&log);
                unloadable += u64::from(!loads);
            }
            match ids.last() {
                Some(last) => after = Some(*last),
                None => break,
            }
        }
        store.close().await;
        Ok((records, unloadable))
    })
}

/// Whether a record loads, reads, saves, and loads again the same.
fn loads(log: &[&[u8]]) -> bool {
    let read = || {
        let mut document = Document::load(log.iter().copied()).ok()?;
        let view = document.any_view().ok()?;
        let again = Document::load_bytes(&document.save()).ok()?.any_view().ok()?;
        Some(view == again && document.missing().is_empty())
    };
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).ok().flatten().unwrap_or(false)
}
