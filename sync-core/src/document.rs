//! A record as an Automerge document.
//!
//! Only this module, [`crate::history`] and [`crate::trust`] know Automerge. A document is made in one change
//! that holds every container; afterwards the containers are frozen, because two phones that created "the same"
//! list would hide one of them (reference/automerge.md, section 3).

mod read;
pub mod schema;
mod write;

use automerge::{AutoCommit, ObjId, ObjType, ReadDoc, ValueRef};

use crate::chunk::{self, Change};
use crate::id::ChangeHash;
use crate::record::{Kind, Zone};
use crate::trust::Limits;

pub use read::view_of_changes;
pub use write::{EditError, NewRecord};

/// A change that was just made, ready to be stored and sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewChange {
    /// Its name.
    pub hash: ChangeHash,
    /// The uncompressed change chunk.
    pub bytes: Vec<u8>,
}

/// Why stored changes don't make a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Automerge can't read the changes, or they don't fit together.
    #[error("the changes do not make a document: {0}")]
    Unreadable(String),
    /// The document lacks something that every record has.
    #[error("not a record: {0} is missing or wrong")]
    NotARecord(&'static str),
    /// The record is of another kind than was asked for.
    #[error("the record is a {0}")]
    OtherKind(Kind),
}

/// A record, loaded. Costs 20-50 KB of memory against 1 KB of bytes, so load it, use it and drop it.
#[derive(Clone, Debug)]
pub struct Document {
    doc: AutoCommit,
    zones: [ObjId; Zone::ALL.len()],
}

impl Document {
    /// Loads a record from all its changes, each after the ones that it depends on.
    ///
    /// # Errors
    /// When the bytes are not changes, don't fit together, or don't make a record.
    pub fn load<'a>(changes: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, DocumentError> {
        let log: Vec<&[u8]> = changes.into_iter().collect();
        match taken_apart(&log) {
            Some(changes) => Self::of_changes(&changes.iter().collect::<Vec<_>>()),
            // Perhaps a newer Automerge wrote it, whose document this one may still load.
            None => Self::load_bytes(&log.concat()),
        }
    }

    /// Loads a record from what [`Document::save`] gave, or from changes one after the other.
    ///
    /// # Errors
    /// When the bytes don't make a record.
    pub fn load_bytes(bytes: &[u8]) -> Result<Self, DocumentError> {
        let doc = AutoCommit::load(bytes).map_err(|error| DocumentError::Unreadable(error.to_string()))?;
        Self::from_automerge(doc)
    }

    /// Loads a record from changes that were taken apart already, each after the ones that it depends on.
    ///
    /// # Errors
    /// When they don't fit together, or don't make a record.
    pub(crate) fn of_changes(changes: &[&Change<'_>]) -> Result<Self, DocumentError> {
        Self::of_line(changes).map_or_else(|| Self::by_applying(changes), Ok)
    }

    /// Loads a record whose changes are a straight line (see [`chunk::lay_out`]). That they have their one canonical
    /// form, and load again when they were saved, is certain then.
    pub(crate) fn of_line(changes: &[&Change<'_>]) -> Option<Self> {
        let bytes = chunk::lay_out(changes)?;
        let document = Self::load_bytes(&bytes).ok()?;
        debug_assert_eq!(
            Self::by_applying(changes).map(|mut document| document.save()),
            Ok(bytes),
            "Automerge lays the same changes out in another way"
        );
        Some(document)
    }

    /// Has Automerge take in one change after the other.
    pub(crate) fn by_applying(changes: &[&Change<'_>]) -> Result<Self, DocumentError> {
        let log: Vec<&[u8]> = changes.iter().map(|change| change.raw).collect();
        let mut document = Self::load_bytes(&log.concat())?;
        // What follows a change that is not there waits inside the document, and is not part of it.
        if document.missing().is_empty() {
            Ok(document)
        } else {
            Err(DocumentError::Unreadable("changes are missing".to_owned()))
        }
    }

    fn from_automerge(doc: AutoCommit) -> Result<Self, DocumentError> {
        let zones = find_zones(&doc)?;
        Ok(Self { doc, zones })
    }

    /// Adds changes of other devices.
    ///
    /// The changes have to come from a server that verified them or have passed [`crate::trust`]: Automerge
    /// panics on false ones.
    ///
    /// # Errors
    /// When one of them can't be read or clashes with what is there; then the document must be thrown away.
    pub fn apply<'a>(&mut self, changes: impl IntoIterator<Item = &'a [u8]>) -> Result<(), DocumentError> {
        let changes = changes
            .into_iter()
            .map(automerge::Change::try_from)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| DocumentError::Unreadable(error.to_string()))?;
        self.doc.apply_changes(changes).map_err(|error| DocumentError::Unreadable(error.to_string()))
    }

    /// The newest changes, sorted.
    pub fn heads(&mut self) -> Vec<ChangeHash> {
        let mut heads: Vec<ChangeHash> = self.doc.get_heads().into_iter().map(ChangeHash::from).collect();
        heads.sort_unstable();
        heads
    }

    /// The changes whose absence keeps others waiting.
    pub fn missing(&mut self) -> Vec<ChangeHash> {
        self.doc.get_missing_deps(&[]).into_iter().map(ChangeHash::from).collect()
    }

    /// The whole document with its history, uncompressed: made to be compressed together with others.
    pub fn save(&mut self) -> Vec<u8> {
        self.doc.save_nocompress()
    }

    /// Every change in an order in which they can be applied.
    pub fn changes(&mut self) -> Vec<NewChange> {
        self.doc
            .get_changes(&[])
            .iter()
            .map(|change| NewChange { hash: change.hash().into(), bytes: change.raw_bytes().to_vec() })
            .collect()
    }

    pub(crate) fn zone(&self, zone: Zone) -> &ObjId {
        &self.zones[zone as usize]
    }

    pub(crate) fn automerge(&self) -> &AutoCommit {
        &self.doc
    }
}

/// Changes taken apart, if all of them can be.
fn taken_apart<'a>(log: &[&'a [u8]]) -> Option<Vec<Change<'a>>> {
    let most_ops = Limits::default().record_ops;
    log.iter().map(|raw| Change::read(raw, most_ops).ok()).collect()
}

fn find_zones(doc: &AutoCommit) -> Result<[ObjId; Zone::ALL.len()], DocumentError> {
    let mut zones = [const { ObjId::Root }; Zone::ALL.len()];
    for item in doc.map_range(automerge::ROOT, ..) {
        if let Some(zone) = Zone::from_key(&item.key) {
            let wanted = if zone.is_append_only() { ObjType::List } else { ObjType::Map };
            if item.value != ValueRef::Object(wanted) || item.conflict {
                return Err(DocumentError::NotARecord(zone.key()));
            }
            zones[zone as usize] = item.id();
        }
    }
    match Zone::ALL.into_iter().find(|zone| zones[*zone as usize] == ObjId::Root) {
        Some(missing) => Err(DocumentError::NotARecord(missing.key())),
        None => Ok(zones),
    }
}

#[cfg(test)]
mod tests;
