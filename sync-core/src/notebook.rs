//! Writing records down: every save is one change, one line of the journal and one durable transaction.

mod offer;

use rand_core::Rng;

use crate::document::{Document, DocumentError, EditError, NewChange, NewRecord};
use crate::id::{ActorId, EntryId, ProjectId, RecordId};
use crate::index::Row;
use crate::place::Place;
use crate::record::entry::{Entry, FollowUp, FollowUpRequest};
use crate::record::header::{Header, SCHEMA};
use crate::record::office::OfficeEdit;
use crate::record::view::{AnyView, RecordFacts, View};
use crate::store::{Identity, LocalCommit, Store};
use crate::time::{ClockReading, UnixMillis};

/// What a form gives when a record is made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreateRequest<F> {
    /// The development it is about.
    pub project: Option<ProjectId>,
    /// Where the device is.
    pub place: Option<Place>,
    /// The filled-in fields.
    pub facts: F,
    /// What the same form says of contacts so far: part of the record's first change.
    pub follow_ups: Vec<FollowUpRequest>,
}

/// Why something could not be written down or read. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum NotebookError<E> {
    /// Records carry their owner, so the device has to be enrolled first.
    #[error("this device is not enrolled yet")]
    NotEnrolled,
    /// There is no such record on this device.
    #[error("there is no such record on this device")]
    NotFound,
    /// The record can't be made or edited like this.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// The storage failed.
    #[error("the storage failed")]
    Store(#[source] E),
}

impl<E> From<DocumentError> for NotebookError<E> {
    fn from(error: DocumentError) -> Self {
        Self::Edit(EditError::Document(error))
    }
}

/// One moment of a device at which something is written down.
#[derive(Debug)]
pub struct Notebook<'a, S> {
    store: &'a mut S,
    app: &'a str,
    now: ClockReading,
    utc_offset_minutes: i16,
}

impl<'a, S: Store> Notebook<'a, S> {
    /// Opens the notebook at a moment. `app` is the name and version of the app.
    pub fn new(store: &'a mut S, app: &'a str, now: ClockReading, utc_offset_minutes: i16) -> Self {
        Self { store, app, now, utc_offset_minutes }
    }

    /// Makes a record.
    ///
    /// # Errors
    /// When the device is not enrolled, a field can't take its value, or the storage fails.
    pub fn create<F: RecordFacts>(
        &mut self,
        rng: &mut dyn Rng,
        mut request: CreateRequest<F>,
    ) -> Result<View<F>, NotebookError<S::Error>> {
        let id = RecordId::new(self.now.wall, rng);
        let follow_ups = std::mem::take(&mut request.follow_ups).into_iter();
        let entry = |request| FollowUp::from_request(request, EntryId::random(rng), self.now.wall);
        let follow_ups: Vec<FollowUp> = follow_ups.map(entry).collect();
        self.create_as(id, request, &follow_ups)
    }

    /// Makes a record under an identifier that was chosen for it.
    fn create_as<F: RecordFacts>(
        &mut self,
        id: RecordId,
        request: CreateRequest<F>,
        follow_ups: &[FollowUp],
    ) -> Result<View<F>, NotebookError<S::Error>> {
        let identity = self.identity()?;
        let header = Header {
            id,
            kind: F::KIND,
            schema: SCHEMA,
            owner: identity.profile.person,
            office: identity.profile.office,
            team: identity.profile.team,
            project: request.project,
            captured: self.now,
            utc_offset_minutes: self.utc_offset_minutes,
            place: request.place,
            device: identity.device,
            app: self.app.to_owned(),
        };
        let new = NewRecord { header, facts: request.facts };
        let (mut document, change) = Document::create_with(identity.actor, &new, follow_ups)?;
        let view = self.commit(id, &mut document, change)?;
        F::from_any(view).ok_or(NotebookError::NotFound)
    }

    /// Edits facts; one call is one change, whatever the number of fields.
    ///
    /// # Errors
    /// When there is no such record of this kind, a field can't take its value, or the storage fails.
    pub fn edit<F: RecordFacts>(
        &mut self,
        id: RecordId,
        edits: &[F::Edit],
    ) -> Result<View<F>, NotebookError<S::Error>> {
        let view = self.change(id, |document, actor, at| document.edit::<F>(actor, at, edits))?;
        let kind = view.kind();
        F::from_any(view).ok_or(NotebookError::Edit(DocumentError::OtherKind(kind).into()))
    }

    /// Edits the office's part of a record.
    ///
    /// # Errors
    /// As [`Self::edit`].
    pub fn edit_office(&mut self, id: RecordId, edits: &[OfficeEdit]) -> Result<AnyView, NotebookError<S::Error>> {
        self.change(id, |document, actor, at| document.edit_office(actor, at, edits))
    }

    /// Appends a follow-up, stage or photo.
    ///
    /// # Errors
    /// As [`Self::edit`].
    pub fn append<E: Entry>(
        &mut self,
        rng: &mut dyn Rng,
        id: RecordId,
        request: E::Request,
    ) -> Result<AnyView, NotebookError<S::Error>> {
        let entry = E::from_request(request, EntryId::random(rng), self.now.wall);
        self.change(id, |document, actor, at| document.append(actor, at, &entry))
    }

    /// Reads a record.
    ///
    /// # Errors
    /// When there is no such record of this kind, or the storage fails.
    pub fn view<F: RecordFacts>(&self, id: RecordId) -> Result<View<F>, NotebookError<S::Error>> {
        Ok(self.load(id)?.view()?)
    }

    /// Reads a record, whatever its kind.
    ///
    /// # Errors
    /// When there is no such record, or the storage fails.
    pub fn any_view(&self, id: RecordId) -> Result<AnyView, NotebookError<S::Error>> {
        Ok(self.load(id)?.any_view()?)
    }

    fn identity(&self) -> Result<Identity, NotebookError<S::Error>> {
        self.store.identity().map_err(NotebookError::Store)?.ok_or(NotebookError::NotEnrolled)
    }

    fn load(&self, id: RecordId) -> Result<Document, NotebookError<S::Error>> {
        let changes = self.store.changes(id).map_err(NotebookError::Store)?;
        if changes.is_empty() {
            return Err(NotebookError::NotFound);
        }
        Ok(Document::load(changes.iter().map(|(_, raw)| raw.as_slice()))?)
    }

    fn change(
        &mut self,
        id: RecordId,
        edit: impl FnOnce(&mut Document, ActorId, UnixMillis) -> Result<Option<NewChange>, EditError>,
    ) -> Result<AnyView, NotebookError<S::Error>> {
        let identity = self.identity()?;
        let mut document = self.load(id)?;
        match edit(&mut document, identity.actor, self.now.wall)? {
            Some(change) => self.commit(id, &mut document, change),
            None => Ok(document.any_view()?),
        }
    }

    fn commit(
        &mut self,
        id: RecordId,
        document: &mut Document,
        change: NewChange,
    ) -> Result<AnyView, NotebookError<S::Error>> {
        let view = document.any_view()?;
        let (entry, head) = self.store.head().map_err(NotebookError::Store)?.append(id, change.hash, self.now);
        let commit = LocalCommit { entry, head, change: change.bytes, row: Row::of(&view) };
        self.store.commit(&commit).map_err(NotebookError::Store)?;
        Ok(view)
    }
}
