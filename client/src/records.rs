//! Records as an app reads and writes them.

use std::marker::PhantomData;

use sync_core::id::RecordId;
use sync_core::index::Row;
use sync_core::notebook::{CreateRequest, Notebook, NotebookError};
use sync_core::record::Kind;
use sync_core::record::entry::{Entry, FollowUp, FollowUpRequest, PhotoEntry, PhotoRequest, StageEntry, StageRequest};
use sync_core::record::lead::LeadFacts;
use sync_core::record::office::OfficeEdit;
use sync_core::record::survey::SurveyFacts;
use sync_core::record::view::{AnyView, RecordFacts, View};
use sync_core::record::visit::VisitFacts;
use sync_core::status::Status;
use sync_core::store::{PageKey, RowFilter, Store as _};

use crate::daybook::Daybook;
use crate::error::Error;
use crate::rng;
use crate::sqlite::{SqliteStore, StoreError};

/// A line of a list and how safe its record is.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedRecord {
    /// The line.
    pub row: Row,
    /// How safe the record is.
    pub status: Status,
}

/// A part of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The lines, newest first.
    pub items: Vec<ListedRecord>,
    /// Where the next page begins; `None` if this was the last one.
    pub next: Option<PageKey>,
}

/// Records of every kind.
#[derive(Clone, Copy)]
pub struct AllRecords<'a> {
    daybook: &'a Daybook,
}

impl<'a> AllRecords<'a> {
    pub(crate) fn new(daybook: &'a Daybook) -> Self {
        Self { daybook }
    }

    /// Visits 拜访.
    pub fn visits(&self) -> Records<'a, VisitFacts> {
        Records::new(self.daybook)
    }

    /// Surveys 客户调查表.
    pub fn surveys(&self) -> Records<'a, SurveyFacts> {
        Records::new(self.daybook)
    }

    /// Leads 意向客户.
    pub fn leads(&self) -> Records<'a, LeadFacts> {
        Records::new(self.daybook)
    }

    /// Reads a record.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Unreadable`], and whatever the storage says.
    pub fn get(&self, id: RecordId) -> Result<AnyView, Error> {
        self.daybook.read(|notebook| notebook.any_view(id))
    }

    /// A page of a list, newest first. `after` is the [`Page::next`] of the page before.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn list(&self, filter: &RowFilter, after: Option<PageKey>, limit: usize) -> Result<Page, Error> {
        let core = self.daybook.core()?;
        let store = core.engine.store();
        // One more than asked for tells whether there is a next page.
        let mut listed = store.list(filter, after, limit.saturating_add(1))?;
        let more = listed.len() > limit;
        listed.truncate(limit);
        let items: Vec<ListedRecord> = listed
            .into_iter()
            .map(|listed| ListedRecord { status: core.engine.status(&listed.sync, &listed.row), row: listed.row })
            .collect();
        let last = items.last().filter(|_| more);
        let next = last.map(|last| PageKey { captured: last.row.captured, id: last.row.id });
        Ok(Page { items, next })
    }

    /// The newest records that are found by what somebody typed: by names, places, notes and the ends of
    /// telephone numbers.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn search(&self, text: &str, limit: usize) -> Result<Vec<ListedRecord>, Error> {
        let filter = RowFilter { text: Some(text.to_owned()), ..RowFilter::default() };
        Ok(self.list(&filter, None, limit)?.items)
    }

    /// How many records a filter finds.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn count(&self, filter: &RowFilter) -> Result<u64, Error> {
        Ok(self.daybook.core()?.engine.store().count(filter)?)
    }
}

/// Records of one kind. Every method that writes is durable when it returns, and needs no network.
pub struct Records<'a, F> {
    daybook: &'a Daybook,
    kind: PhantomData<fn() -> F>,
}

impl<F> Clone for Records<'_, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Records<'_, F> {}

impl<'a, F: RecordFacts> Records<'a, F> {
    const KIND: Kind = <F as RecordFacts>::KIND;

    pub(crate) fn new(daybook: &'a Daybook) -> Self {
        Self { daybook, kind: PhantomData }
    }

    /// Makes a record.
    ///
    /// # Errors
    /// [`Error::NotEnrolled`], [`Error::Field`], and whatever the storage says.
    pub fn create(&self, request: CreateRequest<F>) -> Result<View<F>, Error> {
        self.daybook.write(|core, clock| {
            let mut notebook = core.engine.notebook(clock.now(), clock.utc_offset_minutes());
            Ok(notebook.create(&mut rng::system(), request)?)
        })
    }

    /// Edits fields. One call is one change, so give it the whole form.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::OtherKind`], [`Error::Field`], and whatever the storage says.
    pub fn edit(&self, id: RecordId, edits: &[F::Edit]) -> Result<View<F>, Error> {
        self.change(id, |notebook| notebook.edit::<F>(id, edits))
    }

    /// Reads a record.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::OtherKind`], [`Error::Unreadable`], and whatever the storage says.
    pub fn get(&self, id: RecordId) -> Result<View<F>, Error> {
        self.daybook.read(|notebook| notebook.view(id))
    }

    /// A page of a list, newest first. `after` is the [`Page::next`] of the page before.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn list(&self, filter: &RowFilter, after: Option<PageKey>, limit: usize) -> Result<Page, Error> {
        self.all().list(&self.narrow(filter), after, limit)
    }

    /// As [`AllRecords::search`], among records of this kind.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn search(&self, text: &str, limit: usize) -> Result<Vec<ListedRecord>, Error> {
        let filter = RowFilter { text: Some(text.to_owned()), ..RowFilter::default() };
        Ok(self.list(&filter, None, limit)?.items)
    }

    /// How many records a filter finds.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn count(&self, filter: &RowFilter) -> Result<u64, Error> {
        self.all().count(&self.narrow(filter))
    }

    /// Adds a follow-up.
    ///
    /// # Errors
    /// As [`Self::edit`].
    pub fn add_follow_up(&self, id: RecordId, request: FollowUpRequest) -> Result<View<F>, Error> {
        self.append::<FollowUp>(id, request)
    }

    /// Adds a stage.
    ///
    /// # Errors
    /// As [`Self::edit`].
    pub fn add_stage(&self, id: RecordId, request: StageRequest) -> Result<View<F>, Error> {
        self.append::<StageEntry>(id, request)
    }

    /// Adds a photo; its bytes travel on their own.
    ///
    /// # Errors
    /// As [`Self::edit`].
    pub fn add_photo(&self, id: RecordId, request: PhotoRequest) -> Result<View<F>, Error> {
        self.append::<PhotoEntry>(id, request)
    }

    /// Edits the office's part: to whom the record belongs, and when the customer came.
    ///
    /// # Errors
    /// As [`Self::edit`].
    pub fn assign(&self, id: RecordId, edits: &[OfficeEdit]) -> Result<View<F>, Error> {
        self.change(id, |notebook| of_kind(notebook.edit_office(id, edits)?))
    }

    fn append<E: Entry>(&self, id: RecordId, request: E::Request) -> Result<View<F>, Error> {
        self.change(id, |notebook| of_kind(notebook.append::<E>(&mut rng::system(), id, request)?))
    }

    /// Changes a record after making sure that it is of this kind: entries fit any, so the notebook would not ask.
    fn change(
        &self,
        id: RecordId,
        change: impl FnOnce(&mut Notebook<'_, SqliteStore>) -> Result<View<F>, NotebookError<StoreError>>,
    ) -> Result<View<F>, Error> {
        self.daybook.write(|core, clock| {
            match core.engine.store().row(id)? {
                None => return Err(Error::NotFound),
                Some(row) if row.kind != Self::KIND => return Err(Error::OtherKind(row.kind)),
                Some(_) => {}
            }
            Ok(change(&mut core.engine.notebook(clock.now(), clock.utc_offset_minutes()))?)
        })
    }

    fn all(&self) -> AllRecords<'a> {
        AllRecords::new(self.daybook)
    }

    fn narrow(&self, filter: &RowFilter) -> RowFilter {
        RowFilter { kind: Some(Self::KIND), ..filter.clone() }
    }
}

fn of_kind<F: RecordFacts>(view: AnyView) -> Result<View<F>, NotebookError<StoreError>> {
    F::from_any(view).ok_or(NotebookError::NotFound)
}
