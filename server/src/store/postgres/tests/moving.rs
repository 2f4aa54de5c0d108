//! Moving in from SQLite.

use std::collections::BTreeSet;

use super::super::moving::{Move, MoveError};
use super::super::*;
use super::access;
use crate::store::conformance::world::{SALT, World};
use crate::store::sqlite::{self, SqliteStore};
use crate::store::{RecordFilter, RecordQuery, Scope, Store as _};

/// A folder with an organisation that has published some records and set one change aside.
async fn furnished() -> (tempfile::TempDir, sync_core::id::OrganisationId, sync_core::id::DeviceId) {
    let folder = tempfile::TempDir::new().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    let mut world = World::found(&store).await;
    let mut phone = world.promoter_with_phone("Wang\0", 0).await;
    for _ in 0..30 {
        let id = world.record_id();
        world.change(&mut phone, id).await;
        world.change(&mut phone, id).await;
    }
    let id = world.record_id();
    world.receive(&mut phone, &[id]).await;
    let organisation = world.organisation;
    store.close().await;
    (folder, organisation, phone.id)
}

async fn empty() -> (throwaway_postgres::Database, Access) {
    let database = throwaway_postgres::shared().database("template0", |_| {});
    let access = access(&database.url());
    (database, access)
}

#[tokio::test]
async fn a_move_leaves_nothing_behind() {
    let (folder, organisation, device) = furnished().await;
    let (_database, access) = empty().await;
    let mut moving = Move::begin(folder.path(), &access).await.unwrap();
    let while_moving = PostgresStore::open(&access, tempfile::tempdir().unwrap().path()).await;
    assert!(matches!(while_moving, Err(OpenError::Moving)));
    moving.copy(|_, _| {}).await.unwrap();
    let tables = moving.verify(|_, _| {}).await.unwrap();
    let rows = |name: &str| tables.iter().find(|table| table.table == name).unwrap().rows;
    assert_eq!((rows("change"), rows("bundle"), rows("record"), rows("person"), rows("feed_salt")), (31, 30, 30, 1, 1));
    moving.finish().await.unwrap();

    let own = tempfile::tempdir().unwrap();
    let store = PostgresStore::open(&access, own.path()).await.unwrap();
    assert_eq!(store.feed_head(organisation).await.unwrap().seq, 60);
    assert_eq!(store.salt_at(organisation, 60).await.unwrap(), Some(SALT));
    assert_eq!(store.device(device).await.unwrap().head.n, 61);
    let query = RecordQuery {
        scope: Scope::Organisation(organisation),
        filter: RecordFilter::default(),
        after: None,
        limit: 100,
    };
    assert_eq!(store.list_records(&query).await.unwrap().len(), 30);
    assert_eq!(store.pending(9, crate::store::Senders::All).await.unwrap().len(), 1);
    // Numbers go on behind those that were moved.
    let mut world = World::found_beside(&store).await;
    let mut phone = world.promoter_with_phone("Li", 0).await;
    let id = world.record_id();
    world.change(&mut phone, id).await;
    store.close().await;
    assert!(matches!(SqliteStore::open(folder.path()).await, Err(sqlite::OpenError::Moved)));
    let again = Move::begin(folder.path(), &access).await;
    assert!(matches!(again, Err(MoveError::Occupied)));
}

/// However a move was interrupted, it goes on where it stood.
#[tokio::test]
async fn an_interrupted_move_goes_on() {
    let (folder, organisation, _) = furnished().await;
    let (_database, access) = empty().await;
    for table in ["organisation", "device", "change", "feed_salt"] {
        let mut moving = Move::begin(folder.path(), &access).await.unwrap();
        let interrupted = tokio::spawn(async move {
            let stop = |copied: &str, _: u64| assert!(copied != table, "interrupted");
            moving.copy(stop).await.unwrap();
        });
        assert!(interrupted.await.unwrap_err().is_panic());
    }
    let mut moving = Move::begin(folder.path(), &access).await.unwrap();
    moving.copy(|_, _| {}).await.unwrap();
    let rows: u64 = moving.verify(|_, _| {}).await.unwrap().iter().map(|table| table.rows).sum();
    assert!(rows > 150, "{rows}");
    moving.finish().await.unwrap();
    let own = tempfile::tempdir().unwrap();
    let store = PostgresStore::open(&access, own.path()).await.unwrap();
    assert_eq!(store.feed_head(organisation).await.unwrap().seq, 60);
    store.close().await;
}

/// The server went on after a move was interrupted: what had been copied is not so any more.
#[tokio::test]
async fn a_move_that_was_interrupted_for_long_begins_anew() {
    let (folder, organisation, device) = furnished().await;
    let (_database, access) = empty().await;
    let mut moving = Move::begin(folder.path(), &access).await.unwrap();
    moving.copy(|_, _| {}).await.unwrap();
    assert!(!moving.begin_anew().await.unwrap(), "there was no earlier attempt");
    drop(moving);
    let (others, ..) = furnished().await;
    let store = SqliteStore::open(others.path()).await.unwrap();
    store.server_key([7; 32]).await.unwrap();
    store.close().await;
    assert!(matches!(Move::begin(others.path(), &access).await, Err(MoveError::Occupied)));
    let store = SqliteStore::open(folder.path()).await.unwrap();
    store.revoke_device(device, UnixMillis(5)).await.unwrap();
    store.close().await;

    let mut moving = Move::begin(folder.path(), &access).await.unwrap();
    moving.copy(|_, _| {}).await.unwrap();
    let different = moving.verify(|_, _| {}).await.unwrap_err();
    assert!(matches!(different, MoveError::Different("device")) && different.is_about_contents());
    assert!(moving.begin_anew().await.unwrap());
    moving.copy(|_, _| {}).await.unwrap();
    moving.verify(|_, _| {}).await.unwrap();
    moving.finish().await.unwrap();
    let own = tempfile::tempdir().unwrap();
    let store = PostgresStore::open(&access, own.path()).await.unwrap();
    assert_eq!(store.feed_head(organisation).await.unwrap().seq, 60);
    store.close().await;
}

/// A table that is forgotten here would be forgotten by every move.
#[tokio::test]
async fn every_table_is_moved() {
    let (database, access) = empty().await;
    let store = PostgresStore::open_anyhow(&access, None).await.unwrap();
    let mut conn = store.reader().await.unwrap();
    let tables = sqlx::query_as::<Db, (String,)>(
        "select cast(relname as text) from pg_class where relnamespace = 'public'::regnamespace \
        and relkind in ('r', 'p') and not relispartition",
    );
    let tables: BTreeSet<String> =
        tables.fetch_all(&mut *conn).await.unwrap().into_iter().map(|(name,)| name).collect();
    drop(conn);
    // What belongs to the database itself, and what is made anew.
    let others = ["_sqlx_migrations", "index_to_make", "lead", "meta", "rota_turn", "word_block", "word_run"];
    let moved = moving::TABLES.iter().chain(&others).map(|name| (*name).to_owned()).collect();
    assert_eq!(tables, moved);
    store.close().await;
    drop(database);
}

#[tokio::test]
async fn what_differs_is_noticed() {
    let (folder, ..) = furnished().await;
    let (database, access) = empty().await;
    let mut moving = Move::begin(folder.path(), &access).await.unwrap();
    moving.copy(|_, _| {}).await.unwrap();
    let mut conn = sqlx::ConnectOptions::connect(&access.options).await.unwrap();
    let alter = "update change set raw = raw || '\\x00' where id = (select min(id) from change)";
    sqlx::raw_sql(alter).execute(&mut conn).await.unwrap();
    assert!(matches!(moving.verify(|_, _| {}).await, Err(MoveError::Different("change"))));
    drop((conn, database));
}
