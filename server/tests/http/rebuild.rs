//! `daybook rebuild`: whatever is kept beside the changes can be lost or wrong, and comes back as it was.

use serde_json::json;
use server::service::rebuild::{self, Progress};
use server::service::upkeep;
use server::store::{RecordFilter, RecordLine, RecordQuery, Scope};
use sync_core::id::OrganisationId;
use sync_core::wire::enrol::Role;

use super::support::house::HERE;
use super::support::{House, Phone, TestApp};

/// What people see of a company's records, and how many photos are kept for them.
async fn seen(test: &TestApp, organisation: OrganisationId) -> (Vec<RecordLine>, [Vec<String>; 2], u64, i64) {
    let scope = Scope::Organisation(organisation);
    let list = async |filter: RecordFilter| {
        let query = RecordQuery { scope, filter, after: None, limit: 100 };
        test.app.store.list_records(&query).await.unwrap()
    };
    let found = async |text: &str| {
        let found = list(RecordFilter { text: Some(text.to_owned()), ..RecordFilter::default() }).await;
        found.into_iter().map(|line| line.row.title).collect::<Vec<_>>()
    };
    let counted = test.app.store.count_records(&scope, &RecordFilter::default()).await.unwrap();
    let photos = test.sql_number("select count(*) from photo_reference").await;
    (list(RecordFilter::default()).await, [found("伟").await, found("李小龙").await], counted, photos)
}

/// Empties the index of words.
fn no_index(test: &TestApp) -> &'static str {
    match test.app.store.neighbours() {
        Some(_) => "truncate word_run, word_block",
        None => "insert into record_search (record_search) values ('delete-all')",
    }
}

#[tokio::test]
async fn whatever_is_lost_or_wrong_comes_back_as_it_was() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let first = phone.register("张伟");
    phone.attach(b"a picture", first);
    phone.register("李小龙");
    assert_eq!(phone.sync(&test).await.failure, None);
    let organisation = test.app.store.record(first).await.unwrap().organisation;
    let before = seen(&test, organisation).await;
    assert_eq!((before.0.len(), before.2, before.3), (2, 2, 1));
    assert_eq!(before.1, [vec!["张伟"], vec!["李小龙"]]);
    let no_index = no_index(&test);
    let harm = [
        "delete from record",
        "delete from record where title = '张伟'",
        "update record set title = 'x', flags = 1, made_by = null, search_digest = 1",
        no_index,
        "delete from record_total",
        "update record_total set records = 7",
        "delete from photo_reference",
    ];
    for harm in harm {
        test.sql(harm).await;
        assert_eq!(rebuild::rebuild(&test.app, |_| {}).await.unwrap(), 2, "{harm}");
        assert_eq!(seen(&test, organisation).await, before, "{harm}");
    }
    let quiet = phone.sync(&test).await;
    assert_eq!((quiet.failure, quiet.exchanges), (None, 1), "phones don't notice");
}

#[tokio::test]
async fn who_is_stopped_in_the_middle_has_made_nothing_wrong_and_begins_again() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let records = ["张伟", "李小龙", "王芳"].map(|name| phone.register(name));
    assert_eq!(phone.sync(&test).await.failure, None);
    let organisation = test.app.store.record(records[0]).await.unwrap().organisation;
    let before = seen(&test, organisation).await;
    for reached in 0..=3 {
        test.sql("delete from record").await;
        test.sql("delete from record_total").await;
        test.sql(no_index(&test)).await;
        // As a process that is killed: what runs is dropped where it is, its transaction with it.
        let app = test.app.clone();
        let stopped = tokio::spawn(async move {
            let killed = |step| {
                if step == Progress::Records(reached) {
                    std::panic::resume_unwind(Box::new("killed"))
                }
            };
            rebuild::rebuild_by(&app, 1, killed).await
        });
        assert!(stopped.await.unwrap_err().is_panic(), "it went on behind {reached}");
        let (lines, ..) = seen(&test, organisation).await;
        assert!(lines.iter().all(|line| before.0.contains(line)), "what is there already is right");
        assert_eq!(rebuild::rebuild(&test.app, |_| {}).await.unwrap(), 3);
        assert_eq!(seen(&test, organisation).await, before, "stopped after {reached}");
    }
}

#[tokio::test]
async fn what_an_older_version_indexed_becomes_findable_by_itself() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let lost = phone.register("王五");
    let first = phone.register("张伟");
    phone.register("李小龙");
    assert_eq!(phone.sync(&test).await.failure, None);
    let organisation = test.app.store.record(first).await.unwrap().organisation;
    let before = seen(&test, organisation).await;
    let left = async || test.app.store.system().figures(organisation).await.unwrap().unsearchable;
    assert_eq!(left().await, 0);
    // As a server from before pairs of characters left it; of one record nothing is there to be read any more.
    test.sql(no_index(&test)).await;
    test.sql("update record set search_digest = null").await;
    test.forget_changes(lost).await;
    assert_eq!((seen(&test, organisation).await.1, left().await), ([vec![], vec![]], 3));
    upkeep::finish(&test.app).await.unwrap();
    assert_eq!((seen(&test, organisation).await, left().await), (before, 1));
    let auditor = house.staff(&test, Role::Auditor, HERE).await;
    let system = auditor.get(&test, "/api/v1/system").await.good().json();
    assert_eq!(system["stored"]["unsearchable"], 1);
    let waiting = auditor.list(&test, "/api/v1/records?unsearchable=true").await;
    assert_eq!((waiting.len(), &waiting[0]["title"]), (1, &json!("王五")), "the number leads to it");
    assert_eq!(phone.sync(&test).await.exchanges, 1, "phones don't notice");
}

/// An index of words whose runs can't be read is slower to search at worst, and in nobody's way.
#[tokio::test]
async fn what_can_t_be_tidied_keeps_nothing_else_from_being_put_right() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let id = phone.register("张伟");
    assert_eq!(phone.sync(&test).await.failure, None);
    let organisation = test.app.store.record(id).await.unwrap().organisation;
    if test.app.store.neighbours().is_some() {
        let damaged = "insert into word_run (first_no, last_no, written, records, numbers) \
            select -1, -1, 1, 1, '\\xff' from generate_series(1, 16)";
        test.sql(damaged).await;
        test.app.store.rebuild().tidy_words().await.unwrap_err();
    }
    test.sql("update record set search_digest = null").await;
    upkeep::finish(&test.app).await.unwrap();
    assert_eq!(test.app.store.system().figures(organisation).await.unwrap().unsearchable, 0);
}

/// What searches look into is made of what is stored, so whatever of it is damaged can be made again.
#[tokio::test]
async fn a_damaged_index_of_words_is_made_anew() {
    for damage in [
        "update word_run set numbers = '\\xff'",
        "update word_run set gone = '\\x80'",
        "update word_block set block = substr(block, 1, 40)",
        "update word_block set block = '\\x00ff'",
    ] {
        let test = TestApp::on_postgres().await;
        let house = House::build(&test).await;
        let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
        let id = phone.register("张伟");
        phone.register("李小龙");
        assert_eq!(phone.sync(&test).await.failure, None);
        let organisation = test.app.store.record(id).await.unwrap().organisation;
        let before = seen(&test, organisation).await;
        test.sql(damage).await;
        assert_eq!(rebuild::rebuild(&test.app, |_| {}).await.unwrap(), 2, "{damage}");
        assert_eq!(seen(&test, organisation).await, before, "{damage}");
        assert!(!test.app.store.rebuild().forget_damaged_words().await.unwrap(), "{damage}");
    }
}
