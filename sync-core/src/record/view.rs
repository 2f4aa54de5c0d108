//! A record as a person sees it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::entry::{FollowUp, PhotoEntry, Signed, Stage, StageEntry, current_stage};
use super::facts::{Cell, Facts};
use super::header::Header;
use super::lead::LeadFacts;
use super::office::OfficeFacts;
use super::review::Review;
use super::scalar::Scalar;
use super::survey::SurveyFacts;
use super::visit::VisitFacts;
use super::{Kind, Zone};
use crate::id::{ActorId, ChangeHash, OfficeId, PersonId, TeamId};
use crate::time::UnixMillis;

/// One of several values that were written to a field without knowing of each other.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConcurrentValue {
    /// The value; `None` for an object of a newer app.
    pub value: Option<Scalar>,
    /// Who wrote it.
    pub author: ActorId,
    /// When, by the writer's wall clock.
    pub at: UnixMillis,
    /// The change that holds it.
    pub change: ChangeHash,
    /// Whether this is the value that views show.
    pub shown: bool,
}

/// A field with concurrent values. It stays one until somebody with authority writes the field again.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Conflict {
    /// Which part of the record.
    pub zone: Zone,
    /// Which field; for a map `field/key`.
    pub field: String,
    /// The values; the shown one is last.
    pub values: Vec<ConcurrentValue>,
}

/// Everything of a record but its facts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Frame {
    /// What was written once.
    pub header: Header,
    /// Follow-ups in document order.
    pub follow_ups: Vec<Signed<FollowUp>>,
    /// Stages in document order.
    pub stages: Vec<Signed<StageEntry>>,
    /// Photos in document order.
    pub photos: Vec<Signed<PhotoEntry>>,
    /// The office's part.
    pub office: OfficeFacts,
    /// Head quarters' part.
    pub review: Review,
    /// Fields with concurrent values.
    pub conflicts: Vec<Conflict>,
    /// What newer apps wrote and this version does not understand, by zone and field.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub unknown: BTreeMap<String, Scalar>,
    /// The newest changes.
    pub heads: Vec<ChangeHash>,
    /// The current stage, derived from the list.
    pub stage: Option<Stage>,
}

impl Frame {
    /// Who owns the record now.
    pub fn owner(&self) -> PersonId {
        self.office.owner.unwrap_or(self.header.owner)
    }

    /// The office to which it belongs now.
    pub fn office_id(&self) -> OfficeId {
        self.office.office.unwrap_or(self.header.office)
    }

    /// The team to which it belongs now. Teams lie in offices: a record that went to another office left its first
    /// team behind.
    pub fn team_id(&self) -> Option<TeamId> {
        self.office.team.or(self.header.team.filter(|_| self.office_id() == self.header.office))
    }

    pub(crate) fn derive_stage(&mut self) {
        self.stage = current_stage(self.stages.iter().map(|signed| &signed.entry));
    }
}

/// A record of one kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct View<F> {
    /// Everything but the facts.
    #[serde(flatten)]
    pub frame: Frame,
    /// What people edit.
    pub facts: F,
}

/// A visit as a person sees it.
pub type VisitView = View<VisitFacts>;
/// A survey as a person sees it.
pub type SurveyView = View<SurveyFacts>;
/// A lead as a person sees it.
pub type LeadView = View<LeadFacts>;

impl<F> std::ops::Deref for View<F> {
    type Target = Frame;

    fn deref(&self) -> &Frame {
        &self.frame
    }
}

impl LeadView {
    /// How complete the registration is, 0 to 100.
    pub fn completeness(&self) -> u8 {
        self.facts.completeness()
    }
}

/// The facts of a kind of record.
pub trait RecordFacts: Facts {
    /// Which kind.
    const KIND: Kind;

    /// The view, if the record is of this kind.
    fn from_any(view: AnyView) -> Option<View<Self>>;
}

macro_rules! record_kinds {
    ($($kind:ident: $facts:ty),+) => {$(
        impl RecordFacts for $facts {
            const KIND: Kind = Kind::$kind;

            fn from_any(view: AnyView) -> Option<View<Self>> {
                match view {
                    AnyView::$kind(view) => Some(*view),
                    _ => None,
                }
            }
        }
    )+};
}

record_kinds!(Visit: VisitFacts, Survey: SurveyFacts, Lead: LeadFacts);

/// A record of any kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum AnyView {
    /// A visit.
    Visit(Box<VisitView>),
    /// A survey.
    Survey(Box<SurveyView>),
    /// A lead.
    Lead(Box<LeadView>),
}

impl AnyView {
    /// Everything but the facts.
    pub fn frame(&self) -> &Frame {
        match self {
            Self::Visit(view) => &view.frame,
            Self::Survey(view) => &view.frame,
            Self::Lead(view) => &view.frame,
        }
    }

    /// What it is about.
    pub fn kind(&self) -> Kind {
        self.frame().header.kind
    }
}

/// Sorts the fields that were read into facts and what this version does not understand.
pub(crate) fn read_facts<F: Facts>(
    cells: impl IntoIterator<Item = (String, Cell)>,
    zone: Zone,
    unknown: &mut BTreeMap<String, Scalar>,
) -> F {
    let mut facts = F::default();
    for (name, cell) in cells {
        let path = |name: &str| format!("{}/{name}", zone.key());
        match facts.read(&name, cell) {
            Ok(()) => {}
            Err(Cell::Scalar(value)) => {
                unknown.insert(path(&name), value);
            }
            Err(Cell::Text(text)) => {
                unknown.insert(path(&name), Scalar::Text(text));
            }
            Err(Cell::Map(map)) => {
                for (key, value) in map {
                    unknown.insert(path(&format!("{name}/{key}")), value);
                }
            }
        }
    }
    facts
}
