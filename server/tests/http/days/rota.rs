//! Whose turn it is to receive a customer.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::json;
use server::store::days::RotaTurn;
use sync_core::id::RecordId;

use super::{DAY, Evening, HOUR, post};

#[tokio::test]
async fn customers_who_come_at_the_same_moment_go_to_different_consultants() {
    let mut evening = Evening::come().await;
    let rota = json!({ "names": ["李静", "陈晨", "王芳"] });
    let path = format!("/api/v1/offices/{}/consultants", evening.office);
    evening.test.call(Method::PUT, &path, Some(&evening.secretary.cookie), Some(&rota)).await.good();
    let leads = ["张", "李", "王"].map(|name| evening.phones[0].register(name));
    evening.sync(0).await;
    let arrive = async |lead: RecordId| {
        let path = format!("/api/v1/records/{lead}/arrival");
        let came = post(&evening.test, &evening.secretary, &path, json!({})).await.good().json();
        came["record"]["office"]["consultant"].as_str().unwrap().to_owned()
    };
    let (one, two, three) = tokio::join!(arrive(leads[0]), arrive(leads[1]), arrive(leads[2]));
    assert_eq!(BTreeSet::from([one.as_str(), &two, &three]).len(), 3, "{one} {two} {three}");
    // A turn that nothing came of counts for a moment only.
    let last = evening.phones[0].register("赵");
    evening.sync(0).await;
    let day = DAY.parse().unwrap();
    let now = evening.test.app.clock.now();
    let turn =
        |record: RecordId, now| RotaTurn { office: evening.office.parse().unwrap(), record, day, since: day, now };
    let days = evening.test.app.store.days();
    let taken = days.take_turn(&turn(leads[0], now)).await.unwrap();
    assert_eq!(days.take_turn(&turn(last, now)).await.unwrap(), taken, "who has arrived takes no other turn");
    let nobody = RecordId::from([9; 16]);
    assert_ne!(days.take_turn(&turn(nobody, now)).await.unwrap(), taken);
    assert_eq!(days.take_turn(&turn(last, now.plus(60_001))).await.unwrap(), taken);
}

#[tokio::test]
async fn turns_of_the_rota_go_on_from_one_day_to_the_next() {
    let mut evening = Evening::come().await;
    let rota = json!({ "names": ["李静", "陈晨", "王芳"] });
    let path = format!("/api/v1/offices/{}/consultants", evening.office);
    evening.test.call(Method::PUT, &path, Some(&evening.secretary.cookie), Some(&rota)).await.good();
    let leads: Vec<RecordId> = ["张", "李", "王", "赵", "周"].map(|name| evening.phones[0].register(name)).into();
    evening.sync(0).await;
    let now = evening.test.app.clock.now();
    let mut receivers = Vec::new();
    // On the third day two come, and the first of them is the third one's turn.
    for (lead, days) in leads.iter().zip([4, 3, 2, 2, 1]) {
        let body = json!({ "at": now.0 - days * 24 * HOUR });
        let came = post(&evening.test, &evening.secretary, &format!("/api/v1/records/{lead}/arrival"), body).await;
        receivers.push(came.good().json()["record"]["office"]["consultant"].as_str().unwrap().to_owned());
    }
    assert_eq!(receivers, ["李静", "陈晨", "王芳", "李静", "陈晨"]);
}
