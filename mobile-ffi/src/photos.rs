//! Photos, background runs, and what was refused.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use blocking::unblock;
use client::sync_core::id::{ChangeHash, PhotoHash, RecordId};
use client::sync_core::record::Kind;
use client::sync_core::time::UnixMillis;
use client::{Network, OnMetered, PassEnd, PhotoPolicy, PhotoStatus};

use crate::error::{DaybookError, SyncProblem};
use crate::session::{Daybook, SyncReport};

type Result<T> = std::result::Result<T, DaybookError>;

#[uniffi::export]
impl Daybook {
    /// Attaches a photo to a record. The file is copied; copy and entry are on the disk when this returns, and the
    /// photo goes up with `sync_photos` or `sync_once`. Its hash is how the record names it. Blocks for the disk.
    #[uniffi::method(default(caption = None))]
    pub fn attach_photo(&self, record: RecordId, file: String, caption: Option<String>) -> Result<PhotoHash> {
        Ok(self.0.attach_photo(record, Path::new(&file), caption.as_deref())?)
    }

    /// As `attach_photo`, of bytes in memory.
    #[uniffi::method(default(caption = None))]
    pub fn attach_photo_bytes(&self, record: RecordId, bytes: Vec<u8>, caption: Option<String>) -> Result<PhotoHash> {
        Ok(self.0.attach_photo_bytes(record, &bytes, caption.as_deref())?)
    }

    /// How safe a photo is; nothing if it was not taken on this device. Blocks for the disk.
    pub fn photo_status(&self, photo: PhotoHash) -> Result<Option<PhotoStatus>> {
        Ok(self.0.photo_status(photo)?)
    }

    /// The file with a photo's bytes; nothing if it is not on this device. Don't change it. Blocks for the disk.
    pub fn photo_file(&self, photo: PhotoHash) -> Result<Option<String>> {
        Ok(self.0.photo_file(photo)?.map(|file| file.to_string_lossy().into_owned()))
    }

    /// Tries a photo again that has failed, because somebody has looked at it. Blocks for the disk.
    pub fn retry_photo(&self, photo: PhotoHash) -> Result<()> {
        Ok(self.0.retry_photo(photo)?)
    }

    /// Removes the files of photos that were attached before a time and that a verified backup of the server holds.
    /// Answers how many bytes became free. Blocks for the disk.
    pub fn thin_photos(&self, attached_before: UnixMillis) -> Result<u64> {
        Ok(self.0.thin_photos(attached_before)?)
    }

    /// Syncs the records, then uploads photos, the oldest first, as far as the policy allows. Blocks for the network.
    pub fn sync_photos(&self, policy: PhotoPolicy) -> Result<PhotoReport> {
        Ok(self.0.sync_photos(&policy)?.into())
    }

    /// For the platform's scheduler: syncs if it is time to, in at most `budget`: records, then photos as the policy
    /// allows. Obeys the server's slot, goes on where it stopped, and says when to call again. Blocks for the network.
    pub fn sync_once(&self, budget: Duration, policy: PhotoPolicy) -> Result<Pass> {
        Ok(self.0.sync_once(budget, &policy)?.into())
    }

    /// As `sync_once`, for schedulers that count on not being blocked.
    pub async fn sync_once_async(&self, budget: Duration, policy: PhotoPolicy) -> Result<Pass> {
        let this = Self(Arc::clone(&self.0));
        unblock(move || this.sync_once(budget, policy)).await
    }

    /// What the server refused and the person has not dealt with yet, oldest first. Blocks for the disk.
    pub fn refusals(&self) -> Result<Vec<Arc<Refusal>>> {
        Ok(self.0.refusals().list()?.into_iter().map(|refusal| Arc::new(Refusal(refusal))).collect())
    }

    /// Writes refused text down again, as a new edit or, if its record is gone, as a new record, which is given.
    /// Blocks for the disk.
    pub fn offer_again(&self, refusal: &Refusal) -> Result<RecordId> {
        Ok(self.0.refusals().offer_again(&refusal.0)?)
    }

    /// Forgets refused text, because the person said so. Blocks for the disk.
    pub fn dismiss(&self, refusal: &Refusal) -> Result<()> {
        Ok(self.0.refusals().dismiss(&refusal.0)?)
    }
}

/// How safe a photo is.
#[uniffi::remote(Enum)]
pub enum PhotoStatus {
    /// On this device only, and waits for its turn.
    Queued {
        /// Why it waits, in plain words; nothing if it was not tried yet.
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

/// When a photo may be sent.
#[uniffi::remote(Record)]
pub struct PhotoPolicy {
    /// The network as it is now.
    pub network: Network,
    /// What the person, or the organisation, allows where it costs.
    pub on_metered: OnMetered,
}

/// What the network costs, as the phone's system says.
#[uniffi::remote(Enum)]
pub enum Network {
    /// Wi-Fi, or whatever else costs nothing by the byte.
    Unmetered,
    /// A mobile network.
    Metered,
}

/// What may be sent over a network that costs.
#[uniffi::remote(Enum)]
pub enum OnMetered {
    /// Nothing: photos wait for Wi-Fi.
    Nothing,
    /// Photos of at most so many bytes.
    UpTo(u64),
    /// All photos.
    Everything,
}

/// What a run of the photos moved.
#[derive(uniffi::Record)]
pub struct PhotoReport {
    /// Photos that the server holds since this run.
    pub uploaded: u32,
    /// Photos that wait for another network.
    pub waiting: u32,
    /// Photos that somebody has to look at.
    pub failed: u32,
    /// Photos that are left for a later run.
    pub left: u32,
    /// Why the run ended early; nothing if it did not.
    pub problem: Option<SyncProblem>,
}

impl From<client::PhotoReport> for PhotoReport {
    fn from(report: client::PhotoReport) -> Self {
        let client::PhotoReport { uploaded, waiting, failed, left, asked_again: _, stopped } = report;
        Self { uploaded, waiting, failed, left, problem: stopped.map(Into::into) }
    }
}

/// What one call of `sync_once` did.
#[derive(uniffi::Record)]
pub struct Pass {
    /// What was exchanged.
    pub records: SyncReport,
    /// What became of photos.
    pub photos: PhotoReport,
    /// Why it ended.
    pub ended: Ended,
    /// When to call again; before that there is nothing to do.
    pub call_again_after: Duration,
}

impl From<client::Pass> for Pass {
    fn from(pass: client::Pass) -> Self {
        let client::Pass { records, photos, ended, call_again_after } = pass;
        Self { records: records.into(), photos: photos.into(), ended: ended.into(), call_again_after }
    }
}

/// Why a call of `sync_once` ended.
#[derive(uniffi::Enum)]
pub enum Ended {
    /// Everything that may go over this network was exchanged.
    Done,
    /// Nothing new is here, or the server asked to be left alone.
    NotDue,
    /// The time was up; the next call goes on.
    OutOfTime,
    /// Another run is under way and does the work.
    Busy,
    /// It did not work; what was exchanged until then stands.
    Failed {
        /// Why.
        problem: SyncProblem,
    },
}

impl From<PassEnd> for Ended {
    fn from(end: PassEnd) -> Self {
        match end {
            PassEnd::Done => Self::Done,
            PassEnd::NotDue => Self::NotDue,
            PassEnd::OutOfTime => Self::OutOfTime,
            PassEnd::Busy => Self::Busy,
            PassEnd::Failed(failure) => Self::Failed { problem: failure.into() },
        }
    }
}

/// What a person wrote and the server refused. It is kept until `offer_again` or `dismiss`.
#[derive(uniffi::Object)]
pub struct Refusal(client::Refusal);

#[uniffi::export]
impl Refusal {
    /// About which record it was.
    pub fn record(&self) -> RecordId {
        self.0.record
    }

    /// The change that was refused.
    pub fn change(&self) -> ChangeHash {
        self.0.change
    }

    /// The kind of the record; nothing if it could not be read any more.
    pub fn kind(&self) -> Option<Kind> {
        self.0.kind
    }

    /// What the record was called in lists.
    pub fn title(&self) -> String {
        self.0.title.clone()
    }

    /// Why, for programs.
    pub fn code(&self) -> String {
        self.0.code.clone()
    }

    /// What whoever decided said about it; empty if nobody said anything.
    pub fn reason(&self) -> String {
        self.0.reason.clone()
    }

    /// When it was written, by this device's wall clock.
    pub fn written_at(&self) -> UnixMillis {
        self.0.written_at
    }

    /// The names of the fields that were written.
    pub fn fields(&self) -> Vec<String> {
        self.0.fields.iter().map(|change| change.field.clone()).collect()
    }
}
