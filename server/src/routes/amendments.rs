//! Amendments: held changes that somebody accepts or rejects.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use sync_core::id::{ChangeHash, DeviceId, RecordId};
use sync_core::record::review::ReviewState;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::extract::{Id, Json, Parameters};
use super::identity::SignedIn;
use super::names;
use super::quarantine::DecidedBody;
use super::records::shape::AmendedFieldBody;
use crate::error::ServiceError;
use crate::service::amendments::{self, AmendedField, Amendment, Ruling, Which};
use crate::service::decider::Decider;
use crate::service::records::{LONGEST_PAGE, USUAL_PAGE};
use crate::state::App;
use crate::store::{AsideChange, HeldGroup};

/// Which amendments to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// The `next` of the page before.
    before: Option<i64>,
    /// At most so many, 1 to 200; 50 if left out.
    limit: Option<u32>,
}

/// The held changes of one record by one phone.
#[derive(Serialize, ToSchema)]
pub(crate) struct HeldBody {
    record: Uuid,
    /// What the record is called; missing if nothing of it is published.
    title: Option<String>,
    device: Uuid,
    /// What the phone is called.
    device_label: String,
    person: Uuid,
    person_name: String,
    /// How many changes are held; those that wait behind them come on top.
    held: u32,
    /// When the first of them came; milliseconds since 1970.
    since: i64,
}

/// A page of amendments, the latest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct HeldPage {
    items: Vec<HeldBody>,
    /// To be sent as `before`; missing at the end.
    next: Option<i64>,
}

/// An amendment and what it would change.
#[derive(Serialize, ToSchema)]
pub(crate) struct AmendmentBody {
    record: Uuid,
    device: Uuid,
    /// What the record is called; missing if nothing of it is published.
    title: Option<String>,
    /// Where the record stands in review.
    #[schema(schema_with = names::review, required = false)]
    review: Option<ReviewState>,
    /// The changes: held ones, and those that wait behind them.
    changes: Vec<DecidedBody>,
    /// What would change, each with the `old` and the `new` value of the field.
    #[schema(value_type = Vec<AmendedFieldBody>)]
    fields: Vec<AmendedField>,
    /// Changes that would not become part of the record even if they were accepted.
    #[schema(value_type = Vec<String>)]
    unfit: Vec<ChangeHash>,
}

/// What became of the changes of an amendment.
#[derive(Serialize, ToSchema)]
pub(crate) struct OutcomeBody {
    changes: Vec<DecidedBody>,
}

impl OutcomeBody {
    fn of(changes: Vec<AsideChange>) -> Json<Self> {
        Json(Self { changes: changes.into_iter().map(DecidedBody::from).collect() })
    }
}

/// How far to accept, and why.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Acceptance {
    /// The last change to accept; what it follows is accepted with it. All if left out.
    #[schema(value_type = Option<String>)]
    through: Option<ChangeHash>,
    /// The changes of the amendment that were looked at; if there are others by now, nothing is accepted.
    #[schema(value_type = Option<Vec<String>>)]
    seen: Option<Vec<ChangeHash>>,
    /// In words, for those who look later.
    reason: Option<String>,
}

/// Why an amendment is refused.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Refusal {
    /// The changes of the amendment that were looked at; if there are others by now, nothing is refused.
    #[schema(value_type = Option<Vec<String>>)]
    seen: Option<Vec<ChangeHash>>,
    /// In words; the phone shows them.
    reason: Option<String>,
}

fn which((record, device): (RecordId, DeviceId)) -> Which {
    Which { record, device }
}

/// The amendments that wait for a decision, in one's territory.
#[utoipa::path(
    get, operation_id = "list_amendments", path = "/api/v1/amendments", tag = "amendments", params(Wanted),
    responses((status = 200, body = HeldPage)), security(("session" = []))
)]
pub(crate) async fn list(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Json<HeldPage>, ServiceError> {
    let limit = wanted.limit.unwrap_or(USUAL_PAGE).clamp(1, LONGEST_PAGE);
    let found = amendments::list(&app, Decider::Person(&who), wanted.before, limit).await?;
    let next = found.last().filter(|_| found.len() == limit as usize).map(|last| last.last);
    let body = |group: HeldGroup| HeldBody {
        record: group.record.0,
        title: group.title,
        device: group.device.0,
        device_label: group.device_label,
        person: group.person.0,
        person_name: group.person_name,
        held: group.held,
        since: group.since.0,
    };
    Ok(Json(HeldPage { items: found.into_iter().map(body).collect(), next }))
}

/// One amendment: its changes, and what it would change.
#[utoipa::path(
    get, operation_id = "inspect_amendment", path = "/api/v1/amendments/{record}/{device}", tag = "amendments",
    params(("record" = Uuid, Path), ("device" = Uuid, Path)),
    responses((status = 200, body = AmendmentBody)), security(("session" = []))
)]
pub(crate) async fn inspect(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(id): Id<(RecordId, DeviceId)>,
) -> Result<Json<AmendmentBody>, ServiceError> {
    let Amendment { line, changes, comparison } = amendments::inspect(&app, Decider::Person(&who), which(id)).await?;
    let (title, review) = line.map(|line| (line.row.title, line.row.review)).unzip();
    Ok(Json(AmendmentBody {
        record: id.0.0,
        device: id.1.0,
        title,
        review,
        changes: changes.into_iter().map(DecidedBody::from).collect(),
        fields: comparison.fields,
        unfit: comparison.unfit,
    }))
}

/// Makes an amendment part of its record; the answer says what became of each change.
#[utoipa::path(
    post, path = "/api/v1/amendments/{record}/{device}/accept", tag = "amendments",
    params(("record" = Uuid, Path), ("device" = Uuid, Path)), request_body = Acceptance,
    responses((status = 200, body = OutcomeBody)), security(("session" = []))
)]
pub(crate) async fn accept(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(id): Id<(RecordId, DeviceId)>,
    Json(Acceptance { through, seen, reason }): Json<Acceptance>,
) -> Result<Json<OutcomeBody>, ServiceError> {
    let ruling = Ruling { through, seen, reason };
    Ok(OutcomeBody::of(amendments::accept(&app, Decider::Person(&who), which(id), ruling).await?))
}

/// Refuses an amendment with a reason; the phone shows the person's own text again.
#[utoipa::path(
    post, path = "/api/v1/amendments/{record}/{device}/reject", tag = "amendments",
    params(("record" = Uuid, Path), ("device" = Uuid, Path)), request_body = Refusal,
    responses((status = 200, body = OutcomeBody)), security(("session" = []))
)]
pub(crate) async fn reject(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(id): Id<(RecordId, DeviceId)>,
    Json(Refusal { seen, reason }): Json<Refusal>,
) -> Result<Json<OutcomeBody>, ServiceError> {
    let ruling = Ruling { through: None, seen, reason };
    Ok(OutcomeBody::of(amendments::reject(&app, Decider::Person(&who), which(id), ruling).await?))
}
