//! How far a device has read its feed.

use minicbor::{Decode, Encode};

/// A position that also proves in which life of the server it was given.
///
/// The salt is a random number that the server keeps for a block of positions. A cursor whose salt the server
/// does not know shows that the server was set back in time, even if nobody told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(array)]
pub struct Cursor {
    /// Which life of the server's database; raised by a restore.
    #[n(0)]
    pub epoch: u32,
    /// The salt of the block in which `seq` lies.
    #[n(1)]
    pub salt: u64,
    /// Which version of the device's scope it was read in.
    #[n(2)]
    pub scope_version: u32,
    /// The last position that was read.
    #[n(3)]
    pub seq: u64,
    /// While the feed is being read page by page: the position up to which the device had everything when it began.
    /// A record that changes meanwhile moves past the pages already read and must bring along its older changes.
    #[n(4)]
    pub since: Option<u64>,
    /// While the feed is being read from its very beginning: how that began.
    #[n(5)]
    pub beginning: Option<Beginning>,
}

/// How a device came to read its feed from the very beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(array)]
pub struct Beginning {
    /// Where the feed ended at that moment. What had left the scope by then is not told: the device can't have got
    /// it in this reading, and names what it has from earlier ones.
    #[n(0)]
    pub head: u64,
    /// It had read before, in another scope or another life of the server. It may have dropped what it wrote itself,
    /// so that comes too.
    #[n(1)]
    pub again: bool,
}
