//! Rows that are read one after another, as long as somebody wants more.

use std::collections::VecDeque;

use sqlx::{AssertSqlSafe, Row as _};

use super::run::Filling;
use super::{Conn, Db, DbRow};

/// So many rows come at first. PostgreSQL sends all that a statement finds unless it is asked for a few, and a phone that
/// begins finds everything.
const FIRST: usize = 32;
/// No more rows come at once.
const MOST: usize = 512;
/// How much should come at once, in bytes: a row may be a thousand times as large as another.
const ROOM: usize = 256 * 1024;

/// What a statement finds, row by row. Runs in a transaction; its end ends the cursor.
pub(super) struct RowsInTurn<'c> {
    conn: &'c mut Conn,
    fetched: VecDeque<DbRow>,
    /// How many rows to ask for next.
    next: usize,
    ended: bool,
}

impl<'c> RowsInTurn<'c> {
    /// Begins to read; `fill` binds what the statement needs.
    pub(super) async fn of(
        conn: &'c mut Conn,
        statement: &'static str,
        fill: impl for<'q> FnOnce(Filling<'q>) -> Filling<'q>,
    ) -> Result<Self, sqlx::Error> {
        // Of a constant, hence safe.
        let declaration = AssertSqlSafe(format!("declare in_turn no scroll cursor for {statement}"));
        fill(sqlx::query::<Db>(declaration)).execute(&mut *conn).await?;
        Ok(Self { conn, fetched: VecDeque::new(), next: FIRST, ended: false })
    }

    /// The next row; `None` after the last.
    pub(super) async fn next(&mut self) -> Result<Option<DbRow>, sqlx::Error> {
        if self.fetched.is_empty() && !self.ended {
            // Of a number, hence safe. Not kept prepared: cursors of one name have different columns.
            let fetch = sqlx::query::<Db>(AssertSqlSafe(format!("fetch {} from in_turn", self.next))).persistent(false);
            self.fetched = fetch.fetch_all(&mut *self.conn).await?.into();
            self.ended = self.fetched.len() < self.next;
            self.next = as_many_as_fit(&self.fetched);
        }
        Ok(self.fetched.pop_front())
    }
}

/// How many rows like these to ask for together.
fn as_many_as_fit(rows: &VecDeque<DbRow>) -> usize {
    let bytes: usize = rows.iter().map(size).sum();
    (ROOM * rows.len()).checked_div(bytes).unwrap_or(MOST).clamp(1, MOST)
}

fn size(row: &DbRow) -> usize {
    let length = |at| row.try_get_raw(at).ok().and_then(|value| value.as_bytes().ok()).map_or(0, <[u8]>::len);
    (0..row.len()).map(length).sum()
}
