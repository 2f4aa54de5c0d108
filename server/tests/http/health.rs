//! Whether the server lives, and what it says to nonsense.

use axum::http::Method;

use crate::support::TestApp;

#[tokio::test]
async fn a_server_is_ready_until_its_database_is_gone() {
    let test = TestApp::new().await;
    assert_eq!(test.get("/healthz", None).await.status, 204);
    assert_eq!(test.get("/readyz", None).await.status, 204);
    test.app.store.close().await;
    assert_eq!(test.get("/healthz", None).await.status, 204);
    let answer = test.get("/readyz", None).await;
    assert_eq!(answer.code(), "server.busy");
    assert_eq!(answer.header("retry-after"), Some("5"));
}

#[tokio::test]
async fn unknown_addresses_and_methods() {
    let test = TestApp::new().await;
    for path in ["/", "/api", "/api/v1", "/api/v2/records", "/metrics", "/orders", "/admin"] {
        assert_eq!(test.get(path, None).await.code(), "request.not_found", "{path}");
    }
    let answer = test.call(Method::PUT, "/api/v1/me", None, None).await;
    assert_eq!(answer.code(), "request.method");
    assert_eq!(answer.header("allow"), Some("GET,HEAD"));
}
