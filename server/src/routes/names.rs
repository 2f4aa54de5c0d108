//! How the core's names and identifiers look in the OpenAPI document. The core knows nothing of OpenAPI.

use serde_json::Value;
use sync_core::record::Kind;
use sync_core::record::review::ReviewState;
use sync_core::wire::enrol::Role;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};

use crate::day::absence::Absence;
use crate::flag::Flag;
use crate::store::ChangeState;

pub(super) fn kind() -> Schema {
    one_of(Kind::ALL.map(Kind::as_str))
}

pub(super) fn review() -> Schema {
    one_of(ReviewState::ALL.map(ReviewState::as_str))
}

pub(super) fn role() -> Schema {
    one_of(Role::ALL.map(Role::as_str))
}

pub(super) fn flag() -> Schema {
    one_of(Flag::ALL.iter().copied().map(Flag::as_str))
}

pub(super) fn flag_or_any() -> Schema {
    one_of(Flag::ALL.iter().copied().map(Flag::as_str).chain(["any"]))
}

pub(super) fn change_state() -> Schema {
    one_of(ChangeState::ALL.map(ChangeState::as_str))
}

pub(super) fn absence() -> Schema {
    one_of(Absence::ALL.map(Absence::as_str))
}

pub(super) fn absence_or_none() -> Schema {
    let types = SchemaType::Array(vec![Type::String, Type::Null]);
    let names = Absence::ALL.map(|absence| Value::from(absence.as_str()));
    ObjectBuilder::new().schema_type(types).enum_values(Some(names.into_iter().chain([Value::Null]))).build().into()
}

pub(super) fn hash() -> Schema {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-9a-f]{64}$")).build().into()
}

fn one_of(names: impl IntoIterator<Item = &'static str>) -> Schema {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build().into()
}
