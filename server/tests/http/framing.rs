//! Messages that are not what they should be each get their own clear answer.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::{Method, Request};
use hyper::body::Frame;
use sync_core::wire::enrol::Role;
use sync_core::wire::{self, Encoding};

use crate::support::house::HERE;
use crate::support::{Answer, House, Phone, TestApp};

struct Sender {
    token: String,
    message: Vec<u8>,
    encoding: Encoding,
}

/// A phone that has exchanged once, so that its message can be bent.
async fn sender(test: &TestApp) -> Sender {
    let house = House::build(test).await;
    let mut phone = Phone::of(test, &house, Role::Promoter, HERE).await;
    for n in 0..20 {
        phone.register(&format!("张伟{n}"));
    }
    assert!(phone.sync(test).await.failure.is_none());
    let pushed = phone.sent.iter().max_by_key(|request| request.body.bytes.len()).unwrap();
    Sender { token: phone.token(), message: pushed.body.bytes.clone(), encoding: pushed.body.encoding }
}

impl Sender {
    fn request(&self, media_type: &str, encoding: Option<&str>, body: Body) -> Request<Body> {
        let mut request = Request::post("/sync/v1/exchange")
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", media_type);
        if let Some(encoding) = encoding {
            request = request.header("content-encoding", encoding);
        }
        request.body(body).unwrap()
    }

    async fn gzip(&self, test: &TestApp, body: impl Into<Body>) -> Answer {
        test.send(self.request(wire::MEDIA_TYPE, Some("gzip"), body.into())).await
    }
}

#[tokio::test]
async fn cut_off_damaged_and_foreign_bodies() {
    let test = TestApp::new().await;
    let sender = sender(&test).await;
    assert_eq!(sender.encoding, Encoding::Gzip);
    sender.gzip(&test, sender.message.clone()).await.good();
    for cut in [0, 1, 10, sender.message.len() / 2, sender.message.len() - 1] {
        assert_eq!(sender.gzip(&test, sender.message[..cut].to_vec()).await.code(), "sync.malformed", "{cut}");
    }
    assert_eq!(sender.gzip(&test, "<html>Sign in to the hotel's network</html>").await.code(), "sync.malformed");
    let plain = sender.request(wire::MEDIA_TYPE, None, Body::from(sender.message.clone()));
    assert_eq!(test.send(plain).await.code(), "sync.malformed", "not what it says");

    for media_type in ["application/json", "application/cbor", "application/vnd.daybook.sync-v2+cbor", "garbage"] {
        let request = sender.request(media_type, Some("gzip"), Body::from(sender.message.clone()));
        assert_eq!(test.send(request).await.code(), "sync.media_type", "{media_type}");
    }
    let request = sender.request(wire::MEDIA_TYPE, Some("br"), Body::from(sender.message.clone()));
    assert_eq!(test.send(request).await.code(), "sync.media_type");
}

#[tokio::test]
async fn a_connection_that_breaks_in_the_middle() {
    let test = TestApp::new().await;
    let sender = sender(&test).await;
    let broken = Body::new(Pieces(vec![
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
        Ok(Bytes::from(sender.message[..100].to_vec())),
    ]));
    assert_eq!(sender.gzip(&test, broken).await.code(), "sync.malformed");
}

#[tokio::test]
async fn bodies_and_bombs_beyond_the_limits() {
    let test =
        TestApp::with_settings(&[("DAYBOOK_LIMITS_BODY_BYTES", "65536"), ("DAYBOOK_LIMITS_INFLATED_BYTES", "131072")])
            .await;
    let sender = sender(&test).await;
    let large = vec![0; 65_537];
    assert_eq!(sender.gzip(&test, large.clone()).await.code(), "sync.too_large");
    let mut announced = sender.request(wire::MEDIA_TYPE, Some("gzip"), Body::empty());
    announced.headers_mut().insert("content-length", "999999999".parse().unwrap());
    assert_eq!(test.send(announced).await.code(), "sync.too_large", "without reading it");
    let streamed = Body::new(Pieces(vec![Ok(Bytes::from(large.clone())), Ok(large.into())]));
    assert_eq!(sender.gzip(&test, streamed).await.code(), "sync.too_large", "without an announcement");

    let bomb = wire::encode(&"x".repeat(1 << 20));
    assert!(bomb.bytes.len() < 10_000);
    assert_eq!(sender.gzip(&test, bomb.bytes).await.code(), "sync.too_large");
}

#[tokio::test]
async fn other_versions_are_told_which_one_is_served() {
    let test = TestApp::new().await;
    for path in ["/sync/v2/exchange", "/sync/v0/enrol", "/sync/exchange", "/sync/v11/token"] {
        let answer = test.call(Method::POST, path, None, None).await;
        assert_eq!(answer.code(), "sync.version", "{path}");
        assert!(answer.json()["title"].as_str().unwrap().contains("v1"));
    }
    assert_eq!(test.call(Method::POST, "/sync/v1/other", None, None).await.code(), "request.not_found");
    assert_eq!(test.get("/sync/v1/exchange", None).await.code(), "request.method");
}

#[tokio::test]
async fn an_idle_exchange_is_small() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    phone.register("张伟");
    phone.sync(&test).await;
    phone.sync(&test).await;
    let answer = phone.answers.last().unwrap();
    // The listener adds `date`; the status line comes on top.
    let names: Vec<_> = answer.headers.keys().map(|name| name.as_str()).collect();
    assert_eq!(names, ["content-type", "content-length"]);
    assert!(answer.body.len() < 200, "{}", answer.body.len());
    let request = phone.sent.last().unwrap();
    assert!(request.body.bytes.len() + request.token.as_ref().unwrap().len() < 400);
}

/// A body that comes in these pieces, the last one first.
struct Pieces(Vec<std::io::Result<Bytes>>);

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<std::io::Result<Frame<Bytes>>>> {
        Poll::Ready(self.0.pop().map(|piece| piece.map(Frame::data)))
    }
}
