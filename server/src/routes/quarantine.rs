//! Changes that did not become part of their record.

use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sync_core::history::FieldChange;
use sync_core::id::{ChangeHash, DeviceId};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::extract::{Id, Json, Parameters};
use super::identity::SignedIn;
use super::names;
use super::records::shape::FieldChangeBody;
use crate::error::ServiceError;
use crate::service::admin::Aside;
use crate::service::decider::Decider;
use crate::service::quarantine::{self, Inspected, Listed, Missing, in_words};
use crate::service::records::{LONGEST_PAGE, USUAL_PAGE};
use crate::state::App;
use crate::store::{AsideChange, ChangeState, Decision, SetAside};

/// Which changes to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Why they were set aside; `quarantined` if left out, among which stand those that have waited too long.
    #[param(inline)]
    state: Option<Aside>,
    /// Only this phone's.
    #[param(value_type = Option<Uuid>)]
    device: Option<DeviceId>,
    /// Only with this code.
    code: Option<String>,
    /// The `next` of the page before.
    before: Option<i64>,
    /// At most so many, 1 to 200; 50 if left out.
    limit: Option<u32>,
}

impl Wanted {
    pub(super) fn read(self) -> quarantine::Wanted {
        let Self { state, device, code, before, limit } = self;
        let limit = limit.unwrap_or(USUAL_PAGE).clamp(1, LONGEST_PAGE);
        quarantine::Wanted { state: state.unwrap_or(Aside::Quarantined).into(), device, code, before, limit }
    }
}

/// A change that was set aside. Its bytes are kept.
#[derive(Serialize, ToSchema)]
pub(crate) struct SetAsideBody {
    id: i64,
    record: Uuid,
    #[schema(schema_with = names::hash)]
    change: ChangeHash,
    device: Option<Uuid>,
    /// What the phone is called.
    device_label: Option<String>,
    /// Which line of that device's journal.
    n: Option<u64>,
    person: Uuid,
    person_name: String,
    #[schema(schema_with = names::change_state)]
    state: ChangeState,
    /// Why, for programs.
    code: String,
    /// Why, in words.
    reason: &'static str,
    /// Milliseconds since 1970.
    received_at: i64,
    bytes: u64,
}

impl From<SetAside> for SetAsideBody {
    fn from(aside: SetAside) -> Self {
        Self {
            id: aside.id,
            record: aside.record.0,
            change: aside.hash,
            device: aside.device.map(|device| device.0),
            device_label: aside.device_label,
            n: aside.n,
            person: aside.person.0,
            person_name: aside.person_name,
            state: aside.state,
            reason: in_words(&aside.code),
            code: aside.code,
            received_at: aside.received_at.0,
            bytes: aside.bytes,
        }
    }
}

/// A change for which another one waits.
#[derive(Serialize, ToSchema)]
pub(crate) struct MissingBody {
    #[schema(schema_with = names::hash)]
    change: ChangeHash,
    /// What became of it; missing if it never came.
    #[schema(schema_with = names::change_state, required = false)]
    state: Option<ChangeState>,
}

impl From<Missing> for MissingBody {
    fn from(Missing { change, state }: Missing) -> Self {
        Self { change, state }
    }
}

/// A line of the list.
#[derive(Serialize, ToSchema)]
pub(crate) struct ListedBody {
    #[serde(flatten)]
    change: SetAsideBody,
    /// It has waited longer than `limits.waiting_days`.
    overdue: bool,
    /// What it waits for.
    missing: Vec<MissingBody>,
}

/// A page of changes that were set aside, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct SetAsidePage {
    items: Vec<ListedBody>,
    /// To be sent as `before`; missing at the end.
    next: Option<i64>,
}

/// What was decided last.
#[derive(Serialize, ToSchema)]
pub(crate) struct DecisionBody {
    /// `replayed`, `discarded`, `accepted` or `rejected`.
    act: &'static str,
    /// By whom; missing if it was ordered at the server itself.
    by: Option<Uuid>,
    reason: Option<String>,
    /// Milliseconds since 1970.
    at: i64,
}

impl From<Decision> for DecisionBody {
    fn from(decision: Decision) -> Self {
        let Decision { act, by, reason, at, .. } = decision;
        Self { act: act.as_str(), by: by.map(|by| by.0), reason, at: at.0 }
    }
}

/// What became of a change.
#[derive(Serialize, ToSchema)]
pub(crate) struct DecidedBody {
    #[serde(flatten)]
    change: SetAsideBody,
    decision: Option<DecisionBody>,
}

impl From<AsideChange> for DecidedBody {
    fn from(change: AsideChange) -> Self {
        Self { change: change.line.into(), decision: change.decision.map(DecisionBody::from) }
    }
}

/// One change with everything that is known about it.
#[derive(Serialize, ToSchema)]
pub(crate) struct InspectedBody {
    #[serde(flatten)]
    change: DecidedBody,
    /// It has waited longer than `limits.waiting_days`.
    overdue: bool,
    /// What it follows and is not part of the record.
    missing: Vec<MissingBody>,
    /// What it would do to which field, as far as it can be read.
    #[schema(value_type = Vec<FieldChangeBody>)]
    fields: Vec<FieldChange>,
    /// Its bytes in base64; missing if only its name came.
    raw: Option<String>,
}

impl From<Inspected> for InspectedBody {
    fn from(inspected: Inspected) -> Self {
        let Inspected { change, overdue, missing, fields } = inspected;
        let raw = change.raw.as_ref().map(|raw| STANDARD.encode(raw));
        let missing = missing.into_iter().map(MissingBody::from).collect();
        Self { change: change.into(), overdue, missing, fields, raw }
    }
}

/// Why something is done.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Why {
    /// In words; needed to discard or reject.
    reason: Option<String>,
}

impl Why {
    pub(super) fn reason(self) -> Option<String> {
        self.reason
    }
}

/// Changes that were set aside: held for a decision, quarantined as broken, waiting for others, or refused.
#[utoipa::path(
    get, operation_id = "list_quarantine", path = "/api/v1/quarantine", tag = "quarantine", params(Wanted),
    responses((status = 200, body = SetAsidePage)), security(("session" = []))
)]
pub(crate) async fn list(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Json<SetAsidePage>, ServiceError> {
    let wanted = wanted.read();
    let limit = wanted.limit;
    let found = quarantine::list(&app, Decider::Person(&who), wanted).await?;
    let next = found.last().filter(|_| found.len() == limit as usize).map(|last| last.line.id);
    let body = |Listed { line, overdue, missing }: Listed| ListedBody {
        change: line.into(),
        overdue,
        missing: missing.into_iter().map(MissingBody::from).collect(),
    };
    Ok(Json(SetAsidePage { items: found.into_iter().map(body).collect(), next }))
}

/// How many changes were set aside with a code.
#[derive(Serialize, ToSchema)]
pub(crate) struct CodeBody {
    /// Why, for programs.
    code: String,
    /// Why, in words.
    reason: &'static str,
    changes: u64,
}

/// The codes of a list over all its pages, the most frequent first. `code`, `before` and `limit` count for nothing.
#[utoipa::path(
    get, operation_id = "list_quarantine_codes", path = "/api/v1/quarantine/codes", tag = "quarantine", params(Wanted),
    responses((status = 200, body = Vec<CodeBody>)), security(("session" = []))
)]
pub(crate) async fn codes(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Json<Vec<CodeBody>>, ServiceError> {
    let codes = quarantine::codes(&app, Decider::Person(&who), &wanted.read()).await?;
    let body = |(code, changes): (String, u64)| CodeBody { reason: in_words(&code), code, changes };
    Ok(Json(codes.into_iter().map(body).collect()))
}

/// One change that was set aside: why, what it would do, what it waits for, its bytes, and what was decided about it.
#[utoipa::path(
    get, operation_id = "inspect_quarantined", path = "/api/v1/quarantine/{id}", tag = "quarantine", params(("id" = i64, Path)),
    responses((status = 200, body = InspectedBody)), security(("session" = []))
)]
pub(crate) async fn inspect(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(id): Id<i64>,
) -> Result<Json<InspectedBody>, ServiceError> {
    Ok(Json(quarantine::inspect(&app, Decider::Person(&who), id).await?.into()))
}

/// Judges a quarantined change again, from the checks at receipt on; the answer says what became of it.
#[utoipa::path(
    post, path = "/api/v1/quarantine/{id}/replay", tag = "quarantine", params(("id" = i64, Path)),
    request_body = Why, responses((status = 200, body = InspectedBody)), security(("session" = []))
)]
pub(crate) async fn replay(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(id): Id<i64>,
    Json(why): Json<Why>,
) -> Result<Json<InspectedBody>, ServiceError> {
    Ok(Json(quarantine::replay(&app, Decider::Person(&who), id, why.reason()).await?.into()))
}

/// Sets a quarantined change away for good, with a reason. Its bytes are kept, and the phone is told.
#[utoipa::path(
    post, operation_id = "discard_quarantined", path = "/api/v1/quarantine/{id}/discard", tag = "quarantine", params(("id" = i64, Path)),
    request_body = Why, responses((status = 200, body = InspectedBody)), security(("session" = []))
)]
pub(crate) async fn discard(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(id): Id<i64>,
    Json(why): Json<Why>,
) -> Result<Json<InspectedBody>, ServiceError> {
    Ok(Json(quarantine::discard(&app, Decider::Person(&who), id, why.reason()).await?.into()))
}
