//! Photos of this device: kept beside the store, uploaded in a lane of their own.
//!
//! A photo is safe on the device as soon as [`Daybook::attach_photo`] returns: first its file is written through to the
//! disk, then the entry of its record, and a crash in between is made good at the next start. It goes up after the
//! records, in pieces, over the network that the app allows ([`PhotoPolicy`]), and goes on where it stopped whenever it
//! was interrupted, also days later. The file stays until [`Daybook::thin_photos`] may remove it: when a verified backup
//! of the server holds the photo *and* the line of the journal that names it.

mod album;
mod attach;
mod lane;
mod send;
mod thin;

pub use lane::{PhotoLane, PhotoReport};

pub(crate) use album::Album;

use sync_core::id::PhotoHash;

use crate::daybook::Daybook;
use crate::error::Error;
use crate::sqlite::{PhotoStep, QueuedPhoto};

/// The largest photo that is attached, in bytes: what servers take unless they say otherwise.
pub const LARGEST_PHOTO: u64 = 32 << 20;

/// How safe a photo is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PhotoStatus {
    /// On this device only, and waits for its turn; perhaps for a reason.
    Queued {
        /// Why it waits, in plain words; `None` if it was not tried yet.
        reason: Option<String>,
    },
    /// On this device; a part of it is on the server.
    Uploading {
        /// How many bytes the server holds.
        sent: u64,
        /// How many there are.
        bytes: u64,
    },
    /// On this device only, until there is a network that may be used for it.
    WaitingForNetwork,
    /// On this device only; trying again will not help, somebody has to look at it.
    Failed {
        /// Why.
        reason: String,
    },
    /// The server holds it.
    Uploaded,
}

/// The reason of a photo that waits for another network.
const WAITS_FOR_NETWORK: &str = "network";

impl PhotoStatus {
    fn of(photo: &QueuedPhoto) -> Self {
        match (photo.step, photo.sent, photo.reason.as_deref()) {
            (PhotoStep::Stored, ..) => Self::Uploaded,
            (PhotoStep::Failed, _, reason) => Self::Failed { reason: reason.unwrap_or_default().to_owned() },
            (_, _, Some(WAITS_FOR_NETWORK)) => Self::WaitingForNetwork,
            (_, 1.., None) => Self::Uploading { sent: photo.sent, bytes: photo.bytes },
            (_, _, reason) => Self::Queued { reason: reason.map(str::to_owned) },
        }
    }
}

impl Daybook {
    /// How safe a photo is; `None` if it was not taken on this device.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn photo_status(&self, hash: PhotoHash) -> Result<Option<PhotoStatus>, Error> {
        Ok(self.core()?.engine.store().photo(hash)?.as_ref().map(PhotoStatus::of))
    }

    /// The file with a photo's bytes, as they were attached; `None` if it is not on this device (any more). It must
    /// not be changed.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn photo_file(&self, hash: PhotoHash) -> Result<Option<std::path::PathBuf>, Error> {
        let photo = self.core()?.engine.store().photo(hash)?;
        Ok(photo.filter(|photo| photo.here).map(|photo| self.album.file(photo.hash)))
    }
}
