//! The news as server-sent events, and who has a record open.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use futures_util::StreamExt as _;
use futures_util::stream::{once, unfold};
use serde::Serialize;
use sync_core::id::RecordId;
use utoipa::ToSchema;
use uuid::Uuid;

use super::extract::{Id, Json};
use super::identity::{InSession, SignedIn};
use crate::error::ServiceError;
use crate::service::events::Follower;
use crate::service::presence;
use crate::state::App;

/// A proxy or a phone network closes what is silent for long.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// How long a browser waits before it comes back.
const COME_BACK: Duration = Duration::from_secs(3);

/// What has changed, for pages that are open: a stream of server-sent events, `ready` once and then `changed` with what to
/// ask for again: `{"records": ["office", ...], "days": [], "presence": ["record", ...]}`. Topics are `records`,
/// `photos`, `days`, `quarantine`, `devices`, `directory` and `audit`, each with offices of one's territory, or with none
/// for "anywhere"; `presence` names records that one has open oneself. It ends with the session.
#[utoipa::path(
    get, path = "/api/v1/events", tag = "session",
    responses((status = 200, content_type = "text/event-stream", body = String)), security(("session" = []))
)]
pub(crate) async fn follow(
    State(app): State<App>,
    InSession(session, who): InSession,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ServiceError> {
    let follower = Follower::begin(&app, session, who)?;
    let ready = once(async { Ok(Event::default().event("ready").retry(COME_BACK).data("{}")) });
    let changes = unfold(follower, |mut follower| async {
        let changed = follower.next().await?;
        let event = Event::default().event("changed").json_data(changed).ok()?;
        Some((Ok(event), follower))
    });
    Ok(Sse::new(ready.chain(changes)).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
}

/// Somebody who has the same record open.
#[derive(Serialize, ToSchema)]
pub(crate) struct OnlookerBody {
    person: Uuid,
    name: String,
}

/// Who else has a record open.
#[derive(Serialize, ToSchema)]
pub(crate) struct PresenceBody {
    others: Vec<OnlookerBody>,
}

/// Says that one has a record open, for 45 seconds; to be repeated every 20. Who else has.
#[utoipa::path(
    put, path = "/api/v1/records/{id}/presence", tag = "records", params(("id" = Uuid, Path)),
    responses((status = 200, body = PresenceBody)), security(("session" = []))
)]
pub(crate) async fn stay(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(record): Id<RecordId>,
) -> Result<Json<PresenceBody>, ServiceError> {
    let others = presence::stay(&app, &who, record).await?.into_iter();
    let others = others.map(|person| OnlookerBody { person: person.id.0, name: person.name }).collect();
    Ok(Json(PresenceBody { others }))
}

/// Says that one has closed a record.
#[utoipa::path(
    delete, path = "/api/v1/records/{id}/presence", tag = "records", params(("id" = Uuid, Path)),
    responses((status = 204)), security(("session" = []))
)]
pub(crate) async fn leave(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(record): Id<RecordId>,
) -> Result<StatusCode, ServiceError> {
    presence::leave(&app, &who, record).await?;
    Ok(StatusCode::NO_CONTENT)
}
