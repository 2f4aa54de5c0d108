//! The conformance suite on PostgreSQL, and what only PostgreSQL has.

mod backups;
mod cuts;
mod indexes;
mod lead;
mod lives;
mod moving;
mod partitions;
mod pooler;
mod refusals;
mod schema;
mod statements;
mod upgrades;
mod words;

use std::ops::Deref;
use std::str::FromStr as _;

use tempfile::TempDir;
use throwaway_postgres::Database;

use super::*;
use crate::store::Store as _;
use crate::store::conformance::store_conformance;

/// A store in a database of its own.
pub(super) struct Scratch {
    store: PostgresStore,
    pub(super) folder: TempDir,
    pub(super) database: Database,
}

impl Deref for Scratch {
    type Target = PostgresStore;

    fn deref(&self) -> &PostgresStore {
        &self.store
    }
}

impl Scratch {
    /// How its database is reached.
    pub(super) fn access(&self) -> PgConnectOptions {
        PgConnectOptions::from_str(&self.database.url()).unwrap()
    }
}

pub(super) fn access(url: &str) -> Access {
    let options = PgConnectOptions::from_str(url).unwrap();
    let silence = Duration::from_secs(15);
    Access { listening: options.clone(), options, connections: 6, silence, photos: None, prepared: true }
}

pub(super) async fn scratch() -> Scratch {
    let database = throwaway_postgres::shared().database("daybook", |url| {
        let access = access(url);
        let migrate = async {
            let folder = TempDir::new().unwrap();
            PostgresStore::open(&access, folder.path()).await.unwrap().close().await;
        };
        // In a thread of its own: the test's runtime is busy with this call.
        std::thread::scope(|threads| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            threads.spawn(move || runtime.block_on(migrate)).join().unwrap();
        });
    });
    let folder = TempDir::new().unwrap();
    let store = PostgresStore::open(&access(&database.url()), folder.path()).await.unwrap();
    Scratch { store, folder, database }
}

store_conformance!(crate::store::postgres::tests::scratch);
