//! Receiving.

use sync_core::id::{ActorId, ChangeHash, DeviceId, RecordId};
use sync_core::journal::Head;
use sync_core::time::UnixMillis;
use sync_core::wire::enrol::Role;

use super::world::{Phone, SALT, World, report, verdict};
use crate::store::*;

pub(in crate::store) async fn a_journal_is_kept_line_by_line(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    assert_eq!(store.signed_head(phone.id, 5).await.unwrap(), Head::EMPTY);
    let record = world.record_id();
    let (first, _) = world.push(&mut phone, &[record, record]);
    let (second, _) = world.push(&mut phone, &[record]);
    assert_eq!(
        store.append(std::slice::from_ref(&first), SALT).await.unwrap(),
        [Appended::Stored { seq: 0, published: 0, received: true }]
    );
    assert_eq!(
        store.append(std::slice::from_ref(&second), SALT).await.unwrap(),
        [Appended::Stored { seq: 0, published: 0, received: true }]
    );

    let stored = store.journal(phone.id, 1, 10).await.unwrap();
    let sent: Vec<_> = first.lines.iter().chain(&second.lines).map(|line| line.entry).collect();
    assert_eq!(stored.iter().map(|line| line.entry).collect::<Vec<_>>(), sent, "clocks at their limits too");
    assert!(stored.iter().all(|line| line.state == ChangeState::Received));
    assert_eq!(stored.iter().fold(Head::EMPTY, |head, line| head.after(&line.entry)), phone.head);
    assert_eq!(store.journal(phone.id, 2, 1).await.unwrap(), stored[1..2]);
    assert_eq!(store.device(phone.id).await.unwrap().head, phone.head);
    assert_eq!(store.signed_head(phone.id, 1).await.unwrap(), Head::EMPTY);
    assert_eq!(store.signed_head(phone.id, 2).await.unwrap(), first.head);
    assert_eq!(store.signed_head(phone.id, u64::MAX).await.unwrap(), second.head);
}

pub(in crate::store) async fn a_push_on_another_head_changes_nothing(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let record = world.record_id();
    world.receive(&mut phone, &[record]).await;
    let before = store.device(phone.id).await.unwrap();
    for base in [Head::EMPTY, Head { n: 1, ..Head::EMPTY }, Head { n: 2, ..phone.head }] {
        let (mut push, _) = world.push(&mut phone, &[record]);
        push.base = base;
        assert_eq!(store.append(&[push], SALT).await.unwrap(), [Appended::HeadMoved(before.head)]);
    }
    assert_eq!(store.device(phone.id).await.unwrap(), before);
    assert_eq!(store.journal(phone.id, 0, 9).await.unwrap().len(), 1);
}

pub(in crate::store) async fn pushes_of_one_batch_stand_for_themselves(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut wang = world.promoter_with_phone("Wang", 0).await;
    let mut li = world.promoter_with_phone("Li", 1).await;
    let record = world.record_id();
    let (one, _) = world.push(&mut wang, &[record]);
    let (mut bad, _) = world.push(&mut li, &[record]);
    bad.base = Head { n: 9, ..Head::EMPTY };
    let (two, _) = world.push(&mut wang, &[record]);
    let answers = store.append(&[one, bad, two], SALT).await.unwrap();
    assert_eq!(answers[1], Appended::HeadMoved(Head::EMPTY));
    assert!(matches!((answers[0], answers[2]), (Appended::Stored { .. }, Appended::Stored { .. })));
    assert_eq!(store.device(wang.id).await.unwrap().head, wang.head, "two pushes of one device, one after the other");
    assert_eq!(store.journal(li.id, 0, 9).await.unwrap(), []);
    assert_eq!(store.append(&[], SALT).await.unwrap(), []);
}

pub(in crate::store) async fn a_repeated_change_is_set_aside_under_its_true_name(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut wang = world.promoter_with_phone("Wang", 0).await;
    let mut li = world.promoter_with_phone("Li", 0).await;
    let (record, other) = (world.record_id(), world.record_id());
    let hash = world.receive(&mut wang, &[record]).await[0];
    // Again from another phone, twice in one push, and once more; under another record it is another change.
    let twice = world.push_of(&mut li, &[(record, hash), (record, hash), (other, hash)]);
    store.append(&[twice], SALT).await.unwrap();
    let again = world.push_of(&mut wang, &[(record, hash)]);
    store.append(&[again], SALT).await.unwrap();

    let lines = store.journal(li.id, 1, 9).await.unwrap();
    assert_eq!(
        lines.iter().map(|line| (line.entry.change, line.state)).collect::<Vec<_>>(),
        [(hash, ChangeState::Quarantined), (hash, ChangeState::Quarantined), (hash, ChangeState::Received)]
    );
    assert_eq!(lines.iter().fold(Head::EMPTY, |head, line| head.after(&line.entry)), li.head);
    let aside = world.aside(ChangeState::Quarantined, None).await;
    assert_eq!(aside.len(), 3);
    assert!(aside.iter().all(|line| line.code == "change.repeated" && line.hash == hash));
    assert_eq!(store.record(record).await.unwrap().incoming.len(), 1, "the first is untouched");
    let told = store.verdicts(li.id, 0).await.unwrap();
    assert!(told.verdicts.iter().all(|line| line.state == ChangeState::Quarantined), "the first is not judged yet");
    let row = world.row(record, &wang.person);
    let publication = world.publication(record, row, &[hash]).await;
    world.put(publication).await;
    assert_eq!(store.journal(wang.id, 1, 1).await.unwrap()[0].state, ChangeState::Published);
    assert_eq!(store.journal(wang.id, 2, 1).await.unwrap()[0].state, ChangeState::Quarantined);
    let told = store.verdicts(li.id, 0).await.unwrap();
    assert_eq!(told.verdicts.len(), 2);
    assert!(told.verdicts.iter().all(|line| line.state == ChangeState::Published), "as good as the first");
    assert_eq!(told.judged_through, 2);
}

pub(in crate::store) async fn reports_are_noted(store: &dyn Store) {
    let mut world = World::found(store).await;
    let phone = world.promoter_with_phone("Wang", 0).await;
    let nobody = DeviceId::from([0; 16]);
    let noted = [(phone.id, report(UnixMillis(44))), (nobody, report(UnixMillis(44)))];
    store.note_exchanges(&noted).await.unwrap();
    let device = store.device(phone.id).await.unwrap();
    assert_eq!((device.last_exchange_at, device.skew_ms), (Some(UnixMillis(44)), Some(-7)));
    assert_eq!((device.app.as_str(), device.backlog), ("test 2", report(UnixMillis(44)).backlog));
    assert_eq!(device.head, Head::EMPTY);
    let late = DeviceReport { app: "old".to_owned(), ..report(UnixMillis(43)) };
    store.note_exchanges(&[(phone.id, late)]).await.unwrap();
    assert_eq!(store.device(phone.id).await.unwrap().app, "test 2", "a note that waited too long");
    store.note_exchanges(&[]).await.unwrap();
}

pub(in crate::store) async fn actors_belong_to_one_device_for_ever(store: &dyn Store) {
    let mut world = World::found(store).await;
    let wang = world.promoter_with_phone("Wang", 0).await;
    let spare = world.phone(&wang.person).await;
    let chen = world.person("Chen", Role::Reviewer, None, None).await;
    let organisation = world.organisation;
    let [a, b, c] = [ActorId([1; 16]), ActorId([2; 16]), ActorId([3; 16])];
    let now = UnixMillis(5);
    let claim = async |person: &Person, device, actors: &[ActorId]| {
        store.claim_actors(organisation, person.id, device, actors, now).await.unwrap()
    };
    assert_eq!(claim(&wang.person, Some(wang.id), &[a, a]).await, []);
    assert_eq!(claim(&wang.person, Some(wang.id), &[a]).await, []);
    assert_eq!(claim(&wang.person, Some(spare.id), &[a, b]).await, [a], "another phone of the same person");
    assert_eq!(claim(&chen, None, &[c, b, a]).await, [b, a]);
    assert_eq!(claim(&chen, None, &[c]).await, []);
    assert_eq!(claim(&wang.person, None, &[c]).await, [c]);
    assert_eq!(claim(&wang.person, None, &[]).await, []);
    let owners = store.actor_owners(&[a, c, ActorId([9; 16])]).await.unwrap();
    assert_eq!(owners, [(a, (wang.person.id, Some(wang.id))), (c, (chen.id, None))].into());

    // With a push: what is free becomes the device's, and what is not keeps the push out.
    let mut li = world.promoter_with_phone("Li", 1).await;
    let id = world.record_id();
    for (actor, is_free) in [(a, false), (ActorId([4; 16]), true), (c, false), (ActorId([4; 16]), true)] {
        let before = li.head;
        let (mut push, _) = world.push(&mut li, &[id]);
        push.lines[0].actor = Some(actor);
        push.claims = vec![actor];
        match store.append(&[push], SALT).await.unwrap()[..] {
            [Appended::Stored { .. }] => assert!(is_free, "{actor}"),
            [Appended::HeadMoved(head)] => assert!(!is_free && head == before, "{actor}"),
            ref other => panic!("{other:?}"),
        }
        if !is_free {
            li.head = before;
        }
    }
    let owners = store.actor_owners(&[ActorId([4; 16])]).await.unwrap();
    assert_eq!(owners, [(ActorId([4; 16]), (li.person.id, Some(li.id)))].into());
}

pub(in crate::store) async fn large_pushes_are_kept_whole(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let records: Vec<_> = (0..333).map(|_| world.record_id()).collect();
    let hashes = world.receive(&mut phone, &records).await;
    let lines = store.journal(phone.id, 1, 1_000).await.unwrap();
    assert_eq!(lines.iter().map(|line| line.entry.change).collect::<Vec<_>>(), hashes);
    let pending = store.pending(500, Senders::All).await.unwrap();
    assert_eq!(pending, records);
    let pending = store.records(&pending).await.unwrap();
    assert!(pending.iter().zip(&hashes).all(|(record, hash)| record.incoming[0].hash == *hash));
}

/// A verdict about lines that are not stored yet, for a record that is not there yet.
fn beforehand(world: &World<'_>, phone: &Phone, id: RecordId, published: &[ChangeHash]) -> Publication {
    Publication {
        id,
        organisation: world.organisation,
        base_seq: 0,
        decided: 0,
        published: published.to_vec(),
        staff: Vec::new(),
        set_aside: Vec::new(),
        left: Vec::new(),
        row: (!published.is_empty()).then(|| world.row(id, &phone.person)),
    }
}

pub(in crate::store) async fn what_was_judged_before_is_published_with_its_lines(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut wang = world.promoter_with_phone("Wang", 0).await;
    let mut li = world.promoter_with_phone("Li", 1).await;
    let ids = [world.record_id(), world.record_id(), world.record_id()];
    let (mut push, hashes) = world.push(&mut wang, &[ids[0], ids[0], ids[1], ids[0]]);
    let mut judged = beforehand(&world, &wang, ids[0], &[hashes[1], hashes[0]]);
    judged.set_aside = vec![(hashes[3], ChangeState::Held, "record.closed".to_owned())];
    push.judged = vec![judged];
    let (mut other, all) = world.push(&mut li, &[ids[2]]);
    other.judged = vec![beforehand(&world, &li, ids[2], &all)];
    let answers = store.append(&[push, other], SALT).await.unwrap();
    assert_eq!(answers[0], Appended::Stored { seq: 0, published: 2, received: true }, "one was not judged");
    assert_eq!(answers[1], Appended::Stored { seq: 0, published: 1, received: false });
    let states: Vec<_> = store.journal(wang.id, 1, 9).await.unwrap().into_iter().map(|line| line.state).collect();
    assert_eq!(states, [ChangeState::Published, ChangeState::Published, ChangeState::Received, ChangeState::Held]);
    let published = store.record(ids[0]).await.unwrap();
    assert_eq!(published.published.iter().map(|change| change.hash).collect::<Vec<_>>(), [hashes[1], hashes[0]]);
    assert_eq!((published.base_seq, published.incoming), (1, vec![]));
    assert_eq!(store.record(ids[2]).await.unwrap().base_seq, 2);
    assert_eq!(store.feed_head(world.organisation).await.unwrap().seq, 2);
    let told = store.verdicts(wang.id, 0).await.unwrap();
    assert_eq!(told.verdicts, [verdict(4, ids[0], ChangeState::Held, "record.closed")]);
    assert_eq!(told.judged_through, 2, "the third line still waits");
    assert_eq!(store.pending(9, Senders::All).await.unwrap(), [ids[1]]);

    // What waits in the store is published together with what it waited for.
    let (push, waiting) = world.push(&mut wang, &[ids[2]]);
    store.append(&[push], SALT).await.unwrap();
    let (mut push, fresh) = world.push(&mut li, &[ids[2]]);
    let mut judged = beforehand(&world, &li, ids[2], &[fresh[0], waiting[0]]);
    judged.base_seq = 2;
    push.judged = vec![judged];
    assert_eq!(
        store.append(&[push], SALT).await.unwrap(),
        [Appended::Stored { seq: 2, published: 1, received: false }]
    );
    let published = store.record(ids[2]).await.unwrap().published;
    assert_eq!(published.iter().map(|change| change.hash).collect::<Vec<_>>(), [all[0], fresh[0], waiting[0]]);
}

pub(in crate::store) async fn what_is_no_longer_so_when_it_is_stored_is_judged_again(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut wang = world.promoter_with_phone("Wang", 0).await;
    let mut li = world.promoter_with_phone("Li", 1).await;
    let (shared, known) = (world.record_id(), world.record_id());
    let before = world.receive(&mut li, &[known]).await;
    // Both phones write in the same record, and were judged without knowing of each other; a change is brought again.
    let (mut first, mine) = world.push(&mut wang, &[shared]);
    first.judged = vec![beforehand(&world, &wang, shared, &mine)];
    let own = world.hash();
    let theirs = world.hash();
    let mut second = world.push_of(&mut li, &[(shared, theirs), (known, before[0]), (known, own)]);
    second.judged = vec![beforehand(&world, &li, shared, &[theirs]), beforehand(&world, &li, known, &[before[0], own])];
    let answers = store.append(&[first, second], SALT).await.unwrap();
    let stored = |published, received| Appended::Stored { seq: 0, published, received };
    assert_eq!(answers, [stored(1, false), stored(0, true)]);
    let states: Vec<_> = store.journal(li.id, 1, 9).await.unwrap().into_iter().map(|line| line.state).collect();
    let [received, aside] = [ChangeState::Received, ChangeState::Quarantined];
    assert_eq!(states, [received, received, aside, received]);
    assert_eq!(store.record(shared).await.unwrap().published.len(), 1);
    assert_eq!(store.record(known).await.unwrap().published, []);
    assert_eq!(store.feed_head(world.organisation).await.unwrap().seq, 1, "no position is lost");

    // A push on another head brings its verdicts in vain.
    let (mut push, hashes) = world.push(&mut wang, &[known]);
    push.base.n += 7;
    push.judged = vec![beforehand(&world, &wang, known, &hashes)];
    assert!(matches!(store.append(&[push], SALT).await.unwrap()[..], [Appended::HeadMoved(_)]));
    assert_eq!(store.record(known).await.unwrap().published, []);

    // A verdict about a change that nobody stored is a fault, and nothing of the batch is stored.
    let (mut push, _) = world.push(&mut li, &[shared]);
    let unknown = world.hash();
    let mut judged = beforehand(&world, &li, shared, &[unknown]);
    judged.base_seq = 1;
    push.judged = vec![judged];
    let head = li.head;
    assert!(matches!(store.append(std::slice::from_ref(&push), SALT).await, Err(StoreError::Conflict(_))));
    assert_eq!(store.device(li.id).await.unwrap().head.n, head.n - 1);
    push.judged.clear();
    assert!(matches!(store.append(&[push], SALT).await.unwrap()[..], [Appended::Stored { received: true, .. }]));
}
