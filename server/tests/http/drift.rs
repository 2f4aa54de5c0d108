//! Phones and the server that drifted apart: gaps are planted on either side, found by the daily comparison, and filled.

use axum::http::Method;
use serde_json::json;
use server::service::projector;
use sync_core::engine::Engine;
use sync_core::id::{ChangeHash, RecordId};
use sync_core::store::memory::MemoryStore;
use sync_core::store::{ExchangeOutcome, PulledRecord, Store as _};
use sync_core::trust::code;
use sync_core::wire::digest::Comparison;
use sync_core::wire::enrol::Role;

use super::support::house::HERE;
use super::support::{House, Phone, TestApp};

const DAY_MS: u64 = 24 * 3_600 * 1_000;

type Changes = Vec<(ChangeHash, Vec<u8>)>;

/// Plants something in a phone's storage: the record's changes become these.
fn plant(phone: &mut Phone, record: RecordId, with: impl FnOnce(&mut Changes)) {
    let mut store: MemoryStore = phone.engine.store().clone();
    let mut changes = store.changes(record).unwrap();
    with(&mut changes);
    let row = store.row(record).unwrap();
    let pulled = vec![PulledRecord { id: record, changes, whole: true, row }];
    let progress = store.progress().unwrap();
    store.apply(&ExchangeOutcome { progress, pulled, ..ExchangeOutcome::default() }).unwrap();
    phone.engine = Engine::open(store, "daybook-test/1".to_owned()).unwrap();
}

fn names(phone: &Phone, record: RecordId) -> Vec<ChangeHash> {
    let mut names: Vec<_> = phone.engine.store().changes(record).unwrap().into_iter().map(|(hash, _)| hash).collect();
    names.sort();
    names
}

/// A day later the phone syncs; the comparison that it ends with has to say that both hold the same. Answers how many
/// exchanges it took.
async fn next_day(test: &TestApp, phone: &mut Phone) -> u32 {
    phone.pass(DAY_MS);
    let asked = phone.exchanges().count();
    let outcome = phone.sync(test).await;
    assert_eq!(outcome.failure, None);
    let said: Vec<_> = phone.exchanges().skip(asked).filter_map(|(_, answer)| answer.digest).collect();
    assert_eq!(said.last(), Some(&Comparison::Same), "{said:?}");
    outcome.exchanges
}

async fn changes_of(test: &TestApp, record: RecordId) -> Vec<ChangeHash> {
    let mut names: Vec<_> =
        test.app.store.record(record).await.unwrap().published.into_iter().map(|change| change.hash).collect();
    names.sort();
    names
}

struct Scene {
    test: TestApp,
    house: House,
    promoter: Phone,
    supervisor: Phone,
    record: RecordId,
}

/// A promoter's lead with three changes, which the supervisor's phone has too.
async fn scene() -> Scene {
    scene_on(TestApp::new().await).await
}

async fn scene_on(test: TestApp) -> Scene {
    let house = House::build(&test).await;
    let mut promoter = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let mut supervisor = Phone::of(&test, &house, Role::Supervisor, HERE).await;
    let record = promoter.register("张伟");
    for n in 0..20 {
        promoter.register(&format!("{n}"));
    }
    promoter.rename(record, "张伟伟");
    assert_eq!(promoter.sync(&test).await.failure, None);
    assert_eq!(supervisor.sync(&test).await.failure, None);
    supervisor.rename(record, "张三");
    assert_eq!(supervisor.sync(&test).await.failure, None);
    assert_eq!(promoter.sync(&test).await.failure, None);
    assert_eq!(names(&promoter, record).len(), 3);
    Scene { test, house, promoter, supervisor, record }
}

#[tokio::test]
async fn equal_sides_find_out_in_one_small_exchange_that_moves_nothing() {
    let Scene { test, mut promoter, .. } = scene().await;
    promoter.pass(DAY_MS);
    let outcome = promoter.sync(&test).await;
    assert_eq!((outcome.failure, outcome.exchanges, outcome.pushed, outcome.pulled), (None, 1, 0, 0));
    let bytes = promoter.sent.last().unwrap().body.bytes.len();
    let answer = promoter.answers.last().unwrap().body.len();
    assert!(bytes <= 200 && answer <= 200, "{bytes} and {answer} bytes");
    assert_eq!(promoter.exchanges().last().unwrap().1.digest, Some(Comparison::Same));
    let again = promoter.sync(&test).await;
    assert_eq!((again.failure, again.exchanges), (None, 1));
    assert_eq!(promoter.exchanges().last().unwrap().1.digest, None, "once a day");
}

#[tokio::test]
async fn a_change_that_a_phone_lost_comes_back_in_its_place() {
    for lost in 0..3 {
        let Scene { test, promoter, supervisor, record, .. } = scene().await;
        for mut phone in [promoter, supervisor] {
            let before = phone.engine.store().changes(record).unwrap();
            let view = phone.lead(record);
            plant(&mut phone, record, |changes| drop(changes.remove(lost)));
            next_day(&test, &mut phone).await;
            assert_eq!(names(&phone, record), changes_of(&test, record).await);
            assert_eq!(phone.engine.store().changes(record).unwrap().len(), before.len());
            assert_eq!(phone.lead(record), view);
        }
        assert!(test.app.store.strays(supervisor_organisation(&test).await, None, 9).await.unwrap().is_empty());
    }
}

async fn supervisor_organisation(test: &TestApp) -> sync_core::id::OrganisationId {
    let all = test.app.store.organisations().await.unwrap();
    all.into_iter().find(|organisation| organisation.name == "远方").unwrap().id
}

#[tokio::test]
async fn damaged_bytes_are_replaced() {
    let Scene { test, mut promoter, record, .. } = scene().await;
    let view = promoter.lead(record);
    plant(&mut promoter, record, |changes| {
        for (_, raw) in changes.iter_mut() {
            let middle = raw.len() / 2;
            raw[middle] ^= 0x55;
        }
    });
    next_day(&test, &mut promoter).await;
    assert_eq!(promoter.lead(record), view);
    assert_eq!(names(&promoter, record), changes_of(&test, record).await);
}

#[tokio::test]
async fn what_the_server_s_disk_forgot_costs_no_other_record() {
    let Scene { test, mut promoter, mut supervisor, record: other, .. } = scene().await;
    let damaged = promoter.register_with_notes("李娜", "客户目前租房，合同年底到期，希望在此之前定下来。");
    assert_eq!(promoter.sync(&test).await.failure, None);
    let raw = test.app.store.record(damaged).await.unwrap().published[0].raw.len();
    let of_it = format!("record = {}", test.sql_id(damaged.0));
    let lies =
        test.sql_number(&format!("select cast(octet_length(contents) as bigint) from bundle where {of_it}")).await;
    assert!(lies < i64::try_from(raw).unwrap(), "it lies packed: {lies} of {raw} bytes");
    test.sql(&format!("update bundle set contents = substr(contents, 1, 100) where {of_it}")).await;

    promoter.rename(damaged, "李娜娜");
    promoter.rename(other, "张四");
    assert_eq!(promoter.sync(&test).await.failure, None);
    assert_eq!(changes_of(&test, other).await.len(), 4);
    let held = format!("select count(*) from change where {of_it} and state = 2 and code = '{}'", code::DAMAGED);
    assert_eq!(test.sql_number(&held).await, 1, "a person sees what waits for the storage to be looked at");

    assert_eq!(supervisor.sync(&test).await.failure, None);
    assert_eq!(names(&supervisor, other), changes_of(&test, other).await, "and phones get everything else");
    assert_eq!(names(&supervisor, damaged), []);
}

/// Flags compare clocks with those of earlier lines. Where these can't be read any more, what is written goes on.
#[tokio::test]
async fn what_the_server_s_disk_forgot_of_a_journal_keeps_nobody_waiting() {
    let Scene { test, mut promoter, mut supervisor, record, .. } = scene().await;
    test.sql("update journal_part set entries = substr(entries, 1, 9)").await;
    promoter.rename(record, "张四");
    let new = promoter.register("李娜");
    supervisor.rename(record, "张五");
    for phone in [&mut promoter, &mut supervisor] {
        assert_eq!(phone.sync(&test).await.failure, None);
    }
    assert_eq!((changes_of(&test, record).await.len(), changes_of(&test, new).await.len()), (5, 1));
    assert_eq!(test.sql_number("select count(*) from change where state = 0").await, 0);
}

/// The beginning of these records is lost and comes back, so all of them is published anew. Of what the supervisor
/// changed, the server's disk forgot some.
async fn published_anew(scene: &mut Scene, records: &[RecordId], damage: &str) {
    let Scene { test, promoter, supervisor, .. } = scene;
    let theirs = test.sql_id(supervisor.engine.identity().unwrap().device.0);
    for lost in records {
        let of_it = format!("record = {}", test.sql_id(lost.0));
        let first = format!("select min(seq) from bundle where {of_it}");
        test.sql(&format!("delete from bundle where {of_it} and seq = ({first})")).await;
    }
    test.sql(&format!("{damage} where device = (select no from device where id = {theirs})")).await;
    for _ in 0..3 {
        promoter.pass(DAY_MS);
        assert_eq!(promoter.sync(test).await.failure, None, "{damage}");
    }
}

/// How many changes of a record people see, because its storage has to be looked at.
async fn held_as_damaged(test: &TestApp, record: RecordId) -> i64 {
    let (of_it, damaged) = (format!("record = {}", test.sql_id(record.0)), code::DAMAGED);
    test.sql_number(&format!("select count(*) from change where {of_it} and state = 2 and code = '{damaged}'")).await
}

/// Nobody publishes but phones that come, and who asks for it.
const JUDGED: (&str, &str) = ("DAYBOOK_LIMITS_JUDGE_ON_ARRIVAL", "true");
const UNREADABLE: [&str; 2] =
    ["update journal_part set entries = substr(entries, 1, 9)", "update bundle set lines = substr(lines, 1, 1)"];

#[tokio::test]
async fn what_can_t_be_published_keeps_no_other_record_waiting() {
    for damage in UNREADABLE {
        let mut scene = scene_on(TestApp::without_projector_with(&[JUDGED]).await).await;
        let Scene { test, promoter, record, .. } = &mut scene;
        let (record, other) = (*record, promoter.register("李娜"));
        assert_eq!(promoter.sync(test).await.failure, None);
        promoter.rename(other, "李娜娜");
        assert_eq!(promoter.sync(test).await.failure, None);
        let whole = changes_of(test, other).await;
        published_anew(&mut scene, &[record, other], damage).await;
        let Scene { test, .. } = scene;
        assert_eq!(test.sql_number("select count(*) from change where state = 0").await, 3);
        projector::drain(&test.app).await.unwrap();
        assert_eq!(changes_of(&test, other).await, whole, "{damage}");
        assert_eq!(held_as_damaged(&test, record).await, 2, "{damage}");
        assert_eq!(changes_of(&test, record).await.len(), 1, "{damage}: what was published is still there");
        assert_eq!(test.sql_number("select count(*) from change where state = 0").await, 0);
    }
}

#[tokio::test]
async fn what_can_t_be_published_is_held_once_something_else_can() {
    let mut scene = scene_on(TestApp::without_projector_with(&[JUDGED]).await).await;
    let record = scene.record;
    published_anew(&mut scene, &[record], UNREADABLE[0]).await;
    let Scene { test, mut supervisor, .. } = scene;
    for _ in 0..2 {
        assert!(projector::drain(&test.app).await.is_err());
        assert_eq!(test.sql_number("select count(*) from change where state = 0").await, 2, "perhaps nothing can");
    }
    supervisor.register("李娜");
    assert_eq!(supervisor.sync(&test).await.failure, None);
    projector::drain(&test.app).await.unwrap();
    assert_eq!(held_as_damaged(&test, record).await, 2);
    assert_eq!(test.sql_number("select count(*) from change where state = 0").await, 0);
}

#[tokio::test]
async fn a_record_that_left_the_scope_unnoticed_goes() {
    let Scene { test, house, mut promoter, supervisor, record } = scene().await;
    // Another promoter of another team comes to hold a record of this one.
    let changes = supervisor.engine.store().changes(record).unwrap();
    let row = supervisor.engine.store().row(record).unwrap();
    let mut other = Phone::of(&test, &house, Role::Promoter, super::support::house::THERE).await;
    other.register("自己的");
    assert_eq!(other.sync(&test).await.failure, None);
    let mut store = other.engine.store().clone();
    let pulled = vec![PulledRecord { id: record, changes, whole: false, row }];
    let progress = store.progress().unwrap();
    store.apply(&ExchangeOutcome { progress, pulled, ..ExchangeOutcome::default() }).unwrap();
    other.engine = Engine::open(store, "daybook-test/1".to_owned()).unwrap();

    next_day(&test, &mut other).await;
    assert_eq!(other.engine.store().row(record).unwrap(), None);
    assert_eq!(names(&other, record), []);
    assert_eq!(next_day(&test, &mut promoter).await, 1, "its owner keeps it");
}

#[tokio::test]
async fn changes_that_the_server_lost_come_back_from_their_authors() {
    // The changes lie in two bundles, or each for itself.
    let (bundles, changes) = (["true", "first", "second"], ["false", "first", "second"]);
    let lots = [bundles, changes].into_iter().flat_map(|[at_once, nth @ ..]| nth.map(|lost| (at_once, lost)));
    let lots = lots.chain([("false", "third"), ("true", "all"), ("false", "all")]);
    for (at_once, lost) in lots.chain(["row", "everything"].map(|lost| ("true", lost))) {
        let test = TestApp::with_settings(&[("DAYBOOK_LIMITS_JUDGE_ON_ARRIVAL", at_once)]).await;
        let Scene { test, mut promoter, mut supervisor, record, .. } = scene_on(test).await;
        let whole = changes_of(&test, record).await;
        let id = test.sql_id(record.0);
        let (table, key) = if at_once == "true" { ("bundle", "seq") } else { ("change", "id") };
        let nth = async |n: u32| {
            let nth = format!("select {key} from {table} where record = {id} order by {key} limit 1 offset {n}");
            let nth = test.sql_number(&nth).await;
            test.sql(&format!("delete from {table} where record = {id} and {key} = {nth}")).await;
        };
        match lost {
            "first" => nth(0).await,
            "second" => nth(1).await,
            "third" => nth(2).await,
            "all" | "everything" => test.forget_changes(record).await,
            _ => {}
        }
        if ["row", "everything"].contains(&lost) {
            test.sql(&format!("delete from record where id = {id}")).await;
        }
        let mut seen = Vec::new();
        for _ in 0..3 {
            for phone in [&mut promoter, &mut supervisor] {
                phone.pass(DAY_MS);
                let outcome = phone.sync(&test).await;
                assert_eq!(outcome.failure, None, "{lost}");
                seen.push(outcome.exchanges);
            }
        }
        assert_eq!(changes_of(&test, record).await, whole, "{lost}, exchanges {seen:?}");
        for phone in [&mut promoter, &mut supervisor] {
            assert_eq!(next_day(&test, phone).await, 1, "{lost}");
            assert_eq!(names(phone, record), whole, "{lost}");
        }
        for phone in [&promoter, &supervisor] {
            let device = test.app.store.device(phone.engine.identity().unwrap().device).await.unwrap();
            let lines = test.app.store.journal(device.id, 1, 1_000).await.unwrap();
            assert_eq!(lines.len() as u64, device.head.n, "{lost}: the journal is whole again");
        }
        let open = test.app.store.strays(supervisor_organisation(&test).await, None, 9).await.unwrap();
        assert_eq!(open.len(), 0, "{lost}: nothing is left for a person to look at");
    }
}

#[tokio::test]
async fn a_verdict_that_a_restored_server_lost_comes_back_and_is_adopted() {
    let Scene { mut test, house, mut promoter, mut supervisor, record } = scene().await;
    let backup = test.backup().await;
    let reviewer = house.staff(&test, Role::Reviewer, HERE).await;
    let verdict = json!({ "state": "returned", "reason": "电话不通" });
    reviewer.decide(&test, &record.to_string(), verdict).await.good();
    for phone in [&mut promoter, &mut supervisor] {
        assert_eq!(phone.sync(&test).await.failure, None);
        assert_eq!(names(phone, record).len(), 4);
    }
    let whole = changes_of(&test, record).await;

    test = test.restored(&backup).await;
    for phone in [&mut promoter, &mut supervisor] {
        assert_eq!(phone.sync(&test).await.failure, None);
        assert_eq!(names(phone, record), whole, "nothing is taken from a phone");
    }
    let reviewer = house.staff(&test, Role::Reviewer, HERE).await;
    let strays = reviewer.list(&test, "/api/v1/strays").await;
    assert_eq!(strays.len(), 1, "offered the same evening, and once: {strays:?}");
    assert_eq!(strays[0]["record"], json!(record.to_string()));
    let path = format!("/api/v1/strays/{}/adopt", strays[0]["id"]);
    test.call(Method::POST, &path, Some(&reviewer.cookie), Some(&json!({}))).await.good();
    assert_eq!(changes_of(&test, record).await, whole);
    let twice = test.call(Method::POST, &path, Some(&reviewer.cookie), Some(&json!({}))).await;
    assert_eq!(twice.code(), "stray.not_found");
    for phone in [&mut promoter, &mut supervisor] {
        assert_eq!(phone.sync(&test).await.failure, None);
        assert_eq!(next_day(&test, phone).await, 1);
        assert_eq!(names(phone, record), whole);
    }
}

#[tokio::test]
async fn a_discarded_stray_does_not_come_again() {
    let Scene { mut test, house, mut promoter, record, .. } = scene().await;
    let backup = test.backup().await;
    let reviewer = house.staff(&test, Role::Reviewer, HERE).await;
    reviewer.correct(&test, &record.to_string(), "name", json!("李四")).await.good();
    assert_eq!(promoter.sync(&test).await.failure, None);
    test = test.restored(&backup).await;
    assert_eq!(promoter.sync(&test).await.failure, None);
    let reviewer = house.staff(&test, Role::Reviewer, HERE).await;
    let id = reviewer.list(&test, "/api/v1/strays").await[0]["id"].clone();
    let file = reviewer.get(&test, "/api/v1/strays/export?form=csv&language=en").await.good();
    let file = String::from_utf8(file.body).unwrap();
    let line = file.lines().nth(1).unwrap();
    assert!(line.contains(&record.to_string()) && line.contains(",name,") && line.contains(",No,"), "{file}");
    let path = format!("/api/v1/strays/{id}/discard");
    let refused = test.call(Method::POST, &path, Some(&reviewer.cookie), Some(&json!({}))).await;
    assert_eq!(refused.code(), "decision.reason");
    let why = json!({ "reason": "重复" });
    test.call(Method::POST, &path, Some(&reviewer.cookie), Some(&why)).await.good();
    promoter.pass(DAY_MS);
    assert_eq!(promoter.sync(&test).await.failure, None);
    assert_eq!(reviewer.list(&test, "/api/v1/strays").await.len(), 0);
}

#[tokio::test]
async fn news_that_came_meanwhile_is_not_drift() {
    let Scene { test, mut promoter, mut supervisor, record, .. } = scene().await;
    supervisor.rename(record, "李四");
    assert_eq!(supervisor.sync(&test).await.failure, None);
    promoter.register("新的");
    assert_eq!(next_day(&test, &mut promoter).await, 2, "push and pull, then the comparison");
    supervisor.rename(record, "王五");
    assert_eq!(supervisor.sync(&test).await.failure, None);
    assert_eq!(next_day(&test, &mut promoter).await, 2, "pull, then the comparison");
}

#[tokio::test]
async fn an_ordered_phone_compares_at_once() {
    let Scene { test, mut promoter, record, .. } = scene().await;
    let device = promoter.engine.identity().unwrap().device;
    plant(&mut promoter, record, |changes| drop(changes.pop()));
    server::service::admin::perform(&test.app, server::service::admin::Order::CompareDevice { device }).await.unwrap();
    assert_eq!(promoter.sync(&test).await.failure, None);
    assert_eq!(names(&promoter, record), changes_of(&test, record).await);
    let again = promoter.sync(&test).await;
    assert_eq!((again.exchanges, promoter.exchanges().last().unwrap().1.orders.len()), (1, 0), "the order is done");
}

#[tokio::test]
async fn clocks_that_jump_neither_stop_the_comparison_nor_repeat_it() {
    let Scene { test, mut promoter, .. } = scene().await;
    let compared = |phone: &Phone| phone.exchanges().last().unwrap().1.digest.is_some();
    promoter.pass(400 * DAY_MS);
    assert_eq!(promoter.sync(&test).await.failure, None);
    assert!(compared(&promoter));
    // The clock is set right again, more than a year back, or half a day.
    for ahead in [800 * DAY_MS, DAY_MS / 2] {
        let mut store = promoter.engine.store().clone();
        let mut progress = store.progress().unwrap();
        progress.digest_at = progress.digest_at.map(|at| at.plus(ahead.cast_signed()));
        store.set_progress(&progress).unwrap();
        promoter.engine = Engine::open(store, "daybook-test/1".to_owned()).unwrap();
        for expected in [true, false, false] {
            assert_eq!(promoter.sync(&test).await.failure, None);
            assert_eq!(compared(&promoter), expected);
        }
    }
}
