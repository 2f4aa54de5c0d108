//! Reading records: one pass over each map, and a second look only at fields in conflict; and without a document, where
//! nothing can be in conflict.

use std::collections::BTreeMap;

use automerge::iter::MapRangeItem;
use automerge::{ObjId, ObjType, ReadDoc, ValueRef};

use super::{Document, DocumentError, schema};
use crate::chunk::{Change, Held, read_off};
use crate::id::{ActorId, ChangeHash};
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

/// What a view is made of.
trait Contents {
    /// The single values of a zone.
    fn scalars(&self, zone: Zone) -> BTreeMap<String, Scalar>;
    /// The fields of a zone under their present names, and which of them somebody else wrote too.
    fn cells(&self, zone: Zone, written_in: Option<(Kind, u32)>, conflicts: &mut Vec<Conflict>) -> Vec<(String, Cell)>;
    /// What stands in a list, each with who wrote it; `None` in place of what is no single value.
    fn elements(&self, zone: Zone) -> Vec<(Option<ActorId>, Option<Scalar>)>;
    /// The newest changes, sorted.
    fn heads(&mut self) -> Vec<ChangeHash>;
}

fn header_of(contents: &impl Contents) -> Result<Header, DocumentError> {
    let cells = contents.scalars(Zone::Header);
    Header::read(|name| cells.get(name).cloned()).map_err(DocumentError::NotARecord)
}

fn view_of<F: RecordFacts>(contents: &mut impl Contents) -> Result<View<F>, DocumentError> {
    let header = header_of(contents)?;
    if header.kind != F::KIND {
        return Err(DocumentError::OtherKind(header.kind));
    }
    let mut conflicts = Vec::new();
    let mut unknown = BTreeMap::new();
    let facts_cells = contents.cells(Zone::Facts, Some((header.kind, header.schema)), &mut conflicts);
    let facts = read_facts::<F>(facts_cells, Zone::Facts, &mut unknown);
    let office_cells = contents.cells(Zone::Office, None, &mut conflicts);
    let office = read_facts::<OfficeFacts>(office_cells, Zone::Office, &mut unknown);
    let review = contents.scalars(Zone::Review);
    let mut frame = Frame {
        follow_ups: entries(contents, &mut unknown),
        stages: entries(contents, &mut unknown),
        photos: entries(contents, &mut unknown),
        header,
        office,
        review: Review::read(|name| review.get(name).cloned()),
        conflicts,
        unknown,
        heads: contents.heads(),
        stage: None,
    };
    frame.derive_stage();
    Ok(View { frame, facts })
}

fn any_view_of(contents: &mut impl Contents) -> Result<AnyView, DocumentError> {
    Ok(match header_of(contents)?.kind {
        Kind::Visit => AnyView::Visit(Box::new(view_of::<VisitFacts>(contents)?)),
        Kind::Survey => AnyView::Survey(Box::new(view_of::<SurveyFacts>(contents)?)),
        Kind::Lead => AnyView::Lead(Box::new(view_of::<LeadFacts>(contents)?)),
    })
}

fn entries<E: Entry>(contents: &impl Contents, unknown: &mut BTreeMap<String, Scalar>) -> Vec<Signed<E>> {
    let mut entries: Vec<Signed<E>> = Vec::new();
    for (index, (author, value)) in contents.elements(E::ZONE).into_iter().enumerate() {
        match decode_entry::<E>(author, value.as_ref()) {
            // A restored phone writes its entries again under a new actor; the identifier keeps them single.
            Some(signed) if entries.iter().any(|known| known.entry.id() == signed.entry.id()) => {}
            Some(signed) => entries.push(signed),
            None => unknown.extend(value.map(|value| (format!("{}/{index}", E::ZONE.key()), value))),
        }
    }
    entries
}

fn decode_entry<E: Entry>(author: Option<ActorId>, value: Option<&Scalar>) -> Option<Signed<E>> {
    let Some(Scalar::Bytes(bytes)) = value else {
        return None;
    };
    Some(Signed { author: author?, entry: minicbor::decode(bytes).ok()? })
}

/// The present name of a field.
fn field_name(written_in: Option<(Kind, u32)>, name: &str) -> String {
    match written_in {
        Some((kind, schema)) => schema::upgrade_field(kind, schema, name).to_owned(),
        None => name.to_owned(),
    }
}

/// The record as a person sees it, from all its changes, each after the ones that it depends on. What was stored before
/// it was judged can't be read so: that the changes are what Automerge would write is not held here.
///
/// Of nearly every record no document has to be made for that (see [`read_off`]).
///
/// # Errors
/// When the bytes are not changes, don't fit together, or don't make a record.
pub fn view_of_changes<'a>(changes: impl IntoIterator<Item = &'a [u8]>) -> Result<AnyView, DocumentError> {
    let log: Vec<&[u8]> = changes.into_iter().collect();
    let Some(changes) = super::taken_apart(&log) else {
        return Document::load_bytes(&log.concat())?.any_view();
    };
    let changes: Vec<&Change<'_>> = changes.iter().collect();
    let Some(view) = Zones::of(&changes).and_then(|mut zones| zones.view()) else {
        return Document::of_changes(&changes)?.any_view();
    };
    debug_assert_eq!(
        Document::of_changes(&changes).and_then(|mut document| document.any_view()).as_ref(),
        Ok(&view),
        "Automerge reads the same changes in another way"
    );
    Ok(view)
}

/// What stands in a record of whose changes no document has to be made.
struct Zones<'a> {
    held: Vec<(Zone, Held<'a>)>,
    head: ChangeHash,
}

impl<'a> Zones<'a> {
    fn of(changes: &[&'a Change<'a>]) -> Option<Self> {
        let Held::Map(root) = read_off(changes)? else { return None };
        let held = root.into_iter().filter_map(|(key, held)| Some((Zone::from_key(key)?, held))).collect();
        let zones = Self { held, head: changes.last()?.hash() };
        let is_whole = Zone::ALL.into_iter().all(|zone| match zones.zone(zone) {
            Some(Held::List(_)) => zone.is_append_only(),
            Some(Held::Map(_)) => !zone.is_append_only(),
            _ => false,
        });
        is_whole.then_some(zones)
    }

    fn zone(&self, zone: Zone) -> Option<&Held<'a>> {
        self.held.iter().find(|(known, _)| *known == zone).map(|(_, held)| held)
    }

    fn fields(&self, zone: Zone) -> &[(&'a str, Held<'a>)] {
        match self.zone(zone) {
            Some(Held::Map(fields)) => fields,
            _ => &[],
        }
    }

    /// `None` if it is not a record, which is for others to say.
    fn view(&mut self) -> Option<AnyView> {
        any_view_of(self).ok()
    }
}

fn scalars_of(fields: &[(&str, Held<'_>)]) -> BTreeMap<String, Scalar> {
    let values = fields.iter().filter_map(|(name, held)| match held {
        Held::Value(value) => Some(((*name).to_owned(), value.read())),
        _ => None,
    });
    values.collect()
}

impl Contents for Zones<'_> {
    fn scalars(&self, zone: Zone) -> BTreeMap<String, Scalar> {
        scalars_of(self.fields(zone))
    }

    fn cells(&self, zone: Zone, written_in: Option<(Kind, u32)>, _: &mut Vec<Conflict>) -> Vec<(String, Cell)> {
        let cells = self.fields(zone).iter().filter_map(|(name, held)| {
            let cell = match held {
                Held::Value(value) => Cell::Scalar(value.read()),
                Held::Text(text) => Cell::Text(text.clone()),
                Held::Map(fields) => Cell::Map(scalars_of(fields)),
                // No field of ours is a list; a newer app's stays in the document unseen.
                Held::List(_) => return None,
            };
            Some((field_name(written_in, name), cell))
        });
        cells.collect()
    }

    fn elements(&self, zone: Zone) -> Vec<(Option<ActorId>, Option<Scalar>)> {
        let Some(Held::List(elements)) = self.zone(zone) else { return Vec::new() };
        let value = |held: &Held<'_>| match held {
            Held::Value(value) => Some(value.read()),
            _ => None,
        };
        elements.iter().map(|(author, held)| (Some(*author), value(held))).collect()
    }

    fn heads(&mut self) -> Vec<ChangeHash> {
        vec![self.head]
    }
}

impl Document {
    /// What was written once.
    ///
    /// # Errors
    /// When a field of the header is missing or wrong.
    pub fn header(&self) -> Result<Header, DocumentError> {
        header_of(self)
    }

    /// The record as a person sees it.
    ///
    /// # Errors
    /// When it is of another kind, or its header can't be read.
    pub fn view<F: RecordFacts>(&mut self) -> Result<View<F>, DocumentError> {
        view_of(self)
    }

    /// The record as a person sees it, whatever its kind.
    ///
    /// # Errors
    /// When its header can't be read.
    pub fn any_view(&mut self) -> Result<AnyView, DocumentError> {
        any_view_of(self)
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
}

impl Contents for Document {
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
            let name = field_name(written_in, &item.key);
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

    fn elements(&self, zone: Zone) -> Vec<(Option<ActorId>, Option<Scalar>)> {
        let elements = self.automerge().list_range(self.zone(zone), ..).map(|item| match &item.value {
            ValueRef::Scalar(value) => (actor_of(&item.id()), Some(Scalar::from(value))),
            ValueRef::Object(_) => (None, None),
        });
        elements.collect()
    }

    fn heads(&mut self) -> Vec<ChangeHash> {
        Self::heads(self)
    }
}

fn actor_of(id: &ObjId) -> Option<ActorId> {
    match id {
        ObjId::Id(_, actor, _) => ActorId::from_slice(actor.to_bytes()),
        ObjId::Root => None,
    }
}
