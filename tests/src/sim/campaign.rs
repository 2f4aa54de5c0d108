//! Many runs at once, one thread for each, and what they come to together.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Instant;

use serde::Serialize;

use super::fault::Faults;
use super::mutant::Mutant;
use super::plan::Plan;
use super::{Verdict, run};
use crate::failure::Failure;

/// What many runs come to.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Runs.
    pub seeds: u64,
    /// Rules that were broken, all runs together.
    pub violations: usize,
    /// How often each kind of fault took effect.
    pub faults: BTreeMap<&'static str, u64>,
    /// The seeds of the runs in which a rule was broken.
    pub failed_seeds: Vec<u64>,
    /// Saves on phones.
    pub saves: usize,
    /// Exchanges that the server served.
    pub exchanges: u64,
    /// How long it took.
    pub seconds: f64,
}

/// A run that broke a rule.
#[derive(Debug)]
pub struct Failed {
    /// What was to happen.
    pub plan: Plan,
    /// What became of it.
    pub verdict: Verdict,
}

/// One thread for each processor.
pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// Lives through plans, as many at once as there are `threads`. With `first_only` nothing new begins once a rule was
/// broken. The failed runs stand in the order of their seeds.
///
/// # Errors
/// When the simulation itself fails in a run.
pub fn live_through(
    plans: impl Iterator<Item = Plan> + Send,
    mutant: Option<Mutant>,
    threads: usize,
    first_only: bool,
) -> Result<(Report, Vec<Failed>), Failure> {
    let begun = Instant::now();
    let plans = Mutex::new(plans);
    let over = AtomicBool::new(false);
    let (sender, results) = mpsc::channel();
    let mut report = Report::default();
    let mut faults = Faults::default();
    let mut failed = Vec::new();
    std::thread::scope(|scope| -> Result<(), Failure> {
        for _ in 0..threads.max(1) {
            let (sender, plans, over) = (sender.clone(), &plans, &over);
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    let next = plans.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some(plan) = next else { return };
                    let verdict = run(&plan, mutant);
                    // Whoever collects has stopped listening only when it failed itself.
                    let _ = sender.send((plan, verdict));
                }
            });
        }
        drop(sender);
        for (plan, verdict) in results {
            let verdict = verdict.inspect_err(|_| over.store(true, Ordering::Relaxed)).map_err(|error| {
                Failure::Unexpected(format!("the run of seed {} came to no result: {error}", plan.seed))
            })?;
            report.seeds += 1;
            report.saves += verdict.saves;
            report.exchanges += verdict.exchanges;
            report.violations += verdict.violations.len();
            faults.add(&verdict.faults);
            if !verdict.violations.is_empty() {
                over.fetch_or(first_only, Ordering::Relaxed);
                failed.push(Failed { plan, verdict });
            }
        }
        Ok(())
    })?;
    failed.sort_by_key(|failed| failed.plan.seed);
    report.failed_seeds = failed.iter().map(|failed| failed.plan.seed).collect();
    report.faults = faults.all();
    report.seconds = begun.elapsed().as_secs_f64();
    Ok((report, failed))
}
