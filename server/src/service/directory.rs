//! Offices, teams, people, developments and phones, as far as somebody's territory reaches.

use sync_core::id::OfficeId;

use super::events::{News, Topic};
use super::notes;
use crate::error::{ServiceError, codes};
use crate::scope::{self, Action};
use crate::state::App;
use crate::store::{Device, Office, Person, Project, Scope, Team};

/// The offices that somebody has to do with.
///
/// # Errors
/// When the database does not answer; so for all of this module.
pub async fn offices(app: &App, who: &Person) -> Result<Vec<Office>, ServiceError> {
    let all = app.store.offices(who.organisation).await?;
    let sees_all = matches!(scope::records_of(who), Scope::Organisation(_));
    Ok(all.into_iter().filter(|office| sees_all || Some(office.id) == who.office).collect())
}

/// Gives an office another time zone: what its days are called, and when they begin and end, from now on. Sealed days stay
/// as they are.
///
/// # Errors
/// [`codes::PERMISSION`] without the role, [`codes::OFFICE_NOT_FOUND`] outside the organisation, [`codes::TIME_ZONE`].
pub async fn change_time_zone(app: &App, who: &Person, id: OfficeId, zone: &str) -> Result<Office, ServiceError> {
    if !scope::may_do(who, Action::Administer) {
        return Err(codes::PERMISSION.into());
    }
    let found = offices(app, who).await?.into_iter().find(|office| office.id == id);
    let office = found.ok_or(codes::OFFICE_NOT_FOUND)?;
    jiff::tz::TimeZone::get(zone).map_err(|_| codes::TIME_ZONE)?;
    app.store.set_time_zone(id, zone).await?;
    app.events.tell([Topic::System, Topic::Days].map(|topic| News::of(topic, who.organisation, Some(id))));
    Ok(Office { time_zone: zone.to_owned(), ..office })
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
