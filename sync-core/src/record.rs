//! What promoters write down: visits, surveys and leads (DOMAIN, "Records").
//!
//! A record is laid out by *authority*: [`Zone`] says which part of it somebody may write, and the parts differ
//! in how they merge. This module holds the plain structs; [`crate::document`] keeps them in a CRDT document.

pub mod entry;
pub mod facts;
pub mod header;
pub mod lead;
pub mod office;
pub mod review;
pub mod scalar;
pub mod survey;
pub mod view;
pub mod visit;

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum Kind {
    /// A visit 拜访 to an outlet, partner or person.
    #[n(0)]
    Visit,
    /// A filled-in survey 客户调查表.
    #[n(1)]
    Survey,
    /// A registered prospect 意向客户.
    #[n(2)]
    Lead,
}

impl Kind {
    /// All kinds, in the order in which lists show them.
    pub const ALL: [Self; 3] = [Self::Visit, Self::Survey, Self::Lead];

    /// The name in documents, databases and addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Visit => "visit",
            Self::Survey => "survey",
            Self::Lead => "lead",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a kind of record: expected visit, survey or lead")]
pub struct KindError;

impl FromStr for Kind {
    type Err = KindError;

    fn from_str(text: &str) -> Result<Self, KindError> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(KindError)
    }
}

/// A top-level part of a document, named by who may write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum Zone {
    /// Written once, in the first change.
    #[n(0)]
    Header,
    /// Written by the owner, the supervisor of the team and head quarters.
    #[n(1)]
    Facts,
    /// Append-only.
    #[n(2)]
    FollowUps,
    /// Append-only; the current stage is derived.
    #[n(3)]
    Stages,
    /// Append-only.
    #[n(4)]
    Photos,
    /// Written by the office: assignment and arrival.
    #[n(5)]
    Office,
    /// Written by head quarters, through the server only.
    #[n(6)]
    Review,
}

impl Zone {
    /// All zones in the order in which a document holds them.
    pub const ALL: [Self; 7] =
        [Self::Header, Self::Facts, Self::FollowUps, Self::Stages, Self::Photos, Self::Office, Self::Review];

    /// The key at the root of the document.
    pub fn key(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Facts => "facts",
            Self::FollowUps => "follow_ups",
            Self::Stages => "stages",
            Self::Photos => "photos",
            Self::Office => "office",
            Self::Review => "review",
        }
    }

    /// The zone behind a root key; `None` for the keys of newer apps.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|zone| zone.key() == key)
    }

    /// Whether the zone is a list that only grows.
    pub fn is_append_only(self) -> bool {
        matches!(self, Self::FollowUps | Self::Stages | Self::Photos)
    }
}
