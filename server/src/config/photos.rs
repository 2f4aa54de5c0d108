//! Where photos are kept, and how much of them is taken.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{
    Layers, PHOTO_BUCKET, PHOTO_BYTES, PHOTO_CREDENTIALS, PHOTO_ENDPOINT, PHOTO_FOLDER, PHOTO_GRACE_DAYS, PHOTO_REGION,
    PHOTO_STORE, PHOTO_UPLOAD_DAYS, PHOTO_UPLOADS, parse,
};

const DAY: u64 = 24 * 3_600;

/// Where photos are kept, and how much of them is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Photos {
    /// Where the bytes lie.
    pub place: PhotoPlace,
    /// The largest photo, in bytes.
    pub photo_bytes: u64,
    /// How many uploads a device may have open.
    pub uploads_per_device: u32,
    /// How long the beginning of an upload is kept.
    pub upload: Duration,
    /// How long a photo is kept that no record names.
    pub grace: Duration,
}

/// Where the bytes of photos lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PhotoPlace {
    /// In a folder; `None` for `photos` in the database's folder.
    Folder(Option<PathBuf>),
    /// In a bucket.
    S3(Bucket),
}

/// A bucket of an S3-compatible store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Where the store is; `None` for Amazon's.
    pub endpoint: Option<String>,
    /// Which bucket.
    pub name: String,
    /// In which region.
    pub region: String,
    /// A file with the key's id in its first line and the secret in its second; `None` for the environment's
    /// `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`.
    pub credentials: Option<PathBuf>,
}

impl Photos {
    pub(super) fn read(layers: &mut Layers) -> Option<Self> {
        let is_s3 = layers.read(PHOTO_STORE, |text| match text {
            "file" => Some(false),
            "s3" => Some(true),
            _ => None,
        });
        let text = |text: &str| Some((!text.is_empty()).then(|| text.to_owned()));
        let folder = layers.read(PHOTO_FOLDER, text);
        let endpoint = layers.read(PHOTO_ENDPOINT, |given| {
            let known = given.is_empty() || given.starts_with("https://") || given.starts_with("http://");
            known.then(|| text(given)).flatten()
        });
        let bucket = layers.read(PHOTO_BUCKET, text);
        let region = layers.read(PHOTO_REGION, |text| (!text.is_empty()).then(|| text.to_owned()));
        let credentials = layers.read(PHOTO_CREDENTIALS, text);
        let photo_bytes = layers.read(PHOTO_BYTES, |text| parse::number(text, 1 << 16..=1 << 28));
        let uploads = layers.read(PHOTO_UPLOADS, |text| parse::number(text, 1..=1_000));
        let upload_days = layers.read(PHOTO_UPLOAD_DAYS, |text| parse::number(text, 1..=365));
        let grace_days = layers.read(PHOTO_GRACE_DAYS, |text| parse::number(text, 1..=3_650));
        let place = if is_s3? {
            let Some(name) = bucket? else {
                layers.complain(PHOTO_BUCKET);
                return None;
            };
            let credentials = credentials?.map(PathBuf::from);
            PhotoPlace::S3(Bucket { endpoint: endpoint?, name, region: region?, credentials })
        } else {
            PhotoPlace::Folder(folder?.map(PathBuf::from))
        };
        Some(Self {
            place,
            photo_bytes: photo_bytes?,
            uploads_per_device: u32::try_from(uploads?).ok()?,
            upload: Duration::from_secs(DAY * upload_days?),
            grace: Duration::from_secs(DAY * grace_days?),
        })
    }

    /// The folder of the photos, if they lie in one.
    pub fn folder(&self, database: &Path) -> Option<PathBuf> {
        match &self.place {
            PhotoPlace::Folder(Some(folder)) => Some(folder.clone()),
            PhotoPlace::Folder(None) => Some(database.join("photos")),
            PhotoPlace::S3(_) => None,
        }
    }
}
