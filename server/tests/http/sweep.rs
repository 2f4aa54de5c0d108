//! Every operation of the OpenAPI document, called by nobody, by every role in the right office, in the wrong one and
//! in another company. A new operation has to say here who may call it.

use axum::http::Method;
use serde_json::{Value, json};
use sync_core::wire::enrol::Role;

use crate::days;
use crate::support::house::{ELSEWHERE, HERE, THERE};
use crate::support::photographer::{hash_of, jpeg};
use crate::support::{Answer, House, Phone, TestApp};

/// Who may call an operation.
enum Rule {
    /// Everybody, signed in or not.
    Anybody,
    /// Only with a password.
    WithPassword,
    /// Whoever is signed in; what they get is their territory's.
    Staff,
    /// These roles; the others learn that they may not.
    Roles(&'static [Role]),
    /// Whoever sees the record; of those these roles, the others learn that they may not. For all others the record
    /// does not exist.
    Record(&'static [Role]),
    /// As `Record`, for a phone of the record's owner.
    Device(&'static [Role]),
    /// As `Record`, for the record's owner.
    Person(&'static [Role]),
    /// About the office of the record: these roles, in its territory.
    Office(&'static [Role]),
    /// About a change that was quarantined: these roles of the company; the others learn that they may not.
    Aside(&'static [Role]),
    /// About an amendment of an open record: these roles may look, and of those these decide.
    Amendment(&'static [Role], &'static [Role]),
    /// About a stray that is not there: these roles learn that, the others that they may not.
    Stray(&'static [Role]),
    /// Whoever is signed in, and then is told this.
    Told(&'static str),
    /// Whoever sees a record that names the photo; for all others it does not exist.
    Photo,
    /// Phones with a token, and no session of staff.
    Phone,
    /// Phones, by what their message says.
    Message,
}

use Role::{Auditor, HqAdmin, OfficeManager, Promoter, Reviewer, Secretary, Supervisor};

const AMENDMENTS: &[Role] = &[Secretary, OfficeManager, Reviewer, HqAdmin, Auditor];
const DECIDE: &[Role] = &[Secretary, OfficeManager, Reviewer, HqAdmin];
const SEE_DAYS: &[Role] = &[Secretary, OfficeManager, Reviewer, HqAdmin, Auditor];
const CLOSE_DAYS: &[Role] = &[Secretary, OfficeManager, HqAdmin];
/// Whoever hears this got past the door: only the first of those who may is in time, or nothing is there to be done.
const TOO_LATE: [&str; 6] =
    ["record.arrived", "day.closed", "day.missing", "day.nobody_missing", "day.nothing_late", "day.open"];

const RULES: &[(&str, &str, Rule)] = &[
    ("post", "/sync/v1/enrol", Rule::Message),
    ("post", "/sync/v1/token", Rule::Message),
    ("post", "/sync/v1/exchange", Rule::Phone),
    ("post", "/sync/v1/reidentify", Rule::Phone),
    ("post", "/sync/v1/photos", Rule::Phone),
    ("options", "/sync/v1/photos", Rule::Anybody),
    ("head", "/sync/v1/photos/uploads/{id}", Rule::Phone),
    ("patch", "/sync/v1/photos/uploads/{id}", Rule::Phone),
    ("delete", "/sync/v1/photos/uploads/{id}", Rule::Phone),
    ("post", "/sync/v1/photos/state", Rule::Phone),
    ("get", "/sync/v1/photos/{sha256}", Rule::Phone),
    ("get", "/api/v1/photos/{sha256}", Rule::Photo),
    ("post", "/api/v1/session", Rule::WithPassword),
    ("delete", "/api/v1/session", Rule::Anybody),
    ("get", "/api/v1/me", Rule::Staff),
    ("post", "/api/v1/session/password", Rule::Told("session.old_password")),
    ("get", "/api/v1/session/totp", Rule::Staff),
    ("post", "/api/v1/session/totp", Rule::Told("session.old_password")),
    ("post", "/api/v1/session/totp/confirm", Rule::Told("session.totp_off")),
    ("post", "/api/v1/session/totp/end", Rule::Told("session.old_password")),
    ("get", "/api/v1/sessions", Rule::Staff),
    ("get", "/api/v1/events", Rule::Staff),
    ("put", "/api/v1/records/{id}/presence", Rule::Record(&Role::ALL)),
    ("delete", "/api/v1/records/{id}/presence", Rule::Record(&Role::ALL)),
    ("delete", "/api/v1/sessions/{id}", Rule::Told("resource.not_found")),
    ("get", "/api/v1/records", Rule::Staff),
    ("get", "/api/v1/records/count", Rule::Staff),
    ("get", "/api/v1/records/places", Rule::Staff),
    ("get", "/api/v1/surveys/figures", Rule::Staff),
    ("get", "/api/v1/leads/stages", Rule::Staff),
    ("get", "/api/v1/leads/received", Rule::Roles(SEE_DAYS)),
    ("get", "/api/v1/leads/cases", Rule::Staff),
    ("get", "/api/v1/records/export", Rule::Staff),
    ("get", "/api/v1/records/{id}", Rule::Record(&Role::ALL)),
    ("post", "/api/v1/records/{id}/review", Rule::Record(&[Reviewer, HqAdmin])),
    ("patch", "/api/v1/records/{id}/facts", Rule::Record(&[Reviewer, HqAdmin])),
    ("post", "/api/v1/records/{id}/assignment", Rule::Record(&[Secretary, OfficeManager, HqAdmin])),
    ("post", "/api/v1/assignments", Rule::Roles(&[Secretary, OfficeManager, HqAdmin])),
    ("get", "/api/v1/quarantine", Rule::Roles(&[Reviewer, HqAdmin, Auditor])),
    ("get", "/api/v1/quarantine/{id}", Rule::Aside(&[Reviewer, HqAdmin, Auditor])),
    ("post", "/api/v1/quarantine/{id}/replay", Rule::Aside(&[Reviewer, HqAdmin])),
    ("post", "/api/v1/quarantine/{id}/discard", Rule::Aside(&[Reviewer, HqAdmin])),
    ("get", "/api/v1/strays", Rule::Roles(&[Reviewer, HqAdmin, Auditor])),
    ("post", "/api/v1/strays/{id}/adopt", Rule::Stray(&[Reviewer, HqAdmin])),
    ("post", "/api/v1/strays/{id}/discard", Rule::Stray(&[Reviewer, HqAdmin])),
    ("get", "/api/v1/amendments", Rule::Roles(AMENDMENTS)),
    ("get", "/api/v1/amendments/{record}/{device}", Rule::Amendment(AMENDMENTS, AMENDMENTS)),
    ("post", "/api/v1/amendments/{record}/{device}/accept", Rule::Amendment(AMENDMENTS, DECIDE)),
    ("post", "/api/v1/amendments/{record}/{device}/reject", Rule::Amendment(AMENDMENTS, DECIDE)),
    ("get", "/api/v1/days", Rule::Roles(SEE_DAYS)),
    ("get", "/api/v1/offices/{office}/days/{day}", Rule::Office(SEE_DAYS)),
    ("post", "/api/v1/offices/{office}/days/{day}/close", Rule::Office(CLOSE_DAYS)),
    ("post", "/api/v1/offices/{office}/days/{day}/reminders", Rule::Office(CLOSE_DAYS)),
    ("post", "/api/v1/offices/{office}/days/{day}/supplements", Rule::Office(CLOSE_DAYS)),
    ("get", "/api/v1/offices/{office}/days/{day}/late", Rule::Office(SEE_DAYS)),
    ("get", "/api/v1/offices/{office}/days/{day}/statements/{number}", Rule::Office(SEE_DAYS)),
    ("post", "/api/v1/records/{id}/arrival", Rule::Record(CLOSE_DAYS)),
    ("get", "/api/v1/offices/{office}/consultants", Rule::Office(&Role::ALL)),
    ("put", "/api/v1/offices/{office}/consultants", Rule::Office(CLOSE_DAYS)),
    ("get", "/api/v1/organisation", Rule::Staff),
    ("patch", "/api/v1/organisation", Rule::Roles(&[HqAdmin])),
    ("get", "/api/v1/offices", Rule::Staff),
    ("patch", "/api/v1/offices/{office}", Rule::Office(&[HqAdmin])),
    ("get", "/api/v1/teams", Rule::Staff),
    ("get", "/api/v1/people", Rule::Staff),
    ("patch", "/api/v1/people/{person}", Rule::Person(&[HqAdmin])),
    ("post", "/api/v1/people/{person}/hand-over", Rule::Person(&[Secretary, OfficeManager, HqAdmin])),
    ("post", "/api/v1/people/{person}/enrolment-code", Rule::Person(&[Secretary, OfficeManager, HqAdmin])),
    ("delete", "/api/v1/people/{person}/sessions", Rule::Person(&[HqAdmin])),
    ("delete", "/api/v1/people/{person}/totp", Rule::Person(&[HqAdmin])),
    ("get", "/api/v1/projects", Rule::Staff),
    ("get", "/api/v1/devices", Rule::Roles(&[Supervisor, Secretary, OfficeManager, Reviewer, HqAdmin, Auditor])),
    ("post", "/api/v1/devices/{id}/revoke", Rule::Device(&[Secretary, OfficeManager, HqAdmin])),
    ("post", "/api/v1/devices/{id}/wipe", Rule::Device(&[Secretary, OfficeManager, HqAdmin])),
    ("get", "/api/v1/audit", Rule::Roles(&[HqAdmin, Auditor])),
    ("get", "/api/v1/audit/verification", Rule::Roles(&[HqAdmin, Auditor])),
    ("get", "/api/v1/audit/export", Rule::Roles(&[HqAdmin, Auditor])),
    ("get", "/api/v1/system", Rule::Roles(&[HqAdmin, Auditor])),
    ("get", "/healthz", Rule::Anybody),
    ("get", "/readyz", Rule::Anybody),
];

fn operations() -> Vec<(String, String)> {
    let document = serde_json::to_value(server::router::document()).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, item)| item.as_object().unwrap().keys().map(|method| (method.clone(), path.clone())))
        .collect()
}

fn body_of(method: &str, path: &str, cookie: Option<&str>) -> Option<Value> {
    match (method, path) {
        // Another name each time: one that fails too often would have to wait.
        ("post", "/api/v1/session") => Some(json!({ "login": cookie.unwrap_or("nobody"), "password": "nothing" })),
        ("post", "/api/v1/session/password") => Some(json!({ "old_password": "nothing", "password": "nothing" })),
        ("post", "/api/v1/session/totp/confirm") => Some(json!({ "code": "000000" })),
        ("post", _) if path.starts_with("/api/v1/session/totp") => Some(json!({ "password": "nothing" })),
        ("post", _) if path.ends_with("/review") => Some(json!({ "state": "returned", "reason": "再看" })),
        ("post", _) if path.ends_with("/wipe") || path.ends_with("/accept") => Some(json!({})),
        ("post", _) if path.starts_with("/api/v1/quarantine/") || path.ends_with("/reject") => {
            Some(json!({ "reason": "不清楚" }))
        }
        ("post", _) if path.ends_with("/adopt") => Some(json!({})),
        ("post", _) if path.ends_with("/discard") => Some(json!({ "reason": "重复" })),
        ("post", _) if path.ends_with("/close") || path.ends_with("/arrival") => Some(json!({})),
        ("post", _) if path.ends_with("/reminders") => Some(json!({})),
        ("post", _) if path.ends_with("/supplements") => Some(json!({ "reason": "晚到" })),
        ("put", _) if path.ends_with("/consultants") => Some(json!({ "names": ["李静"] })),
        ("post", _) if path.ends_with("/assignment") => Some(json!({})),
        ("post", _) if path.ends_with("/assignments") => Some(json!({ "records": [] })),
        // To themselves, which is nobody new.
        ("post", _) if path.ends_with("/hand-over") => Some(json!({ "to": path.split('/').nth_back(1) })),
        ("patch", _) if path.contains("/offices/") => Some(json!({ "time_zone": "Asia/Shanghai" })),
        ("patch", _) if path.contains("/people/") || path.ends_with("/organisation") => Some(json!({})),
        ("patch", _) => Some(json!({ "name": "张三" })),
        _ => None,
    }
}

async fn call(test: &TestApp, method: &str, path: &str, cookie: Option<&str>) -> Answer {
    let body = body_of(method, path, cookie);
    let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
    test.call(method, path, cookie, body.as_ref()).await
}

#[tokio::test]
async fn every_operation_has_a_rule() {
    let mut described = operations();
    let mut ruled: Vec<_> = RULES.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    described.sort();
    ruled.sort();
    assert_eq!(described, ruled);
}

#[tokio::test]
async fn everybody_gets_what_the_rules_say_and_no_more() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Promoter, HERE).await;
    let record = phone.register("张伟");
    let photo = jpeg(1);
    phone.attach(&photo, record);
    assert!(phone.sync(&test).await.failure.is_none());
    assert!(phone.bring(&test, &photo, record).await.good().is_stored());
    let (record, photo) = (record.to_string(), hash_of(&photo).to_string());
    let device = phone.engine.identity().unwrap().device.to_string();
    // The office's part is not the promoter's to write, so this is held.
    let mut second = Phone::of(&test, &house, Promoter, HERE).await;
    let amended = second.register("李四");
    let author = second.engine.identity().unwrap().device.to_string();
    assert!(second.sync(&test).await.failure.is_none());
    second.assign(amended);
    assert!(second.sync(&test).await.failure.is_none());
    // And this is quarantined, whatever a change may be.
    let broken = second.register("王五");
    assert!(second.sync(&test).await.failure.is_none());
    let broken = test.sql_id(broken.0);
    let set_aside = "update change set state = 3, code = 'change.fatal', seq = null, place = null";
    test.sql(&format!("{set_aside} where record = {broken}")).await;
    test.sql(&format!("delete from record where id = {broken}")).await;
    let aside = test.sql_number(&format!("select id from change where record = {broken}")).await.to_string();
    let amended = amended.to_string();
    let offices = house.staff(&test, HqAdmin, HERE).await.list(&test, "/api/v1/offices").await;
    let office = offices.iter().find(|office| office["name"] == HERE).unwrap()["id"].as_str().unwrap().to_owned();
    // So that there is a statement to be seen.
    let secretary = house.staff(&test, Secretary, HERE).await;
    let day = days::DAY;
    days::close(&test, &secretary, &office, day).await.good();

    for (method, template, rule) in RULES {
        let id = match rule {
            Rule::Device(_) => device.as_str(),
            Rule::Aside(_) => aside.as_str(),
            Rule::Stray(_) => "0",
            _ => record.as_str(),
        };
        let person = house.person(Promoter, HERE).to_string();
        let path = template.replace("{id}", id).replace("{person}", &person);
        let path = path.replace("{office}", &office).replace("{day}", day).replace("{number}", "0");
        let path = path.replace("/export", "/export?form=csv");
        let path = if path == "/api/v1/days" { format!("{path}?day={day}") } else { path };
        let path = path.replace("{record}", &amended).replace("{device}", &author).replace("{sha256}", &photo);
        let nobody = call(&test, method, &path, None).await;
        assert_eq!(verdict(&nobody), expected(rule, None), "{method} {template} by nobody");
        let stale = call(&test, method, &path, Some("__Host-daybook=AAAA")).await;
        assert_eq!(verdict(&stale), expected(rule, None), "{method} {template} with a session that is none");
        for office in [HERE, THERE, ELSEWHERE] {
            for role in Role::ALL {
                // Signing out ends a session, so each call has its own.
                let staff = house.staff(&test, role, office).await;
                let answer = call(&test, method, &path, Some(&staff.cookie)).await;
                assert_eq!(
                    verdict(&answer),
                    expected(rule, Some((role, office))),
                    "{method} {template} by {role:?} in {office}"
                );
            }
        }
    }
}

fn verdict(answer: &Answer) -> String {
    if answer.status.is_success() {
        return "ok".to_owned();
    }
    // Answers to HEAD have no body; there is one reason only for this status and phones.
    if answer.body.is_empty() && answer.status.as_u16() == 401 {
        return "token.invalid".to_owned();
    }
    // Only the first of those who may decide is in time.
    let code = answer.code();
    if code.ends_with(".decided") || TOO_LATE.contains(&code.as_str()) { "ok".to_owned() } else { code }
}

fn expected(rule: &Rule, who: Option<(Role, &str)>) -> &'static str {
    let Some((role, office)) = who else {
        return match rule {
            Rule::Anybody => "ok",
            Rule::WithPassword => "session.credentials",
            Rule::Staff | Rule::Roles(_) | Rule::Record(_) | Rule::Device(_) | Rule::Person(_) => "session.required",
            Rule::Told(_) => "session.required",
            Rule::Aside(_) | Rule::Stray(_) | Rule::Amendment(..) | Rule::Photo | Rule::Office(_) => "session.required",
            Rule::Phone => "token.invalid",
            Rule::Message => "sync.media_type",
        };
    };
    // The record is a promoter's of the first office.
    let sees = match role {
        Reviewer | HqAdmin | Auditor => office != ELSEWHERE,
        Promoter | Supervisor | Secretary | OfficeManager => office == HERE,
    };
    match rule {
        Rule::Photo => {
            if sees {
                "ok"
            } else {
                "photo.not_found"
            }
        }
        Rule::Anybody | Rule::Staff => "ok",
        Rule::Told(code) => code,
        Rule::WithPassword => "session.credentials",
        Rule::Roles(roles) if roles.contains(&role) => "ok",
        Rule::Aside(roles) | Rule::Amendment(roles, _) | Rule::Office(roles) if !roles.contains(&role) => {
            "permission.denied"
        }
        Rule::Stray(roles) => {
            if roles.contains(&role) {
                "stray.not_found"
            } else {
                "permission.denied"
            }
        }
        Rule::Aside(_) => {
            if office == ELSEWHERE {
                "resource.not_found"
            } else {
                "ok"
            }
        }
        Rule::Office(_) if !sees => "office.not_found",
        Rule::Office(_) => "ok",
        Rule::Amendment(..) if !sees => "record.not_found",
        Rule::Amendment(_, roles) => {
            if roles.contains(&role) {
                "ok"
            } else {
                "permission.denied"
            }
        }
        Rule::Record(_) if !sees => "record.not_found",
        Rule::Device(_) if !sees => "resource.not_found",
        Rule::Person(_) if !sees => "person.not_found",
        Rule::Record(roles) | Rule::Device(roles) | Rule::Person(roles) if roles.contains(&role) => "ok",
        Rule::Roles(_) | Rule::Record(_) | Rule::Device(_) | Rule::Person(_) => "permission.denied",
        Rule::Phone => "token.invalid",
        Rule::Message => "sync.media_type",
    }
}

#[tokio::test]
async fn lists_end_at_the_border_of_the_territory() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    for office in [HERE, THERE, ELSEWHERE] {
        let mut phone = Phone::of(&test, &house, Promoter, office).await;
        phone.register("张伟");
        assert!(phone.sync(&test).await.failure.is_none());
    }
    for office in [HERE, THERE] {
        for role in Role::ALL {
            let staff = house.staff(&test, role, office).await;
            let count = async |path: &str| staff.list(&test, path).await.len();
            let everywhere = role.is_head_quarters();
            assert_eq!(count("/api/v1/records").await, if everywhere { 2 } else { 1 }, "{role:?}");
            let counted = staff.get(&test, "/api/v1/records/count").await.good().json();
            assert_eq!(counted["count"], if everywhere { 2 } else { 1 }, "{role:?}");
            assert_eq!(count("/api/v1/offices").await, if everywhere { 2 } else { 1 }, "{role:?}");
            let in_team = matches!(role, Promoter | Supervisor | Secretary | OfficeManager);
            assert_eq!(count("/api/v1/teams").await, if in_team { 1 } else { 2 }, "{role:?}");
            let people = match role {
                Promoter => 1,
                Supervisor => 2,
                Secretary | OfficeManager => 4,
                Reviewer | HqAdmin | Auditor => 14,
            };
            assert_eq!(count("/api/v1/people").await, people, "{role:?}");
            if role != Promoter {
                assert_eq!(count("/api/v1/devices").await, if everywhere { 2 } else { 1 }, "{role:?}");
            }
            // A filter for the other office finds nothing that the territory does not hold.
            let offices = house.staff(&test, HqAdmin, HERE).await.list(&test, "/api/v1/offices").await;
            for office in offices {
                let path = format!("/api/v1/records?office={}", office["id"].as_str().unwrap());
                assert!(count(&path).await <= 1, "{role:?}");
            }
        }
    }
}
