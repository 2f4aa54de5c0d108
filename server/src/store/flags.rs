//! What flags of records compare.

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::civil::Date;
use sync_core::id::{DeviceId, OfficeId, OrganisationId, PersonId, PhotoHash, RecordId};

use super::StoreError;
use crate::flag::rules::Surroundings;
use crate::flag::sighting::Sighting;

/// A record whose surroundings are asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// Which.
    pub record: RecordId,
    /// Of which organisation.
    pub organisation: OrganisationId,
    /// Who made it.
    pub maker: PersonId,
    /// For which office.
    pub office: OfficeId,
    /// Its business day.
    pub day: Date,
    /// What it says by itself.
    pub seen: Sighting,
    /// The photos that it names.
    pub photos: Vec<PhotoHash>,
}

/// What was found around records.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Around each record that was asked for; nothing around those that are not in it.
    pub around: HashMap<RecordId, Surroundings>,
    /// The stored flags of the others in it.
    pub flags: HashMap<RecordId, u64>,
    /// How far the feeds of the organisations had come. What was published since is not in it.
    pub feeds: HashMap<OrganisationId, u64>,
}

impl Found {
    /// With what was found around other records.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.around.extend(other.around);
        self.flags.extend(other.flags);
        for (organisation, seen) in other.feeds {
            // Of two moments the earlier one: what came between was seen by one of them alone.
            self.feeds.entry(organisation).and_modify(|known| *known = seen.min(*known)).or_insert(seen);
        }
        self
    }
}

/// How far it is looked again at the records of an organisation whose thresholds changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RaisingAnew {
    /// Whose.
    pub organisation: OrganisationId,
    /// For which change of its thresholds. After another one all begins again.
    pub round: u64,
    /// All records up to this one are done.
    pub behind: RecordId,
    /// So many of them are the organisation's.
    pub done: u64,
}

/// What is stored for comparing records with each other.
#[async_trait]
pub trait FlagStore: Send + Sync {
    /// What lies around records, as far as it is stored: all of them in a handful of questions, and from one that occurs
    /// everywhere the first few.
    async fn surroundings(&self, of: &[Subject]) -> Result<Found, StoreError>;
    /// Adds flags to stored records. None is taken away.
    async fn add_flags(&self, raised: &[(RecordId, u64)]) -> Result<(), StoreError>;
    /// Has the flags of all records of an organisation raised anew, from the first one.
    async fn raise_anew(&self, organisation: OrganisationId) -> Result<(), StoreError>;
    /// Whose flags are to be raised anew; of several organisations one.
    async fn to_raise(&self) -> Result<Option<RaisingAnew>, StoreError>;
    /// The next records behind those that are done, in order: whether each is the organisation's.
    async fn next_to_raise(&self, anew: &RaisingAnew, limit: u32) -> Result<Vec<(RecordId, bool)>, StoreError>;
    /// Notes how far it has come since it was asked; no more if there were other thresholds meanwhile.
    async fn note_raised(&self, anew: &RaisingAnew) -> Result<(), StoreError>;
    /// A phone that turned out to have a copy, and up to which record what it wrote has been looked at since.
    async fn forked_to_raise(&self) -> Result<Option<(DeviceId, RecordId)>, StoreError>;
    /// The next records behind one in which a phone has written, in order.
    async fn written_by(&self, device: DeviceId, behind: RecordId, limit: u32) -> Result<Vec<RecordId>, StoreError>;
    /// Notes up to which record it has been looked at what a phone wrote; `None` if none is left.
    async fn note_forked(&self, device: DeviceId, through: Option<RecordId>) -> Result<(), StoreError>;
    /// No record is left, unless there were other thresholds meanwhile.
    async fn finish_raising(&self, anew: &RaisingAnew) -> Result<(), StoreError>;
}
