//! The office's day: its board, its sealed statement, and what comes late.
//!
//! A record counts for the day on which it was made, for the office and the person for which it was made. What a
//! statement counts no other one counts; whatever comes later for a closed day waits in the late tray until somebody
//! makes a numbered supplement of it. Nothing changes a statement any more.

mod archive;
mod records;
pub mod reminders;
mod unfinished;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::civil::Date;
use sync_core::id::{DeviceId, OfficeId, PersonId, RecordId};
use sync_core::time::UnixMillis;
use sync_core::wire::enrol::Role;

use super::events::{News, Topic};
use super::{notes, trail};
use crate::day::absence::{Absence, absence, may_hold_something};
use crate::day::figures::{Counts, Figure, by_person, figures, total};
use crate::day::hours::{self, EveningHour};
use crate::day::late::Late;
use crate::day::statement::{Body, DeviceHead, FORM, Missing, Named};
use crate::error::{ServiceError, codes};
use crate::flag::Flag;
use crate::scope::{self, Action};
use crate::state::App;
use crate::store::days::{CountedFact, CountedRecord, DayLine, Statement};
use crate::store::{Device, DeviceReminder, Office, Person, StoreError};

pub use records::{Counted, DayRecords, Part, behind, late};
pub(super) use records::{counted_records, late_records, lines_of};
pub use unfinished::unfinished;

/// The longest reason, in characters.
const LONGEST_REASON: usize = 500;

/// A day of an office, as its board shows it.
#[derive(Clone, Debug)]
pub struct Board {
    /// The office.
    pub office: Office,
    /// The day.
    pub day: Date,
    /// Whether it is the day that it is there now.
    pub is_today: bool,
    /// From when on a phone that has exchanged has handed in its day.
    pub evening: UnixMillis,
    /// Everybody who belonged to the office on that day, or made something for it, by name.
    pub people: Vec<BoardLine>,
    /// Everything that counts for the day, sealed or not.
    pub total: Counts,
    /// Arrivals and money, sealed or not.
    pub figures: BTreeMap<&'static str, Figure>,
    /// What came for a closed day and is in no statement.
    pub late: Counts,
    /// So many facts, too.
    pub late_facts: u32,
    /// What is late, as a word that is another one as soon as anything else is; `None` if nothing is.
    pub late_mark: Option<String>,
    /// The statement and its supplements.
    pub statements: Vec<Statement>,
}

/// A person on the board.
#[derive(Clone, Debug)]
pub struct BoardLine {
    /// Who.
    pub person: Person,
    /// What they made.
    pub counts: Counts,
    /// So much of it came after the day was closed and is in no statement.
    pub late: u32,
    /// Their phones that are in use, and those that were cut off with the day on them.
    pub devices: Vec<BoardDevice>,
}

impl BoardLine {
    /// Whether one of their phones has not handed in the day.
    pub fn misses_a_phone(&self) -> bool {
        self.devices.iter().any(|device| device.absence.is_some())
    }
}

/// A phone on the board.
#[derive(Clone, Debug)]
pub struct BoardDevice {
    /// The phone, with what it reported.
    pub device: Device,
    /// Why it counts as missing.
    pub absence: Option<Absence>,
    /// How the office has reminded it of this day.
    pub reminder: Option<DeviceReminder>,
}

/// Why a phone is missing, as whoever closes the day knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Which phone.
    pub device: DeviceId,
    /// Why, in words.
    pub reason: String,
}

/// How a day stands in each office of somebody's territory.
///
/// # Errors
/// [`codes::PERMISSION`] without the role.
pub async fn lines(app: &App, who: &Person, day: Date) -> Result<Vec<(Office, DayLine, u32)>, ServiceError> {
    if !scope::may_do(who, Action::SeeDays) {
        return Err(codes::PERMISSION.into());
    }
    notes::flush(app).await?;
    let offices = super::directory::offices(app, who).await?;
    let days = app.store.days();
    let mut found = days.day_lines(who.organisation, day).await?;
    let mut came_back = 0;
    for line in found.iter().filter(|line| archive::knows_more(app, line.office, day, line.statements)) {
        came_back += archive::recall(app, line.office, day, line.statements).await?;
    }
    if came_back > 0 {
        found = days.day_lines(who.organisation, day).await?;
    }
    let mut lines: HashMap<OfficeId, DayLine> = found.into_iter().map(|line| (line.office, line)).collect();
    let phones: Vec<(OfficeId, Device)> = match offices.as_slice() {
        [one] => days.day_devices(one.id, day).await?.into_iter().map(|device| (one.id, device)).collect(),
        _ => days.day_devices_everywhere(who.organisation, day).await?,
    };
    let hour = app.store.organisation(who.organisation).await?.evening;
    let known = offices.into_iter().filter_map(|office| lines.remove(&office.id).map(|line| (office, line)));
    Ok(known
        .map(|(office, line)| {
            let span = Span::of(&office, day, hour);
            let here = phones.iter().filter(|(place, _)| *place == office.id);
            let missing = here.filter(|(_, device)| missing(device, span).is_some()).count();
            (office, line, u32::try_from(missing).unwrap_or(u32::MAX))
        })
        .collect())
}

/// The board of an office's day.
///
/// # Errors
/// [`codes::PERMISSION`] without the role, [`codes::OFFICE_NOT_FOUND`] outside the territory.
pub async fn board(app: &App, who: &Person, office: OfficeId, day: Date) -> Result<Board, ServiceError> {
    let office = visible(app, who, office).await?;
    look(app, office, day).await.map(|(board, _)| board)
}

/// What is counted, and who the people are.
struct Seen {
    records: Vec<CountedRecord>,
    facts: Vec<CountedFact>,
    people: HashMap<PersonId, Person>,
}

/// The statements of an office's day, also those that the database has forgotten.
async fn sealed(app: &App, office: OfficeId, day: Date) -> Result<Vec<Statement>, ServiceError> {
    let statements = app.store.days().statements(office, day).await?;
    let next = u32::try_from(statements.len()).unwrap_or(u32::MAX);
    if archive::recall(app, office, day, next).await? == 0 {
        return Ok(statements);
    }
    Ok(app.store.days().statements(office, day).await?)
}

/// Gives the database all statements that it has forgotten and that lie beside it. What can't be given to it now is when
/// somebody looks at that day.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn recall_all(app: &App) -> Result<(), ServiceError> {
    let filed = archive::days(app).unwrap_or_else(|error| {
        tracing::error!(%error, "the files of statements can't be listed");
        BTreeSet::new()
    });
    let known = app.store.days().sealed_days().await?;
    for (office, day) in filed {
        let next = known.get(&(office, day)).copied().unwrap_or(0);
        if archive::knows_more(app, office, day, next)
            && let Err(error) = archive::recall(app, office, day, next).await
        {
            tracing::error!(%office, %day, code = error.code.name, cause = ?error.internal, "a statement can't come back");
        }
    }
    Ok(())
}

async fn look(app: &App, office: Office, day: Date) -> Result<(Board, Seen), ServiceError> {
    // Whoever looks sees this second too.
    notes::flush(app).await?;
    let days = app.store.days();
    let statements = sealed(app, office.id, day).await?;
    let records = days.day_records(office.id, day).await?;
    let facts = days.day_facts(office.id, day).await?;
    let mut people = days.day_people(office.id, day).await?;
    let belong: HashSet<PersonId> = people.iter().map(|person| person.id).collect();
    let makers = days.day_makers(office.id, day).await?;
    people.extend(makers.into_iter().filter(|person| !belong.contains(&person.id)));
    people.sort_by(|one, other| (&one.name, one.id).cmp(&(&other.name, other.id)));
    let hour = app.store.organisation(office.organisation).await?.evening;
    let span = Span::of(&office, day, hour);
    let mut phones: HashMap<PersonId, Vec<BoardDevice>> = HashMap::new();
    for device in days.day_devices(office.id, day).await? {
        let absence = missing(&device, span);
        if is_in_use(&device) || absence.is_some() {
            let reminder = device.reminder.filter(|reminder| reminder.day == day);
            phones.entry(device.person.id).or_default().push(BoardDevice { device, absence, reminder });
        }
    }
    let closed = !statements.is_empty();
    let counts = by_person(&records);
    let late = |record: &&CountedRecord| closed && record.sealed.is_none();
    let late_by = by_person(records.iter().filter(late));
    let shown = |person: &&Person| {
        let works = belong.contains(&person.id) && matches!(person.role, Role::Promoter | Role::Supervisor);
        works && person.active || phones.contains_key(&person.id) || counts.contains_key(&person.id)
    };
    let lines = people.iter().filter(shown).map(|person| BoardLine {
        person: person.clone(),
        counts: counts.get(&person.id).copied().unwrap_or_default(),
        late: late_by.get(&person.id).copied().unwrap_or_default().records(),
        devices: phones.get(&person.id).cloned().unwrap_or_default(),
    });
    let late_items = if closed { Late::of(&records, &facts) } else { Late::default() };
    let board = Board {
        day,
        is_today: hours::today(&office.time_zone, app.clock.now()) == day,
        evening: span.evening,
        people: lines.collect(),
        total: total(&records),
        figures: figures(&facts),
        late: total(records.iter().filter(late)),
        late_facts: u32::try_from(late_items.facts()).unwrap_or(u32::MAX),
        late_mark: late_items.mark(),
        statements,
        office,
    };
    let people = people.into_iter().map(|person| (person.id, person)).collect();
    Ok((board, Seen { records, facts, people }))
}

/// Whether anybody waits for what is on a phone: nobody does if it was cut off, or goes on under another identity.
fn is_in_use(device: &Device) -> bool {
    !device.is_cut_off() && device.forked_at.is_none() && device.wiped_at.is_none()
}

/// Whether a phone of somebody who belonged here on a day was cut off while the day was under way or afterwards, and never
/// said since that nothing is left on it: what was saved on that day may be lost with it. Who left belongs nowhere later,
/// so the phone of somebody who is gone was cut off by that.
fn is_lost_with_its_day(device: &Device, start: UnixMillis) -> bool {
    let cut_off_since = device.revoked_at.map_or(!device.person.active, |at| at > start);
    cut_off_since && device.deposited_at.is_none() && device.forked_at.is_none() && device.wiped_at.is_none()
}

fn missing(device: &Device, Span { start, evening, end }: Span) -> Option<Absence> {
    if !may_hold_something(end, device.enrolled_at, device.replaces.is_some(), device.backlog.oldest) {
        return None;
    }
    let absent = || absence(evening, device.last_exchange_at, device.backlog.changes);
    if is_in_use(device) {
        absent()
    } else if is_lost_with_its_day(device, start) {
        absent().map(|_| Absence::CutOff)
    } else {
        None
    }
}

/// A day at an office.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: UnixMillis,
    evening: UnixMillis,
    end: UnixMillis,
}

impl Span {
    fn of(office: &Office, day: Date, hour: EveningHour) -> Self {
        let zone = &office.time_zone;
        Self { start: hours::start(zone, day), evening: hours::evening(zone, day, hour), end: hours::end(zone, day) }
    }
}

async fn visible(app: &App, who: &Person, id: OfficeId) -> Result<Office, ServiceError> {
    if !scope::may_do(who, Action::SeeDays) {
        return Err(codes::PERMISSION.into());
    }
    let offices = super::directory::offices(app, who).await?;
    offices.into_iter().find(|office| office.id == id).ok_or_else(|| codes::OFFICE_NOT_FOUND.into())
}

async fn closable(app: &App, who: &Person, id: OfficeId) -> Result<Office, ServiceError> {
    if !scope::may_do(who, Action::CloseDays) {
        return Err(codes::PERMISSION.into());
    }
    visible(app, who, id).await
}

/// Closes a day: seals what is here, with a reason for each phone that is missing.
///
/// # Errors
/// As [`board`], and [`codes::DAY_FUTURE`] for a day that has not begun at the office, [`codes::DAY_CLOSED`] for one that
/// is closed, [`codes::DAY_MISSING`] if a phone is missing and nobody says why, [`codes::REASON_LENGTH`].
pub async fn close(
    app: &App,
    who: &Person,
    office: OfficeId,
    day: Date,
    explained: &[Explanation],
) -> Result<Statement, ServiceError> {
    let office = closable(app, who, office).await?;
    if day > hours::today(&office.time_zone, app.clock.now()) {
        return Err(codes::DAY_FUTURE.into());
    }
    let (board, seen) = look(app, office, day).await?;
    if !board.statements.is_empty() {
        return Err(codes::DAY_CLOSED.into());
    }
    let reasons: HashMap<DeviceId, String> =
        explained.iter().map(|it| Ok((it.device, reason_of(&it.reason)?))).collect::<Result<_, ServiceError>>()?;
    let mut missing = Vec::new();
    let mut unexplained = Vec::new();
    for (person, BoardDevice { device, absence, .. }) in phones(&board) {
        let Some(absence) = *absence else {
            continue;
        };
        let Some(reason) = reasons.get(&device.id).filter(|reason| !reason.is_empty()) else {
            unexplained.push(device.id.to_string());
            continue;
        };
        missing.push(Missing {
            device: Named { id: device.id, name: device.label.clone() },
            person: Named { id: person.id, name: person.name.clone() },
            absence,
            unsent: device.backlog.changes,
            photos: device.backlog.photos,
            last_exchange_at: device.last_exchange_at,
            reason: reason.clone(),
        });
    }
    if !unexplained.is_empty() {
        return Err(ServiceError::from(codes::DAY_MISSING).detail(unexplained.join(", ")));
    }
    seal(app, who, &board, &seen, None, missing).await
}

/// Seals what came late for a closed day: what whoever seals it has seen, by the mark of the board, or whatever is
/// there without one.
///
/// # Errors
/// As [`board`], and [`codes::DAY_OPEN`] for a day that is not closed, [`codes::DAY_NOTHING_LATE`] if nothing is late,
/// [`codes::DAY_LATE_GREW`] if something else is late than was seen, [`codes::DECISION_REASON`] without a reason,
/// [`codes::REASON_LENGTH`].
pub async fn supplement(
    app: &App,
    who: &Person,
    office: OfficeId,
    day: Date,
    reason: &str,
    seen_mark: Option<&str>,
) -> Result<Statement, ServiceError> {
    let office = closable(app, who, office).await?;
    let reason = reason_of(reason)?;
    if reason.is_empty() {
        return Err(codes::DECISION_REASON.into());
    }
    let (board, mut seen) = look(app, office, day).await?;
    if board.statements.is_empty() {
        return Err(codes::DAY_OPEN.into());
    }
    seen.records.retain(|record| record.sealed.is_none());
    seen.facts.retain(|fact| fact.sealed.is_none());
    if seen.records.is_empty() && seen.facts.is_empty() {
        return Err(codes::DAY_NOTHING_LATE.into());
    }
    if seen_mark.is_some() && seen_mark != board.late_mark.as_deref() {
        return Err(codes::DAY_LATE_GREW.into());
    }
    seal(app, who, &board, &seen, Some(reason), Vec::new()).await
}

fn reason_of(reason: &str) -> Result<String, ServiceError> {
    let reason = reason.trim();
    if reason.chars().count() > LONGEST_REASON {
        return Err(codes::REASON_LENGTH.into());
    }
    Ok(reason.to_owned())
}

fn phones(board: &Board) -> impl Iterator<Item = (&Person, &BoardDevice)> {
    board.people.iter().flat_map(|line| line.devices.iter().map(|device| (&line.person, device)))
}

/// How far the server holds the journals of the phones on the board, and of those that wrote what is counted: they may
/// be cut off by now, or belong elsewhere.
async fn heads(app: &App, board: &Board) -> Result<Vec<DeviceHead>, ServiceError> {
    let shown: Vec<&Device> = phones(board).map(|(_, phone)| &phone.device).collect();
    let mut writers = app.store.days().day_writers(board.office.id, board.day).await?;
    writers.retain(|writer| shown.iter().all(|device| device.id != writer.id));
    let head = |device: &Device| DeviceHead {
        device: Named { id: device.id, name: device.label.clone() },
        person: Named { id: device.person.id, name: device.person.name.clone() },
        n: device.head.n,
        link: device.head.link.to_string(),
        last_exchange_at: device.last_exchange_at,
        photos: device.backlog.photos,
    };
    Ok(shown.into_iter().chain(&writers).map(head).collect())
}

async fn seal(
    app: &App,
    who: &Person,
    board: &Board,
    seen: &Seen,
    reason: Option<String>,
    missing: Vec<Missing>,
) -> Result<Statement, ServiceError> {
    let organisation = app.store.organisation(who.organisation).await?;
    let number = u32::try_from(board.statements.len()).unwrap_or(u32::MAX);
    let devices = heads(app, board).await?;
    // What an earlier statement counts is not counted again, also where two days of one record were both sealed.
    let records: Vec<CountedRecord> = seen.records.iter().filter(|record| record.sealed.is_none()).cloned().collect();
    let facts: Vec<CountedFact> = seen.facts.iter().filter(|fact| fact.sealed.is_none()).cloned().collect();
    let mut body = Body {
        form: FORM.to_owned(),
        organisation: Named { id: organisation.id, name: organisation.name },
        office: Named { id: board.office.id, name: board.office.name.clone() },
        day: board.day,
        number,
        sealed_at: app.clock.now(),
        sealed_by: Named { id: who.id, name: who.name.clone() },
        audit: trail::head(app, who.organisation).await?,
        reason,
        total: Counts::default(),
        people: Vec::new(),
        figures: BTreeMap::new(),
        devices,
        missing,
        records: Vec::new(),
        facts: Vec::new(),
    };
    let name = |id: PersonId| seen.people.get(&id).map_or_else(|| id.to_string(), |person| person.name.clone());
    body.count(&records, &facts, name);
    let items = body.items().unwrap_or_default();
    let text = serde_json::to_string(&body).map_err(ServiceError::internal)?;
    let statement = Statement {
        organisation: who.organisation,
        office: body.office.id,
        day: body.day,
        number,
        sealed_at: body.sealed_at,
        person: who.id,
        signature: app.keys.signing.sign_statement(text.as_bytes()),
        body: text,
    };
    // The file first: what a person was told is sealed comes back whatever becomes of the database.
    match archive::file(app, &statement) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Err(codes::DAY_CLOSED.into()),
        filed => filed.map_err(ServiceError::internal)?,
    }
    match app.store.days().seal(&statement, &items).await {
        Ok(()) => {}
        Err(StoreError::Conflict(_)) => {
            archive::unfile(app, &statement);
            return Err(codes::DAY_CLOSED.into());
        }
        // Whether the database has it nobody knows: its answer may be what was lost. The file stays, and whoever looks
        // next brings it in if it is not there.
        Err(error) => return Err(error.into()),
    }
    if let Err(error) = flag_what_came_meanwhile(app, statement.office, statement.day).await {
        // The board shows it as late all the same.
        tracing::warn!(code = error.code.name, cause = ?error.internal, "what came while a day was sealed has no flag");
    }
    app.events.tell([News::of(Topic::Days, statement.organisation, Some(statement.office))]);
    tracing::info!(person = %who.id, office = %statement.office, day = %statement.day, number, "a day was sealed");
    Ok(statement)
}

/// What was published after it was looked what there is to seal came late, and nobody knew that the day was being closed.
async fn flag_what_came_meanwhile(app: &App, office: OfficeId, day: Date) -> Result<(), ServiceError> {
    let mut records = app.store.days().day_records(office, day).await?;
    records.retain(|record| record.sealed.is_none() && record.flags & Flag::LateRecord.bit() == 0);
    if records.is_empty() {
        return Ok(());
    }
    let late: Vec<(RecordId, u64)> = records.iter().map(|it| (it.record, Flag::LateRecord.bit())).collect();
    Ok(app.store.flags().add_flags(&late).await?)
}

/// One statement of an office's day.
///
/// # Errors
/// As [`board`], and [`codes::STATEMENT_NOT_FOUND`].
pub async fn statement(
    app: &App,
    who: &Person,
    office: OfficeId,
    day: Date,
    number: u32,
) -> Result<Statement, ServiceError> {
    let office = visible(app, who, office).await?;
    sealed_as(app, office.id, day, number).await
}

async fn sealed_as(app: &App, office: OfficeId, day: Date, number: u32) -> Result<Statement, ServiceError> {
    let found = sealed(app, office, day).await?.into_iter().find(|statement| statement.number == number);
    found.ok_or_else(|| codes::STATEMENT_NOT_FOUND.into())
}
