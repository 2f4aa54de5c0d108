//! How phones become known and get their tokens, and how others don't.

use axum::body::Body;
use axum::http::{Method, Request};
use minicbor::Encode;
use server::service::admin::{self, perform};
use sync_core::engine::Failure;
use sync_core::id::{DeviceId, Signature};
use sync_core::journal::Key;
use sync_core::wire::enrol::{EnrolRequest, EnrolResponse, Role, TokenRequest, TokenResponse};
use sync_core::wire::exchange::Order;
use sync_core::wire::{self, Encoding};

use crate::support::house::HERE;
use crate::support::{Answer, House, Phone, TestApp};

const QUARTER_MS: i64 = 15 * 60_000;
const WEEK_MS: i64 = 7 * 24 * 3_600_000;

async fn post<T: Encode<()>>(test: &TestApp, path: &str, message: &T) -> Answer {
    let body = wire::encode(message);
    let mut request = Request::post(path).header("content-type", wire::MEDIA_TYPE);
    if body.encoding == Encoding::Gzip {
        request = request.header("content-encoding", "gzip");
    }
    test.send(request.body(Body::from(body.bytes)).unwrap()).await
}

fn read<T: for<'b> minicbor::Decode<'b, ()>>(answer: &Answer) -> T {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some(wire::MEDIA_TYPE));
    let encoding = if answer.header("content-encoding").is_some() { Encoding::Gzip } else { Encoding::Identity };
    wire::decode(&answer.body, encoding, 1 << 20).unwrap()
}

fn enrolment(code: &str, key: &Key) -> EnrolRequest {
    let proof = key.sign_enrolment(code);
    EnrolRequest {
        code: code.to_owned(),
        key: key.public(),
        proof,
        app: "test/1".to_owned(),
        label: "Pixel".to_owned(),
        formerly: None,
    }
}

async fn enrol(test: &TestApp, request: &EnrolRequest) -> Answer {
    post(test, "/sync/v1/enrol", request).await
}

fn key(seed: u8) -> Key {
    Key::from_seed([seed; 32])
}

#[tokio::test]
async fn the_same_key_may_redeem_a_code_again_and_no_other() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let code = house.code(&test, Role::Promoter, HERE).await;
    let first: EnrolResponse = read(&enrol(&test, &enrolment(&code, &key(1))).await);
    assert_eq!(first.profile.person, house.person(Role::Promoter, HERE));
    assert_eq!(first.profile.office_name, HERE);
    assert_eq!(first.profile.projects.len(), 1);
    assert_eq!(first.server_key, test.app.keys.public());

    let typed = code.to_lowercase().replace('-', " ");
    let again: EnrolResponse = read(&enrol(&test, &enrolment(&typed, &key(1))).await);
    assert_eq!(again, first, "a lost reply costs nothing");
    assert_eq!(enrol(&test, &enrolment(&code, &key(2))).await.code(), "enrol.code");
}

#[tokio::test]
async fn wrong_codes_and_proofs_are_refused() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let code = house.code(&test, Role::Promoter, HERE).await;
    for wrong in ["", "7K3M-9QTX-04BZ-RF6W", "no code at all", &code[1..]] {
        assert_eq!(enrol(&test, &enrolment(wrong, &key(1))).await.code(), "enrol.code", "{wrong}");
    }
    let stolen = EnrolRequest { key: key(2).public(), ..enrolment(&code, &key(1)) };
    assert_eq!(enrol(&test, &stolen).await.code(), "enrol.proof");
    test.clock.advance(WEEK_MS + 1);
    assert_eq!(enrol(&test, &enrolment(&code, &key(1))).await.code(), "enrol.code", "expired");
}

struct Enrolled {
    device: DeviceId,
    key: Key,
}

async fn enrolled(test: &TestApp) -> Enrolled {
    let house = House::build(test).await;
    let code = house.code(test, Role::Promoter, HERE).await;
    let response: EnrolResponse = read(&enrol(test, &enrolment(&code, &key(1))).await);
    Enrolled { device: response.device, key: key(1) }
}

impl Enrolled {
    async fn token(&self, test: &TestApp, nonce: &[u8], signed_by: &Key) -> Answer {
        let signature = signed_by.sign_challenge(self.device, nonce);
        let request = TokenRequest { device: self.device, nonce: nonce.to_vec(), signature };
        post(test, "/sync/v1/token", &request).await
    }

    async fn challenge(&self, test: &TestApp) -> Vec<u8> {
        let request = TokenRequest { device: self.device, nonce: Vec::new(), signature: Signature([0; 64]) };
        let response: TokenResponse = read(&post(test, "/sync/v1/token", &request).await);
        assert_eq!(response.token, None);
        response.nonce
    }
}

#[tokio::test]
async fn a_challenge_answered_by_the_device_gives_a_token_and_the_next_challenge() {
    let test = TestApp::new().await;
    let phone = enrolled(&test).await;
    let nonce = phone.challenge(&test).await;
    assert_eq!(phone.token(&test, &nonce, &key(2)).await.code(), "token.signature");

    let response: TokenResponse = read(&phone.token(&test, &nonce, &phone.key).await);
    assert!(response.token.is_some());
    assert_eq!(response.lifetime_ms, QUARTER_MS.cast_unsigned());
    // A week later the challenge that came with the token is too old, and the answer is a fresh one.
    test.clock.advance(WEEK_MS);
    let late: TokenResponse = read(&phone.token(&test, &response.nonce, &phone.key).await);
    assert_eq!(late.token, None);
    let fresh: TokenResponse = read(&phone.token(&test, &late.nonce, &phone.key).await);
    assert!(fresh.token.is_some());
}

#[tokio::test]
async fn an_unknown_device_gets_nothing() {
    let test = TestApp::new().await;
    let stranger = Enrolled { device: DeviceId::from([9; 16]), key: key(1) };
    assert_eq!(stranger.token(&test, &[], &stranger.key).await.code(), "device.unknown");
}

#[tokio::test]
async fn a_revoked_device_is_cut_off_at_once() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    phone.register("张伟");
    assert!(phone.sync(&test).await.failure.is_none());
    let device = phone.engine.identity().unwrap().device;
    perform(&test.app, admin::Order::RevokeDevice { device }).await.unwrap();

    phone.register("王芳");
    assert_eq!(phone.sync(&test).await.failure, Some(Failure::Revoked), "its token is still young");
    let (_, answer) = phone.exchanges().last().unwrap();
    assert_eq!((answer.orders, answer.pull, answer.profile, answer.cursor), (vec![Order::Deposit], vec![], None, None));
}

#[tokio::test]
async fn exchanges_need_a_good_token() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    assert!(phone.sync(&test).await.failure.is_none());
    let token = phone.token();
    let body = phone.sent.last().unwrap().body.bytes.clone();
    let exchange = |authorization: Option<String>| {
        let mut request = Request::post("/sync/v1/exchange").header("content-type", wire::MEDIA_TYPE);
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        request.body(Body::from(body.clone())).unwrap()
    };
    test.send(exchange(Some(format!("Bearer {token}")))).await.good();
    let forged = format!("Bearer {}x", &token[..token.len() - 1]);
    for bad in [None, Some(token.clone()), Some(format!("Basic {token}")), Some("Bearer ".to_owned()), Some(forged)] {
        assert_eq!(test.send(exchange(bad)).await.code(), "token.invalid");
    }
    test.clock.advance(QUARTER_MS + 60_000);
    assert_eq!(test.send(exchange(Some(format!("Bearer {token}")))).await.code(), "token.invalid", "expired");
    // The phone notices, answers its challenge and goes on.
    assert!(phone.sync(&test).await.failure.is_none());
}

#[tokio::test]
async fn an_office_enrols_the_phones_of_its_own_people() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let secretary = house.staff(&test, Role::Secretary, HERE).await;
    let person = house.person(Role::Promoter, HERE);
    let path = format!("/api/v1/people/{person}/enrolment-code");
    let issued = test.call(Method::POST, &path, Some(&secretary.cookie), None).await.good().json();
    let code = issued["code"].as_str().unwrap().to_owned();
    let mut phone = Phone::new(7);
    assert_eq!(phone.enrol(&test, &code).await.failure, None);
    assert_eq!(phone.engine.identity().unwrap().profile.person, person);
    // Head quarters' people have no office for which anything could be recorded.
    let admin = house.staff(&test, Role::HqAdmin, HERE).await;
    let path = format!("/api/v1/people/{}/enrolment-code", house.person(Role::Reviewer, HERE));
    assert_eq!(test.call(Method::POST, &path, Some(&admin.cookie), None).await.code(), "person.no_office");
    let auditor = house.staff(&test, Role::Auditor, HERE).await;
    let trail = serde_json::to_string(&auditor.list(&test, "/api/v1/audit?limit=200").await).unwrap();
    assert!(!trail.contains(&code) && trail.contains("enrolment-code"));
}
