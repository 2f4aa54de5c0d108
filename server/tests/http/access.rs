//! Passwords, sessions and second factors of staff.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use server::service::admin::{NewPerson, Order, perform};
use sync_core::wire::enrol::Role;

use crate::support::{Answer, TestApp};

const PASSWORD: &str = "horse battery staple";
const ANOTHER: &str = "漓江的水静得像是一面镜子";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0";

/// A reviewer, an administrator and an auditor who sign in with passwords.
struct Desk {
    test: TestApp,
}

impl Desk {
    async fn new() -> Self {
        let test = TestApp::new().await;
        let order = |order| async { perform(&test.app, order).await.unwrap() };
        order(Order::CreateOrganisation { name: "远方".to_owned() }).await;
        for (login, role) in [("lijing", Role::Reviewer), ("admin", Role::HqAdmin), ("auditor", Role::Auditor)] {
            let (name, login) = (login.to_uppercase(), Some(login.to_owned()));
            let password = Some(PASSWORD.to_owned());
            let person = NewPerson { name, role, office: None, team: None, login, password };
            order(Order::CreatePerson { organisation: None, person }).await;
        }
        Self { test }
    }

    async fn try_in(&self, login: &str, password: &str, code: Option<&str>) -> Answer {
        let credentials = json!({ "login": login, "password": password, "code": code });
        let request = Request::post("/api/v1/session").header("content-type", "application/json");
        let request = request.header("user-agent", FIREFOX);
        self.test.send(request.body(Body::from(credentials.to_string())).unwrap()).await
    }

    async fn sign_in(&self, login: &str) -> String {
        cookie(self.try_in(login, PASSWORD, None).await)
    }

    async fn post(&self, cookie: &str, path: &str, body: Value) -> Answer {
        self.test.call(Method::POST, path, Some(cookie), Some(&body)).await
    }

    async fn delete(&self, cookie: &str, path: &str) -> Answer {
        self.test.call(Method::DELETE, path, Some(cookie), None).await
    }

    async fn is_in(&self, cookie: &str) -> bool {
        self.test.get("/api/v1/me", Some(cookie)).await.status.is_success()
    }

    async fn person(&self, login: &str) -> String {
        let admin = self.sign_in("admin").await;
        let people = self.test.get("/api/v1/people", Some(&admin)).await.good().json();
        let name = login.to_uppercase();
        people.as_array().unwrap().iter().find(|it| it["name"] == name).unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// The code that the app shows at this moment, or so many steps from now.
    fn code(&self, secret: &str, steps: i64) -> String {
        let now = self.test.app.clock.now().plus(30_000 * steps);
        let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
        let app = totp_rs::Builder::new().with_secret(secret).build().unwrap();
        app.generate((now.0 / 1_000) as u64).to_string()
    }

    /// Switches codes on; the secret and the recovery codes.
    async fn with_codes(&self, cookie: &str) -> (String, Vec<String>) {
        let shown = self.post(cookie, "/api/v1/session/totp", json!({ "password": PASSWORD })).await.good().json();
        let secret = shown["secret"].as_str().unwrap().to_owned();
        assert!(shown["url"].as_str().unwrap().starts_with("otpauth://totp/Daybook:lijing?"), "{shown}");
        let body = json!({ "code": self.code(&secret, 0) });
        let confirmed = self.post(cookie, "/api/v1/session/totp/confirm", body).await.good().json();
        let codes = confirmed["recovery_codes"].as_array().unwrap().iter();
        (secret, codes.map(|code| code.as_str().unwrap().to_owned()).collect())
    }
}

fn cookie(answer: Answer) -> String {
    answer.good().header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_new_password_ends_all_other_sessions() {
    let desk = Desk::new().await;
    let (here, there) = (desk.sign_in("lijing").await, desk.sign_in("lijing").await);
    let change = async |old: &str, new: &str| {
        desk.post(&here, "/api/v1/session/password", json!({ "old_password": old, "password": new })).await
    };
    assert_eq!(change("wrong", ANOTHER).await.code(), "session.old_password");
    for (weak, code) in [
        ("short", "person.password"),
        ("九个字的密码不够长", "person.password"),
        ("passwordpassword", "person.password_known"),
    ] {
        assert_eq!(change(PASSWORD, weak).await.code(), code, "{weak}");
    }
    assert!(desk.is_in(&there).await);
    change(PASSWORD, ANOTHER).await.good();
    assert!(desk.is_in(&here).await && !desk.is_in(&there).await);
    assert_eq!(desk.try_in("lijing", PASSWORD, None).await.code(), "session.credentials");
    desk.try_in("lijing", ANOTHER, None).await.good();
}

#[tokio::test]
async fn guessing_the_present_password_gets_slower_too() {
    let desk = Desk::new().await;
    let here = desk.sign_in("lijing").await;
    let guess = json!({ "old_password": "wrong", "password": ANOTHER });
    for _ in 0..5 {
        let answer = desk.post(&here, "/api/v1/session/password", guess.clone()).await;
        assert_eq!(answer.code(), "session.old_password");
    }
    let refused = desk.post(&here, "/api/v1/session/password", guess).await;
    assert_eq!((refused.code().as_str(), refused.header("retry-after")), ("session.too_many_attempts", Some("1")));
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let desk = Desk::new().await;
    let (here, there) = (desk.sign_in("lijing").await, desk.sign_in("lijing").await);
    desk.test.clock.advance(59_000);
    assert!(desk.is_in(&there).await);
    desk.test.clock.advance(1_000);
    assert!(desk.is_in(&there).await, "noted now");
    let list = async || desk.test.get("/api/v1/sessions", Some(&here)).await.good().json();
    let listed = list().await;
    assert_eq!(listed.as_array().unwrap().len(), 2);
    let began = desk.test.app.clock.now().0 - 60_000;
    for line in listed.as_array().unwrap() {
        let said = (&line["client"], &line["network"], &line["created_at"], &line["last_seen_at"]);
        assert_eq!(said, (&json!("Firefox · Linux"), &json!("unknown"), &json!(began), &json!(began + 60_000)));
    }
    assert_eq!(listed.as_array().unwrap().iter().filter(|line| line["current"] == true).count(), 1);
    let other = listed.as_array().unwrap().iter().find(|line| line["current"] == false).unwrap();
    let path = format!("/api/v1/sessions/{}", other["id"].as_str().unwrap());
    let stranger = desk.sign_in("auditor").await;
    assert_eq!(desk.delete(&stranger, &path).await.code(), "resource.not_found");
    desk.delete(&here, &path).await.good();
    assert!(desk.is_in(&here).await && !desk.is_in(&there).await);
    assert_eq!(list().await.as_array().unwrap().len(), 1);
    assert_eq!(desk.delete(&here, &path).await.code(), "resource.not_found");
}

#[tokio::test]
async fn an_administrator_ends_all_sessions_of_a_person() {
    let desk = Desk::new().await;
    let (here, there) = (desk.sign_in("lijing").await, desk.sign_in("lijing").await);
    let path = format!("/api/v1/people/{}/sessions", desk.person("lijing").await);
    assert_eq!(desk.delete(&here, &path).await.code(), "permission.denied");
    let admin = desk.sign_in("admin").await;
    assert_eq!(desk.delete(&admin, &path).await.good().json(), json!({ "ended": 2 }));
    assert!(!desk.is_in(&here).await && !desk.is_in(&there).await && desk.is_in(&admin).await);
}

#[tokio::test]
async fn signing_in_asks_for_a_code_that_counts_once() {
    let desk = Desk::new().await;
    let here = desk.sign_in("lijing").await;
    let early = desk.post(&here, "/api/v1/session/totp/confirm", json!({ "code": "000000" })).await;
    assert_eq!(early.code(), "session.totp_off");
    let stolen = desk.post(&here, "/api/v1/session/totp", json!({ "password": "wrong" })).await;
    assert_eq!(stolen.code(), "session.old_password");
    let (secret, recovery) = desk.with_codes(&here).await;
    assert_eq!(recovery.len(), 10);
    let state = desk.test.get("/api/v1/session/totp", Some(&here)).await.good().json();
    assert_eq!((&state["on"], &state["recovery_codes_left"]), (&json!(true), &json!(10)));
    let anew = desk.post(&here, "/api/v1/session/totp", json!({ "password": PASSWORD })).await;
    assert_eq!(anew.code(), "session.totp_on");

    assert_eq!(desk.try_in("lijing", PASSWORD, None).await.code(), "session.totp_required");
    assert_eq!(desk.try_in("lijing", PASSWORD, Some(" ")).await.code(), "session.totp_required");
    assert_eq!(desk.try_in("lijing", "wrong", None).await.code(), "session.credentials");
    let spent = desk.code(&secret, 0);
    assert_eq!(desk.try_in("lijing", PASSWORD, Some(&spent)).await.code(), "session.totp_code", "it confirmed");
    let next = desk.code(&secret, 1);
    desk.try_in("lijing", PASSWORD, Some(&next)).await.good();
    assert_eq!(desk.try_in("lijing", PASSWORD, Some(&next)).await.code(), "session.totp_code");
    desk.test.clock.advance(60_000);
    let late = desk.code(&secret, 0);
    desk.try_in("lijing", PASSWORD, Some(&late)).await.good();

    let lost = recovery[0].to_lowercase().replace('-', " ");
    desk.try_in("lijing", PASSWORD, Some(&lost)).await.good();
    assert_eq!(desk.try_in("lijing", PASSWORD, Some(&lost)).await.code(), "session.totp_code");
    let state = desk.test.get("/api/v1/session/totp", Some(&here)).await.good().json();
    assert_eq!(state["recovery_codes_left"], 9);

    desk.post(&here, "/api/v1/session/totp/end", json!({ "password": PASSWORD })).await.good();
    desk.sign_in("lijing").await;
}

#[tokio::test]
async fn guessing_codes_gets_slower() {
    let desk = Desk::new().await;
    let here = desk.sign_in("lijing").await;
    let (secret, _) = desk.with_codes(&here).await;
    desk.test.clock.advance(60_000);
    for _ in 0..5 {
        assert_eq!(desk.try_in("lijing", PASSWORD, Some("000000")).await.code(), "session.totp_code");
    }
    let right = desk.code(&secret, 0);
    assert_eq!(desk.try_in("lijing", PASSWORD, Some(&right)).await.code(), "session.too_many_attempts");
    desk.test.clock.advance(1_000);
    desk.try_in("lijing", PASSWORD, Some(&right)).await.good();
}

#[tokio::test]
async fn an_administrator_helps_who_has_lost_everything() {
    let desk = Desk::new().await;
    let here = desk.sign_in("lijing").await;
    desk.with_codes(&here).await;
    let path = format!("/api/v1/people/{}/totp", desk.person("lijing").await);
    assert_eq!(desk.delete(&here, &path).await.code(), "permission.denied");
    let admin = desk.sign_in("admin").await;
    desk.delete(&admin, &path).await.good();
    desk.sign_in("lijing").await;
}

#[tokio::test]
async fn no_secret_is_in_the_trail() {
    let desk = Desk::new().await;
    let here = desk.sign_in("lijing").await;
    let (secret, recovery) = desk.with_codes(&here).await;
    let next = desk.code(&secret, 1);
    desk.try_in("lijing", PASSWORD, Some(&next)).await.good();
    desk.try_in("lijing", PASSWORD, Some(&recovery[0])).await.good();
    let change = json!({ "old_password": PASSWORD, "password": ANOTHER });
    desk.post(&here, "/api/v1/session/password", change).await.good();
    let auditor = desk.sign_in("auditor").await;
    let trail = desk.test.get("/api/v1/audit?limit=200", Some(&auditor)).await.good();
    let text = String::from_utf8(trail.body).unwrap();
    for act in ["POST /api/v1/session/password", "POST /api/v1/session/totp/confirm", "sign-in"] {
        assert!(text.contains(act), "{act}");
    }
    for hidden in [PASSWORD, ANOTHER, &secret, &recovery[0], &next, &desk.code(&secret, 0)] {
        assert!(!text.contains(hidden), "{hidden}");
    }
}
