//! What an organisation decides for itself, at run time.

use sync_core::id::OrganisationId;

use super::events::{News, Topic};
use crate::error::{ServiceError, codes};
use crate::flag::thresholds::ThresholdChange;
use crate::scope::{self, Action};
use crate::state::App;
use crate::store::{Organisation, Person};

/// What changes about an organisation. `None` leaves it as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrganisationChange {
    /// Whether photos that come from now on keep their metadata. What is stored already stays as it is.
    pub keep_exif: Option<bool>,
    /// From when on flags are raised about what is published from now on, or made anew by `daybook rebuild`.
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
/// [`codes::PERMISSION`] without the role, [`codes::THRESHOLD`] for a number out of its range.
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
    if let Some(keep) = change.keep_exif {
        let set = app.store.keep_exif(id, keep).await;
        set.map_err(|error| error.missing(codes::ORGANISATION_NOT_FOUND))?;
    }
    if change.thresholds != ThresholdChange::default() {
        let before = found(app, id).await?.thresholds;
        let after = before.with(change.thresholds);
        let after = after.map_err(|range| ServiceError::from(codes::THRESHOLD).detail(range))?;
        app.store.set_thresholds(id, &after).await?;
    }
    app.events.tell([News::of(Topic::System, id, None)]);
    found(app, id).await
}

async fn found(app: &App, id: OrganisationId) -> Result<Organisation, ServiceError> {
    app.store.organisation(id).await.map_err(|error| error.missing(codes::ORGANISATION_NOT_FOUND))
}
