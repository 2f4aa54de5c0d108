//! `cargo xtask ci`: what a change has to pass, cheapest first, the same on every machine.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use crate::{
    binaries::Daybook,
    bindings::{self, Order, Tested},
    console,
    process::{Failure, Invocation},
    purity, test_run,
};

/// One thing that CI checks.
struct Step {
    title: &'static str,
    /// The line that repeats this step alone.
    repeat: String,
    run: Box<dyn Fn() -> Result<(), Failure>>,
}

impl Step {
    fn new(title: &'static str, repeat: impl Into<String>, run: impl Fn() -> Result<(), Failure> + 'static) -> Self {
        Self { title, repeat: repeat.into(), run: Box::new(run) }
    }

    fn line(title: &'static str, line: Invocation) -> Self {
        Self::new(title, line.to_string(), move || line.run())
    }

    fn core_on(title: &'static str, target: &'static str) -> Self {
        Self::new(title, purity::core_check(target).to_string(), move || purity::check_core(target))
    }

    fn bindings(title: &'static str, words: &'static str, order: Order) -> Self {
        Self::new(title, format!("cargo xtask bindings {words}"), move || bindings::run(&order))
    }

    fn demo(title: &'static str, args: &'static [&'static str]) -> Self {
        Self::new(title, format!("cargo xtask demo {}", args.join(" ")), move || {
            let args: Vec<_> = args.iter().map(Into::into).collect();
            Daybook::build_as_tested()?.demo(&args)?.run()
        })
    }
}

fn steps() -> Vec<Step> {
    vec![
        Step::line("format", Invocation::cargo(["fmt", "--all", "--check"])),
        Step::line(
            "lints",
            Invocation::cargo(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]),
        ),
        // Examples, of which there are none, make cargo count what they would need, as the lints do. Otherwise it would
        // look at some sixty libraries a second time.
        Step::line(
            "documentation",
            Invocation::cargo(["doc", "--workspace", "--no-deps", "--lib", "--bins", "--examples", "--locked"])
                .variable("RUSTDOCFLAGS", "-D warnings"),
        ),
        Step::line("architecture", Invocation::cargo(["test", "-p", "xtask", "--locked"])),
        // Before the first server is built, because it takes the pages in.
        Step::new("console", "cargo xtask console check", || console::run(console::Order::Check)),
        Step::new("tests", "cargo xtask test", || test_run::run(&[])),
        Step::line("http on postgresql", test_run::http_on_postgres()),
        Step::core_on("core on the web", purity::WEB),
        Step::new("console in a browser", "cargo xtask console test", || console::run(console::Order::Test)),
        Step::demo("demo", &["--once", "--json"]),
        Step::demo("demo on postgresql", &["--once", "--database", "postgres", "--json"]),
        Step::demo("demo with kills", &["--once", "--chaos", "--json"]),
        Step::line("encrypted stores", test_run::encrypted()),
        Step::bindings("what apps can call", "check", Order::Check),
        Step::bindings("Python", "test python", Order::Test { language: Tested::Python }),
        Step::bindings("Kotlin", "test kotlin", Order::Test { language: Tested::Kotlin }),
        Step::bindings("a promoter's day", "example", Order::Example),
        Step::bindings("Swift", "swift", Order::Swift),
        Step::bindings("phones", "phones", Order::Phones),
    ]
}

/// How a finished step went.
struct Outcome {
    title: &'static str,
    took: Duration,
    passed: bool,
}

/// Runs the steps until one fails and reports how long each took.
pub(crate) fn run() -> Result<(), Failure> {
    run_steps(&steps())
}

fn run_steps(steps: &[Step]) -> Result<(), Failure> {
    let mut outcomes = Vec::new();
    let mut failed = None;
    for (position, step) in steps.iter().enumerate() {
        eprintln!("\n==> {}/{} {}: {}", position + 1, steps.len(), step.title, step.repeat);
        let start = Instant::now();
        let result = (step.run)();
        let outcome = Outcome { title: step.title, took: start.elapsed(), passed: result.is_ok() };
        eprintln!("<== {} {}", outcome.title, seconds(outcome.took));
        outcomes.push(outcome);
        if let Err(failure) = result {
            failed = Some((step, failure));
            break;
        }
    }
    println!("\n{}", table(&outcomes));
    match failed {
        None => Ok(()),
        Some((step, failure)) => {
            eprintln!("{failure}\nrepeat this step with:\n    {}", step.repeat);
            Err(Failure::Ci { step: step.title })
        }
    }
}

fn table(outcomes: &[Outcome]) -> String {
    let mut table = String::new();
    for outcome in outcomes {
        let mark = if outcome.passed { "ok" } else { "FAILED" };
        // Writing to a string can't fail.
        let _ = writeln!(table, "{:<20} {:>10}  {mark}", outcome.title, seconds(outcome.took));
    }
    let total = outcomes.iter().map(|outcome| outcome.took).sum();
    let passed = outcomes.iter().filter(|outcome| outcome.passed).count();
    let _ = writeln!(table, "{:<20} {:>10}", "all", seconds(total));
    let _ = write!(table, "steps: {passed} passed, {} failed", outcomes.len() - passed);
    table
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, rc::Rc};

    use super::*;

    fn no() -> Result<(), Failure> {
        Err(Failure::NoBinary { name: "demo", package: "e2e" })
    }

    #[test]
    fn the_first_failure_stops_the_run_and_is_named() {
        let ran = Rc::new(Cell::new(0));
        let count = |result: fn() -> Result<(), Failure>| {
            let ran = Rc::clone(&ran);
            move || {
                ran.set(ran.get() + 1);
                result()
            }
        };
        let steps = [
            Step::new("good", "true", count(|| Ok(()))),
            Step::new("bad", "false", count(no)),
            Step::new("never", "true", count(|| Ok(()))),
        ];
        let failure = run_steps(&steps).unwrap_err();
        assert_eq!(failure.to_string(), "CI stopped at step `bad`");
        assert_eq!(ran.get(), 2);
    }

    #[test]
    fn the_table_has_a_line_for_every_step_and_the_total() {
        let outcome = |title, millis, passed| Outcome { title, took: Duration::from_millis(millis), passed };
        let table = table(&[outcome("format", 1_250, true), outcome("lints", 60_000, false)]);
        let lines: Vec<_> = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(lines, ["format 1.2 s ok", "lints 60.0 s FAILED", "all 61.2 s", "steps: 1 passed, 1 failed"]);
    }

    #[test]
    fn the_readme_test_command_is_a_step() {
        assert!(steps().iter().any(|step| step.repeat == "cargo xtask test"));
    }
}
