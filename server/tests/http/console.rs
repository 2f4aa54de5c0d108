//! The console's pages come from the server itself. These tests hold with and without a console built in.

use axum::body::Body;
use axum::http::{Method, Request};

use crate::support::{Answer, TestApp};

async fn look_at(test: &TestApp, path: &str) -> Answer {
    let request = Request::builder().uri(path).header("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8");
    test.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn people_see_a_page_at_every_address_that_is_no_interface() {
    let test = TestApp::new().await;
    for path in ["/", "/review", "/records/01a21fc4-228b-7483-a92a-30da56e6cf5e", "/no/such/page"] {
        let answer = look_at(&test, path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(!String::from_utf8(answer.body).unwrap().contains("__"), "{path}: a placeholder is left");
    }
}

#[tokio::test]
async fn programs_are_told_that_there_is_nothing() {
    let test = TestApp::new().await;
    for path in ["/api", "/api/v2/records", "/sync", "/assets/none.js", "/metrics"] {
        assert_eq!(look_at(&test, path).await.code(), "request.not_found", "{path}");
    }
    assert_eq!(test.get("/review", None).await.code(), "request.not_found");
    assert_eq!(test.call(Method::POST, "/review", None, None).await.code(), "request.not_found");
}

#[tokio::test]
async fn no_two_pages_have_the_same_policy() {
    let test = TestApp::with_settings(&[("DAYBOOK_CONSOLE_TILES", "https://tiles.example.com/{z}/{x}/{y}.png")]).await;
    let (one, other) = (look_at(&test, "/").await, look_at(&test, "/").await);
    let policy = |answer: &Answer| answer.header("content-security-policy").unwrap().to_owned();
    if policy(&one).contains("nonce") {
        assert_ne!(policy(&one), policy(&other));
        assert!(policy(&one).contains("connect-src 'self' https://tiles.example.com;"), "{}", policy(&one));
    }
}
