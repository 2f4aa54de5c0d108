//! What phones learn about backups.

use server::service::admin::{Order, perform};
use sync_core::wire::enrol::Role;

use super::support::house::HERE;
use super::support::{House, MORNING, Phone, TestApp};

const DAY_MS: i64 = 24 * 3_600 * 1_000;

#[tokio::test]
async fn phones_keep_what_only_young_backups_hold() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    phone.register("first");
    phone.register("second");
    assert_eq!(phone.sync(&test).await.failure, None);
    let device = phone.engine.identity().unwrap().device;
    for (days, n, expected) in [(1, 2, 0), (29, 2, 0), (31, 1, 1)] {
        let taken_at = MORNING.plus(-days * DAY_MS);
        perform(&test.app, Order::NoteBackup { taken_at, journals: vec![(device, n)] }).await.unwrap();
        assert_eq!(phone.sync(&test).await.failure, None);
        assert_eq!(phone.engine.progress().backed_up_through, expected, "{days} days ago");
    }
}
