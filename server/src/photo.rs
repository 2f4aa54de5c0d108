//! Photos: the lane that never holds up a record.
//!
//! A record names its photos by SHA-256. Their bytes come on their own, in pieces, by the tus protocol ([`upload`]);
//! they are staged on this machine's disk ([`staging`]) until they are whole, are then checked against their name,
//! freed of metadata ([`strip`]), given a small picture ([`picture`]) and put into the object store ([`depot`]). Nothing
//! that a record may still need is ever removed ([`collect`]).

pub mod album;
pub mod collect;
pub mod depot;
pub mod finish;
pub mod keep;
pub mod picture;
pub mod read;
pub mod staging;
pub mod strip;
pub mod upload;

use tokio::sync::Semaphore;

use crate::config::Config;
use crate::error::ServiceError;
use depot::Depot;
use staging::Staging;

/// At most so many photos are decoded at once: each may need as much memory as [`picture`] allows.
const MOST_WORKERS: usize = 4;

/// What the photos lane works with.
#[derive(Debug)]
pub struct Photos {
    pub(crate) depot: Depot,
    pub(crate) staging: Staging,
    pub(crate) workers: Semaphore,
}

impl Photos {
    /// Opens the place where photos lie.
    ///
    /// # Errors
    /// When a folder can't be made, or the settings of a bucket can't be used.
    pub fn open(config: &Config) -> Result<Self, ServiceError> {
        let folder = &config.database.folder;
        let workers = std::thread::available_parallelism().map_or(1, usize::from).div_ceil(2).min(MOST_WORKERS);
        Ok(Self {
            depot: Depot::open(config).map_err(ServiceError::internal)?,
            staging: Staging::open(folder.join("photo-uploads")).map_err(ServiceError::internal)?,
            workers: Semaphore::new(workers),
        })
    }
}
