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
use sync_core::time::UnixMillis;
use sync_core::wire::{self, Encoding};
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::broken_store::BrokenStore;
use super::mutant::Mutant;
use super::server_disk::ServerDisk;
use super::time::TrueTime;
use crate::failure::Failure;

/// The files of a server that belong together.
const FILES: [&str; 3] = ["daybook.db", "daybook.db-wal", "judging"];

/// What differs between the servers of runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings {
    /// What is broken on purpose.
    pub mutant: Option<Mutant>,
    /// For how many days a backup may still be put back after a newer one was made.
    pub restorable_days: u32,
}

impl Settings {
    /// For how many milliseconds a backup may still be put back after a newer one was made.
    pub fn restorable_ms(self) -> i64 {
        i64::from(self.restorable_days) * 86_400_000
    }
}

/// The server.
pub struct Backend {
    /// Its disk, with what is wrong with it.
    pub disk: ServerDisk,
    root: TempDir,
    folder: PathBuf,
    seed: u64,
    lives: u64,
    /// What is special about it.
    pub settings: Settings,
    time: TrueTime,
    running: Running,
    /// Newest last.
    backups: Vec<PathBuf>,
}

struct Running {
    app: App,
    router: Router,
    /// What is really stored.
    truth: Arc<dyn Store>,
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
    pub async fn start(seed: u64, time: TrueTime, settings: Settings) -> Result<Self, Failure> {
        let root = tempfile::tempdir().map_err(Failure::system("can't make a fresh folder"))?;
        let folder = root.path().join("life-1");
        let disk = ServerDisk::default();
        let running = open(&folder, seed, 1, &time, &disk, settings).await?;
        Ok(Self { disk, root, folder, seed, lives: 1, settings, time, running, backups: Vec::new() })
    }

    /// What is really stored, without faults and mistakes in between.
    pub fn truth(&self) -> &dyn Store {
        &*self.running.truth
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

    /// Publishes what was received; false if the storage did not let it.
    ///
    /// # Errors
    /// When it fails otherwise.
    pub async fn publish(&self) -> Result<bool, Failure> {
        match projector::drain(&self.running.app).await {
            Ok(()) => Ok(true),
            Err(error) if error.is_retryable() => Ok(false),
            Err(error) => Err(refused("publishing")(error)),
        }
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

    /// Takes a backup the way an operator does, and says when and how much of each journal it holds.
    ///
    /// # Errors
    /// When the backup fails.
    pub async fn back_up(&mut self) -> Result<(UnixMillis, Vec<(DeviceId, u64)>), Failure> {
        let file = self.root.path().join(format!("backup-{}.db", self.backups.len() + 1));
        let now = self.time.now();
        let report = backup(&self.folder, &file, now).await.map_err(odd("the backup"))?;
        let oldest = now.plus(-self.settings.restorable_ms());
        let noted = self.running.truth.note_backup(report.taken_at, &report.journals, oldest).await;
        noted.map_err(odd("the backup"))?;
        self.backups.push(file);
        Ok((report.taken_at, report.journals))
    }

    /// Puts a backup back, the `nth` from the newest: as the documentation says, or by replacing the file behind
    /// everybody's back. False if there is no such backup.
    ///
    /// # Errors
    /// When the restoration fails.
    pub async fn restore(&mut self, nth: usize, told: bool) -> Result<bool, Failure> {
        let Some(backup) = self.backups.iter().rev().nth(nth).cloned() else {
            return Ok(false);
        };
        let folder = self.root.path().join(format!("life-{}", self.lives + 1));
        copy_files(&self.folder, &folder).map_err(Failure::system("can't copy the database"))?;
        if told {
            let now = self.time.now();
            restore(&backup, &folder, Occupant::SetAside, now).await.map_err(odd("the restoration"))?;
        } else {
            let replace = || -> io::Result<()> {
                fs::remove_file(folder.join(FILES[1])).or_else(absent)?;
                fs::copy(&backup, folder.join(FILES[0])).map(drop)
            };
            replace().map_err(Failure::system("can't replace the database"))?;
        }
        self.move_to(folder).await?;
        Ok(true)
    }

    async fn move_to(&mut self, folder: PathBuf) -> Result<(), Failure> {
        self.lives += 1;
        self.disk.restart();
        let next = open(&folder, self.seed, self.lives, &self.time, &self.disk, self.settings).await?;
        let old = std::mem::replace(&mut self.running, next);
        // The dead server writes nothing any more; only its connections and files have to go.
        old.truth.close().await;
        let left = std::mem::replace(&mut self.folder, folder);
        fs::remove_dir_all(left).or_else(absent).map_err(Failure::system("can't remove a dead server's folder"))?;
        Ok(())
    }

    /// Ends the server.
    pub async fn stop(self) {
        self.running.truth.close().await;
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
    disk: &ServerDisk,
    settings: Settings,
) -> Result<Running, Failure> {
    // The projector is stepped by the plan, so an exchange must not wait for it. In every other life the server judges
    // what it can before it stores it; mistakes in what comes afterwards would not show there.
    let afterwards =
        matches!(settings.mutant, Some(Mutant::AuthorityAtReceiptOnly | Mutant::FeedNumberOutsideTransaction));
    let on_arrival = !afterwards && (seed ^ life).is_multiple_of(2);
    let settings_of_server = [
        ("DAYBOOK_LIMITS_PUBLISH_WAIT_MS", "0".to_owned()),
        ("DAYBOOK_LIMITS_JUDGE_ON_ARRIVAL", on_arrival.to_string()),
        ("DAYBOOK_BACKUP_RESTORABLE_DAYS", settings.restorable_days.to_string()),
        ("DAYBOOK_DATABASE_FOLDER", folder.display().to_string()),
    ];
    let environment = settings_of_server.map(|(name, value)| (name.to_owned(), value));
    let config = Config::read(Layers::default().environment(environment)).map_err(odd("the configuration"))?;
    let truth: Arc<dyn Store> = Arc::new(SqliteStore::open_for_simulation(folder).await.map_err(odd("the database"))?);
    let store = Arc::new(BrokenStore::new(Arc::clone(&truth), disk.clone(), settings.mutant));
    let dice = Dice::from_rng(ChaCha8Rng::seed_from_u64(seed.rotate_left(17) ^ life));
    disk.spare(true);
    let app = App::new(store, Arc::new(time.clone()), dice, config).await.map_err(refused("the server"))?;
    disk.spare(false);
    let router = server::router::public(&app).map_err(refused("the router"))?;
    Ok(Running { app, router, truth })
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
