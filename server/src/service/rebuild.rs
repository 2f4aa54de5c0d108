//! Recreates the read tables from the change log.

use sync_core::document::{Document, DocumentError};
use sync_core::id::RecordId;

use super::flags::raise_all;
use super::projector::record_row;
use crate::error::ServiceError;
use crate::state::App;
use crate::store::{PendingRecord, RecordRow};

/// Records rebuilt in one transaction.
const BATCH: u32 = 500;

/// Recreates the line of every published record; gives how many there were. `progress` is told the count so far.
/// Feed positions stay as they are, so phones notice nothing.
///
/// # Errors
/// When the database fails, or a published record does not load.
pub async fn rebuild(app: &App, progress: impl Fn(u64) + Send) -> Result<u64, ServiceError> {
    let (mut after, mut count) = (None, 0);
    let mut rows: Vec<(RecordRow, u32)> = Vec::new();
    loop {
        // The next rows are made while the last ones are written.
        let (written, next) = tokio::join!(app.store.replace_rows(&rows), next_rows(app, after));
        written?;
        if !rows.is_empty() {
            count += rows.len() as u64;
            progress(count);
        }
        (rows, after) = next?;
        // After the last ones are written, so that what is compared is there.
        let mut fresh: Vec<&mut RecordRow> = rows.iter_mut().map(|(row, _)| row).collect();
        raise_all(app, &mut fresh).await?;
        if rows.is_empty() {
            app.store.recount().await?;
            return Ok(count);
        }
    }
}

/// The rows of the records behind one, and the last of these records.
async fn next_rows(
    app: &App,
    after: Option<RecordId>,
) -> Result<(Vec<(RecordRow, u32)>, Option<RecordId>), ServiceError> {
    let ids = app.store.record_ids(after, BATCH).await?;
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    let mut records = app.store.records(&ids).await?.into_iter().peekable();
    let share = ids.len().div_ceil(workers).max(1);
    let mut tasks = Vec::with_capacity(workers);
    while records.peek().is_some() {
        let part: Vec<PendingRecord> = records.by_ref().take(share).collect();
        tasks.push(tokio::task::spawn_blocking(move || {
            part.iter().map(row_of).collect::<Result<Vec<_>, DocumentError>>()
        }));
    }
    let mut rows = Vec::with_capacity(ids.len());
    for task in tasks {
        rows.extend(task.await.map_err(ServiceError::internal)?.map_err(ServiceError::internal)?);
    }
    Ok((rows, ids.last().copied()))
}

fn row_of(record: &PendingRecord) -> Result<(RecordRow, u32), DocumentError> {
    let mut document = Document::load(record.published.iter().map(|change| change.raw.as_slice()))?;
    let view = document.any_view()?;
    let changes = u32::try_from(record.published.len()).unwrap_or(u32::MAX);
    Ok((record_row(record, &mut document, &view), changes))
}
