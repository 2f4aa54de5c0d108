//! What an organisation decides for itself, at run time.

use sync_core::id::OrganisationId;

use super::events::{News, Topic};
use crate::day::hours::EveningHour;
use crate::error::{ServiceError, codes};
use crate::flag::thresholds::ThresholdChange;
use crate::scope::{self, Action};
use crate::state::App;
use crate::store::{Organisation, OrganisationEdit, Person};

/// The longest name that is set here, in characters.
const LONGEST_NAME: usize = 100;

/// What changes about an organisation. `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrganisationChange {
    /// What it is called. Sealed statements keep the name of their day.
    pub name: Option<String>,
    /// The hour at which the evening begins at its offices. Sealed days stay as they are.
    pub evening_hour: Option<i64>,
    /// Whether photos that come from now on keep their metadata. What is stored already stays as it is.
    pub keep_exif: Option<bool>,
    /// From when on flags are raised. Those of what is published already are raised anew, beside everything else.
    pub thresholds: ThresholdChange,
}

/// The organisation of somebody who works for it.
///
/// # Errors
/// When the database does not answer.
pub async fn of(app: &App, who: &Person) -> Result<Organisation, ServiceError> {
    found(app, who.organisation).await
}

/// Changes the organisation that somebody works for.
///
/// # Errors
/// [`codes::PERMISSION`] without the role, [`codes::NAME`], [`codes::TAKEN`] for another one's name,
/// [`codes::EVENING_HOUR`], [`codes::THRESHOLD`] for a number out of its range. Nothing is changed then.
pub async fn change(app: &App, who: &Person, change: OrganisationChange) -> Result<Organisation, ServiceError> {
    if !scope::may_do(who, Action::Administer) {
        return Err(codes::PERMISSION.into());
    }
    let changed = change_any(app, who.organisation, change).await?;
    tracing::info!(person = %who.id, organisation = %changed.id, keep_exif = changed.keep_exif, "settings changed");
    Ok(changed)
}

/// [`change`] without asking who wants it, for `daybook admin`.
pub(super) async fn change_any(
    app: &App,
    id: OrganisationId,
    change: OrganisationChange,
) -> Result<Organisation, ServiceError> {
    let edit = OrganisationEdit {
        name: change.name.as_deref().map(name_of).transpose()?,
        keep_exif: change.keep_exif,
        evening: change.evening_hour.map(|hour| EveningHour::new(hour).ok_or(codes::EVENING_HOUR)).transpose()?,
    };
    let before = found(app, id).await?.thresholds;
    let thresholds =
        before.with(change.thresholds).map_err(|range| ServiceError::from(codes::THRESHOLD).detail(range))?;
    if edit != OrganisationEdit::default() {
        app.store.change_organisation(id, &edit).await?;
    }
    if thresholds != before {
        app.store.set_thresholds(id, &thresholds).await?;
        app.upkeep.notify_one();
    }
    app.events.tell([News::of(Topic::Directory, id, None)]);
    // When the evening begins decides which phones are missing.
    let offices = app.store.offices(id).await?;
    app.events.tell(offices.into_iter().map(|office| News::of(Topic::Days, id, Some(office.id))));
    found(app, id).await
}

/// A name as somebody gives it to what everybody in the organisation sees.
pub(super) fn name_of(name: &str) -> Result<String, ServiceError> {
    let name = name.trim();
    if (1..=LONGEST_NAME).contains(&name.chars().count()) { Ok(name.to_owned()) } else { Err(codes::NAME.into()) }
}

async fn found(app: &App, id: OrganisationId) -> Result<Organisation, ServiceError> {
    app.store.organisation(id).await.map_err(|error| error.missing(codes::ORGANISATION_NOT_FOUND))
}
