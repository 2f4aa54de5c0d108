//! The queue of photos.

use rusqlite::{Connection, OptionalExtension, Row as SqlRow, params};
use sync_core::id::{PhotoHash, RecordId};
use sync_core::time::UnixMillis;

use super::columns::position;
use super::{SqliteStore, StoreError};

/// How far a photo has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PhotoStep {
    /// Its file is here; whether its record names it is not certain: the app ended in between.
    Attaching = 0,
    /// To be uploaded.
    Queued = 1,
    /// The server holds it.
    Stored = 2,
    /// Somebody has to look at it.
    Failed = 3,
}

impl PhotoStep {
    fn of(number: i64) -> Option<Self> {
        [Self::Attaching, Self::Queued, Self::Stored, Self::Failed].into_iter().find(|step| *step as i64 == number)
    }
}

/// A photo of this device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QueuedPhoto {
    /// SHA-256 of its bytes.
    pub(crate) hash: PhotoHash,
    /// The record for which it was taken first.
    pub(crate) record: RecordId,
    /// How many bytes it has.
    pub(crate) bytes: u64,
    /// When it was attached, by the wall clock.
    pub(crate) added: UnixMillis,
    /// How far it has come.
    pub(crate) step: PhotoStep,
    /// The journal's line that names it.
    pub(crate) line: u64,
    /// The name of its upload at the server.
    pub(crate) upload: Option<String>,
    /// How many bytes the server holds, as far as is known.
    pub(crate) sent: u64,
    /// Before this it is left alone.
    pub(crate) not_before: Option<UnixMillis>,
    /// Why it waits, or has failed: for people.
    pub(crate) reason: Option<String>,
    /// When the server was last asked about it, and in which life of its database.
    pub(crate) checked: Option<(UnixMillis, u32)>,
    /// A verified backup of the server holds it.
    pub(crate) backed_up: bool,
    /// The file is here.
    pub(crate) here: bool,
}

const COLUMNS: &str =
    "hash, record, bytes, added, step, line, upload, sent, not_before, reason, checked, checked_epoch,
    backed_up, here";

fn read_photo(sql: &SqlRow<'_>) -> rusqlite::Result<QueuedPhoto> {
    let checked = sql.get::<_, Option<i64>>(10)?.zip(sql.get::<_, Option<u32>>(11)?);
    Ok(QueuedPhoto {
        hash: PhotoHash(sql.get(0)?),
        record: RecordId::from(sql.get::<_, [u8; 16]>(1)?),
        bytes: sql.get::<_, i64>(2)?.cast_unsigned(),
        added: UnixMillis(sql.get(3)?),
        step: PhotoStep::of(sql.get(4)?).unwrap_or(PhotoStep::Queued),
        line: sql.get::<_, i64>(5)?.cast_unsigned(),
        upload: sql.get(6)?,
        sent: sql.get::<_, i64>(7)?.cast_unsigned(),
        not_before: sql.get::<_, Option<i64>>(8)?.map(UnixMillis),
        reason: sql.get(9)?,
        checked: checked.map(|(at, epoch)| (UnixMillis(at), epoch)),
        backed_up: sql.get(12)?,
        here: sql.get(13)?,
    })
}

impl SqliteStore {
    /// One photo.
    pub(crate) fn photo(&self, hash: PhotoHash) -> Result<Option<QueuedPhoto>, StoreError> {
        let mut statement = self.connection.prepare_cached(&format!("SELECT {COLUMNS} FROM photo WHERE hash = ?"))?;
        Ok(statement.query_row(params![hash.0], read_photo).optional()?)
    }

    /// The photos at a step, the oldest first.
    pub(crate) fn photos_at(&self, step: PhotoStep) -> Result<Vec<QueuedPhoto>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached(&format!("SELECT {COLUMNS} FROM photo WHERE step = ? ORDER BY added, hash"))?;
        let rows = statement.query_map(params![step as i64], read_photo)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Adds a photo, or writes what is known of it anew.
    pub(crate) fn put_photo(&self, photo: &QueuedPhoto) -> Result<(), StoreError> {
        put_photo(&self.connection, photo)
    }

    /// Forgets a photo that no record names.
    pub(crate) fn drop_photo(&self, hash: PhotoHash) -> Result<(), StoreError> {
        self.connection.prepare_cached("DELETE FROM photo WHERE hash = ?")?.execute(params![hash.0])?;
        Ok(())
    }
}

pub(super) fn put_photo(connection: &Connection, photo: &QueuedPhoto) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO photo (hash, record, bytes, added, step, line, upload, sent, not_before, reason, checked,
                     checked_epoch, backed_up, here)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                 ON CONFLICT (hash) DO UPDATE SET step = excluded.step, line = excluded.line, upload = excluded.upload,
                     sent = excluded.sent, not_before = excluded.not_before, reason = excluded.reason,
                     checked = excluded.checked, checked_epoch = excluded.checked_epoch,
                     backed_up = excluded.backed_up, here = excluded.here",
        )?
        .execute(params![
            photo.hash.0,
            photo.record.as_bytes(),
            position(photo.bytes),
            photo.added.0,
            photo.step as i64,
            position(photo.line),
            photo.upload,
            position(photo.sent),
            photo.not_before.map(|at| at.0),
            photo.reason,
            photo.checked.map(|(at, _)| at.0),
            photo.checked.map(|(_, epoch)| epoch),
            photo.backed_up,
            photo.here,
        ])?;
    Ok(())
}
