//! The office's day: closed with phones missing, late records, supplements, and statements that nothing changes.

mod gone;
mod rota;
mod sealed;

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use serde_json::{Value, json};
use server::service::upkeep;
use sync_core::engine::Failure;
use sync_core::id::{PublicKey, RecordId, Signature};
use sync_core::journal::verify_statement;
use sync_core::record::entry::{Stage, StageRequest};
use sync_core::wire::enrol::Role::{Auditor, HqAdmin, Promoter, Secretary, Supervisor};

use super::support::house::{HERE, THERE};
use super::support::{Answer, House, MORNING, Phone, Staff, TestApp};

/// The day on which the tests play, as offices call it.
pub(crate) const DAY: &str = "2027-01-15";
const HOUR: i64 = 3_600_000;

/// Closes a day with a reason for every phone that is missing.
pub(crate) async fn close(test: &TestApp, who: &Staff, office: &str, day: &str) -> Answer {
    let board = who.get(test, &format!("/api/v1/offices/{office}/days/{day}")).await.good().json();
    let devices = board["people"].as_array().unwrap().iter().flat_map(|line| line["devices"].as_array().unwrap());
    let missing = devices.filter(|device| !device["absence"].is_null());
    let missing: Vec<Value> = missing.map(|device| json!({ "device": device["id"], "reason": "没电了" })).collect();
    post(test, who, &format!("/api/v1/offices/{office}/days/{day}/close"), json!({ "missing": missing })).await
}

async fn post(test: &TestApp, who: &Staff, path: &str, body: Value) -> Answer {
    test.call(Method::POST, path, Some(&who.cookie), Some(&body)).await
}

/// An office in the evening: two promoters with phones, and a secretary.
struct Evening {
    test: TestApp,
    house: House,
    office: String,
    secretary: Staff,
    phones: [Phone; 2],
}

impl Evening {
    async fn come() -> Self {
        let test = TestApp::new().await;
        let house = House::build(&test).await;
        let phones = [Phone::of(&test, &house, Promoter, HERE).await, Phone::of(&test, &house, Supervisor, HERE).await];
        let secretary = house.staff(&test, Secretary, HERE).await;
        let office = id_of(&test, &house, HERE).await;
        Self { test, house, office, secretary, phones }
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/v1/offices/{}/days/{DAY}{rest}", self.office)
    }

    async fn board(&self) -> Value {
        self.secretary.get(&self.test, &self.path("")).await.good().json()
    }

    async fn close(&self) -> Answer {
        close(&self.test, &self.secretary, &self.office, DAY).await
    }

    async fn supplement(&self, reason: &str) -> Answer {
        post(&self.test, &self.secretary, &self.path("/supplements"), json!({ "reason": reason })).await
    }

    async fn late(&self) -> Vec<String> {
        let late = self.secretary.list(&self.test, &self.path("/late")).await;
        late.iter().map(|line| line["id"].as_str().unwrap().to_owned()).collect()
    }

    async fn sync(&mut self, at: usize) {
        assert_eq!(self.phones[at].sync(&self.test).await.failure, None);
    }
}

async fn id_of(test: &TestApp, house: &House, name: &str) -> String {
    let offices = house.staff(test, HqAdmin, HERE).await.list(test, "/api/v1/offices").await;
    offices.iter().find(|office| office["name"] == name).unwrap()["id"].as_str().unwrap().to_owned()
}

/// Checks the signature as somebody would who has nothing but the answer.
fn is_genuine(sealed: &Value) -> bool {
    let text = |name: &str| sealed[name].as_str().unwrap();
    let (key, signature): (PublicKey, Signature) = (text("key").parse().unwrap(), text("signature").parse().unwrap());
    let said: Value = serde_json::from_str(text("body")).unwrap();
    said == sealed["statement"] && verify_statement(&key, text("body").as_bytes(), &signature)
}

#[tokio::test]
async fn the_organisation_says_when_its_evenings_begin() {
    let mut evening = Evening::come().await;
    evening.test.clock.advance(2 * HOUR);
    evening.secretary = evening.house.staff(&evening.test, Secretary, HERE).await;
    evening.sync(0).await;
    let absence = |board: &Value| board["people"][0]["devices"][0]["absence"].clone();
    let before = evening.board().await;
    assert_eq!(absence(&before), Value::Null);
    let admin = evening.house.staff(&evening.test, HqAdmin, HERE).await;
    let later = json!({ "evening_hour": 23 });
    evening.test.call(Method::PATCH, "/api/v1/organisation", Some(&admin.cookie), Some(&later)).await.good();
    let after = evening.board().await;
    assert_eq!(absence(&after), "silent");
    assert_eq!(after["evening"].as_i64().unwrap() - before["evening"].as_i64().unwrap(), 6 * HOUR);
}

#[tokio::test]
async fn a_day_is_closed_with_a_reason_for_each_phone_that_is_missing() {
    let mut evening = Evening::come().await;
    let own = evening.phones[0].register("张伟");
    evening.sync(0).await;
    evening.phones[1].register("李四");
    let board = evening.board().await;
    assert_eq!((board["is_today"].as_bool(), board["total"]["lead"].as_u64()), (Some(true), Some(1)));
    let absences: Vec<&Value> = board["people"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|line| line["devices"].as_array().unwrap())
        .map(|device| &device["absence"])
        .collect();
    assert_eq!(absences, ["silent", "never"], "it is morning: {board}");

    evening.test.clock.advance(2 * HOUR);
    evening.secretary = evening.house.staff(&evening.test, Secretary, HERE).await;
    evening.sync(0).await;
    let refused = post(&evening.test, &evening.secretary, &evening.path("/close"), json!({})).await;
    assert_eq!(refused.code(), "day.missing");
    let silent = evening.phones[1].engine.identity().unwrap().device.to_string();
    assert_eq!(refused.json()["detail"], silent.as_str());
    for (reason, code) in [(" ".to_owned(), "day.missing"), ("长".repeat(501), "decision.reason_length")] {
        let missing = json!({ "missing": [{ "device": silent, "reason": reason }] });
        let refused = post(&evening.test, &evening.secretary, &evening.path("/close"), missing).await;
        assert_eq!(refused.code(), code);
    }
    let sealed = evening.close().await.good().json();
    assert!(is_genuine(&sealed));
    let said = &sealed["statement"];
    assert_eq!(said["total"], json!({ "visit": 0, "survey": 0, "lead": 1, "flagged": 1 }));
    assert_eq!(
        (said["people"][0]["person"]["name"].as_str(), said["people"][0]["lead"].as_u64()),
        (Some("promoter桂林"), Some(1))
    );
    assert_eq!(said["records"], json!([own.to_string()]));
    assert_eq!(
        (said["missing"][0]["absence"].as_str(), said["missing"][0]["reason"].as_str()),
        (Some("never"), Some("没电了"))
    );
    assert_eq!(said["devices"].as_array().unwrap().len(), 2);
    assert_eq!(said["devices"][0]["n"], 1);

    assert_eq!(evening.close().await.code(), "day.closed");
    let again = evening.secretary.get(&evening.test, &evening.path("/statements/0")).await.good().json();
    assert_eq!(again["body"], sealed["body"]);
    let none = evening.secretary.get(&evening.test, &evening.path("/statements/1")).await;
    assert_eq!(none.code(), "statement.not_found");
    let auditor = evening.house.staff(&evening.test, Auditor, HERE).await;
    let days = auditor.list(&evening.test, &format!("/api/v1/days?day={DAY}")).await;
    let here = days.iter().find(|line| line["name"] == HERE).unwrap();
    assert!(here["closed_at"].is_number() && here["missing"] == 1 && here["unsealed"] == 0, "{here}");
    let there = days.iter().find(|line| line["name"] == THERE).unwrap();
    assert!(there["closed_at"].is_null() && there["missing"] == 0);
    let tomorrow = format!("/api/v1/offices/{}/days/2027-01-16/close", evening.office);
    assert_eq!(post(&evening.test, &evening.secretary, &tomorrow, json!({})).await.code(), "day.future");
    let nonsense = format!("/api/v1/offices/{}/days/2027-13-45", evening.office);
    assert_eq!(evening.secretary.get(&evening.test, &nonsense).await.code(), "resource.not_found");
}

#[tokio::test]
async fn what_comes_late_waits_in_the_tray_and_makes_numbered_supplements() {
    let mut evening = Evening::come().await;
    assert_eq!(evening.supplement("晚到").await.code(), "day.open");
    evening.phones[0].register("张伟");
    evening.sync(0).await;
    let late = [evening.phones[1].register("李四"), evening.phones[1].register("王五")].map(|id| id.to_string());
    let sealed = evening.close().await.good().json();
    assert_eq!(evening.supplement("晚到").await.code(), "day.nothing_late");
    evening.sync(1).await;

    let board = evening.board().await;
    assert_eq!((board["total"]["lead"].as_u64(), board["late"]["lead"].as_u64()), (Some(3), Some(2)));
    assert_eq!(evening.late().await.into_iter().collect::<BTreeSet<_>>(), late.iter().cloned().collect());
    assert_eq!(evening.supplement(" ").await.code(), "decision.reason");
    let first = evening.supplement("隧道里没有网络").await.good().json();
    assert!(is_genuine(&first));
    assert_eq!((first["number"].as_u64(), first["statement"]["total"]["lead"].as_u64()), (Some(1), Some(2)));
    assert_eq!(first["statement"]["reason"], "隧道里没有网络");
    assert_eq!(evening.late().await, [""; 0]);

    // An edit of what was counted is not late: the record counts once.
    let counted: RecordId = late[0].parse().unwrap();
    evening.phones[1].rename(counted, "李思");
    evening.phones[1].register("赵六");
    evening.sync(1).await;
    assert_eq!(evening.late().await.len(), 1);
    let unsealed = format!("/api/v1/records?made_in={}&day={DAY}&unsealed=true", evening.office);
    let listed = evening.secretary.list(&evening.test, &unsealed).await;
    assert_eq!((listed.len(), &listed[0]["title"]), (1, &json!("赵六")), "what no statement counts");
    assert_eq!(evening.supplement("又一条").await.good().json()["number"], 2);
    assert_eq!(evening.secretary.list(&evening.test, &unsealed).await, [json!(null); 0]);
    let still = evening.secretary.get(&evening.test, &evening.path("/statements/0")).await.good().json();
    assert_eq!(still["body"], sealed["body"]);
    for (number, counts) in [(0, 1), (1, 2), (2, 1), (3, 0)] {
        let path = format!("/api/v1/records?made_in={}&day={DAY}&sealed_in={number}", evening.office);
        let listed = evening.secretary.list(&evening.test, &path).await;
        assert_eq!(listed.len(), counts, "what statement {number} counts");
    }
}

#[tokio::test]
async fn what_is_late_of_one_person_is_listed_wherever_it_went_since() {
    let mut evening = Evening::come().await;
    evening.phones[0].register("张伟");
    evening.sync(0).await;
    evening.close().await.good();
    let gone = evening.phones[1].register("李四").to_string();
    let stays = evening.phones[1].register("王五").to_string();
    evening.phones[0].register("赵六");
    evening.sync(0).await;
    evening.sync(1).await;
    let admin = evening.house.staff(&evening.test, HqAdmin, HERE).await;
    let there = json!({ "office": id_of(&evening.test, &evening.house, THERE).await });
    post(&evening.test, &admin, &format!("/api/v1/records/{gone}/assignment"), there).await.good();

    let person = evening.house.person(Supervisor, HERE);
    let board = evening.board().await;
    let line = board["people"].as_array().unwrap().iter().find(|line| line["person"] == json!(person)).unwrap();
    assert_eq!(line["late"], 2);
    let here = format!("made_in={}&made_by={person}&day={DAY}&unsealed=true", evening.office);
    let here = evening.secretary.list(&evening.test, &format!("/api/v1/records?{here}")).await;
    assert_eq!(here.len(), 1, "the list of one's records does not have what is another office's by now");
    let path = evening.path(&format!("/late?made_by={person}"));
    let page = evening.secretary.get(&evening.test, &path).await.good().json();
    let listed = page["items"].as_array().unwrap().iter().map(|line| line["id"].as_str().unwrap().to_owned());
    assert_eq!((&page["total"], listed.collect::<BTreeSet<_>>()), (&json!(2), [gone, stays].into()));
    let path = evening.path(&format!("/late/export?form=csv&made_by={person}"));
    let export = evening.secretary.get(&evening.test, &path).await.good();
    assert_eq!(export.header("daybook-rows"), Some("2"));
}

#[tokio::test]
async fn the_late_tray_is_paged_and_sealed_only_as_it_was_seen() {
    let mut evening = Evening::come().await;
    evening.phones[0].register("张伟");
    evening.sync(0).await;
    evening.close().await.good();
    assert_eq!(evening.board().await["late_mark"], Value::Null);
    let mut late: Vec<String> = (0..7).map(|n| evening.phones[1].register(&format!("客户{n}")).to_string()).collect();
    late.sort_unstable();
    evening.sync(1).await;

    let (mut seen, mut after, mut lengths) = (Vec::new(), String::new(), Vec::new());
    loop {
        let path = evening.path(&format!("/late?limit=3{after}"));
        let page = evening.secretary.get(&evening.test, &path).await.good().json();
        assert_eq!(page["total"], 7, "of the whole tray");
        let items = page["items"].as_array().unwrap();
        lengths.push(items.len());
        seen.extend(items.iter().map(|line| line["id"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!((seen, lengths), (late, vec![3, 3, 1]));
    let wrong = evening.secretary.get(&evening.test, &evening.path("/late?after=x")).await;
    assert_eq!(wrong.code(), "request.malformed");
    let export = evening.secretary.get(&evening.test, &evening.path("/late/export?form=csv")).await.good();
    assert_eq!(export.header("daybook-rows"), Some("7"));
    assert_eq!(String::from_utf8(export.body).unwrap().lines().count(), 8);

    let looked = evening.board().await["late_mark"].clone();
    assert_eq!(evening.board().await["late_mark"], looked, "as long as nothing else is late");
    evening.phones[1].register("后来的");
    evening.sync(1).await;
    let path = evening.path("/supplements");
    let stale = json!({ "reason": "晚到", "seen": looked });
    assert_eq!(post(&evening.test, &evening.secretary, &path, stale).await.code(), "day.late_grew");
    assert_eq!(evening.late().await.len(), 8, "nothing was sealed");
    let seen = json!({ "reason": "晚到", "seen": evening.board().await["late_mark"] });
    let sealed = post(&evening.test, &evening.secretary, &path, seen).await.good().json();
    assert_eq!(sealed["statement"]["total"]["lead"], 8);
    assert_eq!(evening.board().await["late_mark"], Value::Null);
}

#[tokio::test]
async fn money_and_arrivals_are_figures_of_the_day_on_which_they_happened() {
    let mut evening = Evening::come().await;
    let rota = json!({ "names": ["李静", "陈晨"] });
    let path = format!("/api/v1/offices/{}/consultants", evening.office);
    let set = evening.test.call(Method::PUT, &path, Some(&evening.secretary.cookie), Some(&rota)).await;
    assert_eq!(set.good().json(), rota);
    let twice = json!({ "names": ["李静", " 李静 "] });
    let refused = evening.test.call(Method::PUT, &path, Some(&evening.secretary.cookie), Some(&twice)).await;
    assert_eq!(refused.code(), "office.consultants");

    let leads: Vec<RecordId> = ["张", "李", "王"].map(|name| evening.phones[0].register(name)).into();
    for (at, stage, amount) in [
        (0, Stage::Subscribed, "1250000.50"),
        (0, Stage::Signed, "1250000.50"),
        (1, Stage::Signed, "0.1"),
        (2, Stage::Lost, "5"),
    ] {
        evening.phones[0].reach(
            leads[at],
            StageRequest { stage, reason: Some("x".to_owned()), amount: amount.parse().ok(), unit: None },
        );
    }
    evening.sync(0).await;
    let mut receivers = Vec::new();
    for (lead, body) in [
        (leads[0], json!({})),
        (leads[1], json!({})),
        (leads[2], json!({ "consultant": "陈晨", "confirmation_slip": "A-17" })),
    ] {
        let came = post(&evening.test, &evening.secretary, &format!("/api/v1/records/{lead}/arrival"), body).await;
        receivers.push(came.good().json()["record"]["office"]["consultant"].as_str().unwrap().to_owned());
    }
    assert_eq!(receivers, ["李静", "陈晨", "陈晨"], "by turns, and by name");
    let again = format!("/api/v1/records/{}/arrival", leads[0]);
    assert_eq!(post(&evening.test, &evening.secretary, &again, json!({})).await.code(), "record.arrived");
    let future = json!({ "at": MORNING.0 + 1_000 * HOUR });
    let lead = evening.phones[0].register("赵");
    evening.sync(0).await;
    let path = format!("/api/v1/records/{lead}/arrival");
    assert_eq!(post(&evening.test, &evening.secretary, &path, future).await.code(), "day.future");

    let sealed = evening.close().await.good().json();
    let figures = &sealed["statement"]["figures"];
    assert_eq!(figures["arrival"], json!({ "count": 3, "amount": "0", "assigned": 3 }));
    assert_eq!(figures["subscribed"], json!({ "count": 1, "amount": "1250000.50", "assigned": 1 }));
    assert_eq!(figures["signed"], json!({ "count": 2, "amount": "1250000.60", "assigned": 2 }));
    assert_eq!(figures["paid"]["count"], 0);
    for (sort, behind) in [("arrival", 3), ("subscribed", 1), ("signed", 2), ("paid", 0)] {
        let lines = evening.secretary.list(&evening.test, &evening.path(&format!("/figures/{sort}"))).await;
        assert_eq!(lines.len(), behind, "{sort}");
    }
    let behind = async |evening: &Evening, query: &str| {
        evening.secretary.get(&evening.test, &evening.path(&format!("/figures/{query}"))).await.good().json()
    };
    let first = behind(&evening, "arrival?limit=2").await;
    assert_eq!((&first["total"], first["items"].as_array().unwrap().len()), (&json!(3), 2));
    let second = behind(&evening, &format!("arrival?limit=2&after={}", first["next"].as_str().unwrap())).await;
    assert_eq!((&second["total"], &second["next"]), (&json!(3), &Value::Null));
    let paged = [&first["items"][0]["id"], &first["items"][1]["id"], &second["items"][0]["id"]];
    let arrived: BTreeSet<String> = leads[..3].iter().map(ToString::to_string).collect();
    assert_eq!(json!(paged), json!(arrived));
    assert_eq!(evening.secretary.get(&evening.test, &evening.path("/figures/lost")).await.code(), "resource.not_found");
    // Money that is written down later for this day is a supplement's.
    evening.phones[0]
        .reach(leads[1], StageRequest { stage: Stage::Paid, reason: None, amount: "100".parse().ok(), unit: None });
    evening.sync(0).await;
    assert_eq!(evening.board().await["late_facts"], 1);
    assert_eq!(evening.late().await, [leads[1].to_string()]);
    let today = format!("/api/v1/days?day={DAY}");
    let line = evening.secretary.list(&evening.test, &today).await.remove(0);
    assert_eq!(
        (&line["unsealed"], &line["unsealed_facts"]),
        (&json!(0), &json!(1)),
        "nobody has to open the board to see it"
    );
    let supplement = evening.supplement("收款晚报").await.good().json();
    assert_eq!(supplement["statement"]["total"]["lead"], 0);
    assert_eq!(supplement["statement"]["figures"]["paid"], json!({ "count": 1, "amount": "100", "assigned": 1 }));
    // Each statement shows what it counts itself.
    for (query, total) in [
        ("paid", 1),
        ("paid?statement=0", 0),
        ("paid?statement=1", 1),
        ("arrival?statement=0", 3),
        ("arrival?statement=1", 0),
    ] {
        assert_eq!(behind(&evening, query).await["total"], total, "{query}");
    }
    let none = evening.secretary.get(&evening.test, &evening.path("/figures/paid?statement=2")).await;
    assert_eq!(none.code(), "statement.not_found");
    // Those with a consultant are a figure of their own, and both are taken away.
    evening.phones[0].reach(lead, StageRequest { stage: Stage::Reserved, reason: None, amount: None, unit: None });
    evening.sync(0).await;
    for (query, rows) in [("reserved", 1), ("reserved?assigned=true", 0), ("arrival?assigned=true", 3)] {
        assert_eq!(behind(&evening, query).await["total"], rows, "{query}");
        let (sort, assigned) = query.split_once('?').unwrap_or((query, ""));
        let path = evening.path(&format!("/figures/{sort}/export?form=csv&language=en&{assigned}"));
        let file = evening.secretary.get(&evening.test, &path).await.good();
        assert_eq!(file.headers["daybook-rows"], rows.to_string(), "{query}");
        assert_eq!(String::from_utf8(file.body).unwrap().lines().count(), 1 + rows, "{query}");
    }
    let auditor = evening.house.staff(&evening.test, Auditor, HERE).await;
    let newest = auditor.list(&evening.test, "/api/v1/audit?limit=1").await.remove(0);
    assert_eq!(newest["act"], "GET /api/v1/offices/{office}/days/{day}/figures/{sort}/export");
}

#[tokio::test]
async fn a_statement_is_signed_filed_and_comes_back_to_a_restored_server() {
    let mut evening = Evening::come().await;
    evening.phones[0].register("张伟");
    evening.sync(0).await;
    let backup = evening.test.backup().await;
    evening.phones[0].register("李四");
    evening.sync(0).await;
    let sealed = evening.close().await.good().json();
    assert_eq!(sealed["statement"]["total"]["lead"], 2);
    evening.test = evening.test.restored(&backup).await;
    evening.secretary = evening.house.staff(&evening.test, Secretary, HERE).await;
    assert_eq!(evening.close().await.code(), "day.closed", "though the database knows nothing of it");
    let back = evening.secretary.get(&evening.test, &evening.path("/statements/0")).await.good().json();
    assert_eq!((&back["body"], &back["signature"]), (&sealed["body"], &sealed["signature"]));
    assert_eq!(evening.late().await, [""; 0]);
    // What the server lost comes back from the phone, and counts where it was counted.
    evening.sync(0).await;
    assert_eq!(evening.board().await["total"]["lead"], 2);
    assert_eq!(evening.late().await, [""; 0]);
}

#[tokio::test]
async fn a_phone_that_came_the_day_after_is_shown_and_not_waited_for() {
    let mut evening = Evening::come().await;
    evening.phones[0].register("张伟");
    evening.sync(0).await;
    evening.sync(1).await;
    evening.test.clock.advance(24 * HOUR);
    evening.secretary = evening.house.staff(&evening.test, Secretary, HERE).await;
    evening.sync(0).await;
    evening.sync(1).await;
    Phone::of(&evening.test, &evening.house, Promoter, HERE).await;
    let board = evening.board().await;
    let phones = board["people"].as_array().unwrap().iter().flat_map(|line| line["devices"].as_array().unwrap());
    let absences: Vec<&Value> = phones.map(|device| &device["absence"]).collect();
    assert_eq!(absences, [&Value::Null; 3], "{board}");
    post(&evening.test, &evening.secretary, &evening.path("/close"), json!({})).await.good();
}

/// The absences of the phones on a board, by the name of their person.
fn absences(board: &Value) -> BTreeMap<String, Vec<Value>> {
    let lines = board["people"].as_array().unwrap().iter();
    let of =
        |line: &Value| line["devices"].as_array().unwrap().iter().map(|device| device["absence"].clone()).collect();
    lines.map(|line| (line["name"].as_str().unwrap().to_owned(), of(line))).collect()
}

#[tokio::test]
async fn whoever_moves_is_waited_for_where_they_were_on_that_day() {
    let mut evening = Evening::come().await;
    evening.phones[0].register("张伟");
    evening.sync(0).await;
    evening.phones[0].register("没有发出");
    evening.test.clock.advance(24 * HOUR);
    let (test, house) = (&evening.test, &evening.house);
    let admin = house.staff(test, HqAdmin, HERE).await;
    let there = id_of(test, house, THERE).await;
    let path = format!("/api/v1/people/{}", house.person(Promoter, HERE));
    test.call(Method::PATCH, &path, Some(&admin.cookie), Some(&json!({ "office": there }))).await.good();

    let board = async |office: &str, day: &str| {
        absences(&admin.get(test, &format!("/api/v1/offices/{office}/days/{day}")).await.good().json())
    };
    let (name, silent) = ("promoter桂林", vec![json!("silent")]);
    assert_eq!(board(&evening.office, DAY).await.get(name), Some(&silent));
    assert_eq!(board(&there, DAY).await.get(name), None);
    assert_eq!(board(&there, "2027-01-16").await.get(name), Some(&silent));
    assert_eq!(board(&evening.office, "2027-01-16").await.get(name), None);
    for (day, missing) in [(DAY, [2, 0]), ("2027-01-16", [1, 1])] {
        let lines = admin.list(test, &format!("/api/v1/days?day={day}")).await;
        let of = |name: &str| lines.iter().find(|line| line["name"] == name).unwrap()["missing"].as_u64().unwrap();
        assert_eq!([of(HERE), of(THERE)], missing, "{day}");
    }
}

#[tokio::test]
async fn every_phone_that_wrote_what_is_counted_has_its_journal_sealed() {
    let mut evening = Evening::come().await;
    evening.phones[0].register("张伟");
    evening.sync(0).await;
    evening.sync(1).await;
    let writer = evening.phones[0].engine.identity().unwrap().device.to_string();
    let admin = evening.house.staff(&evening.test, HqAdmin, HERE).await;
    post(&evening.test, &admin, &format!("/api/v1/devices/{writer}/revoke"), json!({})).await.good();
    let lost = absences(&evening.board().await)["promoter桂林"].clone();
    assert_eq!(lost, ["cut_off"], "what was saved since it exchanged may be lost with it");
    let lines = evening.secretary.list(&evening.test, &format!("/api/v1/days?day={DAY}")).await;
    assert_eq!(lines[0]["missing"], 2);
    assert_eq!(evening.phones[0].sync(&evening.test).await.failure, Some(Failure::Revoked));
    assert_eq!(absences(&evening.board().await)["promoter桂林"], [Value::Null; 0], "nothing is left on it");
    let sealed = evening.close().await.good().json();
    let heads = sealed["statement"]["devices"].as_array().unwrap().clone();
    let head = heads.iter().find(|head| head["device"]["id"] == writer.as_str()).unwrap();
    assert_eq!((heads.len(), head["n"].as_u64()), (2, Some(1)));
}

/// Another server sealed what this one had filed but not sealed when it was killed.
#[tokio::test]
async fn a_filed_statement_that_can_not_be_sealed_does_not_stand_in_the_way() {
    let mut evening = Evening::come().await;
    evening.phones[0].register("张伟");
    evening.sync(0).await;
    evening.close().await.good();
    evening.test.sql("delete from statement").await;
    assert_eq!(evening.board().await["statements"], json!([]), "what it counts is counted, so it can't come back");
    assert_eq!(evening.close().await.good().json()["number"], 0);
}

/// A database that is set back does not know what was sealed since; nobody has to open the day's board for it to learn.
#[tokio::test]
async fn what_was_sealed_before_a_restore_is_told_by_all_offices_together() {
    let mut evening = Evening::come().await;
    evening.phones[0].register("张伟");
    evening.sync(0).await;
    let line = async |evening: &Evening| {
        let admin = evening.house.staff(&evening.test, HqAdmin, HERE).await;
        let lines = admin.list(&evening.test, &format!("/api/v1/days?day={DAY}")).await;
        let line = lines.iter().find(|line| line["office"] == evening.office.as_str()).unwrap();
        (line["statements"].clone(), line["unsealed"].clone(), line["closed_at"].clone())
    };
    let backup = evening.test.backup().await;
    evening.close().await.good();
    let before = line(&evening).await;
    assert_eq!((&before.0, &before.1), (&json!(1), &json!(0)));
    evening.test = evening.test.restored(&backup).await;
    assert_eq!(line(&evening).await, before);

    evening.test.clock.advance(60_000);
    let backup = evening.test.backup().await;
    evening.phones[0].register("李四");
    evening.sync(0).await;
    evening.secretary = evening.house.staff(&evening.test, Secretary, HERE).await;
    evening.supplement("晚到").await.good();
    evening.test = evening.test.restored(&backup).await;
    // What somebody else left there, and what is damaged, stands in nobody's way.
    let folder = evening.test.app.config.database.folder.join("statements");
    for name in ["00000000-0000-7000-8000-000000000000-2027-01-15-0.json", "note.txt"] {
        std::fs::write(folder.join(name), "{}").unwrap();
    }
    upkeep::finish(&evening.test.app).await.unwrap();
    let known = evening.test.app.store.days().statements(evening.office.parse().unwrap(), DAY.parse().unwrap()).await;
    assert_eq!(known.unwrap().len(), 2, "a server that starts gives its database all that it lacks");
}

#[tokio::test]
async fn what_is_left_of_earlier_days_is_listed_until_it_is_done() {
    let mut evening = Evening::come().await;
    let lead = evening.phones[0].register("张伟");
    evening.sync(0).await;
    evening.phones[1].register("没有发出");
    let unfinished = async |evening: &Evening| {
        let secretary = evening.house.staff(&evening.test, Secretary, HERE).await;
        let lines = secretary.list(&evening.test, "/api/v1/days/unfinished").await;
        let told = lines
            .iter()
            .map(|it| (it["day"].clone(), it["closed"].clone(), it["records"].clone(), it["facts"].clone()));
        told.collect::<Vec<_>>()
    };
    let line = |closed: bool, records: u64, facts: u64| (json!(DAY), json!(closed), json!(records), json!(facts));
    assert_eq!(unfinished(&evening).await, [], "today is not over");
    evening.test.clock.advance(24 * HOUR);
    evening.secretary = evening.house.staff(&evening.test, Secretary, HERE).await;
    assert_eq!(unfinished(&evening).await, [line(false, 0, 0)]);
    let elsewhere = evening.house.staff(&evening.test, Secretary, THERE).await;
    assert_eq!(elsewhere.list(&evening.test, "/api/v1/days/unfinished").await.len(), 0);
    evening.close().await.good();
    assert_eq!(unfinished(&evening).await, []);

    evening.sync(1).await;
    assert_eq!(unfinished(&evening).await, [line(true, 1, 0)]);
    // Of a lead that is counted already somebody notes on the next day when the customer came.
    let at = evening.test.app.clock.now().0 - 24 * HOUR;
    let path = format!("/api/v1/records/{lead}/arrival");
    post(&evening.test, &evening.secretary, &path, json!({ "consultant": "李静", "at": at })).await.good();
    assert_eq!(unfinished(&evening).await, [line(true, 1, 1)]);
    evening.supplement("晚到").await.good();
    assert_eq!(unfinished(&evening).await, []);
    evening.test.clock.advance(31 * 24 * HOUR);
    assert_eq!(unfinished(&evening).await, []);
}
