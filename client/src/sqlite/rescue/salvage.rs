//! What is left of a damaged store, sorted by what it is. Tables are told apart by the shape of their rows, because the
//! page that names them may be the damaged one.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use sync_core::chunk::{ChangeFrame, read_change};
use sync_core::id::{ActorId, ChangeHash, Link, PersonId, RecordId};
use sync_core::journal::{Entry, Head};
use sync_core::time::{BootId, ClockReading, UnixMillis};

use super::btree::{self, Row, Value};
use super::log::Log;
use super::pages::Pages;
use crate::sqlite::StoreKey;

/// A change whose bytes are what its name says.
pub(super) struct Change {
    pub(super) bytes: Vec<u8>,
    pub(super) parted: bool,
    pub(super) frame: ChangeFrame,
}

/// What is left.
#[derive(Default)]
pub(super) struct Salvage {
    pub(super) notes: BTreeMap<String, Vec<u8>>,
    pub(super) journal: BTreeMap<u64, (Entry, Head)>,
    pub(super) changes: BTreeMap<(RecordId, ChangeHash), Change>,
    pub(super) verdicts: BTreeMap<u64, (RecordId, Vec<u8>)>,
    pub(super) refusals: BTreeMap<(RecordId, ChangeHash), Option<Vec<u8>>>,
    pub(super) former: BTreeMap<(RecordId, ChangeHash), Vec<u8>>,
    pub(super) leaving: BTreeSet<RecordId>,
    pub(super) authors: BTreeMap<ActorId, (PersonId, String)>,
    /// Rows of the queue of photos, as they stood.
    pub(super) photos: BTreeMap<[u8; 32], Vec<Value>>,
    /// The last line of the journal that anything speaks of.
    pub(super) journal_end: u64,
    /// Pages that can't be read, wholly or in part.
    pub(super) unreadable_pages: usize,
}

impl Salvage {
    pub(super) fn of(store: &Path, key: Option<&StoreKey>) -> io::Result<Self> {
        let mut pages = Pages::of(store, key)?;
        let mut salvage = Self::default();
        let mut damaged = pages.unreadable()?;
        let free = free_pages(&mut pages)?;
        pages.each(|pages, number, page| {
            if free.contains(&number) {
                return Ok(());
            }
            let Some((rows, broken)) = btree::rows(pages, number, page)? else { return Ok(()) };
            if broken > 0 {
                damaged.insert(number);
            }
            rows.into_iter().for_each(|row| salvage.take(row));
            Ok(())
        })?;
        salvage.unreadable_pages = damaged.len() + pages.cut()? + Log::of(store)?.cut();
        Ok(salvage)
    }

    /// Whether there was a store of ours at all.
    pub(super) fn is_empty(&self) -> bool {
        self.notes.is_empty() && self.journal.is_empty() && self.changes.is_empty()
    }

    fn take(&mut self, row: Row) {
        use Value::{Blob, Integer, Null, Text};
        let n = row.key.cast_unsigned();
        match row.values.as_slice() {
            [Text(name), Blob(value)] => drop(self.notes.insert(name.clone(), value.clone())),
            [Null, Blob(record), Blob(change), Integer(wall), Integer(mono), Integer(boot), Blob(link)] => {
                let (Some(record), Some(change), Some(link)) = (id(record), hash(change), hash(link)) else { return };
                let clock = ClockReading {
                    wall: UnixMillis(*wall),
                    mono_ms: mono.cast_unsigned(),
                    boot: BootId(boot.cast_unsigned()),
                };
                self.journal
                    .insert(n, (Entry { n, record, change: ChangeHash(change), clock }, Head { n, link: Link(link) }));
                self.journal_end = self.journal_end.max(n);
            }
            [Null, Blob(record), Blob(change), Blob(bytes), Integer(parted)] => {
                let (Some(record), Some(change)) = (id(record), hash(change)) else { return };
                if let Ok(frame) = read_change(bytes)
                    && frame.hash.0 == change
                {
                    let change = Change { bytes: bytes.clone(), parted: *parted != 0, frame };
                    self.changes.insert((record, change.frame.hash), change);
                }
            }
            [Null, Blob(record), Blob(verdict)] => {
                if let Some(record) = id(record) {
                    self.verdicts.insert(n, (record, verdict.clone()));
                }
            }
            [Null, Blob(record), Blob(change), body @ (Blob(_) | Null)] => {
                if let (Some(record), Some(change)) = (id(record), hash(change)) {
                    let body = if let Blob(body) = body { Some(body.clone()) } else { None };
                    self.refusals.insert((record, ChangeHash(change)), body);
                }
            }
            [Blob(record), Blob(change), Blob(verdict)] => {
                if let (Some(record), Some(change)) = (id(record), hash(change)) {
                    self.former.insert((record, ChangeHash(change)), verdict.clone());
                }
            }
            [Blob(actor), Blob(person), Text(name)] => {
                if let (Ok(actor), Ok(person)) = (actor.as_slice().try_into(), <[u8; 16]>::try_from(person.as_slice()))
                {
                    self.authors.insert(ActorId(actor), (PersonId::from(person), name.clone()));
                }
            }
            [Blob(record)] => self.leaving.extend(id(record)),
            // A line of a list names the last line of the journal about its record.
            [Null, Blob(_), Text(_), .., Integer(last_entry), Text(_)] if row.values.len() == 18 => {
                self.journal_end = self.journal_end.max(last_entry.cast_unsigned());
            }
            [Blob(photo), Blob(_), Integer(_), ..] if row.values.len() == 14 => {
                if let Some(photo) = hash(photo) {
                    self.photos.insert(photo, row.values);
                }
            }
            _ => {}
        }
    }
}

fn id(bytes: &[u8]) -> Option<RecordId> {
    <[u8; 16]>::try_from(bytes).ok().map(RecordId::from)
}

fn hash(bytes: &[u8]) -> Option<[u8; 32]> {
    bytes.try_into().ok()
}

/// Pages that were given up: what still stands on them was deleted.
fn free_pages(pages: &mut Pages) -> io::Result<BTreeSet<u32>> {
    let mut free = BTreeSet::new();
    let Some(first) = pages.newest(1)? else { return Ok(free) };
    let mut trunk = btree::long(&first, 32).unwrap_or(0);
    while trunk != 0 && free.insert(trunk) {
        let Some(page) = pages.newest(trunk)? else { break };
        let leaves = btree::long(&page, 4).unwrap_or(0) as usize;
        free.extend((0..leaves).map_while(|leaf| btree::long(&page, 8 + 4 * leaf)));
        trunk = btree::long(&page, 0).unwrap_or(0);
    }
    Ok(free)
}
