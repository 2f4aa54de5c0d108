//! Who wrote what of a record, when, and what proves it.

use std::collections::HashMap;

use sqlx::Row as _;
use sync_core::id::{DeviceId, PersonId, RecordId};
use sync_core::time::{ClockReading, UnixMillis};
use uuid::Uuid;

use super::bundle::{self, LineNo};
use super::rows::clock_at;
use super::run::each_row_returning;
use super::{Conn, Db, DbRow};
use crate::evidence::Anchor;
use crate::store::packing::unpack;
use crate::store::shared::stored::{count, hash};
use crate::store::shared::{bulk_statements, statements};
use crate::store::{ChangeOrigin, PublishedChange, StoreError};

statements! {
    ORIGINS = "select c.hash, c.raw, d.id, c.n, p.id, p.name, c.received_at, c.seq, d.skew_ms, \
        c.device is null and a.device is not null, d.label, c.place, c.device, c.wall_ms, c.mono_ms, c.boot from change c \
        left join device d on d.no = c.device left join actor a on a.no = c.actor \
        join person p on p.id = coalesce(c.person, d.person) where c.record = $1 and c.state = 1";
    BUNDLED = "select b.hashes, b.lines, b.contents, d.id, p.id, p.name, b.received_at, b.seq, d.skew_ms, d.label, b.device \
        from bundle b join device d on d.no = b.device join person p on p.id = d.person where b.record = $1";
}

bulk_statements! {
    // The last head that was signed before a line.
    HEAD_BEFORE[3] = "with wanted (device, id, n) as (values {rows}) select wanted.device, wanted.n, h.n, h.received_at \
        from wanted join journal_head h on h.device = wanted.id and h.n = \
        (select max(s.n) from journal_head s where s.device = wanted.id and s.n < wanted.n)";
}

/// A published change while what is known of it comes together.
struct Told {
    /// The feed position, and the place there.
    place: (i64, i64),
    line: Option<LineNo>,
    clock: Option<ClockReading>,
    origin: ChangeOrigin,
}

impl Told {
    fn of(row: &DbRow) -> Result<Self, StoreError> {
        let hash = hash(row.try_get(0)?)?;
        let (n, seq): (Option<i64>, i64) = (row.try_get(3)?, row.try_get(7)?);
        let line = row.try_get::<Option<i64>, _>(12)?.zip(n);
        let origin = ChangeOrigin {
            raw: unpack(&hash, row.try_get(1)?),
            hash,
            device: row.try_get::<Option<Uuid>, _>(2)?.map(DeviceId),
            n: n.map(count).transpose()?,
            person: PersonId(row.try_get(4)?),
            person_name: row.try_get(5)?,
            received_at: UnixMillis(row.try_get(6)?),
            seq: count(seq)?,
            written_at: None,
            skew_ms: row.try_get(8)?,
            adopted: row.try_get(9)?,
            device_label: row.try_get(10)?,
            anchor: None,
        };
        let clock = line.map(|_| clock_at(row, 13)).transpose()?;
        Ok(Self { place: (seq, row.try_get(11)?), line, clock, origin })
    }

    fn of_bundle(row: &DbRow) -> Result<Vec<Self>, StoreError> {
        let seq: i64 = row.try_get(7)?;
        let device: i64 = row.try_get(10)?;
        let changes = bundle::unpack(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        changes
            .map(|(bundled, PublishedChange { hash, raw })| {
                let origin = ChangeOrigin {
                    hash,
                    raw,
                    device: Some(DeviceId(row.try_get(3)?)),
                    n: Some(count(bundled.n)?),
                    person: PersonId(row.try_get(4)?),
                    person_name: row.try_get(5)?,
                    received_at: UnixMillis(row.try_get(6)?),
                    seq: count(seq)?,
                    written_at: None,
                    skew_ms: row.try_get(8)?,
                    adopted: false,
                    device_label: row.try_get(9)?,
                    anchor: None,
                };
                Ok(Self { place: (seq, bundled.place), line: Some((device, bundled.n)), clock: None, origin })
            })
            .collect()
    }
}

pub(super) async fn origins(conn: &mut Conn, id: RecordId) -> Result<Vec<ChangeOrigin>, StoreError> {
    let mut snapshot = super::snapshot(conn).await?;
    let rows = sqlx::query::<Db>(ORIGINS).bind(id.0).fetch_all(&mut *snapshot).await?;
    let mut told: Vec<Told> = rows.iter().map(Told::of).collect::<Result<_, _>>()?;
    for row in &sqlx::query::<Db>(BUNDLED).bind(id.0).fetch_all(&mut *snapshot).await? {
        told.extend(Told::of_bundle(row)?);
    }
    told.sort_unstable_by_key(|told| told.place);
    let heads = heads_before(&mut snapshot, &told).await?;
    let lacking = told.iter().filter(|told| told.clock.is_none()).filter_map(|told| told.line);
    let anchoring = heads.iter().map(|((device, _), (n, _))| (*device, *n));
    let clocks = bundle::clocks(&mut snapshot, lacking.chain(anchoring)).await?;
    snapshot.rollback().await?;
    for told in &mut told {
        let Some(line) = told.line else { continue };
        let Some(clock) = told.clock.or_else(|| clocks.get(&line).copied()) else { continue };
        told.origin.written_at = Some(clock.wall);
        told.origin.anchor = heads.get(&line).and_then(|(n, received_at)| {
            let before = clocks.get(&(line.0, *n)).filter(|before| before.boot == clock.boot)?;
            // Nothing if the monotonic clock went backwards. Phones may say any number.
            let elapsed_ms = clock.mono_ms.checked_sub(before.mono_ms)?;
            Some(Anchor { received_at: *received_at, elapsed_ms })
        });
    }
    Ok(told.into_iter().map(|told| told.origin).collect())
}

/// The last head before each line, and when it came.
async fn heads_before(conn: &mut Conn, told: &[Told]) -> Result<HashMap<LineNo, (i64, UnixMillis)>, StoreError> {
    let lines: Vec<(LineNo, DeviceId)> =
        told.iter().filter_map(|told| told.line.zip(told.origin.device)).collect();
    let rows = each_row_returning(conn, HEAD_BEFORE, &lines, |query, ((device, n), id)| {
        query.bind(*device).bind(id.0).bind(*n)
    });
    let found = rows.await?;
    let head = |row: &DbRow| Ok(((row.try_get(0)?, row.try_get(1)?), (row.try_get(2)?, UnixMillis(row.try_get(3)?))));
    found.iter().map(head).collect()
}
