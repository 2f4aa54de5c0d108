//! What is needed to make read tables anew.

use std::collections::HashSet;

use async_trait::async_trait;
use sync_core::id::RecordId;

use super::{PendingRecord, RecordRow, StoreError};

/// A record's row, made anew from its published changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Remade {
    /// The row.
    pub row: RecordRow,
    /// Of how many changes.
    pub changes: u32,
    /// The feed position of the newest of them. What was published since makes the row by itself.
    pub seq: u64,
}

/// Reads what read tables are made of, and whether they are as they should be.
#[async_trait]
pub trait RebuildStore: Send + Sync {
    /// The next records behind one that have published changes, in order, with these only; `base_seq` is the position of
    /// the newest.
    async fn published(&self, after: Option<RecordId>, limit: u32) -> Result<Vec<PendingRecord>, StoreError>;
    /// The next records behind one whose words no search finds yet, in order: an older version of the server wrote them.
    async fn unsearchable(&self, after: Option<RecordId>, limit: u32) -> Result<Vec<RecordId>, StoreError>;
    /// Leaves indexes out where a read table is empty, until [`Self::make_index`]: filling it takes much less time so.
    /// Reading goes on without them, slowly. [`StoreError::Unavailable`] also if somebody reads these tables for long.
    async fn leave_indexes_out(&self) -> Result<(), StoreError>;
    /// Makes one of those indexes again; answers how many are left, `None` if there was none to make. Whoever opens the
    /// store makes them too.
    async fn make_index(&self) -> Result<Option<usize>, StoreError>;
    /// Those of the records of which something else is stored than these rows say.
    async fn outdated(&self, rows: &[Remade]) -> Result<HashSet<RecordId>, StoreError>;
}
