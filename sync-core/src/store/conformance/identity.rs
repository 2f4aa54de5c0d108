//! Becoming another device, moving to another installation, and forgetting everything.

use std::collections::BTreeSet;

use super::fixture::{acknowledging, clock, hash, identity, names, profile, pulled, record, row, save};
use crate::id::{ActorId, ChangeHash, DeviceId, PersonId};
use crate::journal::Head;
use crate::status::Problem;
use crate::store::{
    BatchLimit, ExchangeOutcome, Identity, Installation, Progress, RecordSync, Rewritten, RowFilter, Standing, Store,
    Tombstone,
};
use crate::wire::exchange::{Backlog, GoneReason, Verdict};

const ALL: BatchLimit = BatchLimit { records: usize::MAX, bytes: usize::MAX };

fn other() -> Identity {
    Identity { device: DeviceId(super::fixture::uuid(99)), ..identity() }
}

/// Becoming another device replaces the tail of the journal and keeps what the server knows.
pub fn a_new_identity_begins_a_new_journal<S: Store>(store: &mut S) {
    store.set_identity(&identity()).unwrap();
    save(store, &row(1), 1);
    save(store, &row(1), 2);
    save(store, &row(2), 3);
    let verdicts = vec![(1, Verdict::Held { code: "record.closed".to_owned() })];
    store.apply(&ExchangeOutcome { verdicts, ..acknowledging(1) }).unwrap();
    let mut head = Head::EMPTY;
    let mut again = Vec::new();
    for (record_number, number) in [(1, 12), (2, 13)] {
        let (entry, next) = head.append(record(record_number), hash(number), clock(1));
        head = next;
        again.push(Rewritten { entry, head, change: vec![number; 8], row: Some(row(record_number)) });
    }
    let who = other();
    store.reidentify(&who, 1, &again).unwrap();
    assert_eq!(store.identity().unwrap(), Some(who));
    assert_eq!(store.progress().unwrap(), Progress::anew());
    assert_eq!(store.head().unwrap(), head);
    assert_eq!(names(store, record(1)), vec![hash(1), hash(12)]);
    assert_eq!(names(store, record(2)), vec![hash(13)]);
    let held = Problem { n: 0, verdict: Verdict::Held { code: "record.closed".to_owned() } };
    assert_eq!(store.record_sync(record(1)).unwrap(), RecordSync { last_entry: Some(1), problems: vec![held] });
    assert_eq!(store.outbox(0, ALL).unwrap().len(), 2);
    assert_eq!(store.count(&RowFilter { unsent: true, ..RowFilter::default() }).unwrap(), 2);
}

/// What the server was not known to have published keeps its verdict, or waits, until it is confirmed.
pub fn what_a_former_identity_sent_is_confirmed_later<S: Store>(store: &mut S) {
    store.set_identity(&identity()).unwrap();
    for (record, change) in [(1, 1), (2, 2), (3, 3)] {
        save(store, &row(record), change);
    }
    let quarantined = Verdict::Quarantined { code: "device.revoked".to_owned() };
    let mut outcome = ExchangeOutcome { verdicts: vec![(2, quarantined.clone())], ..acknowledging(3) };
    outcome.progress.published_through = 2;
    store.apply(&outcome).unwrap();
    store.reidentify(&other(), 3, &[]).unwrap();
    let problems = |store: &S, number| store.record_sync(record(number)).unwrap().problems;
    let problem = |verdict| vec![Problem { n: 0, verdict }];
    assert_eq!(problems(store, 1), vec![], "it was published");
    assert_eq!(problems(store, 2), problem(quarantined.clone()));
    assert_eq!(problems(store, 3), problem(Verdict::Need { deps: vec![] }), "nobody had judged it");
    let listed = store.list(&RowFilter::default(), None, 10).unwrap();
    assert_eq!(listed.iter().filter(|listed| !listed.sync.problems.is_empty()).count(), 2);
    let unsettled: BTreeSet<ChangeHash> = store.unsettled(0).unwrap().into_iter().collect();
    assert_eq!(unsettled, [hash(2), hash(3)].into());
    // It becomes another device once more before it hears of them.
    let third = Identity { device: DeviceId(super::fixture::uuid(98)), ..identity() };
    store.reidentify(&third, 0, &[]).unwrap();
    store.apply(&ExchangeOutcome { confirmed: vec![(record(3), hash(3))], ..acknowledging(0) }).unwrap();
    assert_eq!((problems(store, 2), problems(store, 3)), (problem(quarantined), vec![]));
}

/// What is written again of a record that is not here stays apart from it until the record comes back.
pub fn a_new_identity_keeps_what_is_parted<S: Store>(store: &mut S) {
    store.set_identity(&identity()).unwrap();
    save(store, &row(1), 1);
    save(store, &row(2), 2);
    let gone = vec![(record(1), GoneReason::Reassigned)];
    store.apply(&ExchangeOutcome { gone, ..acknowledging(2) }).unwrap();
    assert_eq!(store.row(record(1)).unwrap(), None);
    let mut head = Head::EMPTY;
    let mut lines = Vec::new();
    for (record_number, number) in [(1, 11), (2, 12), (2, 13)] {
        let (entry, next) = head.append(record(record_number), hash(number), clock(1));
        head = next;
        lines.push(Rewritten { entry, head, change: vec![number; 8], row: (number == 12).then(|| row(2)) });
    }
    store.reidentify(&other(), 0, &lines).unwrap();
    assert_eq!(names(store, record(1)), [] as [ChangeHash; 0]);
    assert_eq!(names(store, record(2)), vec![hash(12), hash(13)], "without a line of its own, but the record is here");
    let outbox: Vec<_> = store.outbox(0, ALL).unwrap().into_iter().map(|item| item.change).collect();
    assert_eq!(outbox, [11, 12, 13].map(|number| Some(vec![number; 8])));
    store.apply(&ExchangeOutcome { pulled: vec![pulled(&row(1), &[11])], ..acknowledging(3) }).unwrap();
    assert_eq!(names(store, record(1)), vec![hash(11)]);
}

/// The first installation is noted; another one gets an actor of its own and no key that may be used elsewhere.
pub fn another_installation_writes_under_another_actor<S: Store>(store: &mut S) {
    assert_eq!(store.installation().unwrap(), None);
    store.set_installation([1; 32]).unwrap();
    store.set_device_key(&[5; 32]).unwrap();
    store.move_in([2; 32], ActorId([3; 16])).unwrap();
    assert_eq!(store.installation().unwrap(), Some(Installation { fingerprint: [2; 32], moved: false }));
    assert_eq!((store.identity().unwrap(), store.device_key().unwrap()), (None, None), "nobody was enrolled");

    store.set_identity(&identity()).unwrap();
    store.set_device_key(&[6; 32]).unwrap();
    save(store, &row(1), 1);
    store.move_in([3; 32], ActorId([4; 16])).unwrap();
    assert_eq!(store.installation().unwrap(), Some(Installation { fingerprint: [3; 32], moved: true }));
    assert_eq!(store.identity().unwrap(), Some(Identity { actor: ActorId([4; 16]), ..identity() }));
    assert_eq!(store.device_key().unwrap(), None);
    assert_eq!(store.head().unwrap().n, 1, "the journal goes on");
    store.reidentify(&other(), 1, &[]).unwrap();
    assert_eq!(store.installation().unwrap(), Some(Installation { fingerprint: [3; 32], moved: false }));
}

/// A wipe leaves the tombstone and the installation; the tombstone can be buried, and the store is like new.
pub fn a_wipe_leaves_nothing_but_a_tombstone<S: Store>(store: &mut S) {
    store.set_installation([1; 32]).unwrap();
    store.set_device_key(&[9; 32]).unwrap();
    store.set_identity(&identity()).unwrap();
    save(store, &row(1), 1);
    save(store, &row(2), 2);
    let outcome = ExchangeOutcome {
        progress: Progress { acknowledged: 2, standing: Standing::Revoked, ..Progress::default() },
        verdicts: vec![(1, Verdict::Held { code: "record.closed".to_owned() })],
        pulled: vec![pulled(&row(3), &[7])],
        gone: vec![(record(2), GoneReason::Reassigned)],
        authors: vec![(ActorId([5; 16]), PersonId(super::fixture::uuid(5)), "李强".to_owned())],
        profile: Some(profile(2)),
        ..ExchangeOutcome::default()
    };
    store.apply(&outcome).unwrap();
    store.wipe().unwrap();
    let Identity { device, key_seed, .. } = identity();
    assert_eq!(store.tombstone().unwrap(), Some(Tombstone { device, key_seed }));
    assert_eq!(store.installation().unwrap(), Some(Installation { fingerprint: [1; 32], moved: false }));
    assert_eq!((store.identity().unwrap(), store.device_key().unwrap()), (None, None));
    assert_eq!((store.progress().unwrap(), store.head().unwrap()), (Progress::default(), Head::EMPTY));
    assert_eq!(store.list(&RowFilter::default(), None, 10).unwrap(), vec![]);
    assert_eq!(store.author(ActorId([5; 16])).unwrap(), None);
    for number in 1..=3 {
        assert_eq!(store.changes(record(number)).unwrap(), vec![]);
        assert_eq!(store.record_sync(record(number)).unwrap(), RecordSync::default());
    }
    assert_eq!((store.outbox(0, ALL).unwrap(), store.backlog(0).unwrap()), (vec![], Backlog::default()));

    store.bury().unwrap();
    store.bury().unwrap();
    assert_eq!(store.tombstone().unwrap(), None);
    store.set_identity(&other()).unwrap();
    save(store, &row(1), 1);
    assert_eq!(names(store, record(1)), vec![hash(1)]);
    assert_eq!(store.count(&RowFilter { text: Some("outlet".to_owned()), ..RowFilter::default() }).unwrap(), 1);
}
