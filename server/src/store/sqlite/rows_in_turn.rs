//! Rows that are read one after another, as long as somebody wants more.

use futures_util::TryStreamExt as _;
use futures_util::stream::BoxStream;

use super::run::Filling;
use super::{Conn, Db, DbRow};

/// What a statement finds, row by row. Dropped early, the rest is never looked for.
pub(super) struct RowsInTurn<'c>(BoxStream<'c, Result<DbRow, sqlx::Error>>);

impl<'c> RowsInTurn<'c> {
    /// Begins to read; `fill` binds what the statement needs.
    pub(super) async fn of(
        conn: &'c mut Conn,
        statement: &'static str,
        fill: impl for<'q> FnOnce(Filling<'q>) -> Filling<'q>,
    ) -> Result<Self, sqlx::Error> {
        Ok(Self(fill(sqlx::query::<Db>(statement)).fetch(conn)))
    }

    /// The next row; `None` after the last.
    pub(super) async fn next(&mut self) -> Result<Option<DbRow>, sqlx::Error> {
        self.0.try_next().await
    }
}
