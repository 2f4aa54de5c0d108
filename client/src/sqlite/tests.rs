use std::path::PathBuf;

use rusqlite::Connection;
use sync_core::id::{ChangeHash, OfficeId, PersonId, RecordId};
use sync_core::index::{Row, terms};
use sync_core::record::Kind;
use sync_core::record::entry::Stage;
use sync_core::record::review::ReviewState;
use sync_core::store::{ExchangeOutcome, LocalCommit, PageKey, Progress, PulledRecord, RowFilter, Store};
use sync_core::time::{BootId, ClockReading, UnixMillis};
use tempfile::TempDir;
use uuid::Uuid;

use super::list::Query;
use super::{PhotoStep, SqliteStore, StoreError, schema};

sync_core::store_conformance!(|| {
    let folder = TempDir::new().unwrap();
    (SqliteStore::open(&folder.path().join("daybook.db")).unwrap(), folder)
});

fn folder() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("daybook.db");
    (folder, path)
}

fn row(number: u128) -> Row {
    let captured = UnixMillis(1_700_000_000_000 + i64::try_from(number).unwrap() * 60_000);
    Row {
        id: RecordId(Uuid::from_u128(number)),
        kind: Kind::ALL[usize::try_from(number % 3).unwrap()],
        owner: PersonId(Uuid::from_u128(number % 2)),
        office: OfficeId(Uuid::nil()),
        team: None,
        project: None,
        day: captured.day(480),
        captured,
        title: format!("张伟 {number}"),
        subtitle: String::new(),
        stage: number.is_multiple_of(3).then_some(Stage::Registered),
        review: ReviewState::ALL[usize::try_from(number % 4).unwrap()],
        review_reason: None,
        conflicts: u32::from(number.is_multiple_of(50)),
        completeness: None,
        search: terms(&format!("张伟 {number} 133{number:08}")),
    }
}

fn line(store: &SqliteStore, row: &Row, change: u8) -> LocalCommit {
    let clock = ClockReading { wall: row.captured, mono_ms: 1, boot: BootId(1) };
    let (entry, head) = store.head().unwrap().append(row.id, ChangeHash([change; 32]), clock);
    LocalCommit { entry, head, change: vec![change; 900], row: row.clone() }
}

fn full_store(path: &std::path::Path, records: u128) -> SqliteStore {
    let mut store = SqliteStore::open(path).unwrap();
    let pulled = (0..records)
        .map(|number| {
            let mut hash = [0; 32];
            hash[..16].copy_from_slice(&number.to_be_bytes());
            let row = row(number);
            PulledRecord { id: row.id, changes: vec![(ChangeHash(hash), vec![1; 900])], whole: false, row: Some(row) }
        })
        .collect();
    store.apply(&ExchangeOutcome { pulled, ..ExchangeOutcome::default() }).unwrap();
    store
}

#[test]
fn what_was_saved_is_there_after_opening_again() {
    let (_folder, path) = folder();
    let mut store = SqliteStore::open(&path).unwrap();
    let commits: Vec<LocalCommit> = (1..=3)
        .map(|change| {
            let commit = line(&store, &row(u128::from(change % 2)), change);
            store.commit(&commit).unwrap();
            commit
        })
        .collect();
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.head().unwrap(), commits[2].head);
    let changes = [&commits[0], &commits[2]].map(|commit| (commit.entry.change, commit.change.clone()));
    assert_eq!(store.changes(row(1).id).unwrap(), changes);
    assert_eq!(store.row(row(1).id).unwrap(), Some(row(1)));
    let lines: Vec<u64> = store.lines(row(1).id).unwrap().iter().map(|entry| entry.n).collect();
    assert_eq!(lines, [1, 3]);
}

#[test]
fn a_save_is_in_the_file_before_anybody_closes_it() {
    let (folder, path) = folder();
    let mut store = SqliteStore::open(&path).unwrap();
    let commit = line(&store, &row(1), 1);
    store.commit(&commit).unwrap();
    // What a power cut would leave: the database and its log as they are now, without any goodbye.
    let copy = folder.path().join("after-the-cut.db");
    std::fs::copy(&path, &copy).unwrap();
    std::fs::copy(folder.path().join("daybook.db-wal"), folder.path().join("after-the-cut.db-wal")).unwrap();
    assert_eq!(SqliteStore::open(&copy).unwrap().head().unwrap(), commit.head);
}

#[test]
fn an_answer_that_fails_half_way_changes_nothing() {
    let (_folder, path) = folder();
    let mut store = SqliteStore::open(&path).unwrap();
    let commit = line(&store, &row(1), 1);
    store.commit(&commit).unwrap();
    store
        .connection
        .execute_batch(
            "CREATE TEMP TRIGGER stop BEFORE INSERT ON record WHEN NEW.title = '张伟 3'
             BEGIN SELECT raise(ABORT, 'the disk is gone'); END",
        )
        .unwrap();
    let pulled = [2, 3].map(|number| PulledRecord {
        id: row(number).id,
        changes: vec![(ChangeHash([9; 32]), vec![9])],
        whole: false,
        row: Some(row(number)),
    });
    let progress = Progress { acknowledged: 1, ..Progress::default() };
    let outcome = ExchangeOutcome { progress, pulled: pulled.into(), ..ExchangeOutcome::default() };
    assert!(matches!(store.apply(&outcome), Err(StoreError::Sqlite(_))));
    assert_eq!(store.progress().unwrap(), Progress::default());
    assert_eq!(store.changes(row(2).id).unwrap(), []);
    assert_eq!(store.count(&RowFilter::default()).unwrap(), 1);
    let commit = line(&store, &row(3), 2);
    assert!(matches!(store.commit(&commit), Err(StoreError::Sqlite(_))));
    assert_eq!(store.head().unwrap().n, 1);
    assert_eq!(store.changes(row(3).id).unwrap(), []);
}

#[test]
fn a_store_is_open_in_one_place_only() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    let error = SqliteStore::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::InUse) && error.is_retryable());
    drop(store);
    SqliteStore::open(&path).unwrap();
}

#[test]
fn settings_are_the_durable_ones() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    let pragma = |name: &str| -> String {
        let value: rusqlite::types::Value = store.connection.pragma_query_value(None, name, |row| row.get(0)).unwrap();
        format!("{value:?}")
    };
    assert_eq!(pragma("journal_mode"), "Text(\"wal\")");
    assert_eq!(pragma("synchronous"), "Integer(2)", "FULL");
    assert_eq!(pragma("fullfsync"), "Integer(1)");
    assert_eq!(pragma("foreign_keys"), "Integer(1)");
}

/// A store of each released layout, as SQL: a file would hide what is in it.
const GOLDEN: [&str; 5] = [
    include_str!("golden/store-v1.sql"),
    include_str!("golden/store-v2.sql"),
    include_str!("golden/store-v3.sql"),
    include_str!("golden/store-v4.sql"),
    include_str!("golden/store-v5.sql"),
];

/// Whether a store holds what the golden one of a layout held.
fn hold(store: &SqliteStore, version: u32) {
    assert_eq!(schema::version(&store.connection).unwrap() as usize, schema::MIGRATIONS.len());
    let found = RowFilter { text: Some("伟".to_owned()), ..RowFilter::default() };
    let listed = store.list(&found, None, 10).unwrap();
    assert_eq!(listed.iter().map(|listed| &listed.row).collect::<Vec<_>>(), [&row(3), &row(1)]);
    assert_eq!(listed[1].sync.last_entry, Some(2));
    assert_eq!(listed[1].sync.problems.len(), if version < 4 { 1 } else { 2 });
    assert_eq!(store.changes(row(1).id).unwrap().len(), 2);
    assert_eq!(store.backlog(1).unwrap().changes, 1);
    assert_eq!(store.progress().unwrap().acknowledged, 1);
    let refusals = store.refusals().unwrap();
    assert_eq!(
        refusals.iter().map(|refusal| refusal.reason.as_str()).collect::<Vec<_>>(),
        &["重复登记"][usize::from(version < 2)..]
    );
    assert_eq!(store.refused(row(1).id).unwrap().len(), if version < 2 { 0 } else { 2 });
    let photos = store.photos_at(PhotoStep::Queued).unwrap();
    assert_eq!(photos.iter().map(|photo| photo.sent).collect::<Vec<_>>(), &[1_048_576][usize::from(version < 3)..]);
    let twins = "SELECT count(*) FROM state JOIN state_twin USING (name, value)";
    let twins: u32 = store.connection.query_row(twins, [], |sql| sql.get(0)).unwrap();
    assert_eq!(twins, 1);
}

#[test]
fn every_released_layout_becomes_the_present_one() {
    assert_eq!(GOLDEN.len(), schema::MIGRATIONS.len(), "a new layout needs a golden store");
    for (version, dump) in (1..).zip(GOLDEN) {
        let (_folder, path) = folder();
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch(dump).unwrap();
        assert_eq!(schema::version(&connection).unwrap(), version);
        drop(connection);
        hold(&SqliteStore::open(&path).unwrap(), version);
    }
}

#[test]
fn a_golden_store_has_the_layout_that_its_migrations_make() {
    let layout = |connection: &Connection| -> Vec<String> {
        let mut statement =
            connection.prepare("SELECT type || ' ' || name || coalesce(sql, '') FROM sqlite_schema ORDER BY 1");
        let rows = statement.as_mut().unwrap().query_map([], |sql| sql.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    for (version, dump) in (1..).zip(GOLDEN) {
        let [golden, migrated] = [(); 2].map(|()| Connection::open_in_memory().unwrap());
        golden.execute_batch(dump).unwrap();
        schema::MIGRATIONS[..version].iter().for_each(|migration| migrated.execute_batch(migration).unwrap());
        assert_eq!(layout(&golden), layout(&migrated), "layout {version}");
    }
}

#[cfg(feature = "encryption")]
mod encrypted {
    use super::*;
    use crate::sqlite::{StoreKey, encryption};

    /// The key of the golden files.
    fn key() -> StoreKey {
        StoreKey::from([7; 32])
    }

    #[test]
    fn every_encrypted_layout_becomes_the_present_one() {
        for (version, dump) in (1..).zip(GOLDEN) {
            let (_folder, path) = folder();
            let connection = Connection::open(&path).unwrap();
            encryption::unlock(&connection, &key()).unwrap();
            connection.execute_batch(dump).unwrap();
            drop(connection);
            hold(&SqliteStore::open_encrypted(&path, &[key()]).unwrap().0, version);
        }
    }

    /// The file itself, so that a newer SQLCipher has to read what an older one has written. Layout 4 is the first with
    /// which there were encrypted stores.
    #[test]
    fn an_encrypted_file_from_earlier_still_opens() {
        let (_folder, path) = folder();
        let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/src/sqlite/golden/store-v4.encrypted.db");
        std::fs::copy(golden, &path).unwrap();
        let (store, opened) = SqliteStore::open_encrypted(&path, &[StoreKey::from([8; 32]), key()]).unwrap();
        assert!(opened == key());
        hold(&store, 4);
    }
}

#[test]
fn a_file_of_a_newer_app_or_of_somebody_else_is_left_alone() {
    let (folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    store.connection.pragma_update(None, "user_version", 999).unwrap();
    drop(store);
    assert!(matches!(SqliteStore::open(&path), Err(StoreError::Newer { found: 999, .. })));
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "not a database, but long enough to be taken for one ".repeat(100)).unwrap();
    assert!(matches!(SqliteStore::open(&text), Err(StoreError::Damaged(_))));
    assert!(matches!(SqliteStore::open(&folder.path().join("none/daybook.db")), Err(StoreError::Io(_))));
}

/// Every list that an app can ask for: each filter alone, with each other, from the beginning and further down.
fn filters() -> Vec<RowFilter> {
    let single: [fn(&mut RowFilter); 8] = [
        |filter| filter.kind = Some(Kind::Lead),
        |filter| filter.owner = Some(PersonId(Uuid::nil())),
        |filter| filter.day = Some(UnixMillis(1_700_000_000_000).day(480)),
        |filter| filter.review = Some(ReviewState::Returned),
        |filter| filter.stage = Some(Stage::Registered),
        |filter| filter.in_conflict = true,
        |filter| filter.unsent = true,
        |filter| filter.text = Some("张伟 133".to_owned()),
    ];
    (0..1 << single.len())
        .map(|chosen: usize| {
            let mut filter = RowFilter::default();
            single.iter().enumerate().filter(|(i, _)| chosen >> i & 1 == 1).for_each(|(_, set)| set(&mut filter));
            filter
        })
        .collect()
}

/// The steps in which SQLite would look something up.
fn plan(store: &SqliteStore, query: Query) -> Vec<String> {
    let mut statement = store.connection.prepare(&format!("EXPLAIN QUERY PLAN {}", query.sql)).unwrap();
    let steps = statement.query_map(rusqlite::params_from_iter(query.values), |sql| sql.get(3)).unwrap();
    steps.map(Result::unwrap).collect()
}

#[test]
fn no_list_reads_the_whole_table_or_a_change() {
    let (_folder, path) = folder();
    let store = full_store(&path, 10_000);
    let after = PageKey { captured: row(5_000).captured, id: row(5_000).id };
    let allowed = ["USING INDEX", "USING COVERING INDEX", "USING INTEGER PRIMARY KEY", "VIRTUAL TABLE", "(subquery"];
    for filter in filters() {
        let pages = [None, Some(after)].map(|after| Query::page(&filter, 0, after, 50));
        for query in pages.into_iter().chain([Query::count(&filter, 0)]) {
            let plan = plan(&store, query);
            let looked_up: Vec<&String> =
                plan.iter().filter(|step| step.starts_with("SCAN") || step.starts_with("SEARCH")).collect();
            assert!(!looked_up.is_empty(), "{filter:?}: {plan:#?}");
            for step in looked_up {
                assert!(allowed.iter().any(|how| step.contains(how)), "{filter:?}: {plan:#?}");
                assert!(!step.contains("change"), "{filter:?}: {plan:#?}");
            }
            // What an index gives in order is not sorted again.
            let sorts = plan.iter().any(|step| step.contains("TEMP B-TREE FOR"));
            assert!(!sorts || filter.text.is_some() || filter.unsent, "{filter:?}: {plan:#?}");
        }
        store.list(&filter, Some(after), 50).unwrap();
    }
}

#[test]
fn ten_thousand_records_are_listed_page_by_page() {
    let (_folder, path) = folder();
    drop(full_store(&path, 10_000));
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.count(&RowFilter::default()).unwrap(), 10_000);
    let newest = store.list(&RowFilter::default(), None, 50).unwrap();
    assert_eq!(newest.len(), 50);
    assert_eq!(newest[0].row, row(9_999));
    let last = &newest[49].row;
    let next = PageKey { captured: last.captured, id: last.id };
    assert_eq!(store.list(&RowFilter::default(), Some(next), 1).unwrap()[0].row, row(9_949));
}
