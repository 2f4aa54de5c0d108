//! Taking in what devices send.

use std::collections::{BTreeMap, HashMap, HashSet};

use sqlx::Row as _;
use sync_core::id::{ChangeHash, DeviceId, RecordId};
use sync_core::journal::{Entry, Head};
use sync_core::time::UnixMillis;
use uuid::Uuid;

use super::actors::{Claim, bound};
use super::bundle::{self, NewBundle};
use super::judge::written;
use super::publish::{Place, Plan, plan};
use super::rows::clock_at;
use super::run::{each_of, each_row, each_row_returning};
use super::{Conn, Db, DbRow};
use crate::store::neighbours::News;
use crate::store::packing::bundle::Bundled;
use crate::store::packing::part::PartLine;
use crate::store::packing::pack;
use crate::store::shared::stored::{count, hash, link, position, state, text};
use crate::store::shared::{bulk_statements, same_hash, statements};
use crate::store::{Appended, ChangeState, DeviceReport, JournalLine, NewLine, Publication, Push, StoreError};

/// Why a line that brings a known change again is set aside.
const REPEATED: &str = "change.repeated";

statements! {
    NUMBER = "select no from device where id = $1";
    JOURNAL = "select c.n, c.record, c.hash, c.wall_ms, c.mono_ms, c.boot, c.state from change c \
        where c.device = $1 and c.n >= $2 order by c.n limit $3";
    SIGNED_HEAD = "select n, link from journal_head where device = $1 and n <= $2 order by n desc limit 1";
}

bulk_statements! {
    HEADS[1] = "select d.id, d.no, d.journal_n, d.journal_link, o.no, o.seq from device d \
        join organisation o on o.id = d.organisation where d.id in ({list})";
    REPETITIONS[2] = concat!("with wanted (record, hash) as (values {rows}) select c.record, c.hash, max(c.repetition) \
        from wanted cross join change c where c.record = wanted.record and ", same_hash!("c.hash", "wanted.hash"), " \
        group by c.record, c.hash");
    WITH_STRAYS[1] = "select o.id from organisation o where o.id in ({list}) \
        and exists (select 1 from stray s where s.organisation = o.id and s.state = 0)";
    STRAYED[2] = "select record from stray where (organisation, record) in (values {rows}) and state = 0";
    INSERT_LINE[18] = "insert into change (organisation, record, hash, repetition, actor, actor_seq, device, n, \
        wall_ms, mono_ms, boot, received_at, state, code, verdict_seq, seq, place, raw) values {rows}";
    MOVE_HEAD[11] = "with moved (id, n, link, at, skew, app, records, changes, oldest, photos, bytes) as (values {rows}) \
        update device set journal_n = moved.n, journal_link = moved.link, last_exchange_at = moved.at, \
        skew_ms = moved.skew, app = moved.app, backlog_records = moved.records, backlog_changes = moved.changes, \
        backlog_oldest = moved.oldest, backlog_photos = moved.photos, backlog_bytes = moved.bytes \
        from moved where device.id = moved.id";
    NOTE[9] = "with noted (id, at, skew, app, records, changes, oldest, photos, bytes) as (values {rows}) \
        update device set last_exchange_at = noted.at, skew_ms = noted.skew, app = noted.app, \
        backlog_records = noted.records, backlog_changes = noted.changes, backlog_oldest = noted.oldest, \
        backlog_photos = noted.photos, backlog_bytes = noted.bytes \
        from noted where device.id = noted.id and coalesce(device.last_exchange_at, noted.at) <= noted.at";
    INSERT_HEAD[5] = "insert into journal_head (device, n, link, signature, received_at) values {rows} \
        on conflict (device, n) do nothing";
}

/// A device as receiving needs it.
struct Journal {
    no: i64,
    head: Head,
    organisation: i64,
    seq: i64,
}

/// A line with everything that is found out about it before it is stored.
struct Line<'a> {
    device: DeviceId,
    line: &'a NewLine,
    journal: &'a Journal,
    actor: Option<i64>,
    repetition: i64,
    received_at: UnixMillis,
    /// Where it stands, if it was judged before.
    place: Option<Place<'a>>,
}

impl Line<'_> {
    /// Whether it still has to be judged.
    fn is_received(&self) -> bool {
        self.repetition == 0 && self.place.is_none() && self.line.state == ChangeState::Received
    }

    /// The feed position at which it is published with its push, and how it lies in the bundle there; `None` if it has
    /// to lie for itself.
    fn bundled(&self) -> Option<(i64, (Bundled, &[u8]))> {
        let place = self.place.filter(|_| self.repetition == 0)?;
        let NewLine { entry, actor_seq, raw, .. } = self.line;
        let change = Bundled {
            hash: entry.change,
            place: place.order()?,
            n: position(entry.n),
            actor: self.actor?,
            actor_seq: position((*actor_seq)?),
        };
        Some((place.seq()?, (change, raw.as_deref()?)))
    }
}

pub(super) async fn append(conn: &mut Conn, pushes: &[Push], salt: u64) -> Result<Vec<Appended>, StoreError> {
    let journals = journals(conn, pushes).await?;
    let actors = bound(conn, claims(pushes)).await?;
    let mut heads: HashMap<DeviceId, Head> = journals.iter().map(|(id, journal)| (*id, journal.head)).collect();
    let mut taken = Vec::with_capacity(pushes.len());
    let mut answers = Vec::with_capacity(pushes.len());
    for push in pushes {
        let (Some(journal), Some(head)) = (journals.get(&push.device), heads.get_mut(&push.device)) else {
            return Err(StoreError::NotFound);
        };
        let is_own = |actor| actors.get(actor).is_some_and(|owner| owner.device == Some(push.device));
        if *head == push.base && push.claims.iter().all(is_own) {
            *head = push.head;
            taken.push((push, journal));
            answers.push(Appended::Stored { seq: count(journal.seq)?, published: 0, received: true });
        } else {
            answers.push(Appended::HeadMoved(*head));
        }
    }
    let mut repetitions = repetitions(conn, &taken).await?;
    let mut lines = Vec::with_capacity(taken.iter().map(|(push, _)| push.lines.len()).sum());
    for (push, journal) in &taken {
        for line in &push.lines {
            let next = repetitions.entry((line.entry.record, line.entry.change)).or_insert(0);
            let actor = line.actor.and_then(|actor| actors.get(&actor).map(|owner| owner.no));
            lines.push(Line { device: push.device, line, journal, actor, repetition: *next, received_at: push.report.at, place: None });
            *next += 1;
        }
    }
    let plan = judge(conn, &taken, &mut lines).await?;
    insert(conn, &taken, &lines).await?;
    move_heads(conn, &taken).await?;
    if let Some((plan, now)) = plan {
        plan.carry_out(conn, salt, now).await?;
    }
    let mut counts: HashMap<DeviceId, (u32, bool)> = HashMap::new();
    for line in &lines {
        let (published, received) = counts.entry(line.device).or_default();
        *published += u32::from(line.place.is_some_and(|place| place.state == ChangeState::Published));
        *received |= line.is_received();
    }
    for (push, answer) in pushes.iter().zip(&mut answers) {
        if let Appended::Stored { published, received, .. } = answer {
            // Of two pushes of one device the first answers for both.
            (*published, *received) = counts.get_mut(&push.device).map(std::mem::take).unwrap_or_default();
        }
    }
    if lines.iter().any(Line::is_received) {
        super::announce(conn, News::Received).await?;
    }
    Ok(answers)
}

/// Puts the lines that were judged before where the verdicts say, unless something about their record has changed
/// meanwhile. What has to be written besides the lines is in the plan.
async fn judge<'a>(
    conn: &mut Conn,
    taken: &[(&'a Push, &Journal)],
    lines: &mut [Line<'a>],
) -> Result<Option<(Plan<'a>, UnixMillis)>, StoreError> {
    // A line that brings a known change again has no part in its record, and whoever judged it did not know that.
    let repeated: HashSet<RecordId> =
        lines.iter().filter(|line| line.repetition > 0).map(|line| line.line.entry.record).collect();
    let judged = taken.iter().flat_map(|(push, _)| &push.judged);
    let judged: Vec<&Publication> = judged.filter(|publication| !repeated.contains(&publication.id)).collect();
    let Some(now) = taken.iter().map(|(push, _)| push.report.at).max().filter(|_| !judged.is_empty()) else {
        return Ok(None);
    };
    let mut plan = plan(conn, &judged, now).await?;
    let fresh = lines.iter().map(|line| (line.line.entry.record, line.line.entry.change)).collect();
    let places = plan.take(&fresh);
    for line in lines.iter_mut().filter(|line| line.is_received()) {
        line.place = places.get(&(line.line.entry.record, line.line.entry.change)).copied();
    }
    Ok((!plan.is_empty()).then_some((plan, now)))
}

async fn journals(conn: &mut Conn, pushes: &[Push]) -> Result<HashMap<DeviceId, Journal>, StoreError> {
    let devices: Vec<Uuid> = pushes.iter().map(|push| push.device.0).collect();
    each_of(conn, HEADS, &devices)
        .await?
        .iter()
        .map(|row| {
            let head = Head { n: count(row.try_get(2)?)?, link: link(row.try_get(3)?)? };
            let journal = Journal { no: row.try_get(1)?, head, organisation: row.try_get(4)?, seq: row.try_get(5)? };
            Ok((DeviceId(row.try_get(0)?), journal))
        })
        .collect()
}

/// The actors of all lines, each as the device's that brings it.
fn claims(pushes: &[Push]) -> Vec<Claim> {
    let lines = pushes.iter().flat_map(|push| push.lines.iter().map(move |line| (push, line)));
    lines
        .filter_map(|(push, line)| {
            Some(Claim {
                actor: line.actor?,
                organisation: push.organisation,
                person: push.person,
                device: Some(push.device),
                since: push.report.at,
            })
        })
        .collect()
}

/// How often each of the changes is stored already: a line that brings one again has to count up.
async fn repetitions(
    conn: &mut Conn,
    taken: &[(&Push, &Journal)],
) -> Result<HashMap<(RecordId, ChangeHash), i64>, StoreError> {
    let entries = || taken.iter().flat_map(|(push, _)| push.lines.iter().map(|line| &line.entry));
    let records: HashSet<Uuid> = entries().map(|entry| entry.record.0).collect();
    let records: Vec<Uuid> = records.into_iter().collect();
    // Nearly all are new: to look for each of their changes would be most of what is asked here.
    let written = written(conn, &records).await?;
    let again: Vec<&Entry> = entries().filter(|entry| written.contains(&entry.record)).collect();
    let rows = each_row_returning(conn, REPETITIONS, &again, |query, entry| {
        query.bind(entry.record.0).bind(entry.change.0.to_vec())
    })
    .await?;
    let known = rows.iter().map(|row| Ok(((RecordId(row.try_get(0)?), hash(row.try_get(1)?)?), row.try_get::<i64, _>(2)? + 1)));
    let mut known = known.collect::<Result<HashMap<_, _>, StoreError>>()?;
    for bundled in bundle::names(conn, records.into_iter().map(RecordId)).await? {
        known.entry(bundled).or_insert(1);
    }
    Ok(known)
}

/// Stores lines: what is published at once of a record as a bundle, all others each for itself.
async fn insert(conn: &mut Conn, taken: &[(&Push, &Journal)], lines: &[Line<'_>]) -> Result<(), StoreError> {
    let strayed = strayed(conn, taken).await?;
    let mut bundles: BTreeMap<(RecordId, i64), NewBundle<'_>> = BTreeMap::new();
    let mut parts: HashMap<i64, Vec<PartLine>> = HashMap::new();
    let mut alone = Vec::new();
    for line in lines {
        let Some((seq, change)) = line.bundled().filter(|_| !strayed.contains(&line.line.entry.record)) else {
            alone.push(line);
            continue;
        };
        let Entry { record, clock, .. } = line.line.entry;
        let (device, received_at) = (line.journal.no, line.received_at);
        let (changes, room) = (Vec::new(), bundle::MOST_BYTES);
        let new = || NewBundle { record, seq, device, received_at, changes, room };
        let bundle = bundles.entry((record, seq)).or_insert_with(new);
        let bytes = change.1.len();
        if (bundle.device, bundle.received_at) != (device, received_at) || bytes > bundle.room {
            alone.push(line);
            continue;
        }
        parts.entry(device).or_default().push(PartLine { n: change.0.n, record, clock });
        bundle.changes.push(change);
        bundle.room -= bytes;
    }
    bundles.retain(|_, bundle| !bundle.changes.is_empty());
    insert_lines(conn, &alone).await?;
    let bundles: Vec<NewBundle<'_>> = bundles.into_values().collect();
    bundle::insert(conn, &bundles, &parts).await
}

/// The records of these pushes at which changes wait that nobody can place: one that comes turns up among the rows of
/// `change`, where it is looked for.
async fn strayed(conn: &mut Conn, taken: &[(&Push, &Journal)]) -> Result<HashSet<RecordId>, StoreError> {
    let organisations: HashSet<Uuid> = taken.iter().map(|(push, _)| push.organisation.0).collect();
    let organisations = each_of(conn, WITH_STRAYS, &organisations.into_iter().collect::<Vec<_>>()).await?;
    let organisations = organisations.iter().map(|row| row.try_get(0)).collect::<Result<HashSet<Uuid>, _>>()?;
    let records = taken.iter().flat_map(|(push, _)| push.judged.iter().map(|judged| (push.organisation.0, judged.id.0)));
    let records: HashSet<(Uuid, Uuid)> = records.filter(|(of, _)| organisations.contains(of)).collect();
    let records: Vec<(Uuid, Uuid)> = records.into_iter().collect();
    let rows = each_row_returning(conn, STRAYED, &records, |query, (organisation, record)| {
        query.bind(*organisation).bind(*record)
    });
    rows.await?.iter().map(|row| Ok(RecordId(row.try_get(0)?))).collect()
}

async fn insert_lines(conn: &mut Conn, lines: &[&Line<'_>]) -> Result<(), StoreError> {
    each_row(conn, INSERT_LINE, lines, |query, stored| {
        let Line { line, journal, actor, repetition, received_at, place, .. } = stored;
        // The device has read at most to the present position, so it is told until it has read beyond the next.
        let (state, code, verdict_seq) = match place {
            _ if *repetition > 0 => (ChangeState::Quarantined, Some(REPEATED), Some(journal.seq + 1)),
            Some(Place { state: ChangeState::Published, .. }) => (ChangeState::Published, None, None),
            Some(Place { state, code, at, .. }) => (*state, *code, Some(position(*at))),
            None if line.state == ChangeState::Received => (ChangeState::Received, None, None),
            None => (line.state, line.code.as_deref(), Some(journal.seq + 1)),
        };
        query
            .bind(journal.organisation)
            .bind(line.entry.record.0)
            .bind(line.entry.change.0.to_vec())
            .bind(*repetition)
            .bind(*actor)
            .bind(line.actor_seq.map(position))
            .bind(journal.no)
            .bind(position(line.entry.n))
            .bind(line.entry.clock.wall.0)
            .bind(line.entry.clock.mono_ms.cast_signed())
            .bind(line.entry.clock.boot.0.cast_signed())
            .bind(received_at.0)
            .bind(state as i16)
            .bind(code.map(str::to_owned))
            .bind(verdict_seq)
            .bind(place.and_then(|place| place.seq()))
            .bind(place.and_then(|place| place.order()))
            .bind(line.raw.as_deref().map(|raw| if state == ChangeState::Published { pack(raw) } else { raw.to_vec() }))
    })
    .await?;
    Ok(())
}

async fn move_heads(conn: &mut Conn, taken: &[(&Push, &Journal)]) -> Result<(), StoreError> {
    // Of several pushes of one device the last one says where its journal ends.
    let last: HashMap<DeviceId, &Push> = taken.iter().map(|(push, _)| (push.device, *push)).collect();
    let last: Vec<&Push> = last.into_values().collect();
    each_row(conn, MOVE_HEAD, &last, |query, push| {
        let report = &push.report;
        query
            .bind(push.device.0)
            .bind(position(push.head.n))
            .bind(push.head.link.0.to_vec())
            .bind(report.at.0)
            .bind(report.skew_ms)
            .bind(text(&report.app))
            .bind(i64::from(report.backlog.records))
            .bind(i64::from(report.backlog.changes))
            .bind(report.backlog.oldest.map(|at| at.0))
            .bind(i64::from(report.backlog.photos))
            .bind(position(report.backlog.bytes))
    })
    .await?;
    let signed: Vec<&Push> = taken.iter().map(|(push, _)| *push).collect();
    each_row(conn, INSERT_HEAD, &signed, |query, push| {
        query
            .bind(push.device.0)
            .bind(position(push.head.n))
            .bind(push.head.link.0.to_vec())
            .bind(push.signature.0.to_vec())
            .bind(push.report.at.0)
    })
    .await?;
    Ok(())
}

pub(super) async fn note_exchanges(conn: &mut Conn, reports: &[(DeviceId, DeviceReport)]) -> Result<(), StoreError> {
    each_row(conn, NOTE, reports, |query, (device, report)| {
        query
            .bind(device.0)
            .bind(report.at.0)
            .bind(report.skew_ms)
            .bind(text(&report.app))
            .bind(i64::from(report.backlog.records))
            .bind(i64::from(report.backlog.changes))
            .bind(report.backlog.oldest.map(|at| at.0))
            .bind(i64::from(report.backlog.photos))
            .bind(position(report.backlog.bytes))
    })
    .await?;
    Ok(())
}

pub(super) async fn journal(
    conn: &mut Conn,
    device: DeviceId,
    from: u64,
    limit: u32,
) -> Result<Vec<JournalLine>, StoreError> {
    // One snapshot: what a push brings comes in both tables at once.
    let mut snapshot = super::snapshot(conn).await?;
    let device = sqlx::query_as::<Db, (i64,)>(NUMBER).bind(device.0).fetch_optional(&mut *snapshot).await?;
    let Some((device,)) = device else { return Ok(Vec::new()) };
    let many = usize::try_from(limit).unwrap_or(usize::MAX);
    let rows = sqlx::query::<Db>(JOURNAL).bind(device).bind(position(from)).bind(i64::from(limit));
    let rows = rows.fetch_all(&mut *snapshot).await?;
    let (parts, through) = bundle::journal(&mut snapshot, device, position(from), many).await?;
    snapshot.rollback().await?;
    let mut lines: Vec<JournalLine> = rows.iter().map(line_at).collect::<Result<_, _>>()?;
    let rows_through = lines.last().filter(|_| lines.len() == many).map(|line| line.entry.n);
    for (PartLine { n, record, clock }, change) in parts {
        let entry = Entry { n: count(n)?, record, change, clock };
        lines.push(JournalLine { entry, state: ChangeState::Published });
    }
    // Of either there may be more behind its last, which the other must not pass over.
    let through = [rows_through, through.map(count).transpose()?].into_iter().flatten().min();
    lines.retain(|line| through.is_none_or(|through| line.entry.n <= through));
    lines.sort_unstable_by_key(|line| line.entry.n);
    lines.truncate(many);
    Ok(lines)
}

fn line_at(row: &DbRow) -> Result<JournalLine, StoreError> {
    let (record, change) = (RecordId(row.try_get(1)?), hash(row.try_get(2)?)?);
    let entry = Entry { n: count(row.try_get(0)?)?, record, change, clock: clock_at(row, 3)? };
    Ok(JournalLine { entry, state: state(row.try_get(6)?)? })
}

pub(super) async fn signed_head(conn: &mut Conn, device: DeviceId, n: u64) -> Result<Head, StoreError> {
    let found =
        sqlx::query_as::<Db, (i64, Vec<u8>)>(SIGNED_HEAD).bind(device.0).bind(position(n)).fetch_optional(conn).await?;
    found.map_or(Ok(Head::EMPTY), |(n, stored)| Ok(Head { n: count(n)?, link: link(&stored)? }))
}
