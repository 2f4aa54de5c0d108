//! The rows of the store as plain structs.

use jiff::civil::Date;
use sync_core::id::{
    ActorId, ChangeHash, DeviceId, OfficeId, OrganisationId, PersonId, PhotoHash, ProjectId, PublicKey, RecordId,
    Signature, TeamId,
};
use sync_core::index::Row;
use sync_core::journal::{Entry, Head};
use sync_core::time::UnixMillis;
use sync_core::wire::enrol::Role;
use sync_core::wire::exchange::{Author, Backlog};

use super::LineVerdict;
use super::days::DayFact;
use crate::day::hours::EveningHour;
use crate::flag::sighting::Sighting;
use crate::flag::thresholds::Thresholds;

/// A company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// Which one.
    pub id: OrganisationId,
    /// What it is called; unique on a server.
    pub name: String,
    /// Since when.
    pub created_at: UnixMillis,
    /// Whether its photos keep what cameras write into them: the place, the time, the phone.
    pub keep_exif: bool,
    /// When the evening begins at its offices.
    pub evening: EveningHour,
    /// From when on flags are raised.
    pub thresholds: Thresholds,
}

/// What changes about an organisation; `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrganisationEdit {
    /// What it is called.
    pub name: Option<String>,
    /// Whether photos that its phones bring from now on keep their metadata.
    pub keep_exif: Option<bool>,
    /// When the evening begins at its offices.
    pub evening: Option<EveningHour>,
}

/// A regional office 分所.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Office {
    /// Which one.
    pub id: OfficeId,
    /// To whom it belongs.
    pub organisation: OrganisationId,
    /// What it is called.
    pub name: String,
    /// Its IANA time zone, which decides its business day.
    pub time_zone: String,
}

/// What changes about an office; `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfficeEdit {
    /// What it is called.
    pub name: Option<String>,
    /// Its IANA time zone.
    pub time_zone: Option<String>,
}

/// A team inside an office.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// Which one.
    pub id: TeamId,
    /// To whom it belongs.
    pub organisation: OrganisationId,
    /// In which office.
    pub office: OfficeId,
    /// What it is called.
    pub name: String,
}

/// A development that promoters sell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Which one.
    pub id: ProjectId,
    /// To whom it belongs.
    pub organisation: OrganisationId,
    /// What it is called.
    pub name: String,
}

/// Somebody who works with Daybook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub id: PersonId,
    /// For whom.
    pub organisation: OrganisationId,
    /// What they are called.
    pub name: String,
    /// What they do.
    pub role: Role,
    /// Their office; `None` at head quarters.
    pub office: Option<OfficeId>,
    /// Their team.
    pub team: Option<TeamId>,
    /// With which name they sign in at the console, if they do.
    pub login: Option<String>,
    /// Whether they still work here.
    pub active: bool,
    /// Rises with every change that their devices have to know.
    pub profile_version: u32,
    /// Rises with every change of territory.
    pub scope_version: u32,
    /// Since when.
    pub created_at: UnixMillis,
}

/// Where somebody was for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The first day, as an ISO date.
    pub from_day: String,
    /// The first day that is not part of it any more; `None` while it lasts.
    pub to_day: Option<String>,
    /// In which office.
    pub office: Option<OfficeId>,
    /// In which team.
    pub team: Option<TeamId>,
}

/// A one-time code with which a phone enrols.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolmentCode {
    /// SHA-256 of the code; the code itself is shown once and not stored.
    pub code_hash: [u8; 32],
    /// For whom.
    pub organisation: OrganisationId,
    /// For whom.
    pub person: PersonId,
    /// The first characters, to tell codes apart in a list.
    pub hint: String,
    /// Since when.
    pub created_at: UnixMillis,
    /// Until when.
    pub expires_at: UnixMillis,
    /// When it was redeemed.
    pub used_at: Option<UnixMillis>,
    /// By which device.
    pub device: Option<DeviceId>,
}

/// A device about to be enrolled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDevice {
    /// Its identity, if the code has not been redeemed by the same key before.
    pub id: DeviceId,
    /// The key that it made.
    pub key: PublicKey,
    /// What it is called in lists.
    pub label: String,
    /// Name and version of the app.
    pub app: String,
}

/// An enrolled installation with its person.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    /// Which one.
    pub id: DeviceId,
    /// To whom it belongs.
    pub person: Person,
    /// Its public key.
    pub key: PublicKey,
    /// What it is called in lists.
    pub label: String,
    /// Name and version of the app at the last exchange.
    pub app: String,
    /// Since when.
    pub enrolled_at: UnixMillis,
    /// When it was cut off.
    pub revoked_at: Option<UnixMillis>,
    /// Where the server's copy of its journal ends.
    pub head: Head,
    /// When it was last heard of.
    pub last_exchange_at: Option<UnixMillis>,
    /// Device clock minus server clock at the last exchange, in milliseconds.
    pub skew_ms: Option<i64>,
    /// What it reported as unsent, what came with the same exchange already taken off.
    pub backlog: Backlog,
    /// When it turned out that two phones used this identity, or one that had been restored. None may go on with it.
    pub forked_at: Option<UnixMillis>,
    /// The identity under which the same phone, or its twin, went before.
    pub replaces: Option<DeviceId>,
    /// When it, cut off, last said that nothing is left on it; `None` while something is.
    pub deposited_at: Option<UnixMillis>,
    /// When somebody ordered that it forget everything.
    pub wipe_ordered_at: Option<UnixMillis>,
    /// Whether that order does not wait for a backup.
    pub wipe_at_once: bool,
    /// When it said that it has forgotten everything.
    pub wiped_at: Option<UnixMillis>,
    /// What its office last asked it for.
    pub reminder: Option<DeviceReminder>,
    /// Where its person worked before, up to which day: boards until then show the phone too.
    pub left: Option<(OfficeId, Date)>,
}

/// The office waits for a day that a device has not handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceReminder {
    /// Which day.
    pub day: Date,
    /// Since when.
    pub at: UnixMillis,
    /// Who asked.
    pub by: PersonId,
    /// When the device said that it has the reminder.
    pub reached_at: Option<UnixMillis>,
}

impl Device {
    /// Whether it may only hand in what it has. Somebody who left the company has no good device either.
    pub fn is_cut_off(&self) -> bool {
        self.revoked_at.is_some() || !self.person.active
    }
}

/// What a device reports about itself in each exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceReport {
    /// When, by the server's clock.
    pub at: UnixMillis,
    /// Device clock minus server clock.
    pub skew_ms: i64,
    /// Name and version of the app.
    pub app: String,
    /// What is unsent after this exchange.
    pub backlog: Backlog,
}

/// What is to be done with a change, and what was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[repr(i16)]
pub enum ChangeState {
    /// Durable and receipted, not judged yet.
    Received = 0,
    /// Part of its record.
    Published = 1,
    /// An amendment that waits for a person.
    Held = 2,
    /// Set aside with its bytes, shown to people.
    Quarantined = 3,
    /// Follows changes that have not come.
    Waiting = 4,
    /// A person looked at it and said no.
    Refused = 5,
}

impl ChangeState {
    /// Its name in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Published => "published",
            Self::Held => "held",
            Self::Quarantined => "quarantined",
            Self::Waiting => "waiting",
            Self::Refused => "refused",
        }
    }

    /// All states.
    pub const ALL: [Self; 6] =
        [Self::Received, Self::Published, Self::Held, Self::Quarantined, Self::Waiting, Self::Refused];

    /// The state behind a stored number.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|state| *state as i16 == number)
    }
}

/// A line of a journal on its way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLine {
    /// The journal's line.
    pub entry: Entry,
    /// The actor of the change, if the frame could be read.
    pub actor: Option<ActorId>,
    /// Its sequence number in the document, if the frame could be read.
    pub actor_seq: Option<u64>,
    /// The bytes; `None` if only the name came.
    pub raw: Option<Vec<u8>>,
    /// [`ChangeState::Received`], or [`ChangeState::Quarantined`] for what is known to be bad already.
    pub state: ChangeState,
    /// Why it was quarantined.
    pub code: Option<String>,
}

/// A stretch of journal on its way in: verified, but not looked into.
#[derive(Clone, Debug, PartialEq)]
pub struct Push {
    /// Whose.
    pub device: DeviceId,
    /// Whose.
    pub person: PersonId,
    /// Whose.
    pub organisation: OrganisationId,
    /// The head that the lines continue.
    pub base: Head,
    /// The head after them.
    pub head: Head,
    /// The device's signature over that head.
    pub signature: Signature,
    /// Actors of the lines that belonged to nobody when the lines were looked at. They become the device's with the push,
    /// which is not taken in if somebody else was faster.
    pub claims: Vec<ActorId>,
    /// The lines. A change that is stored already under another line is stored again as
    /// [`ChangeState::Quarantined`] `change.repeated` without touching the first.
    pub lines: Vec<NewLine>,
    /// What the device reported.
    pub report: DeviceReport,
    /// What was judged of the lines before they are stored. It is published together with them; what is no longer true
    /// by then is left out, and its lines are stored as received.
    pub judged: Vec<Publication>,
}

/// What became of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is durable; the feed stood at this position before.
    Stored {
        /// For the receipt.
        seq: u64,
        /// How many of its changes were published with it.
        published: u32,
        /// Whether some of it still has to be judged.
        received: bool,
    },
    /// The stored journal ends elsewhere, or an actor that belonged to nobody belongs to somebody else now: everything
    /// has to be looked at again.
    HeadMoved(Head),
}

/// A stored line of a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalLine {
    /// The line.
    pub entry: Entry,
    /// What was done with its change.
    pub state: ChangeState,
}

/// A published change of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedChange {
    /// Its name.
    pub hash: ChangeHash,
    /// Its bytes.
    pub raw: Vec<u8>,
}

/// A change that has to be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncomingChange {
    /// Its name.
    pub hash: ChangeHash,
    /// Its bytes; `None` if only the name came.
    pub raw: Option<Vec<u8>>,
    /// On which device it was written: the one that brought it, or one that goes on as that.
    pub device: DeviceId,
    /// There is a copy of that device, which may have written something else in its place.
    pub copied: bool,
    /// Which line of the journal that brought it.
    pub n: u64,
    /// From whom.
    pub author: Person,
    /// When it came.
    pub received_at: UnixMillis,
    /// Somebody accepted it as an amendment.
    pub approved: bool,
}

/// Whose changes to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Senders<'a> {
    /// Everybody's.
    All,
    /// Those of these devices.
    These(&'a [DeviceId]),
    /// Those of all devices but these.
    Others(&'a [DeviceId]),
}

impl Senders<'_> {
    /// At most so many devices are looked at.
    pub const MOST: usize = 256;
}

/// A record with what is needed to judge its received changes.
#[derive(Clone, Debug, PartialEq)]
pub struct PendingRecord {
    /// Which record.
    pub id: RecordId,
    /// To whom it belongs.
    pub organisation: OrganisationId,
    /// Its feed position; 0 if nothing of it is published.
    pub base_seq: u64,
    /// Its published changes, each after the ones that it follows.
    pub published: Vec<PublishedChange>,
    /// Received and waiting changes in the order in which they came.
    pub incoming: Vec<IncomingChange>,
    /// Changes that were refused for good.
    pub refused: Vec<ChangeHash>,
    /// The number of the last decision about it; 0 if there is none.
    pub decided: u64,
}

/// A change that staff made at the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffChange {
    /// Its name.
    pub hash: ChangeHash,
    /// Under which actor.
    pub actor: ActorId,
    /// Its sequence number.
    pub actor_seq: u64,
    /// By whom.
    pub person: PersonId,
    /// Its bytes.
    pub raw: Vec<u8>,
}

/// A record's line as the server keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordRow {
    /// To whom it belongs.
    pub organisation: OrganisationId,
    /// The line that phones keep too.
    pub row: Row,
    /// Bit set of flags.
    pub flags: u64,
    /// What it says that flags are raised by.
    pub seen: Sighting,
    /// Other records, and the flags that they raise because of this one.
    pub partners: Vec<(RecordId, u64)>,
    /// The newest changes.
    pub heads: Vec<ChangeHash>,
    /// The photos that it names.
    pub photos: Vec<PhotoHash>,
    /// Who made it.
    pub made_by: PersonId,
    /// For which office.
    pub made_in: OfficeId,
    /// What it says about business days beside its own.
    pub facts: Vec<DayFact>,
}

/// What is to be published about one record.
#[derive(Clone, Debug, PartialEq)]
pub struct Publication {
    /// Which record.
    pub id: RecordId,
    /// To whom it belongs.
    pub organisation: OrganisationId,
    /// The feed position at which it was loaded.
    pub base_seq: u64,
    /// The number of the last decision about it when it was loaded; 0 if there was none.
    pub decided: u64,
    /// Received changes that become part of it, in order.
    pub published: Vec<ChangeHash>,
    /// Changes that staff made, in order, after those.
    pub staff: Vec<StaffChange>,
    /// Changes that don't become part of it, and why.
    pub set_aside: Vec<(ChangeHash, ChangeState, String)>,
    /// Changes that were known but not judged with the others: what waits among them is judged as soon as this is
    /// published.
    pub left: Vec<ChangeHash>,
    /// Its new line; `None` if nothing was published.
    pub row: Option<RecordRow>,
}

/// What became of a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// Done, at this feed position.
    At(u64),
    /// The record changed meanwhile: load it again.
    Stale,
}

/// Whose records somebody sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// One's own.
    Person(PersonId),
    /// A team's.
    Team(TeamId),
    /// An office's.
    Office(OfficeId),
    /// All.
    Organisation(OrganisationId),
}

/// A position of the feed with the salt of its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedPosition {
    /// The position; 0 if nothing was ever published.
    pub seq: u64,
    /// The salt; 0 at position 0.
    pub salt: u64,
}

/// What to read of the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedQuery {
    /// Whose records.
    pub scope: Scope,
    /// After which position.
    pub after: u64,
    /// Up to which position the device has everything: where it began to read. It equals `after` on the first page
    /// and stays behind on the following ones: a record that was changed while the device read has moved to the
    /// end, and there it must bring what the device passed over.
    pub since: u64,
    /// After which position a record that left is news. It lies behind `after` while a device reads from the feed's
    /// beginning, because it can't have got what had left by then.
    pub departed_after: u64,
    /// Whose own changes to leave away; `None` for a device that may have dropped them.
    pub except: Option<DeviceId>,
    /// At most so many records.
    pub limit_records: u32,
    /// At most so many bytes of changes, unless the first record alone has more.
    pub limit_bytes: u32,
}

/// A stretch of the feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedPage {
    /// Records with news, in feed order; those with nothing but the device's own changes are left away.
    pub items: Vec<FeedItem>,
    /// Everybody who wrote what is on the page.
    pub authors: Vec<Author>,
    /// The position up to which the page reaches, if it ended early; `None` if the feed was read to its end.
    pub ended_at: Option<u64>,
}

/// A record in the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedItem {
    /// Which record.
    pub record: RecordId,
    /// Where it stands in the feed.
    pub seq: u64,
    /// The changes to send; empty if the record left the scope.
    pub changes: Vec<PublishedChange>,
    /// It left the scope.
    pub gone: bool,
}

/// What became of a device's changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceVerdicts {
    /// Those that did not plainly become part of their record; published ones are named here only if they had been
    /// set aside before.
    pub verdicts: Vec<LineVerdict>,
    /// Everything up to this line has been judged.
    pub judged_through: u64,
}
