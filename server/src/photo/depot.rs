//! The object store: a folder, or a bucket that speaks S3.
//!
//! An object's name is `organisation/first two letters/hash-upload`: never used twice, so that removing an old object
//! can't hit a new one, and spread over folders small enough to be listed.

use std::error::Error as StdError;
use std::fs::Permissions;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, RetryConfig};
use sha2::{Digest as _, Sha256};
use sync_core::id::{OrganisationId, PhotoHash};
use sync_core::time::UnixMillis;
use uuid::Uuid;

use crate::config::{Bucket, Config, PhotoPlace};
use crate::error::{ServiceError, codes};
use crate::hex::hex;

/// The ending of small pictures.
pub(super) const PREVIEW: &str = ".preview";
/// The file in a folder of photos by which it is told from another.
const PLACE: &str = "place";
/// How long the name of a place is, in bytes.
const PLACE_BYTES: usize = 12;
/// How long a bucket is asked again before the phone is told to come back later.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where the bytes of photos lie.
#[derive(Debug)]
pub struct Depot {
    store: Box<dyn ObjectStore>,
}

/// Why the depot can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum DepotError {
    /// A folder or file can't be used.
    #[error("{}: {source}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The credentials' file has not two lines.
    #[error("{}: expected the key's id in the first line and the secret in the second", .0.display())]
    Credentials(PathBuf),
    /// The settings don't fit together.
    #[error("the object store can't be used: {0}")]
    Store(#[from] Error),
}

/// An object that lies in the depot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The name of the photo's object.
    pub name: String,
    /// The upload that brought it.
    pub upload: Option<Uuid>,
    /// When it was written, by the depot's clock.
    pub written_at: UnixMillis,
}

impl Depot {
    pub(super) fn open(config: &Config) -> Result<Self, DepotError> {
        let store: Box<dyn ObjectStore> = match &config.photos.place {
            PhotoPlace::S3(bucket) => Box::new(s3(bucket)?),
            PhotoPlace::Folder(_) => {
                let path = config.photos.folder(&config.database.folder).unwrap_or_default();
                std::fs::create_dir_all(&path).map_err(|source| DepotError::File { path: path.clone(), source })?;
                Box::new(LocalFileSystem::new_with_prefix(path)?.with_fsync(true))
            }
        };
        Ok(Self { store })
    }

    /// Stores an object and its small picture; both are durable when this returns. The picture comes first: an object
    /// is whole as soon as it can be seen.
    pub(super) async fn put(&self, name: &str, bytes: Bytes, preview: Option<Vec<u8>>) -> Result<(), ServiceError> {
        if let Some(preview) = preview {
            self.store.put(&preview_of(name), preview.into()).await.map_err(failure)?;
        }
        self.store.put(&Path::from(name), bytes.into()).await.map_err(failure)?;
        Ok(())
    }

    /// The bytes of an object, or of its small picture. `None` if the object is missing.
    pub(super) async fn get(&self, name: &str, preview: bool) -> Result<Option<Bytes>, ServiceError> {
        let path = if preview { preview_of(name) } else { Path::from(name) };
        match self.store.get(&path).await {
            Ok(found) => Ok(Some(found.bytes().await.map_err(failure)?)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failure(error)),
        }
    }

    /// Whether an object is there.
    pub(super) async fn has(&self, name: &str) -> Result<bool, ServiceError> {
        match self.store.head(&Path::from(name)).await {
            Ok(_) => Ok(true),
            Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(failure(error)),
        }
    }

    /// Removes an object and its small picture; no error if they are gone.
    pub(super) async fn remove(&self, name: &str) -> Result<(), ServiceError> {
        for path in [Path::from(name), preview_of(name)] {
            match self.store.delete(&path).await {
                Ok(()) | Err(Error::NotFound { .. }) => {}
                Err(error) => return Err(failure(error)),
            }
        }
        Ok(())
    }

    /// All objects below `organisation/first two letters`, in no order; small pictures whose photo is missing count.
    pub(super) async fn list(&self, folder: &str) -> Result<Vec<Object>, ServiceError> {
        let listed = self.store.list(Some(&Path::from(folder))).map(|found| {
            let found = found?;
            let name = found.location.as_ref();
            let name = name.strip_suffix(PREVIEW).unwrap_or(name).to_owned();
            let upload = name.get(name.len().saturating_sub(32)..).and_then(|id| id.parse().ok());
            let written_at = UnixMillis(found.last_modified.timestamp_millis());
            Ok::<_, Error>(Object { name, upload, written_at })
        });
        let mut all: Vec<Object> = listed.try_collect().await.map_err(failure)?;
        // A photo and its small picture are one object; the younger time counts.
        all.sort_by(|a, b| a.name.cmp(&b.name).then(b.written_at.cmp(&a.written_at)));
        all.dedup_by(|a, b| a.name == b.name);
        Ok(all)
    }
}

/// A name by which servers know whether they keep photos in the same place: that of the bucket, or a number that lies in
/// the folder.
///
/// # Errors
/// When the folder can't be made, read or written.
pub fn name_of_place(config: &Config) -> Result<String, DepotError> {
    match &config.photos.place {
        // A bucket's name may be longer than what tells others.
        PhotoPlace::S3(bucket) => Ok(hex(&Sha256::digest(&bucket.name)[..PLACE_BYTES])),
        PhotoPlace::Folder(_) => {
            let folder = config.photos.folder(&config.database.folder).unwrap_or_default();
            let path = folder.join(PLACE);
            number_in(&folder, &path).map_err(|source| DepotError::File { path, source })
        }
    }
}

/// The number of a folder, which whoever comes first writes.
fn number_in(folder: &std::path::Path, path: &std::path::Path) -> io::Result<String> {
    std::fs::create_dir_all(folder)?;
    loop {
        match std::fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            read => return read,
        }
        let mut number = [0; PLACE_BYTES];
        getrandom::fill(&mut number)?;
        // Whole as soon as it can be read, and never instead of another server's that comes at the same moment.
        let mut unfinished = tempfile::Builder::new().permissions(Permissions::from_mode(0o644)).tempfile_in(folder)?;
        unfinished.write_all(hex(&number).as_bytes())?;
        unfinished.as_file().sync_all()?;
        match unfinished.persist_noclobber(path) {
            Err(failed) if failed.error.kind() != io::ErrorKind::AlreadyExists => return Err(failed.error),
            _ => {}
        }
    }
}

/// Where the objects lie whose hashes begin with this byte.
pub(super) fn folder_of(organisation: OrganisationId, first: u8) -> String {
    format!("{organisation}/{first:02x}")
}

/// The name of a photo's object.
pub(super) fn object_name(organisation: OrganisationId, hash: PhotoHash, upload: Uuid) -> String {
    // Stores derive names of their own from ours, and file systems take 255 bytes: half of the hash says enough.
    let half = hex(&hash.0[..16]);
    format!("{}/{half}-{}", folder_of(organisation, hash.0[0]), upload.simple())
}

fn preview_of(name: &str) -> Path {
    Path::from(format!("{name}{PREVIEW}"))
}

fn s3(bucket: &Bucket) -> Result<impl ObjectStore, DepotError> {
    // Whoever has set one already has set the same; there is no other in this program.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let retry = RetryConfig { max_retries: 3, retry_timeout: PATIENCE, ..RetryConfig::default() };
    let mut builder = AmazonS3Builder::from_env()
        .with_bucket_name(&bucket.name)
        .with_region(&bucket.region)
        .with_virtual_hosted_style_request(false)
        .with_retry(retry);
    if let Some(endpoint) = &bucket.endpoint {
        builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
    }
    if let Some(path) = &bucket.credentials {
        let read = std::fs::read_to_string(path);
        let text = read.map_err(|source| DepotError::File { path: path.clone(), source })?;
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let (Some(id), Some(secret), None) = (lines.next(), lines.next(), lines.next()) else {
            return Err(DepotError::Credentials(path.clone()));
        };
        builder = builder.with_access_key_id(id).with_secret_access_key(secret);
    }
    Ok(builder.build()?)
}

/// A failure of the store: full, or not to be reached. Nothing is lost by it: what was to be stored stays staged.
fn failure(error: Error) -> ServiceError {
    let code = if is_full(&error) { codes::STORAGE_FULL } else { codes::BUSY };
    ServiceError::from(code).because(error).retry_after(Duration::from_secs(60))
}

fn is_full(error: &(dyn StdError + 'static)) -> bool {
    let full = error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::StorageFull);
    full || error.source().is_some_and(is_full)
}
