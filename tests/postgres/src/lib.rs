//! A PostgreSQL of one's own, from Debian's programs: on a Unix socket in a temporary folder, gone with whoever started
//! it, however that ends.
//!
//! Tests share one for a whole run and get a database each:
//!
//! ```no_run
//! let database = throwaway_postgres::shared().database("empty", |url| {
//!     // Runs once for all tests: bring the tables of `url` into being.
//! });
//! println!("{}", database.url());
//! ```

mod cluster;
mod pooler;
mod program;

use std::fs::File;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

pub use cluster::Cluster;
pub use pooler::Pooler;
pub use program::Error;

/// Nothing that tests store has to survive the machine.
const CARELESS: &[&str] = &["fsync=off", "full_page_writes=off", "max_connections=400", "shared_buffers=64MB"];

/// The cluster that all tests of this run share, however many processes they run in.
///
/// # Panics
/// When PostgreSQL is missing or does not start: the message says what to install.
pub fn shared() -> &'static Shared {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    SHARED.get_or_init(|| Shared::join().unwrap_or_else(|error| panic!("{error}")))
}

/// A cluster shared by tests.
#[derive(Debug)]
pub struct Shared {
    cluster: Cluster,
    gate: PathBuf,
}

/// A database for one test; dropped with this.
#[derive(Debug)]
pub struct Database {
    cluster: &'static Shared,
    name: String,
}

impl Shared {
    fn join() -> Result<Self, Error> {
        // nextest gives every test a process of its own; the run lasts as long as their parent.
        let run = match std::env::var_os("NEXTEST_RUN_ID") {
            Some(_) => std::os::unix::process::parent_id(),
            None => std::process::id(),
        };
        let folder = std::env::temp_dir().join(format!("daybook-postgres-{run}"));
        let gate = folder.with_extension("gate");
        let guard = enter(&gate)?;
        let cluster = Cluster::join(&folder, run, CARELESS)?;
        drop(guard);
        Ok(Self { cluster, gate })
    }

    /// A fresh database, copied from the template of this name; `fill` makes the template if this is the first test of
    /// the run that asks for it.
    ///
    /// # Panics
    /// When the database can't be made.
    pub fn database(&'static self, template: &str, fill: impl FnOnce(&str)) -> Database {
        let name = next_name();
        self.make(template, fill, &name).unwrap_or_else(|error| panic!("{error}"));
        Database { cluster: self, name }
    }

    fn make(&self, template: &str, fill: impl FnOnce(&str), name: &str) -> Result<(), Error> {
        let guard = enter(&self.gate)?;
        let known = self.cluster.ask("postgres", &format!("select 1 from pg_database where datname = '{template}'"))?;
        if known.is_empty() {
            // It gets its name when it is filled: a test that failed in the middle leaves none that others would take.
            self.cluster.create("unfinished", "template0")?;
            fill(&self.cluster.url("unfinished"));
            self.cluster.ask("postgres", &format!("alter database unfinished rename to {template}"))?;
        }
        drop(guard);
        self.cluster.create(name, template)
    }

    /// The cluster itself.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }
}

fn next_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Waits until no other process of the run starts the cluster or makes a template.
fn enter(gate: &std::path::Path) -> Result<File, Error> {
    let opened = File::options().create(true).truncate(false).write(true).open(gate);
    opened
        .and_then(|file| file.lock().map(|()| file))
        .map_err(|source| Error::Io { what: gate.display().to_string(), source })
}

impl Database {
    /// Where it is.
    pub fn url(&self) -> String {
        self.cluster.cluster.url(&self.name)
    }

    /// A copy of it as it is now; nobody may be connected.
    ///
    /// # Panics
    /// When the copy can't be made.
    pub fn copy(&self) -> Self {
        let name = next_name();
        self.cluster.cluster.create(&name, &self.name).unwrap_or_else(|error| panic!("{error}"));
        Self { cluster: self.cluster, name }
    }

    /// Its name in the cluster.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // The cluster ends with the run anyway; this only keeps it small.
        let _ = self.cluster.cluster.ask("postgres", &format!("drop database {} with (force)", self.name));
    }
}
