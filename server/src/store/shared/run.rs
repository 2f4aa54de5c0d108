//! Running statements on many rows.

use sqlx::query::Query;

use super::{Conn, Db, DbRow, PLACEHOLDERS};
use crate::store::StoreError;
use crate::store::shared::bulk::{Bulk, lists, stretches};

/// A statement being filled.
pub(super) type Filling<'q> = Query<'q, Db, <Db as sqlx::Database>::Arguments>;

/// Runs `statement` over all rows; `fill` binds the columns of one. Answers how many rows of tables were affected.
pub(super) async fn each_row<T>(
    conn: &mut Conn,
    statement: Bulk,
    rows: &[T],
    fill: impl for<'q> Fn(Filling<'q>, &T) -> Filling<'q>,
) -> Result<u64, sqlx::Error> {
    let mut affected = 0;
    for stretch in stretches(rows) {
        let query = sqlx::query::<Db>(statement.sql(stretch.len(), PLACEHOLDERS));
        affected += stretch.iter().fold(query, &fill).execute(&mut *conn).await?.rows_affected();
    }
    Ok(affected)
}

/// As [`each_row`], with what the statement returns.
pub(super) async fn each_row_returning<T>(
    conn: &mut Conn,
    statement: Bulk,
    rows: &[T],
    fill: impl for<'q> Fn(Filling<'q>, &T) -> Filling<'q>,
) -> Result<Vec<DbRow>, sqlx::Error> {
    let mut returned = Vec::with_capacity(rows.len());
    for stretch in stretches(rows) {
        let query = sqlx::query::<Db>(statement.sql(stretch.len(), PLACEHOLDERS));
        returned.extend(stretch.iter().fold(query, &fill).fetch_all(&mut *conn).await?);
    }
    Ok(returned)
}

/// Reads what `statement` finds for a list. Rows of different pieces of a long list are not sorted among each other.
pub(super) async fn each_of<T>(conn: &mut Conn, statement: Bulk, list: &[T]) -> Result<Vec<DbRow>, StoreError>
where
    T: Copy + Send + for<'q> sqlx::Encode<'q, Db> + sqlx::Type<Db>,
{
    let mut found = Vec::new();
    for piece in lists(list) {
        let query = sqlx::query::<Db>(statement.sql(piece.len(), PLACEHOLDERS));
        found.extend(piece.into_iter().fold(query, Query::bind).fetch_all(&mut *conn).await?);
    }
    Ok(found)
}
