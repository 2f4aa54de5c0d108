//! What a phone has to know about its person while it is offline.

use sync_core::wire::enrol::{Profile, Project};

use crate::error::{ServiceError, codes};
use crate::state::App;
use crate::store::Person;

/// The present profile of a person.
///
/// # Errors
/// [`codes::NO_OFFICE`] if the person belongs to no office, because records do.
pub async fn profile(app: &App, person: &Person) -> Result<Profile, ServiceError> {
    let office_id = person.office.ok_or(codes::NO_OFFICE)?;
    let offices = app.store.offices(person.organisation).await?;
    let office = offices.into_iter().find(|office| office.id == office_id).ok_or(codes::OFFICE_NOT_FOUND)?;
    let team_name = match person.team {
        Some(id) => {
            let teams = app.store.teams(person.organisation).await?;
            teams.into_iter().find(|team| team.id == id).map(|team| team.name)
        }
        None => None,
    };
    let projects = app.store.projects(person.organisation).await?;
    Ok(Profile {
        version: person.profile_version,
        organisation: person.organisation,
        person: person.id,
        name: person.name.clone(),
        role: person.role,
        office: office_id,
        office_name: office.name,
        team: person.team,
        team_name,
        projects: projects.into_iter().map(|project| Project { id: project.id, name: project.name }).collect(),
    })
}
