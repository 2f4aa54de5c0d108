//! Publishing.

use sync_core::time::UnixMillis;
use sync_core::wire::enrol::Role;

use super::world::{SALT, World, raw_of, verdict};
use crate::store::*;

pub(in crate::store) async fn what_waits_longest_comes_first(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut wang = world.promoter_with_phone("Wang", 0).await;
    let mut li = world.promoter_with_phone("Li", 1).await;
    let records = [world.record_id(), world.record_id(), world.record_id()];
    let first = world.receive(&mut wang, &[records[2], records[0]]).await;
    let second = world.receive(&mut li, &[records[1], records[2]]).await;
    let ids = async |limit| store.pending(limit, Senders::All).await.unwrap();
    assert_eq!(ids(9).await, [records[2], records[0], records[1]]);
    assert_eq!(ids(2).await, [records[2], records[0]]);
    assert_eq!(store.pending(0, Senders::All).await.unwrap(), []);
    let from = async |senders| store.pending(9, senders).await.unwrap();
    let devices = [wang.id];
    assert_eq!(from(Senders::These(&devices)).await, [records[2], records[0]]);
    assert_eq!(from(Senders::Others(&devices)).await, [records[1], records[2]]);
    assert_eq!(from(Senders::These(&[])).await, []);
    assert!(store.is_received().await.unwrap());

    let shared = store.record(ids(1).await[0]).await.unwrap();
    assert_eq!((shared.organisation, shared.base_seq, shared.published.as_slice()), (world.organisation, 0, &[][..]));
    let incoming: Vec<_> = shared.incoming.iter().map(|change| (change.hash, change.device, change.n)).collect();
    assert_eq!(incoming, [(first[0], wang.id, 1), (second[1], li.id, 2)]);
    assert_eq!(shared.incoming[1].author, li.person);
    assert_eq!(shared.incoming[1].raw, Some(raw_of(&second[1])));

    let row = world.row(records[2], &wang.person);
    let publication = world.publication(records[2], row, &[first[0], second[1]]).await;
    world.put(publication).await;
    assert_eq!(ids(9).await, [records[0], records[1]]);
    let unknown = world.record_id();
    assert!(matches!(store.record(unknown).await, Err(StoreError::NotFound)));
}

pub(in crate::store) async fn a_record_is_loaded_in_the_order_of_its_dependencies(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let id = world.record_id();
    // The later change arrives first and waits; both are published together, in the order that judging found.
    let later = world.receive(&mut phone, &[id]).await[0];
    let row = world.row(id, &phone.person);
    let mut waiting = world.publication(id, row.clone(), &[]).await;
    waiting.set_aside = vec![(later, ChangeState::Waiting, "change.waiting".to_owned())];
    world.put(waiting).await;
    assert_eq!(store.pending(9, Senders::All).await.unwrap(), [], "what waits is not judged again by itself");
    let earlier = world.receive(&mut phone, &[id]).await[0];
    let pending = store.record(store.pending(9, Senders::All).await.unwrap()[0]).await.unwrap();
    assert_eq!(pending.incoming.iter().map(|change| change.hash).collect::<Vec<_>>(), [later, earlier]);
    let publication = world.publication(id, row, &[earlier, later]).await;
    world.put(publication).await;
    let (third, _) = world.change(&mut phone, id).await;
    let loaded = store.record(id).await.unwrap();
    assert_eq!(loaded.published.iter().map(|change| change.hash).collect::<Vec<_>>(), [earlier, later, third]);
    let origins = store.origins(id).await.unwrap();
    assert_eq!(origins.iter().map(|origin| origin.hash).collect::<Vec<_>>(), [earlier, later, third]);
}

pub(in crate::store) async fn whoever_did_not_know_what_waits_judges_again(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut wang = world.promoter_with_phone("Wang", 0).await;
    let mut li = world.promoter_with_phone("Li", 0).await;
    let id = world.record_id();
    // Two servers judge at the same moment: one what follows, the other what it follows.
    let later = world.receive(&mut wang, &[id]).await[0];
    let row = world.row(id, &wang.person);
    let waits = vec![(later, ChangeState::Waiting, "change.waiting".to_owned())];
    let mut waiting = Publication { row: None, ..world.publication(id, row.clone(), &[]).await };
    waiting.set_aside = waits.clone();
    let earlier = world.receive(&mut li, &[id]).await[0];
    let publication = world.publication(id, row.clone(), &[earlier]).await;
    let answers = store.publish(&[waiting, publication.clone()], SALT, UnixMillis(1)).await.unwrap();
    assert_eq!(answers, [Published::At(1), Published::Stale], "in one batch");
    assert_eq!(
        store.publish(std::slice::from_ref(&publication), SALT, UnixMillis(2)).await.unwrap(),
        [Published::Stale]
    );
    let told = store.verdicts(wang.id, 0).await.unwrap();
    assert_eq!((told.verdicts[0].state, told.judged_through), (ChangeState::Waiting, 1));
    assert_eq!(store.pending(9, Senders::All).await.unwrap(), [id]);
    // Whoever knows it may publish, whatever becomes of what waits.
    let still = Publication { set_aside: waits, ..publication.clone() };
    assert_eq!(store.publish(&[still], SALT, UnixMillis(3)).await.unwrap(), [Published::At(2)]);
    assert_eq!(store.pending(9, Senders::All).await.unwrap(), []);
    let another = world.receive(&mut li, &[id]).await[0];
    let left = Publication { base_seq: 2, published: vec![another], left: vec![later], ..publication.clone() };
    assert_eq!(store.publish(&[left], SALT, UnixMillis(4)).await.unwrap(), [Published::At(3)], "lost lines came back");
    assert_eq!(store.pending(9, Senders::All).await.unwrap(), [id], "what waits is looked at with them");
    let both = Publication { base_seq: 3, published: vec![later], ..publication };
    assert_eq!(store.publish(&[both], SALT, UnixMillis(5)).await.unwrap(), [Published::At(4)]);
}

pub(in crate::store) async fn positions_are_taken_one_by_one(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let ids = [world.record_id(), world.record_id(), world.record_id()];
    let hashes = world.receive(&mut phone, &ids).await;
    let mut publications = Vec::new();
    for (id, hash) in ids.into_iter().zip(hashes) {
        publications.push(world.publication(id, world.row(id, &phone.person), &[hash]).await);
    }
    let nothing = Publication { published: Vec::new(), row: None, ..publications[0].clone() };
    publications.push(nothing);
    publications[3].id = world.record_id();
    let published = store.publish(&publications, SALT, UnixMillis(77)).await.unwrap();
    assert_eq!(published, [Published::At(1), Published::At(2), Published::At(3), Published::At(0)]);
    let line = store.record_line(ids[1]).await.unwrap();
    assert_eq!((line.seq, line.changes, line.updated_at), (2, 1, UnixMillis(77)));
    let (_, seq) = world.change(&mut phone, ids[1]).await;
    let line = store.record_line(ids[1]).await.unwrap();
    assert_eq!((seq, line.seq, line.changes), (4, 4, 2));
    assert_eq!(line.row, sync_core::index::Row { search: String::new(), ..world.row(ids[1], &phone.person).row });
    assert_eq!(line.heads, world.row(ids[1], &phone.person).heads);
    assert_eq!(store.feed_head(world.organisation).await.unwrap().seq, 4);
}

pub(in crate::store) async fn whoever_comes_too_late_is_told(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let id = world.record_id();
    let hashes = world.receive(&mut phone, &[id, id]).await;
    let row = world.row(id, &phone.person);
    let first = world.publication(id, row.clone(), &hashes[..1]).await;
    let late = world.publication(id, row, &hashes).await;
    let now = world.now();
    let answers = store.publish(&[first, late.clone()], SALT, now).await.unwrap();
    assert_eq!(answers, [Published::At(1), Published::Stale]);
    assert_eq!(store.publish(&[late], SALT, now).await.unwrap(), [Published::Stale]);
    assert_eq!(store.feed_head(world.organisation).await.unwrap().seq, 1, "no position is lost");
    assert_eq!(store.journal(phone.id, 2, 1).await.unwrap()[0].state, ChangeState::Received);
}

pub(in crate::store) async fn what_is_set_aside_is_listed(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let id = world.record_id();
    let hashes = world.receive(&mut phone, &[id, id, id, id]).await;
    let row = world.row(id, &phone.person);
    let mut publication = world.publication(id, row, &hashes[..1]).await;
    publication.set_aside = vec![
        (hashes[1], ChangeState::Held, "record.closed".to_owned()),
        (hashes[2], ChangeState::Quarantined, "change.broken".to_owned()),
        (hashes[3], ChangeState::Held, "author.foreign".to_owned()),
    ];
    world.put(publication).await;
    let held = world.aside(ChangeState::Held, None).await;
    assert_eq!(
        held.iter().map(|one| (one.hash, one.code.as_str())).collect::<Vec<_>>(),
        [(hashes[3], "author.foreign"), (hashes[1], "record.closed")]
    );
    assert_eq!((held[0].device, held[0].n, held[0].person), (Some(phone.id), Some(4), phone.person.id));
    assert_eq!((held[0].person_name.as_str(), held[0].bytes, held[0].record), ("Wang", 20, id));
    let older = world.aside(ChangeState::Held, Some(held[0].id)).await;
    assert_eq!(older, held[1..]);
    let quarantined = world.aside(ChangeState::Quarantined, None).await;
    assert_eq!(quarantined.len(), 1);
    assert_eq!(store.record(id).await.unwrap().incoming, [], "neither received nor waiting");
}

pub(in crate::store) async fn verdicts_reach_the_device(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let (id, other) = (world.record_id(), world.record_id());
    assert_eq!(store.verdicts(phone.id, 0).await.unwrap(), DeviceVerdicts::default());
    // Line 1 is known to be bad when it comes, line 2 is published, line 3 is held, line 4 is not judged yet.
    let (mut push, hashes) = world.push(&mut phone, &[id, id, id, other]);
    push.lines[0].state = ChangeState::Quarantined;
    push.lines[0].code = Some("change.broken".to_owned());
    store.append(&[push], SALT).await.unwrap();
    let broken = verdict(1, id, ChangeState::Quarantined, "change.broken");
    let told = store.verdicts(phone.id, 0).await.unwrap();
    assert_eq!(told, DeviceVerdicts { verdicts: vec![broken.clone()], judged_through: 1 });

    let row = world.row(id, &phone.person);
    let mut publication = world.publication(id, row.clone(), &hashes[1..2]).await;
    publication.set_aside = vec![(hashes[2], ChangeState::Held, "record.closed".to_owned())];
    let seq = world.put(publication).await;
    let held = verdict(3, id, ChangeState::Held, "record.closed");
    let told = store.verdicts(phone.id, 0).await.unwrap();
    assert_eq!(told, DeviceVerdicts { verdicts: vec![broken, held], judged_through: 3 });
    assert_eq!(store.verdicts(phone.id, seq).await.unwrap().verdicts, [], "read and not told again");

    // Somebody accepts the held one.
    let publication = world.publication(id, row, &hashes[2..3]).await;
    world.put(publication).await;
    let told = store.verdicts(phone.id, seq).await.unwrap();
    assert_eq!(told.verdicts, [verdict(3, id, ChangeState::Published, "")]);
    world.change_received(&phone, other, hashes[3]).await;
    assert_eq!(store.verdicts(phone.id, seq).await.unwrap().judged_through, 4);
    let nobody = sync_core::id::DeviceId::from([0; 16]);
    assert!(matches!(store.verdicts(nobody, 0).await, Err(StoreError::NotFound)));
}

pub(in crate::store) async fn a_verdict_is_not_repeated_while_nothing_changes(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let id = world.record_id();
    let hash = world.receive(&mut phone, &[id]).await[0];
    let row = world.row(id, &phone.person);
    let mut aside = world.publication(id, row, &[]).await;
    aside.set_aside = vec![(hash, ChangeState::Waiting, "change.waiting".to_owned())];
    let first = world.put(aside.clone()).await;
    let second = world.put(aside.clone()).await;
    assert_eq!(store.verdicts(phone.id, first).await.unwrap().verdicts, []);
    aside.set_aside = vec![(hash, ChangeState::Refused, "change.refused".to_owned())];
    world.put(aside).await;
    let told = store.verdicts(phone.id, second).await.unwrap();
    assert_eq!(told.verdicts, [verdict(1, id, ChangeState::Refused, "change.refused")]);
}

pub(in crate::store) async fn a_failed_publication_leaves_no_trace(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let (id, other) = (world.record_id(), world.record_id());
    let hashes = world.receive(&mut phone, &[id, other]).await;
    let good = world.publication(id, world.row(id, &phone.person), &hashes[..1]).await;
    let mut unknown = world.publication(other, world.row(other, &phone.person), &hashes[1..]).await;
    unknown.published = vec![world.hash()];
    let now = world.now();
    let failed = store.publish(&[good.clone(), unknown], SALT, now).await;
    assert!(matches!(failed, Err(StoreError::Conflict(_))));
    let mut without_row = good.clone();
    without_row.row = None;
    assert!(matches!(store.publish(&[without_row], SALT, now).await, Err(StoreError::Internal(_))));
    let nothing = FeedPosition { seq: 0, salt: 0 };
    assert_eq!(store.feed_head(world.organisation).await.unwrap(), nothing);
    assert!(matches!(store.record_line(id).await, Err(StoreError::NotFound)));
    assert_eq!(store.pending(9, Senders::All).await.unwrap().len(), 2);
    assert_eq!(store.publish(&[good], SALT, now).await.unwrap(), [Published::At(1)]);
}

pub(in crate::store) async fn blocks_of_the_feed_have_salts(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let organisation = world.organisation;
    assert_eq!(store.salt_at(organisation, 0).await.unwrap(), Some(0));
    assert_eq!(store.salt_at(organisation, 1).await.unwrap(), None);
    for salt in [u64::MAX, u64::MAX, 5] {
        let id = world.record_id();
        let hash = world.receive(&mut phone, &[id]).await[0];
        let publication = world.publication(id, world.row(id, &phone.person), &[hash]).await;
        store.publish(&[publication], salt, UnixMillis(1)).await.unwrap();
    }
    let mut salts = Vec::new();
    for seq in 0..5 {
        salts.push(store.salt_at(organisation, seq).await.unwrap());
    }
    assert_eq!(salts, [Some(0), Some(u64::MAX), Some(u64::MAX), Some(5), None]);
    assert_eq!(store.feed_head(organisation).await.unwrap(), FeedPosition { seq: 3, salt: 5 });
    let stranger = sync_core::id::OrganisationId::from([0; 16]);
    assert_eq!(store.salt_at(stranger, 0).await.unwrap(), None);
    assert!(matches!(store.feed_head(stranger).await, Err(StoreError::NotFound)));
}

pub(in crate::store) async fn staff_changes_stand_after_the_devices(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let chen = world.person("Chen", Role::Reviewer, None, None).await;
    let id = world.record_id();
    let hash = world.receive(&mut phone, &[id]).await[0];
    let row = world.row(id, &phone.person);
    let mut publication = world.publication(id, row.clone(), &[hash]).await;
    publication.staff = vec![world.staff_change(&chen), world.staff_change(&chen)];
    let staff: Vec<_> = publication.staff.iter().map(|change| change.hash).collect();
    let actor = publication.staff[0].actor;
    let repeated = publication.staff[0].clone();
    world.put(publication).await;
    let origins = store.origins(id).await.unwrap();
    assert_eq!(origins.iter().map(|origin| origin.hash).collect::<Vec<_>>(), [hash, staff[0], staff[1]]);
    assert_eq!((origins[0].device, origins[0].n, origins[0].person), (Some(phone.id), Some(1), phone.person.id));
    assert_eq!((origins[1].device, origins[1].n, origins[1].person_name.as_str()), (None, None, "Chen"));
    assert_eq!(store.record_line(id).await.unwrap().changes, 3);
    // The actor is bound to the person from now on.
    let foreign = store.claim_actors(world.organisation, chen.id, None, &[actor], UnixMillis(1)).await.unwrap();
    assert_eq!(foreign, []);
    let foreign =
        store.claim_actors(world.organisation, phone.person.id, Some(phone.id), &[actor], UnixMillis(1)).await;
    assert_eq!(foreign.unwrap(), [actor]);
    // The same change once more is refused as a whole.
    let mut again = world.publication(id, row.clone(), &[]).await;
    (again.staff, again.row) = (vec![repeated], Some(row));
    let now = world.now();
    assert!(matches!(store.publish(&[again], SALT, now).await, Err(StoreError::Conflict("change"))));
}

pub(in crate::store) async fn a_record_is_published_twice_in_a_batch(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let id = world.record_id();
    let hashes = world.receive(&mut phone, &[id, id]).await;
    let first = world.publication(id, world.row(id, &phone.person), &hashes[..1]).await;
    let mut second = world.publication(id, world.row(id, &phone.person), &hashes[1..]).await;
    second.base_seq = 1;
    if let Some(row) = &mut second.row {
        row.row.title = "Hotel Guilin".to_owned();
    }
    let published = store.publish(&[first, second], SALT, UnixMillis(1)).await.unwrap();
    assert_eq!(published, [Published::At(1), Published::At(2)]);
    let line = store.record_line(id).await.unwrap();
    assert_eq!((line.seq, line.changes, line.row.title.as_str()), (2, 2, "Hotel Guilin"));
}
