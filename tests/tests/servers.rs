//! Two servers on one PostgreSQL, real processes: the one that leads is killed in the middle of a storm, both are started
//! anew in another, and nothing is missing or doubled.

#![expect(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in what they share")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use e2e::contacts::Sources;
use e2e::crew::each;
use e2e::database::{Database, NAME, settings_of_several, start_cluster};
use e2e::phone::Phone;
use e2e::play::{Plan, Play};
use e2e::pulse::Count;
use e2e::server_process::{ServerProcess, Settings, server_program};
use e2e::wire::Wire;

const PLAN: Plan = Plan { promoters: 6, records: 180, seed: 11, chaos: false, database: Database::Postgres };
/// How long nothing may be published after the server that leads was killed.
const TAKEOVER: Duration = Duration::from_secs(5);

/// What the database says.
fn ask(play: &Play, question: &str) -> String {
    play.stage().cluster().unwrap().ask(NAME, question).unwrap()
}

/// Which server process leads, as the database has it; nothing if none does.
fn leader(play: &Play) -> String {
    ask(play, "select holder from lead where until > clock_timestamp()")
}

/// Somebody who looks at the feed again and again while others write: up to where it goes, and how many changes it has
/// up to there. It can't be told later that there were more.
struct Watcher<'a> {
    play: &'a Play,
    over: AtomicBool,
}

impl Watcher<'_> {
    fn watch(&self) -> Vec<(u64, u64)> {
        let mut seen = Vec::new();
        while !self.over.load(Ordering::Acquire) {
            let said = ask(
                self.play,
                "select o.seq, (select count(*) from change c where c.seq <= o.seq) \
                + (select count(*) from bundle b where b.seq <= o.seq) from organisation o",
            );
            let (head, changes) = said.split_once('|').unwrap();
            seen.push((head.parse().unwrap(), changes.parse().unwrap()));
        }
        seen
    }

    fn saw_no_gap(&self, seen: &[(u64, u64)]) {
        assert!(seen.is_sorted(), "the feed only grows");
        assert!(seen.first() < seen.last(), "something was published while it looked");
        for (head, changes) in seen {
            let now = format!(
                "select (select count(*) from change where seq <= {head}) \
                + (select count(*) from bundle where seq <= {head})"
            );
            let now = ask(self.play, &now);
            assert_eq!(
                now,
                changes.to_string(),
                "something was published behind position {head}, which was read before"
            );
        }
    }
}

/// Everybody has everything once.
fn nothing_is_missing_or_doubled(play: &mut Play) {
    assert_eq!(play.quiet().unwrap(), 0, "everybody has everything");
    let reckoning = play.reckon().unwrap();
    assert!(reckoning.findings.0.is_empty(), "{:?}", reckoning.findings);
    assert_eq!(reckoning.broken_receipts, 0);
    assert!(reckoning.receipts > 0);
}

/// Everybody syncs at once, and a server is killed while they do; publishing goes on soon.
fn storm_in_which_a_server_falls(play: &mut Play) {
    play.day(&Sources::find().unwrap()).unwrap();
    let watcher = Watcher { play, over: AtomicBool::new(false) };
    let killed_at = std::thread::scope(|threads| {
        let watching = threads.spawn(|| watcher.watch());
        let killing = threads.spawn(|| {
            let now = play.pulse.count();
            // Before it has published what they bring, for which they wait.
            let after = Count { requests: now.requests + 4, ..now };
            let killed = play.pulse.strike(after, Duration::ZERO, |_| {
                play.server().kill().unwrap();
                SystemTime::now()
            });
            // The balancer finds the other one.
            play.pulse.up();
            killed
        });
        play.storm().unwrap();
        watcher.over.store(true, Ordering::Release);
        watcher.saw_no_gap(&watching.join().unwrap());
        // It fell in the storm.
        killing.join().unwrap().unwrap()
    });
    let killed_at = killed_at.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let resumed = ask(
        play,
        &format!(
            "with published (at) as (select extract(epoch from pg_xact_commit_timestamp(xmin)) * 1000 from change \
            where state = 1 union all select extract(epoch from pg_xact_commit_timestamp(xmin)) * 1000 from bundle) select cast(min(at) - {0} as bigint) from published where at > {0}",
            killed_at.as_millis()
        ),
    );
    // Something was published after the blow.
    let resumed = Duration::from_millis(resumed.parse().unwrap());
    assert!(resumed <= TAKEOVER, "nothing was published for {resumed:?}");
}

#[test]
fn a_server_is_killed_in_the_storm_and_nobody_misses_it() {
    let folder = tempfile::tempdir().unwrap();
    // So that whoever leads has to publish everything.
    let settings = vec![("DAYBOOK_LIMITS_JUDGE_ON_ARRIVAL".to_owned(), "false".to_owned())];
    let mut play = Play::set_up_with(PLAN, folder.path(), settings).unwrap();
    let before = leader(&play);
    assert_ne!(before, "", "somebody leads");
    storm_in_which_a_server_falls(&mut play);
    let after = leader(&play);
    assert_ne!(after, "", "somebody leads");
    assert_ne!(after, before, "and it is the other one: who led was killed");
    nothing_is_missing_or_doubled(&mut play);
    // Back again, it follows the other one, and both are stopped without haste.
    play.server().start_again().unwrap();
    assert_eq!(play.quiet().unwrap(), 0);
    play.into_stage().stop().unwrap();
}

#[test]
fn a_server_that_publishes_what_phones_bring_is_killed_and_nobody_misses_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut play = Play::set_up(PLAN, folder.path()).unwrap();
    storm_in_which_a_server_falls(&mut play);
    nothing_is_missing_or_doubled(&mut play);
    play.server().start_again().unwrap();
    assert_eq!(play.quiet().unwrap(), 0);
    play.into_stage().stop().unwrap();
}

#[test]
fn servers_are_started_anew_one_after_the_other_while_phones_sync() {
    let folder = tempfile::tempdir().unwrap();
    let mut play = Play::set_up(PLAN, folder.path()).unwrap();
    play.day(&Sources::find().unwrap()).unwrap();
    let phones: Vec<&Phone> = play.world.phones().collect();
    phones.iter().for_each(|phone| phone.clock.run());
    let watcher = Watcher { play: &play, over: AtomicBool::new(false) };
    let servers: Vec<_> = play.stage().servers().collect();
    std::thread::scope(|threads| {
        let watching = threads.spawn(|| watcher.watch());
        // Half of the phones come home for each server, which is told to stop while some of them wait for an answer.
        for (coming, server) in phones.chunks(phones.len().div_ceil(servers.len())).zip(&servers) {
            let restarting = threads.spawn(|| {
                let now = play.pulse.count();
                let first = Count { requests: now.requests + 1, ..now };
                let in_flight = play.pulse.strike(first, Duration::ZERO, |in_flight| in_flight);
                // Nobody waits for it: the balancer sends everybody to the other one.
                play.pulse.up();
                let mut server = server.lock().unwrap();
                server.stop().unwrap();
                server.start_again().unwrap();
                in_flight
            });
            each(coming, |_, phone| play.publish(phone)).unwrap();
            assert!(restarting.join().unwrap().is_some_and(|in_flight| in_flight > 0), "in the middle of it");
        }
        watcher.over.store(true, Ordering::Release);
        watcher.saw_no_gap(&watching.join().unwrap());
    });
    assert_ne!(leader(&play), "", "somebody leads");
    nothing_is_missing_or_doubled(&mut play);
    play.into_stage().stop().unwrap();
}

#[test]
fn servers_that_start_together_make_the_tables_once() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = start_cluster(&[]).unwrap();
    let program = server_program().unwrap();
    let start = |name: &str| {
        let settings = settings_of_several(&cluster, folder.path());
        ServerProcess::start_with(&program, &folder.path().join(name), settings).unwrap()
    };
    let started: Vec<ServerProcess> = std::thread::scope(|threads| {
        let starting: Vec<_> = ["first", "second", "third"].map(|name| threads.spawn(move || start(name))).into();
        starting.into_iter().map(|server| server.join().unwrap()).collect()
    });
    let made =
        cluster.ask(NAME, "select count(*) = count(distinct version) and bool_and(success) from _sqlx_migrations");
    assert_eq!(made.unwrap(), "t", "each migration ran once, and to its end");
    assert_eq!(cluster.ask(NAME, "select count(*) from server_key").unwrap(), "1", "all sign with one key");
    for mut server in started {
        server.stop().unwrap();
    }
}

/// As after a failover whose old machine is gone without a word: whoever waits for an answer would wait for ever.
#[test]
fn a_server_whose_connections_lead_nowhere_ends_and_can_be_started_anew() {
    let cluster = start_cluster(&[]).unwrap();
    let wire = Wire::to(&cluster.folder().join(".s.PGSQL.5432")).unwrap();
    let settings: Settings = vec![
        ("DAYBOOK_DATABASE_URL".to_owned(), format!("postgres://postgres@127.0.0.1:{}/{NAME}", wire.port())),
        ("DAYBOOK_DATABASE_SILENCE_SECONDS".to_owned(), "1".to_owned()),
        ("DAYBOOK_LIMITS_DRAIN_SECONDS".to_owned(), "1".to_owned()),
    ];
    let folder = tempfile::tempdir().unwrap();
    let mut server = ServerProcess::start_with(&server_program().unwrap(), folder.path(), settings).unwrap();
    wire.fall_silent();
    let ended = server.end().unwrap();
    assert!(!ended.success(), "whoever looks after it starts it anew");
    assert!(server.last_words().contains("lead nowhere"), "{}", server.last_words());
    server.start_again().unwrap();
    // Told to stop before it has noticed, it does not wait for answers either.
    wire.fall_silent();
    server.stop().unwrap();
}
