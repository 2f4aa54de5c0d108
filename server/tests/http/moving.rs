//! An organisation moves from a folder to PostgreSQL.

use sync_core::id::RecordId;
use sync_core::store::Store as _;
use sync_core::wire::enrol::Role;

use super::support::house::HERE;
use super::support::{House, Phone, TestApp};

fn holds(phone: &Phone, record: RecordId) -> bool {
    phone.engine.store().row(record).unwrap().is_some()
}

#[tokio::test]
async fn phones_do_not_notice_a_move() {
    let test = TestApp::embedded().await;
    let house = House::build(&test).await;
    let mut promoter = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let mut supervisor = Phone::of(&test, &house, Role::Supervisor, HERE).await;
    let first = promoter.register("张三");
    assert_eq!(promoter.sync(&test).await.failure, None);
    assert_eq!(supervisor.sync(&test).await.failure, None);
    assert!(holds(&supervisor, first));

    let test = test.moved().await;
    for phone in [&mut promoter, &mut supervisor] {
        let outcome = phone.sync(&test).await;
        assert_eq!((outcome.failure, outcome.exchanges), (None, 1), "nothing is sent again, and nothing told again");
    }
    let second = promoter.register("李四");
    assert_eq!(promoter.sync(&test).await.failure, None);
    assert_eq!(supervisor.sync(&test).await.failure, None);
    assert!(holds(&supervisor, first) && holds(&supervisor, second));
    for phone in [&mut promoter, &mut supervisor] {
        assert_eq!(phone.sync(&test).await.exchanges, 1);
    }
}
