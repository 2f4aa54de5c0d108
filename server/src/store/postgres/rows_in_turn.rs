//! Rows that are read one after another, as long as somebody wants more.

use std::collections::VecDeque;

use sqlx::AssertSqlSafe;

use super::run::Filling;
use super::{Conn, Db, DbRow};

/// So many rows come at once. PostgreSQL sends all that a statement finds unless it is asked for a few, and a phone
/// that begins finds everything.
const FETCH: &str = "fetch 256 from in_turn";

/// Until the transaction ends, only indexes are read. The statistics of a month's tables are missing while most is written
/// to them, and what PostgreSQL assumes instead leads it to read whole tables for each phone.
const BY_INDEX: &str =
    "set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off";

/// What a statement finds, row by row. Runs in a transaction; its end ends the cursor.
pub(super) struct RowsInTurn<'c> {
    conn: &'c mut Conn,
    fetched: VecDeque<DbRow>,
    ended: bool,
}

impl<'c> RowsInTurn<'c> {
    /// Begins to read; `fill` binds what the statement needs.
    pub(super) async fn of(
        conn: &'c mut Conn,
        statement: &'static str,
        fill: impl for<'q> FnOnce(Filling<'q>) -> Filling<'q>,
    ) -> Result<Self, sqlx::Error> {
        sqlx::raw_sql(BY_INDEX).execute(&mut *conn).await?;
        // Of a constant, hence safe.
        let declaration = AssertSqlSafe(format!("declare in_turn no scroll cursor for {statement}"));
        fill(sqlx::query::<Db>(declaration)).execute(&mut *conn).await?;
        Ok(Self { conn, fetched: VecDeque::new(), ended: false })
    }

    /// The next row; `None` after the last.
    pub(super) async fn next(&mut self) -> Result<Option<DbRow>, sqlx::Error> {
        if self.fetched.is_empty() && !self.ended {
            // Not kept prepared: cursors of one name have different columns.
            let fetch = sqlx::query::<Db>(FETCH).persistent(false);
            self.fetched = fetch.fetch_all(&mut *self.conn).await?.into();
            self.ended = self.fetched.is_empty();
        }
        Ok(self.fetched.pop_front())
    }
}
