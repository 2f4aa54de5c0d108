//! The real server in the simulation: its router, services and SQLite store, without process, sockets and its own
//! sense of time. It can be killed, backed up and set back.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Request};
use http_body_util::BodyExt as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use server::clock::{Clock as _, Dice};
use server::config::{Config, Layers};
use server::service::projector;
use server::state::App;
use server::store::Store;
use server::store::sqlite::SqliteStore;
use server::store::sqlite::backup::{Occupant, backup, restore};
use sync_core::engine::{WireRequest, WireResponse};
use sync_core::id::DeviceId;
use sync_core::wire::{self, Encoding};
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::broken_store::BrokenStore;
use super::mutant::Mutant;
use super::time::TrueTime;
use crate::failure::Failure;

/// The files of a database that belong together.
const FILES: [&str; 2] = ["daybook.db", "daybook.db-wal"];

/// The server.
pub struct Backend {
    root: TempDir,
    folder: PathBuf,
    seed: u64,
    lives: u64,
    mutant: Option<Mutant>,
    time: TrueTime,
    running: Running,
    backups: u32,
    newest_backup: Option<PathBuf>,
}

struct Running {
    app: App,
    router: Router,
}

/// An error with what was to be done.
pub fn odd<E: std::fmt::Display>(what: &'static str) -> impl FnOnce(E) -> Failure {
    move |error| Failure::Unexpected(format!("{what}: {error}"))
}

/// A refusal of the server that the run did not expect.
pub fn refused(what: &'static str) -> impl FnOnce(server::error::ServiceError) -> Failure {
    move |error| Failure::Unexpected(format!("{what}: {} {:?}", error.code.name, error.internal))
}

impl Backend {
    /// Starts a server on an empty folder.
    ///
    /// # Errors
    /// When the folder can't be used.
    pub async fn start(seed: u64, time: TrueTime, mutant: Option<Mutant>) -> Result<Self, Failure> {
        let root = tempfile::tempdir().map_err(Failure::system("can't make a fresh folder"))?;
        let folder = root.path().join("life-1");
        let running = open(&folder, seed, 1, &time, mutant).await?;
        Ok(Self { root, folder, seed, lives: 1, mutant, time, running, backups: 0, newest_backup: None })
    }

    /// The server's parts.
    pub fn app(&self) -> &App {
        &self.running.app
    }

    /// Serves a request of a phone.
    ///
    /// # Errors
    /// When the request can't be put into HTTP.
    pub async fn serve(&self, request: &WireRequest) -> Result<WireResponse, Failure> {
        let http = as_http(request)?;
        let answered = self.running.router.clone().oneshot(http).await;
        let (parts, body) = answered.map_err(odd("the router"))?.into_parts();
        let body = body.collect().await.map_err(odd("the reply's body"))?.to_bytes().to_vec();
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        Ok(WireResponse {
            status: parts.status.as_u16(),
            media_type: header("content-type").unwrap_or_default().to_owned(),
            encoding: if header("content-encoding") == Some("gzip") { Encoding::Gzip } else { Encoding::Identity },
            retry_after_s: header("retry-after").and_then(|seconds| seconds.parse().ok()),
            body,
        })
    }

    /// Publishes what was received.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn publish(&self) -> Result<(), Failure> {
        projector::drain(&self.running.app).await.map_err(refused("publishing"))
    }

    /// Kills the server as it stands, without any ceremony, and starts another one on what is on the disk: the
    /// files are copied while the old one still has them open.
    ///
    /// # Errors
    /// When the folder can't be used.
    pub async fn kill(&mut self) -> Result<(), Failure> {
        let folder = self.root.path().join(format!("life-{}", self.lives + 1));
        copy_files(&self.folder, &folder).map_err(Failure::system("can't copy the database"))?;
        self.move_to(folder).await
    }

    /// Takes a backup the way an operator does, and says how much of each journal it holds.
    ///
    /// # Errors
    /// When the backup fails.
    pub async fn back_up(&mut self) -> Result<Vec<(DeviceId, u64)>, Failure> {
        self.backups += 1;
        let target = self.root.path().join(format!("backup-{}.db", self.backups));
        let report = backup(&self.folder, &target, self.time.now()).await.map_err(odd("the backup"))?;
        // Only the newest backup is ever put back here.
        let noted = self.running.app.store.note_backup(report.taken_at, &report.journals, report.taken_at).await;
        noted.map_err(odd("the backup"))?;
        self.newest_backup = Some(target);
        Ok(report.journals)
    }

    /// Puts the newest backup back: as the documentation says, or by replacing the file behind everybody's back.
    /// False if there is no backup.
    ///
    /// # Errors
    /// When the restoration fails.
    pub async fn restore(&mut self, told: bool) -> Result<bool, Failure> {
        let Some(newest) = self.newest_backup.clone() else {
            return Ok(false);
        };
        let folder = self.root.path().join(format!("life-{}", self.lives + 1));
        copy_files(&self.folder, &folder).map_err(Failure::system("can't copy the database"))?;
        if told {
            let now = self.time.now();
            restore(&newest, &folder, Occupant::SetAside, now).await.map_err(odd("the restoration"))?;
        } else {
            let replace = || -> io::Result<()> {
                fs::remove_file(folder.join(FILES[1])).or_else(absent)?;
                fs::copy(&newest, folder.join(FILES[0])).map(drop)
            };
            replace().map_err(Failure::system("can't replace the database"))?;
        }
        self.move_to(folder).await?;
        Ok(true)
    }

    async fn move_to(&mut self, folder: PathBuf) -> Result<(), Failure> {
        self.lives += 1;
        let next = open(&folder, self.seed, self.lives, &self.time, self.mutant).await?;
        let old = std::mem::replace(&mut self.running, next);
        self.folder = folder;
        // The dead server writes nothing any more; only its connections have to go.
        old.app.store.close().await;
        Ok(())
    }

    /// Ends the server.
    pub async fn stop(self) {
        self.running.app.store.close().await;
    }
}

fn absent(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

fn copy_files(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for name in FILES {
        fs::copy(from.join(name), to.join(name)).map(drop).or_else(absent)?;
    }
    Ok(())
}

async fn open(
    folder: &Path,
    seed: u64,
    life: u64,
    time: &TrueTime,
    mutant: Option<Mutant>,
) -> Result<Running, Failure> {
    // The projector is stepped by the plan, so an exchange must not wait for it.
    let settings = [("DAYBOOK_LIMITS_PUBLISH_WAIT_MS", "0"), ("DAYBOOK_BACKUP_RESTORABLE_DAYS", "0")];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = Config::read(Layers::default().environment(settings)).map_err(odd("the configuration"))?;
    let sqlite = SqliteStore::open_for_simulation(folder).await.map_err(odd("the database"))?;
    let sqlite: Arc<dyn Store> = Arc::new(sqlite);
    let store = match mutant {
        Some(mutant) if mutant.is_in_the_servers_storage() => Arc::new(BrokenStore::new(sqlite, mutant)),
        _ => sqlite,
    };
    let dice = Dice::from_rng(ChaCha8Rng::seed_from_u64(seed.rotate_left(17) ^ life));
    let app = App::new(store, Arc::new(time.clone()), dice, config).await.map_err(refused("the server"))?;
    let router = server::router::public(&app).map_err(refused("the router"))?;
    Ok(Running { app, router })
}

fn as_http(request: &WireRequest) -> Result<Request<Body>, Failure> {
    let mut http = Request::post(request.route.path())
        .header("content-type", wire::MEDIA_TYPE)
        .body(Body::from(request.body.bytes.clone()))
        .map_err(odd("the request"))?;
    let headers: &mut HeaderMap = http.headers_mut();
    if request.body.encoding == Encoding::Gzip {
        headers.insert("content-encoding", HeaderValue::from_static("gzip"));
    }
    if let Some(token) = &request.token {
        let value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(odd("the token"))?;
        headers.insert("authorization", value);
    }
    Ok(http)
}
