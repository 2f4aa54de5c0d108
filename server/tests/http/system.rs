//! How the server is, what an organisation decides for itself, and how a record's history is proved.

use axum::http::Method;
use serde_json::{Value, json};
use server::service::admin::{Order, perform};
use sync_core::wire::enrol::Role;

use crate::support::house::{ELSEWHERE, HERE};
use crate::support::photographer::jpeg;
use crate::support::{House, Phone, TestApp};

#[tokio::test]
async fn head_quarters_sees_how_the_server_is() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let auditor = house.staff(&test, Role::Auditor, HERE).await;
    let look = async || {
        // What was counted is good for a while.
        test.clock.advance(15_000);
        auditor.get(&test, "/api/v1/system").await.good().json()
    };
    let empty = look().await;
    assert_eq!(empty["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!((&empty["stored"]["records"], &empty["stored"]["photos"]), (&json!(0), &json!(0)));
    assert_eq!(empty["aside"], json!({ "waiting": 0, "held": 0, "quarantined": 0, "refused": 0, "strays": 0 }));
    assert_eq!(empty["exchanges"].as_array().unwrap().len(), 60);
    assert_eq!(empty["projector"], json!({ "behind": 0, "unjudged": 0, "lag_ms": 0 }));
    assert_eq!((&empty["backups"]["database_at"], &empty["uptime_ms"]), (&Value::Null, &json!(15_000)));
    let day_ms = 24 * 3_600_000_i64;
    let limits = &empty["limits"];
    assert_eq!((&limits["waiting_ms"], &limits["photo_grace_ms"]), (&json!(5 * day_ms), &json!(30 * day_ms)));
    assert_eq!(limits["tiles"], Value::Null);
    assert!(empty["database"]["bytes"].as_u64().unwrap() > 10_000);
    assert!(["sqlite", "postgres"].contains(&empty["database"]["kind"].as_str().unwrap()));
    assert_eq!((&empty["servers"], &empty["database"]["epoch"]), (&json!(1), &json!(1)));

    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let record = phone.register("张伟");
    let photo = jpeg(1);
    phone.attach(&photo, record);
    assert_eq!(phone.sync(&test).await.failure, None);
    phone.bring(&test, &photo, record).await.good();
    phone.assign(record);
    assert_eq!(phone.sync(&test).await.failure, None);
    let taken_at = test.app.clock.now();
    perform(&test.app, Order::NoteBackup { taken_at, journals: vec![(phone.engine.identity().unwrap().device, 3)] })
        .await
        .unwrap();
    let full = look().await;
    assert_eq!((&full["stored"]["records"], &full["stored"]["photos"]), (&json!(1), &json!(1)));
    assert!(
        full["stored"]["photo_bytes"].as_u64().unwrap() > 1_000 && full["stored"]["changes"].as_u64().unwrap() >= 3
    );
    assert_eq!(full["aside"]["held"], 1);
    assert_eq!(full["backups"]["database_at"], taken_at.0);
    let exchanges: u64 = full["exchanges"].as_array().unwrap().iter().map(|count| count.as_u64().unwrap()).sum();
    assert!(exchanges >= 2, "{exchanges}");
    // Another company on the same server.
    let stranger = house.staff(&test, Role::HqAdmin, ELSEWHERE).await.get(&test, "/api/v1/system").await.good().json();
    assert_eq!((&stranger["stored"]["records"], &stranger["aside"]["held"]), (&json!(0), &json!(0)));
}

#[tokio::test]
async fn what_waits_to_be_judged_is_seen() {
    let test = TestApp::without_projector().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    phone.register("张伟");
    assert_eq!(phone.sync(&test).await.failure, None);
    test.clock.advance(5_000);
    let auditor = house.staff(&test, Role::Auditor, HERE).await;
    let seen = auditor.get(&test, "/api/v1/system").await.good().json();
    assert_eq!(seen["projector"], json!({ "behind": 1, "unjudged": 1, "lag_ms": 5_000 }));
    // The number leads to what it counts, and that to each of them.
    let waiting = auditor.list(&test, "/api/v1/quarantine?state=received").await;
    assert_eq!((waiting.len(), &waiting[0]["state"]), (1, &json!("received")));
    let one = auditor.get(&test, &format!("/api/v1/quarantine/{}", waiting[0]["id"])).await.good().json();
    assert_eq!(one["id"], waiting[0]["id"]);
    // Another company on the same server has nothing that waits.
    let stranger = house.staff(&test, Role::Auditor, ELSEWHERE).await;
    let theirs = stranger.get(&test, "/api/v1/system").await.good().json();
    assert_eq!(theirs["projector"], json!({ "behind": 0, "unjudged": 0, "lag_ms": 0 }));
    assert_eq!(stranger.list(&test, "/api/v1/quarantine?state=received").await, [json!(null); 0]);
}

#[tokio::test]
async fn settings_are_changed_and_written_down() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let admin = house.staff(&test, Role::HqAdmin, HERE).await;
    let change = async |path: &str, body: Value| test.call(Method::PATCH, path, Some(&admin.cookie), Some(&body)).await;
    let before = admin.get(&test, "/api/v1/organisation").await.good().json();
    assert_eq!(before["thresholds"]["geofence_m"], 500);
    let after = change("/api/v1/organisation", json!({ "thresholds": { "geofence_m": 300 } })).await.good().json();
    assert_eq!((&after["thresholds"]["geofence_m"], &after["keep_exif"]), (&json!(300), &json!(false)));
    assert_eq!(after["thresholds"]["travel_km_h"], before["thresholds"]["travel_km_h"], "what is left out stays");
    let wrong = change("/api/v1/organisation", json!({ "thresholds": { "geofence_m": 1 } })).await;
    assert_eq!(wrong.code(), "organisation.threshold");
    assert_eq!(wrong.json()["detail"], "geofence_m: 50 to 10000");
    let unknown = change("/api/v1/organisation", json!({ "thresholds": { "geofence": 1 } })).await;
    assert_eq!(unknown.code(), "request.malformed");
    let named = change("/api/v1/organisation", json!({ "name": " 远方 ", "evening_hour": 20 })).await.good().json();
    assert_eq!((&named["name"], &named["evening_hour"]), (&json!("远方"), &json!(20)));
    assert_eq!(named["thresholds"], after["thresholds"]);
    assert_eq!(change("/api/v1/organisation", json!({ "evening_hour": 24 })).await.code(), "organisation.evening_hour");
    let half = json!({ "name": "", "evening_hour": 18 });
    assert_eq!(change("/api/v1/organisation", half).await.code(), "name.length");
    assert_eq!(admin.get(&test, "/api/v1/organisation").await.good().json(), named, "what is refused changes nothing");

    let offices = admin.list(&test, "/api/v1/offices").await;
    let office = format!("/api/v1/offices/{}", offices[0]["id"].as_str().unwrap());
    let moved = change(&office, json!({ "time_zone": "Asia/Urumqi" })).await.good().json();
    assert_eq!((&moved["time_zone"], &moved["id"]), (&json!("Asia/Urumqi"), &offices[0]["id"]));
    assert_eq!(change(&office, json!({ "time_zone": "Mars/Base" })).await.code(), "office.time_zone");
    let trail = admin.list(&test, "/api/v1/audit?limit=200").await;
    let said = |act: &str| trail.iter().find(|entry| entry["act"] == act).unwrap()["detail"].clone();
    assert_eq!(
        said("PATCH /api/v1/offices/{office}"),
        json!({ "before": { "time_zone": "Asia/Urumqi" }, "after": { "time_zone": "Mars/Base" } })
    );
    for (before, after) in [
        (json!({ "thresholds": { "geofence_m": 500 } }), json!({ "thresholds": { "geofence_m": 300 } })),
        (json!({ "name": before["name"], "evening_hour": 17 }), json!({ "name": " 远方 ", "evening_hour": 20 })),
    ] {
        assert!(trail.iter().any(|entry| entry["detail"] == json!({ "before": before, "after": after })), "{after}");
    }
}

#[tokio::test]
async fn developments_are_opened_and_renamed() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let admin = house.staff(&test, Role::HqAdmin, HERE).await;
    let ask = async |method: Method, path: &str, name: &str| {
        test.call(method, path, Some(&admin.cookie), Some(&json!({ "name": name }))).await
    };
    let opened = ask(Method::POST, "/api/v1/projects", " 锦江壹号 ").await.good().json();
    assert_eq!(opened["name"], "锦江壹号");
    assert_eq!(ask(Method::POST, "/api/v1/projects", "锦江壹号").await.code(), "name.taken");
    assert_eq!(ask(Method::POST, "/api/v1/projects", &"长".repeat(101)).await.code(), "name.length");
    let path = format!("/api/v1/projects/{}", opened["id"].as_str().unwrap());
    assert_eq!(ask(Method::PATCH, &path, "锦江二号").await.good().json()["name"], "锦江二号");
    let names: Vec<Value> =
        admin.list(&test, "/api/v1/projects").await.into_iter().map(|it| it["name"].clone()).collect();
    assert!(names.contains(&json!("锦江二号")) && !names.contains(&json!("锦江壹号")), "{names:?}");
    let trail = admin.list(&test, "/api/v1/audit?limit=200").await;
    let said = trail.iter().find(|entry| entry["act"] == "PATCH /api/v1/projects/{project}").unwrap();
    assert_eq!(said["detail"], json!({ "before": { "name": "锦江壹号" }, "after": { "name": "锦江二号" } }));
}

#[tokio::test]
async fn history_says_what_speaks_for_each_change() {
    for at_once in ["true", "false"] {
        let test = TestApp::with_settings(&[("DAYBOOK_LIMITS_JUDGE_ON_ARRIVAL", at_once)]).await;
        let house = House::build(&test).await;
        let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
        let record = phone.register("张伟").to_string();
        assert_eq!(phone.sync(&test).await.failure, None);
        let reviewer = house.staff(&test, Role::Reviewer, HERE).await;
        reviewer.correct(&test, &record, "name", json!("张炜")).await.good();
        let history = async || {
            let detail = reviewer.get(&test, &format!("/api/v1/records/{record}")).await.good().json();
            let names = detail["history"].as_array().unwrap().iter().filter(|line| line["field"] == "name");
            names.cloned().collect::<Vec<Value>>()
        };
        let lines = history().await;
        let device = phone.engine.identity().unwrap().device.to_string();
        assert_eq!(
            (&lines[0]["evidence"], &lines[0]["n"], &lines[0]["device"]),
            (&json!("journal"), &json!(1), &json!(device))
        );
        assert_eq!(lines[0]["written_at"], lines[0]["at"], "the line and the change are of one moment");
        assert!(lines[0]["skew_ms"].is_i64());
        assert_eq!((&lines[0]["grade"], &lines[0]["not_after"]), (&json!("wall"), &lines[0]["received_at"]));
        assert_eq!(lines[1]["grade"], "server");
        assert_eq!(lines[1]["evidence"], "console");
        assert_eq!((&lines[1]["device"], &lines[1]["written_at"]), (&Value::Null, &Value::Null));
        // What the phone writes after its receipt is measured by a clock that nobody sets.
        phone.rename(record.parse().unwrap(), "张玮");
        assert_eq!(phone.sync(&test).await.failure, None);
        let later = history().await;
        assert_eq!(later[2]["grade"], "monotonic");
        assert!(later[2]["not_after"].as_i64() <= later[2]["received_at"].as_i64());
        if at_once == "true" {
            continue;
        }
        // As an older backup leaves it when somebody adopts what another phone brings back: a row for itself.
        let (id, owner) = (test.sql_id(record.parse().unwrap()), test.sql_id(house.person(Role::Promoter, HERE).0));
        let lost = "update change set device = null, n = null, wall_ms = null, mono_ms = null, boot = null";
        test.sql(&format!("{lost}, person = {owner} where record = {id} and n = 1")).await;
        assert_eq!(history().await[0]["evidence"], "adopted");
    }
}
