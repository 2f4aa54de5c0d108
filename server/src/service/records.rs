//! Lists of records, as far as somebody's territory reaches.

use std::collections::HashMap;

use sync_core::document::Document;
use sync_core::id::RecordId;
use sync_core::place::Place;
use sync_core::time::UnixMillis;

use crate::error::ServiceError;
use crate::scope;
use crate::state::App;
use crate::store::{PendingRecord, Person, RecordFilter, RecordLine, RecordQuery};

pub use super::detail::{RecordDetail, detail};

/// Where a list goes on: after the record that was made then.
pub type PageKey = (UnixMillis, RecordId);

/// Lines of a page at most.
pub const LONGEST_PAGE: u32 = 200;
/// Lines of a page if nobody says how many.
pub const USUAL_PAGE: u32 = 50;

/// A page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The lines, newest first.
    pub items: Vec<RecordLine>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<PageKey>,
}

/// A page of the records in somebody's territory, newest first. What comes in meanwhile never moves a line from one
/// page to another, because pages go on after a line and not after a number of lines.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    app: &App,
    who: &Person,
    filter: RecordFilter,
    after: Option<PageKey>,
    limit: u32,
) -> Result<Page, ServiceError> {
    let limit = limit.clamp(1, LONGEST_PAGE);
    // One line more than asked for tells whether there is another page.
    let query = RecordQuery { scope: scope::records_of(who), filter, after, limit: limit + 1 };
    let mut items = app.store.list_records(&query).await?;
    let wanted = limit as usize;
    let more = items.len() > wanted;
    items.truncate(wanted);
    let next = items.last().filter(|_| more).map(|line| (line.row.captured, line.row.id));
    Ok(Page { items, next })
}

/// The lines of these records, in this order. Those that are not published, or outside of somebody's territory, are left
/// out.
///
/// # Errors
/// When the database does not answer.
pub async fn lines(app: &App, who: &Person, ids: &[RecordId]) -> Result<Vec<RecordLine>, ServiceError> {
    let lines = app.store.record_lines(ids).await?.into_iter().filter(|line| scope::sees(who, line));
    let mut lines: HashMap<RecordId, RecordLine> = lines.map(|line| (line.row.id, line)).collect();
    Ok(ids.iter().filter_map(|id| lines.remove(id)).collect())
}

/// Where the records of a page of [`list`] were made; those of which nobody can tell are left out. Places stand in the
/// records alone, so each is read; one whose changes can't be read is left out as well, and its own page says why.
///
/// # Errors
/// When the database does not answer.
pub async fn places(
    app: &App,
    who: &Person,
    filter: RecordFilter,
    after: Option<PageKey>,
    limit: u32,
) -> Result<Vec<(RecordId, Place)>, ServiceError> {
    let page = list(app, who, filter, after, limit).await?;
    let ids: Vec<RecordId> = page.items.iter().map(|line| line.row.id).collect();
    let records = app.store.records(&ids).await?;
    let place_of = |record: PendingRecord| {
        let document = Document::load(record.published.iter().map(|change| change.raw.as_slice())).ok()?;
        document.header().ok()?.place.map(|place| (record.id, place))
    };
    let read = tokio::task::spawn_blocking(move || records.into_iter().filter_map(place_of).collect());
    read.await.map_err(ServiceError::internal)
}

/// How many records of somebody's territory a filter finds.
///
/// # Errors
/// When the database does not answer.
pub async fn count(app: &App, who: &Person, filter: &RecordFilter) -> Result<u64, ServiceError> {
    Ok(app.store.count_records(&scope::records_of(who), filter).await?)
}
