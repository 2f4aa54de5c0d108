//! Comparing what both sides hold, and what one offers to the other: parts of an exchange.

use minicbor::{Decode, Encode};

use crate::digest::{BucketSum, RecordLeaf, Sum};
use crate::id::{ChangeHash, PersonId, RecordId};
use crate::time::ClockReading;

/// What a phone says about what it holds. Each level is asked for by the answer to the one before.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Question {
    /// The sum of everything.
    #[n(0)]
    Root(#[n(0)] Sum),
    /// The sums of the buckets that are not empty.
    #[n(1)]
    Buckets(#[n(0)] Vec<BucketSum>),
    /// The records of these buckets, all of them.
    #[n(2)]
    Records {
        /// Which buckets.
        #[n(0)]
        #[cbor(with = "minicbor::bytes")]
        buckets: Vec<u8>,
        /// Their records.
        #[n(1)]
        leaves: Vec<RecordLeaf>,
    },
}

/// What the server answers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Comparison {
    /// Both hold the same.
    #[n(0)]
    Same,
    /// There is news that the phone had not read when it asked: ask again after it.
    #[n(1)]
    Later,
    /// They don't: send the sums of the buckets.
    #[n(2)]
    SendBuckets,
    /// They don't: send the records of these buckets.
    #[n(3)]
    SendRecords(
        #[n(0)]
        #[cbor(with = "minicbor::bytes")]
        Vec<u8>,
    ),
    /// What the phone lacks stands in the answer's `pull`.
    #[n(4)]
    Repair {
        /// The records in `pull` that are whole: all their published changes, the phone's own among them. What the
        /// phone holds beyond that as published, the server lacks.
        #[n(0)]
        whole: Vec<RecordId>,
        /// Records that the phone shall offer altogether, because the server holds nothing of them.
        #[n(1)]
        wanted: Vec<RecordId>,
        /// Not everything fitted: send the records of the same buckets again.
        #[n(2)]
        more: bool,
        /// Changes of the records in `whole` that were refused for good, whoever wrote them. A phone that holds one as
        /// published has it from a life of the server in which it was.
        #[cbor(n(3), default, skip_if = "Vec::is_empty")]
        refused: Vec<ChangeHash>,
    },
}

/// Changes of one record that the phone holds as published and the server lacks.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Offer {
    /// Which record.
    #[n(0)]
    pub record: RecordId,
    /// The changes, each after the ones that it follows.
    #[n(1)]
    pub changes: Vec<OfferedChange>,
}

/// A change that the server lacks.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct OfferedChange {
    /// The change, packed by itself ([`crate::chunk::pack`]).
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub packed: Vec<u8>,
    /// The line of the phone's journal about it, if it is the phone's own.
    #[n(1)]
    pub line: Option<OfferedLine>,
    /// Who wrote it, as the server once told the phone. It proves nothing.
    #[n(2)]
    pub author: Option<PersonId>,
}

/// A line of the phone's journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct OfferedLine {
    /// Its position.
    #[n(0)]
    pub n: u64,
    /// What the clocks said.
    #[n(1)]
    pub clock: ClockReading,
}
