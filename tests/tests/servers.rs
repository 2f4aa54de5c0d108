//! Two servers on one PostgreSQL, real processes: the one that leads is killed in the middle of a storm, and nothing is
//! missing or doubled.

#![expect(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in what they share")]

use std::time::Duration;

use e2e::contacts::Sources;
use e2e::database::Database;
use e2e::play::{Plan, Play};
use e2e::pulse::Count;

const PLAN: Plan = Plan { promoters: 6, records: 180, seed: 11, chaos: false, database: Database::Postgres };

/// Which server process leads, as the database has it; nothing if none does.
fn leader(play: &Play) -> String {
    let held = "select holder from lead where until > clock_timestamp()";
    play.stage().cluster().unwrap().ask("daybook", held).unwrap()
}

#[test]
fn a_server_is_killed_in_the_storm_and_nobody_misses_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut play = Play::set_up(PLAN, folder.path()).unwrap();
    play.day(&Sources::find().unwrap()).unwrap();
    let before = leader(&play);
    assert_ne!(before, "", "somebody leads");
    std::thread::scope(|threads| {
        let killing = threads.spawn(|| {
            let now = play.pulse.count();
            let after = Count { receipts: now.receipts + 2, ..now };
            let struck = play.pulse.strike(after, Duration::ZERO, |in_flight| {
                play.server().kill().unwrap();
                in_flight
            });
            // The balancer finds the other one.
            play.pulse.up();
            struck
        });
        play.storm().unwrap();
        assert!(killing.join().unwrap().is_some_and(|struck| struck > 0), "it fell in the storm");
    });
    let after = leader(&play);
    assert_ne!(after, "", "somebody leads");
    assert_ne!(after, before, "and it is the other one: who led was killed");
    assert_eq!(play.quiet().unwrap(), 0, "everybody has everything");
    let reckoning = play.reckon().unwrap();
    assert!(reckoning.findings.0.is_empty(), "{:?}", reckoning.findings);
    assert_eq!(reckoning.broken_receipts, 0);
    assert!(reckoning.receipts > 0);
    // Back again, it follows the other one, and both are stopped without haste.
    play.server().start_again().unwrap();
    assert_eq!(play.quiet().unwrap(), 0);
    play.into_stage().stop().unwrap();
}
