//! What backups are known to hold.

use sync_core::time::UnixMillis;

use super::world::World;
use crate::store::*;

pub(in crate::store) async fn backups_count_once_no_older_one_is_restored(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Li", 0).await;
    let other = world.promoter_with_phone("Wang", 0).await;
    for _ in 0..3 {
        let id = world.record_id();
        world.receive(&mut phone, &[id]).await;
    }
    let through = |before| store.backed_up_through(phone.id, UnixMillis(before));
    assert_eq!(through(i64::MAX).await.unwrap(), 0);
    for (taken_at, n) in [(100, 1), (200, 2), (300, 3)] {
        store.note_backup(UnixMillis(taken_at), &[(phone.id, n)], UnixMillis(0)).await.unwrap();
    }
    assert_eq!(through(99).await.unwrap(), 0);
    assert_eq!(through(100).await.unwrap(), 1);
    assert_eq!(through(299).await.unwrap(), 2);
    assert_eq!(store.backed_up_through(other.id, UnixMillis(i64::MAX)).await.unwrap(), 0);
    // From now on nothing older than 250 is restored, so the backup of 100 says nothing that that of 200 does not.
    store.note_backup(UnixMillis(400), &[(phone.id, 3)], UnixMillis(250)).await.unwrap();
    assert_eq!(through(150).await.unwrap(), 0);
    assert_eq!(through(250).await.unwrap(), 2);
    assert_eq!(through(400).await.unwrap(), 3);
}
