//! Daybook for apps: the face of [`client`] towards Kotlin, Swift and Python, without rules of its own.
//!
//! Every method is one expression over `client`; what is here besides are the shapes in which other languages see
//! records (`facts`, `view`, `list`), values (`values`) and errors (`error`), as tables (`shape`). The fields of records
//! come from the core's own tables. `README.md` is for developers of apps.
//!
//! UniFFI's macros expand to the C interface, which is `unsafe` by nature; no line written here is.

mod error;
mod facts;
mod list;
mod listen;
mod photos;
mod platform;
mod records;
mod session;
mod shape;
mod values;
mod view;

pub use error::{DaybookError, OpenProblem, SyncProblem};
pub use list::{ChangeOutcome, ListedRecord, Page, Problem, Status};
pub use listen::{RecordListener, StatusListener, Subscription, SyncListener};
pub use photos::{Ended, Pass, PhotoReport, Refusal};
pub use platform::{Clock, HttpRequest, HttpResponse, SecureStore, SecureStoreError, Transport, TransportError};
pub use records::{Leads, Surveys, Visits};
pub use session::{Config, Daybook, Receipt, SyncProgress, SyncReport, SyncStatus};
pub use values::Position;
pub use view::{
    AnyRecord, ConcurrentValue, Conflict, FollowUp, LeadView, PhotoEntry, RecordInfo, StageEntry, SurveyView, VisitView,
};

uniffi::setup_scaffolding!("daybook");
