//! Where a server of a test keeps its data: in a folder of its own, or with `DAYBOOK_TEST_DATABASE=postgres` in a
//! PostgreSQL database of its own.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use server::config::{Config, DatabaseUrl, Layers};
use server::store::{postgres, sqlite};
use sqlx::AssertSqlSafe;
use sync_core::time::UnixMillis;
use tempfile::TempDir;
use throwaway_postgres::Database;

/// Names the database on which all tests of a run keep their data.
const VARIABLE: &str = "DAYBOOK_TEST_DATABASE";

/// A folder, and the database if it is not in there.
pub(super) struct Keeping {
    folder: TempDir,
    database: Option<Database>,
    /// How often a server was started on it.
    lives: AtomicU64,
}

/// A backup in a folder of its own.
pub(crate) struct Backup(TempDir);

impl Backup {
    fn file(&self) -> std::path::PathBuf {
        self.0.path().join("backup.db")
    }
}

impl Keeping {
    pub(super) fn new() -> Self {
        match std::env::var(VARIABLE).as_deref() {
            Ok("postgres") => Self::shared_one(),
            Ok("sqlite") | Err(_) => Self::embedded_one(),
            Ok(other) => panic!("{VARIABLE} is {other:?}: it has to be sqlite or postgres"),
        }
    }

    /// In a PostgreSQL database, whatever the variable says.
    pub(super) fn shared_one() -> Self {
        let database = Some(throwaway_postgres::shared().database("daybook", migrate));
        Self { folder: tempfile::tempdir().unwrap(), database, lives: AtomicU64::new(0) }
    }

    /// For one more server on the same database, whose settings name it. It throws dice of its own.
    pub(super) fn beside(&self) -> Self {
        let lives = AtomicU64::new(1_000 + self.lives.load(Ordering::Relaxed));
        Self { folder: tempfile::tempdir().unwrap(), database: None, lives }
    }

    /// The PostgreSQL database as a replica has it that gets nothing more; no server may be running.
    pub(super) fn replica(&self) -> Database {
        self.database.as_ref().unwrap().copy()
    }

    /// Another database in the place of the present one.
    pub(super) fn fail_over(&mut self, replica: Database) {
        self.database = Some(replica);
    }

    /// In a folder, whatever the variable says.
    pub(super) fn embedded_one() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), database: None, lives: AtomicU64::new(0) }
    }

    /// From the folder to a PostgreSQL database; no server may be running.
    pub(super) async fn move_to_postgres(&mut self) {
        self.database = Some(throwaway_postgres::shared().database("template0", |_| {}));
        let pairs = self.settings();
        let config = Config::read(Layers::default().environment(pairs)).unwrap();
        let access = postgres::Access::of(&self.url().unwrap(), &config.database, None);
        let mut moving = postgres::moving::Move::begin(self.folder(), &access).await.unwrap();
        moving.copy(|_, _| {}).await.unwrap();
        moving.verify(|_, _| {}).await.unwrap();
        moving.finish().await.unwrap();
    }

    /// Counts a start of the server. A server that is started again, on a backup too, throws other dice than before.
    pub(super) fn begin_life(&self) -> u64 {
        self.lives.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn url(&self) -> Option<DatabaseUrl> {
        self.database.as_ref().and_then(|database| DatabaseUrl::parse(&database.url()))
    }

    /// The settings that lead a server here.
    pub(super) fn settings(&self) -> impl Iterator<Item = (String, String)> {
        let folder = self.folder.path().to_str().unwrap().to_owned();
        let url = self.database.as_ref().map(|database| ("DAYBOOK_DATABASE_URL".to_owned(), database.url()));
        let few = ("DAYBOOK_DATABASE_CONNECTIONS".to_owned(), "6".to_owned());
        [("DAYBOOK_DATABASE_FOLDER".to_owned(), folder), few].into_iter().chain(url)
    }

    /// An identifier as this database's SQL writes it.
    pub(super) fn literal(&self, id: uuid::Uuid) -> String {
        let plain = id.simple();
        if self.database.is_some() { format!("'{plain}'") } else { format!("x'{plain}'") }
    }

    pub(super) async fn execute(&self, statement: &str) {
        let statement = AssertSqlSafe(statement.to_owned());
        match self.url() {
            Some(url) => {
                let mut conn = sqlx::ConnectOptions::connect(&url.options()).await.unwrap();
                sqlx::query(statement).execute(&mut conn).await.unwrap();
            }
            None => {
                sqlx::query(statement).execute(&mut self.embedded().await).await.unwrap();
            }
        }
    }

    pub(super) async fn number(&self, statement: &str) -> i64 {
        let statement = AssertSqlSafe(statement.to_owned());
        match self.url() {
            Some(url) => {
                let mut conn = sqlx::ConnectOptions::connect(&url.options()).await.unwrap();
                sqlx::query_scalar(statement).fetch_one(&mut conn).await.unwrap()
            }
            None => sqlx::query_scalar(statement).fetch_one(&mut self.embedded().await).await.unwrap(),
        }
    }

    /// A transaction that writes, as a server begins it.
    pub(super) async fn hold_write_lock(&self) -> sqlx::Transaction<'static, sqlx::Postgres> {
        let pool = sqlx::PgPool::connect_with(self.url().unwrap().options()).await.unwrap();
        let mut writing = pool.begin().await.unwrap();
        sqlx::query("select pg_advisory_xact_lock(7309453125918421617)").execute(&mut *writing).await.unwrap();
        writing
    }

    async fn embedded(&self) -> sqlx::SqliteConnection {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.folder.path().join("daybook.db"));
        sqlx::ConnectOptions::connect(&options).await.unwrap()
    }

    pub(super) async fn backup(&self, now: UnixMillis) -> Backup {
        let backup = Backup(tempfile::tempdir().unwrap());
        match self.url() {
            Some(url) => drop(postgres::backup::backup(&url, &backup.file(), now).await.unwrap()),
            None => drop(sqlite::backup::backup(self.folder(), &backup.file(), now).await.unwrap()),
        }
        backup
    }

    /// Puts a backup in the place of what is here; no server may be running.
    pub(super) async fn restore(&mut self, backup: &Backup, now: UnixMillis) {
        if self.database.is_some() {
            self.database = Some(throwaway_postgres::shared().database("template0", |_| {}));
            postgres::backup::restore(&backup.file(), &self.url().unwrap()).await.unwrap();
        } else {
            let occupant = sqlite::backup::Occupant::SetAside;
            sqlite::backup::restore(&backup.file(), self.folder(), occupant, now).await.unwrap();
        }
    }
}

/// Makes the tables that every test's database is copied with.
fn migrate(url: &str) {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_str().unwrap().to_owned();
    let pairs = [("DAYBOOK_DATABASE_FOLDER", place), ("DAYBOOK_DATABASE_URL", url.to_owned())];
    let pairs = pairs.into_iter().map(|(name, value)| (name.to_owned(), value));
    let config = Config::read(Layers::default().environment(pairs)).unwrap();
    let migrated = async { server::serve::open_store(&config).await.unwrap().close().await };
    // In a thread of its own: the test's runtime is busy with this call.
    std::thread::scope(|threads| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        threads.spawn(move || runtime.block_on(migrated)).join().unwrap();
    });
}
