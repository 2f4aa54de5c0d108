//! The embedded database: one folder, one process.
//!
//! One connection writes, the others read. Write-ahead logging lets them go on side by side, and
//! `synchronous = full` makes a commit durable before it returns, which is what a receipt promises.

pub mod backup;
mod folder;
mod search;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Sqlite, SqliteConnection, Transaction};

pub use self::folder::FolderError;
use self::folder::Lock;
use super::StoreError;
use super::shared::bulk::Placeholders;
use super::shared::mount;

type Db = Sqlite;
type Conn = SqliteConnection;
type DbRow = SqliteRow;
type Backend = SqliteStore;

const PLACEHOLDERS: Placeholders = Placeholders::Positional;

mount!();

/// The tables, as the program carries them.
static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/sqlite");

/// How many connections read at once. More than the processors would only wait for each other.
const READERS: u32 = 4;
/// How long a call waits for its turn before the database counts as not available.
const PATIENCE: Duration = Duration::from_secs(30);
/// A connection keeps this many statements prepared; lists come in many variants.
const PREPARED_STATEMENTS: usize = 256;

/// The connection's thread reads so many rows ahead. Each time it has to wait for its reader costs two switches
/// between threads, which is more than reading a row.
const ROWS_AHEAD: usize = 512;

/// SQLite's primary result codes that say the machine, not the statement, is at fault. sqlx has no kinds for these;
/// the names are those of <https://www.sqlite.org/rescode.html>.
mod code {
    pub(super) const BUSY: i32 = 5;
    pub(super) const LOCKED: i32 = 6;
    pub(super) const NOMEM: i32 = 7;
    pub(super) const READONLY: i32 = 8;
    pub(super) const IOERR: i32 = 10;
    pub(super) const FULL: i32 = 13;
    pub(super) const CANTOPEN: i32 = 14;
    /// The upper bits tell more about the same error.
    pub(super) const PRIMARY: i32 = 0xff;
}

/// Whether the database refused because of the machine, so that the same call may succeed later.
pub(super) fn is_outage(refusal: &dyn DatabaseError) -> bool {
    let code = refusal.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or(0);
    matches!(
        code & code::PRIMARY,
        code::BUSY | code::LOCKED | code::NOMEM | code::READONLY | code::IOERR | code::FULL | code::CANTOPEN
    )
}

/// Why a folder's database can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder itself.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The database in it is from a newer version, or its tables can't be brought up to date.
    #[error("the database can't be brought up to date: is it from a newer version of daybook?")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The database in it can't be read or written.
    #[error("the database can't be opened")]
    Database(#[from] StoreError),
}

/// The store in a folder.
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
    lock: Lock,
}

impl SqliteStore {
    /// Opens the store in a folder. Makes folder, file and tables as far as they are missing.
    ///
    /// # Errors
    /// If another process has the folder open, or the database can't be read, written or brought up to date.
    pub async fn open(folder: &Path) -> Result<Self, OpenError> {
        Self::open_with(folder, SqliteSynchronous::Full).await
    }

    /// As [`Self::open`], for simulations only: commits survive the end of the process but not a power failure,
    /// because nothing waits for the disk.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_for_simulation(folder: &Path) -> Result<Self, OpenError> {
        Self::open_with(folder, SqliteSynchronous::Off).await
    }

    async fn open_with(folder: &Path, synchronous: SqliteSynchronous) -> Result<Self, OpenError> {
        let lock = Lock::take(folder)?;
        let file = folder::database(folder);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .acquire_timeout(PATIENCE)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_with(writing(&file).synchronous(synchronous))
            .await
            .map_err(StoreError::from)?;
        MIGRATIONS.run(&writer).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(PATIENCE)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_lazy_with(reading(&file));
        Ok(Self { writer, readers, lock })
    }

    /// Begins a transaction that writes. It holds the write lock from the start: one that began by reading could
    /// find at its first write that somebody else was faster, and would have to be repeated.
    async fn begin_write(&self) -> Result<Transaction<'static, Db>, StoreError> {
        Ok(self.writer.begin_with("begin immediate").await?)
    }

    async fn reader(&self) -> Result<PoolConnection<Db>, StoreError> {
        Ok(self.readers.acquire().await?)
    }

    async fn close_connections(&self) {
        self.readers.close().await;
        self.writer.close().await;
        self.lock.release();
    }
}

fn writing(file: &Path) -> SqliteConnectOptions {
    connecting(file)
        .create_if_missing(true)
        // Rows of a record's changes leave less unused at the end of a larger page. Takes effect in new files only.
        .page_size(8192)
        .auto_vacuum(SqliteAutoVacuum::None)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // After a storm the log shrinks again.
        .pragma("journal_size_limit", "16777216")
        .pragma("cache_size", "-32768")
}

fn reading(file: &Path) -> SqliteConnectOptions {
    connecting(file).read_only(true).pragma("cache_size", "-8192")
}

fn connecting(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .busy_timeout(PATIENCE)
        .statement_cache_capacity(PREPARED_STATEMENTS)
        .row_buffer_size(ROWS_AHEAD)
        .pragma("temp_store", "memory")
        .disable_statement_logging()
}
