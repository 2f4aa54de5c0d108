//! Making and editing documents. One form save is one change.

use std::collections::HashMap;

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{AutoCommit, AutomergeError, ObjType, ReadDoc, ScalarValue, TextEncoding, hydrate};

use super::{Document, DocumentError, NewChange};
use crate::id::ActorId;
use crate::record::Zone;
use crate::record::entry::{Entry, FollowUp};
use crate::record::facts::{Facts, FieldError, MAX_MAP_KEYS, MAX_TEXT_BYTES, Sort, Write};
use crate::record::header::Header;
use crate::record::office::{OfficeEdit, OfficeFacts};
use crate::record::review::Review;
use crate::record::view::RecordFacts;
use crate::time::UnixMillis;

/// Why a record can't be made or edited. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// A field can't take its value.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The stored document is not usable.
    #[error(transparent)]
    Document(#[from] DocumentError),
}

impl From<AutomergeError> for EditError {
    fn from(error: AutomergeError) -> Self {
        Self::Document(DocumentError::Unreadable(error.to_string()))
    }
}

/// Everything of a record at its birth.
#[derive(Clone, Debug)]
pub struct NewRecord<F> {
    /// Written once.
    pub header: Header,
    /// The first state of the form.
    pub facts: F,
}

impl Document {
    /// Makes a record in one change.
    ///
    /// # Errors
    /// When a field is too long. Nothing was made.
    pub fn create<F: RecordFacts>(actor: ActorId, new: &NewRecord<F>) -> Result<(Self, NewChange), EditError> {
        Self::create_with(actor, new, &[])
    }

    /// Makes a record in one change, together with the follow-ups that the same form gave.
    ///
    /// # Errors
    /// When a field or a follow-up is too long. Nothing was made.
    pub fn create_with<F: RecordFacts>(
        actor: ActorId,
        new: &NewRecord<F>,
        follow_ups: &[FollowUp],
    ) -> Result<(Self, NewChange), EditError> {
        let mut facts = containers::<F>();
        for (field, write) in new.facts.writes() {
            write.check(field)?;
            set(&mut facts, field, write);
        }
        for (name, value) in &facts {
            if let hydrate::Value::Map(map) = value
                && map.len() > MAX_MAP_KEYS
            {
                return Err(too_many_keys(name, map.len()));
            }
        }
        let follow_ups = follow_ups.iter().map(|entry| encoded(entry).map(hydrate::Value::from));
        let follow_ups = follow_ups.collect::<Result<Vec<_>, _>>()?;
        let header = new.header.cells().into_iter().map(|(name, value)| (name, scalar(&value)));
        let root = HashMap::from([
            (Zone::Header.key(), hydrate::Value::Map(header.collect::<HashMap<_, _>>().into())),
            (Zone::Facts.key(), hydrate::Value::Map(facts.into())),
            (Zone::FollowUps.key(), hydrate::Value::from(follow_ups)),
            (Zone::Stages.key(), hydrate::Value::list()),
            (Zone::Photos.key(), hydrate::Value::list()),
            (Zone::Office.key(), hydrate::Value::map()),
            (Zone::Review.key(), hydrate::Value::map()),
        ]);
        let mut doc = AutoCommit::new().with_actor(actor.into());
        doc.init_root_from_hydrate(&root.into())?;
        let change = commit(&mut doc, new.header.captured.wall)
            .ok_or(EditError::Document(DocumentError::NotARecord("header")))?;
        Ok((Self::from_automerge(doc)?, change))
    }

    /// Edits facts. `None` if nothing differs from what is shown and no conflict was settled.
    ///
    /// # Errors
    /// When a field can't take its value; then nothing was changed.
    pub fn edit<F: RecordFacts>(
        &mut self,
        actor: ActorId,
        at: UnixMillis,
        edits: &[F::Edit],
    ) -> Result<Option<NewChange>, EditError> {
        let kind = self.header()?.kind;
        if kind != F::KIND {
            return Err(DocumentError::OtherKind(kind).into());
        }
        let writes: Vec<_> = edits.iter().map(F::write).collect();
        self.write(actor, at, Zone::Facts, F::sort, &writes)
    }

    /// Edits the office's part.
    ///
    /// # Errors
    /// When a field can't take its value; then nothing was changed.
    pub fn edit_office(
        &mut self,
        actor: ActorId,
        at: UnixMillis,
        edits: &[OfficeEdit],
    ) -> Result<Option<NewChange>, EditError> {
        let writes: Vec<_> = edits.iter().map(OfficeFacts::write).collect();
        self.write(actor, at, Zone::Office, OfficeFacts::sort, &writes)
    }

    /// Adds an entry to the list that it belongs to.
    ///
    /// # Errors
    /// When a text in it is too long; then nothing was changed.
    pub fn append<E: Entry>(
        &mut self,
        actor: ActorId,
        at: UnixMillis,
        entry: &E,
    ) -> Result<Option<NewChange>, EditError> {
        let encoded = encoded(entry)?;
        self.doc.set_actor(actor.into());
        let list = self.zone(E::ZONE).clone();
        let end = self.doc.length(&list);
        self.doc.insert(&list, end, encoded)?;
        Ok(commit(&mut self.doc, at))
    }

    /// Writes the verdict of head quarters. Only the server calls this.
    ///
    /// # Errors
    /// When the document is not usable.
    pub fn review(&mut self, actor: ActorId, review: &Review) -> Result<Option<NewChange>, EditError> {
        self.doc.set_actor(actor.into());
        let zone = self.zone(Zone::Review).clone();
        for (name, value) in review.cells() {
            match value {
                Some(value) => self.doc.put(&zone, name, ScalarValue::from(&value))?,
                None if self.doc.get(&zone, name)?.is_some() => self.doc.delete(&zone, name)?,
                None => {}
            }
        }
        Ok(commit(&mut self.doc, review.at.unwrap_or_default()))
    }

    fn write(
        &mut self,
        actor: ActorId,
        at: UnixMillis,
        zone: Zone,
        sort: fn(&str) -> Option<Sort>,
        writes: &[(&'static str, Write)],
    ) -> Result<Option<NewChange>, EditError> {
        for (field, write) in writes {
            write.check(field)?;
        }
        self.doc.set_actor(actor.into());
        let zone_id = self.zone(zone).clone();
        for (field, write) in writes {
            if let Err(error) = self.write_field(&zone_id, field, sort(field), write) {
                self.doc.rollback();
                return Err(error);
            }
        }
        Ok(commit(&mut self.doc, at))
    }

    fn write_field(
        &mut self,
        zone: &automerge::ObjId,
        field: &str,
        sort: Option<Sort>,
        write: &Write,
    ) -> Result<(), EditError> {
        let container = |doc: &AutoCommit, wanted: ObjType| match doc.get(zone, field)? {
            Some((automerge::Value::Object(found), id)) if found == wanted => Ok(id),
            // A document of an older app has no such container, and a second one must never be made beside it.
            _ => Err(EditError::Field(FieldError::Invalid {
                field: field.to_owned(),
                reason: "the record was made by an app that did not have this field".to_owned(),
            })),
        };
        match (sort, write) {
            (Some(Sort::Scalar), Write::Put(Some(value))) => self.doc.put(zone, field, ScalarValue::from(value))?,
            (Some(Sort::Scalar), Write::Put(None)) => {
                if self.doc.get(zone, field)?.is_some() {
                    self.doc.delete(zone, field)?;
                }
            }
            (Some(Sort::Text), Write::Text(text)) => {
                let id = container(&self.doc, ObjType::Text)?;
                self.doc.update_text(&id, text)?;
            }
            (Some(Sort::Map), Write::Key(key, value)) => {
                let id = container(&self.doc, ObjType::Map)?;
                match value {
                    Some(value) => {
                        if self.doc.get(&id, key.as_str())?.is_none() && self.doc.length(&id) >= MAX_MAP_KEYS {
                            return Err(too_many_keys(field, MAX_MAP_KEYS + 1));
                        }
                        self.doc.put(&id, key.as_str(), ScalarValue::from(value))?;
                    }
                    None if self.doc.get(&id, key.as_str())?.is_some() => self.doc.delete(&id, key.as_str())?,
                    None => {}
                }
            }
            _ => return Err(FieldError::Unknown(field.to_owned()).into()),
        }
        Ok(())
    }
}

/// An entry as it stands in its list.
fn encoded<E: Entry>(entry: &E) -> Result<ScalarValue, FieldError> {
    let bytes = entry.longest_text();
    if bytes > MAX_TEXT_BYTES {
        return Err(FieldError::TooLong { field: E::ZONE.key().to_owned(), bytes, max: MAX_TEXT_BYTES });
    }
    // Encoding into a Vec can't fail: its error type has no values.
    Ok(ScalarValue::Bytes(minicbor::to_vec(entry).unwrap_or_default()))
}

fn too_many_keys(field: &str, keys: usize) -> EditError {
    let reason = format!("{keys} keys, at most {MAX_MAP_KEYS} are allowed");
    FieldError::Invalid { field: field.to_owned(), reason }.into()
}

fn scalar(value: &crate::record::scalar::Scalar) -> hydrate::Value {
    hydrate::Value::Scalar(ScalarValue::from(value))
}

/// The empty text and map fields of a kind: they exist from the first change on.
fn containers<F: Facts>() -> HashMap<&'static str, hydrate::Value> {
    F::FIELDS
        .iter()
        .filter_map(|field| match field.sort {
            Sort::Scalar => None,
            Sort::Text => Some((field.name, hydrate::Value::text(TextEncoding::platform_default(), ""))),
            Sort::Map => Some((field.name, hydrate::Value::map())),
        })
        .collect()
}

fn set(facts: &mut HashMap<&'static str, hydrate::Value>, field: &'static str, write: Write) {
    match write {
        Write::Put(value) => {
            facts.extend(value.map(|value| (field, scalar(&value))));
        }
        Write::Text(text) => {
            facts.insert(field, hydrate::Value::text(TextEncoding::platform_default(), &text));
        }
        Write::Key(key, value) => {
            if let (Some(hydrate::Value::Map(map)), Some(value)) = (facts.get_mut(field), value) {
                map.insert(key, hydrate::MapValue { value: scalar(&value), conflict: false });
            }
        }
    }
}

fn commit(doc: &mut AutoCommit, at: UnixMillis) -> Option<NewChange> {
    doc.commit_with(CommitOptions::default().with_time(at.0))?;
    let change = doc.get_last_local_change()?;
    Some(NewChange { hash: change.hash().into(), bytes: change.raw_bytes().to_vec() })
}
