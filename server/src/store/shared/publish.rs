//! Making judged changes part of their records, and setting others aside.

use std::collections::{HashMap, HashSet};

use sqlx::Row as _;
use sync_core::id::{ChangeHash, OrganisationId, RecordId};
use sync_core::time::UnixMillis;
use uuid::Uuid;

use super::actors::{Claim, numbers};
use super::bundle;
use super::decide::{last_decisions, stir};
use super::record_row::{Holders, Standing, standings, write};
use super::run::{each_of, each_row};
use super::{Conn, Db};
use crate::store::neighbours::News;
use crate::store::packing::pack;
use crate::store::shared::bulk::last_of_each;
use crate::store::shared::failure::{fault, taken};
use crate::store::shared::stored::{count, hash, position};
use crate::store::shared::{bulk_statements, same_hash, statements};
use crate::store::{ChangeState, Publication, Published, RecordRow, StaffChange, StoreError};

statements! {
    LAST_SALT = "select salt from feed_salt where organisation = $1 order by from_seq desc limit 1";
    OPEN_BLOCK = "insert into feed_salt (organisation, from_seq, salt) values ($1, $2, $3)";
    MOVE_FEED = "update organisation set seq = $2 where id = $1";
}

bulk_statements! {
    FEEDS[1] = "select id, no, seq from organisation where id in ({list})";
    // Nobody is told again what has not changed: a change that still waits keeps the verdict that it has.
    JUDGE[7] = concat!("with judged (record, hash, state, code, at, seq, place) as (values {rows}) \
        update change set state = judged.state, code = judged.code, seq = judged.seq, place = judged.place, \
        verdict_seq = case when judged.state = 1 and change.state = 0 and change.verdict_seq is null then null \
            when judged.state = change.state and judged.code = change.code then change.verdict_seq \
            when judged.state = 4 and change.state = 0 and judged.code = change.code then change.verdict_seq \
            else judged.at end \
        from judged where change.record = judged.record and ", same_hash!("change.hash", "judged.hash"), " \
        and change.repetition = 0");
    WAITING[1] = "select record, hash from change where record in ({list}) and state = 4";
    INSERT_STAFF[12] = "insert into change (organisation, record, hash, repetition, actor, actor_seq, person, \
        received_at, state, seq, place, raw) values {rows}";
    DEPART[3] = "insert into departure (scope, record, seq) values {rows} \
        on conflict (scope, record) do update set seq = excluded.seq";
    RETURN[2] = "delete from departure where (scope, record) in (values {rows})";
}

/// An organisation's feed while a batch is being published.
struct Feed {
    no: i64,
    stored_seq: u64,
    seq: u64,
}

/// What a batch comes to.
#[derive(Default)]
struct Batch<'a> {
    judged: Vec<Judged<'a>>,
    staff: Vec<Staff<'a>>,
    rows: Vec<(&'a RecordRow, Standing)>,
    departed: Vec<(Uuid, RecordId, u64)>,
    returned: Vec<(Uuid, RecordId)>,
    /// Records at which something waits that has not been looked at with what is published.
    stirred: Vec<Uuid>,
}

/// The verdict about one change.
struct Judged<'a> {
    record: RecordId,
    hash: ChangeHash,
    place: Place<'a>,
}

/// A change of staff with its place.
struct Staff<'a> {
    organisation: OrganisationId,
    organisation_no: i64,
    record: RecordId,
    change: &'a StaffChange,
    at: u64,
    place: usize,
}

pub(super) async fn publish(
    conn: &mut Conn,
    publications: &[Publication],
    salt: u64,
    now: UnixMillis,
) -> Result<Vec<Published>, StoreError> {
    let publications: Vec<&Publication> = publications.iter().collect();
    let plan = plan(conn, &publications, now).await?;
    plan.carry_out(conn, salt, now).await?;
    Ok(plan.answers)
}

/// What publications come to, as things stand in this transaction.
pub(super) struct Plan<'a> {
    feeds: HashMap<OrganisationId, Feed>,
    batch: Batch<'a>,
    /// What becomes of each publication.
    pub(super) answers: Vec<Published>,
}

/// Where a change stands by the verdict about it.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) state: ChangeState,
    pub(super) code: Option<&'a str>,
    /// The feed position of the publication.
    pub(super) at: u64,
    /// Among the changes published there.
    pub(super) place: usize,
}

impl Place<'_> {
    /// The feed position of a published change.
    pub(super) fn seq(&self) -> Option<i64> {
        (self.state == ChangeState::Published).then(|| position(self.at))
    }

    /// The place of a published change at that position.
    pub(super) fn order(&self) -> Option<i64> {
        (self.state == ChangeState::Published).then(|| position(self.place as u64))
    }
}

impl<'a> Plan<'a> {
    /// Takes the verdicts about these changes out of the plan, for whoever stores them with these.
    pub(super) fn take(&mut self, fresh: &HashSet<(RecordId, ChangeHash)>) -> HashMap<(RecordId, ChangeHash), Place<'a>> {
        let taken = self.batch.judged.extract_if(.., |judged| fresh.contains(&(judged.record, judged.hash)));
        taken.map(|judged| ((judged.record, judged.hash), judged.place)).collect()
    }

    /// Whether anything is published.
    pub(super) fn is_empty(&self) -> bool {
        self.feeds.values().all(|feed| feed.seq == feed.stored_seq)
    }

    /// Does what is left of it.
    pub(super) async fn carry_out(&self, conn: &mut Conn, salt: u64, now: UnixMillis) -> Result<(), StoreError> {
        self.batch.write(conn, now).await?;
        move_feeds(conn, &self.feeds, salt).await?;
        super::announce(conn, News::Published).await
    }
}

/// Finds out what publications come to. Nothing is written.
pub(super) async fn plan<'a>(
    conn: &mut Conn,
    publications: &[&'a Publication],
    now: UnixMillis,
) -> Result<Plan<'a>, StoreError> {
    let mut feeds = feeds(conn, publications).await?;
    let ids: Vec<Uuid> = publications.iter().map(|publication| publication.id.0).collect();
    let mut standings = standings(conn, &ids).await?;
    let decisions = last_decisions(conn, &ids).await?;
    let mut waiting = waiting(conn, publications).await?;
    let mut batch = Batch::default();
    let mut answers = Vec::with_capacity(publications.len());
    for &publication in publications {
        let before = standings.get(&publication.id).copied();
        let decided = decisions.get(&publication.id).copied().unwrap_or(0);
        if before.map_or(0, |(_, standing)| standing.seq) != publication.base_seq || decided != publication.decided {
            answers.push(Published::Stale);
            continue;
        }
        if publication.published.is_empty() && publication.staff.is_empty() && publication.set_aside.is_empty() {
            answers.push(Published::At(publication.base_seq));
            continue;
        }
        let waits = waiting.entry(publication.id).or_default();
        if !publication.published.is_empty() && !knows(publication, waits) {
            answers.push(Published::Stale);
            continue;
        }
        waits.retain(|wait| !publication.published.contains(wait));
        if publication.left.iter().any(|left| waits.contains(left)) {
            batch.stirred.push(publication.id.0);
        }
        let set_aside = publication.set_aside.iter();
        waits.extend(set_aside.filter(|(_, state, _)| *state == ChangeState::Waiting).map(|(hash, ..)| *hash));
        let feed = feeds.get_mut(&publication.organisation).ok_or(StoreError::NotFound)?;
        feed.seq += 1;
        if let Some(after) = batch.add(publication, before, feed, now)? {
            standings.insert(publication.id, after);
        }
        answers.push(Published::At(feed.seq));
    }
    Ok(Plan { feeds, batch, answers })
}

/// What waits at the records that get changes from devices.
async fn waiting(
    conn: &mut Conn,
    publications: &[&Publication],
) -> Result<HashMap<RecordId, HashSet<ChangeHash>>, StoreError> {
    let growing = publications.iter().filter(|publication| !publication.published.is_empty());
    let growing: Vec<Uuid> = growing.map(|publication| publication.id.0).collect();
    let mut waiting: HashMap<RecordId, HashSet<ChangeHash>> = HashMap::new();
    for row in &each_of(conn, WAITING, &growing).await? {
        waiting.entry(RecordId(row.try_get(0)?)).or_default().insert(hash(row.try_get(1)?)?);
    }
    Ok(waiting)
}

/// Whether a publication was judged with all that waits: something of it may have waited for just this, and was judged
/// at the same moment elsewhere.
fn knows(publication: &Publication, waits: &HashSet<ChangeHash>) -> bool {
    let Publication { published, set_aside, left, .. } = publication;
    let known: HashSet<&ChangeHash> =
        published.iter().chain(left).chain(set_aside.iter().map(|(hash, ..)| hash)).collect();
    waits.iter().all(|wait| known.contains(wait))
}

/// Takes the next position of an organisation's feed.
pub(super) async fn next_position(conn: &mut Conn, organisation: OrganisationId, salt: u64) -> Result<u64, StoreError> {
    let mut feeds = feeds_of(conn, vec![organisation.0]).await?;
    let feed = feeds.get_mut(&organisation).ok_or(StoreError::NotFound)?;
    feed.seq += 1;
    let position = feed.seq;
    move_feeds(conn, &feeds, salt).await?;
    Ok(position)
}

async fn feeds(conn: &mut Conn, publications: &[&Publication]) -> Result<HashMap<OrganisationId, Feed>, StoreError> {
    let mut ids: Vec<Uuid> = publications.iter().map(|publication| publication.organisation.0).collect();
    ids.sort_unstable();
    ids.dedup();
    feeds_of(conn, ids).await
}

async fn feeds_of(conn: &mut Conn, ids: Vec<Uuid>) -> Result<HashMap<OrganisationId, Feed>, StoreError> {
    each_of(conn, FEEDS, &ids)
        .await?
        .iter()
        .map(|row| {
            let seq = count(row.try_get(2)?)?;
            Ok((OrganisationId(row.try_get(0)?), Feed { no: row.try_get(1)?, stored_seq: seq, seq }))
        })
        .collect()
}

async fn move_feeds(conn: &mut Conn, feeds: &HashMap<OrganisationId, Feed>, salt: u64) -> Result<(), StoreError> {
    let salt = super::block_salt(conn, salt).await?;
    for (organisation, feed) in feeds.iter().filter(|(_, feed)| feed.seq > feed.stored_seq) {
        let last = sqlx::query_as::<Db, (i64,)>(LAST_SALT).bind(organisation.0).fetch_optional(&mut *conn).await?;
        if last.is_none_or(|(last,)| last != salt.cast_signed()) {
            sqlx::query::<Db>(OPEN_BLOCK)
                .bind(organisation.0)
                .bind(position(feed.stored_seq + 1))
                .bind(salt.cast_signed())
                .execute(&mut *conn)
                .await?;
        }
        sqlx::query::<Db>(MOVE_FEED).bind(organisation.0).bind(position(feed.seq)).execute(&mut *conn).await?;
    }
    Ok(())
}

impl<'a> Batch<'a> {
    /// Adds a publication at the feed's present position; answers how the record stands after it.
    fn add(
        &mut self,
        publication: &'a Publication,
        before: Option<(Holders, Standing)>,
        feed: &Feed,
        now: UnixMillis,
    ) -> Result<Option<(Holders, Standing)>, StoreError> {
        let (record, at) = (publication.id, feed.seq);
        self.judged.extend(publication.published.iter().enumerate().map(|(place, &hash)| Judged {
            record,
            hash,
            place: Place { state: ChangeState::Published, code: None, at, place },
        }));
        self.judged.extend(publication.set_aside.iter().map(|(hash, state, code)| Judged {
            record,
            hash: *hash,
            place: Place { state: *state, code: Some(code), at, place: 0 },
        }));
        let first = publication.published.len();
        self.staff.extend(publication.staff.iter().enumerate().map(|(place, change)| Staff {
            organisation: publication.organisation,
            organisation_no: feed.no,
            record,
            change,
            at,
            place: first + place,
        }));
        let added = publication.published.len() + publication.staff.len();
        match &publication.row {
            Some(row) => self.place(record, row, before, added, at, now).map(Some),
            None if added == 0 => Ok(None),
            None => Err(fault("changes were published without the record's new line")),
        }
    }

    /// Notes the record's new row, and which scopes it left and entered.
    fn place(
        &mut self,
        record: RecordId,
        row: &'a RecordRow,
        before: Option<(Holders, Standing)>,
        added: usize,
        seq: u64,
        now: UnixMillis,
    ) -> Result<(Holders, Standing), StoreError> {
        let holders = Holders::of(row);
        let fresh = Standing {
            changes: 0,
            seq,
            first_seq: seq,
            owner_since: seq,
            team_since: seq,
            office_since: seq,
            updated_at: now,
            words: None,
        };
        let (old, was) = before.unwrap_or((holders, fresh));
        let mut since = |old: Option<Uuid>, new: Option<Uuid>, was: u64| {
            if old == new {
                return was;
            }
            self.departed.extend(old.map(|scope| (scope, record, seq)));
            self.returned.extend(new.map(|scope| (scope, record)));
            seq
        };
        let added = u32::try_from(added).map_err(|_| fault("too many changes at once"))?;
        let standing = Standing {
            changes: was.changes + added,
            owner_since: since(Some(old.owner.0), Some(holders.owner.0), was.owner_since),
            team_since: since(old.team.map(|id| id.0), holders.team.map(|id| id.0), was.team_since),
            office_since: since(Some(old.office.0), Some(holders.office.0), was.office_since),
            first_seq: was.first_seq,
            words: was.words,
            ..fresh
        };
        self.rows.push((row, standing));
        Ok((holders, standing))
    }

    async fn write(&self, conn: &mut Conn, now: UnixMillis) -> Result<(), StoreError> {
        let stored: Vec<_> = self.judged.iter().map(|judged| (judged.record, judged.hash)).collect();
        bundle::unfold(conn, &stored).await?;
        let judged = each_row(conn, JUDGE, &self.judged, |query, Judged { record, hash, place }| {
            query
                .bind(record.0)
                .bind(hash.0.to_vec())
                .bind(place.state as i16)
                .bind(place.code.map(str::to_owned))
                .bind(position(place.at))
                .bind(place.seq())
                .bind(place.order())
        })
        .await?;
        if judged != self.judged.len() as u64 {
            return Err(StoreError::Conflict("a judged change is not stored"));
        }
        self.write_staff(conn, now).await?;
        write(conn, &self.rows).await?;
        let departed = last_of_each(&self.departed, |(scope, record, _)| (*scope, *record));
        each_row(conn, DEPART, &departed, |query, (scope, record, seq)| {
            query.bind(*scope).bind(record.0).bind(position(*seq))
        })
        .await?;
        each_row(conn, RETURN, &self.returned, |query, (scope, record)| query.bind(*scope).bind(record.0)).await?;
        if self.stirred.is_empty() { Ok(()) } else { stir(conn, &self.stirred).await }
    }

    async fn write_staff(&self, conn: &mut Conn, now: UnixMillis) -> Result<(), StoreError> {
        let claims: Vec<Claim> = self
            .staff
            .iter()
            .map(|staff| Claim {
                actor: staff.change.actor,
                organisation: staff.organisation,
                person: staff.change.person,
                device: None,
                since: now,
            })
            .collect();
        let actors = numbers(conn, claims).await?;
        each_row(conn, INSERT_STAFF, &self.staff, |query, staff| {
            let change = staff.change;
            query
                .bind(staff.organisation_no)
                .bind(staff.record.0)
                .bind(change.hash.0.to_vec())
                .bind(0_i64)
                .bind(actors.get(&change.actor).copied())
                .bind(position(change.actor_seq))
                .bind(change.person.0)
                .bind(now.0)
                .bind(ChangeState::Published as i16)
                .bind(position(staff.at))
                .bind(position(staff.place as u64))
                .bind(pack(&change.raw))
        })
        .await
        .map_err(taken("change"))?;
        Ok(())
    }
}
