//! Signing in and enrolling.

use sync_core::id::{DeviceId, PersonId, PublicKey};
use sync_core::journal::Head;
use sync_core::time::UnixMillis;
use sync_core::wire::enrol::Role;

use super::world::World;
use crate::store::*;

fn session(person: PersonId, created_at: i64, expires_at: i64) -> Session {
    Session {
        token_hash: [3; 32],
        id: uuid::Uuid::from_bytes([3; 16]),
        person,
        created_at: UnixMillis(created_at),
        expires_at: UnixMillis(expires_at),
        last_seen_at: UnixMillis(created_at),
        network: "ipv6".to_owned(),
        client: "unknown".to_owned(),
    }
}

pub(in crate::store) async fn staff_sign_in_and_out(store: &dyn Store) {
    let mut world = World::found(store).await;
    let chen = world.person("Chen", Role::Reviewer, None, Some(("chen", "the hash"))).await;
    assert_eq!(store.person_by_login("chen").await.unwrap(), (chen.clone(), "the hash".to_owned()));
    let session = session(chen.id, 10, 20);
    store.create_session(&session).await.unwrap();
    assert_eq!(store.session(&[3; 32], UnixMillis(19)).await.unwrap(), (session, chen));
    assert!(matches!(store.session(&[3; 32], UnixMillis(20)).await, Err(StoreError::NotFound)), "expired");
    assert!(matches!(store.session(&[4; 32], UnixMillis(19)).await, Err(StoreError::NotFound)));
    store.end_session(&[3; 32]).await.unwrap();
    store.end_session(&[3; 32]).await.unwrap();
    assert!(matches!(store.session(&[3; 32], UnixMillis(19)).await, Err(StoreError::NotFound)));
}

pub(in crate::store) async fn only_active_people_sign_in(store: &dyn Store) {
    let world = World::found(store).await;
    let person = |id: u8, login: &str, active| Person {
        id: sync_core::id::PersonId::from([id; 16]),
        organisation: world.organisation,
        name: login.to_owned(),
        role: Role::Auditor,
        office: None,
        team: None,
        login: Some(login.to_owned()),
        active,
        profile_version: 1,
        scope_version: 1,
        created_at: UnixMillis(1),
    };
    let left = person(1, "left", false);
    store.create_person(&left, Some("hash")).await.unwrap();
    store.create_person(&person(2, "no password", true), None).await.unwrap();
    for login in ["left", "no password", "unknown"] {
        assert!(matches!(store.person_by_login(login).await, Err(StoreError::NotFound)), "{login}");
    }
    let session = session(left.id, 1, 9);
    store.create_session(&session).await.unwrap();
    assert!(matches!(store.session(&[3; 32], UnixMillis(2)).await, Err(StoreError::NotFound)));
}

fn code(world: &World<'_>, person: &Person) -> EnrolmentCode {
    EnrolmentCode {
        code_hash: [8; 32],
        organisation: world.organisation,
        person: person.id,
        hint: "QK".to_owned(),
        created_at: UnixMillis(100),
        expires_at: UnixMillis(200),
        used_at: None,
        device: None,
    }
}

fn device(id: u8, key: u8) -> NewDevice {
    NewDevice {
        id: DeviceId::from([id; 16]),
        key: PublicKey([key; 32]),
        label: "Pixel".to_owned(),
        app: "app 1".to_owned(),
    }
}

pub(in crate::store) async fn a_code_makes_one_device(store: &dyn Store) {
    let mut world = World::found(store).await;
    let wang = world.promoter("Wang", 0).await;
    let code = code(&world, &wang);
    store.create_enrolment_code(&code).await.unwrap();
    assert_eq!(store.enrolment_codes(world.organisation).await.unwrap(), [code]);

    let made = store.redeem_code(&[8; 32], &device(1, 5), UnixMillis(150)).await.unwrap();
    assert_eq!((made.id, made.key, made.head), (DeviceId::from([1; 16]), PublicKey([5; 32]), Head::EMPTY));
    assert_eq!((&made.person, made.revoked_at, made.last_exchange_at), (&wang, None, None));
    // The reply was lost: the same key asks again, even later than the code was good for.
    let again = store.redeem_code(&[8; 32], &device(2, 5), UnixMillis(250)).await.unwrap();
    assert_eq!(again, made);
    let thief = store.redeem_code(&[8; 32], &device(3, 6), UnixMillis(160)).await;
    assert!(matches!(thief, Err(StoreError::NotFound)));
    assert_eq!(store.devices(world.organisation).await.unwrap(), std::slice::from_ref(&made));
    assert_eq!(store.device(made.id).await.unwrap(), made);
    assert_eq!(store.device_key(made.id).await.unwrap(), made.key);
    let listed = store.enrolment_codes(world.organisation).await.unwrap();
    assert_eq!((listed[0].used_at, listed[0].device), (Some(UnixMillis(150)), Some(made.id)));
}

pub(in crate::store) async fn a_code_is_refused_when_it_is_late_or_unknown(store: &dyn Store) {
    let mut world = World::found(store).await;
    let wang = world.promoter("Wang", 0).await;
    store.create_enrolment_code(&code(&world, &wang)).await.unwrap();
    let late = store.redeem_code(&[8; 32], &device(1, 5), UnixMillis(200)).await;
    assert!(matches!(late, Err(StoreError::NotFound)));
    let unknown = store.redeem_code(&[9; 32], &device(1, 5), UnixMillis(150)).await;
    assert!(matches!(unknown, Err(StoreError::NotFound)));
    assert_eq!(store.devices(world.organisation).await.unwrap(), []);
}

pub(in crate::store) async fn a_device_can_be_cut_off(store: &dyn Store) {
    let mut world = World::found(store).await;
    let phone = world.promoter_with_phone("Wang", 0).await;
    store.revoke_device(phone.id, UnixMillis(7)).await.unwrap();
    store.revoke_device(phone.id, UnixMillis(9)).await.unwrap();
    assert_eq!(store.device(phone.id).await.unwrap().revoked_at, Some(UnixMillis(7)), "the first time counts");
    let nobody = DeviceId::from([0; 16]);
    assert!(matches!(store.revoke_device(nobody, UnixMillis(7)).await, Err(StoreError::NotFound)));
    assert!(matches!(store.device(nobody).await, Err(StoreError::NotFound)));
    assert!(matches!(store.device_key(nobody).await, Err(StoreError::NotFound)));
}

pub(in crate::store) async fn the_servers_key_stays_what_it_was_first(store: &dyn Store) {
    assert_eq!(store.server_key([1; 32]).await.unwrap(), [1; 32]);
    assert_eq!(store.server_key([2; 32]).await.unwrap(), [1; 32]);
    assert_eq!(store.epoch().await.unwrap(), 1);
}

pub(in crate::store) async fn a_forked_identity_is_replaced_once_by_each_twin(store: &dyn Store) {
    let mut world = World::found(store).await;
    let old = world.promoter_with_phone("Li", 0).await;
    let twin = |number: u8| NewDevice {
        id: DeviceId::from([number; 16]),
        key: PublicKey([number; 32]),
        label: "phone".to_owned(),
        app: "test 2".to_owned(),
    };
    assert!(matches!(
        store.replace_device(DeviceId::from([99; 16]), &twin(1), UnixMillis(5)).await,
        Err(StoreError::NotFound)
    ));
    let first = store.replace_device(old.id, &twin(1), UnixMillis(5)).await.unwrap();
    assert_eq!((first.id, first.replaces, first.head), (DeviceId::from([1; 16]), Some(old.id), Head::EMPTY));
    assert_eq!(first.person, old.person);
    assert_eq!(store.device(old.id).await.unwrap().forked_at, Some(UnixMillis(5)));
    // The answer was lost: the same key asks again, with another identity at hand.
    let again = NewDevice { id: DeviceId::from([8; 16]), ..twin(1) };
    assert_eq!(store.replace_device(old.id, &again, UnixMillis(6)).await.unwrap(), first);
    let second = store.replace_device(old.id, &twin(2), UnixMillis(7)).await.unwrap();
    assert_eq!((second.id, second.forked_at), (DeviceId::from([2; 16]), None));
    assert_eq!(store.device(old.id).await.unwrap().forked_at, Some(UnixMillis(5)), "since when stays");
}

pub(in crate::store) async fn a_device_is_parted_with_step_by_step(store: &dyn Store) {
    let mut world = World::found(store).await;
    let phone = world.promoter_with_phone("Li", 0).await;
    assert!(!store.device(phone.id).await.unwrap().is_cut_off());
    store.order_wipe(phone.id, false, UnixMillis(5)).await.unwrap();
    let ordered = store.device(phone.id).await.unwrap();
    assert!(ordered.is_cut_off() && !ordered.wipe_at_once);
    assert_eq!((ordered.revoked_at, ordered.wipe_ordered_at), (Some(UnixMillis(5)), Some(UnixMillis(5))));
    store.order_wipe(phone.id, true, UnixMillis(6)).await.unwrap();
    store.order_wipe(phone.id, false, UnixMillis(7)).await.unwrap();
    let again = store.device(phone.id).await.unwrap();
    assert_eq!(again, Device { wipe_at_once: true, ..ordered }, "the first time counts, and haste stays");

    store.note_deposit(phone.id, Some(UnixMillis(8))).await.unwrap();
    assert_eq!(store.device(phone.id).await.unwrap().deposited_at, Some(UnixMillis(8)));
    store.note_deposit(phone.id, None).await.unwrap();
    assert_eq!(store.device(phone.id).await.unwrap(), again);

    // A twin of it gets an identity that is cut off and to be wiped like the first.
    let twin = store.replace_device(phone.id, &device(1, 1), UnixMillis(9)).await.unwrap();
    assert_eq!((twin.revoked_at, twin.wipe_ordered_at), (Some(UnixMillis(5)), Some(UnixMillis(5))));
    assert!(twin.wipe_at_once && twin.wiped_at.is_none());

    store.note_wiped(phone.id, UnixMillis(10)).await.unwrap();
    store.note_wiped(phone.id, UnixMillis(11)).await.unwrap();
    assert_eq!(store.device(phone.id).await.unwrap().wiped_at, Some(UnixMillis(10)));
    let healthy = world.promoter_with_phone("Wang", 0).await;
    store.note_wiped(healthy.id, UnixMillis(12)).await.unwrap();
    assert!(store.device(healthy.id).await.unwrap().is_cut_off(), "a wiped phone never speaks again");
    let unknown = store.order_wipe(DeviceId::from([0; 16]), false, UnixMillis(1)).await;
    assert!(matches!(unknown, Err(StoreError::NotFound)));
}

pub(in crate::store) async fn a_reminder_reaches_a_device_once(store: &dyn Store) {
    let mut world = World::found(store).await;
    let phone = world.promoter_with_phone("Wang", 0).await;
    let other = world.promoter_with_phone("Li", 0).await;
    let reminder = |at: i64, day: i8| DeviceReminder {
        day: jiff::civil::date(2027, 1, day),
        at: UnixMillis(at),
        by: other.person.id,
        reached_at: None,
    };
    let days = store.days();
    days.remind(&[phone.id], &reminder(5, 15)).await.unwrap();
    assert_eq!(store.device(phone.id).await.unwrap().reminder, Some(reminder(5, 15)));
    assert_eq!(store.device(other.id).await.unwrap().reminder, None);
    for (reminded_at, now, reached_at) in [(4, 6, None), (5, 7, Some(7)), (5, 8, Some(7))] {
        days.reminder_reached(phone.id, UnixMillis(reminded_at), UnixMillis(now)).await.unwrap();
        let reached_at = reached_at.map(UnixMillis);
        assert_eq!(
            store.device(phone.id).await.unwrap().reminder,
            Some(DeviceReminder { reached_at, ..reminder(5, 15) })
        );
    }
    days.remind(&[phone.id, other.id], &reminder(9, 16)).await.unwrap();
    let devices = store.devices(world.organisation).await.unwrap();
    assert!(devices.iter().all(|device| device.reminder == Some(reminder(9, 16))));
}
