//! Offices, teams, people, developments and phones in one's territory.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use sync_core::id::{DeviceId, OfficeId, PersonId};
use sync_core::wire::enrol::Role;
use utoipa::ToSchema;
use uuid::Uuid;

use super::extract::{Id, Json};
use super::identity::SignedIn;
use super::names;
use crate::error::ServiceError;
use crate::service::{cut_off, directory, invite};
use crate::state::App;
use crate::store::{Device, Office, Person, Project, Team};

/// A regional office.
#[derive(Serialize, ToSchema)]
pub(crate) struct OfficeBody {
    id: Uuid,
    name: String,
    /// The IANA time zone that decides its business day.
    time_zone: String,
}

/// A team.
#[derive(Serialize, ToSchema)]
pub(crate) struct TeamBody {
    id: Uuid,
    office: Uuid,
    name: String,
}

/// Somebody who works with Daybook.
#[derive(Serialize, ToSchema)]
pub(crate) struct PersonBody {
    id: Uuid,
    name: String,
    #[schema(schema_with = names::role)]
    role: Role,
    office: Option<Uuid>,
    team: Option<Uuid>,
    active: bool,
}

/// A development.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProjectBody {
    id: Uuid,
    name: String,
}

/// A phone, with what it reported at its last exchange.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeviceBody {
    id: Uuid,
    person: Uuid,
    label: String,
    app: String,
    /// Milliseconds since 1970; so are all times.
    enrolled_at: i64,
    /// When it was cut off.
    revoked_at: Option<i64>,
    /// When it, cut off, last said that everything on it is handed in; null while something is not, or nobody knows.
    deposited_at: Option<i64>,
    /// When somebody ordered that it forget everything.
    wipe_ordered_at: Option<i64>,
    /// When it said that it has.
    wiped_at: Option<i64>,
    /// When it turned out to be a copy, or to have a copy; it goes on under other identities.
    forked_at: Option<i64>,
    /// How many lines of its journal the server holds.
    journal_n: u64,
    last_exchange_at: Option<i64>,
    /// Device clock minus server clock, in milliseconds.
    skew_ms: Option<i64>,
    unsent: Unsent,
}

/// What is still on the phone.
#[derive(Serialize, ToSchema)]
pub(crate) struct Unsent {
    records: u32,
    changes: u32,
    /// When the oldest of it was saved, by the phone's clock.
    oldest: Option<i64>,
    photos: u32,
    bytes: u64,
}

impl From<Office> for OfficeBody {
    fn from(office: Office) -> Self {
        Self { id: office.id.0, name: office.name, time_zone: office.time_zone }
    }
}

impl From<Team> for TeamBody {
    fn from(team: Team) -> Self {
        Self { id: team.id.0, office: team.office.0, name: team.name }
    }
}

impl From<Person> for PersonBody {
    fn from(person: Person) -> Self {
        Self {
            id: person.id.0,
            name: person.name,
            role: person.role,
            office: person.office.map(|office| office.0),
            team: person.team.map(|team| team.0),
            active: person.active,
        }
    }
}

impl From<Project> for ProjectBody {
    fn from(project: Project) -> Self {
        Self { id: project.id.0, name: project.name }
    }
}

impl From<Device> for DeviceBody {
    fn from(device: Device) -> Self {
        let backlog = device.backlog;
        Self {
            id: device.id.0,
            person: device.person.id.0,
            label: device.label,
            app: device.app,
            enrolled_at: device.enrolled_at.0,
            revoked_at: device.revoked_at.map(|at| at.0),
            deposited_at: device.deposited_at.map(|at| at.0),
            wipe_ordered_at: device.wipe_ordered_at.map(|at| at.0),
            wiped_at: device.wiped_at.map(|at| at.0),
            forked_at: device.forked_at.map(|at| at.0),
            journal_n: device.head.n,
            last_exchange_at: device.last_exchange_at.map(|at| at.0),
            skew_ms: device.skew_ms,
            unsent: Unsent {
                records: backlog.records,
                changes: backlog.changes,
                oldest: backlog.oldest.map(|at| at.0),
                photos: backlog.photos,
                bytes: backlog.bytes,
            },
        }
    }
}

type Listed<T> = Result<Json<Vec<T>>, ServiceError>;

fn listed<T, B: From<T>>(rows: Vec<T>) -> Json<Vec<B>> {
    Json(rows.into_iter().map(B::from).collect())
}

/// The offices that one has to do with, by name.
#[utoipa::path(
    get, path = "/api/v1/offices", tag = "directory",
    responses((status = 200, body = Vec<OfficeBody>)), security(("session" = []))
)]
pub(crate) async fn offices(State(app): State<App>, SignedIn(who): SignedIn) -> Listed<OfficeBody> {
    directory::offices(&app, &who).await.map(listed)
}

/// What changes about an office.
#[derive(Deserialize, ToSchema)]
pub(crate) struct OfficePatch {
    /// An IANA name such as `Asia/Shanghai`.
    time_zone: String,
}

/// Gives an office another time zone, from now on. Sealed days stay as they are.
#[utoipa::path(
    patch, path = "/api/v1/offices/{office}", tag = "directory", params(("office" = Uuid, Path)),
    request_body = OfficePatch, responses((status = 200, body = OfficeBody)), security(("session" = []))
)]
pub(crate) async fn change_office(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(office): Id<OfficeId>,
    Json(OfficePatch { time_zone }): Json<OfficePatch>,
) -> Result<Json<OfficeBody>, ServiceError> {
    directory::change_time_zone(&app, &who, office, &time_zone).await.map(|office| Json(office.into()))
}

/// The teams that one has to do with, by office and name.
#[utoipa::path(
    get, path = "/api/v1/teams", tag = "directory",
    responses((status = 200, body = Vec<TeamBody>)), security(("session" = []))
)]
pub(crate) async fn teams(State(app): State<App>, SignedIn(who): SignedIn) -> Listed<TeamBody> {
    directory::teams(&app, &who).await.map(listed)
}

/// The people whose records one sees, by name.
#[utoipa::path(
    get, path = "/api/v1/people", tag = "directory",
    responses((status = 200, body = Vec<PersonBody>)), security(("session" = []))
)]
pub(crate) async fn people(State(app): State<App>, SignedIn(who): SignedIn) -> Listed<PersonBody> {
    directory::people(&app, &who).await.map(listed)
}

/// The developments, by name.
#[utoipa::path(
    get, path = "/api/v1/projects", tag = "directory",
    responses((status = 200, body = Vec<ProjectBody>)), security(("session" = []))
)]
pub(crate) async fn projects(State(app): State<App>, SignedIn(who): SignedIn) -> Listed<ProjectBody> {
    directory::projects(&app, &who).await.map(listed)
}

/// The phones of the people whose records one sees.
#[utoipa::path(
    get, path = "/api/v1/devices", tag = "directory",
    responses((status = 200, body = Vec<DeviceBody>)), security(("session" = []))
)]
pub(crate) async fn devices(State(app): State<App>, SignedIn(who): SignedIn) -> Listed<DeviceBody> {
    directory::devices(&app, &who).await.map(listed)
}

/// A code with which one phone can be enrolled.
#[derive(Serialize, ToSchema)]
pub(crate) struct InvitationBody {
    /// As people read it aloud: `7K3M-9QTX-04BZ-RF6W`. It is shown this once.
    code: String,
    expires_at: i64,
}

/// Issues a code with which one phone of a person can be enrolled.
#[utoipa::path(
    post, path = "/api/v1/people/{person}/enrolment-code", tag = "directory", params(("person" = Uuid, Path)),
    responses((status = 200, body = InvitationBody)), security(("session" = []))
)]
pub(crate) async fn invite(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(person): Id<PersonId>,
) -> Result<Json<InvitationBody>, ServiceError> {
    let (stored, code) = invite::invite(&app, &who, person).await?;
    Ok(Json(InvitationBody { code: code.shown(), expires_at: stored.expires_at.0 }))
}

/// How a phone is to be wiped.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Wipe {
    /// Not to wait until a verified backup of the server holds everything that the phone has handed in. Only for
    /// phones in wrong hands: a server that is restored afterwards may lack what only that phone had.
    #[serde(default)]
    at_once: bool,
}

/// Cuts a phone off at once. It can still hand in what it has, which is quarantined. Doing it again changes nothing.
#[utoipa::path(
    post, path = "/api/v1/devices/{id}/revoke", tag = "directory", params(("id" = Uuid, Path)),
    responses((status = 200, body = DeviceBody)), security(("session" = []))
)]
pub(crate) async fn revoke(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(device): Id<DeviceId>,
) -> Result<Json<DeviceBody>, ServiceError> {
    cut_off::revoke(&app, &who, device).await.map(|device| Json(device.into()))
}

/// Cuts a phone off and has it forget everything, as soon as it has handed in what it has. Doing it again changes
/// nothing.
#[utoipa::path(
    post, path = "/api/v1/devices/{id}/wipe", tag = "directory", params(("id" = Uuid, Path)),
    request_body = Wipe, responses((status = 200, body = DeviceBody)), security(("session" = []))
)]
pub(crate) async fn wipe(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(device): Id<DeviceId>,
    Json(wipe): Json<Wipe>,
) -> Result<Json<DeviceBody>, ServiceError> {
    cut_off::wipe(&app, &who, device, wipe.at_once).await.map(|device| Json(device.into()))
}
