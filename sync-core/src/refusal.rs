//! What a person wrote and the server refused, kept until the person has dealt with it.
//!
//! A refused change, and whatever of this device follows it, is taken out of its record: what a record shows is what
//! everybody will see. The text stays here, and can be offered again as a new edit of the record as it stands
//! ([`crate::notebook::Notebook::offer_again`]).

use minicbor::{Decode, Encode};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::history::FieldChange;
use crate::id::{ChangeHash, ProjectId, RecordId};
use crate::record::Kind;
use crate::time::UnixMillis;

/// A change that was refused.
#[derive(Clone, Debug, PartialEq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Refusal {
    /// About which record it was.
    #[n(0)]
    pub record: RecordId,
    /// The change.
    #[n(1)]
    pub change: ChangeHash,
    /// Why, for programs: a code of [`crate::trust::code`].
    #[n(2)]
    pub code: String,
    /// What whoever decided said about it; empty if nobody said anything.
    #[n(3)]
    pub reason: String,
    /// When it was written, by this device's wall clock.
    #[n(4)]
    pub written_at: UnixMillis,
    /// When this device heard of the refusal, by its wall clock.
    #[n(5)]
    pub refused_at: UnixMillis,
    /// The kind of the record; `None` if it could not be read any more.
    #[n(6)]
    pub kind: Option<Kind>,
    /// What the record was called in lists.
    #[n(7)]
    pub title: String,
    /// The development that the record was about.
    #[n(8)]
    pub project: Option<ProjectId>,
    /// What the person had written.
    #[n(9)]
    pub fields: Vec<FieldChange>,
}

impl Refusal {
    /// The record in which the text lives on if the refused one is gone: always the same one, so that the parts of a
    /// refused record come together again, and asking twice makes nothing twice.
    pub fn successor(&self) -> RecordId {
        let mut hasher = Sha256::new();
        hasher.update("daybook/offer-again/1");
        hasher.update(self.record.as_bytes());
        let digest = hasher.finalize();
        let mut random = [0; 10];
        random.copy_from_slice(&digest[..10]);
        // A record's identifier begins with when it was made; its successor sorts beside it.
        let millis = self.record.as_bytes()[..6].iter().fold(0, |millis, byte| millis << 8 | u64::from(*byte));
        RecordId(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }
}
