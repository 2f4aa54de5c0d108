//! Offices, teams, people, developments and phones in one's territory.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use sync_core::id::{DeviceId, OfficeId, PersonId, ProjectId, TeamId};
use sync_core::wire::enrol::Role;
use utoipa::ToSchema;
use uuid::Uuid;

use super::extract::{Id, Json};
use super::identity::SignedIn;
use super::names;
use crate::error::ServiceError;
use crate::service::directory::OfficeChange;
use crate::service::people::{self, Newcomer};
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
    /// Whether they have a login for the console.
    signs_in: bool,
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
            signs_in: person.login.is_some(),
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

/// What changes about an office; what is left out stays as it is.
#[derive(Deserialize, ToSchema)]
pub(crate) struct OfficePatch {
    /// 1 to 100 characters, and not another one's. Sealed statements keep the name of their day.
    name: Option<String>,
    /// An IANA name such as `Asia/Shanghai`. Sealed days stay as they are.
    time_zone: Option<String>,
}

/// Gives an office another name or time zone, from this moment on.
#[utoipa::path(
    patch, path = "/api/v1/offices/{office}", tag = "directory", params(("office" = Uuid, Path)),
    request_body = OfficePatch, responses((status = 200, body = OfficeBody)), security(("session" = []))
)]
pub(crate) async fn change_office(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(office): Id<OfficeId>,
    Json(OfficePatch { name, time_zone }): Json<OfficePatch>,
) -> Result<Json<OfficeBody>, ServiceError> {
    let change = OfficeChange { name, time_zone };
    directory::change_office(&app, &who, office, change).await.map(|office| Json(office.into()))
}

/// An office to be opened.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewOffice {
    /// 1 to 100 characters, and not another one's.
    name: String,
    /// An IANA name such as `Asia/Shanghai`.
    time_zone: String,
}

/// Opens an office.
#[utoipa::path(
    post, path = "/api/v1/offices", tag = "directory", request_body = NewOffice,
    responses((status = 200, body = OfficeBody)), security(("session" = []))
)]
pub(crate) async fn create_office(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Json(NewOffice { name, time_zone }): Json<NewOffice>,
) -> Result<Json<OfficeBody>, ServiceError> {
    directory::create_office(&app, &who, &name, &time_zone).await.map(|office| Json(office.into()))
}

/// The teams that one has to do with, by office and name.
#[utoipa::path(
    get, path = "/api/v1/teams", tag = "directory",
    responses((status = 200, body = Vec<TeamBody>)), security(("session" = []))
)]
pub(crate) async fn teams(State(app): State<App>, SignedIn(who): SignedIn) -> Listed<TeamBody> {
    directory::teams(&app, &who).await.map(listed)
}

/// A team to be formed.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewTeam {
    #[schema(value_type = Uuid)]
    office: OfficeId,
    /// 1 to 100 characters, and not that of another team of the office.
    name: String,
}

/// Forms a team in an office.
#[utoipa::path(
    post, path = "/api/v1/teams", tag = "directory", request_body = NewTeam,
    responses((status = 200, body = TeamBody)), security(("session" = []))
)]
pub(crate) async fn create_team(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Json(NewTeam { office, name }): Json<NewTeam>,
) -> Result<Json<TeamBody>, ServiceError> {
    directory::create_team(&app, &who, office, &name).await.map(|team| Json(team.into()))
}

/// What a team is called.
#[derive(Deserialize, ToSchema)]
pub(crate) struct TeamName {
    /// 1 to 100 characters, and not that of another team of the office.
    name: String,
}

/// Gives a team another name.
#[utoipa::path(
    patch, path = "/api/v1/teams/{team}", tag = "directory", params(("team" = Uuid, Path)),
    request_body = TeamName, responses((status = 200, body = TeamBody)), security(("session" = []))
)]
pub(crate) async fn rename_team(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(team): Id<TeamId>,
    Json(TeamName { name }): Json<TeamName>,
) -> Result<Json<TeamBody>, ServiceError> {
    directory::rename_team(&app, &who, team, &name).await.map(|team| Json(team.into()))
}

/// The people whose records one sees, by name.
#[utoipa::path(
    get, path = "/api/v1/people", tag = "directory",
    responses((status = 200, body = Vec<PersonBody>)), security(("session" = []))
)]
pub(crate) async fn people(State(app): State<App>, SignedIn(who): SignedIn) -> Listed<PersonBody> {
    directory::people(&app, &who).await.map(listed)
}

/// Somebody who begins to work here.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewPerson {
    /// 1 to 100 characters.
    name: String,
    #[schema(schema_with = names::role)]
    role: Role,
    /// Not needed with a team, nor at head quarters.
    #[schema(value_type = Option<Uuid>)]
    office: Option<OfficeId>,
    /// A team of that office.
    #[schema(value_type = Option<Uuid>)]
    team: Option<TeamId>,
    /// With which name they sign in at the console: 1 to 100 characters without spaces. Without one they can't.
    login: Option<String>,
}

/// Somebody who was added.
#[derive(Serialize, ToSchema)]
pub(crate) struct AddedBody {
    person: PersonBody,
    /// The password that was made for their login. It is shown this once.
    #[schema(format = Password)]
    password: Option<String>,
}

/// Adds a person.
#[utoipa::path(
    post, path = "/api/v1/people", tag = "directory", request_body = NewPerson,
    responses((status = 200, body = AddedBody)), security(("session" = []))
)]
pub(crate) async fn add_person(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Json(NewPerson { name, role, office, team, login }): Json<NewPerson>,
) -> Result<Json<AddedBody>, ServiceError> {
    let newcomer = Newcomer { name, role, office, team, login, password: None };
    let (person, password) = people::add(&app, &who, newcomer).await?;
    Ok(Json(AddedBody { person: person.into(), password }))
}

/// The developments, by name.
#[utoipa::path(
    get, path = "/api/v1/projects", tag = "directory",
    responses((status = 200, body = Vec<ProjectBody>)), security(("session" = []))
)]
pub(crate) async fn projects(State(app): State<App>, SignedIn(who): SignedIn) -> Listed<ProjectBody> {
    directory::projects(&app, &who).await.map(listed)
}

/// What a development is called.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ProjectName {
    /// 1 to 100 characters, and not another one's.
    name: String,
}

/// Opens a development. Phones can choose it after their next exchange.
#[utoipa::path(
    post, path = "/api/v1/projects", tag = "directory", request_body = ProjectName,
    responses((status = 200, body = ProjectBody)), security(("session" = []))
)]
pub(crate) async fn create_project(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Json(ProjectName { name }): Json<ProjectName>,
) -> Result<Json<ProjectBody>, ServiceError> {
    directory::create_project(&app, &who, &name).await.map(|project| Json(project.into()))
}

/// Gives a development another name.
#[utoipa::path(
    patch, path = "/api/v1/projects/{project}", tag = "directory", params(("project" = Uuid, Path)),
    request_body = ProjectName, responses((status = 200, body = ProjectBody)), security(("session" = []))
)]
pub(crate) async fn rename_project(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(project): Id<ProjectId>,
    Json(ProjectName { name }): Json<ProjectName>,
) -> Result<Json<ProjectBody>, ServiceError> {
    directory::rename_project(&app, &who, project, &name).await.map(|project| Json(project.into()))
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
