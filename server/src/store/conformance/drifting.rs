//! What the comparison with phones reads and keeps.

use crate::store::*;

use super::world::World;

/// A stray waits until its change comes the regular way, and one device can't fill the table.
pub(in crate::store) async fn strays_wait_within_limits(store: &dyn Store) {
    let mut world = World::found(store).await;
    let phone = world.promoter_with_phone("王芳", 0).await;
    let now = world.now();
    let (record, organisation) = (world.record_id(), world.organisation);
    let mut strays = Vec::new();
    for _ in 0..3 {
        let hash = world.hash();
        strays.push(NewStray { record, hash, actor: phone.actor, raw: vec![1; 10], claimed: Some(phone.person.id) });
    }
    let limits = StrayLimits { changes: 2, bytes: 1_000 };
    let safe = world.keep_strays(organisation, phone.id, &strays, limits, now).await.unwrap();
    assert_eq!(safe, [strays[0].hash, strays[1].hash]);
    let again = world.keep_strays(organisation, phone.id, &strays, limits, now).await.unwrap();
    assert_eq!(again, safe, "what is kept already is safe, and not twice");
    let open = world.strays(organisation, None, 10).await.unwrap();
    assert_eq!(
        open.iter().map(|stray| stray.change.clone()).collect::<Vec<_>>(),
        [strays[1].clone(), strays[0].clone()]
    );
    assert_eq!(open[0].offered_by, phone.id);
    assert_eq!(world.strays_of_record(organisation, record).await.unwrap().len(), 2);

    let discarded = StrayDecision::Discarded { reason: "twice".to_owned() };
    let ids = [open[0].id];
    assert_eq!(world.decide_strays(&ids, None, &discarded, now).await.unwrap(), 1);
    assert_eq!(world.decide_strays(&ids, None, &StrayDecision::Adopted, now).await.unwrap(), 0, "decided once");
    assert!(matches!(world.stray(organisation, open[0].id).await, Err(StoreError::NotFound)));
    assert_eq!(world.stray(organisation, open[1].id).await.unwrap(), open[1]);
}

/// An order stands until it is obeyed.
pub(in crate::store) async fn an_order_to_compare_stands_until_it_is_obeyed(store: &dyn Store) {
    let mut world = World::found(store).await;
    let phone = world.promoter_with_phone("王芳", 0).await;
    let now = world.now();
    assert!(!world.digest_ordered(phone.id).await.unwrap());
    for _ in 0..2 {
        world.order_digest(phone.id, now).await.unwrap();
        assert!(world.digest_ordered(phone.id).await.unwrap());
    }
    world.digest_obeyed(phone.id).await.unwrap();
    assert!(!world.digest_ordered(phone.id).await.unwrap());
}
