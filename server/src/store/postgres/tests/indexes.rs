//! Indexes that rebuilding leaves out, and that come back whatever happens.

use super::super::indexes::make_next;
use super::*;
use crate::store::conformance::world::World;

/// What makes the database's indexes.
async fn definitions(store: &PostgresStore) -> Vec<String> {
    let all = "select indexdef from pg_indexes where schemaname = current_schema() order by indexname";
    let all = sqlx::query_as::<Db, (String,)>(all).fetch_all(&store.writers).await.unwrap();
    all.into_iter().map(|(sql,)| sql).collect()
}

#[tokio::test]
async fn whoever_opens_the_store_makes_what_was_left_out() {
    let scratch = scratch().await;
    let before = definitions(&scratch).await;
    scratch.rebuild().leave_indexes_out().await.unwrap();
    let left = definitions(&scratch).await;
    for gone in ["INDEX record_list ", "INDEX day_fact_of_consultant "] {
        assert!(!left.iter().any(|sql| sql.contains(gone)), "{gone}");
    }
    for kept in ["INDEX record_by_maker ", "INDEX record_numbered_id_key ", "INDEX record_total_pkey "] {
        assert!(left.iter().any(|sql| sql.contains(kept)), "{kept}");
    }
    let folder = TempDir::new().unwrap();
    let again = PostgresStore::open(&access(&scratch.database.url()), folder.path()).await.unwrap();
    assert_eq!(definitions(&again).await, before, "also while another server runs");
    assert_eq!(again.rebuild().make_index().await.unwrap(), None);
    again.close().await;
    scratch.close().await;
}

#[tokio::test]
async fn several_make_indexes_at_once_and_whoever_opens_the_store_waits_for_them() {
    let scratch = scratch().await;
    let before = definitions(&scratch).await;
    scratch.rebuild().leave_indexes_out().await.unwrap();
    let left_out = before.len() - definitions(&scratch).await.len();
    let mut one = scratch.begin_making().await.unwrap();
    assert_eq!(make_next(&mut one).await.unwrap(), Some(left_out - 1));
    let mut other = scratch.begin_making().await.unwrap();
    assert_eq!(make_next(&mut other).await.unwrap(), Some(left_out - 1), "another one");
    other.commit().await.unwrap();
    let folder = TempDir::new().unwrap();
    let url = access(&scratch.database.url());
    let (again, ()) = tokio::join!(PostgresStore::open(&url, folder.path()), async { one.commit().await.unwrap() });
    let again = again.unwrap();
    assert_eq!(definitions(&again).await, before);
    again.close().await;
    scratch.close().await;
}

#[tokio::test]
async fn a_table_that_somebody_reads_keeps_its_indexes() {
    let store = scratch().await;
    let before = definitions(&store).await;
    let mut reader = store.reader().await.unwrap();
    sqlx::query::<Db>("select count(*) from record_total").fetch_one(&mut *reader).await.unwrap();
    let refused = store.rebuild().leave_indexes_out().await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert_eq!(definitions(&store).await, before, "all of them or none");
    drop(reader);
    let mut world = World::found(&*store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let id = world.record_id();
    world.change(&mut phone, id).await;
    store.rebuild().leave_indexes_out().await.unwrap();
    assert_eq!(definitions(&store).await.len(), before.len() - 3, "only those of facts, of which there are none");
    while store.rebuild().make_index().await.unwrap().is_some() {}
    assert_eq!(definitions(&store).await, before);
    store.close().await;
}
