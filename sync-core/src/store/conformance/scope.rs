//! News of the feed: records come, grow, leave and come back.

use super::fixture::{acknowledging, hash, names, pulled, record, row, save};
use crate::index::Row;
use crate::store::{BatchLimit, ExchangeOutcome, Progress, PulledRecord, RowFilter, Store};
use crate::wire::exchange::GoneReason;

const ALL: BatchLimit = BatchLimit { records: usize::MAX, bytes: usize::MAX };

fn gone(acknowledged: u64, backed_up_through: u64, record: crate::id::RecordId) -> ExchangeOutcome {
    let progress = Progress { acknowledged, backed_up_through, ..Progress::default() };
    ExchangeOutcome { progress, gone: vec![(record, GoneReason::Reassigned)], ..ExchangeOutcome::default() }
}

/// The same news twice is the same news, and changes keep the order in which they came.
pub fn pulled_changes_come_once_and_in_order<S: Store>(store: &mut S) {
    save(store, &row(1), 1);
    let answer =
        ExchangeOutcome { pulled: vec![pulled(&row(1), &[9, 1, 5]), pulled(&row(2), &[7])], ..acknowledging(1) };
    for _ in 0..2 {
        store.apply(&answer).unwrap();
        assert_eq!(names(store, record(1)), [hash(1), hash(9), hash(5)]);
        assert_eq!(names(store, record(2)), [hash(7)]);
    }
    assert_eq!(store.changes(record(2)).unwrap(), [(hash(7), vec![7; 10])]);
    assert_eq!(store.record_sync(record(2)).unwrap().last_entry, None);
    assert_eq!(store.outbox(0, ALL).unwrap().len(), 1, "what was pulled is not sent");
    let renamed = Row { title: "renamed".to_owned(), ..row(2) };
    store.apply(&ExchangeOutcome { pulled: vec![pulled(&renamed, &[8])], ..acknowledging(1) }).unwrap();
    assert_eq!(store.row(record(2)).unwrap(), Some(renamed));
    assert_eq!(names(store, record(2)), [hash(7), hash(8)]);
}

/// Changes that only a newer app understands are kept for it. A record that was readable before stays in lists.
pub fn a_record_that_can_t_be_read_waits<S: Store>(store: &mut S) {
    let unreadable = |number: u128, change| PulledRecord { row: None, ..pulled(&row(number), &[change]) };
    let readable = pulled(&row(2), &[2]);
    store.apply(&ExchangeOutcome { pulled: vec![unreadable(1, 1), readable], ..acknowledging(0) }).unwrap();
    store.apply(&ExchangeOutcome { pulled: vec![unreadable(2, 3)], ..acknowledging(0) }).unwrap();
    assert_eq!(names(store, record(1)), [hash(1)]);
    assert_eq!(store.row(record(1)).unwrap(), None);
    assert_eq!(names(store, record(2)), [hash(2), hash(3)]);
    assert_eq!(store.row(record(2)).unwrap(), Some(row(2)));
    assert_eq!(store.count(&RowFilter::default()).unwrap(), 1);
    store.apply(&ExchangeOutcome { pulled: vec![pulled(&row(1), &[])], ..acknowledging(0) }).unwrap();
    assert_eq!(store.row(record(1)).unwrap(), Some(row(1)));
}

/// Somebody else's record, or one whose changes are all acknowledged, has nothing to wait for.
pub fn a_record_that_left_goes_at_once<S: Store>(store: &mut S) {
    save(store, &row(1), 1);
    let both = vec![pulled(&row(2), &[2]), PulledRecord { row: None, ..pulled(&row(3), &[3]) }];
    store.apply(&ExchangeOutcome { pulled: both, ..acknowledging(0) }).unwrap();
    for number in [1, 2, 3, 4] {
        store.apply(&gone(1, 0, record(number))).unwrap();
        assert_eq!(store.row(record(number)).unwrap(), None);
        assert_eq!(store.changes(record(number)).unwrap(), vec![]);
    }
    assert_eq!(store.count(&RowFilter::default()).unwrap(), 0);
    let found = RowFilter { text: Some("outlet".to_owned()), ..RowFilter::default() };
    assert_eq!(store.list(&found, None, 10).unwrap(), vec![], "searches forget it too");
}

/// What the server has not acknowledged must stay in sight of the person who wrote it.
pub fn a_record_with_unsent_changes_stays_until_they_are_through<S: Store>(store: &mut S) {
    save(store, &row(1), 1);
    save(store, &row(1), 2);
    store.apply(&gone(1, 0, record(1))).unwrap();
    assert_eq!(store.row(record(1)).unwrap(), Some(row(1)));
    assert_eq!(store.outbox(1, ALL).unwrap().len(), 1);
    save(store, &row(1), 3);
    store.apply(&acknowledging(2)).unwrap();
    assert_eq!(names(store, record(1)), [hash(1), hash(2), hash(3)], "an edit after the news keeps it too");
    store.apply(&acknowledging(3)).unwrap();
    assert_eq!(store.row(record(1)).unwrap(), None);
    assert_eq!(store.changes(record(1)).unwrap(), vec![]);
}

/// A server that is set back asks again for what it had acknowledged. Only its verified backup frees the phone.
pub fn own_changes_outlive_their_record_until_the_backup_has_them<S: Store>(store: &mut S) {
    for number in [1, 2, 3] {
        save(store, &row(1), number);
    }
    store.apply(&ExchangeOutcome { pulled: vec![pulled(&row(1), &[9])], ..acknowledging(3) }).unwrap();
    store.apply(&gone(3, 1, record(1))).unwrap();
    assert_eq!(store.row(record(1)).unwrap(), None);
    let kept = |store: &S| -> Vec<Option<Vec<u8>>> {
        store.outbox(0, ALL).unwrap().into_iter().map(|item| item.change).collect()
    };
    assert_eq!(kept(store), [None, Some(vec![2; 10]), Some(vec![3; 10])]);
    assert_eq!(store.backlog(1).unwrap().bytes, 20);
    let progress = Progress { acknowledged: 3, backed_up_through: 3, ..Progress::default() };
    store.apply(&ExchangeOutcome { progress, ..ExchangeOutcome::default() }).unwrap();
    assert_eq!(kept(store), [None, None, None]);
    assert_eq!(store.head().unwrap().n, 3, "the journal itself is never cut");
}

/// A record that enters the scope again is sent whole, and its changes stand in the order of that answer.
pub fn a_record_that_comes_back_is_whole<S: Store>(store: &mut S) {
    store.apply(&ExchangeOutcome { pulled: vec![pulled(&row(1), &[7])], ..acknowledging(0) }).unwrap();
    save(store, &row(1), 1);
    store.apply(&gone(1, 0, record(1))).unwrap();
    let back = ExchangeOutcome { pulled: vec![pulled(&row(1), &[7, 1, 8])], ..acknowledging(1) };
    store.apply(&back).unwrap();
    assert_eq!(names(store, record(1)), [hash(7), hash(1), hash(8)]);
    assert_eq!(store.record_sync(record(1)).unwrap().last_entry, Some(1));
    assert_eq!(store.list(&RowFilter::default(), None, 10).unwrap()[0].sync.last_entry, Some(1));
    // News that it left, followed by news that it is back, before the unsent change is through.
    save(store, &row(1), 2);
    store.apply(&gone(1, 0, record(1))).unwrap();
    store.apply(&back).unwrap();
    store.apply(&acknowledging(2)).unwrap();
    assert_eq!(store.row(record(1)).unwrap(), Some(row(1)));
    assert_eq!(names(store, record(1)), [hash(7), hash(1), hash(8), hash(2)]);
}

/// Everything that is here, whether it can be read, has left or waits to leave, but not what only the journal keeps.
pub fn what_is_held_is_named_in_order<S: Store>(store: &mut S) {
    assert_eq!(store.held(None, 10).unwrap(), vec![]);
    for (number, change) in [(5, 1), (2, 2), (4, 3), (2, 4)] {
        save(store, &row(number), change);
    }
    let others = vec![pulled(&row(1), &[7]), PulledRecord { row: None, ..pulled(&row(3), &[8]) }];
    store.apply(&ExchangeOutcome { pulled: others, ..acknowledging(3) }).unwrap();
    assert_eq!(store.held(None, 10).unwrap(), [1, 2, 3, 4, 5].map(record));
    // Record 4 goes, its change stays for the journal; record 2 waits until its last change is through.
    for number in [4, 2, 9] {
        store.apply(&gone(3, 0, record(number))).unwrap();
    }
    assert_eq!(store.held(None, 10).unwrap(), [1, 2, 3, 5].map(record));
    assert_eq!(store.held(None, 3).unwrap(), [1, 2, 3].map(record));
    assert_eq!(store.held(Some(record(3)), 3).unwrap(), [record(5)]);
    assert_eq!(store.held(Some(record(5)), 3).unwrap(), vec![]);
    store.apply(&acknowledging(4)).unwrap();
    assert_eq!(store.held(None, 10).unwrap(), [1, 3, 5].map(record));
}
