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
        evening: Default::default(),
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

/// The same while it takes the lead, for which another server waits.
#[tokio::test]
async fn a_server_that_falls_silent_while_it_takes_the_lead_does_not_keep_it() {
    let store = scratch().await;
    let mut silent = store.writers.begin_with(begin(true)).await.unwrap();
    let takes = "insert into lead (id, holder, until) values (1, 7, clock_timestamp() + interval '1 hour') \
        on conflict (id) do update set holder = excluded.holder, until = excluded.until";
    sqlx::query::<Db>(takes).execute(&mut *silent).await.unwrap();
    let begun = std::time::Instant::now();
    assert!(store.take_lead().await.unwrap());
    assert!(begun.elapsed() < Duration::from_secs(8));
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

/// Tables that older servers can't read are not made while one listens.
#[tokio::test]
async fn older_servers_are_not_stopped_by_surprise() {
    let store = scratch().await;
    let mut conn = store.writers.acquire().await.unwrap();
    let listening = access(&store.database.url()).options.application_name("daybook listening");
    let older = PgPoolOptions::new().connect_with(listening).await.unwrap();
    assert!(!others_could_not_go_on(&mut conn).await.unwrap(), "it has the tables already");
    sqlx::raw_sql("delete from _sqlx_migrations where version >= 17").execute(&mut *conn).await.unwrap();
    drop(conn);
    let refused = PostgresStore::open_anyhow(&access(&store.database.url()), None).await;
    assert!(matches!(refused, Err(OpenError::OthersRun)));
    older.close().await;
    store.close().await;
}

/// Each would miss the photos that the other takes in. Who is alone may keep them wherever they are now.
#[tokio::test]
async fn servers_that_keep_photos_in_different_places_do_not_run_together() {
    let store = scratch().await;
    let in_place = |place: &str| Access { photos: Some(place.to_owned()), ..access(&store.database.url()) };
    let first = PostgresStore::open_anyhow(&in_place("here"), None).await.unwrap();
    let second = PostgresStore::open_anyhow(&in_place("here"), None).await.unwrap();
    let elsewhere = in_place("elsewhere");
    for running in [first, second] {
        let refused = PostgresStore::open_anyhow(&elsewhere, None).await;
        assert!(matches!(refused, Err(OpenError::PhotosElsewhere)));
        running.close_connections().await;
    }
    let alone = PostgresStore::open_anyhow(&elsewhere, None).await.unwrap();
    alone.close_connections().await;
    store.close().await;
}

/// Of two that start at the same moment one is refused.
#[tokio::test]
async fn servers_with_photos_in_different_places_do_not_start_together() {
    let store = scratch().await;
    let in_place = |place: &str| Access { photos: Some(place.to_owned()), ..access(&store.database.url()) };
    let (here, elsewhere) = (in_place("here"), in_place("elsewhere"));
    let (one, other) =
        tokio::join!(PostgresStore::open_anyhow(&here, None), PostgresStore::open_anyhow(&elsewhere, None));
    assert_eq!([&one, &other].map(Result::is_ok).iter().filter(|opened| **opened).count(), 1);
    for opened in [one, other].into_iter().flatten() {
        opened.close_connections().await;
    }
    store.close().await;
}

/// A few questions that take too long would keep the connections from everybody else.
#[tokio::test]
async fn a_question_that_takes_too_long_is_an_outage() {
    let store = scratch().await;
    let mut tx = store.reader().await.unwrap();
    let (patience,) = sqlx::query_as::<Db, (String,)>("select current_setting('statement_timeout')")
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    assert_eq!(patience, "1min");
    sqlx::raw_sql("set local statement_timeout = '1ms'").execute(&mut *tx).await.unwrap();
    let given_up = sqlx::raw_sql("select pg_sleep(60)").execute(&mut *tx).await;
    assert!(matches!(given_up.map_err(StoreError::from), Err(StoreError::Unavailable(_))));
    drop(tx);
    store.close().await;
}

/// What somebody sets while the server runs holds for its next connections.
#[tokio::test]
async fn whatever_is_usual_in_a_database_writers_see_the_present_and_forget_nothing() {
    let store = scratch().await;
    let name = store.database.name().to_owned();
    let cluster = throwaway_postgres::shared().cluster();
    for setting in ["synchronous_commit = off", "default_transaction_isolation = 'repeatable read'"] {
        cluster.ask("postgres", &format!("alter database {name} set {setting}")).unwrap();
    }
    let changed = PostgresStore::open_anyhow(&access(&store.database.url()), None).await;
    assert!(matches!(changed, Err(OpenError::NotDurable)));
    let options = access(&store.database.url()).options;
    let pool = PgPoolOptions::new().connect_with(options).await.unwrap();
    let asked = "select current_setting('synchronous_commit'), current_setting('transaction_isolation')";
    let usual = sqlx::query_as::<Db, (String, String)>(asked).fetch_one(&pool).await.unwrap();
    assert_eq!(usual, ("off".to_owned(), "repeatable read".to_owned()));
    let mut tx = pool.begin_with(begin(true)).await.unwrap();
    sqlx::query::<Db>(WRITE_LOCK).execute(&mut *tx).await.unwrap();
    let writing = sqlx::query_as::<Db, (String, String)>(asked).fetch_one(&mut *tx).await.unwrap();
    assert_eq!(writing, ("local".to_owned(), "read committed".to_owned()));
    tx.rollback().await.unwrap();
    store.close().await;
}
