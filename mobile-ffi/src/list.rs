//! Lists, and how safe each record is.

use client::sync_core::id::{OfficeId, PersonId, ProjectId, RecordId, TeamId};
use client::sync_core::record::Kind;
use client::sync_core::record::entry::Stage;
use client::sync_core::record::review::ReviewState;
use client::sync_core::status::{self, Step};
use client::sync_core::time::UnixMillis;
use client::sync_core::wire::exchange::Verdict;
use client::{PageKey, RowFilter};

use crate::values::Day;

/// Which records a list shows. What is left out does not narrow.
#[uniffi::remote(Record)]
pub struct RowFilter {
    /// Only this kind.
    #[uniffi(default)]
    pub kind: Option<Kind>,
    /// Only this owner's.
    #[uniffi(default)]
    pub owner: Option<PersonId>,
    /// Only this business day.
    #[uniffi(default)]
    pub day: Option<Day>,
    /// Only this state of review.
    #[uniffi(default)]
    pub review: Option<ReviewState>,
    /// Only leads at this stage, by its name in documents: `registered`.
    #[uniffi(default)]
    pub stage: Option<String>,
    /// Only records with conflicts.
    #[uniffi(default)]
    pub in_conflict: bool,
    /// Only records with changes that the server has not acknowledged.
    #[uniffi(default)]
    pub unsent: bool,
    /// Only records that a search finds by this text: names, places, notes, the ends of telephone numbers.
    #[uniffi(default)]
    pub text: Option<String>,
}

/// Where the next page of a list begins.
#[uniffi::remote(Record)]
pub struct PageKey {
    /// When the last record of the page before was made.
    pub captured: UnixMillis,
    /// Which one it was.
    pub id: RecordId,
}

/// A part of a list.
#[derive(uniffi::Record)]
pub struct Page {
    /// The lines, newest first.
    pub items: Vec<ListedRecord>,
    /// Where the next page begins; nothing if this was the last one.
    pub next: Option<PageKey>,
}

impl From<client::Page> for Page {
    fn from(page: client::Page) -> Self {
        Self { items: page.items.into_iter().map(Into::into).collect(), next: page.next }
    }
}

/// A record in a list, read without loading the record.
#[derive(uniffi::Record)]
pub struct ListedRecord {
    /// Which record.
    pub id: RecordId,
    /// What it is about.
    pub kind: Kind,
    /// Who owns it now.
    pub owner: PersonId,
    /// The office to which it belongs now.
    pub office: OfficeId,
    /// The team to which it belongs now.
    pub team: Option<TeamId>,
    /// The development it is about.
    pub project: Option<ProjectId>,
    /// The business day.
    pub day: Day,
    /// When it was made, by the device's wall clock.
    pub captured_at: UnixMillis,
    /// What to call it: the person, outlet or form.
    pub title: String,
    /// A second line: purpose, intent or respondent.
    pub subtitle: String,
    /// The current stage of a lead.
    pub stage: Option<Stage>,
    /// Where it stands in review.
    pub review: ReviewState,
    /// Why it came back or was refused.
    pub review_reason: Option<String>,
    /// How many fields are in conflict.
    pub conflicts: u32,
    /// How complete a lead is, 0 to 100.
    pub completeness: Option<u8>,
    /// How safe it is.
    pub status: Status,
}

impl From<client::ListedRecord> for ListedRecord {
    fn from(listed: client::ListedRecord) -> Self {
        let row = listed.row;
        Self {
            id: row.id,
            kind: row.kind,
            owner: row.owner,
            office: row.office,
            team: row.team,
            project: row.project,
            day: row.day,
            captured_at: row.captured,
            title: row.title,
            subtitle: row.subtitle,
            stage: row.stage,
            review: row.review,
            review_reason: row.review_reason,
            conflicts: row.conflicts,
            completeness: row.completeness,
            status: listed.status.into(),
        }
    }
}

/// How far a record has come. Each step is reached only by the server's own word, never by "no error".
#[uniffi::remote(Enum)]
pub enum Step {
    /// On this device only: on the disk, and safe from a power cut.
    Saved,
    /// On its way; nothing was confirmed.
    Sent,
    /// The server holds it and gave a receipt.
    Stored,
    /// It is part of the record that everybody sees.
    Published,
    /// Head quarters has decided about it.
    Reviewed,
}

/// How safe a record is.
#[derive(uniffi::Record)]
pub struct Status {
    /// How far its newest local change has come, or the record itself if nothing local is open.
    pub step: Step,
    /// Changes that wait for somebody.
    pub problems: Vec<Problem>,
}

impl From<status::Status> for Status {
    fn from(status: status::Status) -> Self {
        let problems = status.problems.into_iter().filter_map(Problem::of).collect();
        Self { step: status.step, problems }
    }
}

/// A change of this device that did not simply become part of its record.
#[derive(uniffi::Record)]
pub struct Problem {
    /// Which line of the device's journal.
    pub line: u64,
    /// What became of it.
    pub outcome: ChangeOutcome,
}

/// What became of a change.
#[derive(uniffi::Enum)]
pub enum ChangeOutcome {
    /// It waits on the server for others that it builds on; it comes through by itself.
    Waiting,
    /// It is kept as an amendment until the office or head quarters decides, for example because the record is
    /// approved.
    Held {
        /// Why, for programs.
        code: String,
    },
    /// It is kept where people at head quarters see it, and is not part of the record.
    Quarantined {
        /// Why, for programs.
        code: String,
    },
    /// It was looked at and refused; show the person what was written, to use it again.
    Refused {
        /// Why, for programs.
        code: String,
    },
}

impl Problem {
    fn of(problem: status::Problem) -> Option<Self> {
        let outcome = match problem.verdict {
            Verdict::Published => return None,
            Verdict::Need { .. } => ChangeOutcome::Waiting,
            Verdict::Held { code, .. } => ChangeOutcome::Held { code },
            Verdict::Quarantined { code, .. } => ChangeOutcome::Quarantined { code },
            Verdict::Refused { code, .. } => ChangeOutcome::Refused { code },
        };
        Some(Self { line: problem.n, outcome })
    }
}
