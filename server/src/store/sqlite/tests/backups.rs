//! Backups and restorations.

use sync_core::id::OrganisationId;
use sync_core::time::UnixMillis;

use super::super::backup::*;
use super::super::*;
use super::scratch;
use crate::flag::thresholds::Thresholds;
use crate::store::{Organisation, Store as _};

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

const NOW: UnixMillis = UnixMillis(1_772_000_000_000);

#[tokio::test]
async fn a_running_server_is_backed_up_and_restored_elsewhere() {
    let store = scratch().await;
    let target = store.folder.path().join("backup.db");
    store.create_organisation(&organisation(1)).await.unwrap();
    let report = backup(store.folder.path(), &target, NOW).await.unwrap();
    assert_eq!((report.contents.organisations, report.contents.epoch), (1, 1));
    assert_eq!(report.bytes, std::fs::metadata(&target).unwrap().len());
    store.create_organisation(&organisation(2)).await.unwrap();

    let elsewhere = tempfile::TempDir::new().unwrap();
    let restored = restore(&target, elsewhere.path(), Occupant::Keep, NOW).await.unwrap();
    assert_eq!((restored.contents.epoch, restored.set_aside), (2, None));
    let other = SqliteStore::open(elsewhere.path()).await.unwrap();
    assert_eq!(other.organisations().await.unwrap(), [organisation(1)]);
    assert_eq!(other.epoch().await.unwrap(), 2);
    other.close().await;
    assert!(matches!(backup(store.folder.path(), &target, NOW).await, Err(BackupError::Exists(_))));
    let nowhere = elsewhere.path().join("nothing");
    assert!(matches!(backup(&nowhere, &target.with_extension("2"), NOW).await, Err(BackupError::Missing(_))));
}

#[tokio::test]
async fn a_database_in_the_way_is_kept_or_set_aside_but_never_lost() {
    let store = scratch().await;
    let target = store.folder.path().join("backup.db");
    backup(store.folder.path(), &target, NOW).await.unwrap();
    store.create_organisation(&organisation(1)).await.unwrap();
    let folder = store.folder.path();
    let in_use = restore(&target, folder, Occupant::SetAside, NOW).await;
    assert!(matches!(in_use, Err(BackupError::Folder(FolderError::InUse(_)))));
    store.close().await;
    assert!(matches!(restore(&target, folder, Occupant::Keep, NOW).await, Err(BackupError::Occupied(_))));

    let restored = restore(&target, folder, Occupant::SetAside, NOW).await.unwrap();
    assert_eq!(restored.contents.epoch, 2);
    let aside = restored.set_aside.unwrap();
    assert_eq!(aside.file_name().unwrap(), "daybook-set-aside-20260225T061320Z.db");
    let again = SqliteStore::open(folder).await.unwrap();
    assert_eq!(again.organisations().await.unwrap(), []);
    again.close().await;
    // What was set aside is whole, and can be restored itself. Each restoration begins an epoch that nobody knows.
    let back = restore(&aside, folder, Occupant::SetAside, NOW.plus(1_000)).await.unwrap();
    assert_eq!(back.contents.epoch, 3);
    let again = SqliteStore::open(folder).await.unwrap();
    assert_eq!(again.organisations().await.unwrap(), [organisation(1)]);
    again.close().await;
}

#[tokio::test]
async fn an_unsound_backup_is_refused() {
    let store = scratch().await;
    for number in 1..100 {
        store.create_organisation(&organisation(number)).await.unwrap();
    }
    let target = store.folder.path().join("backup.db");
    backup(store.folder.path(), &target, NOW).await.unwrap();
    let whole = std::fs::read(&target).unwrap();
    let elsewhere = tempfile::TempDir::new().unwrap();
    let mut flipped = whole.clone();
    for byte in &mut flipped[8_192..16_384] {
        *byte ^= 0x55;
    }
    for (what, content) in [("cut", &whole[..whole.len() / 2]), ("flipped", &flipped[..]), ("text", b"not a database")]
    {
        std::fs::write(&target, content).unwrap();
        let refused = restore(&target, elsewhere.path(), Occupant::SetAside, NOW).await;
        assert!(matches!(refused, Err(BackupError::Damaged { .. })), "{what}: {refused:?}");
    }
    assert!(!elsewhere.path().join("daybook.db").exists());
    store.close().await;
}

/// A backup of an older version is restored as it is; whoever opens the database brings it up to date.
#[tokio::test]
async fn a_backup_from_before_there_were_bundles_is_restored() {
    let store = scratch().await;
    store.create_organisation(&organisation(1)).await.unwrap();
    let older = "drop table bundle; drop table journal_part; delete from _sqlx_migrations where version >= 26";
    sqlx::raw_sql(older).execute(&store.writer).await.unwrap();
    let target = store.folder.path().join("backup.db");
    backup(store.folder.path(), &target, NOW).await.unwrap();
    let elsewhere = tempfile::TempDir::new().unwrap();
    let restored = restore(&target, elsewhere.path(), Occupant::Keep, NOW).await.unwrap();
    assert_eq!((restored.contents.organisations, restored.contents.changes), (1, 0));
    let other = SqliteStore::open(elsewhere.path()).await.unwrap();
    assert_eq!(other.organisations().await.unwrap(), [organisation(1)]);
    other.close().await;
    store.close().await;
}

#[tokio::test]
async fn what_is_not_whole_is_no_backup() {
    let store = scratch().await;
    let target = store.folder.path().join("backup.db");
    let execute = async |sql: &'static str| {
        sqlx::raw_sql(sql).execute(&store.writer).await.unwrap();
    };
    execute("insert into organisation (id, name, created_at) values (x'01', 'Company', 1)").await;
    execute(
        "insert into person (id, organisation, name, role, created_at) values (x'02', x'01', 'Wang', 'promoter', 1)",
    )
    .await;
    execute(
        "insert into device (id, organisation, person, key, label, app, enrolled_at, journal_n, journal_link) \
        values (x'03', x'01', x'02', x'', '', '', 1, 1, x'')",
    )
    .await;
    let gap = backup(store.folder.path(), &target, NOW).await;
    assert!(matches!(gap, Err(BackupError::Damaged { .. })), "a journal of one line without its line: {gap:?}");
    assert!(!target.exists());
    execute("update device set journal_n = 0").await;
    execute(
        "insert into change (organisation, record, hash, repetition, person, received_at, state, seq, place, raw) \
        values (1, x'04', x'05', 0, x'02', 1, 1, 1, 0, x'06')",
    )
    .await;
    let altered = backup(store.folder.path(), &target, NOW).await;
    assert!(matches!(altered, Err(BackupError::Damaged { .. })), "a change with another name: {altered:?}");
    execute("delete from change").await;
    execute("update device set journal_n = 1").await;
    execute(
        "insert into bundle (record, seq, device, received_at, hashes, lines, contents) \
        select x'04', 1, no, 1, zeroblob(32), x'00000000', x'050302' || x'8501' from device",
    )
    .await;
    let altered = backup(store.folder.path(), &target, NOW).await;
    let is_altered = |what: &String| what.contains("its name");
    assert!(matches!(&altered, Err(BackupError::Damaged { what, .. }) if is_altered(what)), "in a bundle: {altered:?}");
    execute("delete from bundle").await;
    execute("update device set journal_n = 0").await;
    execute(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
        values (9999, 'later', 1, x'00', 1)",
    )
    .await;
    assert!(matches!(backup(store.folder.path(), &target, NOW).await, Err(BackupError::Foreign(_))));
    store.close().await;
}
