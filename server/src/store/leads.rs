//! What is asked about leads together.

use async_trait::async_trait;
use sync_core::id::{OfficeId, OrganisationId, ProjectId, RecordId};

use super::{Scope, StoreError};

/// Which leads are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadFilter {
    /// Of which organisation.
    pub organisation: OrganisationId,
    /// As far as somebody's territory reaches.
    pub scope: Scope,
    /// Only of this office.
    pub office: Option<OfficeId>,
    /// Only about this development.
    pub project: Option<ProjectId>,
}

/// How many customers a consultant has received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// At which office.
    pub office: OfficeId,
    /// Who; nobody was there for those without a name.
    pub consultant: Option<String>,
    /// How many.
    pub arrivals: u64,
}

/// What is asked about leads together.
#[async_trait]
pub trait LeadStore: Send + Sync {
    /// How many leads stand at each stage; those without one under `None`.
    async fn stages(&self, filter: &LeadFilter) -> Result<Vec<(Option<String>, u64)>, StoreError>;
    /// Who has received customers, at one office or all of them, whoever has received most first; only customers of one
    /// development, if one is named.
    async fn received(
        &self,
        organisation: OrganisationId,
        office: Option<OfficeId>,
        project: Option<ProjectId>,
    ) -> Result<Vec<Received>, StoreError>;
    /// Each of these leads with every other one of its organisation that names the same full phone number.
    async fn same_number(&self, leads: &[RecordId]) -> Result<Vec<(RecordId, RecordId)>, StoreError>;
}
