//! What has to be judged, with what is needed to judge it.

use std::collections::{BTreeMap, HashMap, HashSet};

use sqlx::Row as _;
use sync_core::id::{ChangeHash, DeviceId, OrganisationId, PersonId, RecordId};
use sync_core::time::UnixMillis;
use uuid::Uuid;

use super::bundle;
use super::decide::last_decisions;
use super::rows::person_at;
use super::run::each_of;
use super::{Conn, Db, DbRow};
use crate::store::packing::unpack;
use crate::store::shared::bulk::Bulk;
use crate::store::shared::failure::corrupt;
use crate::store::shared::stored::{count, hash, state};
use crate::store::shared::{bulk_statements, person_columns, statements};
use crate::store::{Act, ChangeState, IncomingChange, PendingRecord, Person, PublishedChange, Senders, StoreError};

/// So many received changes are looked at for each record that is asked for: phones send a record's changes
/// together, and looking at all that wait would cost more the further the judging falls behind.
const CHANGES_FOR_EACH_RECORD: i64 = 8;

statements! {
    RECEIVED = "select record from change where state = 0 order by id limit $1";
}

bulk_statements! {
    WRITTEN[1] = "select distinct record from change where record in ({list})";
    BUNDLED[1] = "select distinct record from bundle where record in ({list})";
    RECEIVED_FROM[1] = "select record from change where state = 0 \
        and device in (select no from device where id in ({list})) order by id limit 2048";
    RECEIVED_FROM_OTHERS[1] = "select record from change where state = 0 \
        and device not in (select no from device where id in ({list})) order by id limit 2048";
    CHANGES[1] = "select c.record, c.id, c.state, c.seq, c.place, c.hash, c.raw, c.n, c.received_at, \
        coalesce(a.device, d.id), d.person, o.id, r.seq, x.act, \
        d.forked_at is not null or a.device <> d.id from change c \
        join organisation o on o.no = c.organisation \
        left join device d on d.no = c.device \
        left join actor a on a.no = c.actor \
        left join record r on r.id = c.record \
        left join decision x on x.no = c.decision \
        where c.record in ({list}) and (c.state in (0, 1, 4) or (c.state = 5 and c.repetition = 0))";
    PEOPLE[1] = concat!("select ", person_columns!(), " from person p where p.id in ({list})");
}

pub(super) async fn pending(
    conn: &mut Conn,
    limit: u32,
    senders: Senders<'_>,
) -> Result<Vec<RecordId>, StoreError> {
    let window = i64::from(limit).saturating_mul(CHANGES_FOR_EACH_RECORD);
    let waiting = match senders {
        Senders::All => sqlx::query::<Db>(RECEIVED).bind(window).fetch_all(conn).await?,
        Senders::These(devices) => each_of(conn, RECEIVED_FROM, &some(devices)).await?,
        Senders::Others(devices) => each_of(conn, RECEIVED_FROM_OTHERS, &some(devices)).await?,
    };
    let waiting: Vec<Uuid> = waiting.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    let mut seen = HashSet::new();
    let records = waiting.into_iter().filter(|id| seen.insert(*id)).map(RecordId);
    Ok(records.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
}

/// As many devices as one statement takes.
fn some(devices: &[DeviceId]) -> Vec<Uuid> {
    devices.iter().map(|device| device.0).take(Senders::MOST).collect()
}

pub(super) async fn is_received(conn: &mut Conn) -> Result<bool, StoreError> {
    Ok(sqlx::query::<Db>(RECEIVED).bind(1_i64).fetch_optional(conn).await?.is_some())
}

pub(super) async fn record(conn: &mut Conn, id: RecordId) -> Result<PendingRecord, StoreError> {
    let mut snapshot = super::snapshot(conn).await?;
    let found = load(&mut snapshot, &[id.0]).await?.remove(&id.0);
    snapshot.rollback().await?;
    found.ok_or(StoreError::NotFound)
}

/// Those of which anything lies here.
pub(super) async fn known(conn: &mut Conn, ids: &[RecordId]) -> Result<HashSet<RecordId>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    // In this order, because bundles become rows.
    let mut known = found(conn, BUNDLED, &ids).await?;
    known.extend(found(conn, WRITTEN, &ids).await?);
    Ok(known)
}

/// Those of which a row of `change` lies here.
pub(super) async fn written(conn: &mut Conn, ids: &[Uuid]) -> Result<HashSet<RecordId>, StoreError> {
    found(conn, WRITTEN, ids).await
}

async fn found(conn: &mut Conn, statement: Bulk, ids: &[Uuid]) -> Result<HashSet<RecordId>, StoreError> {
    each_of(conn, statement, ids).await?.iter().map(|row| Ok(RecordId(row.try_get(0)?))).collect()
}

pub(super) async fn records(conn: &mut Conn, ids: &[RecordId]) -> Result<Vec<PendingRecord>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let mut snapshot = super::snapshot(conn).await?;
    let mut found = load(&mut snapshot, &ids).await?;
    snapshot.rollback().await?;
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

async fn load(conn: &mut Conn, ids: &[Uuid]) -> Result<HashMap<Uuid, PendingRecord>, StoreError> {
    let rows = each_of(conn, CHANGES, ids).await?;
    let bundles = bundle::of_records(conn, ids).await?;
    let authors = authors(conn, &rows).await?;
    let decisions = last_decisions(conn, ids).await?;
    let mut sorted: HashMap<Uuid, Sorted> = HashMap::with_capacity(ids.len());
    for row in &rows {
        let id: Uuid = row.try_get(0)?;
        let known = match sorted.entry(id) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(new) => new.insert(Sorted::about(row)?),
        };
        known.add(row, &authors)?;
    }
    for bundle in bundles {
        let base_seq = count(bundle.record_seq.unwrap_or(0))?;
        let known = sorted.entry(bundle.record).or_insert_with(|| Sorted::of(bundle.organisation, base_seq));
        known.published.extend(bundle.changes);
    }
    let record = |(id, sorted): (Uuid, Sorted)| {
        let id = RecordId(id);
        (id.0, sorted.record(id, decisions.get(&id).copied().unwrap_or(0)))
    };
    Ok(sorted.into_iter().map(record).collect())
}

async fn authors(conn: &mut Conn, rows: &[DbRow]) -> Result<HashMap<Uuid, Person>, StoreError> {
    let mut people = HashSet::new();
    for row in rows {
        if matches!(state(row.try_get(2)?)?, ChangeState::Received | ChangeState::Waiting) {
            people.extend(row.try_get::<Option<Uuid>, _>(10)?);
        }
    }
    let people: Vec<Uuid> = people.into_iter().collect();
    let found = each_of(conn, PEOPLE, &people).await?;
    found.iter().map(|row| person_at(row, 0).map(|person| (person.id.0, person))).collect()
}

/// The changes of one record while they are being put in order.
struct Sorted {
    organisation: OrganisationId,
    base_seq: u64,
    published: BTreeMap<(i64, i64), PublishedChange>,
    incoming: BTreeMap<i64, IncomingChange>,
    refused: Vec<ChangeHash>,
}

impl Sorted {
    fn about(row: &DbRow) -> Result<Self, StoreError> {
        let base_seq = count(row.try_get::<Option<i64>, _>(12)?.unwrap_or(0))?;
        Ok(Self::of(OrganisationId(row.try_get(11)?), base_seq))
    }

    fn of(organisation: OrganisationId, base_seq: u64) -> Self {
        let (published, incoming, refused) = Default::default();
        Self { organisation, base_seq, published, incoming, refused }
    }

    fn add(&mut self, row: &DbRow, authors: &HashMap<Uuid, Person>) -> Result<(), StoreError> {
        let hash = hash(row.try_get(5)?)?;
        match state(row.try_get(2)?)? {
            ChangeState::Published => {
                let place = (row.try_get(3)?, row.try_get(4)?);
                self.published.insert(place, PublishedChange { hash, raw: unpack(&hash, row.try_get(6)?) });
                return Ok(());
            }
            ChangeState::Refused => {
                self.refused.push(hash);
                return Ok(());
            }
            _ => {}
        }
        let author = PersonId(row.try_get(10)?);
        let change = IncomingChange {
            hash,
            raw: row.try_get(6)?,
            device: DeviceId(row.try_get(9)?),
            copied: row.try_get::<Option<bool>, _>(14)?.unwrap_or(false),
            n: count(row.try_get(7)?)?,
            author: authors.get(&author.0).cloned().ok_or_else(|| corrupt("author"))?,
            received_at: UnixMillis(row.try_get(8)?),
            approved: row.try_get::<Option<i16>, _>(13)? == Some(Act::Accepted as i16),
        };
        self.incoming.insert(row.try_get(1)?, change);
        Ok(())
    }

    fn record(self, id: RecordId, decided: u64) -> PendingRecord {
        PendingRecord {
            id,
            decided,
            organisation: self.organisation,
            base_seq: self.base_seq,
            published: self.published.into_values().collect(),
            incoming: self.incoming.into_values().collect(),
            refused: self.refused,
        }
    }
}
