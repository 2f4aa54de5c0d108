//! Phones that are missing are reminded, and say so.

use axum::http::Method;
use serde_json::{Value, json};
use sync_core::wire::enrol::Role::{Auditor, HqAdmin, Promoter, Secretary, Supervisor};

use super::days::DAY;
use super::support::house::HERE;
use super::support::{Answer, House, Line, MORNING, Phone, Staff, TestApp};

struct Office {
    test: TestApp,
    house: House,
    path: String,
    secretary: Staff,
}

impl Office {
    async fn open() -> Self {
        let test = TestApp::new().await;
        let house = House::build(&test).await;
        let secretary = house.staff(&test, Secretary, HERE).await;
        let offices = house.staff(&test, HqAdmin, HERE).await.list(&test, "/api/v1/offices").await;
        let id = offices.iter().find(|office| office["name"] == HERE).unwrap()["id"].clone();
        let path = format!("/api/v1/offices/{}/days/{DAY}", id.as_str().unwrap());
        Self { test, house, path, secretary }
    }

    async fn remind(&self, body: Value) -> Answer {
        let path = format!("{}/reminders", self.path);
        self.test.call(Method::POST, &path, Some(&self.secretary.cookie), Some(&body)).await
    }

    async fn reminder_of(&self, phone: &Phone) -> Value {
        let board = self.secretary.get(&self.test, &self.path).await.good().json();
        let devices = board["people"].as_array().unwrap().iter().flat_map(|line| line["devices"].as_array().unwrap());
        let id = id_of(phone);
        devices.into_iter().find(|device| device["id"] == id.as_str()).unwrap()["reminder"].clone()
    }
}

fn id_of(phone: &Phone) -> String {
    phone.engine.identity().unwrap().device.to_string()
}

#[tokio::test]
async fn a_phone_that_is_missing_is_reminded_with_its_next_exchange_and_says_that_it_has_it() {
    let office = Office::open().await;
    let mut phone = Phone::of(&office.test, &office.house, Promoter, HERE).await;
    let other = Phone::of(&office.test, &office.house, Supervisor, HERE).await;
    assert_eq!(office.reminder_of(&phone).await, Value::Null);

    office.remind(json!({ "devices": [id_of(&phone)] })).await.good();
    let asked = office.reminder_of(&phone).await;
    assert_eq!((&asked["at"], &asked["reached_at"]), (&json!(MORNING.0), &Value::Null), "nobody has it");
    assert_eq!(office.reminder_of(&other).await, Value::Null, "who is not named is not reminded");

    let outcome = phone.sync(&office.test).await;
    assert_eq!((outcome.failure, outcome.exchanges), (None, 2), "the second one says that it came");
    let told = phone.engine.progress().reminder.clone().unwrap();
    assert_eq!((told.day.to_string().as_str(), told.by.as_str()), (DAY, "secretary桂林"));
    assert!(office.reminder_of(&phone).await["reached_at"].is_number());

    // It is told once, stays on the phone, and a newer one replaces it.
    assert_eq!(phone.sync(&office.test).await.exchanges, 1);
    phone.restart();
    assert_eq!(phone.engine.progress().reminder.as_ref(), Some(&told));
    office.test.clock.advance(60_000);
    office.remind(json!({})).await.good();
    assert_eq!(office.reminder_of(&phone).await["reached_at"], Value::Null);
    assert!(office.reminder_of(&other).await["at"].is_number(), "everybody who is missing");
    phone.sync(&office.test).await;
    assert!(phone.engine.progress().reminder.as_ref().unwrap().at > told.at);
}

#[tokio::test]
async fn an_answer_that_gets_lost_is_no_delivery() {
    let office = Office::open().await;
    let mut phone = Phone::of(&office.test, &office.house, Promoter, HERE).await;
    phone.sync(&office.test).await;
    office.remind(json!({})).await.good();
    phone.line = Line { exchanges: Some(0), reply_lost: true, ..Line::default() };
    assert!(phone.sync(&office.test).await.failure.is_some());
    assert_eq!(office.reminder_of(&phone).await["reached_at"], Value::Null);
    phone.line = Line::default();
    phone.sync(&office.test).await;
    assert!(office.reminder_of(&phone).await["reached_at"].is_number());
}

#[tokio::test]
async fn whoever_has_handed_in_the_day_is_left_alone() {
    let office = Office::open().await;
    let mut phone = Phone::of(&office.test, &office.house, Promoter, HERE).await;
    // Evening begins at 17:00; the tests begin at 16:00.
    office.test.clock.advance(2 * 3_600_000);
    let secretary = office.house.staff(&office.test, Secretary, HERE).await;
    let office = Office { secretary, ..office };
    phone.sync(&office.test).await;
    for body in [json!({}), json!({ "devices": [id_of(&phone)] })] {
        assert_eq!(office.remind(body).await.code(), "day.nobody_missing");
    }
    let tomorrow = office.path.replace(DAY, "2027-01-16") + "/reminders";
    let refused = office.test.call(Method::POST, &tomorrow, Some(&office.secretary.cookie), Some(&json!({}))).await;
    assert_eq!(refused.code(), "day.future");
    let auditor = office.house.staff(&office.test, Auditor, HERE).await;
    let path = format!("{}/reminders", office.path);
    let refused = office.test.call(Method::POST, &path, Some(&auditor.cookie), Some(&json!({}))).await;
    assert_eq!(refused.code(), "permission.denied");
}
