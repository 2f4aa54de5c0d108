//! The office's day.

mod statement;

use std::collections::BTreeMap;

use axum::extract::State;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sync_core::id::{DeviceId, OfficeId, PersonId, RecordId};
use utoipa::ToSchema;
use uuid::Uuid;

use super::directory::DeviceBody;
use super::extract::{Id, Json, Parameters};
use super::identity::SignedIn;
use super::names;
use super::records::line::LineBody;
use crate::day::absence::Absence;
use crate::day::figures::{Counts, Figure};
use crate::error::{ServiceError, codes};
use crate::service::days::{self, Board, BoardDevice, BoardLine, Counted, DayRecords, Explanation, Part, reminders};
use crate::service::records::{LONGEST_PAGE, USUAL_PAGE};
use crate::state::App;
use crate::store::DeviceReminder;
use crate::store::days::{FactSort, Statement};

use statement::SealedBody;

/// Which day.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DayQuery {
    /// An ISO date.
    #[param(value_type = String, format = Date)]
    pub(super) day: Date,
}

/// How a day stands in an office.
#[derive(Serialize, ToSchema)]
pub(crate) struct DayLineBody {
    office: Uuid,
    name: String,
    /// When it was closed; null while it is open.
    closed_at: Option<i64>,
    /// How many statements there are, supplements included.
    statements: u32,
    records: u64,
    /// So many records are in no statement: all of an open day, what came late for a closed one.
    unsealed: u64,
    /// The same of arrivals and money, which may come late for a lead that is in a statement.
    unsealed_facts: u64,
    /// So many phones have not handed in their day.
    missing: u32,
}

/// Records by kind.
#[derive(Serialize, ToSchema)]
pub(crate) struct CountsBody {
    visit: u32,
    survey: u32,
    lead: u32,
    /// So many of all these have flags.
    flagged: u32,
}

/// Facts of one sort.
#[derive(Serialize, ToSchema)]
pub(crate) struct FigureBody {
    count: u32,
    /// Yuan altogether, as an exact decimal.
    amount: String,
    /// So many have a consultant.
    assigned: u32,
}

/// A phone on the board.
#[derive(Serialize, ToSchema)]
pub(crate) struct BoardDeviceBody {
    #[serde(flatten)]
    device: DeviceBody,
    /// Why it counts as missing: `never` exchanged anything, `silent` since the evening began, has something `unsent`,
    /// or was `cut_off` before it had handed in its day. Null if it has.
    #[schema(schema_with = names::absence_or_none)]
    absence: Option<&'static str>,
    /// How the office has reminded it of this day; null if it has not, or of another day since.
    reminder: Option<ReminderBody>,
}

/// A reminder.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReminderBody {
    at: i64,
    by: Uuid,
    /// When the phone said that it has it; null until then.
    reached_at: Option<i64>,
}

/// Whom to remind.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Reminding {
    /// These of the phones that are missing; all of them if left out.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Uuid>>)]
    devices: Option<Vec<DeviceId>>,
}

/// A person on the board.
#[derive(Serialize, ToSchema)]
pub(crate) struct BoardLineBody {
    person: Uuid,
    name: String,
    team: Option<Uuid>,
    counts: CountsBody,
    /// So many records came after the day was closed and are in no statement.
    late: u32,
    devices: Vec<BoardDeviceBody>,
}

/// A statement, without what it says.
#[derive(Serialize, ToSchema)]
pub(crate) struct StatementLine {
    /// 0 for the statement, then its supplements.
    number: u32,
    sealed_at: i64,
    sealed_by: Uuid,
}

/// A day of an office.
#[derive(Serialize, ToSchema)]
pub(crate) struct BoardBody {
    office: Uuid,
    name: String,
    #[schema(value_type = String, format = Date)]
    day: Date,
    /// Whether it is the day that it is there now.
    is_today: bool,
    /// From when on a phone that has exchanged has handed in its day.
    evening: i64,
    people: Vec<BoardLineBody>,
    /// Everything that counts for the day, sealed or not.
    total: CountsBody,
    /// By sort: `arrival`, `reserved`, `subscribed`, `signed`, `paid`, `mortgage`.
    figures: BTreeMap<String, FigureBody>,
    /// What came for a closed day and is in no statement.
    late: CountsBody,
    late_facts: u32,
    /// What is late, as a word that is another one as soon as anything else is; null if nothing is.
    late_mark: Option<String>,
    statements: Vec<StatementLine>,
}

/// A sealed statement.
#[derive(Serialize, ToSchema)]
pub(crate) struct StatementBody {
    number: u32,
    sealed_at: i64,
    /// What it says, for programs that show it.
    #[schema(value_type = SealedBody)]
    statement: serde_json::Value,
    /// The signed bytes, for whoever checks the signature.
    body: String,
    /// Ed25519, over `daybook/statement/1` and the bytes, in hexadecimal digits.
    signature: String,
    /// The server's public key, in hexadecimal digits.
    key: String,
}

/// Why a phone is missing.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ExplanationBody {
    #[schema(value_type = Uuid)]
    device: DeviceId,
    reason: String,
}

/// How a day is closed.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Closing {
    /// A reason for each phone that is missing. Others may be named too, and are passed over.
    #[serde(default)]
    missing: Vec<ExplanationBody>,
}

/// Why there is a supplement.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SupplementBody {
    reason: String,
    /// The `late_mark` of the board that was looked at; whatever is late is sealed if it is left out.
    seen: Option<String>,
}

/// Where a page of a day's records begins, and how long it is.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PartQuery {
    /// At most so many, 1 to 200; 50 if left out.
    limit: Option<u32>,
    /// The `next` of the page before.
    #[param(value_type = Option<Uuid>)]
    after: Option<RecordId>,
}

impl From<PartQuery> for Part {
    fn from(PartQuery { limit, after }: PartQuery) -> Self {
        Self { after, limit: limit.unwrap_or(USUAL_PAGE).clamp(1, LONGEST_PAGE) as usize }
    }
}

/// Which records of the late tray.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LateQuery {
    /// Only the records that the board counts as late of this person; all that is late, facts of other records too, if
    /// left out.
    #[param(value_type = Option<Uuid>)]
    pub(super) made_by: Option<PersonId>,
}

/// Which records behind a figure.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CountedQuery {
    /// Only what the statement of the day with this number counts: 0 is the statement itself, others are supplements.
    statement: Option<u32>,
    /// Only those with a consultant.
    assigned: Option<bool>,
}

impl CountedQuery {
    /// The figure of this sort.
    pub(super) fn of(self, sort: &str) -> Result<Counted, ServiceError> {
        let sort = FactSort::of(sort).ok_or(codes::NOT_FOUND)?;
        Ok(Counted { sort, statement: self.statement, assigned: self.assigned.unwrap_or_default() })
    }
}

/// A page of a day's records.
#[derive(Serialize, ToSchema)]
pub(crate) struct DayRecordsBody {
    items: Vec<LineBody>,
    /// How many records there are altogether.
    total: u64,
    /// To be sent as `after`; missing at the end.
    next: Option<Uuid>,
}

impl From<DayRecords> for DayRecordsBody {
    fn from(DayRecords { lines, total, next }: DayRecords) -> Self {
        Self { items: lines.into_iter().map(LineBody::from).collect(), total, next: next.map(|id| id.0) }
    }
}

impl From<Counts> for CountsBody {
    fn from(Counts { visit, survey, lead, flagged }: Counts) -> Self {
        Self { visit, survey, lead, flagged }
    }
}

impl From<Figure> for FigureBody {
    fn from(Figure { count, amount, assigned }: Figure) -> Self {
        Self { count, amount: amount.to_string(), assigned }
    }
}

impl From<BoardLine> for BoardLineBody {
    fn from(BoardLine { person, counts, late, devices }: BoardLine) -> Self {
        let device = |BoardDevice { device, absence, reminder }: BoardDevice| BoardDeviceBody {
            device: device.into(),
            absence: absence.map(Absence::as_str),
            reminder: reminder.map(|DeviceReminder { at, by, reached_at, .. }| ReminderBody {
                at: at.0,
                by: by.0,
                reached_at: reached_at.map(|at| at.0),
            }),
        };
        Self {
            person: person.id.0,
            name: person.name,
            team: person.team.map(|team| team.0),
            counts: counts.into(),
            late,
            devices: devices.into_iter().map(device).collect(),
        }
    }
}

impl From<Board> for BoardBody {
    fn from(board: Board) -> Self {
        let line = |statement: Statement| StatementLine {
            number: statement.number,
            sealed_at: statement.sealed_at.0,
            sealed_by: statement.person.0,
        };
        Self {
            office: board.office.id.0,
            name: board.office.name,
            day: board.day,
            is_today: board.is_today,
            evening: board.evening.0,
            people: board.people.into_iter().map(BoardLineBody::from).collect(),
            total: board.total.into(),
            figures: board.figures.into_iter().map(|(sort, figure)| (sort.to_owned(), figure.into())).collect(),
            late: board.late.into(),
            late_facts: board.late_facts,
            late_mark: board.late_mark,
            statements: board.statements.into_iter().map(line).collect(),
        }
    }
}

fn sealed(app: &App, statement: Statement) -> Result<Json<StatementBody>, ServiceError> {
    Ok(Json(StatementBody {
        number: statement.number,
        sealed_at: statement.sealed_at.0,
        statement: serde_json::from_str(&statement.body).map_err(ServiceError::internal)?,
        body: statement.body,
        signature: statement.signature.to_string(),
        key: app.keys.public().to_string(),
    }))
}

/// How a day stands in each office of one's territory.
#[utoipa::path(
    get, path = "/api/v1/days", tag = "days", params(DayQuery),
    responses((status = 200, body = Vec<DayLineBody>)), security(("session" = []))
)]
pub(crate) async fn lines(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Parameters(DayQuery { day }): Parameters<DayQuery>,
) -> Result<Json<Vec<DayLineBody>>, ServiceError> {
    let lines = days::lines(&app, &who, day).await?;
    let body = lines.into_iter().map(|(office, line, missing)| DayLineBody {
        office: office.id.0,
        name: office.name,
        closed_at: line.closed_at.map(|at| at.0),
        statements: line.statements,
        records: line.records,
        unsealed: line.unsealed,
        unsealed_facts: line.unsealed_facts,
        missing,
    });
    Ok(Json(body.collect()))
}

/// An earlier day that somebody has still to see to.
#[derive(Serialize, ToSchema)]
pub(crate) struct UnfinishedDayBody {
    office: Uuid,
    name: String,
    #[schema(value_type = String, format = Date)]
    day: Date,
    /// Whether it is closed; otherwise there are records, and no statement.
    closed: bool,
    /// So many records came late for the closed day and are in no statement.
    records: u64,
    /// So many arrivals and payments, too.
    facts: u64,
}

/// The days of the last month in one's territory, before today, that nobody has closed, or for which something came late.
#[utoipa::path(
    get, path = "/api/v1/days/unfinished", tag = "days",
    responses((status = 200, body = Vec<UnfinishedDayBody>)), security(("session" = []))
)]
pub(crate) async fn unfinished(
    State(app): State<App>,
    SignedIn(who): SignedIn,
) -> Result<Json<Vec<UnfinishedDayBody>>, ServiceError> {
    let lines = days::unfinished(&app, &who).await?;
    let body = lines.into_iter().map(|(office, line)| UnfinishedDayBody {
        office: office.id.0,
        name: office.name,
        day: line.day,
        closed: line.closed,
        records: line.records,
        facts: line.facts,
    });
    Ok(Json(body.collect()))
}

/// The board of an office's day: who made what, whose phone is missing, and what was sealed.
#[utoipa::path(
    get, path = "/api/v1/offices/{office}/days/{day}", tag = "days",
    params(("office" = Uuid, Path), ("day" = String, Path, format = Date)),
    responses((status = 200, body = BoardBody)), security(("session" = []))
)]
pub(crate) async fn board(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id((office, day)): Id<(OfficeId, Date)>,
) -> Result<Json<BoardBody>, ServiceError> {
    days::board(&app, &who, office, day).await.map(|board| Json(board.into()))
}

/// Closes a day: what is here is sealed and does not change any more.
#[utoipa::path(
    post, path = "/api/v1/offices/{office}/days/{day}/close", tag = "days",
    params(("office" = Uuid, Path), ("day" = String, Path, format = Date)),
    request_body = Closing, responses((status = 200, body = StatementBody)), security(("session" = []))
)]
pub(crate) async fn close(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id((office, day)): Id<(OfficeId, Date)>,
    Json(Closing { missing }): Json<Closing>,
) -> Result<Json<StatementBody>, ServiceError> {
    let explained = missing.into_iter().map(|ExplanationBody { device, reason }| Explanation { device, reason });
    let explained: Vec<Explanation> = explained.collect();
    sealed(&app, days::close(&app, &who, office, day, &explained).await?)
}

/// Reminds phones that are missing: with their next exchange they are told who waits for which day.
#[utoipa::path(
    post, path = "/api/v1/offices/{office}/days/{day}/reminders", tag = "days",
    params(("office" = Uuid, Path), ("day" = String, Path, format = Date)),
    request_body = Reminding, responses((status = 200, body = BoardBody)), security(("session" = []))
)]
pub(crate) async fn remind(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id((office, day)): Id<(OfficeId, Date)>,
    Json(Reminding { devices }): Json<Reminding>,
) -> Result<Json<BoardBody>, ServiceError> {
    reminders::remind(&app, &who, office, day, devices.as_deref()).await.map(|board| Json(board.into()))
}

/// Seals what came late for a closed day, as a numbered supplement.
#[utoipa::path(
    post, path = "/api/v1/offices/{office}/days/{day}/supplements", tag = "days",
    params(("office" = Uuid, Path), ("day" = String, Path, format = Date)),
    request_body = SupplementBody, responses((status = 200, body = StatementBody)), security(("session" = []))
)]
pub(crate) async fn supplement(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id((office, day)): Id<(OfficeId, Date)>,
    Json(SupplementBody { reason, seen }): Json<SupplementBody>,
) -> Result<Json<StatementBody>, ServiceError> {
    sealed(&app, days::supplement(&app, &who, office, day, &reason, seen.as_deref()).await?)
}

/// The late tray, page after page: records that came for a closed day, or of which something did, and that no statement
/// counts.
#[utoipa::path(
    get, path = "/api/v1/offices/{office}/days/{day}/late", tag = "days",
    params(("office" = Uuid, Path), ("day" = String, Path, format = Date), LateQuery, PartQuery),
    responses((status = 200, body = DayRecordsBody)), security(("session" = []))
)]
pub(crate) async fn late(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id((office, day)): Id<(OfficeId, Date)>,
    Parameters(LateQuery { made_by }): Parameters<LateQuery>,
    Parameters(part): Parameters<PartQuery>,
) -> Result<Json<DayRecordsBody>, ServiceError> {
    Ok(Json(days::late(&app, &who, office, day, made_by, part.into()).await?.into()))
}

/// The records behind a figure of a day, page after page: `arrival`, `reserved`, `subscribed`, `signed`, `paid` or
/// `mortgage`.
#[utoipa::path(
    get, path = "/api/v1/offices/{office}/days/{day}/figures/{sort}", tag = "days",
    params(
        ("office" = Uuid, Path), ("day" = String, Path, format = Date), ("sort" = String, Path), CountedQuery, PartQuery
    ),
    responses((status = 200, body = DayRecordsBody)), security(("session" = []))
)]
pub(crate) async fn behind(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id((office, day, sort)): Id<(OfficeId, Date, String)>,
    Parameters(counted): Parameters<CountedQuery>,
    Parameters(part): Parameters<PartQuery>,
) -> Result<Json<DayRecordsBody>, ServiceError> {
    Ok(Json(days::behind(&app, &who, office, day, counted.of(&sort)?, part.into()).await?.into()))
}

/// A sealed statement, with the server's signature.
#[utoipa::path(
    get, path = "/api/v1/offices/{office}/days/{day}/statements/{number}", tag = "days",
    params(("office" = Uuid, Path), ("day" = String, Path, format = Date), ("number" = u32, Path)),
    responses((status = 200, body = StatementBody)), security(("session" = []))
)]
pub(crate) async fn statement(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id((office, day, number)): Id<(OfficeId, Date, u32)>,
) -> Result<Json<StatementBody>, ServiceError> {
    sealed(&app, days::statement(&app, &who, office, day, number).await?)
}
