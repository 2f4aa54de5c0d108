//! Customers who come, and who receives them.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use sync_core::id::{OfficeId, RecordId};
use sync_core::time::UnixMillis;
use utoipa::ToSchema;

use super::extract::{Id, Json};
use super::identity::SignedIn;
use super::records::line::DetailBody;
use crate::error::ServiceError;
use crate::service::arrivals::{self, Arrival, Receiver};
use crate::state::App;

/// A customer who came.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ArrivalBody {
    /// When, in milliseconds since 1970; now, if it is left out.
    at: Option<i64>,
    /// Who receives them, if the customer asked for somebody; otherwise whose turn it is.
    consultant: Option<String>,
    /// The number of the signed confirmation slip.
    confirmation_slip: Option<String>,
}

/// The consultants of an office, in the order of its rota.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ConsultantsBody {
    names: Vec<String>,
}

/// Notes that the customer of a lead came, and who receives them: whose turn it is, unless somebody is named.
#[utoipa::path(
    post, path = "/api/v1/records/{id}/arrival", tag = "days", params(("id" = Uuid, Path)),
    request_body = ArrivalBody, responses((status = 200, body = DetailBody)), security(("session" = []))
)]
pub(crate) async fn arrive(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(id): Id<RecordId>,
    Json(ArrivalBody { at, consultant, confirmation_slip }): Json<ArrivalBody>,
) -> Result<Json<DetailBody>, ServiceError> {
    let receiver = consultant.map_or(Receiver::Next, Receiver::Named);
    let arrival = Arrival { at: at.map(UnixMillis), receiver, confirmation_slip };
    arrivals::arrive(&app, &who, id, arrival).await.map(|detail| Json(detail.into()))
}

/// Who receives the customers of an office.
#[utoipa::path(
    get, path = "/api/v1/offices/{office}/consultants", tag = "days", params(("office" = Uuid, Path)),
    responses((status = 200, body = ConsultantsBody)), security(("session" = []))
)]
pub(crate) async fn consultants(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(office): Id<OfficeId>,
) -> Result<Json<ConsultantsBody>, ServiceError> {
    arrivals::consultants(&app, &who, office).await.map(|names| Json(ConsultantsBody { names }))
}

/// Says who receives the customers of an office, in the order of its rota.
#[utoipa::path(
    put, path = "/api/v1/offices/{office}/consultants", tag = "days", params(("office" = Uuid, Path)),
    request_body = ConsultantsBody, responses((status = 200, body = ConsultantsBody)), security(("session" = []))
)]
pub(crate) async fn set_consultants(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(office): Id<OfficeId>,
    Json(ConsultantsBody { names }): Json<ConsultantsBody>,
) -> Result<Json<ConsultantsBody>, ServiceError> {
    arrivals::set_consultants(&app, &who, office, &names).await.map(|names| Json(ConsultantsBody { names }))
}
