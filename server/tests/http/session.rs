//! Staff sign in and out.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::json;
use server::service::admin::{NewPerson, Order, perform};
use sync_core::wire::enrol::Role;

use crate::support::{Answer, TestApp};

const PASSWORD: &str = "horse battery staple";

async fn with_reviewer(settings: &[(&str, &str)]) -> TestApp {
    let test = TestApp::with_settings(settings).await;
    let order = |order| async { perform(&test.app, order).await.unwrap() };
    order(Order::CreateOrganisation { name: "远方".to_owned() }).await;
    let person = NewPerson {
        name: "李静".to_owned(),
        role: Role::Reviewer,
        office: None,
        team: None,
        login: Some("LiJing".to_owned()),
        password: Some(PASSWORD.to_owned()),
    };
    order(Order::CreatePerson { organisation: None, person }).await;
    test
}

async fn sign_in(test: &TestApp, login: &str, password: &str) -> Answer {
    let credentials = json!({ "login": login, "password": password });
    test.call(Method::POST, "/api/v1/session", None, Some(&credentials)).await
}

fn cookie(answer: &Answer) -> &str {
    answer.header("set-cookie").unwrap().split(';').next().unwrap()
}

#[tokio::test]
async fn a_session_begins_and_ends() {
    let test = with_reviewer(&[]).await;
    let answer = sign_in(&test, " lijing ", PASSWORD).await.good();
    assert_eq!(answer.json()["name"], "李静");
    assert_eq!(answer.json()["role"], "reviewer");
    let set = answer.header("set-cookie").unwrap();
    assert!(set.starts_with("__Host-daybook="), "{set}");
    assert!(set.ends_with("; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure"), "{set}");

    let cookie = cookie(&answer);
    assert_eq!(test.get("/api/v1/me", Some(cookie)).await.good().json(), answer.json());
    let among_others = format!("theme=dark; {cookie}; x=y");
    test.get("/api/v1/me", Some(&among_others)).await.good();

    let out = test.call(Method::DELETE, "/api/v1/session", Some(cookie), None).await.good();
    assert!(out.header("set-cookie").unwrap().starts_with("__Host-daybook=; Path=/; Max-Age=0"));
    assert_eq!(test.get("/api/v1/me", Some(cookie)).await.code(), "session.required");
    // Whoever is not signed in any more has nothing to end, and the trail tells of it once.
    test.call(Method::DELETE, "/api/v1/session", Some(cookie), None).await.good();
    assert_eq!(test.sql_number("select count(*) from audit_entry where act = 'sign-out'").await, 1);
}

#[tokio::test]
async fn a_session_runs_out() {
    let test = with_reviewer(&[]).await;
    let answer = sign_in(&test, "lijing", PASSWORD).await.good();
    test.clock.advance(12 * 3_600_000 - 1);
    test.get("/api/v1/me", Some(cookie(&answer))).await.good();
    test.clock.advance(1);
    assert_eq!(test.get("/api/v1/me", Some(cookie(&answer))).await.code(), "session.required");
}

#[tokio::test]
async fn guessing_gets_slower_and_says_nothing() {
    let test = with_reviewer(&[]).await;
    let wrong = sign_in(&test, "lijing", "wrong").await;
    let unknown = sign_in(&test, "nobody", "wrong").await;
    assert_eq!((wrong.code(), unknown.code()), ("session.credentials".to_owned(), "session.credentials".to_owned()));
    assert_eq!(wrong.json()["title"], unknown.json()["title"]);
    for _ in 0..4 {
        sign_in(&test, "lijing", "wrong").await;
    }
    let refused = sign_in(&test, "lijing", PASSWORD).await;
    assert_eq!(refused.code(), "session.too_many_attempts");
    assert_eq!(refused.header("retry-after"), Some("1"));
    test.clock.advance(1_000);
    sign_in(&test, "lijing", PASSWORD).await.good();
}

#[tokio::test]
async fn guesses_that_come_all_at_once_are_counted_too() {
    let test = with_reviewer(&[]).await;
    let burst = futures_util::future::join_all((0..20).map(|_| sign_in(&test, "lijing", "wrong"))).await;
    let compared = burst.iter().filter(|answer| answer.code() == "session.credentials").count();
    assert_eq!(compared, 5);
    assert!(burst.iter().all(|answer| ["session.credentials", "session.too_many_attempts"].contains(&&*answer.code())));
    assert_eq!(sign_in(&test, "lijing", PASSWORD).await.code(), "session.too_many_attempts");
    test.clock.advance(1_000);
    sign_in(&test, "lijing", PASSWORD).await.good();
}

#[tokio::test]
async fn cookies_without_https_on_this_machine_only() {
    let test = with_reviewer(&[("DAYBOOK_HTTP_SECURE_COOKIES", "false")]).await;
    let answer = sign_in(&test, "lijing", PASSWORD).await.good();
    let set = answer.header("set-cookie").unwrap();
    assert!(set.starts_with("daybook=") && set.ends_with("SameSite=Strict"), "{set}");
    test.get("/api/v1/me", Some(cookie(&answer))).await.good();
}

#[tokio::test]
async fn pages_of_other_origins_change_nothing() {
    let test = with_reviewer(&[("DAYBOOK_HTTP_TRUSTED_ORIGINS", "https://console.example")]).await;
    let answer = sign_in(&test, "lijing", PASSWORD).await.good();
    let from = |headers: &[(&str, &str)]| {
        let mut request = Request::delete("/api/v1/session").header("host", "daybook.example");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.header("cookie", cookie(&answer)).body(Body::empty()).unwrap()
    };
    for evil in [&[("sec-fetch-site", "cross-site")][..], &[("origin", "https://evil.example")], &[("origin", "null")]]
    {
        assert_eq!(test.send(from(evil)).await.code(), "request.cross_origin", "{evil:?}");
    }
    test.get("/api/v1/me", Some(cookie(&answer))).await.good();
    for good in [
        &[("sec-fetch-site", "same-origin"), ("origin", "https://daybook.example")][..],
        &[("sec-fetch-site", "cross-site"), ("origin", "https://console.example")],
        &[("origin", "https://daybook.example")],
        &[],
    ] {
        test.send(from(good)).await.good();
    }
}

#[tokio::test]
async fn requests_that_are_not_json_are_told_so() {
    let test = TestApp::new().await;
    let post = |media_type: &str, body: String| {
        let request = Request::post("/api/v1/session").header("content-type", media_type);
        test.send(request.body(Body::from(body)).unwrap())
    };
    assert_eq!(post("text/plain", "{}".to_owned()).await.code(), "request.media_type");
    assert_eq!(post("application/json", "{".to_owned()).await.code(), "request.malformed");
    let missing = post("application/json", "{\"login\": \"x\"}".to_owned()).await;
    assert_eq!(missing.code(), "request.malformed");
    assert!(missing.json()["detail"].as_str().unwrap().contains("password"));
    let large = format!("{{\"login\": \"{}\"}}", "x".repeat(300_000));
    assert_eq!(post("application/json", large).await.code(), "request.too_large");
}
