//! How many records there are of each sort: kept with every row that is written, so that nobody has to count them.

use std::collections::BTreeMap;

use sqlx::Row as _;
use uuid::Uuid;

use super::run::{each_of, each_row};
use super::{Conn, Db};
use crate::store::shared::{bulk_statements, id_of, statements};
use crate::store::{RecordRow, StoreError};

/// The day under which each record counts beside its own.
const ALL_DAYS: &str = "";

statements! {
    FORGET = "delete from record_total";
    COUNT_DAYS = concat!("insert into record_total (organisation, day, office, team, owner, kind, review, records) \
        select ", id_of!("r.organisation"), ", r.day, ", id_of!("r.office"), ", coalesce(", id_of!("r.team"), ", $1), ",
        id_of!("r.owner"), ", r.kind, r.review, r.records from (select organisation, day, office, team, owner, kind, \
        review, count(*) as records from record group by organisation, day, office, team, owner, kind, review) r");
    COUNT_ALL = "insert into record_total (organisation, day, office, team, owner, kind, review, records) \
        select organisation, '', office, team, owner, kind, review, sum(records) from record_total \
        group by organisation, office, team, owner, kind, review";
}

bulk_statements! {
    SORTS[1] = concat!("select ", id_of!("r.organisation"), ", r.day, ", id_of!("r.office"), ", ", id_of!("r.team"), ", ",
        id_of!("r.owner"), ", r.kind, r.review from record r where r.id in ({list})");
    ADD[8] = "insert into record_total (organisation, day, office, team, owner, kind, review, records) values {rows} \
        on conflict (organisation, day, office, team, owner, kind, review) \
        do update set records = record_total.records + excluded.records";
}

/// What sort of record counts together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sort {
    organisation: Uuid,
    day: String,
    office: Uuid,
    team: Uuid,
    owner: Uuid,
    kind: String,
    review: String,
}

/// Takes records out of the totals whose rows are about to be written, and counts what they will be. The caller holds
/// the write lock, and names each record once.
pub(super) async fn shift(conn: &mut Conn, rows: impl Iterator<Item = &RecordRow> + Clone) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = rows.clone().map(|row| row.row.id.0).collect();
    let mut shifts: BTreeMap<Sort, i64> = BTreeMap::new();
    for row in each_of(conn, SORTS, &ids).await? {
        let sort = Sort {
            organisation: row.try_get(0)?,
            day: row.try_get(1)?,
            office: row.try_get(2)?,
            team: row.try_get::<Option<Uuid>, _>(3)?.unwrap_or_default(),
            owner: row.try_get(4)?,
            kind: row.try_get(5)?,
            review: row.try_get(6)?,
        };
        *shifts.entry(sort).or_default() -= 1;
    }
    for RecordRow { organisation, row, .. } in rows {
        let sort = Sort {
            organisation: organisation.0,
            day: row.day.to_string(),
            office: row.office.0,
            team: row.team.map(|team| team.0).unwrap_or_default(),
            owner: row.owner.0,
            kind: row.kind.as_str().to_owned(),
            review: row.review.as_str().to_owned(),
        };
        *shifts.entry(sort).or_default() += 1;
    }
    let mut of_all_days: BTreeMap<Sort, i64> = BTreeMap::new();
    for (sort, shift) in &shifts {
        *of_all_days.entry(Sort { day: ALL_DAYS.to_owned(), ..sort.clone() }).or_default() += shift;
    }
    let all: Vec<(Sort, i64)> = shifts.into_iter().chain(of_all_days).filter(|(_, shift)| *shift != 0).collect();
    each_row(conn, ADD, &all, |query, (sort, shift)| {
        query
            .bind(sort.organisation)
            .bind(sort.day.clone())
            .bind(sort.office)
            .bind(sort.team)
            .bind(sort.owner)
            .bind(sort.kind.clone())
            .bind(sort.review.clone())
            .bind(*shift)
    })
    .await?;
    Ok(())
}

/// Counts all records anew.
pub(super) async fn recount(conn: &mut Conn) -> Result<(), StoreError> {
    sqlx::query::<Db>(FORGET).execute(&mut *conn).await?;
    sqlx::query::<Db>(COUNT_DAYS).bind(Uuid::nil()).execute(&mut *conn).await?;
    sqlx::query::<Db>(COUNT_ALL).execute(&mut *conn).await?;
    Ok(())
}
