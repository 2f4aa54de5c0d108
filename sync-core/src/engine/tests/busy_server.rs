//! A server that asks to be left alone, and phones whose clocks are set meanwhile.

use super::*;

const MINUTE: i64 = 60;

/// The clocks after so many seconds, with the wall clock set forward by `shift` seconds.
fn shifted(seconds: i64, shift: i64) -> ClockReading {
    let now = clock(seconds);
    ClockReading { wall: now.wall.plus(shift * 1_000), ..now }
}

/// Whether the engine goes to the server at this event.
fn goes(engine: &mut TestEngine, now: ClockReading, event: Event) -> bool {
    send(&engine.handle(now, &mut rng(1), event).unwrap()).is_some()
}

fn alarm(engine: &mut TestEngine, now: ClockReading) -> UnixMillis {
    let effects = engine.handle(now, &mut rng(1), Event::Tick).unwrap();
    effects.iter().find_map(|effect| if let Effect::WakeAt(time) = effect { Some(*time) } else { None }).unwrap()
}

/// A phone with something unsent that was refused with this many seconds of `retry-after`, at second 100.
fn refused(status: u16, retry_after_s: u64) -> TestEngine {
    let (mut engine, mut server) = enrolled(7);
    write_lead(&mut engine, 1, "note");
    let busy = |_: &WireRequest, answer: WireResponse| {
        Ok(WireResponse { status, media_type: "x".to_owned(), retry_after_s: Some(retry_after_s), ..answer })
    };
    let outcome = talk(&mut engine, &mut server, Event::SyncNow, busy);
    assert_eq!(outcome.failure, Some(Failure::Busy { retry_after_ms: retry_after_s * 1_000 }));
    engine
}

#[test]
fn retry_after_is_obeyed_whatever_happens_meanwhile() {
    for status in [429, 503] {
        let mut engine = refused(status, 600);
        for event in [Event::Tick, Event::Online, Event::Edited] {
            assert!(!goes(&mut engine, clock(100 + 9 * MINUTE), event));
        }
        assert_eq!(alarm(&mut engine, clock(100 + 9 * MINUTE)), clock(100 + 10 * MINUTE).wall);
        assert!(goes(&mut engine, clock(100 + 10 * MINUTE), Event::Tick));
    }
}

#[test]
fn a_wall_clock_that_is_set_changes_nothing_about_it() {
    for shift in [-5 * 3_600, -30, 30, 3_600, 400 * 86_400] {
        let mut engine = refused(503, 600);
        assert!(!goes(&mut engine, shifted(100 + 9 * MINUTE, shift), Event::Online), "{shift}");
        let alarm = alarm(&mut engine, shifted(100 + 9 * MINUTE, shift));
        assert!(alarm >= shifted(100 + 10 * MINUTE, shift).wall, "{shift}");
        assert!(goes(&mut engine, shifted(100 + 10 * MINUTE, shift), Event::Online), "{shift}");
    }
}

#[test]
fn a_person_may_ask_at_any_time() {
    let mut engine = refused(503, 600);
    assert!(!goes(&mut engine, clock(120), Event::Tick));
    assert!(goes(&mut engine, clock(120), Event::SyncNow));
    assert!(!goes(&mut engine, clock(121), Event::SyncNow), "one run at a time");
}

#[test]
fn a_person_who_is_refused_again_prolongs_the_wait_and_is_told_so() {
    let mut engine = refused(503, 600);
    let effects = engine.handle(clock(160), &mut rng(1), Event::SyncNow).unwrap();
    let (id, _) = send(&effects).unwrap();
    let busy = WireResponse {
        status: 503,
        media_type: "x".to_owned(),
        encoding: crate::wire::Encoding::Identity,
        retry_after_s: Some(300),
        body: Vec::new(),
    };
    let effects = engine.handle(clock(160), &mut rng(1), Event::Response(id, Ok(busy))).unwrap();
    assert!(matches!(finished(&effects).unwrap().failure, Some(Failure::Busy { retry_after_ms: 300_000 })));
    assert!(!goes(&mut engine, clock(160 + 4 * MINUTE), Event::Online), "the newest word counts");
    assert!(goes(&mut engine, clock(160 + 5 * MINUTE), Event::Online));
}

#[test]
fn the_next_exchange_comes_when_the_server_said_and_not_years_later() {
    let (mut engine, mut server) = enrolled(8);
    talk(&mut engine, &mut server, Event::SyncNow, |_, answer| Ok(answer));
    let next = engine.progress().next_exchange.unwrap();
    assert!((900_000..=990_000).contains(&next.since(clock(100).wall)), "a quarter of an hour and up to a tenth");
    assert!(!goes(&mut engine, clock(100 + 14 * MINUTE), Event::Tick));
    assert!(goes(&mut engine, shifted(100 + 20 * MINUTE, -400 * 86_400), Event::Tick), "set back by a year");
}
