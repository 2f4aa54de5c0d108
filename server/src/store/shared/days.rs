//! Offices' days: what they count, and what was sealed of it.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use sqlx::Row as _;
use sync_core::id::{DeviceId, OfficeId, OrganisationId, PersonId, RecordId, Signature};
use sync_core::record::Kind;
use sync_core::time::UnixMillis;
use uuid::Uuid;

use super::rows::{device_of, person_at};
use super::run::{each_of, each_row, each_row_returning};
use super::{Backend, Conn, Db, DbRow, rota};
use crate::store::days::{
    ARRIVAL, CountedFact, CountedRecord, DayFact, DayLine, DayStore, FactId, FactSort, RotaTurn, SealedItems,
    Statement, UnfinishedDay,
};
use crate::store::shared::bulk_statements;
use crate::store::shared::failure::{corrupt, taken};
use crate::store::shared::stored::{count, small, text};
use crate::store::shared::{device_columns, id_of, no_of, person_columns, statements};
use crate::store::{Device, DeviceReminder, Person, RecordRow, StoreError};

/// Where everybody belonged on the day `$2`. Who goes elsewhere belongs there from that day on; who leaves the company
/// belongs to the last place for that day as well, because what was saved in the morning is waited for.
macro_rules! belonging {
    () => {
        "(select m.person, m.office from membership m where m.from_day <= $2 and (m.to_day is null or m.to_day > $2 \
            or m.to_day = $2 and not exists \
                (select 1 from membership n where n.person = m.person and n.from_day = m.to_day \
                    and n.from_day > m.from_day)))"
    };
}

statements! {
    RECORDS = concat!("select r.id, r.kind, ", id_of!("coalesce(r.made_by, r.owner)"), ", r.flags, s.number from record r \
        left join sealed_item s on s.record = r.id and s.entry = $3 where r.made_in = ", no_of!("$1"), " and r.day = $2 \
        order by r.id");
    FACTS = "select f.record, f.entry, f.sort, f.day, f.amount, f.consultant, s.number from day_fact f \
        left join sealed_item s on s.record = f.record and s.entry = f.entry where f.office = $1 and f.day = $2 \
        order by f.record, f.entry";
    PEOPLE = concat!("select ", person_columns!(), " from ", belonging!(), " b join person p on p.id = b.person \
        where b.office = $1 order by p.name, p.id");
    MAKERS = concat!("select ", person_columns!(), " from person p where p.id in \
        (select i.id from record r join identifier i on i.no = coalesce(r.made_by, r.owner) where r.made_in = ",
        no_of!("$1"), " and r.day = $2) order by p.name, p.id");
    DEVICES = concat!("select ", device_columns!(), " from ", belonging!(), " b join person p on p.id = b.person \
        join device d on d.person = p.id where b.office = $1 order by p.name, p.id, d.enrolled_at, d.id");
    EVERY_DEVICE = concat!("select ", device_columns!(), ", b.office as belongs from ", belonging!(), " b \
        join person p on p.id = b.person join device d on d.person = p.id \
        where p.organisation = $1 and b.office is not null order by p.name, p.id, d.enrolled_at, d.id");
    WRITERS = concat!("select ", device_columns!(), " from device d join person p on p.id = d.person where d.no in \
        (select c.device from record r join change c on c.record = r.id \
        where r.made_in = ", no_of!("$1"), " and r.day = $2 and c.device is not null and c.seq is not null \
        union select b.device from record r join bundle b on b.record = r.id \
        where r.made_in = ", no_of!("$1"), " and r.day = $2) \
        order by p.name, p.id, d.enrolled_at, d.id");
    LINES = concat!("select o.id, (select count(*) from record r where r.made_in = ", no_of!("o.id"), " and r.day = $2), \
        (select count(*) from record r where r.made_in = ", no_of!("o.id"), " and r.day = $2 and not exists \
            (select 1 from sealed_item s where s.record = r.id and s.entry = $3)), \
        (select count(*) from day_fact f where f.office = o.id and f.day = $2 and not exists \
            (select 1 from sealed_item s where s.record = f.record and s.entry = f.entry)), \
        (select min(t.sealed_at) from statement t where t.office = o.id and t.day = $2), \
        (select count(*) from statement t where t.office = o.id and t.day = $2) \
        from office o where o.organisation = $1 order by o.name");
    // 512 is the bit of `late_record`: only what came after its day was closed is looked at.
    LATE_RECORDS = concat!("select ", id_of!("r.made_in"), ", r.day, count(*) from record r \
        where r.organisation = ", no_of!("$1"), " and (r.flags & 512) <> 0 and r.captured_ms >= $2 and r.day >= $3 \
        and not exists (select 1 from sealed_item s where s.record = r.id and s.entry = $4) group by r.made_in, r.day");
    LATE_FACTS = "select f.office, f.day, count(*) from statement t join day_fact f on f.office = t.office and f.day = t.day \
        where t.organisation = $1 and t.number = 0 and t.day >= $2 and not exists (select 1 from sealed_item s \
            where s.record = f.record and s.entry = f.entry) group by f.office, f.day";
    OF_DAY = "select organisation, office, day, number, sealed_at, person, body, signature from statement \
        where office = $1 and day = $2 order by number";
    ALL = "select organisation, office, day, number, sealed_at, person, body, signature from statement \
        where organisation = $1 and (office, day, number) > ($2, $3, $4) order by office, day, number limit $5";
    SEALED_DAYS = "select office, day, count(*) from statement group by office, day";
    NEXT = "select count(*) from statement where office = $1 and day = $2";
    SEAL = "insert into statement (organisation, office, day, number, sealed_at, person, body, signature) \
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    REMIND = "update device set reminded_day = $2, reminded_at = $3, reminded_by = $4, reminder_reached_at = null \
        where id = $1";
    REMINDER_REACHED = "update device set reminder_reached_at = $3 \
        where id = $1 and reminded_at <= $2 and reminder_reached_at is null";
}

bulk_statements! {
    OPEN_DAYS[2] = concat!("with wanted (organisation, day) as (values {rows}) select o.id, wanted.day from wanted \
        join office o on o.organisation = wanted.organisation where exists (select 1 from record r \
            where r.made_in = ", no_of!("o.id"), " and r.day = wanted.day) \
        and not exists (select 1 from statement t where t.office = o.id and t.day = wanted.day)");
    ITEM[5] = "insert into sealed_item (record, entry, office, day, number) values {rows}";
    NO_ARRIVAL[1] = "delete from day_fact where sort = 'arrival' and record in ({list})";
    STORED[1] = "select record, entry, sort, day, amount, consultant, office from day_fact where record in ({list})";
    FACT[8] = "insert into day_fact (record, entry, organisation, office, day, sort, amount, consultant) values {rows} \
        on conflict (record, entry) do update set office = excluded.office, day = excluded.day, sort = excluded.sort, \
        amount = excluded.amount, consultant = excluded.consultant";
}

/// How long a day is that no clock is put forward or back on, in milliseconds.
const A_DAY_MS: i64 = 24 * 3_600_000;

/// An item that is a record and not one of its facts.
const WHOLE: &[u8] = &[];

/// Keeps what rows say of business days.
pub(super) async fn note(conn: &mut Conn, rows: &[&RecordRow]) -> Result<(), StoreError> {
    let facts: Vec<(&RecordRow, &DayFact)> =
        rows.iter().flat_map(|row| row.facts.iter().map(|fact| (*row, fact))).collect();
    let gone: Vec<Uuid> = rows
        .iter()
        .filter(|row| row.row.kind == Kind::Lead && row.facts.iter().all(|fact| fact.entry != ARRIVAL))
        .map(|row| row.row.id.0)
        .collect();
    if !gone.is_empty() {
        each_of(conn, NO_ARRIVAL, &gone).await?;
    }
    if facts.is_empty() {
        return Ok(());
    }
    each_row(conn, FACT, &facts, |query, (row, fact)| {
        query
            .bind(row.row.id.0)
            .bind(fact.entry.to_vec())
            .bind(row.organisation.0)
            .bind(row.row.office.0)
            .bind(fact.day.to_string())
            .bind(fact.sort.as_str())
            .bind(fact.amount.map(|amount| amount.to_string()))
            .bind(fact.consultant.as_deref().map(text))
    })
    .await?;
    Ok(())
}

pub(super) fn date(text: &str) -> Result<Date, StoreError> {
    text.parse().map_err(|_| corrupt("day"))
}

fn number(row: &DbRow, at: usize) -> Result<Option<u32>, StoreError> {
    row.try_get::<Option<i64>, _>(at)?.map(small).transpose()
}

fn record_of(row: &DbRow) -> Result<CountedRecord, StoreError> {
    Ok(CountedRecord {
        record: RecordId(row.try_get(0)?),
        kind: row.try_get::<String, _>(1)?.parse().map_err(|_| corrupt("kind"))?,
        by: PersonId(row.try_get(2)?),
        flags: row.try_get::<i64, _>(3)?.cast_unsigned(),
        sealed: number(row, 4)?,
    })
}

/// The stored facts of records, with their offices.
pub(super) async fn stored(
    conn: &mut Conn,
    records: &[Uuid],
) -> Result<HashMap<RecordId, Vec<(OfficeId, DayFact)>>, StoreError> {
    let mut facts: HashMap<RecordId, Vec<(OfficeId, DayFact)>> = HashMap::new();
    for row in &each_of(conn, STORED, records).await? {
        facts.entry(RecordId(row.try_get(0)?)).or_default().push((OfficeId(row.try_get(6)?), fact_at(row)?));
    }
    Ok(facts)
}

fn fact_of(row: &DbRow) -> Result<CountedFact, StoreError> {
    Ok(CountedFact { record: RecordId(row.try_get(0)?), fact: fact_at(row)?, sealed: number(row, 6)? })
}

fn fact_at(row: &DbRow) -> Result<DayFact, StoreError> {
    let entry: Vec<u8> = row.try_get(1)?;
    let sort: String = row.try_get(2)?;
    let amount: Option<String> = row.try_get(4)?;
    Ok(DayFact {
        entry: FactId::try_from(entry.as_slice()).map_err(|_| corrupt("fact"))?,
        sort: FactSort::of(&sort).ok_or_else(|| corrupt("fact"))?,
        day: date(&row.try_get::<String, _>(3)?)?,
        amount: amount.map(|amount| amount.parse::<Decimal>()).transpose().map_err(|_| corrupt("amount"))?,
        consultant: row.try_get(5)?,
    })
}

fn line_of(row: &DbRow) -> Result<DayLine, StoreError> {
    Ok(DayLine {
        office: OfficeId(row.try_get(0)?),
        records: count(row.try_get(1)?)?,
        unsealed: count(row.try_get(2)?)?,
        unsealed_facts: count(row.try_get(3)?)?,
        closed_at: row.try_get::<Option<i64>, _>(4)?.map(UnixMillis),
        statements: small(row.try_get(5)?)?,
    })
}

fn statement_of(row: &DbRow) -> Result<Statement, StoreError> {
    let signature: Vec<u8> = row.try_get(7)?;
    Ok(Statement {
        organisation: OrganisationId(row.try_get(0)?),
        office: OfficeId(row.try_get(1)?),
        day: date(&row.try_get::<String, _>(2)?)?,
        number: small(row.try_get(3)?)?,
        sealed_at: UnixMillis(row.try_get(4)?),
        person: PersonId(row.try_get(5)?),
        body: row.try_get(6)?,
        signature: Signature(signature.as_slice().try_into().map_err(|_| corrupt("signature"))?),
    })
}

async fn seal(conn: &mut Conn, statement: &Statement, items: &SealedItems) -> Result<(), StoreError> {
    let Statement { organisation, office, day, number, sealed_at, person, body, signature } = statement;
    let (next,) =
        sqlx::query_as::<Db, (i64,)>(NEXT).bind(office.0).bind(day.to_string()).fetch_one(&mut *conn).await?;
    if next != i64::from(*number) {
        return Err(StoreError::Conflict("statement"));
    }
    sqlx::query::<Db>(SEAL)
        .bind(organisation.0)
        .bind(office.0)
        .bind(day.to_string())
        .bind(i64::from(*number))
        .bind(sealed_at.0)
        .bind(person.0)
        .bind(body.as_str())
        .bind(signature.0.to_vec())
        .execute(&mut *conn)
        .await
        .map_err(taken("statement"))?;
    let records = items.records.iter().map(|record| (*record, WHOLE));
    let facts = items.facts.iter().map(|(record, fact)| (*record, fact.as_slice()));
    let all: Vec<(RecordId, &[u8])> = records.chain(facts).collect();
    each_row(conn, ITEM, &all, |query, (record, entry)| {
        query.bind(record.0).bind(entry.to_vec()).bind(office.0).bind(day.to_string()).bind(i64::from(*number))
    })
    .await
    .map_err(taken("statement"))?;
    Ok(())
}

async fn unfinished(
    conn: &mut Conn,
    organisation: OrganisationId,
    days: &[Date],
) -> Result<Vec<UnfinishedDay>, StoreError> {
    let Some(since) = days.iter().min() else {
        return Ok(Vec::new());
    };
    // A day begins nowhere on Earth earlier than this.
    let midnight = since.to_zoned(TimeZone::UTC).map_or(0, |zoned| zoned.timestamp().as_millisecond());
    let earliest = midnight.saturating_sub(A_DAY_MS);
    let late = sqlx::query::<Db>(LATE_RECORDS).bind(organisation.0).bind(earliest).bind(since.to_string()).bind(WHOLE);
    let records = late.fetch_all(&mut *conn).await?;
    let late = sqlx::query::<Db>(LATE_FACTS).bind(organisation.0).bind(since.to_string());
    let facts = late.fetch_all(&mut *conn).await?;
    let open = each_row_returning(conn, OPEN_DAYS, days, |query, day| query.bind(organisation.0).bind(day.to_string()));
    let mut found: BTreeMap<(Date, OfficeId), UnfinishedDay> = BTreeMap::new();
    let mut at = |row: &DbRow, closed: bool, records: u64, facts: u64| {
        let (office, day) = (OfficeId(row.try_get(0)?), date(&row.try_get::<String, _>(1)?)?);
        let nothing = UnfinishedDay { day, office, closed, records: 0, facts: 0 };
        let line = found.entry((day, office)).or_insert(nothing);
        line.records += records;
        line.facts += facts;
        Ok::<(), StoreError>(())
    };
    for row in &open.await? {
        at(row, false, 0, 0)?;
    }
    for row in &records {
        at(row, true, count(row.try_get(2)?)?, 0)?;
    }
    for row in &facts {
        at(row, true, 0, count(row.try_get(2)?)?)?;
    }
    Ok(found.into_values().rev().filter(|line| days.contains(&line.day)).collect())
}

/// Reads rows.
macro_rules! rows {
    ($store:ident, $statement:expr, $read:expr $(, $value:expr)*) => {{
        let mut conn = $store.reader().await?;
        let rows = sqlx::query::<Db>($statement)$(.bind($value))*.fetch_all(&mut *conn).await?;
        rows.iter().map($read).collect()
    }};
}

#[async_trait]
impl DayStore for Backend {
    async fn day_records(&self, office: OfficeId, day: Date) -> Result<Vec<CountedRecord>, StoreError> {
        rows!(self, RECORDS, record_of, office.0, day.to_string(), WHOLE)
    }

    async fn day_facts(&self, office: OfficeId, day: Date) -> Result<Vec<CountedFact>, StoreError> {
        rows!(self, FACTS, fact_of, office.0, day.to_string())
    }

    async fn day_people(&self, office: OfficeId, day: Date) -> Result<Vec<Person>, StoreError> {
        rows!(self, PEOPLE, |row| person_at(row, 0), office.0, day.to_string())
    }

    async fn day_makers(&self, office: OfficeId, day: Date) -> Result<Vec<Person>, StoreError> {
        rows!(self, MAKERS, |row| person_at(row, 0), office.0, day.to_string())
    }

    async fn day_devices(&self, office: OfficeId, day: Date) -> Result<Vec<Device>, StoreError> {
        rows!(self, DEVICES, device_of, office.0, day.to_string())
    }

    async fn day_devices_everywhere(
        &self,
        organisation: OrganisationId,
        day: Date,
    ) -> Result<Vec<(OfficeId, Device)>, StoreError> {
        let read = |row: &DbRow| Ok((OfficeId(row.try_get("belongs")?), device_of(row)?));
        rows!(self, EVERY_DEVICE, read, organisation.0, day.to_string())
    }

    async fn day_writers(&self, office: OfficeId, day: Date) -> Result<Vec<Device>, StoreError> {
        rows!(self, WRITERS, device_of, office.0, day.to_string())
    }

    async fn day_lines(&self, organisation: OrganisationId, day: Date) -> Result<Vec<DayLine>, StoreError> {
        rows!(self, LINES, line_of, organisation.0, day.to_string(), WHOLE)
    }

    async fn unfinished(&self, organisation: OrganisationId, days: &[Date]) -> Result<Vec<UnfinishedDay>, StoreError> {
        unfinished(&mut *self.reader().await?, organisation, days).await
    }

    async fn statements(&self, office: OfficeId, day: Date) -> Result<Vec<Statement>, StoreError> {
        rows!(self, OF_DAY, statement_of, office.0, day.to_string())
    }

    async fn statements_after(
        &self,
        organisation: OrganisationId,
        after: Option<(OfficeId, Date, u32)>,
        limit: u32,
    ) -> Result<Vec<Statement>, StoreError> {
        let (office, day, number) = match after {
            Some((office, day, number)) => (office.0, day.to_string(), i64::from(number)),
            None => (Uuid::nil(), String::new(), -1),
        };
        rows!(self, ALL, statement_of, organisation.0, office, day, number, i64::from(limit))
    }

    async fn sealed_days(&self) -> Result<HashMap<(OfficeId, Date), u32>, StoreError> {
        let read = |row: &DbRow| {
            let day = date(&row.try_get::<String, _>(1)?)?;
            Ok(((OfficeId(row.try_get(0)?), day), small(row.try_get(2)?)?))
        };
        rows!(self, SEALED_DAYS, read)
    }

    async fn seal(&self, statement: &Statement, items: &SealedItems) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        seal(&mut tx, statement, items).await?;
        Ok(tx.commit().await?)
    }

    async fn consultants(&self, office: OfficeId) -> Result<Vec<String>, StoreError> {
        rota::consultants(&mut *self.reader().await?, office).await
    }

    async fn set_consultants(&self, office: OfficeId, names: &[String]) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        rota::set_consultants(&mut tx, office, names).await?;
        Ok(tx.commit().await?)
    }

    async fn remind(&self, devices: &[DeviceId], reminder: &DeviceReminder) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        for device in devices {
            let remind = sqlx::query::<Db>(REMIND).bind(device.0).bind(reminder.day.to_string());
            remind.bind(reminder.at.0).bind(reminder.by.0).execute(&mut *tx).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn reminder_reached(
        &self,
        device: DeviceId,
        reminded_at: UnixMillis,
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        sqlx::query::<Db>(REMINDER_REACHED)
            .bind(device.0)
            .bind(reminded_at.0)
            .bind(now.0)
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    async fn take_turn(&self, turn: &RotaTurn) -> Result<Option<String>, StoreError> {
        let mut tx = self.begin_write().await?;
        let consultant = rota::take_turn(&mut tx, turn).await?;
        tx.commit().await?;
        Ok(consultant)
    }
}

#[cfg(test)]
mod tests {
    use crate::flag::Flag;

    #[test]
    fn the_bit_in_the_statement_is_the_flag_s() {
        assert_eq!(Flag::LateRecord.bit(), 512);
    }
}
