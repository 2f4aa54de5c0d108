//! Filters that people keep for themselves.

use axum::http::Method;
use serde_json::{Value, json};
use sync_core::wire::enrol::Role::{Auditor, Reviewer};

use crate::support::house::HERE;
use crate::support::{Answer, House, Staff, TestApp};

async fn keep(test: &TestApp, who: &Staff, name: &str, filter: Value) -> Answer {
    let preset = json!({ "name": name, "filter": filter });
    test.call(Method::POST, "/api/v1/presets", Some(&who.cookie), Some(&preset)).await
}

async fn names(test: &TestApp, who: &Staff) -> Vec<Value> {
    who.list(test, "/api/v1/presets").await.into_iter().map(|preset| preset["name"].clone()).collect()
}

#[tokio::test]
async fn filters_are_kept_for_oneself_and_in_every_browser() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let reviewer = house.staff(&test, Reviewer, HERE).await;
    keep(&test, &reviewer, " 待审 ", json!({ "state": "received" })).await.good();
    keep(&test, &reviewer, "张", json!({ "text": "张" })).await.good();
    let again = keep(&test, &reviewer, "待审", json!({ "state": "returned" })).await.good().json();
    let elsewhere = house.staff(&test, Reviewer, HERE).await;
    let mine = elsewhere.list(&test, "/api/v1/presets").await;
    assert_eq!(again, json!(mine));
    let filter = &mine.iter().find(|preset| preset["name"] == "待审").unwrap()["filter"];
    assert_eq!((mine.len(), filter), (2, &json!({ "state": "returned" })));

    let auditor = house.staff(&test, Auditor, HERE).await;
    assert_eq!(names(&test, &auditor).await, [Value::Null; 0]);
    let path = format!("/api/v1/presets/{}", mine[0]["id"].as_str().unwrap());
    let theirs = test.call(Method::DELETE, &path, Some(&auditor.cookie), None).await;
    assert_eq!(theirs.code(), "resource.not_found");
    test.call(Method::DELETE, &path, Some(&reviewer.cookie), None).await.good();
    assert_eq!(names(&test, &reviewer).await, [mine[1]["name"].clone()]);
    let trail = json!(auditor.list(&test, "/api/v1/audit").await).to_string();
    assert!(!trail.contains("presets"), "what somebody looks for is nobody else's business");
}

#[tokio::test]
async fn there_are_limits_to_what_is_kept() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let reviewer = house.staff(&test, Reviewer, HERE).await;
    assert_eq!(keep(&test, &reviewer, " ", json!({})).await.code(), "name.length");
    assert_eq!(keep(&test, &reviewer, "长", json!({ "text": "x".repeat(2_000) })).await.code(), "preset.limit");
    assert_eq!(keep(&test, &reviewer, "数", json!(7)).await.code(), "request.malformed");
    for n in 0..50 {
        keep(&test, &reviewer, &n.to_string(), json!({})).await.good();
    }
    assert_eq!(keep(&test, &reviewer, "one more", json!({})).await.code(), "preset.limit");
    keep(&test, &reviewer, "7", json!({ "kind": "lead" })).await.good();
}
