//! The door for phones, over the router: budgets, one exchange at a time, and what is told to those who are refused.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Method, Request, StatusCode};
use hyper::body::Frame;
use server::service::projector::{self, Lane};
use sync_core::engine::Failure;
use sync_core::id::OrganisationId;
use sync_core::wire;
use sync_core::wire::enrol::Role;
use tokio::sync::Notify;

use crate::support::house::HERE;
use crate::support::{Answer, House, Phone, TestApp};

fn exchange(token: &str, body: Body) -> Request<Body> {
    Request::post("/sync/v1/exchange")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", wire::MEDIA_TYPE)
        .body(body)
        .unwrap()
}

/// When to come back, in seconds.
fn retry_after(answer: &Answer) -> u64 {
    answer.header("retry-after").unwrap().parse().unwrap()
}

/// A body that never comes, and tells when somebody reads it.
struct Silence(Arc<Notify>);

impl hyper::body::Body for Silence {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<std::io::Result<Frame<Bytes>>>> {
        self.0.notify_one();
        Poll::Pending
    }
}

fn silence() -> (Body, Arc<Notify>) {
    let read = Arc::new(Notify::new());
    (Body::new(Silence(Arc::clone(&read))), read)
}

#[tokio::test]
async fn a_device_over_its_budget_waits_and_nobody_else_does() {
    let test = TestApp::with_settings(&[("DAYBOOK_ADMISSION_DEVICE_REQUESTS_PER_MINUTE", "2")]).await;
    let house = House::build(&test).await;
    let mut mad = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let mut calm = Phone::of(&test, &house, Role::Promoter, HERE).await;
    // Five minutes' worth may come at once.
    for _ in 0..10 {
        assert!(mad.sync(&test).await.failure.is_none());
    }
    let lead = mad.register("张伟");
    let refused = mad.sync(&test).await.failure;
    assert!(matches!(refused, Some(Failure::Busy { retry_after_ms: 1.. })), "{refused:?}");
    let answer = mad.answers.last().unwrap();
    assert_eq!((answer.status, answer.code()), (StatusCode::TOO_MANY_REQUESTS, "device.over_budget".to_owned()));
    assert!(retry_after(answer) <= 31);
    assert!(calm.sync(&test).await.failure.is_none());
    test.clock.advance(31_000);
    let outcome = mad.sync(&test).await;
    assert_eq!((outcome.failure, outcome.pushed), (None, 1), "what it holds stayed on it");
    assert_eq!(mad.lead(lead).facts.name.as_deref(), Some("张伟"));
}

#[tokio::test]
async fn a_device_whose_changes_are_false_has_to_stop_sending_them() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let mut other = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let device = phone.engine.identity().unwrap().device;
    test.app.admission.note_set_aside(device, 12 << 20, test.app.clock.now());
    phone.register("张伟");
    let refused = phone.sync(&test).await.failure;
    assert!(matches!(refused, Some(Failure::Busy { .. })), "{refused:?}");
    assert_eq!(phone.answers.last().unwrap().code(), "device.set_aside");
    assert!(other.sync(&test).await.failure.is_none());
    test.clock.advance(5 * 60_000);
    assert_eq!(phone.sync(&test).await.pushed, 1);
}

#[tokio::test]
async fn what_a_suspect_sent_is_judged_after_what_others_sent() {
    let test = TestApp::without_projector().await;
    let house = House::build(&test).await;
    let mut suspect = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let mut other = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let device = suspect.engine.identity().unwrap().device;
    test.app.admission.note_set_aside(device, 20_000, test.app.clock.now());
    for _ in 0..6 {
        suspect.register("张伟");
    }
    assert_eq!(suspect.sync(&test).await.pushed, 6);
    let honest = other.register("李四");
    assert_eq!(other.sync(&test).await.pushed, 1);
    let organisation = OrganisationId::from([1; 16]);
    let mut ticket = test.app.projector.request(organisation);
    assert!(!projector::round(&test.app).await.unwrap(), "the suspect's are not all judged");
    assert!(test.app.projector.wait(ticket, Lane::Fast, Duration::ZERO).await);
    assert!(!test.app.projector.wait(ticket, Lane::Slow, Duration::ZERO).await);
    let first = format!("select seq from record where id = {}", test.sql_id(honest.0));
    assert_eq!(test.sql_number(&first).await, 1);
    assert_eq!(test.sql_number("select count(*) from record").await, 5);
    assert!(projector::round(&test.app).await.unwrap());
    ticket = test.app.projector.request(organisation) - 1;
    assert!(test.app.projector.wait(ticket, Lane::Slow, Duration::ZERO).await);
    assert_eq!(test.sql_number("select count(*) from record").await, 7);
}

#[tokio::test]
async fn a_restart_forgives_nobody_who_sends_what_is_false() {
    let settings =
        [("DAYBOOK_ADMISSION_DEVICE_SET_ASIDE_BYTES_PER_MINUTE", "1024"), ("DAYBOOK_LIMITS_CHANGE_OPS", "2000")];
    let mut test = TestApp::with_settings(&settings).await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let mut other = Phone::of(&test, &house, Role::Promoter, HERE).await;
    assert_eq!(other.sync(&test).await.failure, None);
    // More than five minutes' worth at once: what exceeds that is debt.
    phone.register_with_notes("张伟", &"张".repeat(5_000));
    assert_eq!(phone.sync(&test).await.failure, None);
    assert_eq!(test.sql_number("select count(*) from change where state = 3").await, 1);
    let kept = phone.register("李四");
    for _ in 0..2 {
        test = test.restarted().await;
        assert!(matches!(phone.sync(&test).await.failure, Some(Failure::Busy { retry_after_ms: 60_000.. })));
        let answer = phone.answers.last().unwrap();
        assert_eq!((answer.code().as_str(), retry_after(answer) > 60), ("device.set_aside", true));
        assert_eq!(other.sync(&test).await.failure, None);
    }
    // The debt is paid in the time in which it would have been without a restart, no later.
    test.clock.advance(5 * 60_000);
    test = test.restarted().await;
    assert_eq!(phone.sync(&test).await.failure, None);
    assert_eq!(phone.lead(kept).facts.name.as_deref(), Some("李四"));
    assert_eq!(test.published().await, 1);
}

#[tokio::test]
async fn a_full_server_spreads_those_it_refuses_and_still_serves_the_console() {
    let test = TestApp::with_settings(&[
        ("DAYBOOK_ADMISSION_PLACES", "1"),
        ("DAYBOOK_ADMISSION_SEATS", "0"),
        ("DAYBOOK_ADMISSION_WAIT_SECONDS", "0"),
    ])
    .await;
    let house = House::build(&test).await;
    let mut phones = Vec::new();
    for _ in 0..5 {
        phones.push(Phone::of(&test, &house, Role::Promoter, HERE).await);
    }
    for phone in &mut phones {
        assert!(phone.sync(&test).await.failure.is_none());
    }
    let (body, read) = silence();
    let holding = test.send(exchange(&phones[0].token(), body));
    let others = async {
        read.notified().await;
        let mut waits = Vec::new();
        for phone in &mut phones[1..] {
            let refused = phone.sync(&test).await.failure;
            assert!(matches!(refused, Some(Failure::Busy { retry_after_ms: 5_000.. })), "{refused:?}");
            let answer = phone.answers.last().unwrap();
            assert_eq!((answer.status, answer.code()), (StatusCode::SERVICE_UNAVAILABLE, "server.busy".to_owned()));
            waits.push(retry_after(answer));
        }
        assert!(waits.iter().all(|wait| (5..=700).contains(wait)), "{waits:?}");
        waits.dedup();
        assert!(waits.len() > 1, "all in the same second");
        let staff = house.staff(&test, Role::Reviewer, HERE).await;
        let console = test.get("/api/v1/records", Some(&staff.cookie)).await;
        assert_eq!(console.status, StatusCode::OK);
        assert_eq!(test.get("/healthz", None).await.status, StatusCode::NO_CONTENT);
        assert_eq!(test.call(Method::POST, "/sync/v2/exchange", None, None).await.code(), "sync.version");
    };
    tokio::select! {
        answer = holding => panic!("{answer:?}"),
        () = others => {}
    }
    // The one that held the place hung up.
    assert!(phones[1].sync(&test).await.failure.is_none());
}

#[tokio::test]
async fn a_phone_that_asks_again_takes_the_place_of_its_dead_request() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    phone.register("张伟");
    assert!(phone.sync(&test).await.failure.is_none());
    let token = phone.token();
    let (dead, read) = silence();
    let dead = test.send(exchange(&token, dead));
    let again = async {
        read.notified().await;
        phone.register("李四");
        // A third one at the same time has no seat to wait on.
        let (outcome, third) = tokio::join!(phone.sync(&test), test.send(exchange(&token, Body::empty())));
        assert_eq!((outcome.failure, outcome.pushed), (None, 1));
        assert_eq!((third.status, third.code()), (StatusCode::TOO_MANY_REQUESTS, "sync.one_at_a_time".to_owned()));
    };
    let (dead, ()) = tokio::join!(dead, again);
    assert_eq!(dead.code(), "sync.one_at_a_time");
}

#[tokio::test]
async fn phones_are_told_to_come_in_slots_of_their_own() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut waits = Vec::new();
    for _ in 0..8 {
        let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
        assert!(phone.sync(&test).await.failure.is_none());
        let progress = phone.engine.progress();
        waits.push(progress.next_exchange.unwrap().since(progress.last_exchange.unwrap()));
    }
    let (least, most) = (waits.iter().min().unwrap(), waits.iter().max().unwrap());
    assert!(*least >= 450_000 && *most <= 1_350_000 * 11 / 10, "{waits:?}");
    assert!(most - least > 120_000, "all at once: {waits:?}");
}
