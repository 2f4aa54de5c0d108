//! The ten nastiest scenarios (`reference/sync-engines.md`, section 4), each as far as it can be simulated, in the
//! amount that every change has to pass. `cargo xtask sim --scenario NAME` runs all plans of one; what stands for
//! things that Daybook does not have is said at the plans, in `src/sim/scenario/plans.rs`.

use e2e::failure::Failure;
use e2e::sim::campaign::live_through;
use e2e::sim::fault::Fault;
use e2e::sim::scenario::Scenario;
use e2e::sim::story;

/// Runs every so-manieth plan of a scenario; the faults that it is about must really have happened.
fn act_out(name: &str, every: usize, about: &[Fault]) -> Result<(), Failure> {
    let plans = Scenario::named(name).map_err(Failure::Unexpected)?.plans();
    let (report, failed) = live_through(plans.into_iter().step_by(every), None, 2, false)?;
    if let Some(first) = failed.first() {
        return Err(Failure::Unexpected(format!("{name}: {}", story(first.plan.seed, &first.verdict))));
    }
    assert!(report.saves > 0, "{name}: nothing was saved");
    for fault in about {
        assert!(report.faults.get(fault.word()).is_some_and(|count| *count > 0), "{name}: no {}", fault.word());
    }
    Ok(())
}

#[test]
fn restored_twice() -> Result<(), Failure> {
    act_out("restored-twice", 3, &[Fault::ServerRestored, Fault::ServerSetBack, Fault::ServerRestoredTwice])
}

#[test]
fn cloned_phone() -> Result<(), Failure> {
    act_out("cloned-phone", 3, &[Fault::PhoneCloned, Fault::Reidentified])
}

#[test]
fn reply_lost_app_killed() -> Result<(), Failure> {
    act_out("reply-lost-app-killed", 4, &[Fault::ReplyLost, Fault::PhoneKilled, Fault::CaptivePortal])
}

#[test]
fn poison_at_every_position() -> Result<(), Failure> {
    act_out("poison-at-every-position", 4, &[Fault::Hostile])
}

#[test]
fn evening_storm() -> Result<(), Failure> {
    let about = [Fault::ServerKilledBetweenSteps, Fault::ServerKilledAfterCommit, Fault::ServerWriteFailed];
    act_out("evening-storm", 3, &about)
}

#[test]
fn moved_and_revoked_offline() -> Result<(), Failure> {
    let about = [Fault::PersonMoved, Fault::RecordReassigned, Fault::ScopeChangedWhilePaging, Fault::PhoneCutOff];
    act_out("moved-and-revoked-offline", 3, &about)
}

#[test]
fn feed_gap() -> Result<(), Failure> {
    act_out("feed-gap", 3, &[Fault::GapPlanted, Fault::DriftRepaired, Fault::PullPaged, Fault::ServerClockBack])
}

#[test]
fn crash_matrix() -> Result<(), Failure> {
    act_out("crash-matrix", 7, &[Fault::PhoneKilled, Fault::PhoneKilledAfterWrite, Fault::ServerKilledBetweenSteps])
}

#[test]
fn three_app_versions() -> Result<(), Failure> {
    act_out("three-app-versions", 1, &[Fault::UnknownFieldCarried, Fault::UnknownKeys])
}

#[test]
fn lying_clocks() -> Result<(), Failure> {
    act_out("lying-clocks", 4, &[Fault::ClockIn1970, Fault::ClockYearsAhead, Fault::Reboot])
}
