//! What the comparison between phones and the server needs to know and to keep.

use sync_core::id::{ActorId, ChangeHash, DeviceId, OrganisationId, PersonId, RecordId};
use sync_core::time::UnixMillis;

/// A published record as the read row knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordHeads {
    /// Which record.
    pub record: RecordId,
    /// Its newest changes.
    pub heads: Vec<ChangeHash>,
    /// Its feed position.
    pub seq: u64,
    /// Whether as many published changes are stored as the row counts.
    pub whole: bool,
}

/// A change that a phone offers without being able to prove whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewStray {
    /// About which record.
    pub record: RecordId,
    /// Its name.
    pub hash: ChangeHash,
    /// Under which actor it was written.
    pub actor: ActorId,
    /// Its bytes.
    pub raw: Vec<u8>,
    /// Who wrote it, as the phone says.
    pub claimed: Option<PersonId>,
}

/// How many open strays one device may have here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StrayLimits {
    /// Changes.
    pub changes: u32,
    /// Bytes of them.
    pub bytes: u64,
}

/// A stray that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// Its number, for paging.
    pub id: i64,
    /// To whom it belongs.
    pub organisation: OrganisationId,
    /// What was offered.
    pub change: NewStray,
    /// To whom the actor belongs, if the server knows.
    pub author: Option<PersonId>,
    /// Which phone offered it first.
    pub offered_by: DeviceId,
    /// When.
    pub at: UnixMillis,
}

/// What a person decided about a stray.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StrayDecision {
    /// It became part of its record.
    Adopted,
    /// It is not wanted; its bytes are kept all the same.
    Discarded {
        /// Why.
        reason: String,
    },
}
