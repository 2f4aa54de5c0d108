//! The caps that stand in the settings: what exceeds one is set aside or sent in smaller pieces, and what does not
//! passes.

use sync_core::phone_number::PhoneNumber;
use sync_core::record::lead::LeadEdit;
use sync_core::store::Store as _;
use sync_core::trust::code;
use sync_core::wire::enrol::Role;
use sync_core::wire::exchange::Verdict;

use crate::support::house::HERE;
use crate::support::{House, Phone, TestApp};

async fn phone_of(test: &TestApp) -> Phone {
    let house = House::build(test).await;
    Phone::of(test, &house, Role::Promoter, HERE).await
}

/// How many lines became what: published, and quarantined as too large.
async fn became(test: &TestApp) -> (i64, i64) {
    let too_large = format!("select count(*) from change where state = 3 and code = '{}'", code::TOO_LARGE);
    (test.published().await, test.sql_number(&too_large).await)
}

#[tokio::test]
async fn a_change_has_as_many_operations_as_the_settings_allow() {
    for (most, expected) in [("2000", (1, 1)), ("20000", (2, 0))] {
        let test = TestApp::with_settings(&[("DAYBOOK_LIMITS_CHANGE_OPS", most)]).await;
        let mut phone = phone_of(&test).await;
        // Each character is an operation.
        let long = phone.register_with_notes("张伟", &"张".repeat(5_000));
        phone.register("李四");
        assert_eq!(phone.sync(&test).await.failure, None);
        assert_eq!(became(&test).await, expected, "{most}");
        let problems = phone.engine.store().record_sync(long).unwrap().problems;
        let told =
            problems.iter().any(|line| line.verdict == Verdict::Quarantined { code: code::TOO_LARGE.to_owned() });
        assert_eq!(told, expected.1 == 1);
        assert_eq!(phone.lead(long).facts.notes.chars().count(), 5_000, "whatever it is called, it stays on the phone");
    }
}

#[tokio::test]
async fn a_record_has_as_many_changes_as_the_settings_allow() {
    for (most, set_aside) in [("100", true), ("5000", false)] {
        let test = TestApp::with_settings(&[("DAYBOOK_LIMITS_RECORD_CHANGES", most)]).await;
        let mut phone = phone_of(&test).await;
        let record = phone.register("0");
        for n in 1..120 {
            phone.rename(record, &n.to_string());
        }
        assert_eq!(phone.sync(&test).await.failure, None);
        let (published, too_large) = became(&test).await;
        assert_eq!(too_large > 0, set_aside, "{most}: {published} and {too_large}");
        assert!(published >= 100, "{most}: {published} and {too_large}");
    }
}

/// A telephone number, and 15,000 bytes about whose it is.
fn whose(n: u32) -> LeadEdit {
    let number: PhoneNumber = format!("1380013800{n}").parse().unwrap();
    LeadEdit::Phone(number, Some("张".repeat(5_000)))
}

#[tokio::test]
async fn a_change_has_as_many_bytes_as_the_settings_allow() {
    for (most, expected) in [("65536", (2, 1)), ("131072", (3, 0))] {
        let test = TestApp::with_settings(&[("DAYBOOK_LIMITS_CHANGE_BYTES", most)]).await;
        let mut phone = phone_of(&test).await;
        let record = phone.register("张伟");
        // Each is a text that a phone takes; together they are too many for one change.
        phone.edit(record, &(0..5).map(whose).collect::<Vec<_>>());
        phone.register("李四");
        assert_eq!(phone.sync(&test).await.failure, None);
        assert_eq!(became(&test).await, expected, "{most}");
        assert_eq!(phone.lead(record).facts.phones.len(), 5, "whatever it is called, it stays on the phone");
    }
}

#[tokio::test]
async fn a_record_is_as_large_as_the_settings_allow() {
    let ops = [("DAYBOOK_LIMITS_CHANGE_OPS", "2000"), ("DAYBOOK_LIMITS_RECORD_OPS", "2000")];
    let bytes = [("DAYBOOK_LIMITS_CHANGE_BYTES", "65536"), ("DAYBOOK_LIMITS_RECORD_BYTES", "65536")];
    for (settings, set_aside) in [(&ops[..], true), (&bytes, true), (&[], false)] {
        let test = TestApp::with_settings(settings).await;
        let mut phone = phone_of(&test).await;
        let record = phone.register("张伟");
        let other = phone.register("李四");
        for n in 0..8 {
            // 1,500 operations and 4,500 bytes, and a value of 15,000 bytes.
            phone.edit(record, &[LeadEdit::Notes(n.to_string().repeat(1_500))]);
            phone.edit(record, &[whose(n)]);
        }
        assert_eq!(phone.sync(&test).await.failure, None);
        let (published, too_large) = became(&test).await;
        assert_eq!(too_large > 0, set_aside, "{settings:?}: {published} and {too_large}");
        assert!(published > 2, "{settings:?}: {published} and {too_large}");
        let problems = |phone: &Phone, id| phone.engine.store().record_sync(id).unwrap().problems;
        assert_eq!(!problems(&phone, record).is_empty(), set_aside);
        assert_eq!(problems(&phone, other), [], "nobody else is concerned");
    }
}

#[tokio::test]
async fn more_lines_than_a_message_may_have_come_in_several() {
    let test = TestApp::with_settings(&[("DAYBOOK_LIMITS_PUSH_LINES", "100")]).await;
    let mut phone = phone_of(&test).await;
    // For the phone's own measure this is one record, and little of it.
    let record = phone.register("0");
    for n in 1..150 {
        phone.rename(record, &n.to_string());
    }
    let outcome = phone.sync(&test).await;
    assert_eq!((outcome.failure, outcome.pushed), (None, 150));
    assert!(phone.answers.iter().any(|answer| answer.status == 413 && answer.code() == "sync.too_large"));
    assert_eq!(became(&test).await, (150, 0));
}
