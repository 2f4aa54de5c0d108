//! `POST /sync/v1/exchange`: push, receipt, verdicts and pull in one.

use jiff::civil::Date;
use minicbor::{Decode, Encode};
use serde::Serialize;

use super::cursor::Cursor;
use super::digest::{Comparison, Offer, Question};
use super::enrol::Profile;
use super::segment::Segment;
use crate::id::{ActorId, ChangeHash, Link, PersonId, RecordId};
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
    /// What the phone holds as published, to be compared.
    #[n(8)]
    pub digest: Option<Question>,
    /// Changes that the phone holds as published and the server lacks.
    #[cbor(n(9), default, skip_if = "Vec::is_empty")]
    pub offers: Vec<Offer>,
    /// Records that are on the phone, a page of up to [`MAX_HOLDING`] after the other since the server said
    /// [`Baseline::Begun`]. Those of them that the server knows and the phone may not have are named as gone.
    #[n(11)]
    pub holding: Option<Vec<RecordId>>,
    /// The phone obeyed [`Order::Wipe`]: nothing of anybody's is left on it. Sent until it is answered, and nothing
    /// else with it.
    #[cbor(n(10), default, skip_if = "is_false")]
    pub wiped: bool,
    /// How the journal stood after line `acknowledged`. By it a server that was set back, and went on with the lines
    /// of a copy of this phone, notices that it need not hold what it once acknowledged.
    #[n(12)]
    pub acknowledged_link: Option<Link>,
    /// When the newest reminder on the phone was made, by which the server knows that it came.
    #[n(13)]
    pub reminded_at: Option<UnixMillis>,
}

/// Not sent when it says nothing, so that messages of phones that know nothing of it are the same.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the encoder asks like this")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// How many records a phone may name in one message.
pub const MAX_HOLDING: usize = 500;

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
    #[cbor(with = "known_orders")]
    pub orders: Vec<Order>,
    /// The new profile, if the phone's is out of date.
    #[n(12)]
    pub profile: Option<Profile>,
    /// With [`Order::Reidentify`]: up to this line the phone's journal is the server's. What comes after is written
    /// again under the new identity.
    #[n(13)]
    pub common_through: u64,
    /// What the comparison came to.
    #[n(14)]
    pub digest: Option<Comparison>,
    /// Where the two stand with a scope that is being read from its beginning.
    #[n(15)]
    pub baseline: Option<Baseline>,
    /// What the office asks for, until the phone says that it has it.
    #[n(16)]
    pub reminder: Option<Reminder>,
}

/// The office waits for a day that this phone has not handed in. A newer one replaces it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Reminder {
    /// When it was made, by the server's clock.
    #[n(0)]
    pub at: UnixMillis,
    /// Which business day, by the office's calendar.
    #[n(1)]
    #[cbor(with = "iso_date")]
    pub day: Date,
    /// What whoever made it is called.
    #[n(2)]
    pub by: String,
}

/// The two steps by which a phone comes to hold its scope and nothing else, after that scope or the server's life
/// has changed.
///
/// Only records that the server knows are ever named as gone. What it has lost, or never published, stays on the
/// phone: there it may be the only copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum Baseline {
    /// The feed begins again at its beginning, the phone's own changes included. The phone names what it holds, from
    /// the start, with its next messages.
    #[n(0)]
    Begun,
    /// What this message named is looked through.
    #[n(1)]
    Checked,
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
        /// What whoever decided said about it; empty if nobody said anything.
        #[cbor(n(1), default)]
        reason: String,
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
    /// Changes, packed by [`crate::chunk::pack`], each after the ones that it depends on.
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
    /// The device was cut off: it may still hand in what it has, and gets nothing. What it hands in is quarantined.
    #[n(2)]
    Deposit,
    /// Forget everything, now that nothing is left to hand in; then say so with [`ExchangeRequest::wiped`].
    #[n(3)]
    Wipe,
    /// Compare what you hold at the end of this run, whenever that was done last.
    #[n(4)]
    SendDigest,
}

/// A newer server may order what this version does not know; the rest of its answer counts all the same.
mod known_orders {
    use minicbor::{Decode as _, Decoder, Encode as _, Encoder};

    use super::Order;

    pub(super) fn encode<C, W: minicbor::encode::Write>(
        orders: &[Order],
        e: &mut Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(orders.len() as u64)?;
        orders.iter().try_for_each(|order| order.encode(e, ctx))
    }

    pub(super) fn decode<C>(d: &mut Decoder<'_>, ctx: &mut C) -> Result<Vec<Order>, minicbor::decode::Error> {
        let count = d.array()?.ok_or_else(|| minicbor::decode::Error::message("a list has a length"))?;
        let mut orders = Vec::new();
        for _ in 0..count {
            let start = d.position();
            match Order::decode(d, ctx) {
                Ok(order) => orders.push(order),
                Err(error) if error.is_unknown_variant() => {
                    d.set_position(start);
                    d.skip()?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(orders)
    }
}

mod iso_date {
    use jiff::civil::Date;
    use minicbor::{Decoder, Encoder};

    pub(super) fn encode<C, W: minicbor::encode::Write>(
        day: &Date,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.str(&day.to_string()).map(drop)
    }

    pub(super) fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Date, minicbor::decode::Error> {
        d.str()?.parse().map_err(|_| minicbor::decode::Error::message("a day is an ISO date"))
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_without_a_reason_is_one_of_an_older_server() {
        let code = || "late".to_owned();
        let mut old = minicbor::Encoder::new(Vec::new());
        old.array(2).unwrap().u32(4).unwrap().array(1).unwrap().str("late").unwrap();
        let read: Verdict = minicbor::decode(old.writer()).unwrap();
        assert_eq!(read, Verdict::Refused { code: code(), reason: String::new() });
        let new = minicbor::to_vec(Verdict::Refused { code: code(), reason: "no".to_owned() }).unwrap();
        assert_eq!(
            minicbor::decode::<Verdict>(&new).unwrap(),
            Verdict::Refused { code: code(), reason: "no".to_owned() }
        );
    }
}
