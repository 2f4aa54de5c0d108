//! The audit trail.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sync_core::id::PersonId;
use sync_core::time::UnixMillis;
use utoipa::ToSchema;
use uuid::Uuid;

use super::extract::{Json, Parameters};
use super::file::attachment;
use super::identity::{Origin, SignedIn};
use crate::error::ServiceError;
use crate::service::trail::{self, Act, Checked};
use crate::state::App;
use crate::store::trail::{TrailEntry, TrailQuery};

/// Which entries.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TrailParameters {
    /// Before this entry; from the newest on if it is left out.
    before: Option<u64>,
    /// Only what this person did.
    #[param(value_type = Option<Uuid>)]
    pub(super) person: Option<PersonId>,
    /// Not before, in milliseconds since 1970.
    pub(super) from: Option<i64>,
    /// Before, in milliseconds since 1970.
    pub(super) to: Option<i64>,
    /// At most; 50 if it is left out, 200 at most.
    limit: Option<u32>,
}

/// Something that somebody did, or tried to.
#[derive(Serialize, ToSchema)]
pub(crate) struct TrailBody {
    /// The how-manieth of the organisation, from 1.
    no: u64,
    at: i64,
    /// Who; null for whoever administers the server itself.
    person: Option<Uuid>,
    /// From where: an address, or `machine`.
    origin: String,
    /// What: an operation of this interface, an order to the machine, or `refused` for what was not done.
    act: String,
    /// To what: the operation's address.
    subject: String,
    /// With what.
    detail: Value,
}

/// A page of the trail, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct TrailPage {
    items: Vec<TrailBody>,
    /// To be sent as `before` for the next page; missing at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

impl From<TrailEntry> for TrailBody {
    fn from(TrailEntry { no, entry, .. }: TrailEntry) -> Self {
        Self {
            no,
            at: entry.at.0,
            person: entry.person.map(|id| id.0),
            origin: entry.origin,
            act: entry.act,
            subject: entry.subject,
            detail: serde_json::from_str(&entry.detail).unwrap_or(Value::Null),
        }
    }
}

/// What people did, newest first.
#[utoipa::path(
    get, operation_id = "list_trail", path = "/api/v1/audit", tag = "audit", params(TrailParameters),
    responses((status = 200, body = TrailPage)), security(("session" = []))
)]
pub(crate) async fn list(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Parameters(asked): Parameters<TrailParameters>,
) -> Result<Json<TrailPage>, ServiceError> {
    let TrailParameters { before, person, from, to, limit } = asked;
    let (from, to) = (from.map(UnixMillis), to.map(UnixMillis));
    let query = TrailQuery { before, person, from, to, limit: limit.unwrap_or(50) };
    let items: Vec<TrailBody> = trail::list(&app, &who, query).await?.into_iter().map(TrailBody::from).collect();
    // The first entry has number 1.
    let next = items.last().map(|entry| entry.no).filter(|no| *no > 1);
    Ok(Json(TrailPage { items, next }))
}

/// Whether anybody has tampered with the trail, as far as its own links and sealed statements can tell.
#[utoipa::path(
    get, operation_id = "verify_audit", path = "/api/v1/audit/verification", tag = "audit",
    responses((status = 200, body = Checked)), security(("session" = []))
)]
pub(crate) async fn verify(State(app): State<App>, SignedIn(who): SignedIn) -> Result<Json<Checked>, ServiceError> {
    trail::verify(&app, &who).await.map(Json)
}

/// The whole trail as a file, oldest entry first, one JSON object a line, each with its link. It is sent while it is read;
/// a connection that breaks off means that the file is not whole.
#[utoipa::path(
    get, operation_id = "audit_chain", path = "/api/v1/audit/chain", tag = "audit",
    responses((status = 200, content_type = "application/x-ndjson", body = String)), security(("session" = []))
)]
pub(crate) async fn chain(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Origin(origin): Origin,
) -> Result<Response, ServiceError> {
    let asked = Act {
        person: Some(who.id),
        origin,
        act: "GET /api/v1/audit/chain".to_owned(),
        subject: "/api/v1/audit/chain".to_owned(),
        detail: Value::Null,
    };
    let bytes = trail::chain(&app, &who, asked).await?;
    let day = app.clock.now().day(0);
    Ok(attachment(&format!("daybook-audit-{day}.jsonl"), "application/x-ndjson", bytes))
}
