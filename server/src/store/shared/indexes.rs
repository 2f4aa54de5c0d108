//! Indexes of read tables that are filled from nothing: an index that is made at the end, of all rows in their order, takes
//! a small part of the time of one that grows with each row, and less of the disk.

use sqlx::AssertSqlSafe;

use super::{AWAIT_INDEX, Conn, Db, INDEXES, INDEXES_TO_MAKE_ARE_KEPT, TAKE_INDEX, briefly};
use crate::store::StoreError;
use crate::store::shared::statements;

statements! {
    LEAVE_OUT = "insert into index_to_make (name, definition) values ($1, $2)";
    LEFT_OUT = "select count(*) from index_to_make";
    MADE = "delete from index_to_make where name = $1";
}

/// An index by its name and by what makes it.
type Index = (String, String);

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

/// Makes the next index that nobody makes now; answers how many there are besides it, `None` if there was none.
pub(super) async fn make_next(conn: &mut Conn) -> Result<Option<usize>, StoreError> {
    let next = sqlx::query_as::<Db, Index>(TAKE_INDEX).fetch_optional(&mut *conn).await?;
    match next {
        Some(index) => make(conn, index).await.map(Some),
        None => Ok(None),
    }
}

/// Makes an index; answers how many are left.
async fn make(conn: &mut Conn, (name, definition): Index) -> Result<usize, StoreError> {
    sqlx::query(AssertSqlSafe(definition)).execute(&mut *conn).await?;
    sqlx::query::<Db>(MADE).bind(name).execute(&mut *conn).await?;
    left_out(conn).await
}

async fn left_out(conn: &mut Conn) -> Result<usize, StoreError> {
    let (left,) = sqlx::query_as::<Db, (i64,)>(LEFT_OUT).fetch_one(conn).await?;
    Ok(usize::try_from(left).unwrap_or_default())
}

/// Makes all that an interrupted rebuild left out, and waits for those that somebody else makes: migrations rely on the
/// indexes that they made.
pub(super) async fn make_all(conn: &mut Conn) -> Result<(), StoreError> {
    if sqlx::query::<Db>(INDEXES_TO_MAKE_ARE_KEPT).fetch_optional(&mut *conn).await?.is_none() {
        return Ok(());
    }
    while left_out(conn).await? > 0 {
        // Whoever was waited for has made it.
        let next = sqlx::query_as::<Db, Index>(AWAIT_INDEX).fetch_optional(&mut *conn).await?;
        if let Some(index) = next {
            let left = make(conn, index).await?;
            tracing::info!(left, "made an index that an interrupted rebuild had left out");
        }
    }
    Ok(())
}
