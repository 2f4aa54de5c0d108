//! Every operation of the OpenAPI document, called by nobody, by every role in the right office, in the wrong one and
//! in another company. A new operation has to say here who may call it.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use sync_core::engine::{Route, WireRequest};
use sync_core::store::Store as _;
use sync_core::wire::enrol::Role;
use sync_core::wire::exchange::ExchangeRequest;
use sync_core::wire::{self, Encoding};

use crate::days;
use crate::support::house::{ELSEWHERE, HERE, THERE};
use crate::support::photographer::{Tus, hash_of, jpeg};
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
    /// About something of the company that has a name: these roles; the others learn that they may not. In another company
    /// it is not there, and this says so.
    Named(&'static [Role], &'static str),
    /// About a change that was quarantined: these roles of the company; the others learn that they may not.
    Aside(&'static [Role]),
    /// About an amendment of an open record: these roles may look, and of those these decide.
    Amendment(&'static [Role], &'static [Role]),
    /// About something that is not there: these roles learn that by this, the others that they may not.
    Absent(&'static [Role], &'static str),
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
const SEE_DEVICES: &[Role] = &[Supervisor, Secretary, OfficeManager, Reviewer, HqAdmin, Auditor];
const CLOSE_DAYS: &[Role] = &[Secretary, OfficeManager, HqAdmin];
/// Whoever hears this got past the door: only the first of those who may is in time, or nothing is there to be done.
const TOO_LATE: [&str; 7] = [
    "record.arrived",
    "day.closed",
    "day.missing",
    "day.nobody_missing",
    "day.nothing_late",
    "day.open",
    "person.no_login",
];

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
    ("get", "/api/v1/photos", Rule::Staff),
    ("get", "/api/v1/photos/export", Rule::Staff),
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
    ("get", "/api/v1/presets", Rule::Staff),
    ("post", "/api/v1/presets", Rule::Staff),
    ("delete", "/api/v1/presets/{id}", Rule::Told("resource.not_found")),
    ("get", "/api/v1/events", Rule::Staff),
    ("put", "/api/v1/records/{id}/presence", Rule::Record(&Role::ALL)),
    ("delete", "/api/v1/records/{id}/presence", Rule::Record(&Role::ALL)),
    ("delete", "/api/v1/sessions/{id}", Rule::Told("resource.not_found")),
    ("get", "/api/v1/records", Rule::Staff),
    ("get", "/api/v1/records/count", Rule::Staff),
    ("get", "/api/v1/records/places", Rule::Staff),
    ("get", "/api/v1/records/lines", Rule::Staff),
    ("get", "/api/v1/surveys/figures", Rule::Staff),
    ("get", "/api/v1/surveys/figures/records", Rule::Staff),
    ("get", "/api/v1/surveys/figures/records/export", Rule::Staff),
    ("get", "/api/v1/surveys/figures/export", Rule::Staff),
    ("get", "/api/v1/leads/stages", Rule::Staff),
    ("get", "/api/v1/leads/stages/export", Rule::Staff),
    ("get", "/api/v1/leads/received", Rule::Roles(SEE_DAYS)),
    ("get", "/api/v1/leads/received/export", Rule::Roles(SEE_DAYS)),
    ("get", "/api/v1/leads/cases", Rule::Staff),
    ("get", "/api/v1/leads/cases/export", Rule::Staff),
    ("get", "/api/v1/records/export", Rule::Staff),
    ("get", "/api/v1/records/{id}", Rule::Record(&Role::ALL)),
    ("post", "/api/v1/records/{id}/review", Rule::Record(&[Reviewer, HqAdmin])),
    ("patch", "/api/v1/records/{id}/facts", Rule::Record(&[Reviewer, HqAdmin])),
    ("post", "/api/v1/records/{id}/assignment", Rule::Record(&[Secretary, OfficeManager, HqAdmin])),
    ("post", "/api/v1/assignments", Rule::Roles(&[Secretary, OfficeManager, HqAdmin])),
    ("get", "/api/v1/quarantine", Rule::Roles(&[Reviewer, HqAdmin, Auditor])),
    ("get", "/api/v1/quarantine/codes", Rule::Roles(&[Reviewer, HqAdmin, Auditor])),
    ("get", "/api/v1/quarantine/export", Rule::Roles(&[Reviewer, HqAdmin, Auditor])),
    ("get", "/api/v1/quarantine/{id}", Rule::Aside(&[Reviewer, HqAdmin, Auditor])),
    ("post", "/api/v1/quarantine/{id}/replay", Rule::Aside(&[Reviewer, HqAdmin])),
    ("post", "/api/v1/quarantine/{id}/discard", Rule::Aside(&[Reviewer, HqAdmin])),
    ("get", "/api/v1/strays", Rule::Roles(&[Reviewer, HqAdmin, Auditor])),
    ("get", "/api/v1/strays/export", Rule::Roles(&[Reviewer, HqAdmin, Auditor])),
    ("post", "/api/v1/strays/{id}/adopt", Rule::Absent(&[Reviewer, HqAdmin], "stray.not_found")),
    ("post", "/api/v1/strays/{id}/discard", Rule::Absent(&[Reviewer, HqAdmin], "stray.not_found")),
    ("get", "/api/v1/amendments", Rule::Roles(AMENDMENTS)),
    ("get", "/api/v1/amendments/export", Rule::Roles(AMENDMENTS)),
    ("get", "/api/v1/amendments/{record}/{device}", Rule::Amendment(AMENDMENTS, AMENDMENTS)),
    ("post", "/api/v1/amendments/{record}/{device}/accept", Rule::Amendment(AMENDMENTS, DECIDE)),
    ("post", "/api/v1/amendments/{record}/{device}/reject", Rule::Amendment(AMENDMENTS, DECIDE)),
    ("get", "/api/v1/days", Rule::Roles(SEE_DAYS)),
    ("get", "/api/v1/days/unfinished", Rule::Roles(SEE_DAYS)),
    ("get", "/api/v1/days/unfinished/export", Rule::Roles(SEE_DAYS)),
    ("get", "/api/v1/days/export", Rule::Roles(SEE_DAYS)),
    ("get", "/api/v1/offices/{office}/days/{day}", Rule::Office(SEE_DAYS)),
    ("get", "/api/v1/offices/{office}/days/{day}/export", Rule::Office(SEE_DAYS)),
    ("post", "/api/v1/offices/{office}/days/{day}/close", Rule::Office(CLOSE_DAYS)),
    ("post", "/api/v1/offices/{office}/days/{day}/reminders", Rule::Office(CLOSE_DAYS)),
    ("post", "/api/v1/offices/{office}/days/{day}/supplements", Rule::Office(CLOSE_DAYS)),
    ("get", "/api/v1/offices/{office}/days/{day}/late", Rule::Office(SEE_DAYS)),
    ("get", "/api/v1/offices/{office}/days/{day}/late/export", Rule::Office(SEE_DAYS)),
    ("get", "/api/v1/offices/{office}/days/{day}/figures/{sort}", Rule::Office(SEE_DAYS)),
    ("get", "/api/v1/offices/{office}/days/{day}/figures/{sort}/export", Rule::Office(SEE_DAYS)),
    ("get", "/api/v1/offices/{office}/days/{day}/statements/{number}", Rule::Office(SEE_DAYS)),
    ("post", "/api/v1/records/{id}/arrival", Rule::Record(CLOSE_DAYS)),
    ("get", "/api/v1/offices/{office}/consultants", Rule::Office(&Role::ALL)),
    ("put", "/api/v1/offices/{office}/consultants", Rule::Office(CLOSE_DAYS)),
    ("get", "/api/v1/organisation", Rule::Staff),
    ("patch", "/api/v1/organisation", Rule::Roles(&[HqAdmin])),
    ("get", "/api/v1/offices", Rule::Staff),
    ("patch", "/api/v1/offices/{office}", Rule::Office(&[HqAdmin])),
    ("post", "/api/v1/offices", Rule::Roles(&[HqAdmin])),
    ("get", "/api/v1/teams", Rule::Staff),
    ("get", "/api/v1/teams/export", Rule::Staff),
    ("post", "/api/v1/teams", Rule::Absent(&[HqAdmin], "office.not_found")),
    ("patch", "/api/v1/teams/{team}", Rule::Named(&[HqAdmin], "team.not_found")),
    ("get", "/api/v1/people", Rule::Staff),
    ("get", "/api/v1/people/export", Rule::Staff),
    ("post", "/api/v1/people", Rule::Roles(&[HqAdmin])),
    ("post", "/api/v1/people/{person}/password", Rule::Person(&[HqAdmin])),
    ("patch", "/api/v1/people/{person}", Rule::Person(&[HqAdmin])),
    ("post", "/api/v1/people/{person}/hand-over", Rule::Person(&[Secretary, OfficeManager, HqAdmin])),
    ("post", "/api/v1/people/{person}/enrolment-code", Rule::Person(&[Secretary, OfficeManager, HqAdmin])),
    ("delete", "/api/v1/people/{person}/sessions", Rule::Person(&[HqAdmin])),
    ("delete", "/api/v1/people/{person}/totp", Rule::Person(&[HqAdmin])),
    ("get", "/api/v1/projects", Rule::Staff),
    ("post", "/api/v1/projects", Rule::Roles(&[HqAdmin])),
    ("patch", "/api/v1/projects/{project}", Rule::Named(&[HqAdmin], "resource.not_found")),
    ("get", "/api/v1/devices", Rule::Roles(SEE_DEVICES)),
    ("get", "/api/v1/devices/export", Rule::Roles(SEE_DEVICES)),
    ("post", "/api/v1/devices/{id}/revoke", Rule::Device(&[Secretary, OfficeManager, HqAdmin])),
    ("post", "/api/v1/devices/{id}/wipe", Rule::Device(&[Secretary, OfficeManager, HqAdmin])),
    ("get", "/api/v1/audit", Rule::Roles(&[HqAdmin, Auditor])),
    ("get", "/api/v1/audit/verification", Rule::Roles(&[HqAdmin, Auditor])),
    ("get", "/api/v1/audit/chain", Rule::Roles(&[HqAdmin, Auditor])),
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
        // Nobody else's name.
        ("post", "/api/v1/projects" | "/api/v1/offices") => {
            let name = cookie.unwrap_or("").split('=').next_back().unwrap_or("");
            let office = json!({ "name": name, "time_zone": "Asia/Shanghai" });
            Some(if path.ends_with("/offices") { office } else { json!({ "name": name }) })
        }
        ("post", "/api/v1/presets") => Some(json!({ "name": "待审", "filter": { "state": "received" } })),
        ("post", "/api/v1/teams") => Some(json!({ "office": uuid::Uuid::nil(), "name": "三组" })),
        ("post", "/api/v1/people") => Some(json!({ "name": "新人", "role": "reviewer" })),
        ("patch", _) if path.contains("/people/") || path.ends_with("/organisation") => Some(json!({})),
        ("patch", _) if path.ends_with("/facts") => Some(json!({ "facts": { "name": "张三" } })),
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
    // Each change lies for itself, so that one can be made what it is not.
    let test = TestApp::with_settings(&[("DAYBOOK_LIMITS_JUDGE_ON_ARRIVAL", "false")]).await;
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
    let chief = house.staff(&test, HqAdmin, HERE).await;
    let teams = chief.list(&test, "/api/v1/teams").await;
    let team = teams.iter().find(|team| team["office"] == office.as_str()).unwrap()["id"].as_str().unwrap().to_owned();
    // So that there is a statement to be seen.
    let named = json!({ "name": "锦江壹号" });
    let project = test.call(Method::POST, "/api/v1/projects", Some(&chief.cookie), Some(&named)).await.good().json();
    let project = project["id"].as_str().unwrap();
    let secretary = house.staff(&test, Secretary, HERE).await;
    let day = days::DAY;
    days::close(&test, &secretary, &office, day).await.good();

    for (method, template, rule) in RULES {
        let id = match rule {
            Rule::Device(_) => device.as_str(),
            Rule::Aside(_) => aside.as_str(),
            Rule::Absent(..) => "0",
            _ => record.as_str(),
        };
        let person = house.person(Promoter, HERE).to_string();
        let path = template.replace("{id}", id).replace("{person}", &person);
        let path = path.replace("{project}", project).replace("{team}", &team);
        let path =
            path.replace("{office}", &office).replace("{day}", day).replace("{number}", "0").replace("{sort}", "paid");
        let path = path.replace("/export", "/export?form=csv");
        let path = match path.as_str() {
            "/api/v1/surveys/figures/records" => format!("{path}?survey_form=&survey_version="),
            "/api/v1/surveys/figures/records/export?form=csv" => format!("{path}&survey_form=&survey_version="),
            "/api/v1/records/lines" => format!("{path}?ids="),
            _ => path,
        };
        let path = path.replace("/days/export?", &format!("/days/export?day={day}&"));
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
                    expected(rule, Some(Caller { role, office, sees: sees(role, office) })),
                    "{method} {template} by {role:?} in {office}"
                );
            }
        }
        // Those next door: a colleague of the owner's team, and another team of their office.
        for (role, team) in [(Promoter, "桂林一组"), (Promoter, "桂林二组"), (Supervisor, "桂林二组")] {
            let staff = house.neighbour(&test, role, team).await;
            let answer = call(&test, method, &path, Some(&staff.cookie)).await;
            let caller = Caller { role, office: HERE, sees: false };
            assert_eq!(
                verdict(&answer),
                expected(rule, Some(caller)),
                "{method} {template} by {role:?} of {team}, who is next door"
            );
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

/// Who calls.
struct Caller {
    role: Role,
    office: &'static str,
    /// Whether the record, its owner and their phone lie in their territory.
    sees: bool,
}

/// The record is a promoter's of the first office.
fn sees(role: Role, office: &str) -> bool {
    match role {
        Reviewer | HqAdmin | Auditor => office != ELSEWHERE,
        Promoter | Supervisor | Secretary | OfficeManager => office == HERE,
    }
}

fn expected(rule: &Rule, who: Option<Caller>) -> &'static str {
    let Some(Caller { role, office, sees }) = who else {
        return match rule {
            Rule::Anybody => "ok",
            Rule::WithPassword => "session.credentials",
            Rule::Staff | Rule::Roles(_) | Rule::Record(_) | Rule::Device(_) | Rule::Person(_) => "session.required",
            Rule::Told(_) | Rule::Named(..) => "session.required",
            Rule::Aside(_) | Rule::Absent(..) | Rule::Amendment(..) | Rule::Photo | Rule::Office(_) => {
                "session.required"
            }
            Rule::Phone => "token.invalid",
            Rule::Message => "sync.media_type",
        };
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
        Rule::Aside(roles) | Rule::Amendment(roles, _) | Rule::Office(roles) | Rule::Named(roles, _)
            if !roles.contains(&role) =>
        {
            "permission.denied"
        }
        Rule::Absent(roles, code) => {
            if roles.contains(&role) {
                code
            } else {
                "permission.denied"
            }
        }
        Rule::Aside(_) if office == ELSEWHERE => "resource.not_found",
        Rule::Named(_, code) if office == ELSEWHERE => code,
        Rule::Aside(_) | Rule::Named(..) => "ok",
        Rule::Office(_) if office != HERE && !sees => "office.not_found",
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

/// The owner of a team's records is not its whole team, and an office is not one team.
#[tokio::test]
async fn lists_end_at_the_door_of_the_neighbours() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Promoter, HERE).await;
    phone.register("张伟");
    assert!(phone.sync(&test).await.failure.is_none());
    for (role, team, records, people) in [
        (Promoter, "桂林一组", 0, 1),
        (Supervisor, "桂林一组", 1, 4),
        (Promoter, "桂林二组", 0, 1),
        (Supervisor, "桂林二组", 0, 2),
    ] {
        let staff = house.neighbour(&test, role, team).await;
        assert_eq!(staff.list(&test, "/api/v1/records").await.len(), records, "{role:?} of {team}");
        assert_eq!(staff.list(&test, "/api/v1/people").await.len(), people, "{role:?} of {team}");
        if role == Supervisor {
            assert_eq!(staff.list(&test, "/api/v1/devices").await.len(), records, "{role:?} of {team}");
        }
    }
}

/// A valid token opens what is its phone's own and nothing of another one, next door or elsewhere.
#[tokio::test]
async fn a_phone_gets_and_changes_nothing_of_another_one() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut owner = Phone::of(&test, &house, Promoter, HERE).await;
    let record = owner.register("张伟");
    let (begun, brought) = (jpeg(1), jpeg(2));
    for photo in [&begun, &brought] {
        owner.attach(photo, record);
    }
    assert!(owner.sync(&test).await.failure.is_none());
    assert!(owner.bring(&test, &brought, record).await.good().is_stored());
    let upload = owner.begin(&test, &begun, record).await;
    let pushes = |sent: &&WireRequest| {
        let message = || wire::decode::<ExchangeRequest>(&sent.body.bytes, sent.body.encoding, 1 << 24).unwrap();
        sent.route == Route::Exchange && message().segment.is_some()
    };
    let signed = owner.sent.iter().find(pushes).unwrap().body.clone();

    for (role, office) in [(Promoter, THERE), (Promoter, ELSEWHERE), (Secretary, HERE)] {
        let mut stranger = Phone::of(&test, &house, role, office).await;
        assert!(stranger.sync(&test).await.failure.is_none());
        let token = stranger.token();
        let show = Tus::new(Method::GET, &format!("/sync/v1/photos/{}", hash_of(&brought)), &token);
        let seen = show.send(&test, Body::empty()).await;
        // The secretary's phone may show what the office sees, and no more than that.
        assert_eq!(seen.status.is_success(), (role, office) == (Secretary, HERE), "{role:?} in {office}");
        for method in [Method::HEAD, Method::PATCH, Method::DELETE] {
            let reached = Tus::new(method.clone(), &upload, &token)
                .with("upload-offset", "0")
                .with("content-type", "application/offset+octet-stream");
            let answer = reached.send(&test, Body::from(begun.clone())).await;
            assert_eq!(answer.status.as_u16(), 404, "{method} by {role:?} in {office}");
        }
        // What the owner has signed comes in under no other name.
        let mut replay = Request::post("/sync/v1/exchange")
            .header("content-type", wire::MEDIA_TYPE)
            .header("authorization", format!("Bearer {token}"));
        if signed.encoding == Encoding::Gzip {
            replay = replay.header("content-encoding", "gzip");
        }
        let answer = test.send(replay.body(Body::from(signed.bytes.clone())).unwrap()).await;
        assert!(!answer.status.is_success(), "{role:?} in {office}");
        if office != HERE {
            assert!(stranger.engine.store().row(record).unwrap().is_none(), "{role:?} in {office}");
        }
    }
    // And the upload goes on where it stood.
    let piece = Tus::piece(&owner.token(), &upload, 0).send(&test, begun.clone()).await;
    assert!(piece.good().is_stored());
}
