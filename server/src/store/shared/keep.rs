//! Rebuilding what is only a cache.

use std::collections::HashMap;

use sqlx::Row as _;
use sync_core::id::RecordId;
use sync_core::time::UnixMillis;
use uuid::Uuid;

use super::record_row::{Standing, standings, write};
use super::run::each_of;
use super::{Conn, Db};
use crate::store::shared::stored::count;
use crate::store::shared::{bulk_statements, statements};
use crate::store::{RecordRow, StoreError};

statements! {
    RECORD_IDS = "select distinct record from change where record > $1 and state = 1 order by record limit $2";
    PING = "select count(*) from meta";
}

bulk_statements! {
    // Only for records whose row was lost.
    PUBLISHED[1] = "select record, min(seq), max(seq), max(received_at) from change \
        where record in ({list}) and state = 1 group by record";
}

pub(super) async fn record_ids(
    conn: &mut Conn,
    after: Option<RecordId>,
    limit: u32,
) -> Result<Vec<RecordId>, StoreError> {
    let rows = sqlx::query_as::<Db, (Uuid,)>(RECORD_IDS)
        .bind(after.map_or(Uuid::nil(), |id| id.0))
        .bind(i64::from(limit))
        .fetch_all(conn)
        .await?;
    Ok(rows.into_iter().map(|(id,)| RecordId(id)).collect())
}

pub(super) async fn replace_rows(conn: &mut Conn, rows: &[(RecordRow, u32)]) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = rows.iter().map(|(row, _)| row.row.id.0).collect();
    let stored = standings(conn, &ids).await?;
    let lost: Vec<Uuid> = ids.into_iter().filter(|id| !stored.contains_key(&RecordId(*id))).collect();
    let recovered = recover(conn, &lost).await?;
    let placed = rows
        .iter()
        .map(|(row, changes)| {
            let known = stored.get(&row.row.id).map(|(_, standing)| standing).or_else(|| recovered.get(&row.row.id));
            known.map(|standing| (row, Standing { changes: *changes, ..*standing })).ok_or(StoreError::NotFound)
        })
        .collect::<Result<Vec<_>, _>>()?;
    write(conn, &placed).await
}

/// Where records stand whose rows were lost, as far as their changes say. They count as having entered their scopes
/// with their newest change, so that whoever has not read that far is sent the whole record.
async fn recover(conn: &mut Conn, lost: &[Uuid]) -> Result<HashMap<RecordId, Standing>, StoreError> {
    each_of(conn, PUBLISHED, lost)
        .await?
        .iter()
        .map(|row| {
            let seq = count(row.try_get(2)?)?;
            let standing = Standing {
                changes: 0,
                seq,
                first_seq: count(row.try_get(1)?)?,
                owner_since: seq,
                team_since: seq,
                office_since: seq,
                updated_at: UnixMillis(row.try_get(3)?),
            };
            Ok((RecordId(row.try_get(0)?), standing))
        })
        .collect()
}

pub(super) async fn ping(conn: &mut Conn) -> Result<(), StoreError> {
    sqlx::query::<Db>(PING).fetch_one(conn).await?;
    Ok(())
}
