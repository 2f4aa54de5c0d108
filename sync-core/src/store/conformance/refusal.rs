//! Refused changes: out of the record, kept for the person, and for a server that was set back.

use super::fixture::{acknowledging, hash, identity, names, pulled, record, row, save};
use crate::history::{Act, FieldChange};
use crate::id::{ActorId, ChangeHash};
use crate::index::Row;
use crate::record::scalar::Scalar;
use crate::record::{Kind, Zone};
use crate::refusal::Refusal;
use crate::status::Problem;
use crate::store::{BatchLimit, ExchangeOutcome, Progress, RefusedRecord, RowFilter, Store};
use crate::time::UnixMillis;
use crate::wire::exchange::Verdict;

const ALL: BatchLimit = BatchLimit { records: usize::MAX, bytes: usize::MAX };

fn refusal(number: u128, change: u8) -> Refusal {
    let field = |act| FieldChange {
        change: hash(change),
        author: ActorId([8; 16]),
        at: UnixMillis(5),
        zone: Zone::Facts,
        field: "name".to_owned(),
        act,
    };
    let fields = vec![
        field(Act::Set { value: Scalar::Bytes(vec![0, 255]) }),
        field(Act::Set { value: Scalar::Time(UnixMillis(-1)) }),
        field(Act::Cleared),
        field(Act::Typed { inserted: "想看".to_owned(), deleted: 3 }),
        field(Act::Added { entry: serde_json::json!({ "text": "周末" }) }),
    ];
    Refusal {
        record: record(number),
        change: hash(change),
        code: "amendment.rejected".to_owned(),
        reason: "缺电话".to_owned(),
        written_at: UnixMillis(6),
        refused_at: UnixMillis(7),
        kind: Some(Kind::Visit),
        title: "outlet".to_owned(),
        project: None,
        fields,
    }
}

fn refused(code: &str) -> Verdict {
    Verdict::Refused { code: code.to_owned(), reason: "no".to_owned() }
}

fn taking_out(number: u128, changes: &[u8], row: Option<Row>) -> ExchangeOutcome {
    let dropped: Vec<ChangeHash> = changes.iter().map(|number| hash(*number)).collect();
    let refusals = changes.iter().map(|change| refusal(number, *change)).collect();
    let refused = vec![RefusedRecord { id: record(number), dropped, refusals, row }];
    ExchangeOutcome { refused, ..acknowledging(3) }
}

/// What was refused leaves the record and stays among the refusals, with the next edit under another actor.
pub fn a_refused_change_leaves_its_record<S: Store>(store: &mut S) {
    store.set_identity(&identity()).unwrap();
    for number in [1, 2, 3] {
        save(store, &row(1), number);
    }
    let before = Row { title: "before".to_owned(), ..row(1) };
    let actor = Some(ActorId([77; 16]));
    let verdicts = vec![(2, refused("amendment.rejected")), (3, refused("amendment.follows_refused"))];
    let answer = ExchangeOutcome { actor, verdicts, ..taking_out(1, &[2, 3], Some(before.clone())) };
    for _ in 0..2 {
        // Hearing it twice is hearing it once.
        store.apply(&answer).unwrap();
        assert_eq!(names(store, record(1)), [hash(1)]);
        assert_eq!(store.row(record(1)).unwrap(), Some(before.clone()));
        assert_eq!(store.refusals().unwrap(), [refusal(1, 2), refusal(1, 3)]);
        let mut refused = store.refused(record(1)).unwrap();
        refused.sort_unstable();
        assert_eq!(refused, [(hash(2), false), (hash(3), false)]);
        assert_eq!(store.record_sync(record(1)).unwrap().problems.len(), 2);
        assert_eq!(store.identity().unwrap().map(|who| who.actor), actor);
    }
    assert_eq!(store.refused(record(2)).unwrap(), []);
}

/// A server that was set back asks for the journal again, and gets all of it.
pub fn refused_changes_are_sent_again_until_the_backup_has_them<S: Store>(store: &mut S) {
    for number in [1, 2, 3] {
        save(store, &row(1), number);
    }
    store.apply(&taking_out(1, &[2, 3], Some(row(1)))).unwrap();
    let bytes = |store: &S| -> Vec<Option<Vec<u8>>> {
        store.outbox(0, ALL).unwrap().into_iter().map(|item| item.change).collect()
    };
    let all: Vec<Option<Vec<u8>>> = (1..=3).map(|number| Some(vec![number; 10])).collect();
    assert_eq!(bytes(store), all);
    store.settle_refusal(record(1), hash(2)).unwrap();
    store.apply(&acknowledging(3)).unwrap();
    assert_eq!(bytes(store), all, "that the person has dealt with it is not the server's");
    let progress = Progress { acknowledged: 3, backed_up_through: 3, ..Progress::default() };
    store.apply(&ExchangeOutcome { progress, ..ExchangeOutcome::default() }).unwrap();
    assert_eq!(bytes(store), [Some(vec![1; 10]), None, None]);
    assert_eq!(store.refusals().unwrap(), [refusal(1, 3)], "the text stays");
}

/// A record that was refused as a whole is in no list any more; its text is among the refusals.
pub fn a_refused_record_disappears_and_its_text_stays<S: Store>(store: &mut S) {
    save(store, &row(1), 1);
    save(store, &row(1), 2);
    save(store, &row(2), 3);
    store.apply(&taking_out(1, &[1, 2], None)).unwrap();
    assert_eq!(store.row(record(1)).unwrap(), None);
    assert_eq!(names(store, record(1)), []);
    assert_eq!(store.count(&RowFilter::default()).unwrap(), 1);
    let found = RowFilter { text: Some("1".to_owned()), ..RowFilter::default() };
    assert_eq!(store.list(&found, None, 9).unwrap(), []);
    assert_eq!(store.held(None, 9).unwrap(), [record(2)]);
    assert_eq!(store.refusals().unwrap().len(), 2);
}

/// What the person has dealt with is forgotten, but not that it was refused.
pub fn a_settled_refusal_is_no_problem_any_more<S: Store>(store: &mut S) {
    save(store, &row(1), 1);
    save(store, &row(1), 2);
    let verdicts = vec![(1, Verdict::Held { code: "x".to_owned() }), (2, refused("amendment.rejected"))];
    store.apply(&ExchangeOutcome { verdicts, ..taking_out(1, &[2], Some(row(1))) }).unwrap();
    store.settle_refusal(record(1), hash(2)).unwrap();
    assert_eq!(store.refusals().unwrap(), []);
    assert_eq!(store.refused(record(1)).unwrap(), [(hash(2), true)]);
    let held = Problem { n: 1, verdict: Verdict::Held { code: "x".to_owned() } };
    assert_eq!(store.record_sync(record(1)).unwrap().problems, [held]);
    store.apply(&taking_out(1, &[2], Some(row(1)))).unwrap();
    assert_eq!(store.refusals().unwrap(), [], "heard once more, it stays settled");
    store.settle_refusal(record(9), hash(9)).unwrap();
}

/// A server that was set back may decide otherwise the second time.
pub fn what_comes_back_is_refused_no_more<S: Store>(store: &mut S) {
    save(store, &row(1), 1);
    save(store, &row(1), 2);
    store.apply(&taking_out(1, &[2], Some(row(1)))).unwrap();
    store.apply(&ExchangeOutcome { pulled: vec![pulled(&row(1), &[2])], ..acknowledging(2) }).unwrap();
    assert_eq!(names(store, record(1)), [hash(1), hash(2)]);
    assert_eq!((store.refusals().unwrap(), store.refused(record(1)).unwrap()), (vec![], vec![]));
}
