//! What rebuilding prepares: memory, and indexes that it leaves out and that come back whatever happens.

use super::*;

/// What makes the database's indexes.
async fn definitions(store: &SqliteStore) -> Vec<String> {
    let all = "select sql from sqlite_master where type = 'index' and sql is not null order by name";
    let all = sqlx::query_as::<Db, (String,)>(all).fetch_all(&store.writer).await.unwrap();
    all.into_iter().map(|(sql,)| sql).collect()
}

#[tokio::test]
async fn whoever_opens_the_store_makes_what_was_left_out() {
    let store = scratch().await;
    let before = definitions(&store).await;
    assert!(before.iter().any(|sql| sql.contains("INDEX record_list ")));
    store.rebuild().leave_indexes_out().await.unwrap();
    let left = definitions(&store).await;
    assert!(!left.iter().any(|sql| sql.contains("INDEX record_list ")));
    for kept in ["INDEX record_by_maker ", "INDEX change_by_record ", "INDEX lead_phone_by_record "] {
        assert!(left.iter().any(|sql| sql.contains(kept)), "{kept}");
    }
    store.close().await;
    let again = SqliteStore::open(store.folder.path()).await.unwrap();
    assert_eq!(definitions(&again).await, before);
    assert_eq!(again.rebuild().make_index().await.unwrap(), None);
    again.close().await;
}

/// A server goes on when its disk fails, so it maps nothing.
#[tokio::test]
async fn only_who_goes_through_everything_has_the_file_mapped() {
    let store = scratch().await;
    let mapped = async |pool: &SqlitePool| {
        let mapped = sqlx::query_as::<Db, (i64,)>("pragma mmap_size");
        mapped.fetch_one(pool).await.unwrap().0
    };
    assert_eq!((mapped(&store.readers).await, mapped(&store.writer).await), (0, 0));
    store.rebuild().make_room().await.unwrap();
    assert!(mapped(&store.readers).await > 0 && mapped(&store.writer).await > 0);
}

#[tokio::test]
async fn what_makes_them_is_kept_as_it_was() {
    let store = scratch().await;
    let before = definitions(&store).await;
    store.rebuild().leave_indexes_out().await.unwrap();
    // Interrupted and begun again: there is nothing more to leave out, and nothing is forgotten.
    store.rebuild().leave_indexes_out().await.unwrap();
    let mut expected = before.len() - definitions(&store).await.len();
    while let Some(left) = store.rebuild().make_index().await.unwrap() {
        expected -= 1;
        assert_eq!(left, expected);
    }
    assert_eq!((expected, definitions(&store).await), (0, before.clone()));
    let mut world = World::found(&*store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let id = world.record_id();
    world.change(&mut phone, id).await;
    let of_records = |definitions: &[String]| definitions.iter().filter(|sql| sql.contains(" on record ")).count();
    store.rebuild().leave_indexes_out().await.unwrap();
    assert_eq!(of_records(&definitions(&store).await), of_records(&before), "a table with rows keeps its indexes");
}
