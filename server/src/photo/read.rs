//! Looking at photos, and which of them are here.

use bytes::Bytes;
use sync_core::id::PhotoHash;
use sync_core::wire::photo::PhotoState;

use crate::clock::millis;
use crate::error::{ServiceError, codes};
use crate::scope;
use crate::state::App;
use crate::store::photos::Photo;
use crate::store::{Device, Person, StoreError};

/// Which picture is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// The photo as it was taken, without metadata.
    #[default]
    Full,
    /// The small picture.
    Thumb,
}

/// A photo to be shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What is known of it.
    pub photo: Photo,
    /// Which picture of it this is.
    pub size: Size,
}

/// A photo that a record in somebody's territory names.
///
/// # Errors
/// [`codes::PHOTO_NOT_FOUND`]; [`codes::PHOTO_NO_PREVIEW`] if it can't be decoded here.
pub async fn find(app: &App, who: &Person, hash: PhotoHash, size: Size) -> Result<Shown, ServiceError> {
    let found = app.store.photos().photo_in_scope(who.organisation, hash, &scope::records_of(who)).await;
    let photo = found.map_err(|error| error.missing(codes::PHOTO_NOT_FOUND))?;
    if size == Size::Thumb && !photo.preview {
        return Err(codes::PHOTO_NO_PREVIEW.into());
    }
    Ok(Shown { photo, size })
}

/// The bytes of a photo that was found.
///
/// # Errors
/// [`codes::PHOTO_NOT_FOUND`] if the object store has lost it; it is then asked for again.
pub async fn open(app: &App, shown: &Shown) -> Result<Bytes, ServiceError> {
    let object = &shown.photo.object;
    if let Some(bytes) = app.photos.depot.get(object, shown.size == Size::Thumb).await? {
        return Ok(bytes);
    }
    if !app.photos.depot.has(object).await? {
        tracing::error!(%object, "the object store has lost a photo");
        app.store.photos().mark_lost(object, Some(app.clock.now())).await?;
    }
    Err(codes::PHOTO_NOT_FOUND.into())
}

/// A photo of which this device's person may know that it is here: they have brought it themselves, or a record in their
/// territory names it. Who was cut off knows only what they brought.
///
/// # Errors
/// When the database does not answer.
pub async fn may_know(app: &App, device: &Device, hash: PhotoHash) -> Result<Option<Photo>, ServiceError> {
    let (store, person) = (app.store.photos(), &device.person);
    let found = match store.photo_brought_by(person.organisation, hash, person.id).await {
        Err(StoreError::NotFound) if device.revoked_at.is_none() => {
            store.photo_in_scope(person.organisation, hash, &scope::records_of(person)).await
        }
        found => found,
    };
    match found {
        Ok(photo) => Ok(Some(photo)),
        Err(StoreError::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What became of photos, in the order of the question.
///
/// # Errors
/// When the database or the object store does not answer.
pub async fn states(app: &App, device: &Device, hashes: &[PhotoHash]) -> Result<Vec<PhotoState>, ServiceError> {
    let restorable_since = app.clock.now().plus(-millis(app.config.backup.restorable));
    let backed_up = app.store.photos().photos_backed_up(restorable_since).await?;
    let mut states = Vec::with_capacity(hashes.len());
    for hash in hashes {
        states.push(match may_know(app, device, *hash).await? {
            None => PhotoState::Missing,
            // Before a phone lets go of the only other copy, somebody looks whether this one is really there.
            Some(photo) if !app.photos.depot.has(&photo.object).await? => {
                app.store.photos().mark_lost(&photo.object, Some(app.clock.now())).await?;
                PhotoState::Missing
            }
            Some(photo) if backed_up.is_some_and(|taken_at| photo.stored_at < taken_at) => PhotoState::BackedUp,
            Some(_) => PhotoState::Stored,
        });
    }
    Ok(states)
}
