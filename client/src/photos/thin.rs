//! Letting go of files that the server holds for good.

use sync_core::time::UnixMillis;

use crate::daybook::Daybook;
use crate::error::Error;
use crate::sqlite::{PhotoStep, QueuedPhoto};

impl Daybook {
    /// Removes the files of photos that were attached before a time, as far as the device need not keep them: the server
    /// has said that a verified backup holds the photo, and that one holds the line of the journal that names it. The
    /// app shows them from the server. Answers how many bytes became free.
    ///
    /// # Errors
    /// When the storage fails; what was removed until then could go.
    pub fn thin_photos(&self, attached_before: UnixMillis) -> Result<u64, Error> {
        let core = self.core()?;
        let store = core.engine.store();
        let covered = core.engine.progress().backed_up_through;
        let mut freed = 0;
        for photo in store.photos_at(PhotoStep::Stored)? {
            if photo.here && photo.backed_up && photo.line <= covered && photo.added < attached_before {
                store.put_photo(&QueuedPhoto { here: false, ..photo.clone() })?;
                self.album.remove(photo.hash)?;
                freed += photo.bytes;
            }
        }
        Ok(freed)
    }
}
