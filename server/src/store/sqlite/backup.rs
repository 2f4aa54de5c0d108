//! Backing up a folder while its server runs, and putting a backup in a folder's place.
//!
//! A backup counts as one only after it was opened and checked. A restored database begins a new epoch, so that
//! phones notice that the server went back in time and offer again what it has lost.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use futures_util::TryStreamExt as _;
use sqlx::{Connection as _, Row as _};
use sync_core::id::DeviceId;
use sync_core::time::UnixMillis;
use sync_core::trust::chunk::read_change;
use uuid::Uuid;

use super::folder::{FolderError, Lock, database};
use super::{Conn, Db, MIGRATIONS, reading, writing};
use crate::photo::keep::Kept;
use crate::store::StoreError;
use crate::store::shared::statements;
use crate::store::shared::stored::{count, thirty_two};

statements! {
    COPY = "vacuum into $1";
    INTEGRITY = "pragma integrity_check(10)";
    FOREIGN_KEYS = "pragma foreign_key_check";
    APPLIED = "select version, checksum from _sqlx_migrations where success order by version";
    CONTENTS = "select (select count(*) from change), (select count(*) from record), \
        (select count(*) from organisation), (select max(received_at) from change where id = \
        (select max(id) from change)), \
        coalesce((select cast(value as integer) from meta where key = 'epoch'), 1)";
    JOURNALS = "select id, journal_n from device where journal_n > 0";
    BROKEN_JOURNALS = "select count(*) from device d \
        where d.journal_n <> (select count(*) from change c where c.device = d.no)";
    PUBLISHED = "select hash, raw from change where state = 1";
    SET_EPOCH = "insert into meta (key, value) values ('epoch', $1) \
        on conflict (key) do update set value = excluded.value";
    PHOTOS = "select object, object_hash, preview from photo where lost_at is null order by object";
    CHECKPOINT = "pragma wal_checkpoint(truncate)";
}

/// What a database holds.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Contents {
    /// How many organisations.
    pub organisations: u64,
    /// How many records that somebody can see.
    pub records: u64,
    /// How many changes: what the records are made of, and what was set aside.
    pub changes: u64,
    /// When the last change came.
    pub newest: Option<UnixMillis>,
    /// Which life of the database it is.
    pub epoch: u64,
}

/// A finished backup.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct BackupReport {
    /// Where it lies.
    pub file: PathBuf,
    /// How large it is.
    pub bytes: u64,
    /// What it holds, read from the backup itself.
    pub contents: Contents,
    /// When it was begun: it holds everything that was acknowledged before.
    pub taken_at: UnixMillis,
    /// Up to which line it holds each device's journal, read from the backup itself.
    #[serde(skip)]
    pub journals: Vec<(DeviceId, u64)>,
}

/// A finished restoration.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct RestoreReport {
    /// What was restored, with the new epoch.
    pub contents: Contents,
    /// Where the database that was in the folder lies now.
    pub set_aside: Option<PathBuf>,
}

/// What a restoration does with a database that is in the folder already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occupant {
    /// It refuses to go on.
    Keep,
    /// It gives the file another name, with the time in it, and deletes nothing.
    SetAside,
}

/// Why a backup or a restoration did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The folder can't be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// There is nothing to back up or to restore.
    #[error("there is no database at {}", .0.display())]
    Missing(PathBuf),
    /// A backup never overwrites a file.
    #[error("{} exists already: choose another name", .0.display())]
    Exists(PathBuf),
    /// The folder has a database.
    #[error("the folder {} has a database already: restore into an empty folder, or force to set it aside", .0.display())]
    Occupied(PathBuf),
    /// The file is not a whole and sound database of Daybook.
    #[error("{} is not a sound backup: {what}", file.display())]
    Damaged {
        /// Which file.
        file: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The file is from another version.
    #[error("{} is from a newer version of daybook", .0.display())]
    Foreign(PathBuf),
    /// A file can't be read or written.
    #[error("{} can't be read or written", file.display())]
    File {
        /// Which file.
        file: PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// The database does not answer.
    #[error("the database can't be read or written")]
    Database(#[from] StoreError),
}

impl From<sqlx::Error> for BackupError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

fn file_error(file: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let file = file.to_owned();
    move |source| BackupError::File { file, source }
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
    let journals = journals(target).await?;
    Ok(BackupReport { file: target.to_owned(), bytes, contents, taken_at: now, journals })
}

/// Up to which line a backup holds each device's journal.
async fn journals(file: &Path) -> Result<Vec<(DeviceId, u64)>, BackupError> {
    let mut conn = Conn::connect_with(&reading(file).immutable(true)).await?;
    let rows = sqlx::query_as::<Db, (Uuid, i64)>(JOURNALS).fetch_all(&mut conn).await?;
    conn.close().await?;
    rows.into_iter().map(|(id, n)| Ok((DeviceId(id), count(n)?))).collect()
}

/// The photos that a backup names. Their bytes are not in it.
///
/// # Errors
/// If the backup can't be read.
pub async fn photos(file: &Path) -> Result<Vec<Kept>, BackupError> {
    let mut conn = Conn::connect_with(&reading(file).immutable(true)).await?;
    let rows = sqlx::query_as::<Db, (String, Vec<u8>, bool)>(PHOTOS).fetch_all(&mut conn).await?;
    conn.close().await?;
    let kept =
        |(object, hash, preview): (String, Vec<u8>, bool)| Ok(Kept { object, hash: thirty_two(&hash)?, preview });
    rows.into_iter().map(kept).collect()
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
    let applied = sqlx::query_as::<Db, (i64, Vec<u8>)>(APPLIED).fetch_all(&mut conn).await.map_err(unreadable)?;
    for (version, checksum) in &applied {
        match MIGRATIONS.iter().find(|known| known.version == *version) {
            Some(known) if *known.checksum == **checksum => {}
            _ => return Err(BackupError::Foreign(file.to_owned())),
        }
    }
    let (broken,) = sqlx::query_as::<Db, (i64,)>(BROKEN_JOURNALS).fetch_one(&mut conn).await.map_err(unreadable)?;
    if applied.is_empty() || broken > 0 {
        return Err(damaged(format!("{broken} journals have gaps")));
    }
    if !changes_are_intact(&mut conn).await.map_err(unreadable)? {
        return Err(damaged("a change is not what its name says".to_owned()));
    }
    let contents = contents(&mut conn).await?;
    conn.close().await?;
    Ok(contents)
}

/// Whether each published change still has its name, which is a hash of its bytes: SQLite itself does not notice a
/// disk that forgot some bits inside a row.
async fn changes_are_intact(conn: &mut Conn) -> Result<bool, sqlx::Error> {
    let mut changes = sqlx::query_as::<Db, (Vec<u8>, Vec<u8>)>(PUBLISHED).fetch(conn);
    while let Some((name, raw)) = changes.try_next().await? {
        if !read_change(&raw).is_ok_and(|change| change.hash.0.as_slice() == name) {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn contents(conn: &mut Conn) -> Result<Contents, BackupError> {
    let row = sqlx::query::<Db>(CONTENTS).fetch_one(conn).await?;
    Ok(Contents {
        changes: count(row.try_get(0)?)?,
        records: count(row.try_get(1)?)?,
        organisations: count(row.try_get(2)?)?,
        newest: row.try_get::<Option<i64>, _>(3)?.map(UnixMillis),
        epoch: count(row.try_get(4)?)?,
    })
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
    sqlx::query::<Db>(SET_EPOCH).bind(epoch.to_string()).execute(&mut conn).await?;
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

/// Makes a finished file durable and gives it its name. Answers its size.
fn settle(unfinished: &Path, target: &Path) -> Result<u64, BackupError> {
    let file = File::open(unfinished).map_err(file_error(unfinished))?;
    file.sync_all().map_err(file_error(unfinished))?;
    let bytes = file.metadata().map_err(file_error(unfinished))?.len();
    fs::rename(unfinished, target).map_err(file_error(target))?;
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(file_error(folder))?;
    Ok(bytes)
}

fn remove(file: &Path) -> Result<(), BackupError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(file_error(file)(error)),
        _ => Ok(()),
    }
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
