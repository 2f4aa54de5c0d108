//! Who receives the customers of offices.

use std::collections::BTreeMap;

use jiff::civil::Date;
use sqlx::Row as _;
use sync_core::id::OfficeId;

use super::days::date;
use super::{Conn, Db};
use crate::day::rota::next;
use crate::store::StoreError;
use crate::store::days::{Received, RotaTurn};
use crate::store::shared::failure::taken;
use crate::store::shared::statements;
use crate::store::shared::stored::{small, text};

/// For how long a turn counts whose arrival is not there, in milliseconds. Who writes one tries for less.
const COUNTS_MS: i64 = 60_000;

statements! {
    CONSULTANTS = "select name from consultant where office = $1 order by place, name";
    FORGET_CONSULTANTS = "delete from consultant where office = $1";
    CONSULTANT = "insert into consultant (office, name, place) values ($1, $2, $3)";
    RECEIVED = "select consultant, count(case when day = $2 then 1 end), max(case when day < $2 then day end) \
        from day_fact where office = $1 and day between $3 and $2 and sort = 'arrival' and consultant is not null \
        group by consultant order by consultant";
    // Whoever else wants a turn of the office waits for this row.
    ONE_AT_A_TIME = "update office set name = name where id = $1";
    FORGET_TURNS = "delete from rota_turn where record = $1 or taken_at not between $2 and $3";
    TAKEN = "select t.consultant, count(*) from rota_turn t where t.office = $1 and t.day = $2 and not exists \
        (select 1 from day_fact f where f.record = t.record and f.sort = 'arrival') group by t.consultant";
    TAKE = "insert into rota_turn (record, office, day, consultant, taken_at) values ($1, $2, $3, $4, $5)";
}

pub(super) async fn consultants(conn: &mut Conn, office: OfficeId) -> Result<Vec<String>, StoreError> {
    let names = sqlx::query_as::<Db, (String,)>(CONSULTANTS).bind(office.0).fetch_all(conn).await?;
    Ok(names.into_iter().map(|(name,)| name).collect())
}

pub(super) async fn set_consultants(conn: &mut Conn, office: OfficeId, names: &[String]) -> Result<(), StoreError> {
    sqlx::query::<Db>(FORGET_CONSULTANTS).bind(office.0).execute(&mut *conn).await?;
    for (place, name) in names.iter().enumerate() {
        let place = i64::try_from(place).unwrap_or(i64::MAX);
        let added = sqlx::query::<Db>(CONSULTANT).bind(office.0).bind(text(name)).bind(place).execute(&mut *conn).await;
        added.map_err(taken("consultant"))?;
    }
    Ok(())
}

/// What consultants received on a day and since another one before it, with the turns that are taken and not written yet.
async fn received(conn: &mut Conn, office: OfficeId, day: Date, since: Date) -> Result<Vec<Received>, StoreError> {
    let mut received: BTreeMap<String, Received> = BTreeMap::new();
    let known = sqlx::query::<Db>(RECEIVED).bind(office.0).bind(day.to_string()).bind(since.to_string());
    for row in &known.fetch_all(&mut *conn).await? {
        let before = row.try_get::<Option<String>, _>(2)?.map(|day| date(&day)).transpose()?;
        let consultant: String = row.try_get(0)?;
        let of_late = Received { consultant: consultant.clone(), on_day: small(row.try_get(1)?)?, before };
        received.insert(consultant, of_late);
    }
    let turns = sqlx::query_as::<Db, (String, i64)>(TAKEN).bind(office.0).bind(day.to_string());
    for (consultant, turns) in turns.fetch_all(conn).await? {
        let nothing = Received { consultant: consultant.clone(), on_day: 0, before: None };
        received.entry(consultant).or_insert(nothing).on_day += small(turns)?;
    }
    Ok(received.into_values().collect())
}

pub(super) async fn take_turn(conn: &mut Conn, turn: &RotaTurn) -> Result<Option<String>, StoreError> {
    let RotaTurn { office, record, day, since, now } = turn;
    sqlx::query::<Db>(ONE_AT_A_TIME).bind(office.0).execute(&mut *conn).await?;
    let forget = sqlx::query::<Db>(FORGET_TURNS).bind(record.0).bind(now.plus(-COUNTS_MS).0).bind(now.0);
    forget.execute(&mut *conn).await?;
    let rota = consultants(conn, *office).await?;
    let received = received(conn, *office, *day, *since).await?;
    let Some(consultant) = next(&rota, &received) else {
        return Ok(None);
    };
    let take = sqlx::query::<Db>(TAKE).bind(record.0).bind(office.0).bind(day.to_string()).bind(consultant);
    take.bind(now.0).execute(conn).await?;
    Ok(Some(consultant.to_owned()))
}
