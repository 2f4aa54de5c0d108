//! Comparing with phones: heads, lines that were lost, and changes that nobody can place.

use std::collections::{BTreeSet, HashSet};

use sqlx::Row as _;
use sync_core::id::{ChangeHash, DeviceId, OrganisationId, PersonId, RecordId};
use sync_core::time::UnixMillis;
use uuid::Uuid;

use super::bundle::{self, LineNo};
use super::rows::actor_at;
use super::{Conn, Db, DbRow};
use crate::store::neighbours::News;
use crate::store::shared::{no_of, same_hash, statements};
use crate::store::shared::stored::{count, hash, hashes, position, scope_key, text};
use crate::store::{
    ChangeState, NewLine, NewStray, RecordHeads, Scope, Stray, StrayDecision, StrayLimits, StoreError,
};

/// Why a line that brings a known change again is set aside.
const REPEATED: &str = "change.repeated";

macro_rules! heads_of {
    ($scope:literal) => {
        concat!(
            "select r.id, r.heads, r.seq, r.changes, \
            (select count(*) from change c where c.record = r.id and c.state = 1) + cast(coalesce(\
                (select sum(octet_length(b.hashes)) / 32 from bundle b where b.record = r.id), 0) as bigint) \
            from record r where r.",
            $scope,
            " = ",
            no_of!("$1"),
            " limit $2"
        )
    };
}

macro_rules! stray_columns {
    () => {
        "s.id, s.organisation, s.record, s.hash, s.actor, s.raw, s.claimed, s.offered_by, s.at, \
        (select a.person from actor a where a.id = s.actor and a.organisation = s.organisation)"
    };
}

/// Holds for strays `s` that somebody still has to decide about. What comes while one waits is a row of `change`, whatever
/// else would be bundled (`receive`).
macro_rules! open {
    () => {
        concat!(
            "s.state = 0 and not exists (select 1 from change c where c.record = s.record and ",
            same_hash!("c.hash", "s.hash"),
            ")"
        )
    };
}

statements! {
    HEADS_OF_PERSON = heads_of!("owner");
    HEADS_OF_TEAM = heads_of!("team");
    HEADS_OF_OFFICE = heads_of!("office");
    HEADS_OF_ORGANISATION = heads_of!("organisation");
    NUMBER = "select no from device where id = $1";
    // A change that was adopted turns out to be a line of its author's journal.
    ATTACH = concat!("update change set device = (select d.no from device d where d.id = $1), n = $2, wall_ms = $3, \
        mono_ms = $4, boot = $5, person = null where record = $6 and ", same_hash!("hash", "$7"), " and repetition = 0 and device is null \
        and person = (select d.person from device d where d.id = $1) and not exists (select 1 from change y \
        where y.device = (select d.no from device d where d.id = $1) and y.n = $2)");
    COPIES = concat!("select count(*) from change where record = $1 and ", same_hash!("hash", "$2"));
    FILL = "insert into change (organisation, record, hash, repetition, actor, actor_seq, device, n, wall_ms, mono_ms, \
        boot, received_at, state, code, verdict_seq, raw) select o.no, $2, $3, $4, \
        (select a.no from actor a where a.id = $5), $6, d.no, $7, $8, $9, $10, $11, $12, $13, \
        case when cast($12 as smallint) = 0 then null else o.seq + 1 end, $14 \
        from device d join organisation o on o.id = d.organisation where d.id = $1 and d.journal_n >= $7 \
        and not exists (select 1 from change y where y.device = d.no and y.n = $7)";
    KNOWN_STRAY = "select 1 from stray where organisation = $1 and record = $2 and hash = $3";
    STRAYS_OF_DEVICE = "select count(*), coalesce(sum(octet_length(raw)), 0) from stray \
        where offered_by = $1 and state = 0";
    KEEP_STRAY = "insert into stray (organisation, record, hash, actor, raw, claimed, offered_by, at, state) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, 0) on conflict (organisation, record, hash) do nothing";
    ANSWERED_STRAYS = concat!("delete from stray where offered_by = $1 and state = 0 and exists (select 1 from change c \
        where c.record = stray.record and ", same_hash!("c.hash", "stray.hash"), ")");
    STRAYS = concat!("select ", stray_columns!(), " from stray s where s.organisation = $1 and s.id < $2 and ",
        open!(), " order by s.id desc limit $3");
    STRAY = concat!("select ", stray_columns!(), " from stray s where s.organisation = $1 and s.id = $2 and ",
        open!());
    STRAYS_OF_RECORD = concat!("select ", stray_columns!(), " from stray s where s.organisation = $1 \
        and s.record = $2 and ", open!(), " order by s.id");
    DECIDE = "update stray set state = $2, decided_by = $3, decided_at = $4, reason = $5 where id = $1 and state = 0";
    ORDER = "insert into digest_order (device, at) values ($1, $2) on conflict (device) do update set at = excluded.at";
    ORDERED = "select at from digest_order where device = $1";
    OBEYED = "delete from digest_order where device = $1";
}

pub(super) async fn scope_heads(
    conn: &mut Conn,
    scope: &Scope,
    limit: u32,
) -> Result<Vec<RecordHeads>, StoreError> {
    let statement = match scope {
        Scope::Person(_) => HEADS_OF_PERSON,
        Scope::Team(_) => HEADS_OF_TEAM,
        Scope::Office(_) => HEADS_OF_OFFICE,
        Scope::Organisation(_) => HEADS_OF_ORGANISATION,
    };
    let rows = sqlx::query::<Db>(statement).bind(scope_key(scope)).bind(i64::from(limit)).fetch_all(conn).await?;
    rows.iter()
        .map(|row| {
            Ok(RecordHeads {
                record: RecordId(row.try_get(0)?),
                heads: hashes(row.try_get(1)?)?,
                seq: count(row.try_get(2)?)?,
                whole: row.try_get::<i64, _>(3)? == row.try_get::<i64, _>(4)?,
            })
        })
        .collect()
}

pub(super) async fn fill_journal(
    conn: &mut Conn,
    device: DeviceId,
    lines: &[NewLine],
    now: UnixMillis,
) -> Result<u64, StoreError> {
    let (no,) = sqlx::query_as::<Db, (i64,)>(NUMBER).bind(device.0).fetch_one(&mut *conn).await?;
    let records: BTreeSet<Uuid> = lines.iter().map(|line| line.entry.record.0).collect();
    let bundled = bundle::lines(conn, &records.into_iter().collect::<Vec<_>>()).await?;
    let known: HashSet<LineNo> = bundled.iter().map(|(_, line, _)| *line).collect();
    let bundled: HashSet<(RecordId, ChangeHash)> = bundled.into_iter().map(|(record, _, hash)| (record, hash)).collect();
    let mut filled = 0;
    for line in lines.iter().filter(|line| !known.contains(&(no, position(line.entry.n)))) {
        let clock = line.entry.clock;
        let attached = sqlx::query::<Db>(ATTACH)
            .bind(device.0)
            .bind(position(line.entry.n))
            .bind(clock.wall.0)
            .bind(clock.mono_ms.cast_signed())
            .bind(clock.boot.0.cast_signed())
            .bind(line.entry.record.0)
            .bind(line.entry.change.0.to_vec())
            .execute(&mut *conn)
            .await?
            .rows_affected();
        if attached > 0 {
            filled += 1;
            continue;
        }
        let (copies,) = sqlx::query_as::<Db, (i64,)>(COPIES)
            .bind(line.entry.record.0)
            .bind(line.entry.change.0.to_vec())
            .fetch_one(&mut *conn)
            .await?;
        let copies = copies + i64::from(bundled.contains(&(line.entry.record, line.entry.change)));
        let (state, code) = match (copies, &line.code) {
            (0, code) => (line.state, code.clone()),
            _ => (ChangeState::Quarantined, Some(REPEATED.to_owned())),
        };
        filled += sqlx::query::<Db>(FILL)
            .bind(device.0)
            .bind(line.entry.record.0)
            .bind(line.entry.change.0.to_vec())
            .bind(copies)
            .bind(line.actor.map(|actor| actor.0.to_vec()))
            .bind(line.actor_seq.map(position))
            .bind(position(line.entry.n))
            .bind(clock.wall.0)
            .bind(clock.mono_ms.cast_signed())
            .bind(clock.boot.0.cast_signed())
            .bind(now.0)
            .bind(state as i16)
            .bind(code)
            .bind(line.raw.clone())
            .execute(&mut *conn)
            .await?
            .rows_affected();
    }
    if filled > 0 {
        super::announce(conn, News::Received).await?;
    }
    Ok(filled)
}

pub(super) async fn keep_strays(
    conn: &mut Conn,
    organisation: OrganisationId,
    device: DeviceId,
    strays: &[NewStray],
    limits: StrayLimits,
    now: UnixMillis,
) -> Result<Vec<ChangeHash>, StoreError> {
    sqlx::query::<Db>(ANSWERED_STRAYS).bind(device.0).execute(&mut *conn).await?;
    let (changes, bytes) =
        sqlx::query_as::<Db, (i64, i64)>(STRAYS_OF_DEVICE).bind(device.0).fetch_one(&mut *conn).await?;
    let (mut changes, mut bytes) = (count(changes)?, count(bytes)?);
    let mut safe = Vec::with_capacity(strays.len());
    for stray in strays {
        if is_known(conn, organisation, stray).await? {
            safe.push(stray.hash);
            continue;
        }
        let size = stray.raw.len() as u64;
        if changes >= u64::from(limits.changes) || bytes + size > limits.bytes {
            continue;
        }
        (changes, bytes) = (changes + 1, bytes + size);
        sqlx::query::<Db>(KEEP_STRAY)
            .bind(organisation.0)
            .bind(stray.record.0)
            .bind(stray.hash.0.to_vec())
            .bind(stray.actor.0.to_vec())
            .bind(stray.raw.clone())
            .bind(stray.claimed.map(|person| person.0))
            .bind(device.0)
            .bind(now.0)
            .execute(&mut *conn)
            .await?;
        safe.push(stray.hash);
    }
    Ok(safe)
}

/// Whether the change is stored already, here or where it belongs.
async fn is_known(conn: &mut Conn, organisation: OrganisationId, stray: &NewStray) -> Result<bool, StoreError> {
    let (copies,) = sqlx::query_as::<Db, (i64,)>(COPIES)
        .bind(stray.record.0)
        .bind(stray.hash.0.to_vec())
        .fetch_one(&mut *conn)
        .await?;
    let kept = sqlx::query::<Db>(KNOWN_STRAY)
        .bind(organisation.0)
        .bind(stray.record.0)
        .bind(stray.hash.0.to_vec())
        .fetch_optional(&mut *conn)
        .await?;
    let known = copies > 0 || kept.is_some();
    Ok(known || bundle::names(conn, [stray.record]).await?.contains(&(stray.record, stray.hash)))
}

fn stray_of(row: &DbRow) -> Result<Stray, StoreError> {
    Ok(Stray {
        id: row.try_get(0)?,
        organisation: OrganisationId(row.try_get(1)?),
        change: NewStray {
            record: RecordId(row.try_get(2)?),
            hash: hash(row.try_get(3)?)?,
            actor: actor_at(row, 4)?,
            raw: row.try_get(5)?,
            claimed: row.try_get::<Option<Uuid>, _>(6)?.map(PersonId),
        },
        offered_by: DeviceId(row.try_get(7)?),
        at: UnixMillis(row.try_get(8)?),
        author: row.try_get::<Option<Uuid>, _>(9)?.map(PersonId),
    })
}

pub(super) async fn strays(
    conn: &mut Conn,
    organisation: OrganisationId,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Stray>, StoreError> {
    let rows = sqlx::query::<Db>(STRAYS)
        .bind(organisation.0)
        .bind(before.unwrap_or(i64::MAX))
        .bind(i64::from(limit))
        .fetch_all(conn)
        .await?;
    rows.iter().map(stray_of).collect()
}

pub(super) async fn stray(conn: &mut Conn, organisation: OrganisationId, id: i64) -> Result<Stray, StoreError> {
    let row = sqlx::query::<Db>(STRAY).bind(organisation.0).bind(id).fetch_optional(conn).await?;
    stray_of(&row.ok_or(StoreError::NotFound)?)
}

pub(super) async fn strays_of_record(
    conn: &mut Conn,
    organisation: OrganisationId,
    record: RecordId,
) -> Result<Vec<Stray>, StoreError> {
    let rows = sqlx::query::<Db>(STRAYS_OF_RECORD).bind(organisation.0).bind(record.0).fetch_all(conn).await?;
    rows.iter().map(stray_of).collect()
}

pub(super) async fn decide_strays(
    conn: &mut Conn,
    ids: &[i64],
    who: Option<PersonId>,
    decision: &StrayDecision,
    now: UnixMillis,
) -> Result<u64, StoreError> {
    let (state, reason) = match decision {
        StrayDecision::Adopted => (1_i16, None),
        StrayDecision::Discarded { reason } => (2, Some(text(reason))),
    };
    let mut decided = 0;
    for id in ids {
        decided += sqlx::query::<Db>(DECIDE)
            .bind(*id)
            .bind(state)
            .bind(who.map(|who| who.0))
            .bind(now.0)
            .bind(reason.clone())
            .execute(&mut *conn)
            .await?
            .rows_affected();
    }
    Ok(decided)
}

pub(super) async fn order_digest(conn: &mut Conn, device: DeviceId, now: UnixMillis) -> Result<(), StoreError> {
    sqlx::query::<Db>(ORDER).bind(device.0).bind(now.0).execute(conn).await?;
    Ok(())
}

pub(super) async fn digest_ordered(conn: &mut Conn, device: DeviceId) -> Result<bool, StoreError> {
    Ok(sqlx::query::<Db>(ORDERED).bind(device.0).fetch_optional(conn).await?.is_some())
}

pub(super) async fn digest_obeyed(conn: &mut Conn, device: DeviceId) -> Result<(), StoreError> {
    sqlx::query::<Db>(OBEYED).bind(device.0).execute(conn).await?;
    Ok(())
}
