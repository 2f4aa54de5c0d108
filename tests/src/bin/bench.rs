//! Measures one thing. `cargo xtask bench` builds everything for release and runs this.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use clap::{Parser, Subcommand};
use e2e::bench::{Setting, console, dictionary, edit, idle, pull, query, restart, storm};
use e2e::database::Database;
use e2e::failure::Failure;
use e2e::phone_store::{Round, fill, measure};
use e2e::progress::{Stretch, say};
use e2e::siege::{self, besiege};
use serde_json::Value;

/// How often each figure is measured; the median counts.
const ROUNDS: usize = 3;

/// Measures one thing.
#[derive(Parser)]
#[command(name = "bench", bin_name = "cargo xtask bench")]
struct Bench {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// A phone's store: opening, listing, saving, memory.
    Phone {
        /// Prints the result as one line of JSON, the last on standard output.
        #[arg(long)]
        json: bool,
        /// Records in the store, at least.
        #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(100..))]
        records: u32,
        /// Everything random grows from it.
        #[arg(long, default_value_t = 20_260_301)]
        seed: u64,
    },
    /// A live server under at least so many false changes, and what its honest phones notice.
    Hostile {
        /// Prints the result as one line of JSON, the last on standard output.
        #[arg(long)]
        json: bool,
        /// False changes, at least.
        #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1_000..))]
        changes: u32,
    },
    /// Many phones that sync the day's records at the same moment.
    Storm {
        #[command(flatten)]
        setting: Flags,
        /// Phones.
        #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..))]
        phones: u16,
        /// Records of each phone.
        #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=1_000))]
        records: u32,
    },
    /// Many phones that have nothing to tell and nothing to hear.
    Idle {
        #[command(flatten)]
        setting: Flags,
        /// Phones.
        #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u16).range(1..))]
        phones: u16,
    },
    /// A phone that is new in an office and fetches everything.
    Pull {
        #[command(flatten)]
        setting: Flags,
        /// Records of the office.
        #[arg(long, default_value_t = 8_000, value_parser = clap::value_parser!(u32).range(1..))]
        records: u32,
    },
    /// One field that somebody corrects.
    Edit {
        #[command(flatten)]
        setting: Flags,
    },
    /// Lists, filters, counts and search at the console.
    Query {
        #[command(flatten)]
        setting: Flags,
    },
    /// Serves for `cargo xtask bench console`, which looks at every page in Chromium, until standard input ends.
    Console {
        #[command(flatten)]
        setting: Flags,
    },
    /// How soon a killed server is back, and how fast read tables are made anew.
    Restart {
        #[command(flatten)]
        setting: Flags,
    },
    /// Measures nothing: trains a dictionary for `server/src/store/packing`.
    #[command(hide = true)]
    Dictionary {
        /// Where to write it.
        file: PathBuf,
        /// Everything random grows from it.
        #[arg(long, default_value_t = 20_260_301)]
        seed: u64,
    },
    /// One round in a process of its own.
    #[command(hide = true)]
    PhoneRound {
        /// The store to measure.
        store: PathBuf,
    },
}

/// What the measurements of a server have in common.
#[derive(clap::Args)]
struct Flags {
    /// Where the server keeps its data; PostgreSQL is started for it.
    #[arg(long, value_enum, default_value_t)]
    database: Database,
    /// Records that lie in the database beforehand. They are made by the code that makes phones' records, go in through
    /// the store's own functions and are published by the projector, and are kept beside the programs for the next time.
    #[arg(long)]
    stored: Option<u32>,
    /// How often each figure is measured; the median counts.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Everything random grows from it.
    #[arg(long, default_value_t = 20_260_301)]
    seed: u64,
    /// Prints the result as one line of JSON, the last on standard output.
    #[arg(long)]
    json: bool,
}

impl Flags {
    fn setting(&self, usually_stored: u32) -> Setting {
        let Self { database, rounds, seed, .. } = *self;
        Setting { database, stored: self.stored.unwrap_or(usually_stored), rounds, seed }
    }

    /// For programs one line, for people several.
    fn print(&self, figures: &Value) -> Result<(), Failure> {
        if self.json {
            return print(figures);
        }
        let text = serde_json::to_string_pretty(figures);
        println!("{}", text.map_err(|error| Failure::Unexpected(format!("no JSON: {error}")))?);
        Ok(())
    }
}

/// What the server has to hold for questions and restarts to say something.
const MANY: u32 = 1_000_000;

fn main() -> ExitCode {
    let result = match Bench::parse().what {
        What::Phone { json, records, seed } => phone(json, records, seed),
        What::Hostile { json, changes } => hostile(json, changes),
        What::Storm { setting: flags, phones, records } => {
            storm::measure(&flags.setting(0), phones.into(), records).and_then(|figures| flags.print(&figures))
        }
        What::Idle { setting: flags, phones } => {
            idle::measure(&flags.setting(0), phones.into()).and_then(|figures| flags.print(&figures))
        }
        What::Pull { setting: flags, records } => {
            pull::measure(&flags.setting(0), records).and_then(|figures| flags.print(&figures))
        }
        What::Edit { setting: flags } => edit::measure(&flags.setting(0)).and_then(|figures| flags.print(&figures)),
        What::Query { setting: flags } => {
            query::measure(&flags.setting(MANY)).and_then(|figures| flags.print(&figures))
        }
        What::Console { setting: flags } => console::serve(&flags.setting(MANY)),
        What::Restart { setting: flags } => {
            restart::measure(&flags.setting(MANY)).and_then(|figures| flags.print(&figures))
        }
        What::Dictionary { file, seed } => dictionary::train(&file, seed),
        What::PhoneRound { store } => measure(&store).and_then(|round| print(&round)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(&format!("bench: {failure}"));
            ExitCode::FAILURE
        }
    }
}

fn phone(json: bool, records: u32, seed: u64) -> Result<(), Failure> {
    let folder = tempfile::tempdir().map_err(Failure::system("can't make a fresh folder"))?;
    let store = folder.path().join("phone.db");
    let stretch = Stretch::begin("fill a phone's store and sync it", 1);
    fill(&folder.path().join("server"), &store, records, seed)?;
    stretch.end("done");
    let mut rounds = Vec::with_capacity(ROUNDS);
    for number in 1..=ROUNDS {
        let round = round_in_a_fresh_process(&store)?;
        say(&format!("round {number}: {}", in_words(&round)));
        rounds.push(round);
    }
    let median = Round::median_of(&rounds).ok_or_else(|| Failure::Unexpected("no round was measured".to_owned()))?;
    if json {
        return print(&median);
    }
    println!("{} records: {}", median.records, in_words(&median));
    Ok(())
}

fn hostile(json: bool, changes: u32) -> Result<(), Failure> {
    let folder = tempfile::tempdir().map_err(Failure::system("can't make a fresh folder"))?;
    let outcome = besiege(folder.path(), changes as usize)?;
    if json {
        return print(&outcome);
    }
    let siege::Outcome { changes, crashes, unloadable, memory_growth_mb, honest_p95_ratio, .. } = outcome;
    println!(
        "{changes} false changes: {crashes} crashes, {unloadable} records that don't load, {memory_growth_mb:.0} MB \
         more memory, honest phones {honest_p95_ratio:.2} times as slow"
    );
    Ok(())
}

fn in_words(round: &Round) -> String {
    let Round { open_ms, list_ms, search_ms, save_median_ms, save_p99_ms, memory_mb, .. } = round;
    format!(
        "open {open_ms:.1} ms, list {list_ms:.2} ms, search {search_ms:.2} ms, \
         save {save_median_ms:.2} ms (99%: {save_p99_ms:.2} ms), {memory_mb:.1} MB"
    )
}

fn round_in_a_fresh_process(store: &Path) -> Result<Round, Failure> {
    let program = std::env::current_exe().map_err(Failure::system("can't find this program"))?;
    let output = Command::new(program).arg("phone-round").arg(store).stderr(Stdio::inherit()).output();
    let output = output.map_err(Failure::system("can't start a round"))?;
    let round = output.status.success().then(|| serde_json::from_slice(&output.stdout).ok()).flatten();
    round.ok_or_else(|| Failure::Unexpected("a round did not end well".to_owned()))
}

fn print<T: serde::Serialize>(result: &T) -> Result<(), Failure> {
    let line = serde_json::to_string(result).map_err(|error| Failure::Unexpected(format!("no JSON: {error}")))?;
    println!("{line}");
    Ok(())
}
