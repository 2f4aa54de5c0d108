//! Full-text search with FTS5.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use sqlx::Row as _;
use sync_core::index::phrases;

use super::run::Filling;
use super::{Backend, Conn, Db};
use crate::store::StoreError;
use crate::store::shared::pairs::wanted;
use crate::store::shared::{bulk_statements, statements};

statements! {
    HITS_UP_TO = "select count(*) from (select 1 from record_search where record_search match $1 limit $2)";
}

bulk_statements! {
    // The index keeps the length of each of its rows in a table of this name.
    INDEXED[1] = "select id from record_search_docsize where id in ({list})";
    INDEX[2] = "insert or replace into record_search (rowid, terms) values {rows}";
}

/// What somebody looks for, in the language of FTS5.
#[derive(Clone, Debug, Default)]
pub(super) struct Search {
    expression: String,
}

/// The same: FTS5 looks into its index while it answers.
pub(super) type Sought = Search;

/// A search with at most so many hits begins at the hits; one with more walks the list until the page is full.
pub(super) const FEW_HITS: i64 = 2_000;
/// The statement finds out itself between which numbers the newest records are.
pub(super) const BY_NUMBERS: bool = false;

/// Makes records findable by these words, and by these only.
pub(super) async fn index(conn: &mut Conn, terms: &[(i64, &str)]) -> Result<(), StoreError> {
    super::run::each_row(conn, INDEX, terms, |query, (no, terms)| query.bind(*no).bind((*terms).to_owned())).await?;
    Ok(())
}

/// Those of the records that a search can find at all.
pub(super) async fn indexed(conn: &mut Conn, numbers: &[i64]) -> Result<HashSet<i64>, StoreError> {
    let rows = super::run::each_of(conn, INDEXED, numbers).await?;
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}

/// The condition on a record `r` that a search finds it.
pub(super) fn matching(placeholder: &str) -> String {
    format!("r.no in (select rowid from record_search where record_search match {placeholder})")
}

/// The same for records of a list's beginning, the table `newest`. They came in one after the other, so their numbers are
/// near each other, and only what the index has there is read. To ask for each of them looks into every part of the index
/// again: 44 ms where this takes 2.
pub(super) fn among_newest(placeholder: &str) -> String {
    format!(
        "newest.no in (select rowid from record_search where record_search match {placeholder} \
        and rowid >= (select min(no) from newest) and rowid <= (select max(no) from newest))"
    )
}

/// How a list is walked through for hits: all of them are put into a set, which is quicker than to ask for each record.
pub(super) fn among_many(placeholder: &str) -> String {
    matching(placeholder)
}

/// Binds what conditions need.
pub(super) fn bind<'q>(query: Filling<'q>, sought: &Sought, _few: bool) -> Filling<'q> {
    query.bind(sought.expression.clone())
}

/// What somebody typed: all phrases must be found. `None` if there is nothing to look for.
pub(super) fn of(typed: &str) -> Option<Search> {
    let phrases: Vec<String> = phrases(typed)
        .iter()
        .map(wanted)
        // Words consist of letters and digits, so nothing in them can end the quotation.
        .map(|(words, prefix)| format!("\"{}\"{}", words.join(" "), if prefix { " *" } else { "" }))
        .collect();
    (!phrases.is_empty()).then(|| Search { expression: phrases.join(" AND ") })
}

#[expect(clippy::unused_async, reason = "the other database looks into its index")]
pub(super) async fn find(_: &mut Conn, search: &Search, _: RangeInclusive<i64>) -> Result<Sought, StoreError> {
    Ok(search.clone())
}

/// How many records a search finds, counted no further than `limit`.
pub(super) async fn hits_up_to(conn: &mut Conn, sought: &Sought, limit: i64) -> Result<i64, StoreError> {
    let (hits,) = sqlx::query_as::<Db, (i64,)>(HITS_UP_TO).bind(&sought.expression).bind(limit).fetch_one(conn).await?;
    Ok(hits)
}

/// SQLite's index is not looked through: a damaged one fails like any other table.
pub(super) async fn forget_damaged(_: &Backend) -> Result<u64, StoreError> {
    Ok(0)
}

/// FTS5 tidies its index as it grows.
#[expect(clippy::unused_async, reason = "the other database has to be asked")]
pub(super) async fn tidy(_: &Backend) -> Result<bool, StoreError> {
    Ok(false)
}
