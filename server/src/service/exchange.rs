//! One exchange with a phone: take in, wait a moment for publication, tell what is new.

use sync_core::chunk;
use sync_core::id::RecordId;
use sync_core::wire::cursor::Cursor;
use sync_core::wire::exchange::{
    Backlog, Baseline, ExchangeRequest, ExchangeResponse, GoneReason, News, Order, PullItem, PullLimits,
};

use super::account::{Account, settle};
use super::days::reminders;
use super::deposit::deposit;
use super::drift;
use super::events::heard_of;
use super::notes;
use super::offers;
use super::profile::profile;
use super::projector::Lane;
use super::reading::{self, Reading};
use super::verdicts::verdicts;
use crate::admission::Visitor;
use crate::clock::millis;
use crate::error::{ServiceError, codes};
use crate::scope;
use crate::state::App;
use crate::store::{Device, DeviceReport, FeedItem, FeedPosition, FeedQuery, PublishedChange};

/// Serves an exchange of an enrolled device.
///
/// # Errors
/// When the message can't be accepted as a whole, or the database fails. What a phone sent and got no receipt for
/// it keeps.
pub async fn exchange(app: &App, device: Device, request: ExchangeRequest) -> Result<ExchangeResponse, ServiceError> {
    let now = app.clock.now();
    app.pulse.beat(now);
    let lines = request.segment.as_ref().map_or(0, |segment| segment.entries.len());
    let report = DeviceReport {
        at: now,
        skew_ms: request.clock.wall.since(now),
        app: request.app.clone(),
        backlog: remaining(request.backlog, lines),
    };
    if device.is_cut_off() || request.wiped {
        return deposit(app, device, request, report).await;
    }
    let next_sync_after_ms = app.admission.next_sync_ms(device.id, now);
    let mut response = ExchangeResponse { next_sync_after_ms, ..ExchangeResponse::default() };
    let (mut held_through, mut unjudged) = (device.head.n, false);
    match settle(app, &device, &request, &report).await? {
        Account::Even => {}
        Account::Stored { receipt, open } => {
            held_through = receipt.head.n;
            response.receipt = Some(receipt);
            unjudged = open;
        }
        Account::Resend { from } => response.resend_from = Some(from),
        Account::Forked { common_through } => return Ok(reidentify(common_through)),
    }
    if response.receipt.is_none() {
        let waiting = DeviceReport { backlog: request.backlog, ..report };
        notes::note(app, &device, waiting).await?;
    } else {
        app.events.tell(heard_of(&device, app.clock.now()));
        if unjudged {
            let lane = Lane::of(app, device.id);
            let ticket = app.projector.request(device.person.organisation);
            app.projector.wait(ticket, lane, app.config.limits.publish_wait).await;
        }
    }
    let let_go =
        if request.offers.is_empty() { Vec::new() } else { offers::take_in(app, &device, &request.offers).await? };
    tell_news(app, &device, &request, &mut response).await?;
    response.pull.extend(let_go);
    drift::compare(app, &device, &request, &mut response).await?;
    reminders::tell(app, &device, &request, &mut response).await?;
    if app.store.digest_ordered(device.id).await? {
        response.orders.push(Order::SendDigest);
    }
    if response.published_through < held_through {
        response.next_sync_after_ms = app.admission.soon_ms(device.id, app.projector.behind(), now);
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
    let reading = Reading::from(app, person, request.cursor, head).await?;
    let Reading { after, since, .. } = reading;
    response.rewound_to = reading.rewound.then_some(head.seq);
    response.baseline = reading.begun_again.then_some(Baseline::Begun);
    tell_verdicts(app, device, after, response).await?;
    let Some(_place) = app.admission.admit_pull(head.seq.saturating_sub(after)).await else {
        return postpone_pull(app, device, response);
    };
    if after < head.seq {
        let PullLimits { records, bytes } = request.limits;
        let page = app
            .store
            .feed(&FeedQuery {
                scope: scope::records_of(person),
                after,
                since,
                departed_after: reading.departed_after(),
                except: reading.except(device),
                limit_records: records.clamp(1, 1_000),
                limit_bytes: bytes.clamp(64 * 1024, 4 * 1024 * 1024),
            })
            .await?;
        response.authors = page.authors;
        response.pull = page.items.into_iter().map(pull_item).collect();
        // The page may hold what was published after `head` was read; what belongs to that is told next time.
        let seq = page.ended_at.map_or(head.seq, |end| end.min(head.seq));
        response.more = page.ended_at.is_some_and(|end| end < head.seq);
        let (since, beginning) = (Some(since), reading.beginning);
        let (since, beginning) = if response.more { (since, beginning) } else { (None, None) };
        let salt =
            if seq == head.seq { head.salt } else { app.store.salt_at(person.organisation, seq).await?.unwrap_or(0) };
        let scope_version = person.scope_version;
        response.cursor = Some(Cursor { epoch: app.epoch, salt, scope_version, seq, since, beginning });
    } else if request.cursor.is_none_or(|cursor| {
        cursor.epoch != app.epoch || cursor.scope_version != person.scope_version || response.rewound_to.is_some()
    }) {
        let (epoch, scope_version, FeedPosition { seq, salt }) = (app.epoch, person.scope_version, head);
        response.cursor = Some(Cursor { epoch, salt, scope_version, seq, since: None, beginning: None });
    }
    // After the feed: a record that came into the scope in between must not be called gone by an older look.
    if let Some(holding) = &request.holding
        && !reading.begun_again
    {
        response.pull.extend(reading::out_of_scope(app, person, holding).await?);
        response.baseline = Some(Baseline::Checked);
    }
    Ok(())
}

/// What became of the device's changes since a position of the feed, and up to where a backup holds its journal.
pub(super) async fn tell_verdicts(
    app: &App,
    device: &Device,
    after: u64,
    response: &mut ExchangeResponse,
) -> Result<(), ServiceError> {
    let restorable_since = app.clock.now().plus(-millis(app.config.backup.restorable));
    let backed_up = app.store.backed_up_through(device.id, restorable_since).await?;
    response.backed_up_through = backed_up.min(device.head.n);
    (response.verdicts, response.published_through) = verdicts(app, device, after).await?;
    Ok(())
}

/// Too many read much at the moment. What the phone brought is in, and it reads from the same place later; a phone that
/// came only to read is told that the server is busy.
fn postpone_pull(app: &App, device: &Device, response: &mut ExchangeResponse) -> Result<(), ServiceError> {
    let now = app.clock.now();
    if response.receipt.is_none() {
        let wait = app.admission.retry_after(Visitor::Device(device.id), now, &app.dice);
        return Err(ServiceError::from(codes::BUSY).retry_after(wait));
    }
    (response.rewound_to, response.baseline) = (None, None);
    response.next_sync_after_ms = app.admission.soon_ms(device.id, app.projector.behind(), now);
    Ok(())
}

fn pull_item(item: FeedItem) -> PullItem {
    let news =
        if item.gone { News::Gone(GoneReason::Reassigned) } else { News::Changes(packed(item.record, &item.changes)) };
    PullItem { record: item.record, news }
}

/// Changes as they travel. One that is damaged here is left out, so that it keeps nobody from the others: what is missing
/// shows when phones compare, and whoever holds it offers it.
pub(super) fn packed(record: RecordId, changes: &[PublishedChange]) -> Vec<Vec<u8>> {
    let mut previous = None;
    let mut packed = Vec::with_capacity(changes.len());
    for change in changes {
        match chunk::pack(&change.raw, previous.as_ref()) {
            Ok(bytes) => {
                packed.push(bytes);
                previous = Some(change.hash);
            }
            Err(error) => tracing::error!(%record, %error, "a published change is damaged, and phones don't get it"),
        }
    }
    packed
}
