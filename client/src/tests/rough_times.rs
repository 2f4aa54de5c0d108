//! Storage that is full, clocks that jump, and apps that are started again.

use super::*;
use crate::PassEnd;
use crate::sync_core::photo::{Network, OnMetered, PhotoPolicy};

const YEAR_MS: i64 = 365 * 24 * 60 * 60 * 1_000;
const POLICY: PhotoPolicy = PhotoPolicy { network: Network::Unmetered, on_metered: OnMetered::Nothing };

fn reopened(phone: Phone) -> Phone {
    let Phone { daybook, server, clock, path, _folder } = phone;
    drop(daybook);
    let daybook = open(&path, &server, &clock).unwrap();
    Phone { daybook, server, clock, path, _folder }
}

/// A clock of which somebody turns the hands, and that runs on by itself underneath.
struct Turned {
    by_ms: AtomicI64,
    clock: Arc<TestClock>,
}

impl Clock for Turned {
    fn now(&self) -> ClockReading {
        let now = self.clock.now();
        ClockReading { wall: now.wall.plus(self.by_ms.load(Ordering::Relaxed)), ..now }
    }

    fn utc_offset_minutes(&self) -> i16 {
        480
    }
}

fn with_turned_clock(phone: Phone) -> (Phone, Arc<Turned>) {
    let Phone { daybook, server, clock, path, _folder } = phone;
    drop(daybook);
    let turned = Arc::new(Turned { by_ms: AtomicI64::new(0), clock: clock.clone() });
    let options = Options {
        app: "test/1".to_owned(),
        transport: Box::new(server.clone()),
        clock: Box::new(turned.clone()),
        install_secret: None,
        secrets: None,
    };
    let daybook = Daybook::open(&path, options).unwrap();
    (Phone { daybook, server, clock, path, _folder }, turned)
}

#[test]
fn a_full_disk_keeps_everything_and_takes_more_as_soon_as_there_is_room() {
    let phone = enrolled_phone();
    let id = phone.daybook.leads().create(lead("before")).unwrap().header.id;
    phone.daybook.core().unwrap().engine.store().allow_no_more_pages().unwrap();
    let mut saved = 1;
    let full = loop {
        match phone.daybook.leads().create(lead(&"很长的名字".repeat(200))) {
            Ok(_) => saved += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(full, Error::Full), "{full}");
    assert!(!full.is_retryable());
    let all = |phone: &Phone| phone.daybook.leads().list(&RowFilter::default(), None, 1_000).unwrap().items.len();
    assert_eq!(all(&phone), saved);
    assert_eq!(phone.daybook.sync_status().unwrap().unsent_changes as usize, saved, "no line without a save");
    assert_eq!(phone.daybook.leads().get(id).unwrap().facts.name.as_deref(), Some("before"));
    // The receipt fits where nothing new has to go.
    assert_eq!(phone.daybook.sync().unwrap().pushed as usize, saved);
    // Somebody has made room; the next connection knows of no limit.
    let phone = reopened(phone);
    phone.daybook.leads().create(lead("after")).unwrap();
    assert_eq!(all(&phone), saved + 1);
}

#[test]
fn a_clock_that_jumps_loses_no_save_and_puts_nothing_off() {
    let (phone, clock) = with_turned_clock(enrolled_phone());
    let mut saved = Vec::new();
    for (number, years) in [0, 10, -20, 3].into_iter().enumerate() {
        clock.by_ms.store(years * YEAR_MS, Ordering::Relaxed);
        saved.push(phone.daybook.leads().create(lead(&format!("张{number}"))).unwrap().header.id);
        let wait = phone.daybook.sync_once(std::time::Duration::ZERO, &POLICY).unwrap().call_again_after;
        assert!(wait.as_secs() <= 24 * 60 * 60, "{years} years: {wait:?}");
    }
    phone.clock.advance(61_000);
    let pass = phone.daybook.sync_once(std::time::Duration::from_secs(60), &POLICY).unwrap();
    assert_eq!((pass.ended, pass.records.pushed), (PassEnd::Done, 4));
    for id in saved {
        assert_eq!(phone.daybook.status(id).unwrap().step, Step::Published);
    }
    // Years back: the server's slot must not lie years ahead.
    clock.by_ms.store(-5 * YEAR_MS, Ordering::Relaxed);
    assert_eq!(phone.daybook.tick().unwrap().map(|report| report.exchanges), Some(1));
}

#[test]
fn a_run_has_the_time_it_was_given_whatever_the_wall_clock_does() {
    let (phone, clock) = with_turned_clock(enrolled_phone());
    phone.daybook.leads().create(lead("张伟")).unwrap();
    clock.by_ms.store(YEAR_MS, Ordering::Relaxed);
    let pass = phone.daybook.sync_once(std::time::Duration::from_secs(1), &POLICY).unwrap();
    assert_eq!((pass.ended, pass.records.pushed), (PassEnd::OutOfTime, 0), "a second is too short to begin");
    let pass = phone.daybook.sync_once(std::time::Duration::from_secs(30), &POLICY).unwrap();
    assert_eq!((pass.ended, pass.records.pushed), (PassEnd::Done, 1));
}

#[test]
fn a_server_that_wants_to_be_left_alone_is_also_after_a_restart_of_the_app() {
    let phone = enrolled_phone();
    phone.daybook.leads().create(lead("张伟")).unwrap();
    let busy = crate::sync_core::engine::WireResponse { retry_after_s: Some(600), ..page(503, "text/plain", "busy") };
    phone.server.misbehave([Ok(busy)]);
    phone.daybook.sync().unwrap_err();
    phone.clock.advance(300_000);
    let phone = reopened(phone);
    assert_eq!(phone.daybook.network_is_back().unwrap(), None);
    assert_eq!(phone.daybook.tick().unwrap(), None);
    let wait = phone.daybook.sync_once(std::time::Duration::from_secs(60), &POLICY).unwrap();
    assert_eq!(wait.ended, PassEnd::NotDue);
    assert!((290..=300).contains(&wait.call_again_after.as_secs()), "{:?}", wait.call_again_after);
    phone.clock.advance(300_001);
    assert_eq!(phone.daybook.tick().unwrap().unwrap().pushed, 1);
    // It is over: a restart does not bring it back.
    let phone = reopened(phone);
    assert_eq!(phone.daybook.network_is_back().unwrap().unwrap().exchanges, 1);
}
