//! Lines of journals that the server lost, in the middle or before what it acknowledged, and phones that say them again.

use server::store::ChangeState;
use sync_core::engine::{Engine, Failure, TransportError};
use sync_core::id::DeviceId;
use sync_core::wire::enrol::Role;

use super::support::house::HERE;
use super::support::{House, Line, Phone, TestApp};

struct Scene {
    test: TestApp,
    phone: Phone,
}

fn device(phone: &Phone) -> DeviceId {
    phone.engine.identity().unwrap().device
}

/// A phone that has written so many leads and sent none of them.
async fn scene(leads: usize) -> Scene {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    for n in 0..leads {
        phone.register(&format!("{n}"));
    }
    Scene { test, phone }
}

/// The phone sends what it has, and the answer gets lost.
async fn send_unheard(test: &TestApp, phone: &mut Phone) {
    phone.line = Line { exchanges: Some(0), reply_lost: true, ..Line::default() };
    let outcome = phone.sync(test).await;
    assert_eq!(outcome.failure, Some(Failure::Transport(TransportError::Interrupted)));
    phone.line = Line::default();
}

/// The server loses lines of a phone's journal, and what it had made of them.
async fn lose(test: &TestApp, device: DeviceId, lines: &str) {
    for n in lines.split(", ") {
        let lost = test.app.store.journal(device, n.parse().unwrap(), 1).await.unwrap()[0].entry.record;
        test.forget_changes(lost).await;
        test.sql(&format!("delete from record where id = {}", test.sql_id(lost.0))).await;
    }
}

/// How many lines of a device's journal are published.
async fn published(test: &TestApp, device: DeviceId) -> usize {
    let lines = test.app.store.journal(device, 1, 1_000).await.unwrap();
    lines.iter().filter(|line| line.state == ChangeState::Published).count()
}

async fn forks(test: &TestApp) -> i64 {
    test.sql_number("select count(*) from device where forked_at is not null").await
}

#[tokio::test]
async fn lines_that_are_said_again_fill_the_gaps() {
    for lost in ["1", "3", "5", "2, 3", "1, 5", "1, 2, 3, 4, 5"] {
        let Scene { test, mut phone } = scene(5).await;
        let before = device(&phone);
        send_unheard(&test, &mut phone).await;
        lose(&test, before, lost).await;
        let outcome = phone.sync(&test).await;
        assert_eq!((outcome.failure, outcome.pushed), (None, 5), "{lost}");
        assert_eq!((device(&phone), forks(&test).await), (before, 0), "{lost}: it is who it was");
        assert_eq!(published(&test, before).await, 5, "{lost}");
        let again = phone.sync(&test).await;
        assert_eq!((again.failure, again.exchanges, again.pushed, again.pulled), (None, 1, 0, 0), "{lost}");
    }
}

#[tokio::test]
async fn lines_before_what_was_acknowledged_are_asked_for_from_the_first_that_is_lost() {
    let Scene { test, mut phone } = scene(5).await;
    let before = device(&phone);
    assert_eq!(phone.sync(&test).await.failure, None);
    for name in ["5", "6", "7"] {
        phone.register(name);
    }
    send_unheard(&test, &mut phone).await;
    lose(&test, before, "3, 7").await;
    // Without this the signature over the fifth line would vouch for the third.
    test.sql(&format!("delete from journal_head where device = {} and n = 5", test.sql_id(before.0))).await;
    let asked = phone.exchanges().count();
    assert_eq!(phone.sync(&test).await.failure, None);
    let asked_for: Vec<_> = phone.exchanges().skip(asked).filter_map(|(_, answer)| answer.resend_from).collect();
    assert_eq!(asked_for, [3]);
    assert_eq!((device(&phone), forks(&test).await, published(&test, before).await), (before, 0, 8));
}

#[tokio::test]
async fn a_copy_does_not_fill_gaps_with_lines_of_its_own() {
    let Scene { test, mut phone } = scene(1).await;
    let before = device(&phone);
    assert_eq!(phone.sync(&test).await.failure, None);
    let mut copy = Phone::new(4_711);
    copy.engine = Engine::open(phone.engine.store().clone(), "daybook-test/1".to_owned()).unwrap();
    let lost = phone.register("lost");
    phone.register("kept");
    assert_eq!(phone.sync(&test).await.failure, None);
    lose(&test, before, "2").await;

    let other = copy.register("of the copy");
    assert_eq!(copy.sync(&test).await.failure, None);
    assert_ne!(device(&copy), before);
    assert_eq!(published(&test, before).await, 2, "the gap is still there");
    assert_eq!(published(&test, device(&copy)).await, 1);
    assert_eq!(copy.lead(other).facts.name.as_deref(), Some("of the copy"));
    assert_eq!(phone.lead(lost).facts.name.as_deref(), Some("lost"), "only this phone has it");
}
