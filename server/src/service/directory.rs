//! Offices, teams, people, developments and phones, as far as somebody's territory reaches.

use sync_core::id::{OfficeId, OrganisationId, ProjectId, TeamId};

use super::events::{News, Topic};
use super::notes;
use super::organisation::name_of;
use crate::error::{ServiceError, codes};
use crate::scope::{self, Action};
use crate::state::App;
use crate::store::{Device, Office, OfficeEdit, Person, Project, Scope, Team};

/// The offices that somebody has to do with.
///
/// # Errors
/// When the database does not answer; so for all of this module.
pub async fn offices(app: &App, who: &Person) -> Result<Vec<Office>, ServiceError> {
    let all = app.store.offices(who.organisation).await?;
    let sees_all = matches!(scope::records_of(who), Scope::Organisation(_));
    Ok(all.into_iter().filter(|office| sees_all || Some(office.id) == who.office).collect())
}

/// What changes about an office. `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfficeChange {
    /// What it is called. Sealed statements keep the name of their day, and phones learn it with their next exchange.
    pub name: Option<String>,
    /// What its days are called, and when they begin and end, from now on. Sealed days stay as they are.
    pub time_zone: Option<String>,
}

/// Changes an office, from this moment on.
///
/// # Errors
/// [`codes::PERMISSION`] without the role, [`codes::OFFICE_NOT_FOUND`] outside the organisation, [`codes::NAME`],
/// [`codes::TAKEN`] for the name of another one, [`codes::TIME_ZONE`]. Nothing is changed then.
pub async fn change_office(
    app: &App,
    who: &Person,
    id: OfficeId,
    change: OfficeChange,
) -> Result<Office, ServiceError> {
    administers(who)?;
    let found = offices(app, who).await?.into_iter().find(|office| office.id == id);
    let before = found.ok_or(codes::OFFICE_NOT_FOUND)?;
    let edit = OfficeEdit { name: change.name.as_deref().map(name_of).transpose()?, time_zone: change.time_zone };
    if let Some(zone) = &edit.time_zone {
        jiff::tz::TimeZone::get(zone).map_err(|_| codes::TIME_ZONE)?;
    }
    app.store.change_office(id, &edit).await.map_err(|error| error.missing(codes::OFFICE_NOT_FOUND))?;
    tell_of_names(app, who.organisation);
    app.events.tell([News::of(Topic::Days, who.organisation, Some(id))]);
    let OfficeEdit { name, time_zone } = edit;
    Ok(Office { name: name.unwrap_or(before.name), time_zone: time_zone.unwrap_or(before.time_zone), ..before })
}

/// Opens an office.
///
/// # Errors
/// [`codes::PERMISSION`] without the role, [`codes::NAME`], [`codes::TAKEN`] for the name of another one,
/// [`codes::TIME_ZONE`].
pub async fn create_office(app: &App, who: &Person, name: &str, zone: &str) -> Result<Office, ServiceError> {
    administers(who)?;
    create_any_office(app, who.organisation, name, zone).await
}

/// [`create_office`] without asking who wants it, for `daybook admin`.
pub(super) async fn create_any_office(
    app: &App,
    organisation: OrganisationId,
    name: &str,
    zone: &str,
) -> Result<Office, ServiceError> {
    let name = name_of(name)?;
    jiff::tz::TimeZone::get(zone).map_err(|_| codes::TIME_ZONE)?;
    let id = app.dice.roll(|rng| OfficeId::new(app.clock.now(), rng));
    let office = Office { id, organisation, name, time_zone: zone.to_owned() };
    app.store.create_office(&office).await?;
    tell_of_names(app, organisation);
    Ok(office)
}

/// Forms a team in an office.
///
/// # Errors
/// [`codes::PERMISSION`] without the role, [`codes::OFFICE_NOT_FOUND`] outside the organisation, [`codes::NAME`],
/// [`codes::TAKEN`] if the office has a team of that name.
pub async fn create_team(app: &App, who: &Person, office: OfficeId, name: &str) -> Result<Team, ServiceError> {
    administers(who)?;
    let known = offices(app, who).await?.into_iter().any(|known| known.id == office);
    if !known {
        return Err(codes::OFFICE_NOT_FOUND.into());
    }
    create_any_team(app, who.organisation, office, name).await
}

/// [`create_team`] without asking who wants it, for `daybook admin`.
pub(super) async fn create_any_team(
    app: &App,
    organisation: OrganisationId,
    office: OfficeId,
    name: &str,
) -> Result<Team, ServiceError> {
    let name = name_of(name)?;
    let id = app.dice.roll(|rng| TeamId::new(app.clock.now(), rng));
    let team = Team { id, organisation, office, name };
    app.store.create_team(&team).await?;
    tell_of_names(app, organisation);
    Ok(team)
}

/// Gives a team another name. The phones of its people learn it with their next exchange.
///
/// # Errors
/// As [`create_team`], and [`codes::TEAM_NOT_FOUND`] outside the organisation.
pub async fn rename_team(app: &App, who: &Person, id: TeamId, name: &str) -> Result<Team, ServiceError> {
    administers(who)?;
    let found = teams(app, who).await?.into_iter().find(|team| team.id == id);
    let team = Team { name: name_of(name)?, ..found.ok_or(codes::TEAM_NOT_FOUND)? };
    app.store.rename_team(&team).await.map_err(|error| error.missing(codes::TEAM_NOT_FOUND))?;
    tell_of_names(app, who.organisation);
    Ok(team)
}

/// The teams that somebody has to do with.
pub async fn teams(app: &App, who: &Person) -> Result<Vec<Team>, ServiceError> {
    let all = app.store.teams(who.organisation).await?;
    let sees = |team: &Team| match scope::records_of(who) {
        Scope::Organisation(_) => true,
        Scope::Office(office) => team.office == office,
        Scope::Team(own) => team.id == own,
        Scope::Person(_) => Some(team.id) == who.team,
    };
    Ok(all.into_iter().filter(sees).collect())
}

/// The people whose records somebody sees, and themselves.
pub async fn people(app: &App, who: &Person) -> Result<Vec<Person>, ServiceError> {
    let all = app.store.people(who.organisation).await?;
    Ok(all.into_iter().filter(|person| scope::sees_person(who, person)).collect())
}

/// The developments that can be chosen. Everybody in the organisation may know them.
pub async fn projects(app: &App, who: &Person) -> Result<Vec<Project>, ServiceError> {
    Ok(app.store.projects(who.organisation).await?)
}

/// The phones of the people whose records somebody sees.
///
/// # Errors
/// [`codes::PERMISSION`] for roles that have nothing to do with phones of others.
pub async fn devices(app: &App, who: &Person) -> Result<Vec<Device>, ServiceError> {
    if !scope::may_do(who, Action::SeeDevices) {
        return Err(codes::PERMISSION.into());
    }
    // Whoever looks at the board sees this second too.
    notes::flush(app).await?;
    let all = app.store.devices(who.organisation).await?;
    Ok(all.into_iter().filter(|device| scope::sees_person(who, &device.person)).collect())
}

/// Opens a development that can be chosen from now on.
///
/// # Errors
/// [`codes::PERMISSION`] without the role, [`codes::NAME`], [`codes::TAKEN`] for the name of another one.
pub async fn create_project(app: &App, who: &Person, name: &str) -> Result<Project, ServiceError> {
    administers(who)?;
    create_any_project(app, who.organisation, name).await
}

/// [`create_project`] without asking who wants it, for `daybook admin`.
pub(super) async fn create_any_project(
    app: &App,
    organisation: OrganisationId,
    name: &str,
) -> Result<Project, ServiceError> {
    let name = name_of(name)?;
    let id = app.dice.roll(|rng| ProjectId::new(app.clock.now(), rng));
    let project = Project { id, organisation, name };
    app.store.create_project(&project).await?;
    tell_of_names(app, organisation);
    Ok(project)
}

/// Gives a development another name.
///
/// # Errors
/// As [`create_project`], and [`codes::NOT_FOUND`] for one that the organisation does not have.
pub async fn rename_project(app: &App, who: &Person, id: ProjectId, name: &str) -> Result<Project, ServiceError> {
    administers(who)?;
    let project = Project { id, organisation: who.organisation, name: name_of(name)? };
    app.store.rename_project(&project).await.map_err(|error| error.missing(codes::NOT_FOUND))?;
    tell_of_names(app, who.organisation);
    Ok(project)
}

fn administers(who: &Person) -> Result<(), ServiceError> {
    if scope::may_do(who, Action::Administer) { Ok(()) } else { Err(codes::PERMISSION.into()) }
}

fn tell_of_names(app: &App, organisation: OrganisationId) {
    app.events.tell([News::of(Topic::Directory, organisation, None)]);
}
