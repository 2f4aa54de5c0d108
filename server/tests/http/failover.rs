//! A replica that lags takes the database's place: the life of the database is another one, though nobody restored a
//! backup, and phones heal what it lacks.

use sync_core::id::RecordId;
use sync_core::store::Store as _;
use sync_core::wire::enrol::Role;

use super::support::house::HERE;
use super::support::{House, Phone, TestApp};

fn holds(phone: &Phone, record: RecordId) -> bool {
    phone.engine.store().row(record).unwrap().is_some()
}

#[tokio::test]
async fn what_a_lagging_replica_lacks_is_offered_again() {
    let test = TestApp::on_postgres().await;
    let house = House::build(&test).await;
    let mut promoter = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let mut supervisor = Phone::of(&test, &house, Role::Supervisor, HERE).await;
    let kept = promoter.register("张三");
    for phone in [&mut promoter, &mut supervisor] {
        assert_eq!(phone.sync(&test).await.failure, None);
    }
    let epoch = test.app.epoch;
    let (test, replica) = test.with_replica().await;
    // Published, told to everybody, and not on the replica.
    let lost = promoter.register("李四");
    for phone in [&mut promoter, &mut supervisor] {
        assert_eq!(phone.sync(&test).await.failure, None);
        assert!(holds(phone, lost));
    }
    let test = test.failed_over(replica).await;
    assert_eq!(test.app.epoch, epoch, "nobody has begun another one");
    assert!(test.app.store.record(lost).await.is_err());
    // Somebody else takes the lost positions first.
    let mut other = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let fresh = other.register("王五");
    assert_eq!(other.sync(&test).await.failure, None);
    for _ in 0..2 {
        for phone in [&mut promoter, &mut supervisor] {
            assert_eq!(phone.sync(&test).await.failure, None);
        }
    }
    for record in [kept, lost, fresh] {
        assert!(!test.app.store.record(record).await.unwrap().published.is_empty());
        assert!(holds(&supervisor, record));
    }
    for phone in [&mut promoter, &mut supervisor] {
        let outcome = phone.sync(&test).await;
        assert_eq!((outcome.failure, outcome.exchanges), (None, 1), "and all is quiet");
    }
}
