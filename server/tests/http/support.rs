//! A server in a folder of its own, and those who use it.

pub(crate) mod house;
pub(crate) mod machine;
mod phone;
pub(crate) mod photographer;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;
use serde_json::Value;
use server::clock::{Clock, Dice};
use server::config::{Config, Layers};
use server::router;
use server::service::projector;
use server::state::App;
use server::store::sqlite::SqliteStore;
use sync_core::time::UnixMillis;
use sync_core::wire::problem;
use tempfile::TempDir;
use tower::ServiceExt as _;

pub(crate) use house::{House, Staff};
pub(crate) use phone::{Line, Phone};

/// 2027-01-15T08:00:00Z.
pub(crate) const MORNING: UnixMillis = UnixMillis(1_800_000_000_000);

/// A clock that moves when a test says so.
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn advance(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.0.load(Ordering::Relaxed))
    }
}

/// A server without its process: the router, the services, the projector and the database.
pub(crate) struct TestApp {
    pub(crate) app: App,
    pub(crate) clock: Arc<TestClock>,
    router: Router,
    _folder: TempDir,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl TestApp {
    pub(crate) async fn new() -> Self {
        Self::with(Layers::default()).await
    }

    /// With settings: pairs of variable and value.
    pub(crate) async fn with_settings(settings: &[(&str, &str)]) -> Self {
        let pairs = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self::with(Layers::default().environment(pairs)).await
    }

    /// A server that receives and does not publish.
    pub(crate) async fn without_projector() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::in_folder(folder).await
    }

    async fn in_folder(folder: TempDir) -> Self {
        let place = folder.path().to_str().unwrap().to_owned();
        let settings = [("DAYBOOK_DATABASE_FOLDER", place), ("DAYBOOK_LIMITS_PUBLISH_WAIT_MS", "0".to_owned())];
        let pairs = settings.into_iter().map(|(name, value)| (name.to_owned(), value));
        let config = Config::read(Layers::default().environment(pairs)).unwrap();
        let clock = Arc::new(TestClock(AtomicI64::new(MORNING.0)));
        let app = open(folder.path(), clock.clone(), config).await;
        let router = router::public(&app).unwrap();
        Self { app, clock, router, _folder: folder }
    }

    /// The same server, started again after it was killed with this note of what it was judging; it has published
    /// what it will.
    pub(crate) async fn killed_while_judging(self, note: &str) -> Self {
        self.app.store.close().await;
        let Self { app, router, _folder: folder, .. } = self;
        drop((app, router));
        std::fs::write(folder.path().join("judging"), note).unwrap();
        let test = Self::in_folder(folder).await;
        projector::drain(&test.app).await.unwrap();
        test
    }

    /// Does something to the database behind the server's back.
    pub(crate) async fn sql(&self, statement: &str) {
        let mut conn = self.behind().await;
        sqlx::query(sqlx::AssertSqlSafe(statement.to_owned())).execute(&mut conn).await.unwrap();
    }

    /// Asks the database for a number.
    pub(crate) async fn sql_number(&self, statement: &str) -> i64 {
        let mut conn = self.behind().await;
        sqlx::query_scalar(sqlx::AssertSqlSafe(statement.to_owned())).fetch_one(&mut conn).await.unwrap()
    }

    async fn behind(&self) -> sqlx::SqliteConnection {
        let file = self._folder.path().join("daybook.db");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
        sqlx::ConnectOptions::connect(&options).await.unwrap()
    }

    /// A backup of this moment, in a folder of its own.
    pub(crate) async fn backup(&self) -> TempDir {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("backup.db");
        server::store::sqlite::backup::backup(self._folder.path(), &target, self.clock.now()).await.unwrap();
        place
    }

    /// The server as that backup brings it back, running.
    pub(crate) async fn restored(self, backup: &TempDir) -> Self {
        self.app.store.close().await;
        let Self { app, clock, router, _folder: folder } = self;
        let config = app.config.clone();
        app.projector.stop();
        drop((app, router));
        let file = backup.path().join("backup.db");
        let occupant = server::store::sqlite::backup::Occupant::SetAside;
        server::store::sqlite::backup::restore(&file, folder.path(), occupant, clock.now()).await.unwrap();
        let app = open(folder.path(), clock.clone(), config).await;
        tokio::spawn(projector::run(app.clone()));
        let router = router::public(&app).unwrap();
        Self { app, clock, router, _folder: folder }
    }

    async fn with(layers: Layers) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().to_str().unwrap().to_owned();
        let clock = Arc::new(TestClock(AtomicI64::new(MORNING.0)));
        let config = Config::read(layers.environment([("DAYBOOK_DATABASE_FOLDER".to_owned(), place)])).unwrap();
        Self::running(folder, clock, config).await
    }

    /// The same server, stopped and started again.
    pub(crate) async fn restarted(self) -> Self {
        let Self { app, clock, router, _folder: folder } = self;
        app.projector.stop();
        app.store.close().await;
        let config = app.config.clone();
        drop((app, router));
        Self::running(folder, clock, config).await
    }

    /// The folder with everything that the server keeps.
    pub(crate) fn folder(&self) -> &Path {
        self._folder.path()
    }

    async fn running(folder: TempDir, clock: Arc<TestClock>, config: Config) -> Self {
        let app = open(folder.path(), clock.clone(), config).await;
        tokio::spawn(projector::run(app.clone()));
        let router = router::public(&app).unwrap();
        Self { app, clock, router, _folder: folder }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        Answer::read(self.router.clone().oneshot(request).await.unwrap()).await
    }

    /// A request of nobody in particular.
    pub(crate) async fn call(&self, method: Method, path: &str, cookie: Option<&str>, body: Option<&Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        let body = match body {
            Some(value) => {
                request = request.header("content-type", "application/json");
                Body::from(value.to_string())
            }
            None => Body::empty(),
        };
        self.send(request.body(body).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str, cookie: Option<&str>) -> Answer {
        self.call(Method::GET, path, cookie, None).await
    }
}

async fn open(folder: &Path, clock: Arc<TestClock>, config: Config) -> App {
    let store = SqliteStore::open(folder).await.unwrap();
    let dice = Dice::from_rng(ChaCha20Rng::seed_from_u64(7));
    App::new(Arc::new(store), clock, dice, config).await.unwrap()
}

impl Answer {
    pub(crate) async fn read(response: axum::response::Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Self { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The code of a failure; checks that it is a whole problem.
    #[track_caller]
    pub(crate) fn code(&self) -> String {
        assert_eq!(self.header("content-type"), Some(problem::MEDIA_TYPE), "{self:?}");
        let problem: problem::Problem = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem.status, self.status.as_u16());
        assert_eq!(problem.request_id.map(|id| id.len()), Some(16));
        problem.code
    }

    /// Checks that it is a success.
    #[track_caller]
    pub(crate) fn good(self) -> Self {
        assert!(self.status.is_success(), "{} {}", self.status, String::from_utf8_lossy(&self.body));
        self
    }
}
