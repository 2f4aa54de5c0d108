//! `POST /sync/v1/exchange`: push, receipt, verdicts and pull in one.

use minicbor::{Decode, Encode};
use serde::Serialize;

use super::cursor::Cursor;
use super::enrol::Profile;
use super::segment::Segment;
use crate::id::{ActorId, ChangeHash, PersonId, RecordId};
use crate::journal::Receipt;
use crate::time::{ClockReading, UnixMillis};

/// What a phone sends.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ExchangeRequest {
    /// What the clocks say, so that the server can measure skew.
    #[n(0)]
    pub clock: ClockReading,
    /// Name and version of the app.
    #[n(1)]
    pub app: String,
    /// What is still on the phone when this message leaves it, the segment included.
    #[n(2)]
    pub backlog: Backlog,
    /// The next stretch of the journal, if there is something to send.
    #[n(3)]
    pub segment: Option<Segment>,
    /// How far the feed has been read; `None` to read from its beginning.
    #[n(4)]
    pub cursor: Option<Cursor>,
    /// How much the phone will take in one answer.
    #[n(5)]
    pub limits: PullLimits,
    /// The version of the profile that the phone holds; 0 for none.
    #[n(6)]
    pub profile_version: u32,
    /// Up to which line the server has acknowledged the journal, as far as the phone knows. A server that holds
    /// less was set back and asks for the rest again.
    #[n(7)]
    pub acknowledged: u64,
}

/// What has not been acknowledged yet. The office's board shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(array)]
pub struct Backlog {
    /// Records with unsent changes.
    #[n(0)]
    pub records: u32,
    /// Unsent changes.
    #[n(1)]
    pub changes: u32,
    /// When the oldest of them was saved, by the phone's wall clock.
    #[n(2)]
    pub oldest: Option<UnixMillis>,
    /// Photos that still have to be uploaded.
    #[n(3)]
    pub photos: u32,
    /// Bytes of all that.
    #[n(4)]
    pub bytes: u64,
}

/// How much the phone will take in one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct PullLimits {
    /// Records.
    #[n(0)]
    pub records: u32,
    /// Bytes of changes before compression. One record may exceed it.
    #[n(1)]
    pub bytes: u32,
}

impl Default for PullLimits {
    fn default() -> Self {
        Self { records: 500, bytes: 1 << 20 }
    }
}

/// What the server answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ExchangeResponse {
    /// For what was pushed, or for what the server already held if the phone may not know it.
    #[n(0)]
    pub receipt: Option<Receipt>,
    /// The server misses the journal from this position on, and the segment was not taken in.
    #[n(1)]
    pub resend_from: Option<u64>,
    /// What became of changes, where it is not simply "stored". Also about earlier pushes.
    #[n(2)]
    pub verdicts: Vec<ItemVerdict>,
    /// Every change up to this position of the journal has been judged: published, unless a verdict says otherwise.
    #[n(3)]
    pub published_through: u64,
    /// News of the feed.
    #[n(4)]
    pub pull: Vec<PullItem>,
    /// Who the actors in `pull` are.
    #[n(5)]
    pub authors: Vec<Author>,
    /// Where the feed goes on.
    #[n(6)]
    pub cursor: Option<Cursor>,
    /// There is more to read now.
    #[n(7)]
    pub more: bool,
    /// When the phone should come back, in milliseconds; it comes back earlier if a person asks for it.
    #[n(8)]
    pub next_sync_after_ms: u64,
    /// The server's verified backup holds the journal up to here; what lies above must stay on the phone.
    #[n(9)]
    pub backed_up_through: u64,
    /// The server was set back: it holds the feed only up to this position, and the cursor starts again there.
    #[n(10)]
    pub rewound_to: Option<u64>,
    /// What the phone has to do.
    #[n(11)]
    pub orders: Vec<Order>,
    /// The new profile, if the phone's is out of date.
    #[n(12)]
    pub profile: Option<Profile>,
    /// With [`Order::Reidentify`]: up to this line the phone's journal is the server's. What comes after is written
    /// again under the new identity.
    #[n(13)]
    pub common_through: u64,
}

/// What became of one change.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct ItemVerdict {
    /// Position in the device's journal.
    #[n(0)]
    pub n: u64,
    /// What became of it.
    #[n(1)]
    pub verdict: Verdict,
}

/// What became of a change. A change without a verdict was stored.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// It waits on the server for changes that it follows, or for its own bytes if only its name came.
    #[n(0)]
    Need {
        /// What is missing.
        #[n(0)]
        deps: Vec<ChangeHash>,
    },
    /// It is kept as an amendment until the office or head quarters decides.
    #[n(1)]
    Held {
        /// Why.
        #[n(0)]
        code: String,
    },
    /// It is kept where people see it, and is not part of the record.
    #[n(2)]
    Quarantined {
        /// Why.
        #[n(0)]
        code: String,
    },
    /// After having been held or quarantined it became part of the record.
    #[n(3)]
    Published,
    /// It was looked at and refused; the text is the person's to use again.
    #[n(4)]
    Refused {
        /// Why.
        #[n(0)]
        code: String,
    },
}

/// One record of the feed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct PullItem {
    /// Which record.
    #[n(0)]
    pub record: RecordId,
    /// What is new.
    #[n(1)]
    pub news: News,
}

/// What is new about a record.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum News {
    /// Changes, packed by [`crate::trust::chunk::pack`], each after the ones that it depends on.
    #[n(0)]
    Changes(
        #[n(0)]
        #[cbor(with = "packed_list")]
        Vec<Vec<u8>>,
    ),
    /// The record has left the device's scope. The phone keeps it until its own changes are acknowledged.
    #[n(1)]
    Gone(#[n(0)] GoneReason),
}

/// Why a record left the scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum GoneReason {
    /// It belongs to somebody else now.
    #[n(0)]
    Reassigned,
    /// The person's own territory changed.
    #[n(1)]
    ScopeChanged,
}

/// Who an actor is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Author {
    /// The actor.
    #[n(0)]
    pub actor: ActorId,
    /// The person behind it.
    #[n(1)]
    pub person: PersonId,
    /// What the person is called.
    #[n(2)]
    pub name: String,
}

/// What the server asks of a phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum Order {
    /// The journal was continued elsewhere: take a new device identity and write the tail again.
    #[n(0)]
    Reidentify,
    /// The app is too old for what the server has to say.
    #[n(1)]
    Upgrade,
}

mod packed_list {
    use minicbor::{Decoder, Encoder};

    pub(super) fn encode<C, W: minicbor::encode::Write>(
        list: &[Vec<u8>],
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(list.len() as u64)?;
        list.iter().try_for_each(|bytes| e.bytes(bytes).map(drop))
    }

    pub(super) fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Vec<Vec<u8>>, minicbor::decode::Error> {
        let count = d.array()?.ok_or_else(|| minicbor::decode::Error::message("a list has a length"))?;
        (0..count).map(|_| d.bytes().map(<[u8]>::to_vec)).collect()
    }
}
