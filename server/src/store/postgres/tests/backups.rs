//! Backups with PostgreSQL's programs.

use sync_core::id::OrganisationId;

use super::super::backup::{backup, restore};
use super::super::*;
use super::{access, scratch};
use crate::flag::thresholds::Thresholds;
use crate::store::backup::BackupError;
use crate::store::conformance::world::World;
use crate::store::{Organisation, Store as _};

const NOW: UnixMillis = UnixMillis(1_772_000_000_000);

fn url(database: &throwaway_postgres::Database) -> DatabaseUrl {
    DatabaseUrl::parse(&database.url()).unwrap()
}

fn organisation(number: u8) -> Organisation {
    let id = OrganisationId::from([number; 16]);
    Organisation {
        id,
        name: format!("Company {number}"),
        created_at: UnixMillis(1),
        keep_exif: false,
        evening: Default::default(),
        thresholds: Thresholds::default(),
    }
}

/// Databases that were made to check a backup of this one.
fn left_over(database: &throwaway_postgres::Database) -> String {
    let checks = format!("select count(*) from pg_database where datname like '{}_check_%'", database.name());
    throwaway_postgres::shared().cluster().ask("postgres", &checks).unwrap()
}

#[tokio::test]
async fn a_running_server_is_backed_up_and_restored_elsewhere() {
    let store = scratch().await;
    let place = tempfile::TempDir::new().unwrap();
    let target = place.path().join("backup.dump");
    // One that was killed two days ago left what it had made; one that runs still needs it.
    let left = |hours: i64| {
        let second = (NOW.0 / 1_000 - hours * 3_600).unsigned_abs();
        let name = format!("{}_check_{second:010x}abcdef", store.database.name());
        throwaway_postgres::shared().cluster().create(&name, "template0").unwrap();
        name
    };
    let (_killed, running) = (left(48), left(1));
    store.create_organisation(&organisation(1)).await.unwrap();
    let report = backup(&url(&store.database), &target, NOW).await.unwrap().report;
    assert_eq!((report.contents.organisations, report.contents.epoch), (1, 1));
    assert_eq!(report.bytes, std::fs::metadata(&target).unwrap().len());
    store.create_organisation(&organisation(2)).await.unwrap();
    let again = backup(&url(&store.database), &target, NOW).await;
    assert!(matches!(again, Err(BackupError::Exists(_))));

    let elsewhere = throwaway_postgres::shared().database("template0", |_| {});
    let restored = restore(&target, &url(&elsewhere)).await.unwrap();
    assert_eq!((restored.contents.epoch, restored.contents.organisations), (2, 1));
    let other = PostgresStore::open(&access(&elsewhere.url()), place.path()).await.unwrap();
    assert_eq!(other.organisations().await.unwrap(), [organisation(1)]);
    assert_eq!(other.epoch().await.unwrap(), 2);
    other.close().await;
    let over = restore(&target, &url(&store.database)).await;
    assert!(matches!(over, Err(BackupError::NotEmpty(_))));
    assert_eq!(left_over(&store.database), "1", "what was only for the check is gone");
    throwaway_postgres::shared().cluster().ask("postgres", &format!("drop database {running}")).unwrap();
    store.close().await;
}

/// A backup of an older version is restored as it is; whoever opens the database brings it up to date.
#[tokio::test]
async fn a_backup_from_before_there_were_bundles_is_restored() {
    let store = scratch().await;
    store.create_organisation(&organisation(1)).await.unwrap();
    let older = "drop table bundle, journal_part; delete from _sqlx_migrations where version >= 26";
    sqlx::raw_sql(older).execute(&store.writers).await.unwrap();
    let place = tempfile::TempDir::new().unwrap();
    let target = place.path().join("backup.dump");
    backup(&url(&store.database), &target, NOW).await.unwrap();
    let elsewhere = throwaway_postgres::shared().database("template0", |_| {});
    let restored = restore(&target, &url(&elsewhere)).await.unwrap();
    assert_eq!((restored.contents.organisations, restored.contents.changes), (1, 0));
    let other = PostgresStore::open(&access(&elsewhere.url()), place.path()).await.unwrap();
    assert_eq!(other.organisations().await.unwrap(), [organisation(1)]);
    other.close().await;
    store.close().await;
}

#[tokio::test]
async fn what_is_not_whole_is_no_backup() {
    let store = scratch().await;
    let place = tempfile::TempDir::new().unwrap();
    let target = place.path().join("backup.dump");
    let mut world = World::found(&*store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let id = world.record_id();
    // The changes of this suite are no changes, so their names can't fit their bytes.
    world.change(&mut phone, id).await;
    let altered = backup(&url(&store.database), &target, NOW).await;
    assert!(matches!(altered, Err(BackupError::Damaged { .. })), "a change with another name: {altered:?}");
    assert!(!target.exists() && !place.path().join("backup.dump.unfinished").exists());
    let later = "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
        values (9999, 'later', true, '', 1)";
    sqlx::raw_sql("delete from change").execute(&store.writers).await.unwrap();
    sqlx::raw_sql(later).execute(&store.writers).await.unwrap();
    let foreign = backup(&url(&store.database), &target, NOW).await;
    assert!(matches!(foreign, Err(BackupError::Foreign(_))), "{foreign:?}");
    let elsewhere = throwaway_postgres::shared().database("template0", |_| {});
    std::fs::write(&target, "not a backup").unwrap();
    assert!(matches!(restore(&target, &url(&elsewhere)).await, Err(BackupError::Program { .. })));
    store.close().await;
}
