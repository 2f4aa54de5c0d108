//! The server process: opens the folder, listens, publishes, and stops without losing anything.

mod connections;
mod crowd;
mod patient;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt as _;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

use crowd::Crowd;

use crate::clock::{Dice, SystemClock};
use crate::config::{Config, DatabaseUrl};
use crate::error::ServiceError;
use crate::service::{events, notes, projector, upkeep};
use crate::state::App;
use crate::store::Store;
use crate::store::postgres::{self, Access, PostgresStore};
use crate::store::sqlite::{OpenError, SqliteStore};
use crate::{metrics, photo, router};

/// How often old observations are merged, so that the metrics don't grow.
const UPKEEP: Duration = Duration::from_secs(5);
/// How often what phones reported is written down.
const NOTES: Duration = Duration::from_secs(1);
/// After how much silence, and how often then, a connection's other end is asked whether it is there.
const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(15));
#[cfg(target_os = "linux")]
/// How long it may leave questions, or what was sent to it, without any sign of life.
const UNANSWERED: Duration = Duration::from_secs(120);

/// How long the database may take for what is asked of it at the end.
const CLOSING: Duration = Duration::from_secs(10);
/// How often photos are tidied up.
const PHOTO_TURNS: Duration = Duration::from_secs(6 * 3_600);

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
    /// The PostgreSQL database can't be used.
    #[error("the database {url}: {source}")]
    OpenPostgres {
        /// Which one, without its password.
        url: DatabaseUrl,
        /// Why.
        source: postgres::OpenError,
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
    /// The database took another place, and what this server has under way would wait there for ever.
    #[error(
        "connections to the database lead nowhere although it is there, as after a failover: start this server anew"
    )]
    Adrift,
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

/// Opens the database and puts the server together.
///
/// # Errors
/// When the folder or the database can't be opened, for example because another process uses the folder.
pub async fn open(config: Config) -> Result<App, ServeError> {
    let store = open_store(&config).await?;
    App::new(store, Arc::new(SystemClock), Dice::system(), config).await.map_err(failed)
}

/// Opens the database: PostgreSQL if there is an address, the folder's otherwise.
///
/// # Errors
/// When it can't be opened, or another process uses the folder.
pub async fn open_store(config: &Config) -> Result<Arc<dyn Store>, ServeError> {
    let database = &config.database;
    let folder = database.folder.clone();
    let Some(url) = database.url.clone() else {
        let store = SqliteStore::open(&folder).await.map_err(|source| ServeError::Open { folder, source })?;
        return Ok(Arc::new(store));
    };
    let photos = photo::depot::name_of_place(config);
    let photos =
        photos.map_err(|source| ServeError::Start { what: "photos have no place", source: Box::new(source) })?;
    let store = PostgresStore::open(&Access::of(&url, database, Some(photos)), &folder).await;
    Ok(Arc::new(store.map_err(|source| ServeError::OpenPostgres { url, source })?))
}

/// Serves until the process is told to stop (SIGTERM or SIGINT).
///
/// # Errors
/// When the server can't start, or the projector ends by itself.
pub async fn serve(config: Config, address_file: Option<&Path>) -> Result<(), ServeError> {
    let told_to_stop = told_to_stop();
    let app = open(config).await?;
    let ports = Ports::bind(&app).await?;
    let stop = watch::Sender::new(false);
    let mut projector = tokio::spawn(projector::run(app.clone()));
    let served = ports.serve(&app, &stop, address_file).await?;
    tokio::spawn(events::run(app.clone()));
    tokio::spawn(look_after_photos(app.clone(), stop.subscribe()));
    tokio::spawn(upkeep::run(app.clone(), stop.subscribe()));
    tracing::info!(folder = %app.config.database.folder.display(), epoch = app.epoch, "ready");

    let outcome = tokio::select! {
        () = told_to_stop => Ok(()),
        // Without it phones would get receipts and nothing would ever be published: better to be started anew.
        _ = &mut projector => Err(ServeError::ProjectorEnded),
        () = adrift(&app) => Err(ServeError::Adrift),
    };
    if matches!(outcome, Err(ServeError::Adrift)) {
        // Nothing that is under way would come to an end.
        return outcome;
    }
    tracing::info!("stopping");
    stop.send_replace(true);
    // Pages that follow would otherwise be waited for until the deadline.
    app.events.stop();
    wind_down(&app, served, outcome.is_ok().then_some(projector)).await;
    if let Some(path) = address_file {
        // A file that was left behind would name a server that is gone; nothing else depends on its removal.
        let _ = std::fs::remove_file(path);
    }
    tracing::info!("stopped");
    outcome
}

/// Ends once nothing that is asked of the database is answered any more; not at all where it is a file.
async fn adrift(app: &App) {
    match app.store.neighbours() {
        Some(neighbours) => neighbours.adrift().await,
        None => std::future::pending().await,
    }
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
    if timeout(CLOSING, flush_notes(app)).await.is_err() {
        tracing::warn!("what phones reported last was not noted: the database does not answer");
    }
    app.projector.stop();
    if let Some(projector) = projector
        && timeout_at(deadline, projector).await.is_err()
    {
        tracing::warn!("publishing goes on at the next start: it took longer than limits.drain_seconds");
    }
    if timeout(CLOSING, app.store.close()).await.is_err() {
        tracing::warn!("the database does not answer: its connections are cut off");
    }
}

/// Waits to be told to stop. Whoever calls this hears of it from then on, not only once the waiting has begun.
fn told_to_stop() -> impl Future<Output = ()> {
    let on = |kind| {
        let stream = signal(kind);
        async move {
            match stream {
                Ok(mut stream) => {
                    stream.recv().await;
                }
                Err(_) => std::future::pending().await,
            }
        }
    };
    let (terminated, interrupted) = (on(SignalKind::terminate()), on(SignalKind::interrupt()));
    async move {
        tokio::select! {
            () = terminated => {}
            () = interrupted => {}
        }
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
        let settings = &app.config.http;
        let crowd = Crowd::new(settings.connections, settings.address_connections, settings.trusted_proxies.clone());
        let (local, all) = (router::local(app), Crowd::unlimited());
        let mut served = vec![
            tokio::spawn(connections::serve(self.http.tap_io(prepare), public, idle, crowd, stop.subscribe())),
            tokio::spawn(connections::serve(self.admin, local, idle, all, stop.subscribe())),
            tokio::spawn(note_regularly(app.clone(), stop.subscribe())),
        ];
        if let Some(listener) = self.metrics {
            let handle = metrics::install()
                .map_err(|source| ServeError::Start { what: "the metrics can't start", source: Box::new(source) })?;
            let page = metrics::router(handle.clone());
            served.push(tokio::spawn(connections::serve(listener, page, idle, Crowd::unlimited(), stop.subscribe())));
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

/// Readies a connection. What can't be set only makes it a little worse.
fn prepare(stream: &mut TcpStream) {
    // Small answers would otherwise wait for the phone's acknowledgement.
    let _ = stream.set_nodelay(true);
    // Phones vanish without a word: the system finds out, also while nothing is read or written.
    let socket = SockRef::from(&*stream);
    let _ = socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE.0).with_interval(KEEPALIVE.1));
    #[cfg(target_os = "linux")]
    let _ = socket.set_tcp_user_timeout(Some(UNANSWERED));
}

/// Writes down every second what phones reported.
async fn note_regularly(app: App, mut stop: watch::Receiver<bool>) {
    let mut turns = tokio::time::interval(NOTES);
    loop {
        tokio::select! {
            () = async { stop.wait_for(|stop| *stop).await.map(drop).unwrap_or_default() } => return,
            _ = turns.tick() => flush_notes(&app).await,
        }
    }
}

/// Finishes what an earlier process left of uploads, then tidies up every few hours. Nothing is lost if it ends in the
/// middle.
async fn look_after_photos(app: App, mut stop: watch::Receiver<bool>) {
    if let Err(error) = photo::finish::heal(&app).await {
        tracing::warn!(code = error.code.name, cause = ?error.internal, "uploads were not looked after");
    }
    let mut turns = tokio::time::interval(PHOTO_TURNS);
    turns.tick().await;
    loop {
        tokio::select! {
            stopped = stop.wait_for(|stop| *stop) => {
                drop(stopped);
                return;
            }
            _ = turns.tick() => {}
        }
        match photo::collect::collect(&app, false).await {
            Ok(done) => tracing::info!(
                uploads = done.uploads,
                photos = done.photos,
                strays = done.strays,
                lost = done.lost,
                "photos were tidied up"
            ),
            Err(error) => tracing::warn!(code = error.code.name, cause = ?error.internal, "photos were not tidied up"),
        }
    }
}

async fn flush_notes(app: &App) {
    if let Err(error) = notes::flush(app).await {
        tracing::warn!(code = error.code.name, cause = ?error.internal, "what phones reported was not noted");
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A phone in a lift sends nothing any more, not even that it is gone. Only the system notices; it has to be told to.
    #[tokio::test]
    async fn the_system_looks_for_phones_that_vanish() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (phone, accepted) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        let (_phone, mut stream) = (phone.unwrap(), accepted.unwrap().0);
        assert!(!SockRef::from(&stream).keepalive().unwrap());
        prepare(&mut stream);
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().unwrap() && stream.nodelay().unwrap());
        assert_eq!((socket.tcp_keepalive_time().unwrap(), socket.tcp_keepalive_interval().unwrap()), KEEPALIVE);
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(UNANSWERED));
    }
}
