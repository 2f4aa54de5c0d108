//! What the comparison with the server needs: lines, what is not settled, and records that come whole.

use super::fixture::{acknowledging, hash, names, pulled, record, row, save};
use crate::store::{BatchLimit, ExchangeOutcome, Progress, PulledRecord, Store};
use crate::wire::exchange::Verdict;

/// The journal's lines about a record, and nobody else's.
pub fn lines_are_found_by_their_record<S: Store>(store: &mut S) {
    let first = save(store, &row(1), 1);
    save(store, &row(2), 2);
    let third = save(store, &row(1), 3);
    assert_eq!(store.lines(record(1)).unwrap(), [first.entry, third.entry]);
    assert_eq!(store.lines(record(9)).unwrap(), []);
}

/// What the server has not judged, and what it judged otherwise, is not part of the record there.
pub fn what_is_not_settled_is_told_apart<S: Store>(store: &mut S) {
    for number in [1, 2, 3, 4] {
        save(store, &row(1), number);
    }
    let held = Verdict::Held { code: "record.closed".to_owned() };
    store.apply(&ExchangeOutcome { verdicts: vec![(2, held)], ..acknowledging(4) }).unwrap();
    let unsettled = |store: &S, through| {
        let mut changes = store.unsettled(through).unwrap();
        changes.sort();
        changes
    };
    assert_eq!(unsettled(store, 3), [hash(2), hash(4)]);
    assert_eq!(unsettled(store, 0), [hash(1), hash(2), hash(3), hash(4)]);
    store.apply(&ExchangeOutcome { verdicts: vec![(2, Verdict::Published)], ..acknowledging(4) }).unwrap();
    assert_eq!(unsettled(store, 4), []);
}

/// A record that comes whole stands exactly as it came: in its order, with its bytes. Lines keep their changes.
pub fn a_record_that_comes_whole_replaces_what_is_there<S: Store>(store: &mut S) {
    save(store, &row(1), 1);
    store.apply(&ExchangeOutcome { pulled: vec![pulled(&row(1), &[7, 9])], ..acknowledging(1) }).unwrap();
    let mut whole = PulledRecord { whole: true, ..pulled(&row(1), &[7, 8, 1]) };
    whole.changes[2].1 = vec![42; 3];
    store.apply(&ExchangeOutcome { pulled: vec![whole], ..acknowledging(1) }).unwrap();
    assert_eq!(names(store, record(1)), [hash(7), hash(8), hash(1)]);
    assert_eq!(store.changes(record(1)).unwrap()[2].1, vec![42; 3]);
    let sent = store.outbox(0, BatchLimit { records: 9, bytes: 999 }).unwrap();
    assert_eq!(sent[0].change, Some(vec![42; 3]));
    let progress = Progress { digest_due: true, ..acknowledging(1).progress };
    store.apply(&ExchangeOutcome { progress, ..ExchangeOutcome::default() }).unwrap();
    assert!(store.progress().unwrap().digest_due);
}
