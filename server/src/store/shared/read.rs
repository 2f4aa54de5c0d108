//! Lists, searches and what lies behind one record.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use sqlx::{AssertSqlSafe, Row as _};
use sync_core::id::{OfficeId, OrganisationId, PersonId, ProjectId, RecordId, TeamId};
use sync_core::index::Row;
use sync_core::record::entry::Stage;
use sync_core::time::UnixMillis;
use uuid::Uuid;

use super::run::{Filling, each_of};
use super::search::{Search, Sought};
use super::{Conn, Db, DbRow, search};
use crate::store::shared::failure::corrupt;
use crate::store::shared::{bulk_statements, line_columns, no_of, statements};
use crate::store::shared::stored::{count, hashes, small, text, word};
use crate::store::{AtStage, ReceivedBy, RecordFilter, RecordLine, RecordQuery, Scope, StoreError};

/// A search glances at so many times the records that fit on a page, the first of the list: what stands in every tenth
/// record is found there, and to find all of them would take longest.
const GLANCE: u32 = 8;
/// Followed by what chooses the first records of a list.
const SPAN: &str = "select min(newest.no), max(newest.no) from (select r.no from record r where ";

/// Followed by conditions.
const LINES: &str = concat!("select ", line_columns!(), " from record r where ");
/// Followed by conditions.
const LINES_AND_NO: &str = concat!("select ", line_columns!(), ", r.no from record r where ");
/// Followed by conditions.
const COUNT: &str = "select count(*) from record r where ";
/// Followed by conditions.
const TOTALS: &str = "select cast(coalesce(sum(t.records), 0) as bigint) from record_total t where ";
/// Conditions that many records fulfil: there are three kinds, and a range of days begins and ends a list.
const COMMON: [&str; 4] = [OF_KIND, SINCE, UNTIL, UNDISPUTED];
/// Conditions.
const OF_KIND: &str = "r.kind = {}";
const SINCE: &str = "r.day >= {}";
const UNTIL: &str = "r.day <= {}";
const UNDISPUTED: &str = "r.conflicts = 0";
const RECEIVED: &str =
    "r.id in (select f.record from day_fact f where f.sort = 'arrival' and f.consultant = {})";
const RECEIVED_BY_NOBODY: &str =
    "r.id in (select f.record from day_fact f where f.sort = 'arrival' and f.consultant is null)";
const SEALED: &str =
    "exists (select 1 from sealed_item s where s.record = r.id and length(s.entry) = 0 and s.number = {})";
const UNSEALED: &str = "not exists (select 1 from sealed_item s where s.record = r.id and length(s.entry) = 0)";
/// A picture may be named in several organisations, of which there are few; the scope keeps them apart.
const OF_PHOTO: &str = "r.id in (select f.record from photo_reference f \
    where f.organisation in (select o.id from organisation o) and f.hash = {})";
const UNSEARCHABLE: &str = "r.id in (select u.id from record u where u.search_digest is null)";
const SORTED: &str = " order by r.captured_ms desc, r.id desc limit ";

statements! {
    LINE = concat!("select ", line_columns!(), " from record r where r.id = $1");
}

bulk_statements! {
    EACH_LINE[1] = concat!("select ", line_columns!(), " from record r where r.id in ({list})");
}

/// A value on its way into a condition.
enum Value {
    Id(Uuid),
    Text(String),
    Number(i64),
    Bytes(Vec<u8>),
}

/// A condition with `{}` where its value stands, if it has one, and how well an index finds what fulfils it: 0 not at all.
struct Condition {
    text: &'static str,
    /// The same of the kept totals, if those tell such records apart.
    of_totals: Option<&'static str>,
    value: Option<Value>,
    selects: u8,
}

/// The conditions of a list. Text comes from constants only; whatever somebody chose or typed is bound.
#[derive(Default)]
struct Conditions {
    all: Vec<Condition>,
    /// No business day is asked for.
    all_days: bool,
    /// Between which moments the records of a range of days were made: those that begin and end a list.
    captured: (Option<i64>, Option<i64>),
    page: Option<(UnixMillis, RecordId)>,
}

impl Conditions {
    fn of(scope: &Scope, filter: &RecordFilter) -> Self {
        let mut conditions = Self::default();
        let whole = matches!(scope, Scope::Organisation(_));
        let (of_records, of_totals, id, selects) = match scope {
            Scope::Person(id) => (concat!("r.owner = ", no_of!("{}")), concat!("t.owner = ", no_of!("{}")), id.0, 7),
            Scope::Team(id) => (concat!("r.team = ", no_of!("{}")), concat!("t.team = ", no_of!("{}")), id.0, 6),
            Scope::Office(id) => (concat!("r.office = ", no_of!("{}")), concat!("t.office = ", no_of!("{}")), id.0, 5),
            Scope::Organisation(id) => (concat!("r.organisation = ", no_of!("{}")), concat!("t.organisation = ", no_of!("{}")), id.0, 1),
        };
        conditions.add(of_records, Some(of_totals), Some(Value::Id(id)), selects);
        let id = |id: Option<Uuid>| id.map(Value::Id);
        let text = |given: Option<&str>| given.map(|given| Value::Text(text(given)));
        let date = |day: Option<Date>| day.map(|day| Value::Text(day.to_string()));
        let optional = [
            (concat!("r.owner = ", no_of!("{}")), Some(concat!("t.owner = ", no_of!("{}"))), id(filter.owner.map(|id| id.0)), 7),
            (concat!("r.team = ", no_of!("{}")), Some(concat!("t.team = ", no_of!("{}"))), id(filter.team.map(|id| id.0)), 6),
            (concat!("r.office = ", no_of!("{}")), Some(concat!("t.office = ", no_of!("{}"))), id(filter.office.map(|id| id.0)), 5),
            // These have indexes inside an organisation.
            ("r.day = {}", Some("t.day = {}"), text(filter.day.as_deref()), if whole { 3 } else { 0 }),
            (
                "r.review = {}",
                Some("t.review = {}"),
                text(filter.review.map(|state| state.as_str())),
                if whole { 2 } else { 0 },
            ),
            (OF_KIND, Some("t.kind = {}"), text(filter.kind.map(|kind| kind.as_str())), 0),
            (
                concat!("r.project = ", no_of!("{}")),
                Some(concat!("t.project = ", no_of!("{}"))),
                id(filter.project.map(|id| id.0)),
                4,
            ),
            (concat!("r.made_by = ", no_of!("{}")), None, id(filter.made_by.map(|id| id.0)), 7),
            (concat!("r.made_in = ", no_of!("{}")), None, id(filter.made_in.map(|id| id.0)), 0),
            (SINCE, Some("t.day >= {}"), date(filter.from), 0),
            (UNTIL, Some("t.day <= {}"), date(filter.to), 0),
        ];
        for (text, of_totals, value, selects) in optional {
            if value.is_some() {
                conditions.add(text, of_totals, value, selects);
            }
        }
        match &filter.stage {
            Some(AtStage::At(stage)) => {
                conditions.add("r.stage = {}", None, text(Some(stage)), if whole { 3 } else { 0 });
            }
            Some(AtStage::None) => conditions.add("r.kind = 'lead' and r.stage is null", None, None, 0),
            None => {}
        }
        match &filter.received {
            // A consultant has received hundreds of hundreds of thousands: the list begins with them, whatever else is asked.
            Some(ReceivedBy::Consultant(name)) => conditions.add(RECEIVED, None, text(Some(name)), 8),
            Some(ReceivedBy::Nobody) => conditions.add(RECEIVED_BY_NOBODY, None, None, 8),
            None => {}
        }
        if let Some(number) = filter.sealed {
            conditions.add(SEALED, None, Some(Value::Number(i64::from(number))), 0);
        }
        if filter.unsealed {
            conditions.add(UNSEALED, None, None, 0);
        }
        // Few records name a photo, and few wait for a search: lists of those begin with them.
        if let Some(photo) = filter.photo {
            conditions.add(OF_PHOTO, None, Some(Value::Bytes(photo.0.to_vec())), 8);
        }
        if filter.unsearchable {
            conditions.add(UNSEARCHABLE, None, None, 8);
        }
        let set = filter.flags.map(u64::cast_signed);
        match set.map(|set| (set, one_flag(set))) {
            Some((_, Some(condition))) => conditions.add(condition, None, None, if whole { 3 } else { 0 }),
            // The first half as its index says it.
            Some((set, None)) => conditions.add(
                "r.flags <> 0 and (r.flags & {}) <> 0",
                None,
                Some(Value::Number(set)),
                if whole { 2 } else { 0 },
            ),
            None => {}
        }
        match filter.in_conflict {
            // As its index says it.
            Some(true) => conditions.add("r.conflicts > 0", None, None, if whole { 3 } else { 0 }),
            Some(false) => conditions.add(UNDISPUTED, None, None, 0),
            None => {}
        }
        conditions.all_days = filter.day.is_none() && filter.from.is_none() && filter.to.is_none();
        conditions.captured = captured(filter.from, filter.to);
        conditions
    }

    fn add(&mut self, text: &'static str, of_totals: Option<&'static str>, value: Option<Value>, selects: u8) {
        self.all.push(Condition { text, of_totals, value, selects });
    }

    /// Writes the statement that adds up kept totals; `None` if those don't tell.
    fn statement_of_totals(&self) -> Option<(String, Vec<&Value>)> {
        let mut sql = TOTALS.to_owned();
        sql.push_str(if self.all_days { "t.day = ''" } else { "t.day <> ''" });
        let mut values = Vec::with_capacity(self.all.len());
        for condition in &self.all {
            values.extend(&condition.value);
            sql.push_str(" and ");
            sql.push_str(&condition.of_totals?.replace("{}", &format!("${}", values.len())));
        }
        Some((sql, values))
    }

    /// Whether this is one of those for which the list's index is chosen.
    fn leads(&self, condition: &Condition) -> bool {
        let narrowest = self.all.iter().map(|condition| condition.selects).max().unwrap_or(0);
        let inside_organisation = condition.selects == 1 && (2..=3).contains(&narrowest);
        condition.selects > 0 && (condition.selects == narrowest || inside_organisation)
    }

    /// Whether the list's index leads to its first records without passing over many others: besides what the index says,
    /// nothing rare is asked for.
    fn is_dense(&self) -> bool {
        let is_common = |condition: &Condition| condition.selects == 1 || COMMON.contains(&condition.text);
        self.all.iter().all(|condition| self.leads(condition) || is_common(condition))
    }

    /// Writes the statement that finds out between which numbers the first records of the list are.
    fn span(&self) -> (String, Vec<&Value>) {
        let (sql, values) = self.statement(SPAN, SORTED, None, Some(0));
        (format!("{sql}) newest"), values)
    }

    /// Writes the statement of a glance: what a search finds among the first records of the list.
    fn glance(&self) -> (String, Vec<&Value>) {
        let (inner, values) = self.statement(LINES_AND_NO, SORTED, None, Some(0));
        // Its limit comes after the values, the beginning of its days, and the page or their end.
        let end = if self.page.is_some() { 2 } else { usize::from(self.captured.1.is_some()) };
        let next = values.len() + usize::from(self.captured.0.is_some()) + end + 1;
        let found = search::among_newest(&format!("${}", next + 1));
        let sql = format!(
            "with newest as materialized ({inner}) select * from newest where {found} \
            order by newest.captured_ms desc, newest.id desc limit ${}",
            next + 2
        );
        (sql, values)
    }

    /// Writes the statement so that one index is the natural choice: the narrowest, or none if the hits of a search
    /// lead. What stands inside `(..) is true` can't be looked up in an index, on either database, so without
    /// statistics the planner has nothing to guess.
    fn statement(&self, start: &str, end: &str, found: Option<&Found>, limit: Option<u32>) -> (String, Vec<&Value>) {
        let led_by_hits = found.is_some_and(|found| found.lead);
        let mut sql = start.to_owned();
        let mut values = Vec::with_capacity(self.all.len());
        for (i, condition) in self.all.iter().enumerate() {
            values.extend(&condition.value);
            let text = condition.text.replace("{}", &format!("${}", values.len()));
            let leads = !led_by_hits && self.leads(condition);
            sql.push_str(if i == 0 { "" } else { " and " });
            sql.push_str(&if leads { text } else { format!("({text}) is true") });
        }
        let mut next = values.len();
        let mut placeholder = || {
            next += 1;
            format!("${next}")
        };
        if let Some(found) = found {
            let sought = placeholder();
            sql.push_str(" and ");
            sql.push_str(&match found.lead {
                true => search::matching(&sought),
                false => format!("({}) is true", search::among_many(&sought)),
            });
        }
        if self.captured.0.is_some() {
            sql.push_str(&format!(" and r.captured_ms >= {}", placeholder()));
        }
        if self.page.is_some() {
            let (captured, id) = (placeholder(), placeholder());
            sql.push_str(&format!(" and (r.captured_ms, r.id) < ({captured}, {id})"));
        } else if self.captured.1.is_some() {
            // A later page has its end already: of two, a database may choose the wider one.
            sql.push_str(&format!(" and r.captured_ms < {}", placeholder()));
        }
        sql.push_str(end);
        if limit.is_some() {
            sql.push_str(&placeholder());
        }
        (sql, values)
    }

    /// Binds where the list begins and where it ends.
    fn between<'q>(&self, mut query: Filling<'q>) -> Filling<'q> {
        let (since, until) = self.captured;
        if let Some(since) = since {
            query = query.bind(since);
        }
        match (self.page, until) {
            (Some((captured, id)), _) => query.bind(captured.0).bind(id.0),
            (None, Some(until)) => query.bind(until),
            (None, None) => query,
        }
    }

    fn query<'q>(&self, start: &str, end: &str, found: Option<&Found>, limit: Option<u32>) -> Filling<'q> {
        let (sql, values) = self.statement(start, end, found, limit);
        let mut query = bound(sql, &values);
        if let Some(found) = found {
            query = search::bind(query, &found.sought, found.lead);
        }
        query = self.between(query);
        match limit {
            Some(limit) => query.bind(i64::from(limit)),
            None => query,
        }
    }
}

/// Between which moments records of these days were made. The day is the one by the phone's clock and its distance from
/// UTC, which is whatever sixteen bits of minutes can say.
fn captured(from: Option<Date>, to: Option<Date>) -> (Option<i64>, Option<i64>) {
    const FARTHEST: i64 = 1 << 15;
    let midnight = |day: Date| day.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp().as_millisecond());
    let since = from.and_then(midnight).map(|at| at.saturating_sub(FARTHEST * 60_000));
    let end = to.and_then(|day| day.tomorrow().ok()).and_then(midnight);
    let until = end.map(|at| at.saturating_add(FARTHEST * 60_000));
    (since, until)
}

fn bound<'q>(sql: String, values: &[&Value]) -> Filling<'q> {
    let mut query = sqlx::query::<Db>(AssertSqlSafe(sql));
    for value in values {
        query = match value {
            Value::Id(id) => query.bind(*id),
            Value::Text(text) => query.bind(text.clone()),
            Value::Number(number) => query.bind(*number),
            Value::Bytes(bytes) => query.bind(bytes.clone()),
        };
    }
    query
}

/// The condition of a set of one flag, as the index of the records with that flag says it (0015_console.sql).
fn one_flag(set: i64) -> Option<&'static str> {
    Some(match set {
        0x001 => "(r.flags & 1) <> 0",
        0x002 => "(r.flags & 2) <> 0",
        0x004 => "(r.flags & 4) <> 0",
        0x008 => "(r.flags & 8) <> 0",
        0x010 => "(r.flags & 16) <> 0",
        0x020 => "(r.flags & 32) <> 0",
        0x040 => "(r.flags & 64) <> 0",
        0x080 => "(r.flags & 128) <> 0",
        0x100 => "(r.flags & 256) <> 0",
        0x200 => "(r.flags & 512) <> 0",
        0x400 => "(r.flags & 1024) <> 0",
        _ => return None,
    })
}

/// What a search comes to.
struct Found {
    sought: Sought,
    /// Few enough hits to begin with them.
    lead: bool,
}

impl Found {
    async fn of(conn: &mut Conn, search: &Search) -> Result<Self, StoreError> {
        let sought = search::find(conn, search, i64::MIN..=i64::MAX).await?;
        let hits = search::hits_up_to(conn, &sought, search::FEW_HITS + 1).await?;
        Ok(Self { sought, lead: hits <= search::FEW_HITS })
    }
}

/// What somebody typed, if there is something to look for.
fn searched(filter: &RecordFilter) -> Option<Search> {
    filter.text.as_deref().and_then(search::of)
}

pub(super) async fn list_records(conn: &mut Conn, query: &RecordQuery) -> Result<Vec<RecordLine>, StoreError> {
    let mut snapshot = super::snapshot(conn).await?;
    let conditions = Conditions { page: query.after, ..Conditions::of(&query.scope, &query.filter) };
    let listed = match searched(&query.filter) {
        None => conditions.query(LINES, SORTED, None, Some(query.limit)).fetch_all(&mut *snapshot).await?,
        Some(search) => search_list(&mut snapshot, &conditions, &search, query.limit).await?,
    };
    snapshot.rollback().await?;
    listed.iter().map(line_of).collect()
}

async fn search_list(
    conn: &mut Conn,
    conditions: &Conditions,
    search: &Search,
    limit: u32,
) -> Result<Vec<DbRow>, StoreError> {
    if conditions.is_dense() {
        let first = glance(conn, conditions, search, limit).await?;
        if first.len() as u64 == u64::from(limit) {
            return Ok(first);
        }
    }
    let found = Found::of(conn, search).await?;
    Ok(conditions.query(LINES, SORTED, Some(&found), Some(limit)).fetch_all(conn).await?)
}

/// What a search finds among the first records of a list.
async fn glance(
    conn: &mut Conn,
    conditions: &Conditions,
    search: &Search,
    limit: u32,
) -> Result<Vec<DbRow>, StoreError> {
    let many = i64::from(limit) * i64::from(GLANCE);
    let mut span = i64::MIN..=i64::MAX;
    if search::BY_NUMBERS {
        let (sql, values) = conditions.span();
        let numbers = conditions.between(bound(sql, &values)).bind(many).fetch_one(&mut *conn).await?;
        let (Some(first), Some(last)) = (numbers.try_get(0)?, numbers.try_get(1)?) else { return Ok(Vec::new()) };
        span = first..=last;
    }
    let sought = search::find(conn, search, span).await?;
    let (sql, values) = conditions.glance();
    let glance = conditions.between(bound(sql, &values)).bind(many);
    Ok(search::bind(glance, &sought, false).bind(i64::from(limit)).fetch_all(conn).await?)
}

pub(super) async fn count_records(conn: &mut Conn, scope: &Scope, filter: &RecordFilter) -> Result<u64, StoreError> {
    let mut snapshot = super::snapshot(conn).await?;
    let conditions = Conditions::of(scope, filter);
    let found = match searched(filter) {
        Some(search) => Some(Found::of(&mut snapshot, &search).await?),
        None => None,
    };
    let kept = if found.is_none() { conditions.statement_of_totals() } else { None };
    let query = match kept {
        Some((sql, values)) => bound(sql, &values),
        None => conditions.query(COUNT, "", found.as_ref(), None),
    };
    let counted = query.fetch_one(&mut *snapshot).await?;
    snapshot.rollback().await?;
    count(counted.try_get(0)?)
}

pub(super) async fn record_line(conn: &mut Conn, id: RecordId) -> Result<RecordLine, StoreError> {
    line_of(&sqlx::query::<Db>(LINE).bind(id.0).fetch_one(conn).await?)
}

pub(super) async fn record_lines(conn: &mut Conn, ids: &[RecordId]) -> Result<Vec<RecordLine>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    each_of(conn, EACH_LINE, &ids).await?.iter().map(line_of).collect()
}

pub(super) fn line_of(row: &DbRow) -> Result<RecordLine, StoreError> {
    let completeness: Option<i64> = row.try_get(15)?;
    Ok(RecordLine {
        organisation: OrganisationId(row.try_get(0)?),
        row: Row {
            id: RecordId(row.try_get(1)?),
            kind: word(row.try_get(2)?, "kind")?,
            owner: PersonId(row.try_get(3)?),
            office: OfficeId(row.try_get(4)?),
            team: row.try_get::<Option<Uuid>, _>(5)?.map(TeamId),
            project: row.try_get::<Option<Uuid>, _>(6)?.map(ProjectId),
            day: word(row.try_get(7)?, "day")?,
            captured: UnixMillis(row.try_get(8)?),
            title: row.try_get(9)?,
            subtitle: row.try_get(10)?,
            stage: row.try_get::<Option<&str>, _>(11)?.map(Stage::from),
            review: word(row.try_get(12)?, "state of review")?,
            review_reason: row.try_get(13)?,
            conflicts: small(row.try_get(14)?)?,
            completeness: completeness.map(u8::try_from).transpose().map_err(|_| corrupt("completeness"))?,
            search: String::new(),
        },
        flags: row.try_get::<i64, _>(16)?.cast_unsigned(),
        changes: small(row.try_get(17)?)?,
        heads: hashes(row.try_get(18)?)?,
        seq: count(row.try_get(19)?)?,
        updated_at: UnixMillis(row.try_get(20)?),
    })
}

/// The statement that answers how many there are from totals, if one does.
#[cfg(test)]
pub(super) fn total_of(scope: &Scope, filter: &RecordFilter) -> Option<String> {
    Conditions::of(scope, filter).statement_of_totals().map(|(sql, _)| sql)
}

/// The statements of a search's first glance.
#[cfg(test)]
pub(super) fn glance_of(
    scope: &Scope,
    filter: &RecordFilter,
    page: Option<(UnixMillis, RecordId)>,
) -> [(&'static str, String); 2] {
    let conditions = Conditions { page, ..Conditions::of(scope, filter) };
    [("SPAN", conditions.span().0), ("GLANCE", conditions.glance().0)]
}

/// The statements of a list: the page and its count. `led_by_hits` says whether there is a search and how many hits.
#[cfg(test)]
pub(super) fn statements_of(
    scope: &Scope,
    filter: &RecordFilter,
    led_by_hits: Option<bool>,
    page: Option<(UnixMillis, RecordId)>,
) -> [(&'static str, String); 2] {
    let found = led_by_hits.map(|lead| Found { sought: Sought::default(), lead });
    let conditions = Conditions { page, ..Conditions::of(scope, filter) };
    let listed = conditions.statement(LINES, SORTED, found.as_ref(), Some(1)).0;
    let counted = Conditions::of(scope, filter).statement(COUNT, "", found.as_ref(), None).0;
    [("LINES", listed), ("COUNT", counted)]
}
