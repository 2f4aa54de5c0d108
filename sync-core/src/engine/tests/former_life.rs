//! A phone that was set back to its own backup, and what the server says of lines that it wrote before.

use super::*;
use crate::wire::cursor::Cursor;
use crate::wire::exchange::{ExchangeRequest, ItemVerdict, Verdict};
use crate::wire::segment::Segment;

/// Where the feed stands once the verdicts have been told.
const AFTER_THE_VERDICTS: Cursor =
    Cursor { epoch: 1, salt: 7, scope_version: 1, seq: 40, since: None, beginning: None };

fn rejected(n: u64) -> ItemVerdict {
    let (code, reason) = (crate::trust::code::REJECTED.to_owned(), "已经成交".to_owned());
    ItemVerdict { n, verdict: Verdict::Refused { code, reason } }
}

fn asked(request: &WireRequest) -> ExchangeRequest {
    fake_server::decode(request)
}

/// A phone with one line on the server, set back to where it was then: meanwhile it wrote a second and a third line,
/// and the server has judged all three.
fn set_back() -> (TestEngine, FakeServer, RecordId) {
    let (mut engine, mut server) = enrolled(21);
    let old = write_lead(&mut engine, 1, "before the backup");
    assert_eq!(talk(&mut engine, &mut server, Event::SyncNow, |_, answer| Ok(answer)).failure, None);
    let backup = engine.store().clone();
    engine.notebook(clock(20), 480).edit::<LeadFacts>(old, &[LeadEdit::Consent(Some(true))]).unwrap();
    write_lead(&mut engine, 2, "of the former life");
    assert_eq!(talk(&mut engine, &mut server, Event::SyncNow, |_, answer| Ok(answer)).failure, None);
    assert_eq!(server.lines(), 3);
    let mut engine = Engine::open(backup, "test/1".to_owned()).unwrap();
    engine.requests = 4_000;
    (engine, server, old)
}

/// An idle exchange, during which the person edits the old lead and makes another one. The server answers with verdicts
/// about the lines of the same numbers that the phone wrote in its former life.
fn hear_of_the_former_life(engine: &mut TestEngine, server: &mut FakeServer, old: RecordId) -> RecordId {
    let mut rng = rng(5);
    let mut effects = engine.handle(clock(100), &mut rng, Event::SyncNow).unwrap();
    let mut made = None;
    while let Some((id, request)) = send(&effects) {
        let mut answer = server.answer(&request);
        if request.route == Route::Exchange && made.is_none() {
            assert_eq!(asked(&request).segment, None, "nothing is unsent yet");
            answer = FakeServer::alter(answer, |response| {
                response.verdicts = vec![rejected(2), rejected(3)];
                response.published_through = 3;
                response.cursor = Some(AFTER_THE_VERDICTS);
            });
            engine.notebook(clock(30), 480).edit::<LeadFacts>(old, &[LeadEdit::Name(Some("李".into()))]).unwrap();
            made = Some(write_lead(engine, 3, "of this life"));
        }
        effects = engine.handle(clock(100), &mut rng, Event::Response(id, Ok(answer))).unwrap();
        if made.is_some() {
            break;
        }
    }
    // What was saved meanwhile goes out next; the app is killed before.
    *engine = Engine::open(engine.store().clone(), "test/1".to_owned()).unwrap();
    engine.requests = 5_000;
    made.unwrap()
}

#[test]
fn verdicts_about_a_former_life_take_nothing_out_of_records() {
    let (mut engine, mut server, old) = set_back();
    let made = hear_of_the_former_life(&mut engine, &mut server, old);
    assert_eq!(engine.store().refusals().unwrap(), []);
    assert_eq!(engine.progress().acknowledged, 1);
    for (id, notes, name) in [(old, "before the backup", "李"), (made, "of this life", "张伟")] {
        let view = engine.notebook(clock(40), 480).view::<LeadFacts>(id).unwrap();
        assert_eq!((view.facts.notes.as_str(), view.facts.name.as_deref()), (notes, Some(name)));
        assert_eq!(engine.store().record_sync(id).unwrap().problems, []);
        assert_eq!(step(&engine, id), Step::Saved, "neither acknowledged nor judged");
    }

    // Told who it is, the phone writes both again, and everything of either life is on the server once.
    let outcome = talk(&mut engine, &mut server, Event::SyncNow, |_, answer| Ok(answer));
    assert_eq!((outcome.failure, outcome.pushed), (None, 2));
    assert_eq!((server.past.len(), server.lines()), (3, 2));
    assert_eq!((step(&engine, old), step(&engine, made)), (Step::Published, Step::Published));
}

#[test]
fn verdicts_that_were_not_believed_are_asked_for_again() {
    let (mut engine, mut server, old) = set_back();
    let before = engine.progress().cursor;
    hear_of_the_former_life(&mut engine, &mut server, old);
    assert_eq!((engine.progress().cursor, engine.progress().published_through), (before, 1));
    let mut cursors = Vec::new();
    talk(&mut engine, &mut server, Event::SyncNow, |request, answer| {
        cursors.extend((request.route == Route::Exchange).then(|| asked(request).cursor));
        Ok(answer)
    });
    assert_eq!(cursors.first(), Some(&before), "from where the verdicts have not been told");
}

#[test]
fn a_verdict_that_comes_before_its_receipt_counts_when_it_comes_with_it() {
    let (mut engine, mut server) = enrolled(22);
    let kept = write_lead(&mut engine, 1, "kept");
    let refused = write_lead(&mut engine, 2, "refused");
    let mut first = true;
    // The first answer acknowledges one line of the two, and speaks of both.
    let outcome = talk(&mut engine, &mut server, Event::SyncNow, |request, answer| {
        let Some(Segment { from: 1, .. }) =
            (request.route == Route::Exchange).then(|| asked(request).segment).flatten()
        else {
            return Ok(answer);
        };
        Ok(FakeServer::alter(answer, |response| {
            response.verdicts = vec![rejected(2)];
            response.cursor = Some(AFTER_THE_VERDICTS);
            if std::mem::take(&mut first) {
                (response.receipt, response.resend_from) = (None, Some(1));
            }
        }))
    });
    assert_eq!((outcome.failure, first), (None, false));
    let refusals = engine.store().refusals().unwrap();
    assert_eq!(
        refusals.iter().map(|refusal| (refusal.record, refusal.reason.as_str())).collect::<Vec<_>>(),
        [(refused, "已经成交")]
    );
    assert_eq!(engine.progress().cursor, Some(AFTER_THE_VERDICTS));
    assert!(engine.store().row(kept).unwrap().is_some() && engine.store().row(refused).unwrap().is_none());
}
