//! The simulation, in the amount that every change has to pass; `cargo xtask sim` runs as much as anybody wants.

use e2e::failure::Failure;
use e2e::sim::campaign::live_through;
use e2e::sim::mutant::Mutant;
use e2e::sim::plan::{Plan, Switches};
use e2e::sim::scenario::Scenario;
use e2e::sim::{Verdict, run, story};

fn live(seed: u64) -> Result<Verdict, Failure> {
    run(&Plan::of(seed, Switches::default()), None)
}

#[test]
fn the_promise_holds_for_a_few_seeds() -> Result<(), Failure> {
    let plans = (1..=24).map(|seed| Plan::of(seed, Switches::default()));
    let (report, failed) = live_through(plans, None, 2, false)?;
    if let Some(first) = failed.first() {
        return Err(Failure::Unexpected(story(first.plan.seed, &first.verdict)));
    }
    assert!(report.saves > 0 && report.exchanges > 0, "nothing happened");
    Ok(())
}

#[test]
fn a_seed_tells_the_same_story_twice() -> Result<(), Failure> {
    for seed in [5, 6] {
        let (once, again) = (live(seed)?, live(seed)?);
        assert_eq!(once.trace, again.trace);
        assert_eq!(once.faults, again.faults);
    }
    Ok(())
}

#[test]
fn broken_variants_are_caught() -> Result<(), Failure> {
    for mutant in [Mutant::CommitNotFlushed, Mutant::AckBeforeCommit, Mutant::ScopeIgnored, Mutant::DigestOff] {
        let made_for_it = mutant.scenario().map(Scenario::named).transpose().map_err(Failure::Unexpected)?;
        let made_for_it = made_for_it.map(Scenario::plans).unwrap_or_default();
        let plans = made_for_it.into_iter().chain((1..=10).map(|seed| Plan::of(seed, Switches::default())));
        let (_, failed) = live_through(plans, Some(mutant), 2, true)?;
        assert!(!failed.is_empty(), "{}", mutant.word());
    }
    Ok(())
}
