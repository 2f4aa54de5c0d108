//! Phones that are not who they were: restored from a backup of themselves, and cloned.

use sync_core::engine::Engine;
use sync_core::record::lead::{LeadEdit, LeadFacts};
use sync_core::store::{RowFilter, Store as _};
use sync_core::wire::enrol::Role;

use super::support::house::HERE;
use super::support::{House, Phone, TestApp};

/// Everybody syncs until nobody has anything to tell any more.
async fn settle(test: &TestApp, phones: &mut [&mut Phone]) {
    for _ in 0..3 {
        for phone in phones.iter_mut() {
            let outcome = phone.sync(test).await;
            assert_eq!(outcome.failure, None);
        }
    }
}

#[tokio::test]
async fn live_twins_both_end_up_with_everything() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut one = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let shared = one.register("before the clone");
    assert_eq!(one.sync(&test).await.failure, None);
    let mut two = Phone::new(4_711);
    two.engine = Engine::open(one.engine.store().clone(), "daybook-test/1".to_owned()).unwrap();

    let of_one = one.register("by the first twin");
    let of_two = two.register("by the second twin");
    one.rename(shared, "one");
    two.rename(shared, "two");
    let first = one.engine.identity().unwrap().device;
    settle(&test, &mut [&mut one, &mut two]).await;

    let devices = [&one, &two].map(|phone| phone.engine.identity().unwrap().device);
    assert!(devices[0] != devices[1] && !devices.contains(&first), "both have an identity of their own");
    for phone in [&mut one, &mut two] {
        for (id, name) in [(of_one, "by the first twin"), (of_two, "by the second twin")] {
            assert_eq!(phone.lead(id).facts.name.as_deref(), Some(name));
        }
        let view = phone.lead(shared);
        let mut names: Vec<_> = view.conflicts[0].values.iter().map(|value| format!("{:?}", value.value)).collect();
        names.sort();
        assert_eq!(names, ["Some(Text(\"one\"))", "Some(Text(\"two\"))"], "neither overwrote the other");
    }
    assert_eq!(one.lead(shared), two.lead(shared));
    for phone in [&mut one, &mut two] {
        let outcome = phone.sync(&test).await;
        assert_eq!((outcome.failure, outcome.pushed, outcome.pulled, outcome.exchanges), (None, 0, 0, 1));
    }
}

/// Found by the simulation: it asked in two batches, and was told that they agree up to the end of the first.
#[tokio::test]
async fn a_copy_with_more_than_one_batch_does_not_write_again_what_its_twin_has_handed_in() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut one = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let leads: Vec<_> = (0..=100).map(|n| one.register(&format!("lead {n}"))).collect();
    let (mut two, mut three) = (one.copy(4_713), one.copy(4_714));
    two.register("by the second");
    three.register("by the third");
    settle(&test, &mut [&mut two, &mut three]).await;
    settle(&test, &mut [&mut one, &mut two, &mut three]).await;

    let last = leads[100];
    assert_eq!(one.lead(last).facts.name.as_deref(), Some("lead 100"));
    assert_eq!(one.lead(last), two.lead(last), "made once, under one name");
    for phone in [&one, &two, &three] {
        assert_eq!(phone.engine.store().count(&RowFilter::default()).unwrap(), 103);
    }
}

/// Found by the simulation: the identity of both had been given up before, so neither could hand in what both had, and
/// each wrote it again.
#[tokio::test]
async fn what_two_copies_of_a_given_up_identity_had_not_sent_is_written_once() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut one = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let shared = one.register("before the clones");
    assert_eq!(one.sync(&test).await.failure, None);
    let mut two = one.copy(4_715);
    two.rename(shared, "two");
    assert_eq!(two.sync(&test).await.failure, None);
    one.rename(shared, "one");
    settle(&test, &mut [&mut one]).await;
    assert!(one.engine.identity().unwrap().device != two.engine.identity().unwrap().device, "one has given it up");

    two.edit(shared, &[LeadEdit::Notes("想看房".to_owned())]);
    let mut three = two.copy(4_716);
    two.register("by the second");
    three.register("by the third");
    settle(&test, &mut [&mut three, &mut two]).await;
    settle(&test, &mut [&mut one, &mut two, &mut three]).await;
    for phone in [&mut one, &mut two, &mut three] {
        assert_eq!(phone.lead(shared).facts.notes, "想看房", "written once");
        assert_eq!(phone.engine.store().count(&RowFilter::default()).unwrap(), 3);
    }
    let identities: std::collections::BTreeSet<_> =
        [&one, &two, &three].map(|phone| phone.engine.identity().unwrap().device).into_iter().collect();
    assert_eq!(identities.len(), 3);
}

/// Seed 81 of the simulation.
#[tokio::test]
async fn what_two_copies_hold_and_can_not_send_as_it_is_is_written_once() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut one = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let shared = one.register("before the clones");
    assert_eq!(one.sync(&test).await.failure, None);
    let mut two = one.copy(4_715);
    two.rename(shared, "two");
    one.edit(shared, &[LeadEdit::Notes("想看房".to_owned())]);
    let mut three = one.copy(4_716);
    three.register("by the third");
    // The second takes the number under which the other two have something else.
    assert_eq!(two.sync(&test).await.failure, None);
    settle(&test, &mut [&mut one]).await;
    settle(&test, &mut [&mut three]).await;
    settle(&test, &mut [&mut one, &mut two, &mut three]).await;
    assert_eq!(test.app.store.record(shared).await.unwrap().published.len(), 3, "made, renamed, and noted once");
    for phone in [&mut one, &mut two, &mut three] {
        assert_eq!(phone.lead(shared).facts.notes, "想看房");
        assert_eq!(phone.engine.store().count(&RowFilter::default()).unwrap(), 2);
    }
}

#[tokio::test]
async fn a_restored_phone_gets_back_what_it_had_sent_and_keeps_what_is_new() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let old = phone.register("before the backup");
    assert_eq!(phone.sync(&test).await.failure, None);
    let backup = phone.engine.store().clone();
    let forgotten = phone.register("after the backup");
    phone
        .engine
        .notebook(
            sync_core::time::ClockReading {
                wall: super::support::MORNING,
                mono_ms: 1,
                boot: sync_core::time::BootId(1),
            },
            480,
        )
        .edit::<LeadFacts>(old, &[LeadEdit::Consent(Some(true))])
        .unwrap();
    assert_eq!(phone.sync(&test).await.failure, None);

    let mut restored = Phone::new(4_712);
    restored.engine = Engine::open(backup, "daybook-test/1".to_owned()).unwrap();
    // It has nothing new to say, and is recognised all the same.
    assert_eq!(restored.sync(&test).await.failure, None);
    let new = restored.register("after the restore");
    assert_eq!(restored.sync(&test).await.failure, None);
    for (id, name) in [(old, "before the backup"), (forgotten, "after the backup"), (new, "after the restore")] {
        assert_eq!(restored.lead(id).facts.name.as_deref(), Some(name));
    }
    assert_eq!(restored.lead(old).facts.consent, Some(true));
}

/// A restored server lost lines of a phone, and took lines of its copy in their place. Somebody has built on what was
/// lost: written again under another name it would not be what they follow.
#[tokio::test]
async fn what_others_have_built_on_keeps_its_name_when_a_phone_becomes_another() {
    for same_record in [false, true] {
        let test = TestApp::new().await;
        let house = House::build(&test).await;
        let mut one = Phone::of(&test, &house, Role::Promoter, HERE).await;
        let mut supervisor = Phone::of(&test, &house, Role::Supervisor, HERE).await;
        let old = one.register("before the backup");
        assert_eq!(one.sync(&test).await.failure, None);
        let backup = test.backup().await;
        let mut two = Phone::new(4_717);
        two.engine = Engine::open(one.engine.store().clone(), "daybook-test/1".to_owned()).unwrap();

        let new = one.register("after the backup");
        one.edit(old, &[LeadEdit::Notes("想看房".to_owned())]);
        let unshared = one.register("nobody has seen this");
        settle(&test, &mut [&mut one, &mut supervisor]).await;
        for record in [old, new] {
            supervisor.edit(record, &[LeadEdit::Notes("想看房,两点".to_owned())]);
        }
        settle(&test, &mut [&mut supervisor, &mut one]).await;
        let wanted = [old, new, unshared].map(|record| one.lead(record));

        let test = test.restored(&backup).await;
        let of_two = two.register("by the copy");
        if same_record {
            two.rename(old, "by the copy, too");
        }
        settle(&test, &mut [&mut two]).await;
        settle(&test, &mut [&mut one, &mut supervisor]).await;
        settle(&test, &mut [&mut two, &mut one, &mut supervisor]).await;

        let identities = [&one, &two].map(|phone| phone.engine.identity().unwrap().device);
        assert!(identities[0] != identities[1]);
        assert_eq!(one.lead(of_two).facts.name.as_deref(), Some("by the copy"));
        for phone in [&mut one, &mut two, &mut supervisor] {
            assert_eq!(phone.lead(new), wanted[1]);
            assert_eq!(phone.lead(unshared).facts, wanted[2].facts);
            if !same_record {
                assert_eq!(phone.lead(old), wanted[0]);
            }
            let outcome = phone.sync(&test).await;
            assert_eq!((outcome.failure, outcome.pushed, outcome.pulled, outcome.exchanges), (None, 0, 0, 1));
        }
        // The copy has used the numbers of what was lost, and that can't be in one record with it: who wrote it gets the
        // text back, and so does who built on it.
        let texts = |phone: &Phone| {
            let refusals = phone.engine.store().refusals().unwrap();
            refusals.iter().map(|refusal| (refusal.record, format!("{:?}", refusal.fields))).collect::<Vec<_>>()
        };
        for (phone, text) in [(&one, "想看房"), (&supervisor, ",两点")] {
            let texts = texts(phone);
            assert_eq!(texts.len(), usize::from(same_record), "{texts:?}");
            assert!(texts.iter().all(|(record, said)| *record == old && said.contains(text)), "{texts:?}");
        }
        let refused = test.sql_number("select count(*) from change where state = 5 and raw is not null").await;
        assert_eq!(refused, if same_record { 2 } else { 0 }, "and the server keeps it, too");
        let views = [&mut one, &mut two, &mut supervisor].map(|phone| phone.lead(old));
        assert!(views.iter().all(|view| *view == views[0]), "{views:?}");
    }
}
