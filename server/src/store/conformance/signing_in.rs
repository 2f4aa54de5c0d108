//! Passwords, second factors and sessions.

use sync_core::id::PersonId;
use sync_core::time::UnixMillis;
use sync_core::wire::enrol::Role;
use uuid::Uuid;

use super::world::World;
use crate::store::*;

fn session(person: PersonId, n: u8, at: i64) -> Session {
    Session {
        token_hash: [n; 32],
        id: Uuid::from_bytes([n; 16]),
        person,
        created_at: UnixMillis(at),
        expires_at: UnixMillis(at + 100),
        last_seen_at: UnixMillis(at),
        network: "ipv4".to_owned(),
        client: "Firefox · Linux".to_owned(),
    }
}

pub(in crate::store) async fn sessions_are_told_apart_and_ended(store: &dyn Store) {
    let mut world = World::found(store).await;
    let chen = world.person("Chen", Role::Reviewer, None, Some(("chen", "the hash"))).await;
    let wang = world.person("Wang", Role::Reviewer, None, Some(("wang", "the hash"))).await;
    let access = store.access();
    for (who, n, at) in [(&chen, 1, 10), (&chen, 2, 20), (&chen, 3, 30), (&wang, 4, 40)] {
        store.create_session(&session(who.id, n, at)).await.unwrap();
    }
    let of = async |person: PersonId, now| -> Vec<u8> {
        let sessions = access.sessions(person, UnixMillis(now)).await.unwrap();
        sessions.iter().map(|session| session.token_hash[0]).collect()
    };
    assert_eq!(of(chen.id, 50).await, [3, 2, 1]);
    access.touch_session(&[1; 32], UnixMillis(60)).await.unwrap();
    access.touch_session(&[1; 32], UnixMillis(55)).await.unwrap();
    assert_eq!(of(chen.id, 60).await, [1, 3, 2], "the last used first, and time never goes back");
    assert_eq!(of(chen.id, 110).await, [3, 2], "what has run out is not listed");
    let seen = Session { last_seen_at: UnixMillis(60), ..session(chen.id, 1, 10) };
    assert_eq!(store.session(&[1; 32], UnixMillis(61)).await.unwrap(), (seen, chen.clone()));

    let others = access.end_one_session(chen.id, Uuid::from_bytes([4; 16])).await;
    assert!(matches!(others, Err(StoreError::NotFound)), "somebody else's");
    access.end_one_session(chen.id, Uuid::from_bytes([3; 16])).await.unwrap();
    assert_eq!(of(chen.id, 60).await, [1, 2]);
    access.change_password(chen.id, "another hash", Some(&[2; 32])).await.unwrap();
    assert_eq!(of(chen.id, 60).await, [2]);
    assert_eq!(access.password_hash(chen.id).await.unwrap().as_deref(), Some("another hash"));
    assert_eq!(access.end_sessions(chen.id).await.unwrap(), 1);
    assert_eq!((of(chen.id, 60).await, of(wang.id, 60).await), (vec![], vec![4]));

    store.create_session(&session(chen.id, 5, 0)).await.unwrap();
    store.create_session(&session(chen.id, 6, 200)).await.unwrap();
    assert_eq!(of(chen.id, 1).await, [6], "what has run out goes when its owner comes back");
}

pub(in crate::store) async fn a_code_counts_once(store: &dyn Store) {
    let mut world = World::found(store).await;
    let chen = world.person("Chen", Role::Reviewer, None, Some(("chen", "the hash"))).await.id;
    let (access, now) = (store.access(), UnixMillis(1_000));
    assert_eq!(access.second_factor(chen).await.unwrap(), None);
    assert!(!access.use_step(chen, 5).await.unwrap());
    access.begin_second_factor(chen, &[1; 20], now).await.unwrap();
    access.begin_second_factor(chen, &[2; 20], now).await.unwrap();
    assert!(!access.use_step(chen, 5).await.unwrap(), "nobody is asked for codes before the first one");
    let codes: Vec<[u8; 32]> = (1..=10).map(|n| [n; 32]).collect();
    let old = access.confirm_second_factor(chen, &[1; 20], 7, &codes, now).await;
    assert!(matches!(old, Err(StoreError::Conflict(_))), "another secret has taken its place");
    access.confirm_second_factor(chen, &[2; 20], 7, &codes, now).await.unwrap();
    let twice = access.confirm_second_factor(chen, &[2; 20], 8, &codes, now).await;
    assert!(matches!(twice, Err(StoreError::Conflict(_))));
    let anew = access.begin_second_factor(chen, &[3; 20], now).await;
    assert!(matches!(anew, Err(StoreError::Conflict(_))), "one that is in use is not replaced");
    let factor = SecondFactor { secret: vec![2; 20], confirmed_at: Some(now), codes_left: 10 };
    assert_eq!(access.second_factor(chen).await.unwrap(), Some(factor.clone()));

    for (step, counts) in [(7, false), (8, true), (8, false), (6, false), (9, true)] {
        assert_eq!(access.use_step(chen, step).await.unwrap(), counts, "{step}");
    }
    for (code, counts) in [(1, true), (1, false), (11, false), (2, true)] {
        assert_eq!(access.use_recovery_code(chen, &[code; 32], now).await.unwrap(), counts, "{code}");
    }
    assert_eq!(access.second_factor(chen).await.unwrap(), Some(SecondFactor { codes_left: 8, ..factor }));
    assert!(access.end_second_factor(chen).await.unwrap());
    assert!(!access.end_second_factor(chen).await.unwrap());
    assert_eq!(access.second_factor(chen).await.unwrap(), None);
    assert!(!access.use_recovery_code(chen, &[3; 32], now).await.unwrap());
}
