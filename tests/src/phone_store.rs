//! How a phone that has been in use for months opens, lists and saves.
//!
//! The store is filled by an enrolled phone over real HTTP. It is measured in a fresh process, because the memory of
//! the one that filled it says nothing.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use client::{Daybook, Options, RowFilter};
use rand::seq::SliceRandom as _;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use sync_core::id::RecordId;
use sync_core::record::lead::LeadEdit;

use crate::clock::{DayClock, real_now, yesterday};
use crate::contacts::Sources;
use crate::day::{Day, Route};
use crate::failure::Failure;
use crate::figures::median;
use crate::phone::{APP, Phone};
use crate::play::RECORDS_OF_A_CONTACT;
use crate::process::peak_mb;
use crate::pulse::Pulse;
use crate::server_process::{ServerProcess, server_program};
use crate::towns::Town;

/// Contacts that a promoter makes in a day.
const CONTACTS_A_DAY: u32 = 34;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Lines that a screen shows.
const SCREEN: usize = 50;
/// How often a list is read to find its median.
const LISTS: usize = 101;
/// How many edits are saved to find their 99th percentile.
const SAVES: usize = 1_000;

/// What one round measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// Records in the store.
    pub records: u64,
    /// Opening the store, in milliseconds.
    pub open_ms: f64,
    /// Listing the 50 newest, in milliseconds: the median.
    pub list_ms: f64,
    /// Finding 50 by the end of a telephone number, in milliseconds: the median.
    pub search_ms: f64,
    /// Saving one field so that it survives a power cut, in milliseconds: the median.
    pub save_median_ms: f64,
    /// The same: the 99th percentile.
    pub save_p99_ms: f64,
    /// The most memory that the process ever had, in megabytes.
    pub memory_mb: f64,
}

impl Round {
    /// Each figure's median over several rounds.
    pub fn median_of(rounds: &[Self]) -> Option<Self> {
        let figure = |of: fn(&Self) -> f64| median(rounds.iter().map(of).collect());
        let first = rounds.first()?;
        Some(Self {
            records: first.records,
            open_ms: figure(|round| round.open_ms),
            list_ms: figure(|round| round.list_ms),
            search_ms: figure(|round| round.search_ms),
            save_median_ms: figure(|round| round.save_median_ms),
            save_p99_ms: figure(|round| round.save_p99_ms),
            memory_mb: figure(|round| round.memory_mb),
        })
    }
}

/// Fills a store at `file` with at least so many records and syncs them to a server of its own in `folder`.
///
/// # Errors
/// When the server or the phone refuses.
pub fn fill(folder: &Path, file: &Path, records: u32, seed: u64) -> Result<(), Failure> {
    let sources = Sources::find()?;
    let mut server = ServerProcess::start(&server_program()?, folder)?;
    let pulse = Arc::new(Pulse::default());
    let days = records.div_ceil(CONTACTS_A_DAY * RECORDS_OF_A_CONTACT);
    let start = yesterday().plus(-DAY_MS * i64::from(days));
    let clock = Arc::new(DayClock::new(start, 0, seed));
    let code = only_promoter(&server)?;
    let url = server.base_url();
    let mut phone = Phone::enrol("promoter", file, &url, &code, clock, Arc::clone(&pulse))?;
    let towns: Vec<&Town> = sources.towns.iter().collect();
    for number in 0..days {
        let day = Day {
            sources: &sources,
            seed,
            midnight: start.plus(DAY_MS * i64::from(number)),
            contacts: CONTACTS_A_DAY,
            project: None,
        };
        let route = Route { promoter: number, towns: &towns };
        day.work_morning(&mut phone, route)?;
        day.work_afternoon(&mut phone, route)?;
    }
    phone.clock.run();
    phone.sync_through(&pulse)?;
    drop(phone);
    server.stop()
}

/// Sets up a company of one and issues its code.
fn only_promoter(server: &ServerProcess) -> Result<String, Failure> {
    server.admin(&["organisation", "create", "--name", "一人公司"])?;
    server.admin(&["office", "create", "--name", "总部"])?;
    let promoter = ["person", "create", "--name", "promoter", "--role", "promoter", "--office", "总部"];
    server.admin(&promoter)?;
    let issued = server.admin(&["code", "issue", "--person", "promoter"])?;
    let code = issued["code"].as_str().map(str::to_owned);
    code.ok_or_else(|| Failure::Unexpected("no code was issued".to_owned()))
}

/// Measures the store at `file` in this process, which should have done nothing before.
///
/// # Errors
/// When the store can't be read or written.
pub fn measure(file: &Path) -> Result<Round, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Phone { phone: "bench".to_owned(), said: error.to_string() };
    // Nobody listens there, and nothing here asks for the network.
    let options = Options::http(APP, "http://127.0.0.1:9").map_err(|error| failed(&error))?;
    let begun = Instant::now();
    let daybook = Daybook::open(file, options).map_err(|error| failed(&error))?;
    let open_ms = millis(begun.elapsed());

    let all = RowFilter::default();
    let list = |filter: &RowFilter| -> Result<f64, Failure> {
        let begun = Instant::now();
        let page = daybook.records().list(filter, None, SCREEN).map_err(|error| failed(&error))?;
        let took = millis(begun.elapsed());
        if page.items.is_empty() { Err(failed(&"a list came out empty")) } else { Ok(took) }
    };
    let list_ms = median((0..LISTS).map(|_| list(&all)).collect::<Result<_, _>>()?);
    let leads = some_leads(&daybook)?;
    let known = daybook.leads().get(leads[0]).map_err(|error| failed(&error))?;
    let number = known.facts.phones.keys().next().map(|number| number.as_str()).unwrap_or_default();
    let ending = number.get(number.len().saturating_sub(4)..).unwrap_or_default().to_owned();
    let by_ending = RowFilter { text: Some(ending), ..RowFilter::default() };
    let search_ms = median((0..LISTS).map(|_| list(&by_ending)).collect::<Result<_, _>>()?);

    // Writing what stands there already would save nothing, and an earlier round wrote to these leads too.
    let round = real_now();
    let mut saves = Vec::with_capacity(SAVES);
    for (number, lead) in leads.iter().cycle().take(SAVES).enumerate() {
        let edit = LeadEdit::IntentArea(Some(format!("河边 {} {number}", round.0)));
        let begun = Instant::now();
        daybook.leads().edit(*lead, &[edit]).map_err(|error| failed(&error))?;
        saves.push(millis(begun.elapsed()));
    }
    saves.sort_by(f64::total_cmp);
    Ok(Round {
        records: daybook.records().count(&all).map_err(|error| failed(&error))?,
        open_ms,
        list_ms,
        search_ms,
        save_median_ms: saves[SAVES / 2],
        save_p99_ms: saves[SAVES * 99 / 100 - 1],
        memory_mb: peak_mb(std::process::id())?,
    })
}

/// Leads from all over the store, in random order, read page by page as a screen would.
fn some_leads(daybook: &Daybook) -> Result<Vec<RecordId>, Failure> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut leads = Vec::new();
    let mut after = None;
    loop {
        let page = daybook.leads().list(&RowFilter::default(), after, SCREEN);
        let page = page.map_err(|error| Failure::Phone { phone: "bench".to_owned(), said: error.to_string() })?;
        leads.extend(page.items.iter().filter(|_| rng.random_bool(0.4)).map(|item| item.row.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    leads.shuffle(&mut rng);
    if leads.is_empty() { Err(Failure::Unexpected("the store holds no leads".to_owned())) } else { Ok(leads) }
}

fn millis(took: Duration) -> f64 {
    took.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_rounds_is_taken_figure_by_figure() {
        let round = |n: f64| Round {
            records: 10,
            open_ms: n,
            list_ms: 10.0 - n,
            search_ms: 1.0,
            save_median_ms: 1.0,
            save_p99_ms: n * n,
            memory_mb: 20.0,
        };
        let median = Round::median_of(&[round(3.0), round(1.0), round(2.0)]).unwrap();
        assert_eq!((median.open_ms, median.list_ms, median.save_p99_ms), (2.0, 8.0, 4.0));
        assert_eq!(Round::median_of(&[]), None);
    }
}
