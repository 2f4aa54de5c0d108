//! `POST /sync/v1/photos/state`: which photos the server holds. The bytes of photos travel by the tus protocol
//! (docs/PROTOCOL.md); this asks for many at once what became of them, so that a phone notices when a restored server
//! has lost some, and learns which ones it need not keep any more.

use minicbor::{Decode, Encode};
use serde::Serialize;

use crate::id::PhotoHash;

/// At most so many photos are asked about at once.
pub const MOST_HASHES: usize = 200;

/// Photos that a phone holds and has uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct PhotoStateRequest {
    /// Which ones, at most [`MOST_HASHES`].
    #[n(0)]
    pub hashes: Vec<PhotoHash>,
}

/// What became of them.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct PhotoStateResponse {
    /// In the order of the question.
    #[n(0)]
    pub states: Vec<PhotoState>,
}

/// What became of a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum PhotoState {
    /// The server does not have it, or not for this person: upload it (again).
    #[n(0)]
    Missing,
    /// The server has it. The phone keeps its own.
    #[n(1)]
    Stored,
    /// A verified backup of the server holds it too, and no older one is going to be restored: the phone may let go of
    /// its own.
    #[n(2)]
    BackedUp,
}
