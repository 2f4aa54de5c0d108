//! What read tables are made of, and whether they are as they should be.

use std::collections::{BTreeMap, HashMap, HashSet};

use async_trait::async_trait;
use futures_util::future::try_join_all;
use sqlx::Row as _;
use sync_core::id::{OfficeId, OrganisationId, PersonId, RecordId};
use sync_core::index::Row;
use sync_core::record::Kind;
use sync_core::time::UnixMillis;
use uuid::Uuid;

use super::record_row::digest;
use super::run::each_of;
use super::{Backend, Conn, Db, DbRow, INDEX_MAKERS, bundle, days, flags, indexes, photos, read, search};
use crate::store::days::{ARRIVAL, DayFact};
use crate::store::packing::unpack;
use crate::store::rebuild::{PublishedRecord, PublishedSince, RebuildStore, Remade};
use crate::store::shared::pairs::words;
use crate::store::shared::stored::{count, hash, text};
use crate::store::shared::{bulk_statements, id_of, line_columns, statements};
use crate::store::{PendingRecord, PublishedChange, RecordLine, RecordRow, StoreError};

/// Records read with one question.
const TOGETHER: usize = 64;
/// Of records that are so large together no more are read at once.
const MOST_BYTES: usize = 32 * 1024 * 1024;

statements! {
    RECORD_IDS = "select record from (select distinct record from change where record > $1 order by record limit $2) changed \
        union select record from (select distinct record from bundle where record > $1 order by record limit $2) bundled \
        order by record limit $2";
    UNSEARCHABLE = "select id from record where search_digest is null and id > $1 order by id limit $2";
    // Sorted by who reads them: a sort that carries changes along is dear.
    CHANGES = "select c.record, o.id, c.seq, c.place, c.hash, c.raw, c.received_at from change c join organisation o on o.no = c.organisation \
        where c.record > $1 and c.record <= $2 and c.state = 1";
}

bulk_statements! {
    LINES[1] = concat!("select ", line_columns!(), ", r.no, ", id_of!("r.made_by"), ", ", id_of!("r.made_in"), ", r.lat, r.lon, r.search_digest \
        from record r where r.id in ({list})");
}

/// A record's published changes by feed position and place, and when each was received.
type Changes = BTreeMap<(i64, i64), (PublishedChange, i64)>;

async fn published(
    conn: &mut Conn,
    after: Option<RecordId>,
    limit: u32,
) -> Result<Vec<PublishedRecord>, StoreError> {
    let mut snapshot = super::snapshot(conn).await?;
    let mut after = after.map_or(Uuid::nil(), |id| id.0);
    let mut found = Vec::new();
    // Records of which nothing is published are passed over.
    while found.is_empty() {
        let ids = sqlx::query_as::<Db, (Uuid,)>(RECORD_IDS).bind(after).bind(i64::from(limit));
        let ids = ids.fetch_all(&mut *snapshot).await?;
        if ids.is_empty() {
            break;
        }
        let mut bytes = 0;
        for some in ids.chunks(TOGETHER) {
            let Some((next,)) = some.last().copied() else { break };
            for record in between(&mut snapshot, after, next).await? {
                bytes += record.record.published.iter().map(|change| change.raw.len()).sum::<usize>();
                found.push(record);
            }
            after = next;
            if bytes > MOST_BYTES {
                break;
            }
        }
    }
    snapshot.rollback().await?;
    Ok(found)
}

/// The records behind one, up to another.
async fn between(conn: &mut Conn, after: Uuid, last: Uuid) -> Result<Vec<PublishedRecord>, StoreError> {
    let rows = sqlx::query::<Db>(CHANGES).bind(after).bind(last).fetch_all(&mut *conn).await?;
    let mut found: BTreeMap<Uuid, (OrganisationId, Changes)> = BTreeMap::new();
    for row in &rows {
        let organisation = OrganisationId(row.try_get(1)?);
        let (_, changes) = found.entry(row.try_get(0)?).or_insert_with(|| (organisation, Changes::new()));
        let hash = hash(row.try_get(4)?)?;
        let change = PublishedChange { raw: unpack(&hash, row.try_get(5)?), hash };
        changes.insert((row.try_get(2)?, row.try_get(3)?), (change, row.try_get(6)?));
    }
    for bundle in bundle::between(conn, after, last).await? {
        let (_, changes) = found.entry(bundle.record).or_insert_with(|| (bundle.organisation, Changes::new()));
        changes.extend(bundle.changes.into_iter().map(|(place, change)| (place, (change, bundle.received_at))));
    }
    let record = |(id, (organisation, changes)): (Uuid, (OrganisationId, Changes))| {
        let seq = |end: Option<(&(i64, i64), _)>| end.map_or(Ok(0), |((seq, _), _)| count(*seq));
        let received = changes.values().map(|(_, received)| *received).max();
        let since = PublishedSince {
            first_seq: seq(changes.first_key_value())?,
            received_at: UnixMillis(received.unwrap_or_default()),
        };
        let record = PendingRecord {
            id: RecordId(id),
            organisation,
            base_seq: seq(changes.last_key_value())?,
            published: changes.into_values().map(|(change, _)| change).collect(),
            incoming: Vec::new(),
            refused: Vec::new(),
            decided: 0,
        };
        Ok(PublishedRecord { record, since })
    };
    found.into_iter().map(record).collect()
}

/// What is stored of some records.
struct Stored {
    lines: HashMap<RecordId, Line>,
    findable: HashSet<i64>,
    facts: HashMap<RecordId, Vec<(OfficeId, DayFact)>>,
    phones: HashMap<RecordId, HashSet<i64>>,
    /// Records with photos of which it is not noted that these name them.
    unreferred: HashSet<RecordId>,
}

/// A row as it is stored.
struct Line {
    line: RecordLine,
    no: i64,
    made: (PersonId, OfficeId),
    point: Option<(i64, i64)>,
    digest: Option<i64>,
}

impl Line {
    fn of(row: &DbRow) -> Result<Self, StoreError> {
        let made_by = row.try_get::<Option<Uuid>, _>(22)?.map(PersonId);
        let made_in = row.try_get::<Option<Uuid>, _>(23)?.map(OfficeId);
        let line = read::line_of(row)?;
        Ok(Self {
            // Records from before these were kept have none, which is nobody.
            made: (made_by.unwrap_or(PersonId(Uuid::nil())), made_in.unwrap_or(OfficeId(Uuid::nil()))),
            no: row.try_get(21)?,
            point: row.try_get::<Option<i64>, _>(24)?.zip(row.try_get(25)?),
            digest: row.try_get(26)?,
            line,
        })
    }

    fn says(&self, remade: &Remade) -> bool {
        let Remade { row: fresh, changes, .. } = remade;
        let line = &self.line;
        let row = &fresh.row;
        let listed = Row {
            title: text(&row.title),
            subtitle: text(&row.subtitle),
            review_reason: row.review_reason.as_deref().map(text),
            stage: row.stage.clone(),
            search: String::new(),
            ..*row
        };
        line.row == listed
            && line.organisation == fresh.organisation
            && line.flags == fresh.flags
            && line.changes == *changes
            && line.heads == fresh.heads
            && self.made == (fresh.made_by, fresh.made_in)
            && self.point == fresh.seen.point.map(|point| (point.lat.into(), point.lon.into()))
            && self.digest == Some(digest(&words(&row.search)))
    }
}

impl Stored {
    async fn of(conn: &mut Conn, rows: &[&RecordRow]) -> Result<Self, StoreError> {
        let ids: Vec<Uuid> = rows.iter().map(|row| row.row.id.0).collect();
        let lines = each_of(conn, LINES, &ids).await?;
        let lines: Vec<Line> = lines.iter().map(Line::of).collect::<Result<_, _>>()?;
        let numbers: Vec<i64> = lines.iter().map(|line| line.no).collect();
        let leads: Vec<Uuid> = rows.iter().filter(|row| row.row.kind == Kind::Lead).map(|row| row.row.id.0).collect();
        Ok(Self {
            findable: search::indexed(conn, &numbers).await?,
            facts: days::stored(conn, &leads).await?,
            phones: flags::phones(conn, &leads).await?,
            unreferred: photos::unreferred(conn, rows).await?,
            lines: lines.into_iter().map(|line| (line.line.row.id, line)).collect(),
        })
    }

    /// Whether everything that is stored of a record is what its row says.
    fn agrees_with(&self, remade: &Remade) -> bool {
        let row = &remade.row;
        let id = row.row.id;
        let Some(line) = self.lines.get(&id) else { return false };
        line.says(remade)
            && row.partners.is_empty()
            && self.findable.contains(&line.no)
            && self.phones.get(&id).cloned().unwrap_or_default() == row.seen.phones.iter().copied().collect()
            && !self.unreferred.contains(&id)
            && self.facts_agree(row)
    }

    /// Facts are never taken back, but for an arrival.
    fn facts_agree(&self, row: &RecordRow) -> bool {
        let stored = self.facts.get(&row.row.id).map_or(&[][..], Vec::as_slice);
        let has_come = |mut facts: std::slice::Iter<'_, DayFact>| facts.any(|fact| fact.entry == ARRIVAL);
        let noted = |fact: &DayFact| stored.iter().any(|(office, known)| *office == row.row.office && known == fact);
        row.facts.iter().all(noted)
            && stored.iter().any(|(_, fact)| fact.entry == ARRIVAL) == has_come(row.facts.iter())
    }
}

async fn outdated(store: &Backend, rows: &[Remade]) -> Result<Vec<RecordId>, StoreError> {
    let plain: Vec<&RecordRow> = rows.iter().map(|remade| &remade.row).collect();
    let stored = Stored::of(&mut *store.reader_by_name().await?, &plain).await?;
    let wrong = rows.iter().filter(|remade| !stored.agrees_with(remade));
    Ok(wrong.map(|remade| remade.row.row.id).collect())
}

#[async_trait]
impl RebuildStore for Backend {
    async fn published(&self, after: Option<RecordId>, limit: u32) -> Result<Vec<PublishedRecord>, StoreError> {
        published(&mut *self.reader_by_name().await?, after, limit).await
    }

    async fn unsearchable(&self, after: Option<RecordId>, limit: u32) -> Result<Vec<RecordId>, StoreError> {
        let after = after.map_or(Uuid::nil(), |id| id.0);
        let mut conn = self.reader().await?;
        let ids = sqlx::query_as::<Db, (Uuid,)>(UNSEARCHABLE).bind(after).bind(i64::from(limit));
        Ok(ids.fetch_all(&mut *conn).await?.into_iter().map(|(id,)| RecordId(id)).collect())
    }

    async fn make_room(&self) -> Result<(), StoreError> {
        self.widen().await
    }

    async fn leave_indexes_out(&self) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        indexes::leave_out(&mut tx).await?;
        Ok(tx.commit().await?)
    }

    fn index_makers(&self) -> usize {
        INDEX_MAKERS
    }

    async fn make_index(&self) -> Result<Option<usize>, StoreError> {
        let mut tx = self.begin_making().await?;
        let left = indexes::make_next(&mut tx).await?;
        tx.commit().await?;
        Ok(left)
    }

    async fn forget_damaged_words(&self) -> Result<bool, StoreError> {
        Ok(search::forget_damaged(self).await? > 0)
    }

    async fn tidy_words(&self) -> Result<bool, StoreError> {
        search::tidy(self).await
    }

    async fn outdated(&self, rows: &[Remade]) -> Result<HashSet<RecordId>, StoreError> {
        let parts = try_join_all(rows.chunks(flags::LOOKED_AT_TOGETHER).map(|part| outdated(self, part))).await?;
        Ok(parts.into_iter().flatten().collect())
    }
}
