//! Offering again what was refused: as a new edit of the record as it stands now.

use serde_json::{Map, Value};

use super::{Notebook, NotebookError};
use crate::document::{DocumentError, EditError};
use crate::history::{Act, FieldChange};
use crate::id::RecordId;
use crate::record::entry::{Entry, FollowUp, PhotoEntry, StageEntry};
use crate::record::facts::{Facts, Sort};
use crate::record::lead::LeadFacts;
use crate::record::office::OfficeFacts;
use crate::record::survey::SurveyFacts;
use crate::record::view::{AnyView, RecordFacts};
use crate::record::visit::VisitFacts;
use crate::record::{Kind, Zone};
use crate::refusal::Refusal;
use crate::store::Store;

impl<S: Store> Notebook<'_, S> {
    /// Writes down again what was refused: on the record as it reads now, or, if that is gone, as a new one; and
    /// settles the refusal. Texts are added to what is there, everything else is set as it was. Doing it again after a
    /// crash does nothing twice. Gives the record.
    ///
    /// # Errors
    /// When a field can't take its value, or the storage fails; then the refusal is still there.
    pub fn offer_again(&mut self, refusal: &Refusal) -> Result<RecordId, NotebookError<S::Error>> {
        let known = self.store.row(refusal.record).map_err(NotebookError::Store)?;
        let (id, row) = match known {
            Some(row) => (refusal.record, Some(row)),
            None => (refusal.successor(), self.store.row(refusal.successor()).map_err(NotebookError::Store)?),
        };
        let kind = row.map(|row| row.kind).or(refusal.kind).ok_or(NotebookError::NotFound)?;
        match kind {
            Kind::Visit => self.offer_as::<VisitFacts>(id, refusal)?,
            Kind::Survey => self.offer_as::<SurveyFacts>(id, refusal)?,
            Kind::Lead => self.offer_as::<LeadFacts>(id, refusal)?,
        }
        self.store.settle_refusal(refusal.record, refusal.change).map_err(NotebookError::Store)?;
        Ok(id)
    }

    fn offer_as<F: RecordFacts>(&mut self, id: RecordId, refusal: &Refusal) -> Result<(), NotebookError<S::Error>> {
        let of = |zone| refusal.fields.iter().filter(move |field| field.zone == zone);
        if self.store.row(id).map_err(NotebookError::Store)?.is_none() {
            let facts = wanted::<F>(of(Zone::Facts), &Value::Null);
            let facts: F = serde_json::from_value(Value::Object(facts)).map_err(unfit)?;
            let request = super::CreateRequest { project: refusal.project, place: None, facts, follow_ups: Vec::new() };
            self.create_as(id, request, &[])?;
        } else {
            let view = serde_json::to_value(self.any_view(id)?).map_err(unfit)?;
            let mut edits = Vec::new();
            for (field, value) in wanted::<F>(of(Zone::Facts), &view[Zone::Facts.key()]) {
                edits.extend(F::edits_from_json(&field, value).map_err(EditError::Field)?);
            }
            self.change(id, |document, actor, at| document.edit::<F>(actor, at, &edits))?;
        }
        let mut office = Vec::new();
        for (field, value) in wanted::<OfficeFacts>(of(Zone::Office), &Value::Null) {
            office.extend(OfficeFacts::edits_from_json(&field, value).map_err(EditError::Field)?);
        }
        self.change(id, |document, actor, at| document.edit_office(actor, at, &office))?;
        self.add_missing::<FollowUp>(id, of(Zone::FollowUps))?;
        self.add_missing::<StageEntry>(id, of(Zone::Stages))?;
        self.add_missing::<PhotoEntry>(id, of(Zone::Photos))?;
        Ok(())
    }

    /// Adds entries under their old identifiers, but for those that are there.
    fn add_missing<'f, E: Listed>(
        &mut self,
        id: RecordId,
        fields: impl Iterator<Item = &'f FieldChange>,
    ) -> Result<(), NotebookError<S::Error>> {
        for field in fields {
            let Act::Added { entry } = &field.act else { continue };
            let entry: E = serde_json::from_value(entry.clone()).map_err(unfit)?;
            if !E::ids(&self.any_view(id)?).contains(&entry.id()) {
                self.change(id, |document, actor, at| document.append(actor, at, &entry))?;
            }
        }
        Ok(())
    }
}

fn unfit<E>(error: serde_json::Error) -> NotebookError<E> {
    NotebookError::Edit(EditError::Document(DocumentError::Unreadable(error.to_string())))
}

/// The fields as the JSON that edits are made of: the last value of each, and texts added to what the record has.
fn wanted<'f, F: Facts>(fields: impl Iterator<Item = &'f FieldChange>, present: &Value) -> Map<String, Value> {
    let mut wanted = Map::new();
    for line in fields {
        let (field, key) = match line.field.split_once('/') {
            Some((field, key)) => (field, Some(key)),
            None => (line.field.as_str(), None),
        };
        let value = match &line.act {
            Act::Set { value } => serde_json::to_value(value).unwrap_or_default(),
            Act::Cleared => Value::Null,
            Act::Typed { inserted, .. } => {
                let before = wanted.get(field).unwrap_or(&present[field]).as_str().unwrap_or_default();
                Value::String(joined(before, inserted))
            }
            Act::Added { .. } => continue,
        };
        match (F::sort(field), key) {
            (Some(Sort::Map), Some(key)) => {
                let map = wanted.entry(field).or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(map) = map {
                    map.insert(key.to_owned(), value);
                }
            }
            _ => {
                wanted.insert(field.to_owned(), value);
            }
        }
    }
    wanted
}

/// What was typed once more, unless it is there.
fn joined(before: &str, typed: &str) -> String {
    match (before.is_empty(), before.contains(typed)) {
        (_, true) => before.to_owned(),
        (true, false) => typed.to_owned(),
        (false, false) => format!("{before}\n{typed}"),
    }
}

/// The list of a record in which an entry of this type stands.
trait Listed: Entry + serde::de::DeserializeOwned {
    fn ids(view: &AnyView) -> Vec<crate::id::EntryId>;
}

macro_rules! listed {
    ($($entry:ty: $list:ident),+) => {$(
        impl Listed for $entry {
            fn ids(view: &AnyView) -> Vec<crate::id::EntryId> {
                view.frame().$list.iter().map(|signed| signed.entry.id()).collect()
            }
        }
    )+};
}

listed!(FollowUp: follow_ups, StageEntry: stages, PhotoEntry: photos);
