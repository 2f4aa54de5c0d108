//! Beginnings of uploads on this machine's disk. A byte counts only after it was written through to the disk and the
//! database says so, so a kill or a power failure at any moment leaves a beginning that can be gone on with.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

use crate::error::{ServiceError, codes};

/// A folder with one file for each upload under way.
#[derive(Debug)]
pub struct Staging {
    folder: PathBuf,
}

/// The file of an upload, held by one request at a time.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    file: Arc<File>,
    path: PathBuf,
}

impl Staging {
    pub(super) fn open(folder: PathBuf) -> io::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        Ok(Self { folder })
    }

    fn path(&self, id: Uuid) -> PathBuf {
        self.folder.join(id.to_string())
    }

    /// Takes the file of an upload, making it if there is none. The system gives it free when the last handle is
    /// dropped, also if the process ends.
    ///
    /// # Errors
    /// [`codes::UPLOAD_BUSY`] while another request holds it.
    pub(super) async fn take(&self, id: Uuid) -> Result<Slot, ServiceError> {
        let (path, folder) = (self.path(id), self.folder.clone());
        blocking(move || {
            let is_new = !path.exists();
            let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
            if is_new {
                File::open(folder)?.sync_all()?;
            }
            Ok(Some(Slot { file: Arc::new(file), path }))
        })
        .await?
        .ok_or_else(|| ServiceError::from(codes::UPLOAD_BUSY).retry_after(Duration::from_secs(2)))
    }

    /// How many bytes lie there for an upload; 0 if none do.
    pub(super) async fn length(&self, id: Uuid) -> Result<u64, ServiceError> {
        let path = self.path(id);
        blocking(move || match std::fs::metadata(path) {
            Ok(found) => Ok(found.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error),
        })
        .await
    }

    /// Removes the file of an upload; no error if there is none.
    pub(super) async fn remove(&self, id: Uuid) -> Result<(), ServiceError> {
        let path = self.path(id);
        blocking(move || remove(&path)).await
    }

    /// The uploads that have a file.
    pub(super) async fn all(&self) -> Result<Vec<Uuid>, ServiceError> {
        let folder = self.folder.clone();
        blocking(move || {
            let names = std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.file_name()));
            let names = names.collect::<io::Result<Vec<_>>>()?;
            Ok(names.iter().filter_map(|name| name.to_str()?.parse().ok()).collect())
        })
        .await
    }
}

impl Slot {
    pub(super) async fn length(&self) -> Result<u64, ServiceError> {
        let file = Arc::clone(&self.file);
        blocking(move || Ok(file.metadata()?.len())).await
    }

    /// Writes bytes at a place. They count only after [`Self::settle`].
    pub(super) async fn write(&self, bytes: Vec<u8>, at: u64) -> Result<(), ServiceError> {
        let file = Arc::clone(&self.file);
        blocking(move || file.write_all_at(&bytes, at)).await
    }

    /// Throws away what lies beyond a length.
    pub(super) async fn cut(&self, length: u64) -> Result<(), ServiceError> {
        let file = Arc::clone(&self.file);
        blocking(move || if file.metadata()?.len() > length { file.set_len(length) } else { Ok(()) }).await
    }

    /// Writes everything through to the disk.
    pub(super) async fn settle(&self) -> Result<(), ServiceError> {
        let file = Arc::clone(&self.file);
        blocking(move || file.sync_all()).await
    }

    /// Everything up to a length. For workers: it waits for the disk.
    pub(super) fn read(&self, length: u64) -> io::Result<Bytes> {
        let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        self.file.read_exact_at(&mut bytes, 0)?;
        Ok(Bytes::from(bytes))
    }

    /// Removes the file.
    pub(super) async fn remove(self) -> Result<(), ServiceError> {
        blocking(move || remove(&self.path)).await
    }
}

fn remove(path: &std::path::Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Runs something that waits for the disk where waiting is allowed.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, ServiceError> {
    let done = tokio::task::spawn_blocking(work).await.map_err(ServiceError::internal)?;
    done.map_err(|error| match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            ServiceError::from(codes::STORAGE_FULL).because(error).retry_after(Duration::from_secs(300))
        }
        _ => ServiceError::from(codes::BUSY).because(error).retry_after(Duration::from_secs(60)),
    })
}
