//! Changes that killed the server while it judged them.

use sync_core::id::RecordId;
use sync_core::status::Step;
use sync_core::store::Store as _;
use sync_core::trust::code;
use sync_core::wire::enrol::Role;
use sync_core::wire::exchange::Verdict;

use super::support::house::HERE;
use super::support::{House, Phone, TestApp};

/// A phone with two leads, the first of them edited twice, on a server that has received and judged nothing.
async fn scene() -> (TestApp, Phone, [RecordId; 2]) {
    let test = TestApp::without_projector().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let records = [phone.register("one"), phone.register("two")];
    phone.rename(records[0], "first");
    phone.rename(records[0], "once more");
    assert_eq!(phone.sync(&test).await.failure, None);
    assert_eq!(state(&phone, records[0]).0, Step::Stored, "received, and nobody has judged it yet");
    (test, phone, records)
}

fn state(phone: &Phone, record: RecordId) -> (Step, Vec<Verdict>) {
    let store = phone.engine.store();
    let (row, sync) = (store.row(record).unwrap().unwrap(), store.record_sync(record).unwrap());
    let status = phone.engine.status(&sync, &row);
    (status.step, status.problems.into_iter().map(|problem| problem.verdict).collect())
}

/// What kills on arrival is not stored yet, and the phone brings it again.
#[tokio::test]
async fn what_killed_on_arrival_is_stored_before_it_is_judged_again() {
    let settings = [("DAYBOOK_LIMITS_JUDGE_ON_ARRIVAL", "true")];
    let test = TestApp::without_projector_with(&settings).await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let first = phone.register("zero");
    assert_eq!(phone.sync(&test).await.failure, None);
    assert_eq!(state(&phone, first), (Step::Published, vec![]), "published without the projector");
    let records = [phone.register("one"), phone.register("two")];
    phone.rename(first, "again");
    let test = test.killed_while_judging(&format!("{}\n", records[0])).await;
    assert_eq!(phone.sync(&test).await.failure, None);
    assert_eq!(state(&phone, records[0]).0, Step::Stored, "received, for the projector");
    for (record, published) in [(records[0], 0), (records[1], 1), (first, 2)] {
        assert_eq!(test.app.store.record(record).await.unwrap().published.len(), published);
    }
    server::service::projector::drain(&test.app).await.unwrap();
    assert_eq!(phone.sync(&test).await.failure, None);
    for record in [records[0], records[1], first] {
        assert_eq!(state(&phone, record), (Step::Published, vec![]));
    }
}

#[tokio::test]
async fn what_can_not_be_published_on_arrival_is_received() {
    let settings = [("DAYBOOK_LIMITS_JUDGE_ON_ARRIVAL", "true")];
    let test = TestApp::without_projector_with(&settings).await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    // Nothing in the database has a place for the record's row.
    test.sql("alter table record rename column title to heading").await;
    let record = phone.register("one");
    assert_eq!(phone.sync(&test).await.failure, None);
    test.sql("alter table record rename column heading to title").await;
    assert_eq!(test.sql_number("select count(*) from change where state = 0").await, 1);
    server::service::projector::drain(&test.app).await.unwrap();
    assert_eq!(phone.sync(&test).await.failure, None);
    assert_eq!(state(&phone, record), (Step::Published, vec![]));
}

#[tokio::test]
async fn whoever_is_killed_now_and_then_accuses_nobody() {
    for named in [&[0][..], &[0, 1], &[0, 0, 0]] {
        let (test, mut phone, records) = scene().await;
        let note: String = named.iter().map(|at| format!("{}\n", records[*at])).collect();
        let test = test.killed_while_judging(&note).await;
        assert_eq!(phone.sync(&test).await.failure, None);
        for record in records {
            assert_eq!(state(&phone, record), (Step::Published, vec![]), "{named:?}");
        }
    }
}

#[tokio::test]
async fn the_change_that_kills_is_found_and_no_other_is_set_aside() {
    for culprit in 0..3 {
        // Once may have been the operator.
        for deaths in [1, 2] {
            let (test, mut phone, [record, other]) = scene().await;
            let incoming = test.app.store.record(record).await.unwrap().incoming;
            let note = format!("{record} {}\n", incoming[culprit].hash).repeat(deaths);
            let test = test.killed_while_judging(&note).await;
            let left = test.app.store.record(record).await.unwrap();
            assert_eq!(phone.sync(&test).await.failure, None);
            assert_eq!(state(&phone, other), (Step::Published, vec![]));
            if deaths == 1 {
                assert_eq!((left.published.len(), state(&phone, record)), (3, (Step::Published, vec![])));
                continue;
            }
            assert_eq!(left.published.len(), culprit, "what came before it is published");
            assert_eq!(left.incoming.len(), 2 - culprit, "what follows it waits for somebody to decide");
            let fatal = Verdict::Quarantined { code: code::FATAL.to_owned() };
            let (_, verdicts) = state(&phone, record);
            assert_eq!(verdicts.iter().filter(|verdict| **verdict == fatal).count(), 1, "{verdicts:?}");
        }
    }
}
