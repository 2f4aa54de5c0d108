//! `daybook rebuild`: whatever is kept beside the changes can be lost or wrong, and comes back as it was.

use server::service::rebuild;
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
    let no_index = match test.app.store.neighbours() {
        Some(_) => "delete from record_search",
        None => "insert into record_search (record_search) values ('delete-all')",
    };
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
