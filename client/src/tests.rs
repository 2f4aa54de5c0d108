//! A day with the library as an app sees it, against a server without a network.

mod parting;
mod photos;
mod refusals;
mod rescue;
mod rough_times;
mod server;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use sync_core::document::{Document, NewRecord};
use sync_core::engine::{Failure, TransportError};
use sync_core::id::{ActorId, DeviceId, EntryId, OfficeId, PersonId, RecordId};
use sync_core::record::Kind;
use sync_core::record::entry::{FollowUp, FollowUpRequest, PhotoRequest, Stage, StageRequest};
use sync_core::record::header::{Header, SCHEMA};
use sync_core::record::lead::{LeadEdit, LeadFacts};
use sync_core::record::office::OfficeEdit;
use sync_core::record::visit::{VisitEdit, VisitFacts};
use sync_core::status::Step;
use sync_core::time::{BootId, ClockReading, UnixMillis};
use sync_core::wire::MEDIA_TYPE;
use sync_core::wire::exchange::{Author, Verdict};
use sync_core::wire::problem::code;
use tempfile::TempDir;
use uuid::Uuid;

use crate::clock::Clock;
use crate::{CreateRequest, Daybook, Error, Options, RowFilter, SyncReport};
use server::{CODE, NEXT_SYNC_MS, Server, page, profile, refusal};

const START: i64 = 1_700_000_000_000;

/// A clock that goes on by one millisecond whenever somebody looks, so that every moment is another one.
struct TestClock(AtomicI64);

impl TestClock {
    fn advance(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> ClockReading {
        let millis = self.0.fetch_add(1, Ordering::Relaxed);
        ClockReading { wall: UnixMillis(START + millis), mono_ms: millis.unsigned_abs(), boot: BootId(1) }
    }

    fn utc_offset_minutes(&self) -> i16 {
        480
    }
}

struct Phone {
    daybook: Daybook,
    server: Arc<Server>,
    clock: Arc<TestClock>,
    path: PathBuf,
    _folder: TempDir,
}

fn new_phone() -> Phone {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("daybook.db");
    let (server, clock) = (Arc::new(Server::new()), Arc::new(TestClock(AtomicI64::new(0))));
    let daybook = open(&path, &server, &clock).unwrap();
    Phone { daybook, server, clock, path, _folder: folder }
}

fn open(path: &Path, server: &Arc<Server>, clock: &Arc<TestClock>) -> Result<Daybook, Error> {
    let (transport, clock) = (Box::new(server.clone()), Box::new(clock.clone()));
    Daybook::open(path, Options { app: "test/1".to_owned(), transport, clock, install_secret: None, secrets: None })
}

fn enrolled_phone() -> Phone {
    let phone = new_phone();
    assert_eq!(phone.daybook.enrol(CODE, "Pixel 9").unwrap(), profile());
    phone
}

fn lead(name: &str) -> CreateRequest<LeadFacts> {
    CreateRequest {
        facts: LeadFacts { name: Some(name.to_owned()), ..LeadFacts::default() },
        ..CreateRequest::default()
    }
}

fn visit(outlet: &str) -> CreateRequest<VisitFacts> {
    let facts = VisitFacts { outlet: Some(outlet.to_owned()), ..VisitFacts::default() };
    CreateRequest { facts, ..CreateRequest::default() }
}

#[test]
fn a_device_has_to_be_enrolled_once() {
    let Phone { daybook, server, .. } = &new_phone();
    assert_eq!(daybook.profile(), None);
    assert!(matches!(daybook.leads().create(lead("张伟")), Err(Error::NotEnrolled)));
    assert!(matches!(daybook.sync(), Err(Error::NotEnrolled)));
    assert!(matches!(daybook.enrol("wrong", "x"), Err(Error::Exchange(Failure::EnrolmentCode))));
    server.misbehave([Err(TransportError::Offline)]);
    let error = daybook.enrol(CODE, "x").unwrap_err();
    assert!(error.is_retryable(), "{error}");
    assert_eq!(daybook.enrol(CODE, "x").unwrap(), profile());
    assert!(matches!(daybook.enrol(CODE, "x"), Err(Error::AlreadyEnrolled)));
    assert_eq!(daybook.profile(), Some(profile()));
}

#[test]
fn a_day_without_a_network_is_sent_in_the_evening_once() {
    let phone = enrolled_phone();
    let daybook = &phone.daybook;
    let made = daybook.leads().create(lead("张伟明")).unwrap();
    let id = made.header.id;
    assert_eq!((made.header.owner, made.header.app.as_str()), (profile().person, "test/1"));
    daybook.leads().edit(id, &[LeadEdit::IntentArea(Some("锦江区".to_owned()))]).unwrap();
    daybook.leads().add_follow_up(id, FollowUpRequest { text: "called".to_owned(), ..Default::default() }).unwrap();
    let arrived = StageRequest { stage: Stage::Arrived, reason: None, amount: None, unit: None };
    assert_eq!(daybook.leads().add_stage(id, arrived).unwrap().stage, Some(Stage::Arrived));
    let photo = PhotoRequest {
        hash: sync_core::id::PhotoHash([1; 32]),
        bytes: 5,
        media_type: "image/jpeg".to_owned(),
        caption: None,
    };
    daybook.leads().add_photo(id, photo).unwrap();
    let assigned = daybook.leads().assign(id, &[OfficeEdit::Consultant(Some("李".to_owned()))]).unwrap();
    assert_eq!(daybook.leads().get(id).unwrap(), assigned);
    daybook.visits().create(visit("大堂")).unwrap();

    let status = daybook.sync_status().unwrap();
    assert_eq!((status.unsent_records, status.unsent_changes), (2, 7));
    assert_eq!(status.oldest_unsent, Some(made.header.captured.wall));
    assert!(status.next_exchange > status.oldest_unsent);
    assert_eq!(status.last_exchange, None);
    assert_eq!(daybook.status(id).unwrap().step, Step::Saved);
    assert_eq!(daybook.journal_receipt(id).unwrap(), None);

    let report = daybook.sync().unwrap();
    assert_eq!(report, SyncReport { exchanges: 1, pushed: 7, pulled: 0 });
    assert_eq!(phone.server.held(), 7);
    assert_eq!(daybook.status(id).unwrap().step, Step::Published);
    let status = daybook.sync_status().unwrap();
    assert_eq!((status.unsent_records, status.oldest_unsent, status.last_error), (0, None, None));
    assert!(status.last_exchange.is_some());
    let receipt = daybook.journal_receipt(id).unwrap().unwrap();
    assert_eq!(receipt.lines.iter().map(|line| line.n).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert!(receipt.receipt.is_signed_by(&phone.server.public_key()));

    assert_eq!(daybook.sync().unwrap(), SyncReport { exchanges: 1, pushed: 0, pulled: 0 }, "nothing to say");
    assert_eq!(phone.server.exchanges(), 2);
}

#[test]
fn an_app_that_stopped_listening_is_closed_and_opened_again_at_once() {
    let Phone { mut daybook, server, clock, path, _folder } = enrolled_phone();
    for _ in 0..100 {
        let open_now = Arc::new(daybook);
        let listening = open_now.subscribe(|_| {}).unwrap();
        open_now.leads().create(lead("张伟")).unwrap();
        listening.stop();
        drop(open_now);
        daybook = open(&path, &server, &clock).unwrap();
    }
    assert_eq!(daybook.sync().unwrap().pushed, 100);
}

#[test]
fn saves_survive_the_end_of_the_app() {
    let Phone { daybook, server, clock, path, _folder } = enrolled_phone();
    let made = daybook.leads().create(lead("张伟")).unwrap();
    assert!(matches!(open(&path, &server, &clock), Err(Error::InUse)), "one app at a time");
    drop(daybook);
    let daybook = open(&path, &server, &clock).unwrap();
    assert_eq!(daybook.leads().get(made.header.id).unwrap(), made);
    assert_eq!(daybook.profile(), Some(profile()));
    assert_eq!(daybook.sync().unwrap().pushed, 1);
}

#[test]
fn lists_and_searches_keep_to_their_kind() {
    let phone = enrolled_phone();
    let daybook = &phone.daybook;
    let ids: Vec<RecordId> =
        ["张伟", "王芳", "张敏"].map(|name| daybook.leads().create(lead(name)).unwrap().header.id).into();
    let visited = daybook.visits().create(visit("张记酒楼")).unwrap().header.id;
    let listed = |items: Vec<crate::ListedRecord>| items.into_iter().map(|item| item.row.id).collect::<Vec<_>>();
    let any = RowFilter::default();

    let first = daybook.leads().list(&any, None, 2).unwrap();
    let second = daybook.leads().list(&any, first.next, 2).unwrap();
    assert!(first.next.is_some() && second.next.is_none());
    assert_eq!(listed(first.items), [ids[2], ids[1]]);
    assert_eq!(listed(second.items), [ids[0]]);
    assert_eq!(daybook.leads().list(&any, None, 3).unwrap().next, None, "exactly full");
    assert_eq!(daybook.leads().list(&any, None, 0).unwrap().items, []);
    assert_eq!(listed(daybook.leads().search("张", 10).unwrap()), [ids[2], ids[0]]);
    assert_eq!(listed(daybook.records().search("张", 10).unwrap()), [visited, ids[2], ids[0]]);
    assert_eq!(daybook.leads().count(&any).unwrap(), 3);
    assert_eq!(daybook.records().count(&any).unwrap(), 4);
    assert_eq!(daybook.records().visits().count(&any).unwrap(), 1);
    assert_eq!(daybook.records().surveys().count(&any).unwrap(), 0);
    assert_eq!(daybook.records().leads().list(&any, None, 1).unwrap().items[0].status.step, Step::Saved);
    assert_eq!(daybook.records().get(visited).unwrap().kind(), Kind::Visit);
}

#[test]
fn a_record_of_another_kind_or_of_nobody_is_not_touched() {
    let phone = enrolled_phone();
    let daybook = &phone.daybook;
    let id = daybook.visits().create(visit("大堂")).unwrap().header.id;
    let follow_up = || FollowUpRequest { text: "x".to_owned(), ..Default::default() };
    assert!(matches!(daybook.leads().get(id), Err(Error::OtherKind(Kind::Visit))));
    assert!(matches!(daybook.leads().edit(id, &[]), Err(Error::OtherKind(Kind::Visit))));
    assert!(matches!(daybook.leads().add_follow_up(id, follow_up()), Err(Error::OtherKind(Kind::Visit))));
    assert!(matches!(daybook.leads().assign(id, &[]), Err(Error::OtherKind(Kind::Visit))));
    let nobody = RecordId(Uuid::nil());
    assert!(matches!(daybook.visits().get(nobody), Err(Error::NotFound)));
    assert!(matches!(daybook.visits().add_follow_up(nobody, follow_up()), Err(Error::NotFound)));
    assert!(matches!(daybook.status(nobody), Err(Error::NotFound)));
    let long = VisitEdit::Notes("x".repeat(100_000));
    assert!(matches!(daybook.visits().edit(id, &[long]), Err(Error::Field(_))));
    assert_eq!(daybook.sync_status().unwrap().unsent_changes, 1, "nothing but the first save");
}

#[test]
fn a_lost_connection_loses_nothing_and_is_told_in_words() {
    let phone = enrolled_phone();
    let daybook = &phone.daybook;
    daybook.leads().create(lead("张伟")).unwrap();
    daybook.sync().unwrap();
    daybook.leads().create(lead("王芳")).unwrap();
    let html = page(200, "text/html", "<html>please log in</html>");
    let cases = [
        (Err(TransportError::Interrupted), Failure::Transport(TransportError::Interrupted), true),
        (Ok(html), Failure::CaptivePortal, true),
        (Ok(page(502, "text/html", "bad gateway")), Failure::Server { status: 502 }, true),
        (Ok(page(200, MEDIA_TYPE, "not what it says it is")), Failure::BadAnswer, true),
        (Ok(refusal(403, code::REVOKED)), Failure::Revoked, false),
    ];
    for (answer, expected, retryable) in cases {
        phone.server.misbehave([answer]);
        let error = daybook.sync().unwrap_err();
        assert_eq!(error.is_retryable(), retryable, "{error}");
        let status = daybook.sync_status().unwrap();
        assert_eq!(status.last_error, Some(expected));
        assert_eq!(status.unsent_changes, 1);
        assert!(status.next_exchange.is_some(), "a failed run sets its own alarm");
    }
    assert_eq!(daybook.sync().unwrap().pushed, 1);
    assert_eq!(phone.server.held(), 2);
    assert_eq!(daybook.sync_status().unwrap().last_error, None);
}

#[test]
fn verdicts_stay_with_the_record_until_they_are_settled() {
    let phone = enrolled_phone();
    let daybook = &phone.daybook;
    let id = daybook.leads().create(lead("张伟")).unwrap().header.id;
    let held = Verdict::Held { code: "review.closed".to_owned() };
    phone.server.judge(1, held.clone());
    daybook.sync().unwrap();
    assert_eq!(daybook.status(id).unwrap().problems[0].verdict, held);
    phone.server.judge(1, Verdict::Published);
    daybook.sync().unwrap();
    assert_eq!(daybook.status(id).unwrap().problems, []);
}

#[test]
fn news_of_others_arrive_with_their_names() {
    let phone = enrolled_phone();
    let daybook = &phone.daybook;
    let before = daybook.visits().create(visit("大堂")).unwrap().header.id;
    let news = daybook.changes_since_opened().unwrap();
    assert_eq!(news.try_recv().unwrap(), [before], "what happened since the store was opened");
    assert!(news.try_recv().is_err());

    let (supervisor, id) = (ActorId([9; 16]), RecordId(Uuid::from_u128(500)));
    let header = Header {
        id,
        kind: Kind::Lead,
        schema: SCHEMA,
        owner: PersonId(Uuid::from_u128(3)),
        office: OfficeId(Uuid::from_u128(2)),
        team: None,
        project: None,
        captured: ClockReading { wall: UnixMillis(START), mono_ms: 0, boot: BootId(2) },
        utc_offset_minutes: 480,
        place: None,
        device: DeviceId(Uuid::from_u128(8)),
        app: "test/1".to_owned(),
    };
    let new = NewRecord { header, facts: lead("李强").facts };
    let (mut document, created) = Document::create(supervisor, &new).unwrap();
    let remark = FollowUp {
        id: EntryId([1; 8]),
        at: UnixMillis(START),
        text: "call again".to_owned(),
        by_means_of: None,
        next_on: None,
    };
    let appended = document.append(supervisor, UnixMillis(START), &remark).unwrap().unwrap();
    let author = Author { actor: supervisor, person: PersonId(Uuid::from_u128(3)), name: "陈主管".to_owned() };
    phone.server.publish(id, &[created.bytes, appended.bytes], author);

    assert_eq!(daybook.sync().unwrap(), SyncReport { exchanges: 1, pushed: 1, pulled: 1 });
    let told = news.try_recv().unwrap();
    assert!(told.contains(&id) && told.len() == 2, "the news, and the own record that the server now holds");
    let view = daybook.leads().get(id).unwrap();
    assert_eq!(view.follow_ups[0].author, supervisor);
    assert_eq!(daybook.author(supervisor).unwrap().unwrap().name, "陈主管");
    assert_eq!(daybook.author(ActorId([0; 16])).unwrap(), None);
    assert_eq!(daybook.status(id).unwrap().step, Step::Published);

    let edited = daybook.leads().edit(id, &[LeadEdit::Name(Some("李强".to_owned()))]).unwrap();
    assert_eq!(edited, view, "nothing differs, so nothing was written");
    assert!(news.try_recv().is_err());
    let mine = FollowUpRequest { text: "done".to_owned(), ..Default::default() };
    let view = daybook.leads().add_follow_up(id, mine).unwrap();
    assert_eq!(daybook.author(view.follow_ups[1].author).unwrap().unwrap().name, profile().name);
    assert_eq!(news.try_recv().unwrap(), [id]);
}

#[test]
fn saves_go_on_while_a_sync_waits_for_the_network() {
    let phone = enrolled_phone();
    let Phone { daybook, server, .. } = &phone;
    daybook.leads().create(lead("张伟")).unwrap();
    server.close();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| daybook.sync());
        server.wait_for_a_request();
        daybook.leads().create(lead("王芳")).unwrap();
        assert_eq!(daybook.leads().count(&RowFilter::default()).unwrap(), 2);
        assert_eq!(daybook.tick().unwrap(), None, "a scheduler does not wait for a run");
        let second = scope.spawn(|| daybook.sync());
        server.open();
        let pushed = first.join().unwrap().unwrap().pushed + second.join().unwrap().unwrap().pushed;
        assert_eq!(pushed, 2);
    });
    assert_eq!(server.most_inside(), 1, "never two runs at once");
    assert_eq!(server.held(), 2);
}

#[test]
fn a_scheduler_syncs_when_it_is_time() {
    let phone = enrolled_phone();
    let Phone { daybook, server, clock, .. } = &phone;
    assert_eq!(daybook.tick().unwrap().unwrap().exchanges, 1, "a new phone has everything to learn");
    assert_eq!(daybook.tick().unwrap(), None);
    daybook.leads().create(lead("张伟")).unwrap();
    assert_eq!(daybook.tick().unwrap(), None, "an edit waits for company");
    clock.advance(61_000);
    assert_eq!(daybook.tick().unwrap().unwrap().pushed, 1);
    let next = daybook.sync_status().unwrap().next_exchange.unwrap();
    let now = clock.now().wall;
    let slot = i64::try_from(NEXT_SYNC_MS).unwrap();
    assert!((slot..=slot * 11 / 10).contains(&next.since(now)), "{next:?}");
    clock.advance(next.since(now) - 1_000);
    assert_eq!(daybook.tick().unwrap(), None, "its slot has not come");
    clock.advance(1_000);
    assert_eq!(daybook.tick().unwrap().unwrap().exchanges, 1);

    server.misbehave([Err(TransportError::Offline)]);
    daybook.sync().unwrap_err();
    assert_eq!(daybook.network_is_back().unwrap(), None, "not within the first wait");
    clock.advance(5_001);
    assert_eq!(daybook.network_is_back().unwrap().unwrap().exchanges, 1);
}

#[test]
fn a_transport_that_panics_is_a_broken_connection() {
    struct Panics;
    impl crate::transport::Transport for Panics {
        fn send(&self, _: &sync_core::engine::WireRequest) -> Result<sync_core::engine::WireResponse, TransportError> {
            panic!("the app's own fault")
        }
    }
    let Phone { daybook, server, clock, path, _folder } = enrolled_phone();
    drop(daybook);
    let options = Options {
        app: "test/1".to_owned(),
        transport: Box::new(Panics),
        clock: Box::new(clock.clone()),
        install_secret: None,
        secrets: None,
    };
    let daybook = Daybook::open(&path, options).unwrap();
    for _ in 0..2 {
        let interrupted = Failure::Transport(TransportError::Interrupted);
        assert!(matches!(daybook.sync(), Err(Error::Exchange(failure)) if failure == interrupted));
    }
    daybook.leads().create(lead("张伟")).unwrap();
    drop(daybook);
    assert_eq!(open(&path, &server, &clock).unwrap().sync().unwrap().pushed, 1);
}

#[test]
fn a_daybook_is_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Daybook>();
}
