//! Head quarters opens offices, forms teams, adds people and gives them new passwords.

use axum::http::Method;
use serde_json::{Value, json};
use sync_core::wire::enrol::Role::{HqAdmin, Promoter};

use crate::days;
use crate::support::house::{HERE, THERE};
use crate::support::{Answer, House, Phone, Staff, TestApp};

struct Chief {
    test: TestApp,
    house: House,
    staff: Staff,
}

impl Chief {
    async fn come() -> Self {
        let test = TestApp::new().await;
        let house = House::build(&test).await;
        let staff = house.staff(&test, HqAdmin, HERE).await;
        Self { test, house, staff }
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.test.call(Method::POST, path, Some(&self.staff.cookie), Some(&body)).await
    }

    async fn patch(&self, path: &str, body: Value) -> Answer {
        self.test.call(Method::PATCH, path, Some(&self.staff.cookie), Some(&body)).await
    }

    async fn sign_in(&self, login: &str, password: &Value) -> Answer {
        let credentials = json!({ "login": login, "password": password });
        self.test.call(Method::POST, "/api/v1/session", None, Some(&credentials)).await
    }
}

#[tokio::test]
async fn an_office_is_opened_with_a_team_and_people() {
    let chief = Chief::come().await;
    let opened = json!({ "name": " 柳州 ", "time_zone": "Asia/Shanghai" });
    let office = chief.post("/api/v1/offices", opened.clone()).await.good().json();
    assert_eq!(office["name"], "柳州");
    assert_eq!(chief.post("/api/v1/offices", opened).await.code(), "name.taken");
    let nowhere = json!({ "name": "梧州", "time_zone": "Asia/Wuzhou" });
    assert_eq!(chief.post("/api/v1/offices", nowhere).await.code(), "office.time_zone");

    let formed = json!({ "office": office["id"], "name": "一队" });
    let team = chief.post("/api/v1/teams", formed.clone()).await.good().json();
    assert_eq!(chief.post("/api/v1/teams", formed).await.code(), "name.taken");
    let nameless = json!({ "office": office["id"], "name": " " });
    assert_eq!(chief.post("/api/v1/teams", nameless).await.code(), "name.length");
    let path = format!("/api/v1/teams/{}", team["id"].as_str().unwrap());
    let renamed = chief.patch(&path, json!({ "name": "江北队" })).await.good().json();
    assert_eq!((&renamed["id"], &renamed["name"]), (&team["id"], &json!("江北队")));

    let promoter = json!({ "name": "张伟", "role": "promoter", "team": team["id"] });
    let added = chief.post("/api/v1/people", promoter).await.good().json();
    assert_eq!((&added["person"]["office"], &added["password"]), (&office["id"], &Value::Null));
    let there = chief.staff.list(&chief.test, "/api/v1/offices").await;
    let there = there.iter().find(|office| office["name"] == THERE).unwrap()["id"].clone();
    for (wrong, code) in [
        (json!({ "name": "李四", "role": "secretary" }), "person.place"),
        (json!({ "name": "李四", "role": "supervisor", "office": office["id"] }), "person.place"),
        (json!({ "name": "李四", "role": "promoter", "office": there, "team": team["id"] }), "team.not_found"),
        (json!({ "name": "李四", "role": "promoter", "office": team["id"] }), "office.not_found"),
        (json!({ "name": " ", "role": "auditor" }), "name.length"),
        (json!({ "name": "李四", "role": "auditor", "login": "li si" }), "person.login"),
    ] {
        assert_eq!(chief.post("/api/v1/people", wrong.clone()).await.code(), code, "{wrong}");
    }
}

#[tokio::test]
async fn a_password_is_told_once_and_a_reset_ends_sessions() {
    let chief = Chief::come().await;
    let secretary = json!({ "name": "王芳", "role": "reviewer", "login": " WangFang " });
    let added = chief.post("/api/v1/people", secretary.clone()).await.good().json();
    assert_eq!(added["person"]["signs_in"], true);
    assert_eq!(chief.post("/api/v1/people", secretary).await.code(), "person.login_taken");
    let session = chief.sign_in("wangfang", &added["password"]).await.good();
    let cookie = session.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();

    for _ in 0..5 {
        chief.sign_in("wangfang", &json!("a guess")).await;
    }
    let path = format!("/api/v1/people/{}/password", added["person"]["id"].as_str().unwrap());
    let reset = chief.post(&path, json!({})).await.good().json();
    assert_ne!(reset["password"], added["password"]);
    assert_eq!(chief.test.get("/api/v1/me", Some(&cookie)).await.code(), "session.required");
    assert_eq!(chief.sign_in("wangfang", &added["password"]).await.code(), "session.credentials");
    chief.sign_in("wangfang", &reset["password"]).await.good();

    let promoter = format!("/api/v1/people/{}/password", chief.house.person(Promoter, HERE));
    assert_eq!(chief.post(&promoter, json!({})).await.code(), "person.no_login");
    let trail = chief.staff.list(&chief.test, "/api/v1/audit").await;
    let acts: Vec<&str> = trail.iter().filter_map(|entry| entry["act"].as_str()).collect();
    for act in ["POST /api/v1/people", "POST /api/v1/people/{person}/password"] {
        assert!(acts.contains(&act), "{acts:?}");
    }
    let told = json!(trail).to_string();
    for secret in [&added["password"], &reset["password"]] {
        assert!(!told.contains(secret.as_str().unwrap()), "no password is written down");
    }
}

#[tokio::test]
async fn phones_learn_the_new_name_of_their_team() {
    let chief = Chief::come().await;
    let mut phone = Phone::of(&chief.test, &chief.house, Promoter, HERE).await;
    let teams = chief.staff.list(&chief.test, "/api/v1/teams").await;
    let own = teams.iter().find(|team| team["name"] == "桂林一组").unwrap()["id"].as_str().unwrap();
    chief.patch(&format!("/api/v1/teams/{own}"), json!({ "name": "漓江队" })).await.good();
    assert_eq!(phone.sync(&chief.test).await.failure, None);
    assert_eq!(phone.engine.identity().unwrap().profile.team_name.as_deref(), Some("漓江队"));
}

#[tokio::test]
async fn an_office_gets_another_name_and_what_was_sealed_keeps_the_old_one() {
    let chief = Chief::come().await;
    let mut phone = Phone::of(&chief.test, &chief.house, Promoter, HERE).await;
    let offices = chief.staff.list(&chief.test, "/api/v1/offices").await;
    let office = offices.iter().find(|office| office["name"] == HERE).unwrap();
    let id = office["id"].as_str().unwrap();
    let path = format!("/api/v1/offices/{id}");
    days::close(&chief.test, &chief.staff, id, days::DAY).await.good();
    assert_eq!(chief.patch(&path, json!({ "name": THERE })).await.code(), "name.taken");
    assert_eq!(chief.patch(&path, json!({ "name": " " })).await.code(), "name.length");
    let wrong = json!({ "name": "漓江", "time_zone": "Asia/Guilin" });
    assert_eq!(chief.patch(&path, wrong).await.code(), "office.time_zone", "and then the name stays too");
    let renamed = chief.patch(&path, json!({ "name": " 漓江 " })).await.good().json();
    assert_eq!(renamed, json!({ "id": id, "name": "漓江", "time_zone": office["time_zone"] }));

    assert_eq!(phone.sync(&chief.test).await.failure, None);
    assert_eq!(phone.engine.identity().unwrap().profile.office_name, "漓江");
    let sealed = format!("{path}/days/{}/statements/0", days::DAY);
    let sealed = chief.staff.get(&chief.test, &sealed).await.good().json();
    assert_eq!(sealed["statement"]["office"]["name"], HERE);
    let trail = chief.staff.list(&chief.test, "/api/v1/audit?limit=200").await;
    let written = json!({ "before": { "name": HERE }, "after": { "name": " 漓江 " } });
    assert!(trail.iter().any(|entry| entry["detail"] == written), "{trail:?}");
}
