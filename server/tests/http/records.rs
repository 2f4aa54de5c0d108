//! Records travel from a phone to the console and back.

use std::collections::HashSet;

use axum::http::Method;
use serde_json::json;
use sync_core::chunk::read_change;
use sync_core::id::ActorId;
use sync_core::record::review::ReviewState;
use sync_core::record::visit::VisitFacts;
use sync_core::wire::enrol::Role;

use crate::support::house::{HERE, THERE};
use crate::support::{House, Phone, Staff, TestApp};

struct Evening {
    test: TestApp,
    phone: Phone,
    reviewer: Staff,
}

/// A promoter has registered these leads and synced; head quarters is signed in.
async fn evening(names: &[&str]) -> Evening {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    for name in names {
        phone.register(name);
    }
    let outcome = phone.sync(&test).await;
    assert!(outcome.failure.is_none() && outcome.pushed == names.len() as u64, "{outcome:?}");
    let reviewer = house.staff(&test, Role::Reviewer, HERE).await;
    Evening { test, phone, reviewer }
}

impl Evening {
    async fn only(&self) -> serde_json::Value {
        let mut lines = self.reviewer.list(&self.test, "/api/v1/records").await;
        assert_eq!(lines.len(), 1);
        lines.remove(0)
    }
}

#[tokio::test]
async fn pages_hold_every_record_once() {
    let names: Vec<String> = (0..7).map(|n| format!("客户{n}")).collect();
    let evening = evening(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut seen = Vec::new();
    let mut path = "/api/v1/records?limit=3".to_owned();
    loop {
        let page = evening.reviewer.get(&evening.test, &path).await.good().json();
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/records?limit=3&after={next}");
    }
    let newest_first: Vec<String> = names.into_iter().rev().collect();
    assert_eq!(seen, newest_first);
    let wrong = evening.reviewer.get(&evening.test, "/api/v1/records?after=x").await;
    assert_eq!(wrong.code(), "request.cursor");
}

#[tokio::test]
async fn places_of_a_page_are_told_at_once_as_far_as_one_sees_the_records() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let places = ["geo:30.65712,104.06588;crs=gcj02;u=12", "nofix:timeout"];
    let mut made: Vec<_> = places
        .map(|place| phone.create(place.parse().ok(), VisitFacts::default()))
        .iter()
        .zip(places)
        .map(|(id, place)| json!({ "record": id.to_string(), "place": place }))
        .collect();
    phone.register("没有位置");
    phone.sync(&test).await;
    made.reverse();
    let reviewer = house.staff(&test, Role::Reviewer, HERE).await;
    let told = reviewer.list(&test, "/api/v1/records/places").await;
    assert_eq!(told, made, "newest first, and nothing of what has none");
    assert_eq!(reviewer.list(&test, "/api/v1/records/places?limit=2").await, made[..1]);
    let elsewhere = house.staff(&test, Role::Secretary, THERE).await;
    assert_eq!(elsewhere.list(&test, "/api/v1/records/places").await, [json!(null); 0]);
}

#[tokio::test]
async fn filters_find_what_they_should() {
    let evening = evening(&["张伟", "王芳"]).await;
    let person = evening.only_owner().await;
    for (query, found) in [
        ("kind=lead", 2),
        ("kind=visit", 0),
        ("state=received", 2),
        ("state=approved", 0),
        ("flag=missing_consent", 2),
        ("flag=cloned_device", 0),
        ("flag=any", 2),
        (&format!("made_by={person}&day=2027-01-15"), 2),
        ("made_by=00000000-0000-0000-0000-000000000000", 0),
        ("made_in=00000000-0000-0000-0000-000000000000&flag=any", 0),
        ("conflict=true", 0),
        ("conflict=false", 2),
        ("text=%E5%BC%A0", 1),
        ("day=2027-01-15", 2),
        ("day=2027-01-14", 0),
        ("from=2027-01-15&to=2027-01-15", 2),
        ("from=2027-01-16", 0),
        ("to=2027-01-14", 0),
        ("to=2027-01-15&text=%E5%BC%A0", 1),
        ("stage=arrived", 0),
        (&format!("promoter={person}"), 2),
        ("promoter=00000000-0000-0000-0000-000000000000", 0),
        ("kind=lead&text=%E7%8E%8B&state=received", 1),
    ] {
        let path = format!("/api/v1/records?{query}");
        assert_eq!(evening.reviewer.list(&evening.test, &path).await.len(), found, "{query}");
    }
    for nonsense in ["kind=house", "state=lost", "flag=red", "day=yesterday", "office=1", "limit=many"] {
        let path = format!("/api/v1/records?{nonsense}");
        assert_eq!(evening.reviewer.get(&evening.test, &path).await.code(), "request.malformed", "{nonsense}");
    }
}

impl Evening {
    async fn only_owner(&self) -> String {
        let lines = self.reviewer.list(&self.test, "/api/v1/records").await;
        lines[0]["owner"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_verdict_travels_back_to_the_phone() {
    let mut evening = evening(&["张伟"]).await;
    let line = evening.only().await;
    let id = line["id"].as_str().unwrap();
    let path = format!("/api/v1/records/{id}");
    let detail = evening.reviewer.get(&evening.test, &path).await.good().json();
    assert_eq!(detail["line"], line);
    assert_eq!(detail["record"]["facts"]["name"], "张伟");
    assert_eq!(detail["people"].as_array().unwrap().len(), 1);
    assert!(detail["history"].as_array().unwrap().iter().any(|change| change["field"] == "name"));

    let (test, reviewer) = (&evening.test, &evening.reviewer);
    let silent = reviewer.decide(test, id, json!({ "state": "returned" })).await;
    assert_eq!(silent.code(), "review.reason");
    let outdated = json!({ "state": "approved", "seen": ["00".repeat(32)] });
    assert_eq!(reviewer.decide(test, id, outdated).await.code(), "review.stale");
    let verdict = json!({ "state": "returned", "reason": "缺电话", "seen": line["heads"] });
    let decided = reviewer.decide(test, id, verdict).await.good().json();
    assert_eq!(decided["line"]["review"], "returned");
    assert_eq!(decided["line"]["review_reason"], "缺电话");

    assert!(evening.phone.sync(&evening.test).await.failure.is_none());
    use sync_core::store::Store as _;
    let row = evening.phone.engine.store().row(id.parse().unwrap()).unwrap().unwrap();
    assert_eq!((row.review, row.review_reason.as_deref()), (ReviewState::Returned, Some("缺电话")));
}

#[tokio::test]
async fn what_is_approved_together_with_others_has_nothing_to_look_at() {
    let mut evening = evening(&["没有同意书"]).await;
    let visit = evening.phone.create(None, VisitFacts::default());
    assert_eq!(evening.phone.sync(&evening.test).await.failure, None);
    let (test, reviewer) = (&evening.test, &evening.reviewer);
    let bulk = || json!({ "state": "approved", "only_clean": true });
    let flagged = reviewer.list(test, "/api/v1/records?kind=lead").await.remove(0);
    assert_eq!(flagged["flags"], json!(["missing_consent"]));
    let refused = reviewer.decide(test, flagged["id"].as_str().unwrap(), bulk()).await;
    assert_eq!(refused.code(), "review.not_clean");
    let approved = reviewer.decide(test, &visit.to_string(), bulk()).await.good().json();
    assert_eq!(approved["line"]["review"], "approved");
}

#[tokio::test]
async fn what_was_written_concurrently_stands_side_by_side_until_one_is_taken() {
    let mut evening = evening(&["张伟"]).await;
    let line = evening.only().await;
    let id = line["id"].as_str().unwrap();
    evening.reviewer.correct(&evening.test, id, "name", json!("张炜")).await.good();
    evening.phone.rename(id.parse().unwrap(), "张玮");
    assert_eq!(evening.phone.sync(&evening.test).await.failure, None);
    let (test, reviewer) = (&evening.test, &evening.reviewer);
    let seen = reviewer.get(test, &format!("/api/v1/records/{id}")).await.good().json();
    let conflict = &seen["record"]["conflicts"][0];
    assert_eq!((&seen["line"]["conflicts"], &conflict["field"]), (&json!(1), &json!("name")));
    let values = conflict["values"].as_array().unwrap().iter();
    let mut values: Vec<_> = values.map(|value| (value["value"].as_str().unwrap(), value["shown"] == true)).collect();
    assert_eq!(values.pop().unwrap(), (seen["record"]["facts"]["name"].as_str().unwrap(), true));
    let taken = values.pop().unwrap();
    assert!(!taken.1 && ["张炜", "张玮"].contains(&taken.0) && values.is_empty());
    let settled = reviewer.correct(test, id, "name", json!(taken.0)).await.good().json();
    assert_eq!((&settled["record"]["conflicts"], &settled["record"]["facts"]["name"]), (&json!([]), &json!(taken.0)));
}

#[tokio::test]
async fn corrections_at_the_console() {
    let evening = evening(&["张伟"]).await;
    let line = evening.only().await;
    let id = line["id"].as_str().unwrap();
    let (test, reviewer) = (&evening.test, &evening.reviewer);
    let corrected = reviewer.correct(test, id, "name", json!("张炜")).await.good().json();
    assert_eq!(corrected["line"]["title"], "张炜");
    assert_eq!(corrected["record"]["facts"]["name"], "张炜");
    assert_eq!(reviewer.correct(test, id, "shoe_size", json!(43)).await.code(), "record.field");
    let (path, cookie) = (format!("/api/v1/records/{id}/facts"), Some(reviewer.cookie.as_str()));
    for (seen, answered) in [(&line["heads"], "review.stale"), (&corrected["line"]["heads"], "")] {
        let body = json!({ "facts": { "occupation": "教师" }, "seen": seen });
        let answer = test.call(Method::PATCH, &path, cookie, Some(&body)).await;
        if answered.is_empty() {
            assert_eq!(answer.good().json()["record"]["facts"]["occupation"], "教师");
        } else {
            assert_eq!(answer.code(), answered, "a value that nobody saw is not overruled");
        }
    }

    // However often somebody writes: a database that lost the last of it never names another change so.
    let record = test.app.store.record(id.parse().unwrap()).await.unwrap();
    let actors: HashSet<ActorId> =
        record.published.iter().map(|change| read_change(&change.raw).unwrap().actor).collect();
    assert_eq!((record.published.len(), actors.len()), (3, 3));

    reviewer.decide(test, id, json!({ "state": "approved" })).await.good();
    assert_eq!(reviewer.correct(test, id, "name", json!("张伟")).await.code(), "record.closed");
    assert_eq!(reviewer.correct(test, "not-an-id", "name", json!("x")).await.code(), "resource.not_found");
}
