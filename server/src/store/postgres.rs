//! The database of an organisation that outgrew one machine: many servers on one PostgreSQL.
//!
//! As on SQLite one transaction writes at a time, whichever server it comes from: `begin_write` takes a
//! lock that PostgreSQL drops with the transaction. So whatever holds in the rooms for one writer holds for all servers,
//! and positions of feeds become visible in their order. Nothing lives in a connection between two transactions, so a
//! pooler may stand in between. See docs/adr/0007.

#![expect(clippy::duplicate_mod, reason = "the shared rooms are compiled once for each database: docs/adr/0003")]

pub mod backup;
mod months;
pub mod moving;
mod neighbours;
mod reach;
mod search;
#[cfg(test)]
mod tests;

use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgDatabaseError, PgPool, PgPoolOptions, PgRow};
use sqlx::{ConnectOptions as _, PgConnection, Postgres, Transaction};
use sync_core::time::UnixMillis;
use tokio::time::timeout;

use self::neighbours::{Ears, announce};
use self::reach::Reach;
use super::StoreError;
use super::folder::{FolderError, Lock};
use super::neighbours::Neighbours;
use super::shared::bulk::Placeholders;
use super::shared::{mount, statements};
use crate::config::{Database, DatabaseUrl};

type Db = Postgres;
type Conn = PgConnection;
type DbRow = PgRow;
type Backend = PostgresStore;

const PLACEHOLDERS: Placeholders = Placeholders::Numbered;

mount!();

/// Connections that write. One holds the lock, the other waits for it, so that no time passes between the two.
const WRITERS: u32 = 2;
/// Whoever makes read tables anew makes so many indexes at once: they take the time of a processor each.
const INDEX_MAKERS: usize = WRITERS as usize;
/// How long a call waits for a connection before the database counts as not available.
const PATIENCE: Duration = Duration::from_secs(30);
/// When it is tried again to change tables that somebody reads.
const READ_ELSEWHERE: Duration = Duration::from_secs(3);
/// How long others wait for a server that joins them; less than a transaction may be silent.
const JOINING: Duration = Duration::from_secs(2);
/// How often the partitions of coming months are looked after.
const LOOK_AHEAD: Duration = Duration::from_secs(12 * 3_600);
/// A connection keeps this many statements prepared; lists come in many variants.
const PREPARED_STATEMENTS: usize = 256;

/// What kind of database this is, for who looks after it.
const KIND: &str = "postgres";

statements! {
    SIZE = "select pg_database_size(current_database())";
    // Each server listens. Nobody can tell if a pooler stands in between, or others' sessions are not shown.
    SERVERS = "select nullif(count(*), 0) from pg_stat_activity \
        where datname = current_database() and application_name like 'daybook listening%'";
    // Where the photos of a server lie that keeps them elsewhere.
    ELSEWHERE = "select application_name from pg_stat_activity where datname = current_database() \
        and application_name like 'daybook listening, photos in %' and application_name <> $1 limit 1";
    // The names of settings that hold for one transaction. Whoever holds the lock and falls silent, because its machine
    // is gone, loses it after five seconds; whoever waits in vain says that the database is not available. What is told to
    // be safe is on the disk, whatever somebody has set since the server started.
    WRITE_LOCK = "select set_config('lock_timeout', '30s', true), \
        set_config('idle_in_transaction_session_timeout', '5s', true), \
        set_config('synchronous_commit', coalesce(nullif(current_setting('synchronous_commit'), 'off'), 'local'), true), \
        pg_advisory_xact_lock(7309453125918421617)";
    IS_KNOWN = "select to_regclass('_sqlx_migrations') is not null";
    VERSION = "select coalesce(max(version), 0) from _sqlx_migrations";
    // Before the tables are changed, for which every server waits as long as it takes.
    LOCK_FOR_ALL = "select pg_advisory_xact_lock(7309453125918421617)";
    // Whoever changes a table waits until nobody reads it, and everybody else waits behind. A backup reads for hours.
    BRIEFLY = "select set_config('lock_timeout', '2s', true)";
    // Of tables that rebuilding fills, but for the one by which it finds what lies around a record.
    INDEXES = "select cast(t.relname as text), cast(c.relname as text), pg_get_indexdef(c.oid) from pg_index i \
        join pg_class c on c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid \
        where i.indrelid in ('record'::regclass, 'record_total'::regclass, 'day_fact'::regclass) \
        and not i.indisunique and c.relname <> 'record_by_maker'";
    INDEXES_TO_MAKE_ARE_KEPT = "select 1 from pg_class where oid = to_regclass('index_to_make')";
    TAKE_INDEX = "select name, definition from index_to_make order by name limit 1 for update skip locked";
    AWAIT_INDEX = "select name, definition from index_to_make order by name limit 1 for update";
    MOVING = "select count(*) from meta where key = 'moving'";
    NOW = "select cast(extract(epoch from now()) * 1000 as bigint)";
    // What changes when the database was set back behind the servers' backs: another server process after a failover or
    // a restored copy, other tables after a restored dump. All servers see the same.
    LIFE = "select hashtextextended(concat_ws(' ', extract(epoch from pg_postmaster_start_time()), d.oid, \
        pg_relation_filenode('feed_salt')), 0) from pg_database d where d.datname = current_database()";
    PROMISES = "select current_setting('synchronous_commit'), current_setting('server_encoding')";
}

/// The tables' versions that do more than add: servers of an older version can't go on with them.
const ALONE: &[i64] = &[17, 19, 20, 25, 26];

/// PostgreSQL's code for a lock that was waited for in vain.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// Whether PostgreSQL refused because of the machine or somebody else, so that the same call may succeed later.
pub(super) fn is_outage(refusal: &PgDatabaseError) -> bool {
    let code = refusal.code();
    // Connections, resources, operators, the system beneath; and what is told only to those who were in the way.
    ["08", "40", "53", "57", "58"].iter().any(|class| code.starts_with(class))
        // Waiting for the lock took too long; the holder of the lock was too silent; a replica, which only reads.
        || [LOCK_NOT_AVAILABLE, "25P03", "25006"].contains(&code)
}

/// Why a PostgreSQL database can't be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The server's own folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The database is from a newer version, or its tables can't be brought up to date.
    #[error("the database can't be brought up to date: is it from a newer version of daybook?")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// It can't be reached, read or written.
    #[error("the database can't be reached or used")]
    Database(#[from] StoreError),
    /// An organisation is moving in.
    #[error("an organisation is moving into this database: let `daybook migrate` finish first")]
    Moving,
    /// Servers of an older version would fail from now on.
    #[error(
        "servers of an older version run on this database, and could not go on with the tables of this one: stop all of \
        them, then start this one"
    )]
    OthersRun,
    /// Each would miss the photos that the other takes in.
    #[error(
        "another server runs on this database and keeps photos elsewhere: let all of them use one bucket, or a \
        photos.folder that they share"
    )]
    PhotosElsewhere,
    /// A receipt would promise more than it keeps.
    #[error("the database has synchronous_commit = off: what it confirms could be lost; set it to on")]
    NotDurable,
    /// Names could not be stored as they are.
    #[error("the database has the encoding {0}: create it with encoding 'UTF8'")]
    Encoding(String),
}

impl OpenError {
    /// Whether a table could not be changed because somebody reads it.
    fn is_read_elsewhere(&self) -> bool {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(self);
        while let Some(error) = cause {
            if let Some(sqlx::Error::Database(refusal)) = error.downcast_ref::<sqlx::Error>() {
                return refusal.code().as_deref() == Some(LOCK_NOT_AVAILABLE);
            }
            cause = error.source();
        }
        false
    }
}

impl From<sqlx::Error> for OpenError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

/// How a database is reached.
#[derive(Clone, Debug)]
pub struct Access {
    /// Where it is, and as whom.
    pub options: PgConnectOptions,
    /// The same without a pooler, for listening.
    pub listening: PgConnectOptions,
    /// Connections at most; 5 at least.
    pub connections: u32,
    /// How long a question may stay without an answer.
    pub silence: Duration,
    /// The name of the place where photos lie, at most 30 letters; `None` if it does not matter.
    pub photos: Option<String>,
    /// Whether statements stay prepared in their connections. Not so behind a pooler that knows nothing of them.
    pub prepared: bool,
}

impl Access {
    /// As the settings say, with photos in the place of this name.
    pub fn of(url: &DatabaseUrl, settings: &Database, photos: Option<String>) -> Self {
        Self {
            options: url.options(),
            listening: settings.listen_url.as_ref().unwrap_or(url).options(),
            connections: settings.connections,
            silence: settings.silence,
            photos,
            prepared: settings.prepared,
        }
    }
}

/// The store in a PostgreSQL database.
pub struct PostgresStore {
    writers: PgPool,
    readers: PgPool,
    listening: PgPool,
    reach: Reach,
    ears: Ears,
    prepared: bool,
    /// By which this server is told from the others.
    number: i64,
    lock: Option<Lock>,
}

/// How a transaction begins. Its plans are those that the tests have seen, whatever statistics there are: with a million
/// records PostgreSQL takes to reading whole tables in parallel for a handful of them, since it believes that each list
/// of identifiers stands for thousands. Nothing here is in need of that, nor of statements that are compiled before they
/// run: PostgreSQL would do so wherever it has no way but the one that it was told not to take.
macro_rules! begins {
    ($kind:literal, $prepared:expr) => {
        match $prepared {
            true => concat!("begin isolation level ", $kind, begins!()),
            false => concat!("begin isolation level ", $kind, begins!(), "; deallocate all"),
        }
    };
    () => {
        "; set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off; \
        set local max_parallel_workers_per_gather = 0; set local jit = off"
    };
}

impl PostgresStore {
    /// Opens the store; brings its tables up to date, one server at a time. `folder` is the server's own, for what does
    /// not belong into the database.
    ///
    /// # Errors
    /// If another process has the folder open, or the database can't be reached, used or brought up to date.
    pub async fn open(access: &Access, folder: &Path) -> Result<Self, OpenError> {
        let store = Self::open_anyhow(access, Some(Lock::take(folder)?)).await?;
        let mut conn = store.reader().await?;
        let (moving,) = sqlx::query_as::<Db, (i64,)>(MOVING).fetch_one(&mut *conn).await?;
        drop(conn);
        if moving > 0 {
            store.close_connections().await;
            return Err(OpenError::Moving);
        }
        Ok(store)
    }

    /// Opens the store also while an organisation is moving in.
    async fn open_anyhow(access: &Access, lock: Option<Lock>) -> Result<Self, OpenError> {
        let prepared = if access.prepared { PREPARED_STATEMENTS } else { 0 };
        let options = access
            .options
            .clone()
            .application_name("daybook")
            .statement_cache_capacity(prepared)
            .disable_statement_logging();
        let pool = |most: u32| PgPoolOptions::new().max_connections(most).acquire_timeout(PATIENCE);
        let writers = pool(WRITERS).connect_with(options.clone()).await?;
        let listener = match &access.photos {
            Some(place) => format!("daybook listening, photos in {place}"),
            None => "daybook listening".to_owned(),
        };
        bring_up_to_date(&writers, access.prepared).await?;
        take_words_over(&writers, access.prepared).await?;
        let reach = Reach::open(options.clone(), access.silence).await?;
        // Besides these and the writers one listens, and one asks whether the database is there.
        let readers = pool(access.connections.saturating_sub(WRITERS + 2).max(1)).connect_lazy_with(options);
        let lasting = pool(1).idle_timeout(None).max_lifetime(None);
        let listening = lasting.connect_lazy_with(access.listening.clone().application_name(&listener));
        if access.photos.is_some() {
            join(&writers, &listening, access.prepared, &listener).await?;
        }
        let mut number = [0; 8];
        getrandom::fill(&mut number).map_err(|error| StoreError::Internal(Box::new(error)))?;
        let (prepared, number) = (access.prepared, i64::from_ne_bytes(number));
        let ears = Ears::of(number);
        tokio::spawn(neighbours::listen(listening.clone(), ears.clone()));
        tokio::spawn(look_ahead(writers.clone(), access.prepared));
        Ok(Self { writers, readers, listening, reach, ears, prepared, number, lock })
    }

    /// Begins a transaction that writes. It holds the write lock from the start, and no other server writes until its
    /// end.
    async fn begin_write(&self) -> Result<Transaction<'static, Db>, StoreError> {
        let mut tx = self.writers.begin_with(begin(self.prepared)).await?;
        sqlx::query::<Db>(WRITE_LOCK).execute(&mut *tx).await?;
        Ok(tx)
    }

    /// Begins a transaction that makes an index. Others make theirs meanwhile; whoever writes waits for the table.
    async fn begin_making(&self) -> Result<Transaction<'static, Db>, StoreError> {
        Ok(self.writers.begin_with(begin(self.prepared)).await?)
    }

    /// Begins a transaction that reads: all its statements see the same moment. A question that takes a minute is given
    /// up, so that a few of them don't keep the connections from everybody else.
    async fn reader(&self) -> Result<Transaction<'static, Db>, StoreError> {
        let begin = begins!("repeatable read, read only; set local statement_timeout = '1min'", self.prepared);
        Ok(self.readers.begin_with(begin).await?)
    }

    /// As [`Self::reader`], for who asks about rows by their names: one plan does for all of them. To make one each time
    /// took a fourth of PostgreSQL's time in a storm. A list needs its own, because a plan that does not know how few
    /// rows are wanted sorts all of them.
    async fn reader_by_name(&self) -> Result<Transaction<'static, Db>, StoreError> {
        let begin = begins!(
            "repeatable read, read only; set local statement_timeout = '1min'; \
                set local plan_cache_mode = force_generic_plan",
            self.prepared
        );
        Ok(self.readers.begin_with(begin).await?)
    }

    /// The server of PostgreSQL has its own memory.
    async fn widen(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn as_neighbours(&self) -> Option<&dyn Neighbours> {
        Some(self)
    }

    async fn close_connections(&self) {
        self.reach.close();
        self.listening.close().await;
        // Waits for whoever is just taking the lead; afterwards nobody can, and others need not wait for its lapse.
        self.readers.close().await;
        if let Err(error) = self.leave_lead().await {
            tracing::debug!(%error, "the lead will lapse by itself");
        }
        self.writers.close().await;
        if let Some(lock) = &self.lock {
            lock.release();
        }
    }
}

/// Whoever reads does so in a transaction already, in which all statements see the same moment.
struct Snapshot<'c>(&'c mut Conn);

async fn snapshot(conn: &mut Conn) -> Result<Snapshot<'_>, sqlx::Error> {
    Ok(Snapshot(conn))
}

impl Snapshot<'_> {
    async fn rollback(self) -> Result<(), sqlx::Error> {
        Ok(())
    }
}

impl Deref for Snapshot<'_> {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        self.0
    }
}

impl DerefMut for Snapshot<'_> {
    fn deref_mut(&mut self) -> &mut Conn {
        self.0
    }
}

/// The salt of a block of feed positions. It stands for the life of the database and not for that of a process: many
/// servers publish in turn, and a failover to a replica that lags leaves them all running.
async fn block_salt(conn: &mut Conn, _: u64) -> Result<u64, StoreError> {
    let (life,) = sqlx::query_as::<Db, (i64,)>(LIFE).fetch_one(conn).await?;
    Ok(life.cast_unsigned().max(1))
}

/// Waits only shortly until nobody reads a table that is changed: everybody else would wait behind.
async fn briefly(conn: &mut Conn) -> Result<(), StoreError> {
    sqlx::query::<Db>(BRIEFLY).execute(conn).await?;
    Ok(())
}

/// Sees to it that months have their partitions before anybody needs them, as long as the store is open.
async fn look_ahead(writers: PgPool, prepared: bool) {
    loop {
        tokio::time::sleep(LOOK_AHEAD).await;
        if writers.is_closed() {
            return;
        }
        if let Err(error) = prepare_months(&writers, prepared).await {
            tracing::warn!(%error, "partitions of coming months were not made");
        }
    }
}

/// How a transaction begins that writes. What it sees is what stands there once it has the lock, whatever is usual in this
/// database. Whoever falls silent in the middle, because its machine is gone, loses what it locked after three seconds:
/// the lead, for which others wait. Behind a pooler the connection was somebody else's before, whose statements have the
/// names of ours.
fn begin(prepared: bool) -> &'static str {
    begins!(
        "read committed; set local idle_in_transaction_session_timeout = '3s'; \
            set local plan_cache_mode = force_generic_plan",
        prepared
    )
}

/// The tables, as the program carries them. Its own lock would stay in the connection, so ours guards.
fn migrations() -> Migrator {
    let mut migrations = super::migrations::of("postgres");
    migrations.set_locking(false);
    migrations
}

/// Makes the tables and months that are missing, as soon as nobody reads what has to be changed: a backup for example.
/// Others write and read meanwhile.
async fn bring_up_to_date(writers: &PgPool, prepared: bool) -> Result<(), OpenError> {
    loop {
        match try_to_bring_up_to_date(writers, prepared).await {
            Err(error) if error.is_read_elsewhere() => {
                tracing::warn!("tables have to be changed that somebody reads, a backup perhaps; it is tried again");
                tokio::time::sleep(READ_ELSEWHERE).await;
            }
            done => return done,
        }
    }
}

async fn try_to_bring_up_to_date(writers: &PgPool, prepared: bool) -> Result<(), OpenError> {
    let mut tx = writers.begin_with(begin(prepared)).await?;
    let (durable, encoding) = sqlx::query_as::<Db, (String, String)>(PROMISES).fetch_one(&mut *tx).await?;
    if durable == "off" {
        return Err(OpenError::NotDurable);
    }
    if encoding != "UTF8" {
        return Err(OpenError::Encoding(encoding));
    }
    sqlx::query::<Db>(LOCK_FOR_ALL).execute(&mut *tx).await?;
    briefly(&mut tx).await?;
    if others_could_not_go_on(&mut tx).await? {
        return Err(OpenError::OthersRun);
    }
    indexes::make_all(&mut tx).await?;
    migrations().run_direct(None, &mut *tx, false).await?;
    let (now,) = sqlx::query_as::<Db, (i64,)>(NOW).fetch_one(&mut *tx).await?;
    months::prepare(&mut tx, UnixMillis(now)).await?;
    Ok(tx.commit().await?)
}

/// Puts the words that an older version left into the index as it is now. Whoever is interrupted goes on where it was.
async fn take_words_over(writers: &PgPool, prepared: bool) -> Result<(), OpenError> {
    loop {
        let mut tx = writers.begin_with(begin(prepared)).await?;
        sqlx::query::<Db>(LOCK_FOR_ALL).execute(&mut *tx).await?;
        let more = search::take_over(&mut tx).await?;
        tx.commit().await?;
        if !more {
            return Ok(());
        }
    }
}

/// Joins the servers that run, one at a time: whoever comes next sees this one's listening connection, and by its name
/// where it keeps photos.
async fn join(writers: &PgPool, listening: &PgPool, prepared: bool, listener: &str) -> Result<(), OpenError> {
    let mut tx = writers.begin_with(begin(prepared)).await?;
    sqlx::query::<Db>(LOCK_FOR_ALL).execute(&mut *tx).await?;
    if sqlx::query::<Db>(ELSEWHERE).bind(listener).fetch_optional(&mut *tx).await?.is_some() {
        return Err(OpenError::PhotosElsewhere);
    }
    // Where only a pooler can be reached nobody listens, and nobody can be seen.
    if !matches!(timeout(JOINING, listening.acquire()).await, Ok(Ok(_))) {
        tracing::warn!("the database can't be listened to: see database.listen_url");
    }
    Ok(tx.commit().await?)
}

/// Whether servers run that the tables of this version would stop.
async fn others_could_not_go_on(conn: &mut Conn) -> Result<bool, sqlx::Error> {
    let (is_known,) = sqlx::query_as::<Db, (bool,)>(IS_KNOWN).fetch_one(&mut *conn).await?;
    if !is_known {
        return Ok(false);
    }
    let (version,) = sqlx::query_as::<Db, (i64,)>(VERSION).fetch_one(&mut *conn).await?;
    let (servers,) = sqlx::query_as::<Db, (Option<i64>,)>(SERVERS).fetch_one(conn).await?;
    Ok(ALONE.iter().any(|alone| version < *alone) && servers.is_some())
}

/// Makes the partitions of coming months. Of the tables nothing else is changed: they may be of a newer version meanwhile.
async fn prepare_months(writers: &PgPool, prepared: bool) -> Result<(), OpenError> {
    let mut tx = writers.begin_with(begin(prepared)).await?;
    sqlx::query::<Db>(LOCK_FOR_ALL).execute(&mut *tx).await?;
    briefly(&mut tx).await?;
    let (now,) = sqlx::query_as::<Db, (i64,)>(NOW).fetch_one(&mut *tx).await?;
    months::prepare(&mut tx, UnixMillis(now)).await?;
    Ok(tx.commit().await?)
}
