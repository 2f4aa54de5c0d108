//! Taking a photo in: file first, then the entry, and nothing half done in between.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sync_core::id::{PhotoHash, RecordId};
use sync_core::record::entry::{PhotoEntry, PhotoRequest};
use sync_core::store::Store as _;

use super::LARGEST_PHOTO;
use super::album::Kept;
use crate::daybook::{Core, Daybook};
use crate::error::Error;
use crate::rng;
use crate::sqlite::{PhotoStep, QueuedPhoto};

impl Daybook {
    /// Attaches a photo to a record. The file is copied; file and entry are on the disk when this returns, and the photo
    /// waits for [`Self::sync_photos`]. Its hash is how the record names it.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::PhotoTooLarge`], [`Error::PhotoUnreadable`] if the source can't be read or is empty,
    /// [`Error::Full`], and whatever the storage says. Then nothing was attached.
    pub fn attach_photo(&self, record: RecordId, source: &Path, caption: Option<&str>) -> Result<PhotoHash, Error> {
        self.attach(record, File::open(source).map_err(Error::PhotoUnreadable)?, caption)
    }

    /// As [`Self::attach_photo`], of bytes in memory.
    ///
    /// # Errors
    /// As [`Self::attach_photo`].
    pub fn attach_photo_bytes(
        &self,
        record: RecordId,
        bytes: &[u8],
        caption: Option<&str>,
    ) -> Result<PhotoHash, Error> {
        self.attach(record, bytes, caption)
    }

    fn attach(&self, record: RecordId, source: impl Read, caption: Option<&str>) -> Result<PhotoHash, Error> {
        // One at a time: the copy has one name while it is made.
        let mut core = self.core()?;
        if core.engine.store().row(record)?.is_none() {
            return Err(Error::NotFound);
        }
        let kept = self.album.keep(source, LARGEST_PHOTO)?;
        let hash = kept.hash;
        let attached = self.attach_kept(&mut core, record, &kept, caption);
        if attached.is_err() && core.engine.store().photo(hash)?.is_none_or(|photo| photo.step == PhotoStep::Attaching)
        {
            core.engine.store().drop_photo(hash)?;
            self.album.remove(hash)?;
        }
        attached.map(|()| hash)
    }

    fn attach_kept(&self, core: &mut Core, record: RecordId, kept: &Kept, caption: Option<&str>) -> Result<(), Error> {
        let now = self.clock().now();
        let known = core.engine.store().photo(kept.hash)?;
        let photo = QueuedPhoto {
            hash: kept.hash,
            record,
            bytes: kept.bytes,
            added: now.wall,
            step: PhotoStep::Attaching,
            line: 0,
            upload: None,
            sent: 0,
            not_before: None,
            reason: None,
            checked: None,
            backed_up: false,
            here: true,
        };
        if known.is_none() {
            core.engine.store().put_photo(&photo)?;
        }
        let request = PhotoRequest {
            hash: kept.hash,
            bytes: kept.bytes,
            media_type: kept.media_type.to_owned(),
            caption: caption.map(str::to_owned),
        };
        let mut notebook = core.engine.notebook(now, self.clock().utc_offset_minutes());
        notebook.append::<PhotoEntry>(&mut rng::system(), record, request)?;
        let line = core.engine.store().head()?.n;
        // A photo that was taken before is attached once more: what is known of it stays, its file is here again, and the
        // newest line that names it counts.
        let photo = match known {
            None => QueuedPhoto { step: PhotoStep::Queued, line, ..photo },
            Some(known) if known.step == PhotoStep::Stored => QueuedPhoto { line, here: true, ..known },
            Some(known) => QueuedPhoto { step: PhotoStep::Queued, reason: None, line, here: true, ..known },
        };
        core.engine.store().put_photo(&photo)?;
        self.note_save(core, record);
        Ok(())
    }

    /// At start: settles what a crash left between file and entry, and removes files that belong to nothing.
    pub(crate) fn settle_photos(&self) -> Result<(), Error> {
        let mut core = self.core()?;
        for photo in core.engine.store().photos_at(PhotoStep::Attaching)? {
            let notebook = core.engine.notebook(self.clock().now(), self.clock().utc_offset_minutes());
            let named = notebook
                .any_view(photo.record)
                .is_ok_and(|view| view.frame().photos.iter().any(|named| named.entry.hash == photo.hash));
            if named {
                let line = core.engine.store().head()?.n;
                core.engine.store().put_photo(&QueuedPhoto { step: PhotoStep::Queued, line, ..photo })?;
            } else {
                core.engine.store().drop_photo(photo.hash)?;
            }
        }
        let store = core.engine.store();
        self.album.sweep(|hash| Ok(store.photo(hash)?.is_some_and(|photo| photo.here)))
    }
}
