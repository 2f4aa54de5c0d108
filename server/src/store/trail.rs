//! The audit trail: who did what from where, in a chain that shows if anybody tampers with it.

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use sync_core::id::{OrganisationId, PersonId};
use sync_core::time::UnixMillis;

use super::StoreError;

/// What ties an entry to all before it.
pub type TrailLink = [u8; 32];

/// The link before the first entry.
pub const BEGINNING: TrailLink = [0; 32];

/// Something that somebody did, about to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTrailEntry {
    /// When.
    pub at: UnixMillis,
    /// Who; `None` for whoever administers the server itself.
    pub person: Option<PersonId>,
    /// From where: the address of a browser, or `machine`.
    pub origin: String,
    /// What: the operation.
    pub act: String,
    /// To what: the operation's address.
    pub subject: String,
    /// With what: a JSON value.
    pub detail: String,
}

/// Something that somebody did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailEntry {
    /// The how-manieth of its organisation, from 1.
    pub no: u64,
    /// What it is.
    pub entry: NewTrailEntry,
    /// What ties it to all before it.
    pub link: TrailLink,
}

impl NewTrailEntry {
    /// The link of this entry as number `no` after `before`.
    pub fn link(&self, organisation: OrganisationId, no: u64, before: &TrailLink) -> TrailLink {
        let mut hasher = Sha256::new();
        hasher.update(b"daybook/audit/1");
        hasher.update(before);
        hasher.update(organisation.as_bytes());
        hasher.update(no.to_be_bytes());
        hasher.update(self.at.0.to_be_bytes());
        hasher.update([u8::from(self.person.is_some())]);
        hasher.update(self.person.map_or([0; 16], |id| *id.as_bytes()));
        for text in [&self.origin, &self.act, &self.subject, &self.detail] {
            // With its length, so that nothing can move from one field to the next.
            hasher.update((text.len() as u64).to_be_bytes());
            hasher.update(text.as_bytes());
        }
        hasher.finalize().into()
    }
}

/// Which entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrailQuery {
    /// Before this number, newest first; from the newest on if it is `None`.
    pub before: Option<u64>,
    /// Only what this person did.
    pub person: Option<PersonId>,
    /// Not before.
    pub from: Option<UnixMillis>,
    /// Before.
    pub to: Option<UnixMillis>,
    /// At most.
    pub limit: u32,
}

/// The audit trail. What was appended is durable when the method returns.
#[async_trait]
pub trait TrailStore: Send + Sync {
    /// Appends an entry to an organisation's trail; its number.
    async fn append_trail(&self, organisation: OrganisationId, entry: &NewTrailEntry) -> Result<u64, StoreError>;
    /// Entries, newest first.
    async fn trail(&self, organisation: OrganisationId, query: &TrailQuery) -> Result<Vec<TrailEntry>, StoreError>;
    /// How many entries those are, over all pages: `limit` counts for nothing.
    async fn count_trail(&self, organisation: OrganisationId, query: &TrailQuery) -> Result<u64, StoreError>;
    /// Entries after a number, oldest first.
    async fn trail_after(
        &self,
        organisation: OrganisationId,
        no: u64,
        limit: u32,
    ) -> Result<Vec<TrailEntry>, StoreError>;
}
