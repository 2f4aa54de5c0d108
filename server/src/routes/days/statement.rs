//! What a sealed statement says, in the OpenAPI document. [`crate::day::statement`] makes it and knows nothing of OpenAPI;
//! tests hold every answer against what stands here.

#![expect(dead_code, reason = "these types describe others and are never made")]

use std::collections::BTreeMap;

use utoipa::ToSchema;
use uuid::Uuid;

use super::{CountsBody, FigureBody};
use crate::routes::names;

/// A statement of an office's day, or a supplement to it. Names are those of the moment at which it was sealed.
#[derive(ToSchema)]
pub(crate) struct SealedBody {
    /// `daybook/statement/1`.
    form: String,
    organisation: NamedBody,
    office: NamedBody,
    #[schema(format = Date)]
    day: String,
    /// 0 for the statement, then its supplements.
    number: u32,
    sealed_at: i64,
    sealed_by: NamedBody,
    /// Where the audit trail ended; statements that are older than the trail don't say.
    #[schema(required = false)]
    audit: Option<AnchorBody>,
    /// Why there is a supplement.
    reason: Option<String>,
    /// All records together.
    total: CountsBody,
    /// The records of each person who made any, by name.
    people: Vec<PersonCountsBody>,
    /// By sort: `arrival`, `reserved`, `subscribed`, `signed`, `paid`, `mortgage`.
    figures: BTreeMap<String, FigureBody>,
    /// How far the server held the journal of each phone.
    devices: Vec<DeviceHeadBody>,
    /// The phones that had not handed in their day.
    missing: Vec<AbsentDeviceBody>,
    /// What is counted: no other statement counts any of it.
    records: Vec<Uuid>,
    /// Facts that are counted.
    facts: Vec<FactBody>,
}

/// Something with the name that it had when the day was sealed.
#[derive(ToSchema)]
pub(crate) struct NamedBody {
    id: Uuid,
    name: String,
}

/// An entry of the audit trail.
#[derive(ToSchema)]
pub(crate) struct AnchorBody {
    no: u64,
    /// Its link.
    #[schema(schema_with = names::hash)]
    link: String,
}

/// What somebody made.
#[derive(ToSchema)]
pub(crate) struct PersonCountsBody {
    person: NamedBody,
    #[serde(flatten)]
    counts: CountsBody,
}

/// A phone as the server knew it.
#[derive(ToSchema)]
pub(crate) struct DeviceHeadBody {
    device: NamedBody,
    person: NamedBody,
    /// How many lines of its journal the server held.
    n: u64,
    /// The link of the last of them.
    #[schema(schema_with = names::hash)]
    link: String,
    last_exchange_at: Option<i64>,
    /// Photos that it had said were left on it; missing if none were, and in older statements.
    #[schema(required = false)]
    photos: u32,
}

/// A phone that had not handed in its day.
#[derive(ToSchema)]
pub(crate) struct AbsentDeviceBody {
    device: NamedBody,
    person: NamedBody,
    #[schema(schema_with = names::absence)]
    absence: String,
    /// Changes that it had said were left on it.
    unsent: u32,
    /// Photos that it had said were left on it; missing if none were, and in older statements.
    #[schema(required = false)]
    photos: u32,
    last_exchange_at: Option<i64>,
    /// What whoever closed the day knew.
    reason: String,
}

/// A fact that is counted.
#[derive(ToSchema)]
pub(crate) struct FactBody {
    record: Uuid,
    /// Which one, in hexadecimal digits.
    fact: String,
}
