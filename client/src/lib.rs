//! A phone without its screen: records on the device, and their exchange with the server.
//!
//! Everything that a promoter does works without a network. A save is on the disk before the call returns; a sync
//! sends what is new and takes in what others did, whenever somebody asks for it or [`Daybook::tick`] finds that
//! it is time.
//!
//! ```no_run
//! use client::{CreateRequest, Daybook, Options, RowFilter};
//! use sync_core::record::lead::{LeadEdit, LeadFacts};
//!
//! # fn main() -> Result<(), client::Error> {
//! let options = Options::http("field/3.1", "https://daybook.example.com")?;
//! let daybook = Daybook::open("/data/daybook.db".as_ref(), options)?;
//! if daybook.profile().is_none() {
//!     daybook.enrol("7F3K-9QPA", "Pixel 9")?;
//! }
//!
//! let facts = LeadFacts { name: Some("张伟".into()), ..LeadFacts::default() };
//! let lead = daybook.leads().create(CreateRequest { facts, ..CreateRequest::default() })?;
//! daybook.leads().edit(lead.header.id, &[LeadEdit::IntentArea(Some("锦江区".into()))])?;
//!
//! for line in daybook.leads().list(&RowFilter::default(), None, 50)?.items {
//!     println!("{} {:?}", line.row.title, line.status.step);
//! }
//! match daybook.sync() {
//!     Ok(report) => println!("{} changes sent, {} records with news", report.pushed, report.pulled),
//!     Err(error) if error.is_retryable() => println!("later: {error}"),
//!     Err(error) => println!("somebody has to look at this: {error}"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The rules are in [`sync_core`]; this crate gives them a disk ([`sqlite`]), a network ([`transport`]) and a
//! clock ([`clock`]).

mod background;
pub mod clock;
mod daybook;
mod error;
pub mod news;
mod photos;
mod records;
mod refusals;
mod rng;
pub mod secrets;
pub mod sqlite;
mod subscribers;
mod sync;
pub mod transport;

#[cfg(test)]
mod tests;

pub use background::{Pass, PassEnd};
pub use daybook::{Author, Daybook, JournalReceipt, Options};
pub use error::Error;
pub use photos::{LARGEST_PHOTO, PhotoLane, PhotoReport, PhotoStatus};
pub use records::{AllRecords, ListedRecord, Page, Records};
pub use refusals::Refusals;
pub use sqlite::{Damage, LostSave};
pub use sync::{SyncProgress, SyncReport, SyncStatus};

pub use sync_core::notebook::CreateRequest;
pub use sync_core::photo::{Network, OnMetered, PhotoPolicy};
pub use sync_core::refusal::Refusal;
pub use sync_core::store::{PageKey, RowFilter, Standing};

/// The rules, for those who depend on this crate alone.
pub use sync_core;
