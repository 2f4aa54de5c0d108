//! Several servers on one PostgreSQL are brought changes of the same record at the same moment, and each judges on arrival
//! what it is brought.

use server::flag::Flag;
use sync_core::record::lead::{LeadEdit, LeadFacts};
use sync_core::wire::enrol::Role;

use super::support::house::{HERE, THERE};
use super::support::{House, Phone, TestApp};

/// How many transactions wait for the write lock of this test's database.
const WAITING: &str = "select count(*) from pg_locks where locktype = 'advisory' and not granted \
    and database = (select oid from pg_database where datname = current_database())";

/// Lets two servers judge at their leisure what two phones bring, and write only when both are done with it.
async fn at_once(first: (&TestApp, &mut Phone), second: (&TestApp, &mut Phone)) {
    let writing = first.0.keep_others_from_writing().await;
    let released = async {
        while first.0.sql_number(WAITING).await < 2 {
            tokio::task::yield_now().await;
        }
        drop(writing);
    };
    let (one, two, ()) = tokio::join!(first.1.sync(first.0), second.1.sync(second.0), released);
    assert_eq!((one.failure, two.failure), (None, None));
}

/// How many lines say that a change is published, and how many others there are.
async fn lines(test: &TestApp) -> (i64, i64) {
    (test.published().await, test.sql_number("select count(*) from change where state <> 1").await)
}

#[tokio::test]
async fn changes_of_one_record_are_judged_by_two_servers_at_once() {
    let first = TestApp::on_postgres().await;
    let house = House::build(&first).await;
    let second = first.beside().await;
    let mut promoter = Phone::of(&first, &house, Role::Promoter, HERE).await;
    let mut supervisor = Phone::of(&first, &house, Role::Supervisor, HERE).await;
    let record = promoter.register("张三");
    for phone in [&mut promoter, &mut supervisor] {
        assert_eq!(phone.sync(&first).await.failure, None);
    }
    let (before, _) = lines(&first).await;
    promoter.rename(record, "张三丰");
    supervisor.edit(record, &[LeadEdit::IntentArea(Some("城东".to_owned()))]);
    at_once((&first, &mut promoter), (&second, &mut supervisor)).await;
    for phone in [&mut promoter, &mut supervisor] {
        assert_eq!(phone.sync(&second).await.failure, None);
        let facts = phone.lead(record).facts;
        assert_eq!((facts.name.as_deref(), facts.intent_area.as_deref()), (Some("张三丰"), Some("城东")));
    }
    assert_eq!(lines(&first).await, (before + 2, 0), "each is published, and once");
}

#[tokio::test]
async fn a_push_that_reaches_two_servers_at_once_is_published_once() {
    let first = TestApp::on_postgres().await;
    let house = House::build(&first).await;
    let second = first.beside().await;
    let mut phone = Phone::of(&first, &house, Role::Promoter, HERE).await;
    assert_eq!(phone.sync(&first).await.failure, None);
    let record = phone.register("李四");
    // The phone did not wait for the first answer.
    let mut again = phone.copy(4_711);
    at_once((&first, &mut phone), (&second, &mut again)).await;
    assert_eq!(lines(&first).await, (1, 0));
    for phone in [&mut phone, &mut again] {
        let quiet = phone.sync(&first).await;
        assert_eq!((quiet.failure, quiet.exchanges), (None, 1));
        assert_eq!(phone.lead(record).facts.name.as_deref(), Some("李四"));
    }
}

/// Leads with one number, written by two servers at the same moment: neither knew of the other when it raised flags.
#[tokio::test]
async fn a_number_that_comes_through_two_servers_at_once_flags_both() {
    let first = TestApp::on_postgres().await;
    let house = House::build(&first).await;
    let second = first.beside().await;
    let mut here = Phone::of(&first, &house, Role::Promoter, HERE).await;
    let mut there = Phone::of(&first, &house, Role::Promoter, THERE).await;
    for phone in [&mut here, &mut there] {
        let mut facts = LeadFacts { consent: Some(true), ..LeadFacts::default() };
        facts.phones.insert("13312343333".parse().unwrap(), String::new());
        phone.create(None, facts);
    }
    at_once((&first, &mut here), (&second, &mut there)).await;
    let flagged = format!("select count(*) from record where (flags & {}) <> 0", Flag::DuplicatePhone.bit());
    assert_eq!((lines(&first).await, first.sql_number(&flagged).await), ((2, 0), 2));
}
