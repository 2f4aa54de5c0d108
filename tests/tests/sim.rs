//! The simulation, in the amount that every change has to pass; `cargo xtask sim` runs as much as anybody wants.

use e2e::failure::Failure;
use e2e::sim::mutant::Mutant;
use e2e::sim::plan::{Plan, Switches};
use e2e::sim::{Verdict, run, story};

fn live(seed: u64, mutant: Option<Mutant>) -> Result<Verdict, Failure> {
    run(&Plan::of(seed, Switches::default()), mutant)
}

#[test]
fn the_promise_holds_for_a_few_seeds() -> Result<(), Failure> {
    for seed in 1..=4 {
        let verdict = live(seed, None)?;
        assert!(verdict.violations.is_empty(), "{}", story(seed, &verdict));
        assert!(verdict.saves > 0 && verdict.exchanges > 0, "seed {seed} did nothing");
    }
    Ok(())
}

#[test]
fn a_seed_tells_the_same_story_twice() -> Result<(), Failure> {
    let (once, again) = (live(5, None)?, live(5, None)?);
    assert_eq!(once.trace, again.trace);
    assert_eq!(once.faults, again.faults);
    Ok(())
}

#[test]
fn broken_variants_are_caught() -> Result<(), Failure> {
    for mutant in [Mutant::CommitNotFlushed, Mutant::AckBeforeCommit, Mutant::ScopeIgnored] {
        let mut caught = false;
        for seed in 1..=5 {
            caught = caught || !live(seed, Some(mutant))?.violations.is_empty();
        }
        assert!(caught, "{}", mutant.word());
    }
    Ok(())
}
