//! Indexes of read tables that are filled from nothing: an index that is made at the end, of all rows in their order, takes
//! a small part of the time of one that grows with each row, and less of the disk.

use sqlx::AssertSqlSafe;

use super::{Conn, Db, INDEXES, INDEXES_TO_MAKE_ARE_KEPT, briefly};
use crate::store::StoreError;
use crate::store::shared::statements;

statements! {
    LEAVE_OUT = "insert into index_to_make (name, definition) values ($1, $2)";
    LEFT_OUT = "select name, definition from index_to_make order by name";
    MADE = "delete from index_to_make where name = $1";
}

/// Drops the indexes of read tables in which nothing is left, but for those by which rebuilding itself finds rows, and
/// notes how to make them again.
pub(super) async fn leave_out(conn: &mut Conn) -> Result<(), StoreError> {
    briefly(conn).await?;
    let indexes = sqlx::query_as::<Db, (String, String, String)>(INDEXES).fetch_all(&mut *conn).await?;
    for (table, name, definition) in indexes {
        // These names are those of the migrations.
        let something = sqlx::query(AssertSqlSafe(format!("select 1 from {table} limit 1")));
        if something.fetch_optional(&mut *conn).await?.is_some() {
            continue;
        }
        sqlx::query(AssertSqlSafe(format!("drop index {name}"))).execute(&mut *conn).await?;
        sqlx::query::<Db>(LEAVE_OUT).bind(name).bind(definition).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Makes the next index that was left out; answers how many there are after it, `None` if there was none.
pub(super) async fn make_next(conn: &mut Conn) -> Result<Option<usize>, StoreError> {
    let mut left = sqlx::query_as::<Db, (String, String)>(LEFT_OUT).fetch_all(&mut *conn).await?;
    let Some((name, definition)) = left.pop() else {
        return Ok(None);
    };
    sqlx::query(AssertSqlSafe(definition)).execute(&mut *conn).await?;
    sqlx::query::<Db>(MADE).bind(name).execute(conn).await?;
    Ok(Some(left.len()))
}

/// Makes all that an interrupted rebuild left out. Migrations rely on the indexes that they made.
pub(super) async fn make_all(conn: &mut Conn) -> Result<(), StoreError> {
    if sqlx::query::<Db>(INDEXES_TO_MAKE_ARE_KEPT).fetch_optional(&mut *conn).await?.is_none() {
        return Ok(());
    }
    while let Some(left) = make_next(conn).await? {
        tracing::info!(left, "made an index that an interrupted rebuild had left out");
    }
    Ok(())
}
