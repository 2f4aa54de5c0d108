//! How many records there are of each sort: kept with every row that is written, so that nobody has to count them.

use std::collections::BTreeMap;

use sqlx::Row as _;
use uuid::Uuid;

use super::identifiers::Numbers;
use super::run::{each_of, each_row};
use super::{Conn, Db};
use crate::store::shared::failure::corrupt;
use crate::store::shared::{bulk_statements, statements};
use crate::store::{RecordRow, StoreError};

/// The day under which each record counts beside its own.
const ALL_DAYS: &str = "";

/// The number that stands for no team, and for no project.
const NONE: i64 = 0;

statements! {
    FORGET = "delete from record_total";
    COUNT_DAYS = "insert into record_total (organisation, day, office, team, owner, project, kind, review, records) \
        select organisation, day, office, coalesce(team, 0), owner, coalesce(project, 0), kind, review, count(*) \
        from record group by organisation, day, office, team, owner, project, kind, review";
    COUNT_ALL = "insert into record_total (organisation, day, office, team, owner, project, kind, review, records) \
        select organisation, '', office, team, owner, project, kind, review, sum(records) from record_total \
        group by organisation, office, team, owner, project, kind, review";
}

bulk_statements! {
    SORTS[1] = "select cast(organisation as bigint), day, cast(office as bigint), cast(team as bigint), \
        cast(owner as bigint), cast(project as bigint), kind, review from record where id in ({list})";
    ADD[9] = "insert into record_total (organisation, day, office, team, owner, project, kind, review, records) \
        values {rows} on conflict (organisation, day, office, team, owner, project, kind, review) \
        do update set records = record_total.records + excluded.records";
}

/// What sort of record counts together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sort {
    organisation: i64,
    day: String,
    office: i64,
    team: i64,
    owner: i64,
    project: i64,
    kind: String,
    review: String,
}

/// Takes records out of the totals whose rows are about to be written, and counts what they will be. The caller holds
/// the write lock, and names each record once.
pub(super) async fn shift(
    conn: &mut Conn,
    rows: impl Iterator<Item = &RecordRow> + Clone,
    numbers: &Numbers,
) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = rows.clone().map(|row| row.row.id.0).collect();
    let mut shifts: BTreeMap<Sort, i64> = BTreeMap::new();
    for row in each_of(conn, SORTS, &ids).await? {
        let sort = Sort {
            organisation: row.try_get(0)?,
            day: row.try_get(1)?,
            office: row.try_get(2)?,
            team: row.try_get::<Option<i64>, _>(3)?.unwrap_or(NONE),
            owner: row.try_get(4)?,
            project: row.try_get::<Option<i64>, _>(5)?.unwrap_or(NONE),
            kind: row.try_get(6)?,
            review: row.try_get(7)?,
        };
        *shifts.entry(sort).or_default() -= 1;
    }
    for RecordRow { organisation, row, .. } in rows {
        let number = |id: Uuid| numbers.get(id).ok_or_else(|| corrupt("number of an identifier"));
        let sort = Sort {
            organisation: number(organisation.0)?,
            day: row.day.to_string(),
            office: number(row.office.0)?,
            team: row.team.map_or(Ok(NONE), |id| number(id.0))?,
            owner: number(row.owner.0)?,
            project: row.project.map_or(Ok(NONE), |id| number(id.0))?,
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
            .bind(sort.project)
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
    sqlx::query::<Db>(COUNT_DAYS).execute(&mut *conn).await?;
    sqlx::query::<Db>(COUNT_ALL).execute(&mut *conn).await?;
    Ok(())
}
