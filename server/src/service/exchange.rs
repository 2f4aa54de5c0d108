//! One exchange with a phone: take in, wait a moment for publication, tell what is new.

use sync_core::id::ActorId;
use sync_core::trust::chunk;
use sync_core::wire::cursor::Cursor;
use sync_core::wire::exchange::{
    Backlog, ExchangeRequest, ExchangeResponse, GoneReason, ItemVerdict, News, Order, PullItem, PullLimits, Verdict,
};

use super::profile::profile;
use super::receive::{Received, common_through, receive};
use crate::clock::millis;
use crate::error::ServiceError;
use crate::scope;
use crate::state::App;
use crate::store::{ChangeState, Device, DeviceReport, FeedItem, FeedQuery};

/// When a phone should come back by itself.
const NEXT_SYNC_MS: u64 = 15 * 60 * 1_000;
/// When it should come back if its changes were not judged yet.
const NEXT_SYNC_SOON_MS: u64 = 60 * 1_000;

/// Serves an exchange of an enrolled device.
///
/// # Errors
/// When the message can't be accepted as a whole, or the database fails. What a phone sent and got no receipt for
/// it keeps.
pub async fn exchange(app: &App, device: Device, request: ExchangeRequest) -> Result<ExchangeResponse, ServiceError> {
    let now = app.clock.now();
    let lines = request.segment.as_ref().map_or(0, |segment| segment.entries.len());
    let report = DeviceReport {
        at: now,
        skew_ms: request.clock.wall.since(now),
        app: request.app.clone(),
        backlog: remaining(request.backlog, lines),
    };
    if device.forked_at.is_some() {
        let segment = request.segment.as_ref();
        return Ok(reidentify(common_through(app, &device, request.acknowledged, segment).await?));
    }
    let mut response = ExchangeResponse { next_sync_after_ms: NEXT_SYNC_MS, ..ExchangeResponse::default() };
    let mut held_through = device.head.n;
    match &request.segment {
        // The phone was told that more is here than there is: this database was set back.
        _ if request.acknowledged > device.head.n => response.resend_from = Some(device.head.n + 1),
        // It was told of less than it has said, and has nothing more to say: it is a copy of its former self.
        None if request.acknowledged < device.head.n => return Ok(reidentify(request.acknowledged)),
        None => {}
        Some(segment) => match receive(app, &device, segment, &report).await? {
            Received::Stored(receipt) => {
                held_through = receipt.head.n;
                response.receipt = Some(receipt);
            }
            Received::Gap { from } => response.resend_from = Some(from),
            Received::Forked { common_through } => return Ok(reidentify(common_through)),
        },
    }
    if response.receipt.is_none() {
        let waiting = DeviceReport { backlog: request.backlog, ..report };
        app.store.note_exchange(device.id, &waiting).await?;
    } else {
        app.projector.wait(app.projector.request(), app.config.limits.publish_wait).await;
    }
    tell_news(app, &device, &request, &mut response).await?;
    if response.published_through < held_through {
        response.next_sync_after_ms = NEXT_SYNC_SOON_MS;
    }
    if request.profile_version != device.person.profile_version {
        response.profile = Some(profile(app, &device.person).await?);
    }
    Ok(response)
}

fn reidentify(common_through: u64) -> ExchangeResponse {
    ExchangeResponse { orders: vec![Order::Reidentify], common_through, ..ExchangeResponse::default() }
}

/// What is still on the phone once the lines of this message are taken in.
fn remaining(backlog: Backlog, lines: usize) -> Backlog {
    let changes = backlog.changes.saturating_sub(u32::try_from(lines).unwrap_or(u32::MAX));
    if changes == 0 { Backlog { photos: backlog.photos, ..Backlog::default() } } else { Backlog { changes, ..backlog } }
}

async fn tell_news(
    app: &App,
    device: &Device,
    request: &ExchangeRequest,
    response: &mut ExchangeResponse,
) -> Result<(), ServiceError> {
    let person = &device.person;
    // Read before the feed: what is published in between is told next time instead of never.
    let head = app.store.feed_head(person.organisation).await?;
    let (after, since) = match request.cursor {
        None => (0, 0),
        Some(cursor) if cursor.scope_version != person.scope_version => (0, 0),
        Some(Cursor { seq: 0, .. }) => (0, 0),
        Some(cursor) => {
            let salt = app.store.salt_at(person.organisation, cursor.seq).await?;
            if cursor.epoch == app.epoch && salt == Some(cursor.salt) {
                (cursor.seq, cursor.since.unwrap_or(cursor.seq))
            } else {
                response.rewound_to = Some(head.seq);
                (0, 0)
            }
        }
    };
    let restorable_since = app.clock.now().plus(-millis(app.config.backup.restorable));
    let backed_up = app.store.backed_up_through(device.id, restorable_since).await?;
    response.backed_up_through = backed_up.min(device.head.n);
    let verdicts = app.store.verdicts(device.id, after).await?;
    response.published_through = verdicts.judged_through;
    response.verdicts = verdicts.verdicts.into_iter().filter_map(verdict).collect();
    if after < head.seq {
        let PullLimits { records, bytes } = request.limits;
        let page = app
            .store
            .feed(&FeedQuery {
                scope: scope::records_of(person),
                after,
                since,
                except: device.id,
                limit_records: records.clamp(1, 1_000),
                limit_bytes: bytes.clamp(64 * 1024, 4 * 1024 * 1024),
            })
            .await?;
        let mut actors: Vec<ActorId> =
            page.items.iter().flat_map(|item| item.changes.iter().map(|(actor, _)| *actor)).collect();
        actors.sort_unstable();
        actors.dedup();
        response.authors = if actors.is_empty() { Vec::new() } else { app.store.authors(&actors).await? };
        response.pull = page.items.into_iter().map(pull_item).collect::<Result<_, _>>()?;
        // The page may hold what was published after `head` was read; what belongs to that is told next time.
        let seq = page.ended_at.map_or(head.seq, |end| end.min(head.seq));
        response.more = page.ended_at.is_some_and(|end| end < head.seq);
        let since = response.more.then_some(since);
        let salt =
            if seq == head.seq { head.salt } else { app.store.salt_at(person.organisation, seq).await?.unwrap_or(0) };
        response.cursor = Some(Cursor { epoch: app.epoch, salt, scope_version: person.scope_version, seq, since });
    } else if request.cursor.is_none_or(|cursor| {
        cursor.epoch != app.epoch || cursor.scope_version != person.scope_version || response.rewound_to.is_some()
    }) {
        let scope_version = person.scope_version;
        response.cursor = Some(Cursor { epoch: app.epoch, salt: head.salt, scope_version, seq: head.seq, since: None });
    }
    Ok(())
}

fn verdict((n, state, code): (u64, ChangeState, String)) -> Option<ItemVerdict> {
    let verdict = match state {
        ChangeState::Received => return None,
        ChangeState::Published => Verdict::Published,
        ChangeState::Held => Verdict::Held { code },
        ChangeState::Quarantined => Verdict::Quarantined { code },
        ChangeState::Waiting => Verdict::Need { deps: Vec::new() },
        ChangeState::Refused => Verdict::Refused { code },
    };
    Some(ItemVerdict { n, verdict })
}

fn pull_item(item: FeedItem) -> Result<PullItem, ServiceError> {
    let news = if item.gone {
        News::Gone(GoneReason::Reassigned)
    } else {
        let mut previous = None;
        let mut packed = Vec::with_capacity(item.changes.len());
        for (_, change) in &item.changes {
            packed.push(chunk::pack(&change.raw, previous.as_ref()).map_err(ServiceError::internal)?);
            previous = Some(change.hash);
        }
        News::Changes(packed)
    };
    Ok(PullItem { record: item.record, news })
}
