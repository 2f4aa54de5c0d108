//! Head quarters at the console, with everything that came in over months: lists, filters, counts, search.

use std::time::Instant;

use rand::seq::IndexedRandom as _;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use serde_json::Value;

use super::company::Company;
use super::{Setting, medians, mill};
use crate::console::Console;
use crate::failure::Failure;
use crate::figures::p95;
use crate::people::{Invented, phone};
use crate::phrases;
use crate::progress::Stretch;

/// Questions of each sort in a round.
const QUESTIONS: usize = 100;
/// Questions of each sort before anything is measured.
const WARM_UP: usize = 20;

#[derive(Debug, Serialize)]
struct Round {
    records: u64,
    p95_ms: Percentiles,
}

/// The 95th percentile of each sort of question, in milliseconds, over HTTP.
#[derive(Debug, Serialize)]
struct Percentiles {
    list: f64,
    filter: f64,
    count: f64,
    search: f64,
}

/// Asks; medians.
///
/// # Errors
/// When the server refuses.
pub fn measure(setting: &Setting) -> Result<Value, Failure> {
    let ground = mill::ground(setting)?;
    let password = ground.inside(async |app| Company::add_reviewer(app, "reviewer").await)?;
    let mut server = ground.serve()?;
    let desk = Desk::open(Console::sign_in(&server.base_url(), "reviewer", &password)?, setting)?;
    let mut rng = ChaCha8Rng::seed_from_u64(setting.seed);
    desk.ask_all(WARM_UP, &mut rng)?;
    let figures = medians(setting, |_| {
        let p95_ms = desk.ask_all(QUESTIONS, &mut rng)?;
        Ok(Round { records: desk.total, p95_ms })
    })?;
    server.stop()?;
    Ok(figures)
}

/// Somebody who looks things up.
struct Desk {
    console: Console,
    seed: u64,
    stored: u32,
    total: u64,
    /// Lines from all over the newest records, to ask about what they name.
    seen: Vec<Value>,
    /// Places to go on from.
    pages: Vec<String>,
}

impl Desk {
    fn open(console: Console, setting: &Setting) -> Result<Self, Failure> {
        let stretch = Stretch::begin("look through the newest records", 20);
        let (mut seen, mut pages, mut after) = (Vec::new(), Vec::new(), String::new());
        for _ in 0..20 {
            let mut page = console.get(&format!("/api/v1/records?limit=200{after}"))?;
            if let Value::Array(lines) = page["items"].take() {
                seen.extend(lines);
            }
            let Some(next) = page["next"].as_str() else { break };
            after = format!("&after={next}");
            pages.push(next.to_owned());
            stretch.step();
        }
        let total = count_of(&console.get("/api/v1/records/count")?)?;
        stretch.end(&format!("{total} records"));
        Ok(Self { console, seed: setting.seed, stored: setting.stored, total, seen, pages })
    }

    fn ask_all(&self, questions: usize, rng: &mut ChaCha8Rng) -> Result<Percentiles, Failure> {
        let mut ask = |question: fn(&Self, &mut ChaCha8Rng) -> String| -> Result<f64, Failure> {
            let mut times = Vec::with_capacity(questions);
            for _ in 0..questions {
                let path = question(self, rng);
                let begun = Instant::now();
                self.console.get(&path)?;
                times.push(begun.elapsed().as_secs_f64() * 1_000.0);
            }
            Ok(p95(&times))
        };
        Ok(Percentiles {
            list: ask(Self::list)?,
            filter: ask(Self::filter)?,
            count: ask(Self::count)?,
            search: ask(Self::search)?,
        })
    }

    /// A value of some record.
    fn some(&self, field: &str, rng: &mut ChaCha8Rng) -> String {
        let line = self.seen.choose(rng).map_or("", |line| line[field].as_str().unwrap_or_default());
        line.to_owned()
    }

    fn list(&self, rng: &mut ChaCha8Rng) -> String {
        let after = self.pages.choose(rng).filter(|_| rng.random_bool(0.7));
        let after = after.map(|next| format!("&after={next}")).unwrap_or_default();
        format!("/api/v1/records?limit=50{after}")
    }

    /// Conditions as pages of the console combine them; some find next to nothing.
    fn conditions(&self, rng: &mut ChaCha8Rng) -> String {
        let kind = ["visit", "lead", "survey"].choose(rng).copied().unwrap_or("visit");
        match rng.random_range(0..8) {
            0 => format!("kind={kind}"),
            1 => format!("office={}", self.some("office", rng)),
            2 => format!("team={}&kind={kind}", self.some("team", rng)),
            3 => format!("promoter={}", self.some("owner", rng)),
            4 => format!("day={}&kind={kind}", self.some("day", rng)),
            5 => format!("office={}&state=received&kind={kind}", self.some("office", rng)),
            6 => "state=returned".to_owned(),
            _ => "conflict=true".to_owned(),
        }
    }

    fn filter(&self, rng: &mut ChaCha8Rng) -> String {
        format!("/api/v1/records?limit=50&{}", self.conditions(rng))
    }

    fn count(&self, rng: &mut ChaCha8Rng) -> String {
        format!("/api/v1/records/count?{}", self.conditions(rng))
    }

    /// A name, the end of a telephone number, or words that are in many notes; sometimes of one kind only.
    fn search(&self, rng: &mut ChaCha8Rng) -> String {
        let number = rng.random_range(0..self.stored.max(1));
        let text = match rng.random_range(0..3) {
            0 => Invented::numbered(number, self.seed).name,
            1 => phone(number, self.seed).map_or_else(
                |_| "0000".to_owned(),
                |number| number.as_str().chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect(),
            ),
            _ => phrases::note_of(4, rng),
        };
        let text: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let kind = if rng.random_bool(0.3) { "&kind=lead" } else { "" };
        format!("/api/v1/records?limit=50&text={text}{kind}")
    }
}

fn count_of(answer: &Value) -> Result<u64, Failure> {
    answer["count"].as_u64().ok_or_else(|| Failure::Unexpected(format!("a count that is none: {answer}")))
}
