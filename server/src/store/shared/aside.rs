//! Changes that did not become part of their record, and what their devices are told about them.

use sqlx::Row as _;
use sync_core::id::{ChangeHash, DeviceId, OrganisationId, PersonId, RecordId};
use sync_core::time::UnixMillis;
use uuid::Uuid;

use super::bundle;
use super::run::each_row_returning;
use super::{Conn, Db, DbRow};
use crate::store::shared::failure::corrupt;
use crate::store::shared::stored::{count, hash, position, small, state, text};
use crate::store::shared::{bulk_statements, no_of, same_hash, statements};
use crate::store::{
    Act, AsideChange, AsideQuery, ChangeState, Decision, DeviceVerdicts, HeldGroup, HeldQuery, LineVerdict, SetAside,
    StoreError,
};

/// The columns of a change `c` of person `p` and device `d`, in the order in which [`line_of`] reads them.
macro_rules! aside_columns {
    () => {
        "c.id, c.record, c.hash, d.id, c.n, p.id, p.name, c.state, c.code, c.received_at, \
        cast(coalesce(octet_length(c.raw), 0) as bigint), case when c.state = 4 then substr(c.raw, 1, 4096) end, d.label"
    };
}

/// Everything about a change, in the order in which [`whole`] reads it.
macro_rules! whole_change {
    ($conditions:literal) => {
        concat!(
            "select ",
            aside_columns!(),
            ", o.id, c.repetition, c.raw, x.no, x.act, x.person, x.reason, x.decided_at from change c \
            join organisation o on o.no = c.organisation \
            left join device d on d.no = c.device \
            join person p on p.id = coalesce(c.person, d.person) \
            left join decision x on x.no = c.decision where ",
            $conditions
        )
    };
}

/// A page of changes in the states of an index.
macro_rules! listed {
    ($states:literal) => {
        concat!(
            "select ",
            aside_columns!(),
            " from change c left join device d on d.no = c.device \
            join person p on p.id = coalesce(c.person, d.person) \
            where c.organisation = (select no from organisation where id = $1) and c.state = $2 and c.id < $3 and ",
            $states,
            " and (c.received_at < $4 or $4 is null) and (d.id = $5 or $5 is null) \
            and (c.code = $6 or $6 is null) order by c.id desc limit $7"
        )
    };
}

/// How many changes of a list there are.
macro_rules! listed_count {
    ($states:literal) => {
        concat!(
            "select count(*) from change c left join device d on d.no = c.device \
            where c.organisation = (select no from organisation where id = $1) and c.state = $2 and ",
            $states,
            " and (c.received_at < $3 or $3 is null) and (d.id = $4 or $4 is null) and (c.code = $5 or $5 is null)"
        )
    };
}

/// How often each code stands in a list.
macro_rules! listed_codes {
    ($states:literal) => {
        concat!(
            "select coalesce(c.code, ''), count(*) from change c left join device d on d.no = c.device \
            where c.organisation = (select no from organisation where id = $1) and c.state = $2 and ",
            $states,
            " and (c.received_at < $3 or $3 is null) and (d.id = $4 or $4 is null) group by coalesce(c.code, '')"
        )
    };
}

statements! {
    SET_ASIDE = listed!("c.state in (2, 3, 4, 5)");
    COUNT_SET_ASIDE = listed_count!("c.state in (2, 3, 4, 5)");
    CODES_SET_ASIDE = listed_codes!("c.state in (2, 3, 4, 5)");
    UNJUDGED = listed!("c.state = 0");
    COUNT_UNJUDGED = listed_count!("c.state = 0");
    CODES_UNJUDGED = listed_codes!("c.state = 0");
    ASIDE = whole_change!("c.id = $1 and c.device is not null");
    OF_RECORD = whole_change!("c.record = $1 and c.device is not null \
        and (c.state in (2, 4) or c.decision is not null) order by c.id");
    HELD = concat!("select c.record, d.id, p.id, p.name, count(*), min(c.received_at), max(c.id), r.title, d.label \
        from change c \
        join device d on d.no = c.device join person p on p.id = d.person left join record r on r.id = c.record \
        where c.organisation = (select no from organisation where id = $1) and c.state = 2 \
        and c.state in (2, 3, 4, 5) and (r.office = ", no_of!("$2"), " or $2 is null) \
        group by c.record, d.id, p.id, p.name, r.title, d.label having max(c.id) < $3 order by max(c.id) desc limit $4");
    DEVICE = "select no, journal_n from device where id = $1";
    FALSE_BYTES = "select d.id, c.received_at, sum(octet_length(c.raw)) from change c \
        join device d on d.no = c.device \
        where c.organisation = (select no from organisation where id = $1) and c.state = 3 \
        and c.state in (2, 3, 4, 5) and c.received_at >= $2 and c.raw is not null \
        and c.code not in ('device.revoked', 'change.repeated') group by d.id, c.received_at order by c.received_at";
    // A line that brings a change once more is as good as the one that brought it first.
    VERDICTS = concat!("select c.n, coalesce(o.state, c.state), c.code, x.reason, c.record, \
        case when c.state = 4 then substr(c.raw, 1, 4096) end, c.hash, c.repetition > 0 and o.state is null from change c \
        left join change o on c.repetition > 0 and o.record = c.record and ", same_hash!("o.hash", "c.hash"), " \
        and o.repetition = 0 and o.state = 1 left join decision x on x.no = c.decision \
        where c.device = $1 and c.verdict_seq > $2 order by c.n");
    // A line that is judged once more counts as judged if its device knows what was said about it.
    FIRST_OPEN = "select n from change where device = $1 and state = 0 and (verdict_seq is null or verdict_seq > $2) \
        order by n limit 1";
}

bulk_statements! {
    STATES[2] = concat!("with wanted (record, hash) as (values {rows}) select c.record, c.hash, c.state from wanted \
        cross join change c where c.record = wanted.record and ", same_hash!("c.hash", "wanted.hash"), " \
        and c.repetition = 0");
}

/// The statement whose index holds the changes that are asked for.
fn in_state(query: &AsideQuery, set_aside: &'static str, unjudged: &'static str) -> &'static str {
    if query.state == ChangeState::Received { unjudged } else { set_aside }
}

pub(super) async fn set_aside(conn: &mut Conn, query: &AsideQuery) -> Result<Vec<SetAside>, StoreError> {
    let rows = sqlx::query::<Db>(in_state(query, SET_ASIDE, UNJUDGED))
        .bind(query.organisation.0)
        .bind(query.state as i16)
        .bind(query.before.unwrap_or(i64::MAX))
        .bind(query.received_before.map(|at| at.0))
        .bind(query.device.map(|id| id.0))
        .bind(query.code.as_deref().map(text))
        .bind(i64::from(query.limit))
        .fetch_all(conn)
        .await?;
    rows.iter().map(line_of).collect()
}

pub(super) async fn count_set_aside(conn: &mut Conn, query: &AsideQuery) -> Result<u64, StoreError> {
    let counted = sqlx::query::<Db>(in_state(query, COUNT_SET_ASIDE, COUNT_UNJUDGED))
        .bind(query.organisation.0)
        .bind(query.state as i16)
        .bind(query.received_before.map(|at| at.0))
        .bind(query.device.map(|id| id.0))
        .bind(query.code.as_deref().map(text))
        .fetch_one(conn)
        .await?;
    count(counted.try_get(0)?)
}

pub(super) async fn codes_set_aside(conn: &mut Conn, query: &AsideQuery) -> Result<Vec<(String, u64)>, StoreError> {
    let rows = sqlx::query_as::<Db, (String, i64)>(in_state(query, CODES_SET_ASIDE, CODES_UNJUDGED))
        .bind(query.organisation.0)
        .bind(query.state as i16)
        .bind(query.received_before.map(|at| at.0))
        .bind(query.device.map(|id| id.0))
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(|(code, changes)| Ok((code, count(changes)?))).collect()
}

fn line_of(row: &DbRow) -> Result<SetAside, StoreError> {
    Ok(SetAside {
        id: row.try_get(0)?,
        record: RecordId(row.try_get(1)?),
        hash: hash(row.try_get(2)?)?,
        device: row.try_get::<Option<Uuid>, _>(3)?.map(DeviceId),
        n: row.try_get::<Option<i64>, _>(4)?.map(count).transpose()?,
        person: PersonId(row.try_get(5)?),
        person_name: row.try_get(6)?,
        state: state(row.try_get(7)?)?,
        code: row.try_get::<Option<String>, _>(8)?.unwrap_or_default(),
        received_at: UnixMillis(row.try_get(9)?),
        bytes: count(row.try_get(10)?)?,
        waiting: row.try_get(11)?,
        device_label: row.try_get(12)?,
    })
}

fn whole(row: &DbRow) -> Result<AsideChange, StoreError> {
    let decision = match row.try_get::<Option<i64>, _>(16)? {
        None => None,
        Some(no) => Some(Decision {
            no,
            act: Act::from_number(row.try_get(17)?).ok_or_else(|| corrupt("act"))?,
            by: row.try_get::<Option<Uuid>, _>(18)?.map(PersonId),
            reason: row.try_get(19)?,
            at: UnixMillis(row.try_get(20)?),
        }),
    };
    Ok(AsideChange {
        line: line_of(row)?,
        organisation: OrganisationId(row.try_get(13)?),
        repeated: row.try_get::<i64, _>(14)? > 0,
        raw: row.try_get(15)?,
        decision,
    })
}

pub(super) async fn aside(conn: &mut Conn, id: i64) -> Result<AsideChange, StoreError> {
    whole(&sqlx::query::<Db>(ASIDE).bind(id).fetch_one(conn).await?)
}

pub(super) async fn aside_of_record(conn: &mut Conn, record: RecordId) -> Result<Vec<AsideChange>, StoreError> {
    sqlx::query::<Db>(OF_RECORD).bind(record.0).fetch_all(conn).await?.iter().map(whole).collect()
}

pub(super) async fn false_bytes(
    conn: &mut Conn,
    organisation: OrganisationId,
    since: UnixMillis,
) -> Result<Vec<(DeviceId, UnixMillis, u64)>, StoreError> {
    let rows = sqlx::query_as::<Db, (Uuid, i64, i64)>(FALSE_BYTES)
        .bind(organisation.0)
        .bind(since.0)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(|(device, at, bytes)| Ok((DeviceId(device), UnixMillis(at), count(bytes)?))).collect()
}

pub(super) async fn held(conn: &mut Conn, query: &HeldQuery) -> Result<Vec<HeldGroup>, StoreError> {
    let rows = sqlx::query::<Db>(HELD)
        .bind(query.organisation.0)
        .bind(query.office.map(|id| id.0))
        .bind(query.before.unwrap_or(i64::MAX))
        .bind(i64::from(query.limit))
        .fetch_all(conn)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(HeldGroup {
                record: RecordId(row.try_get(0)?),
                device: DeviceId(row.try_get(1)?),
                person: PersonId(row.try_get(2)?),
                person_name: row.try_get(3)?,
                held: small(row.try_get(4)?)?,
                since: UnixMillis(row.try_get(5)?),
                last: row.try_get(6)?,
                title: row.try_get(7)?,
                device_label: row.try_get(8)?,
            })
        })
        .collect()
}

pub(super) async fn states_of(
    conn: &mut Conn,
    changes: &[(RecordId, ChangeHash)],
) -> Result<Vec<(RecordId, ChangeHash, ChangeState)>, StoreError> {
    let rows =
        each_row_returning(conn, STATES, changes, |query, (record, hash)| query.bind(record.0).bind(hash.0.to_vec()))
            .await?;
    let states = rows.iter().map(|row| Ok((RecordId(row.try_get(0)?), hash(row.try_get(1)?)?, state(row.try_get(2)?)?)));
    let mut states = states.collect::<Result<Vec<_>, StoreError>>()?;
    let bundled = bundle::names(conn, changes.iter().map(|(record, _)| *record)).await?;
    let published = changes.iter().filter(|change| bundled.contains(change));
    states.extend(published.map(|(record, hash)| (*record, *hash, ChangeState::Published)));
    Ok(states)
}

/// The change that a line brings once more, if what brought it first may lie in a bundle.
fn repeated_at(row: &DbRow) -> Result<Option<(RecordId, ChangeHash)>, StoreError> {
    let is_repeated: bool = row.try_get(7)?;
    if is_repeated { Ok(Some((RecordId(row.try_get(4)?), hash(row.try_get(6)?)?))) } else { Ok(None) }
}

pub(super) async fn verdicts(conn: &mut Conn, id: DeviceId, after_seq: u64) -> Result<DeviceVerdicts, StoreError> {
    // One snapshot: otherwise a line could be judged between the queries, and count as plainly published.
    let mut snapshot = super::snapshot(conn).await?;
    let device = sqlx::query_as::<Db, (i64, i64)>(DEVICE).bind(id.0).fetch_optional(&mut *snapshot).await?;
    let (no, journal_n) = device.ok_or(StoreError::NotFound)?;
    let rows = sqlx::query::<Db>(VERDICTS).bind(no).bind(position(after_seq)).fetch_all(&mut *snapshot).await?;
    let open = sqlx::query_as::<Db, (i64,)>(FIRST_OPEN).bind(no).bind(position(after_seq)).fetch_optional(&mut *snapshot).await?;
    let repeats = rows.iter().map(repeated_at).collect::<Result<Vec<_>, _>>()?;
    let bundled = bundle::names(&mut snapshot, repeats.iter().flatten().map(|(record, _)| *record)).await?;
    snapshot.rollback().await?;
    let verdicts = rows
        .iter()
        .map(|row| {
            let is_published = repeated_at(row)?.is_some_and(|change| bundled.contains(&change));
            Ok(LineVerdict {
                n: count(row.try_get(0)?)?,
                state: if is_published { ChangeState::Published } else { state(row.try_get(1)?)? },
                code: row.try_get::<Option<String>, _>(2)?.unwrap_or_default(),
                reason: row.try_get(3)?,
                record: RecordId(row.try_get(4)?),
                waiting: row.try_get(5)?,
            })
        })
        .collect::<Result<_, StoreError>>()?;
    let judged_through = count(open.map_or(journal_n, |(n,)| n - 1)).map_err(|_| corrupt("journal line"))?;
    Ok(DeviceVerdicts { verdicts, judged_through })
}
