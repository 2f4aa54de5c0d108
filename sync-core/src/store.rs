//! What a device remembers. The engine calls a [`Store`] directly and synchronously; every method that writes is
//! one transaction, durable when it returns.

#[cfg(any(test, feature = "testing"))]
pub mod conformance;
pub mod memory;

use minicbor::{Decode, Encode};

use crate::id::{ActorId, ChangeHash, DeviceId, PersonId, PublicKey, RecordId};
use crate::index::Row;
use crate::journal::{Entry, Head, Receipt};
use crate::record::Kind;
use crate::record::review::ReviewState;
use crate::status::Problem;
use crate::time::UnixMillis;
use crate::wire::cursor::Cursor;
use crate::wire::enrol::Profile;
use crate::wire::exchange::{Backlog, GoneReason, Verdict};
use crate::wire::segment::Item;

/// Who this installation is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Identity {
    /// The enrolled device.
    #[n(0)]
    pub device: DeviceId,
    /// Under which every change of this installation is written.
    #[n(1)]
    pub actor: ActorId,
    /// The seed of the device key.
    #[n(2)]
    pub key_seed: [u8; 32],
    /// With which the server signs receipts.
    #[n(3)]
    pub server_key: PublicKey,
    /// To whom the device belongs.
    #[n(4)]
    pub profile: Profile,
}

/// How far the exchange with the server has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Progress {
    /// The server's newest receipt.
    #[n(0)]
    pub receipt: Option<Receipt>,
    /// Up to where the server holds the journal. Follows the receipt, and goes back when the server has lost some.
    #[n(1)]
    pub acknowledged: u64,
    /// Up to where the journal is published.
    #[n(2)]
    pub published_through: u64,
    /// Up to where a verified backup of the server holds the journal.
    #[n(3)]
    pub backed_up_through: u64,
    /// How far the feed has been read.
    #[n(4)]
    pub cursor: Option<Cursor>,
    /// When the last exchange succeeded, by the device's wall clock.
    #[n(5)]
    pub last_exchange: Option<UnixMillis>,
    /// When the next one is due, by the device's wall clock.
    #[n(6)]
    pub next_exchange: Option<UnixMillis>,
    /// What the server last said this device has to do.
    #[n(7)]
    pub upgrade_required: bool,
}

/// A local change on its way into the store: the change, its line in the journal and the record's new line in lists.
#[derive(Clone, Debug)]
pub struct LocalCommit {
    /// The journal's line.
    pub entry: Entry,
    /// The journal's head after it.
    pub head: Head,
    /// The change chunk.
    pub change: Vec<u8>,
    /// The record's line in lists.
    pub row: Row,
}

/// What the server's answer changes, all at once.
#[derive(Clone, Debug, Default)]
pub struct ExchangeOutcome {
    /// The new progress.
    pub progress: Progress,
    /// What became of changes.
    pub verdicts: Vec<(u64, Verdict)>,
    /// Records with news.
    pub pulled: Vec<PulledRecord>,
    /// Records that left the scope.
    pub gone: Vec<(RecordId, GoneReason)>,
    /// Who the actors are.
    pub authors: Vec<(ActorId, PersonId, String)>,
    /// A new profile.
    pub profile: Option<Profile>,
}

/// News of a record.
#[derive(Clone, Debug)]
pub struct PulledRecord {
    /// Which record.
    pub id: RecordId,
    /// The changes that were not there before.
    pub changes: Vec<(ChangeHash, Vec<u8>)>,
    /// Its line in lists; `None` if this version of the app can't read the record, which then waits for a newer one.
    pub row: Option<Row>,
}

/// How much of the outbox to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimit {
    /// Distinct records.
    pub records: usize,
    /// Bytes of changes. The first change is always taken.
    pub bytes: usize,
}

/// Which records a list shows. `None` does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowFilter {
    /// Only this kind.
    pub kind: Option<Kind>,
    /// Only this owner's.
    pub owner: Option<PersonId>,
    /// Only this business day.
    pub day: Option<jiff::civil::Date>,
    /// Only this state of review.
    pub review: Option<ReviewState>,
    /// Only leads at this stage.
    pub stage: Option<String>,
    /// Only records with concurrent values.
    pub in_conflict: bool,
    /// Only records with changes that the server has not acknowledged.
    pub unsent: bool,
    /// Only records that a search finds by this text.
    pub text: Option<String>,
}

/// A position in a list: the last line of the page before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PageKey {
    /// When that record was made.
    pub captured: UnixMillis,
    /// Which record it was.
    pub id: RecordId,
}

/// A line of a list and what is known about the sync of its record.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// The line.
    pub row: Row,
    /// From this [`Status`](crate::status::Status) is derived.
    pub sync: RecordSync,
}

/// What a store knows about the sync of one record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordSync {
    /// The last line of this device's journal that is about the record.
    pub last_entry: Option<u64>,
    /// Unsettled verdicts about its changes, newest last.
    pub problems: Vec<Problem>,
}

/// What a device remembers.
///
/// The methods that write are atomic and durable: after a crash either all or nothing of a call is there, and
/// all of it if the call returned.
pub trait Store {
    /// Why the storage failed.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Who this installation is; `None` before enrolment.
    fn identity(&self) -> Result<Option<Identity>, Self::Error>;

    /// Enrols, or changes what is known about the enrolment. The journal is not touched.
    fn set_identity(&mut self, identity: &Identity) -> Result<(), Self::Error>;

    /// The seed of the key that this installation enrols with, made before the first attempt: asking again after a
    /// lost answer, or after a crash, has to be the same question.
    fn device_key(&self) -> Result<Option<[u8; 32]>, Self::Error>;

    /// Keeps that seed.
    fn set_device_key(&mut self, seed: &[u8; 32]) -> Result<(), Self::Error>;

    /// Becomes another device, all at once: the journal after `common_through` is replaced by `commits`, which
    /// begin a new journal; what was known to the server stays part of the records as if others had written it;
    /// verdicts about the old journal and the progress of its exchange are forgotten.
    fn reidentify(
        &mut self,
        identity: &Identity,
        common_through: u64,
        commits: &[LocalCommit],
    ) -> Result<(), Self::Error>;

    /// How far the exchange has come.
    fn progress(&self) -> Result<Progress, Self::Error>;

    /// Notes how far the exchange has come.
    fn set_progress(&mut self, progress: &Progress) -> Result<(), Self::Error>;

    /// Where the journal ends.
    fn head(&self) -> Result<Head, Self::Error>;

    /// Where the journal stood after line `n`; `None` if that line is not stored.
    fn head_at(&self, n: u64) -> Result<Option<Head>, Self::Error>;

    /// All changes of a record, each after the ones that it follows; empty if the record is not here.
    fn changes(&self, record: RecordId) -> Result<Vec<(ChangeHash, Vec<u8>)>, Self::Error>;

    /// The line of a record in lists.
    fn row(&self, record: RecordId) -> Result<Option<Row>, Self::Error>;

    /// What is known about the sync of a record.
    fn record_sync(&self, record: RecordId) -> Result<RecordSync, Self::Error>;

    /// Takes in a local change. The caller has made sure that it continues the journal's head.
    fn commit(&mut self, commit: &LocalCommit) -> Result<(), Self::Error>;

    /// The journal after line `after`, in order, with the changes, up to a limit.
    fn outbox(&self, after: u64, limit: BatchLimit) -> Result<Vec<Item>, Self::Error>;

    /// The records that the journal's lines after `after`, up to and with `through`, are about; each once.
    fn records_between(&self, after: u64, through: u64) -> Result<Vec<RecordId>, Self::Error>;

    /// What lies in the journal after line `after`.
    fn backlog(&self, after: u64) -> Result<Backlog, Self::Error>;

    /// Takes in the server's answer. Changes that are already there are skipped. A record that left the scope is
    /// removed unless the journal still holds unacknowledged changes of it; then it stays until those are through.
    fn apply(&mut self, outcome: &ExchangeOutcome) -> Result<(), Self::Error>;

    /// A page of a list, newest first.
    fn list(&self, filter: &RowFilter, after: Option<PageKey>, limit: usize) -> Result<Vec<Listed>, Self::Error>;

    /// How many records a filter finds.
    fn count(&self, filter: &RowFilter) -> Result<u64, Self::Error>;

    /// Who an actor is; `None` if the server has not said.
    fn author(&self, actor: ActorId) -> Result<Option<(PersonId, String)>, Self::Error>;
}
