//! What flags of records compare.

use std::collections::{BTreeSet, HashMap, HashSet};

use async_trait::async_trait;
use futures_util::future::try_join_all;
use sqlx::Row as _;
use sync_core::id::{DeviceId, OfficeId, OrganisationId, PhotoHash, RecordId};
use sync_core::record::Kind;
use sync_core::time::{ClockReading, UnixMillis};
use uuid::Uuid;

use super::bundle::{self, LineNo};
use super::rows::clock_at;
use super::run::{each_of, each_row, each_row_returning};
use super::{Backend, Conn, Db, DbRow};
use crate::flag::rules::{JOURNEY_MS, Jump, Neighbour, RATE_MS};
use crate::flag::sighting::{Opening, Point};
use crate::store::flags::{FlagStore, Found, RaisingAnew, Subject};
use crate::store::shared::bulk::last_of_each;
use crate::store::shared::{bulk_statements, no_of, statements};
use crate::store::shared::failure::corrupt;
use crate::store::shared::stored::{count, position};
use crate::store::{RecordRow, StoreError};

/// Around so many records it is looked over one connection; whoever makes read tables anew asks about more at once, and
/// the database looks on several processors.
pub(super) const LOOKED_AT_TOGETHER: usize = 256;

statements! {
    RAISE_ANEW = "insert into flags_to_raise (organisation, round, behind, done) values ($1, 1, $2, 0) \
        on conflict (organisation) do update set round = flags_to_raise.round + 1, behind = excluded.behind, done = 0";
    TO_RAISE = "select organisation, round, behind, done from flags_to_raise order by organisation limit 1";
    // By their order alone, whosever they are: a database that looks for one organisation's might sort all of them.
    NEXT_TO_RAISE = concat!("select r.id, r.organisation = ", no_of!("$1"), " from record r \
        where r.id > $2 order by r.id limit $3");
    NOTE_RAISED = "update flags_to_raise set behind = $3, done = $4 where organisation = $1 and round = $2";
    RAISE_FORKED = "insert into forked_to_raise (device, behind) values ($1, $2) \
        on conflict (device) do update set behind = excluded.behind";
    FORKED_TO_RAISE = "select device, behind from forked_to_raise order by device limit 1";
    WRITTEN_BY = "select distinct c.record from change c where c.device = (select d.no from device d where d.id = $1) \
        and c.record > $2 order by c.record limit $3";
    NOTE_FORKED = "update forked_to_raise set behind = $2 where device = $1";
    FINISH_FORKED = "delete from forked_to_raise where device = $1";
    FINISH_RAISING = "delete from flags_to_raise where organisation = $1 and round = $2";
}

bulk_statements! {
    FEEDS[1] = "select id, seq from organisation where id in ({list})";
    // Only what may raise something: within a minute whatever it is, within an hour what is more than a kilometre away.
    // Somebody who makes records by the thousand must not cost more than this many lines.
    // The number of the maker is asked for by itself, because PostgreSQL, when it joins for it, finds records by their
    // maker alone and reads all that this person ever made.
    NEAR[8] = concat!("with wanted (record, maker, early, late, before, after, lat, lon) as (values {rows}) \
        select wanted.record, r.id, r.captured_ms, r.lat, r.lon, r.flags from wanted join record r \
        on r.made_by = ", no_of!("wanted.maker"), " and r.captured_ms between wanted.early and wanted.late \
        where r.id <> wanted.record and (r.captured_ms between wanted.before and wanted.after \
            or abs(r.lat - wanted.lat) + abs(r.lon - wanted.lon) > 100000) limit 16384");
    SAME_PHONE[2] = "with wanted (record, phone) as (values {rows}) \
        select wanted.record, r.id, r.flags from wanted join lead_phone l on l.phone = wanted.phone \
        join record r on r.id = l.record where r.id <> wanted.record and l.record in (select m.record from lead_phone m \
            where m.phone = l.phone order by m.record limit 4)";
    SAME_PHOTO[3] = "with wanted (record, organisation, hash) as (values {rows}) \
        select wanted.record, r.id, r.flags, f.hash from wanted join photo_reference f \
        on f.organisation = wanted.organisation and f.hash = wanted.hash join record r on r.id = f.record \
        where r.id <> wanted.record and f.record in (select g.record from photo_reference g \
            where g.organisation = f.organisation and g.hash = f.hash order by g.record limit 4)";
    // Not joined with those before them: nearly always the line before is of the same record, and looking for one by its
    // number means to look into every part of the table.
    LINES[1] = "select c.record, c.device, c.n, c.wall_ms, c.mono_ms, c.boot from change c where c.record in ({list}) \
        and c.device is not null";
    NUMBERS[1] = "select id, no from device where id in ({list})";
    FORKS[1] = "select id, forked_at, enrolled_at from device where (forked_at is not null or replaces is not null) \
        and id in ({list})";
    CLOSED[2] = "select s.office, s.day, s.sealed_at from statement s where s.number = 0 \
        and (s.office, s.day) in (values {rows})";
    SEALED[1] = "select record from sealed_item where number = 0 and length(entry) = 0 and record in ({list})";
    PHONES[1] = "select record, phone from lead_phone where record in ({list})";
    ADD_PHONE[2] = "insert into lead_phone (phone, record) values {rows} on conflict do nothing";
    DROP_PHONE[2] = "delete from lead_phone where (phone, record) in (values {rows})";
    RAISE[2] = "with raised (id, bits) as (values {rows}) update record set flags = record.flags | raised.bits \
        from raised where record.id = raised.id";
    // 128 is the bit of `duplicate_phone`: whoever shared the number keeps it while somebody else still does.
    CALM[1] = "update record set flags = flags & ~128 where (flags & 128) <> 0 \
        and id in (select l.record from lead_phone l where l.phone in ({list})) \
        and not exists (select 1 from lead_phone a join lead_phone b on b.phone = a.phone and b.record <> a.record \
            where a.record = record.id)";
}

/// Keeps what rows say that others are compared with, and raises the flags of those others.
pub(super) async fn note(conn: &mut Conn, rows: &[&RecordRow]) -> Result<(), StoreError> {
    let partners: Vec<(RecordId, u64)> = rows.iter().flat_map(|row| row.partners.iter().copied()).collect();
    add_flags(conn, &partners).await?;
    let leads: Vec<Uuid> = rows.iter().filter(|row| row.row.kind == Kind::Lead).map(|row| row.row.id.0).collect();
    if leads.is_empty() {
        return Ok(());
    }
    let stored = phones(conn, &leads).await?;
    let stored: HashSet<(i64, Uuid)> =
        stored.iter().flat_map(|(record, phones)| phones.iter().map(|phone| (*phone, record.0))).collect();
    let said = rows.iter().flat_map(|row| row.seen.phones.iter().map(|phone| (*phone, row.row.id.0)));
    let said: HashSet<(i64, Uuid)> = said.collect();
    let added: Vec<(i64, Uuid)> = said.difference(&stored).copied().collect();
    each_row(conn, ADD_PHONE, &added, |query, (phone, record)| query.bind(*phone).bind(*record)).await?;
    let dropped: Vec<(i64, Uuid)> = stored.difference(&said).copied().collect();
    each_row(conn, DROP_PHONE, &dropped, |query, (phone, record)| query.bind(*phone).bind(*record)).await?;
    let dropped: Vec<i64> = dropped.into_iter().map(|(phone, _)| phone).collect();
    each_of(conn, CALM, &dropped).await?;
    Ok(())
}

async fn add_flags(conn: &mut Conn, raised: &[(RecordId, u64)]) -> Result<(), StoreError> {
    let mut together: HashMap<RecordId, u64> = HashMap::new();
    for (record, bits) in raised {
        *together.entry(*record).or_default() |= bits;
    }
    let together: Vec<(RecordId, u64)> = together.into_iter().collect();
    each_row(conn, RAISE, &together, |query, (record, bits)| query.bind(record.0).bind(bits.cast_signed())).await?;
    Ok(())
}

/// Has the flags of all records of an organisation raised anew.
pub(super) async fn raise_anew(conn: &mut Conn, organisation: OrganisationId) -> Result<(), StoreError> {
    sqlx::query::<Db>(RAISE_ANEW).bind(organisation.0).bind(Uuid::nil()).execute(conn).await?;
    Ok(())
}

/// Has it looked again at all that a phone wrote, which turned out to have a copy.
pub(super) async fn raise_forked(conn: &mut Conn, device: DeviceId) -> Result<(), StoreError> {
    sqlx::query::<Db>(RAISE_FORKED).bind(device.0).bind(Uuid::nil()).execute(conn).await?;
    Ok(())
}

/// The stored phone numbers of leads.
pub(super) async fn phones(conn: &mut Conn, leads: &[Uuid]) -> Result<HashMap<RecordId, HashSet<i64>>, StoreError> {
    let mut phones: HashMap<RecordId, HashSet<i64>> = HashMap::new();
    for row in &each_of(conn, PHONES, leads).await? {
        phones.entry(record_at(row, 0)?).or_default().insert(row.try_get(1)?);
    }
    Ok(phones)
}

fn record_at(row: &DbRow, at: usize) -> Result<RecordId, StoreError> {
    Ok(RecordId(row.try_get(at)?))
}

fn point_at(row: &DbRow, at: usize) -> Result<Option<Point>, StoreError> {
    let degrees = |at: usize| -> Result<Option<i32>, StoreError> {
        let stored: Option<i64> = row.try_get(at)?;
        stored.map(|stored| i32::try_from(stored).map_err(|_| corrupt("point"))).transpose()
    };
    Ok(degrees(at)?.zip(degrees(at + 1)?).map(|(lat, lon)| Point { lat, lon }))
}

/// Notes a record that was found, with its flags.
fn meet(found: &mut Found, row: &DbRow, other: usize, flags: usize) -> Result<RecordId, StoreError> {
    let record = record_at(row, other)?;
    found.flags.insert(record, row.try_get::<i64, _>(flags)?.cast_unsigned());
    Ok(record)
}

async fn feeds(conn: &mut Conn, of: &[Subject], found: &mut Found) -> Result<(), StoreError> {
    let organisations: BTreeSet<Uuid> = of.iter().map(|subject| subject.organisation.0).collect();
    let organisations: Vec<Uuid> = organisations.into_iter().collect();
    for row in &each_of(conn, FEEDS, &organisations).await? {
        found.feeds.insert(OrganisationId(row.try_get(0)?), count(row.try_get(1)?)?);
    }
    Ok(())
}

async fn near(conn: &mut Conn, of: &[Subject], found: &mut Found) -> Result<(), StoreError> {
    let rows = each_row_returning(conn, NEAR, of, |query, subject| {
        let at = subject.seen.at;
        query
            .bind(subject.record.0)
            .bind(subject.maker.0)
            .bind(at.plus(-JOURNEY_MS).0)
            .bind(at.plus(JOURNEY_MS).0)
            .bind(at.plus(-RATE_MS).0)
            .bind(at.plus(RATE_MS).0)
            .bind(subject.seen.point.map(|point| i64::from(point.lat)))
            .bind(subject.seen.point.map(|point| i64::from(point.lon)))
    });
    for row in &rows.await? {
        let record = meet(found, row, 1, 5)?;
        let neighbour = Neighbour { record, at: UnixMillis(row.try_get(2)?), point: point_at(row, 3)? };
        found.around.entry(record_at(row, 0)?).or_default().near.push(neighbour);
    }
    Ok(())
}

async fn same(conn: &mut Conn, of: &[Subject], found: &mut Found) -> Result<(), StoreError> {
    let phones: Vec<(RecordId, i64)> =
        of.iter().flat_map(|it| it.seen.phones.iter().map(|phone| (it.record, *phone))).collect();
    let rows = each_row_returning(conn, SAME_PHONE, &phones, |query, (record, phone)| {
        query.bind(record.0).bind(*phone)
    });
    for row in &rows.await? {
        let other = meet(found, row, 1, 2)?;
        let around = found.around.entry(record_at(row, 0)?).or_default();
        if !around.same_phone.contains(&other) {
            around.same_phone.push(other);
        }
    }
    let photos: Vec<(&Subject, PhotoHash)> =
        of.iter().flat_map(|it| it.photos.iter().map(move |photo| (it, *photo))).collect();
    let photos = last_of_each(&photos, |(subject, photo)| (subject.record, *photo));
    let rows = each_row_returning(conn, SAME_PHOTO, &photos, |query, (subject, photo)| {
        query.bind(subject.record.0).bind(subject.organisation.0).bind(photo.0.to_vec())
    });
    for row in &rows.await? {
        let other = meet(found, row, 1, 2)?;
        let photo = PhotoHash::from_slice(row.try_get(3)?).ok_or_else(|| corrupt("photo"))?;
        found.around.entry(record_at(row, 0)?).or_default().same_photo.push((photo, other));
    }
    Ok(())
}

/// The jumps between the lines of journals that hold these records and the lines before them.
async fn stored_jumps(conn: &mut Conn, records: &[Uuid], found: &mut Found) -> Result<(), StoreError> {
    let mut lines: Vec<(RecordId, LineNo)> = Vec::new();
    let mut clocks: HashMap<LineNo, ClockReading> = HashMap::new();
    for row in &each_of(conn, LINES, records).await? {
        let line = (row.try_get(1)?, row.try_get(2)?);
        lines.push((record_at(row, 0)?, line));
        clocks.insert(line, clock_at(row, 3)?);
    }
    lines.extend(bundle::lines(conn, records).await?.into_iter().map(|(record, line, _)| (record, line)));
    let wanted = lines.iter().flat_map(|(_, line)| [*line, before(*line)]);
    let wanted: Vec<LineNo> = wanted.filter(|line| line.1 > 0 && !clocks.contains_key(line)).collect();
    clocks.extend(bundle::clocks(conn, wanted).await?);
    for (record, line) in lines {
        found.around.entry(record).or_default().jumps.extend(jump(&clocks, line));
    }
    Ok(())
}

/// The line before another.
fn before((device, n): LineNo) -> LineNo {
    (device, n - 1)
}

/// How far the clock jumped between a line and the one before it.
fn jump(clocks: &HashMap<LineNo, ClockReading>, line: LineNo) -> Option<Jump> {
    Jump::between(*clocks.get(&before(line))?, *clocks.get(&line)?, line.1.cast_unsigned())
}

async fn clocks(conn: &mut Conn, of: &[Subject], found: &mut Found) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = of.iter().map(|subject| subject.record.0).collect();
    stored_jumps(conn, &ids, found).await?;
    let openings: Vec<(RecordId, Opening)> =
        of.iter().filter_map(|it| Some((it.record, it.seen.opening.filter(|opening| opening.n > 1)?))).collect();
    let devices: BTreeSet<Uuid> = openings.iter().map(|(_, opening)| opening.device.0).collect();
    let rows = each_of(conn, NUMBERS, &devices.into_iter().collect::<Vec<_>>()).await?;
    let numbers = rows.iter().map(|row| Ok((DeviceId(row.try_get(0)?), row.try_get(1)?)));
    let numbers: HashMap<DeviceId, i64> = numbers.collect::<Result<_, sqlx::Error>>()?;
    let line = |opening: &Opening| Some((*numbers.get(&opening.device)?, position(opening.n)));
    let wanted = openings.iter().filter_map(|(_, opening)| line(opening).map(before));
    let mut clocks = bundle::clocks(conn, wanted).await?;
    for (record, opening) in openings {
        let Some(line) = line(&opening) else { continue };
        clocks.insert(line, opening.clock);
        found.around.entry(record).or_default().jumps.extend(jump(&clocks, line));
    }
    Ok(())
}

async fn forks(conn: &mut Conn, of: &[Subject], found: &mut Found) -> Result<(), StoreError> {
    let devices: BTreeSet<Uuid> = of.iter().filter_map(|subject| subject.seen.device).map(|id| id.0).collect();
    let devices: Vec<Uuid> = devices.into_iter().collect();
    let rows = each_of(conn, FORKS, &devices).await?;
    let forked = rows.iter().map(|row| Ok((DeviceId(row.try_get(0)?), (row.try_get(1)?, row.try_get(2)?))));
    let forked: HashMap<DeviceId, (Option<i64>, i64)> = forked.collect::<Result<_, sqlx::Error>>()?;
    for subject in of {
        let Some(device) = subject.seen.device else { continue };
        let at = forked.get(&device).and_then(|(forked_at, enrolled_at)| match forked_at {
            Some(at) => Some(*at),
            // The phone goes on under another identity. What it made before it got that, a copy of it may have made.
            None => (subject.seen.at.0 < *enrolled_at).then_some(*enrolled_at),
        });
        if let Some(at) = at {
            found.around.entry(subject.record).or_default().forked = Some((device, UnixMillis(at)));
        }
    }
    Ok(())
}

async fn closings(conn: &mut Conn, of: &[Subject], found: &mut Found) -> Result<(), StoreError> {
    let days: BTreeSet<(Uuid, String)> = of.iter().map(|it| (it.office.0, it.day.to_string())).collect();
    let days: Vec<(Uuid, String)> = days.into_iter().collect();
    let rows = each_row_returning(conn, CLOSED, &days, |query, (office, day)| query.bind(*office).bind(day.clone()));
    let mut closed: HashMap<(OfficeId, String), UnixMillis> = HashMap::new();
    for row in &rows.await? {
        closed.insert((OfficeId(row.try_get(0)?), row.try_get(1)?), UnixMillis(row.try_get(2)?));
    }
    let closed_at = |it: &Subject| closed.get(&(it.office, it.day.to_string())).copied();
    let late: Vec<Uuid> = of.iter().filter(|it| closed_at(it).is_some()).map(|it| it.record.0).collect();
    let sealed = each_of(conn, SEALED, &late).await?;
    let sealed: HashSet<RecordId> = sealed.iter().map(|row| record_at(row, 0)).collect::<Result<_, _>>()?;
    for subject in of.iter().filter(|it| !sealed.contains(&it.record)) {
        if let Some(at) = closed_at(subject) {
            found.around.entry(subject.record).or_default().closed_at = Some(at);
        }
    }
    Ok(())
}

async fn look_around(store: &Backend, of: &[Subject]) -> Result<Found, StoreError> {
    let mut found = Found::default();
    let mut conn = store.reader_by_name().await?;
    // First, so that whatever is not seen below lies behind them.
    feeds(&mut conn, of, &mut found).await?;
    near(&mut conn, of, &mut found).await?;
    same(&mut conn, of, &mut found).await?;
    clocks(&mut conn, of, &mut found).await?;
    forks(&mut conn, of, &mut found).await?;
    closings(&mut conn, of, &mut found).await?;
    Ok(found)
}

#[async_trait]
impl FlagStore for Backend {
    async fn surroundings(&self, of: &[Subject]) -> Result<Found, StoreError> {
        let parts = of.chunks(LOOKED_AT_TOGETHER).map(|part| look_around(self, part));
        let parts = try_join_all(parts).await?;
        Ok(parts.into_iter().reduce(Found::and).unwrap_or_default())
    }

    async fn add_flags(&self, raised: &[(RecordId, u64)]) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        add_flags(&mut tx, raised).await?;
        Ok(tx.commit().await?)
    }

    async fn raise_anew(&self, organisation: OrganisationId) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        raise_anew(&mut tx, organisation).await?;
        Ok(tx.commit().await?)
    }

    async fn to_raise(&self) -> Result<Option<RaisingAnew>, StoreError> {
        let mut conn = self.reader().await?;
        let row = sqlx::query_as::<Db, (Uuid, i64, Uuid, i64)>(TO_RAISE).fetch_optional(&mut *conn).await?;
        row.map(|(organisation, round, behind, done)| {
            Ok(RaisingAnew {
                organisation: OrganisationId(organisation),
                round: count(round)?,
                behind: RecordId(behind),
                done: count(done)?,
            })
        })
        .transpose()
    }

    async fn next_to_raise(&self, anew: &RaisingAnew, limit: u32) -> Result<Vec<(RecordId, bool)>, StoreError> {
        let mut conn = self.reader().await?;
        let next = sqlx::query_as::<Db, (Uuid, Option<bool>)>(NEXT_TO_RAISE);
        let next = next.bind(anew.organisation.0).bind(anew.behind.0).bind(i64::from(limit));
        let next = next.fetch_all(&mut *conn).await?;
        Ok(next.into_iter().map(|(id, own)| (RecordId(id), own == Some(true))).collect())
    }

    async fn note_raised(&self, anew: &RaisingAnew) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        let note = sqlx::query::<Db>(NOTE_RAISED).bind(anew.organisation.0).bind(position(anew.round));
        note.bind(anew.behind.0).bind(position(anew.done)).execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }

    async fn forked_to_raise(&self) -> Result<Option<(DeviceId, RecordId)>, StoreError> {
        let mut conn = self.reader().await?;
        let next = sqlx::query_as::<Db, (Uuid, Uuid)>(FORKED_TO_RAISE).fetch_optional(&mut *conn).await?;
        Ok(next.map(|(device, behind)| (DeviceId(device), RecordId(behind))))
    }

    async fn written_by(&self, device: DeviceId, behind: RecordId, limit: u32) -> Result<Vec<RecordId>, StoreError> {
        let mut conn = self.reader().await?;
        let next = sqlx::query_as::<Db, (Uuid,)>(WRITTEN_BY).bind(device.0).bind(behind.0).bind(i64::from(limit));
        let mut next: BTreeSet<RecordId> =
            next.fetch_all(&mut *conn).await?.into_iter().map(|(id,)| RecordId(id)).collect();
        next.extend(bundle::written_by(&mut conn, device).await?.into_iter().filter(|record| *record > behind));
        Ok(next.into_iter().take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
    }

    async fn note_forked(&self, device: DeviceId, through: Option<RecordId>) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        let note = match through {
            Some(record) => sqlx::query::<Db>(NOTE_FORKED).bind(device.0).bind(record.0),
            None => sqlx::query::<Db>(FINISH_FORKED).bind(device.0),
        };
        note.execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }

    async fn finish_raising(&self, anew: &RaisingAnew) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        let finish = sqlx::query::<Db>(FINISH_RAISING).bind(anew.organisation.0).bind(position(anew.round));
        finish.execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }
}

#[cfg(test)]
mod tests {
    use crate::flag::Flag;

    #[test]
    fn the_bit_in_the_statement_is_the_flag_s() {
        assert_eq!(Flag::DuplicatePhone.bit(), 128);
    }
}
