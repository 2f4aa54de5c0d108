//! Lists, counts and searches. Every filter has an index, and no document is loaded.

use std::fmt::Write as _;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};
use sync_core::id::RecordId;
use sync_core::index::{Phrase, Row, phrases};
use sync_core::store::{Listed, PageKey, RecordSync, RowFilter};

use super::columns::{ROW, blob, position, read_row};
use super::{StoreError, read};

/// A query that is put together from a filter. The text depends on which filters are set and not on their values,
/// so that it stays prepared.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
}

impl Query {
    fn new(what: &str, filter: &RowFilter, acknowledged: u64) -> Self {
        let mut query = Self { sql: format!("SELECT {what} FROM "), values: Vec::new() };
        match filter.text.as_deref().and_then(match_expression) {
            // A search names few records out of many: CROSS JOIN keeps SQLite from starting at the other end.
            Some(wanted) => {
                query.sql.push_str(
                    "record_text CROSS JOIN record ON record.key = record_text.rowid WHERE record_text MATCH ?",
                );
                query.values.push(Value::Text(wanted));
            }
            None => query.sql.push_str("record WHERE TRUE"),
        }
        let RowFilter { kind, owner, day, review, stage, in_conflict, unsent, text: _ } = filter;
        if let Some(kind) = kind {
            query.narrow("kind = ?", Value::Text(kind.as_str().to_owned()));
        }
        if let Some(owner) = owner {
            query.narrow("owner = ?", blob(owner.as_bytes()));
        }
        if let Some(day) = day {
            query.narrow("day = ?", Value::Text(day.to_string()));
        }
        if let Some(review) = review {
            query.narrow("review = ?", Value::Text(review.as_str().to_owned()));
        }
        if let Some(stage) = stage {
            query.narrow("stage = ?", Value::Text(stage.as_str().to_owned()));
        }
        if *in_conflict {
            query.sql.push_str(" AND conflicts > 0");
        }
        if *unsent {
            query.narrow("last_entry > ?", Value::Integer(position(acknowledged)));
        }
        query
    }

    fn narrow(&mut self, condition: &str, value: Value) {
        self.sql.push_str(" AND record.");
        self.sql.push_str(condition);
        self.values.push(value);
    }

    /// One page of a list, newest first.
    pub(super) fn page(filter: &RowFilter, acknowledged: u64, after: Option<PageKey>, limit: usize) -> Self {
        const NEWEST_FIRST: &str = " ORDER BY record.captured DESC, record.id DESC";
        // No index can give these in order. Sorting only keys keeps the texts of whole rows out of the sorter.
        let sorts = filter.text.is_some() || filter.unsent;
        let mut query = Self::new(if sorts { "record.key AS found" } else { ROW }, filter, acknowledged);
        if let Some(PageKey { captured, id }) = after {
            query.sql.push_str(" AND (record.captured, record.id) < (?, ?)");
            query.values.extend([Value::Integer(captured.0), blob(id.as_bytes())]);
        }
        query.sql.push_str(NEWEST_FIRST);
        query.sql.push_str(" LIMIT ?");
        query.values.push(Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
        if sorts {
            let keys = query.sql;
            query.sql = format!("SELECT {ROW} FROM ({keys}) CROSS JOIN record ON record.key = found{NEWEST_FIRST}");
        }
        query
    }

    /// How many there are.
    pub(super) fn count(filter: &RowFilter, acknowledged: u64) -> Self {
        Self::new("count(*)", filter, acknowledged)
    }
}

/// What somebody typed, in the language of FTS5; `None` if there is nothing to look for in it.
fn match_expression(typed: &str) -> Option<String> {
    let mut expression = String::new();
    for Phrase { terms, prefix } in phrases(typed) {
        if !expression.is_empty() {
            expression.push_str(" AND ");
        }
        let star = if prefix { "*" } else { "" };
        // Terms consist of letters and digits, so nothing in the quotes needs escaping.
        let _ = write!(expression, "\"{}\"{star}", terms.join(" "));
    }
    (!expression.is_empty()).then_some(expression)
}

pub(super) fn row(connection: &Connection, record: RecordId) -> Result<Option<Row>, StoreError> {
    let mut statement = connection.prepare_cached(&format!("SELECT {ROW} FROM record WHERE id = ?"))?;
    let found = statement.query_row(params![record.as_bytes()], |sql| Ok(read_row(sql))).optional()?;
    Ok(found.transpose()?.map(|(row, _)| row))
}

pub(super) fn list(
    connection: &Connection,
    filter: &RowFilter,
    after: Option<PageKey>,
    limit: usize,
) -> Result<Vec<Listed>, StoreError> {
    let query = Query::page(filter, acknowledged(connection, filter)?, after, limit);
    let mut statement = connection.prepare_cached(&query.sql)?;
    let mut rows = statement.query(params_from_iter(query.values))?;
    let mut listed = Vec::new();
    while let Some(sql) = rows.next()? {
        let (row, last_entry) = read_row(sql)?;
        let problems = read::problems(connection, row.id)?;
        listed.push(Listed { row, sync: RecordSync { last_entry, problems } });
    }
    Ok(listed)
}

pub(super) fn count(connection: &Connection, filter: &RowFilter) -> Result<u64, StoreError> {
    let query = Query::count(filter, acknowledged(connection, filter)?);
    let mut statement = connection.prepare_cached(&query.sql)?;
    let count: i64 = statement.query_row(params_from_iter(query.values), |sql| sql.get(0))?;
    Ok(count.cast_unsigned())
}

fn acknowledged(connection: &Connection, filter: &RowFilter) -> Result<u64, StoreError> {
    if filter.unsent { Ok(read::progress(connection)?.acknowledged) } else { Ok(0) }
}
