//! The server process: opens the folder, listens, publishes, and stops without losing anything.

mod connections;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt as _;
use tokio::net::{TcpListener, UnixListener};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::clock::{Dice, SystemClock};
use crate::config::Config;
use crate::error::ServiceError;
use crate::service::projector;
use crate::state::App;
use crate::store::Store;
use crate::store::sqlite::{OpenError, SqliteStore};
use crate::{metrics, router};

/// How often old observations are merged, so that the metrics don't grow.
const UPKEEP: Duration = Duration::from_secs(5);

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The folder can't be opened.
    #[error("the folder {}: {source}", folder.display())]
    Open {
        /// Which folder.
        folder: PathBuf,
        /// Why.
        source: OpenError,
    },
    /// An address can't be listened on, or a file not be written.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The database failed, or the metrics.
    #[error("{what}")]
    Start {
        /// What failed.
        what: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The projector ended before it was told to: a fault of ours.
    #[error("the projector ended by itself: please report this with the log")]
    ProjectorEnded,
}

fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> ServeError {
    let what = what.into();
    move |source| ServeError::Io { what, source }
}

fn failed(error: ServiceError) -> ServeError {
    let source = error.internal.unwrap_or_else(|| error.code.title.into());
    ServeError::Start { what: "the server can't start", source }
}

/// Opens the folder of the embedded database and puts the server together.
///
/// # Errors
/// When the folder can't be opened, for example because another process uses it.
pub async fn open(config: Config) -> Result<App, ServeError> {
    let folder = config.database.folder.clone();
    let store = SqliteStore::open(&folder).await.map_err(|source| ServeError::Open { folder, source })?;
    let store: Arc<dyn Store> = Arc::new(store);
    App::new(store, Arc::new(SystemClock), Dice::system(), config).await.map_err(failed)
}

/// Serves until the process is told to stop (SIGTERM or SIGINT).
///
/// # Errors
/// When the server can't start, or the projector ends by itself.
pub async fn serve(config: Config, address_file: Option<&Path>) -> Result<(), ServeError> {
    let app = open(config).await?;
    let ports = Ports::bind(&app).await?;
    let stop = watch::Sender::new(false);
    let mut projector = tokio::spawn(projector::run(app.clone()));
    let served = ports.serve(&app, &stop, address_file).await?;
    tracing::info!(folder = %app.config.database.folder.display(), epoch = app.epoch, "ready");

    let outcome = tokio::select! {
        () = told_to_stop() => Ok(()),
        // Without it phones would get receipts and nothing would ever be published: better to be started anew.
        _ = &mut projector => Err(ServeError::ProjectorEnded),
    };
    tracing::info!("stopping");
    stop.send_replace(true);
    wind_down(&app, served, outcome.is_ok().then_some(projector)).await;
    if let Some(path) = address_file {
        // A file that was left behind would name a server that is gone; nothing else depends on its removal.
        let _ = std::fs::remove_file(path);
    }
    tracing::info!("stopped");
    outcome
}

/// Finishes the requests under way, then what they left to publish, then closes the database. What does not fit into
/// the time stays received in the database and is published at the next start.
async fn wind_down(app: &App, served: Vec<JoinHandle<()>>, projector: Option<JoinHandle<()>>) {
    let deadline = Instant::now() + app.config.limits.drain;
    for connections in served {
        if timeout_at(deadline, connections).await.is_err() {
            tracing::warn!("requests are cut off: they took longer than limits.drain_seconds");
        }
    }
    app.projector.stop();
    if let Some(projector) = projector
        && timeout_at(deadline, projector).await.is_err()
    {
        tracing::warn!("publishing goes on at the next start: it took longer than limits.drain_seconds");
    }
    app.store.close().await;
}

async fn told_to_stop() {
    let on = |kind| async move {
        match signal(kind) {
            Ok(mut stream) => {
                stream.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = on(SignalKind::terminate()) => {}
        () = on(SignalKind::interrupt()) => {}
    }
}

/// What the server listens on.
struct Ports {
    http: TcpListener,
    metrics: Option<TcpListener>,
    admin: UnixListener,
}

impl Ports {
    async fn bind(app: &App) -> Result<Self, ServeError> {
        let settings = &app.config.http;
        let tcp = async |key: &str, address: std::net::SocketAddr| {
            TcpListener::bind(address).await.map_err(io(format!("{key} = {address} can't be listened on")))
        };
        let http = tcp("http.listen", settings.listen).await?;
        let metrics = match settings.metrics_listen {
            Some(address) => Some(tcp("http.metrics_listen", address).await?),
            None => None,
        };
        Ok(Self { http, metrics, admin: admin_socket(&app.config.database.socket())? })
    }

    async fn serve(
        self,
        app: &App,
        stop: &watch::Sender<bool>,
        address_file: Option<&Path>,
    ) -> Result<Vec<JoinHandle<()>>, ServeError> {
        let address = |listener: &TcpListener| listener.local_addr().map_err(io("the address"));
        let http = address(&self.http)?;
        let metrics_address = self.metrics.as_ref().map(address).transpose()?;
        let idle = app.config.limits.idle;
        let public = router::public(app).map_err(failed)?;
        let nodelay = |stream: &mut tokio::net::TcpStream| {
            // Small answers would otherwise wait for the phone's acknowledgement; if it can't be set, they wait.
            let _ = stream.set_nodelay(true);
        };
        let mut served = vec![
            tokio::spawn(connections::serve(self.http.tap_io(nodelay), public, idle, stop.subscribe())),
            tokio::spawn(connections::serve(self.admin, router::local(app), idle, stop.subscribe())),
        ];
        if let Some(listener) = self.metrics {
            let handle = metrics::install()
                .map_err(|source| ServeError::Start { what: "the metrics can't start", source: Box::new(source) })?;
            let page = metrics::router(handle.clone());
            served.push(tokio::spawn(connections::serve(listener, page, idle, stop.subscribe())));
            tokio::spawn(async move {
                let mut turns = tokio::time::interval(UPKEEP);
                loop {
                    turns.tick().await;
                    handle.run_upkeep();
                }
            });
        }
        if let Some(path) = address_file {
            let addresses = serde_json::json!({ "http": http, "metrics": metrics_address });
            write_whole(path, addresses.to_string().as_bytes()).map_err(io(path.display().to_string()))?;
        }
        // Whoever waits for this line may read the file.
        tracing::info!(%http, metrics = metrics_address.map(tracing::field::display), "listening");
        Ok(served)
    }
}

/// A socket that only the owner of the folder can open. Whoever holds the folder's lock may replace an old one.
fn admin_socket(path: &Path) -> Result<UnixListener, ServeError> {
    use std::os::unix::fs::PermissionsExt as _;
    let what = || format!("the socket {} can't be made; its path may have 107 bytes at most", path.display());
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(what())(error)),
        _ => {}
    }
    let listener = UnixListener::bind(path).map_err(io(what()))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(io(what()))?;
    Ok(listener)
}

/// Writes a file that others may be waiting for: it appears with all of its content or not at all.
fn write_whole(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let unfinished = path.with_extension("unfinished");
    std::fs::write(&unfinished, content)?;
    std::fs::rename(&unfinished, path)
}
