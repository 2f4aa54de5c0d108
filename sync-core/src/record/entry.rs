//! Entries of the append-only lists. An entry is one value: it is added whole and never changed, so concurrent
//! additions are a union and there is nothing inside to merge.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use super::scalar::open_choices;
use crate::id::{ActorId, EntryId, PhotoHash};
use crate::time::UnixMillis;

/// The choices of stages, for `$declare` to make types of: here, and where other languages have to know them.
#[macro_export]
macro_rules! stage_choices {
    ($declare:ident) => {
        $declare! {
            /// How far a lead has come (DOMAIN, "Lead").
            pub enum Stage {
                /// 报备.
                Registered = "registered",
                /// 到访.
                Arrived = "arrived",
                /// 认筹.
                Reserved = "reserved",
                /// 认购.
                Subscribed = "subscribed",
                /// 签约.
                Signed = "signed",
                /// 回款.
                Paid = "paid",
                /// 按揭: a fact about payment, not a step.
                Mortgage = "mortgage",
                /// The lead is lost, with a reason.
                Lost = "lost",
            }
        }
    };
}
stage_choices!(open_choices);

impl Stage {
    /// The step on the way from registration to payment; `None` for what is not a step.
    fn rank(&self) -> Option<u8> {
        match self {
            Self::Registered => Some(0),
            Self::Arrived => Some(1),
            Self::Reserved => Some(2),
            Self::Subscribed => Some(3),
            Self::Signed => Some(4),
            Self::Paid => Some(5),
            Self::Mortgage | Self::Lost | Self::Other(_) => None,
        }
    }
}

/// A contact with a lead, or a remark on any record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cbor(map)]
pub struct FollowUp {
    /// Which entry.
    #[n(0)]
    pub id: EntryId,
    /// When, by the writer's wall clock.
    #[n(1)]
    pub at: UnixMillis,
    /// What was said or done.
    #[n(2)]
    pub text: String,
    /// How: `phone`, `wechat`, `visit` or another word.
    #[n(3)]
    pub by_means_of: Option<String>,
    /// When to follow up again, as an ISO date.
    #[n(4)]
    pub next_on: Option<String>,
}

/// A step of a lead, or a fact about its payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cbor(map)]
pub struct StageEntry {
    /// Which entry.
    #[n(0)]
    pub id: EntryId,
    /// When, by the writer's wall clock.
    #[n(1)]
    pub at: UnixMillis,
    /// Which stage was reached.
    #[n(2)]
    pub stage: Stage,
    /// Why: needed to go back and to lose a lead.
    #[n(3)]
    pub reason: Option<String>,
    /// Yuan as an exact decimal, where the stage is about money.
    #[n(4)]
    pub amount: Option<String>,
    /// Which unit, where one is chosen.
    #[n(5)]
    pub unit: Option<String>,
}

/// A photo that belongs to the record. Its bytes travel on their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cbor(map)]
pub struct PhotoEntry {
    /// Which entry.
    #[n(0)]
    pub id: EntryId,
    /// When it was taken, by the writer's wall clock.
    #[n(1)]
    pub at: UnixMillis,
    /// SHA-256 of the bytes.
    #[n(2)]
    pub hash: PhotoHash,
    /// How many bytes.
    #[n(3)]
    pub bytes: u64,
    /// Media type, for example `image/jpeg`.
    #[n(4)]
    pub media_type: String,
    /// What it shows, in words.
    #[n(5)]
    pub caption: Option<String>,
}

/// An entry together with who wrote it, which the document knows and nobody can claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Signed<T> {
    /// The actor that added the entry.
    pub author: ActorId,
    /// What was added.
    #[serde(flatten)]
    pub entry: T,
}

/// What an append command gives; the identifier and the time are added on the way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FollowUpRequest {
    /// What was said or done.
    pub text: String,
    /// How: `phone`, `wechat`, `visit` or another word.
    pub by_means_of: Option<String>,
    /// When to follow up again.
    pub next_on: Option<jiff::civil::Date>,
}

/// What an append command gives; the identifier and the time are added on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageRequest {
    /// Which stage was reached.
    pub stage: Stage,
    /// Why: needed to go back and to lose a lead.
    pub reason: Option<String>,
    /// Yuan, where the stage is about money.
    pub amount: Option<rust_decimal::Decimal>,
    /// Which unit, where one is chosen.
    pub unit: Option<String>,
}

/// What an append command gives; the identifier and the time are added on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhotoRequest {
    /// SHA-256 of the bytes.
    pub hash: PhotoHash,
    /// How many bytes.
    pub bytes: u64,
    /// Media type, for example `image/jpeg`.
    pub media_type: String,
    /// What it shows, in words.
    pub caption: Option<String>,
}

/// The type of an entry, so that one command appends them all.
pub trait Entry: Encode<()> + for<'b> Decode<'b, ()> + Clone + PartialEq + std::fmt::Debug {
    /// The list it belongs to.
    const ZONE: super::Zone;
    /// What a person gives.
    type Request;

    /// Makes the entry of a request.
    fn from_request(request: Self::Request, id: EntryId, at: UnixMillis) -> Self;

    /// Which entry.
    fn id(&self) -> EntryId;

    /// The longest text in it, to be held against the limit of a field.
    fn longest_text(&self) -> usize;
}

fn length(text: &Option<String>) -> usize {
    text.as_ref().map_or(0, String::len)
}

impl Entry for FollowUp {
    const ZONE: super::Zone = super::Zone::FollowUps;
    type Request = FollowUpRequest;

    fn from_request(request: FollowUpRequest, id: EntryId, at: UnixMillis) -> Self {
        let next_on = request.next_on.map(|day| day.to_string());
        Self { id, at, text: request.text, by_means_of: request.by_means_of, next_on }
    }

    fn id(&self) -> EntryId {
        self.id
    }

    fn longest_text(&self) -> usize {
        self.text.len().max(length(&self.by_means_of))
    }
}

impl Entry for StageEntry {
    const ZONE: super::Zone = super::Zone::Stages;
    type Request = StageRequest;

    fn from_request(request: StageRequest, id: EntryId, at: UnixMillis) -> Self {
        let amount = request.amount.map(|yuan| yuan.to_string());
        Self { id, at, stage: request.stage, reason: request.reason, amount, unit: request.unit }
    }

    fn id(&self) -> EntryId {
        self.id
    }

    fn longest_text(&self) -> usize {
        length(&self.reason).max(length(&self.unit)).max(self.stage.as_str().len())
    }
}

impl Entry for PhotoEntry {
    const ZONE: super::Zone = super::Zone::Photos;
    type Request = PhotoRequest;

    fn from_request(request: PhotoRequest, id: EntryId, at: UnixMillis) -> Self {
        let PhotoRequest { hash, bytes, media_type, caption } = request;
        Self { id, at, hash, bytes, media_type, caption }
    }

    fn id(&self) -> EntryId {
        self.id
    }

    fn longest_text(&self) -> usize {
        length(&self.caption).max(self.media_type.len())
    }
}

/// The stage at which a lead stands, from the list of entries in document order.
///
/// A step forward always counts, so the result does not depend on which of two concurrent steps came first. A
/// step back, and losing a lead, count only with a reason: without one it is a late entry of somebody who did
/// not know better. A lead that was lost comes back by any later step with a reason.
pub fn current_stage<'a>(entries: impl IntoIterator<Item = &'a StageEntry>) -> Option<Stage> {
    let mut current: Option<Stage> = None;
    for entry in entries {
        let has_reason = entry.reason.as_ref().is_some_and(|reason| !reason.trim().is_empty());
        let counts = match (&current, entry.stage.rank()) {
            (_, None) => entry.stage == Stage::Lost && has_reason,
            (None, Some(_)) => true,
            (Some(now), Some(rank)) => now.rank().is_some_and(|now| rank > now) || has_reason,
        };
        if counts {
            current = Some(entry.stage.clone());
        }
    }
    current
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(stage: Stage, reason: Option<&str>) -> StageEntry {
        StageEntry {
            id: EntryId([0; 8]),
            at: UnixMillis(0),
            stage,
            reason: reason.map(str::to_owned),
            amount: None,
            unit: None,
        }
    }

    #[test]
    fn stages_go_forward_and_back_only_with_a_reason() {
        let mut list = vec![entry(Stage::Registered, None), entry(Stage::Subscribed, None)];
        assert_eq!(current_stage(&list), Some(Stage::Subscribed));
        list.push(entry(Stage::Arrived, None));
        assert_eq!(current_stage(&list), Some(Stage::Subscribed), "a late arrival does not undo");
        list.push(entry(Stage::Mortgage, Some("bank")));
        assert_eq!(current_stage(&list), Some(Stage::Subscribed), "a mortgage is not a step");
        list.push(entry(Stage::Arrived, Some("subscription cancelled")));
        assert_eq!(current_stage(&list), Some(Stage::Arrived));
        list.push(entry(Stage::Lost, None));
        assert_eq!(current_stage(&list), Some(Stage::Arrived), "nobody is lost without a reason");
        list.push(entry(Stage::Lost, Some("bought elsewhere")));
        assert_eq!(current_stage(&list), Some(Stage::Lost));
        list.push(entry(Stage::Signed, None));
        assert_eq!(current_stage(&list), Some(Stage::Lost));
        list.push(entry(Stage::Signed, Some("came back")));
        assert_eq!(current_stage(&list), Some(Stage::Signed));
    }

    proptest! {
        #[test]
        fn forward_steps_count_in_any_order(mut ranks in proptest::collection::vec(0usize..6, 1..8), seed: u64) {
            let stages =
                [Stage::Registered, Stage::Arrived, Stage::Reserved, Stage::Subscribed, Stage::Signed, Stage::Paid];
            let of = |ranks: &[usize]| current_stage(&ranks.iter().map(|&r| entry(stages[r].clone(), None)).collect::<Vec<_>>());
            let first = of(&ranks);
            let len = ranks.len();
            ranks.rotate_left(usize::try_from(seed % 8).unwrap() % len);
            prop_assert_eq!(of(&ranks), first);
        }
    }
}
