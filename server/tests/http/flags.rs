//! Flags: what a record says by itself and with others, what speaks for it, and thresholds.

use axum::http::Method;
use serde_json::{Value, json};
use server::service::{rebuild, upkeep};
use server::store::flags::RaisingAnew;
use sync_core::engine::Engine;
use sync_core::id::RecordId;
use sync_core::phone_number::PhoneNumber;
use sync_core::place::{Datum, Place};
use sync_core::record::lead::{LeadEdit, LeadFacts};
use sync_core::record::survey::{Answer, SurveyFacts};
use sync_core::record::visit::VisitFacts;
use sync_core::time::UnixMillis;
use sync_core::wire::enrol::Role;

use crate::days;
use crate::support::house::{HERE, THERE};
use crate::support::photographer::{hash_of, jpeg};
use crate::support::{House, Phone, Staff, TestApp};

struct Desk {
    test: TestApp,
    house: House,
    reviewer: Staff,
}

impl Desk {
    async fn new() -> Self {
        let test = TestApp::new().await;
        let house = House::build(&test).await;
        let reviewer = house.staff(&test, Role::Reviewer, HERE).await;
        Self { test, house, reviewer }
    }

    async fn phone(&self, office: &'static str) -> Phone {
        Phone::of(&self.test, &self.house, Role::Promoter, office).await
    }

    async fn sync(&self, phone: &mut Phone) {
        assert_eq!(phone.sync(&self.test).await.failure, None);
    }

    /// The flags of a record in its detail, each with its evidence, but for the consent that these leads lack.
    async fn flags(&self, record: RecordId) -> Vec<(String, Value)> {
        self.flags_for(&self.reviewer, record).await
    }

    async fn flags_for(&self, staff: &Staff, record: RecordId) -> Vec<(String, Value)> {
        let detail = staff.get(&self.test, &format!("/api/v1/records/{record}")).await.good().json();
        let shown = detail["flags"].as_array().unwrap().iter();
        let shown: Vec<(String, Value)> =
            shown.map(|it| (it["flag"].as_str().unwrap().to_owned(), it["evidence"].clone())).collect();
        let mut names: Vec<&str> = shown.iter().map(|(flag, _)| flag.as_str()).collect();
        names.dedup();
        assert_eq!(detail["line"]["flags"], json!(names), "the line says the same");
        shown.into_iter().filter(|(flag, _)| flag != "missing_consent").collect()
    }

    async fn count(&self, filter: &str) -> usize {
        self.reviewer.list(&self.test, &format!("/api/v1/records?limit=200&{filter}")).await.len()
    }

    async fn set(&self, thresholds: Value) -> String {
        let admin = self.house.staff(&self.test, Role::HqAdmin, HERE).await;
        let body = json!({ "thresholds": thresholds });
        let answer = self.test.call(Method::PATCH, "/api/v1/organisation", Some(&admin.cookie), Some(&body)).await;
        if answer.status.is_success() { answer.json()["thresholds"].to_string() } else { answer.code() }
    }
}

fn at(lat: f64) -> Option<Place> {
    Place::wgs84(lat, 110.29, 10.0).ok()
}

fn lead(phone: &str) -> LeadFacts {
    let mut facts = LeadFacts { name: Some("张伟".to_owned()), consent: Some(true), ..LeadFacts::default() };
    facts.phones.insert(phone.parse::<PhoneNumber>().unwrap(), String::new());
    facts
}

#[tokio::test]
async fn what_a_record_says_by_itself() {
    let desk = Desk::new().await;
    let mut phone = desk.phone(HERE).await;
    let mock = Place::Fix { lat: 25.27, lon: 110.29, accuracy_m: Some(10.0), datum: Datum::Wgs84, mock: true };
    let visit = phone
        .create(at(25.27), VisitFacts { outlet_place: at(25.28), check_in_place: Some(mock), ..VisitFacts::default() });
    let mut survey = SurveyFacts {
        started_at: Some(UnixMillis(1_000)),
        ended_at: Some(UnixMillis(2_500)),
        ..SurveyFacts::default()
    };
    survey.answers.insert("age".to_owned(), Answer::Int(40));
    let survey = phone.create(at(25.27), survey);
    let consented = phone.create(at(25.27), LeadFacts { consent: Some(true), ..LeadFacts::default() });
    let plain = phone.register("王五");
    desk.sync(&mut phone).await;
    let geofence = json!({ "metres": 1112.0, "accuracy_metres": 10.0, "allowed_metres": 500 });
    assert_eq!(
        desk.flags(visit).await,
        [("mock_location".to_owned(), json!({ "places": ["check_in"] })), ("outside_geofence".to_owned(), geofence),]
    );
    let hasty = json!({ "seconds": 1, "questions": 1, "least_seconds": 2 });
    assert_eq!(desk.flags(survey).await, [("hasty_survey".to_owned(), hasty)]);
    assert_eq!(desk.flags(consented).await, []);
    assert_eq!(desk.flags(plain).await, []);
    let counts = [desk.count("flag=any").await, desk.count("flag=missing_consent").await, desk.count("").await];
    assert_eq!(counts, [3, 1, 4]);
}

#[tokio::test]
async fn a_number_that_two_leads_have_flags_both_until_it_is_put_right() {
    let desk = Desk::new().await;
    let (mut here, mut there) = (desk.phone(HERE).await, desk.phone(THERE).await);
    let first = here.create(None, lead("13312343333"));
    desk.sync(&mut here).await;
    assert_eq!(desk.flags(first).await, []);
    let second = there.create(None, lead("+86 133-1234-3333"));
    let masked = there.create(None, lead("133****3333"));
    desk.sync(&mut there).await;
    for (record, other) in [(first, second), (second, first)] {
        let duplicate = ("duplicate_phone".to_owned(), json!({ "record": other.to_string() }));
        assert_eq!(desk.flags(record).await, [duplicate]);
    }
    assert_eq!(desk.flags(masked).await, []);
    assert_eq!(desk.count("flag=duplicate_phone").await, 2);
    // Others' customers have no name in another office.
    let secretary = desk.house.staff(&desk.test, Role::Secretary, HERE).await;
    let hidden = ("duplicate_phone".to_owned(), json!({ "record": null }));
    assert_eq!(desk.flags_for(&secretary, first).await, [hidden]);

    let third = here.create(None, lead("13312343333"));
    desk.sync(&mut here).await;
    let right = [
        LeadEdit::Phone("13312343333".parse().unwrap(), None),
        LeadEdit::Phone("13312340000".parse().unwrap(), Some(String::new())),
    ];
    there.edit(second, &right);
    desk.sync(&mut there).await;
    assert_eq!(desk.flags(second).await, []);
    assert_eq!(desk.flags(first).await, [("duplicate_phone".to_owned(), json!({ "record": third.to_string() }))]);
    let right = [LeadEdit::Phone("13312343333".parse().unwrap(), None)];
    here.edit(third, &right);
    desk.sync(&mut here).await;
    assert_eq!((desk.flags(first).await, desk.flags(third).await), (vec![], vec![]));
    assert_eq!(desk.count("flag=duplicate_phone").await, 0);
}

#[tokio::test]
async fn a_photo_of_two_records_flags_both() {
    let desk = Desk::new().await;
    let (mut here, mut there) = (desk.phone(HERE).await, desk.phone(THERE).await);
    let photo = jpeg(1);
    let (first, second) = (here.register("张伟"), there.register("李四"));
    here.attach(&photo, first);
    here.attach(&photo, first);
    desk.sync(&mut here).await;
    assert_eq!(desk.flags(first).await, [], "twice in one record is once");
    there.attach(&photo, second);
    desk.sync(&mut there).await;
    for (record, other) in [(first, second), (second, first)] {
        let evidence = json!({ "photo": hash_of(&photo).to_string(), "record": other.to_string() });
        assert_eq!(desk.flags(record).await, [("repeated_photo".to_owned(), evidence)]);
    }
}

#[tokio::test]
async fn a_journey_that_nobody_makes_flags_both_ends() {
    let desk = Desk::new().await;
    let mut phone = desk.phone(HERE).await;
    let facts = || LeadFacts { consent: Some(true), ..LeadFacts::default() };
    let first = phone.create(at(25.0), facts());
    desk.sync(&mut phone).await;
    phone.pass(590_000);
    let second = phone.create(at(25.9), facts());
    phone.pass(3_600_000);
    let third = phone.create(at(27.0), facts());
    desk.sync(&mut phone).await;
    let found = desk.flags(first).await;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].0.as_str(), &found[0].1["record"]), ("impossible_travel", &json!(second.to_string())));
    let km_h = found[0].1["km_h"].as_f64().unwrap();
    assert!((590.0..610.0).contains(&km_h), "{km_h}");
    assert_eq!(desk.flags(second).await[0].1["record"], json!(first.to_string()));
    assert_eq!(desk.flags(third).await, [], "an hour later nobody knows");
}

#[tokio::test]
async fn more_records_than_anybody_makes_in_a_minute() {
    let desk = Desk::new().await;
    let mut phone = desk.phone(HERE).await;
    let mut made = Vec::new();
    for _ in 0..6 {
        made.push(phone.register("张伟"));
    }
    desk.sync(&mut phone).await;
    for _ in 0..6 {
        made.push(phone.register("李四"));
    }
    phone.pass(61_000);
    let calm = phone.register("王五");
    desk.sync(&mut phone).await;
    for record in &made {
        let mut others: Vec<String> = made.iter().filter(|other| *other != record).map(ToString::to_string).collect();
        others.sort_unstable();
        let evidence = json!({ "records": 12, "allowed_records": 10, "others": others });
        assert_eq!(desk.flags(*record).await, [("hasty_records".to_owned(), evidence)], "also those that came before");
    }
    // Those that went elsewhere are counted, and have no name there.
    let admin = desk.house.staff(&desk.test, Role::HqAdmin, HERE).await;
    let offices = admin.list(&desk.test, "/api/v1/offices").await;
    let there = offices.iter().find(|office| office["name"] == THERE).unwrap()["id"].clone();
    let path = format!("/api/v1/records/{}/assignment", made[0]);
    desk.test.call(Method::POST, &path, Some(&admin.cookie), Some(&json!({ "office": there }))).await.good();
    let secretary = desk.house.staff(&desk.test, Role::Secretary, HERE).await;
    let seen = desk.flags_for(&secretary, made[1]).await;
    assert_eq!((&seen[0].1["records"], seen[0].1["others"].as_array().unwrap().len()), (&json!(12), 10));
    assert_eq!(desk.flags(calm).await, []);

    assert_eq!(desk.set(json!({ "records_a_minute": 0 })).await, "organisation.threshold");
    assert!(desk.set(json!({ "records_a_minute": 12 })).await.contains("\"records_a_minute\":12"));
    assert_eq!(desk.count("flag=hasty_records").await, 12, "what was raised stays until it is looked at again");
    upkeep::finish(&desk.test.app).await.unwrap();
    assert_eq!(desk.count("flag=hasty_records").await, 0);
    desk.set(json!({ "records_a_minute": 11, "travel_km_h": 100 })).await;
    rebuild::rebuild(&desk.test.app, |_| {}).await.unwrap();
    assert_eq!(desk.count("flag=hasty_records").await, 12);
}

#[tokio::test]
async fn other_thresholds_raise_the_flags_of_what_is_there_anew() {
    let desk = Desk::new().await;
    let mut phone = desk.phone(HERE).await;
    let visit = |km: f64| VisitFacts {
        outlet_place: at(25.27),
        check_in_place: at(25.27 + km / 111.2),
        ..VisitFacts::default()
    };
    let mut near = Vec::new();
    for _ in 0..70 {
        near.push(phone.create(at(25.27), visit(0.3)));
        phone.pass(60_000);
    }
    let far = phone.create(at(25.27), visit(0.6));
    desk.sync(&mut phone).await;
    let outside = async || desk.count("flag=outside_geofence").await;
    let left = async || {
        // Figures are good for a quarter of a minute.
        desk.test.clock.advance(15_000);
        let admin = desk.house.staff(&desk.test, Role::HqAdmin, HERE).await;
        admin.get(&desk.test, "/api/v1/system").await.good().json()["stored"]["unraised"].as_u64().unwrap()
    };
    assert_eq!((outside().await, left().await), (1, 0));

    desk.set(json!({ "geofence_m": 200 })).await;
    assert_eq!((outside().await, left().await), (1, 71), "the list still says what was");
    // What is approved together is looked at by the thresholds of now.
    let decide = async |record: RecordId| {
        let body = json!({ "state": "approved", "only_clean": true });
        desk.reviewer.decide(&desk.test, &record.to_string(), body).await
    };
    assert_eq!(decide(near[0]).await.code(), "review.not_clean");
    upkeep::finish(&desk.test.app).await.unwrap();
    assert_eq!((outside().await, left().await), (71, 0));
    assert_eq!(desk.flags(near[0]).await[0].1["allowed_metres"], 200);

    // Who worked for thresholds that are others again comes too late, wherever it was.
    desk.set(json!({ "geofence_m": 1_000 })).await;
    let before = desk.test.app.store.flags().to_raise().await.unwrap().unwrap();
    desk.set(json!({ "geofence_m": 500 })).await;
    let store = desk.test.app.store.flags();
    store.note_raised(&RaisingAnew { behind: far, done: 71, ..before }).await.unwrap();
    store.finish_raising(&before).await.unwrap();
    assert_eq!(left().await, 71);
    upkeep::finish(&desk.test.app).await.unwrap();
    assert_eq!((outside().await, left().await), (1, 0));
    // What stays as it was is no change.
    desk.set(json!({ "geofence_m": 500 })).await;
    assert_eq!(left().await, 0);
    assert_eq!(decide(near[0]).await.status, 200);
}

#[tokio::test]
async fn a_clock_that_was_set_shows_in_the_journal() {
    let desk = Desk::new().await;
    let mut phone = desk.phone(HERE).await;
    let before = phone.register("张伟");
    desk.sync(&mut phone).await;
    phone.set_clock_forward(-86_400_000);
    let set_back = phone.register("李四");
    let after = phone.register("王五");
    desk.sync(&mut phone).await;
    let found = desk.flags(set_back).await;
    assert_eq!(found[0].0, "clock_jump");
    assert_eq!((&found[0].1["seconds"], &found[0].1["allowed_seconds"]), (&json!(-86_400), &json!(120)));
    assert_eq!((desk.flags(before).await, desk.flags(after).await), (vec![], vec![]));
    // What a person at the console writes has no journal.
    desk.reviewer.correct(&desk.test, &set_back.to_string(), "name", json!("李四")).await.good();
    assert_eq!(desk.flags(set_back).await, found);
}

#[tokio::test]
async fn what_comes_after_its_day_was_closed_and_who_is_a_copy() {
    let desk = Desk::new().await;
    let mut phone = desk.phone(HERE).await;
    let in_time = phone.register("张伟");
    desk.sync(&mut phone).await;
    let secretary = desk.house.staff(&desk.test, Role::Secretary, HERE).await;
    let offices = secretary.list(&desk.test, "/api/v1/offices").await;
    days::close(&desk.test, &secretary, offices[0]["id"].as_str().unwrap(), days::DAY).await.good();
    let closed_at = desk.test.app.clock.now().0;
    let late = phone.register("李四");
    phone.rename(in_time, "张炜");
    desk.sync(&mut phone).await;
    assert_eq!(desk.flags(late).await, [("late_record".to_owned(), json!({ "closed_at": closed_at }))]);
    assert_eq!(desk.flags(in_time).await, []);

    let before = phone.register("of both");
    for n in 0..40 {
        phone.pass(60_000);
        phone.register(&format!("of both, {n}"));
    }
    desk.sync(&mut phone).await;
    let mut twin = Phone::new(4_711);
    twin.engine = Engine::open(phone.engine.store().clone(), "daybook-test/1".to_owned()).unwrap();
    let of_twin = twin.register("of the twin");
    phone.register("of the first");
    desk.test.clock.advance(3_600_000);
    desk.sync(&mut phone).await;
    desk.sync(&mut twin).await;
    desk.sync(&mut twin).await;
    // What was published before anybody knew is looked at again: the first of it at once.
    let cloned = async || desk.count("flag=cloned_device").await;
    let at_once = cloned().await;
    upkeep::finish(&desk.test.app).await.unwrap();
    let all = cloned().await;
    assert!(at_once < all && all >= 42, "{at_once} of {all}");
    for record in [of_twin, before, in_time] {
        let found = desk.flags(record).await;
        assert!(found.iter().any(|(flag, _)| flag == "cloned_device"), "{found:?}");
    }
    twin.pass(7_200_000);
    let afterwards = twin.register("of the twin, who has a name of its own by now");
    desk.sync(&mut twin).await;
    let found = desk.flags(afterwards).await;
    assert!(found.iter().all(|(flag, _)| flag != "cloned_device"), "{found:?}");
}

/// What is kept is what would be found anew.
#[tokio::test]
async fn rebuilding_finds_the_same_flags() {
    let desk = Desk::new().await;
    let (mut here, mut there) = (desk.phone(HERE).await, desk.phone(THERE).await);
    for n in 0..12 {
        here.create(at(25.0 + f64::from(n % 3)), lead(&format!("1331234333{}", n % 4)));
        desk.sync(&mut here).await;
    }
    let record = there.create(None, lead("13312343330"));
    there.attach(&jpeg(1), record);
    let other = there.register("王五");
    there.attach(&jpeg(1), other);
    desk.sync(&mut there).await;
    let lines = async || {
        let lines = desk.reviewer.list(&desk.test, "/api/v1/records?limit=200").await;
        lines.iter().map(|line| (line["id"].clone(), line["flags"].clone())).collect::<Vec<_>>()
    };
    let before = lines().await;
    for together in [1_024, 3, 1] {
        desk.test.sql("delete from lead_phone").await;
        desk.test.sql("update record set flags = 0, lat = null, lon = null").await;
        rebuild::rebuild_by(&desk.test.app, together, |_| {}).await.unwrap();
        assert_eq!(lines().await, before, "{together} at a time");
        desk.test.sql("delete from lead_phone").await;
        desk.test.sql("delete from record").await;
        rebuild::rebuild_by(&desk.test.app, together, |_| {}).await.unwrap();
        assert_eq!(lines().await, before, "{together} at a time, from nothing");
    }
    for flag in ["impossible_travel", "hasty_records", "duplicate_phone", "repeated_photo"] {
        assert!(desk.count(&format!("flag={flag}")).await >= 2, "{flag}");
    }
}
