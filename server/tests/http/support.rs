//! A server in a folder of its own, and those who use it.

mod contract;
pub(crate) mod house;
mod keeping;
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
use server::config::{Config, Layers, PhotoPlace};
use server::router;
use server::service::{events, projector};
use server::state::App;
use sync_core::id::RecordId;
use sync_core::time::UnixMillis;
use sync_core::wire::problem;
use tower::ServiceExt as _;

use keeping::Keeping;

pub(crate) use house::{House, Staff};
pub(crate) use keeping::Backup;
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
    keeping: Keeping,
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
        Self::without_projector_with(&[]).await
    }

    /// The same, with settings.
    pub(crate) async fn without_projector_with(settings: &[(&str, &str)]) -> Self {
        let keeping = Keeping::new();
        let hurry = [("DAYBOOK_LIMITS_PUBLISH_WAIT_MS", "0"), ("DAYBOOK_LIMITS_JUDGE_ON_ARRIVAL", "false")];
        let pairs = hurry.iter().chain(settings).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let config = Config::read(Layers::default().environment(keeping.settings().chain(pairs))).unwrap();
        Self::receiving(keeping, config).await
    }

    async fn receiving(keeping: Keeping, config: Config) -> Self {
        let clock = Arc::new(TestClock(AtomicI64::new(MORNING.0)));
        let app = open(&keeping, clock.clone(), config).await;
        let router = router::public(&app).unwrap();
        Self { app, clock, router, keeping }
    }

    /// The same server, started again after it was killed with this note of what it was judging; it has published
    /// what it will.
    pub(crate) async fn killed_while_judging(self, note: &str) -> Self {
        self.app.store.close().await;
        let Self { app, router, keeping, .. } = self;
        let config = Config::clone(&app.config);
        drop((app, router));
        std::fs::write(keeping.folder().join("judging"), note).unwrap();
        let test = Self::receiving(keeping, config).await;
        projector::drain(&test.app).await.unwrap();
        test
    }

    /// The same server, started again and again because it believes that each received change of a record killed it.
    pub(crate) async fn killed_by_each_change_of(self, record: RecordId) -> Self {
        let incoming = self.app.store.record(record).await.unwrap().incoming;
        let mut test = self;
        for change in incoming {
            test = test.killed_while_judging(&format!("{record} {}\n", change.hash).repeat(2)).await;
        }
        test
    }

    /// Does something to the database behind the server's back.
    pub(crate) async fn sql(&self, statement: &str) {
        self.keeping.execute(statement).await;
    }

    /// Asks the database for a number.
    pub(crate) async fn sql_number(&self, statement: &str) -> i64 {
        self.keeping.number(statement).await
    }

    /// How many changes are published.
    pub(crate) async fn published(&self) -> i64 {
        self.sql_number("select cast(coalesce(sum(changes), 0) as bigint) from record").await
    }

    /// The database forgets all changes of a record, wherever they lie.
    pub(crate) async fn forget_changes(&self, record: RecordId) {
        for table in ["change", "bundle"] {
            self.sql(&format!("delete from {table} where record = {}", self.sql_id(record.0))).await;
        }
    }

    /// Keeps all servers on the PostgreSQL database from writing until the transaction is dropped.
    pub(crate) async fn keep_others_from_writing(&self) -> sqlx::Transaction<'static, sqlx::Postgres> {
        self.keeping.hold_write_lock().await
    }

    /// An identifier as the database's SQL writes it.
    pub(crate) fn sql_id(&self, id: uuid::Uuid) -> String {
        self.keeping.literal(id)
    }

    /// A backup of this moment.
    pub(crate) async fn backup(&self) -> Backup {
        self.keeping.backup(self.clock.now()).await
    }

    /// The server as that backup brings it back, running.
    pub(crate) async fn restored(self, backup: &Backup) -> Self {
        self.app.store.close().await;
        let Self { app, clock, router, mut keeping } = self;
        app.projector.stop();
        app.events.stop();
        let mut config = app.config.clone();
        drop((app, router));
        keeping.restore(backup, clock.now()).await;
        config.database.url = keeping.url();
        Self::running(keeping, clock, config).await
    }

    /// A server on the embedded database, whatever the others of this run are on.
    pub(crate) async fn embedded() -> Self {
        Self::keeping(Keeping::embedded_one(), Layers::default()).await
    }

    /// A server on PostgreSQL, whatever the others of this run are on.
    pub(crate) async fn on_postgres() -> Self {
        Self::keeping(Keeping::shared_one(), Layers::default()).await
    }

    /// The same server, and its database as a replica has it that gets nothing more from now on.
    pub(crate) async fn with_replica(self) -> (Self, throwaway_postgres::Database) {
        let Self { app, clock, router, keeping } = self;
        app.projector.stop();
        app.events.stop();
        app.store.close().await;
        let config = app.config.clone();
        drop((app, router));
        let replica = keeping.replica();
        (Self::running(keeping, clock, config).await, replica)
    }

    /// The same server after its database was lost and a replica took its place.
    pub(crate) async fn failed_over(self, replica: throwaway_postgres::Database) -> Self {
        let Self { app, clock, router, mut keeping } = self;
        app.projector.stop();
        app.events.stop();
        app.store.close().await;
        let mut config = app.config.clone();
        drop((app, router));
        keeping.fail_over(replica);
        config.database.url = keeping.url();
        Self::running(keeping, clock, config).await
    }

    /// The same server, stopped, moved to PostgreSQL and started again.
    pub(crate) async fn moved(self) -> Self {
        let Self { app, clock, router, mut keeping } = self;
        app.projector.stop();
        app.events.stop();
        app.store.close().await;
        let mut config = app.config.clone();
        drop((app, router));
        keeping.move_to_postgres().await;
        config.database.url = keeping.url();
        Self::running(keeping, clock, config).await
    }

    async fn with(layers: Layers) -> Self {
        Self::keeping(Keeping::new(), layers).await
    }

    async fn keeping(keeping: Keeping, layers: Layers) -> Self {
        let clock = Arc::new(TestClock(AtomicI64::new(MORNING.0)));
        let config = Config::read(layers.environment(keeping.settings())).unwrap();
        Self::running(keeping, clock, config).await
    }

    /// The same server, stopped and started again.
    pub(crate) async fn restarted(self) -> Self {
        let Self { app, clock, router, keeping } = self;
        app.projector.stop();
        app.events.stop();
        app.store.close().await;
        let config = app.config.clone();
        drop((app, router));
        Self::running(keeping, clock, config).await
    }

    /// The folder with everything that the server keeps.
    pub(crate) fn folder(&self) -> &Path {
        self.keeping.folder()
    }

    async fn running(keeping: Keeping, clock: Arc<TestClock>, config: Config) -> Self {
        let app = open(&keeping, clock.clone(), config).await;
        tokio::spawn(projector::run(app.clone()));
        tokio::spawn(events::run(app.clone()));
        let router = router::public(&app).unwrap();
        Self { app, clock, router, keeping }
    }

    /// Another server on the same database, which has to be PostgreSQL.
    pub(crate) async fn beside(&self) -> Self {
        let keeping = self.keeping.beside();
        let mut config = self.app.config.clone();
        if let Some(folder) = config.photos.folder(&config.database.folder) {
            config.photos.place = PhotoPlace::Folder(Some(folder));
        }
        config.database.folder = keeping.folder().to_owned();
        Self::running(keeping, self.clock.clone(), config).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let answer = Answer::read(self.open(request).await).await;
        contract::hold(&method, &path, &answer);
        answer
    }

    /// An answer that is not read yet.
    pub(crate) async fn open(&self, request: Request<Body>) -> axum::response::Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// A request of nobody in particular.
    pub(crate) async fn call(&self, method: Method, path: &str, cookie: Option<&str>, body: Option<&Value>) -> Answer {
        let mut request = Request::builder().method(&method).uri(path);
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        let sent = match body {
            Some(value) => {
                request = request.header("content-type", "application/json");
                Body::from(value.to_string())
            }
            None => Body::empty(),
        };
        let answer = self.send(request.body(sent).unwrap()).await;
        if let Some(body) = body.filter(|_| answer.status.is_success()) {
            contract::hold_request(&method, path, body);
        }
        answer
    }

    pub(crate) async fn get(&self, path: &str, cookie: Option<&str>) -> Answer {
        self.call(Method::GET, path, cookie, None).await
    }
}

async fn open(keeping: &Keeping, clock: Arc<TestClock>, config: Config) -> App {
    let store = server::serve::open_store(&config).await.unwrap();
    let dice = Dice::from_rng(ChaCha20Rng::seed_from_u64(keeping.begin_life()));
    App::new(store, clock, dice, config).await.unwrap()
}

impl Answer {
    pub(crate) async fn read(response: axum::response::Response) -> Self {
        let (parts, body) = response.into_parts();
        // It has no end.
        let endless = parts.headers.get("content-type").is_some_and(|found| found == "text/event-stream");
        let body = if endless { Body::empty() } else { body };
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
