//! Customers who come to the sales site, and the consultants who receive them.

use jiff::ToSpan as _;
use sync_core::id::{OfficeId, RecordId};
use sync_core::record::Kind;
use sync_core::record::office::OfficeEdit;
use sync_core::time::UnixMillis;

use super::detail::{RecordDetail, detail};
use super::events::{News, Topic};
use super::staff_change::{edit_failed, publish_change};
use crate::day::hours;
use crate::error::{ServiceError, codes};
use crate::scope::{self, Action};
use crate::state::App;
use crate::store::Person;
use crate::store::days::RotaTurn;

/// So many days back it counts who received the last customer.
const ROTA_DAYS: i32 = 31;
/// Consultants of an office at most.
const MOST_CONSULTANTS: usize = 200;
/// The longest name, in characters.
const LONGEST_NAME: usize = 100;

/// Who receives a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receiver {
    /// Whose turn it is; nobody, if the office has no consultants.
    Next,
    /// This one, because the customer asked for them.
    Named(String),
}

/// A customer who came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When; now, if nobody says.
    pub at: Option<UnixMillis>,
    /// Who receives them.
    pub receiver: Receiver,
    /// The number of the signed confirmation slip 到访确认单.
    pub confirmation_slip: Option<String>,
}

/// Notes that the customer of a lead came, and who receives them.
///
/// # Errors
/// [`codes::RECORD_NOT_FOUND`] outside the territory, [`codes::PERMISSION`] without the role, [`codes::NOT_A_LEAD`],
/// [`codes::ARRIVED`] if it is noted already, [`codes::DAY_FUTURE`] for a time to come, [`codes::RECORD_CLOSED`].
pub async fn arrive(app: &App, who: &Person, id: RecordId, arrival: Arrival) -> Result<RecordDetail, ServiceError> {
    let line = app.store.record_line(id).await.map_err(|error| error.missing(codes::RECORD_NOT_FOUND))?;
    if !scope::sees(who, &line) {
        return Err(codes::RECORD_NOT_FOUND.into());
    }
    if !scope::may(who, Action::Receive, &line) {
        return Err(codes::PERMISSION.into());
    }
    if line.row.kind != Kind::Lead {
        return Err(codes::NOT_A_LEAD.into());
    }
    let at = arrival.at.unwrap_or_else(|| app.clock.now());
    if at > app.clock.now() {
        return Err(codes::DAY_FUTURE.into());
    }
    let consultant = match arrival.receiver {
        Receiver::Named(name) => Some(name_of(&name)?),
        Receiver::Next => {
            let offices = app.store.offices(who.organisation).await?;
            let office = offices.iter().find(|office| office.id == line.row.office).ok_or(codes::OFFICE_NOT_FOUND)?;
            let day = hours::today(&office.time_zone, at);
            let since = day.saturating_sub(ROTA_DAYS.days());
            let turn = RotaTurn { office: office.id, record: id, day, since, now: app.clock.now() };
            app.store.days().take_turn(&turn).await?
        }
    };
    let mut edits = vec![OfficeEdit::ArrivedAt(Some(at))];
    edits.extend(consultant.map(|name| OfficeEdit::Consultant(Some(name))));
    edits.extend(arrival.confirmation_slip.map(|slip| OfficeEdit::ConfirmationSlip(Some(slip))));
    publish_change(app, who, id, |document, view, actor, now| {
        if view.frame().office.arrived_at.is_some() {
            return Err(codes::ARRIVED.into());
        }
        document.edit_office(actor, now, &edits).map_err(edit_failed)
    })
    .await?;
    detail(app, who, id).await
}

/// The consultants of an office, in the order of its rota.
///
/// # Errors
/// [`codes::OFFICE_NOT_FOUND`] outside the territory.
pub async fn consultants(app: &App, who: &Person, office: OfficeId) -> Result<Vec<String>, ServiceError> {
    visible(app, who, office).await?;
    Ok(app.store.days().consultants(office).await?)
}

/// Sets the consultants of an office.
///
/// # Errors
/// As [`consultants`], and [`codes::PERMISSION`] without the role, [`codes::CONSULTANTS`] for a name that is empty, too
/// long or there twice, or for too many.
pub async fn set_consultants(
    app: &App,
    who: &Person,
    office: OfficeId,
    names: &[String],
) -> Result<Vec<String>, ServiceError> {
    if !scope::may_do(who, Action::Receive) {
        return Err(codes::PERMISSION.into());
    }
    visible(app, who, office).await?;
    let names = names.iter().map(|name| name_of(name)).collect::<Result<Vec<_>, _>>()?;
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.dedup();
    if names.len() > MOST_CONSULTANTS || sorted.len() < names.len() {
        return Err(codes::CONSULTANTS.into());
    }
    app.store.days().set_consultants(office, &names).await?;
    app.events.tell([News::of(Topic::Days, who.organisation, Some(office))]);
    tracing::info!(person = %who.id, %office, consultants = names.len(), "the rota was changed");
    Ok(names)
}

fn name_of(name: &str) -> Result<String, ServiceError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        return Err(codes::CONSULTANTS.into());
    }
    Ok(name.to_owned())
}

async fn visible(app: &App, who: &Person, id: OfficeId) -> Result<(), ServiceError> {
    let offices = super::directory::offices(app, who).await?;
    if offices.iter().any(|office| office.id == id) { Ok(()) } else { Err(codes::OFFICE_NOT_FOUND.into()) }
}
