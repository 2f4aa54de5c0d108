//! The folder with the files of photos. A file is named by its content, appears whole or not at all, and never changes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use sync_core::id::PhotoHash;

use crate::error::Error;
use crate::sqlite::StoreError;

const BLOCK: usize = 64 * 1024;
/// What is being written.
const UNFINISHED: &str = "unfinished";

/// The folder beside the store.
#[derive(Debug)]
pub(crate) struct Album {
    folder: PathBuf,
}

/// A file that was taken in.
pub(super) struct Kept {
    pub(super) hash: PhotoHash,
    pub(super) bytes: u64,
    pub(super) media_type: &'static str,
}

impl Album {
    /// The album of the store at `store`. The folder is made when the first photo comes.
    pub(crate) fn of(store: &Path) -> Self {
        let mut folder = store.as_os_str().to_owned();
        folder.push(".photos");
        Self { folder: PathBuf::from(folder) }
    }

    pub(crate) fn file(&self, hash: PhotoHash) -> PathBuf {
        self.folder.join(hash.to_string())
    }

    /// Copies a photo into the album. It is on the disk for good when this returns; if it does not fit, nothing is left
    /// of it.
    pub(super) fn keep(&self, source: impl Read, most: u64) -> Result<Kept, Error> {
        fs::create_dir_all(&self.folder).map_err(failed)?;
        let unfinished = self.folder.join(UNFINISHED);
        let kept = self.write(&unfinished, source, most);
        if kept.is_err() {
            // What can't be removed now is removed at the next start.
            let _ = fs::remove_file(&unfinished);
        }
        kept
    }

    fn write(&self, unfinished: &Path, mut source: impl Read, most: u64) -> Result<Kept, Error> {
        let mut file = File::create(unfinished).map_err(failed)?;
        let (mut sum, mut bytes, mut start) = (Sha256::new(), 0_u64, Vec::new());
        let mut block = vec![0; BLOCK];
        loop {
            let read = match source.read(&mut block) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Error::PhotoUnreadable(error)),
            };
            bytes += read as u64;
            if bytes > most {
                return Err(Error::PhotoTooLarge { most });
            }
            let part = &block[..read];
            if start.len() < 16 {
                start.extend_from_slice(&part[..read.min(16)]);
            }
            sum.update(part);
            file.write_all(part).map_err(failed)?;
        }
        if bytes == 0 {
            return Err(Error::PhotoUnreadable(io::ErrorKind::UnexpectedEof.into()));
        }
        file.sync_all().map_err(failed)?;
        let hash = PhotoHash(sum.finalize().into());
        fs::rename(unfinished, self.file(hash)).map_err(failed)?;
        sync_folder(&self.folder)?;
        // The folder itself may be new.
        self.folder.parent().map_or(Ok(()), sync_folder)?;
        Ok(Kept { hash, bytes, media_type: media_type(&start) })
    }

    /// A piece of a photo.
    pub(super) fn piece(&self, hash: PhotoHash, offset: u64, length: u64) -> io::Result<Vec<u8>> {
        let mut file = OpenOptions::new().read(true).open(self.file(hash))?;
        file.seek(SeekFrom::Start(offset))?;
        let mut piece = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        file.read_exact(&mut piece)?;
        Ok(piece)
    }

    /// Whether a file still is what its name says.
    pub(super) fn is_sound(&self, hash: PhotoHash) -> bool {
        let sum = || -> io::Result<PhotoHash> {
            let (mut file, mut sum, mut block) = (File::open(self.file(hash))?, Sha256::new(), vec![0; BLOCK]);
            loop {
                match file.read(&mut block)? {
                    0 => return Ok(PhotoHash(sum.finalize().into())),
                    read => sum.update(&block[..read]),
                }
            }
        };
        sum().is_ok_and(|found| found == hash)
    }

    pub(super) fn remove(&self, hash: PhotoHash) -> Result<(), Error> {
        match fs::remove_file(self.file(hash)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
            _ => Ok(()),
        }
    }

    /// The photos whose files are here, and how many bytes each has.
    pub(crate) fn files(&self) -> io::Result<Vec<(PhotoHash, u64)>> {
        let listed = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            listed => listed?,
        };
        let mut files = Vec::new();
        for entry in listed {
            let entry = entry?;
            if let Some(hash) = entry.file_name().to_str().and_then(|name| name.parse().ok()) {
                files.push((hash, entry.metadata()?.len()));
            }
        }
        Ok(files)
    }

    /// Removes the files that are not wanted: what a crash left behind, or everything after a wipe.
    pub(super) fn sweep(&self, wanted: impl Fn(PhotoHash) -> Result<bool, Error>) -> Result<(), Error> {
        let listed = match fs::read_dir(&self.folder) {
            Ok(listed) => listed,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(error)),
        };
        for entry in listed {
            let path = entry.map_err(failed)?.path();
            let hash = path.file_name().and_then(|name| name.to_str()?.parse().ok());
            let keep = hash.map_or(Ok(false), &wanted)?;
            if !keep && path.is_file() {
                fs::remove_file(&path).map_err(failed)?;
            }
        }
        Ok(())
    }
}

fn sync_folder(folder: &Path) -> Result<(), Error> {
    // Elsewhere folders can't be opened, and their entries are durable by themselves.
    if cfg!(unix) && !folder.as_os_str().is_empty() {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    }
    Ok(())
}

fn failed(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::Full,
        _ => Error::Storage(StoreError::Io(error)),
    }
}

/// What a photo is, by its first bytes.
fn media_type(start: &[u8]) -> &'static str {
    match start {
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        [_, _, _, _, b'f', b't', b'y', b'p', b'h' | b'm', ..] => "image/heic",
        _ => "application/octet-stream",
    }
}
