//! What people do with changes that were set aside.

use axum::http::Method;
use serde_json::{Value, json};
use server::service::projector;
use sync_core::id::RecordId;
use sync_core::store::Store as _;
use sync_core::trust::code;
use sync_core::wire::enrol::Role;
use sync_core::wire::exchange::Verdict;

use crate::support::house::{ELSEWHERE, HERE};
use crate::support::{Answer, House, Phone, Staff, TestApp};

struct Ward {
    test: TestApp,
    house: House,
    phone: Phone,
    reviewer: Staff,
    record: RecordId,
}

/// A lead and an edit of it, of which the server believes that they killed it.
async fn suspects() -> Ward {
    suspects_with(&[]).await
}

async fn suspects_with(settings: &[(&str, &str)]) -> Ward {
    let test = TestApp::without_projector_with(settings).await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let record = phone.register("张伟");
    phone.rename(record, "张炜");
    assert_eq!(phone.sync(&test).await.failure, None);
    let test = test.killed_by_each_change_of(record).await;
    let reviewer = house.staff(&test, Role::Reviewer, HERE).await;
    Ward { test, house, phone, reviewer, record }
}

impl Ward {
    async fn post(&self, who: &Staff, item: &Value, act: &str, body: Value) -> Answer {
        let path = format!("/api/v1/quarantine/{}/{act}", item["id"]);
        self.test.call(Method::POST, &path, Some(&who.cookie), Some(&body)).await
    }

    /// The changes that are quarantined, in the order in which they came.
    async fn list(&self, query: &str) -> Vec<Value> {
        let mut listed = self.reviewer.list(&self.test, &format!("/api/v1/quarantine{query}")).await;
        listed.reverse();
        listed
    }

    /// The codes of a list, each with how often it stands there.
    async fn codes(&self, query: &str) -> Vec<(String, u64)> {
        let codes = self.reviewer.list(&self.test, &format!("/api/v1/quarantine/codes{query}")).await;
        codes.iter().map(|one| (one["code"].as_str().unwrap().to_owned(), one["changes"].as_u64().unwrap())).collect()
    }

    async fn sync(&mut self) {
        assert_eq!(self.phone.sync(&self.test).await.failure, None);
    }

    fn problems(&self) -> Vec<Verdict> {
        let sync = self.phone.engine.store().record_sync(self.record).unwrap();
        sync.problems.into_iter().map(|problem| problem.verdict).collect()
    }
}

#[tokio::test]
async fn suspects_are_replayed_one_at_a_time() {
    let mut ward = suspects().await;
    let listed = ward.list("").await;
    let codes: Vec<_> = listed.iter().map(|item| item["code"].as_str().unwrap()).collect();
    assert_eq!(codes, [code::FATAL, code::FATAL]);
    assert!(listed[0]["reason"].as_str().unwrap().contains("failed"));
    let device = ward.phone.engine.identity().unwrap().device;
    for (query, found) in [
        (format!("?device={device}"), 2),
        (format!("?device={}", sync_core::id::DeviceId::from([1; 16])), 0),
        ("?code=change.fatal".to_owned(), 2),
        ("?code=change.malformed".to_owned(), 0),
        ("?state=refused".to_owned(), 0),
        ("?limit=1".to_owned(), 1),
    ] {
        assert_eq!(ward.list(&query).await.len(), found, "{query}");
    }
    let fatal = [(code::FATAL.to_owned(), 2)];
    assert_eq!(ward.codes("?code=change.malformed&limit=1").await, fatal, "whichever page and code are looked at");
    assert_eq!(ward.codes(&format!("?device={device}")).await, fatal);
    for none in [format!("?device={}", sync_core::id::DeviceId::from([1; 16])), "?state=refused".to_owned()] {
        assert_eq!(ward.codes(&none).await, [], "{none}");
    }
    let other = ward.house.staff(&ward.test, Role::HqAdmin, ELSEWHERE).await;
    assert_eq!(other.list(&ward.test, "/api/v1/quarantine/codes").await, [json!(null); 0]);

    let shown = ward.reviewer.get(&ward.test, &format!("/api/v1/quarantine/{}", listed[0]["id"])).await.good().json();
    assert!(shown["raw"].as_str().unwrap().len() > 100);
    assert!(shown["fields"].as_array().unwrap().iter().any(|field| field["value"] == "张伟"), "{shown}");
    assert_eq!(ward.post(&other, &listed[0], "replay", json!({})).await.code(), "resource.not_found");
    let auditor = ward.house.staff(&ward.test, Role::Auditor, HERE).await;
    assert_eq!(ward.post(&auditor, &listed[0], "replay", json!({})).await.code(), "permission.denied");

    // The second one first: it waits for the one before it, and follows by itself.
    let replayed = ward.post(&ward.reviewer, &listed[1], "replay", json!({ "reason": "fixed" })).await.good().json();
    assert_eq!((replayed["state"].as_str(), replayed["decision"]["reason"].as_str()), (Some("waiting"), Some("fixed")));
    assert_eq!(replayed["missing"], json!([{ "change": listed[0]["change"], "state": "quarantined" }]));
    let replayed = ward.post(&ward.reviewer, &listed[0], "replay", json!({})).await.good().json();
    assert_eq!(
        (replayed["state"].as_str(), replayed["decision"]["act"].as_str()),
        (Some("published"), Some("replayed"))
    );
    ward.post(&ward.reviewer, &listed[0], "replay", json!({})).await.good();
    let second = ward.house.staff(&ward.test, Role::HqAdmin, HERE).await;
    let late = ward.post(&second, &listed[0], "discard", json!({ "reason": "no" })).await;
    assert_eq!(late.code(), "quarantine.decided");
    assert_eq!(ward.list("").await.len(), 0);
    ward.sync().await;
    assert_eq!(ward.problems(), []);
    let line = ward.reviewer.list(&ward.test, "/api/v1/records").await.remove(0);
    assert_eq!(line["title"], "张炜");
}

#[tokio::test]
async fn what_is_discarded_is_kept_and_the_persons_text_with_it() {
    let mut ward = suspects().await;
    ward.sync().await;
    let listed = ward.list("").await;
    assert_eq!(
        ward.post(&ward.reviewer, &listed[0], "discard", json!({ "reason": " " })).await.code(),
        "decision.reason"
    );
    let gone = ward.post(&ward.reviewer, &listed[0], "discard", json!({ "reason": "测试数据" })).await.good().json();
    assert_eq!((gone["state"].as_str(), gone["code"].as_str()), (Some("refused"), Some(code::DISCARDED)));
    assert!(gone["raw"].as_str().unwrap().len() > 100, "the bytes are kept");
    let follows = ward.post(&ward.reviewer, &listed[1], "replay", json!({})).await.good().json();
    assert_eq!((follows["state"].as_str(), follows["code"].as_str()), (Some("refused"), Some(code::FOLLOWS_REFUSED)));
    let refused = [code::FOLLOWS_REFUSED, code::DISCARDED].map(|code| (code.to_owned(), 1));
    assert_eq!(ward.codes("?state=refused").await, refused);

    ward.sync().await;
    assert_eq!(ward.phone.engine.store().row(ward.record).unwrap(), None, "the record made by it is gone");
    let refusals = ward.phone.engine.store().refusals().unwrap();
    assert_eq!((refusals.len(), refusals[0].reason.as_str()), (2, "测试数据"));
    let clock =
        sync_core::time::ClockReading { wall: crate::support::MORNING, mono_ms: 1, boot: sync_core::time::BootId(1) };
    let ids: Vec<RecordId> =
        refusals.iter().map(|refusal| ward.phone.engine.notebook(clock, 480).offer_again(refusal).unwrap()).collect();
    assert!(ids[0] == ids[1] && ids[0] != ward.record, "the parts come together again, in a new record");
    assert_eq!(ward.phone.lead(ids[0]).facts.name.as_deref(), Some("张炜"));
    ward.sync().await;
    projector::drain(&ward.test.app).await.unwrap();
    ward.sync().await;
    let line = ward.reviewer.list(&ward.test, "/api/v1/records").await.remove(0);
    assert_eq!((line["title"].as_str(), line["id"].as_str()), (Some("张炜"), Some(ids[0].to_string().as_str())));
    assert_eq!(ward.phone.engine.store().refusals().unwrap(), []);
}

#[tokio::test]
async fn what_waits_too_long_is_shown_and_still_follows_by_itself() {
    for (settings, days) in [(&[][..], 5), (&[("DAYBOOK_LIMITS_WAITING_DAYS", "9")], 9)] {
        waits_for(suspects_with(settings).await, days).await;
    }
}

async fn waits_for(mut ward: Ward, days: i64) {
    let listed = ward.list("").await;
    ward.post(&ward.reviewer, &listed[1], "replay", json!({})).await.good();
    ward.sync().await;
    let awaited: sync_core::id::ChangeHash = listed[0]["change"].as_str().unwrap().parse().unwrap();
    let fatal = Verdict::Quarantined { code: code::FATAL.to_owned() };
    assert_eq!(ward.problems(), [fatal, Verdict::Need { deps: vec![awaited] }]);
    let waiting = ward.list("?state=waiting").await;
    assert_eq!((waiting.len(), &waiting[0]["overdue"]), (1, &json!(false)));
    assert_eq!(ward.list("").await.len(), 1);

    ward.test.clock.advance(days * 24 * 3_600_000);
    ward.reviewer = ward.house.staff(&ward.test, Role::Reviewer, HERE).await;
    assert_eq!(ward.list("").await.len(), 1, "to the day");
    ward.test.clock.advance(1_000);
    ward.reviewer = ward.house.staff(&ward.test, Role::Reviewer, HERE).await;
    let shown = ward.list("").await;
    assert_eq!(shown.len(), 2, "flagged among the quarantined: {shown:?}");
    assert_eq!(shown[1]["overdue"], json!(true));
    let both = [code::FATAL, code::WAITING].map(|code| (code.to_owned(), 1));
    assert_eq!(ward.codes("").await, both);
    assert_eq!(shown[1]["missing"][0]["change"], listed[0]["change"]);
    ward.post(&ward.reviewer, &listed[0], "replay", json!({})).await.good();
    assert_eq!(ward.list("").await.len(), 0);
    assert_eq!(ward.list("?state=waiting").await.len(), 0);
}
