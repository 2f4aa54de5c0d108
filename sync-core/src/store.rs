//! What a device remembers. The engine calls a [`Store`] directly and synchronously; every method that writes is
//! one transaction, durable when it returns.

#[cfg(any(test, feature = "testing"))]
pub mod conformance;
pub mod memory;

use minicbor::{Decode, Encode};
use serde::Serialize;

use crate::engine::HoldOff;
use crate::id::{ActorId, ChangeHash, DeviceId, PersonId, PublicKey, RecordId};
use crate::index::Row;
use crate::journal::{Entry, Head, Receipt};
use crate::record::Kind;
use crate::record::entry::Stage;
use crate::record::review::ReviewState;
use crate::refusal::Refusal;
use crate::status::Problem;
use crate::time::UnixMillis;
use crate::wire::cursor::Cursor;
use crate::wire::enrol::Profile;
use crate::wire::exchange::{Backlog, GoneReason, Reminder, Verdict};
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
    /// The device may hold records that are no longer in its scope: how far it has named to the server what it holds.
    #[n(12)]
    pub check: Option<ScopeCheck>,
    /// When this device and the server last compared what they hold, by the device's wall clock.
    #[n(13)]
    pub digest_at: Option<UnixMillis>,
    /// They have to compare at the end of the next run, whenever they did last.
    #[cbor(n(14), default)]
    pub digest_due: bool,
    /// Before this the device does not go to the server by itself.
    #[n(15)]
    pub hold_off: Option<HoldOff>,
    /// What the server last said this device is to it.
    #[n(8)]
    #[cbor(default)]
    pub standing: Standing,
    /// The newest reminder of the office.
    #[n(16)]
    pub reminder: Option<Reminder>,
}

/// What a device is to the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum Standing {
    /// An enrolled device, or one that has not asked yet.
    #[default]
    #[n(0)]
    Good,
    /// Cut off: it may hand in what it has and gets nothing.
    #[n(1)]
    Revoked,
    /// Not known: the server was restored to a time before the enrolment, or is another one.
    #[n(2)]
    Unknown,
}

/// Which installation of the app a store belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Installation {
    /// The fingerprint of the secret that is not part of backups.
    #[n(0)]
    pub fingerprint: [u8; 32],
    /// The store came from another installation, which may still use the same identity: this one has to get its own.
    #[n(1)]
    pub moved: bool,
}

/// What a wiped device still knows: enough to say that it is wiped.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Tombstone {
    /// Which device it was.
    #[n(0)]
    pub device: DeviceId,
    /// The seed of its key.
    #[n(1)]
    pub key_seed: [u8; 32],
}

impl Progress {
    /// Of a device that has read nothing yet under its present identity, but may hold records from before.
    pub fn anew() -> Self {
        Self { check: Some(ScopeCheck::default()), ..Self::default() }
    }
}

/// How far a device has named to the server what it holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ScopeCheck {
    /// The last record that was looked through.
    #[n(0)]
    pub after: Option<RecordId>,
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

/// A line of a journal that begins anew under another identity.
#[derive(Clone, Debug)]
pub struct Rewritten {
    /// The journal's line.
    pub entry: Entry,
    /// The journal's head after it.
    pub head: Head,
    /// The change chunk.
    pub change: Vec<u8>,
    /// The record's line in lists; `None` if it has none, because the record has left the scope or this version of
    /// the app can't read it.
    pub row: Option<Row>,
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
    /// Records out of which something is taken, after that.
    pub refused: Vec<RefusedRecord>,
    /// Changes of those records that were here already: the server has published them.
    pub confirmed: Vec<(RecordId, ChangeHash)>,
    /// Records that left the scope.
    pub gone: Vec<(RecordId, GoneReason)>,
    /// Who the actors are.
    pub authors: Vec<(ActorId, PersonId, String)>,
    /// A new profile.
    pub profile: Option<Profile>,
    /// Under which actor this installation writes from now on, if that changes.
    pub actor: Option<ActorId>,
}

/// A record out of which refused changes are taken.
#[derive(Clone, Debug)]
pub struct RefusedRecord {
    /// Which record.
    pub id: RecordId,
    /// The changes that are no longer part of it. Their bytes stay as long as the server may ask for them again.
    pub dropped: Vec<ChangeHash>,
    /// What is kept for the person.
    pub refusals: Vec<Refusal>,
    /// Its line in lists; `None` if there is nothing left to be read.
    pub row: Option<Row>,
}

/// News of a record.
#[derive(Clone, Debug)]
pub struct PulledRecord {
    /// Which record.
    pub id: RecordId,
    /// The changes that were not there before; of a whole record all there are.
    pub changes: Vec<(ChangeHash, Vec<u8>)>,
    /// Whether these changes, in this order, take the place of everything that is stored of the record.
    pub whole: bool,
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
    pub stage: Option<Stage>,
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

    /// Becomes another device, all at once: the journal after `common_through` is replaced by `lines`, which
    /// begin a new journal and may name changes of the old one again; what was known to the server stays part of the records as if others had written it;
    /// the progress of its exchange is forgotten, and so is that the store came from another installation. Changes up
    /// to `common_through` that are not known to be published are remembered with their verdicts, or as waiting, until
    /// an answer confirms them: they show as problems of their records without a line of the journal.
    fn reidentify(&mut self, identity: &Identity, common_through: u64, lines: &[Rewritten]) -> Result<(), Self::Error>;

    /// Which installation this is; `None` if the app has not said.
    fn installation(&self) -> Result<Option<Installation>, Self::Error>;

    /// Notes which installation this is, for the first time.
    fn set_installation(&mut self, fingerprint: [u8; 32]) -> Result<(), Self::Error>;

    /// Notes that the store came to this installation from another one, all at once: an enrolled device writes under
    /// `actor` from now on and has to get an identity of its own; a key that was made for an identity to come is
    /// forgotten, because the other installation may be using it.
    fn move_in(&mut self, fingerprint: [u8; 32], actor: ActorId) -> Result<(), Self::Error>;

    /// Forgets everything but which installation this is, all at once, and so that it can't be found in the storage
    /// any more. What is left of the identity is the [`Tombstone`].
    fn wipe(&mut self) -> Result<(), Self::Error>;

    /// What a wipe has left that the server was not told about yet.
    fn tombstone(&self) -> Result<Option<Tombstone>, Self::Error>;

    /// Forgets the tombstone.
    fn bury(&mut self) -> Result<(), Self::Error>;

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

    /// The journal's lines about a record, oldest first.
    fn lines(&self, record: RecordId) -> Result<Vec<Entry>, Self::Error>;

    /// The changes of this device that are not part of their records on the server: those of the journal's lines after
    /// `published_through`, and those with an unsettled verdict.
    fn unsettled(&self, published_through: u64) -> Result<Vec<ChangeHash>, Self::Error>;

    /// The records that the journal's lines after `after`, up to and with `through`, are about; each once.
    fn records_between(&self, after: u64, through: u64) -> Result<Vec<RecordId>, Self::Error>;

    /// What lies in the journal after line `after`.
    fn backlog(&self, after: u64) -> Result<Backlog, Self::Error>;

    /// Takes in the server's answer. Changes that are already there are skipped. A record that left the scope is
    /// removed unless the journal still holds unacknowledged changes of it; then it stays until those are through.
    fn apply(&mut self, outcome: &ExchangeOutcome) -> Result<(), Self::Error>;

    /// What was refused and not settled, in the order in which it was written.
    fn refusals(&self) -> Result<Vec<Refusal>, Self::Error>;

    /// Every change of a record that was refused, and whether the person has settled that.
    fn refused(&self, record: RecordId) -> Result<Vec<(ChangeHash, bool)>, Self::Error>;

    /// The person has dealt with a refusal: its text is forgotten, and the verdict is no problem any more. That the
    /// change was refused is still known.
    fn settle_refusal(&mut self, record: RecordId, change: ChangeHash) -> Result<(), Self::Error>;

    /// A page of a list, newest first.
    fn list(&self, filter: &RowFilter, after: Option<PageKey>, limit: usize) -> Result<Vec<Listed>, Self::Error>;

    /// How many records a filter finds.
    fn count(&self, filter: &RowFilter) -> Result<u64, Self::Error>;

    /// The records that are here, with those that wait to leave, in the order of their identifiers after one of them.
    fn held(&self, after: Option<RecordId>, limit: usize) -> Result<Vec<RecordId>, Self::Error>;

    /// Who an actor is; `None` if the server has not said.
    fn author(&self, actor: ActorId) -> Result<Option<(PersonId, String)>, Self::Error>;
}
