//! `cargo xtask ...`: one way to run, show, test and check Daybook, the same for people and for CI.
//!
//! Everything after a subcommand belongs to the program that it starts, `--help` included, so that a new option
//! of the demonstration or of the server needs no change here.

mod binaries;
mod bindings;
mod ci;
mod console;
mod fuzz;
mod process;
mod purity;
mod test_run;

use std::{ffi::OsString, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::{
    binaries::{Daybook, Profile},
    process::Failure,
};

/// Runs, shows, tests and checks Daybook.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Xtask {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Everything that CI checks, in its order; stops at the first failure.
    Ci,
    /// All tests. Arguments go to `cargo nextest run`, or to `cargo test` where nextest is not installed; the
    /// documentation's examples always run in full.
    #[command(disable_help_flag = true)]
    Test(Rest),
    /// A day in the field with real processes, at the end compared with what the phones hold.
    #[command(disable_help_flag = true)]
    Demo(Rest),
    /// Measures one thing in a release build, for example `cargo xtask bench phone --json`; `ffi` through Kotlin,
    /// `console` in Chromium.
    #[command(disable_help_flag = true)]
    Bench(Rest),
    /// Seeded runs of phones and a server through everything that can go wrong.
    #[command(disable_help_flag = true)]
    Sim(Rest),
    /// Bytes made up by libFuzzer: `cargo xtask fuzz [TARGET] [--minutes N]`.
    #[command(disable_help_flag = true)]
    Fuzz(Rest),
    /// The library for apps: generates its Kotlin, Swift and Python, and runs their suites.
    #[command(subcommand)]
    Bindings(bindings::Order),
    /// The pages for offices and head quarters: builds, checks and tries them.
    #[command(subcommand)]
    Console(console::Order),
    /// The server: `daybook serve` with these arguments.
    #[command(disable_help_flag = true)]
    Run(Rest),
}

/// Whatever follows the subcommand, unchanged.
#[derive(clap::Args)]
struct Rest {
    /// Passed through unchanged; a first `--` may be written and is dropped.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<OsString>,
}

fn main() -> ExitCode {
    match run(Xtask::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            failure.exit_code()
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Ci => ci::run(),
        Command::Test(rest) => test_run::run(&rest.args),
        Command::Demo(rest) => {
            console::build_if_possible()?;
            Daybook::build(Profile::Dev, "demo")?.demo(&rest.args)?.become_it()
        }
        // From Kotlin, so with another build and another program than what is measured in Rust.
        Command::Bench(rest) if rest.args.first().is_some_and(|what| what == "ffi") => {
            bindings::shipped::bench(&rest.args[1..])
        }
        // A browser measures, and the program in Rust only serves.
        Command::Bench(rest) if rest.args.first().is_some_and(|what| what == "console") => {
            console::measure(&rest.args[1..])
        }
        Command::Bench(rest) => Daybook::build(Profile::Release, "bench")?.bench(&rest.args)?.become_it(),
        Command::Sim(rest) => Daybook::build(Profile::Dev, "sim")?.sim(&rest.args)?.become_it(),
        Command::Fuzz(rest) => fuzz::run(&rest.args),
        Command::Bindings(order) => bindings::run(&order),
        Command::Console(order) => console::run(order),
        Command::Run(rest) => {
            console::build_if_possible()?;
            Daybook::build_server()?.serve(&rest.args)?.become_it()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest_of(line: &[&str]) -> Vec<OsString> {
        let full = ["xtask"].iter().chain(line);
        match Xtask::try_parse_from(full).unwrap().command {
            Command::Ci | Command::Bindings(_) | Command::Console(_) => Vec::new(),
            Command::Test(rest)
            | Command::Demo(rest)
            | Command::Bench(rest)
            | Command::Sim(rest)
            | Command::Fuzz(rest)
            | Command::Run(rest) => rest.args,
        }
    }

    #[test]
    fn options_after_the_subcommand_are_not_ours() {
        assert_eq!(rest_of(&["demo", "--once", "--json"]), ["--once", "--json"]);
        assert_eq!(rest_of(&["run", "--help"]), ["--help"]);
        assert_eq!(rest_of(&["run", "-h", "--version"]), ["-h", "--version"]);
        assert_eq!(rest_of(&["bench", "phone", "--json"]), ["phone", "--json"]);
    }

    #[test]
    fn only_a_leading_separator_is_dropped() {
        assert_eq!(rest_of(&["test", "--", "journal"]), ["journal"]);
        assert_eq!(rest_of(&["test", "journal", "--", "--nocapture"]), ["journal", "--", "--nocapture"]);
    }
}
