//! Sealed statements as files beside the database. A database that is restored to the morning does not know what was
//! sealed in the evening; the files do, and bring it back before anybody can seal something else.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sync_core::id::{OfficeId, Signature};
use sync_core::journal::verify_statement;

use crate::day::statement::Body;
use crate::error::ServiceError;
use crate::state::App;
use crate::store::StoreError;
use crate::store::days::Statement;

/// A statement in its file.
#[derive(Serialize, Deserialize)]
struct Filed {
    body: String,
    signature: Signature,
}

fn folder(app: &App) -> PathBuf {
    app.config.database.folder.join("statements")
}

fn path(folder: &Path, office: OfficeId, day: Date, number: u32) -> PathBuf {
    folder.join(format!("{office}-{day}-{number}.json"))
}

/// Writes a statement for good, before the database has it. Fails if there is a file for it already.
pub(super) fn file(app: &App, statement: &Statement) -> io::Result<()> {
    let folder = folder(app);
    std::fs::create_dir_all(&folder)?;
    let place = path(&folder, statement.office, statement.day, statement.number);
    let filed = Filed { body: statement.body.clone(), signature: statement.signature };
    let written = write(&place, &serde_json::to_vec(&filed)?);
    if written.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::AlreadyExists) {
        // Half a file is none, and would stand in the way of the next attempt.
        let _ = std::fs::remove_file(&place);
    }
    written?;
    // The file's name is on the disk only when its folder is.
    File::open(&folder)?.sync_all()
}

fn write(place: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(place)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Takes back the file of a statement that the database did not take.
pub(super) fn unfile(app: &App, statement: &Statement) {
    let place = path(&folder(app), statement.office, statement.day, statement.number);
    if let Err(error) = std::fs::remove_file(place) {
        tracing::warn!(%error, "the file of a statement that was not sealed can't be removed");
    }
}

/// Whether there is a file of a statement that follows those which the database knows.
pub(super) fn knows_more(app: &App, office: OfficeId, day: Date, next: u32) -> bool {
    path(&folder(app), office, day, next).exists()
}

/// The days of offices of which there are files.
pub(super) fn days(app: &App) -> io::Result<BTreeSet<(OfficeId, Date)>> {
    let names = match std::fs::read_dir(folder(app)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        names => names?,
    };
    let named = |entry: io::Result<std::fs::DirEntry>| Ok(entry?.file_name().to_str().and_then(day_of));
    names.filter_map(|entry| named(entry).transpose()).collect()
}

/// What the name of a file says; `None` if it is none of these.
fn day_of(name: &str) -> Option<(OfficeId, Date)> {
    const OFFICE: usize = 36;
    let (office, rest) = name.strip_suffix(".json")?.split_at_checked(OFFICE)?;
    let (day, _number) = rest.strip_prefix('-')?.rsplit_once('-')?;
    Some((office.parse().ok()?, day.parse().ok()?))
}

/// Gives the database the statements of an office's day that it has forgotten. How many there were.
pub(super) async fn recall(app: &App, office: OfficeId, day: Date, mut next: u32) -> Result<u32, ServiceError> {
    let folder = folder(app);
    let before = next;
    while let Some(statement) = read(app, &path(&folder, office, day, next)) {
        let Some((statement, items)) =
            statement.filter(|(found, _)| (found.office, found.day, found.number) == (office, day, next))
        else {
            break;
        };
        match app.store.days().seal(&statement, &items).await {
            Ok(()) => {
                tracing::warn!(%office, %day, number = next, "a sealed statement came back that the database had lost")
            }
            Err(StoreError::Conflict(_)) => {
                let known = app.store.days().statements(office, day).await?;
                // Unless somebody else was faster, it counts what is counted elsewhere: it can never be sealed, and must
                // not stand in the way of what can.
                if known.len() <= next as usize {
                    set_aside(&path(&folder, office, day, next));
                    break;
                }
            }
            Err(error) => return Err(error.into()),
        }
        next += 1;
    }
    Ok(next - before)
}

fn set_aside(place: &Path) {
    tracing::error!(file = %place.display(), "a filed statement counts what another one counts; it is set aside");
    if let Err(error) = std::fs::rename(place, place.with_extension("set-aside")) {
        tracing::error!(%error, "it can't be set aside");
    }
}

type Read = (Statement, crate::store::days::SealedItems);

/// Reads a file; `Some(None)` if it is not a statement that this server has signed.
fn read(app: &App, place: &Path) -> Option<Option<Read>> {
    let bytes = std::fs::read(place).ok()?;
    let read = parse(app, &bytes);
    if read.is_none() {
        tracing::error!(file = %place.display(), "a filed statement is damaged, or not of this server");
    }
    Some(read)
}

fn parse(app: &App, bytes: &[u8]) -> Option<Read> {
    let Filed { body, signature } = serde_json::from_slice(bytes).ok()?;
    if !verify_statement(&app.keys.public(), body.as_bytes(), &signature) {
        return None;
    }
    let said: Body = serde_json::from_str(&body).ok()?;
    let items = said.items()?;
    let statement = Statement {
        organisation: said.organisation.id,
        office: said.office.id,
        day: said.day,
        number: said.number,
        sealed_at: said.sealed_at,
        person: said.sealed_by.id,
        body,
        signature,
    };
    Some((statement, items))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_say_of_which_day_they_are() {
        let office: OfficeId = "0190a3c4-0000-7000-8000-000000000001".parse().unwrap();
        let day: Date = "2027-01-15".parse().unwrap();
        let name = path(Path::new(""), office, day, 12);
        assert_eq!(day_of(name.to_str().unwrap()), Some((office, day)));
        let others = ["", "x.json", "0190a3c4-0000-7000-8000-000000000001-2027-01-15-0.set-aside", "……………………………….json"];
        assert!(others.iter().all(|name| day_of(name).is_none()));
    }
}
