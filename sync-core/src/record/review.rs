//! What head quarters says about a record. Only the server writes it.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use super::scalar::{FieldValue, Scalar};
use crate::id::PersonId;
use crate::time::UnixMillis;

/// Where a record stands in review.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum ReviewState {
    /// Nobody has decided yet.
    #[default]
    #[n(0)]
    Received,
    /// Good; the record is locked.
    #[n(1)]
    Approved,
    /// Back to the promoter for correction, with a reason.
    #[n(2)]
    Returned,
    /// Not accepted, with a reason.
    #[n(3)]
    Rejected,
}

impl ReviewState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Received, Self::Approved, Self::Returned, Self::Rejected];

    /// The name in documents, databases and addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Approved => "approved",
            Self::Returned => "returned",
            Self::Rejected => "rejected",
        }
    }

    /// Whether later edits become amendments.
    pub fn is_closed(self) -> bool {
        matches!(self, Self::Approved | Self::Rejected)
    }
}

impl fmt::Display for ReviewState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no state of review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a state of review: expected received, approved, returned or rejected")]
pub struct ReviewStateError;

impl FromStr for ReviewState {
    type Err = ReviewStateError;

    fn from_str(text: &str) -> Result<Self, ReviewStateError> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(ReviewStateError)
    }
}

/// The verdict that stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Where the record stands.
    pub state: ReviewState,
    /// Why it came back or was refused.
    pub reason: Option<String>,
    /// Who decided.
    pub by: Option<PersonId>,
    /// When, by the server's clock.
    pub at: Option<UnixMillis>,
}

impl Review {
    pub(crate) fn cells(&self) -> [(&'static str, Option<Scalar>); 4] {
        [
            ("state", Some(Scalar::Text(self.state.as_str().to_owned()))),
            ("reason", self.reason.as_ref().map(FieldValue::to_scalar)),
            ("by", self.by.as_ref().map(FieldValue::to_scalar)),
            ("at", self.at.as_ref().map(FieldValue::to_scalar)),
        ]
    }

    pub(crate) fn read(cell: impl Fn(&str) -> Option<Scalar>) -> Self {
        let state: Option<String> = cell("state").as_ref().and_then(FieldValue::from_scalar);
        Self {
            state: state.and_then(|text| text.parse().ok()).unwrap_or_default(),
            reason: cell("reason").as_ref().and_then(FieldValue::from_scalar),
            by: cell("by").as_ref().and_then(FieldValue::from_scalar),
            at: cell("at").as_ref().and_then(FieldValue::from_scalar),
        }
    }
}
