//! Local changes: all there, in order, and counted until they are acknowledged.

use super::fixture::{acknowledging, clock, hash, identity, names, next_line, profile, record, row, save};
use crate::engine::HoldOff;
use crate::id::{ActorId, DeviceId, Link, PersonId, Signature};
use crate::journal::{Head, Receipt};
use crate::status::Problem;
use crate::store::{BatchLimit, ExchangeOutcome, Progress, RecordSync, RowFilter, ScopeCheck, Standing, Store};
use crate::time::{BootId, ClockReading, UnixMillis};
use crate::wire::cursor::Cursor;
use crate::wire::exchange::{Backlog, Reminder, Verdict};
use crate::wire::segment::Item;

const ALL: BatchLimit = BatchLimit { records: usize::MAX, bytes: usize::MAX };

/// A new store has no identity, no progress and an empty journal.
pub fn an_empty_store_knows_nothing<S: Store>(store: &mut S) {
    assert_eq!(store.identity().unwrap(), None);
    assert_eq!(store.progress().unwrap(), Progress::default());
    assert_eq!(store.head().unwrap(), Head::EMPTY);
    assert_eq!(store.head_at(0).unwrap(), Some(Head::EMPTY));
    assert_eq!(store.head_at(1).unwrap(), None);
    assert_eq!(store.changes(record(1)).unwrap(), vec![]);
    assert_eq!(store.row(record(1)).unwrap(), None);
    assert_eq!(store.record_sync(record(1)).unwrap(), RecordSync::default());
    assert_eq!(store.outbox(0, ALL).unwrap(), vec![]);
    assert_eq!(store.backlog(0).unwrap(), Backlog::default());
    assert_eq!(store.list(&RowFilter::default(), None, 10).unwrap(), vec![]);
    assert_eq!(store.count(&RowFilter::default()).unwrap(), 0);
    assert_eq!(store.author(ActorId([1; 16])).unwrap(), None);
}

/// The key is kept before there is an identity.
pub fn the_device_key_outlives_a_failed_enrolment<S: Store>(store: &mut S) {
    assert_eq!(store.device_key().unwrap(), None);
    store.set_device_key(&[7; 32]).unwrap();
    assert_eq!((store.device_key().unwrap(), store.identity().unwrap()), (Some([7; 32]), None));
}

/// The statuses of records change when the journal is acknowledged, so an app is told which ones.
pub fn lines_name_their_records_once<S: Store>(store: &mut S) {
    for (record, change) in [(1, 1), (2, 2), (1, 3), (3, 4)] {
        save(store, &row(record), change);
    }
    let between = |after, through| {
        let mut records = store.records_between(after, through).unwrap();
        records.sort_unstable();
        records
    };
    assert_eq!(between(0, 3), vec![record(1), record(2)]);
    assert_eq!(between(1, 4), vec![record(1), record(2), record(3)]);
    assert_eq!(between(4, 9), vec![]);
}

/// What is noted about the enrolment and the exchange comes back, and the newest note stands.
pub fn identity_and_progress_read_back<S: Store>(store: &mut S) {
    let mut who = identity();
    store.set_identity(&who).unwrap();
    assert_eq!(store.identity().unwrap(), Some(who.clone()));
    who.profile = profile(2);
    store.set_identity(&who).unwrap();
    assert_eq!(store.identity().unwrap(), Some(who));

    let receipt = Receipt {
        device: DeviceId(super::fixture::uuid(7)),
        head: Head { n: 3, link: Link([4; 32]) },
        server_time: UnixMillis(5),
        epoch: 6,
        seq: u64::MAX,
        signature: Signature([7; 64]),
    };
    let moment = ClockReading { wall: UnixMillis(1), mono_ms: u64::MAX, boot: BootId(u64::MAX) };
    let progress = Progress {
        receipt: Some(receipt),
        acknowledged: u64::MAX >> 1,
        published_through: 2,
        backed_up_through: 1,
        cursor: Some(Cursor { epoch: 1, salt: u64::MAX, scope_version: 3, seq: 4, since: Some(2), beginning: None }),
        last_exchange: Some(UnixMillis(-1)),
        next_exchange: Some(UnixMillis(i64::MAX)),
        upgrade_required: true,
        standing: Standing::Revoked,
        check: Some(ScopeCheck { after: Some(record(1)) }),
        digest_at: Some(UnixMillis(3)),
        digest_due: true,
        hold_off: Some(HoldOff::from(moment, 60_000)),
        reminder: Some(Reminder { at: UnixMillis(7), day: jiff::civil::date(2027, 1, 15), by: "王芳".to_owned() }),
    };
    store.set_progress(&progress).unwrap();
    assert_eq!(store.progress().unwrap(), progress);
    store.set_progress(&Progress::default()).unwrap();
    assert_eq!(store.progress().unwrap(), Progress::default());
}

/// A commit stores the line, the change and the row together.
pub fn a_commit_is_all_there<S: Store>(store: &mut S) {
    let first = save(store, &row(1), 1);
    let edited = crate::index::Row { title: "renamed".to_owned(), ..row(1) };
    let second = save(store, &edited, 2);
    assert_eq!(store.head().unwrap(), second.head);
    let stored = vec![(hash(1), first.change.clone()), (hash(2), second.change.clone())];
    assert_eq!(store.changes(record(1)).unwrap(), stored);
    assert_eq!(store.row(record(1)).unwrap(), Some(edited));
    assert_eq!(store.record_sync(record(1)).unwrap(), RecordSync { last_entry: Some(2), problems: vec![] });
    let items = [first, second].map(|commit| Item { entry: commit.entry, change: Some(commit.change) });
    assert_eq!(store.outbox(0, ALL).unwrap(), items);
}

/// A journal with a gap or a fork could never be proven, so a line that does not continue it is refused, whole.
pub fn a_line_out_of_order_changes_nothing<S: Store>(store: &mut S) {
    let first = save(store, &row(1), 1);
    let mut again = next_line(store, &row(2), hash(2), 10);
    again.entry.n = 1;
    let mut gap = next_line(store, &row(2), hash(2), 10);
    gap.entry.n = 3;
    for wrong in [again, gap] {
        assert!(store.commit(&wrong).is_err(), "line {}", wrong.entry.n);
        assert_eq!(store.head().unwrap(), first.head);
        assert_eq!(store.row(record(2)).unwrap(), None);
        assert_eq!(store.changes(record(2)).unwrap(), vec![]);
        assert_eq!(store.count(&RowFilter::default()).unwrap(), 1);
    }
}

/// Any receipt can be held against the journal, however old it is.
pub fn every_head_of_the_journal_is_known<S: Store>(store: &mut S) {
    let heads: Vec<Head> = (1..=5).map(|n| save(store, &row(u128::from(n % 2)), n).head).collect();
    assert_eq!(store.head().unwrap(), heads[4]);
    for head in &heads {
        assert_eq!(store.head_at(head.n).unwrap(), Some(*head));
    }
    assert_eq!(store.head_at(0).unwrap(), Some(Head::EMPTY));
    assert_eq!(store.head_at(6).unwrap(), None);
    assert_eq!(store.head_at(u64::MAX).unwrap(), None);
}

/// A batch is the longest stretch of the journal within both limits, and never empty while something is left.
pub fn the_outbox_keeps_the_order_and_the_limits<S: Store>(store: &mut S) {
    for (number, about, bytes) in [(1, 1, 100), (2, 2, 50), (3, 1, 50), (4, 3, 50), (5, 2, 1)] {
        let commit = next_line(store, &row(about), hash(number), bytes);
        store.commit(&commit).unwrap();
    }
    let lines = |after, records, bytes| -> Vec<u64> {
        let items = store.outbox(after, BatchLimit { records, bytes }).unwrap();
        items.iter().map(|item| item.entry.n).collect()
    };
    assert_eq!(lines(0, usize::MAX, usize::MAX), [1, 2, 3, 4, 5]);
    assert_eq!(lines(2, usize::MAX, usize::MAX), [3, 4, 5]);
    assert_eq!(lines(5, usize::MAX, usize::MAX), [0u64; 0]);
    assert_eq!(lines(9, usize::MAX, usize::MAX), [0u64; 0]);
    assert_eq!(lines(0, 2, usize::MAX), [1, 2, 3], "a third record does not fit, a third line does");
    assert_eq!(lines(0, 1, usize::MAX), [1]);
    assert_eq!(lines(0, usize::MAX, 200), [1, 2, 3], "exactly full");
    assert_eq!(lines(0, usize::MAX, 199), [1, 2]);
    assert_eq!(lines(0, 1, 1), [1], "the first is always taken");
    assert_eq!(lines(3, 0, 0), [4]);
    let items = store.outbox(0, ALL).unwrap();
    assert!(items.iter().all(|item| item.entry.clock == clock(item.entry.n)), "clocks read back");
}

/// The backlog names what a lost phone would cost.
pub fn the_backlog_counts_what_is_not_acknowledged<S: Store>(store: &mut S) {
    for (number, about) in [(1, 1), (2, 2), (3, 1), (4, 1)] {
        save(store, &row(about), number);
    }
    let backlog = |records, changes, oldest: u64, bytes| Backlog {
        records,
        changes,
        oldest: Some(clock(oldest).wall),
        photos: 0,
        bytes,
    };
    assert_eq!(store.backlog(0).unwrap(), backlog(2, 4, 1, 40), "the oldest is the first, whatever the clocks say");
    assert_eq!(store.backlog(2).unwrap(), backlog(1, 2, 3, 20));
    assert_eq!(store.backlog(4).unwrap(), Backlog::default());
}

/// The newest verdict about a line stands; becoming part of the record settles it.
pub fn verdicts_are_kept_and_replaced<S: Store>(store: &mut S) {
    for (number, about) in [(1, 1), (2, 2), (3, 1)] {
        save(store, &row(about), number);
    }
    let held = Verdict::Held { code: "review.closed".to_owned() };
    let need = Verdict::Need { deps: vec![hash(9)] };
    let mut judge = |verdicts: Vec<(u64, Verdict)>| {
        store.apply(&ExchangeOutcome { verdicts, ..acknowledging(3) }).unwrap();
        store.record_sync(record(1)).unwrap().problems
    };
    let problem = |n, verdict: &Verdict| Problem { n, verdict: verdict.clone() };
    let both = judge(vec![(3, held.clone()), (1, need.clone()), (2, held.clone())]);
    assert_eq!(both, [problem(1, &need), problem(3, &held)], "newest last, and only this record's");
    assert_eq!(judge(vec![(1, held.clone())]), [problem(1, &held), problem(3, &held)]);
    assert_eq!(judge(vec![(3, Verdict::Published)]), [problem(1, &held)]);
    let refused = Verdict::Refused { code: "review.kept".to_owned(), reason: "no".to_owned() };
    assert_eq!(judge(vec![(1, refused.clone())]), [problem(1, &refused)]);
    assert_eq!(judge(vec![]), [problem(1, &refused)]);
    let listed = store.list(&RowFilter::default(), None, 10).unwrap();
    let problems: Vec<_> = listed.into_iter().map(|listed| listed.sync.problems).collect();
    assert_eq!(problems, [vec![problem(2, &held)], vec![problem(1, &refused)]], "lists say the same");
}

/// A verdict about a line that is not in the journal is about nobody's record.
pub fn verdicts_about_unknown_lines_are_passed_over<S: Store>(store: &mut S) {
    save(store, &row(1), 1);
    let verdicts = vec![(0, Verdict::Published), (7, Verdict::Held { code: "x".to_owned() })];
    store.apply(&ExchangeOutcome { verdicts, ..acknowledging(1) }).unwrap();
    assert_eq!(store.record_sync(record(1)).unwrap().problems, vec![]);
    assert_eq!(names(store, record(1)), [hash(1)]);
}

/// Who somebody is called follows the server's newest word.
pub fn authors_and_profiles_are_replaced<S: Store>(store: &mut S) {
    let actor = ActorId([5; 16]);
    let known_as = |name: &str, profile| ExchangeOutcome {
        authors: vec![(actor, PersonId(super::fixture::uuid(5)), name.to_owned())],
        profile,
        ..acknowledging(0)
    };
    store.apply(&known_as("李强", Some(profile(2)))).unwrap();
    assert_eq!(store.identity().unwrap(), None, "a profile does not enrol");
    store.set_identity(&identity()).unwrap();
    store.apply(&known_as("李强（销售）", Some(profile(3)))).unwrap();
    assert_eq!(store.author(actor).unwrap(), Some((PersonId(super::fixture::uuid(5)), "李强（销售）".to_owned())));
    let mut expected = identity();
    expected.profile = profile(3);
    assert_eq!(store.identity().unwrap(), Some(expected));
}
