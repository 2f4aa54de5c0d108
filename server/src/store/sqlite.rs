//! The embedded database: one folder, one process.
//!
//! One connection writes, the others read. Write-ahead logging lets them go on side by side, and
//! `synchronous = full` makes a commit durable before it returns, which is what a receipt promises.

pub mod backup;
mod search;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Connection as _, Sqlite, SqliteConnection, Transaction};

use super::StoreError;
pub use super::folder::FolderError;
use super::folder::{self, Lock};
use super::migrations;
use super::neighbours::{Neighbours, News};
use super::shared::bulk::Placeholders;
use super::shared::{mount, statements};

type Db = Sqlite;
type Conn = SqliteConnection;
type DbRow = SqliteRow;
type Backend = SqliteStore;

const PLACEHOLDERS: Placeholders = Placeholders::Positional;

mount!();

/// The tables, as the program carries them.
static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| migrations::of("sqlite"));

/// How many connections read at once. More than the processors would only wait for each other.
const READERS: u32 = 4;
/// One connection writes.
const INDEX_MAKERS: usize = 1;
/// How long a call waits for its turn before the database counts as not available.
const PATIENCE: Duration = Duration::from_secs(30);
/// A connection keeps this many statements prepared; lists come in many variants.
const PREPARED_STATEMENTS: usize = 256;

/// The connection's thread reads so many rows ahead. Each time it has to wait for its reader costs two switches
/// between threads, which is more than reading a row; but each of them may be as large as a change may be.
const ROWS_AHEAD: usize = 64;

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

/// What kind of database this is, for who looks after it.
const KIND: &str = "sqlite";

statements! {
    SIZE = "select page_count * page_size from pragma_page_count(), pragma_page_size()";
    // Nobody else has the folder open.
    SERVERS = "select cast(1 as bigint)";
    // Of tables that rebuilding fills, but for the one by which it finds what lies around a record.
    INDEXES = "select tbl_name, name, sql from sqlite_master where type = 'index' and sql is not null \
        and tbl_name in ('record', 'record_total', 'day_fact') and name <> 'record_by_maker'";
    INDEXES_TO_MAKE_ARE_KEPT = "select 1 from sqlite_master where type = 'table' and name = 'index_to_make'";
    // Nobody else can be making one.
    TAKE_INDEX = "select name, definition from index_to_make order by name desc limit 1";
    AWAIT_INDEX = "select name, definition from index_to_make order by name desc limit 1";
    MOVED = "select count(*) from meta where key = 'moved'";
    MOVE_OUT = "insert into meta (key, value) values ('moved', '1') on conflict (key) do nothing";
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
    /// Its organisation lives in PostgreSQL now.
    #[error("the organisation of this folder has moved to PostgreSQL: set database.url")]
    Moved,
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
        let store = Self::open_also_moved(folder).await?;
        let (moved,) = sqlx::query_as::<Db, (i64,)>(MOVED).fetch_one(&store.writer).await.map_err(StoreError::from)?;
        if moved > 0 {
            store.close_connections().await;
            return Err(OpenError::Moved);
        }
        Ok(store)
    }

    /// Opens the store also if its organisation has moved.
    pub(super) async fn open_also_moved(folder: &Path) -> Result<Self, OpenError> {
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
        make_left_out(&writer).await?;
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

    /// Begins a transaction that makes an index.
    async fn begin_making(&self) -> Result<Transaction<'static, Db>, StoreError> {
        self.begin_write().await
    }

    async fn reader(&self) -> Result<PoolConnection<Db>, StoreError> {
        Ok(self.readers.acquire().await?)
    }

    /// For who asks about rows by their names. A plan is always for all values here.
    async fn reader_by_name(&self) -> Result<PoolConnection<Db>, StoreError> {
        self.reader().await
    }

    /// Sees to it that this database is not opened again: its organisation has moved.
    pub(super) async fn close_for_good(&self) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        sqlx::query::<Db>(MOVE_OUT).execute(&mut *tx).await?;
        tx.commit().await?;
        self.close_connections().await;
        Ok(())
    }

    /// Prepares all connections for going through everything. What belongs together lies far apart by then, and whoever
    /// reads forgets its pages whenever somebody writes: so the file is mapped into memory. If the disk fails, that ends
    /// the process, which begins again.
    async fn widen(&self) -> Result<(), StoreError> {
        let mut readers = Vec::new();
        for _ in 0..READERS {
            readers.push(self.readers.acquire().await?);
        }
        for reader in &mut readers {
            sqlx::raw_sql("pragma mmap_size = 2147418112; pragma cache_size = -16384").execute(&mut **reader).await?;
        }
        let room = "pragma mmap_size = 2147418112; pragma cache_size = -131072; pragma wal_autocheckpoint = 16384";
        sqlx::raw_sql(room).execute(&self.writer).await?;
        Ok(())
    }

    fn as_neighbours(&self) -> Option<&dyn Neighbours> {
        None
    }

    async fn close_connections(&self) {
        self.readers.close().await;
        self.writer.close().await;
        self.lock.release();
    }
}

/// Makes the indexes that an interrupted rebuild left out.
async fn make_left_out(writer: &SqlitePool) -> Result<(), StoreError> {
    let mut tx = writer.begin_with("begin immediate").await?;
    indexes::make_all(&mut tx).await?;
    Ok(tx.commit().await?)
}

/// Begins to read: all statements see the same moment.
async fn snapshot(conn: &mut Conn) -> Result<Transaction<'_, Db>, sqlx::Error> {
    conn.begin().await
}

/// The salt of a block of feed positions that this process opens. A database that was set back is opened by another
/// process.
async fn block_salt(_: &mut Conn, of_process: u64) -> Result<u64, StoreError> {
    Ok(of_process)
}

/// Nobody else has the folder open, so nobody is told.
async fn announce(_: &mut Conn, _: News) -> Result<(), StoreError> {
    Ok(())
}

/// Nobody else has the folder open, so nobody is waited for.
async fn briefly(_: &mut Conn) -> Result<(), StoreError> {
    Ok(())
}

/// A connection that reads the database of a folder.
pub(super) async fn connect(folder: &Path) -> Result<Conn, sqlx::Error> {
    Conn::connect_with(&reading(&folder::database(folder))).await
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
        // A page that many transactions of a storm touch is copied back once and not for each few of them. After it the
        // log shrinks again.
        .pragma("wal_autocheckpoint", "4096")
        .pragma("journal_size_limit", "16777216")
        .pragma("cache_size", "-32768")
}

fn reading(file: &Path) -> SqliteConnectOptions {
    // Nothing is mapped into memory: a disk that fails would then end the process instead of a question.
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
