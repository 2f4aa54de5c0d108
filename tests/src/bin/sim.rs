//! Lives through seeded runs and says whether the promise held. `cargo xtask sim` builds this for release.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use e2e::failure::Failure;
use e2e::progress::say;
use e2e::sim::fault::Faults;
use e2e::sim::mutant::Mutant;
use e2e::sim::plan::{Plan, Switches};
use e2e::sim::shrink::shrink;
use e2e::sim::{Verdict, run, story};
use serde::Serialize;
use serde_json::json;

/// Runs that a failing plan is given to become smaller.
const SHRINKING: u32 = 300;

/// Lives through seeded runs and says whether the promise held.
#[derive(Parser)]
#[command(name = "sim", bin_name = "cargo xtask sim")]
struct Sim {
    /// How many seeds.
    #[arg(long, default_value_t = 50)]
    seeds: u64,
    /// The first seed; alone it runs this seed only.
    #[arg(long)]
    seed: Option<u64>,
    /// Begins no further seed after so many minutes.
    #[arg(long)]
    minutes: Option<u64>,
    /// Prints the result as one JSON object, on the last line of standard output.
    #[arg(long)]
    json: bool,
    /// Runs a broken variant until it is caught, or `all` of them.
    #[arg(long)]
    mutant: Option<String>,
    /// Lets the server lose the work of head quarters in restorations, which the product does not survive yet.
    #[arg(long)]
    lose_staff_work: bool,
}

#[derive(Serialize)]
struct Report {
    seeds: u64,
    violations: usize,
    failed_seeds: Vec<u64>,
    saves: usize,
    exchanges: u64,
    seconds: f64,
    faults: BTreeMap<&'static str, u64>,
}

fn main() -> ExitCode {
    let sim = Sim::parse();
    let done = match &sim.mutant {
        None => sim.honest(),
        Some(name) => sim.mutants(name),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            say(&format!("sim: {failure}"));
            ExitCode::FAILURE
        }
    }
}

impl Sim {
    fn seeds(&self) -> impl Iterator<Item = u64> + use<> {
        let first = self.seed.unwrap_or(1);
        let count = if self.seed.is_some() && self.seeds == 50 { 1 } else { self.seeds };
        let deadline = self.minutes.map(|minutes| Instant::now() + Duration::from_secs(60 * minutes));
        (first..first.saturating_add(count)).take_while(move |_| deadline.is_none_or(|end| Instant::now() < end))
    }

    fn plan(&self, seed: u64) -> Plan {
        Plan::of(seed, Switches { staff_work_lost: self.lose_staff_work })
    }

    fn honest(&self) -> Result<bool, Failure> {
        let begun = Instant::now();
        let mut faults = Faults::default();
        let mut report = Report {
            seeds: 0,
            violations: 0,
            failed_seeds: Vec::new(),
            saves: 0,
            exchanges: 0,
            seconds: 0.0,
            faults: BTreeMap::new(),
        };
        for seed in self.seeds() {
            let plan = self.plan(seed);
            let verdict = run(&plan, None).inspect_err(|_| say(&format!("seed {seed} came to no result")))?;
            report.seeds += 1;
            report.saves += verdict.saves;
            report.exchanges += verdict.exchanges;
            report.violations += verdict.violations.len();
            faults.add(&verdict.faults);
            if !verdict.violations.is_empty() {
                report.failed_seeds.push(seed);
                tell(&plan, &verdict)?;
            }
        }
        report.seconds = begun.elapsed().as_secs_f64();
        report.faults = faults.all();
        if self.json {
            println!("{}", json!(report));
        } else {
            println!(
                "{} seeds, {} saves, {} exchanges in {:.1} s: {} violations",
                report.seeds, report.saves, report.exchanges, report.seconds, report.violations
            );
            for (kind, count) in &report.faults {
                println!("{count:>8} {kind}");
            }
        }
        Ok(report.violations == 0)
    }

    fn mutants(&self, name: &str) -> Result<bool, Failure> {
        let wanted: Vec<Mutant> = match name {
            "all" => Mutant::ALL.to_vec(),
            name => vec![name.parse().map_err(Failure::Unexpected)?],
        };
        let mut found = BTreeMap::new();
        for mutant in wanted {
            let mut caught = None;
            for seed in self.seeds() {
                let verdict = run(&self.plan(seed), Some(mutant))?;
                if let Some(violation) = verdict.violations.first() {
                    caught = Some((seed, violation.rule));
                    break;
                }
            }
            match caught {
                Some((seed, rule)) => say(&format!("{}: caught by seed {seed}: {rule}", mutant.word())),
                None => say(&format!("{}: NOT CAUGHT", mutant.word())),
            }
            found.insert(mutant.word(), caught);
        }
        let all = found.values().all(Option::is_some);
        if self.json {
            let mutants: BTreeMap<_, _> = found
                .iter()
                .map(|(word, caught)| {
                    (word, json!({ "caught": caught.is_some(), "seed": caught.map(|(seed, _)| seed), "rule": caught.map(|(_, rule)| rule) }))
                })
                .collect();
            println!("{}", json!({ "mutants": mutants }));
        }
        Ok(all)
    }
}

fn tell(plan: &Plan, verdict: &Verdict) -> Result<(), Failure> {
    say(&format!(
        "seed {}: {} of {} entries of the plan, before shrinking",
        plan.seed,
        plan.items.len(),
        plan.items.len()
    ));
    for violation in &verdict.violations {
        say(&format!("  {}: {}", violation.rule, violation.said));
    }
    let (smaller, verdict) = shrink(plan, None, SHRINKING)?;
    say(&format!("shrunk to {} entries; repeat with: cargo xtask sim --seed {}", smaller.items.len(), plan.seed));
    say(&story(plan.seed, &verdict));
    Ok(())
}
