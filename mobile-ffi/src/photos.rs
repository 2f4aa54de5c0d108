//! Photos, background runs, and what was refused.

use std::path::Path;
use std::time::Duration;

use client::sync_core::id::{ChangeHash, PhotoHash, RecordId};
use client::sync_core::record::Kind;
use client::sync_core::time::UnixMillis;
use client::{Network, OnMetered, PassEnd, PhotoPolicy, PhotoStatus};

use crate::error::{Result, SyncProblem};
use crate::session::{Daybook, SyncReport};
use crate::shape::{each, for_screens, mirrors, outcomes, shapes};

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

    /// What the server refused and the person has not dealt with yet, oldest first. Blocks for the disk.
    pub fn refusals(&self) -> Result<Vec<Refusal>> {
        Ok(each(self.0.refusals().list()?))
    }

    /// Writes refused text down again, as a new edit or, if its record is gone, as a new record, which is given.
    /// Blocks for the disk.
    pub fn offer_again(&self, change: ChangeHash) -> Result<RecordId> {
        Ok(self.0.refusals().offer_again(&self.0.refusals().get(change)?)?)
    }

    /// Forgets refused text, because the person said so. Blocks for the disk.
    pub fn dismiss(&self, change: ChangeHash) -> Result<()> {
        Ok(self.0.refusals().dismiss(&self.0.refusals().get(change)?)?)
    }
}

for_screens! { Daybook {
    attach_photo_async(record: RecordId, file: String, caption: Option<String> [None]) -> PhotoHash = attach_photo;
    attach_photo_bytes_async(record: RecordId, bytes: Vec<u8>, caption: Option<String> [None]) -> PhotoHash = attach_photo_bytes;
    photo_status_async(photo: PhotoHash) -> Option<PhotoStatus> = photo_status;
    sync_once_async(budget: Duration, policy: PhotoPolicy) -> Pass = sync_once;
    refusals_async() -> Vec<Refusal> = refusals;
    offer_again_async(change: ChangeHash) -> RecordId = offer_again;
}}

mirrors! {
    /// How safe a photo is. A reason is in plain words.
    choice PhotoStatus {
        Queued { reason: Option<String> } => "On this device only, and waits for its turn.",
        Uploading { sent: u64, bytes: u64 } => "On this device; so many of its bytes are on the server.",
        WaitingForNetwork => "On this device only, until there is a network that may be used for it.",
        Failed { reason: String } => "On this device only; trying again will not help, somebody has to look at it.",
        Uploaded => "The server holds it.",
    }
    /// When a photo may be sent.
    record PhotoPolicy {
        network: Network => "The network as it is now.",
        on_metered: OnMetered => "What the person, or the organisation, allows where it costs.",
    }
    /// What the network costs, as the phone's system says.
    choice Network {
        Unmetered => "Wi-Fi, or whatever else costs nothing by the byte.",
        Metered => "A mobile network.",
    }
    /// What may be sent over a network that costs.
    choice OnMetered {
        Nothing => "Nothing: photos wait for Wi-Fi.",
        UpTo(u64) => "Photos of at most so many bytes.",
        Everything => "All photos.",
    }
}

shapes! {
    /// What a person wrote and the server refused. It is kept until `offer_again` or `dismiss`.
    Refusal of refusal: client::Refusal {
        record: RecordId => "About which record it was.",
        change: ChangeHash => "The change that was refused; names the refusal.",
        kind: Option<Kind> => "The kind of the record; nothing if it could not be read any more.",
        title: String => "What the record was called in lists.",
        code: String => "Why, for programs.",
        reason: String => "What whoever decided said about it; empty if nobody said anything.",
        written_at: UnixMillis => "When it was written, by this device's wall clock.",
        fields: Vec<String> = refusal.fields.into_iter().map(|change| change.field).collect() => "The fields that were written.",
    }
    /// What a run of the photos moved.
    PhotoReport of report: client::PhotoReport {
        uploaded: u32 => "Photos that the server holds since this run.",
        waiting: u32 => "Photos that wait for another network.",
        failed: u32 => "Photos that somebody has to look at.",
        left: u32 => "Photos that are left for a later run.",
        problem: Option<SyncProblem> = report.stopped.map(Into::into) => "Why the run ended early; nothing if it did not.",
    }
    /// What one call of `sync_once` did.
    Pass of pass: client::Pass {
        records: SyncReport = pass.records.into() => "What was exchanged.",
        photos: PhotoReport = pass.photos.into() => "What became of photos.",
        ended: Ended = pass.ended.into() => "Why it ended.",
        call_again_after: Duration => "When to call again; before that there is nothing to do.",
    }
}

outcomes! {
    /// Why a call of `sync_once` ended.
    Ended of PassEnd {
        Done: PassEnd::Done => "Everything that may go over this network was exchanged.",
        NotDue: PassEnd::NotDue => "Nothing new is here, or the server asked to be left alone.",
        OutOfTime: PassEnd::OutOfTime => "The time was up; the next call goes on.",
        Busy: PassEnd::Busy => "Another run is under way and does the work.",
        Failed{ problem: SyncProblem = failure.into() }: PassEnd::Failed(failure) => "It failed; what was exchanged until then stands.",
    }
}
