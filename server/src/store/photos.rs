//! What the server remembers about photos. The bytes lie elsewhere ([`crate::photo`]).

use async_trait::async_trait;
use sync_core::id::{DeviceId, OfficeId, OrganisationId, PersonId, PhotoHash, RecordId};
use sync_core::time::UnixMillis;
use uuid::Uuid;

use super::{Scope, StoreError};

/// A photo that is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Photo {
    /// To whom it belongs.
    pub organisation: OrganisationId,
    /// SHA-256 of what the phone took: the name under which records know it.
    pub hash: PhotoHash,
    /// How many bytes that was.
    pub bytes: u64,
    /// Where the object store has it.
    pub object: String,
    /// SHA-256 of the object.
    pub object_hash: [u8; 32],
    /// How many bytes the object has.
    pub object_bytes: u64,
    /// What it is, by its bytes.
    pub media_type: String,
    /// Whether there is a small picture of it.
    pub preview: bool,
    /// When it was stored.
    pub stored_at: UnixMillis,
    /// When the object turned out to be missing; the photo then counts as not stored.
    pub lost_at: Option<UnixMillis>,
}

/// An upload under way, or a finished one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Which one.
    pub id: Uuid,
    /// To whom the photo will belong.
    pub organisation: OrganisationId,
    /// Who brings it.
    pub person: PersonId,
    /// On which device.
    pub device: DeviceId,
    /// For which record.
    pub record: RecordId,
    /// SHA-256 of the whole.
    pub hash: PhotoHash,
    /// How many bytes it will have.
    pub length: u64,
    /// So many of them are on the disk for good.
    pub durable: u64,
    /// Since when.
    pub created_at: UnixMillis,
    /// Until when the beginning is kept.
    pub expires_at: UnixMillis,
    /// When the photo was stored.
    pub completed_at: Option<UnixMillis>,
}

/// What became of a wish to upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It may go on, or is finished already: the same wish was made before, or the photo is here.
    Upload(Upload),
    /// The device has too many others open.
    TooMany,
}

/// A photo that nothing seems to need, with the records for which it was brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forsaken {
    /// To whom it belongs.
    pub organisation: OrganisationId,
    /// Which one.
    pub hash: PhotoHash,
    /// For which records it was brought.
    pub records: Vec<RecordId>,
}

/// Which of the records that name photos.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamingQuery {
    /// Whose photos they are.
    pub organisation: OrganisationId,
    /// Only records of this scope.
    pub scope: Scope,
    /// Only those that belong to this office, too.
    pub office: Option<OfficeId>,
    /// The newest so many for each photo.
    pub most: u32,
}

/// A record that names a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Naming {
    /// Which photo.
    pub hash: PhotoHash,
    /// Which record. Those of a photo follow each other, the newest first.
    pub record: RecordId,
    /// So many records altogether name the photo, of those that were asked for.
    pub all: u32,
}

/// Who has brought a photo for a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bringer {
    /// Which photo.
    pub hash: PhotoHash,
    /// For which record.
    pub record: RecordId,
    /// Who.
    pub person: PersonId,
    /// What their phone is called.
    pub device_label: String,
}

/// What the server remembers about photos. Every method that writes is durable when it returns.
#[async_trait]
pub trait PhotoStore: Send + Sync {
    /// Whether somebody has written to a record, whatever became of it.
    async fn has_written(&self, person: PersonId, record: RecordId) -> Result<bool, StoreError>;
    /// Begins an upload, or answers the one that the same person has open for the same photo and record. If `held` says
    /// that the person may know of the photo, and it is here, the upload is finished at once. A device may have
    /// `most` uploads open.
    async fn begin_upload(&self, upload: &Upload, held: bool, most: u32) -> Result<Begun, StoreError>;
    /// One upload. [`StoreError::NotFound`] if there is none.
    async fn upload(&self, id: Uuid) -> Result<Upload, StoreError>;
    /// Notes that an upload has come from `from` to `to` bytes. [`StoreError::Conflict`] if it stands elsewhere.
    async fn advance_upload(&self, id: Uuid, from: u64, to: u64, expires_at: UnixMillis) -> Result<(), StoreError>;
    /// Makes a finished upload a photo and answers the one that counts: the one that was there before, unless that was
    /// lost.
    async fn finish_upload(&self, id: Uuid, photo: &Photo) -> Result<Photo, StoreError>;
    /// Forgets an upload; no error if there is none.
    async fn drop_upload(&self, id: Uuid) -> Result<(), StoreError>;
    /// All uploads that are not finished.
    async fn open_uploads(&self) -> Result<Vec<Upload>, StoreError>;
    /// Forgets the uploads that were not finished in time, and answers them.
    async fn drop_expired_uploads(&self, now: UnixMillis) -> Result<Vec<Uuid>, StoreError>;

    /// A photo that a record in this scope names. [`StoreError::NotFound`] if no record there does, or the photo is
    /// not here.
    async fn photo_in_scope(
        &self,
        organisation: OrganisationId,
        hash: PhotoHash,
        scope: &Scope,
    ) -> Result<Photo, StoreError>;
    /// A photo that this person has brought. [`StoreError::NotFound`] if not, or if the photo is not here.
    async fn photo_brought_by(
        &self,
        organisation: OrganisationId,
        hash: PhotoHash,
        person: PersonId,
    ) -> Result<Photo, StoreError>;
    /// The newest photos that are here, or those before one.
    async fn newest_photos(
        &self,
        organisation: OrganisationId,
        before: Option<(UnixMillis, PhotoHash)>,
        limit: u32,
    ) -> Result<Vec<Photo>, StoreError>;
    /// Which published records of a scope name these photos.
    async fn naming(&self, hashes: &[PhotoHash], wanted: &NamingQuery) -> Result<Vec<Naming>, StoreError>;
    /// The photos that published records name, in the order of their hashes after one, each with whether it is here.
    async fn named_photos(
        &self,
        organisation: OrganisationId,
        after: Option<PhotoHash>,
        limit: u32,
    ) -> Result<Vec<(PhotoHash, bool)>, StoreError>;
    /// Who has brought photos for records, the first for each: a photo with its record in each pair.
    async fn bringers(
        &self,
        organisation: OrganisationId,
        pairs: &[(PhotoHash, RecordId)],
    ) -> Result<Vec<Bringer>, StoreError>;
    /// In which offices published records name a photo.
    async fn offices_naming(&self, organisation: OrganisationId, hash: PhotoHash) -> Result<Vec<OfficeId>, StoreError>;
    /// Those of these photos that are here.
    async fn photos(&self, organisation: OrganisationId, hashes: &[PhotoHash]) -> Result<Vec<Photo>, StoreError>;

    /// Photos that were stored before a time and that nothing seems to need: no published record names them, nobody
    /// has brought them since, and no record for which they were brought has changes that are not published.
    async fn forsaken(&self, before: UnixMillis, limit: u32) -> Result<Vec<Forsaken>, StoreError>;
    /// Forgets a photo if it is still forsaken in the same transaction, and answers it.
    async fn forget_photo(
        &self,
        organisation: OrganisationId,
        hash: PhotoHash,
        before: UnixMillis,
    ) -> Result<Option<Photo>, StoreError>;
    /// Notes that a record names photos.
    async fn note_references(
        &self,
        organisation: OrganisationId,
        record: RecordId,
        hashes: &[PhotoHash],
    ) -> Result<(), StoreError>;
    /// The photos whose objects have names from `from` on and before `to`.
    async fn photos_between(&self, from: &str, to: &str) -> Result<Vec<Photo>, StoreError>;
    /// Notes since when an object is missing, or that it is there after all.
    async fn mark_lost(&self, object: &str, lost_at: Option<UnixMillis>) -> Result<(), StoreError>;

    /// Notes that a verified backup holds the photos too. What backups from before `oldest` say is dropped, but for the
    /// newest of them.
    async fn note_photo_backup(&self, taken_at: UnixMillis, oldest: UnixMillis) -> Result<(), StoreError>;
    /// When the newest such backup was taken that is not younger than `before`.
    async fn photos_backed_up(&self, before: UnixMillis) -> Result<Option<UnixMillis>, StoreError>;
}
