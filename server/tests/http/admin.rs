//! Orders of `daybook admin`, as the socket carries them.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use server::router;
use tower::ServiceExt as _;

use crate::support::{Answer, TestApp};

async fn order(test: &TestApp, order: Value) -> Answer {
    let request = Request::post("/orders").header("content-type", "application/json");
    let request = request.body(Body::from(order.to_string())).unwrap();
    Answer::read(router::local(&test.app).oneshot(request).await.unwrap()).await
}

async fn create_person(test: &TestApp, person: Value) -> Answer {
    let mut whole = json!({ "name": "张伟", "role": "promoter" });
    whole.as_object_mut().unwrap().extend(person.as_object().unwrap().clone());
    order(test, json!({ "order": "create_person", "person": whole })).await
}

#[tokio::test]
async fn names_do_where_they_are_clear() {
    let test = TestApp::new().await;
    let office = |name: &str| json!({ "order": "create_office", "name": name, "time_zone": "Asia/Shanghai" });
    assert_eq!(order(&test, office("桂林")).await.code(), "organisation.not_found");
    let made = order(&test, json!({ "order": "create_organisation", "name": "远方" })).await.good().json();
    assert_eq!(order(&test, json!({ "order": "create_organisation", "name": "远方" })).await.code(), "name.taken");
    for name in ["桂林", "南宁"] {
        order(&test, office(name)).await.good();
        order(&test, json!({ "order": "create_team", "office": name, "name": "一组" })).await.good();
    }
    assert_eq!(
        order(&test, json!({ "order": "create_team", "office": "柳州", "name": "x" })).await.code(),
        "office.not_found"
    );
    let nowhere = json!({ "order": "create_office", "name": "柳州", "time_zone": "Asia/Liuzhou" });
    assert_eq!(order(&test, nowhere).await.code(), "office.time_zone");

    assert_eq!(create_person(&test, json!({ "team": "一组" })).await.code(), "name.ambiguous");
    let person = create_person(&test, json!({ "office": "桂林", "team": "一组" })).await.good().json();
    assert!(person["team"].is_string() && person["password"].is_null());
    order(&test, json!({ "order": "create_organisation", "name": "对手" })).await.good();
    assert_eq!(order(&test, json!({ "order": "list_people" })).await.code(), "name.ambiguous");
    let people = order(&test, json!({ "order": "list_people", "organisation": made["id"] })).await.good().json();
    assert_eq!(people.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn people_need_a_place_and_passwords_are_told_once() {
    let test = TestApp::new().await;
    order(&test, json!({ "order": "create_organisation", "name": "远方" })).await.good();
    let office = json!({ "order": "create_office", "name": "桂林", "time_zone": "Asia/Shanghai" });
    order(&test, office).await.good();
    for person in [json!({}), json!({ "role": "secretary" }), json!({ "role": "supervisor", "office": "桂林" })] {
        assert_eq!(create_person(&test, person).await.code(), "person.place");
    }
    let reviewer = json!({ "role": "reviewer", "login": "lijing", "name": "李静" });
    let made = create_person(&test, reviewer.clone()).await.good().json();
    assert!(made["password"].as_str().unwrap().len() >= 20);
    assert_eq!(create_person(&test, reviewer).await.code(), "person.login_taken");
    let short = json!({ "role": "reviewer", "login": "wang", "password": "123456" });
    assert_eq!(create_person(&test, short).await.code(), "person.password");

    let reset = |person: &str| json!({ "order": "reset_password", "person": person });
    let told = order(&test, reset("lijing")).await.good().json();
    assert!(told["password"].is_string() && told["password"] != made["password"]);

    let issue = |person: &str| json!({ "order": "issue_code", "person": person });
    assert_eq!(order(&test, issue("lijing")).await.code(), "person.no_office");
    assert_eq!(order(&test, issue("nobody")).await.code(), "person.not_found");
    create_person(&test, json!({ "office": "桂林" })).await.good();
    assert_eq!(order(&test, reset("张伟")).await.code(), "person.no_login");
    let issued = order(&test, issue("张伟")).await.good().json();
    assert_eq!(issued["code"].as_str().unwrap().len(), 19);
    let listed = order(&test, json!({ "order": "list_codes" })).await.good().json();
    assert!(listed[0]["code"].is_null(), "codes are shown once");
    assert_eq!(listed[0]["hint"], issued["hint"]);
}

#[tokio::test]
async fn orders_that_are_none() {
    let test = TestApp::new().await;
    assert_eq!(order(&test, json!({ "order": "dance" })).await.code(), "request.malformed");
    let unknown = json!({ "order": "revoke_device", "device": "0190163d-8694-739b-aea5-966c26f8ad91" });
    assert_eq!(order(&test, unknown).await.code(), "device.unknown");
}
