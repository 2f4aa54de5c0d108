//! The feed: what devices have not seen yet.

use std::collections::BTreeSet;

use sqlx::Row as _;
use sync_core::id::{DeviceId, OfficeId, OrganisationId, PersonId, RecordId, TeamId};
use sync_core::wire::exchange::Author;
use uuid::Uuid;

use super::actors::author_at;
use super::bundle;
use super::rows_in_turn::RowsInTurn;
use super::run::each_of;
use super::{Conn, Db, DbRow};
use crate::store::packing::unpack;
use crate::store::shared::stored::{count, hash, position, scope_key};
use crate::store::shared::{bulk_statements, id_of, no_of, statements};
use crate::store::{FeedItem, FeedPage, FeedPosition, FeedQuery, PublishedChange, RecordPlace, Scope, StoreError};

/// The news `c` of a table about records `r` of one kind of scope.
macro_rules! news_of {
    ($table:literal, $scope:literal, $entered:literal) => {
        concat!(
            "from record r cross join ",
            $table,
            " c where r.",
            $scope,
            " = ",
            no_of!("$1"),
            " and r.seq > $2 and c.record = r.id and (r.",
            $entered,
            " > $4 or c.seq > $4) and (c.device is distinct from $3 or (r.",
            $entered,
            " > $4 and r.",
            $entered,
            " > r.first_seq))"
        )
    };
}

/// The feed of one kind of scope, after position `$2` for a device that has everything up to `$4`. `cross join` keeps
/// the order of the tables: records in feed order, the changes of each.
///
/// A device is not sent what it wrote itself, except of a record that came back into its scope: it was told to drop
/// that one, its own changes with it.
macro_rules! feed_of {
    ($scope:literal, $entered:literal) => {
        concat!(
            "select * from (select r.seq, r.id, c.seq as at, c.hash, c.raw, c.place, c.actor, \
            cast(null as bytea) as lines ",
            news_of!("change", $scope, $entered),
            " and c.state = 1 order by r.seq) changes union all \
            select * from (select r.seq, r.id, c.seq as at, c.hashes, c.contents, \
            cast(null as bigint), cast(null as bigint), c.lines ",
            news_of!("bundle", $scope, $entered),
            " order by r.seq) bundles order by 1"
        )
    };
}

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

/// A record of the feed while its changes come in, with their places.
struct Gathered {
    record: RecordId,
    seq: i64,
    changes: Vec<((i64, i64), i64, PublishedChange)>,
}

impl Gathered {
    fn add(&mut self, row: &DbRow) -> Result<(), StoreError> {
        let at: i64 = row.try_get(2)?;
        if let Some(lines) = row.try_get::<Option<&[u8]>, _>(7)? {
            let bundled = bundle::unpack(row.try_get(3)?, lines, row.try_get(4)?);
            self.changes.extend(bundled.map(|(it, change)| ((at, it.place), it.actor, change)));
            return Ok(());
        }
        let hash = hash(row.try_get(3)?)?;
        let change = PublishedChange { raw: unpack(&hash, row.try_get(4)?), hash };
        self.changes.push(((at, row.try_get(5)?), row.try_get(6)?, change));
        Ok(())
    }

    /// The item, and the numbers of those who wrote it.
    fn item(mut self) -> Result<(FeedItem, Vec<i64>), StoreError> {
        self.changes.sort_unstable_by_key(|(place, ..)| *place);
        let (actors, changes) = self.changes.into_iter().map(|(_, actor, change)| (actor, change)).unzip();
        Ok((FeedItem { record: self.record, seq: count(self.seq)?, changes, gone: false }, actors))
    }
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
    // In turn, so that a page costs what it holds and not what lies behind it.
    let (after, since) = (position(query.after), position(query.since));
    let mut rows =
        RowsInTurn::of(conn, statement, |query| query.bind(scope).bind(after).bind(own).bind(since)).await?;
    let mut gathered: Option<Gathered> = None;
    loop {
        let row = rows.next().await?;
        let seq = row.as_ref().map(|row| row.try_get::<i64, _>(0)).transpose()?;
        if let Some(complete) = gathered.take_if(|gathered| Some(gathered.seq) != seq) {
            while let Some((at, record)) = departures.next_if(|(at, _)| *at < complete.seq) {
                if !filling.add(gone(at, record)?, []) {
                    return Ok(filling);
                }
            }
            let (item, actors) = complete.item()?;
            if !filling.add(item, actors) {
                return Ok(filling);
            }
        }
        let (Some(row), Some(seq)) = (row, seq) else { break };
        let record = RecordId(row.try_get(1)?);
        gathered.get_or_insert_with(|| Gathered { record, seq, changes: Vec::new() }).add(&row)?;
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
