//! Phones that are parted with: cut off, wiped, unknown to a restored server, enrolled anew; and phones of people who
//! were moved.

use axum::http::Method;
use serde_json::{Value, json};
use server::service::admin::{Order, perform};
use server::service::projector;
use sync_core::engine::{Engine, Failure};
use sync_core::id::{DeviceId, RecordId};
use sync_core::status::Problem;
use sync_core::store::{RowFilter, Standing, Store as _};
use sync_core::wire::enrol::Role::{HqAdmin, Promoter, Reviewer, Secretary, Supervisor};
use sync_core::wire::exchange::Verdict;

use super::scopes::Stage;
use super::support::house::{HERE, THERE};
use super::support::{House, MORNING, Phone, Staff, TestApp};

const DAY_MS: i64 = 24 * 3_600 * 1_000;

fn device_of(phone: &Phone) -> DeviceId {
    phone.engine.identity().unwrap().device
}

async fn order(test: &TestApp, order: Order) -> Value {
    perform(&test.app, order).await.unwrap()
}

async fn revoke(test: &TestApp, phone: &Phone) {
    order(test, Order::RevokeDevice { device: device_of(phone) }).await;
}

/// The device as `daybook admin device list` shows it.
async fn listed(test: &TestApp, device: DeviceId) -> Value {
    let devices = order(test, Order::ListDevices { organisation: Some("远方".to_owned()) }).await;
    let found = devices.as_array().unwrap().iter().find(|line| line["id"] == device.to_string());
    found.unwrap().clone()
}

/// Which records a reviewer finds in quarantine, and why.
async fn quarantine(test: &TestApp, house: &House) -> Vec<(String, String)> {
    let reviewer = house.staff(test, Reviewer, HERE).await;
    let found = reviewer.list(test, "/api/v1/quarantine").await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    found.iter().map(|aside| (text(&aside["record"]), text(&aside["code"]))).collect()
}

fn copy_of(phone: &Phone, seed: u8) -> Phone {
    let mut copy = Phone::new(u64::from(seed));
    copy.engine = Engine::open(phone.engine.store().clone(), "daybook-test/1".to_owned()).unwrap();
    assert!(copy.engine.check_installation(&[seed; 32], &mut sync_core_rng(seed)).unwrap());
    copy
}

fn sync_core_rng(seed: u8) -> rand_chacha::ChaCha20Rng {
    rand::SeedableRng::seed_from_u64(u64::from(seed) + 90_000)
}

async fn good(test: &TestApp, phone: &mut Phone) {
    assert_eq!(phone.sync(test).await.failure, None);
}

fn names_on(phone: &mut Phone, records: &[RecordId]) -> Vec<String> {
    records.iter().map(|id| phone.lead(*id).facts.name.unwrap()).collect()
}

#[tokio::test]
async fn what_a_revoked_device_hands_in_is_quarantined_and_shown() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Promoter, HERE).await;
    let before = phone.register("before");
    good(&test, &mut phone).await;
    revoke(&test, &phone).await;
    phone.rename(before, "renamed after");
    let after = phone.register("after");
    assert_eq!(phone.sync(&test).await.failure, Some(Failure::Revoked));
    assert_eq!(phone.engine.progress().acknowledged, 3);
    let mut expected =
        vec![(before.to_string(), "device.revoked".to_owned()), (after.to_string(), "device.revoked".to_owned())];
    expected.sort();
    let mut found = quarantine(&test, &house).await;
    found.sort();
    assert_eq!(found, expected);
    let reviewer = house.staff(&test, Reviewer, HERE).await;
    assert_eq!(reviewer.list(&test, "/api/v1/records").await.len(), 1, "nothing of it is published");
    let problems = phone.engine.store().record_sync(after).unwrap().problems;
    assert_eq!(problems[0].verdict, Verdict::Quarantined { code: "device.revoked".to_owned() });
    let line = listed(&test, device_of(&phone)).await;
    assert_eq!((&line["journal_n"], line["deposited_at"].is_i64(), &line["wiped_at"]), (&json!(3), true, &Value::Null));
    // Saying it again changes nothing.
    revoke(&test, &phone).await;
    assert_eq!(listed(&test, device_of(&phone)).await["revoked_at"], line["revoked_at"]);
}

#[tokio::test]
async fn what_was_received_before_the_revocation_is_judged_like_everything_else() {
    let test = TestApp::without_projector().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Promoter, HERE).await;
    let record = phone.register("before");
    good(&test, &mut phone).await;
    revoke(&test, &phone).await;
    projector::drain(&test.app).await.unwrap();
    assert_eq!(phone.sync(&test).await.failure, Some(Failure::Revoked));
    assert_eq!(quarantine(&test, &house).await, vec![]);
    let reviewer = house.staff(&test, Reviewer, HERE).await;
    reviewer.get(&test, &format!("/api/v1/records/{record}")).await.good();
    assert_eq!(phone.engine.progress().published_through, 1);
}

#[tokio::test]
async fn somebody_who_left_hands_in_too() {
    let stage = Stage::set().await;
    let mut phone = stage.phone(Promoter, HERE).await;
    phone.register("before");
    stage.sync(&mut phone).await;
    let left = server::service::people::PersonChange { active: Some(false), ..Default::default() };
    let person = stage.house.person(Promoter, HERE);
    server::service::people::change(&stage.test.app, &stage.admin, person, left).await.unwrap();
    let after = phone.register("after");
    assert_eq!(phone.sync(&stage.test).await.failure, Some(Failure::Revoked));
    let found = quarantine(&stage.test, &stage.house).await;
    assert_eq!(found, [(after.to_string(), "device.revoked".to_owned())]);
}

#[tokio::test]
async fn twins_of_a_revoked_device_both_hand_in() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut one = Phone::of(&test, &house, Promoter, HERE).await;
    assert!(!one.engine.check_installation(&[1; 32], &mut sync_core_rng(1)).unwrap());
    one.register("common");
    good(&test, &mut one).await;
    let mut two = copy_of(&one, 2);
    let made = [one.register("one"), two.register("two")];
    revoke(&test, &one).await;
    let first = device_of(&one);
    for phone in [&mut one, &mut two] {
        assert_eq!(phone.sync(&test).await.failure, Some(Failure::Revoked));
    }
    assert_eq!(one.sync(&test).await.failure, Some(Failure::Revoked));
    let mut found: Vec<String> = quarantine(&test, &house).await.into_iter().map(|(record, _)| record).collect();
    found.sort();
    let mut expected = made.map(|id| id.to_string());
    expected.sort();
    assert_eq!(found, expected);
    assert_ne!(device_of(&two), first);
    assert!(listed(&test, device_of(&two)).await["revoked_at"].is_i64(), "its new identity is cut off as well");
}

#[tokio::test]
async fn a_restored_phone_with_a_secret_gets_its_own_identity_whoever_comes_first() {
    for first in [0, 1] {
        let test = TestApp::new().await;
        let house = House::build(&test).await;
        let mut one = Phone::of(&test, &house, Promoter, HERE).await;
        assert!(!one.engine.check_installation(&[1; 32], &mut sync_core_rng(1)).unwrap());
        let shared = one.register("common");
        good(&test, &mut one).await;
        let unsent = one.register("unsent");
        let mut two = copy_of(&one, 2);
        let made = [shared, unsent, one.register("one"), two.register("two")];
        let mut twins = [one, two];
        for turn in [first, 1 - first, first, 1 - first, first] {
            good(&test, &mut twins[turn]).await;
        }
        for phone in &mut twins {
            assert_eq!(names_on(phone, &made), ["common", "unsent", "one", "two"]);
            let outcome = phone.sync(&test).await;
            assert_eq!((outcome.failure, outcome.pushed, outcome.pulled), (None, 0, 0));
        }
        assert_ne!(device_of(&twins[0]), device_of(&twins[1]));
        assert_eq!(quarantine(&test, &house).await, vec![], "nothing came twice");
        let reviewer = house.staff(&test, Reviewer, HERE).await;
        assert_eq!(reviewer.list(&test, "/api/v1/records").await.len(), 4);
    }
}

async fn wipe(staff: &Staff, test: &TestApp, device: DeviceId, body: Value) -> Value {
    let path = format!("/api/v1/devices/{device}/wipe");
    test.call(Method::POST, &path, Some(&staff.cookie), Some(&body)).await.good().json()
}

#[tokio::test]
async fn a_wipe_waits_until_a_backup_holds_everything() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Promoter, HERE).await;
    phone.register("before");
    good(&test, &mut phone).await;
    let device = device_of(&phone);
    let secretary = house.staff(&test, Secretary, HERE).await;
    let ordered = wipe(&secretary, &test, device, json!({})).await;
    assert!(ordered["revoked_at"].is_i64() && ordered["wipe_ordered_at"].is_i64() && ordered["wiped_at"].is_null());
    phone.register("after");
    for _ in 0..2 {
        assert_eq!(phone.sync(&test).await.failure, Some(Failure::Revoked), "no backup holds it");
    }
    let backup =
        |days: i64, n| Order::NoteBackup { taken_at: MORNING.plus(-days * DAY_MS), journals: vec![(device, n)] };
    order(&test, backup(31, 1)).await;
    assert_eq!(phone.sync(&test).await.failure, Some(Failure::Revoked), "a backup holds the first line only");
    order(&test, backup(30, 2)).await;
    assert_eq!(phone.sync(&test).await.failure, Some(Failure::Wiped));
    assert_eq!((phone.engine.identity(), phone.engine.store().count(&RowFilter::default()).unwrap()), (None, 0));
    let line = listed(&test, device).await;
    assert!(line["wiped_at"].is_i64() && line["deposited_at"].is_i64(), "{line}");
    // It can be enrolled anew, and gets what its person may see.
    let code = house.code(&test, Promoter, HERE).await;
    assert_eq!(phone.enrol(&test, &code).await.failure, None);
    good(&test, &mut phone).await;
    assert_eq!(phone.engine.store().count(&RowFilter::default()).unwrap(), 1);
}

#[tokio::test]
async fn a_wipe_at_once_waits_for_the_deposit_alone() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Promoter, HERE).await;
    let record = phone.register("only here");
    let admin = house.staff(&test, HqAdmin, HERE).await;
    wipe(&admin, &test, device_of(&phone), json!({ "at_once": true })).await;
    assert_eq!(phone.sync(&test).await.failure, Some(Failure::Wiped));
    assert_eq!(quarantine(&test, &house).await, [(record.to_string(), "device.revoked".to_owned())]);
}

/// A server that was set back to before the phone was enrolled: the same house, and no word of the phone.
async fn set_back() -> (TestApp, House) {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    // It has gone on a little, so that its next dice are not those of its other life.
    house.code(&test, Promoter, THERE).await;
    (test, house)
}

#[tokio::test]
async fn a_phone_that_a_restored_server_does_not_know_brings_everything_again() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Promoter, HERE).await;
    let made = [phone.register("first"), phone.register("second")];
    good(&test, &mut phone).await;
    phone.rename(made[0], "first again");
    let old = device_of(&phone);

    let (test, house) = set_back().await;
    assert_eq!(phone.sync(&test).await.failure, Some(Failure::UnknownDevice));
    let third = phone.register("third");
    let code = house.code(&test, Promoter, HERE).await;
    assert_eq!(phone.enrol(&test, &code).await.failure, None);
    good(&test, &mut phone).await;
    assert_eq!(device_of(&phone), old, "it is who it was");
    assert_eq!(phone.engine.progress().standing, Standing::Good);
    assert_eq!(quarantine(&test, &house).await, vec![]);
    let reviewer = house.staff(&test, Reviewer, HERE).await;
    let mut names: Vec<String> = Vec::new();
    for record in reviewer.list(&test, "/api/v1/records").await {
        let id = record["id"].as_str().unwrap();
        let detail = reviewer.get(&test, &format!("/api/v1/records/{id}")).await.good().json();
        names.push(detail["record"]["facts"]["name"].as_str().or(detail["facts"]["name"].as_str()).unwrap().to_owned());
    }
    names.sort();
    assert_eq!(names, ["first again", "second", "third"]);
    assert_eq!(names_on(&mut phone, &[made[0], made[1], third]), ["first again", "second", "third"]);
}

/// Found by the simulation: each had written on the other's changes, so none could be written again.
#[tokio::test]
async fn phones_that_a_restored_server_does_not_know_bring_what_they_wrote_on_each_others_changes() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut phones = [Phone::of(&test, &house, Promoter, HERE).await, Phone::of(&test, &house, Supervisor, HERE).await];
    let record = phones[0].register("一");
    for (turn, name) in ["二", "三", "四"].iter().enumerate() {
        for phone in [0, 1, 0, 1] {
            good(&test, &mut phones[phone]).await;
        }
        phones[(turn + 1) % 2].rename(record, name);
    }

    let (test, house) = set_back().await;
    for (phone, role) in phones.iter_mut().zip([Promoter, Supervisor]) {
        assert_eq!(phone.sync(&test).await.failure, Some(Failure::UnknownDevice));
        let code = house.code(&test, role, HERE).await;
        assert_eq!(phone.enrol(&test, &code).await.failure, None);
    }
    for phone in [0, 1, 0, 1] {
        good(&test, &mut phones[phone]).await;
    }
    for phone in &mut phones {
        let lead = phone.lead(record);
        assert_eq!((lead.facts.name.as_deref(), lead.conflicts.len()), (Some("四"), 0));
    }
    let reviewer = house.staff(&test, Reviewer, HERE).await;
    let detail = reviewer.get(&test, &format!("/api/v1/records/{record}")).await.good().json();
    let names = detail["history"].as_array().unwrap().iter().filter(|line| line["field"] == "name").count();
    assert_eq!(names, 4, "each once: {detail}");
    for list in ["/api/v1/quarantine", "/api/v1/strays", "/api/v1/amendments"] {
        assert_eq!(reviewer.list(&test, list).await, Vec::<Value>::new(), "{list}");
    }
}

#[tokio::test]
async fn a_revoked_phone_with_a_new_code_goes_on_where_it_handed_in() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Promoter, HERE).await;
    let published = phone.register("published");
    good(&test, &mut phone).await;
    let old = device_of(&phone);
    revoke(&test, &phone).await;
    assert_eq!(phone.sync(&test).await.failure, Some(Failure::Revoked));
    let deposited = phone.register("deposited");
    let code = house.code(&test, Promoter, HERE).await;
    assert_eq!(phone.enrol(&test, &code).await.failure, None);
    let new = phone.register("new");
    good(&test, &mut phone).await;
    assert_ne!(device_of(&phone), old);
    assert_eq!(
        (&listed(&test, old).await["journal_n"], &listed(&test, device_of(&phone)).await["journal_n"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(quarantine(&test, &house).await, [(deposited.to_string(), "device.revoked".to_owned())]);
    assert_eq!(names_on(&mut phone, &[published, deposited, new]), ["published", "deposited", "new"]);
    let problems = |phone: &Phone, id| phone.engine.store().record_sync(id).unwrap().problems;
    let set_aside = Verdict::Quarantined { code: "device.revoked".to_owned() };
    assert_eq!(problems(&phone, deposited), [Problem { n: 0, verdict: set_aside }], "it does not read as published");
    assert_eq!(problems(&phone, published), []);
}

/// Somebody who was moved while offline: what they made for the old office is held or published, and a person sees all
/// of it.
#[tokio::test]
async fn a_moved_phone_loses_nothing() {
    let stage = Stage::set().await;
    let mut phone = stage.phone(Promoter, HERE).await;
    let known = phone.register("known");
    stage.sync(&mut phone).await;
    phone.rename(known, "renamed offline");
    let made = phone.register("made offline");
    stage.send_to(Promoter, HERE, THERE).await;
    stage.sync(&mut phone).await;
    assert_eq!((phone.engine.progress().acknowledged, phone.engine.store().head().unwrap().n), (3, 3));
    let admin = stage.house.staff(&stage.test, HqAdmin, HERE).await;
    let mut seen: Vec<String> = Vec::new();
    for state in ["held", "quarantined", "waiting"] {
        for aside in admin.list(&stage.test, &format!("/api/v1/quarantine?state={state}")).await {
            seen.push(aside["record"].as_str().unwrap().to_owned());
        }
    }
    assert!(seen.contains(&made.to_string()), "{seen:?}");
    let detail = admin.get(&stage.test, &format!("/api/v1/records/{known}")).await.good().json();
    let renamed = detail.to_string().contains("renamed offline");
    assert!(renamed || seen.contains(&known.to_string()), "{detail} {seen:?}");
    // What it makes from now on belongs to the new office.
    let later = phone.register("later");
    stage.sync(&mut phone).await;
    let there = stage.house.staff(&stage.test, Supervisor, THERE).await;
    there.get(&stage.test, &format!("/api/v1/records/{later}")).await.good();
}
