//! Records: lists, one in full, verdicts and corrections.

pub(super) mod line;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Map, Value};
use sync_core::id::{ChangeHash, OfficeId, PersonId, ProjectId, RecordId, TeamId};
use sync_core::place::Place;
use sync_core::record::Kind;
use sync_core::record::review::ReviewState;
use utoipa::{IntoParams, ToSchema};

use super::cursor;
use super::extract::{Id, Json, Parameters};
use super::file::attachment;
use super::identity::{Origin, SignedIn};
use super::names;
use crate::error::{ServiceError, codes};
use crate::export::words::Language;
use crate::flag::{Flag, FlagError};
use crate::service::export::Form;
use crate::service::records::{self, USUAL_PAGE};
use crate::service::review::Decision;
use crate::service::trail::{self, Act};
use crate::service::{edit, export, review, surveys};
use crate::state::App;
use crate::store::RecordFilter;
use crate::survey::FormFigures;

use line::{DetailBody, PageBody};

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
    /// Where they stand in review.
    #[param(schema_with = names::review, required = false)]
    state: Option<ReviewState>,
    /// The current stage of leads, for example `arrived`.
    stage: Option<String>,
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
    fn filter(&self) -> Result<RecordFilter, ServiceError> {
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
            review: self.state,
            stage: self.stage.clone(),
            flags: flags.map_err(malformed)?,
            in_conflict: self.conflict,
            text: self.text.clone(),
        })
    }
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
    let after = wanted.after.as_deref().map(cursor::read).transpose()?;
    let limit = wanted.limit.unwrap_or(USUAL_PAGE);
    let page = records::list(&app, &who, wanted.filter()?, after, limit).await?;
    Ok(Json(page.into()))
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
    let after = wanted.after.as_deref().map(cursor::read).transpose()?;
    let limit = wanted.limit.unwrap_or(USUAL_PAGE);
    let places = records::places(&app, &who, wanted.filter()?, after, limit).await?;
    Ok(Json(places.into_iter().map(|(record, place)| PlaceBody { record, place }).collect()))
}

/// What surveys came to.
#[derive(serde::Serialize, ToSchema)]
pub(crate) struct SurveysBody {
    /// How many surveys the conditions find.
    found: u64,
    /// Only so many of them, the newest, were read.
    read: u64,
    forms: Vec<FormFigures>,
}

/// How often each question of each form was answered how, in the newest surveys of a list. `kind`, `limit` and `after` count
/// for nothing.
#[utoipa::path(
    get, operation_id = "survey_figures", path = "/api/v1/surveys/figures", tag = "records", params(Wanted),
    responses((status = 200, body = SurveysBody)), security(("session" = []))
)]
pub(crate) async fn survey_figures(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Json<SurveysBody>, ServiceError> {
    let surveys::Figures { found, read, forms } = surveys::figures(&app, &who, wanted.filter()?).await?;
    Ok(Json(SurveysBody { found, read, forms }))
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

/// In which form.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FileWanted {
    /// `csv` or `xlsx`.
    form: String,
    /// The language of headings and words: `zh` or `en`; `zh` if left out.
    language: Option<String>,
}

/// All records of a list as a file, newest first. It is sent while it is read, so its length is not known beforehand; a
/// connection that breaks off means that the file is not whole.
#[utoipa::path(
    get, path = "/api/v1/records/export", tag = "records", params(Wanted, FileWanted),
    responses((status = 200, content_type = "text/csv", body = String)), security(("session" = []))
)]
pub(crate) async fn export(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Origin(origin): Origin,
    Parameters(wanted): Parameters<Wanted>,
    Parameters(file): Parameters<FileWanted>,
    uri: Uri,
) -> Result<Response, ServiceError> {
    let malformed = |what: &str| ServiceError::from(codes::MALFORMED_REQUEST).detail(what.to_owned());
    let (form, ending, media_type) = match file.form.as_str() {
        "csv" => (Form::Csv, "csv", "text/csv; charset=utf-8"),
        "xlsx" => (Form::Xlsx, "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        _ => return Err(malformed("form: csv or xlsx")),
    };
    let language = file.language.as_deref().map_or(Ok(Language::default()), str::parse);
    let language = language.map_err(|()| malformed("language: zh or en"))?;
    let filter = wanted.filter()?;
    let act = Act {
        person: Some(who.id),
        origin,
        act: "GET /api/v1/records/export".to_owned(),
        subject: uri.path().to_owned(),
        detail: Value::String(uri.query().unwrap_or_default().to_owned()),
    };
    trail::note(&app, who.organisation, act).await?;
    let bytes = export::export(&app, &who, filter, form, language).await?;
    let day = app.clock.now().day(0);
    Ok(attachment(&format!("daybook-{day}.{ending}"), media_type, bytes))
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
    let Verdict { state, reason, seen } = verdict;
    let detail = review::decide(&app, &who, id, Decision { state, reason, seen }).await?;
    Ok(Json(detail.into()))
}

/// Corrects facts of a record: an object with the fields to write, `null` to empty one.
#[utoipa::path(
    patch, path = "/api/v1/records/{id}/facts", tag = "records", params(("id" = Uuid, Path)),
    request_body = Object, responses((status = 200, body = DetailBody)), security(("session" = []))
)]
pub(crate) async fn edit(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(id): Id<RecordId>,
    Json(edits): Json<Map<String, Value>>,
) -> Result<Json<DetailBody>, ServiceError> {
    let detail = edit::edit_facts(&app, &who, id, &edits).await?;
    Ok(Json(detail.into()))
}
