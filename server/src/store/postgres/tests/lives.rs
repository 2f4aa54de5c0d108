//! Lives of the database: a copy that lags, put in its place, is noticed.

use throwaway_postgres::Cluster;

use super::super::*;
use super::access;
use crate::store::Store as _;
use crate::store::conformance::world::World;

/// A failover to a replica that lags: the same servers, connected anew, find an earlier state. What phones know of the
/// lost positions is recognised, before and after the positions are taken again.
#[tokio::test]
async fn a_lagging_replica_is_told_by_its_salts() {
    let cluster = Cluster::start(&["fsync=off"]).unwrap();
    cluster.create("daybook", "template0").unwrap();
    let folder = tempfile::TempDir::new().unwrap();
    let store = PostgresStore::open(&access(&cluster.url("daybook")), folder.path()).await.unwrap();
    let mut world = World::found(&store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let organisation = world.organisation;
    let ids = [(); 4].map(|()| world.record_id());
    world.change(&mut phone, ids[0]).await;
    world.change(&mut phone, ids[1]).await;
    let kept = store.feed_head(organisation).await.unwrap();
    let replica = cluster.folder().join("replica");
    cluster.stop().unwrap();
    cluster.copy(&cluster.data(), &replica).unwrap();
    cluster.go_on().unwrap();
    // These the replica does not get.
    let before = phone.head;
    world.change(&mut phone, ids[2]).await;
    let lost = store.feed_head(organisation).await.unwrap();
    assert_eq!(lost.seq, 3);
    cluster.stop().unwrap();
    cluster.copy(&replica, &cluster.data()).unwrap();
    cluster.go_on().unwrap();
    assert_eq!(store.salt_at(organisation, kept.seq).await.unwrap(), Some(kept.salt), "what was kept is known");
    assert_eq!(store.salt_at(organisation, lost.seq).await.unwrap(), None, "what was lost is not");
    phone.head = before;
    world.change(&mut phone, ids[3]).await;
    let head = store.feed_head(organisation).await.unwrap();
    assert_eq!(head.seq, lost.seq);
    assert_ne!(store.salt_at(organisation, lost.seq).await.unwrap(), Some(lost.salt), "nor when it is taken again");
    assert_eq!(store.salt_at(organisation, kept.seq).await.unwrap(), Some(kept.salt));
    store.close().await;
}

/// A restored dump has the same server process and the same name, but other tables.
#[tokio::test]
async fn a_restored_database_has_another_life() {
    let first = super::scratch().await;
    let second = super::scratch().await;
    let mut lives = Vec::new();
    for store in [&first, &first, &second] {
        let mut conn = store.writers.acquire().await.unwrap();
        lives.push(block_salt(&mut conn, 0).await.unwrap());
    }
    assert_eq!(lives[0], lives[1]);
    assert_ne!(lives[1], lives[2]);
    sqlx::raw_sql("truncate feed_salt").execute(&first.writers).await.unwrap();
    let mut conn = first.writers.acquire().await.unwrap();
    assert_ne!(block_salt(&mut conn, 0).await.unwrap(), lives[0]);
}
