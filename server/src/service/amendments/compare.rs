//! What an amendment would change: the record as it reads now beside the record as it would read.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use serde_json::Value;
use sync_core::document::Document;
use sync_core::history::{FieldChange, history};
use sync_core::id::{ChangeHash, DeviceId, RecordId};
use sync_core::record::Zone;
use sync_core::trust::Limits;
use sync_core::trust::judge::{Candidate, judge};

use super::super::projector::author_of;
use crate::error::ServiceError;
use crate::state::App;
use crate::store::{AsideChange, Person, StoreError};

/// What accepting an amendment would come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// Each field that it touches.
    pub fields: Vec<AmendedField>,
    /// Changes that would not become part of the record even if they were accepted.
    pub unfit: Vec<ChangeHash>,
}

/// What one change does to one field.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AmendedField {
    /// What is done.
    #[serde(flatten)]
    pub change: FieldChange,
    /// The value of the field now; `null` if it is empty, and for lists.
    pub old: Value,
    /// The value that it would have after the whole amendment; `null` if it would be empty, and for lists.
    pub new: Value,
}

pub(super) async fn compare(
    app: &App,
    id: RecordId,
    changes: &[AsideChange],
    author: &Person,
) -> Result<Comparison, ServiceError> {
    let (published, refused) = match app.store.record(id).await {
        Ok(record) => (record.published, record.refused),
        Err(StoreError::NotFound) => (Vec::new(), Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let published: Vec<Vec<u8>> = published.into_iter().map(|change| change.raw).collect();
    let (changes, author, limits) = (changes.to_vec(), author.clone(), app.config.limits.records);
    let task = tokio::task::spawn_blocking(move || {
        let attempt = || dry_run(id, &published, &refused, &changes, &author, &limits);
        // What can't even be looked at shows as unfit.
        catch_unwind(AssertUnwindSafe(attempt)).unwrap_or_else(|_| Comparison {
            fields: Vec::new(),
            unfit: changes.iter().map(|change| change.line.hash).collect(),
        })
    });
    task.await.map_err(ServiceError::internal)
}

/// Judges the amendment as if it had been accepted, and throws the verdict away.
fn dry_run(
    id: RecordId,
    published: &[Vec<u8>],
    refused: &[ChangeHash],
    changes: &[AsideChange],
    author: &Person,
    limits: &Limits,
) -> Comparison {
    let published: Vec<&[u8]> = published.iter().map(Vec::as_slice).collect();
    let candidates: Vec<Candidate<'_>> = changes
        .iter()
        .filter_map(|change| {
            Some(Candidate {
                hash: change.line.hash,
                raw: change.raw.as_deref()?,
                author: author_of(author),
                device: change.line.device.unwrap_or(DeviceId::from([0; 16])),
                copied: false,
                approved: true,
            })
        })
        .collect();
    let Ok(judgement) = judge(id, &published, refused, &candidates, limits) else {
        return Comparison { fields: Vec::new(), unfit: candidates.iter().map(|change| change.hash).collect() };
    };
    let old = Document::load(published.iter().copied()).ok().and_then(|mut document| document.any_view().ok());
    let [old, new] = [old, judgement.view].map(|view| serde_json::to_value(view).unwrap_or_default());
    let accepted: HashSet<ChangeHash> = judgement.accepted.iter().copied().collect();
    let raw = |hash: &ChangeHash| candidates.iter().find(|change| change.hash == *hash).map(|change| change.raw);
    let log = published.iter().copied().chain(judgement.accepted.iter().filter_map(raw));
    let fields = history(log).into_iter().filter(|line| accepted.contains(&line.change));
    Comparison {
        fields: fields
            .map(|change| AmendedField { old: value(&old, &change), new: value(&new, &change), change })
            .collect(),
        unfit: changes.iter().map(|change| change.line.hash).filter(|hash| !accepted.contains(hash)).collect(),
    }
}

fn value(view: &Value, change: &FieldChange) -> Value {
    if change.zone.is_append_only() || change.zone == Zone::Header {
        return Value::Null;
    }
    let zone = &view[change.zone.key()];
    match change.field.split_once('/') {
        Some((map, key)) => zone[map][key].clone(),
        None => zone[change.field.as_str()].clone(),
    }
}
