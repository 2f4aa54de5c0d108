//! A scope that changed: what is here is named, what is called gone leaves, and nothing of one's own is lost by it.

use super::*;
use crate::store::ScopeCheck;
use crate::wire;
use crate::wire::exchange::{Baseline, ExchangeRequest, GoneReason, MAX_HOLDING, News, PullItem};

fn asked(request: &WireRequest) -> Option<Vec<RecordId>> {
    (request.route == Route::Exchange).then(|| {
        wire::decode::<ExchangeRequest>(&request.body.bytes, request.body.encoding, MAX_ANSWER).unwrap().holding
    })?
}

fn gone(ids: &[RecordId]) -> Vec<PullItem> {
    ids.iter().map(|id| PullItem { record: *id, news: News::Gone(GoneReason::ScopeChanged) }).collect()
}

/// Says `begun` to the first exchange, and calls gone whatever of `out` is named.
fn new_scope(
    out: &[RecordId],
    asked_for: &mut Vec<Option<Vec<RecordId>>>,
    request: &WireRequest,
    answer: WireResponse,
) -> WireResponse {
    if request.route != Route::Exchange || answer.media_type != MEDIA_TYPE {
        return answer;
    }
    let first = asked_for.is_empty();
    let holding = asked(request);
    asked_for.push(holding.clone());
    FakeServer::alter(answer, |answer| {
        if first {
            answer.baseline = Some(Baseline::Begun);
        } else if let Some(holding) = holding {
            answer.baseline = Some(Baseline::Checked);
            let named: Vec<RecordId> = holding.into_iter().filter(|id| out.contains(id)).collect();
            answer.pull.extend(gone(&named));
        }
    })
}

#[test]
fn what_is_here_is_named_page_by_page_and_leaves_if_it_is_called_gone() {
    let (mut engine, mut server) = enrolled(40);
    let mut ids: Vec<_> = (0..MAX_HOLDING as u64 + 7).map(|n| write_lead(&mut engine, 1_000 + n, "note")).collect();
    ids.sort_unstable();
    talk(&mut engine, &mut server, Event::SyncNow, |_, answer| Ok(answer));
    let out = [ids[0], ids[MAX_HOLDING - 1], ids[MAX_HOLDING], ids[MAX_HOLDING + 6]];
    let mut asked_for = Vec::new();
    // The connection breaks after each answer, and the app dies: what was asked is not asked again.
    for _ in 0..3 {
        let mut answered = 0;
        talk(&mut engine, &mut server, Event::SyncNow, |request, answer| {
            answered += usize::from(request.route == Route::Exchange);
            if answered > 1 {
                Err(TransportError::Interrupted)
            } else {
                Ok(new_scope(&out, &mut asked_for, request, answer))
            }
        });
        let store = engine.store().clone();
        engine = Engine::open(store, "test/1".to_owned()).unwrap();
    }
    let pages = [None, Some(ids[..MAX_HOLDING].to_vec()), Some(ids[MAX_HOLDING..].to_vec())];
    assert_eq!(asked_for, pages);
    assert_eq!(engine.progress().check, None);
    ids.retain(|id| !out.contains(id));
    assert_eq!(engine.store().held(None, 1_000).unwrap(), ids);
    let outcome = talk(&mut engine, &mut server, Event::SyncNow, |request, answer| {
        assert_eq!(asked(request), None);
        Ok(answer)
    });
    assert_eq!((outcome.failure, outcome.pulled, outcome.exchanges), (None, 0, 1));
}

/// A server that says nothing about it is asked again in the next run, not over and over in this one.
#[test]
fn an_answer_that_passes_over_the_question_leaves_it_open() {
    let (mut engine, mut server) = enrolled(41);
    let id = write_lead(&mut engine, 1, "note");
    let mut asked_for = Vec::new();
    talk(&mut engine, &mut server, Event::SyncNow, |request, answer| {
        Ok(if asked_for.is_empty() { new_scope(&[], &mut asked_for, request, answer) } else { answer })
    });
    assert_eq!(engine.progress().check, Some(ScopeCheck::default()));
    let mut named = Vec::new();
    let outcome = talk(&mut engine, &mut server, Event::SyncNow, |request, answer| {
        named.extend(asked(request));
        Ok(answer)
    });
    assert_eq!((outcome.failure, outcome.exchanges, named), (None, 1, vec![vec![id]]));
    assert_eq!(engine.progress().check, Some(ScopeCheck::default()));
}

/// The scope changes while unsent work waits: it gets through, and the bytes stay until a backup has them, so that a
/// server that is set back gets them a second time.
#[test]
fn what_left_with_the_scope_is_sent_before_and_again_to_a_server_that_was_set_back() {
    let (mut engine, mut server) = enrolled(42);
    let before = server.clone();
    let ids: Vec<_> = (0..3).map(|n| write_lead(&mut engine, n, "note")).collect();
    talk(&mut engine, &mut server, Event::SyncNow, |_, answer| Ok(answer));
    engine.notebook(clock(20), 480).edit::<LeadFacts>(ids[0], &[LeadEdit::Consent(Some(true))]).unwrap();
    let mut asked_for = Vec::new();
    let outcome = talk(&mut engine, &mut server, Event::SyncNow, |request, answer| {
        Ok(new_scope(&ids, &mut asked_for, request, answer))
    });
    assert_eq!((outcome.failure, server.lines()), (None, 4));
    assert!(engine.store().held(None, 10).unwrap().is_empty());
    assert!(ids.iter().all(|id| engine.store().row(*id).unwrap().is_none()));

    let mut server = before;
    let outcome = talk(&mut engine, &mut server, Event::SyncNow, |_, answer| Ok(answer));
    assert_eq!((outcome.failure, server.lines()), (None, 4));
    assert!(server.named().is_empty(), "with all their bytes");

    // Once a verified backup holds them, they may go.
    talk(&mut engine, &mut server, Event::SyncNow, |request, answer| {
        Ok(if request.route == Route::Exchange {
            FakeServer::alter(answer, |answer| answer.backed_up_through = 3)
        } else {
            answer
        })
    });
    let kept: Vec<bool> =
        engine.store().outbox(0, FULL_BATCH).unwrap().iter().map(|item| item.change.is_some()).collect();
    assert_eq!(kept, [false, false, false, true]);
}
