//! The first step of a push: framing, caps, the journal's chain, a durable append, and then the receipt.
//!
//! What is plainly bad is stored in quarantine with its bytes. Everything else is judged before it is stored if that can
//! be done at once (`prejudge`), and waits for the projector otherwise.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use sync_core::chunk::{ChangeFrame, ChunkError, read_change};
use sync_core::id::{ActorId, DeviceId, PersonId};
use sync_core::journal::{Entry, Head, Receipt};
use sync_core::time::UnixMillis;
use sync_core::trust::{Limits, code};
use sync_core::wire::segment::{Item, Segment, follow};
use tokio::sync::oneshot;

use super::prejudge::prejudge;
use super::{bill, gaps, publishing};
use crate::error::{ServiceError, codes};
use crate::state::App;
use crate::store::{Appended, AsideChange, ChangeState, Device, DeviceReport, NewLine, Push, StoreError};

/// What became of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// The journal is stored up to the segment's end.
    Stored {
        /// For the phone.
        receipt: Receipt,
        /// Whether some of it still has to be judged.
        open: bool,
    },
    /// The server misses lines before the segment's end.
    Gap {
        /// The first missing line.
        from: u64,
    },
    /// The segment contradicts what the same device has said before.
    Forked {
        /// Up to this line they agree.
        common_through: u64,
    },
}

/// Takes in a segment of a device's journal. Sending it again gives the same answer.
///
/// # Errors
/// When the segment is not well-formed or not signed by the device, or the database fails. Nothing was stored.
pub async fn receive(
    app: &App,
    device: &Device,
    segment: &Segment,
    report: &DeviceReport,
) -> Result<Received, ServiceError> {
    let items = unpack(segment)?;
    if !segment.head.is_signed_by(device.id, &device.key, &segment.signature) {
        return Err(ServiceError::from(codes::JOURNAL).detail("the head is not signed by this device"));
    }
    let mut head = device.head;
    // Two requests of one phone can overlap: the first one's reply was lost, and the second came before it was done.
    for _ in 0..4 {
        match append(app, device, head, segment, &items, report).await? {
            Step::Done(received) => return Ok(received),
            Step::HeadMoved(moved) => head = moved,
        }
    }
    Err(codes::BUSY.into())
}

/// Unpacks a segment on the request's thread: it was bounded before, and unpacking takes time in proportion to that. A
/// fault of ours in it is an answer too, and not the end of the connection.
fn unpack(segment: &Segment) -> Result<Vec<Item>, ServiceError> {
    let unpacked = unharmed(|| segment.unpack());
    let malformed = |detail: String| ServiceError::from(codes::SYNC_MALFORMED).detail(detail);
    unpacked.ok_or_else(|| malformed("unpacking failed".to_owned()))?.map_err(|error| malformed(error.to_string()))
}

/// What comes of reading bytes of a phone, or `None` if that panics.
fn unharmed<T>(read: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(read)).ok()
}

enum Step {
    Done(Received),
    HeadMoved(Head),
}

async fn append(
    app: &App,
    device: &Device,
    stored: Head,
    segment: &Segment,
    items: &[Item],
    report: &DeviceReport,
) -> Result<Step, ServiceError> {
    if segment.from > stored.n + 1 {
        return Ok(Step::Done(Received::Gap { from: stored.n + 1 }));
    }
    let known = items.iter().take_while(|item| item.entry.n <= stored.n).count();
    let (again, fresh) = items.split_at(known);
    let agreed = agreement(app, device, stored, again).await?;
    if agreed < again.len() {
        return Ok(Step::Done(Received::Forked { common_through: segment.from - 1 + agreed as u64 }));
    }
    if fresh.is_empty() {
        return repeated(app, device, segment).await.map(Step::Done);
    }
    let head = follow(stored, fresh, segment.head)
        .map_err(|error| ServiceError::from(codes::JOURNAL).detail(error.to_string()))?;
    let (mut lines, claims) = look_at(app, device, fresh).await?;
    bill::for_lines(app, device.id, &lines);
    if device.is_cut_off() {
        quarantine_deposit(&mut lines);
    }
    let judged = prejudge(app, device, &lines, report.at).await?;
    let push = Push {
        device: device.id,
        person: device.person.id,
        organisation: device.person.organisation,
        base: stored,
        head,
        signature: segment.signature,
        claims,
        lines,
        report: report.clone(),
        judged,
    };
    Ok(match app.intake.append(app, push).await? {
        Appended::Stored { seq, received: open, .. } => {
            Step::Done(Received::Stored { receipt: receipt(app, device.id, head, report.at, seq), open })
        }
        Appended::HeadMoved(moved) => Step::HeadMoved(moved),
    })
}

fn receipt(app: &App, device: DeviceId, head: Head, at: UnixMillis, seq: u64) -> Receipt {
    app.keys.signing.sign_receipt(device, head, at, app.epoch, seq)
}

/// How many of the lines that the journal has already say the same as before, from the first one on. Those that were
/// lost here meanwhile are put back, if they are the same ones: they lead to a line that is still here, or nothing that
/// the device signed speaks against them.
async fn agreement(app: &App, device: &Device, end: Head, again: &[Item]) -> Result<usize, ServiceError> {
    let Some(first) = again.first() else {
        return Ok(0);
    };
    let limit = u32::try_from(again.len()).unwrap_or(u32::MAX);
    let stored = app.store.journal(device.id, first.entry.n, limit).await?;
    let stored: BTreeMap<u64, Entry> = stored.into_iter().map(|line| (line.entry.n, line.entry)).collect();
    let is_lost = |item: &&Item| item.entry.n <= end.n && !stored.contains_key(&item.entry.n);
    let is_same = |item: &Item| stored.get(&item.entry.n) == Some(&item.entry);
    let agreed = again.iter().take_while(|item| is_same(item) || is_lost(item)).count();
    let lost = |through: usize| again[..through].iter().filter(is_lost).cloned().collect::<Vec<Item>>();
    // Journals that have parted never hold the same line again, so whatever leads to a common one is common.
    let proven = again[..agreed].iter().rposition(is_same).map_or(0, |last| last + 1);
    let is_clear = agreed == again.len() && gaps::fits_chain(app, device, end, &lost(agreed)).await?;
    let through = if is_clear { agreed } else { proven };
    let lost = lost(through);
    if !lost.is_empty() {
        gaps::fill(app, device, &lost).await?;
    }
    Ok(through)
}

/// The receipt for a segment that brings nothing new.
async fn repeated(app: &App, device: &Device, segment: &Segment) -> Result<Received, ServiceError> {
    let head = match head_at(app, device, segment.head.n).await? {
        Past::Known(head) if head == segment.head => head,
        Past::Known(_) => {
            return Err(ServiceError::from(codes::JOURNAL).detail("the lines do not lead to the head"));
        }
        Past::Lost { from } => return Ok(Received::Gap { from }),
    };
    let seq = app.store.feed_head(device.person.organisation).await?.seq;
    // For this segment and no more: a copy of the phone may have gone on from here in its own way.
    Ok(Received::Stored { receipt: receipt(app, device.id, head, app.clock.now(), seq), open: true })
}

/// Where the stored journal once stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Past {
    /// Here.
    Known(Head),
    /// It can't be told, because lines before that were lost.
    Lost {
        /// The first of them.
        from: u64,
    },
}

/// Where the stored journal stood after line `n`.
///
/// # Errors
/// When the database fails.
pub(super) async fn head_at(app: &App, device: &Device, n: u64) -> Result<Past, ServiceError> {
    let mut head = app.store.signed_head(device.id, n).await?;
    let missing = u32::try_from(n.saturating_sub(head.n)).unwrap_or(u32::MAX);
    if missing > 0 {
        for line in app.store.journal(device.id, head.n + 1, missing).await? {
            if line.entry.n != head.n + 1 {
                break;
            }
            head = head.after(&line.entry);
        }
    }
    Ok(if head.n < n { Past::Lost { from: head.n + 1 } } else { Past::Known(head) })
}

/// What a cut-off device hands in is kept for people to see, whatever it is. It need not be false, and does not count
/// as that.
pub(super) fn quarantine_deposit(lines: &mut [NewLine]) {
    for line in lines.iter_mut().filter(|line| line.state == ChangeState::Received) {
        line.state = ChangeState::Quarantined;
        line.code = Some(code::DEVICE_REVOKED.to_owned());
    }
}

/// Looks at the frames of lines, and to whom their actors belong. Those that belong to nobody become the device's.
pub(super) async fn examine(
    app: &App,
    device: &Device,
    items: &[Item],
    now: UnixMillis,
) -> Result<Vec<NewLine>, ServiceError> {
    let (lines, free) = look_at(app, device, items).await?;
    let person = &device.person;
    let foreign = app.store.claim_actors(person.organisation, person.id, Some(device.id), &free, now).await?;
    // Somebody else claimed one in this moment.
    if foreign.is_empty() { Ok(lines) } else { Err(codes::BUSY.into()) }
}

/// Looks at the frames of lines, and to whom their actors belong; also answers which of those belong to nobody.
async fn look_at(app: &App, device: &Device, items: &[Item]) -> Result<(Vec<NewLine>, Vec<ActorId>), ServiceError> {
    let limits = &app.config.limits.records;
    let mut lines: Vec<NewLine> = items.iter().map(|item| examine_line(item, limits)).collect();
    let mut actors: Vec<ActorId> = lines.iter().filter_map(|line| line.actor).collect();
    actors.sort_unstable();
    actors.dedup();
    let Owned { foreign, free } = app.actors.ask(app, device, &actors).await?;
    for line in lines.iter_mut().filter(|line| line.actor.is_some_and(|actor| foreign.contains(&actor))) {
        line.state = ChangeState::Quarantined;
        line.code = Some(code::FOREIGN_ACTOR.to_owned());
    }
    Ok((lines, free))
}

fn examine_line(item: &Item, limits: &Limits) -> NewLine {
    let quarantined = |code: &str| NewLine {
        entry: item.entry,
        actor: None,
        actor_seq: None,
        raw: item.change.clone(),
        state: ChangeState::Quarantined,
        code: Some(code.to_owned()),
    };
    let Some(raw) = &item.change else {
        return quarantined(code::WITHHELD);
    };
    match frame_of(raw, limits) {
        Ok(frame) => NewLine {
            entry: item.entry,
            actor: Some(frame.actor),
            actor_seq: Some(frame.seq),
            raw: Some(raw.clone()),
            state: ChangeState::Received,
            code: None,
        },
        Err(code) => quarantined(code),
    }
}

/// The frame of a change that is fit to be judged, or why it is not.
fn frame_of(raw: &[u8], limits: &Limits) -> Result<ChangeFrame, &'static str> {
    if raw.len() > limits.change_bytes {
        return Err(code::TOO_LARGE);
    }
    match unharmed(|| read_change(raw)) {
        Some(Ok(frame)) if frame.ops > limits.change_ops => Err(code::TOO_LARGE),
        Some(Ok(frame)) => Ok(frame),
        Some(Err(ChunkError::Unsupported)) => Err(code::UNSUPPORTED),
        Some(Err(_)) => Err(code::MALFORMED),
        None => Err(code::FATAL),
    }
}

/// Looks once more at a change that was quarantined: its actor and its number there, or why it stays where it is. That
/// its device was cut off is no longer a reason, because a person decided to have it judged.
pub(super) async fn examine_again(
    app: &App,
    change: &AsideChange,
    raw: &[u8],
) -> Result<Result<(ActorId, u64), &'static str>, ServiceError> {
    let frame = match frame_of(raw, &app.config.limits.records) {
        Ok(frame) => frame,
        Err(code) => return Ok(Err(code)),
    };
    let device = change.line.device.ok_or(codes::NOT_FOUND)?;
    let device = app.store.device(device).await.map_err(|error| error.missing(codes::NOT_FOUND))?;
    let Owned { mut foreign, free } = app.actors.ask(app, &device, &[frame.actor]).await?;
    let (person, now) = (&device.person, app.clock.now());
    foreign.extend(app.store.claim_actors(person.organisation, person.id, Some(device.id), &free, now).await?);
    Ok(if foreign.is_empty() { Ok((frame.actor, frame.seq)) } else { Err(code::FOREIGN_ACTOR) })
}

/// Which device each actor belongs to, as far as this process has seen; the database has the last word.
#[derive(Debug, Default)]
pub struct ActorOwners(Mutex<HashMap<ActorId, DeviceId>>);

/// How many identities of a phone count as its own; so often nobody restores the same one.
const MOST_FORMER: usize = 16;
/// How many actors are remembered before the memory is emptied; one phone has one.
const REMEMBERED_ACTORS: usize = 100_000;

/// What is known of actors.
struct Owned {
    /// They belong to somebody else.
    foreign: Vec<ActorId>,
    /// They belong to nobody.
    free: Vec<ActorId>,
}

impl ActorOwners {
    /// Which of these actors are not a device's. Those of identities that the phone had before are its own.
    async fn ask(&self, app: &App, device: &Device, actors: &[ActorId]) -> Result<Owned, ServiceError> {
        let unknown: Vec<ActorId> = {
            let owners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            actors.iter().filter(|actor| owners.get(actor) != Some(&device.id)).copied().collect()
        };
        let (mut foreign, mut free) = (Vec::new(), Vec::new());
        if unknown.is_empty() {
            return Ok(Owned { foreign, free });
        }
        let known = app.store.actor_owners(&unknown).await?;
        let is_foreign = |owner: &(PersonId, Option<DeviceId>)| *owner != (device.person.id, Some(device.id));
        let former = if known.values().any(is_foreign) { former(app, device).await? } else { Vec::new() };
        let mut own = Vec::with_capacity(known.len());
        for actor in unknown {
            match known.get(&actor) {
                None => free.push(actor),
                Some((person, Some(owner)))
                    if *person == device.person.id && (*owner == device.id || former.contains(owner)) =>
                {
                    own.push(actor);
                }
                Some(_) => foreign.push(actor),
            }
        }
        let mut owners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if owners.len() > REMEMBERED_ACTORS {
            owners.clear();
        }
        owners.extend(own.into_iter().map(|actor| (actor, device.id)));
        Ok(Owned { foreign, free })
    }
}

/// The identities that a phone had before. One that goes on under another identity brings what it wrote before, if others
/// have built on that.
async fn former(app: &App, device: &Device) -> Result<Vec<DeviceId>, ServiceError> {
    let (mut former, mut next) = (Vec::new(), device.replaces);
    while let Some(id) = next.filter(|_| former.len() < MOST_FORMER) {
        former.push(id);
        next = app.store.device(id).await?.replaces;
    }
    Ok(former)
}

type Waiting = (Push, oneshot::Sender<Result<Appended, StoreError>>);

/// Collects pushes that arrive while the database is writing, and commits them together: in the evening storm one
/// `fsync` serves many phones.
#[derive(Debug, Default)]
pub struct Intake {
    queue: Mutex<Vec<Waiting>>,
    writing: tokio::sync::Mutex<()>,
}

/// Pushes of one transaction at most; more would make the first of them wait too long.
const PUSHES_PER_COMMIT: usize = 64;

impl Intake {
    async fn append(&self, app: &App, push: Push) -> Result<Appended, ServiceError> {
        let (sender, receiver) = oneshot::channel();
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).push((push, sender));
        // On its own task, because whoever hangs up in the middle must not take the others' pushes along.
        tokio::spawn(write_queued(app.clone()));
        match receiver.await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(codes::BUSY.into()),
        }
    }

    fn take(&self) -> Vec<Waiting> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let count = queue.len().min(PUSHES_PER_COMMIT);
        queue.drain(..count).collect()
    }
}

/// Counts what was published with the lines.
fn count_published(pushes: &[Push], answers: &[Appended]) {
    let (mut records, mut changes) = (0, 0);
    for (push, answer) in pushes.iter().zip(answers) {
        if let Appended::Stored { published: 1.., received: false, .. } = answer {
            records += push.judged.len() as u64;
        }
        if let Appended::Stored { published, .. } = answer {
            changes += u64::from(*published);
        }
    }
    metrics::counter!("daybook_records_published_total").increment(records);
    metrics::counter!("daybook_changes_published_total").increment(changes);
}

async fn write_queued(app: App) {
    let _turn = app.intake.writing.lock().await;
    let (mut pushes, senders): (Vec<Push>, Vec<_>) = app.intake.take().into_iter().unzip();
    // Whoever wrote before has taken ours along.
    if pushes.is_empty() {
        return;
    }
    let looked = publishing::prepare(&app, &mut pushes).await;
    let mut stored = app.store.append(&pushes, app.salt).await;
    if let Err(cause) = &stored
        && !matches!(cause, StoreError::Unavailable(_))
        && pushes.iter().any(|push| !push.judged.is_empty())
    {
        // One verdict that can't be written must not keep anybody's changes out.
        tracing::error!(error = ?cause, "what was judged on arrival could not be published; it will be judged again");
        pushes.iter_mut().for_each(|push| push.judged.clear());
        stored = app.store.append(&pushes, app.salt).await;
    }
    match stored {
        Ok(answers) => {
            count_published(&pushes, &answers);
            publishing::see_to_flags(&app, &looked, &mut pushes, &answers).await;
            publishing::tell(&app, &pushes, &answers);
            for (sender, answer) in senders.into_iter().zip(answers) {
                // A phone that hung up asks again; the push is stored all the same.
                let _ = sender.send(Ok(answer));
            }
        }
        Err(StoreError::Unavailable(cause)) => {
            tracing::error!(error = %cause, pushes = pushes.len(), "the database did not take in pushes");
            for sender in senders {
                let _ = sender.send(Err(StoreError::Unavailable("the common write failed".into())));
            }
        }
        Err(cause) => {
            tracing::error!(error = ?cause, pushes = pushes.len(), "pushes could not be stored");
            for sender in senders {
                let _ = sender.send(Err(StoreError::Internal("the common write failed".into())));
            }
        }
    }
}
