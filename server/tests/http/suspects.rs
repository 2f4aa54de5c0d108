//! Changes that killed the server while it judged them.

use sync_core::status::Step;
use sync_core::wire::enrol::Role;
use sync_core::wire::exchange::Verdict;

use super::support::house::HERE;
use super::support::{House, Phone, TestApp};

#[tokio::test]
async fn suspects_are_judged_one_by_one_and_a_culprit_not_at_all() {
    // Which records the note names: an operator may have killed the server once or twice, and nobody is accused.
    for named in [&[0][..], &[0, 1], &[0, 0], &[0, 0, 0]] {
        let test = TestApp::without_projector().await;
        let house = House::build(&test).await;
        let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
        let records = [phone.register("one"), phone.register("two")];
        assert_eq!(phone.sync(&test).await.failure, None);
        let step = |phone: &Phone, at: usize| {
            let store = phone.engine.store();
            let row = sync_core::store::Store::row(store, records[at]).unwrap().unwrap();
            phone.engine.status(&sync_core::store::Store::record_sync(store, records[at]).unwrap(), &row)
        };
        assert_eq!(step(&phone, 0).step, Step::Stored, "received, and nobody has judged it yet");

        let note: String = named.iter().map(|at| format!("{}\n", records[*at])).collect();
        let test = test.killed_while_judging(&note).await;
        assert_eq!(phone.sync(&test).await.failure, None);
        assert_eq!((step(&phone, 1).step, step(&phone, 1).problems), (Step::Published, vec![]));
        let problems: Vec<Verdict> = step(&phone, 0).problems.into_iter().map(|problem| problem.verdict).collect();
        let fatal = Verdict::Quarantined { code: "change.fatal".to_owned() };
        assert_eq!(problems, if named.len() == 3 { vec![fatal] } else { vec![] });
    }
}
