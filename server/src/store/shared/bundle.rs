//! Bundles: what a push publishes of a record at once. And the parts of journals that hold their lines.
//!
//! Whoever reads published changes, or lines of journals, reads these and the rows of `change`.

use std::collections::{HashMap, HashSet};

use futures_util::TryStreamExt as _;
use sqlx::Row as _;
use sync_core::chunk::read_change;
use sync_core::id::{ChangeHash, DeviceId, OrganisationId, RecordId};
use sync_core::time::{ClockReading, UnixMillis};
use uuid::Uuid;

use super::rows::clock_at;
use super::run::{each_of, each_row, each_row_returning};
use super::{Conn, Db, DbRow};
use crate::store::packing::bundle::{Bundled, Packed, bundled, contents, pack, read_lines};
use crate::store::packing::part::{self, PartLine};
use crate::store::packing;
use crate::store::shared::failure::corrupt;
use crate::store::shared::{bulk_statements, statements};
use crate::store::varint::Damaged;
use crate::store::{ChangeState, PublishedChange, StoreError};

/// So many parts of a journal are read at once.
const PARTS_TOGETHER: i64 = 32;

/// Bundles `b` with whose they are and where their record stands, in the order in which [`Published::of`] reads them.
macro_rules! published {
    ($conditions:literal) => {
        concat!(
            "select b.record, o.id, b.seq, b.received_at, b.hashes, b.lines, b.contents, \
            (select r.seq from record r where r.id = b.record) from bundle b join device d on d.no = b.device \
            join organisation o on o.id = d.organisation where ",
            $conditions
        )
    };
}

statements! {
    BETWEEN = published!("b.record > $1 and b.record <= $2");
    EVERY = "select hashes, lines, contents from bundle";
    // From the part on that may hold the line.
    PARTS_FROM = "select first_n, entries from journal_part where device = $1 and first_n > $3 and first_n >= coalesce(\
        (select max(q.first_n) from journal_part q where q.device = $1 and q.first_n <= $2), 0) order by first_n limit $4";
    PARTS_OF = "select entries from journal_part where device = (select d.no from device d where d.id = $1)";
}

bulk_statements! {
    INSERT[7] = "insert into bundle (record, seq, device, received_at, hashes, lines, contents) values {rows}";
    INSERT_PART[3] = "insert into journal_part (device, first_n, entries) values {rows}";
    OF_RECORDS[1] = published!("b.record in ({list})");
    NAMES[1] = "select record, hashes from bundle where record in ({list})";
    LINES[1] = "select record, device, hashes, lines from bundle where record in ({list})";
    // Each part once, however many of its lines are wanted.
    PARTS[2] = "with wanted (device, n) as (values {rows}), held (device, first_n) as (select distinct wanted.device, \
        (select max(q.first_n) from journal_part q where q.device = wanted.device and q.first_n <= wanted.n) from wanted) \
        select p.device, p.entries from held join journal_part p on p.device = held.device and p.first_n = held.first_n";
    TAKE[1] = "delete from bundle where record in ({list}) \
        returning record, seq, device, received_at, hashes, lines, contents";
    UNFOLD[14] = "with unfolded (record, hash, actor, actor_seq, device, n, wall, mono, boot, at, state, seq, place, raw) \
        as (values {rows}) insert into change (organisation, record, hash, repetition, actor, actor_seq, device, n, \
            wall_ms, mono_ms, boot, received_at, state, seq, place, raw) \
        select o.no, record, hash, 0, actor, actor_seq, device, n, wall, mono, boot, at, state, unfolded.seq, place, raw \
        from unfolded join device d on d.no = unfolded.device join organisation o on o.id = d.organisation";
    ROWS[2] = "with wanted (device, n) as (values {rows}) select c.device, c.n, c.wall_ms, c.mono_ms, c.boot \
        from wanted join change c on c.device = wanted.device and c.n = wanted.n where c.device is not null";
}

/// So many bytes of changes lie together at most: whoever wants one reads all of them, and no packed thing is longer than
/// it is unpacked to.
pub(super) const MOST_BYTES: usize = 4 * 1024 * 1024;

/// A line of a journal: the number of its device, and its own.
pub(super) type LineNo = (i64, i64);

/// A bundle about to be stored.
pub(super) struct NewBundle<'a> {
    pub(super) record: RecordId,
    pub(super) seq: i64,
    pub(super) device: i64,
    pub(super) received_at: UnixMillis,
    /// In the order of their lines.
    pub(super) changes: Vec<(Bundled, &'a [u8])>,
    /// How many more bytes fit in.
    pub(super) room: usize,
}

/// Stores bundles, and the lines of each device whose changes lie in them.
pub(super) async fn insert(
    conn: &mut Conn,
    bundles: &[NewBundle<'_>],
    parts: &HashMap<i64, Vec<PartLine>>,
) -> Result<(), StoreError> {
    each_row(conn, INSERT, bundles, |query, bundle| {
        let Packed { hashes, lines, contents } = pack(&bundle.changes);
        query
            .bind(bundle.record.0)
            .bind(bundle.seq)
            .bind(bundle.device)
            .bind(bundle.received_at.0)
            .bind(hashes)
            .bind(lines)
            .bind(contents)
    })
    .await?;
    let parts: Vec<(i64, &[PartLine])> = parts.iter().map(|(device, lines)| (*device, lines.as_slice())).collect();
    each_row(conn, INSERT_PART, &parts, |query, (device, lines)| {
        let first = lines.first().map_or(0, |line| line.n);
        query.bind(*device).bind(first).bind(part::pack(lines))
    })
    .await?;
    Ok(())
}

/// A published bundle.
pub(super) struct Published {
    pub(super) record: Uuid,
    pub(super) organisation: OrganisationId,
    /// Where its record stands, if it has a row.
    pub(super) record_seq: Option<i64>,
    pub(super) received_at: i64,
    /// With the position and the place of each.
    pub(super) changes: Vec<((i64, i64), PublishedChange)>,
}

impl Published {
    fn of(row: &DbRow) -> Result<Self, StoreError> {
        let seq = row.try_get(2)?;
        let changes = unpack(row.try_get(4)?, row.try_get(5)?, row.try_get(6)?);
        Ok(Self {
            record: row.try_get(0)?,
            organisation: OrganisationId(row.try_get(1)?),
            received_at: row.try_get(3)?,
            changes: changes.map(|(bundled, change)| ((seq, bundled.place), change)).collect(),
            record_seq: row.try_get(7)?,
        })
    }
}

/// The changes of a bundle.
pub(super) fn unpack(
    hashes: &[u8],
    lines: &[u8],
    stored: &[u8],
) -> impl Iterator<Item = (Bundled, PublishedChange)> + use<> {
    let changes = bundled(hashes, lines);
    let raws = contents(&changes, stored);
    changes.into_iter().zip(raws).map(|(bundled, raw)| (bundled, PublishedChange { hash: bundled.hash, raw }))
}

/// What lies in bundles of these records.
pub(super) async fn of_records(conn: &mut Conn, records: &[Uuid]) -> Result<Vec<Published>, StoreError> {
    each_of(conn, OF_RECORDS, records).await?.iter().map(Published::of).collect()
}

/// What lies in bundles of the records behind one, up to another.
pub(super) async fn between(conn: &mut Conn, after: Uuid, last: Uuid) -> Result<Vec<Published>, StoreError> {
    sqlx::query::<Db>(BETWEEN).bind(after).bind(last).fetch_all(conn).await?.iter().map(Published::of).collect()
}

/// The names of what lies in bundles of these records.
pub(super) async fn names(
    conn: &mut Conn,
    records: impl IntoIterator<Item = RecordId>,
) -> Result<HashSet<(RecordId, ChangeHash)>, StoreError> {
    let records: HashSet<Uuid> = records.into_iter().map(|record| record.0).collect();
    let records: Vec<Uuid> = records.into_iter().collect();
    let mut names = HashSet::new();
    for row in &each_of(conn, NAMES, &records).await? {
        let (record, hashes) = (RecordId(row.try_get(0)?), row.try_get::<&[u8], _>(1)?);
        names.extend(hashes.as_chunks::<32>().0.iter().map(|hash| (record, ChangeHash(*hash))));
    }
    Ok(names)
}

/// Which lines brought what lies in bundles of these records.
pub(super) async fn lines(
    conn: &mut Conn,
    records: &[Uuid],
) -> Result<Vec<(RecordId, LineNo, ChangeHash)>, StoreError> {
    let mut lines = Vec::new();
    for row in &each_of(conn, LINES, records).await? {
        let (record, device) = (RecordId(row.try_get(0)?), row.try_get(1)?);
        let changes = bundled(row.try_get(2)?, row.try_get(3)?);
        lines.extend(changes.into_iter().map(|bundled| (record, (device, bundled.n), bundled.hash)));
    }
    Ok(lines)
}

/// What the clocks said at these lines, as far as they are stored, wherever that is.
pub(super) async fn clocks(
    conn: &mut Conn,
    wanted: impl IntoIterator<Item = LineNo>,
) -> Result<HashMap<LineNo, ClockReading>, StoreError> {
    let mut wanted: HashSet<LineNo> = wanted.into_iter().collect();
    let mut clocks = HashMap::with_capacity(wanted.len());
    let lines: Vec<LineNo> = wanted.iter().copied().collect();
    for row in &each_row_returning(conn, PARTS, &lines, |query, (device, n)| query.bind(*device).bind(*n)).await? {
        let device: i64 = row.try_get(0)?;
        let found = entries(row.try_get(1)?).into_iter().map(|line| ((device, line.n), line.clock));
        clocks.extend(found.filter(|(line, _)| wanted.remove(line)));
    }
    let lines: Vec<LineNo> = wanted.into_iter().collect();
    for row in &each_row_returning(conn, ROWS, &lines, |query, (device, n)| query.bind(*device).bind(*n)).await? {
        clocks.insert((row.try_get(0)?, row.try_get(1)?), clock_at(row, 2)?);
    }
    Ok(clocks)
}

/// The lines of a part; none if a disk forgot some of it. An error here would keep everybody's changes waiting who is
/// looked at together with these.
fn entries(stored: &[u8]) -> Vec<PartLine> {
    part::unpack(stored).unwrap_or_else(|Damaged| {
        tracing::error!("a part of a journal is damaged: what the clocks said at its lines is not known any more");
        Vec::new()
    })
}

/// Lines of a journal from one on that lie in parts, in their order: at least so many, and the number up to which these
/// are all; or all there are.
pub(super) async fn journal(
    conn: &mut Conn,
    device: i64,
    from: i64,
    at_least: usize,
) -> Result<(Vec<(PartLine, ChangeHash)>, Option<i64>), StoreError> {
    let mut found: Vec<PartLine> = Vec::new();
    let mut last = i64::MIN;
    let mut through = None;
    while found.len() < at_least {
        let parts = sqlx::query::<Db>(PARTS_FROM).bind(device).bind(from).bind(last).bind(PARTS_TOGETHER);
        let parts = parts.fetch_all(&mut *conn).await?;
        for row in &parts {
            last = row.try_get(0)?;
            found.extend(entries(row.try_get(1)?).into_iter().filter(|line| line.n >= from));
        }
        through = found.last().map(|line| line.n).filter(|_| !parts.is_empty());
        if parts.is_empty() {
            break;
        }
    }
    let records: HashSet<Uuid> = found.iter().map(|line| line.record.0).collect();
    let names = lines(conn, &records.into_iter().collect::<Vec<_>>()).await?;
    let names: HashMap<LineNo, ChangeHash> = names.into_iter().map(|(_, line, hash)| (line, hash)).collect();
    // A line whose change is gone is as good as lost.
    let named = |line: PartLine| Some((line, *names.get(&(device, line.n))?));
    Ok((found.into_iter().filter_map(named).collect(), through))
}

/// The records of which something that a device brought lies in a bundle.
pub(super) async fn written_by(conn: &mut Conn, device: DeviceId) -> Result<HashSet<RecordId>, StoreError> {
    let mut records = HashSet::new();
    for row in &sqlx::query::<Db>(PARTS_OF).bind(device.0).fetch_all(conn).await? {
        records.extend(part::records_of(row.try_get(0)?).map(|(records, _)| records).unwrap_or_default());
    }
    Ok(records)
}

/// A change that becomes a row for itself.
struct Unfolded {
    record: Uuid,
    device: i64,
    seq: i64,
    received_at: i64,
    bundled: Bundled,
    raw: Vec<u8>,
}

/// Makes rows of what lies in bundles of the records of which one of these changes does: what was published is judged
/// anew when something before it was lost and has come back.
pub(super) async fn unfold(conn: &mut Conn, changes: &[(RecordId, ChangeHash)]) -> Result<(), StoreError> {
    let names = names(conn, changes.iter().map(|(record, _)| *record)).await?;
    let records: HashSet<Uuid> =
        changes.iter().filter(|change| names.contains(change)).map(|(record, _)| record.0).collect();
    let mut unfolded = Vec::new();
    for row in &each_of(conn, TAKE, &records.into_iter().collect::<Vec<_>>()).await? {
        let (record, seq, device, received_at) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        let changes = unpack(row.try_get(4)?, row.try_get(5)?, row.try_get(6)?);
        unfolded.extend(changes.map(|(bundled, PublishedChange { raw, .. })| Unfolded {
            record,
            device,
            seq,
            received_at,
            bundled,
            raw,
        }));
    }
    let clocks = clocks(conn, unfolded.iter().map(|it| (it.device, it.bundled.n))).await?;
    if unfolded.iter().any(|it| !clocks.contains_key(&(it.device, it.bundled.n))) {
        return Err(corrupt("part of a journal"));
    }
    each_row(conn, UNFOLD, &unfolded, |query, Unfolded { record, device, seq, received_at, bundled, raw }| {
        let Bundled { hash, place, n, actor, actor_seq } = bundled;
        let clock = clocks.get(&(*device, *n));
        query
            .bind(*record)
            .bind(hash.0.to_vec())
            .bind(*actor)
            .bind(*actor_seq)
            .bind(*device)
            .bind(*n)
            .bind(clock.map(|clock| clock.wall.0))
            .bind(clock.map(|clock| clock.mono_ms.cast_signed()))
            .bind(clock.map(|clock| clock.boot.0.cast_signed()))
            .bind(*received_at)
            .bind(ChangeState::Published as i16)
            .bind(*seq)
            .bind(*place)
            .bind(packing::pack(raw))
    })
    .await?;
    Ok(())
}

/// Whether every bundle can be read, and all of its changes still have their names.
pub(super) async fn are_intact(conn: &mut Conn) -> Result<bool, sqlx::Error> {
    let mut bundles = sqlx::query_as::<Db, (Vec<u8>, Vec<u8>, Vec<u8>)>(EVERY).fetch(conn);
    while let Some((hashes, lines, stored)) = bundles.try_next().await? {
        let (names, rest) = hashes.as_chunks::<32>();
        let Ok(changes) = read_lines(names, &lines) else { return Ok(false) };
        let mut raws = changes.iter().zip(contents(&changes, &stored));
        let is_whole = |(bundled, raw): (&Bundled, Vec<u8>)| read_change(&raw).is_ok_and(|it| it.hash == bundled.hash);
        if !rest.is_empty() || !raws.all(is_whole) {
            return Ok(false);
        }
    }
    Ok(true)
}
