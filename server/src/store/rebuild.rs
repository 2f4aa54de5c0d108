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
    /// Those of the records of which something else is stored than these rows say.
    async fn outdated(&self, rows: &[Remade]) -> Result<HashSet<RecordId>, StoreError>;
}
