//! A day in the field: one server, three offices, two dozen phones, real contacts.
//!
//! `cargo xtask demo` builds the server and runs this.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;
use e2e::contacts::{Origin, Sources};
use e2e::database::Database;
use e2e::failure::Failure;
use e2e::play::{Plan, Play};
use e2e::progress::say;
use e2e::report::{Report, by_office};
use tokio::signal::unix::{SignalKind, signal};

/// A day in the field with real processes, at the end compared with what the phones hold.
#[derive(Parser)]
#[command(name = "demo", bin_name = "cargo xtask demo")]
struct Demo {
    /// Ends when the day is over, with 0 only if nothing is missing, duplicated or different.
    #[arg(long)]
    once: bool,
    /// Prints the result as one line of JSON, the last on standard output.
    #[arg(long)]
    json: bool,
    /// Kills the server again and again while the phones sync in the evening.
    #[arg(long)]
    chaos: bool,
    /// Where the server keeps its data; with postgres two servers share a PostgreSQL that is started for them.
    #[arg(long, value_enum, default_value_t)]
    database: Database,
    /// Everything random grows from it.
    #[arg(long, default_value_t = 20_260_301)]
    seed: u64,
    /// Promoters, each with a phone; every team's supervisor has another.
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u16).range(1..=200))]
    phones: u16,
    /// Records altogether, at least: three for each contact.
    #[arg(long, default_value_t = 2_448, value_parser = clap::value_parser!(u32).range(3..=200_000))]
    records: u32,
}

fn main() -> ExitCode {
    let demo = Demo::parse();
    match demo.run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            say(&format!("demo: {failure}\nrepeat with --seed {}", demo.seed));
            ExitCode::FAILURE
        }
    }
}

impl Demo {
    fn run(&self) -> Result<bool, Failure> {
        let sources = Sources::find()?;
        match &sources.origin {
            Origin::Folder(folder) => {
                say(&format!("{} real contacts from {}", sources.contacts.len(), folder.display()))
            }
            Origin::Sample => say(&format!("{} real contacts from the sample (tests/data)", sources.contacts.len())),
        }
        say("names and telephone numbers are invented: the data have none");
        let folder = tempfile::tempdir().map_err(Failure::system("can't make a fresh folder"))?;
        let plan = Plan {
            promoters: usize::from(self.phones),
            records: self.records,
            seed: self.seed,
            chaos: self.chaos,
            database: self.database,
        };
        let mut play = Play::set_up(plan, folder.path())?;
        play.day(&sources)?;
        let aftermath = play.storm()?;
        let conflicts = play.conflicts()?;
        let settled = play.settle()?;
        let reviewed = play.review()?;
        play.night()?;
        let restless = play.quiet()?;
        let reckoning = play.reckon()?;
        let report = Report::of(&play, aftermath, conflicts, settled, reviewed, restless, &reckoning)?;
        self.tell(&by_office(&play, &reckoning)?, &report)?;
        let good = report.is_good();
        if self.once {
            play.into_stage().stop()?;
        } else {
            stay(play)?;
        }
        Ok(good)
    }

    /// For people on standard error if standard output is for a program.
    fn tell(&self, table: &str, report: &Report) -> Result<(), Failure> {
        let verdict = if report.is_good() { "nothing is missing, duplicated or different" } else { "NOT GOOD" };
        let text = format!(
            "\n{table}\n{} records ({} with a flag), {} changes, {} conflicts after the storm ({} settled), {} kills, {} s: {verdict}",
            report.records,
            report.flagged,
            report.changes,
            report.conflicts,
            report.settled,
            report.kills,
            report.seconds
        );
        if !self.json {
            return print(&text);
        }
        say(&text);
        let json = serde_json::to_string(report)
            .map_err(|error| Failure::Unexpected(format!("the report is no JSON: {error}")))?;
        print(&json)
    }
}

fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(Failure::system("can't write to standard output"))
}

/// Leaves the server up until Ctrl-C.
fn stay(play: Play) -> Result<(), Failure> {
    let address = play.server().base_url();
    say(&format!("\nThe server stays up at {address} until Ctrl-C. Staff logins:"));
    for login in &play.world.staff {
        say(&format!("  {:<14} {:<22} {}", login.role, login.login, login.password));
    }
    say(&format!("Its data lie in {}", play.server().data_folder().display()));
    let stage = play.into_stage();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Failure::system("can't wait for Ctrl-C"))?;
    runtime.block_on(told_to_end()).map_err(Failure::system("can't wait for Ctrl-C"))?;
    // A terminal's Ctrl-C has reached the server too; being asked twice does it no harm.
    stage.stop()
}

async fn told_to_end() -> std::io::Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminated.recv() => Ok(()),
    }
}
