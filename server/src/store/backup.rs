//! Backups and restorations, whichever database is kept.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use sync_core::id::DeviceId;
use sync_core::time::UnixMillis;

use super::StoreError;
use super::folder::FolderError;

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
    /// A restoration never writes over what is there.
    #[error("the database {0} is not empty: create another one for the backup")]
    NotEmpty(String),
    /// A program of PostgreSQL is missing or was not content.
    #[error("{program} did not succeed: {said}")]
    Program {
        /// Which one.
        program: &'static str,
        /// What it said.
        said: String,
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

pub(super) fn file_error(file: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let file = file.to_owned();
    move |source| BackupError::File { file, source }
}

/// Makes a finished file durable and gives it its name. Answers its size.
pub(super) fn settle(unfinished: &Path, target: &Path) -> Result<u64, BackupError> {
    let file = File::open(unfinished).map_err(file_error(unfinished))?;
    file.sync_all().map_err(file_error(unfinished))?;
    let bytes = file.metadata().map_err(file_error(unfinished))?.len();
    fs::rename(unfinished, target).map_err(file_error(target))?;
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(file_error(folder))?;
    Ok(bytes)
}

pub(super) fn remove(file: &Path) -> Result<(), BackupError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(file_error(file)(error)),
        _ => Ok(()),
    }
}

pub(super) fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
