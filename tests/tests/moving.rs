//! An organisation moves from its folder to PostgreSQL, by the program that operators have: killed again and again on the
//! way, it arrives whole, and phones don't notice.

use e2e::contacts::Sources;
use e2e::database::{Database, settings_of, start_cluster};
use e2e::play::{Plan, Play};
use e2e::server_process::{ServerProcess, server_program};

const PLAN: Plan = Plan { promoters: 4, records: 80, seed: 5, chaos: false, database: Database::Sqlite };

/// What it says when it has got there.
const STATIONS: &[&str] = &[
    "copying organisation:",
    "copying person:",
    "copying device:",
    "copying change:",
    "copying record:",
    "copying audit_entry:",
    "compared server_key:",
    "compared change:",
    "compared audit_entry:",
    "searchable: ",
];

#[test]
fn an_organisation_that_moves_and_is_killed_on_the_way_arrives_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut play = Play::set_up(PLAN, folder.path()).unwrap();
    play.day(&Sources::find().unwrap()).unwrap();
    play.storm().unwrap();
    play.settle().unwrap();
    assert_eq!(play.quiet().unwrap(), 0);
    let cluster = start_cluster(&[]).unwrap();
    let (program, settings) = (server_program().unwrap(), settings_of(&cluster));
    play.server().stop().unwrap();
    for station in STATIONS {
        ServerProcess::kill_once(&program, folder.path(), &settings, "migrate", station).unwrap();
    }
    // Until it has arrived the folder serves, and what comes meanwhile moves too.
    play.server().start_again().unwrap();
    play.server().admin(&["team", "create", "--office", "成都分所", "--name", "三组"]).unwrap();
    play.server().stop().unwrap();
    ServerProcess::run_once(&program, folder.path(), &settings, "migrate").unwrap();
    assert!(play.server().start_again().is_err(), "nobody goes on with the folder by mistake");
    play.server().start_again_with(settings).unwrap();
    assert_eq!(play.quiet().unwrap(), 0, "phones don't notice");
    let reckoning = play.reckon().unwrap();
    assert!(reckoning.findings.0.is_empty(), "{:?}", reckoning.findings);
    assert!(reckoning.receipts > 0);
    assert_eq!(reckoning.broken_receipts, 0);
    play.into_stage().stop().unwrap();
}
