//! What a push publishes of a record at once lies together, and nobody who reads it notices.

use sync_core::id::{ChangeHash, RecordId};

use super::world::{Phone, SALT, World, raw_of, verdict};
use crate::store::*;

/// Pushes changes that are published with their push, all of those of a record together; answers them by record.
async fn push_at_once(world: &mut World<'_>, phone: &mut Phone, records: &[RecordId]) -> Vec<ChangeHash> {
    let (mut push, hashes) = world.push(phone, records);
    let mut together = records.to_vec();
    together.sort_unstable();
    together.dedup();
    for record in together {
        let own: Vec<ChangeHash> =
            records.iter().zip(&hashes).filter(|(of, _)| **of == record).map(|(_, hash)| *hash).collect();
        push.judged.push(world.publication(record, world.row(record, &phone.person), &own).await);
    }
    let published = u32::try_from(records.len()).unwrap();
    let answer = world.append(&[push], SALT).await.unwrap();
    assert!(matches!(answer[..], [Appended::Stored { published: all, received: false, .. }] if all == published));
    hashes
}

fn names(record: &PendingRecord) -> Vec<ChangeHash> {
    record.published.iter().map(|change| change.hash).collect()
}

pub(in crate::store) async fn what_lies_together_is_read_like_everything_else(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let (one, other) = (world.record_id(), world.record_id());
    // Lines 1 to 4 lie together with those of their record, line 5 for itself, line 6 in a bundle of one.
    let first = push_at_once(&mut world, &mut phone, &[one, other, one, one]).await;
    let fifth = world.receive(&mut phone, &[one]).await[0];
    world.change_received(&phone, one, fifth).await;
    let sixth = push_at_once(&mut world, &mut phone, &[one]).await[0];
    let expected = [first[0], first[2], first[3], fifth, sixth];

    let record = store.record(one).await.unwrap();
    assert_eq!(names(&record), expected);
    assert!(record.published.iter().all(|change| change.raw == raw_of(&change.hash)));
    assert_eq!((record.base_seq, record.organisation), (4, world.organisation));
    assert_eq!(names(&store.record(other).await.unwrap()), [first[1]]);
    let rebuilt = store.rebuild().published(None, 9).await.unwrap();
    let rebuilt: Vec<_> = rebuilt.iter().map(|it| (it.record.id, names(&it.record), it.record.base_seq)).collect();
    assert_eq!(rebuilt, [(one, expected.to_vec(), 4), (other, vec![first[1]], 2)]);
    assert_eq!(store.record_ids(None, 9).await.unwrap(), [one, other]);
    assert_eq!(store.record_ids(Some(one), 9).await.unwrap(), [other]);
    let heads = store.scope_heads(&Scope::Team(world.teams[0]), 9).await.unwrap();
    assert!(heads.len() == 2 && heads.iter().all(|heads| heads.whole));
    let line = store.record_line(one).await.unwrap();
    assert_eq!((line.changes, line.seq), (5, 4));

    // Who, when, and by which line; the signed heads before are what the clocks are measured from.
    let origins = store.origins(one).await.unwrap();
    let told: Vec<_> = origins.iter().map(|it| (it.hash, it.n.unwrap(), it.seq)).collect();
    let places = [(1, 1), (3, 1), (4, 1), (5, 3), (6, 4)];
    assert_eq!(told, expected.iter().zip(places).map(|(hash, (n, seq))| (*hash, n, seq)).collect::<Vec<_>>());
    for origin in &origins {
        assert_eq!((origin.device, origin.person, origin.adopted), (Some(phone.id), phone.person.id, false));
        assert_eq!(origin.written_at, Some(origin.received_at.plus(-5)));
        assert_eq!(origin.anchor.map(|anchor| anchor.elapsed_ms), (origin.n > Some(4)).then_some(0));
    }
    assert_eq!(origins[3].anchor.unwrap().received_at, origins[0].received_at);
    assert_eq!(origins[4].anchor.unwrap().received_at, origins[3].received_at);
    assert_eq!(store.flags().written_by(phone.id, RecordId::from([0; 16]), 9).await.unwrap(), [one, other]);
    assert_eq!(store.flags().written_by(phone.id, one, 9).await.unwrap(), [other]);
    assert_eq!(store.flags().written_by(phone.id, RecordId::from([0; 16]), 1).await.unwrap(), [one]);
    let day = "2026-03-05".parse().unwrap();
    let writers = store.days().day_writers(world.offices[0], day).await.unwrap();
    assert_eq!(writers.iter().map(|device| device.id).collect::<Vec<_>>(), [phone.id]);
    let (received, unknown) = (world.record_id(), world.record_id());
    world.receive(&mut phone, &[received]).await;
    let known = store.known_records(&[unknown, other, received, one]).await.unwrap();
    assert_eq!(known, [one, other, received].into_iter().collect());
}

pub(in crate::store) async fn a_journal_is_read_in_order_wherever_its_lines_lie(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let ids: Vec<RecordId> = (0..3).map(|_| world.record_id()).collect();
    let mut sent = Vec::new();
    // More parts than are read at once, and rows between them.
    for round in 0..40 {
        sent.extend(push_at_once(&mut world, &mut phone, &[ids[round % 3], ids[(round + 1) % 3]]).await);
        if round % 4 == 0 {
            let alone = world.record_id();
            sent.extend(world.receive(&mut phone, &[alone]).await);
        }
    }
    let all = store.journal(phone.id, 1, 1_000).await.unwrap();
    assert_eq!(all.iter().map(|line| line.entry.change).collect::<Vec<_>>(), sent);
    assert_eq!(all.iter().fold(sync_core::journal::Head::EMPTY, |head, line| head.after(&line.entry)), phone.head);
    let received = all.iter().filter(|line| line.state == ChangeState::Received).count();
    assert_eq!((received, all.len()), (10, 90));
    for (from, limit) in [(1, 1), (1, 2), (1, 3), (4, 7), (50, 20), (2, 60), (3, 66), (88, 9), (90, 1), (91, 5), (1, 0)]
    {
        let expected: Vec<_> = all.iter().skip(from - 1).take(limit).cloned().collect();
        let read = store.journal(phone.id, from as u64, u32::try_from(limit).unwrap()).await.unwrap();
        assert_eq!(read, expected, "{limit} from {from}");
    }
}

pub(in crate::store) async fn what_lies_together_and_comes_again_is_known(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut wang = world.promoter_with_phone("Wang", 0).await;
    let mut li = world.promoter_with_phone("Li", 0).await;
    let id = world.record_id();
    let hashes = push_at_once(&mut world, &mut wang, &[id, id]).await;
    let again = world.push_of(&mut li, &[(id, hashes[1]), (id, hashes[1])]);
    store.append(&[again], SALT).await.unwrap();
    let states: Vec<_> = store.journal(li.id, 1, 9).await.unwrap().into_iter().map(|line| line.state).collect();
    assert_eq!(states, [ChangeState::Quarantined; 2]);
    let told = store.verdicts(li.id, 0).await.unwrap();
    let published = |n| verdict(n, id, ChangeState::Published, "change.repeated");
    assert_eq!((told.verdicts, told.judged_through), (vec![published(1), published(2)], 2), "as good as the first");
    let unknown = world.hash();
    let states = store.states_of(&[(id, hashes[0]), (id, hashes[1]), (id, unknown)]).await.unwrap();
    let mut known: Vec<_> = states.into_iter().filter(|(.., state)| *state == ChangeState::Published).collect();
    known.sort_unstable();
    let mut both = hashes.clone();
    both.sort_unstable();
    assert_eq!(known, both.iter().map(|hash| (id, *hash, ChangeState::Published)).collect::<Vec<_>>());
    assert_eq!(names(&store.record(id).await.unwrap()), hashes, "nothing is there twice");
}

pub(in crate::store) async fn where_something_can_t_be_placed_changes_lie_for_themselves(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut wang = world.promoter_with_phone("Wang", 0).await;
    let li = world.promoter_with_phone("Li", 0).await;
    let (id, organisation, now) = (world.record_id(), world.organisation, world.now());
    let known = push_at_once(&mut world, &mut wang, &[id]).await[0];
    let coming = world.hash();
    let stray = |hash| NewStray { record: id, hash, actor: wang.actor, raw: vec![1], claimed: None };
    let (strays, limits) = ([stray(known), stray(coming)], StrayLimits { changes: 9, bytes: 99 });
    let safe = store.keep_strays(organisation, li.id, &strays, limits, now).await.unwrap();
    assert_eq!(safe, [known, coming]);
    let open = async || {
        let open = store.strays_of_record(organisation, id).await.unwrap();
        open.iter().map(|stray| stray.change.hash).collect::<Vec<_>>()
    };
    assert_eq!(open().await, [coming], "what lies in a bundle is placed");
    let mut push = world.push_of(&mut wang, &[(id, coming)]);
    push.judged = vec![world.publication(id, world.row(id, &li.person), &[coming]).await];
    store.append(&[push], SALT).await.unwrap();
    assert_eq!(open().await, [], "and so is what has come");
    assert_eq!(names(&store.record(id).await.unwrap()), [known, coming]);
}

pub(in crate::store) async fn lines_are_put_back_where_none_lies(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut wang = world.promoter_with_phone("Wang", 0).await;
    let mut li = world.promoter_with_phone("Li", 0).await;
    let id = world.record_id();
    let (mut push, hashes) = world.push(&mut wang, &[id, id]);
    push.judged = vec![world.publication(id, world.row(id, &wang.person), &hashes).await];
    let lines = push.lines.clone();
    store.append(&[push], SALT).await.unwrap();
    let now = world.now();
    assert_eq!(store.fill_journal(wang.id, &lines, now).await.unwrap(), 0, "none was lost");
    // A line that this journal lacks, and which brings what lies in the other's bundle.
    let again = world.push_of(&mut li, &[(id, hashes[0])]);
    let line = again.lines[0].clone();
    let skipped = Push { lines: Vec::new(), ..again };
    store.append(&[skipped], SALT).await.unwrap();
    assert_eq!(store.fill_journal(li.id, std::slice::from_ref(&line), now).await.unwrap(), 1);
    assert_eq!(store.fill_journal(li.id, &[line], now).await.unwrap(), 0);
    assert_eq!(store.journal(li.id, 1, 9).await.unwrap()[0].state, ChangeState::Quarantined, "it repeats the other");
    assert_eq!(names(&store.record(id).await.unwrap()), hashes);
}

pub(in crate::store) async fn what_is_judged_anew_lies_for_itself(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut wang = world.promoter_with_phone("Wang", 0).await;
    let (id, other) = (world.record_id(), world.record_id());
    let hashes = push_at_once(&mut world, &mut wang, &[id, other, id]).await;
    let late = world.receive(&mut wang, &[id]).await[0];
    // What came late belongs before what is published, so all of it is published anew.
    let before = store.journal(wang.id, 1, 9).await.unwrap();
    let anew = [late, hashes[0], hashes[2]];
    let publication = world.publication(id, world.row(id, &wang.person), &anew).await;
    let seq = world.put(publication).await;
    let record = store.record(id).await.unwrap();
    assert_eq!((names(&record), record.base_seq), (anew.to_vec(), seq));
    assert!(record.published.iter().all(|change| change.raw == raw_of(&change.hash)));
    let after = store.journal(wang.id, 1, 9).await.unwrap();
    assert_eq!(
        after.iter().map(|line| line.entry).collect::<Vec<_>>(),
        before.iter().map(|line| line.entry).collect::<Vec<_>>()
    );
    assert!(after.iter().all(|line| line.state == ChangeState::Published));
    let origins = store.origins(id).await.unwrap();
    assert_eq!(origins.iter().map(|origin| origin.n).collect::<Vec<_>>(), [Some(4), Some(1), Some(3)]);
    assert_eq!(names(&store.record(other).await.unwrap()), [hashes[1]]);
    assert_eq!(store.verdicts(wang.id, 0).await.unwrap().judged_through, 4);
}

pub(in crate::store) async fn what_is_too_large_together_lies_for_itself(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut wang = world.promoter_with_phone("Wang", 0).await;
    let id = world.record_id();
    let (mut push, hashes) = world.push(&mut wang, &[id; 4]);
    // More than is ever unpacked together.
    for line in &mut push.lines[..3] {
        line.raw = Some(vec![0x85; 23 * 1024 * 1024]);
    }
    let sent: Vec<Vec<u8>> = push.lines.iter().filter_map(|line| line.raw.clone()).collect();
    push.judged = vec![world.publication(id, world.row(id, &wang.person), &hashes).await];
    store.append(&[push], SALT).await.unwrap();
    let record = store.record(id).await.unwrap();
    assert_eq!(names(&record), hashes);
    assert!(record.published.iter().zip(&sent).all(|(change, raw)| change.raw == *raw));
}

pub(in crate::store) async fn of_one_record_only_what_is_published_lies_together(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut wang = world.promoter_with_phone("Wang", 0).await;
    let mut li = world.promoter_with_phone("Li", 0).await;
    let (id, shared) = (world.record_id(), world.record_id());
    // One line is held, one brings nothing but its name, one is not judged; and two phones come together.
    let (mut push, hashes) = world.push(&mut wang, &[id, id, id, shared]);
    push.lines[1] = NewLine {
        raw: None,
        actor: None,
        actor_seq: None,
        state: ChangeState::Quarantined,
        code: Some("change.withheld".to_owned()),
        ..push.lines[1].clone()
    };
    let mut judged = world.publication(id, world.row(id, &wang.person), &hashes[..1]).await;
    judged.set_aside = vec![(hashes[2], ChangeState::Held, "record.closed".to_owned())];
    push.judged = vec![judged];
    let (mut other, theirs) = world.push(&mut li, &[shared]);
    other.judged = vec![world.publication(shared, world.row(shared, &li.person), &theirs).await];
    let answers = store.append(&[push, other], SALT).await.unwrap();
    assert!(matches!(answers[0], Appended::Stored { published: 1, received: true, .. }));
    let [published, received, held, quarantined] =
        [ChangeState::Published, ChangeState::Received, ChangeState::Held, ChangeState::Quarantined];
    let states: Vec<_> = store.journal(wang.id, 1, 9).await.unwrap().into_iter().map(|line| line.state).collect();
    assert_eq!(states, [published, quarantined, held, received]);
    assert_eq!(names(&store.record(id).await.unwrap()), hashes[..1]);
    let shared = store.record(shared).await.unwrap();
    assert_eq!((names(&shared), shared.incoming.len()), (theirs, 1));
}
