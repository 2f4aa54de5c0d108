//! Daybook's pure core: the rules that run on the phone, in the browser and on the server alike.
//!
//! No file, socket, clock, thread or random source is touched here. Time and randomness are arguments, storage is
//! the synchronous [`store::Store`] trait, and the network is an effect that [`engine::Engine`] asks for.
//!
//! | module | what it decides |
//! |---|---|
//! | [`record`] | what a visit, survey and lead consist of |
//! | [`document`] | how they stand in an Automerge document, and what merges how |
//! | [`chunk`] | how changes and documents are written down in bytes |
//! | [`history`], [`index`] | what every change did; how a record reads in lists and searches |
//! | [`journal`] | the hash chain of everything a device has said, and the server's receipts |
//! | [`trust`] | what stands between a phone's bytes and a document |
//! | [`wire`] | the messages |
//! | [`notebook`] | writing records down on a device |
//! | [`engine`], [`status`], [`store`] | bringing them to the server, how safe they are, what a device remembers |
//!
//! # Two phones, one lead
//!
//! Two people change the same field without knowing of each other. Both values are kept and listed until somebody
//! writes the field again:
//!
//! ```
//! use sync_core::document::{Document, NewRecord};
//! use sync_core::id::{ActorId, DeviceId, OfficeId, PersonId, RecordId};
//! use sync_core::record::Kind;
//! use sync_core::record::header::{Header, SCHEMA};
//! use sync_core::record::lead::{LeadEdit, LeadFacts};
//! use sync_core::time::{BootId, ClockReading, UnixMillis};
//!
//! let now = UnixMillis(1_760_000_000_000);
//! let header = Header {
//!     id: RecordId::from([1; 16]),
//!     kind: Kind::Lead,
//!     schema: SCHEMA,
//!     owner: PersonId::from([2; 16]),
//!     office: OfficeId::from([3; 16]),
//!     team: None,
//!     project: None,
//!     captured: ClockReading { wall: now, mono_ms: 5_000, boot: BootId(1) },
//!     utc_offset_minutes: 8 * 60,
//!     place: None,
//!     device: DeviceId::from([4; 16]),
//!     app: "example/1.0".to_owned(),
//! };
//! let facts = LeadFacts { name: Some("张伟".to_owned()), ..LeadFacts::default() };
//! let promoter = ActorId([7; 16]);
//! let supervisor = ActorId([8; 16]);
//!
//! let (mut here, made) = Document::create(promoter, &NewRecord { header, facts })?;
//! let mut there = Document::load([made.bytes.as_slice()])?;
//!
//! let budget = |yuan: i64| [LeadEdit::Budget(Some(yuan.into()))];
//! let mine = here.edit::<LeadFacts>(promoter, now.plus(1), &budget(900_000))?.expect("a change");
//! let theirs = there.edit::<LeadFacts>(supervisor, now.plus(2), &budget(1_100_000))?.expect("a change");
//! here.apply([theirs.bytes.as_slice()])?;
//! there.apply([mine.bytes.as_slice()])?;
//!
//! let view = here.view::<LeadFacts>()?;
//! assert_eq!(view, there.view::<LeadFacts>()?);
//! assert_eq!(view.conflicts[0].field, "budget");
//! assert_eq!(view.conflicts[0].values.len(), 2);
//!
//! here.edit::<LeadFacts>(supervisor, now.plus(3), &budget(1_000_000))?;
//! assert!(here.view::<LeadFacts>()?.conflicts.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod ancestry;
pub mod chunk;
pub mod digest;
pub mod document;
pub mod engine;
pub mod history;
pub mod id;
pub mod index;
pub mod journal;
pub mod notebook;
pub mod phone_number;
pub mod photo;
pub mod place;
pub mod reauthor;
pub mod record;
pub mod refusal;
pub mod status;
pub mod store;
pub mod time;
pub mod trust;
pub mod wire;

#[cfg(test)]
pub(crate) mod testing;
