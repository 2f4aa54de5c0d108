//! Lists, and how safe each record is.

use client::sync_core::id::{OfficeId, PersonId, ProjectId, RecordId, TeamId};
use client::sync_core::record::Kind;
use client::sync_core::record::entry::Stage;
use client::sync_core::record::review::ReviewState;
use client::sync_core::status::{self, Step};
use client::sync_core::time::UnixMillis;
use client::sync_core::wire::exchange::Verdict;
use client::{PageKey, RowFilter};

use crate::shape::{each, mirrors, outcomes, shapes};
use crate::values::Day;

mirrors! {
    /// Which records a list shows. What is left out does not narrow.
    record RowFilter {
        kind [default]: Option<Kind> => "Only this kind.",
        owner [default]: Option<PersonId> => "Only this owner's.",
        day [default]: Option<Day> => "Only this business day.",
        review [default]: Option<ReviewState> => "Only this state of review.",
        stage [default]: Option<Stage> => "Only leads at this stage.",
        in_conflict [default]: bool => "Only records with conflicts.",
        unsent [default]: bool => "Only records with changes that the server has not acknowledged.",
        text [default]: Option<String> => "Only what a search finds: names, places, notes, the ends of telephone numbers.",
    }
    /// Where the next page of a list begins.
    record PageKey {
        captured: UnixMillis => "When the last record of the page before was made.",
        id: RecordId => "Which one it was.",
    }
    /// How far a record has come. Each step is reached only by the server's own word, never by "no error".
    choice Step {
        Saved => "On this device only: on the disk, and safe from a power cut.",
        Sent => "On its way; nothing was confirmed.",
        Stored => "The server holds it and gave a receipt.",
        Published => "It is part of the record that everybody sees.",
        Reviewed => "Head quarters has decided about it.",
    }
}

shapes! {
    /// A part of a list.
    Page of page: client::Page {
        items: Vec<ListedRecord> = each(page.items) => "The lines, newest first.",
        next: Option<PageKey> => "Where the next page begins; nothing if this was the last one.",
    }
    /// A record in a list, read without loading the record.
    ListedRecord of listed: client::ListedRecord {
        id: RecordId = listed.row.id => "Which record.",
        kind: Kind = listed.row.kind => "What it is about.",
        owner: PersonId = listed.row.owner => "Who owns it now.",
        office: OfficeId = listed.row.office => "The office to which it belongs now.",
        team: Option<TeamId> = listed.row.team => "The team to which it belongs now.",
        project: Option<ProjectId> = listed.row.project => "The development it is about.",
        day: Day = listed.row.day => "The business day.",
        captured_at: UnixMillis = listed.row.captured => "When it was made, by the device's wall clock.",
        title: String = listed.row.title => "What to call it: the person, outlet or form.",
        subtitle: String = listed.row.subtitle => "A second line: purpose, intent or respondent.",
        stage: Option<Stage> = listed.row.stage => "The current stage of a lead.",
        review: ReviewState = listed.row.review => "Where it stands in review.",
        review_reason: Option<String> = listed.row.review_reason => "Why it came back or was refused.",
        conflicts: u32 = listed.row.conflicts => "How many fields are in conflict.",
        completeness: Option<u8> = listed.row.completeness => "How complete a lead is, 0 to 100.",
        status: Status = listed.status.into() => "How safe it is.",
    }
    /// How safe a record is.
    Status of status: status::Status {
        step: Step => "How far its newest local change has come, or the record itself if nothing local is open.",
        problems: Vec<Problem> = each(status.problems) => "Changes that wait for somebody.",
    }
    /// A change of this device that did not simply become part of its record.
    Problem of problem: status::Problem {
        line: u64 = problem.n => "Which line of the device's journal.",
        outcome: ChangeOutcome = problem.verdict.into() => "What became of it.",
    }
}

outcomes! {
    /// What became of a change. Texts are codes, for programs.
    ChangeOutcome of Verdict {
        Published: Verdict::Published => "It is part of its record.",
        Waiting: Verdict::Need { .. } => "It waits on the server for others that it builds on; it comes through by itself.",
        Held{ code: String = code }: Verdict::Held { code, .. } => "It is an amendment until the office or head quarters decides.",
        Quarantined{ code: String = code }: Verdict::Quarantined { code, .. } => "It is kept where people at head quarters see it.",
        Refused{ code: String = code }: Verdict::Refused { code, .. } => "It was looked at and refused; its text is in `refusals`.",
    }
}
