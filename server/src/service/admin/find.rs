//! What an order means by an id or a name.

use sync_core::id::{OfficeId, OrganisationId};

use crate::error::{Code, ServiceError, codes};
use crate::state::App;
use crate::store::{Person, Team};

/// The organisation of this id or name, or the only one.
pub(super) async fn organisation(app: &App, wanted: Option<String>) -> Result<OrganisationId, ServiceError> {
    let all = app.store.organisations().await?;
    let found = match wanted {
        Some(wanted) => only(all, codes::ORGANISATION_NOT_FOUND, |one| is(&wanted, &one.id, &one.name)),
        None => only(all, codes::ORGANISATION_NOT_FOUND, |_| true),
    };
    Ok(found?.id)
}

pub(super) async fn office(app: &App, organisation: OrganisationId, wanted: &str) -> Result<OfficeId, ServiceError> {
    let all = app.store.offices(organisation).await?;
    Ok(only(all, codes::OFFICE_NOT_FOUND, |office| is(wanted, &office.id, &office.name))?.id)
}

/// A team, in this office if one is given: several offices may have a team of the same name.
pub(super) async fn team(
    app: &App,
    organisation: OrganisationId,
    office: Option<OfficeId>,
    wanted: &str,
) -> Result<Team, ServiceError> {
    let all = app.store.teams(organisation).await?;
    only(all, codes::TEAM_NOT_FOUND, |team| {
        is(wanted, &team.id, &team.name) && office.is_none_or(|office| team.office == office)
    })
}

pub(super) async fn person(app: &App, organisation: OrganisationId, wanted: &str) -> Result<Person, ServiceError> {
    let all = app.store.people(organisation).await?;
    only(all, codes::PERSON_NOT_FOUND, |person| {
        let by_login = person.login.as_ref().is_some_and(|login| login.eq_ignore_ascii_case(wanted));
        by_login || is(wanted, &person.id, &person.name)
    })
}

fn is(wanted: &str, id: &impl ToString, name: &str) -> bool {
    wanted == name || wanted == id.to_string()
}

fn only<T>(all: Vec<T>, missing: Code, wanted: impl Fn(&T) -> bool) -> Result<T, ServiceError> {
    let mut found = all.into_iter().filter(|one| wanted(one));
    let first = found.next().ok_or(missing)?;
    if found.next().is_some() { Err(codes::AMBIGUOUS.into()) } else { Ok(first) }
}
