//! Records as an app reads them.

use client::sync_core::id::{ActorId, EntryId, OfficeId, PersonId, PhotoHash, ProjectId, RecordId, TeamId};
use client::sync_core::place::Place;
use client::sync_core::record::entry::{self, Signed, Stage};
pub(crate) use client::sync_core::record::entry::{FollowUpRequest, StageRequest};
use client::sync_core::record::lead::LeadFacts;
use client::sync_core::record::office::OfficeFacts;
use client::sync_core::record::review::{Review, ReviewState};
use client::sync_core::record::scalar::Scalar;
use client::sync_core::record::survey::SurveyFacts;
use client::sync_core::record::view::{self, AnyView, Frame, View};
use client::sync_core::record::visit::VisitFacts;
use client::sync_core::record::{Kind, Zone};
use client::sync_core::time::UnixMillis;

use crate::shape::{each, mirrors, outcomes, shapes};
use crate::values::{Day, Money};

shapes! {
    /// A visit as a person sees it.
    VisitView of view: View<VisitFacts> {
        record: RecordInfo = view.frame.into() => "Everything but the facts.",
        facts: VisitFacts => "What people edit.",
    }
    /// A survey as a person sees it.
    SurveyView of view: View<SurveyFacts> {
        record: RecordInfo = view.frame.into() => "Everything but the facts.",
        facts: SurveyFacts => "What people edit.",
    }
    /// A lead as a person sees it.
    LeadView of view: View<LeadFacts> {
        record: RecordInfo = view.frame.into() => "Everything but the facts.",
        facts: LeadFacts => "What people edit.",
    }
    /// Everything of a record but its facts.
    RecordInfo of frame: Frame {
        id: RecordId = frame.header.id => "Which record.",
        kind: Kind = frame.header.kind => "What it is about.",
        owner: PersonId = frame.owner() => "Who owns it now.",
        office: OfficeId = frame.office_id() => "The office to which it belongs now.",
        team: Option<TeamId> = frame.team_id() => "The team to which it belongs now.",
        project: Option<ProjectId> = frame.header.project => "The development it is about.",
        captured_at: UnixMillis = frame.header.captured.wall => "When it was made, by the device's wall clock.",
        day: Day = frame.header.day() => "The business day to which it belongs.",
        place: Option<Place> = frame.header.place => "Where it was made.",
        app: String = frame.header.app => "Name and version of the app that made it.",
        stage: Option<Stage> => "The current stage of a lead, derived from its stages.",
        follow_ups: Vec<FollowUp> = each(frame.follow_ups) => "Follow-ups, oldest first.",
        stages: Vec<StageEntry> = each(frame.stages) => "Stages, oldest first.",
        photos: Vec<PhotoEntry> = each(frame.photos) => "Photos, oldest first.",
        assignment: OfficeFacts = frame.office => "The office's part.",
        review: Review => "Head quarters' part.",
        conflicts: Vec<Conflict> = each(frame.conflicts) => "Fields that several people wrote unknowingly.",
        has_unknown_fields: bool = !frame.unknown.is_empty() => "A newer app wrote fields unknown to this one. They are kept.",
    }
    /// A contact with a lead, or a remark on any record.
    FollowUp of signed: Signed<entry::FollowUp> {
        id: EntryId = signed.entry.id => "Which entry.",
        author: ActorId => "Who added it.",
        at: UnixMillis = signed.entry.at => "When, by the writer's wall clock.",
        text: String = signed.entry.text => "What was said or done.",
        by_means_of: Option<String> = signed.entry.by_means_of => "How: `phone`, `wechat`, `visit` or another word.",
        next_on: Option<Day> = signed.entry.next_on.and_then(|day| day.parse().ok()) => "When to follow up again.",
    }
    /// A step of a lead, or a fact about its payment.
    StageEntry of signed: Signed<entry::StageEntry> {
        id: EntryId = signed.entry.id => "Which entry.",
        author: ActorId => "Who added it.",
        at: UnixMillis = signed.entry.at => "When, by the writer's wall clock.",
        stage: Stage = signed.entry.stage => "Which stage was reached.",
        reason: Option<String> = signed.entry.reason => "Why: needed to go back and to lose a lead.",
        amount: Option<Money> = signed.entry.amount.and_then(|yuan| yuan.parse().ok()) => "Yuan, where the stage is about money.",
        unit: Option<String> = signed.entry.unit => "Which unit, where one is chosen.",
    }
    /// A photo that belongs to the record. Its bytes travel on their own.
    PhotoEntry of signed: Signed<entry::PhotoEntry> {
        id: EntryId = signed.entry.id => "Which entry.",
        author: ActorId => "Who added it.",
        at: UnixMillis = signed.entry.at => "When, by the writer's wall clock.",
        hash: PhotoHash = signed.entry.hash => "Which photo.",
        bytes: u64 = signed.entry.bytes => "How many bytes.",
        media_type: String = signed.entry.media_type => "Media type, for example `image/jpeg`.",
        caption: Option<String> = signed.entry.caption => "What it shows, in words.",
    }
    /// A field that several people wrote without knowing of each other. It stays one until somebody writes it again.
    Conflict of conflict: view::Conflict {
        zone: Zone => "Which part of the record.",
        field: String => "Which field, as the facts name it; of a map `field/key`.",
        values: Vec<ConcurrentValue> = each(conflict.values) => "The values; the shown one is last.",
    }
    /// One of several values of a field.
    ConcurrentValue of value: view::ConcurrentValue {
        value: Option<Scalar> => "The value; nothing for an object of a newer app.",
        author: ActorId => "Who wrote it.",
        at: UnixMillis => "When, by the writer's wall clock.",
        shown: bool => "Whether this is the value that the facts show.",
    }
}

outcomes! {
    /// A record of any kind.
    AnyRecord of AnyView {
        Visit{ view: VisitView = (*view).into() }: AnyView::Visit(view) => "A visit.",
        Survey{ view: SurveyView = (*view).into() }: AnyView::Survey(view) => "A survey.",
        Lead{ view: LeadView = (*view).into() }: AnyView::Lead(view) => "A lead.",
    }
}

mirrors! {
    /// What a record is about.
    choice Kind {
        Visit => "A visit 拜访 to an outlet, partner or person.",
        Survey => "A filled-in survey 客户调查表.",
        Lead => "A registered prospect 意向客户.",
    }
    /// A contact with a lead, or a remark on any record, to be added.
    record FollowUpRequest {
        text: String => "What was said or done.",
        by_means_of [default]: Option<String> => "How: `phone`, `wechat`, `visit` or another word.",
        next_on [default]: Option<Day> => "When to follow up again.",
    }
    /// A step of a lead to be added.
    record StageRequest {
        stage: Stage => "Which stage was reached.",
        reason [default]: Option<String> => "Why: needed to go back and to lose a lead.",
        amount [default]: Option<Money> => "Yuan, where the stage is about money.",
        unit [default]: Option<String> => "Which unit, where one is chosen.",
    }
    /// Where a record stands in review.
    choice ReviewState {
        Received => "Nobody has decided yet.",
        Approved => "Good; the record is locked, and later edits wait for the office as amendments.",
        Returned => "Back to the promoter for correction, with a reason.",
        Rejected => "Not accepted, with a reason.",
    }
    /// What head quarters says about a record.
    record Review {
        state: ReviewState => "Where the record stands.",
        reason: Option<String> => "Why it came back or was refused.",
        by: Option<PersonId> => "Who decided.",
        at: Option<UnixMillis> => "When, by the server's clock.",
    }
    /// A part of a record, named by who may write it.
    choice Zone {
        Header => "Written once, when the record is made.",
        Facts => "Written by the owner, the supervisor of the team and head quarters.",
        FollowUps => "Only grows.",
        Stages => "Only grows.",
        Photos => "Only grows.",
        Office => "Written by the office.",
        Review => "Written by head quarters.",
    }
    /// One value of a field, whatever the field.
    choice Scalar {
        Null => "Deliberately empty.",
        Bool(bool) => "True or false.",
        Int(i64) => "A whole number.",
        Float(f64) => "A fraction, of a newer app.",
        Text(String) => "Text: also places, days, amounts and telephone numbers in their text form.",
        Bytes(Vec<u8>) => "Bytes, among them identifiers (sixteen bytes).",
        Time(UnixMillis) => "A moment.",
    }
}
