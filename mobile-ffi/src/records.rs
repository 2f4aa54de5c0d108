//! Visits, surveys and leads.

use client::sync_core::id::{ProjectId, RecordId};
use client::sync_core::place::Place;
use client::sync_core::record::lead::{LeadEdit, LeadFacts};
use client::sync_core::record::office::OfficeEdit;
use client::sync_core::record::survey::{SurveyEdit, SurveyFacts};
use client::sync_core::record::visit::{VisitEdit, VisitFacts};
use client::{CreateRequest, PageKey, RowFilter};

use crate::error::Result;
use crate::list::Page;
use crate::session::Session;
use crate::shape::for_screens;
use crate::view::{FollowUpRequest, LeadView, StageRequest, SurveyView, VisitView};

/// One kind of record: what a form gives, and the object that keeps them.
macro_rules! records {
    ($($(#[$doc:meta])* $name:ident, $lane:ident, $facts:ident, $edit:ident, $view:ident, $request:ident;)+) => {$(
        /// What a form gives when a record is made.
        pub(crate) type $request = CreateRequest<$facts>;

        /// What a form gives when a record is made.
        #[uniffi::remote(Record)]
        pub struct $request {
            /// The development it is about.
            #[uniffi(default)]
            pub project: Option<ProjectId>,
            /// Where the device is.
            #[uniffi(default)]
            pub place: Option<Place>,
            /// The filled-in fields.
            pub facts: $facts,
            /// What the same form says of contacts so far: part of the record's first change.
            #[uniffi(default)]
            pub follow_ups: Vec<FollowUpRequest>,
        }

        $(#[$doc])*
        ///
        /// Every method that writes is on the disk when it returns and needs no network. The plain ones block for
        /// the disk, some milliseconds; on the UI's thread use the ones that end in `async`.
        #[derive(Clone, uniffi::Object)]
        pub struct $name(pub(crate) Session);

        #[uniffi::export]
        impl $name {
            /// Makes a record. Blocks for the disk.
            pub fn create(&self, request: $request) -> Result<$view> {
                Ok(self.0.get()?.$lane().create(request)?.into())
            }

            /// Edits fields; give it the whole form at once, it is one change. Blocks for the disk.
            pub fn edit(&self, id: RecordId, edits: Vec<$edit>) -> Result<$view> {
                Ok(self.0.get()?.$lane().edit(id, &edits)?.into())
            }

            /// Reads a record. Blocks for the disk.
            pub fn get(&self, id: RecordId) -> Result<$view> {
                Ok(self.0.get()?.$lane().get(id)?.into())
            }

            /// A page of a list, newest first. `after` is the `next` of the page before. Blocks for the disk.
            #[uniffi::method(default(after = None))]
            pub fn list(&self, filter: RowFilter, limit: u32, after: Option<PageKey>) -> Result<Page> {
                Ok(self.0.get()?.$lane().list(&filter, after, limit as usize)?.into())
            }

            /// How many records a filter finds. Blocks for the disk.
            pub fn count(&self, filter: RowFilter) -> Result<u64> {
                Ok(self.0.get()?.$lane().count(&filter)?)
            }

            /// Adds a follow-up. Blocks for the disk.
            pub fn add_follow_up(&self, id: RecordId, request: FollowUpRequest) -> Result<$view> {
                Ok(self.0.get()?.$lane().add_follow_up(id, request)?.into())
            }

            /// Adds a stage. Blocks for the disk.
            pub fn add_stage(&self, id: RecordId, request: StageRequest) -> Result<$view> {
                Ok(self.0.get()?.$lane().add_stage(id, request)?.into())
            }

            /// Edits the office's part: to whom the record belongs, and when the customer came. Blocks for the disk.
            pub fn assign(&self, id: RecordId, edits: Vec<OfficeEdit>) -> Result<$view> {
                Ok(self.0.get()?.$lane().assign(id, &edits)?.into())
            }
        }

        for_screens! { $name {
            create_async(request: $request) -> $view = create;
            edit_async(id: RecordId, edits: Vec<$edit>) -> $view = edit;
            get_async(id: RecordId) -> $view = get;
            list_async(filter: RowFilter, limit: u32, after: Option<PageKey> [None]) -> Page = list;
            count_async(filter: RowFilter) -> u64 = count;
            add_follow_up_async(id: RecordId, request: FollowUpRequest) -> $view = add_follow_up;
            add_stage_async(id: RecordId, request: StageRequest) -> $view = add_stage;
            assign_async(id: RecordId, edits: Vec<OfficeEdit>) -> $view = assign;
        }}
    )+};
}

records! {
    /// Visits 拜访.
    Visits, visits, VisitFacts, VisitEdit, VisitView, VisitRequest;
    /// Surveys 客户调查表.
    Surveys, surveys, SurveyFacts, SurveyEdit, SurveyView, SurveyRequest;
    /// Leads 意向客户.
    Leads, leads, LeadFacts, LeadEdit, LeadView, LeadRequest;
}
