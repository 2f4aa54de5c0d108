//! The audit trail: everything that staff and administrators change, and what tampering looks like.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use server::auth::password::rules::Owner;
use server::service::admin::{Order, perform};
use server::service::trail::Kept;
use sync_core::id::{OrganisationId, PublicKey};
use sync_core::wire::enrol::Role::{Auditor, HqAdmin, Promoter, Reviewer, Secretary};

use super::days;
use super::support::house::{ELSEWHERE, HERE};
use super::support::{House, Phone, Staff, TestApp};

struct Office {
    test: TestApp,
    house: House,
    auditor: Staff,
    record: String,
}

async fn office() -> Office {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Promoter, HERE).await;
    let record = phone.register("张伟").to_string();
    assert_eq!(phone.sync(&test).await.failure, None);
    let auditor = house.staff(&test, Auditor, HERE).await;
    Office { test, house, auditor, record }
}

impl Office {
    async fn trail(&self, query: &str) -> Vec<Value> {
        self.auditor.list(&self.test, &format!("/api/v1/audit{query}")).await
    }

    async fn check(&self) -> Value {
        let mut checked = self.check_with_all().await;
        let kept = ["kept", "false_kept", "other_keys"].map(|name| checked.as_object_mut().unwrap().remove(name));
        assert_eq!(kept, [json!(0), json!([]), json!([])].map(Some), "nothing was kept elsewhere");
        checked
    }

    async fn check_with_all(&self) -> Value {
        perform(&self.test.app, Order::CheckTrail { organisation: Some("远方".to_owned()), kept: Vec::new() })
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn whatever_is_changed_is_written_down_before_with_who_and_what() {
    let office = office().await;
    let machine = office.trail("?limit=200").await;
    assert!(machine.iter().all(|entry| entry["origin"] == "machine" && entry["person"].is_null()));
    let issued = machine.iter().find(|entry| entry["act"] == "issue_code").unwrap();
    assert_eq!(issued["detail"]["organisation"], "远方");
    let start = machine.len() as u64;

    let reviewer = office.house.staff(&office.test, Reviewer, HERE).await;
    reviewer.decide(&office.test, &office.record, json!({ "state": "returned", "reason": "电话不对" })).await.good();
    reviewer.correct(&office.test, &office.record, "name", json!("张炜")).await.good();
    let secretary = office.house.staff(&office.test, Secretary, HERE).await;
    let refused = secretary.decide(&office.test, &office.record, json!({ "state": "approved" })).await;
    assert_eq!(refused.code(), "permission.denied");
    reviewer.get(&office.test, "/api/v1/records").await.good();

    let trail = office.trail("").await;
    let acts: Vec<&str> = trail.iter().map(|entry| entry["act"].as_str().unwrap()).take(4).collect();
    let (decide, correct) = ("POST /api/v1/records/{id}/review", "PATCH /api/v1/records/{id}/facts");
    assert_eq!(acts, ["refused", decide, correct, decide], "and what only looks is not");
    assert_eq!(trail[0]["no"], start + 4);
    assert_eq!(trail[0]["detail"], json!({ "entry": start + 3, "status": 403 }));
    assert_eq!(trail[2]["detail"], json!({ "fields": ["name"] }), "the record's history has the values");
    assert_eq!(trail[3]["detail"]["reason"], "电话不对");
    assert_eq!(trail[3]["subject"], format!("/api/v1/records/{}/review", office.record));
    let person = office.house.person(Reviewer, HERE).to_string();
    assert_eq!(trail[3]["person"], person.as_str());
    assert_eq!(office.trail(&format!("?person={person}")).await.len(), 2);
    let before = office.trail(&format!("?before={}&limit=1", start + 2)).await;
    assert_eq!(before[0]["no"], start + 1);
    let elsewhere = office.house.staff(&office.test, Auditor, ELSEWHERE).await;
    let theirs = elsewhere.list(&office.test, "/api/v1/audit?limit=200").await;
    assert!(theirs.iter().all(|entry| entry["detail"]["organisation"] == "对手"), "{theirs:?}");
}

#[tokio::test]
async fn signing_in_and_failing_to_is_written_down_without_secrets() {
    let office = office().await;
    let admin = office.house.person(HqAdmin, HERE);
    let owner = Owner { login: Some("hq"), name: "HQ" };
    let hash = office.test.app.passwords.choose("correct horse battery", owner, &office.test.app.dice).await.unwrap();
    let id = office.test.sql_id(admin.0);
    office.test.sql(&format!("update person set login = 'hq', password_hash = '{hash}' where id = {id}")).await;
    for (password, works) in [("wrong", false), ("correct horse battery", true)] {
        let body = json!({ "login": "hq", "password": password });
        let answer = office.test.call(Method::POST, "/api/v1/session", None, Some(&body)).await;
        assert_eq!(answer.status.is_success(), works);
        office.test.clock.advance(10_000);
    }
    let trail = office.trail("?limit=2").await;
    assert_eq!([&trail[1]["act"], &trail[0]["act"]], ["sign-in failed", "sign-in"]);
    let text = serde_json::to_string(&office.trail("?limit=200").await).unwrap();
    assert!(!text.contains("horse") && !text.contains("wrong"));
}

#[tokio::test]
async fn whoever_tampers_is_found_out() {
    for (how, broken, anchored) in [
        (None, None, 0),
        // Whoever writes the chain anew has to write anew what statements say of it, and can't sign that.
        (Some("update statement set body = replace(body, '\"number\":0', '\"number\":0 ')"), None, 0),
        (Some("update statement set body = 'x'"), None, 0),
        (Some("update statement set number = 1"), None, 0),
        (Some("update audit_entry set detail = 'null' where no = 3"), Some(3), 0),
        (Some("update audit_entry set person = null where no = (select max(no) from audit_entry)"), Some(0), 0),
        (Some("delete from audit_entry where no = 4"), Some(4), 0),
        // Cut off at the end the chain fits; the sealed statement knows that there was more.
        (Some("delete from audit_entry where no > 5"), None, 1),
    ] {
        let office = office().await;
        let secretary = office.house.staff(&office.test, Secretary, HERE).await;
        let offices = secretary.list(&office.test, "/api/v1/offices").await;
        days::close(&office.test, &secretary, offices[0]["id"].as_str().unwrap(), days::DAY).await.good();
        let sound = office.check().await;
        assert_eq!((&sound["sound"], &sound["anchors"]), (&json!(true), &json!(1)), "{sound}");
        let Some(how) = how else {
            continue;
        };
        office.test.sql(how).await;
        let checked = office.check().await;
        assert_eq!(checked["sound"], false, "{how}");
        let last = sound["entries"].as_u64().unwrap();
        assert_eq!(checked["broken"].as_u64(), broken.map(|no| if no == 0 { last } else { no }), "{how}");
        assert!(checked["false_anchors"].as_array().unwrap().len() >= anchored, "{how}");
        let untrue = checked["false_statements"].as_array().unwrap().len();
        assert_eq!(untrue, usize::from(how.contains("update statement")), "{how}");
    }
}

/// Whoever has the database has the key that signs statements, and may write all of it anew.
#[tokio::test]
async fn a_statement_that_was_saved_elsewhere_tells_what_was_written_anew() {
    let office = office().await;
    let secretary = office.house.staff(&office.test, Secretary, HERE).await;
    let offices = secretary.list(&office.test, "/api/v1/offices").await;
    let sealed =
        days::close(&office.test, &secretary, offices[0]["id"].as_str().unwrap(), days::DAY).await.good().json();
    let key: PublicKey = sealed["key"].as_str().unwrap().parse().unwrap();
    let said: server::day::statement::Body = serde_json::from_str(sealed["body"].as_str().unwrap()).unwrap();
    let kept = |key: PublicKey| Kept {
        organisation: Some(said.organisation.id),
        anchor: said.audit.clone().unwrap(),
        key: Some(key),
    };
    let check = async |kept: Vec<Kept>| {
        perform(&office.test.app, Order::CheckTrail { organisation: Some("远方".to_owned()), kept }).await.unwrap()
    };
    let sound = check(vec![kept(key)]).await;
    assert_eq!((&sound["sound"], &sound["kept"]), (&json!(true), &json!(1)), "{sound}");
    let other = PublicKey([7; 32]);
    let signed_anew = check(vec![kept(other)]).await;
    assert_eq!((&signed_anew["sound"], &signed_anew["other_keys"]), (&json!(false), &json!([other])), "{signed_anew}");
    let of_others = Kept { organisation: Some(OrganisationId::from([9; 16])), ..kept(other) };
    let apart = check(vec![of_others]).await;
    assert_eq!((&apart["sound"], &apart["kept"]), (&json!(true), &json!(0)), "{apart}");
    office.test.sql("delete from statement").await;
    office.test.sql(&format!("delete from audit_entry where no >= {}", said.audit.as_ref().unwrap().no)).await;
    assert_eq!(check(Vec::new()).await["sound"], true, "what is left fits");
    let cut = check(vec![kept(key)]).await;
    assert_eq!(
        (&cut["sound"], &cut["false_kept"]),
        (&json!(false), &json!([said.audit.as_ref().unwrap().no])),
        "{cut}"
    );
}

#[tokio::test]
async fn an_auditor_checks_the_trail_and_takes_it_away() {
    let office = office().await;
    let Office { test, auditor, .. } = &office;
    let sound = auditor.get(test, "/api/v1/audit/verification").await.good().json();
    assert_eq!(sound, office.check().await);
    let exported = auditor.get(test, "/api/v1/audit/chain").await.good();
    let text = String::from_utf8(exported.body).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let numbers: Vec<u64> = lines.iter().map(|line| line["no"].as_u64().unwrap()).collect();
    let all = office.check().await;
    assert_eq!(numbers, (1..=all["entries"].as_u64().unwrap()).collect::<Vec<_>>(), "its own entry is the last");
    let last = lines.last().unwrap();
    assert_eq!((&last["act"], &last["link"]), (&json!("GET /api/v1/audit/chain"), &all["head"]));

    test.sql("update audit_entry set detail = 'null' where no = 3").await;
    let broken = auditor.get(test, "/api/v1/audit/verification").await.good().json();
    assert_eq!((&broken["sound"], &broken["broken"]), (&json!(false), &json!(3)));
    let reviewer = office.house.staff(test, Reviewer, HERE).await;
    let taken = office.trail("?limit=1").await[0]["no"].clone();
    assert_eq!(reviewer.get(test, "/api/v1/audit/chain").await.code(), "permission.denied");
    assert_eq!(office.trail("?limit=1").await[0]["no"], taken, "nothing was taken, so nothing says so");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_told_from_one_that_breaks_off() {
    let office = office().await;
    let reviewer = office.house.staff(&office.test, Reviewer, HERE).await;
    let path = format!("/api/v1/records/{}/review", office.record);
    let request = |body: Body| {
        let request =
            Request::post(&path).header("content-type", "application/json").header("cookie", &reviewer.cookie);
        request.body(body).unwrap()
    };
    let large = "x".repeat(office.test.app.config.limits.json_bytes + 1);
    assert_eq!(office.test.send(request(Body::from(large))).await.code(), "request.too_large");
    let cut = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    let pieces = futures_util::stream::iter([Ok(r#"{"state":"#), Err(cut)]);
    assert_eq!(office.test.send(request(Body::from_stream(pieces))).await.code(), "request.malformed");
    assert!(office.trail("?limit=5").await.iter().all(|entry| entry["origin"] == "machine"), "nothing was done");
}
