//! Every statement fits the tables, and none of the hot ones reads a whole table.

use sqlx::{AssertSqlSafe, Executor as _, SqlSafeStr as _};

use super::super::all_statements::{Room, lists, lists_with_their_index};
use super::super::*;
use super::scratch;

const OWN: &[Room] = &[("backup", backup::STATEMENTS, &[]), ("sqlite", super::super::STATEMENTS, &[])];

fn statements() -> Vec<(String, String)> {
    all_statements::statements(OWN)
}

#[tokio::test]
async fn every_statement_fits_the_tables() {
    let store = scratch().await;
    let mut conn = store.writer.acquire().await.unwrap();
    for (name, sql) in statements() {
        let prepared = (&mut *conn).prepare(AssertSqlSafe(sql).into_sql_str()).await;
        assert!(prepared.is_ok(), "{name}: {:?}", prepared.err());
    }
}

/// Indexes that hold only what waits.
const QUEUES: &[&str] = &["change_received", "change_open_line", "photo_upload_by_expiry", "record_unsearchable"];

/// Statements that may read a whole table: what people start by hand, and what counts on purpose.
const UNHURRIED: &[&str] = &["audit::", "backup::", "keep::PING", "sqlite::", "system::COUNT", "totals::COUNT"];

#[tokio::test]
async fn no_statement_reads_all_records_or_changes() {
    let store = scratch().await;
    let mut conn = store.writer.acquire().await.unwrap();
    let mut complaints = Vec::new();
    for (name, sql) in statements() {
        if UNHURRIED.iter().any(|unhurried| name.starts_with(unhurried)) {
            continue;
        }
        let plan = sqlx::query_as::<Db, (i64, i64, i64, String)>(AssertSqlSafe(format!("explain query plan {sql}")))
            .fetch_all(&mut *conn)
            .await
            .unwrap();
        for (_, _, _, step) in plan {
            let mut words = step.split(' ');
            let scanned = words.next() == Some("SCAN") && words.next().is_some_and(|table| TABLES.contains(&table));
            // An index that holds only what waits is as long as the queue, and is left early.
            // A search that matches something reads what it matches; one of a single record nothing else.
            let queue = QUEUES.iter().any(|index| step.contains(index));
            if scanned && !queue && !step.contains(":M") && !step.contains(":=M") {
                complaints.push(format!("{name}: {step}\n  {sql}"));
            }
            if step.contains("AUTOMATIC") {
                complaints.push(format!("{name}: {step}\n  {sql}"));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// The tables that grow for ever, with the names under which statements know them.
const TABLES: &[&str] = &[
    "record",
    "r",
    "change",
    "c",
    "departure",
    "journal_head",
    "record_search",
    "photo",
    "p",
    "photo_reference",
    "f",
    "u",
    "photo_upload",
];

/// The first page of each list comes from an index in its order; only what begins with few records is sorted: the hits of
/// a narrow search, what a consultant received, what names a photo, and what waits for a search.
#[tokio::test]
async fn pages_are_not_sorted() {
    let store = scratch().await;
    let mut conn = store.writer.acquire().await.unwrap();
    for (scope, filter, led_by_hits, page) in lists() {
        let few = filter.received.is_some() || filter.photo.is_some() || filter.unsearchable;
        if led_by_hits == Some(true) || few {
            continue;
        }
        for (name, sql) in read::statements_of(&scope, &filter, led_by_hits, page) {
            let plan =
                sqlx::query_as::<Db, (i64, i64, i64, String)>(AssertSqlSafe(format!("explain query plan {sql}")))
                    .fetch_all(&mut *conn)
                    .await
                    .unwrap();
            let sorted = plan.iter().any(|(_, _, _, step)| step == "USE TEMP B-TREE FOR ORDER BY");
            assert!(!sorted, "{name}: {plan:?}\n  {sql}");
        }
    }
}

/// What is rare is not looked for among everything.
#[tokio::test]
async fn lists_with_an_index_of_their_own_use_it() {
    let store = scratch().await;
    let mut conn = store.writer.acquire().await.unwrap();
    for ((scope, filter, led_by_hits, page), index) in lists_with_their_index() {
        for (name, sql) in read::statements_of(&scope, &filter, led_by_hits, page) {
            let plan =
                sqlx::query_as::<Db, (i64, i64, i64, String)>(AssertSqlSafe(format!("explain query plan {sql}")))
                    .fetch_all(&mut *conn)
                    .await
                    .unwrap();
            let used = plan.iter().any(|(_, _, _, step)| step.split(' ').any(|word| word == index));
            assert!(used, "{name} does not use {index}: {plan:?}\n  {sql}");
        }
    }
}

/// A glance that read the index of words from its beginning to its end would find the same, and take as long as a search
/// without it.
#[tokio::test]
async fn glances_read_the_index_of_words_between_two_numbers() {
    let store = scratch().await;
    let mut conn = store.writer.acquire().await.unwrap();
    let mut seen = 0;
    for (name, sql) in statements().into_iter().filter(|(name, _)| name.starts_with("read::GLANCE")) {
        let plan = sqlx::query_as::<Db, (i64, i64, i64, String)>(AssertSqlSafe(format!("explain query plan {sql}")))
            .fetch_all(&mut *conn)
            .await
            .unwrap();
        let words: Vec<_> = plan.iter().filter(|(.., step)| step.contains("record_search VIRTUAL TABLE")).collect();
        let is_bounded = |step: &str| step.contains('>') && step.contains('<');
        assert!(words.len() == 1 && words.iter().all(|(.., step)| is_bounded(step)), "{name}: {plan:?}\n  {sql}");
        seen += 1;
    }
    assert!(seen > 0);
}
