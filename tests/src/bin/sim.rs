//! Lives through seeded runs and says whether the promise held. `cargo xtask sim` builds this for release.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use e2e::failure::Failure;
use e2e::progress::say;
use e2e::sim::campaign::{Failed, live_through, threads};
use e2e::sim::mutant::Mutant;
use e2e::sim::plan::{Plan, Switches};
use e2e::sim::scenario::{SCENARIOS, Scenario};
use e2e::sim::shrink::shrink;
use e2e::sim::story;
use serde::Serialize;
use serde_json::json;

/// How many seeds a mutant may hide from, beside the plans that are made for it.
const PATIENCE: u64 = 40;

/// Lives through seeded runs and says whether the promise held.
#[derive(Parser)]
#[command(name = "sim", bin_name = "cargo xtask sim")]
struct Sim {
    /// How many seeds; 50 if nothing else is said.
    #[arg(long)]
    seeds: Option<u64>,
    /// The first seed; alone it runs this seed only.
    #[arg(long)]
    seed: Option<u64>,
    /// Begins no further seed after so many minutes.
    #[arg(long)]
    minutes: Option<u64>,
    /// Runs the plans of a named scenario instead.
    #[arg(long)]
    scenario: Option<String>,
    /// Lists the scenarios and the mutants.
    #[arg(long)]
    list: bool,
    /// Prints the result as one JSON object, on the last line of standard output.
    #[arg(long)]
    json: bool,
    /// Runs a broken variant until it is caught, or `all` of them.
    #[arg(long)]
    mutant: Option<String>,
    /// How many runs at once; as many as there are processors if nothing is said.
    #[arg(long)]
    threads: Option<usize>,
    /// Prints also what happened in a failed run before it is made smaller, and how a mutant was caught.
    #[arg(long)]
    trace: bool,
    /// Runs that a failing plan is given to become smaller.
    #[arg(long, default_value_t = 200)]
    shrink: u32,
    /// Lets the server lose the work of head quarters in restorations, which nobody can bring back.
    #[arg(long)]
    lose_staff_work: bool,
}

/// What became of a mutant.
#[derive(Debug, Serialize)]
struct Hunt {
    caught: bool,
    seed: Option<u64>,
    rule: Option<&'static str>,
    scenario: Option<&'static str>,
}

fn main() -> ExitCode {
    let sim = Sim::parse();
    let done = match &sim.mutant {
        _ if sim.list => list(),
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

fn list() -> Result<bool, Failure> {
    println!("scenarios:");
    for scenario in SCENARIOS {
        println!("  {:<28} {}", scenario.name, scenario.about);
    }
    println!("mutants:");
    for mutant in Mutant::ALL {
        println!("  {}", mutant.word());
    }
    Ok(true)
}

impl Sim {
    fn threads(&self) -> usize {
        self.threads.unwrap_or_else(threads)
    }

    /// The plans that were asked for.
    fn plans(&self) -> Result<Vec<Plan>, Failure> {
        if let Some(name) = &self.scenario {
            let mut plans = Scenario::named(name).map_err(Failure::Unexpected)?.plans();
            plans.retain(|plan| self.seed.is_none_or(|seed| plan.seed == seed));
            return Ok(plans);
        }
        let first = self.seed.unwrap_or(1);
        let count = self.seeds.unwrap_or(if self.seed.is_some() { 1 } else { 50 });
        Ok((first..first.saturating_add(count)).map(|seed| self.plan(seed)).collect())
    }

    fn plan(&self, seed: u64) -> Plan {
        Plan::of(seed, Switches { staff_work_lost: self.lose_staff_work })
    }

    fn honest(&self) -> Result<bool, Failure> {
        let deadline = self.minutes.map(|minutes| Instant::now() + Duration::from_secs(60 * minutes));
        let plans = self.plans()?.into_iter();
        let in_time = plans.take_while(move |_| deadline.is_none_or(|end| Instant::now() < end));
        let (report, failed) = live_through(in_time, None, self.threads(), false)?;
        for failed in &failed {
            self.tell(failed)?;
        }
        if self.json {
            println!("{}", serde_json::to_string(&report).unwrap_or_default());
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
        let mut hunts = BTreeMap::new();
        for mutant in wanted {
            let hunt = self.hunt(mutant)?;
            match (hunt.seed, hunt.rule) {
                (Some(seed), Some(rule)) => {
                    let scenario = hunt.scenario.map(|name| format!(" of {name}")).unwrap_or_default();
                    say(&format!("{}: caught by seed {seed}{scenario}: {rule}", mutant.word()));
                }
                _ => say(&format!("{}: NOT CAUGHT", mutant.word())),
            }
            hunts.insert(mutant.word(), hunt);
        }
        if self.json {
            println!("{}", json!({ "mutants": hunts }));
        }
        Ok(hunts.values().all(|hunt| hunt.caught))
    }

    /// Runs a mutant through the plans that are made for it, and then through seeds, until it is caught.
    fn hunt(&self, mutant: Mutant) -> Result<Hunt, Failure> {
        let asked = self.scenario.is_some() || self.seed.is_some() || self.seeds.is_some();
        let (scenario, plans) = match mutant.scenario().filter(|_| !asked) {
            Some(name) => {
                let scenario = Scenario::named(name).map_err(Failure::Unexpected)?;
                (Some(scenario.name), scenario.plans())
            }
            None if asked => (None, self.plans()?),
            None => (None, Vec::new()),
        };
        for (scenario, plans) in [
            (scenario, plans),
            (None, if asked { Vec::new() } else { (1..=PATIENCE).map(|seed| self.plan(seed)).collect() }),
        ] {
            let (_, failed) = live_through(plans.into_iter(), Some(mutant), self.threads(), true)?;
            if let Some(first) = failed.first() {
                if self.trace {
                    say(&story(first.plan.seed, &first.verdict));
                }
                let rule = first.verdict.violations.first().map(|violation| violation.rule);
                return Ok(Hunt { caught: true, seed: Some(first.plan.seed), rule, scenario });
            }
        }
        Ok(Hunt { caught: false, seed: None, rule: None, scenario: None })
    }

    fn tell(&self, failed: &Failed) -> Result<(), Failure> {
        let Failed { plan, verdict } = failed;
        say(&format!("seed {}: {} entries in the plan, before shrinking", plan.seed, plan.items.len()));
        for violation in &verdict.violations {
            say(&format!("  {}: {}", violation.rule, violation.said));
        }
        if self.trace {
            say(&story(plan.seed, verdict));
        }
        let (smaller, verdict) = shrink(plan, None, self.shrink)?;
        let scenario = self.scenario.as_ref().map(|name| format!(" --scenario {name}")).unwrap_or_default();
        say(&format!(
            "shrunk to {} entries; repeat with: cargo xtask sim{scenario} --seed {}",
            smaller.items.len(),
            plan.seed
        ));
        say(&story(plan.seed, &verdict));
        Ok(())
    }
}
