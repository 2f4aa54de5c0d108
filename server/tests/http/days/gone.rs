//! Phones of people who left the company.

use axum::http::Method;
use serde_json::{Value, json};
use sync_core::wire::enrol::Role::{HqAdmin, Promoter, Secretary};

use super::super::support::house::HERE;
use super::{DAY, Evening, HOUR, absences, close};

const NEXT_DAY: &str = "2027-01-16";

async fn dismiss(evening: &Evening) {
    let (test, house) = (&evening.test, &evening.house);
    let admin = house.staff(test, HqAdmin, HERE).await;
    let path = format!("/api/v1/people/{}", house.person(Promoter, HERE));
    test.call(Method::PATCH, &path, Some(&admin.cookie), Some(&json!({ "active": false }))).await.good();
}

/// What the board of a day says of the phones of whoever left.
async fn missing(evening: &Evening, day: &str) -> Option<Vec<Value>> {
    let path = format!("/api/v1/offices/{}/days/{day}", evening.office);
    absences(&evening.secretary.get(&evening.test, &path).await.good().json()).remove("promoter桂林")
}

#[tokio::test]
async fn whoever_leaves_with_the_day_on_the_phone_is_named_in_its_statement() {
    let mut evening = Evening::come().await;
    evening.phones[0].register("张伟");
    evening.sync(0).await;
    evening.test.clock.advance(24 * HOUR);
    evening.secretary = evening.house.staff(&evening.test, Secretary, HERE).await;
    evening.phones[0].register("没有发出");
    dismiss(&evening).await;
    assert_eq!(missing(&evening, NEXT_DAY).await, Some(vec![json!("cut_off")]), "they worked in the morning");
    assert_eq!(missing(&evening, "2027-01-17").await, None, "nobody waits for them any more");
    let lines = evening.secretary.list(&evening.test, &format!("/api/v1/days?day={NEXT_DAY}")).await;
    assert_eq!(lines[0]["missing"], 2);
    let sealed = close(&evening.test, &evening.secretary, &evening.office, NEXT_DAY).await.good().json();
    let named = sealed["statement"]["missing"].as_array().unwrap().clone();
    assert!(named.iter().any(|phone| phone["absence"] == "cut_off" && phone["reason"] == "没电了"), "{named:?}");
}

#[tokio::test]
async fn whoever_leaves_on_the_first_day_is_waited_for_until_the_phone_has_handed_it_in() {
    let mut evening = Evening::come().await;
    evening.phones[0].register("没有发出");
    dismiss(&evening).await;
    assert_eq!(missing(&evening, DAY).await, Some(vec![json!("cut_off")]));
    assert!(evening.phones[0].sync(&evening.test).await.failure.is_some(), "it may only hand in what it has");
    assert_eq!(missing(&evening, DAY).await, None, "nothing is left on it");
    assert_eq!(missing(&evening, NEXT_DAY).await, None);
}
