//! Where servers keep their data.

use std::path::Path;

use throwaway_postgres::Cluster;

use crate::failure::Failure;
use crate::server_process::Settings;

/// Where servers keep their data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Database {
    /// The embedded database in the server's own folder.
    #[default]
    Sqlite,
    /// A PostgreSQL that is started for this run.
    Postgres,
}

impl Database {
    /// Its name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// The name of the organisation's database in a cluster.
pub const NAME: &str = "daybook";

/// A cluster with an empty database for an organisation.
///
/// # Errors
/// When PostgreSQL is missing or does not start.
pub fn start_cluster(settings: &[&str]) -> Result<Cluster, Failure> {
    let cluster = Cluster::start(settings)?;
    cluster.create(NAME, "template0")?;
    Ok(cluster)
}

/// What a server has to be told to use a cluster.
pub fn settings_of(cluster: &Cluster) -> Settings {
    vec![("DAYBOOK_DATABASE_URL".to_owned(), cluster.url(NAME))]
}

/// What several servers have to be told that use a cluster together, and keep photos in one place in this folder.
pub fn settings_of_several(cluster: &Cluster, folder: &Path) -> Settings {
    let photos = folder.join("photos").to_string_lossy().into_owned();
    [settings_of(cluster), vec![("DAYBOOK_PHOTOS_FOLDER".to_owned(), photos)]].concat()
}
