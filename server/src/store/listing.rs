//! Records as they are listed and looked at.

use jiff::civil::Date;
use sync_core::id::{ChangeHash, DeviceId, OfficeId, OrganisationId, PersonId, PhotoHash, ProjectId, RecordId, TeamId};
use sync_core::index::Row;
use sync_core::record::Kind;
use sync_core::record::review::ReviewState;
use sync_core::time::UnixMillis;

use super::Scope;
use crate::evidence::Anchor;

/// How far leads have come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AtStage {
    /// They have no stage yet.
    None,
    /// This is their stage.
    At(String),
}

/// Who received the customers of leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceivedBy {
    /// They arrived, and nobody was there for them.
    Nobody,
    /// This consultant.
    Consultant(String),
}

/// Narrows a list of records. `None` does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordFilter {
    /// Only this kind.
    pub kind: Option<Kind>,
    /// Only this office's.
    pub office: Option<OfficeId>,
    /// Only this team's.
    pub team: Option<TeamId>,
    /// Only this promoter's.
    pub owner: Option<PersonId>,
    /// Only what this person made, whoever owns it now.
    pub made_by: Option<PersonId>,
    /// Only what was made for this office, wherever it is now.
    pub made_in: Option<OfficeId>,
    /// Only about this development.
    pub project: Option<ProjectId>,
    /// Only this business day, as an ISO date.
    pub day: Option<String>,
    /// Only from this business day on.
    pub from: Option<Date>,
    /// Only up to and with this business day.
    pub to: Option<Date>,
    /// Only this state of review.
    pub review: Option<ReviewState>,
    /// Only leads that stand there.
    pub stage: Option<AtStage>,
    /// Only leads whose customers arrived and were received like this.
    pub received: Option<ReceivedBy>,
    /// Only what was sealed by the statement of its day with this number: 0 is the statement itself, others are supplements.
    pub sealed: Option<u32>,
    /// Only what no statement counts.
    pub unsealed: bool,
    /// Only records that name this photo.
    pub photo: Option<PhotoHash>,
    /// Only records whose words no search finds yet.
    pub unsearchable: bool,
    /// Only records with one of these flags' bits.
    pub flags: Option<u64>,
    /// Only records with concurrent values, or only ones without.
    pub in_conflict: Option<bool>,
    /// Only records that a search finds by this text.
    pub text: Option<String>,
}

/// In whose scopes a published record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordPlace {
    /// Which record.
    pub record: RecordId,
    /// To whom it belongs.
    pub organisation: OrganisationId,
    /// Who owns it now.
    pub owner: PersonId,
    /// The team to which it belongs now.
    pub team: Option<TeamId>,
    /// The office to which it belongs now.
    pub office: OfficeId,
}

/// A page of records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordQuery {
    /// Whose records.
    pub scope: Scope,
    /// Which of them.
    pub filter: RecordFilter,
    /// The last line of the page before: when it was made, and which record it was.
    pub after: Option<(UnixMillis, RecordId)>,
    /// At most so many lines.
    pub limit: u32,
}

/// A line of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordLine {
    /// To whom it belongs.
    pub organisation: OrganisationId,
    /// The line; its search terms are not read back.
    pub row: Row,
    /// Bit set of flags.
    pub flags: u64,
    /// How many changes it consists of.
    pub changes: u32,
    /// The newest changes.
    pub heads: Vec<ChangeHash>,
    /// Its feed position.
    pub seq: u64,
    /// When it last changed, by the server's clock.
    pub updated_at: UnixMillis,
}

impl RecordLine {
    /// Whether it may be approved together with others: undecided, and with nothing to look at more closely.
    pub fn is_clean(&self) -> bool {
        self.row.review == ReviewState::Received && self.flags == 0 && self.row.conflicts == 0
    }

    /// In whose scopes it is.
    pub fn place(&self) -> RecordPlace {
        let Row { id, owner, team, office, .. } = self.row;
        RecordPlace { record: id, organisation: self.organisation, owner, team, office }
    }
}

/// Where a published change came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeOrigin {
    /// Its name.
    pub hash: ChangeHash,
    /// Its bytes.
    pub raw: Vec<u8>,
    /// From which device; `None` if made at the server.
    pub device: Option<DeviceId>,
    /// What that device is called.
    pub device_label: Option<String>,
    /// Which line of that device's journal.
    pub n: Option<u64>,
    /// When the line was written, by that device's wall clock.
    pub written_at: Option<UnixMillis>,
    /// How wrong that device's clock was when it last exchanged.
    pub skew_ms: Option<i64>,
    /// Whether it came from a phone without the line that would prove it, and somebody took it in all the same.
    pub adopted: bool,
    /// By whom.
    pub person: PersonId,
    /// What that person is called.
    pub person_name: String,
    /// When the server received it.
    pub received_at: UnixMillis,
    /// The last line of that device's journal that the server had receipted before, if it was of the same boot.
    pub anchor: Option<Anchor>,
    /// Its feed position.
    pub seq: u64,
}
