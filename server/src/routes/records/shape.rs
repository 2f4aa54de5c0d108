//! What merged records and their histories look like in the OpenAPI document. The core makes them and knows nothing of
//! OpenAPI, and the service's own types are sent; tests hold every answer against what stands here.

#![expect(dead_code, reason = "these types describe others and are never made")]

use std::borrow::Cow;
use std::collections::BTreeMap;

use sync_core::record::Kind;
use sync_core::record::review::ReviewState;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use super::super::names;
use crate::evidence::{Evidence, Grade};

/// A single value: what a field or one key of a map holds. Times are milliseconds since 1970, identifiers and bytes are
/// text.
pub(crate) struct Scalar;

impl PartialSchema for Scalar {
    fn schema() -> RefOr<Schema> {
        let types = SchemaType::Array(vec![Type::String, Type::Number, Type::Boolean, Type::Null]);
        ObjectBuilder::new().schema_type(types).description(Some("A single value.")).build().into()
    }
}

impl ToSchema for Scalar {
    fn name() -> Cow<'static, str> {
        "Scalar".into()
    }
}

fn scalar() -> Ref {
    Ref::from_schema_name(Scalar::name())
}

fn scalar_or(other: impl Into<RefOr<Schema>>, description: &str) -> RefOr<Schema> {
    let either = OneOfBuilder::new().item(scalar()).item(other).description(Some(description));
    Schema::OneOf(either.build()).into()
}

/// What a field holds: a single value, or values by key.
pub(crate) struct FieldValue;

impl PartialSchema for FieldValue {
    fn schema() -> RefOr<Schema> {
        let map = ObjectBuilder::new().schema_type(Type::Object).additional_properties(Some(scalar()));
        scalar_or(map, "A single value, or values by key.")
    }
}

impl ToSchema for FieldValue {
    fn name() -> Cow<'static, str> {
        "FieldValue".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((Scalar::name().into(), Scalar::schema()));
    }
}

/// One thing that speaks for a flag: a number or word, or the records that have to do with it.
pub(crate) struct Indication;

impl PartialSchema for Indication {
    fn schema() -> RefOr<Schema> {
        scalar_or(ArrayBuilder::new().items(scalar()), "A number or word, or several records.")
    }
}

impl ToSchema for Indication {
    fn name() -> Cow<'static, str> {
        "Indication".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((Scalar::name().into(), Scalar::schema()));
    }
}

/// A record with the changes of all devices merged.
#[derive(ToSchema)]
pub(crate) struct RecordBody {
    header: HeaderBody,
    follow_ups: Vec<FollowUpBody>,
    stages: Vec<StageEntryBody>,
    photos: Vec<PhotoEntryBody>,
    /// The office's part.
    office: BTreeMap<String, Scalar>,
    review: VerdictBody,
    /// Each field with values that were written without knowing of each other.
    conflicts: Vec<ConflictBody>,
    /// What newer apps wrote and this server does not understand, by `zone/field`.
    #[schema(required = false)]
    unknown: BTreeMap<String, Scalar>,
    /// The newest changes.
    #[schema(value_type = Vec<String>)]
    heads: Vec<String>,
    /// The current stage of a lead.
    stage: Option<String>,
    /// What people edit, by the record's kind.
    facts: BTreeMap<String, FieldValue>,
}

/// What is written once, when a record is made.
#[derive(ToSchema)]
pub(crate) struct HeaderBody {
    id: Uuid,
    #[schema(schema_with = names::kind)]
    kind: Kind,
    /// The version of the layout in which it was made.
    schema: u32,
    /// The promoter who made it.
    owner: Uuid,
    /// The office to which the owner belonged.
    office: Uuid,
    /// The team in which the owner was.
    team: Option<Uuid>,
    project: Option<Uuid>,
    captured: ClockReadingBody,
    /// Minutes east of UTC on the device, which decides the business day.
    utc_offset_minutes: i16,
    /// A `geo:` URI (RFC 5870), or `nofix:` with the reason.
    place: Option<String>,
    device: Uuid,
    /// Name and version of the app.
    app: String,
}

/// What the device's clocks said.
#[derive(ToSchema)]
pub(crate) struct ClockReadingBody {
    /// Milliseconds since 1970, by a clock that can be set.
    wall: i64,
    /// Milliseconds since the boot, by one that can't.
    mono_ms: u64,
    boot: u64,
}

/// A contact with a lead, or a remark on any record.
#[derive(ToSchema)]
pub(crate) struct FollowUpBody {
    /// The actor that added it.
    author: String,
    id: String,
    at: i64,
    text: String,
    /// How: `phone`, `wechat`, `visit` or another word.
    by_means_of: Option<String>,
    /// When to follow up again, as an ISO date.
    next_on: Option<String>,
}

/// A step of a lead, or a fact about its payment.
#[derive(ToSchema)]
pub(crate) struct StageEntryBody {
    /// The actor that added it.
    author: String,
    id: String,
    at: i64,
    stage: String,
    /// Why it went back or was lost.
    reason: Option<String>,
    /// Yuan, as an exact decimal.
    amount: Option<String>,
    unit: Option<String>,
}

/// A photo that a record names. Its bytes travel on their own.
#[derive(ToSchema)]
pub(crate) struct PhotoEntryBody {
    /// The actor that added it.
    author: String,
    id: String,
    at: i64,
    #[schema(schema_with = names::hash)]
    hash: String,
    bytes: u64,
    media_type: String,
    caption: Option<String>,
}

/// The verdict that stands.
#[derive(ToSchema)]
pub(crate) struct VerdictBody {
    #[schema(schema_with = names::review)]
    state: ReviewState,
    reason: Option<String>,
    by: Option<Uuid>,
    at: Option<i64>,
}

/// A field with concurrent values.
#[derive(ToSchema)]
pub(crate) struct ConflictBody {
    /// Which part of the record.
    zone: String,
    /// Which field; for a map `field/key`.
    field: String,
    /// The one that is shown is the last.
    values: Vec<ConcurrentValueBody>,
}

/// One of several values that were written without knowing of each other.
#[derive(ToSchema)]
pub(crate) struct ConcurrentValueBody {
    value: Scalar,
    /// The actor that wrote it.
    author: String,
    at: i64,
    #[schema(schema_with = names::hash)]
    change: String,
    /// Whether lists and pages show this one.
    shown: bool,
}

/// What one change did to one field, as the change itself says.
#[derive(ToSchema)]
pub(crate) struct FieldChangeBody {
    #[schema(schema_with = names::hash)]
    change: String,
    /// The actor under which it was written.
    author: String,
    /// When, by the writer's clock; milliseconds since 1970.
    at: i64,
    /// Which part of the record.
    zone: String,
    /// Which field; for a map `field/key`; empty for a list.
    field: String,
    /// What was done: `set`, `cleared`, `typed` or `added`.
    act: String,
    /// What it was `set` to.
    #[schema(required = false)]
    value: Scalar,
    /// What was `typed`.
    #[schema(required = false, nullable = false)]
    inserted: Option<String>,
    /// How many characters were removed when it was `typed`.
    #[schema(required = false, nullable = false)]
    deleted: Option<u32>,
    /// The entry that was `added`.
    #[schema(required = false)]
    entry: BTreeMap<String, Scalar>,
}

/// What one change did to one field, and what is known about the change.
#[derive(ToSchema)]
pub(crate) struct HistoryBody {
    #[serde(flatten)]
    change: FieldChangeBody,
    person: Uuid,
    person_name: String,
    /// On which device; null if at the console.
    device: Option<Uuid>,
    /// What that device is called.
    device_label: Option<String>,
    /// Which line of that device's journal.
    n: Option<u64>,
    /// When the server received it.
    received_at: i64,
    /// What speaks for who wrote it.
    evidence: Evidence,
    /// How sure it is when it was written.
    grade: Grade,
    /// When it was written at the latest, by the server's clock.
    not_after: i64,
    /// When its journal's line was written, by that device's wall clock.
    written_at: Option<i64>,
    /// How wrong that device's clock was when it last exchanged; positive if it was fast.
    skew_ms: Option<i64>,
}

/// A flag with what speaks for it.
#[derive(ToSchema)]
pub(crate) struct FlagBody {
    #[schema(schema_with = names::flag)]
    flag: String,
    /// Numbers and words, by the flag: docs/API.md. Where another record has to do with it, `record` says which; it is
    /// null outside one's territory.
    evidence: BTreeMap<String, Indication>,
}

/// What one change of an amendment does to one field.
#[derive(ToSchema)]
pub(crate) struct AmendedFieldBody {
    #[serde(flatten)]
    change: FieldChangeBody,
    /// The value of the field now; null if it is empty, and for lists.
    old: FieldValue,
    /// The value that it would have after the whole amendment; null if it would be empty, and for lists.
    new: FieldValue,
}
