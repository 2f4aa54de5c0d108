//! The conformance suite on SQLite, and what only SQLite has.

mod backups;
mod indexes;
mod statements;

use std::ops::Deref;

use tempfile::TempDir;

use super::*;
use crate::store::conformance::store_conformance;
use crate::store::conformance::world::World;
use crate::store::{FeedQuery, Scope, Store as _, rebuild};

/// A store in a folder of its own.
pub(super) struct Scratch {
    store: SqliteStore,
    pub(super) folder: TempDir,
}

impl Deref for Scratch {
    type Target = SqliteStore;

    fn deref(&self) -> &SqliteStore {
        &self.store
    }
}

pub(super) async fn scratch() -> Scratch {
    let folder = TempDir::new().unwrap();
    Scratch { store: SqliteStore::open(folder.path()).await.unwrap(), folder }
}

store_conformance!(crate::store::sqlite::tests::scratch);

// On PostgreSQL blocks begin with lives of the database, not of processes.
crate::store::conformance::rules! { crate::store::sqlite::tests::scratch => publishing: blocks_of_the_feed_have_salts; }

#[tokio::test]
async fn one_process_at_a_time() {
    let first = scratch().await;
    let second = SqliteStore::open(first.folder.path()).await;
    assert!(matches!(second, Err(OpenError::Folder(FolderError::InUse(_)))));
    first.close().await;
    let second = SqliteStore::open(first.folder.path()).await.unwrap();
    assert_eq!(second.epoch().await.unwrap(), 1);
    assert!(matches!(first.ping().await, Err(StoreError::Unavailable(_))), "closed");
    second.close().await;
}

#[tokio::test]
async fn lost_rows_come_back() {
    let store = scratch().await;
    let mut world = World::found(&*store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let id = world.record_id();
    let (first, _) = world.change(&mut phone, id).await;
    let (second, seq) = world.change(&mut phone, id).await;
    let [read] = store.rebuild().published(None, 9).await.unwrap().try_into().unwrap();
    let mut lines = Vec::new();
    // Whether somebody has read when it was published, or it has to be looked for.
    for standing in [Some(read.since), None] {
        sqlx::query::<Db>("delete from record").execute(&store.writer).await.unwrap();
        let row = world.row(id, &phone.person);
        store.replace_rows(&[&rebuild::Remade { row, changes: 2, seq, standing }]).await.unwrap();
        lines.push(store.record_line(id).await.unwrap());
    }
    assert_eq!((lines[0].seq, lines[0].changes), (seq, 2));
    assert_eq!(lines[0], lines[1]);
    // It counts as new in its scopes, so that nobody can have missed a part of it.
    let li = world.promoter_with_phone("Li", 0).await;
    let (scope, after) = (Scope::Team(world.teams[0]), seq - 1);
    let except = Some(li.id);
    let query =
        FeedQuery { scope, after, since: after, departed_after: after, except, limit_records: 9, limit_bytes: 999 };
    let page = store.feed(&query).await.unwrap();
    let sent: Vec<_> = page.items[0].changes.iter().map(|change| change.hash).collect();
    assert_eq!(sent, [first, second]);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_not_opened() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("daybook.db"), "x".repeat(10_000)).unwrap();
    assert!(SqliteStore::open(folder.path()).await.is_err());
    let content = std::fs::read(folder.path().join("daybook.db")).unwrap();
    assert_eq!(content.len(), 10_000, "and is left alone");
}

#[tokio::test]
async fn commits_are_durable_and_readers_can_not_write() {
    let store = scratch().await;
    let mut writer = store.writer.acquire().await.unwrap();
    let mut reader = store.readers.acquire().await.unwrap();
    let pragma = async |conn: &mut Conn, pragma: &'static str| {
        sqlx::query_as::<Db, (String,)>(pragma).fetch_one(conn).await.unwrap().0
    };
    assert_eq!(pragma(&mut writer, "select cast(journal_mode as text) from pragma_journal_mode").await, "wal");
    assert_eq!(pragma(&mut writer, "select cast(synchronous as text) from pragma_synchronous").await, "2");
    assert_eq!(pragma(&mut writer, "select cast(foreign_keys as text) from pragma_foreign_keys").await, "1");
    let refused = sqlx::query::<Db>("delete from meta").execute(&mut *reader).await;
    assert!(matches!(refused.map_err(StoreError::from), Err(StoreError::Unavailable(_))));
}

#[tokio::test]
async fn a_full_disk_is_an_outage() {
    let store = scratch().await;
    {
        let mut writer = store.writer.acquire().await.unwrap();
        sqlx::query::<Db>("pragma max_page_count = 1").execute(&mut *writer).await.unwrap();
    }
    let mut refusal = None;
    for i in 0..2_000_u16 {
        let id = sync_core::id::OrganisationId::from([u8::try_from(i % 250).unwrap(); 16]);
        let name = format!("{i} {}", "long name ".repeat(500));
        let organisation = crate::store::Organisation {
            id,
            name,
            created_at: sync_core::time::UnixMillis(1),
            keep_exif: false,
            evening: Default::default(),
            thresholds: Default::default(),
        };
        if let Err(error) = store.create_organisation(&organisation).await {
            refusal = Some(error);
            break;
        }
    }
    assert!(matches!(refusal, Some(StoreError::Unavailable(_))), "{refusal:?}");
}

/// A row from before 0017 says the same in numbers, keeps its place in the index of words, and an empty team stays empty;
/// totals from before 0019 count it as they did.
#[tokio::test]
async fn a_row_from_before_numbers_says_the_same() {
    let folder = TempDir::new().unwrap();
    let options = writing(&folder.path().join("old.db"));
    let mut conn = sqlx::ConnectOptions::connect(&options).await.unwrap();
    let (before, after): (Vec<_>, Vec<_>) = MIGRATIONS.iter().partition(|migration| migration.version < 17);
    for migration in before {
        sqlx::raw_sql(migration.sql.clone()).execute(&mut conn).await.unwrap();
    }
    let old = "insert into record (no, id, organisation, kind, owner, office, day, captured_ms, title, subtitle, review, \
        conflicts, flags, changes, heads, seq, owner_since, team_since, office_since, first_seq, updated_at, made_in, lat) \
        values (7, x'01', x'02', 'lead', x'03', x'04', '2026-11-01', 5, 't', 's', 'received', 1, 3, 4, x'09', 9, 1, 2, 3, \
        4, 6, x'04', 11)";
    sqlx::raw_sql(old).execute(&mut conn).await.unwrap();
    for migration in after {
        sqlx::raw_sql(migration.sql.clone()).execute(&mut conn).await.unwrap();
    }
    let said = "select format('%d %s %s %s %s %s|%s|%s|%s %d %d %d %d %d %d %d %d %d', r.no, hex(r.id), hex(o.id), hex(w.id), \
        hex(f.id), hex(m.id), r.team, r.project, r.made_by, r.captured_ms, r.seq, r.owner_since, r.team_since, \
        r.office_since, r.first_seq, r.updated_at, r.flags, r.lat) from record r join identifier o on o.no = r.organisation \
        join identifier w on w.no = r.owner join identifier f on f.no = r.office join identifier m on m.no = r.made_in";
    let (said,) = sqlx::query_as::<_, (String,)>(said).fetch_one(&mut conn).await.unwrap();
    assert_eq!(said, "7 01 02 03 04 04||| 5 9 1 2 3 4 6 3 11");

    // It counts under its day and under all days, as it does when everything is counted anew.
    let counted = "select group_concat(format('%s %s %s %d %d %s %s %d', t.day, hex(f.id), hex(w.id), t.team, t.project, \
        t.kind, t.review, t.records), '; ' order by t.day) from record_total t join identifier f on f.no = t.office \
        join identifier w on w.no = t.owner";
    let kept = sqlx::query_as::<_, (String,)>(counted).fetch_one(&mut conn).await.unwrap();
    assert_eq!(kept.0, " 04 03 0 0 lead received 1; 2026-11-01 04 03 0 0 lead received 1");
    totals::recount(&mut conn).await.unwrap();
    assert_eq!(sqlx::query_as::<_, (String,)>(counted).fetch_one(&mut conn).await.unwrap(), kept);
}
