//! What was refused, as an app shows it.

use sync_core::id::{ChangeHash, RecordId};
use sync_core::refusal::Refusal;
use sync_core::store::Store as _;

use crate::daybook::Daybook;
use crate::error::Error;

/// What the server refused and the person has not dealt with yet.
#[derive(Clone, Copy)]
pub struct Refusals<'a> {
    daybook: &'a Daybook,
}

impl<'a> Refusals<'a> {
    pub(crate) fn new(daybook: &'a Daybook) -> Self {
        Self { daybook }
    }

    /// All of them in the order in which they were heard of, each with the person's own text.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn list(&self) -> Result<Vec<Refusal>, Error> {
        Ok(self.daybook.core()?.engine.store().refusals()?)
    }

    /// The refusal of a change.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the person has dealt with it, or it never was refused.
    pub fn get(&self, change: ChangeHash) -> Result<Refusal, Error> {
        self.list()?.into_iter().find(|refusal| refusal.change == change).ok_or(Error::NotFound)
    }

    /// Writes the text down again, as a new edit of the record as it stands or, if that is gone, as a new record, and
    /// settles the refusal. Gives the record.
    ///
    /// # Errors
    /// [`Error::Field`] if a field can't take its value any more, and whatever the storage says; the refusal is then
    /// still there.
    pub fn offer_again(&self, refusal: &Refusal) -> Result<RecordId, Error> {
        let clock = self.daybook.clock();
        let mut core = self.daybook.core()?;
        let id = core.engine.notebook(clock.now(), clock.utc_offset_minutes()).offer_again(refusal)?;
        self.daybook.note_save(&mut core, id);
        Ok(id)
    }

    /// Forgets the text.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn dismiss(&self, refusal: &Refusal) -> Result<(), Error> {
        let mut core = self.daybook.core()?;
        core.engine.settle_refusal(refusal)?;
        core.subscribers.announce(&[refusal.record]);
        Ok(())
    }
}
