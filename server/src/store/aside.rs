//! Changes that were set aside, and what people decide about them, as plain structs.

use sync_core::id::{ActorId, ChangeHash, DeviceId, OfficeId, OrganisationId, PersonId, RecordId};
use sync_core::time::UnixMillis;

use super::ChangeState;

/// A change that was set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Its number in the log, by which it is addressed.
    pub id: i64,
    /// About which record.
    pub record: RecordId,
    /// Its name.
    pub hash: ChangeHash,
    /// From which device.
    pub device: Option<DeviceId>,
    /// What that device is called.
    pub device_label: Option<String>,
    /// Which line of that device's journal.
    pub n: Option<u64>,
    /// From whom.
    pub person: PersonId,
    /// What that person is called.
    pub person_name: String,
    /// What became of it so far.
    pub state: ChangeState,
    /// Why.
    pub code: String,
    /// When it came.
    pub received_at: UnixMillis,
    /// How many bytes it has.
    pub bytes: u64,
    /// The first bytes of one that waits, from which it can be read what it waits for.
    pub waiting: Option<Vec<u8>>,
}

/// Which changes to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsideQuery {
    /// Whose.
    pub organisation: OrganisationId,
    /// Held, quarantined, waiting or refused.
    pub state: ChangeState,
    /// Only those that came before this moment.
    pub received_before: Option<UnixMillis>,
    /// Only this device's.
    pub device: Option<DeviceId>,
    /// Only with this code.
    pub code: Option<String>,
    /// Only those that stand before this one in the log.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

/// A change that was set aside once, with everything that is known about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsideChange {
    /// Its line in lists.
    pub line: SetAside,
    /// To whom it belongs.
    pub organisation: OrganisationId,
    /// Whether the log holds the same change in an earlier line, which then stands for it.
    pub repeated: bool,
    /// Its bytes; `None` if only its name came.
    pub raw: Option<Vec<u8>>,
    /// What was decided about it last.
    pub decision: Option<Decision>,
}

/// What people do with changes that were set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[repr(i16)]
pub enum Act {
    /// It is judged again.
    Replayed = 0,
    /// It stays away for good.
    Discarded = 1,
    /// The amendment becomes part of the record.
    Accepted = 2,
    /// The amendment does not become part of the record.
    Rejected = 3,
}

impl Act {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Replayed, Self::Discarded, Self::Accepted, Self::Rejected];

    /// The act behind a stored number.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|act| *act as i16 == number)
    }

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Replayed => "replayed",
            Self::Discarded => "discarded",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
        }
    }
}

/// What was decided, by whom, when and why.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Decision {
    /// Its number; later decisions have higher ones.
    #[serde(skip)]
    pub no: i64,
    /// What was done.
    pub act: Act,
    /// By whom; `None` if it was ordered at the machine itself.
    pub by: Option<PersonId>,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub at: UnixMillis,
}

/// A decision to be noted and carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDecision {
    /// To whom the record belongs.
    pub organisation: OrganisationId,
    /// About which record.
    pub record: RecordId,
    /// What is done.
    pub act: Act,
    /// By whom; `None` at the machine itself.
    pub by: Option<PersonId>,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub at: UnixMillis,
    /// With which changes.
    pub changes: Vec<DecidedChange>,
}

/// What a decision does with one change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecidedChange {
    /// Its number in the log.
    pub id: i64,
    /// What it has to be still.
    pub from: ChangeState,
    /// What it becomes: [`ChangeState::Received`] to be judged again, or a state for good.
    pub to: ChangeState,
    /// Why; `None` leaves what is there, which its device was told.
    pub code: Option<String>,
    /// Under which actor it was written and its number there, if that was found out only now.
    pub actor: Option<(ActorId, u64)>,
}

/// Held changes of one record by one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldGroup {
    /// The record.
    pub record: RecordId,
    /// What the record is called; `None` if nothing of it is published.
    pub title: Option<String>,
    /// The device.
    pub device: DeviceId,
    /// What it is called.
    pub device_label: String,
    /// Whose it is.
    pub person: PersonId,
    /// What that person is called.
    pub person_name: String,
    /// How many changes are held.
    pub held: u32,
    /// When the first of them came.
    pub since: UnixMillis,
    /// The number of the last of them in the log, for paging.
    pub last: i64,
}

/// Which groups of held changes to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldQuery {
    /// Whose.
    pub organisation: OrganisationId,
    /// Only of published records of this office.
    pub office: Option<OfficeId>,
    /// Only those whose last change stands before this one in the log.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

/// What a device is told about one of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineVerdict {
    /// Which line of its journal.
    pub n: u64,
    /// What became of it.
    pub state: ChangeState,
    /// Why.
    pub code: String,
    /// What whoever decided said about it.
    pub reason: Option<String>,
    /// About which record.
    pub record: RecordId,
    /// The first bytes of one that waits, from which it can be read what it waits for.
    pub waiting: Option<Vec<u8>>,
}
