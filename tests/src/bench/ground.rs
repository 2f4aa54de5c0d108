//! A database with a server on it, on the real disk.

use std::fs;
use std::path::{Path, PathBuf};

use server::config::{Config, Layers};
use server::serve;
use server::state::App;
use tempfile::TempDir;
use throwaway_postgres::Cluster;

use crate::database::{Database, NAME, settings_of, start_cluster};
use crate::failure::Failure;
use crate::process::family_cpu_s;
use crate::server_process::{ServerProcess, Settings, data_folder, server_program};

/// As who operates a PostgreSQL for many servers sets it, and everything confirmed is on the disk.
const CLUSTER: &[&str] = &["shared_buffers=512MB", "max_wal_size=4GB", "max_connections=200"];

/// A database with a server on it.
pub struct Ground {
    folder: TempDir,
    cluster: Option<Cluster>,
}

impl Ground {
    /// An empty database.
    ///
    /// # Errors
    /// When there is no room for it, or PostgreSQL is missing.
    pub fn fresh(database: Database) -> Result<Self, Failure> {
        let folder = tempfile::tempdir().map_err(Failure::system("can't make a fresh folder"))?;
        fs::create_dir(data_folder(folder.path())).map_err(Failure::system("can't make a fresh folder"))?;
        let cluster = match database {
            Database::Sqlite => None,
            Database::Postgres => Some(start_cluster(CLUSTER)?),
        };
        Ok(Self { folder, cluster })
    }

    /// A copy of a database that [`Self::keep`] has kept.
    ///
    /// # Errors
    /// When the copy can't be made.
    pub fn copy_of(kept: &Path, database: Database) -> Result<Self, Failure> {
        let ground = Self::fresh(database)?;
        match &ground.cluster {
            None => {
                let to = data_folder(ground.folder.path());
                for entry in fs::read_dir(kept).map_err(Failure::system("can't read what was kept"))? {
                    let from = entry.map_err(Failure::system("can't read what was kept"))?;
                    let copied = fs::copy(from.path(), to.join(from.file_name()));
                    copied.map_err(Failure::system("can't copy what was kept"))?;
                }
            }
            Some(cluster) => {
                cluster.stop()?;
                cluster.copy(kept, &cluster.data())?;
                cluster.go_on()?;
            }
        }
        Ok(ground)
    }

    /// Keeps a copy of the database under this name. Nobody may use it.
    ///
    /// # Errors
    /// When the copy can't be made.
    pub fn keep(&self, kept: &Path) -> Result<(), Failure> {
        let unfinished = kept.with_extension("unfinished");
        let failed = || Failure::system(format!("can't keep {}", kept.display()));
        match &self.cluster {
            None => {
                fs::create_dir_all(&unfinished).map_err(failed())?;
                let database = data_folder(self.folder.path()).join("daybook.db");
                fs::copy(database, unfinished.join("daybook.db")).map_err(failed())?;
            }
            Some(cluster) => {
                fs::create_dir_all(kept.parent().unwrap_or(kept)).map_err(failed())?;
                cluster.ask(NAME, "vacuum analyze")?;
                cluster.ask(NAME, "checkpoint")?;
                cluster.stop()?;
                cluster.copy(&cluster.data(), &unfinished)?;
                cluster.go_on()?;
            }
        }
        fs::rename(&unfinished, kept).map_err(failed())
    }

    fn settings(&self) -> Settings {
        self.cluster.as_ref().map(settings_of).unwrap_or_default()
    }

    /// Does something in this process with the server's own parts, while no server runs.
    ///
    /// # Errors
    /// When the database can't be opened, or the work fails.
    pub fn inside<R>(&self, work: impl AsyncFnOnce(&App) -> Result<R, Failure>) -> Result<R, Failure> {
        let runtime = tokio::runtime::Runtime::new().map_err(Failure::system("can't start a runtime"))?;
        let folder = data_folder(self.folder.path()).to_string_lossy().into_owned();
        let layers = Layers::default().environment(self.settings()).flag("", "database.folder", Some(folder));
        let config = Config::read(layers).map_err(odd)?;
        runtime.block_on(async {
            let app = serve::open(config).await.map_err(odd)?;
            let done = work(&app).await;
            app.store.close().await;
            done
        })
    }

    /// Starts the server.
    ///
    /// # Errors
    /// When it does not start.
    pub fn serve(&self) -> Result<ServerProcess, Failure> {
        let mut settings = self.settings();
        settings.push(("DAYBOOK_HTTP_METRICS_LISTEN".to_owned(), "127.0.0.1:0".to_owned()));
        ServerProcess::start_with(&server_program()?, self.folder.path(), settings)
    }

    /// Runs a command of the server's program while no server runs.
    ///
    /// # Errors
    /// When it fails.
    pub fn order(&self, command: &str) -> Result<(), Failure> {
        ServerProcess::run_once(&server_program()?, self.folder.path(), &self.settings(), command)
    }

    /// Loses all that `daybook rebuild` makes anew, while no server runs.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn lose_read_tables(&self) -> Result<(), Failure> {
        const CACHES: &str = "record, record_total, lead_phone, day_fact, photo_reference";
        match &self.cluster {
            None => {
                let open = rusqlite::Connection::open(data_folder(self.folder.path()).join("daybook.db"));
                let database = open.map_err(odd)?;
                let tables = CACHES.split(", ").map(|table| format!("delete from {table};")).collect::<String>();
                let all = format!("{tables} insert into record_search (record_search) values ('delete-all'); vacuum;");
                database.execute_batch(&all).map_err(odd)
            }
            Some(cluster) => Ok(cluster.ask(NAME, &format!("truncate {CACHES}, word_run, word_block")).map(drop)?),
        }
    }

    /// How much the database has on the disk, in bytes; of PostgreSQL without its log of writes.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn disk_bytes(&self) -> Result<u64, Failure> {
        match &self.cluster {
            None => folder_bytes(&data_folder(self.folder.path())),
            Some(cluster) => {
                let said = cluster.ask("postgres", &format!("select pg_database_size('{NAME}')"))?;
                said.parse().map_err(|_| Failure::Unexpected(format!("the size of the database is {said}")))
            }
        }
    }

    /// Processor time that PostgreSQL has used so far, in seconds; nothing for SQLite, which is part of the server.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn database_cpu_s(&self) -> Result<f64, Failure> {
        self.cluster.as_ref().map_or(Ok(0.0), |cluster| {
            let file = cluster.data().join("postmaster.pid");
            let said = fs::read_to_string(file).map_err(Failure::system("can't read PostgreSQL's process"))?;
            let process = said.lines().next().and_then(|line| line.trim().parse().ok());
            family_cpu_s(process.ok_or_else(|| Failure::Unexpected("PostgreSQL has no process".to_owned()))?)
        })
    }

    /// A folder for phones: in memory where there is such a thing, because each has a disk of its own.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn phones_folder() -> Result<TempDir, Failure> {
        let memory = PathBuf::from("/dev/shm");
        let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        made.map_err(Failure::system("can't make a fresh folder"))
    }
}

fn folder_bytes(folder: &Path) -> Result<u64, Failure> {
    let failed = || Failure::system(format!("can't read {}", folder.display()));
    let mut bytes = 0;
    for entry in fs::read_dir(folder).map_err(failed())? {
        let path = entry.map_err(failed())?.path();
        let about = fs::symlink_metadata(&path).map_err(failed())?;
        bytes += if about.is_dir() { folder_bytes(&path)? } else { about.len() };
    }
    Ok(bytes)
}

/// A failure of the server's parts.
pub(crate) fn odd(error: impl std::fmt::Debug) -> Failure {
    Failure::Unexpected(format!("the server's parts: {error:?}"))
}
