//! What is in each list that can be taken away: what its page shows with the same filter.

use std::collections::{BTreeSet, HashMap};

use futures_util::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use jiff::civil::Date;
use sync_core::id::{DeviceId, OfficeId, PersonId, PhotoHash, RecordId, TeamId};
use sync_core::wire::enrol::Role;

use super::names;
use crate::error::ServiceError;
use crate::export::words::Language;
use crate::export::{Names, Row, Table, lists};
use crate::photo::album::{self, Named, PhotoKey};
use crate::service::days::Counted;
use crate::service::decider::Decider;
use crate::service::quarantine::Wanted;
use crate::service::records::{self, LONGEST_PAGE, Page, PageKey};
use crate::service::{
    amendments as held, days as calendar, directory, leads, quarantine as aside, strays as lost, surveys,
    trail as audit,
};
use crate::state::App;
use crate::store::photos::Bringer;
use crate::store::trail::TrailQuery;
use crate::store::{Device, Person, RecordFilter};
use crate::survey::Figure;

/// Which people. `None` does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonFilter {
    /// Only of this office.
    pub office: Option<OfficeId>,
    /// Only of this team.
    pub team: Option<TeamId>,
    /// Only with this role.
    pub role: Option<Role>,
    /// Only with this in their name.
    pub text: Option<String>,
    /// Also those whose work here has ended.
    pub everybody: bool,
}

impl PersonFilter {
    fn finds(&self, person: &Person) -> bool {
        let named = |text: &String| person.name.to_lowercase().contains(&text.to_lowercase());
        (self.everybody || person.active)
            && self.office.is_none_or(|office| person.office == Some(office))
            && self.team.is_none_or(|team| person.team == Some(team))
            && self.role.is_none_or(|role| person.role == role)
            && self.text.as_ref().is_none_or(named)
    }
}

/// Where a phone stands between use and wiped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeviceStanding {
    /// In use.
    Active,
    /// Cut off, and not everything on it is handed in, as far as anybody knows.
    Revoked,
    /// Cut off, and everything on it is handed in.
    Deposited,
    /// Ordered to forget everything.
    Wiping,
    /// It has forgotten everything.
    Wiped,
}

impl DeviceStanding {
    fn of(device: &Device) -> Self {
        match device {
            Device { wiped_at: Some(_), .. } => Self::Wiped,
            Device { wipe_ordered_at: Some(_), .. } => Self::Wiping,
            Device { revoked_at: None, .. } => Self::Active,
            Device { deposited_at: None, .. } => Self::Revoked,
            _ => Self::Deposited,
        }
    }
}

/// Which phones. `None` does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceFilter {
    /// Only this one.
    pub device: Option<DeviceId>,
    /// Only this person's.
    pub person: Option<PersonId>,
    /// Only of people of this office.
    pub office: Option<OfficeId>,
    /// Only those that stand there.
    pub status: Option<DeviceStanding>,
    /// Only with this name and version of the app.
    pub app: Option<String>,
    /// Only those that hold something unsent.
    pub unsent: bool,
}

impl DeviceFilter {
    fn finds(&self, device: &Device) -> bool {
        self.device.is_none_or(|id| device.id == id)
            && self.person.is_none_or(|person| device.person.id == person)
            && self.office.is_none_or(|office| device.person.office == Some(office))
            && self.status.is_none_or(|status| DeviceStanding::of(device) == status)
            && self.app.as_ref().is_none_or(|app| device.app == *app)
            && (!self.unsent || device.backlog.changes > 0 || device.backlog.photos > 0)
    }
}

type Rows = BoxStream<'static, Result<Vec<Row>, ServiceError>>;

/// What is read page by page: where it stands now, and whether there is more.
struct Reading<K> {
    app: App,
    who: Person,
    names: Names,
    next: Option<K>,
}

/// The records of a filter, newest first.
///
/// # Errors
/// When the database does not answer; so for all of this module.
pub async fn records(app: &App, who: &Person, filter: RecordFilter, language: Language) -> Result<Table, ServiceError> {
    let length = records::count(app, who, &filter).await?;
    let names = names(app, who, language).await?;
    let reading = Reading { app: app.clone(), who: who.clone(), names, next: Some(None::<PageKey>) };
    let rows: Rows = stream::try_unfold(reading, move |mut reading| {
        let filter = filter.clone();
        async move {
            let Some(after) = reading.next else { return Ok(None) };
            let Page { items, next } = records::list(&reading.app, &reading.who, filter, after, LONGEST_PAGE).await?;
            reading.next = next.map(Some);
            Ok(Some((items.iter().map(|line| reading.names.record(line)).collect(), reading)))
        }
    })
    .boxed();
    Ok(Table { columns: lists::RECORDS, length: Some(length), rows })
}

/// Leads that name the same number, those of the newest case first.
pub async fn cases(app: &App, who: &Person, filter: RecordFilter, language: Language) -> Result<Table, ServiceError> {
    let names = names(app, who, language).await?;
    let reading = Reading { app: app.clone(), who: who.clone(), names, next: Some((None::<PageKey>, 0_u64)) };
    let rows: Rows = stream::try_unfold(reading, move |mut reading| {
        let filter = filter.clone();
        async move {
            let Some((after, before)) = reading.next else { return Ok(None) };
            let (cases, next) = leads::cases(&reading.app, &reading.who, filter, after, LONGEST_PAGE).await?;
            reading.next = next.map(|next| (Some(next), before + cases.len() as u64));
            let rows = (before + 1..)
                .zip(&cases)
                .flat_map(|(number, case)| case.leads.iter().map(move |line| (number, case.elsewhere, line)));
            let rows = rows.map(|(number, elsewhere, line)| reading.names.lead_of_case(number, elsewhere, line));
            Ok(Some((rows.collect(), reading)))
        }
    })
    .boxed();
    Ok(Table { columns: lists::CASES, length: None, rows })
}

/// How many leads stand at each stage.
pub async fn stages(
    app: &App,
    who: &Person,
    RecordFilter { office, project, .. }: RecordFilter,
    language: Language,
) -> Result<Table, ServiceError> {
    let stages = leads::stages(app, who, office, project).await?;
    let names = names(app, who, language).await?;
    Ok(Table::of(lists::STAGES, stages.iter().map(|(stage, many)| names.stage(stage.as_deref(), *many)).collect()))
}

/// Who received how many customers.
///
/// # Errors
/// As [`leads::received`].
pub async fn received(
    app: &App,
    who: &Person,
    RecordFilter { office, project, .. }: RecordFilter,
    language: Language,
) -> Result<Table, ServiceError> {
    let received = leads::received(app, who, office, project).await?;
    let names = names(app, who, language).await?;
    Ok(Table::of(lists::RECEIVED, received.iter().map(|line| names.received(line)).collect()))
}

/// Teams, by office and name.
pub async fn teams(app: &App, who: &Person, language: Language) -> Result<Table, ServiceError> {
    let teams = directory::teams(app, who).await?;
    let names = names(app, who, language).await?;
    Ok(Table::of(lists::TEAMS, teams.iter().map(|team| names.one_team(team)).collect()))
}

/// People, by name.
pub async fn people(app: &App, who: &Person, filter: &PersonFilter, language: Language) -> Result<Table, ServiceError> {
    let people = directory::people(app, who).await?;
    let names = names(app, who, language).await?;
    let found = people.iter().filter(|person| filter.finds(person));
    Ok(Table::of(lists::PEOPLE, found.map(|person| names.somebody(person)).collect()))
}

/// Phones.
///
/// # Errors
/// As [`directory::devices`].
pub async fn devices(
    app: &App,
    who: &Person,
    filter: &DeviceFilter,
    language: Language,
) -> Result<Table, ServiceError> {
    let devices = directory::devices(app, who).await?;
    let names = names(app, who, language).await?;
    let found = devices.iter().filter(|device| filter.finds(device));
    Ok(Table::of(lists::DEVICES, found.map(|device| names.device(device)).collect()))
}

/// What the surveys of a filter came to, as far as [`surveys::figures`] reads them.
pub async fn answers(app: &App, who: &Person, filter: RecordFilter, language: Language) -> Result<Table, ServiceError> {
    let figures = surveys::figures(app, who, filter).await?;
    let names = names(app, who, language).await?;
    Ok(Table::of(lists::ANSWERS, figures.forms.iter().flat_map(|form| names.answers(form)).collect()))
}

/// The surveys that a figure counts, as far as [`surveys::figures`] reads them.
pub async fn counted_surveys(
    app: &App,
    who: &Person,
    filter: RecordFilter,
    figure: Figure,
    language: Language,
) -> Result<Table, ServiceError> {
    let names = names(app, who, language).await?;
    let rows = surveys::counted(app, who, filter, figure)
        .map_ok(move |lines| lines.iter().map(|line| names.record(line)).collect())
        .boxed();
    Ok(Table { columns: lists::RECORDS, length: None, rows })
}

/// Changes that were set aside, newest first.
///
/// # Errors
/// As [`aside::list`].
pub async fn quarantine(app: &App, who: &Person, wanted: Wanted, language: Language) -> Result<Table, ServiceError> {
    let length = aside::count(app, Decider::Person(who), &wanted).await?;
    let names = names(app, who, language).await?;
    let reading = Reading { app: app.clone(), who: who.clone(), names, next: Some(None::<i64>) };
    let rows: Rows = stream::try_unfold(reading, move |mut reading| {
        let wanted = wanted.clone();
        async move {
            let Some(before) = reading.next else { return Ok(None) };
            let wanted = Wanted { before, limit: LONGEST_PAGE, ..wanted };
            let page = aside::list(&reading.app, Decider::Person(&reading.who), wanted).await?;
            reading.next = page.last().filter(|_| page.len() == LONGEST_PAGE as usize).map(|last| Some(last.line.id));
            Ok(Some((page.iter().map(|listed| reading.names.set_aside(&listed.line)).collect(), reading)))
        }
    })
    .boxed();
    Ok(Table { columns: lists::SET_ASIDE, length: Some(length), rows })
}

/// Where a list of photos stands: at one of those that are here, the newest first, or of those that are not.
enum AtPhoto {
    Here(Option<PhotoKey>),
    Missing(Option<PhotoHash>),
}

/// Photos of records, of one office if it is named: the newest first, and then those that are not here.
pub async fn photos(
    app: &App,
    who: &Person,
    office: Option<OfficeId>,
    language: Language,
) -> Result<Table, ServiceError> {
    let names = names(app, who, language).await?;
    let next = Some(AtPhoto::Here(None));
    let reading = Reading { app: app.clone(), who: who.clone(), names, next };
    let rows: Rows = stream::try_unfold(reading, move |mut reading| async move {
        let Some(at) = reading.next.take() else { return Ok(None) };
        let Reading { app, who, names, .. } = &reading;
        let (rows, next) = match at {
            AtPhoto::Here(before) => {
                let (page, next) = album::newest(app, who, office, before, album::LONGEST_PAGE).await?;
                let next = next.map_or(AtPhoto::Missing(None), |next| AtPhoto::Here(Some(next)));
                (photo_rows(app, who, names, &page).await?, Some(next))
            }
            AtPhoto::Missing(after) => {
                let (page, next) = album::missing(app, who, office, after).await?;
                let next = next.map(|next| AtPhoto::Missing(Some(next)));
                (page.iter().map(|missing| names.missing_photo(missing)).collect(), next)
            }
        };
        reading.next = next;
        Ok(Some((rows, reading)))
    })
    .boxed();
    Ok(Table { columns: lists::PHOTOS, length: None, rows })
}

async fn photo_rows(app: &App, who: &Person, names: &Names, page: &[Named]) -> Result<Vec<Row>, ServiceError> {
    let of = |named: &Named| named.records.first().map(|line| (named.photo.hash, line.row.id));
    let pairs: Vec<(PhotoHash, RecordId)> = page.iter().filter_map(of).collect();
    let bringers = app.store.photos().bringers(who.organisation, &pairs).await?;
    let bringers: HashMap<(PhotoHash, RecordId), Bringer> =
        bringers.into_iter().map(|bringer| ((bringer.hash, bringer.record), bringer)).collect();
    let row = |named: &Named| names.photo(named, of(named).and_then(|pair| bringers.get(&pair)));
    Ok(page.iter().map(row).collect())
}

/// Strays that wait for somebody, newest first.
///
/// # Errors
/// As [`lost::list`].
pub async fn strays(app: &App, who: &Person, language: Language) -> Result<Table, ServiceError> {
    // Whoever may not look learns that before the file begins.
    lost::list(app, Decider::Person(who), None, 1).await?;
    let names = names(app, who, language).await?;
    let reading = Reading { app: app.clone(), who: who.clone(), names, next: Some(None::<i64>) };
    let rows: Rows = stream::try_unfold(reading, |mut reading| async move {
        let Some(before) = reading.next else { return Ok(None) };
        let page = lost::list(&reading.app, Decider::Person(&reading.who), before, LONGEST_PAGE).await?;
        reading.next = page.last().filter(|_| page.len() == LONGEST_PAGE as usize).map(|last| Some(last.stray.id));
        Ok(Some((page.iter().map(|stray| reading.names.stray(stray)).collect(), reading)))
    })
    .boxed();
    Ok(Table { columns: lists::STRAYS, length: None, rows })
}

/// Amendments that wait for a decision, the latest first.
///
/// # Errors
/// As [`held::list`].
pub async fn amendments(app: &App, who: &Person, language: Language) -> Result<Table, ServiceError> {
    // Whoever may not look learns that before the file begins.
    held::list(app, Decider::Person(who), None, 1).await?;
    let names = names(app, who, language).await?;
    let reading = Reading { app: app.clone(), who: who.clone(), names, next: Some(None::<i64>) };
    let rows: Rows = stream::try_unfold(reading, |mut reading| async move {
        let Some(before) = reading.next else { return Ok(None) };
        let page = held::list(&reading.app, Decider::Person(&reading.who), before, LONGEST_PAGE).await?;
        reading.next = page.last().filter(|_| page.len() == LONGEST_PAGE as usize).map(|last| Some(last.last));
        Ok(Some((page.iter().map(|group| reading.names.held(group)).collect(), reading)))
    })
    .boxed();
    Ok(Table { columns: lists::HELD, length: None, rows })
}

/// A day in each office.
///
/// # Errors
/// As [`calendar::lines`].
pub async fn days(app: &App, who: &Person, day: Date, language: Language) -> Result<Table, ServiceError> {
    let lines = calendar::lines(app, who, day).await?;
    let names = names(app, who, language).await?;
    let rows = lines.iter().map(|(office, line, missing)| names.day(office, line, *missing));
    Ok(Table::of(lists::DAYS, rows.collect()))
}

/// Earlier days that somebody has still to see to.
///
/// # Errors
/// As [`calendar::unfinished`].
pub async fn unfinished(app: &App, who: &Person, language: Language) -> Result<Table, ServiceError> {
    let lines = calendar::unfinished(app, who).await?;
    let names = names(app, who, language).await?;
    Ok(Table::of(lists::UNFINISHED, lines.iter().map(|(office, line)| names.unfinished(office, line)).collect()))
}

/// The board of an office's day, or of it only those with a missing phone.
///
/// # Errors
/// As [`calendar::board`].
pub async fn board(
    app: &App,
    who: &Person,
    office: OfficeId,
    day: Date,
    missing: bool,
    language: Language,
) -> Result<Table, ServiceError> {
    let board = calendar::board(app, who, office, day).await?;
    let names = names(app, who, language).await?;
    let shown = board.people.iter().filter(|line| !missing || line.misses_a_phone());
    let rows = shown.flat_map(|line| names.board(&board.office, line));
    Ok(Table::of(lists::BOARD, rows.collect()))
}

/// The late tray of an office's day.
///
/// # Errors
/// As [`calendar::late`].
pub async fn late(
    app: &App,
    who: &Person,
    office: OfficeId,
    day: Date,
    made_by: Option<PersonId>,
    language: Language,
) -> Result<Table, ServiceError> {
    let all = calendar::late_records(app, who, office, day, made_by).await?;
    of_day(app, who, all, language).await
}

/// The records behind a figure of an office's day.
///
/// # Errors
/// As [`calendar::behind`].
pub async fn behind(
    app: &App,
    who: &Person,
    office: OfficeId,
    day: Date,
    counted: Counted,
    language: Language,
) -> Result<Table, ServiceError> {
    let all = calendar::counted_records(app, who, office, day, counted).await?;
    of_day(app, who, all, language).await
}

async fn of_day(app: &App, who: &Person, all: BTreeSet<RecordId>, language: Language) -> Result<Table, ServiceError> {
    let all: Vec<RecordId> = all.into_iter().collect();
    let length = Some(all.len() as u64);
    let names = names(app, who, language).await?;
    let pages: Vec<Vec<RecordId>> = all.chunks(LONGEST_PAGE as usize).map(<[RecordId]>::to_vec).collect();
    let app = app.clone();
    let rows: Rows = stream::iter(pages)
        .then(move |page| {
            let (app, names) = (app.clone(), names.clone());
            async move {
                let lines = calendar::lines_of(&app, page.into_iter().collect()).await?;
                Ok(lines.iter().map(|line| names.record(line)).collect())
            }
        })
        .boxed();
    Ok(Table { columns: lists::RECORDS, length, rows })
}

/// Entries of the audit trail, newest first. What is written down meanwhile is for the next file.
///
/// # Errors
/// As [`audit::list`].
pub async fn trail(app: &App, who: &Person, query: TrailQuery, language: Language) -> Result<Table, ServiceError> {
    let newest = audit::list(app, who, TrailQuery { limit: 1, ..TrailQuery::default() }).await?;
    let end = newest.first().map_or(0, |entry| entry.no) + 1;
    let all = TrailQuery { before: Some(end), ..query.clone() };
    let length = app.store.trail().count_trail(who.organisation, &all).await?;
    let names = names(app, who, language).await?;
    let reading = Reading { app: app.clone(), who: who.clone(), names, next: Some(end) };
    let rows: Rows = stream::try_unfold(reading, move |mut reading| {
        let query = query.clone();
        async move {
            let Some(before) = reading.next else { return Ok(None) };
            let query = TrailQuery { before: Some(before), limit: LONGEST_PAGE, ..query };
            let page = audit::list(&reading.app, &reading.who, query).await?;
            reading.next = page.last().filter(|_| page.len() == LONGEST_PAGE as usize).map(|last| last.no);
            Ok(Some((page.iter().map(|entry| reading.names.entry(entry)).collect(), reading)))
        }
    })
    .boxed();
    Ok(Table { columns: lists::TRAIL, length: Some(length), rows })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_found_as_the_page_finds_them() {
        let person = Person {
            id: PersonId::from([1; 16]),
            organisation: sync_core::id::OrganisationId::from([2; 16]),
            name: "Anna 张伟".to_owned(),
            role: Role::Promoter,
            office: Some(OfficeId::from([3; 16])),
            team: None,
            login: None,
            active: false,
            profile_version: 1,
            scope_version: 1,
            created_at: sync_core::time::UnixMillis(0),
        };
        let found = |filter: PersonFilter| filter.finds(&person);
        assert!(!found(PersonFilter::default()), "their work has ended");
        let all = || PersonFilter { everybody: true, ..PersonFilter::default() };
        assert!(found(all()) && found(PersonFilter { text: Some("anna".to_owned()), ..all() }));
        assert!(!found(PersonFilter { text: Some("李".to_owned()), ..all() }));
        assert!(!found(PersonFilter { role: Some(Role::Secretary), ..all() }));
        assert!(found(PersonFilter { office: person.office, ..all() }));
        assert!(!found(PersonFilter { team: Some(TeamId::from([4; 16])), ..all() }));
    }
}
