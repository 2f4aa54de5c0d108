//! How the server is.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::Json;
use super::identity::SignedIn;
use crate::clock::millis;
use crate::config::Config;
use crate::error::ServiceError;
use crate::service::system::{self, System};
use crate::state::App;
use crate::store::system::AsideCounts;

/// The database.
#[derive(Serialize, ToSchema)]
struct DatabaseBody {
    /// `sqlite` or `postgres`.
    kind: &'static str,
    bytes: u64,
    /// 1 at first, raised by each restore.
    epoch: u32,
}

/// What is stored.
#[derive(Serialize, ToSchema)]
struct StoredBody {
    records: u64,
    /// Records of an older version of the server that it still has to make findable by their words.
    unsearchable: u64,
    /// Records whose flags still have to be raised anew, because thresholds changed.
    unraised: u64,
    /// About so many changes have come, of all organisations on the server.
    changes: u64,
    photos: u64,
    photo_bytes: u64,
}

/// How far judging is behind receiving.
#[derive(Serialize, ToSchema)]
struct ProjectorBody {
    /// How many pushes of the organisation's came to this server that are not judged yet.
    behind: u64,
    /// How many changes of the organisation's are received and not judged, on all servers.
    unjudged: u64,
    /// For how long the oldest of these has been here.
    lag_ms: i64,
}

/// The newest verified backups; missing if there is none.
#[derive(Serialize, ToSchema)]
struct BackupsBody {
    database_at: Option<i64>,
    photos_at: Option<i64>,
    /// How old a backup may be that is still restored.
    restorable_ms: i64,
}

/// What the server takes.
#[derive(Serialize, ToSchema)]
struct LimitsBody {
    /// The largest message of a phone, in bytes.
    body_bytes: usize,
    /// The same, unpacked.
    inflated_bytes: usize,
    /// The largest request of the console, in bytes.
    json_bytes: usize,
    /// The largest photo, in bytes.
    photo_bytes: u64,
    /// For how long a session is good.
    session_ms: i64,
    /// For how long an enrolment code is good.
    code_ms: i64,
    /// For how long a change may wait for those that it follows before it is shown as overdue.
    waiting_ms: i64,
    /// For how long a photo is kept that no record names.
    photo_grace_ms: i64,
    /// From where maps get their tiles; missing where places are drawn on a plain plan.
    tiles: Option<String>,
}

impl LimitsBody {
    fn of(config: &Config) -> Self {
        Self {
            body_bytes: config.limits.body_bytes,
            inflated_bytes: config.limits.inflated_bytes,
            json_bytes: config.limits.json_bytes,
            photo_bytes: config.photos.photo_bytes,
            session_ms: millis(config.auth.session),
            code_ms: millis(config.auth.code),
            waiting_ms: millis(config.limits.waiting),
            photo_grace_ms: millis(config.photos.grace),
            tiles: config.console.tiles.as_ref().map(|tiles| tiles.origin.clone()),
        }
    }
}

/// How the server is.
#[derive(Serialize, ToSchema)]
pub(crate) struct SystemBody {
    version: &'static str,
    started_at: i64,
    uptime_ms: i64,
    database: DatabaseBody,
    stored: StoredBody,
    projector: ProjectorBody,
    aside: AsideCounts,
    backups: BackupsBody,
    /// Exchanges of phones at this server in each of the last sixty minutes, the oldest first; the last is not over.
    exchanges: Vec<u32>,
    /// How many servers there are on the database; missing if nobody can tell.
    servers: Option<u64>,
    limits: LimitsBody,
}

impl SystemBody {
    fn of(system: System, config: &Config) -> Self {
        let figures = system.figures;
        Self {
            version: env!("CARGO_PKG_VERSION"),
            started_at: system.started_at.0,
            uptime_ms: system.now.since(system.started_at),
            database: DatabaseBody { kind: system.database, bytes: figures.bytes, epoch: system.epoch },
            stored: StoredBody {
                records: system.records,
                unsearchable: figures.unsearchable,
                unraised: figures.raised_anew.map_or(0, |done| system.records.saturating_sub(done)),
                changes: figures.changes,
                photos: figures.photos,
                photo_bytes: figures.photo_bytes,
            },
            projector: ProjectorBody {
                behind: system.behind,
                unjudged: figures.unjudged,
                lag_ms: figures.unjudged_since.map_or(0, |since| system.now.since(since).max(0)),
            },
            aside: figures.aside,
            backups: BackupsBody {
                database_at: figures.backup_at.map(|at| at.0),
                photos_at: figures.photo_backup_at.map(|at| at.0),
                restorable_ms: millis(config.backup.restorable),
            },
            exchanges: system.exchanges.to_vec(),
            servers: figures.servers,
            limits: LimitsBody::of(config),
        }
    }
}

/// How the server is: its database, how far it has come, what was set aside, the last hour.
#[utoipa::path(
    get, path = "/api/v1/system", tag = "system", responses((status = 200, body = SystemBody)),
    security(("session" = []))
)]
pub(crate) async fn system(State(app): State<App>, SignedIn(who): SignedIn) -> Result<Json<SystemBody>, ServiceError> {
    system::look(&app, &who).await.map(|system| Json(SystemBody::of(system, &app.config)))
}
