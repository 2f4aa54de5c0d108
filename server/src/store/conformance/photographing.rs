//! Photos: what is here, what is on its way, and what may go.

use proptest::prelude::*;
use sync_core::id::{PhotoHash, RecordId};
use sync_core::time::UnixMillis;
use sync_core::wire::enrol::Role;
use uuid::Uuid;

use super::world::{Phone, World};
use crate::store::photos::{Begun, NamingQuery, Photo, Upload};
use crate::store::*;

const MOST: u32 = 2;

fn upload(world: &mut World<'_>, phone: &Phone, record: RecordId, hash: u8) -> Upload {
    let now = world.now();
    Upload {
        id: RecordId::new(now, &mut world.rng).0,
        organisation: world.organisation,
        person: phone.person.id,
        device: phone.id,
        record,
        hash: PhotoHash([hash; 32]),
        length: 100,
        durable: 0,
        created_at: now,
        expires_at: now.plus(1_000),
        completed_at: None,
    }
}

fn photo_of(upload: &Upload, stored_at: UnixMillis) -> Photo {
    Photo {
        organisation: upload.organisation,
        hash: upload.hash,
        bytes: upload.length,
        object: format!("o/{}", upload.id),
        object_hash: [7; 32],
        object_bytes: 90,
        media_type: "image/jpeg".to_owned(),
        preview: true,
        stored_at,
        lost_at: None,
    }
}

async fn begun(store: &dyn Store, wish: &Upload, held: bool) -> Upload {
    match store.photos().begin_upload(wish, held, MOST).await.unwrap() {
        Begun::Upload(upload) => upload,
        Begun::TooMany => panic!("too many"),
    }
}

/// Brings a photo to its end.
async fn bring(world: &mut World<'_>, phone: &Phone, record: RecordId, hash: u8) -> Photo {
    let wish = upload(world, phone, record, hash);
    let upload = begun(&**world, &wish, false).await;
    let photo = photo_of(&upload, wish.created_at);
    world.photos().finish_upload(upload.id, &photo).await.unwrap()
}

pub(in crate::store) async fn an_upload_goes_on_where_it_stands(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let record = world.record_id();
    assert!(!store.photos().has_written(phone.person.id, record).await.unwrap());
    world.receive(&mut phone, &[record]).await;
    assert!(store.photos().has_written(phone.person.id, record).await.unwrap());

    let wish = upload(&mut world, &phone, record, 1);
    assert_eq!(begun(store, &wish, true).await, wish, "what is not here is not finished, whoever may know of it");
    store.photos().advance_upload(wish.id, 0, 40, wish.expires_at.plus(5)).await.unwrap();
    let clash = store.photos().advance_upload(wish.id, 0, 50, wish.expires_at).await;
    assert!(matches!(clash, Err(StoreError::Conflict(_))));
    let stands = Upload { durable: 40, expires_at: wish.expires_at.plus(5), ..wish.clone() };
    assert_eq!(store.photos().upload(wish.id).await.unwrap(), stands);
    assert_eq!(store.photos().open_uploads().await.unwrap(), std::slice::from_ref(&stands));

    let again = upload(&mut world, &phone, record, 1);
    let found = begun(store, &again, false).await;
    assert_eq!((found.id, found.durable), (wish.id, 40), "the same wish finds the same upload");
    assert_eq!(found.expires_at, again.expires_at);

    let second = upload(&mut world, &phone, record, 2);
    begun(store, &second, false).await;
    let third = upload(&mut world, &phone, record, 3);
    assert_eq!(store.photos().begin_upload(&third, false, MOST).await.unwrap(), Begun::TooMany);
    store.photos().drop_upload(second.id).await.unwrap();
    store.photos().drop_upload(second.id).await.unwrap();
    assert!(matches!(store.photos().upload(second.id).await, Err(StoreError::NotFound)));
    begun(store, &third, false).await;

    let dropped = store.photos().drop_expired_uploads(third.expires_at).await.unwrap();
    assert_eq!(dropped.len(), 2);
    assert_eq!(store.photos().open_uploads().await.unwrap(), []);
}

pub(in crate::store) async fn a_finished_upload_is_a_photo_once(store: &dyn Store) {
    let mut world = World::found(store).await;
    let phone = world.promoter_with_phone("Wang", 0).await;
    let other = world.promoter_with_phone("Li", 1).await;
    let record = world.record_id();
    let first = bring(&mut world, &phone, record, 1).await;
    let photos = store.photos();
    let (organisation, hash) = (world.organisation, PhotoHash([1; 32]));
    assert_eq!(photos.photo_brought_by(organisation, hash, phone.person.id).await.unwrap(), first);
    let not_mine = photos.photo_brought_by(organisation, hash, other.person.id).await;
    assert!(matches!(not_mine, Err(StoreError::NotFound)));

    let twin = bring(&mut world, &other, record, 1).await;
    assert_eq!(twin, first, "the one that was there first counts");
    let again = upload(&mut world, &phone, record, 1);
    let known = begun(store, &again, true).await;
    assert_eq!((known.completed_at, known.durable), (Some(again.created_at), 100));
    assert!(matches!(photos.advance_upload(known.id, 100, 100, known.expires_at).await, Err(StoreError::Conflict(_))));

    photos.mark_lost(&first.object, Some(UnixMillis(9))).await.unwrap();
    assert!(matches!(photos.photo_brought_by(organisation, hash, phone.person.id).await, Err(StoreError::NotFound)));
    assert_eq!(photos.photos(organisation, &[hash]).await.unwrap(), []);
    let wish = upload(&mut world, &phone, record, 1);
    let afresh = begun(store, &wish, true).await;
    assert_eq!((afresh.completed_at, afresh.durable), (None, 0), "what was lost is brought again");
    let photo = Photo { object: "o/new".to_owned(), ..photo_of(&afresh, wish.created_at) };
    assert_eq!(photos.finish_upload(afresh.id, &photo).await.unwrap(), photo);
    assert_eq!(photos.photos(organisation, &[hash, PhotoHash([2; 32])]).await.unwrap(), std::slice::from_ref(&photo));
    assert_eq!(photos.photos_between("o/", "o0").await.unwrap(), [photo]);
    assert!(matches!(photos.finish_upload(Uuid::nil(), &first).await, Err(StoreError::NotFound)));
}

pub(in crate::store) async fn photos_are_seen_through_records(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let colleague = world.promoter("Li", 0).await;
    let boss = world.person("Zhao", Role::Supervisor, Some(0), None).await;
    let record = world.record_id();
    let photo = bring(&mut world, &phone, record, 1).await;
    let scopes = [
        (Scope::Person(phone.person.id), true),
        (Scope::Person(colleague.id), false),
        (Scope::Team(boss.team.unwrap()), true),
        (Scope::Team(world.teams[1]), false),
        (Scope::Office(world.offices[0]), true),
        (Scope::Office(world.offices[1]), false),
        (Scope::Organisation(world.organisation), true),
    ];
    let organisation = world.organisation;
    for (scope, _) in &scopes {
        let found = store.photos().photo_in_scope(organisation, photo.hash, scope).await;
        assert!(matches!(found, Err(StoreError::NotFound)), "no published record names it yet");
    }
    let row = RecordRow { photos: vec![photo.hash, photo.hash], ..world.row(record, &phone.person) };
    world.change_to(&mut phone, record, row).await;
    for (scope, sees) in &scopes {
        let found = store.photos().photo_in_scope(organisation, photo.hash, scope).await;
        assert_eq!(found.is_ok(), *sees, "{scope:?}");
    }
}

pub(in crate::store) async fn the_newest_records_that_name_a_photo_stand_for_all(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let mut elsewhere = world.promoter_with_phone("Li", 1).await;
    let (plan, own) = (PhotoHash([1; 32]), PhotoHash([2; 32]));
    let mut records = Vec::new();
    for n in 0..5 {
        let record = world.record_id();
        let photos = if n == 3 { vec![plan, own] } else { vec![plan] };
        let mut row = RecordRow { photos, ..world.row(record, &phone.person) };
        row.row.captured = UnixMillis(1_000 + n);
        world.change_to(&mut phone, record, row).await;
        records.push(record);
    }
    let other = world.record_id();
    let mut row = RecordRow { photos: vec![plan], ..world.row(other, &elsewhere.person) };
    row.row.captured = UnixMillis(9_000);
    world.change_to(&mut elsewhere, other, row).await;

    let organisation = world.organisation;
    let asked = |scope, office| NamingQuery { organisation, scope, office, most: 2 };
    let found = async |wanted| {
        let naming = store.photos().naming(&[own, plan], &wanted).await.unwrap();
        naming.iter().map(|found| (found.hash.0[0], found.record, found.all)).collect::<Vec<_>>()
    };
    let here = [(1, records[4], 5), (1, records[3], 5), (2, records[3], 1)];
    let offices = world.offices;
    for scope in [Scope::Person(phone.person.id), Scope::Team(world.teams[0]), Scope::Office(offices[0])] {
        assert_eq!(found(asked(scope, None)).await, here, "{scope:?}");
        assert_eq!(found(asked(scope, Some(offices[0]))).await, here, "{scope:?}");
        assert_eq!(found(asked(scope, Some(offices[1]))).await, [], "of another office's there are none");
    }
    let all = Scope::Organisation(organisation);
    let everything = [(1, other, 6), (1, records[4], 6), (2, records[3], 1)];
    assert_eq!(found(asked(all, None)).await, everything);
    assert_eq!(found(asked(all, Some(offices[0]))).await, here);
    assert_eq!(found(asked(all, Some(offices[1]))).await, [(1, other, 1)]);
    let mut naming = store.photos().offices_naming(organisation, plan).await.unwrap();
    naming.sort_unstable();
    let mut both = offices;
    both.sort_unstable();
    assert_eq!(naming, both);
    assert_eq!(store.photos().offices_naming(organisation, own).await.unwrap(), offices[..1]);

    bring(&mut world, &phone, records[3], 2).await;
    let named = async |after, limit| store.photos().named_photos(organisation, after, limit).await.unwrap();
    assert_eq!(named(None, 9).await, [(plan, false), (own, true)]);
    assert_eq!(named(None, 1).await, [(plan, false)]);
    assert_eq!(named(Some(plan), 9).await, [(own, true)]);
    assert_eq!(named(Some(own), 9).await, []);
    let bringers = store.photos().bringers(organisation, &[(own, records[3]), (plan, records[3])]).await.unwrap();
    let brought: Vec<_> = bringers.iter().map(|it| (it.hash, it.record, it.person)).collect();
    assert_eq!(brought, [(own, records[3], phone.person.id)]);
}

pub(in crate::store) async fn what_may_be_needed_is_not_forgotten(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let (named, held, nothing) = (world.record_id(), world.record_id(), world.record_id());
    for (record, hash) in [(named, 1), (held, 2), (nothing, 3)] {
        bring(&mut world, &phone, record, hash).await;
    }
    let row = RecordRow { photos: vec![PhotoHash([1; 32])], ..world.row(named, &phone.person) };
    world.change_to(&mut phone, named, row.clone()).await;
    let change = world.receive(&mut phone, &[held]).await[0];
    let mut aside = world.publication(held, world.row(held, &phone.person), &[]).await;
    aside.set_aside = vec![(change, ChangeState::Held, "record.closed".to_owned())];
    world.put(aside).await;

    let later = world.now();
    assert_eq!(store.photos().forsaken(UnixMillis(0), 9).await.unwrap(), [], "lately brought");
    let forsaken = store.photos().forsaken(later, 9).await.unwrap();
    assert_eq!(forsaken.iter().map(|photo| photo.hash).collect::<Vec<_>>(), [PhotoHash([3; 32])]);
    assert_eq!(forsaken[0].records, [nothing]);
    let organisation = world.organisation;
    for needed in [1, 2] {
        let kept = store.photos().forget_photo(organisation, PhotoHash([needed; 32]), later).await.unwrap();
        assert_eq!(kept, None, "{needed}");
    }
    let gone = store.photos().forget_photo(organisation, PhotoHash([3; 32]), later).await.unwrap();
    assert_eq!(gone.unwrap().hash, PhotoHash([3; 32]));
    assert_eq!(store.photos().forget_photo(organisation, PhotoHash([3; 32]), later).await.unwrap(), None);
    assert_eq!(store.photos().forsaken(later, 9).await.unwrap(), []);

    store.photos().note_references(organisation, held, &[PhotoHash([2; 32])]).await.unwrap();
    store.replace_rows(&[&rebuild::Remade { row, changes: 1, seq: u64::MAX, standing: None }]).await.unwrap();
    let kept = store.photos().forget_photo(organisation, PhotoHash([1; 32]), later).await.unwrap();
    assert_eq!(kept, None, "a rebuilt row refers to it as before");
}

pub(in crate::store) async fn photo_backups_count_once_no_older_one_is_restored(store: &dyn Store) {
    let photos = store.photos();
    assert_eq!(photos.photos_backed_up(UnixMillis(99)).await.unwrap(), None);
    for taken_at in [10, 20, 30] {
        photos.note_photo_backup(UnixMillis(taken_at), UnixMillis(25)).await.unwrap();
        photos.note_photo_backup(UnixMillis(taken_at), UnixMillis(25)).await.unwrap();
    }
    assert_eq!(photos.photos_backed_up(UnixMillis(25)).await.unwrap(), Some(UnixMillis(20)));
    assert_eq!(photos.photos_backed_up(UnixMillis(9)).await.unwrap(), None);
    assert_eq!(photos.photos_backed_up(UnixMillis(30)).await.unwrap(), Some(UnixMillis(30)));
}

/// What happens to a few photos and records.
#[derive(Clone, Copy, Debug)]
enum Act {
    Bring { record: usize, hash: u8 },
    Receive { record: usize },
    Publish { record: usize, hash: u8 },
    SetAside { record: usize, state: ChangeState },
    Collect { all: bool },
}

fn act() -> impl Strategy<Value = Act> {
    let states = [ChangeState::Held, ChangeState::Quarantined, ChangeState::Waiting, ChangeState::Refused];
    prop_oneof![
        (0..3usize, 0..4u8).prop_map(|(record, hash)| Act::Bring { record, hash }),
        (0..3usize).prop_map(|record| Act::Receive { record }),
        (0..3usize, 0..4u8).prop_map(|(record, hash)| Act::Publish { record, hash }),
        (0..3usize, 0..4usize).prop_map(move |(record, state)| Act::SetAside { record, state: states[state] }),
        any::<bool>().prop_map(|all| Act::Collect { all }),
    ]
}

/// Whatever happens in whatever order: a photo that a published record names, or that was brought for a record with
/// changes that are not published, is never forgotten.
pub(in crate::store) fn a_needed_photo_is_never_forgotten<S, G>(open: impl Fn() -> S)
where
    S: Future<Output = G>,
    G: std::ops::Deref<Target: Store + Sized>,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let acts = proptest::collection::vec(act(), 1..40);
    runner
        .run(&acts, |acts| {
            runtime.block_on(async {
                let guard = open().await;
                live(&*guard, &acts).await;
                Store::close(&*guard).await;
            });
            Ok(())
        })
        .unwrap();
}

async fn live(store: &dyn Store, acts: &[Act]) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let records = [world.record_id(), world.record_id(), world.record_id()];
    // Told apart by hand: what is needed, beside what the store thinks.
    let mut names: std::collections::BTreeSet<(usize, u8)> = Default::default();
    let mut brought: std::collections::BTreeSet<(usize, u8)> = Default::default();
    let mut here: std::collections::BTreeSet<u8> = Default::default();
    let mut open: [Vec<sync_core::id::ChangeHash>; 3] = Default::default();
    let mut aside = [false; 3];
    let mut waiting: [Vec<sync_core::id::ChangeHash>; 3] = Default::default();
    for act in acts {
        match *act {
            Act::Bring { record, hash } => {
                bring(&mut world, &phone, records[record], hash).await;
                brought.insert((record, hash));
                here.insert(hash);
            }
            Act::Receive { record } => open[record].extend(world.receive(&mut phone, &[records[record]]).await),
            Act::Publish { record, hash } => {
                let Some(change) = open[record].pop() else { continue };
                names.insert((record, hash));
                let named = names.iter().filter(|(of, _)| *of == record).map(|(_, hash)| PhotoHash([*hash; 32]));
                let row = RecordRow { photos: named.collect(), ..world.row(records[record], &phone.person) };
                let mut publication = world.publication(records[record], row, &[change]).await;
                let waits = waiting[record].iter().map(|hash| (*hash, ChangeState::Waiting, "because".to_owned()));
                publication.set_aside = waits.collect();
                world.put(publication).await;
            }
            Act::SetAside { record, state } => {
                let Some(change) = open[record].pop() else { continue };
                let row = world.row(records[record], &phone.person);
                let mut publication = world.publication(records[record], row, &[]).await;
                publication.set_aside = vec![(change, state, "because".to_owned())];
                world.put(publication).await;
                aside[record] = true;
                waiting[record].extend((state == ChangeState::Waiting).then_some(change));
            }
            Act::Collect { all } => {
                let before = if all { world.now().plus(1) } else { UnixMillis(1_000_100) };
                for photo in store.photos().forsaken(before, 9).await.unwrap() {
                    let forgotten = store.photos().forget_photo(photo.organisation, photo.hash, before).await.unwrap();
                    if let Some(photo) = forgotten {
                        let hash = photo.hash.0[0];
                        let needed = names.iter().any(|(_, named)| *named == hash)
                            || brought.iter().any(|(of, h)| *h == hash && (aside[*of] || !open[*of].is_empty()));
                        assert!(!needed, "{photo:?} was needed");
                        here.remove(&hash);
                        brought.retain(|(_, h)| *h != hash);
                    }
                }
            }
        }
    }
    let all: Vec<PhotoHash> = here.iter().map(|hash| PhotoHash([*hash; 32])).collect();
    let mut left: Vec<PhotoHash> =
        store.photos().photos(world.organisation, &all).await.unwrap().into_iter().map(|photo| photo.hash).collect();
    left.sort_unstable();
    assert_eq!(left, all, "nothing went but what was forgotten");
}
