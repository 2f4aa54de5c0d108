//! A phone and the real server, with the photos lane broken at every step: requests and answers lost, phone or server
//! killed in between, the server restored to the morning.

#![expect(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in what they share")]

use std::io::Cursor;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use client::transport::{LaneRequest, LaneResponse, Transport};
use client::{CreateRequest, Daybook, Options, PhotoPolicy, PhotoStatus};
use e2e::clock::{DayClock, yesterday};
use http_body_util::BodyExt as _;
use image::{ImageFormat, Rgb, RgbImage};
use server::clock::Dice;
use server::config::{Config, Layers};
use server::photo::collect::collect;
use server::service::admin::{NewPerson, Order, perform};
use server::service::projector;
use server::state::App;
use server::store::sqlite::SqliteStore;
use sync_core::engine::{TransportError, WireRequest, WireResponse};
use sync_core::id::PhotoHash;
use sync_core::record::lead::LeadFacts;
use sync_core::time::{ClockReading, UnixMillis};
use sync_core::wire::enrol::Role;
use sync_core::wire::{Encoding, MEDIA_TYPE};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

/// What goes wrong at one request of the photos lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    RequestLost,
    AnswerLost,
    /// Half of the piece arrives.
    Torn,
    ServerRestarted,
    PhoneKilled,
}

const FAULTS: [Fault; 5] =
    [Fault::RequestLost, Fault::AnswerLost, Fault::Torn, Fault::ServerRestarted, Fault::PhoneKilled];

/// The time, the same at both ends.
#[derive(Clone)]
struct Days(Arc<DayClock>);

impl server::clock::Clock for Days {
    fn now(&self) -> UnixMillis {
        self.0.read().wall
    }
}

impl client::clock::Clock for Days {
    fn now(&self) -> ClockReading {
        self.0.read()
    }

    fn utc_offset_minutes(&self) -> i16 {
        480
    }
}

/// A server that can be restarted, and the line to it.
struct House {
    runtime: Runtime,
    days: Days,
    folder: TempDir,
    running: Mutex<Option<(App, Router)>>,
    /// At which request of the lane what happens.
    fault: Mutex<Option<(u32, Fault)>>,
    requests: Mutex<u32>,
    patched: Mutex<u64>,
}

impl House {
    fn open() -> Arc<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let house = Self {
            runtime,
            days: Days(Arc::new(DayClock::new(yesterday(), 0, 7))),
            folder: TempDir::new().unwrap(),
            running: Mutex::default(),
            fault: Mutex::default(),
            requests: Mutex::default(),
            patched: Mutex::default(),
        };
        house.start();
        Arc::new(house)
    }

    fn start(&self) {
        let place = self.folder.path().to_str().unwrap();
        // A phone that is killed twenty times a minute is not what the budget is for.
        let settings =
            [("DAYBOOK_DATABASE_FOLDER", place), ("DAYBOOK_ADMISSION_DEVICE_REQUESTS_PER_MINUTE", "1000000")];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let config = Config::read(Layers::default().environment(settings)).unwrap();
        let started = self.runtime.block_on(async {
            let store = SqliteStore::open(self.folder.path()).await.unwrap();
            let app = App::new(Arc::new(store), Arc::new(self.days.clone()), Dice::system(), config).await.unwrap();
            tokio::spawn(projector::run(app.clone()));
            let router = server::router::public(&app).unwrap();
            (app, router)
        });
        *self.running.lock().unwrap() = Some(started);
    }

    fn stop(&self) {
        let (app, _) = self.running.lock().unwrap().take().unwrap();
        app.projector.stop();
        self.runtime.block_on(app.store.close());
    }

    /// Days pass, and the server tidies up meanwhile.
    fn sleep(&self, days: i64) {
        self.days.0.pass(days * 24 * 3_600_000);
        self.runtime.block_on(collect(&self.app(), false)).unwrap();
    }

    fn app(&self) -> App {
        self.running.lock().unwrap().as_ref().unwrap().0.clone()
    }

    fn order(&self, order: Order) -> serde_json::Value {
        let app = self.app();
        self.runtime.block_on(perform(&app, order)).unwrap()
    }

    /// A company with one promoter; the code for their phone.
    fn furnish(&self) -> String {
        self.order(Order::CreateOrganisation { name: "远方".to_owned() });
        let (name, time_zone) = ("桂林".to_owned(), "Asia/Shanghai".to_owned());
        self.order(Order::CreateOffice { organisation: None, name, time_zone });
        let person = NewPerson {
            name: "张伟".to_owned(),
            role: Role::Promoter,
            office: Some("桂林".to_owned()),
            team: None,
            login: None,
            password: None,
        };
        let made = self.order(Order::CreatePerson { organisation: None, person });
        let person = made["id"].as_str().unwrap().to_owned();
        let issued = self.order(Order::IssueCode { organisation: None, person });
        issued["code"].as_str().unwrap().to_owned()
    }

    fn call(&self, request: Request<Body>) -> (axum::http::response::Parts, Vec<u8>) {
        let router = self.running.lock().unwrap().as_ref().unwrap().1.clone();
        self.runtime.block_on(async {
            let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
            (parts, body.collect().await.unwrap().to_bytes().to_vec())
        })
    }

    fn serve(&self, request: &LaneRequest, body: Body) -> LaneResponse {
        let mut http = Request::builder().method(request.verb.as_str()).uri(&request.path);
        for (name, value) in &request.headers {
            http = http.header(*name, value);
        }
        let (parts, body) = self.call(http.body(body).unwrap());
        let header = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
            (name.as_str().to_owned(), value.to_str().unwrap().to_owned())
        };
        LaneResponse { status: parts.status.as_u16(), headers: parts.headers.iter().map(header).collect(), body }
    }

    fn holds(&self, hash: PhotoHash) -> bool {
        let app = self.app();
        self.runtime.block_on(async {
            let organisation = app.store.organisations().await.unwrap()[0].id;
            let found = app.store.photos().photos(organisation, &[hash]).await.unwrap();
            found.len() == 1
        })
    }
}

/// The phone's line to the house.
struct Line(Arc<House>);

impl Transport for Line {
    fn send(&self, request: &WireRequest) -> Result<WireResponse, TransportError> {
        let mut http = Request::post(request.route.path()).header("content-type", MEDIA_TYPE);
        if request.body.encoding == Encoding::Gzip {
            http = http.header("content-encoding", "gzip");
        }
        if let Some(token) = &request.token {
            http = http.header("authorization", format!("Bearer {token}"));
        }
        let (parts, body) = self.0.call(http.body(Body::from(request.body.bytes.clone())).unwrap());
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        Ok(WireResponse {
            status: parts.status.as_u16(),
            media_type: header("content-type").unwrap_or_default().to_owned(),
            encoding: if header("content-encoding") == Some("gzip") { Encoding::Gzip } else { Encoding::Identity },
            retry_after_s: header("retry-after").and_then(|seconds| seconds.parse().ok()),
            body,
        })
    }

    fn send_photo(&self, request: &LaneRequest) -> Result<LaneResponse, TransportError> {
        let house = &self.0;
        let number = {
            let mut requests = house.requests.lock().unwrap();
            *requests += 1;
            *requests
        };
        let fault = house.fault.lock().unwrap().take_if(|(at, _)| *at == number).map(|(_, fault)| fault);
        let whole = || Body::from(request.body.clone());
        if request.verb.as_str() == "PATCH" {
            *house.patched.lock().unwrap() += request.body.len() as u64;
        }
        match fault {
            None => Ok(house.serve(request, whole())),
            Some(Fault::RequestLost | Fault::PhoneKilled) => Err(TransportError::Offline),
            Some(Fault::AnswerLost) => {
                house.serve(request, whole());
                Err(TransportError::Interrupted)
            }
            Some(Fault::Torn) => {
                let half = request.body[..request.body.len() / 2].to_vec();
                let cut = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
                let pieces = [Ok(axum::body::Bytes::from(half)), Err(cut)];
                house.serve(request, Body::from_stream(futures_util::stream::iter(pieces)));
                Err(TransportError::Interrupted)
            }
            Some(Fault::ServerRestarted) => {
                house.serve(request, whole());
                house.stop();
                house.start();
                Err(TransportError::Interrupted)
            }
        }
    }
}

struct Phone {
    folder: TempDir,
    daybook: Option<Daybook>,
    house: Arc<House>,
}

impl Phone {
    fn of(house: &Arc<House>, code: &str) -> Self {
        let mut phone = Self { folder: TempDir::new().unwrap(), daybook: None, house: Arc::clone(house) };
        phone.start();
        phone.daybook().enrol(code, "Pixel").unwrap();
        phone
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("daybook.db")
    }

    /// Starts the app, after ending it if it runs.
    fn start(&mut self) {
        self.daybook = None;
        let options = Options {
            transport: Box::new(Line(Arc::clone(&self.house))),
            clock: Box::new(self.house.days.clone()),
            ..Options::http("e2e/1", "http://h").unwrap()
        };
        self.daybook = Some(Daybook::open(&self.path(), options).unwrap());
    }

    fn daybook(&self) -> &Daybook {
        self.daybook.as_ref().unwrap()
    }

    /// Registers a lead with a photo.
    fn photograph(&self, photo: &[u8]) -> PhotoHash {
        let facts = LeadFacts { name: Some("李娜".to_owned()), ..LeadFacts::default() };
        let lead = self.daybook().leads().create(CreateRequest { facts, ..CreateRequest::default() }).unwrap();
        self.daybook().attach_photo_bytes(lead.header.id, photo, None).unwrap()
    }

    /// Uploads until nothing is left; the app is ended and started before each further attempt.
    fn upload(&mut self) -> u32 {
        for attempt in 1..=20 {
            let report = self.daybook().sync_photos(&PhotoPolicy::ANY).unwrap();
            if report.left == 0 {
                return attempt;
            }
            self.start();
        }
        panic!("photos don't arrive");
    }
}

/// A picture that does not compress: large enough for several pieces.
fn photo(seed: u32) -> Vec<u8> {
    let mut state = seed;
    let picture = RgbImage::from_fn(640, 500, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Rgb([(state >> 24) as u8, (state >> 16) as u8, (state >> 8) as u8])
    });
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

#[test]
fn whatever_breaks_at_whatever_step_the_photo_arrives() {
    let house = House::open();
    let code = house.furnish();
    let mut phone = Phone::of(&house, &code);
    let bytes = photo(1).len() as u64;
    assert!(bytes > 800_000, "three pieces at least");
    let hash = phone.photograph(&photo(1));
    phone.upload();
    let steps = *house.requests.lock().unwrap();
    assert!(steps >= 3 && house.holds(hash));
    let mut seed = 1;
    for fault in FAULTS {
        for step in 1..=steps {
            seed += 1;
            let hash = phone.photograph(&photo(seed));
            *house.requests.lock().unwrap() = 0;
            *house.patched.lock().unwrap() = 0;
            *house.fault.lock().unwrap() = Some((step, fault));
            phone.upload();
            assert!(house.holds(hash), "{fault:?} at {step}");
            assert_eq!(phone.daybook().photo_status(hash).unwrap(), Some(PhotoStatus::Uploaded), "{fault:?} at {step}");
            let sent = *house.patched.lock().unwrap();
            assert!(sent < 2 * bytes, "{fault:?} at {step}: {sent} of {bytes} bytes, so not all of it again");
            assert!(phone.daybook().photo_file(hash).unwrap().is_some(), "the phone keeps its own");
        }
    }
}

/// The bus drove into a tunnel, the weekend came, then the holidays.
#[test]
fn an_upload_goes_on_days_later_and_begins_anew_weeks_later() {
    for (days, resumed) in [(3, true), (30, false)] {
        let house = House::open();
        let code = house.furnish();
        let mut phone = Phone::of(&house, &code);
        let bytes = photo(1).len() as u64;
        let hash = phone.photograph(&photo(1));
        // The upload is made, and the first piece arrives.
        *house.fault.lock().unwrap() = Some((3, Fault::RequestLost));
        let report = phone.daybook().sync_photos(&PhotoPolicy::ANY).unwrap();
        assert_eq!((report.uploaded, report.left), (0, 1));
        *house.patched.lock().unwrap() = 0;

        house.sleep(days);
        phone.start();
        phone.upload();
        assert!(house.holds(hash), "{days} days");
        assert_eq!(phone.daybook().photo_status(hash).unwrap(), Some(PhotoStatus::Uploaded));
        let sent = *house.patched.lock().unwrap();
        assert_eq!(sent < bytes, resumed, "{days} days: {sent} of {bytes} bytes");
        assert!(sent <= bytes);
    }
}

#[test]
fn a_restored_server_asks_for_photos_again() {
    let house = House::open();
    let code = house.furnish();
    let mut phone = Phone::of(&house, &code);
    let old = phone.photograph(&photo(1));
    phone.upload();
    let backup = house.folder.path().join("backup.db");
    let taken =
        server::store::sqlite::backup::backup(house.folder.path(), &backup, server::clock::Clock::now(&house.days));
    house.runtime.block_on(taken).unwrap();
    let new = phone.photograph(&photo(2));
    phone.upload();
    assert!(house.holds(old) && house.holds(new));

    house.stop();
    let restored = server::store::sqlite::backup::restore(
        &backup,
        house.folder.path(),
        server::store::sqlite::backup::Occupant::SetAside,
        server::clock::Clock::now(&house.days),
    );
    house.runtime.block_on(restored).unwrap();
    house.start();
    assert!(house.holds(old) && !house.holds(new));
    let report = phone.daybook().sync_photos(&PhotoPolicy::ANY).unwrap();
    assert_eq!((report.asked_again, report.uploaded, report.stopped), (1, 1, None));
    assert!(house.holds(old) && house.holds(new), "and the record that names it came again, too");
    let quiet = phone.daybook().sync_photos(&PhotoPolicy::ANY).unwrap();
    assert_eq!((quiet.asked_again, quiet.uploaded, quiet.left), (0, 0, 0));
}

#[test]
fn a_photo_that_was_damaged_on_the_phone_is_said_and_does_not_hold_up_the_others() {
    let house = House::open();
    let code = house.furnish();
    let phone = Phone::of(&house, &code);
    let damaged = phone.photograph(&photo(1));
    let good = phone.photograph(&photo(2));
    let file = phone.daybook().photo_file(damaged).unwrap().unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[5_000] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let report = phone.daybook().sync_photos(&PhotoPolicy::ANY).unwrap();
    assert_eq!((report.uploaded, report.failed, report.left), (1, 1, 0));
    assert!(house.holds(good) && !house.holds(damaged));
    assert!(matches!(phone.daybook().photo_status(damaged).unwrap(), Some(PhotoStatus::Failed { .. })));
}

#[test]
fn a_phone_that_was_cut_off_still_hands_in_its_photos() {
    let house = House::open();
    let code = house.furnish();
    let phone = Phone::of(&house, &code);
    let hash = phone.photograph(&photo(1));
    let device = house.order(Order::ListDevices { organisation: None })[0]["id"].as_str().unwrap().parse().unwrap();
    house.order(Order::RevokeDevice { device });
    let report = phone.daybook().sync_photos(&PhotoPolicy::ANY).unwrap();
    assert_eq!((report.uploaded, report.left), (1, 0));
    assert!(house.holds(hash));
}
