//! `daybook admin` as people type it: the command line, the socket, the service, and back.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sync_core::id::{DeviceId, RecordId};
use sync_core::store::Store as _;
use sync_core::trust::code;
use sync_core::wire::enrol::Role;
use sync_core::wire::exchange::Verdict;

use crate::support::house::{HERE, THERE};
use crate::support::machine::Machine;
use crate::support::{House, Phone, TestApp};

/// There are two companies, so orders have to say which.
const OURS: [&str; 2] = ["--organisation", "远方"];
const THEIRS: [&str; 2] = ["--organisation", "对手"];

/// An order about our company.
fn ours<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [arguments, &OURS].concat()
}

fn device(phone: &Phone) -> DeviceId {
    phone.engine.identity().unwrap().device
}

fn nowhere() -> String {
    DeviceId::from([1; 16]).to_string()
}

fn words(order: &[String]) -> Vec<&str> {
    order.iter().map(String::as_str).collect()
}

/// The texts under a name.
fn each<'a>(lines: &'a [Value], name: &str) -> Vec<&'a str> {
    lines.iter().map(|line| line[name].as_str().unwrap()).collect()
}

struct Scene {
    test: TestApp,
    house: House,
    phone: Phone,
    record: RecordId,
}

/// A promoter's lead that is on the server.
async fn scene() -> Scene {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let record = phone.register("张伟");
    assert_eq!(phone.sync(&test).await.failure, None);
    Scene { test, house, phone, record }
}

/// A lead and its edit, of which the server believes that they killed it.
async fn suspects() -> Scene {
    let test = TestApp::without_projector().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let record = phone.register("张伟");
    phone.rename(record, "张炜");
    assert_eq!(phone.sync(&test).await.failure, None);
    let test = test.killed_by_each_change_of(record).await;
    Scene { test, house, phone, record }
}

#[tokio::test]
async fn the_quarantine_is_listed_looked_into_replayed_and_discarded() {
    let Scene { test, mut phone, record, .. } = suspects().await;
    let machine = Machine::of(&test);
    let list = async |more: &[&str]| machine.lists(&ours(&[&["quarantine", "list"][..], more].concat())).await;
    let all = list(&[]).await;
    let [newer, older] = all.as_slice() else { panic!("{all:?}") };
    let (newer_id, older_id) = (newer["id"].to_string(), older["id"].to_string());
    assert_eq!(each(&all, "record"), [record.to_string(), record.to_string()]);
    assert_eq!((older["state"].as_str(), older["code"].as_str()), (Some("quarantined"), Some(code::FATAL)));
    assert_eq!(older["overdue"], json!(false));
    let (own, other) = (device(&phone).to_string(), nowhere());
    for (arguments, found) in [
        (&["--limit", "1"][..], vec![newer]),
        (&["--before", &newer_id], vec![older]),
        (&["--before", &older_id], vec![]),
        (&["--device", &own, "--code", code::FATAL], vec![newer, older]),
        (&["--device", &other], vec![]),
        (&["--code", code::MALFORMED], vec![]),
        (&["--state", "refused"], vec![]),
    ] {
        assert_eq!(list(arguments).await.iter().collect::<Vec<_>>(), found, "{arguments:?}");
    }
    let table = machine.says(&ours(&["quarantine", "list"])).await;
    assert_eq!(table.lines().count(), 3, "a head and two lines:\n{table}");
    assert!(table.lines().next().unwrap().contains("received_at") && table.contains(code::FATAL), "{table}");
    assert_eq!(machine.says(&[&["quarantine", "list"][..], &THEIRS].concat()).await, "(none)\n");

    assert_eq!(machine.refuses(&["quarantine", "list"]).await, "name.ambiguous", "which of the two companies?");
    for act in [&["inspect"][..], &["replay"], &["discard", "--reason", "no"]] {
        let of = |id: &'static str, whose: [&'static str; 2]| [&["quarantine"][..], act, &[id], &whose].concat();
        assert_eq!(machine.refuses(&of("999999", OURS)).await, "resource.not_found", "{act:?}");
        assert_eq!(machine.refuses(&of("1", THEIRS)).await, "resource.not_found", "{act:?} of another company's");
    }
    let shown = machine.orders(&ours(&["quarantine", "inspect", &older_id])).await;
    let raw = BASE64_STANDARD.decode(shown["raw"].as_str().unwrap()).unwrap();
    assert_eq!(raw.len() as u64, older["bytes"].as_u64().unwrap());
    assert!(shown["reason"].as_str().unwrap().contains("failed") && shown["decision"].is_null(), "{shown}");
    assert!(shown["fields"].as_array().unwrap().iter().any(|field| field["value"] == "张伟"), "{shown}");

    // The second one first: it waits for the one before it, and follows by itself.
    let replayed = machine.orders(&ours(&["quarantine", "replay", &newer_id, "--reason", "fixed"])).await;
    assert_eq!((replayed["state"].as_str(), replayed["decision"]["reason"].as_str()), (Some("waiting"), Some("fixed")));
    assert_eq!(list(&["--state", "waiting"]).await.len(), 1);
    let replayed = machine.orders(&ours(&["quarantine", "replay", &older_id])).await;
    assert_eq!(replayed["state"], json!("published"));
    assert_eq!(replayed["decision"]["by"], Value::Null, "nobody signed in: it was ordered at the machine");
    assert_eq!(list(&[]).await, Vec::<Value>::new());
    let late = ours(&["quarantine", "discard", &older_id, "--reason", "no"]);
    assert_eq!(machine.refuses(&late).await, "quarantine.decided");
    assert_eq!(phone.sync(&test).await.failure, None);
    assert_eq!(phone.engine.store().record_sync(record).unwrap().problems, []);
}

#[tokio::test]
async fn what_is_discarded_needs_a_reason_and_is_told() {
    let Scene { test, mut phone, record, .. } = suspects().await;
    let machine = Machine::of(&test);
    let listed = machine.lists(&ours(&["quarantine", "list"])).await;
    let id = listed[1]["id"].to_string();
    assert!(machine.does_not_take(&ours(&["quarantine", "discard", &id])).await);
    assert_eq!(machine.refuses(&ours(&["quarantine", "discard", &id, "--reason", " "])).await, "decision.reason");
    let discarded = machine.orders(&ours(&["quarantine", "discard", &id, "--reason", "测试数据"])).await;
    assert_eq!((discarded["state"].as_str(), discarded["code"].as_str()), (Some("refused"), Some(code::DISCARDED)));
    assert!(discarded["raw"].as_str().unwrap().len() > 100, "the bytes are kept");
    assert_eq!(machine.lists(&ours(&["quarantine", "list", "--state", "refused"])).await.len(), 1);
    assert_eq!(phone.sync(&test).await.failure, None);
    let refusals = phone.engine.store().refusals().unwrap();
    assert!(refusals.iter().any(|refusal| refusal.record == record && refusal.reason == "测试数据"), "{refusals:?}");
}

#[tokio::test]
async fn amendments_are_listed_looked_into_accepted_and_rejected() {
    let Scene { test, house, mut phone, record } = scene().await;
    let other = phone.register("李四");
    assert_eq!(phone.sync(&test).await.failure, None);
    let reviewer = house.staff(&test, Role::Reviewer, HERE).await;
    for (record, name) in [(record, "张炜"), (other, "李五")] {
        reviewer.decide(&test, &record.to_string(), json!({ "state": "approved" })).await.good();
        phone.rename(record, name);
        assert_eq!(phone.sync(&test).await.failure, None);
    }
    let machine = Machine::of(&test);
    let all = machine.lists(&ours(&["amendment", "list"])).await;
    assert_eq!(each(&all, "record"), [other.to_string(), record.to_string()], "the latest first");
    assert_eq!(all[0]["held"], json!(1));
    let first = machine.lists(&ours(&["amendment", "list", "--limit", "1"])).await;
    assert_eq!(first, all[..1]);
    let next = first[0]["last"].to_string();
    assert_eq!(machine.lists(&ours(&["amendment", "list", "--before", &next])).await, all[1..]);
    assert_eq!(machine.lists(&[&["amendment", "list"][..], &THEIRS].concat()).await, Vec::<Value>::new());

    let (one, two, by) = (record.to_string(), other.to_string(), device(&phone).to_string());
    let unknown = nowhere();
    for act in [&["inspect"][..], &["accept"], &["reject", "--reason", "no"]] {
        for (device, whose, code) in [(&unknown, OURS, "resource.not_found"), (&by, THEIRS, "record.not_found")] {
            let wanted = [&["amendment"][..], act, &[one.as_str(), device], &whose].concat();
            assert_eq!(machine.refuses(&wanted).await, code, "{wanted:?}");
        }
    }
    let shown = machine.orders(&ours(&["amendment", "inspect", &one, &by])).await;
    assert_eq!((shown["fields"][0]["old"].as_str(), shown["fields"][0]["new"].as_str()), (Some("张伟"), Some("张炜")));
    assert_eq!((&shown["changes"][0]["state"], &shown["unfit"]), (&json!("held"), &json!([])));

    let through = shown["changes"][0]["change"].as_str().unwrap();
    let accept = ours(&["amendment", "accept", &one, &by, "--through", through, "--reason", "核实了"]);
    let accepted = machine.orders(&accept).await;
    assert_eq!((&accepted[0]["state"], &accepted[0]["decision"]["reason"]), (&json!("published"), &json!("核实了")));
    let late = ours(&["amendment", "reject", &one, &by, "--reason", "no"]);
    assert_eq!(machine.refuses(&late).await, "amendment.decided");

    assert!(machine.does_not_take(&ours(&["amendment", "reject", &two, &by])).await);
    assert_eq!(machine.refuses(&ours(&["amendment", "reject", &two, &by, "--reason", ""])).await, "decision.reason");
    let rejected = machine.lists(&ours(&["amendment", "reject", &two, &by, "--reason", "缺证明"])).await;
    assert_eq!((each(&rejected, "state"), each(&rejected, "code")), (vec!["refused"], vec![code::REJECTED]));
    assert_eq!(machine.refuses(&ours(&["amendment", "accept", &two, &by])).await, "amendment.decided");
    assert_eq!(machine.says(&ours(&["amendment", "list"])).await, "(none)\n");

    assert_eq!(phone.sync(&test).await.failure, None);
    assert_eq!(phone.lead(record).facts.name.as_deref(), Some("张炜"));
    assert_eq!(phone.lead(other).facts.name.as_deref(), Some("李四"));
    let problems = phone.engine.store().record_sync(other).unwrap().problems;
    assert!(matches!(&problems[0].verdict, Verdict::Refused { reason, .. } if reason == "缺证明"), "{problems:?}");
}

#[tokio::test]
async fn strays_are_listed_adopted_and_discarded() {
    let Scene { mut test, house, mut phone, record } = scene().await;
    let other = phone.register("李四");
    assert_eq!(phone.sync(&test).await.failure, None);
    let backup = test.backup().await;
    let reviewer = house.staff(&test, Role::Reviewer, HERE).await;
    for (record, name) in [(record, "张三"), (other, "王五")] {
        reviewer.correct(&test, &record.to_string(), "name", json!(name)).await.good();
    }
    assert_eq!(phone.sync(&test).await.failure, None);
    test = test.restored(&backup).await;
    assert_eq!(phone.sync(&test).await.failure, None, "it brings back what staff wrote");

    let machine = Machine::of(&test);
    let all = machine.lists(&ours(&["stray", "list"])).await;
    assert_eq!((all.len(), each(&all, "offered_by")), (2, vec![device(&phone).to_string().as_str(); 2]));
    let first = machine.lists(&ours(&["stray", "list", "--limit", "1"])).await;
    assert_eq!(first, all[..1]);
    let id = first[0]["id"].to_string();
    assert_eq!(machine.lists(&ours(&["stray", "list", "--before", &id])).await, all[1..]);
    assert_eq!(machine.lists(&[&["stray", "list"][..], &THEIRS].concat()).await, Vec::<Value>::new());
    for act in [&["adopt"][..], &["discard", "--reason", "no"]] {
        assert_eq!(machine.refuses(&ours(&[&["stray"][..], act, &["999999"]].concat())).await, "stray.not_found");
        let theirs = [&["stray"][..], act, &[id.as_str()], &THEIRS].concat();
        assert_eq!(machine.refuses(&theirs).await, "stray.not_found");
    }
    let adopted = machine.orders(&ours(&["stray", "adopt", &id])).await;
    assert_eq!(adopted["change"], all[0]["change"]);
    for act in [&["adopt"][..], &["discard", "--reason", "no"]] {
        let late = ours(&[&["stray"][..], act, &[id.as_str()]].concat());
        assert_eq!(machine.refuses(&late).await, "stray.not_found", "it was decided about");
    }
    let id = all[1]["id"].to_string();
    assert!(machine.does_not_take(&ours(&["stray", "discard", &id])).await);
    assert_eq!(machine.refuses(&ours(&["stray", "discard", &id, "--reason", " "])).await, "decision.reason");
    let discarded = machine.orders(&ours(&["stray", "discard", &id, "--reason", "重复"])).await;
    assert_eq!(discarded["id"], all[1]["id"]);
    assert_eq!(machine.says(&ours(&["stray", "list"])).await, "(none)\n");
    let adopted: RecordId = all[0]["record"].as_str().unwrap().parse().unwrap();
    let titles = reviewer_titles(&test, &house).await;
    assert_eq!(titles[&adopted.to_string()], if adopted == record { "张三" } else { "王五" });
}

async fn reviewer_titles(test: &TestApp, house: &House) -> std::collections::BTreeMap<String, String> {
    let reviewer = house.staff(test, Role::Reviewer, HERE).await;
    let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    let lines = reviewer.list(test, "/api/v1/records").await;
    lines.iter().map(|line| (text(line, "id"), text(line, "title"))).collect()
}

#[tokio::test]
async fn phones_are_listed_compared_cut_off_and_wiped() {
    let Scene { test, house, mut phone, .. } = scene().await;
    let mut second = Phone::of(&test, &house, Role::Promoter, THERE).await;
    let (one, two, unknown) = (device(&phone).to_string(), device(&second).to_string(), nowhere());
    let machine = Machine::of(&test);
    let all = machine.lists(&ours(&["device", "list"])).await;
    let line = |all: &[Value], id: &str| all.iter().find(|line| line["id"] == id).unwrap().clone();
    let head = phone.engine.store().head().unwrap();
    let listed = line(&all, &one);
    assert_eq!((&listed["journal_n"], &listed["journal_link"]), (&json!(1), &json!(head.link.to_string())));
    assert_eq!((&listed["unsent_changes"], &listed["revoked_at"]), (&json!(0), &Value::Null));
    assert_eq!(line(&all, &two)["journal_n"], json!(0));
    assert_eq!(machine.says(&[&["device", "list"][..], &THEIRS].concat()).await, "(none)\n");

    for act in [&["compare", &unknown][..], &["revoke", &unknown], &["wipe", "--device", &unknown]] {
        assert_eq!(machine.refuses(&[&["device"][..], act].concat()).await, "device.unknown");
    }
    assert!(machine.does_not_take(&["device", "revoke", "a phone"]).await);

    assert_eq!(machine.orders(&["device", "compare", &one]).await["id"], json!(one));
    let compared = |phone: &Phone| phone.exchanges().last().unwrap().1.digest.is_some();
    assert_eq!(phone.sync(&test).await.failure, None);
    assert!(compared(&phone), "the order is obeyed at once");

    let revoked = machine.orders(&["device", "revoke", &one]).await;
    assert!(revoked["revoked_at"].is_i64());
    test.clock.advance(1_000);
    let again = machine.orders(&["device", "revoke", &one]).await;
    assert_eq!(again["revoked_at"], revoked["revoked_at"], "twice is once");
    let wiped = machine.orders(&["device", "wipe", "--device", &two, "--at-once"]).await;
    assert_eq!((&wiped["wipe_at_once"], wiped["wipe_ordered_at"].is_i64()), (&json!(true), true));
    second.sync(&test).await;
    let all = machine.lists(&ours(&["device", "list"])).await;
    assert!(line(&all, &two)["wiped_at"].is_i64(), "{all:?}");
    assert_eq!((&line(&all, &one)["wiped_at"], &line(&all, &one)["wipe_ordered_at"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn an_organisation_decides_about_its_photos_at_the_machine_too() {
    let Scene { test, .. } = scene().await;
    let machine = Machine::of(&test);
    let kept = async || {
        let all = machine.lists(&["organisation", "list"]).await;
        all.into_iter().map(|line| (line["name"].clone(), line["keep_exif"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(kept().await, [(json!("对手"), json!(false)), (json!("远方"), json!(false))]);
    let changed = machine.orders(&ours(&["organisation", "change", "--keep-exif", "true"])).await;
    assert_eq!(changed["keep_exif"], json!(true));
    assert_eq!(kept().await, [(json!("对手"), json!(false)), (json!("远方"), json!(true))]);
    assert_eq!(machine.orders(&ours(&["organisation", "change"])).await["keep_exif"], json!(true), "nothing was said");
    assert_eq!(machine.refuses(&["organisation", "change", "--keep-exif", "true"]).await, "name.ambiguous");
    let nobody = ["organisation", "change", "--keep-exif", "true", "--organisation", "nobody"];
    assert_eq!(machine.refuses(&nobody).await, "organisation.not_found");
    assert!(machine.does_not_take(&ours(&["organisation", "change", "--keep-exif", "perhaps"])).await);
}

#[tokio::test]
async fn records_and_people_move_by_order() {
    let Scene { test, house, mut phone, record } = scene().await;
    let closed = phone.register("成交");
    assert_eq!(phone.sync(&test).await.failure, None);
    let reviewer = house.staff(&test, Role::Reviewer, HERE).await;
    reviewer.decide(&test, &closed.to_string(), json!({ "state": "approved" })).await.good();
    let machine = Machine::of(&test);
    let id = |role: Role, office: &'static str| house.person(role, office).to_string();
    let (owner, heir) = (id(Role::Promoter, HERE), id(Role::Promoter, THERE));
    let (chief, auditor) = (id(Role::HqAdmin, HERE), id(Role::Auditor, HERE));
    let (open, closed, stranger) = (record.to_string(), closed.to_string(), RecordId::from([9; 16]).to_string());

    let give = |by: &str, to: &str, records: &[&str]| {
        let order = [&["record", "reassign", "--by", by, "--owner", to][..], records, &OURS].concat();
        order.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let all = give(&chief, &heir, &[&open, &closed, &stranger]);
    let moved = machine.orders(&words(&all)).await;
    assert_eq!(moved["moved"], json!(1));
    let stayed = moved["stayed"].as_array().unwrap();
    assert_eq!(each(stayed, "code"), ["record.closed", "record.not_found"]);
    assert_eq!(machine.refuses(&words(&give(&auditor, &owner, &[&open]))).await, "permission.denied");
    assert_eq!(machine.refuses(&words(&give("nobody", &owner, &[&open]))).await, "person.not_found");

    let hand_over = ours(&["person", "hand-over", "--by", &chief, "--from", &heir, "--to", &owner]);
    let handed = machine.orders(&hand_over).await;
    assert_eq!((&handed["moved"], &handed["closed"]), (&json!(1), &json!(0)));
    assert_eq!(machine.refuses(&ours(&["person", "dismiss", "nobody"])).await, "person.not_found");
    assert_eq!(machine.orders(&ours(&["person", "dismiss", &heir])).await["active"], json!(false));
    assert_eq!(machine.orders(&ours(&["person", "recall", &heir])).await["active"], json!(true));
    let nowhere = ours(&["person", "change", &heir, "--office", "柳州"]);
    assert_eq!(machine.refuses(&nowhere).await, "office.not_found");
    let place = ours(&["person", "change", &heir, "--role", "supervisor", "--no-team"]);
    assert_eq!(machine.refuses(&place).await, "person.place");
    let changed = machine.orders(&ours(&["person", "change", &heir, "--office", HERE])).await;
    assert_eq!(changed["team"], Value::Null, "teams belong to offices");
}
