//! Deciding about what was set aside.

use sync_core::time::UnixMillis;
use sync_core::wire::enrol::Role;

use super::world::{Phone, SALT, World, verdict};
use crate::store::*;
use sync_core::id::{ChangeHash, RecordId};

/// A published change, one that is held behind it, and one that waits for that.
async fn amended(world: &mut World<'_>, phone: &mut Phone) -> (RecordId, Vec<ChangeHash>) {
    let id = world.record_id();
    let hashes = world.receive(phone, &[id, id, id]).await;
    let mut publication = world.publication(id, world.row(id, &phone.person), &hashes[..1]).await;
    publication.set_aside = vec![
        (hashes[1], ChangeState::Held, "record.closed".to_owned()),
        (hashes[2], ChangeState::Waiting, "change.waiting".to_owned()),
    ];
    world.put(publication).await;
    (id, hashes)
}

fn decision(
    world: &World<'_>,
    record: RecordId,
    act: Act,
    by: Option<&Person>,
    changes: Vec<DecidedChange>,
) -> NewDecision {
    NewDecision {
        organisation: world.organisation,
        record,
        act,
        by: by.map(|person| person.id),
        reason: Some("no".to_owned()),
        at: UnixMillis(9),
        changes,
    }
}

fn becomes(id: i64, from: ChangeState, to: ChangeState, code: Option<&str>) -> DecidedChange {
    DecidedChange { id, from, to, code: code.map(str::to_owned), actor: None }
}

pub(in crate::store) async fn what_is_accepted_is_judged_again_with_what_waited(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let chen = world.person("Chen", Role::Reviewer, None, None).await;
    let (id, hashes) = amended(&mut world, &mut phone).await;
    let seq = store.feed_head(world.organisation).await.unwrap().seq;
    let line = world.aside(ChangeState::Held, None).await.remove(0);
    let before = store.record(id).await.unwrap();
    assert_eq!((before.decided, before.incoming.len()), (0, 1));

    let accepted = vec![becomes(line.id, ChangeState::Held, ChangeState::Received, None)];
    let accepted = decision(&world, id, Act::Accepted, Some(&chen), accepted);
    store.decide(&accepted, SALT).await.unwrap();
    let pending = store.record(store.pending(9, Senders::All).await.unwrap()[0]).await.unwrap();
    let incoming: Vec<_> = pending.incoming.iter().map(|change| (change.hash, change.approved)).collect();
    assert_eq!(incoming, [(hashes[1], true), (hashes[2], false)]);
    let told = store.verdicts(phone.id, seq).await.unwrap();
    assert_eq!(told.judged_through, 3, "what is judged once more counts as judged");
    let told = store.verdicts(phone.id, 0).await.unwrap();
    assert_eq!(told.judged_through, 1, "but not to a phone that was never told");
    assert!(matches!(store.decide(&accepted, SALT).await, Err(StoreError::Conflict(_))), "only once");

    // Whoever judged before the decision comes too late.
    let row = world.row(id, &phone.person);
    let mut late = world.publication(id, row.clone(), &[]).await;
    late.decided = before.decided;
    late.set_aside = vec![(hashes[2], ChangeState::Waiting, "change.waiting".to_owned())];
    assert_eq!(store.publish(&[late], SALT, UnixMillis(10)).await.unwrap(), [Published::Stale]);
    let publication = world.publication(id, row, &hashes[1..]).await;
    world.put(publication).await;
    let told = store.verdicts(phone.id, seq).await.unwrap().verdicts;
    let published = |n| LineVerdict { reason: None, ..verdict(n, id, ChangeState::Published, "") };
    assert_eq!(told, [LineVerdict { reason: Some("no".to_owned()), ..published(2) }, published(3)]);
    let looked_at = store.aside(line.id).await.unwrap();
    let made = looked_at.decision.unwrap();
    assert_eq!((made.act, made.by, made.at), (Act::Accepted, Some(chen.id), UnixMillis(9)));
    assert_eq!((looked_at.line.state, looked_at.organisation), (ChangeState::Published, world.organisation));
}

pub(in crate::store) async fn what_is_refused_is_told_and_remembered(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let (id, hashes) = amended(&mut world, &mut phone).await;
    let seq = store.feed_head(world.organisation).await.unwrap().seq;
    let line = world.aside(ChangeState::Held, None).await.remove(0);
    let changes = vec![becomes(line.id, ChangeState::Held, ChangeState::Refused, Some("amendment.rejected"))];
    store.decide(&decision(&world, id, Act::Rejected, None, changes), SALT).await.unwrap();
    let told = store.verdicts(phone.id, seq).await.unwrap();
    let refused = verdict(2, id, ChangeState::Refused, "amendment.rejected");
    assert_eq!(told.verdicts, [LineVerdict { reason: Some("no".to_owned()), ..refused }]);
    assert_eq!(store.feed_head(world.organisation).await.unwrap().seq, seq + 1);
    let pending = store.record(store.pending(9, Senders::All).await.unwrap()[0]).await.unwrap();
    assert_eq!((pending.refused.as_slice(), pending.incoming[0].hash), (&hashes[1..2], hashes[2]));
    assert_eq!(world.aside(ChangeState::Refused, None).await.len(), 1);
    let states = store.states_of(&[(id, hashes[0]), (id, hashes[1]), (id, ChangeHash([9; 32]))]).await.unwrap();
    assert_eq!(states.len(), 2);
    let all = store.aside_of_record(id).await.unwrap();
    assert_eq!(
        all.iter().map(|change| change.line.hash).collect::<Vec<_>>(),
        hashes[1..2],
        "the other is being judged"
    );
    assert!(matches!(store.aside(i64::MAX).await, Err(StoreError::NotFound)));
}

pub(in crate::store) async fn held_changes_are_grouped_by_record_and_device(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut wang = world.promoter_with_phone("Wang", 0).await;
    let mut li = world.promoter_with_phone("Li", 1).await;
    let (first, _) = amended(&mut world, &mut wang).await;
    let (second, _) = amended(&mut world, &mut li).await;
    let query = |office, before| HeldQuery { organisation: world.organisation, office, before, limit: 9 };
    let groups = store.held(&query(None, None)).await.unwrap();
    let found: Vec<_> = groups.iter().map(|group| (group.record, group.device, group.held)).collect();
    assert_eq!(found, [(second, li.id, 1), (first, wang.id, 1)]);
    assert_eq!(store.held(&query(None, Some(groups[0].last))).await.unwrap(), groups[1..]);
    assert_eq!(store.held(&query(Some(world.offices[1]), None)).await.unwrap(), groups[..1]);
}
