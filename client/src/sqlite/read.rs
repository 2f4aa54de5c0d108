//! Reading the journal, the changes and the notes.

use minicbor::Decode;
use rusqlite::{Connection, OptionalExtension, Row as SqlRow, params};
use std::collections::BTreeSet;
use sync_core::id::{ActorId, ChangeHash, Link, PersonId, RecordId};
use sync_core::journal::{Entry, Head};
use sync_core::refusal::Refusal;
use sync_core::status::Problem;
use sync_core::store::{BatchLimit, Progress, RecordSync};
use sync_core::time::{BootId, ClockReading, UnixMillis};
use sync_core::wire::exchange::Backlog;
use sync_core::wire::segment::Item;

use super::StoreError;
use super::columns::position;

pub(super) const IDENTITY: &str = "identity";
pub(super) const DEVICE_KEY: &str = "device_key";
pub(super) const PROGRESS: &str = "progress";
pub(super) const INSTALLATION: &str = "installation";
pub(super) const TOMBSTONE: &str = "tombstone";

/// A note, if there is one.
pub(super) fn state<T: for<'b> Decode<'b, ()>>(connection: &Connection, name: &str) -> Result<Option<T>, StoreError> {
    let bytes: Option<Vec<u8>> = connection
        .prepare_cached("SELECT value FROM state WHERE name = ?")?
        .query_row(params![name], |sql| sql.get(0))
        .optional()?;
    bytes.map(|bytes| minicbor::decode(&bytes).map_err(|_| StoreError::Damaged("a note"))).transpose()
}

pub(super) fn progress(connection: &Connection) -> Result<Progress, StoreError> {
    Ok(state(connection, PROGRESS)?.unwrap_or_default())
}

pub(super) fn head(connection: &Connection) -> Result<Head, StoreError> {
    let head = connection
        .prepare_cached("SELECT n, link FROM journal ORDER BY n DESC LIMIT 1")?
        .query_row([], read_head)
        .optional()?;
    Ok(head.unwrap_or(Head::EMPTY))
}

pub(super) fn head_at(connection: &Connection, n: u64) -> Result<Option<Head>, StoreError> {
    if n == 0 {
        return Ok(Some(Head::EMPTY));
    }
    let mut statement = connection.prepare_cached("SELECT n, link FROM journal WHERE n = ?")?;
    Ok(statement.query_row(params![position(n)], read_head).optional()?)
}

fn read_head(sql: &SqlRow<'_>) -> rusqlite::Result<Head> {
    Ok(Head { n: sql.get::<_, i64>(0)?.cast_unsigned(), link: Link(sql.get(1)?) })
}

pub(super) fn changes(connection: &Connection, record: RecordId) -> Result<Vec<(ChangeHash, Vec<u8>)>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT hash, bytes FROM change WHERE record = ? AND parted = 0 ORDER BY key")?;
    let rows = statement.query_map(params![record.as_bytes()], |sql| Ok((ChangeHash(sql.get(0)?), sql.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn record_sync(connection: &Connection, record: RecordId) -> Result<RecordSync, StoreError> {
    let last: Option<i64> = connection
        .prepare_cached("SELECT max(n) FROM journal WHERE record = ?")?
        .query_row(params![record.as_bytes()], |sql| sql.get(0))?;
    Ok(RecordSync { last_entry: last.map(i64::cast_unsigned), problems: problems(connection, record)? })
}

/// Unsettled verdicts, newest last.
pub(super) fn problems(connection: &Connection, record: RecordId) -> Result<Vec<Problem>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT 0 AS n, verdict FROM former WHERE record = ?1
         UNION ALL SELECT n, verdict FROM verdict WHERE record = ?1 ORDER BY n",
    )?;
    let mut rows = statement.query(params![record.as_bytes()])?;
    let mut problems = Vec::new();
    while let Some(sql) = rows.next()? {
        let bytes: Vec<u8> = sql.get(1)?;
        let verdict = minicbor::decode(&bytes).map_err(|_| StoreError::Damaged("a verdict"))?;
        problems.push(Problem { n: sql.get::<_, i64>(0)?.cast_unsigned(), verdict });
    }
    Ok(problems)
}

const ENTRY: &str = "n, journal.record, journal.change, wall, mono_ms, boot";

fn read_entry(sql: &SqlRow<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        n: sql.get::<_, i64>(0)?.cast_unsigned(),
        record: RecordId::from(sql.get::<_, [u8; 16]>(1)?),
        change: ChangeHash(sql.get(2)?),
        clock: ClockReading {
            wall: UnixMillis(sql.get(3)?),
            mono_ms: sql.get::<_, i64>(4)?.cast_unsigned(),
            boot: BootId(sql.get::<_, i64>(5)?.cast_unsigned()),
        },
    })
}

pub(super) fn lines(connection: &Connection, record: RecordId) -> Result<Vec<Entry>, StoreError> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {ENTRY} FROM journal WHERE record = ? ORDER BY n"))?;
    let rows = statement.query_map(params![record.as_bytes()], read_entry)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn outbox(connection: &Connection, after: u64, limit: BatchLimit) -> Result<Vec<Item>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {ENTRY}, change.bytes FROM journal
         LEFT JOIN change ON change.record = journal.record AND change.hash = journal.change
         WHERE n > ? ORDER BY n"
    ))?;
    let mut rows = statement.query(params![position(after)])?;
    let mut records = BTreeSet::new();
    let mut bytes = 0;
    let mut items = Vec::new();
    while let Some(sql) = rows.next()? {
        let entry = read_entry(sql)?;
        let change: Option<Vec<u8>> = sql.get(6)?;
        records.insert(entry.record);
        bytes += change.as_ref().map_or(0, Vec::len);
        if !items.is_empty() && (records.len() > limit.records || bytes > limit.bytes) {
            break;
        }
        items.push(Item { entry, change });
    }
    Ok(items)
}

pub(super) fn unsettled(connection: &Connection, published_through: u64) -> Result<Vec<ChangeHash>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT change FROM journal WHERE n > ?
         UNION SELECT journal.change FROM verdict JOIN journal ON journal.n = verdict.n
         UNION SELECT hash FROM former",
    )?;
    let rows = statement.query_map(params![position(published_through)], |sql| Ok(ChangeHash(sql.get(0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn records_between(connection: &Connection, after: u64, through: u64) -> Result<Vec<RecordId>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT DISTINCT record FROM journal WHERE n > ? AND n <= ?")?;
    let rows = statement.query_map(params![position(after), position(through)], |sql| sql.get::<_, [u8; 16]>(0))?;
    Ok(rows.map(|bytes| bytes.map(RecordId::from)).collect::<Result<_, _>>()?)
}

pub(super) fn backlog(connection: &Connection, after: u64) -> Result<Backlog, StoreError> {
    let (photos, photo_bytes) = photo_backlog(connection)?;
    let after = position(after);
    let oldest: Option<i64> = connection
        .prepare_cached("SELECT wall FROM journal WHERE n > ? ORDER BY n LIMIT 1")?
        .query_row(params![after], |sql| sql.get(0))
        .optional()?;
    let Some(oldest) = oldest else {
        return Ok(Backlog { photos, bytes: photo_bytes, ..Backlog::default() });
    };
    let mut statement = connection.prepare_cached(
        "SELECT count(DISTINCT journal.record), count(*), coalesce(sum(length(change.bytes)), 0) FROM journal
         LEFT JOIN change ON change.record = journal.record AND change.hash = journal.change
         WHERE n > ?",
    )?;
    Ok(statement.query_row(params![after], |sql| {
        Ok(Backlog {
            records: sql.get(0)?,
            changes: sql.get(1)?,
            oldest: Some(UnixMillis(oldest)),
            photos,
            bytes: sql.get::<_, i64>(2)?.cast_unsigned() + photo_bytes,
        })
    })?)
}

/// How many photos the server does not hold, and what is missing of them.
fn photo_backlog(connection: &Connection) -> Result<(u32, u64), StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT count(*), coalesce(sum(bytes - sent), 0) FROM photo WHERE step IN (0, 1, 3)")?;
    Ok(statement.query_row([], |sql| Ok((sql.get(0)?, sql.get::<_, i64>(1)?.cast_unsigned())))?)
}

pub(super) fn held(
    connection: &Connection,
    after: Option<RecordId>,
    limit: usize,
) -> Result<Vec<RecordId>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT DISTINCT record FROM change WHERE record > ? AND parted = 0 ORDER BY record LIMIT ?")?;
    // The empty blob comes before every identifier.
    let after: &[u8] = after.as_ref().map_or(&[], |after| after.as_bytes());
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![after, limit], |sql| sql.get::<_, [u8; 16]>(0))?;
    Ok(rows.map(|bytes| bytes.map(RecordId::from)).collect::<Result<_, _>>()?)
}

pub(super) fn author(connection: &Connection, actor: ActorId) -> Result<Option<(PersonId, String)>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT person, name FROM author WHERE actor = ?")?;
    let found =
        statement.query_row(params![actor.0], |sql| Ok((PersonId::from(sql.get::<_, [u8; 16]>(0)?), sql.get(1)?)));
    Ok(found.optional()?)
}

pub(super) fn refusals(connection: &Connection) -> Result<Vec<Refusal>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT body FROM refusal WHERE body IS NOT NULL ORDER BY key")?;
    let bodies = statement.query_map([], |sql| sql.get::<_, Vec<u8>>(0))?;
    bodies.map(|body| minicbor::decode(&body?).map_err(|_| StoreError::Damaged("a refusal"))).collect()
}

pub(super) fn refused(connection: &Connection, record: RecordId) -> Result<Vec<(ChangeHash, bool)>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT hash, body IS NULL FROM refusal WHERE record = ?")?;
    let rows = statement.query_map(params![record.as_bytes()], |sql| Ok((ChangeHash(sql.get(0)?), sql.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
