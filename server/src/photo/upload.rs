//! Uploads in pieces, as the tus protocol 1.0 has them: begun, asked about, gone on with, given up.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use sync_core::id::{PhotoHash, RecordId};
use tracing::Instrument as _;
use uuid::Uuid;

use super::finish::finish;
use super::staging::Slot;
use crate::clock::millis;
use crate::error::{ServiceError, codes};
use crate::scope;
use crate::state::App;
use crate::store::photos::{Begun, Upload};
use crate::store::{Device, StoreError};

/// Bytes are written to the disk in blocks of this size, so that is what a request holds in memory.
const BLOCK: usize = 256 * 1024;
/// A piece without a checksum counts up to here before the rest of it has come.
const STRIDE: u64 = 1 << 20;

/// The wish to upload a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// SHA-256 of the whole.
    pub hash: PhotoHash,
    /// How many bytes it has.
    pub length: u64,
    /// Which record names it.
    pub record: RecordId,
}

/// A checksum of a piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// SHA-1, which the protocol requires.
    Sha1(Vec<u8>),
    /// SHA-256.
    Sha256(Vec<u8>),
}

/// The checksums that we know, best first, as the protocol lists them.
pub const CHECKSUMS: &str = "sha256,sha1";

impl Checksum {
    /// Reads `sha256 kZuBl…`; `None` if it is of another kind or not base64.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, value) = text.split_once(' ')?;
        let value = BASE64_STANDARD.decode(value).ok()?;
        match kind {
            "sha1" => Some(Self::Sha1(value)),
            "sha256" => Some(Self::Sha256(value)),
            _ => None,
        }
    }
}

/// A checksum on its way.
enum Sum {
    None,
    Sha1(Sha1, Vec<u8>),
    Sha256(Sha256, Vec<u8>),
}

impl Sum {
    fn of(checksum: Option<Checksum>) -> Self {
        match checksum {
            None => Self::None,
            Some(Checksum::Sha1(expected)) => Self::Sha1(Sha1::new(), expected),
            Some(Checksum::Sha256(expected)) => Self::Sha256(Sha256::new(), expected),
        }
    }

    fn add(&mut self, bytes: &[u8]) {
        match self {
            Self::None => {}
            Self::Sha1(sum, _) => sum.update(bytes),
            Self::Sha256(sum, _) => sum.update(bytes),
        }
    }

    fn is_some(&self) -> bool {
        !matches!(self, Self::None)
    }

    fn fits(self) -> bool {
        match self {
            Self::None => true,
            Self::Sha1(sum, expected) => sum.finalize().as_slice() == expected,
            Self::Sha256(sum, expected) => sum.finalize().as_slice() == expected,
        }
    }
}

/// The bytes of a piece as they arrive. An error ends it: the connection broke, or was too slow.
pub type Pieces = std::pin::Pin<Box<dyn Stream<Item = Result<Bytes, ServiceError>> + Send>>;

/// A piece of a photo.
pub struct Piece {
    /// Where it belongs.
    pub offset: u64,
    /// How long it says it is.
    pub announced: Option<u64>,
    /// What it must come to.
    pub checksum: Option<Checksum>,
    /// Its bytes.
    pub bytes: Pieces,
}

/// Begins an upload; the same wish again gives the same upload. If the photo is here and this person may know it, the
/// upload is finished at once.
///
/// # Errors
/// [`codes::PHOTO_TOO_LARGE`]; [`codes::RECORD_NOT_FOUND`] if the person neither sees the record nor has written to it;
/// [`codes::UPLOADS_TOO_MANY`].
pub async fn begin(app: &App, device: &Device, wish: Wish) -> Result<Upload, ServiceError> {
    let most = app.config.photos.photo_bytes;
    if wish.length > most {
        return Err(ServiceError::from(codes::PHOTO_TOO_LARGE).detail(format!("at most {most} bytes")));
    }
    if wish.length == 0 {
        return Err(ServiceError::from(codes::MALFORMED_REQUEST).detail("a photo has at least one byte"));
    }
    may_bring(app, device, wish.record).await?;
    let person = &device.person;
    let now = app.clock.now();
    let upload = Upload {
        id: app.dice.roll(|rng| RecordId::new(now, rng)).0,
        organisation: person.organisation,
        person: person.id,
        device: device.id,
        record: wish.record,
        hash: wish.hash,
        length: wish.length,
        durable: 0,
        created_at: now,
        expires_at: now.plus(millis(app.config.photos.upload)),
        completed_at: None,
    };
    let held = super::read::may_know(app, device, wish.hash).await?.is_some();
    let begun = app.store.photos().begin_upload(&upload, held, app.config.photos.uploads_per_device).await?;
    match begun {
        Begun::TooMany => Err(ServiceError::from(codes::UPLOADS_TOO_MANY).retry_after(Duration::from_secs(600))),
        Begun::Upload(upload) => look(app, upload).await,
    }
}

/// Whoever sees a record may bring photos for it, and whoever has written to it, whatever became of what they wrote.
async fn may_bring(app: &App, device: &Device, record: RecordId) -> Result<(), ServiceError> {
    let sees = match app.store.record_line(record).await {
        Ok(line) => device.revoked_at.is_none() && scope::sees(&device.person, &line),
        Err(StoreError::NotFound) => false,
        Err(error) => return Err(error.into()),
    };
    if sees || app.store.photos().has_written(device.person.id, record).await? {
        return Ok(());
    }
    Err(codes::RECORD_NOT_FOUND.into())
}

/// Where an upload stands. One whose last byte is there, but that was not finished for whatever reason, is finished now.
///
/// # Errors
/// [`codes::UPLOAD_UNKNOWN`], [`codes::UPLOAD_EXPIRED`], [`codes::PHOTO_CONTENT`].
pub async fn ask(app: &App, device: &Device, id: Uuid) -> Result<Upload, ServiceError> {
    let upload = find(app, device, id).await?;
    look(app, upload).await
}

async fn look(app: &App, upload: Upload) -> Result<Upload, ServiceError> {
    if upload.completed_at.is_some() {
        return Ok(upload);
    }
    // After a restoration the row may know of more than lies on the disk.
    let durable = upload.durable.min(app.photos.staging.length(upload.id).await?);
    if durable < upload.length {
        return Ok(Upload { durable, ..upload });
    }
    let slot = app.photos.staging.take(upload.id).await?;
    finish(app, upload, slot).await
}

async fn find(app: &App, device: &Device, id: Uuid) -> Result<Upload, ServiceError> {
    let upload = app.store.photos().upload(id).await.map_err(|error| error.missing(codes::UPLOAD_UNKNOWN))?;
    // A phone that had to take another identity goes on with what it has begun.
    if upload.person != device.person.id || upload.organisation != device.person.organisation {
        return Err(codes::UPLOAD_UNKNOWN.into());
    }
    if upload.completed_at.is_none() && upload.expires_at <= app.clock.now() {
        return Err(codes::UPLOAD_EXPIRED.into());
    }
    Ok(upload)
}

/// Takes in a piece. With a checksum all of it counts or nothing; without one everything that came before the
/// connection broke. Answers where the upload stands, durably.
///
/// # Errors
/// [`codes::UPLOAD_OFFSET`] if the piece belongs elsewhere, [`codes::UPLOAD_BUSY`] while another piece is taken in,
/// [`codes::UPLOAD_CHECKSUM`], [`codes::PHOTO_TOO_LARGE`] for more than was promised, [`codes::PHOTO_CONTENT`] if the whole
/// is not what its name says: then it is thrown away; [`codes::STORAGE_FULL`].
pub async fn append(app: &App, device: &Device, id: Uuid, piece: Piece) -> Result<Upload, ServiceError> {
    let upload = find(app, device, id).await?;
    if upload.completed_at.is_some() {
        let nothing = piece.announced == Some(0) && piece.offset == upload.length;
        return if nothing { Ok(upload) } else { Err(wrong_offset(upload.length)) };
    }
    let slot = app.photos.staging.take(id).await?;
    // Only the holder of the file may believe what the row says.
    let upload = find(app, device, id).await?;
    if upload.completed_at.is_some() {
        slot.remove().await?;
        return Err(wrong_offset(upload.length));
    }
    let app = app.clone();
    // The piece is taken in to its end even if nobody waits for the answer any more: a connection that broke ends the
    // request, and what came before would be lost with it.
    let taking = tokio::spawn(async move { take_in(&app, upload, slot, piece).await }.in_current_span());
    taking.await.map_err(ServiceError::internal)?
}

fn wrong_offset(durable: u64) -> ServiceError {
    ServiceError::from(codes::UPLOAD_OFFSET).detail(format!("the upload stands at {durable}"))
}

async fn take_in(app: &App, mut upload: Upload, slot: Slot, piece: Piece) -> Result<Upload, ServiceError> {
    let on_disk = slot.length().await?;
    if on_disk < upload.durable {
        note(app, &mut upload, on_disk).await?;
    }
    slot.cut(upload.durable).await?;
    if piece.offset != upload.durable {
        return Err(wrong_offset(upload.durable));
    }
    let room = upload.length - upload.durable;
    if piece.announced.is_some_and(|length| length > room) {
        return Err(too_much(room));
    }
    let mut sum = Sum::of(piece.checksum);
    let began_at = upload.durable;
    let received = receive(app, &mut upload, &slot, piece.bytes, &mut sum).await;
    match received {
        Ok(_) if !sum.fits() => {
            slot.cut(began_at).await?;
            return Err(codes::UPLOAD_CHECKSUM.into());
        }
        Ok(end) => settle(app, &mut upload, &slot, end).await?,
        Err(error) => {
            slot.cut(upload.durable).await?;
            return Err(error);
        }
    }
    if upload.durable == upload.length { finish(app, upload, slot).await } else { Ok(upload) }
}

/// Writes the bytes of a piece as they come; answers where they end. Without a checksum they count as they come.
async fn receive(
    app: &App,
    upload: &mut Upload,
    slot: &Slot,
    mut bytes: Pieces,
    sum: &mut Sum,
) -> Result<u64, ServiceError> {
    let mut end = upload.durable;
    let mut block: Vec<u8> = Vec::new();
    loop {
        let next = bytes.next().await;
        if let Some(Ok(bytes)) = &next {
            if end + block.len() as u64 + bytes.len() as u64 > upload.length {
                return Err(too_much(upload.length - upload.durable));
            }
            sum.add(bytes);
            block.extend_from_slice(bytes);
        }
        let ended = !matches!(next, Some(Ok(_)));
        if block.len() >= BLOCK || (ended && !block.is_empty()) {
            let length = block.len() as u64;
            slot.write(std::mem::take(&mut block), end).await?;
            end += length;
        }
        if !sum.is_some() && (end - upload.durable >= STRIDE || (ended && end > upload.durable)) {
            settle(app, upload, slot, end).await?;
        }
        match next {
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error),
            None => return Ok(end),
        }
    }
}

/// Makes everything up to `end` count.
async fn settle(app: &App, upload: &mut Upload, slot: &Slot, end: u64) -> Result<(), ServiceError> {
    if end == upload.durable {
        return Ok(());
    }
    slot.settle().await?;
    note(app, upload, end).await
}

async fn note(app: &App, upload: &mut Upload, durable: u64) -> Result<(), ServiceError> {
    let expires_at = app.clock.now().plus(millis(app.config.photos.upload));
    app.store.photos().advance_upload(upload.id, upload.durable, durable, expires_at).await?;
    upload.durable = durable;
    upload.expires_at = expires_at;
    Ok(())
}

fn too_much(room: u64) -> ServiceError {
    ServiceError::from(codes::PHOTO_TOO_LARGE).detail(format!("{room} bytes are missing, and more came"))
}

/// Gives an upload up. What is finished stays.
///
/// # Errors
/// [`codes::UPLOAD_UNKNOWN`]; [`codes::UPLOAD_BUSY`] while a piece is taken in.
pub async fn give_up(app: &App, device: &Device, id: Uuid) -> Result<(), ServiceError> {
    let upload = find(app, device, id).await?;
    if upload.completed_at.is_some() {
        // It tells who brought the photo; the phone just wants no more of it.
        return Ok(());
    }
    let slot = app.photos.staging.take(id).await?;
    app.store.photos().drop_upload(id).await?;
    slot.remove().await
}
