//! What `daybook admin` can order. The same orders run in a stopped server's folder or, over a local socket, inside a
//! running server; so each is a plain value that can be sent.

mod find;
mod lines;
mod moves;
mod noted;
mod set_aside;
mod strays;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sync_core::id::{DeviceId, OrganisationId, RecordId};
use sync_core::time::UnixMillis;
use sync_core::wire::enrol::Role;

use super::organisation::{self, OrganisationChange};
use super::people::{self, Newcomer};
use super::trail::{self, Kept};
use super::{access, directory, invite, notes};
use lines::Line;
pub use moves::{Goal, PersonMove};
pub use set_aside::{Aside, AsideOrder};
pub use strays::StrayOrder;

use crate::clock::millis;
use crate::day::hours::EveningHour;
use crate::error::{ServiceError, codes};
use crate::flag::thresholds::Thresholds;
use crate::photo::collect;
use crate::state::App;
use crate::store::Organisation;

/// An order. Where an organisation, office, team or person is meant, its id or its name (for people: login) will do;
/// the organisation may be left out while there is only one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "order")]
#[expect(missing_docs, reason = "the fields are the flags of the command line, which explains each")]
pub enum Order {
    /// Founds an organisation.
    CreateOrganisation { name: String },
    /// Lists organisations.
    ListOrganisations,
    /// Changes what an organisation decides for itself.
    ChangeOrganisation { organisation: Option<String>, keep_exif: Option<bool> },
    /// Opens an office.
    CreateOffice { organisation: Option<String>, name: String, time_zone: String },
    /// Lists offices.
    ListOffices { organisation: Option<String> },
    /// Forms a team.
    CreateTeam { organisation: Option<String>, office: String, name: String },
    /// Lists teams.
    ListTeams { organisation: Option<String> },
    /// Adds a development.
    CreateProject { organisation: Option<String>, name: String },
    /// Lists developments.
    ListProjects { organisation: Option<String> },
    /// Adds a person.
    CreatePerson { organisation: Option<String>, person: NewPerson },
    /// Gives a person another role, team or office, or ends their work here.
    ChangePerson { organisation: Option<String>, person: String, to: PersonMove },
    /// Gives a person a password that is made and told once.
    ResetPassword { organisation: Option<String>, person: String },
    /// Gives everything that a person has open to somebody else, in the name of a third.
    HandOver { organisation: Option<String>, by: String, from: String, to: String },
    /// Gives records to somebody, in the name of another one.
    Reassign { organisation: Option<String>, by: String, records: Vec<RecordId>, to: Goal },
    /// Lists people.
    ListPeople { organisation: Option<String> },
    /// Issues an enrolment code.
    IssueCode { organisation: Option<String>, person: String },
    /// Lists enrolment codes.
    ListCodes { organisation: Option<String> },
    /// Lists phones.
    ListDevices { organisation: Option<String> },
    /// Cuts a phone off.
    RevokeDevice { device: DeviceId },
    /// Cuts a phone off and has it forget everything.
    WipeDevice { device: DeviceId, at_once: bool },
    /// Notes that a backup was made and checked, and up to which line it holds each journal.
    NoteBackup { taken_at: UnixMillis, journals: Vec<(DeviceId, u64)> },
    /// Notes that the photos were in a backup that was made and checked.
    NotePhotoBackup { taken_at: UnixMillis },
    /// Removes uploads that were given up, photos that nothing needs, and what a crash left behind.
    CollectPhotos { dry_run: bool },
    /// Has a phone compare what it holds with its next exchange.
    CompareDevice { device: DeviceId },
    /// Looks at what phones brought back, or decides about it.
    Stray { organisation: Option<String>, stray: StrayOrder },
    /// Checks an organisation's audit trail, also against what was kept of it elsewhere.
    CheckTrail {
        organisation: Option<String>,
        #[serde(default)]
        kept: Vec<Kept>,
    },
    /// Lists an organisation's audit trail, oldest first.
    ListTrail { organisation: Option<String>, after: u64, limit: u32 },
    /// Looks at what was set aside, or decides about it.
    SetAside { organisation: Option<String>, aside: AsideOrder },
}

/// Somebody to be added.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewPerson {
    /// What they are called.
    pub name: String,
    /// What they do.
    pub role: Role,
    /// Their office: id or name.
    pub office: Option<String>,
    /// Their team: id or name.
    pub team: Option<String>,
    /// With which name they sign in at the console; without one they can't.
    pub login: Option<String>,
    /// Their password; if there is a login and no password, one is made and told once.
    pub password: Option<String>,
}

/// Carries out an order. The answer is one JSON object for what was made or changed, and an array for a list.
///
/// # Errors
/// When something that the order names is missing, taken or ambiguous, or the database does not answer.
pub async fn perform(app: &App, order: Order) -> Result<Value, ServiceError> {
    let noted = noted::note(app, &order).await?;
    let done = carry_out(app, order).await;
    if let (Err(error), Some(noted)) = (&done, noted) {
        noted.refused(app, error.code).await;
    }
    done
}

async fn carry_out(app: &App, order: Order) -> Result<Value, ServiceError> {
    match order {
        Order::CheckTrail { organisation, kept } => {
            let organisation = find::organisation(app, organisation).await?;
            let checked = trail::check_against(app, organisation, kept).await?;
            serde_json::to_value(checked).map_err(ServiceError::internal)
        }
        Order::ListTrail { organisation, after, limit } => {
            let organisation = find::organisation(app, organisation).await?;
            let entries = app.store.trail().trail_after(organisation, after, limit.min(1_000)).await?;
            Ok(entries.into_iter().map(trail::line).collect())
        }
        Order::CreateOrganisation { name } => create_organisation(app, name).await,
        Order::ListOrganisations => list(app.store.organisations().await?),
        Order::ChangeOrganisation { organisation, keep_exif } => {
            let id = find::organisation(app, organisation).await?;
            one(organisation::change_any(app, id, OrganisationChange { keep_exif, ..OrganisationChange::default() })
                .await?)
        }
        Order::CreateOffice { organisation, name, time_zone } => {
            let organisation = find::organisation(app, organisation).await?;
            one(directory::create_any_office(app, organisation, &name, &time_zone).await?)
        }
        Order::ListOffices { organisation } => {
            list(app.store.offices(find::organisation(app, organisation).await?).await?)
        }
        Order::CreateTeam { organisation, office, name } => {
            let organisation = find::organisation(app, organisation).await?;
            let office = find::office(app, organisation, &office).await?;
            one(directory::create_any_team(app, organisation, office, &name).await?)
        }
        Order::ListTeams { organisation } => list(app.store.teams(find::organisation(app, organisation).await?).await?),
        Order::CreateProject { organisation, name } => {
            let organisation = find::organisation(app, organisation).await?;
            one(directory::create_any_project(app, organisation, &name).await?)
        }
        Order::ListProjects { organisation } => {
            list(app.store.projects(find::organisation(app, organisation).await?).await?)
        }
        Order::CreatePerson { organisation, person } => {
            let organisation = find::organisation(app, organisation).await?;
            create_person(app, organisation, person).await
        }
        Order::ChangePerson { organisation, person, to } => {
            let organisation = find::organisation(app, organisation).await?;
            moves::person(app, organisation, &person, to).await
        }
        Order::ResetPassword { organisation, person } => {
            let organisation = find::organisation(app, organisation).await?;
            let person = find::person(app, organisation, &person).await?;
            let password = access::reset_any_password(app, &person).await?;
            one(Line::person(person, Some(password)))
        }
        Order::HandOver { organisation, by, from, to } => {
            let organisation = find::organisation(app, organisation).await?;
            moves::all_of(app, organisation, &by, &from, &to).await
        }
        Order::Reassign { organisation, by, records, to } => {
            let organisation = find::organisation(app, organisation).await?;
            moves::records(app, organisation, &by, &records, to).await
        }
        Order::ListPeople { organisation } => {
            list(app.store.people(find::organisation(app, organisation).await?).await?)
        }
        Order::IssueCode { organisation, person } => {
            let organisation = find::organisation(app, organisation).await?;
            let (stored, code) = invite::issue(app, &find::person(app, organisation, &person).await?).await?;
            one(Line::code(stored, Some(code.shown())))
        }
        Order::ListCodes { organisation } => {
            list(app.store.enrolment_codes(find::organisation(app, organisation).await?).await?)
        }
        Order::ListDevices { organisation } => {
            notes::flush(app).await?;
            list(app.store.devices(find::organisation(app, organisation).await?).await?)
        }
        Order::RevokeDevice { device } => {
            let revoked = app.store.revoke_device(device, app.clock.now()).await;
            revoked.map_err(|error| error.missing(codes::DEVICE_UNKNOWN))?;
            one(app.store.device(device).await?)
        }
        Order::WipeDevice { device, at_once } => {
            let ordered = app.store.order_wipe(device, at_once, app.clock.now()).await;
            ordered.map_err(|error| error.missing(codes::DEVICE_UNKNOWN))?;
            one(app.store.device(device).await?)
        }
        Order::NoteBackup { taken_at, journals } => {
            let oldest = app.clock.now().plus(-millis(app.config.backup.restorable));
            app.store.note_backup(taken_at, &journals, oldest).await?;
            Ok(serde_json::json!({ "devices": journals.len() }))
        }
        Order::NotePhotoBackup { taken_at } => {
            let oldest = app.clock.now().plus(-millis(app.config.backup.restorable));
            app.store.photos().note_photo_backup(taken_at, oldest).await?;
            Ok(serde_json::json!({ "taken_at": taken_at }))
        }
        Order::CollectPhotos { dry_run } => {
            let collected = collect::collect(app, dry_run).await?;
            serde_json::to_value(collected).map_err(ServiceError::internal)
        }
        Order::CompareDevice { device } => {
            let device = app.store.device(device).await.map_err(|error| error.missing(codes::DEVICE_UNKNOWN))?;
            app.store.order_digest(device.id, app.clock.now()).await?;
            one(device)
        }
        Order::Stray { organisation, stray } => {
            let organisation = find::organisation(app, organisation).await?;
            strays::perform(app, organisation, stray).await
        }
        Order::SetAside { organisation, aside } => {
            let organisation = find::organisation(app, organisation).await?;
            set_aside::perform(app, organisation, aside).await
        }
    }
}

fn one(row: impl Into<Line>) -> Result<Value, ServiceError> {
    serde_json::to_value(row.into()).map_err(ServiceError::internal)
}

fn list<T: Into<Line>>(rows: Vec<T>) -> Result<Value, ServiceError> {
    rows.into_iter().map(one).collect::<Result<Vec<_>, _>>().map(Value::Array)
}

async fn create_organisation(app: &App, name: String) -> Result<Value, ServiceError> {
    let now = app.clock.now();
    let id = app.dice.roll(|rng| OrganisationId::new(now, rng));
    let organisation = Organisation {
        id,
        name,
        created_at: now,
        keep_exif: false,
        evening: EveningHour::default(),
        thresholds: Thresholds::default(),
    };
    app.store.create_organisation(&organisation).await?;
    one(organisation)
}

async fn create_person(app: &App, organisation: OrganisationId, new: NewPerson) -> Result<Value, ServiceError> {
    let office = match &new.office {
        Some(office) => Some(find::office(app, organisation, office).await?),
        None => None,
    };
    let team = match &new.team {
        Some(team) => Some(find::team(app, organisation, office, team).await?),
        None => None,
    };
    let newcomer = Newcomer {
        name: new.name,
        role: new.role,
        office,
        team: team.map(|team| team.id),
        login: new.login,
        password: new.password,
    };
    let (person, made) = people::add_anybody(app, organisation, newcomer).await?;
    one(Line::person(person, made))
}
