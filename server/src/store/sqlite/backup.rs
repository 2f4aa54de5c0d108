//! Backing up a folder while its server runs, and putting a backup in a folder's place.
//!
//! A backup counts as one only after it was opened and checked. A restored database begins a new epoch, so that
//! phones notice that the server went back in time and offer again what it has lost.

use std::fs;
use std::path::{Path, PathBuf};

use sqlx::Connection as _;
use sync_core::time::UnixMillis;

use super::audit::{broken_journals, changes_are_intact, contents, is_known, journals, kept_photos, set_epoch};
use super::folder::{Lock, database};
use super::{Conn, Db, MIGRATIONS, reading, writing};
use crate::photo::keep::Kept;
pub use crate::store::backup::{BackupError, BackupReport, Contents, RestoreReport};
use crate::store::backup::{beside, file_error, remove, settle};
use crate::store::shared::statements;

statements! {
    COPY = "vacuum into $1";
    INTEGRITY = "pragma integrity_check(10)";
    FOREIGN_KEYS = "pragma foreign_key_check";
    CHECKPOINT = "pragma wal_checkpoint(truncate)";
}

/// What a restoration does with a database that is in the folder already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occupant {
    /// It refuses to go on.
    Keep,
    /// It gives the file another name, with the time in it, and deletes nothing.
    SetAside,
}

/// Copies the database of a folder into the file `target` and checks the copy. The server may be running.
///
/// # Errors
/// If the target exists, or the copy can't be made or is not sound; then there is no file `target` afterwards.
pub async fn backup(folder: &Path, target: &Path, now: UnixMillis) -> Result<BackupReport, BackupError> {
    let source = database(folder);
    if !source.is_file() {
        return Err(BackupError::Missing(source));
    }
    if target.exists() {
        return Err(BackupError::Exists(target.to_owned()));
    }
    let unfinished = beside(target, ".unfinished");
    remove(&unfinished)?;
    let mut live = Conn::connect_with(&reading(&source)).await?;
    let before = contents(&mut live).await?;
    let name = unfinished.to_str().ok_or_else(|| BackupError::Missing(unfinished.clone()))?;
    let copied = sqlx::query::<Db>(COPY).bind(name).execute(&mut live).await;
    live.close().await?;
    copied?;
    let checked = match verify(&unfinished).await {
        Ok(copy) if copy.changes >= before.changes => Ok(copy),
        Ok(_) => Err(BackupError::Damaged { file: target.to_owned(), what: "changes are missing".to_owned() }),
        Err(error) => Err(error),
    };
    let contents = match checked {
        Ok(contents) => contents,
        Err(error) => {
            remove(&unfinished)?;
            return Err(error);
        }
    };
    let bytes = settle(&unfinished, target)?;
    let mut conn = Conn::connect_with(&reading(target).immutable(true)).await?;
    let journals = journals(&mut conn).await?;
    conn.close().await?;
    Ok(BackupReport { file: target.to_owned(), bytes, contents, taken_at: now, journals })
}

/// The photos that a backup names. Their bytes are not in it.
///
/// # Errors
/// If the backup can't be read.
pub async fn photos(file: &Path) -> Result<Vec<Kept>, BackupError> {
    let mut conn = Conn::connect_with(&reading(file).immutable(true)).await?;
    let kept = kept_photos(&mut conn).await?;
    conn.close().await?;
    Ok(kept)
}

/// Puts a backup in the place of a folder's database. No server may be running on it.
///
/// # Errors
/// If the backup is not sound, a process uses the folder, or it has a database and `occupant` is to be kept.
pub async fn restore(
    backup: &Path,
    folder: &Path,
    occupant: Occupant,
    now: UnixMillis,
) -> Result<RestoreReport, BackupError> {
    if !backup.is_file() {
        return Err(BackupError::Missing(backup.to_owned()));
    }
    let mut contents = verify(backup).await?;
    let lock = Lock::take(folder)?;
    let target = database(folder);
    let occupied = target.exists();
    if occupied && occupant == Occupant::Keep {
        return Err(BackupError::Occupied(folder.to_owned()));
    }
    // Epochs of the old database count too, or a second restoration would begin an epoch that phones know.
    let old_epoch = if occupied { last_words(&target).await.unwrap_or(0) } else { 0 };
    contents.epoch = contents.epoch.max(old_epoch) + 1;
    let unfinished = beside(&target, ".unfinished");
    remove(&unfinished)?;
    fs::copy(backup, &unfinished).map_err(file_error(&unfinished))?;
    begin_epoch(&unfinished, contents.epoch).await?;
    let set_aside = if occupied { Some(set_aside(folder, &target, now)?) } else { None };
    settle(&unfinished, &target)?;
    lock.release();
    Ok(RestoreReport { contents, set_aside })
}

/// Opens a file and checks that it is a whole and sound database of this version or an older one.
async fn verify(file: &Path) -> Result<Contents, BackupError> {
    let damaged = |what: String| BackupError::Damaged { file: file.to_owned(), what };
    let unreadable = |error: sqlx::Error| damaged(error.to_string());
    // Nobody else writes to a backup, and `immutable` leaves no files beside it.
    let mut conn = Conn::connect_with(&reading(file).immutable(true)).await.map_err(unreadable)?;
    let found = sqlx::query_as::<Db, (String,)>(INTEGRITY).fetch_all(&mut conn).await.map_err(unreadable)?;
    if let Some((problem,)) = found.into_iter().find(|(line,)| line != "ok") {
        return Err(damaged(problem));
    }
    if sqlx::query::<Db>(FOREIGN_KEYS).fetch_optional(&mut conn).await.map_err(unreadable)?.is_some() {
        return Err(damaged("rows refer to others that are missing".to_owned()));
    }
    if !is_known(&mut conn, &MIGRATIONS).await.map_err(unreadable)? {
        return Err(BackupError::Foreign(file.to_owned()));
    }
    let broken = broken_journals(&mut conn).await.map_err(unreadable)?;
    if broken > 0 {
        return Err(damaged(format!("{broken} journals have gaps")));
    }
    if !changes_are_intact(&mut conn).await.map_err(unreadable)? {
        return Err(damaged("a change is not what its name says".to_owned()));
    }
    let contents = contents(&mut conn).await?;
    conn.close().await?;
    Ok(contents)
}

/// The epoch of a database that is about to be set aside, after its log was written into its file, so that the file
/// is whole by itself. `None` if it can't be read: then it is set aside as it is.
async fn last_words(file: &Path) -> Option<u64> {
    let mut conn = Conn::connect_with(&writing(file).create_if_missing(false)).await.ok()?;
    let epoch = contents(&mut conn).await.ok().map(|contents| contents.epoch);
    let _ = sqlx::query::<Db>(CHECKPOINT).execute(&mut conn).await.ok()?;
    conn.close().await.ok()?;
    epoch
}

async fn begin_epoch(file: &Path, epoch: u64) -> Result<(), BackupError> {
    let mut conn = Conn::connect_with(&writing(file).create_if_missing(false)).await?;
    set_epoch(&mut conn, epoch).await?;
    sqlx::query::<Db>(CHECKPOINT).execute(&mut conn).await?;
    Ok(conn.close().await?)
}

fn set_aside(folder: &Path, database: &Path, now: UnixMillis) -> Result<PathBuf, BackupError> {
    let time = jiff::Timestamp::from_millisecond(now.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let name = folder.join(time.strftime("daybook-set-aside-%Y%m%dT%H%M%SZ.db").to_string());
    if name.exists() {
        return Err(BackupError::Exists(name));
    }
    // The log of a database that could not be opened belongs to it and goes with it.
    for ending in ["-wal", "-shm", ""] {
        let (from, to) = (beside(database, ending), beside(&name, ending));
        if from.exists() {
            fs::rename(&from, &to).map_err(file_error(&from))?;
        }
    }
    Ok(name)
}
