//! Verdicts of head quarters.

use sync_core::id::{ChangeHash, RecordId};
use sync_core::record::review::{Review, ReviewState};

use super::detail::{RecordDetail, detail};
use super::flags::raises_none;
use super::staff_change::{edit_failed, publish_change, still_as_seen};
use crate::error::{ServiceError, codes};
use crate::scope::{self, Action};
use crate::state::App;
use crate::store::Person;

/// What a reviewer decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Approved, returned, rejected, or received to open a record again.
    pub state: ReviewState,
    /// Why; needed to return or reject.
    pub reason: Option<String>,
    /// The heads that the reviewer was looking at. If the record has moved on, the decision is refused.
    pub seen: Option<Vec<ChangeHash>>,
    /// Decides only about a record that is [clean](crate::store::RecordLine::is_clean): for whoever decides about many
    /// at once. A flag may be raised by what others sent, without any change of the record.
    pub only_clean: bool,
}

/// Writes a verdict into the record, from where it travels to the phones.
///
/// # Errors
/// [`codes::RECORD_NOT_FOUND`] outside the territory, [`codes::PERMISSION`] without the role, [`codes::REASON`]
/// without a reason where one is needed, [`codes::STALE`] if the record changed since the reviewer looked,
/// [`codes::NOT_CLEAN`] for one that has to be looked at by itself.
pub async fn decide(app: &App, who: &Person, id: RecordId, decision: Decision) -> Result<RecordDetail, ServiceError> {
    let line = app.store.record_line(id).await.map_err(|error| error.missing(codes::RECORD_NOT_FOUND))?;
    if !scope::sees(who, &line) {
        return Err(codes::RECORD_NOT_FOUND.into());
    }
    if !scope::may(who, Action::Review, &line) {
        return Err(codes::PERMISSION.into());
    }
    let reason = decision.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty()).map(str::to_owned);
    if matches!(decision.state, ReviewState::Returned | ReviewState::Rejected) && reason.is_none() {
        return Err(codes::REASON.into());
    }
    if decision.only_clean && !(line.is_clean() && raises_none(app, line.organisation, id).await?) {
        return Err(codes::NOT_CLEAN.into());
    }
    publish_change(app, who, id, |document, view, actor, now| {
        still_as_seen(view, decision.seen.as_deref())?;
        let frame = view.frame();
        if frame.review.state == decision.state && frame.review.reason == reason {
            return Ok(None);
        }
        let review = Review { state: decision.state, reason: reason.clone(), by: Some(who.id), at: Some(now) };
        document.review(actor, &review).map_err(edit_failed)
    })
    .await?;
    detail(app, who, id).await
}
