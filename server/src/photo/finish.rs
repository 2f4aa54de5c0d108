//! An upload whose last byte has come becomes a photo.
//!
//! The order makes every crash harmless: the object is stored, then the row says so, then the staged file goes. Between
//! the first two the upload is still there with all its bytes and is finished again at the next start, or when the phone
//! asks; after the second a file without an open upload is litter.

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use sync_core::id::PhotoHash;

use super::depot::object_name;
use super::picture::{self, Format};
use super::staging::Slot;
use super::strip::strip;
use crate::error::{ServiceError, codes};
use crate::service::events::{News, Topic};
use crate::state::App;
use crate::store::photos::{Photo, Upload};

/// What is stored of a photo.
struct Prepared {
    object: Bytes,
    preview: Option<Vec<u8>>,
    format: Format,
}

/// Checks the whole, stores it, and answers the finished upload.
///
/// # Errors
/// [`codes::PHOTO_CONTENT`] if the bytes are not what they were called: then they are thrown away. Otherwise the upload
/// stays as it is, with all its bytes.
pub(super) async fn finish(app: &App, upload: Upload, slot: Slot) -> Result<Upload, ServiceError> {
    let Some(prepared) = prepare(app, &upload, slot.clone()).await? else {
        app.store.photos().drop_upload(upload.id).await?;
        slot.remove().await?;
        tracing::warn!(device = %upload.device, bytes = upload.length, "an upload was not what its name says");
        return Err(codes::PHOTO_CONTENT.into());
    };
    let object = object_name(upload.organisation, upload.hash, upload.id);
    let photo = Photo {
        organisation: upload.organisation,
        hash: upload.hash,
        bytes: upload.length,
        object: object.clone(),
        object_hash: Sha256::digest(&prepared.object).into(),
        object_bytes: prepared.object.len() as u64,
        media_type: prepared.format.media_type().to_owned(),
        preview: prepared.preview.is_some(),
        stored_at: app.clock.now(),
        lost_at: None,
    };
    app.photos.depot.put(&object, prepared.object, prepared.preview).await?;
    let counts = app.store.photos().finish_upload(upload.id, &photo).await;
    let counts = counts.map_err(|error| error.missing(codes::UPLOAD_UNKNOWN))?;
    // What can't be removed now is litter, and found as such later.
    if counts.object != object {
        let _ = app.photos.depot.remove(&object).await;
    }
    tell(app, &counts).await;
    let _ = slot.remove().await;
    metrics::counter!("daybook_photos_stored_total").increment(1);
    Ok(Upload { durable: upload.length, completed_at: Some(counts.stored_at), ..upload })
}

/// Says to pages that a photo has come: where records name it, nowhere if none does yet. It is stored whatever becomes
/// of the word.
async fn tell(app: &App, photo: &Photo) {
    match app.store.photos().offices_naming(photo.organisation, photo.hash).await {
        Ok(offices) => {
            app.events.tell(offices.into_iter().map(|id| News::of(Topic::Photos, photo.organisation, Some(id))));
        }
        Err(error) => tracing::warn!(%error, "pages were not told of a photo"),
    }
}

/// What is to be stored; `None` if the bytes are not the ones that were promised. A few at a time, because pictures
/// are large.
async fn prepare(app: &App, upload: &Upload, slot: Slot) -> Result<Option<Prepared>, ServiceError> {
    let _turn = app.photos.workers.acquire().await.map_err(ServiceError::internal)?;
    let (length, hash) = (upload.length, upload.hash);
    let keep_exif = app.store.organisation(upload.organisation).await?.keep_exif;
    let work = move || {
        let whole = slot.read(length)?;
        if PhotoHash(Sha256::digest(&whole).into()) != hash {
            return Ok(None);
        }
        let format = Format::of(&whole);
        let preview = picture::preview(&whole, format);
        let stripped = if keep_exif { None } else { strip(&whole, format) };
        Ok(Some(Prepared { object: stripped.unwrap_or(whole), preview, format }))
    };
    let done = tokio::task::spawn_blocking(work).await.map_err(ServiceError::internal)?;
    done.map_err(|error: std::io::Error| ServiceError::from(codes::BUSY).because(error))
}

/// At start: finishes what an earlier process left between its last byte and its end, and removes staged files that
/// belong to no upload any more. Answers how many were finished.
///
/// # Errors
/// When the database or the disk fails.
pub async fn heal(app: &App) -> Result<u64, ServiceError> {
    // Files first: an upload that begins meanwhile has its row before its file.
    let staged = app.photos.staging.all().await?;
    let open = app.store.photos().open_uploads().await?;
    for id in staged {
        if !open.iter().any(|upload| upload.id == id) {
            app.photos.staging.remove(id).await?;
        }
    }
    let mut finished = 0;
    for upload in open.into_iter().filter(|upload| upload.durable == upload.length) {
        if app.photos.staging.length(upload.id).await? < upload.length {
            continue;
        }
        // Whoever holds it finishes it.
        let Ok(slot) = app.photos.staging.take(upload.id).await else {
            continue;
        };
        match finish(app, upload, slot).await {
            Ok(_) => finished += 1,
            Err(error) => tracing::warn!(code = error.code.name, cause = ?error.internal, "an upload is not finished"),
        }
    }
    Ok(finished)
}
