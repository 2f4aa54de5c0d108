//! What is needed to make read tables anew.

use std::collections::HashSet;

use async_trait::async_trait;
use sync_core::id::RecordId;
use sync_core::time::UnixMillis;

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
    /// How the record stands by them, for a row that was lost; it is looked for if this is `None`.
    pub standing: Option<PublishedSince>,
}

/// When the changes of a record were published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishedSince {
    /// The feed position of the first of them.
    pub first_seq: u64,
    /// When the last of them was received.
    pub received_at: UnixMillis,
}

/// A record with its published changes.
#[derive(Clone, Debug, PartialEq)]
pub struct PublishedRecord {
    /// The record, with these changes only; `base_seq` is the position of the newest.
    pub record: PendingRecord,
    /// When they were published.
    pub since: PublishedSince,
}

/// Reads what read tables are made of, and whether they are as they should be.
#[async_trait]
pub trait RebuildStore: Send + Sync {
    /// The next records behind one that have published changes, in order.
    async fn published(&self, after: Option<RecordId>, limit: u32) -> Result<Vec<PublishedRecord>, StoreError>;
    /// The next records behind one whose words no search finds yet, in order: an older version of the server wrote them.
    async fn unsearchable(&self, after: Option<RecordId>, limit: u32) -> Result<Vec<RecordId>, StoreError>;
    /// Gives connections the memory for going through everything, for a process that does nothing else.
    async fn make_room(&self) -> Result<(), StoreError>;
    /// Leaves indexes out where a read table is empty, until [`Self::make_index`]: filling it takes much less time so.
    /// Reading goes on without them, slowly. [`StoreError::Unavailable`] also if somebody reads these tables for long.
    async fn leave_indexes_out(&self) -> Result<(), StoreError>;
    /// How many of those indexes can be made at the same time.
    fn index_makers(&self) -> usize;
    /// Makes one of those indexes again; answers how many are left besides it, `None` if there is none that nobody makes
    /// already. Whoever opens the store makes them too.
    async fn make_index(&self) -> Result<Option<usize>, StoreError>;
    /// Forgets what searches look into as far as it can't be read any more; answers whether there was such a thing. Its
    /// records are outdated then.
    async fn forget_damaged_words(&self) -> Result<bool, StoreError>;
    /// Tidies what searches look into, one step; answers whether there was one to take. It gets untidy as records come, and
    /// searches slower.
    async fn tidy_words(&self) -> Result<bool, StoreError>;
    /// Those of the records of which something else is stored than these rows say.
    async fn outdated(&self, rows: &[Remade]) -> Result<HashSet<RecordId>, StoreError>;
}
