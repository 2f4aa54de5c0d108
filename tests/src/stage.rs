//! The servers of a play, and what they keep their data in.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use throwaway_postgres::Cluster;

use crate::balancer::Balancer;
use crate::database::{Database, settings_of_several, start_cluster};
use crate::failure::Failure;
use crate::server_process::{ServerProcess, Settings, server_program};

/// PostgreSQL knows afterwards when each row was committed.
const CLUSTER: &[&str] = &["track_commit_timestamp=on"];

/// Running servers: one on SQLite, or two on one PostgreSQL with a balancer in front of them.
#[derive(Debug)]
pub struct Stage {
    /// The server that takes orders, and that is killed.
    pub(crate) first: Mutex<ServerProcess>,
    second: Option<Mutex<ServerProcess>>,
    /// After the servers: they are dropped first.
    cluster: Option<Cluster>,
}

impl Stage {
    /// Starts the servers in `folder`, with these settings beside those that lead them to their database.
    ///
    /// # Errors
    /// When one does not start, or PostgreSQL is missing.
    pub fn build(database: Database, folder: &Path, settings: Settings) -> Result<Self, Failure> {
        let program = server_program()?;
        match database {
            Database::Sqlite => {
                let first = Mutex::new(ServerProcess::start_with(&program, folder, settings)?);
                Ok(Self { first, second: None, cluster: None })
            }
            Database::Postgres => {
                let cluster = start_cluster(CLUSTER)?;
                let settings = [settings_of_several(&cluster, folder), settings].concat();
                let mut first = ServerProcess::start_with(&program, folder, settings.clone())?;
                let second = ServerProcess::start_with(&program, &folder.join("second"), settings)?;
                let addresses = [&first, &second].map(|server| server.addresses().http.clone());
                first.stand_behind(Balancer::before(addresses.into())?.base_url());
                Ok(Self { first: Mutex::new(first), second: Some(Mutex::new(second)), cluster: Some(cluster) })
            }
        }
    }

    /// The server; of several the first.
    pub fn server(&self) -> MutexGuard<'_, ServerProcess> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All servers.
    pub fn servers(&self) -> impl Iterator<Item = &Mutex<ServerProcess>> {
        [Some(&self.first), self.second.as_ref()].into_iter().flatten()
    }

    /// The PostgreSQL below, if there is one.
    pub fn cluster(&self) -> Option<&Cluster> {
        self.cluster.as_ref()
    }

    /// Asks the servers to finish and waits until they have.
    ///
    /// # Errors
    /// When one does not end, or ends with an error.
    pub fn stop(self) -> Result<(), Failure> {
        for server in [Some(self.first), self.second].into_iter().flatten() {
            server.into_inner().unwrap_or_else(PoisonError::into_inner).stop()?;
        }
        Ok(())
    }
}
