//! Reading documents: one pass over each map, and a second look only at fields in conflict.

use std::collections::BTreeMap;

use automerge::iter::{ListRangeItem, MapRangeItem};
use automerge::{ObjId, ObjType, ReadDoc, ScalarValueRef, ValueRef};

use super::{Document, DocumentError, schema};
use crate::id::ActorId;
use crate::record::entry::{Entry, Signed};
use crate::record::facts::Cell;
use crate::record::header::Header;
use crate::record::lead::LeadFacts;
use crate::record::office::OfficeFacts;
use crate::record::review::Review;
use crate::record::scalar::Scalar;
use crate::record::survey::SurveyFacts;
use crate::record::view::{AnyView, ConcurrentValue, Conflict, Frame, RecordFacts, View, read_facts};
use crate::record::visit::VisitFacts;
use crate::record::{Kind, Zone};
use crate::time::UnixMillis;

impl Document {
    /// What was written once.
    ///
    /// # Errors
    /// When a field of the header is missing or wrong.
    pub fn header(&self) -> Result<Header, DocumentError> {
        let cells = self.scalars(Zone::Header);
        Header::read(|name| cells.get(name).cloned()).map_err(DocumentError::NotARecord)
    }

    /// The record as a person sees it.
    ///
    /// # Errors
    /// When it is of another kind, or its header can't be read.
    pub fn view<F: RecordFacts>(&mut self) -> Result<View<F>, DocumentError> {
        let header = self.header()?;
        if header.kind != F::KIND {
            return Err(DocumentError::OtherKind(header.kind));
        }
        let mut conflicts = Vec::new();
        let mut unknown = BTreeMap::new();
        let facts_cells = self.cells(Zone::Facts, Some((header.kind, header.schema)), &mut conflicts);
        let facts = read_facts::<F>(facts_cells, Zone::Facts, &mut unknown);
        let office_cells = self.cells(Zone::Office, None, &mut conflicts);
        let office = read_facts::<OfficeFacts>(office_cells, Zone::Office, &mut unknown);
        let review = self.scalars(Zone::Review);
        let mut frame = Frame {
            follow_ups: self.entries(&mut unknown),
            stages: self.entries(&mut unknown),
            photos: self.entries(&mut unknown),
            header,
            office,
            review: Review::read(|name| review.get(name).cloned()),
            conflicts,
            unknown,
            heads: self.heads(),
            stage: None,
        };
        frame.derive_stage();
        Ok(View { frame, facts })
    }

    /// The record as a person sees it, whatever its kind.
    ///
    /// # Errors
    /// When its header can't be read.
    pub fn any_view(&mut self) -> Result<AnyView, DocumentError> {
        Ok(match self.header()?.kind {
            Kind::Visit => AnyView::Visit(Box::new(self.view::<VisitFacts>()?)),
            Kind::Survey => AnyView::Survey(Box::new(self.view::<SurveyFacts>()?)),
            Kind::Lead => AnyView::Lead(Box::new(self.view::<LeadFacts>()?)),
        })
    }

    fn scalars(&self, zone: Zone) -> BTreeMap<String, Scalar> {
        self.automerge()
            .map_range(self.zone(zone), ..)
            .filter_map(|item| match &item.value {
                ValueRef::Scalar(value) => Some((item.key.to_string(), Scalar::from(value))),
                ValueRef::Object(_) => None,
            })
            .collect()
    }

    fn cells(&self, zone: Zone, written_in: Option<(Kind, u32)>, conflicts: &mut Vec<Conflict>) -> Vec<(String, Cell)> {
        let doc = self.automerge();
        let mut cells = Vec::new();
        for item in doc.map_range(self.zone(zone), ..) {
            let name = match written_in {
                Some((kind, schema)) => schema::upgrade_field(kind, schema, &item.key).to_owned(),
                None => item.key.to_string(),
            };
            if item.conflict {
                conflicts.push(self.conflict(zone, self.zone(zone), &item, name.clone()));
            }
            let cell = match &item.value {
                ValueRef::Scalar(value) => Cell::Scalar(Scalar::from(value)),
                ValueRef::Object(ObjType::Text) => Cell::Text(doc.text(item.id()).unwrap_or_default()),
                ValueRef::Object(ObjType::Map | ObjType::Table) => {
                    let id = item.id();
                    let mut map = BTreeMap::new();
                    for inner in doc.map_range(&id, ..) {
                        if inner.conflict {
                            conflicts.push(self.conflict(zone, &id, &inner, format!("{name}/{}", inner.key)));
                        }
                        if let ValueRef::Scalar(value) = &inner.value {
                            map.insert(inner.key.to_string(), Scalar::from(value));
                        }
                    }
                    Cell::Map(map)
                }
                // No field of ours is a list; a newer app's stays in the document unseen.
                ValueRef::Object(ObjType::List) => continue,
            };
            cells.push((name, cell));
        }
        cells
    }

    fn conflict(&self, zone: Zone, object: &ObjId, item: &MapRangeItem<'_>, field: String) -> Conflict {
        let doc = self.automerge();
        let shown = item.id();
        let mut values: Vec<ConcurrentValue> = doc
            .get_all(object, item.key.as_ref())
            .unwrap_or_default()
            .into_iter()
            .filter_map(|(value, id)| {
                let change = doc.hash_for_opid(&id)?;
                Some(ConcurrentValue {
                    value: value.as_scalar().map(Scalar::from),
                    author: actor_of(&id)?,
                    at: UnixMillis(self.change_time(&change)),
                    change: change.into(),
                    shown: id == shown,
                })
            })
            .collect();
        values.sort_by_key(|value| (value.shown, value.at, value.author));
        Conflict { zone, field, values }
    }

    fn change_time(&self, hash: &automerge::ChangeHash) -> i64 {
        self.automerge().get_change_by_hash(hash).map_or(0, |change| change.timestamp())
    }

    fn entries<E: Entry>(&self, unknown: &mut BTreeMap<String, Scalar>) -> Vec<Signed<E>> {
        let mut entries: Vec<Signed<E>> = Vec::new();
        for item in self.automerge().list_range(self.zone(E::ZONE), ..) {
            match decode_entry::<E>(&item) {
                // A restored phone writes its entries again under a new actor; the identifier keeps them single.
                Some(signed) if entries.iter().any(|known| known.entry.id() == signed.entry.id()) => {}
                Some(signed) => entries.push(signed),
                None => {
                    if let ValueRef::Scalar(value) = &item.value {
                        unknown.insert(format!("{}/{}", E::ZONE.key(), item.index), Scalar::from(value));
                    }
                }
            }
        }
        entries
    }
}

fn decode_entry<E: Entry>(item: &ListRangeItem<'_>) -> Option<Signed<E>> {
    let ValueRef::Scalar(ScalarValueRef::Bytes(bytes)) = &item.value else {
        return None;
    };
    Some(Signed { author: actor_of(&item.id())?, entry: minicbor::decode(bytes).ok()? })
}

fn actor_of(id: &ObjId) -> Option<ActorId> {
    match id {
        ObjId::Id(_, actor, _) => ActorId::from_slice(actor.to_bytes()),
        ObjId::Root => None,
    }
}
