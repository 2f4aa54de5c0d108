//! Records as the API shows them.

use jiff::civil::Date;
use serde::Serialize;
use sync_core::id::{ActorId, ChangeHash};
use sync_core::record::Kind;
use sync_core::record::review::ReviewState;
use sync_core::record::view::AnyView;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::{cursor, names};
use super::shape::{FlagBody, HistoryBody, RecordBody};
use crate::flag::Flag;
use crate::service::detail::{FlagLine, HistoryLine, PhotoLine, PhotoStanding};
use crate::service::records::{Page, RecordDetail};
use crate::store::RecordLine;

/// A record in a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct LineBody {
    id: Uuid,
    #[schema(schema_with = names::kind)]
    kind: Kind,
    /// The promoter who owns it now.
    owner: Uuid,
    office: Uuid,
    team: Option<Uuid>,
    project: Option<Uuid>,
    /// The business day.
    #[schema(value_type = String, format = Date)]
    day: Date,
    /// When it was made, by the phone's clock; milliseconds since 1970.
    captured: i64,
    /// What to call it: the person, outlet or form.
    title: String,
    subtitle: String,
    /// The current stage of a lead.
    stage: Option<String>,
    #[schema(schema_with = names::review)]
    review: ReviewState,
    review_reason: Option<String>,
    /// How many fields have concurrent values.
    conflicts: u32,
    /// How complete a lead is, 0 to 100.
    completeness: Option<u8>,
    #[schema(value_type = Vec<String>)]
    flags: Vec<&'static str>,
    /// How many changes it consists of.
    changes: u32,
    /// The newest changes, to be sent as `seen` with a verdict.
    #[schema(value_type = Vec<String>)]
    heads: Vec<ChangeHash>,
    /// When it last changed, by the server's clock.
    updated_at: i64,
}

impl From<RecordLine> for LineBody {
    fn from(line: RecordLine) -> Self {
        let stage = line.row.stage_text();
        let row = line.row;
        Self {
            id: row.id.0,
            kind: row.kind,
            owner: row.owner.0,
            office: row.office.0,
            team: row.team.map(|team| team.0),
            project: row.project.map(|project| project.0),
            day: row.day,
            captured: row.captured.0,
            title: row.title,
            subtitle: row.subtitle,
            stage,
            review: row.review,
            review_reason: row.review_reason,
            conflicts: row.conflicts,
            completeness: row.completeness,
            flags: Flag::of(line.flags).map(Flag::as_str).collect(),
            changes: line.changes,
            heads: line.heads,
            updated_at: line.updated_at.0,
        }
    }
}

/// A page of records.
#[derive(Serialize, ToSchema)]
pub(crate) struct PageBody {
    items: Vec<LineBody>,
    /// To be sent as `after`; missing at the end.
    next: Option<String>,
}

impl From<Page> for PageBody {
    fn from(page: Page) -> Self {
        Self { items: page.items.into_iter().map(LineBody::from).collect(), next: page.next.map(cursor::write) }
    }
}

/// A record in full.
#[derive(Serialize, ToSchema)]
pub(crate) struct DetailBody {
    line: LineBody,
    /// The merged record.
    #[schema(value_type = RecordBody)]
    record: AnyView,
    /// Who the authors in `record` are.
    people: Vec<AuthorBody>,
    /// What every change did to every field, in the order in which the changes were published.
    #[schema(value_type = Vec<HistoryBody>)]
    history: Vec<HistoryLine>,
    /// What became of the photos that it names, in the order of `record.photos`.
    #[schema(value_type = Vec<PhotoBody>)]
    photos: Vec<PhotoLine>,
    /// Its flags as they are now, with what speaks for each; one may stand here several times. In `line.flags` stands what
    /// was found when something was last published about it.
    #[schema(value_type = Vec<FlagBody>)]
    flags: Vec<FlagLine>,
}

/// What became of a photo. For the document only: the service's own line is sent.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a type that knows nothing of OpenAPI")]
struct PhotoBody {
    #[schema(schema_with = names::hash)]
    hash: String,
    state: PhotoStanding,
    /// What it is, by its bytes.
    media_type: Option<String>,
    /// How many bytes are stored.
    bytes: Option<u64>,
}

/// Who wrote under an actor.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuthorBody {
    #[schema(value_type = String)]
    actor: ActorId,
    person: Uuid,
    name: String,
}

impl From<RecordDetail> for DetailBody {
    fn from(detail: RecordDetail) -> Self {
        let people = detail.authors.into_iter();
        Self {
            line: detail.line.into(),
            record: detail.view,
            people: people
                .map(|author| AuthorBody { actor: author.actor, person: author.person.0, name: author.name })
                .collect(),
            history: detail.history,
            photos: detail.photos,
            flags: detail.flags,
        }
    }
}
