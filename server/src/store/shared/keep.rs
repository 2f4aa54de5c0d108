//! Rebuilding what is only a cache.

use std::collections::HashMap;

use sqlx::Row as _;
use sync_core::id::{DeviceId, RecordId};
use sync_core::time::UnixMillis;
use uuid::Uuid;

use super::record_row::{Standing, standings, write};
use super::run::{each_of, each_row};
use super::{Conn, Db};
use crate::store::shared::stored::{count, position};
use crate::store::shared::{bulk_statements, statements};
use crate::store::StoreError;
use crate::store::rebuild::{PublishedSince, Remade};

statements! {
    RECORD_IDS = "select record from (select distinct record from change where record > $1 and state = 1 \
            order by record limit $2) changed \
        union select record from (select distinct record from bundle where record > $1 order by record limit $2) bundled \
        order by record limit $2";
    FORGET_BACKUPS = "delete from backup_line where taken_at < \
        (select max(b.taken_at) from backup_line b where b.taken_at <= $1)";
    BACKED_UP = "select b.n from backup_line b join device d on d.no = b.device \
        where d.id = $1 and b.taken_at <= $2 order by b.taken_at desc limit 1";
    PING = "select count(*) from meta";
}

bulk_statements! {
    NOTE_BACKUP[3] = "with held (id, taken_at, n) as (values {rows}) \
        insert into backup_line (device, taken_at, n) select d.no, held.taken_at, held.n from held \
        join device d on d.id = held.id where true on conflict (device, taken_at) do nothing";
    // Only for records whose row was lost.
    PUBLISHED[1] = "select record, min(seq), max(seq), max(received_at) from change \
        where record in ({list}) and state = 1 group by record";
    BUNDLED[1] = "select record, min(seq), max(seq), max(received_at) from bundle where record in ({list}) group by record";
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

pub(super) async fn note_backup(
    conn: &mut Conn,
    taken_at: UnixMillis,
    journals: &[(DeviceId, u64)],
    oldest: UnixMillis,
) -> Result<(), StoreError> {
    each_row(conn, NOTE_BACKUP, journals, |query, (device, n)| {
        query.bind(device.0).bind(taken_at.0).bind(position(*n))
    })
    .await?;
    sqlx::query::<Db>(FORGET_BACKUPS).bind(oldest.0).execute(conn).await?;
    Ok(())
}

pub(super) async fn backed_up_through(
    conn: &mut Conn,
    device: DeviceId,
    before: UnixMillis,
) -> Result<u64, StoreError> {
    let found = sqlx::query_as::<Db, (i64,)>(BACKED_UP).bind(device.0).bind(before.0).fetch_optional(conn).await?;
    found.map_or(Ok(0), |(n,)| count(n))
}

pub(super) async fn replace_rows(conn: &mut Conn, rows: &[&Remade]) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = rows.iter().map(|remade| remade.row.row.id.0).collect();
    let stored = standings(conn, &ids).await?;
    let lost = rows.iter().filter(|remade| remade.standing.is_none() && !stored.contains_key(&remade.row.row.id));
    let lost: Vec<Uuid> = lost.map(|remade| remade.row.row.id.0).collect();
    let recovered = recover(conn, &lost).await?;
    let placed = rows
        .iter()
        .map(|Remade { row, changes, seq, standing }| {
            let standing = match (stored.get(&row.row.id), standing) {
                (Some((_, standing)), _) if standing.seq > *seq => return Ok(None),
                (Some((_, standing)), _) => *standing,
                // Nobody has published since, or there would be a row.
                (None, Some(since)) => entered(*seq, since),
                (None, None) => *recovered.get(&row.row.id).ok_or(StoreError::NotFound)?,
            };
            Ok(Some((row, Standing { changes: *changes, ..standing })))
        })
        .filter_map(Result::transpose)
        .collect::<Result<Vec<_>, StoreError>>()?;
    write(conn, &placed).await
}

/// Where a record stands whose row was lost, as far as its changes say. It counts as having entered its scopes with its
/// newest change, so that whoever has not read that far is sent the whole record.
fn entered(seq: u64, since: &PublishedSince) -> Standing {
    Standing {
        changes: 0,
        seq,
        first_seq: since.first_seq,
        owner_since: seq,
        team_since: seq,
        office_since: seq,
        updated_at: since.received_at,
        words: None,
    }
}

/// The same of records of which nobody has read that yet.
async fn recover(conn: &mut Conn, lost: &[Uuid]) -> Result<HashMap<RecordId, Standing>, StoreError> {
    let mut known: HashMap<RecordId, (i64, i64, i64)> = HashMap::new();
    for statement in [PUBLISHED, BUNDLED] {
        for row in &each_of(conn, statement, lost).await? {
            let (first, last, received) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
            let so_far = known.entry(RecordId(row.try_get(0)?)).or_insert((first, last, received));
            *so_far = (first.min(so_far.0), last.max(so_far.1), received.max(so_far.2));
        }
    }
    let standing = |(record, (first, last, received)): (RecordId, (i64, i64, i64))| {
        let since = PublishedSince { first_seq: count(first)?, received_at: UnixMillis(received) };
        Ok((record, entered(count(last)?, &since)))
    };
    known.into_iter().map(standing).collect()
}

pub(super) async fn ping(conn: &mut Conn) -> Result<(), StoreError> {
    sqlx::query::<Db>(PING).fetch_one(conn).await?;
    Ok(())
}
