//! Backing up photos that lie in a folder. Objects never change and names are never used twice, so a copy is brought up
//! to date by adding what is missing. A bucket is its operator's to keep: by versions, or by a copy elsewhere.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// An object that a backup of the database names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its name in the folder.
    pub object: String,
    /// SHA-256 of its bytes.
    pub hash: [u8; 32],
    /// Whether there is a small picture beside it.
    pub preview: bool,
}

/// A copy of the photos' folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PhotoCopy {
    /// How many photos the backup of the database names.
    pub photos: u64,
    /// How many of them were copied now; the others were there.
    pub copied: u64,
    /// How many are not in the folder, or not what they should be.
    pub missing: u64,
}

/// Why photos could not be copied.
#[derive(Debug, thiserror::Error)]
#[error("{} can't be read or written", path.display())]
pub struct CopyError {
    /// Which file or folder.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub source: io::Error,
}

/// Copies the photos that a backup of the database names from one folder to another, as far as they are not there, and
/// holds each copy against its hash. Waits for the disk.
///
/// # Errors
/// When a file can't be read or written.
pub fn copy(kept: &[Kept], from: &Path, to: &Path) -> Result<PhotoCopy, CopyError> {
    let mut done = PhotoCopy { photos: kept.len() as u64, ..PhotoCopy::default() };
    for photo in kept {
        let (source, target) = (from.join(&photo.object), to.join(&photo.object));
        if target.exists() {
            continue;
        }
        let Some(bytes) = read(&source)?.filter(|bytes| <[u8; 32]>::from(Sha256::digest(bytes)) == photo.hash) else {
            done.missing += 1;
            continue;
        };
        if photo.preview {
            // Without it only the small picture would be missing.
            if let Some(preview) = read(&preview_of(&source))? {
                write(&preview_of(&target), &preview)?;
            }
        }
        write(&target, &bytes)?;
        done.copied += 1;
    }
    Ok(done)
}

fn preview_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(super::depot::PREVIEW);
    PathBuf::from(name)
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> CopyError {
    let path = path.to_owned();
    move |source| CopyError { path, source }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, CopyError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path)(error)),
    }
}

/// Writes a file that is there with all of its content, durably, or not at all.
fn write(path: &Path, bytes: &[u8]) -> Result<(), CopyError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed(folder))?;
    let unfinished = path.with_extension("unfinished");
    fs::write(&unfinished, bytes).and_then(|()| File::open(&unfinished)?.sync_all()).map_err(failed(&unfinished))?;
    fs::rename(&unfinished, path).map_err(failed(path))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed(folder))
}
