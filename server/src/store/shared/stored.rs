//! How values of the domain stand in columns.

use sync_core::id::{ChangeHash, Link, PublicKey};
use uuid::Uuid;

use super::failure::corrupt;
use crate::store::{ChangeState, Scope, StoreError};

/// A position or count, which a column holds as a signed number.
pub(in crate::store) fn count(stored: i64) -> Result<u64, StoreError> {
    u64::try_from(stored).map_err(|_| corrupt("count"))
}

/// A small count.
pub(in crate::store) fn small(stored: i64) -> Result<u32, StoreError> {
    u32::try_from(stored).map_err(|_| corrupt("count"))
}

/// A position or count on its way into a column or a comparison. What no column can hold is as good as the largest.
pub(in crate::store) fn position(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

macro_rules! bytes {
    ($($(#[$doc:meta])* $function:ident -> $type:ty;)+) => {$(
        $(#[$doc])*
        pub(in crate::store) fn $function(stored: &[u8]) -> Result<$type, StoreError> {
            <$type>::from_slice(stored).ok_or_else(|| corrupt(stringify!($function)))
        }
    )+};
}

bytes! {
    /// A change's name.
    hash -> ChangeHash;
    /// A link of a journal.
    link -> Link;
    /// A public key.
    key -> PublicKey;
}

/// Thirty-two bytes.
pub(in crate::store) fn thirty_two(stored: &[u8]) -> Result<[u8; 32], StoreError> {
    stored.try_into().map_err(|_| corrupt("digest"))
}

/// Names of changes in one column.
pub(in crate::store) fn hashes(stored: &[u8]) -> Result<Vec<ChangeHash>, StoreError> {
    stored.chunks(32).map(hash).collect()
}

/// Names of changes for one column.
pub(in crate::store) fn joined(hashes: &[ChangeHash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// A change's state.
pub(in crate::store) fn state(stored: i16) -> Result<ChangeState, StoreError> {
    ChangeState::from_number(stored).ok_or_else(|| corrupt("state of a change"))
}

/// A text from outside on its way into a column or a comparison. PostgreSQL has no character zero in its texts, and
/// nobody misses it.
pub(in crate::store) fn text(text: &str) -> String {
    text.replace('\0', "")
}

/// A word for one of the domain's choices.
pub(in crate::store) fn word<T: std::str::FromStr>(stored: &str, what: &'static str) -> Result<T, StoreError> {
    stored.parse().map_err(|_| corrupt(what))
}

/// The identifier of whom a scope belongs to.
pub(in crate::store) fn scope_key(scope: &Scope) -> Uuid {
    match scope {
        Scope::Person(id) => id.0,
        Scope::Team(id) => id.0,
        Scope::Office(id) => id.0,
        Scope::Organisation(id) => id.0,
    }
}
