//! Records as an app reads them.

use client::sync_core::id::{ActorId, EntryId, OfficeId, PersonId, PhotoHash, ProjectId, RecordId, TeamId};
use client::sync_core::record::lead::LeadFacts;
use client::sync_core::record::office::OfficeFacts;
use client::sync_core::record::review::{Review, ReviewState};
use client::sync_core::record::scalar::Scalar;
use client::sync_core::record::survey::SurveyFacts;
use client::sync_core::record::view::{self, AnyView, Frame, View};
use client::sync_core::record::visit::VisitFacts;
use client::sync_core::record::{Kind, Zone, entry};
use client::sync_core::time::UnixMillis;

use crate::values::{Day, Money};

/// What a record is about.
#[uniffi::remote(Enum)]
pub enum Kind {
    /// A visit 拜访 to an outlet, partner or person.
    Visit,
    /// A filled-in survey 客户调查表.
    Survey,
    /// A registered prospect 意向客户.
    Lead,
}

macro_rules! views {
    ($($(#[$doc:meta])* $name:ident: $facts:ident;)+) => {$(
        $(#[$doc])*
        #[derive(uniffi::Record)]
        pub struct $name {
            /// Everything but the facts.
            pub record: RecordInfo,
            /// What people edit.
            pub facts: $facts,
        }

        impl From<View<$facts>> for $name {
            fn from(view: View<$facts>) -> Self {
                Self { record: view.frame.into(), facts: view.facts }
            }
        }
    )+};
}

views! {
    /// A visit as a person sees it.
    VisitView: VisitFacts;
    /// A survey as a person sees it.
    SurveyView: SurveyFacts;
    /// A lead as a person sees it.
    LeadView: LeadFacts;
}

/// A record of any kind.
#[derive(uniffi::Enum)]
pub enum AnyRecord {
    /// A visit.
    Visit {
        /// The visit.
        view: VisitView,
    },
    /// A survey.
    Survey {
        /// The survey.
        view: SurveyView,
    },
    /// A lead.
    Lead {
        /// The lead.
        view: LeadView,
    },
}

impl From<AnyView> for AnyRecord {
    fn from(view: AnyView) -> Self {
        match view {
            AnyView::Visit(view) => Self::Visit { view: (*view).into() },
            AnyView::Survey(view) => Self::Survey { view: (*view).into() },
            AnyView::Lead(view) => Self::Lead { view: (*view).into() },
        }
    }
}

/// Everything of a record but its facts.
#[derive(uniffi::Record)]
pub struct RecordInfo {
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
    /// When it was made, by the device's wall clock.
    pub captured_at: UnixMillis,
    /// The business day to which it belongs.
    pub day: Day,
    /// Where it was made.
    pub place: Option<client::sync_core::place::Place>,
    /// Name and version of the app that made it.
    pub app: String,
    /// The current stage of a lead, derived from its stages.
    pub stage: Option<entry::Stage>,
    /// Follow-ups, oldest first.
    pub follow_ups: Vec<FollowUp>,
    /// Stages, oldest first.
    pub stages: Vec<StageEntry>,
    /// Photos, oldest first.
    pub photos: Vec<PhotoEntry>,
    /// The office's part.
    pub assignment: OfficeFacts,
    /// Head quarters' part.
    pub review: Review,
    /// Fields that several people wrote without knowing of each other.
    pub conflicts: Vec<Conflict>,
    /// A newer app wrote fields that this one does not know. They are kept.
    pub has_unknown_fields: bool,
}

impl From<Frame> for RecordInfo {
    fn from(frame: Frame) -> Self {
        Self {
            id: frame.header.id,
            kind: frame.header.kind,
            owner: frame.owner(),
            office: frame.office_id(),
            team: frame.team_id(),
            project: frame.header.project,
            captured_at: frame.header.captured.wall,
            day: frame.header.day(),
            place: frame.header.place,
            app: frame.header.app,
            stage: frame.stage,
            follow_ups: frame.follow_ups.into_iter().map(Into::into).collect(),
            stages: frame.stages.into_iter().map(Into::into).collect(),
            photos: frame.photos.into_iter().map(Into::into).collect(),
            assignment: frame.office,
            review: frame.review,
            conflicts: frame.conflicts.into_iter().map(Into::into).collect(),
            has_unknown_fields: !frame.unknown.is_empty(),
        }
    }
}

/// Declares an entry of an append-only list: who added it, and what.
macro_rules! entries {
    ($($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $type:ty,)+ })+) => {$(
        $(#[$doc])*
        #[derive(uniffi::Record)]
        pub struct $name {
            /// Which entry.
            pub id: EntryId,
            /// Who added it.
            pub author: ActorId,
            /// When, by the writer's wall clock.
            pub at: UnixMillis,
            $($(#[$fdoc])* pub $field: $type,)+
        }

        impl From<entry::Signed<entry::$name>> for $name {
            fn from(signed: entry::Signed<entry::$name>) -> Self {
                let entry::$name { id, at, $($field),+ } = signed.entry;
                Self { id, author: signed.author, at, $($field),+ }
            }
        }
    )+};
}

entries! {
    /// A contact with a lead, or a remark on any record.
    FollowUp {
        /// What was said or done.
        text: String,
        /// How: `phone`, `wechat`, `visit` or another word.
        by_means_of: Option<String>,
        /// When to follow up again, as an ISO date.
        next_on: Option<String>,
    }
    /// A step of a lead, or a fact about its payment.
    StageEntry {
        /// Which stage was reached.
        stage: entry::Stage,
        /// Why: needed to go back and to lose a lead.
        reason: Option<String>,
        /// Yuan as an exact decimal, where the stage is about money.
        amount: Option<String>,
        /// Which unit, where one is chosen.
        unit: Option<String>,
    }
    /// A photo that belongs to the record. Its bytes travel on their own.
    PhotoEntry {
        /// Which photo.
        hash: PhotoHash,
        /// How many bytes.
        bytes: u64,
        /// Media type, for example `image/jpeg`.
        media_type: String,
        /// What it shows, in words.
        caption: Option<String>,
    }
}

/// A contact with a lead, or a remark on any record, to be added.
pub(crate) type FollowUpRequest = entry::FollowUpRequest;
/// A step of a lead to be added.
pub(crate) type StageRequest = entry::StageRequest;
type Stage = entry::Stage;

/// A contact with a lead, or a remark on any record, to be added.
#[uniffi::remote(Record)]
pub struct FollowUpRequest {
    /// What was said or done.
    pub text: String,
    /// How: `phone`, `wechat`, `visit` or another word.
    #[uniffi(default)]
    pub by_means_of: Option<String>,
    /// When to follow up again.
    #[uniffi(default)]
    pub next_on: Option<Day>,
}

/// A step of a lead to be added.
#[uniffi::remote(Record)]
pub struct StageRequest {
    /// Which stage was reached.
    pub stage: Stage,
    /// Why: needed to go back and to lose a lead.
    #[uniffi(default)]
    pub reason: Option<String>,
    /// Yuan, where the stage is about money.
    #[uniffi(default)]
    pub amount: Option<Money>,
    /// Which unit, where one is chosen.
    #[uniffi(default)]
    pub unit: Option<String>,
}

/// Where a record stands in review.
#[uniffi::remote(Enum)]
pub enum ReviewState {
    /// Nobody has decided yet.
    Received,
    /// Good; the record is locked, and later edits wait for the office as amendments.
    Approved,
    /// Back to the promoter for correction, with a reason.
    Returned,
    /// Not accepted, with a reason.
    Rejected,
}

/// What head quarters says about a record.
#[uniffi::remote(Record)]
pub struct Review {
    /// Where the record stands.
    pub state: ReviewState,
    /// Why it came back or was refused.
    pub reason: Option<String>,
    /// Who decided.
    pub by: Option<PersonId>,
    /// When, by the server's clock.
    pub at: Option<UnixMillis>,
}

/// A field that several people wrote without knowing of each other. It stays one until somebody writes it again.
#[derive(uniffi::Record)]
pub struct Conflict {
    /// Which part of the record.
    pub zone: Zone,
    /// Which field, as the facts name it; of a map `field/key`.
    pub field: String,
    /// The values; the shown one is last.
    pub values: Vec<ConcurrentValue>,
}

impl From<view::Conflict> for Conflict {
    fn from(conflict: view::Conflict) -> Self {
        let values = conflict.values.into_iter().map(Into::into).collect();
        Self { zone: conflict.zone, field: conflict.field, values }
    }
}

/// One of several values of a field.
#[derive(uniffi::Record)]
pub struct ConcurrentValue {
    /// The value; nothing for an object of a newer app.
    pub value: Option<Scalar>,
    /// Who wrote it.
    pub author: ActorId,
    /// When, by the writer's wall clock.
    pub at: UnixMillis,
    /// Whether this is the value that the facts show.
    pub shown: bool,
}

impl From<view::ConcurrentValue> for ConcurrentValue {
    fn from(value: view::ConcurrentValue) -> Self {
        let view::ConcurrentValue { value, author, at, change: _, shown } = value;
        Self { value, author, at, shown }
    }
}

/// A part of a record, named by who may write it.
#[uniffi::remote(Enum)]
pub enum Zone {
    /// Written once, when the record is made.
    Header,
    /// Written by the owner, the supervisor of the team and head quarters.
    Facts,
    /// Only grows.
    FollowUps,
    /// Only grows.
    Stages,
    /// Only grows.
    Photos,
    /// Written by the office.
    Office,
    /// Written by head quarters.
    Review,
}

/// One value of a field, whatever the field.
#[uniffi::remote(Enum)]
pub enum Scalar {
    /// Deliberately empty.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A fraction, of a newer app.
    Float(f64),
    /// Text: also places, days, amounts and telephone numbers in their text form.
    Text(String),
    /// Bytes, among them identifiers (sixteen bytes).
    Bytes(Vec<u8>),
    /// A moment.
    Time(UnixMillis),
}
