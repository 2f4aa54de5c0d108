//! A damaged store: set aside as it is, and everything that can still be read of it put into a new one.
//!
//! SQLite reads a file from its first page through trees of pages, and one damaged page hides all that hangs on it. So
//! the rescue reads every page by itself ([`pages`], [`btree`]), from the file and from its log, and sorts the rows by
//! what they are ([`salvage`]). What the server has acknowledged comes back from the server, by the comparison that the
//! next run begins; what it has not is put into the journal again ([`journal`]) and goes up with the next run. What is
//! lost for good is noted in the new store until somebody has seen it ([`Damage`]).
//!
//! The new store is complete before the old one is touched, and the old one is renamed, never written to. Wherever that is
//! cut short, the next opening goes on.

mod btree;
#[cfg(feature = "encryption")]
mod cipher;
mod journal;
mod log;
mod pages;
mod rebuild;
mod salvage;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use minicbor::{Decode, Encode};
use rusqlite::Connection;
use sync_core::id::RecordId;
use sync_core::time::UnixMillis;

use super::encryption::beside;
use super::{SqliteStore, StoreError, StoreKey};
use crate::photos::Album;
use salvage::Salvage;

/// The note about a rescue.
pub(super) const DAMAGE: &str = "damage";
/// A new store that is being filled.
const PART: &str = ".rescue";
/// A new store that is complete.
const READY: &str = ".rescued";
/// Damaged stores; a number follows.
const ASIDE: &str = ".damaged-";
/// What SQLite keeps beside a file, which belongs to it.
const WITH_IT: [&str; 2] = ["-wal", "-shm"];

/// What a rescue came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Damage {
    /// Parts of the file that can't be read, of 4,096 bytes each. They are in the file that was set aside beside the
    /// store, with the ending `.damaged-1` or a higher number.
    #[n(0)]
    pub unreadable_pages: u64,
    /// Saves that the server had not acknowledged and that were rescued. They go up with the next run.
    #[n(1)]
    pub rescued: u64,
    /// Saves that the server had not acknowledged and that can't be read any more.
    #[n(2)]
    pub lost: Vec<LostSave>,
    /// To whom the device belongs can't be read any more: it has to be enrolled again. What was rescued goes up after
    /// that.
    #[n(3)]
    pub enrolment_lost: bool,
}

/// A save that can't be read any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LostSave {
    /// Which record was saved, if that is known.
    #[n(0)]
    pub record: Option<RecordId>,
    /// When, by the device's wall clock, if that is known.
    #[n(1)]
    pub saved_at: Option<UnixMillis>,
}

/// Looks for damage before SQLite reads the store, which passes over it in silence in these places.
pub(super) fn look(store: &Path, was_used: bool) -> Result<(), StoreError> {
    if log::Log::of(store)?.is_broken() {
        return Err(StoreError::Damaged("the log"));
    }
    let empty = fs::metadata(store).is_ok_and(|file| file.len() == 0);
    if empty && was_used { Err(StoreError::Damaged("the file")) } else { Ok(()) }
}

/// Looks for damage in every page. Takes as long as reading the whole file.
pub(super) fn check(connection: &Connection) -> Result<(), StoreError> {
    let said: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if said == "ok" { Ok(()) } else { Err(StoreError::Damaged("a page")) }
}

/// Whether a key opens any page of a store.
pub(super) fn opens_a_page(store: &Path, key: &StoreKey) -> Result<bool, StoreError> {
    Ok(!Salvage::of(store, Some(key))?.is_empty())
}

/// Puts a new store in the place of a damaged one.
pub(super) fn rescue(store: &Path, key: Option<&StoreKey>) -> Result<(), StoreError> {
    let salvage = Salvage::of(store, key)?;
    if salvage.is_empty() && key.is_none() {
        // It may be anybody's file.
        return Err(StoreError::Damaged("the file"));
    }
    let part = beside(store, PART);
    remove_with_company(&part)?;
    let mut new = SqliteStore::connect_to(&part, key)?;
    rebuild::rebuild(&mut new, &salvage, &Album::of(store))?;
    new.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    new.close().map_err(|(_, error)| error)?;
    File::open(&part)?.sync_all()?;
    fs::rename(&part, beside(store, READY))?;
    Ok(finish(store)?)
}

/// Finishes an exchange of the stores that was begun, if one was.
pub(super) fn finish(store: &Path) -> io::Result<()> {
    let ready = beside(store, READY);
    if !ready.try_exists()? {
        return Ok(());
    }
    let aside = (1_u32..).map(|number| beside(store, &format!("{ASIDE}{number}"))).find(|aside| !aside.exists());
    let aside = aside.unwrap_or_else(|| beside(store, ASIDE));
    // The log goes first: without it the store would read as something older, but the new store is ready already.
    for ending in WITH_IT {
        rename_if_there(&beside(store, ending), &beside(&aside, ending))?;
    }
    rename_if_there(store, &aside)?;
    fs::rename(ready, store)?;
    sync_folder(store)
}

/// Removes what rescues have left: a wiped device keeps nothing.
pub(super) fn forget(store: &Path) -> io::Result<()> {
    for number in 1_u32.. {
        let aside = beside(store, &format!("{ASIDE}{number}"));
        if !aside.exists() {
            break;
        }
        remove_with_company(&aside)?;
    }
    remove_with_company(&beside(store, PART))
}

fn remove_with_company(file: &Path) -> io::Result<()> {
    let company = WITH_IT.iter().map(|ending| beside(file, ending));
    company.chain([file.to_owned()]).try_for_each(|file: PathBuf| match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    })
}

fn rename_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn sync_folder(file: &Path) -> io::Result<()> {
    match file.parent().filter(|folder| cfg!(unix) && !folder.as_os_str().is_empty()) {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
