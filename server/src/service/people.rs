//! People come and change: another role, another team or office, and in the end none.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sync_core::id::{OfficeId, OrganisationId, PersonId, TeamId};
use sync_core::time::UnixMillis;
use sync_core::wire::enrol::Role;

use super::events::{News, Topic};
use super::organisation::name_of;
use crate::auth::password::Passwords;
use crate::auth::password::rules::Owner;
use crate::error::{ServiceError, codes};
use crate::scope::{self, Action};
use crate::state::App;
use crate::store::{Person, StoreError};

/// How often a change is tried anew because the person changed meanwhile.
const ATTEMPTS: u32 = 4;
/// The longest login, in characters.
const LONGEST_LOGIN: usize = 100;

/// Somebody who begins to work here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newcomer {
    /// What they are called.
    pub name: String,
    /// What they do.
    pub role: Role,
    /// Where they work; not needed with a team, nor at head quarters.
    pub office: Option<OfficeId>,
    /// In which team, which has to lie in that office.
    pub team: Option<TeamId>,
    /// With which name they sign in at the console; without one they can't.
    pub login: Option<String>,
    /// Their password; if there is a login and no password, one is made and told once.
    pub password: Option<String>,
}

/// Adds a person, and tells the password that was made for them, if one was.
///
/// # Errors
/// [`codes::PERMISSION`] without the role, [`codes::NAME`], [`codes::LOGIN`], [`codes::LOGIN_TAKEN`],
/// [`codes::OFFICE_NOT_FOUND`] and [`codes::TEAM_NOT_FOUND`] for a place that is not there or a team of another office,
/// [`codes::PERSON_PLACE`] if the role needs an office or team, and those of [`crate::auth::password::rules::check`].
pub async fn add(app: &App, who: &Person, new: Newcomer) -> Result<(Person, Option<String>), ServiceError> {
    if !scope::may_do(who, Action::Administer) {
        return Err(codes::PERMISSION.into());
    }
    add_anybody(app, who.organisation, new).await
}

/// [`add`] without asking who wants it, for `daybook admin`.
pub(super) async fn add_anybody(
    app: &App,
    organisation: OrganisationId,
    new: Newcomer,
) -> Result<(Person, Option<String>), ServiceError> {
    let name = name_of(&new.name)?;
    let login = new.login.as_deref().map(login_of).transpose()?;
    let office = place(app, organisation, new.office, new.team).await?;
    check_place(new.role, office, new.team)?;
    let made = (login.is_some() && new.password.is_none()).then(|| Passwords::generate(&app.dice));
    let password_hash = match new.password.as_ref().or(made.as_ref()) {
        Some(password) => {
            let owner = Owner { login: login.as_deref(), name: &name };
            Some(app.passwords.choose(password, owner, &app.dice).await?)
        }
        None => None,
    };
    let now = app.clock.now();
    let person = Person {
        id: app.dice.roll(|rng| PersonId::new(now, rng)),
        organisation,
        name,
        role: new.role,
        office,
        team: new.team,
        login,
        active: true,
        profile_version: 1,
        scope_version: 1,
        created_at: now,
    };
    match app.store.create_person(&person, password_hash.as_deref()).await {
        Err(StoreError::Conflict(_)) => return Err(codes::LOGIN_TAKEN.into()),
        created => created?,
    }
    app.events.tell([News::of(Topic::Directory, organisation, office)]);
    Ok((person, made))
}

/// A login as it is kept: nobody has to remember its capitals.
fn login_of(login: &str) -> Result<String, ServiceError> {
    let login = login.trim().to_lowercase();
    let fits = (1..=LONGEST_LOGIN).contains(&login.chars().count()) && !login.contains(char::is_whitespace);
    if fits { Ok(login) } else { Err(codes::LOGIN.into()) }
}

/// The office of somebody new, which is there, and has the team if they are in one.
async fn place(
    app: &App,
    organisation: OrganisationId,
    office: Option<OfficeId>,
    team: Option<TeamId>,
) -> Result<Option<OfficeId>, ServiceError> {
    if let Some(id) = office {
        let offices = app.store.offices(organisation).await?;
        offices.iter().find(|office| office.id == id).ok_or(codes::OFFICE_NOT_FOUND)?;
    }
    let Some(id) = team else {
        return Ok(office);
    };
    let teams = app.store.teams(organisation).await?;
    let team = teams.into_iter().find(|team| team.id == id).ok_or(codes::TEAM_NOT_FOUND)?;
    // Somebody in a team is in the team's office, whether it was said or not.
    if office.is_some_and(|office| office != team.office) {
        return Err(codes::TEAM_NOT_FOUND.into());
    }
    Ok(Some(team.office))
}

/// What changes about a person. `None` leaves it as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PersonChange {
    /// What they do from now on.
    pub role: Option<Role>,
    /// Where they work from now on. Whoever goes to another office leaves their team.
    pub office: Option<OfficeId>,
    /// In which team, which has to lie in that office; `Some(None)` for none.
    pub team: Option<Option<TeamId>>,
    /// Whether they still work here. Who does not can't sign in, and their phones can only deposit what they have.
    pub active: Option<bool>,
}

/// Changes a person. Their phones get the new profile with their next exchange; if they see other records from now
/// on, their phones read the feed of those from its beginning and drop what is out of scope.
///
/// Their records stay where they are; [`super::reassign::hand_over`] gives them to somebody.
///
/// # Errors
/// [`codes::PERSON_NOT_FOUND`] outside the organisation, [`codes::PERMISSION`] without the role,
/// [`codes::OFFICE_NOT_FOUND`] and [`codes::TEAM_NOT_FOUND`] for a place that is not there or a team of another
/// office, [`codes::PERSON_PLACE`] if the role needs an office or team, [`codes::BUSY`] if others keep changing them.
pub async fn change(app: &App, who: &Person, id: PersonId, change: PersonChange) -> Result<Person, ServiceError> {
    let person = app.store.person(id).await.map_err(|error| error.missing(codes::PERSON_NOT_FOUND))?;
    if !scope::sees_person(who, &person) {
        return Err(codes::PERSON_NOT_FOUND.into());
    }
    if !scope::may_do(who, Action::Administer) {
        return Err(codes::PERMISSION.into());
    }
    change_anybody(app, id, change).await
}

/// [`change`] without asking who wants it, for `daybook admin`.
pub(super) async fn change_anybody(app: &App, id: PersonId, change: PersonChange) -> Result<Person, ServiceError> {
    for _ in 0..ATTEMPTS {
        let before = app.store.person(id).await.map_err(|error| error.missing(codes::PERSON_NOT_FOUND))?;
        let mut after = changed(app, &before, change).await?;
        if after == before {
            return Ok(before);
        }
        after.profile_version += 1;
        if scope::records_of(&after) != scope::records_of(&before) {
            after.scope_version += 1;
        }
        let moved = (after.office, after.team, after.active) != (before.office, before.team, before.active);
        let day = if moved { Some(today(app, &after).await?) } else { None };
        match app.store.change_person(&after, day.as_deref()).await {
            Ok(()) => {
                app.events.tell([News::Access]);
                app.events.tell(
                    [before.office, after.office].map(|office| News::of(Topic::Directory, after.organisation, office)),
                );
                return Ok(after);
            }
            Err(StoreError::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(codes::BUSY.into())
}

async fn changed(app: &App, before: &Person, change: PersonChange) -> Result<Person, ServiceError> {
    let PersonChange { role, office, team, active } = change;
    let role = role.unwrap_or(before.role);
    let office = office.or(before.office);
    let stays = office == before.office;
    let mut after = Person { role, office, active: active.unwrap_or(before.active), ..before.clone() };
    after.team = match team {
        Some(team) => team,
        None => before.team.filter(|_| stays),
    };
    let new_team = after.team.filter(|team| Some(*team) != before.team);
    let new_office = after.office.filter(|_| !stays);
    if let Some(office) = place(app, before.organisation, new_office.or(change.office), new_team).await? {
        after.office = Some(office);
    }
    check_place(after.role, after.office, after.team)?;
    Ok(after)
}

/// Whether somebody of this role can work in this place.
pub(super) fn check_place(role: Role, office: Option<OfficeId>, team: Option<TeamId>) -> Result<(), ServiceError> {
    let lacks_office = !role.is_head_quarters() && office.is_none();
    let lacks_team = role == Role::Supervisor && team.is_none();
    if lacks_office || lacks_team { Err(codes::PERSON_PLACE.into()) } else { Ok(()) }
}

/// What the person's office calls the present day.
async fn today(app: &App, person: &Person) -> Result<String, ServiceError> {
    let offices = app.store.offices(person.organisation).await?;
    let zone = offices.into_iter().find(|office| Some(office.id) == person.office).map(|office| office.time_zone);
    let zone = zone.and_then(|name| TimeZone::get(&name).ok()).unwrap_or(TimeZone::UTC);
    let UnixMillis(now) = app.clock.now();
    let now = Timestamp::from_millisecond(now).map_err(ServiceError::internal)?;
    Ok(now.to_zoned(zone).date().to_string())
}
