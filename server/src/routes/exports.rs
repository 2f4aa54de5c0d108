//! Lists as files: each with the filters of its page, in one's territory, and written down in the audit trail.

use std::collections::BTreeMap;

use axum::extract::FromRequestParts;
use axum::http::Uri;
use axum::http::request::Parts;
use axum::response::Response;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;
use sync_core::id::{DeviceId, OfficeId, PersonId, TeamId};
use sync_core::time::UnixMillis;
use sync_core::wire::enrol::Role;
use utoipa::openapi::{Content, Header, RefOr, Response as OpenApiResponse, ResponseBuilder};
use utoipa::{IntoParams, IntoResponses, PartialSchema as _};

use super::days::{CountedQuery, DayQuery, LateQuery};
use super::extract::{Id, Parameters};
use super::file::{attachment, with_rows};
use super::identity::{SignedIn, origin_of};
use super::leads::LeadsWanted;
use super::surveys::FigureWanted;
use super::{names, quarantine, records, trail as trails};
use crate::error::{ServiceError, codes};
use crate::export::Table;
use crate::export::words::Language;
use crate::service::export::{self, DeviceFilter, DeviceStanding, Form, PersonFilter};
use crate::service::trail::{self, Act};
use crate::state::App;
use crate::store::trail::TrailQuery;
use crate::store::{Person, RecordFilter};

/// In which form.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FileWanted {
    /// `csv` or `xlsx`.
    form: String,
    /// The language of headings and words: `zh` or `en`; `zh` if left out.
    language: Option<String>,
    /// Whether a spreadsheet, which can be sent only when it is whole, comes behind lines that say meanwhile how many
    /// rows are written so far: a number in each, and an empty line before the file.
    progress: Option<bool>,
}

impl FileWanted {
    fn read(&self) -> Result<(Form, Language), ServiceError> {
        let malformed = |what: &str| ServiceError::from(codes::MALFORMED_REQUEST).detail(what.to_owned());
        let form = match self.form.as_str() {
            "csv" => Form::Csv,
            "xlsx" if self.progress == Some(true) => Form::CountedXlsx,
            "xlsx" => Form::Xlsx,
            _ => return Err(malformed("form: csv or xlsx")),
        };
        let language = self.language.as_deref().map_or(Ok(Language::default()), str::parse);
        Ok((form, language.map_err(|()| malformed("language: zh or en"))?))
    }
}

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const COUNTED_XLSX: &str = "application/octet-stream";

/// A list as a file, in the OpenAPI document.
struct ListFile;

impl IntoResponses for ListFile {
    fn responses() -> BTreeMap<String, RefOr<OpenApiResponse>> {
        let text = || Content::new(Some(String::schema()));
        let bytes = || Content::new(Some(Vec::<u8>::schema()));
        let mut rows = Header::new(u64::schema());
        rows.description = Some("How many rows follow the heading, where that is known beforehand.".to_owned());
        let file = ResponseBuilder::new()
            .description("A table; a spreadsheet behind lines that tell its progress is the third.")
            .content("text/csv", text())
            .content(XLSX, bytes())
            .content(COUNTED_XLSX, bytes())
            .header("daybook-rows", rows);
        BTreeMap::from([("200".to_owned(), file.build().into())])
    }
}

/// Who takes a list away, how, and by which address: what the audit trail says of it.
pub(crate) struct Taking {
    app: App,
    who: Person,
    origin: String,
    uri: Uri,
    form: Form,
    language: Language,
}

impl FromRequestParts<App> for Taking {
    type Rejection = ServiceError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ServiceError> {
        let SignedIn(who) = SignedIn::from_request_parts(parts, app).await?;
        let Parameters(file) = Parameters::<FileWanted>::from_request_parts(parts, app).await?;
        let (form, language) = file.read()?;
        Ok(Self { app: app.clone(), who, origin: origin_of(app, parts), uri: parts.uri.clone(), form, language })
    }
}

impl Taking {
    /// The file, once it is written down that it was taken. `operation` is its path in the OpenAPI document.
    async fn take(self, name: &str, operation: &str, table: Table) -> Result<Response, ServiceError> {
        let Self { app, who, origin, uri, form, language } = self;
        let length = table.length;
        let bytes = export::file(table, form, language)?;
        let act = Act {
            person: Some(who.id),
            origin,
            act: format!("GET {operation}"),
            subject: uri.path().to_owned(),
            detail: Value::String(uri.query().unwrap_or_default().to_owned()),
        };
        trail::note(&app, who.organisation, act).await?;
        let (ending, media_type) = match form {
            Form::Csv => ("csv", "text/csv; charset=utf-8"),
            Form::Xlsx => ("xlsx", XLSX),
            // Whoever saves it as it comes has no spreadsheet.
            Form::CountedXlsx => ("xlsx-counted", COUNTED_XLSX),
        };
        let day = app.clock.now().day(0);
        Ok(with_rows(attachment(&format!("{name}-{day}.{ending}"), media_type, bytes), length))
    }
}

/// All records of a list as a file, newest first. It is sent while it is read, so its size is not known beforehand;
/// `daybook-rows` says how many rows follow the heading. A connection that breaks off means that the file is not whole.
#[utoipa::path(
    get, operation_id = "export_records", path = "/api/v1/records/export", tag = "exports",
    params(records::Wanted, FileWanted),
    responses(ListFile), security(("session" = []))
)]
pub(crate) async fn records(
    taking: Taking,
    Parameters(wanted): Parameters<records::Wanted>,
) -> Result<Response, ServiceError> {
    let table = export::records(&taking.app, &taking.who, wanted.filter()?, taking.language).await?;
    taking.take("daybook", "/api/v1/records/export", table).await
}

/// Leads that may be about the same customer as a file: a row for each lead.
#[utoipa::path(
    get, operation_id = "export_cases", path = "/api/v1/leads/cases/export", tag = "exports",
    params(LeadsWanted, FileWanted),
    responses(ListFile), security(("session" = []))
)]
pub(crate) async fn cases(
    taking: Taking,
    Parameters(LeadsWanted { office, project }): Parameters<LeadsWanted>,
) -> Result<Response, ServiceError> {
    let filter = RecordFilter { office, project, ..RecordFilter::default() };
    let table = export::cases(&taking.app, &taking.who, filter, taking.language).await?;
    taking.take("daybook-cases", "/api/v1/leads/cases/export", table).await
}

/// What the newest surveys of a list came to as a file: a row for each of the most frequent answers to each question.
#[utoipa::path(
    get, operation_id = "export_answers", path = "/api/v1/surveys/figures/export", tag = "exports",
    params(records::Wanted, FileWanted),
    responses(ListFile), security(("session" = []))
)]
pub(crate) async fn answers(
    taking: Taking,
    Parameters(wanted): Parameters<records::Wanted>,
) -> Result<Response, ServiceError> {
    let table = export::answers(&taking.app, &taking.who, wanted.filter()?, taking.language).await?;
    taking.take("daybook-answers", "/api/v1/surveys/figures/export", table).await
}

/// The surveys behind one of the figures of a list as a file, newest first.
#[utoipa::path(
    get, operation_id = "export_survey_figure", path = "/api/v1/surveys/figures/records/export", tag = "exports",
    params(records::Wanted, FigureWanted, FileWanted),
    responses(ListFile), security(("session" = []))
)]
pub(crate) async fn surveys(
    taking: Taking,
    Parameters(wanted): Parameters<records::Wanted>,
    Parameters(figure): Parameters<FigureWanted>,
) -> Result<Response, ServiceError> {
    let (filter, figure) = (wanted.filter()?, figure.read()?);
    let table = export::counted_surveys(&taking.app, &taking.who, filter, figure, taking.language).await?;
    taking.take("daybook-surveys", "/api/v1/surveys/figures/records/export", table).await
}

/// Which people.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PeopleWanted {
    /// Only of this office.
    #[param(value_type = Option<Uuid>)]
    office: Option<OfficeId>,
    /// Only of this team.
    #[param(value_type = Option<Uuid>)]
    team: Option<TeamId>,
    /// Only with this role.
    #[param(schema_with = names::role, required = false)]
    role: Option<Role>,
    /// Only with this in their name.
    text: Option<String>,
    /// Also those whose work here has ended.
    everybody: Option<bool>,
}

/// The people whose records one sees as a file, by name.
#[utoipa::path(
    get, operation_id = "export_people", path = "/api/v1/people/export", tag = "exports",
    params(PeopleWanted, FileWanted),
    responses(ListFile), security(("session" = []))
)]
pub(crate) async fn people(
    taking: Taking,
    Parameters(wanted): Parameters<PeopleWanted>,
) -> Result<Response, ServiceError> {
    let PeopleWanted { office, team, role, text, everybody } = wanted;
    let filter = PersonFilter { office, team, role, text, everybody: everybody.unwrap_or_default() };
    let table = export::people(&taking.app, &taking.who, &filter, taking.language).await?;
    taking.take("daybook-people", "/api/v1/people/export", table).await
}

/// Which phones.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DevicesWanted {
    /// Only this one.
    #[param(value_type = Option<Uuid>)]
    device: Option<DeviceId>,
    /// Only this person's.
    #[param(value_type = Option<Uuid>)]
    person: Option<PersonId>,
    /// Only of people of this office.
    #[param(value_type = Option<Uuid>)]
    office: Option<OfficeId>,
    /// Only those that stand there.
    #[param(inline)]
    status: Option<DeviceStanding>,
    /// Only with this name and version of the app.
    app: Option<String>,
    /// Only those that hold something unsent.
    unsent: Option<bool>,
}

/// The phones of the people whose records one sees as a file.
#[utoipa::path(
    get, operation_id = "export_devices", path = "/api/v1/devices/export", tag = "exports",
    params(DevicesWanted, FileWanted),
    responses(ListFile), security(("session" = []))
)]
pub(crate) async fn devices(
    taking: Taking,
    Parameters(wanted): Parameters<DevicesWanted>,
) -> Result<Response, ServiceError> {
    let DevicesWanted { device, person, office, status, app: version, unsent } = wanted;
    let filter = DeviceFilter { device, person, office, status, app: version, unsent: unsent.unwrap_or_default() };
    let table = export::devices(&taking.app, &taking.who, &filter, taking.language).await?;
    taking.take("daybook-phones", "/api/v1/devices/export", table).await
}

/// Changes that were set aside as a file, newest first. `limit` and `before` count for nothing.
#[utoipa::path(
    get, operation_id = "export_quarantine", path = "/api/v1/quarantine/export", tag = "exports",
    params(quarantine::Wanted, FileWanted),
    responses(ListFile), security(("session" = []))
)]
pub(crate) async fn quarantine(
    taking: Taking,
    Parameters(wanted): Parameters<quarantine::Wanted>,
) -> Result<Response, ServiceError> {
    let table = export::quarantine(&taking.app, &taking.who, wanted.read(), taking.language).await?;
    taking.take("daybook-set-aside", "/api/v1/quarantine/export", table).await
}

/// Changes that phones brought back and nobody can place as a file, newest first.
#[utoipa::path(
    get, operation_id = "export_strays", path = "/api/v1/strays/export", tag = "exports", params(FileWanted),
    responses(ListFile), security(("session" = []))
)]
pub(crate) async fn strays(taking: Taking) -> Result<Response, ServiceError> {
    let table = export::strays(&taking.app, &taking.who, taking.language).await?;
    taking.take("daybook-strays", "/api/v1/strays/export", table).await
}

/// Which photos.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PhotosWanted {
    /// Only of records of this office.
    #[param(value_type = Option<Uuid>)]
    office: Option<OfficeId>,
}

/// The photos that records in one's territory name as a file, the newest first: a row for each photo, with the
/// newest record that names it and who brought it for that. Those that are still on phones, on their way or lost come
/// last.
#[utoipa::path(
    get, operation_id = "export_photos", path = "/api/v1/photos/export", tag = "exports",
    params(PhotosWanted, FileWanted),
    responses(ListFile), security(("session" = []))
)]
pub(crate) async fn photos(
    taking: Taking,
    Parameters(PhotosWanted { office }): Parameters<PhotosWanted>,
) -> Result<Response, ServiceError> {
    let table = export::photos(&taking.app, &taking.who, office, taking.language).await?;
    taking.take("daybook-photos", "/api/v1/photos/export", table).await
}

/// The amendments that wait for a decision as a file, the latest first.
#[utoipa::path(
    get, operation_id = "export_amendments", path = "/api/v1/amendments/export", tag = "exports", params(FileWanted),
    responses(ListFile), security(("session" = []))
)]
pub(crate) async fn amendments(taking: Taking) -> Result<Response, ServiceError> {
    let table = export::amendments(&taking.app, &taking.who, taking.language).await?;
    taking.take("daybook-amendments", "/api/v1/amendments/export", table).await
}

/// How a day stands in each office as a file.
#[utoipa::path(
    get, operation_id = "export_days", path = "/api/v1/days/export", tag = "exports", params(DayQuery, FileWanted),
    responses(ListFile), security(("session" = []))
)]
pub(crate) async fn days(
    taking: Taking,
    Parameters(DayQuery { day }): Parameters<DayQuery>,
) -> Result<Response, ServiceError> {
    let table = export::days(&taking.app, &taking.who, day, taking.language).await?;
    taking.take("daybook-days", "/api/v1/days/export", table).await
}

/// How far the leads of one's territory have come as a file: a row for each stage.
#[utoipa::path(
    get, operation_id = "export_stages", path = "/api/v1/leads/stages/export", tag = "exports", params(LeadsWanted, FileWanted),
    responses(ListFile), security(("session" = []))
)]
pub(crate) async fn stages(
    taking: Taking,
    Parameters(LeadsWanted { office, project }): Parameters<LeadsWanted>,
) -> Result<Response, ServiceError> {
    let table = export::stages(
        &taking.app,
        &taking.who,
        RecordFilter { office, project, ..RecordFilter::default() },
        taking.language,
    )
    .await?;
    taking.take("daybook-stages", "/api/v1/leads/stages/export", table).await
}

/// Which consultants have received how many customers as a file.
#[utoipa::path(
    get, operation_id = "export_received", path = "/api/v1/leads/received/export", tag = "exports", params(LeadsWanted, FileWanted),
    responses(ListFile), security(("session" = []))
)]
pub(crate) async fn received(
    taking: Taking,
    Parameters(LeadsWanted { office, project }): Parameters<LeadsWanted>,
) -> Result<Response, ServiceError> {
    let table = export::received(
        &taking.app,
        &taking.who,
        RecordFilter { office, project, ..RecordFilter::default() },
        taking.language,
    )
    .await?;
    taking.take("daybook-received", "/api/v1/leads/received/export", table).await
}

/// The teams of one's territory as a file.
#[utoipa::path(
    get, operation_id = "export_teams", path = "/api/v1/teams/export", tag = "exports", params(FileWanted),
    responses(ListFile), security(("session" = []))
)]
pub(crate) async fn teams(taking: Taking) -> Result<Response, ServiceError> {
    let table = export::teams(&taking.app, &taking.who, taking.language).await?;
    taking.take("daybook-teams", "/api/v1/teams/export", table).await
}

/// Earlier days that somebody has still to see to as a file.
#[utoipa::path(
    get, operation_id = "export_unfinished", path = "/api/v1/days/unfinished/export", tag = "exports", params(FileWanted),
    responses(ListFile), security(("session" = []))
)]
pub(crate) async fn unfinished(taking: Taking) -> Result<Response, ServiceError> {
    let table = export::unfinished(&taking.app, &taking.who, taking.language).await?;
    taking.take("daybook-unfinished", "/api/v1/days/unfinished/export", table).await
}

/// Whom of the board.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BoardWanted {
    /// Only those of whom a phone is missing.
    missing: Option<bool>,
}

/// The board of an office's day as a file: a row for each phone, and for each person without one.
#[utoipa::path(
    get, operation_id = "export_board", path = "/api/v1/offices/{office}/days/{day}/export", tag = "exports",
    params(("office" = Uuid, Path), ("day" = String, Path, format = Date), BoardWanted, FileWanted),
    responses(ListFile), security(("session" = []))
)]
pub(crate) async fn board(
    taking: Taking,
    Id((office, day)): Id<(OfficeId, Date)>,
    Parameters(BoardWanted { missing }): Parameters<BoardWanted>,
) -> Result<Response, ServiceError> {
    let table = export::board(&taking.app, &taking.who, office, day, missing == Some(true), taking.language).await?;
    taking.take("daybook-board", "/api/v1/offices/{office}/days/{day}/export", table).await
}

/// The late tray of an office's day as a file: a row for each record.
#[utoipa::path(
    get, operation_id = "export_late", path = "/api/v1/offices/{office}/days/{day}/late/export", tag = "exports",
    params(("office" = Uuid, Path), ("day" = String, Path, format = Date), LateQuery, FileWanted),
    responses(ListFile), security(("session" = []))
)]
pub(crate) async fn late(
    taking: Taking,
    Id((office, day)): Id<(OfficeId, Date)>,
    Parameters(LateQuery { made_by }): Parameters<LateQuery>,
) -> Result<Response, ServiceError> {
    let table = export::late(&taking.app, &taking.who, office, day, made_by, taking.language).await?;
    taking.take("daybook-late", "/api/v1/offices/{office}/days/{day}/late/export", table).await
}

/// The records behind a figure of an office's day as a file: a row for each record.
#[utoipa::path(
    get, operation_id = "export_figure", path = "/api/v1/offices/{office}/days/{day}/figures/{sort}/export",
    tag = "exports",
    params(
        ("office" = Uuid, Path), ("day" = String, Path, format = Date), ("sort" = String, Path), CountedQuery, FileWanted
    ),
    responses(ListFile), security(("session" = []))
)]
pub(crate) async fn behind(
    taking: Taking,
    Id((office, day, sort)): Id<(OfficeId, Date, String)>,
    Parameters(counted): Parameters<CountedQuery>,
) -> Result<Response, ServiceError> {
    let table = export::behind(&taking.app, &taking.who, office, day, counted.of(&sort)?, taking.language).await?;
    taking.take("daybook-figure", "/api/v1/offices/{office}/days/{day}/figures/{sort}/export", table).await
}

/// Entries of the audit trail as a file, newest first. `limit` and `before` count for nothing. The whole chain with its
/// links, which proves that nobody has tampered with it, is `GET /api/v1/audit/chain`.
#[utoipa::path(
    get, operation_id = "export_audit", path = "/api/v1/audit/export", tag = "exports",
    params(trails::TrailParameters, FileWanted),
    responses(ListFile), security(("session" = []))
)]
pub(crate) async fn audit(
    taking: Taking,
    Parameters(asked): Parameters<trails::TrailParameters>,
) -> Result<Response, ServiceError> {
    let trails::TrailParameters { person, from, to, .. } = asked;
    let (from, to) = (from.map(UnixMillis), to.map(UnixMillis));
    let query = TrailQuery { person, from, to, ..TrailQuery::default() };
    let table = export::trail(&taking.app, &taking.who, query, taking.language).await?;
    taking.take("daybook-audit", "/api/v1/audit/export", table).await
}
