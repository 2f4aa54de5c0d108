//! Corrections that head quarters makes at the console.

use serde_json::{Map, Value};
use sync_core::document::{Document, NewChange};
use sync_core::id::{ActorId, ChangeHash, RecordId};
use sync_core::record::Kind;
use sync_core::record::facts::FieldError;
use sync_core::record::lead::LeadFacts;
use sync_core::record::survey::SurveyFacts;
use sync_core::record::view::RecordFacts;
use sync_core::record::visit::VisitFacts;
use sync_core::time::UnixMillis;

use super::detail::{RecordDetail, detail};
use super::staff_change::{edit_failed, publish_change, still_as_seen};
use crate::error::{ServiceError, codes};
use crate::scope::{self, Action};
use crate::state::App;
use crate::store::Person;

/// What a reviewer corrects.
#[derive(Clone, Debug, PartialEq)]
pub struct Correction {
    /// The fields to write; `null` empties one.
    pub facts: Map<String, Value>,
    /// The heads that the reviewer was looking at. If the record has moved on, nothing is written: a correction
    /// overrules every value that it follows, also one that nobody saw.
    pub seen: Option<Vec<ChangeHash>>,
}

/// Sets facts of a record; writing a field in conflict settles it.
///
/// # Errors
/// [`codes::RECORD_NOT_FOUND`] outside the territory, [`codes::PERMISSION`] without the role, [`codes::FIELD`] for
/// a field or value that the kind does not have, [`codes::RECORD_CLOSED`] for an approved or rejected record,
/// [`codes::STALE`] if the record changed since the reviewer looked.
pub async fn edit_facts(
    app: &App,
    who: &Person,
    id: RecordId,
    correction: &Correction,
) -> Result<RecordDetail, ServiceError> {
    let line = app.store.record_line(id).await.map_err(|error| error.missing(codes::RECORD_NOT_FOUND))?;
    if !scope::sees(who, &line) {
        return Err(codes::RECORD_NOT_FOUND.into());
    }
    if !scope::may(who, Action::EditFacts, &line) {
        return Err(codes::PERMISSION.into());
    }
    let Correction { facts, seen } = correction;
    publish_change(app, who, id, |document, view, actor, now| {
        still_as_seen(view, seen.as_deref())?;
        match view.kind() {
            Kind::Visit => apply::<VisitFacts>(document, actor, now, facts),
            Kind::Survey => apply::<SurveyFacts>(document, actor, now, facts),
            Kind::Lead => apply::<LeadFacts>(document, actor, now, facts),
        }
    })
    .await?;
    detail(app, who, id).await
}

fn apply<F: RecordFacts>(
    document: &mut Document,
    actor: ActorId,
    now: UnixMillis,
    edits: &Map<String, Value>,
) -> Result<Option<NewChange>, ServiceError> {
    let edits: Vec<F::Edit> = edits
        .iter()
        .map(|(field, value)| F::edits_from_json(field, value.clone()))
        .collect::<Result<Vec<_>, FieldError>>()
        .map_err(|error| ServiceError::from(codes::FIELD).detail(error.to_string()))?
        .into_iter()
        .flatten()
        .collect();
    document.edit::<F>(actor, now, &edits).map_err(edit_failed)
}
