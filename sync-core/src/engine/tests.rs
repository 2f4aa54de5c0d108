//! The engine against a small honest server, and against everything that a network can do to it.

mod busy_server;
mod fake_server;
mod former_life;
mod parting;
mod registry;
mod scope;

use fake_server::FakeServer;

use super::*;
use crate::id::{DeviceId, Signature};
use crate::notebook::CreateRequest;
use crate::record::lead::{LeadEdit, LeadFacts};
use crate::status::Step;
use crate::store::memory::MemoryStore;
use crate::testing::rng;
use crate::time::BootId;
use crate::wire::MEDIA_TYPE;

type TestEngine = Engine<MemoryStore>;

fn clock(seconds: i64) -> ClockReading {
    ClockReading {
        wall: UnixMillis(1_760_000_000_000 + seconds * 1_000),
        mono_ms: u64::try_from(seconds * 1_000).unwrap(),
        boot: BootId(1),
    }
}

fn send(effects: &[Effect]) -> Option<(RequestId, WireRequest)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Send(id, request) => Some((*id, request.clone())),
        _ => None,
    })
}

fn finished(effects: &[Effect]) -> Option<Outcome> {
    effects.iter().find_map(|effect| match effect {
        Effect::Finished(outcome) => Some(outcome.clone()),
        _ => None,
    })
}

/// Lets the engine and the server talk until the run is over. `between` may replace each answer.
fn talk(
    engine: &mut TestEngine,
    server: &mut FakeServer,
    event: Event,
    mut between: impl FnMut(&WireRequest, WireResponse) -> Result<WireResponse, TransportError>,
) -> Outcome {
    // Never the same dice twice, or a key made anew would look like the old one.
    let mut rng = rng(engine.requests);
    let mut effects = engine.handle(clock(100), &mut rng, event).unwrap();
    for _ in 0..200 {
        if let Some(outcome) = finished(&effects) {
            assert!(effects.iter().any(|effect| matches!(effect, Effect::WakeAt(_))), "every run re-arms the alarm");
            assert!(!engine.is_running());
            return outcome;
        }
        let (id, request) = send(&effects).expect("a run that is not over has a request out");
        let answer = between(&request, server.answer(&request));
        effects = engine.handle(clock(100), &mut rng, Event::Response(id, answer)).unwrap();
    }
    panic!("the run does not end");
}

fn enrolled(seed: u64) -> (TestEngine, FakeServer) {
    let mut server = FakeServer::new(seed);
    let mut engine = Engine::open(MemoryStore::default(), "test/1".to_owned()).unwrap();
    let event = Event::Enrol { code: "CODE".to_owned(), label: "phone".to_owned() };
    let outcome = talk(&mut engine, &mut server, event, |_, answer| Ok(answer));
    assert_eq!(outcome.failure, None);
    assert!(outcome.enrolled.is_some());
    (engine, server)
}

fn write_lead(engine: &mut TestEngine, seed: u64, notes: &str) -> RecordId {
    let facts = LeadFacts { name: Some("张伟".into()), notes: notes.to_owned(), ..Default::default() };
    let request = CreateRequest { facts, ..Default::default() };
    engine.notebook(clock(10), 480).create(&mut rng(seed), request).unwrap().header.id
}

fn step(engine: &TestEngine, id: RecordId) -> Step {
    let row = engine.store().row(id).unwrap().unwrap();
    engine.status(&engine.store().record_sync(id).unwrap(), &row).step
}

#[test]
fn a_day_is_pushed_once_and_a_second_sync_moves_nothing() {
    let (mut engine, mut server) = enrolled(1);
    let ids: Vec<_> = (0..250).map(|n| write_lead(&mut engine, 100 + n, "note")).collect();
    engine.notebook(clock(20), 480).edit::<LeadFacts>(ids[3], &[LeadEdit::Consent(Some(true))]).unwrap();
    assert_eq!(step(&engine, ids[0]), Step::Saved);
    let outcome = talk(&mut engine, &mut server, Event::SyncNow, |_, answer| Ok(answer));
    assert_eq!((outcome.failure, outcome.pushed, outcome.exchanges), (None, 251, 3));
    assert_eq!(server.lines(), 251);
    assert!(ids.iter().all(|id| step(&engine, *id) == Step::Published));
    let outcome = talk(&mut engine, &mut server, Event::SyncNow, |_, answer| Ok(answer));
    assert_eq!((outcome.failure, outcome.pushed, outcome.pulled, outcome.exchanges), (None, 0, 0, 1));
}

#[test]
fn a_lost_reply_costs_a_repetition_and_nothing_else() {
    let (mut engine, mut server) = enrolled(2);
    let id = write_lead(&mut engine, 1, "note");
    let lose = |request: &WireRequest, answer| match request.route {
        Route::Exchange => Err(TransportError::Interrupted),
        _ => Ok(answer),
    };
    let outcome = talk(&mut engine, &mut server, Event::SyncNow, lose);
    assert_eq!(outcome.failure, Some(Failure::Transport(TransportError::Interrupted)));
    assert_eq!(server.lines(), 1, "it did arrive");
    assert_eq!(step(&engine, id), Step::Saved, "but nobody said so");
    write_lead(&mut engine, 2, "another");
    let outcome = talk(&mut engine, &mut server, Event::SyncNow, |_, answer| Ok(answer));
    assert_eq!((outcome.failure, server.lines()), (None, 2));
    assert_eq!(step(&engine, id), Step::Published);
}

#[test]
fn batches_halve_until_they_fit_and_one_giant_does_not_block_the_others() {
    let (mut engine, mut server) = enrolled(3);
    for n in 0..20 {
        write_lead(&mut engine, n, "small");
    }
    let noise: String = (0..5_000u32).map(|n| char::from_u32(0x4e00 + n * 4 % 20_000).unwrap()).collect();
    let giant = write_lead(&mut engine, 77, &noise);
    write_lead(&mut engine, 78, "after the giant");
    server.body_limit = 4_000;
    let outcome = talk(&mut engine, &mut server, Event::SyncNow, |_, answer| Ok(answer));
    assert_eq!((outcome.failure, outcome.pushed), (None, 22));
    assert_eq!(server.named(), vec![giant], "of the giant only the name came");
}

#[test]
fn timeouts_halve_too_but_end_in_a_retry() {
    let (mut engine, mut server) = enrolled(4);
    for n in 0..8 {
        write_lead(&mut engine, n, "x");
    }
    let mut tries = 0;
    let slow = |request: &WireRequest, answer| match request.route {
        Route::Exchange => {
            tries += 1;
            Err(TransportError::Timeout)
        }
        _ => Ok(answer),
    };
    let outcome = talk(&mut engine, &mut server, Event::SyncNow, slow);
    assert_eq!(outcome.failure, Some(Failure::Transport(TransportError::Timeout)));
    assert!(tries > 1);
    let outcome = talk(&mut engine, &mut server, Event::SyncNow, |_, answer| Ok(answer));
    assert_eq!((outcome.failure, server.lines()), (None, 8));
}

#[test]
fn a_captive_portal_is_not_a_server() {
    let (mut engine, mut server) = enrolled(5);
    let id = write_lead(&mut engine, 1, "note");
    let portal = |_: &WireRequest, answer: WireResponse| {
        Ok(WireResponse { media_type: "text/html".to_owned(), body: b"<html>login</html>".to_vec(), ..answer })
    };
    let outcome = talk(&mut engine, &mut server, Event::SyncNow, portal);
    assert_eq!(outcome.failure, Some(Failure::CaptivePortal));
    assert_eq!(step(&engine, id), Step::Saved);
}

#[test]
fn a_receipt_that_does_not_fit_is_not_believed() {
    for forgery in 0..3 {
        let (mut engine, mut server) = enrolled(6);
        let id = write_lead(&mut engine, 1, "note");
        let forge = |request: &WireRequest, answer: WireResponse| {
            if request.route != Route::Exchange {
                return Ok(answer);
            }
            Ok(FakeServer::alter(answer, |response| {
                let receipt = response.receipt.as_mut().unwrap();
                match forgery {
                    0 => receipt.signature = Signature([1; 64]),
                    1 => receipt.head.n += 1,
                    _ => response.receipt = None,
                }
            }))
        };
        let outcome = talk(&mut engine, &mut server, Event::SyncNow, forge);
        assert_eq!(outcome.failure, Some(Failure::BadAnswer), "forgery {forgery}");
        assert_eq!(step(&engine, id), Step::Saved);
        assert!(Failure::BadAnswer.is_retryable());
        assert_eq!(talk(&mut engine, &mut server, Event::SyncNow, |_, answer| Ok(answer)).failure, None);
        assert_eq!(step(&engine, id), Step::Published, "the next answer is another one");
    }
}

#[test]
fn a_server_that_was_set_back_gets_everything_again() {
    let (mut engine, mut server) = enrolled(7);
    for n in 0..5 {
        write_lead(&mut engine, n, "x");
    }
    let backup = server.clone();
    talk(&mut engine, &mut server, Event::SyncNow, |_, answer| Ok(answer));
    let mut server = backup;
    let outcome = talk(&mut engine, &mut server, Event::SyncNow, |_, answer| Ok(answer));
    assert_eq!((outcome.failure, server.lines()), (None, 5));
    assert_eq!(engine.progress().acknowledged, 5);
}

#[test]
fn a_token_that_expired_is_renewed_within_the_run() {
    let (mut engine, mut server) = enrolled(8);
    talk(&mut engine, &mut server, Event::SyncNow, |_, answer| Ok(answer));
    server.forget_tokens();
    write_lead(&mut engine, 1, "x");
    let outcome = talk(&mut engine, &mut server, Event::SyncNow, |_, answer| Ok(answer));
    assert_eq!((outcome.failure, server.lines()), (None, 1));
    server.token_accepted = false;
    let outcome = talk(&mut engine, &mut server, Event::SyncNow, |_, answer| Ok(answer));
    assert!(matches!(outcome.failure, Some(Failure::Refused { .. })), "{outcome:?}");
}

#[test]
fn enrolling_again_after_a_lost_answer_asks_the_same_question() {
    let mut server = FakeServer::new(9);
    let mut engine = Engine::open(MemoryStore::default(), "test/1".to_owned()).unwrap();
    let event = || Event::Enrol { code: "CODE".to_owned(), label: "phone".to_owned() };
    let outcome = talk(&mut engine, &mut server, event(), |_, _| Err(TransportError::Interrupted));
    assert!(outcome.failure.is_some() && engine.identity().is_none());
    // The app is killed, and started again.
    let mut engine = Engine::open(engine.store().clone(), "test/1".to_owned()).unwrap();
    engine.requests = 1_000;
    let outcome = talk(&mut engine, &mut server, event(), |_, answer| Ok(answer));
    assert_eq!(outcome.failure, None);
    assert!(matches!(engine.handle(clock(1), &mut rng(1), event()), Err(EngineError::AlreadyEnrolled)));
    let outcome = talk(&mut engine, &mut server, Event::SyncNow, |_, answer| Ok(answer));
    assert_eq!(outcome.failure, None);
}

#[test]
fn steady_work_does_not_put_the_alarm_off() {
    let (mut engine, _) = enrolled(13);
    let mut rng = rng(1);
    let first = engine.handle(clock(200), &mut rng, Event::Edited).unwrap();
    assert_eq!(first, vec![Effect::WakeAt(clock(260).wall)]);
    assert_eq!(engine.handle(clock(230), &mut rng, Event::Edited).unwrap(), vec![]);
    assert_eq!(engine.handle(clock(261), &mut rng, Event::Edited).unwrap(), vec![Effect::WakeAt(clock(321).wall)]);
}

#[test]
fn an_app_is_told_which_records_became_safer() {
    let (mut engine, mut server) = enrolled(14);
    let id = write_lead(&mut engine, 1, "x");
    let mut rng = rng(2);
    let mut effects = engine.handle(clock(100), &mut rng, Event::SyncNow).unwrap();
    let mut told = Vec::new();
    while let Some((request_id, request)) = send(&effects) {
        let answer = server.answer(&request);
        effects = engine.handle(clock(100), &mut rng, Event::Response(request_id, Ok(answer))).unwrap();
        told.extend(effects.iter().filter_map(|effect| match effect {
            Effect::Changed(records) => Some(records.clone()),
            _ => None,
        }));
    }
    assert_eq!(told, vec![vec![id]]);
}

#[test]
fn a_busy_server_is_left_alone_until_its_time() {
    let (mut engine, mut server) = enrolled(10);
    write_lead(&mut engine, 1, "x");
    let busy = |_: &WireRequest, answer: WireResponse| {
        Ok(WireResponse { status: 503, retry_after_s: Some(600), media_type: "text/plain".to_owned(), ..answer })
    };
    let outcome = talk(&mut engine, &mut server, Event::SyncNow, busy);
    assert_eq!(outcome.failure, Some(Failure::Busy { retry_after_ms: 600_000 }));
    let mut rng = rng(1);
    let effects = engine.handle(clock(200), &mut rng, Event::Online).unwrap();
    assert_eq!(send(&effects), None, "the network is back, but the server asked for ten minutes");
    assert!(send(&engine.handle(clock(701), &mut rng, Event::Tick).unwrap()).is_some());
}

#[test]
fn an_answer_to_an_abandoned_request_is_not_taken_for_the_present_one() {
    let (mut engine, mut server) = enrolled(11);
    write_lead(&mut engine, 1, "x");
    let mut rng = rng(1);
    let effects = engine.handle(clock(1), &mut rng, Event::SyncNow).unwrap();
    let (id, request) = send(&effects).unwrap();
    let answer = server.answer(&request);
    let stray = RequestId(id.0 + 1_000);
    assert_eq!(engine.handle(clock(1), &mut rng, Event::Response(stray, Ok(answer.clone()))).unwrap(), vec![]);
    assert!(engine.is_running());
    engine.handle(clock(1), &mut rng, Event::Response(id, Ok(answer.clone()))).unwrap();
    assert_eq!(engine.handle(clock(1), &mut rng, Event::Response(id, Ok(answer))).unwrap(), vec![], "said once");
}

#[test]
fn garbage_of_the_right_type_ends_the_run_and_changes_nothing() {
    let (mut engine, mut server) = enrolled(12);
    let id = write_lead(&mut engine, 1, "x");
    let garbage = |_: &WireRequest, answer: WireResponse| {
        Ok(WireResponse { media_type: MEDIA_TYPE.to_owned(), body: vec![0xff; 30], ..answer })
    };
    let outcome = talk(&mut engine, &mut server, Event::SyncNow, garbage);
    assert_eq!(outcome.failure, Some(Failure::BadAnswer));
    assert_eq!(step(&engine, id), Step::Saved);
    // The alarm that a failed run sets is kept: the engine goes by itself.
    assert!(send(&engine.handle(clock(200), &mut rng(1), Event::Tick).unwrap()).is_some());
}

#[test]
fn a_restored_phone_becomes_another_and_loses_nothing() {
    let (mut engine, mut server) = enrolled(15);
    let old = write_lead(&mut engine, 1, "before the backup");
    talk(&mut engine, &mut server, Event::SyncNow, |_, answer| Ok(answer));
    let backup = engine.store().clone();
    write_lead(&mut engine, 2, "after the backup");
    engine.notebook(clock(20), 480).edit::<LeadFacts>(old, &[LeadEdit::Consent(Some(true))]).unwrap();
    talk(&mut engine, &mut server, Event::SyncNow, |_, answer| Ok(answer));

    let mut engine = Engine::open(backup, "test/1".to_owned()).unwrap();
    engine.requests = 2_000;
    let before = engine.identity().unwrap().clone();
    let new = write_lead(&mut engine, 3, "after the restore");
    engine.notebook(clock(30), 480).edit::<LeadFacts>(old, &[LeadEdit::Name(Some("李".into()))]).unwrap();
    let outcome = talk(&mut engine, &mut server, Event::SyncNow, |_, answer| Ok(answer));
    assert_eq!((outcome.failure, outcome.pushed), (None, 2));
    let after = engine.identity().unwrap().clone();
    assert!(after.device != before.device && after.actor != before.actor && after.key_seed != before.key_seed);
    assert_eq!((server.past.len(), server.lines()), (3, 2), "the lines before stay, the tail is written again");
    for id in [old, new] {
        assert_eq!(step(&engine, id), Step::Published);
    }
    let view = engine.notebook(clock(40), 480).view::<LeadFacts>(old).unwrap();
    assert_eq!(view.facts.name.as_deref(), Some("李"));
    assert_eq!(view.header.device, before.device, "made before");
    let made = engine.notebook(clock(40), 480).view::<LeadFacts>(new).unwrap();
    assert_eq!(made.header.device, after.device);
    let outcome = talk(&mut engine, &mut server, Event::SyncNow, |_, answer| Ok(answer));
    assert_eq!((outcome.failure, outcome.pushed, outcome.exchanges), (None, 0, 1));
}

#[test]
fn a_lost_reply_to_the_new_identity_is_asked_for_again_with_the_same_key() {
    let (mut engine, mut server) = enrolled(16);
    write_lead(&mut engine, 1, "x");
    let backup = engine.store().clone();
    write_lead(&mut engine, 2, "y");
    talk(&mut engine, &mut server, Event::SyncNow, |_, answer| Ok(answer));
    let mut engine = Engine::open(backup, "test/1".to_owned()).unwrap();
    engine.requests = 3_000;
    write_lead(&mut engine, 3, "z");
    let mut keys = Vec::new();
    for lost in [true, false] {
        // The server is set back to before it took the new identity in, so that both requests can be compared.
        let mut server = server.clone();
        talk(&mut engine, &mut server, Event::SyncNow, |request, answer| {
            if request.route == Route::Reidentify {
                keys.push(request.body.clone());
                return if lost { Err(TransportError::Interrupted) } else { Ok(answer) };
            }
            Ok(answer)
        });
    }
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0], keys[1]);
    assert_eq!(engine.identity().unwrap().device, DeviceId::from([77; 16]));
}
