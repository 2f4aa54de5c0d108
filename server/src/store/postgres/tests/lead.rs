//! Who leads among several servers, and what they hear of each other.

use std::time::Instant;

use super::super::*;
use super::{Scratch, access, scratch};
use crate::store::Store as _;
use crate::store::conformance::world::World;
use crate::store::neighbours::{Horizon, Word};

/// Another server on the same database.
async fn another(first: &Scratch) -> (PostgresStore, tempfile::TempDir) {
    let folder = tempfile::TempDir::new().unwrap();
    (PostgresStore::open(&access(&first.database.url()), folder.path()).await.unwrap(), folder)
}

#[tokio::test]
async fn one_leads_and_another_follows_when_it_leaves_or_falls_silent() {
    let first = scratch().await;
    let (second, _folder) = another(&first).await;
    assert!(first.take_lead().await.unwrap());
    assert!(first.take_lead().await.unwrap(), "it keeps it");
    assert!(!second.take_lead().await.unwrap());
    second.leave_lead().await.unwrap();
    assert!(!second.take_lead().await.unwrap(), "nobody gives away what they don't have");
    first.leave_lead().await.unwrap();
    assert!(second.take_lead().await.unwrap());
    // The second falls silent. The first asks again and again, as it does in the field.
    let begun = Instant::now();
    while !first.take_lead().await.unwrap() {
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
    assert!(begun.elapsed() > Duration::from_secs(2), "it was given time");
    first.close().await;
    second.close().await;
}

#[tokio::test]
async fn servers_talk_and_don_t_hear_themselves() {
    let first = scratch().await;
    let (second, _folder) = another(&first).await;
    let (mut of_second, mut of_first) = (first.told(), second.told());
    // Both listen once they know that they may have missed something.
    first.heard().wait_for(|heard| heard.received > 0).await.unwrap();
    second.heard().wait_for(|heard| heard.received > 0).await.unwrap();
    first.tell("one two").await.unwrap();
    second.tell("three").await.unwrap();
    let next = async |receiver: &mut tokio::sync::broadcast::Receiver<Word>| loop {
        match receiver.recv().await.unwrap() {
            Word::Missed => {}
            said => return said,
        }
    };
    assert_eq!(next(&mut of_first).await, Word::Said("one two".to_owned()));
    assert_eq!(next(&mut of_second).await, Word::Said("three".to_owned()));
    first.close().await;
    second.close().await;
}

#[tokio::test]
async fn servers_hear_of_each_other() {
    let first = scratch().await;
    let (second, _folder) = another(&first).await;
    let mut heard = second.heard();
    // Both listen once the first news, that something may have been missed, is in.
    heard.wait_for(|heard| heard.received > 0).await.unwrap();
    let before = *heard.borrow();
    let mut world = World::found(&*first).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let id = world.record_id();
    assert_eq!(second.horizon().await.unwrap(), Horizon { oldest_received: None, newest: 0 });
    let hash = world.receive(&mut phone, &[id]).await[0];
    heard.wait_for(|heard| heard.received > before.received).await.unwrap();
    let waiting = second.horizon().await.unwrap();
    assert_eq!(waiting.oldest_received, Some(waiting.newest));
    world.change_received(&phone, id, hash).await;
    heard.wait_for(|heard| heard.published > before.published).await.unwrap();
    assert_eq!(second.horizon().await.unwrap().oldest_received, None);
    first.close().await;
    second.close().await;
}

/// Many writers at once: every position is taken once, and who reads meanwhile never sees one without those before it.
#[tokio::test(flavor = "multi_thread")]
async fn positions_become_visible_in_their_order() {
    let first = scratch().await;
    let (second, _folder) = another(&first).await;
    let mut one = World::found(&*first).await;
    let mut phones = [one.promoter_with_phone("Wang", 0).await, one.promoter_with_phone("Li", 0).await];
    let organisation = one.organisation;
    let mut publications = Vec::new();
    for phone in &mut phones {
        for _ in 0..40 {
            let id = one.record_id();
            let hash = one.receive(phone, &[id]).await[0];
            publications.push(one.publication(id, one.row(id, &phone.person), &[hash]).await);
        }
    }
    let (left, right) = publications.split_at(40);
    let publish = async |store: &PostgresStore, publications: &[crate::store::Publication]| {
        let mut positions = Vec::new();
        for publication in publications {
            match store.publish(std::slice::from_ref(publication), 1, UnixMillis(1)).await.unwrap()[..] {
                [crate::store::Published::At(seq)] => positions.push(seq),
                ref other => panic!("{other:?}"),
            }
        }
        positions
    };
    let read = async {
        let mut seen = 0;
        while seen < 80 {
            let (head,) = sqlx::query_as::<Db, (i64,)>(
                "select case when o.seq = count(c.id) then o.seq else -1 end from organisation o \
                left join change c on c.organisation = o.no and c.state = 1 where o.id = $1 group by o.seq",
            )
            .bind(organisation.0)
            .fetch_one(&second.readers)
            .await
            .unwrap();
            assert!(head >= seen, "a gap, or a step back: {head} after {seen}");
            seen = head;
        }
    };
    let (mut left, right, ()) = tokio::join!(publish(&first, left), publish(&second, right), read);
    left.extend(right);
    left.sort_unstable();
    assert_eq!(left, (1..=80).collect::<Vec<u64>>());
    first.close().await;
    second.close().await;
}
