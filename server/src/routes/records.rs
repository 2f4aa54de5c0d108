//! Records: lists, one in full, verdicts and corrections.

pub(super) mod line;
pub(super) mod shape;

use axum::extract::State;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Map, Value};
use sync_core::id::{ChangeHash, OfficeId, PersonId, PhotoHash, ProjectId, RecordId, TeamId};
use sync_core::place::Place;
use sync_core::record::Kind;
use sync_core::record::review::ReviewState;
use utoipa::{IntoParams, ToSchema};

use super::cursor;
use super::extract::{Id, Json, Parameters};
use super::identity::SignedIn;
use super::names;
use crate::error::{ServiceError, codes};
use crate::flag::{Flag, FlagError};
use crate::service::edit::Correction;
use crate::service::records::{self, LONGEST_PAGE, PageKey, USUAL_PAGE};
use crate::service::review::Decision;
use crate::service::{edit, review};
use crate::state::App;
use crate::store::{AtStage, ReceivedBy, RecordFilter};

use line::{DetailBody, LineBody, PageBody};

/// Which records to list. All conditions have to hold.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Visits, surveys or leads.
    #[param(schema_with = names::kind, required = false)]
    kind: Option<Kind>,
    /// The office to which they belong now.
    #[param(value_type = Option<Uuid>)]
    office: Option<OfficeId>,
    /// The team to which they belong now.
    #[param(value_type = Option<Uuid>)]
    team: Option<TeamId>,
    /// The promoter who owns them now.
    #[param(value_type = Option<Uuid>)]
    promoter: Option<PersonId>,
    /// Who made them, whoever owns them now; boards of days count by this.
    #[param(value_type = Option<Uuid>)]
    made_by: Option<PersonId>,
    /// The office for which they were made.
    #[param(value_type = Option<Uuid>)]
    made_in: Option<OfficeId>,
    /// The development that they are about.
    #[param(value_type = Option<Uuid>)]
    project: Option<ProjectId>,
    /// The business day.
    #[param(value_type = Option<String>, format = Date)]
    day: Option<Date>,
    /// The first business day.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// The last business day.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<Date>,
    /// Where they stand in review.
    #[param(schema_with = names::review, required = false)]
    state: Option<ReviewState>,
    /// The current stage of leads, for example `arrived`; `none` for leads without one.
    stage: Option<String>,
    /// The consultant who received the customers of leads; empty for customers who arrived and whom nobody received.
    received_by: Option<String>,
    /// The number of the statement of their day that counts them: 0 for the statement itself, then its supplements.
    sealed_in: Option<u32>,
    /// Only those that no statement counts.
    unsealed: Option<bool>,
    /// The name of a photo that they name.
    #[param(schema_with = names::hash, required = false)]
    photo: Option<PhotoHash>,
    /// Only those that an older version of the server left, and whose words no search finds yet.
    unsearchable: Option<bool>,
    /// A flag that they carry, or `any`.
    #[param(schema_with = names::flag_or_any, required = false)]
    flag: Option<String>,
    /// Whether they have fields with concurrent values.
    conflict: Option<bool>,
    /// Words, names, or the end of a phone number.
    text: Option<String>,
    /// At most so many, 1 to 200; 50 if left out.
    limit: Option<u32>,
    /// The `next` of the page before.
    after: Option<String>,
}

impl Wanted {
    /// Where the page begins, and how long it is.
    fn part(&self) -> Result<(Option<PageKey>, u32), ServiceError> {
        Ok((self.after.as_deref().map(cursor::read).transpose()?, self.limit()))
    }

    pub(super) fn limit(&self) -> u32 {
        self.limit.unwrap_or(USUAL_PAGE)
    }

    pub(super) fn filter(&self) -> Result<RecordFilter, ServiceError> {
        let set = |name: &str| if name == "any" { Ok(Flag::any()) } else { name.parse().map(Flag::bit) };
        let flags = self.flag.as_deref().map(set).transpose();
        let malformed =
            |error: FlagError| ServiceError::from(codes::MALFORMED_REQUEST).detail(format!("flag: {error}"));
        Ok(RecordFilter {
            kind: self.kind,
            office: self.office,
            team: self.team,
            owner: self.promoter,
            made_by: self.made_by,
            made_in: self.made_in,
            project: self.project,
            day: self.day.map(|day| day.to_string()),
            from: self.from,
            to: self.to,
            review: self.state,
            stage: self.stage.as_deref().map(at_stage),
            received: self.received_by.as_deref().map(received),
            sealed: self.sealed_in,
            unsealed: self.unsealed.unwrap_or_default(),
            photo: self.photo,
            unsearchable: self.unsearchable.unwrap_or_default(),
            flags: flags.map_err(malformed)?,
            in_conflict: self.conflict,
            text: self.text.clone(),
        })
    }
}

fn at_stage(name: &str) -> AtStage {
    if name == "none" { AtStage::None } else { AtStage::At(name.to_owned()) }
}

fn received(by: &str) -> ReceivedBy {
    if by.is_empty() { ReceivedBy::Nobody } else { ReceivedBy::Consultant(by.to_owned()) }
}

/// The records in one's territory, newest first.
#[utoipa::path(
    get, operation_id = "list_records", path = "/api/v1/records", tag = "records", params(Wanted),
    responses((status = 200, body = PageBody)), security(("session" = []))
)]
pub(crate) async fn list(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Json<PageBody>, ServiceError> {
    let (after, limit) = wanted.part()?;
    let page = records::list(&app, &who, wanted.filter()?, after, limit).await?;
    Ok(Json(page.into()))
}

/// Which records.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Named {
    /// Their identifiers, separated by commas; at most 200.
    ids: String,
}

/// The lines of these records, in this order. What is not in one's territory is left out.
#[utoipa::path(
    get, operation_id = "list_lines", path = "/api/v1/records/lines", tag = "records", params(Named),
    responses((status = 200, body = Vec<LineBody>)), security(("session" = []))
)]
pub(crate) async fn lines(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Parameters(Named { ids }): Parameters<Named>,
) -> Result<Json<Vec<LineBody>>, ServiceError> {
    let malformed = |what: &str| ServiceError::from(codes::MALFORMED_REQUEST).detail(format!("ids: {what}"));
    let ids: Result<Vec<RecordId>, _> = ids.split(',').filter(|id| !id.is_empty()).map(str::parse).collect();
    let ids = ids.map_err(|_| malformed("not identifiers"))?;
    if ids.len() > LONGEST_PAGE as usize {
        return Err(malformed("too many"));
    }
    let lines = records::lines(&app, &who, &ids).await?;
    Ok(Json(lines.into_iter().map(LineBody::from).collect()))
}

/// Where a record was made.
#[derive(serde::Serialize, ToSchema)]
pub(crate) struct PlaceBody {
    #[schema(value_type = Uuid)]
    record: RecordId,
    /// As in the record: `geo:30.65712,104.06588;crs=gcj02;u=12`, or `nofix:timeout`.
    #[schema(value_type = String)]
    place: Place,
}

/// Where the records of a page of the list were made, those left out that do not say.
#[utoipa::path(
    get, operation_id = "list_places", path = "/api/v1/records/places", tag = "records", params(Wanted),
    responses((status = 200, body = Vec<PlaceBody>)), security(("session" = []))
)]
pub(crate) async fn places(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Json<Vec<PlaceBody>>, ServiceError> {
    let (after, limit) = wanted.part()?;
    let places = records::places(&app, &who, wanted.filter()?, after, limit).await?;
    Ok(Json(places.into_iter().map(|(record, place)| PlaceBody { record, place }).collect()))
}

/// How many records there are.
#[derive(serde::Serialize, ToSchema)]
pub(crate) struct Counted {
    count: u64,
}

/// How many records of one's territory a list would have, over all its pages. `limit` and `after` count for nothing.
#[utoipa::path(
    get, path = "/api/v1/records/count", tag = "records", params(Wanted),
    responses((status = 200, body = Counted)), security(("session" = []))
)]
pub(crate) async fn count(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Json<Counted>, ServiceError> {
    let count = records::count(&app, &who, &wanted.filter()?).await?;
    Ok(Json(Counted { count }))
}

/// One record with merged values, concurrent values side by side, and the history of every field.
#[utoipa::path(
    get, path = "/api/v1/records/{id}", tag = "records", params(("id" = Uuid, Path)),
    responses((status = 200, body = DetailBody)), security(("session" = []))
)]
pub(crate) async fn detail(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(id): Id<RecordId>,
) -> Result<Json<DetailBody>, ServiceError> {
    records::detail(&app, &who, id).await.map(|detail| Json(detail.into()))
}

/// What head quarters decides about a record.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Verdict {
    #[schema(schema_with = names::review)]
    state: ReviewState,
    /// Why; needed for `returned` and `rejected`.
    reason: Option<String>,
    /// The `heads` of the record that was looked at; if it changed since, nothing is decided.
    #[schema(value_type = Option<Vec<String>>)]
    seen: Option<Vec<ChangeHash>>,
    /// Decides only if the record is undecided, without flags and without concurrent values.
    #[serde(default)]
    only_clean: bool,
}

/// Decides about a record; the verdict travels back to the phone.
#[utoipa::path(
    post, path = "/api/v1/records/{id}/review", tag = "records", params(("id" = Uuid, Path)), request_body = Verdict,
    responses((status = 200, body = DetailBody)), security(("session" = []))
)]
pub(crate) async fn decide(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(id): Id<RecordId>,
    Json(verdict): Json<Verdict>,
) -> Result<Json<DetailBody>, ServiceError> {
    let Verdict { state, reason, seen, only_clean } = verdict;
    let detail = review::decide(&app, &who, id, Decision { state, reason, seen, only_clean }).await?;
    Ok(Json(detail.into()))
}

/// What head quarters corrects about a record.
#[derive(Deserialize, ToSchema)]
pub(crate) struct CorrectionBody {
    /// The fields to write, `null` to empty one.
    #[schema(value_type = HashMap<String, Value>)]
    facts: Map<String, Value>,
    /// The `heads` of the record that was looked at; if it changed since, nothing is written.
    #[schema(value_type = Option<Vec<String>>)]
    seen: Option<Vec<ChangeHash>>,
}

/// Corrects facts of a record; writing a field with concurrent values settles it.
#[utoipa::path(
    patch, path = "/api/v1/records/{id}/facts", tag = "records", params(("id" = Uuid, Path)),
    request_body = CorrectionBody, responses((status = 200, body = DetailBody)), security(("session" = []))
)]
pub(crate) async fn edit(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(id): Id<RecordId>,
    Json(CorrectionBody { facts, seen }): Json<CorrectionBody>,
) -> Result<Json<DetailBody>, ServiceError> {
    let detail = edit::edit_facts(&app, &who, id, &Correction { facts, seen }).await?;
    Ok(Json(detail.into()))
}
