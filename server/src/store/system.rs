//! How the database is.

use async_trait::async_trait;
use serde::Serialize;
use sync_core::id::OrganisationId;
use sync_core::time::UnixMillis;

use super::StoreError;

/// How many changes of an organisation stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct AsideCounts {
    /// They follow changes that have not come.
    pub waiting: u64,
    /// A person has to accept or reject them.
    pub held: u64,
    /// They are false, or were not fit to be looked at.
    pub quarantined: u64,
    /// Refused for good.
    pub refused: u64,
    /// What phones brought back and nobody can place.
    pub strays: u64,
}

/// What a database says of itself and of an organisation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Its size in bytes, as far as it knows.
    pub bytes: u64,
    /// So many changes phones have brought, of all organisations.
    pub changes: u64,
    /// How many changes are received and not judged.
    pub unjudged: u64,
    /// Since when the oldest of these has been here.
    pub unjudged_since: Option<UnixMillis>,
    /// Records whose words no search finds yet.
    pub unsearchable: u64,
    /// So many records have been looked at by the newest thresholds of flags; `None` if these are no news.
    pub raised_anew: Option<u64>,
    /// What was set aside.
    pub aside: AsideCounts,
    /// How many photos are stored.
    pub photos: u64,
    /// Their bytes.
    pub photo_bytes: u64,
    /// When the newest verified backup of the database was taken.
    pub backup_at: Option<UnixMillis>,
    /// When the newest verified backup of the photos was taken.
    pub photo_backup_at: Option<UnixMillis>,
    /// How many servers there are at the moment; `None` if nobody can tell.
    pub servers: Option<u64>,
}

/// How the database is.
#[async_trait]
pub trait SystemStore: Send + Sync {
    /// What kind of database it is: `sqlite` or `postgres`.
    fn kind(&self) -> &'static str;
    /// What it says of itself and of an organisation. Counts some things, so not for every request.
    async fn figures(&self, organisation: OrganisationId) -> Result<Figures, StoreError>;
}
