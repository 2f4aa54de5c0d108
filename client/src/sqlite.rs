//! What a phone remembers, in one SQLite file. docs/adr/0002-phone-durability.md argues the settings.
//!
//! One process holds the file at a time; within it one [`SqliteStore`]. Nothing of the store lives in memory, so
//! that opening it costs the same with ten records and with ten thousand.

mod columns;
mod encryption;
mod list;
mod photos;
mod read;
mod rescue;
mod schema;
#[cfg(test)]
mod tests;
mod write;

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags};
use sync_core::id::{ActorId, ChangeHash, PersonId, RecordId};
use sync_core::index::Row;
use sync_core::journal::{Entry, Head};
use sync_core::refusal::Refusal;
use sync_core::store::{
    BatchLimit, ExchangeOutcome, Identity, Installation, Listed, LocalCommit, PageKey, Progress, RecordSync, Rewritten,
    RowFilter, Store, Tombstone,
};
use sync_core::wire::exchange::Backlog;
use sync_core::wire::segment::Item;

pub use encryption::StoreKey;
pub use rescue::{Damage, LostSave};

use encryption::beside;
pub(crate) use photos::{PhotoStep, QueuedPhoto};

/// Statements that stay prepared: every fixed one and the filters that an app really uses.
const PREPARED: usize = 64;

/// Why the storage failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process, or another part of this one, holds the store.
    #[error("the store is open already, in this app or in another process; close it there first")]
    InUse,
    /// A newer app has changed the layout.
    #[error("the store was written by a newer app (layout {found}, this app knows {known}); install the new version")]
    Newer {
        /// The layout in the file.
        found: u32,
        /// The newest layout that this app can read.
        known: u32,
    },
    /// The store is encrypted, and none of the keys is its key.
    #[error("the store is encrypted with another key")]
    WrongKey,
    /// A key was given, but this SQLite does not encrypt: the crate was built without its feature `encryption`.
    #[error("this library was built without encryption")]
    NoEncryption,
    /// There is no room to save in.
    #[error("the device has no free space left; nothing was saved")]
    Full,
    /// The file is not a store, or has been damaged.
    #[error("the store can't be read: {0} is damaged")]
    Damaged(&'static str),
    /// A line that does not continue the journal: a second engine writes to this store.
    #[error("line {found} does not continue the journal, which ends with line {last}")]
    OutOfOrder {
        /// The line that was to be committed.
        found: u64,
        /// The journal's last line.
        last: u64,
    },
    /// The file system refused.
    #[error("the store's folder can't be used: {0}")]
    Io(#[from] std::io::Error),
    /// Anything else that SQLite says.
    #[error("the storage failed: {0}")]
    Sqlite(#[source] rusqlite::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error as E;
        match (error.sqlite_error_code(), &error) {
            (Some(ErrorCode::DiskFull), _) => Self::Full,
            (Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase), _) => Self::Damaged("the file"),
            (
                _,
                E::FromSqlConversionFailure(..)
                | E::InvalidColumnType(..)
                | E::IntegralValueOutOfRange(..)
                | E::Utf8Error(..),
            ) => Self::Damaged("a column"),
            _ => Self::Sqlite(error),
        }
    }
}

impl StoreError {
    /// Whether the same call may succeed later without anybody doing anything.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::InUse => true,
            Self::Sqlite(error) => {
                matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
            }
            _ => false,
        }
    }
}

/// A phone's memory in a file.
#[derive(Debug)]
pub struct SqliteStore {
    // Closed before the lock is given up: fields are dropped in this order.
    connection: Connection,
    path: PathBuf,
    _lock: File,
}

impl SqliteStore {
    /// Opens the store at `path`, making or updating it if need be. Beside it lie SQLite's own two files and one
    /// with the ending `.lock`, all of which belong together. Every page is looked at; a damaged store is set aside, and
    /// what can still be read of it is put into a new one, see [`Self::damage`].
    ///
    /// # Errors
    /// [`StoreError::InUse`] while somebody else has it open; otherwise when the file can't be used.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let lock = lock(path)?;
        rescue::finish(path)?;
        match Self::connect(path, None, lock.try_clone()?) {
            Err(StoreError::Damaged(_)) => rescue::rescue(path, None)?,
            opened => return opened,
        }
        Self::connect(path, None, lock)
    }

    /// As [`Self::open`], encrypted: opens with the first of `keys` that is the store's and gives that key back. A
    /// store that is not there yet is made with the first.
    ///
    /// # Errors
    /// [`StoreError::WrongKey`] when none of them is, and the file is as it was; otherwise as [`Self::open`].
    pub fn open_encrypted(path: &Path, keys: &[StoreKey]) -> Result<(Self, StoreKey), StoreError> {
        let lock = lock(path)?;
        rescue::finish(path)?;
        for key in keys {
            match Self::connect(path, Some(key), lock.try_clone()?) {
                Ok(store) => {
                    encryption::note_key(path, key)?;
                    return Ok((store, key.clone()));
                }
                Err(StoreError::Damaged(_)) => {}
                Err(error) => return Err(error),
            }
        }
        for key in keys {
            // During a rotation both keys are noted; only one of them reads what is left.
            if rescue::opens_a_page(path, key)? || keys.len() == 1 && encryption::is_known(path, keys)? {
                rescue::rescue(path, Some(key))?;
                encryption::note_key(path, key)?;
                return Ok((Self::connect(path, Some(key), lock)?, key.clone()));
            }
        }
        Err(StoreError::WrongKey)
    }

    fn connect(path: &Path, key: Option<&StoreKey>, lock: File) -> Result<Self, StoreError> {
        rescue::look(path, encryption::any_known(path)?)?;
        let connection = Self::connect_to(path, key)?;
        let store = Self { connection, path: path.to_owned(), _lock: lock };
        if store.tombstone()?.is_some() {
            // A wipe may have been cut short after it was decided.
            store.scrub()?;
        }
        Ok(store)
    }

    /// Makes sure that nothing of an emptied store can be found any more.
    fn scrub(&self) -> Result<(), StoreError> {
        rescue::forget(&self.path)?;
        write::scrub(&self.connection)
    }

    /// Opens or makes the file, and makes sure of it: key, every page, layout, in this order.
    fn connect_to(path: &Path, key: Option<&StoreKey>) -> Result<Connection, StoreError> {
        // Without the flag for addresses: a path is a path, whatever it looks like.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        if let Some(key) = key {
            encryption::unlock(&connection, key)?;
        }
        schema::configure(&connection)?;
        rescue::check(&connection)?;
        schema::migrate(&mut connection)?;
        Ok(connection)
    }

    /// What the last rescue came to, until [`Self::forget_damage`]; `None` if the store was never damaged.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn damage(&self) -> Result<Option<Damage>, StoreError> {
        read::state(&self.connection, rescue::DAMAGE)
    }

    /// Somebody has seen what the last rescue came to. The file that was set aside stays.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn forget_damage(&self) -> Result<(), StoreError> {
        write::forget_state(&self.connection, rescue::DAMAGE)
    }

    /// Encrypts an encrypted store with another key, all at once. Takes as long as writing the whole file.
    ///
    /// # Errors
    /// When the storage fails; the store then has the key that it had, or the new one.
    pub fn rekey(&self, next: &StoreKey) -> Result<(), StoreError> {
        encryption::rekey(&self.connection, &self.path, next)
    }

    /// As if the disk were full from now on, as long as this store is open.
    #[cfg(test)]
    pub(crate) fn allow_no_more_pages(&self) -> Result<(), StoreError> {
        let pages: u32 = self.connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
        Ok(self.connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?)
    }

    /// Moves what was saved from the log into the database, so that no save has to pay for it. Durability does not
    /// depend on it.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn tidy(&self) -> Result<(), StoreError> {
        // Passive: the log keeps its size and is written from the beginning again, which is cheaper than growing it.
        self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
        Ok(())
    }
}

/// Takes the lock that keeps others out. The system gives it up when the process ends, however it ends.
fn lock(path: &Path) -> Result<File, StoreError> {
    let file = OpenOptions::new().create(true).append(true).open(beside(path, ".lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse),
        Err(TryLockError::Error(error)) => Err(StoreError::Io(error)),
    }
}

impl Store for SqliteStore {
    type Error = StoreError;

    fn identity(&self) -> Result<Option<Identity>, StoreError> {
        read::state(&self.connection, read::IDENTITY)
    }

    fn set_identity(&mut self, identity: &Identity) -> Result<(), StoreError> {
        write::set_state(&self.connection, read::IDENTITY, identity)
    }

    fn device_key(&self) -> Result<Option<[u8; 32]>, StoreError> {
        let seed: Option<minicbor::bytes::ByteArray<32>> = read::state(&self.connection, read::DEVICE_KEY)?;
        Ok(seed.map(|seed| *seed))
    }

    fn set_device_key(&mut self, seed: &[u8; 32]) -> Result<(), StoreError> {
        write::set_state(&self.connection, read::DEVICE_KEY, &minicbor::bytes::ByteArray::from(*seed))
    }

    fn reidentify(&mut self, identity: &Identity, common_through: u64, lines: &[Rewritten]) -> Result<(), StoreError> {
        write::reidentify(&mut self.connection, identity, common_through, lines)
    }

    fn installation(&self) -> Result<Option<Installation>, StoreError> {
        read::state(&self.connection, read::INSTALLATION)
    }

    fn set_installation(&mut self, fingerprint: [u8; 32]) -> Result<(), StoreError> {
        let installation = Installation { fingerprint, moved: false };
        write::set_state(&self.connection, read::INSTALLATION, &installation)
    }

    fn move_in(&mut self, fingerprint: [u8; 32], actor: ActorId) -> Result<(), StoreError> {
        write::move_in(&mut self.connection, fingerprint, actor)
    }

    fn wipe(&mut self) -> Result<(), StoreError> {
        write::wipe(&mut self.connection)?;
        self.scrub()
    }

    fn tombstone(&self) -> Result<Option<Tombstone>, StoreError> {
        read::state(&self.connection, read::TOMBSTONE)
    }

    fn bury(&mut self) -> Result<(), StoreError> {
        write::forget_state(&self.connection, read::TOMBSTONE)
    }

    fn progress(&self) -> Result<Progress, StoreError> {
        read::progress(&self.connection)
    }

    fn set_progress(&mut self, progress: &Progress) -> Result<(), StoreError> {
        write::set_state(&self.connection, read::PROGRESS, progress)
    }

    fn head(&self) -> Result<Head, StoreError> {
        read::head(&self.connection)
    }

    fn head_at(&self, n: u64) -> Result<Option<Head>, StoreError> {
        read::head_at(&self.connection, n)
    }

    fn changes(&self, record: RecordId) -> Result<Vec<(ChangeHash, Vec<u8>)>, StoreError> {
        read::changes(&self.connection, record)
    }

    fn row(&self, record: RecordId) -> Result<Option<Row>, StoreError> {
        list::row(&self.connection, record)
    }

    fn record_sync(&self, record: RecordId) -> Result<RecordSync, StoreError> {
        read::record_sync(&self.connection, record)
    }

    fn commit(&mut self, commit: &LocalCommit) -> Result<(), StoreError> {
        write::commit(&mut self.connection, commit)
    }

    fn outbox(&self, after: u64, limit: BatchLimit) -> Result<Vec<Item>, StoreError> {
        read::outbox(&self.connection, after, limit)
    }

    fn lines(&self, record: RecordId) -> Result<Vec<Entry>, StoreError> {
        read::lines(&self.connection, record)
    }

    fn unsettled(&self, published_through: u64) -> Result<Vec<ChangeHash>, StoreError> {
        read::unsettled(&self.connection, published_through)
    }

    fn records_between(&self, after: u64, through: u64) -> Result<Vec<RecordId>, StoreError> {
        read::records_between(&self.connection, after, through)
    }

    fn backlog(&self, after: u64) -> Result<Backlog, StoreError> {
        read::backlog(&self.connection, after)
    }

    fn apply(&mut self, outcome: &ExchangeOutcome) -> Result<(), StoreError> {
        write::apply(&mut self.connection, outcome)
    }

    fn refusals(&self) -> Result<Vec<Refusal>, StoreError> {
        read::refusals(&self.connection)
    }

    fn refused(&self, record: RecordId) -> Result<Vec<(ChangeHash, bool)>, StoreError> {
        read::refused(&self.connection, record)
    }

    fn settle_refusal(&mut self, record: RecordId, change: ChangeHash) -> Result<(), StoreError> {
        write::settle_refusal(&mut self.connection, record, change)
    }

    fn list(&self, filter: &RowFilter, after: Option<PageKey>, limit: usize) -> Result<Vec<Listed>, StoreError> {
        list::list(&self.connection, filter, after, limit)
    }

    fn count(&self, filter: &RowFilter) -> Result<u64, StoreError> {
        list::count(&self.connection, filter)
    }

    fn held(&self, after: Option<RecordId>, limit: usize) -> Result<Vec<RecordId>, StoreError> {
        read::held(&self.connection, after, limit)
    }

    fn author(&self, actor: ActorId) -> Result<Option<(PersonId, String)>, StoreError> {
        read::author(&self.connection, actor)
    }
}
