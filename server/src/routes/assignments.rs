//! To whom records belong, and where people work.

use axum::extract::State;
use serde::{Deserialize, Deserializer, Serialize};
use sync_core::id::{OfficeId, PersonId, RecordId, TeamId};
use sync_core::wire::enrol::Role;
use utoipa::ToSchema;
use uuid::Uuid;

use super::directory::PersonBody;
use super::extract::{Id, Json};
use super::identity::SignedIn;
use super::names;
use super::records::line::DetailBody;
use crate::error::ServiceError;
use crate::service::people::{self, PersonChange};
use crate::service::reassign::{self, Assignment, HandedOver};
use crate::service::records;
use crate::state::App;

/// To whom records go. What is left out follows from the rest: an owner brings their office and team, a team its
/// office, and a record that goes to another office leaves its team.
#[derive(Deserialize, ToSchema)]
pub(crate) struct AssignmentBody {
    #[schema(value_type = Option<Uuid>)]
    owner: Option<PersonId>,
    #[schema(value_type = Option<Uuid>)]
    team: Option<TeamId>,
    #[schema(value_type = Option<Uuid>)]
    office: Option<OfficeId>,
}

impl From<AssignmentBody> for Assignment {
    fn from(AssignmentBody { owner, team, office }: AssignmentBody) -> Self {
        Self { owner, team, office }
    }
}

/// Several records and to whom they go.
#[derive(Deserialize, ToSchema)]
pub(crate) struct BulkAssignment {
    /// At most 200.
    #[schema(value_type = Vec<Uuid>)]
    records: Vec<RecordId>,
    #[serde(flatten)]
    to: AssignmentBody,
}

/// A record that stayed where it was.
#[derive(Serialize, ToSchema)]
pub(crate) struct Stayed {
    record: Uuid,
    /// Why: a code like those of failures.
    code: String,
}

/// The records of an assignment that stayed where they were; all others are where they should be.
#[derive(Serialize, ToSchema)]
pub(crate) struct BulkAnswer {
    stayed: Vec<Stayed>,
}

/// Gives a record to another promoter, team or office. It leaves the phones that see it no longer, once these have
/// sent what they have, and comes to those that do.
#[utoipa::path(
    post, path = "/api/v1/records/{id}/assignment", tag = "records", params(("id" = Uuid, Path)),
    request_body = AssignmentBody, responses((status = 200, body = DetailBody)),
    security(("session" = []))
)]
pub(crate) async fn assign(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(id): Id<RecordId>,
    Json(to): Json<AssignmentBody>,
) -> Result<Json<DetailBody>, ServiceError> {
    reassign::reassign(&app, &who, id, to.into()).await?;
    records::detail(&app, &who, id).await.map(|detail| Json(detail.into()))
}

/// Gives several records to somebody, each for itself.
#[utoipa::path(
    post, path = "/api/v1/assignments", tag = "records", request_body = BulkAssignment,
    responses((status = 200, body = BulkAnswer)), security(("session" = []))
)]
pub(crate) async fn assign_all(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Json(BulkAssignment { records, to }): Json<BulkAssignment>,
) -> Result<Json<BulkAnswer>, ServiceError> {
    let stayed = reassign::reassign_all(&app, &who, &records, to.into()).await?;
    let stayed = stayed.into_iter().map(|(record, code)| Stayed { record: record.0, code: code.name.to_owned() });
    Ok(Json(BulkAnswer { stayed: stayed.collect() }))
}

/// Who gets what a person has open.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Heir {
    #[schema(value_type = Uuid)]
    to: PersonId,
}

/// What became of the person's records.
#[derive(Serialize, ToSchema)]
pub(crate) struct HandedOverBody {
    /// So many belong to somebody else now.
    moved: u32,
    /// So many are still the person's, because they are approved or rejected.
    closed: u32,
}

/// Gives everything that a person has open to somebody else, as far as one's territory reaches. May be repeated.
#[utoipa::path(
    post, path = "/api/v1/people/{person}/hand-over", tag = "directory", params(("person" = Uuid, Path)),
    request_body = Heir, responses((status = 200, body = HandedOverBody)), security(("session" = []))
)]
pub(crate) async fn hand_over(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(person): Id<PersonId>,
    Json(Heir { to }): Json<Heir>,
) -> Result<Json<HandedOverBody>, ServiceError> {
    let HandedOver { moved, closed } = reassign::hand_over(&app, &who, person, to).await?;
    Ok(Json(HandedOverBody { moved, closed }))
}

/// What changes about a person; what is left out stays.
#[derive(Deserialize, ToSchema)]
pub(crate) struct PersonEdit {
    #[schema(schema_with = names::role, required = false)]
    role: Option<Role>,
    /// Whoever goes to another office leaves their team.
    #[schema(value_type = Option<Uuid>)]
    office: Option<OfficeId>,
    /// A team brings its office; `null` takes the person out of theirs.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Uuid>)]
    team: Option<Option<TeamId>>,
    /// Whoever is not active can't sign in, and their phones can only deposit what they have.
    active: Option<bool>,
}

/// Tells `null` from a field that is missing.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// Moves a person to another team or office, gives them another role, or ends their work here.
#[utoipa::path(
    patch, path = "/api/v1/people/{person}", tag = "directory", params(("person" = Uuid, Path)),
    request_body = PersonEdit, responses((status = 200, body = PersonBody)), security(("session" = []))
)]
pub(crate) async fn change_person(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(person): Id<PersonId>,
    Json(edit): Json<PersonEdit>,
) -> Result<Json<PersonBody>, ServiceError> {
    let PersonEdit { role, office, team, active } = edit;
    let person = people::change(&app, &who, person, PersonChange { role, office, team, active }).await?;
    Ok(Json(person.into()))
}
