//! Phones that are not who they were: copied, cut off, wiped, forgotten by the server, and enrolled again.

use std::collections::BTreeMap;

use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;

use super::registry::Registry;
use super::*;
use crate::record::entry::{FollowUp, FollowUpRequest};
use crate::record::view::AnyView;
use crate::store::{Standing, Tombstone};
use crate::wire::exchange::Verdict;

const APP: &str = "test/1";

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// It arrives, and so does its answer.
    Nothing,
    /// The app is killed before it goes out.
    Before,
    /// It arrives, and the app is killed before the answer is there.
    After,
}

struct Phone {
    engine: TestEngine,
    rng: ChaCha20Rng,
    seconds: i64,
    secret: [u8; 32],
}

impl Phone {
    fn new(seed: u8) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(u64::from(seed));
        let mut engine = Engine::open(MemoryStore::default(), APP.to_owned()).unwrap();
        assert!(!engine.check_installation(&[seed; 32], &mut rng).unwrap());
        Self { engine, rng, seconds: 0, secret: [seed; 32] }
    }

    fn enrolled(server: &mut Registry, seed: u8) -> Self {
        let mut phone = Self::new(seed);
        assert_eq!(phone.enrol(server, &format!("CODE-{seed}")).failure, None);
        phone
    }

    /// This phone's backup, restored onto another phone.
    fn copy(&self, seed: u8) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(u64::from(seed));
        let mut engine = Engine::open(self.engine.store().clone(), APP.to_owned()).unwrap();
        assert!(engine.check_installation(&[seed; 32], &mut rng).unwrap());
        engine.requests = u64::from(seed) * 10_000;
        Self { engine, rng, seconds: self.seconds, secret: [seed; 32] }
    }

    /// The app is killed and started again.
    fn restart(&mut self) {
        let requests = self.engine.requests;
        self.engine = Engine::open(self.engine.store().clone(), APP.to_owned()).unwrap();
        self.engine.check_installation(&self.secret, &mut self.rng).unwrap();
        self.engine.requests = requests + 100;
    }

    fn now(&mut self) -> ClockReading {
        self.seconds += 1;
        clock(self.seconds)
    }

    fn device(&self) -> DeviceId {
        self.engine.identity().unwrap().device
    }

    fn unsent(&self) -> u64 {
        self.engine.store().head().unwrap().n - self.engine.progress().acknowledged
    }

    /// Makes a lead with these words as its notes.
    fn write(&mut self, words: &str) -> RecordId {
        let now = self.now();
        let facts = LeadFacts { notes: words.to_owned(), ..LeadFacts::default() };
        let request = CreateRequest { facts, ..CreateRequest::default() };
        self.engine.notebook(now, 480).create(&mut self.rng, request).unwrap().header.id
    }

    /// Adds words to a lead.
    fn add(&mut self, record: RecordId, words: &str) {
        let now = self.now();
        let request = FollowUpRequest { text: words.to_owned(), ..FollowUpRequest::default() };
        self.engine.notebook(now, 480).append::<FollowUp>(&mut self.rng, record, request).unwrap();
    }

    fn enrol(&mut self, server: &mut Registry, code: &str) -> Outcome {
        self.talk(server, enrolment(code), |_, _| Cut::Nothing).unwrap()
    }

    fn sync(&mut self, server: &mut Registry) -> Outcome {
        self.talk(server, Event::SyncNow, |_, _| Cut::Nothing).unwrap()
    }

    /// Lets the engine and the server talk until the run is over; `None` if the app was killed in between.
    fn talk(
        &mut self,
        server: &mut Registry,
        event: Event,
        mut cut: impl FnMut(&mut Self, &WireRequest) -> Cut,
    ) -> Option<Outcome> {
        let now = self.now();
        let mut effects = self.engine.handle(now, &mut self.rng, event).unwrap();
        for _ in 0..300 {
            if let Some(outcome) = finished(&effects) {
                return Some(outcome);
            }
            let (id, request) = send(&effects).unwrap();
            match cut(self, &request) {
                Cut::Before => {
                    self.restart();
                    return None;
                }
                Cut::After => {
                    server.answer(&request);
                    self.restart();
                    return None;
                }
                Cut::Nothing => {}
            }
            let answer = server.answer(&request);
            let now = self.now();
            effects = self.engine.handle(now, &mut self.rng, Event::Response(id, Ok(answer))).unwrap();
        }
        panic!("the run does not end");
    }
}

fn enrolment(code: &str) -> Event {
    Event::Enrol { code: code.to_owned(), label: "phone".to_owned() }
}

/// How often the server holds each of the words.
fn words(server: &Registry) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for view in server.records().into_values() {
        let AnyView::Lead(view) = view else { panic!("only leads are made here") };
        for text in view.follow_ups.iter().map(|entry| entry.entry.text.clone()).chain([view.facts.notes.clone()]) {
            *found.entry(text).or_default() += 1;
        }
    }
    found
}

#[track_caller]
fn holds_once(server: &Registry, expected: &[&str]) {
    let expected: BTreeMap<String, usize> = expected.iter().map(|words| ((*words).to_owned(), 1)).collect();
    assert_eq!(words(server), expected);
}

#[test]
fn the_same_secret_and_no_secret_change_nothing() {
    let mut server = Registry::new();
    let mut phone = Phone::enrolled(&mut server, 1);
    phone.write("a");
    let before = phone.engine.identity().cloned();
    phone.restart();
    assert_eq!(phone.engine.identity().cloned(), before);
    let unasked = Engine::open(phone.engine.store().clone(), APP.to_owned()).unwrap();
    assert_eq!((unasked.identity().cloned(), unasked.moved), (before, false));
}

#[test]
fn another_secret_changes_the_actor_before_anything_is_written_and_the_identity_when_all_is_sent() {
    let mut server = Registry::new();
    let mut phone = Phone::enrolled(&mut server, 1);
    let record = phone.write("a");
    phone.sync(&mut server);
    phone.add(record, "b");
    let mut copy = phone.copy(2);
    let (old, new) = (phone.engine.identity().unwrap().clone(), copy.engine.identity().unwrap().clone());
    assert_eq!(old.device, new.device);
    assert_ne!(old.actor, new.actor);
    copy.add(record, "c");
    copy.restart();
    assert!(copy.engine.moved, "it is not forgotten");
    assert_eq!(copy.engine.identity(), Some(&new));
    assert_eq!(copy.sync(&mut server).failure, None);
    assert_ne!(copy.device(), old.device);
    assert!(!copy.engine.moved && server.devices[&old.device].forked);
    assert_eq!(server.devices[&old.device].journal.len(), 3, "everything went out under the old identity");
    holds_once(&server, &["a", "b", "c"]);
    copy.restart();
    assert!(!copy.engine.moved);
    assert_eq!((copy.sync(&mut server).exchanges, server.lines()), (1, 3));
}

/// Two phones with one past, both with edits from before and after the copy, in either order, with the app of either
/// killed before or after each of its requests.
#[test]
fn twins_lose_nothing_and_double_nothing_whoever_comes_first_and_wherever_they_are_cut() {
    let all = ["a", "b", "c", "from one", "one more", "from two", "two more", "later one", "later two"];
    for first in [0, 1] {
        for cut_at in 0..9 {
            for cut in [Cut::Before, Cut::After] {
                let mut server = Registry::new();
                let mut one = Phone::enrolled(&mut server, 1);
                let record = one.write("a");
                one.sync(&mut server);
                one.add(record, "b");
                one.write("c");
                let mut two = one.copy(2);
                one.add(record, "from one");
                one.write("one more");
                two.add(record, "from two");
                two.write("two more");
                let mut twins = [one, two];
                for turn in [first, 1 - first, first, 1 - first] {
                    let mut asked = 0;
                    let done = twins[turn].talk(&mut server, Event::SyncNow, |_, _| {
                        asked += 1;
                        if asked - 1 == cut_at { cut } else { Cut::Nothing }
                    });
                    assert!(done.is_none_or(|outcome| outcome.failure.is_none()));
                }
                let [one, two] = &mut twins;
                one.add(record, "later one");
                two.write("later two");
                for _ in 0..2 {
                    assert_eq!(one.sync(&mut server).failure, None);
                    assert_eq!(two.sync(&mut server).failure, None);
                }
                holds_once(&server, &all);
                assert_ne!(one.device(), two.device());
                assert_eq!((one.unsent(), two.unsent(), one.engine.moved, two.engine.moved), (0, 0, false, false));
                assert_eq!(one.sync(&mut server).exchanges, 1);
            }
        }
    }
}

#[test]
fn a_copy_with_more_than_one_message_of_common_lines_is_recognised() {
    let mut server = Registry::new();
    let mut one = Phone::enrolled(&mut server, 1);
    let names: Vec<String> = (0..230).map(|number| format!("n{number}")).collect();
    for name in &names {
        one.write(name);
    }
    let mut two = one.copy(2);
    one.write("one");
    two.write("two");
    for _ in 0..2 {
        assert_eq!(one.sync(&mut server).failure, None);
        assert_eq!(two.sync(&mut server).failure, None);
    }
    let expected: Vec<&str> = names.iter().map(String::as_str).chain(["one", "two"]).collect();
    holds_once(&server, &expected);
}

#[test]
fn a_server_that_was_set_back_and_went_on_with_a_copy_finds_out_where_they_part() {
    for idle in [true, false] {
        let mut server = Registry::new();
        let mut one = Phone::enrolled(&mut server, 1);
        one.write("common");
        one.sync(&mut server);
        let backup = server.clone();
        // Two phones without a secret: only the server can tell them apart.
        let mut two =
            Phone { engine: Engine::open(one.engine.store().clone(), APP.to_owned()).unwrap(), ..Phone::new(2) };
        two.engine.requests = 50_000;
        one.write("one");
        one.write("one more");
        one.sync(&mut server);
        server = backup;
        for words in ["two", "two more", "two once more", "two for the last time"] {
            two.write(words);
        }
        assert_eq!(two.sync(&mut server).failure, None);
        // The server acknowledged two lines of the first phone's in its other life, and holds as many of the second's.
        let mut expected =
            vec!["common", "one", "one more", "two", "two more", "two once more", "two for the last time"];
        if !idle {
            one.write("later");
            expected.push("later");
        }
        assert_eq!(one.sync(&mut server).failure, None, "idle: {idle}");
        assert_eq!(two.sync(&mut server).failure, None);
        holds_once(&server, &expected);
    }
}

#[test]
fn a_device_that_was_cut_off_hands_in_everything_and_says_so() {
    let mut server = Registry::new();
    let mut phone = Phone::enrolled(&mut server, 1);
    let record = phone.write("before");
    phone.sync(&mut server);
    server.revoke(phone.device());
    let names: Vec<String> = (0..130).map(|number| format!("n{number}")).collect();
    let made: Vec<RecordId> = names.iter().map(|name| phone.write(name)).collect();
    let outcome = phone.sync(&mut server);
    assert_eq!((outcome.failure, outcome.pushed), (Some(Failure::Revoked), 130));
    assert_eq!((phone.unsent(), phone.engine.progress().standing), (0, Standing::Revoked));
    assert_eq!(server.quarantined(), 130);
    let problems = |phone: &Phone, id| phone.engine.store().record_sync(id).unwrap().problems;
    assert_eq!(problems(&phone, record), vec![]);
    for id in &made {
        let verdict = problems(&phone, *id)[0].verdict.clone();
        assert_eq!(verdict, Verdict::Quarantined { code: "device.revoked".to_owned() });
    }
    // It can still be written on, and what was written is handed in as well.
    phone.restart();
    phone.add(record, "after");
    assert_eq!(phone.sync(&mut server).failure, Some(Failure::Revoked));
    assert_eq!((server.quarantined(), phone.unsent()), (131, 0));
    let outcome = phone.sync(&mut server);
    assert_eq!((outcome.failure, outcome.exchanges), (Some(Failure::Revoked), 1));
}

#[test]
fn twins_of_a_device_that_was_cut_off_both_hand_in() {
    for first in [0, 1] {
        let mut server = Registry::new();
        let mut one = Phone::enrolled(&mut server, 1);
        one.write("a");
        one.sync(&mut server);
        let mut two = one.copy(2);
        one.write("one");
        two.write("two");
        server.revoke(one.device());
        let mut twins = [one, two];
        for turn in [first, 1 - first, first] {
            assert_eq!(twins[turn].sync(&mut server).failure, Some(Failure::Revoked));
        }
        holds_once(&server, &["a", "one", "two"]);
        assert_eq!(server.quarantined(), 2);
        assert!(server.devices.values().all(|known| known.revoked.is_some()), "a new identity does not help");
    }
}

#[test]
fn a_wipe_waits_for_what_is_saved_meanwhile_and_is_told_until_it_is_heard() {
    let mut server = Registry::new();
    let mut phone = Phone::enrolled(&mut server, 1);
    phone.write("a");
    server.order_wipe(phone.device());
    let device = phone.device();
    // The edit comes while the message that says "nothing left" is on its way, and the order with the answer to it.
    let mut asked = 0;
    let outcome = phone.talk(&mut server, Event::SyncNow, |phone, request| {
        if request.route == Route::Exchange {
            asked += 1;
            if asked == 2 {
                phone.write("b");
            }
            if asked == 5 {
                return Cut::Before;
            }
        }
        Cut::Nothing
    });
    assert_eq!(outcome, None, "killed before it could say that it is wiped");
    holds_once(&server, &["a", "b"]);
    assert!(!server.devices[&device].wiped);
    assert_eq!(phone.engine.identity(), None);
    assert!(
        matches!(phone.engine.store().tombstone().unwrap(), Some(Tombstone { device: found, .. }) if found == device)
    );
    assert_eq!(phone.engine.store().count(&crate::store::RowFilter::default()).unwrap(), 0);
    // The answer is lost, and lost again; then it gets through, and there is nothing more to say.
    let lost = phone.talk(&mut server, Event::Tick, |_, request| match request.route {
        Route::Exchange => Cut::After,
        _ => Cut::Nothing,
    });
    assert_eq!(lost, None);
    assert!(server.devices[&device].wiped);
    assert_eq!(phone.sync(&mut server).failure, Some(Failure::NotEnrolled));
    assert_eq!(phone.engine.store().tombstone().unwrap(), None);
    assert_eq!(phone.enrol(&mut server, "ANEW").failure, None);
    assert_ne!(phone.device(), device);
    phone.write("c");
    assert_eq!(phone.sync(&mut server).failure, None);
    holds_once(&server, &["a", "b", "c"]);
}

#[test]
fn a_wiped_phone_that_the_server_has_forgotten_or_that_enrols_at_once_comes_to_rest() {
    let mut server = Registry::new();
    let before = server.clone();
    let mut phone = Phone::enrolled(&mut server, 1);
    phone.write("a");
    server.order_wipe(phone.device());
    let mut wiped = false;
    phone.talk(&mut server, Event::SyncNow, |phone, _| {
        wiped = phone.engine.identity().is_none();
        if wiped { Cut::Before } else { Cut::Nothing }
    });
    assert!(wiped);
    let mut again =
        Phone { engine: Engine::open(phone.engine.store().clone(), APP.to_owned()).unwrap(), ..Phone::new(3) };
    again.engine.requests = 70_000;
    assert_eq!(again.enrol(&mut server, "ANEW").failure, None, "it says farewell first");
    assert_eq!(again.engine.store().tombstone().unwrap(), None);
    server = before;
    assert_eq!(phone.sync(&mut server).failure, Some(Failure::NotEnrolled));
    assert_eq!(phone.engine.store().tombstone().unwrap(), None);
}

#[test]
fn a_wipe_ends_with_its_own_word() {
    let mut server = Registry::new();
    let mut phone = Phone::enrolled(&mut server, 1);
    server.order_wipe(phone.device());
    assert_eq!(phone.sync(&mut server).failure, Some(Failure::Wiped));
    assert_eq!(phone.sync(&mut server).failure, Some(Failure::NotEnrolled));
}

#[test]
fn a_healthy_device_does_not_enrol_again() {
    let mut server = Registry::new();
    let mut phone = Phone::enrolled(&mut server, 1);
    let now = phone.now();
    let refused = phone.engine.handle(now, &mut phone.rng, enrolment("NEW"));
    assert!(matches!(refused, Err(EngineError::AlreadyEnrolled)));
}

#[test]
fn a_device_that_the_server_forgot_is_enrolled_anew_with_everything_and_once() {
    for cut_at in 0..8 {
        for cut in [Cut::Nothing, Cut::Before, Cut::After] {
            let mut server = Registry::new();
            let before = server.clone();
            let mut phone = Phone::enrolled(&mut server, 1);
            let record = phone.write("a");
            phone.add(record, "b");
            phone.sync(&mut server);
            phone.add(record, "c");
            let old = phone.device();
            server = before;
            assert_eq!(phone.sync(&mut server).failure, Some(Failure::UnknownDevice));
            phone.restart();
            assert_eq!((phone.engine.progress().standing, phone.unsent()), (Standing::Unknown, 1), "it keeps all");
            phone.write("d");
            let mut asked = 0;
            phone.talk(&mut server, enrolment("ANEW"), |phone, _| {
                asked += 1;
                // Somebody writes while the answer is on its way.
                if asked == 2 {
                    phone.add(record, "e");
                }
                if asked - 1 == cut_at { cut } else { Cut::Nothing }
            });
            // If only the answer was lost, the next sync goes through without a code.
            if phone.sync(&mut server).failure.is_some() {
                assert_eq!(phone.enrol(&mut server, "ANEW").failure, None, "{cut:?} at {cut_at}");
            }
            assert_eq!(phone.sync(&mut server).failure, None);
            assert_eq!(phone.device(), old, "it is who it was");
            assert_eq!((phone.unsent(), phone.engine.progress().standing), (0, Standing::Good));
            let mut expected = vec!["a", "b", "c", "d"];
            if asked >= 2 {
                expected.push("e");
            }
            holds_once(&server, &expected);
            assert_eq!(server.devices.len(), 1);
        }
    }
}

#[test]
fn a_server_that_knows_the_device_again_takes_no_new_code() {
    let mut server = Registry::new();
    let before = server.clone();
    let mut phone = Phone::enrolled(&mut server, 1);
    phone.write("a");
    phone.sync(&mut server);
    assert_eq!(phone.sync(&mut before.clone()).failure, Some(Failure::UnknownDevice));
    phone.write("b");
    // The newer backup is found after all, between the failed sync and the new code.
    assert_eq!(phone.enrol(&mut server, "ANEW").failure, Some(Failure::AlreadyEnrolled));
    assert_eq!(phone.sync(&mut server).failure, None);
    assert_eq!((server.devices.len(), phone.engine.progress().standing), (1, Standing::Good));
    holds_once(&server, &["a", "b"]);
}

#[test]
fn a_device_that_was_cut_off_hands_in_before_it_becomes_another() {
    for deposited in [true, false] {
        for cut_at in 0..8 {
            for cut in [Cut::Before, Cut::After] {
                let mut server = Registry::new();
                let mut phone = Phone::enrolled(&mut server, 1);
                let record = phone.write("a");
                phone.sync(&mut server);
                let old = phone.device();
                server.revoke(old);
                phone.sync(&mut server);
                phone.add(record, "b");
                if deposited {
                    phone.sync(&mut server);
                }
                let mut asked = 0;
                phone.talk(&mut server, enrolment("ANEW"), |_, _| {
                    asked += 1;
                    if asked - 1 == cut_at { cut } else { Cut::Nothing }
                });
                if phone.device() == old {
                    assert_eq!(phone.enrol(&mut server, "ANEW").failure, None);
                }
                phone.add(record, "c");
                assert_eq!(phone.sync(&mut server).failure, None);
                assert_eq!((server.devices[&old].journal.len(), server.quarantined(), server.lines()), (2, 1, 3));
                holds_once(&server, &["a", "b", "c"]);
            }
        }
    }
}

#[test]
fn a_copy_of_a_forgotten_device_is_enrolled_anew_as_itself() {
    let mut server = Registry::new();
    let before = server.clone();
    let mut phone = Phone::enrolled(&mut server, 1);
    phone.write("a");
    phone.sync(&mut server);
    let mut copy = phone.copy(2);
    copy.write("b");
    server = before;
    assert_eq!(copy.sync(&mut server).failure, Some(Failure::UnknownDevice));
    assert_eq!(copy.enrol(&mut server, "ANEW").failure, None);
    assert_eq!(copy.sync(&mut server).failure, None);
    assert!(!copy.engine.moved, "it has brought everything, and became another");
    holds_once(&server, &["a", "b"]);
    // The phone that it is a copy of needs no code.
    phone.write("c");
    assert_eq!(phone.sync(&mut server).failure, None);
    holds_once(&server, &["a", "b", "c"]);
    assert!(phone.device() != copy.device());
}
