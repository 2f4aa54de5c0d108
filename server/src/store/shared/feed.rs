//! The feed: what devices have not seen yet.

use std::collections::{BTreeSet, HashMap};

use sqlx::Row as _;
use sync_core::id::{DeviceId, OfficeId, OrganisationId, PersonId, RecordId, TeamId};
use sync_core::wire::exchange::Author;
use uuid::Uuid;

use super::actors::author_at;
use super::bundle;
use super::run::{self, each_of, each_row_returning};
use super::{Conn, Db, DbRow};
use crate::store::packing::unpack;
use crate::store::shared::stored::{count, hash, position, scope_key};
use crate::store::shared::{bulk_statements, id_of, no_of, statements};
use crate::store::{FeedItem, FeedPage, FeedPosition, FeedQuery, PublishedChange, RecordPlace, Scope, StoreError};

/// The records of one kind of scope in feed order, behind position `$2`: when each entered it, and when anything of it
/// was published first.
macro_rules! feed_of {
    ($scope:literal, $entered:literal) => {
        concat!(
            "select r.seq, r.id, r.",
            $entered,
            ", r.first_seq from record r where r.",
            $scope,
            " = ",
            no_of!("$1"),
            " and r.seq > $2 order by r.seq limit $3"
        )
    };
}

/// So many records are looked at together first, more than a day brings: a phone that begins finds everything.
const FIRST: usize = 64;
/// No more are looked at together.
const MOST: usize = 256;
/// How much should come of them, in bytes: a record may be a thousand times as large as another.
const ROOM: usize = 256 * 1024;

statements! {
    HEAD = "select o.seq, coalesce((select s.salt from feed_salt s where s.organisation = o.id \
        order by s.from_seq desc limit 1), 0) from organisation o where o.id = $1";
    SALT_AT = "select coalesce((select s.salt from feed_salt s where s.organisation = o.id and s.from_seq <= $2 \
        order by s.from_seq desc limit 1), 0) from organisation o where o.id = $1 and o.seq >= $2";
    DEVICE = "select no, journal_n from device where id = $1";
    DEPARTURES = "select seq, record from departure where scope = $1 and seq > $2 order by seq limit $3";
    FEED_OF_PERSON = feed_of!("owner", "owner_since");
    FEED_OF_TEAM = feed_of!("team", "team_since");
    FEED_OF_OFFICE = feed_of!("office", "office_since");
    FEED_OF_ORGANISATION = feed_of!("organisation", "first_seq");
}

bulk_statements! {
    // Of each record what was published behind a position, but for what a device brought.
    NEWS[3] = "with wanted (record, known, own) as (values {rows}) select c.record, c.seq, c.hash, c.raw, c.place, c.actor \
        from wanted cross join change c where c.record = wanted.record and c.state = 1 and c.seq > wanted.known \
        and c.device is distinct from wanted.own";
    BUNDLED_NEWS[3] = "with wanted (record, known, own) as (values {rows}) select b.record, b.seq, b.hashes, b.contents, b.lines \
        from wanted cross join bundle b where b.record = wanted.record and b.seq > wanted.known and b.device <> wanted.own";
    WRITERS[1] = "select a.id, p.id, p.name from actor a join person p on p.id = a.person where a.no in ({list})";
    PLACES[1] = concat!("select r.id, ", id_of!("r.organisation"), ", ", id_of!("r.owner"), ", ", id_of!("r.team"), ", ",
        id_of!("r.office"), " from record r where r.id in ({list})");
}

pub(super) async fn feed_head(conn: &mut Conn, organisation: OrganisationId) -> Result<FeedPosition, StoreError> {
    let (seq, salt) = sqlx::query_as::<Db, (i64, i64)>(HEAD).bind(organisation.0).fetch_one(conn).await?;
    Ok(FeedPosition { seq: count(seq)?, salt: salt.cast_unsigned() })
}

pub(super) async fn salt_at(
    conn: &mut Conn,
    organisation: OrganisationId,
    seq: u64,
) -> Result<Option<u64>, StoreError> {
    let found =
        sqlx::query_as::<Db, (i64,)>(SALT_AT).bind(organisation.0).bind(position(seq)).fetch_optional(conn).await?;
    Ok(found.map(|(salt,)| salt.cast_unsigned()))
}

/// A page of the feed while it fills.
struct Filling {
    page: FeedPage,
    /// The numbers of those who wrote what is on it.
    actors: BTreeSet<i64>,
    room: usize,
    bytes_left: usize,
}

impl Filling {
    /// Adds an item; `false` if the page is full, in which case it ends before that item.
    fn add(&mut self, item: FeedItem, actors: impl IntoIterator<Item = i64>) -> bool {
        let bytes: usize = item.changes.iter().map(|change| change.raw.len()).sum();
        let first = self.page.items.is_empty();
        if !first && (self.room == 0 || bytes > self.bytes_left) {
            self.page.ended_at = Some(item.seq - 1);
            return false;
        }
        self.room = self.room.saturating_sub(1);
        self.bytes_left = self.bytes_left.saturating_sub(bytes);
        self.page.items.push(item);
        self.actors.extend(actors);
        true
    }
}

/// A record that may have news.
struct Next {
    seq: i64,
    record: Uuid,
    entered: i64,
    first_seq: i64,
}

impl Next {
    fn of(row: &DbRow) -> Result<Self, StoreError> {
        let (seq, record, entered, first_seq) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        Ok(Self { seq, record, entered, first_seq })
    }

    /// Binds what is asked about it.
    fn ask<'q>(&self, query: run::Filling<'q>, since: i64, own: i64) -> run::Filling<'q> {
        query.bind(self.record).bind(self.known(since)).bind(self.left_away(since, own))
    }

    /// Up to which position a device knows it that has everything of the scope up to `since`.
    fn known(&self, since: i64) -> i64 {
        if self.entered > since { 0 } else { since }
    }

    /// Whose changes it is not sent. A device has what it wrote itself, except of a record that came back into its scope:
    /// it was told to drop that one, its own changes with it.
    fn left_away(&self, since: i64, own: i64) -> i64 {
        if self.entered > since && self.entered > self.first_seq { 0 } else { own }
    }
}

/// The news of a record, with their places and the numbers of those who wrote them.
type Gathered = Vec<((i64, i64), i64, PublishedChange)>;

/// The news of records.
async fn news(conn: &mut Conn, next: &[Next], since: i64, own: i64) -> Result<HashMap<Uuid, Gathered>, StoreError> {
    let mut gathered: HashMap<Uuid, Gathered> = HashMap::new();
    for row in &each_row_returning(conn, NEWS, next, |query, next| next.ask(query, since, own)).await? {
        let hash = hash(row.try_get(2)?)?;
        let change = PublishedChange { raw: unpack(&hash, row.try_get(3)?), hash };
        let place = (row.try_get(1)?, row.try_get(4)?);
        gathered.entry(row.try_get(0)?).or_default().push((place, row.try_get(5)?, change));
    }
    for row in &each_row_returning(conn, BUNDLED_NEWS, next, |query, next| next.ask(query, since, own)).await? {
        let seq = row.try_get(1)?;
        let bundled = bundle::unpack(row.try_get(2)?, row.try_get(4)?, row.try_get(3)?);
        let changes = bundled.map(|(it, change)| ((seq, it.place), it.actor, change));
        gathered.entry(row.try_get(0)?).or_default().extend(changes);
    }
    Ok(gathered)
}

/// The item about a record, and the numbers of those who wrote it.
fn item(next: &Next, mut gathered: Gathered) -> Result<(FeedItem, Vec<i64>), StoreError> {
    gathered.sort_unstable_by_key(|(place, ..)| *place);
    let (actors, changes) = gathered.into_iter().map(|(_, actor, change)| (actor, change)).unzip();
    Ok((FeedItem { record: RecordId(next.record), seq: count(next.seq)?, changes, gone: false }, actors))
}

pub(super) async fn feed(conn: &mut Conn, query: &FeedQuery) -> Result<FeedPage, StoreError> {
    // One snapshot: a record that moves between the queries would be missed by both.
    let mut snapshot = super::snapshot(conn).await?;
    let Filling { mut page, actors, .. } = read(&mut snapshot, query).await?;
    page.authors = writers(&mut snapshot, &actors.into_iter().collect::<Vec<_>>()).await?;
    snapshot.rollback().await?;
    Ok(page)
}

/// Who the people behind the numbers of actors are.
async fn writers(conn: &mut Conn, actors: &[i64]) -> Result<Vec<Author>, StoreError> {
    each_of(conn, WRITERS, actors).await?.iter().map(author_at).collect()
}

async fn read(conn: &mut Conn, query: &FeedQuery) -> Result<Filling, StoreError> {
    let scope = scope_key(&query.scope);
    let own = match query.except {
        Some(except) => device(conn, except).await?.map_or(0, |(no, _)| no),
        None => 0,
    };
    let mut departures = sqlx::query_as::<Db, (i64, Uuid)>(DEPARTURES)
        .bind(scope)
        .bind(position(query.after.max(query.departed_after)))
        .bind(i64::from(query.limit_records) + 2)
        .fetch_all(&mut *conn)
        .await?
        .into_iter()
        .peekable();
    let mut filling = Filling {
        page: FeedPage::default(),
        actors: BTreeSet::new(),
        room: usize::try_from(query.limit_records).unwrap_or(usize::MAX),
        bytes_left: usize::try_from(query.limit_bytes).unwrap_or(usize::MAX),
    };
    let statement = match query.scope {
        Scope::Person(_) => FEED_OF_PERSON,
        Scope::Team(_) => FEED_OF_TEAM,
        Scope::Office(_) => FEED_OF_OFFICE,
        Scope::Organisation(_) => FEED_OF_ORGANISATION,
    };
    // Some records after the other, so that a page costs what it holds and not what lies behind it.
    let (mut after, since) = (position(query.after), position(query.since));
    let mut many = FIRST;
    loop {
        let next = sqlx::query::<Db>(statement).bind(scope).bind(after).bind(i64::try_from(many).unwrap_or(i64::MAX));
        let next = next.fetch_all(&mut *conn).await?;
        let next: Vec<Next> = next.iter().map(Next::of).collect::<Result<_, _>>()?;
        let mut news = news(conn, &next, since, own).await?;
        let bytes: usize = news.values().flatten().map(|(.., change)| change.raw.len()).sum();
        for next in &next {
            let Some(gathered) = news.remove(&next.record) else { continue };
            while let Some((at, record)) = departures.next_if(|(at, _)| *at < next.seq) {
                if !filling.add(gone(at, record)?, []) {
                    return Ok(filling);
                }
            }
            let (item, actors) = item(next, gathered)?;
            if !filling.add(item, actors) {
                return Ok(filling);
            }
        }
        let Some(last) = next.last().filter(|_| next.len() == many) else { break };
        after = last.seq;
        many = (ROOM * many).checked_div(bytes).unwrap_or(MOST).clamp(1, MOST);
    }
    for (at, record) in departures {
        if !filling.add(gone(at, record)?, []) {
            break;
        }
    }
    Ok(filling)
}

fn gone(seq: i64, record: Uuid) -> Result<FeedItem, StoreError> {
    Ok(FeedItem { record: RecordId(record), seq: count(seq)?, changes: Vec::new(), gone: true })
}

pub(super) async fn places(
    conn: &mut Conn,
    organisation: OrganisationId,
    records: &[RecordId],
) -> Result<Vec<RecordPlace>, StoreError> {
    let ids: Vec<Uuid> = records.iter().map(|record| record.0).collect();
    let mut places = Vec::with_capacity(ids.len());
    for row in each_of(conn, PLACES, &ids).await? {
        let place = RecordPlace {
            record: RecordId(row.try_get(0)?),
            organisation: OrganisationId(row.try_get(1)?),
            owner: PersonId(row.try_get(2)?),
            team: row.try_get::<Option<Uuid>, _>(3)?.map(TeamId),
            office: OfficeId(row.try_get(4)?),
        };
        places.extend((place.organisation == organisation).then_some(place));
    }
    Ok(places)
}

async fn device(conn: &mut Conn, id: DeviceId) -> Result<Option<(i64, i64)>, StoreError> {
    Ok(sqlx::query_as::<Db, (i64, i64)>(DEVICE).bind(id.0).fetch_optional(conn).await?)
}
