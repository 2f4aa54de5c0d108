//! Changes to closed records, or by the wrong hand: held, accepted, rejected, and told to the phone.

use axum::http::Method;
use serde_json::{Value, json};
use server::service::projector;
use sync_core::id::RecordId;
use sync_core::store::Store as _;
use sync_core::time::{BootId, ClockReading};
use sync_core::trust::code;
use sync_core::wire::enrol::Role;
use sync_core::wire::exchange::Verdict;

use crate::support::house::{ELSEWHERE, HERE, THERE};
use crate::support::{Answer, House, MORNING, Phone, Staff, TestApp};

struct Desk {
    test: TestApp,
    house: House,
    phone: Phone,
    reviewer: Staff,
    record: RecordId,
}

/// A promoter's lead, approved by head quarters.
async fn approved() -> Desk {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let record = phone.register("张伟");
    assert_eq!(phone.sync(&test).await.failure, None);
    let reviewer = house.staff(&test, Role::Reviewer, HERE).await;
    reviewer.decide(&test, &record.to_string(), json!({ "state": "approved" })).await.good();
    Desk { test, house, phone, reviewer, record }
}

impl Desk {
    fn path(&self, act: &str) -> String {
        let device = self.phone.engine.identity().unwrap().device;
        format!("/api/v1/amendments/{}/{device}{act}", self.record)
    }

    async fn post(&self, who: &Staff, act: &str, body: Value) -> Answer {
        self.test.call(Method::POST, &self.path(act), Some(&who.cookie), Some(&body)).await
    }

    async fn sync(&mut self) {
        assert_eq!(self.phone.sync(&self.test).await.failure, None);
    }

    fn name(&mut self) -> String {
        self.phone.lead(self.record).facts.name.unwrap()
    }

    fn problems(&self) -> Vec<Verdict> {
        let sync = self.phone.engine.store().record_sync(self.record).unwrap();
        sync.problems.into_iter().map(|problem| problem.verdict).collect()
    }
}

/// State and code of each change of an answer.
fn became(answer: &Value) -> Vec<(&str, &str)> {
    let changes = answer["changes"].as_array().unwrap().iter();
    changes.map(|change| (change["state"].as_str().unwrap(), change["code"].as_str().unwrap())).collect()
}

fn clock() -> ClockReading {
    ClockReading { wall: MORNING, mono_ms: 1, boot: BootId(1) }
}

#[tokio::test]
async fn authority_is_judged_when_a_change_is_published_and_not_when_it_came() {
    let test = TestApp::without_projector().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let record = phone.register("张伟");
    assert_eq!(phone.sync(&test).await.failure, None);
    projector::drain(&test.app).await.unwrap();
    phone.rename(record, "张炜");
    assert_eq!(phone.sync(&test).await.failure, None);
    // The edit is received, and allowed as the record stands; then head quarters approves what it sees.
    let reviewer = house.staff(&test, Role::Reviewer, HERE).await;
    reviewer.decide(&test, &record.to_string(), json!({ "state": "approved" })).await.good();
    projector::drain(&test.app).await.unwrap();
    assert_eq!(phone.sync(&test).await.failure, None);
    let problems = phone.engine.store().record_sync(record).unwrap().problems;
    assert_eq!(problems[0].verdict, Verdict::Held { code: code::CLOSED.to_owned() });
    let line = reviewer.list(&test, "/api/v1/records").await.remove(0);
    assert_eq!((line["title"].as_str(), line["review"].as_str()), (Some("张伟"), Some("approved")));
}

#[tokio::test]
async fn an_accepted_amendment_becomes_part_of_the_record_once() {
    let mut desk = approved().await;
    desk.phone.rename(desk.record, "张炜");
    desk.phone.rename(desk.record, "张伟强");
    desk.sync().await;
    assert!(
        matches!(&desk.problems()[..], [Verdict::Held { code }, Verdict::Need { deps }] if code == "record.closed" && deps.len() == 1)
    );

    let listed = desk.reviewer.list(&desk.test, "/api/v1/amendments").await;
    assert_eq!((listed.len(), listed[0]["held"].as_u64()), (1, Some(1)));
    let shown = desk.reviewer.get(&desk.test, &desk.path("")).await.good().json();
    assert_eq!(shown["changes"].as_array().unwrap().len(), 2, "and the one that waits behind it: {shown}");
    let fields = shown["fields"].as_array().unwrap();
    assert_eq!(fields.len(), 2);
    assert!(fields.iter().all(|field| field["old"] == "张伟" && field["new"] == "张伟强" && field["field"] == "name"));
    assert_eq!(shown["unfit"], json!([]));

    // The office may look, but head quarters has closed the record.
    let secretary = desk.house.staff(&desk.test, Role::Secretary, HERE).await;
    secretary.get(&desk.test, &desk.path("")).await.good();
    assert_eq!(desk.post(&secretary, "/accept", json!({})).await.code(), "permission.denied");

    let last = shown["changes"][1]["change"].clone();
    let accepted = desk.post(&desk.reviewer, "/accept", json!({ "through": last })).await.good().json();
    assert_eq!(became(&accepted).iter().map(|(state, _)| *state).collect::<Vec<_>>(), ["published", "published"]);
    // The answer was lost: asking again is the same question. A second reviewer learns what happened.
    desk.post(&desk.reviewer, "/accept", json!({})).await.good();
    let second = desk.house.staff(&desk.test, Role::HqAdmin, HERE).await;
    let late = desk.post(&second, "/reject", json!({ "reason": "no" })).await;
    assert_eq!(late.code(), "amendment.decided");
    assert!(late.json()["detail"].as_str().unwrap().starts_with("accepted by"), "{late:?}");
    let line = desk.reviewer.list(&desk.test, "/api/v1/records").await.remove(0);
    assert_eq!((line["title"].as_str(), line["review"].as_str()), (Some("张伟强"), Some("approved")));

    desk.sync().await;
    assert_eq!((desk.problems(), desk.name().as_str()), (vec![], "张伟强"));
    let outcome = desk.phone.sync(&desk.test).await;
    assert_eq!((outcome.pushed, outcome.pulled), (0, 0));
}

#[tokio::test]
async fn what_came_after_somebody_looked_is_neither_accepted_nor_rejected_with_the_rest() {
    let mut desk = approved().await;
    desk.phone.rename(desk.record, "张炜");
    desk.sync().await;
    let shown = desk.reviewer.get(&desk.test, &desk.path("")).await.good().json();
    let first = shown["changes"][0]["change"].clone();
    desk.phone.rename(desk.record, "张伟强");
    desk.sync().await;

    let [accept, reject] = [json!({ "seen": [&first] }), json!({ "seen": [&first], "reason": "不行" })];
    assert_eq!(desk.post(&desk.reviewer, "/accept", accept).await.code(), "amendment.grew");
    assert_eq!(desk.post(&desk.reviewer, "/reject", reject).await.code(), "amendment.grew");
    let part = json!({ "seen": [&first], "through": &first });
    let accepted = desk.post(&desk.reviewer, "/accept", part).await.good().json();
    assert_eq!(became(&accepted)[0].0, "published", "what was seen is not held up by what follows: {accepted}");
    let line = desk.reviewer.list(&desk.test, "/api/v1/records").await.remove(0);
    assert_eq!(line["title"], "张炜");
}

#[tokio::test]
async fn what_comes_before_a_change_is_accepted_with_it_and_the_rest_waits_for_its_own_decision() {
    let mut desk = approved().await;
    for name in ["a", "b", "c"] {
        desk.phone.rename(desk.record, name);
    }
    desk.sync().await;
    let shown = desk.reviewer.get(&desk.test, &desk.path("")).await.good().json();
    let second = shown["changes"][1]["change"].clone();
    let accepted = desk.post(&desk.reviewer, "/accept", json!({ "through": second })).await.good().json();
    assert_eq!(became(&accepted)[..2].iter().map(|(state, _)| *state).collect::<Vec<_>>(), ["published"; 2]);
    assert_eq!(became(&accepted)[2], ("held", "record.closed"), "judged again, now that it need not wait");
    let nothing = json!({ "through": "00".repeat(32) });
    assert_eq!(desk.post(&desk.reviewer, "/accept", nothing).await.code(), "amendment.decided");
    let line = desk.reviewer.list(&desk.test, "/api/v1/records").await.remove(0);
    assert_eq!(line["title"], "b");
}

#[tokio::test]
async fn a_rejected_amendment_leaves_the_phone_and_its_text_stays() {
    let mut desk = approved().await;
    let actor = desk.phone.engine.identity().unwrap().actor;
    desk.phone.rename(desk.record, "first");
    desk.phone.rename(desk.record, "second");
    desk.sync().await;
    assert_eq!(desk.post(&desk.reviewer, "/reject", json!({})).await.code(), "decision.reason");
    let rejected = desk.post(&desk.reviewer, "/reject", json!({ "reason": "缺证明" })).await.good().json();
    assert_eq!(became(&rejected), [("refused", code::REJECTED), ("refused", code::FOLLOWS_REFUSED)]);
    // Written before the phone hears of it, and sent with the exchange that tells it.
    desk.phone.rename(desk.record, "third");
    desk.sync().await;
    desk.sync().await;
    assert_eq!(desk.name(), "张伟", "what the record shows is what everybody sees");
    let refusals = desk.phone.engine.store().refusals().unwrap();
    let said: Vec<_> = refusals.iter().map(|refusal| (refusal.code.as_str(), refusal.reason.as_str())).collect();
    let follows = (code::FOLLOWS_REFUSED, "");
    assert_eq!(said, [(code::REJECTED, "缺证明"), follows, follows]);
    assert!(refusals.iter().all(|refusal| refusal.title == "third" && refusal.fields.len() == 1), "{refusals:?}");
    assert_eq!(desk.problems().len(), 3);
    assert_ne!(desk.phone.engine.identity().unwrap().actor, actor);
    let aside = desk.reviewer.list(&desk.test, "/api/v1/quarantine?state=refused").await;
    assert_eq!(aside.len(), 3, "nothing waits for ever: {aside:?}");

    // The text is offered again, and is a new amendment of the closed record; the other two are given up.
    let offered = desk.phone.engine.notebook(clock(), 480).offer_again(&refusals[0]).unwrap();
    assert_eq!((offered, desk.name().as_str()), (desk.record, "first"));
    for refusal in &refusals[1..] {
        desk.phone.engine.settle_refusal(refusal).unwrap();
    }
    desk.sync().await;
    assert_eq!(desk.phone.engine.store().refusals().unwrap(), []);
    assert_eq!(desk.problems(), [Verdict::Held { code: code::CLOSED.to_owned() }]);
    desk.post(&desk.reviewer, "/accept", json!({})).await.good();
    desk.sync().await;
    assert_eq!((desk.name().as_str(), desk.problems()), ("first", vec![]));
}

#[tokio::test]
async fn a_restored_server_decides_again_and_the_phone_hears_it_once() {
    for accepted in [false, true] {
        let mut desk = approved().await;
        desk.phone.rename(desk.record, "text");
        desk.sync().await;
        let backup = desk.test.backup().await;
        desk.post(&desk.reviewer, "/reject", json!({ "reason": "no" })).await.good();
        desk.sync().await;
        let refusals = desk.phone.engine.store().refusals().unwrap();
        assert_eq!((refusals.len(), desk.name().as_str()), (1, "张伟"));
        if !accepted {
            desk.phone.engine.settle_refusal(&refusals[0]).unwrap();
        }

        let Desk { test, house, phone, record, .. } = desk;
        let test = test.restored(&backup).await;
        let reviewer = house.staff(&test, Role::Reviewer, HERE).await;
        let mut desk = Desk { test, house, phone, reviewer, record };
        desk.sync().await;
        assert_eq!(desk.problems(), [Verdict::Held { code: code::CLOSED.to_owned() }], "it is held again");
        if accepted {
            desk.post(&desk.reviewer, "/accept", json!({})).await.good();
            desk.sync().await;
            assert_eq!((desk.name().as_str(), desk.problems()), ("text", vec![]));
        } else {
            desk.post(&desk.reviewer, "/reject", json!({ "reason": "no" })).await.good();
            desk.sync().await;
            assert_eq!((desk.name().as_str(), desk.problems()), ("张伟", vec![]), "the person has dealt with it");
        }
        assert_eq!(desk.phone.engine.store().refusals().unwrap(), []);
    }
}

#[tokio::test]
async fn the_office_decides_about_its_own_open_records() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let record = phone.register("张伟");
    assert_eq!(phone.sync(&test).await.failure, None);
    // Arrivals are the office's to confirm.
    phone.assign(record);
    assert_eq!(phone.sync(&test).await.failure, None);
    let reviewer = house.staff(&test, Role::Reviewer, HERE).await;
    let mut desk = Desk { test, house, phone, reviewer, record };
    for (role, office, code) in [
        (Role::Promoter, HERE, "permission.denied"),
        (Role::Supervisor, HERE, "permission.denied"),
        (Role::Auditor, HERE, "permission.denied"),
        (Role::Secretary, THERE, "record.not_found"),
        (Role::HqAdmin, ELSEWHERE, "record.not_found"),
    ] {
        let staff = desk.house.staff(&desk.test, role, office).await;
        assert_eq!(desk.post(&staff, "/accept", json!({})).await.code(), code, "{role:?} {office}");
    }
    let secretary = desk.house.staff(&desk.test, Role::Secretary, HERE).await;
    assert_eq!(secretary.list(&desk.test, "/api/v1/amendments").await.len(), 1);
    let there = desk.house.staff(&desk.test, Role::Secretary, THERE).await;
    assert_eq!(there.list(&desk.test, "/api/v1/amendments").await.len(), 0);
    let accepted = desk.post(&secretary, "/accept", json!({ "reason": "真的来了" })).await.good().json();
    assert_eq!(accepted["changes"][0]["decision"]["reason"], "真的来了");
    desk.sync().await;
    assert_eq!(desk.phone.lead(record).office.consultant.as_deref(), Some("李静"));
    let nothing = format!("/api/v1/amendments/{record}/{}", sync_core::id::DeviceId::from([1; 16]));
    assert_eq!(secretary.get(&desk.test, &nothing).await.code(), "resource.not_found");
}
