//! Recreates the read tables from the change log.

use std::collections::BTreeSet;
use std::fmt;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use sync_core::document::{DocumentError, view_of_changes};
use sync_core::id::{OrganisationId, RecordId};

use super::flags::{look_again, raise_all};
use super::projector::record_row;
use crate::error::ServiceError;
use crate::state::App;
use crate::store::rebuild::{PublishedRecord, PublishedSince, Remade};
use crate::store::{PendingRecord, StoreError};

/// Records looked at together; what has to be written of them is one transaction.
const BATCH: u32 = 4_096;

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many records are right.
    Records(u64),
    /// So many indexes have still to be made, by which records are found.
    IndexesLeft(usize),
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Records(count) => write!(f, "{count} records"),
            Self::IndexesLeft(left) => write!(f, "indexes are made: {left} left"),
        }
    }
}

/// Recreates what is stored of every published record beside its changes; gives how many there are. `progress` is told
/// the count so far. What is as it should be is not written, feed positions stay as they are, and each batch is right
/// when it is written: servers and phones notice nothing, and who was interrupted begins again.
///
/// # Errors
/// When the database fails, or a published record does not load.
pub async fn rebuild(app: &App, progress: impl Fn(Progress) + Send) -> Result<u64, ServiceError> {
    rebuild_by(app, BATCH, progress).await
}

/// The same, with this many records in each transaction.
///
/// # Errors
/// When the database fails, or a published record does not load.
pub async fn rebuild_by(app: &App, batch: u32, progress: impl Fn(Progress) + Send) -> Result<u64, ServiceError> {
    app.store.rebuild().make_room().await?;
    match app.store.rebuild().leave_indexes_out().await {
        Ok(()) => {}
        Err(error @ StoreError::Unavailable(_)) => {
            tracing::info!(cause = %error, "indexes grow with their rows: somebody reads these tables for long");
        }
        Err(error) => return Err(error.into()),
    }
    if app.store.rebuild().forget_damaged_words().await? {
        tracing::warn!("what searches look into was damaged; the words of these records are written anew");
    }
    let mut count = 0;
    let mut read = app.store.rebuild().published(None, batch).await?;
    let mut remade = Vec::new();
    // While a batch is written, the next one's rows are made, and the changes of the one after are read.
    while !read.is_empty() || !remade.is_empty() {
        let after = read.last().map(|read| read.record.id);
        let ((), next, coming) =
            tokio::try_join!(put_right(app, &mut remade), remake(read), published(app, after, batch))?;
        count += remade.len() as u64;
        progress(Progress::Records(count));
        (remade, read) = (next, coming);
    }
    app.store.recount().await?;
    let rebuild = app.store.rebuild();
    let mut makers: FuturesUnordered<_> = (0..rebuild.index_makers()).map(|_| rebuild.make_index()).collect();
    while let Some(made) = makers.next().await {
        if let Some(left) = made? {
            progress(Progress::IndexesLeft(left));
            makers.push(rebuild.make_index());
        }
    }
    while rebuild.tidy_words().await? {}
    Ok(count)
}

/// Makes some records right in all that is stored of them. One that can't be read stays as it is.
///
/// # Errors
/// When the database fails.
pub(super) async fn put_right_these(app: &App, ids: &[RecordId]) -> Result<(), ServiceError> {
    if ids.is_empty() {
        return Ok(());
    }
    let records = app.store.records(ids).await?;
    let made = tokio::task::spawn_blocking(move || records.iter().filter_map(readable_row_of).collect());
    let mut rows: Vec<Remade> = made.await.map_err(ServiceError::internal)?;
    put_right(app, &mut rows).await
}

fn readable_row_of(record: &PendingRecord) -> Option<Remade> {
    let made = row_of(record, None);
    if let Err(error) = &made {
        tracing::error!(record = %record.id, %error, "a published record can't be read, and stays as it is listed");
    }
    made.ok()
}

/// The records behind one; none if there is none.
async fn published(app: &App, after: Option<RecordId>, batch: u32) -> Result<Vec<PublishedRecord>, ServiceError> {
    match after {
        Some(_) => Ok(app.store.rebuild().published(after, batch).await?),
        None => Ok(Vec::new()),
    }
}

/// Raises the flags of rows, after those before them were written, so that what is compared is there; writes the rows
/// that differ from what is stored.
pub(super) async fn put_right(app: &App, rows: &mut [Remade]) -> Result<(), ServiceError> {
    if rows.is_empty() {
        return Ok(());
    }
    let looked = raise_all(app, &mut rows.iter_mut().map(|remade| &mut remade.row).collect::<Vec<_>>()).await?;
    let outdated = app.store.rebuild().outdated(rows).await?;
    let wrong: Vec<&Remade> = rows.iter().filter(|remade| outdated.contains(&remade.row.row.id)).collect();
    if wrong.is_empty() {
        return Ok(());
    }
    app.store.replace_rows(&wrong).await?;
    // Whatever was published meanwhile may have raised flags of these rows, which now say what was so before.
    let organisations: BTreeSet<OrganisationId> = wrong.iter().map(|remade| remade.row.organisation).collect();
    for organisation in organisations {
        if looked.missed(organisation, app.store.feed_head(organisation).await?.seq) {
            let of_it = rows.iter_mut().map(|remade| &mut remade.row);
            look_again(app, of_it.filter(|row| row.organisation == organisation).collect()).await;
        }
    }
    Ok(())
}

/// The rows of records, made on all processors.
async fn remake(records: Vec<PublishedRecord>) -> Result<Vec<Remade>, ServiceError> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    let share = records.len().div_ceil(workers).max(1);
    let mut records = records.into_iter().peekable();
    let mut tasks = Vec::with_capacity(workers);
    while records.peek().is_some() {
        let part: Vec<PublishedRecord> = records.by_ref().take(share).collect();
        tasks.push(tokio::task::spawn_blocking(move || {
            part.iter().map(|it| row_of(&it.record, Some(it.since))).collect::<Result<Vec<_>, DocumentError>>()
        }));
    }
    let mut rows = Vec::new();
    for task in tasks {
        rows.extend(task.await.map_err(ServiceError::internal)?.map_err(ServiceError::internal)?);
    }
    Ok(rows)
}

fn row_of(record: &PendingRecord, standing: Option<PublishedSince>) -> Result<Remade, DocumentError> {
    let view = view_of_changes(record.published.iter().map(|change| change.raw.as_slice()))?;
    let changes = u32::try_from(record.published.len()).unwrap_or(u32::MAX);
    Ok(Remade { row: record_row(record, &view), changes, seq: record.base_seq, standing })
}
