//! Recreates the read tables from the change log.

use sync_core::document::Document;

use super::projector::record_row;
use crate::error::ServiceError;
use crate::state::App;

/// Records rebuilt in one transaction.
const BATCH: u32 = 500;

/// Recreates the line of every published record; gives how many there were. `progress` is told the count so far.
/// Feed positions stay as they are, so phones notice nothing.
///
/// # Errors
/// When the database fails, or a published record does not load.
pub async fn rebuild(app: &App, progress: impl Fn(u64) + Send) -> Result<u64, ServiceError> {
    let (mut after, mut count) = (None, 0);
    loop {
        let ids = app.store.record_ids(after, BATCH).await?;
        let Some(last) = ids.last() else {
            return Ok(count);
        };
        after = Some(*last);
        let mut rows = Vec::with_capacity(ids.len());
        for id in &ids {
            let record = app.store.record(*id).await?;
            let mut document = Document::load(record.published.iter().map(|change| change.raw.as_slice()))
                .map_err(ServiceError::internal)?;
            let view = document.any_view().map_err(ServiceError::internal)?;
            let changes = u32::try_from(record.published.len()).unwrap_or(u32::MAX);
            rows.push((record_row(&record, &mut document, &view), changes));
        }
        app.store.replace_rows(&rows).await?;
        count += rows.len() as u64;
        progress(count);
    }
}
