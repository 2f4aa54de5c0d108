//! The folder of a server, and the lock that keeps it to one process.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The embedded database's file in the folder.
pub(super) fn database(folder: &Path) -> PathBuf {
    folder.join("daybook.db")
}

/// Why a folder can't be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another process has it open.
    #[error("another daybook process uses the folder {}: stop it, or choose another folder", .0.display())]
    InUse(PathBuf),
    /// It can't be created, read or written.
    #[error("the folder {} can't be used", folder.display())]
    Unusable {
        /// Which folder.
        folder: PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
}

/// An exclusive lock on a folder, until it is dropped or released. The operating system drops it with the process,
/// so a crash leaves no lock behind.
#[derive(Debug)]
pub(super) struct Lock(Mutex<Option<File>>);

impl Lock {
    /// Takes the lock; makes the folder if it is not there.
    pub(super) fn take(folder: &Path) -> Result<Self, FolderError> {
        let unusable = |source| FolderError::Unusable { folder: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(unusable)?;
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join("daybook.lock"))
            .map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(Mutex::new(Some(file)))),
            Err(TryLockError::WouldBlock) => Err(FolderError::InUse(folder.to_owned())),
            Err(TryLockError::Error(source)) => Err(unusable(source)),
        }
    }

    /// Lets the folder go.
    pub(super) fn release(&self) {
        // Closing the file releases the lock; a panic elsewhere can't leave anything half done in an option.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    }
}
