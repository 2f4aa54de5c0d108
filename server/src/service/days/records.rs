//! Lists of a day's records: its late tray, and what is behind its figures. Somebody who may see the day sees them here
//! also if they belong to another office by now.

use std::collections::{BTreeSet, HashSet};

use jiff::civil::Date;
use sync_core::id::{OfficeId, PersonId, RecordId};

use super::{notes, sealed, sealed_as, visible};
use crate::day::late::Late;
use crate::day::statement::Body;
use crate::error::ServiceError;
use crate::state::App;
use crate::store::days::{FactId, FactSort};
use crate::store::{Person, RecordLine};

/// Which part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// What follows this record; the beginning without one.
    pub after: Option<RecordId>,
    /// At most so many records.
    pub limit: usize,
}

/// What a figure of a day counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Facts of this sort.
    pub sort: FactSort,
    /// Only what the statement of the day with this number counts; sealed or not without one.
    pub statement: Option<u32>,
    /// Only those with a consultant.
    pub assigned: bool,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct DayRecords {
    /// Its records.
    pub lines: Vec<RecordLine>,
    /// How many the whole list has.
    pub total: u64,
    /// Where the next page begins; `None` at the end.
    pub next: Option<RecordId>,
}

/// A page of the late tray: what came for a closed day and is in no statement; or of those that one person made.
///
/// # Errors
/// As [`super::board`].
pub async fn late(
    app: &App,
    who: &Person,
    office: OfficeId,
    day: Date,
    made_by: Option<PersonId>,
    part: Part,
) -> Result<DayRecords, ServiceError> {
    page_of(app, late_records(app, who, office, day, made_by).await?, part).await
}

/// The records of the late tray, those whose facts alone came late too; or those that the board counts as late of one
/// person.
///
/// # Errors
/// As [`super::board`].
pub(in crate::service) async fn late_records(
    app: &App,
    who: &Person,
    office: OfficeId,
    day: Date,
    made_by: Option<PersonId>,
) -> Result<BTreeSet<RecordId>, ServiceError> {
    let office = visible(app, who, office).await?;
    notes::flush(app).await?;
    if sealed(app, office.id, day).await?.is_empty() {
        return Ok(BTreeSet::new());
    }
    let days = app.store.days();
    let records = days.day_records(office.id, day).await?;
    if let Some(person) = made_by {
        let late = records.iter().filter(|record| record.by == person && record.sealed.is_none());
        return Ok(late.map(|record| record.record).collect());
    }
    let late = Late::of(&records, &days.day_facts(office.id, day).await?);
    Ok(late.into_records())
}

/// A page of the records behind a figure of an office's day.
///
/// # Errors
/// As [`super::statement`].
pub async fn behind(
    app: &App,
    who: &Person,
    office: OfficeId,
    day: Date,
    counted: Counted,
    part: Part,
) -> Result<DayRecords, ServiceError> {
    page_of(app, counted_records(app, who, office, day, counted).await?, part).await
}

/// The records behind a figure of an office's day.
///
/// # Errors
/// As [`super::statement`].
pub(in crate::service) async fn counted_records(
    app: &App,
    who: &Person,
    office: OfficeId,
    day: Date,
    Counted { sort, statement, assigned }: Counted,
) -> Result<BTreeSet<RecordId>, ServiceError> {
    let office = visible(app, who, office).await?;
    let mut facts = app.store.days().day_facts(office.id, day).await?;
    facts.retain(|fact| fact.fact.sort == sort && (!assigned || fact.fact.consultant.is_some()));
    if let Some(number) = statement {
        let counted = counted_by(app, office.id, day, number).await?;
        facts.retain(|fact| counted.contains(&(fact.record, fact.fact.entry)));
    }
    Ok(facts.iter().map(|fact| fact.record).collect())
}

async fn counted_by(
    app: &App,
    office: OfficeId,
    day: Date,
    number: u32,
) -> Result<HashSet<(RecordId, FactId)>, ServiceError> {
    let statement = sealed_as(app, office, day, number).await?;
    let body: Body = serde_json::from_str(&statement.body).map_err(ServiceError::internal)?;
    Ok(body.items().unwrap_or_default().facts.into_iter().collect())
}

async fn page_of(app: &App, all: BTreeSet<RecordId>, Part { after, limit }: Part) -> Result<DayRecords, ServiceError> {
    let total = all.len() as u64;
    let mut rest = all.into_iter().filter(|id| after.is_none_or(|after| *id > after));
    let page: BTreeSet<RecordId> = rest.by_ref().take(limit).collect();
    let next = rest.next().and_then(|_| page.last().copied());
    Ok(DayRecords { lines: lines_of(app, page).await?, total, next })
}

/// The lines of records; what is not published any more is left out.
pub(in crate::service) async fn lines_of(app: &App, ids: BTreeSet<RecordId>) -> Result<Vec<RecordLine>, ServiceError> {
    let mut lines = app.store.record_lines(&ids.into_iter().collect::<Vec<_>>()).await?;
    lines.sort_unstable_by_key(|line| line.row.id);
    Ok(lines)
}
