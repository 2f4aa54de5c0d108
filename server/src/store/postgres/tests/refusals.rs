//! What PostgreSQL refuses, in the store's words.

use sync_core::id::OrganisationId;

use super::super::*;
use super::{access, scratch};
use crate::store::{Organisation, Store as _};

fn organisation() -> Organisation {
    Organisation {
        id: OrganisationId::from([1; 16]),
        name: "Company".to_owned(),
        created_at: UnixMillis(1),
        keep_exif: false,
        thresholds: Default::default(),
    }
}

#[tokio::test]
async fn a_database_that_only_reads_is_an_outage() {
    let store = scratch().await;
    let mut conn = store.writers.acquire().await.unwrap();
    let refused = sqlx::raw_sql("begin read only; delete from meta").execute(&mut *conn).await;
    assert!(matches!(refused.map_err(StoreError::from), Err(StoreError::Unavailable(_))));
}

#[tokio::test]
async fn a_lost_connection_is_an_outage_and_the_next_call_has_another() {
    let store = scratch().await;
    let mut tx = store.begin_write().await.unwrap();
    let (pid,) = sqlx::query_as::<Db, (i32,)>("select pg_backend_pid()").fetch_one(&mut *tx).await.unwrap();
    throwaway_postgres::shared()
        .cluster()
        .ask("postgres", &format!("select pg_terminate_backend({pid}, 5000)"))
        .unwrap();
    let lost = sqlx::query::<Db>("delete from meta").execute(&mut *tx).await;
    assert!(matches!(lost.map_err(StoreError::from), Err(StoreError::Unavailable(_))));
    drop(tx);
    store.create_organisation(&organisation()).await.unwrap();
    store.close().await;
}

/// Who holds the lock and says nothing more, because its machine is gone, keeps nobody waiting for long.
#[tokio::test]
async fn a_writer_that_falls_silent_loses_the_lock() {
    let store = scratch().await;
    let mut silent = store.begin_write().await.unwrap();
    let begun = std::time::Instant::now();
    store.create_organisation(&organisation()).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(10));
    let lost = sqlx::query::<Db>("delete from meta").execute(&mut *silent).await;
    assert!(matches!(lost.map_err(StoreError::from), Err(StoreError::Unavailable(_))));
    drop(silent);
    store.close().await;
}

#[tokio::test]
async fn a_database_that_may_forget_is_refused() {
    let store = scratch().await;
    let name = store.database.name().to_owned();
    let url = store.database.url();
    store.close().await;
    let set = |setting: &str| format!("alter database {name} set {setting}");
    let cluster = throwaway_postgres::shared().cluster();
    cluster.ask("postgres", &set("synchronous_commit = off")).unwrap();
    let refused = PostgresStore::open(&access(&url), store.folder.path()).await;
    assert!(matches!(refused, Err(OpenError::NotDurable)));
}
