//! Every statement fits the tables, and none of the hot ones reads a whole table.

use sqlx::{AssertSqlSafe, Executor as _, SqlSafeStr as _};
use sync_core::id::{OfficeId, OrganisationId, PersonId, ProjectId, RecordId, TeamId};
use sync_core::record::Kind;
use sync_core::record::review::ReviewState;
use sync_core::time::UnixMillis;

use super::super::*;
use super::scratch;
use crate::store::shared::bulk::Bulk;
use crate::store::{RecordFilter, Scope};

type Room = (&'static str, &'static [(&'static str, &'static str)], &'static [(&'static str, Bulk)]);

const ROOMS: &[Room] = &[
    ("actors", &[], actors::BULK_STATEMENTS),
    ("aside", aside::STATEMENTS, aside::BULK_STATEMENTS),
    ("backup", backup::STATEMENTS, &[]),
    ("decide", decide::STATEMENTS, decide::BULK_STATEMENTS),
    ("drift", drift::STATEMENTS, &[]),
    ("enrolment", enrolment::STATEMENTS, &[]),
    ("feed", feed::STATEMENTS, feed::BULK_STATEMENTS),
    ("judge", judge::STATEMENTS, judge::BULK_STATEMENTS),
    ("keep", keep::STATEMENTS, keep::BULK_STATEMENTS),
    ("organisation", organisation::STATEMENTS, &[]),
    ("photos", photos::STATEMENTS, photos::BULK_STATEMENTS),
    ("publish", publish::STATEMENTS, publish::BULK_STATEMENTS),
    ("read", read::STATEMENTS, &[]),
    ("receive", receive::STATEMENTS, receive::BULK_STATEMENTS),
    ("record_row", &[], record_row::BULK_STATEMENTS),
    ("search", search::STATEMENTS, search::BULK_STATEMENTS),
];

/// All statements with their names; those that take many rows twice.
fn statements() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (room, single, bulk) in ROOMS {
        all.extend(single.iter().map(|(name, sql)| (format!("{room}::{name}"), (*sql).to_owned())));
        for (name, bulk) in *bulk {
            all.extend([1, 4].map(|rows| (format!("{room}::{name} of {rows}"), bulk.text(rows, PLACEHOLDERS))));
        }
    }
    for (scope, filter, led_by_hits, page) in lists() {
        for (name, sql) in read::statements_of(&scope, &filter, led_by_hits, page) {
            all.push((format!("read::{name} of {scope:?} {filter:?} {led_by_hits:?} {page:?}"), sql));
        }
    }
    all
}

type List = (Scope, RecordFilter, Option<bool>, Option<(UnixMillis, RecordId)>);

/// Lists in every scope, with every filter, with few hits, many hits and no search, first pages and later ones.
fn lists() -> Vec<List> {
    let none = RecordFilter::default();
    let filters = [
        none.clone(),
        RecordFilter { kind: Some(Kind::Lead), ..none.clone() },
        RecordFilter { office: Some(OfficeId::from([1; 16])), ..none.clone() },
        RecordFilter { team: Some(TeamId::from([1; 16])), ..none.clone() },
        RecordFilter { owner: Some(PersonId::from([1; 16])), ..none.clone() },
        RecordFilter { project: Some(ProjectId::from([1; 16])), ..none.clone() },
        RecordFilter { day: Some(String::new()), ..none.clone() },
        RecordFilter { review: Some(ReviewState::Received), ..none.clone() },
        RecordFilter { stage: Some(String::new()), ..none.clone() },
        RecordFilter { flag: Some(1), ..none.clone() },
        RecordFilter { in_conflict: Some(true), ..none.clone() },
        RecordFilter { day: Some(String::new()), review: Some(ReviewState::Received), ..none },
    ];
    let scopes = [
        Scope::Person(PersonId::from([1; 16])),
        Scope::Team(TeamId::from([1; 16])),
        Scope::Office(OfficeId::from([1; 16])),
        Scope::Organisation(OrganisationId::from([1; 16])),
    ];
    let pages = [None, Some((UnixMillis(1), RecordId::from([1; 16])))];
    let mut all = Vec::new();
    for scope in scopes {
        for filter in &filters {
            for led_by_hits in [None, Some(true), Some(false)] {
                all.extend(pages.map(|page| (scope, filter.clone(), led_by_hits, page)));
            }
        }
    }
    all
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
const QUEUES: &[&str] = &["change_received", "photo_upload_by_expiry"];

/// Statements that may read a whole table: what people start by hand, and what counts on purpose.
const UNHURRIED: &[&str] = &["backup::", "keep::PING"];

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
            // A search that matches something reads what it matches.
            let queue = QUEUES.iter().any(|index| step.contains(index));
            if scanned && !queue && !step.contains(":M") {
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

/// The first page of each list comes from an index in its order; only a search with few hits is sorted.
#[tokio::test]
async fn pages_are_not_sorted() {
    let store = scratch().await;
    let mut conn = store.writer.acquire().await.unwrap();
    for (scope, filter, led_by_hits, page) in lists() {
        if led_by_hits == Some(true) {
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
