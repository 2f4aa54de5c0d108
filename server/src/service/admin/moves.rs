//! Orders that move people and records.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sync_core::id::{OrganisationId, RecordId};
use sync_core::wire::enrol::Role;

use super::{find, one};
use crate::error::ServiceError;
use crate::service::people::{self, PersonChange};
use crate::service::reassign::{self, Assignment, HandedOver};
use crate::state::App;

/// What changes about a person.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PersonMove {
    /// What they do from now on.
    pub role: Option<Role>,
    /// Where they work from now on: id or name.
    pub office: Option<String>,
    /// In which team: id or name.
    pub team: Option<String>,
    /// In no team.
    pub no_team: bool,
    /// Whether they still work here.
    pub active: Option<bool>,
}

/// To whom records go: ids or names.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Goal {
    /// Who owns them from now on.
    pub owner: Option<String>,
    /// The team to which they belong from now on.
    pub team: Option<String>,
    /// The office to which they belong from now on.
    pub office: Option<String>,
}

pub(super) async fn person(
    app: &App,
    organisation: OrganisationId,
    person: &str,
    to: PersonMove,
) -> Result<Value, ServiceError> {
    let id = find::person(app, organisation, person).await?.id;
    let office = match &to.office {
        Some(office) => Some(find::office(app, organisation, office).await?),
        None => None,
    };
    let team = match &to.team {
        Some(team) => Some(Some(find::team(app, organisation, office, team).await?.id)),
        None => to.no_team.then_some(None),
    };
    let change = PersonChange { role: to.role, office, team, active: to.active };
    one(people::change_anybody(app, id, change).await?)
}

/// Records are changed by somebody: the order names in whose name, and what they may do is theirs.
pub(super) async fn records(
    app: &App,
    organisation: OrganisationId,
    by: &str,
    records: &[RecordId],
    to: Goal,
) -> Result<Value, ServiceError> {
    let by = find::person(app, organisation, by).await?;
    let office = match &to.office {
        Some(office) => Some(find::office(app, organisation, office).await?),
        None => None,
    };
    let team = match &to.team {
        Some(team) => Some(find::team(app, organisation, office, team).await?.id),
        None => None,
    };
    let owner = match &to.owner {
        Some(owner) => Some(find::person(app, organisation, owner).await?.id),
        None => None,
    };
    let stayed = reassign::reassign_all(app, &by, records, Assignment { owner, team, office }).await?;
    let stayed: Vec<Value> =
        stayed.into_iter().map(|(record, code)| json!({ "record": record, "code": code.name })).collect();
    Ok(json!({ "moved": records.len() - stayed.len(), "stayed": stayed }))
}

pub(super) async fn all_of(
    app: &App,
    organisation: OrganisationId,
    by: &str,
    from: &str,
    to: &str,
) -> Result<Value, ServiceError> {
    let by = find::person(app, organisation, by).await?;
    let from = find::person(app, organisation, from).await?.id;
    let to = find::person(app, organisation, to).await?.id;
    let HandedOver { moved, closed } = reassign::hand_over(app, &by, from, to).await?;
    Ok(json!({ "moved": moved, "closed": closed }))
}
