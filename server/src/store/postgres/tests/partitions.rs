//! Changes and bundles lie in the month of their record.

use sync_core::id::RecordId;

use super::super::*;
use super::scratch;
use crate::store::Store as _;
use crate::store::conformance::world::World;

const NOVEMBER_2029: UnixMillis = UnixMillis(1_888_704_000_000);

async fn in_table(conn: &mut Conn, table: &str) -> i64 {
    sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from {table}"))).fetch_one(conn).await.unwrap()
}

#[tokio::test]
async fn a_month_takes_over_what_came_before_it_was_made() {
    let store = scratch().await;
    let mut world = World::found(&*store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let (early, late) = (world.record_id(), RecordId::new(NOVEMBER_2029, &mut world.rng));
    let mut changes = Vec::new();
    // Published with its push, then after it.
    for record in [early, early, late, late] {
        changes.push(world.change(&mut phone, record).await.0);
    }
    let mut tx = store.begin_write().await.unwrap();
    for table in months::TABLES {
        assert_eq!(in_table(&mut tx, &format!("{table}_other")).await, 2, "1970 and 2029 have no months");
    }
    months::make(&mut tx, months::Month::of(NOVEMBER_2029)).await.unwrap();
    months::make(&mut tx, months::Month::of(NOVEMBER_2029)).await.unwrap();
    for table in months::TABLES {
        let [other, month] = ["other", "2029_11"].map(|part| format!("{table}_{part}"));
        assert_eq!((in_table(&mut tx, &other).await, in_table(&mut tx, &month).await), (1, 1));
    }
    tx.commit().await.unwrap();
    // A record goes on across the border, and the same change is known on both sides of it.
    let (third, _) = world.change(&mut phone, late).await;
    let hashes =
        |record: crate::store::PendingRecord| record.published.iter().map(|change| change.hash).collect::<Vec<_>>();
    assert_eq!(hashes(store.record(late).await.unwrap()), [changes[2], changes[3], third]);
    assert_eq!(hashes(store.record(early).await.unwrap()), changes[..2]);
    store.close().await;
}

#[tokio::test]
async fn an_old_month_can_be_detached() {
    let store = scratch().await;
    let mut world = World::found(&*store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let (old, young) = (RecordId::new(NOVEMBER_2029, &mut world.rng), world.record_id());
    for record in [old, old, young, young] {
        world.change(&mut phone, record).await;
    }
    let mut tx = store.begin_write().await.unwrap();
    months::make(&mut tx, months::Month::of(NOVEMBER_2029)).await.unwrap();
    for table in months::TABLES {
        let detach = format!("alter table {table} detach partition {table}_2029_11");
        sqlx::raw_sql(sqlx::AssertSqlSafe(detach)).execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    let gone = store.record(old).await;
    assert!(matches!(gone, Err(StoreError::NotFound)), "{gone:?}");
    // Others don't notice: what is pushed is published, and the journal goes on.
    let (_, seq) = world.change(&mut phone, young).await;
    assert_eq!(store.record_line(young).await.unwrap().seq, seq);
    assert_eq!(store.verdicts(phone.id, 0).await.unwrap().judged_through, 5);
    // A month that was put away is not made again over its own table.
    let mut tx = store.begin_write().await.unwrap();
    months::make(&mut tx, months::Month::of(NOVEMBER_2029)).await.unwrap();
    for table in months::TABLES {
        assert_eq!(in_table(&mut tx, &format!("{table}_2029_11")).await, 1);
    }
    tx.commit().await.unwrap();
    store.close().await;
}

/// A database of an older version has months of changes, and gets those of bundles when it is opened.
#[tokio::test]
async fn a_month_that_one_table_has_the_other_gets() {
    let store = scratch().await;
    let mut tx = store.begin_write().await.unwrap();
    months::make(&mut tx, months::Month::of(NOVEMBER_2029)).await.unwrap();
    sqlx::raw_sql("drop table bundle_2029_11").execute(&mut *tx).await.unwrap();
    months::prepare(&mut tx, UnixMillis(NOVEMBER_2029.0 / 2)).await.unwrap();
    assert_eq!(in_table(&mut tx, "bundle_2029_11").await, 0, "it is there, and empty");
    tx.commit().await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn the_months_to_come_are_there() {
    let store = scratch().await;
    let mut conn = store.writers.acquire().await.unwrap();
    for table in months::TABLES {
        let months = format!("(select inhrelid from pg_inherits where inhparent = '{table}'::regclass) months");
        assert!(in_table(&mut conn, &months).await >= 6, "{table}");
    }
}

/// `pg_dump` reads all tables from its beginning to its end. A server that starts meanwhile and has a table to make waits for
/// it, and nobody waits for that server.
#[tokio::test]
async fn whoever_changes_tables_waits_for_a_backup_alone() {
    let store = scratch().await;
    let mut world = World::found(&*store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let record = world.record_id();
    let mut tx = store.begin_write().await.unwrap();
    let (newest,) = sqlx::query_as::<Db, (String,)>(
        "select max(relname::text) from pg_class where relname like 'change\\_2%' and relkind = 'r'",
    )
    .fetch_one(&mut *tx)
    .await
    .unwrap();
    let gone = format!("alter table change detach partition {newest}; drop table {newest}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(gone)).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();

    let mut dump = store.reader().await.unwrap();
    sqlx::raw_sql("lock table change, change_other in access share mode").execute(&mut *dump).await.unwrap();
    let access = super::access(&store.database.url());
    let folder = tempfile::TempDir::new().unwrap();
    let starting = PostgresStore::open(&access, folder.path());
    let others = async {
        let waiting = "select count(*) from pg_locks where not granted and locktype = 'relation' \
            and database = (select oid from pg_database where datname = current_database())";
        let mut look = sqlx::ConnectOptions::connect(&access.options).await.unwrap();
        while sqlx::query_as::<Db, (i64,)>(waiting).fetch_one(&mut look).await.unwrap().0 == 0 {
            tokio::task::yield_now().await;
        }
        world.change(&mut phone, record).await;
        dump.rollback().await.unwrap();
    };
    let (started, ()) = tokio::join!(starting, others);
    let started = started.unwrap();
    let mut conn = started.writers.acquire().await.unwrap();
    assert_eq!(in_table(&mut conn, &format!("(select to_regclass('{newest}') as it) t where it is not null")).await, 1);
    drop(conn);
    started.close().await;
    store.close().await;
}
