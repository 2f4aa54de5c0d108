//! Changes that phones brought back after the server had lost them, and that nobody can place.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use sync_core::history::FieldChange;
use sync_core::id::{ChangeHash, PersonId};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::extract::{Id, Json, Parameters};
use super::identity::SignedIn;
use super::names;
use super::quarantine::Why;
use super::records::shape::FieldChangeBody;
use crate::error::ServiceError;
use crate::service::decider::Decider;
use crate::service::records::{LONGEST_PAGE, USUAL_PAGE};
use crate::service::strays::{self, Described};
use crate::state::App;

/// Which strays to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// The `next` of the page before.
    before: Option<i64>,
    /// At most so many, 1 to 200; 50 if left out.
    limit: Option<u32>,
}

/// A change that a phone holds as published and the server has lost.
#[derive(Serialize, ToSchema)]
pub(crate) struct StrayBody {
    id: i64,
    record: Uuid,
    #[schema(schema_with = names::hash)]
    change: ChangeHash,
    /// Who wrote it, if the server knows.
    author: Option<Uuid>,
    /// Who wrote it, as the phone says.
    claimed: Option<Uuid>,
    /// The phone that brought it first.
    offered_by: Uuid,
    /// Milliseconds since 1970.
    at: i64,
    bytes: u64,
    /// What it would do to which field, as far as it can be read.
    #[schema(value_type = Vec<FieldChangeBody>)]
    fields: Vec<FieldChange>,
}

/// A page of strays, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct StrayPage {
    items: Vec<StrayBody>,
    /// To be sent as `before`; missing at the end.
    next: Option<i64>,
}

/// Whose a stray is.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Adoption {
    /// Who wrote it, if the server does not know; whom the phone named if left out.
    author: Option<Uuid>,
}

impl From<Described> for StrayBody {
    fn from(Described { stray, fields }: Described) -> Self {
        Self {
            id: stray.id,
            record: stray.change.record.0,
            change: stray.change.hash,
            author: stray.author.map(|person| person.0),
            claimed: stray.change.claimed.map(|person| person.0),
            offered_by: stray.offered_by.0,
            at: stray.at.0,
            bytes: stray.change.raw.len() as u64,
            fields,
        }
    }
}

/// Changes that phones hold as published and the server has lost, where nobody can prove whose they are.
#[utoipa::path(
    get, operation_id = "list_strays", path = "/api/v1/strays", tag = "quarantine", params(Wanted),
    responses((status = 200, body = StrayPage)), security(("session" = []))
)]
pub(crate) async fn list(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Json<StrayPage>, ServiceError> {
    let limit = wanted.limit.unwrap_or(USUAL_PAGE).clamp(1, LONGEST_PAGE);
    let found = strays::list(&app, Decider::Person(&who), wanted.before, limit).await?;
    let next = found.last().filter(|_| found.len() == limit as usize).map(|last| last.stray.id);
    Ok(Json(StrayPage { items: found.into_iter().map(StrayBody::from).collect(), next }))
}

/// Makes a stray part of its record, together with the strays that it follows.
#[utoipa::path(
    post, path = "/api/v1/strays/{id}/adopt", tag = "quarantine", params(("id" = i64, Path)),
    request_body = Adoption, responses((status = 200, body = StrayBody)), security(("session" = []))
)]
pub(crate) async fn adopt(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(id): Id<i64>,
    Json(adoption): Json<Adoption>,
) -> Result<Json<StrayBody>, ServiceError> {
    let author = adoption.author.map(PersonId);
    Ok(Json(strays::adopt(&app, Decider::Person(&who), id, author).await?.into()))
}

/// Sets a stray away for good, with a reason. Its bytes are kept.
#[utoipa::path(
    post, operation_id = "discard_stray", path = "/api/v1/strays/{id}/discard", tag = "quarantine", params(("id" = i64, Path)),
    request_body = Why, responses((status = 200, body = StrayBody)), security(("session" = []))
)]
pub(crate) async fn discard(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(id): Id<i64>,
    Json(why): Json<Why>,
) -> Result<Json<StrayBody>, ServiceError> {
    Ok(Json(strays::discard(&app, Decider::Person(&who), id, why.reason()).await?.into()))
}
