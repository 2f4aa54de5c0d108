//! Tidying up: uploads that were given up silently, photos that nothing needs, and what a crash left behind.
//!
//! A photo that a record may still need is never removed. What may need it is asked in the transaction that forgets it:
//! a published record that names it, a change that is not published of a record for which it was brought, or somebody
//! who brought it lately. The object goes only after the row is gone, and its name is never used again.

use std::collections::HashSet;

use serde::Serialize;
use sync_core::document::view_of_changes;
use sync_core::id::{OrganisationId, PhotoHash, RecordId};
use sync_core::time::UnixMillis;

use super::depot::{Object, folder_of};
use crate::clock::millis;
use crate::error::ServiceError;
use crate::state::App;
use crate::store::StoreError;
use crate::store::photos::Forsaken;

/// Photos looked at in one go.
const BATCH: u32 = 200;

/// What was removed, or would be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Collected {
    /// Uploads that were not finished in time.
    pub uploads: u64,
    /// Photos that nothing needs.
    pub photos: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Objects that belong to no photo.
    pub strays: u64,
    /// Photos whose objects are missing in the object store; phones that still have them are asked for them again.
    pub lost: u64,
}

/// Tidies up; with `dry_run` only says what there is to do.
///
/// # Errors
/// When the database or the object store fails; what was done until then is done.
pub async fn collect(app: &App, dry_run: bool) -> Result<Collected, ServiceError> {
    let now = app.clock.now();
    let mut collected = Collected::default();
    collect_uploads(app, now, dry_run, &mut collected).await?;
    collect_photos(app, now.plus(-millis(app.config.photos.grace)), dry_run, &mut collected).await?;
    for organisation in app.store.organisations().await? {
        for first in 0..=u8::MAX {
            compare(app, organisation.id, first, dry_run, &mut collected).await?;
        }
    }
    Ok(collected)
}

async fn collect_uploads(
    app: &App,
    now: UnixMillis,
    dry_run: bool,
    collected: &mut Collected,
) -> Result<(), ServiceError> {
    if dry_run {
        let open = app.store.photos().open_uploads().await?;
        collected.uploads = open.iter().filter(|upload| upload.expires_at <= now).count() as u64;
        return Ok(());
    }
    let dropped = app.store.photos().drop_expired_uploads(now).await?;
    collected.uploads = dropped.len() as u64;
    for id in dropped {
        app.photos.staging.remove(id).await?;
    }
    Ok(())
}

async fn collect_photos(
    app: &App,
    before: UnixMillis,
    dry_run: bool,
    collected: &mut Collected,
) -> Result<(), ServiceError> {
    loop {
        let forsaken = app.store.photos().forsaken(before, if dry_run { u32::MAX } else { BATCH }).await?;
        let mut progress = false;
        for photo in &forsaken {
            if is_named(app, photo).await? {
                progress = true;
                continue;
            }
            if dry_run {
                collected.photos += 1;
                continue;
            }
            let forgotten = app.store.photos().forget_photo(photo.organisation, photo.hash, before).await?;
            if let Some(forgotten) = forgotten {
                progress = true;
                collected.photos += 1;
                collected.bytes += forgotten.object_bytes;
                app.photos.depot.remove(&forgotten.object).await?;
            }
        }
        if dry_run || !progress || forsaken.len() < BATCH as usize {
            return Ok(());
        }
    }
}

/// Whether the published record itself names the photo, although no row says so. That can't be; if it is, the row is
/// added and the photo stays: a photo is not risked on one table.
async fn is_named(app: &App, photo: &Forsaken) -> Result<bool, ServiceError> {
    for record in &photo.records {
        if names(app, *record, photo.hash).await? {
            tracing::error!(%record, "a record names a photo without a reference; the reference was added");
            app.store.photos().note_references(photo.organisation, *record, &[photo.hash]).await?;
            return Ok(true);
        }
    }
    Ok(false)
}

async fn names(app: &App, record: RecordId, hash: PhotoHash) -> Result<bool, ServiceError> {
    let published = match app.store.record(record).await {
        Ok(record) => record.published,
        Err(StoreError::NotFound) => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    if published.is_empty() {
        return Ok(false);
    }
    let view = view_of_changes(published.iter().map(|change| change.raw.as_slice()));
    // A record that can't be read may name anything.
    Ok(view.map_or(true, |view| view.frame().photos.iter().any(|photo| photo.entry.hash == hash)))
}

/// Holds a part of the object store against the rows.
async fn compare(
    app: &App,
    organisation: OrganisationId,
    first: u8,
    dry_run: bool,
    collected: &mut Collected,
) -> Result<(), ServiceError> {
    let (store, depot, now) = (app.store.photos(), &app.photos.depot, app.clock.now());
    let folder = folder_of(organisation, first);
    let objects = depot.list(&folder).await?;
    // The character after the slash ends the range.
    let photos = store.photos_between(&format!("{folder}/"), &format!("{folder}0")).await?;
    let there: HashSet<&str> = objects.iter().map(|object| object.name.as_str()).collect();
    for photo in &photos {
        // What was stored after the list was made is not in it.
        let is_there = there.contains(photo.object.as_str()) || depot.has(&photo.object).await?;
        if !is_there {
            collected.lost += 1;
        }
        if is_there == photo.lost_at.is_some() && !dry_run {
            store.mark_lost(&photo.object, (!is_there).then_some(now)).await?;
        }
    }
    let known: HashSet<&str> = photos.iter().map(|photo| photo.object.as_str()).collect();
    // A younger backup may still be restored, and knows of them.
    let keep = app.config.photos.grace.max(app.config.backup.restorable);
    let before = now.plus(-millis(keep));
    for object in objects.iter().filter(|object| !known.contains(object.name.as_str()) && object.written_at < before) {
        if is_being_finished(app, object).await? {
            continue;
        }
        collected.strays += 1;
        if !dry_run {
            depot.remove(&object.name).await?;
        }
    }
    Ok(())
}

async fn is_being_finished(app: &App, object: &Object) -> Result<bool, ServiceError> {
    let Some(id) = object.upload else {
        return Ok(false);
    };
    match app.store.photos().upload(id).await {
        Ok(upload) => Ok(upload.completed_at.is_none()),
        Err(StoreError::NotFound) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
