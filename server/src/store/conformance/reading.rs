//! Reading.

use jiff::civil::date;
use sync_core::id::{OfficeId, OrganisationId, PhotoHash, ProjectId, RecordId};
use sync_core::index::terms;
use sync_core::record::Kind;
use sync_core::record::entry::Stage;
use sync_core::record::review::ReviewState;
use sync_core::time::UnixMillis;

use super::world::{Phone, SALT, World};
use crate::evidence::Anchor;
use crate::flag::sighting::{Point, Sighting};
use crate::store::*;

fn all(world: &World<'_>) -> RecordQuery {
    let scope = Scope::Organisation(world.organisation);
    RecordQuery { scope, filter: RecordFilter::default(), after: None, limit: 100 }
}

async fn listed(store: &dyn Store, query: &RecordQuery) -> Vec<RecordId> {
    let lines = store.list_records(query).await.unwrap();
    let count = store.count_records(&query.scope, &query.filter).await.unwrap();
    if query.after.is_none() && (query.limit as usize) > lines.len() {
        assert_eq!(count, lines.len() as u64, "a count agrees with its list");
    }
    lines.iter().map(|line| line.row.id).collect()
}

/// Publishes a record whose row was altered.
async fn add(world: &mut World<'_>, phone: &mut Phone, alter: impl FnOnce(&mut RecordRow)) -> RecordId {
    let id = world.record_id();
    let mut row = world.row(id, &phone.person);
    row.row.captured = world.now();
    alter(&mut row);
    world.change_to(phone, id, row).await;
    id
}

pub(in crate::store) async fn lists_are_narrowed_by_each_filter(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut wang = world.promoter_with_phone("Wang", 0).await;
    let mut li = world.promoter_with_phone("Li", 1).await;
    let project = ProjectId::new(UnixMillis(1), &mut world.rng);
    let plain = add(&mut world, &mut wang, |_| {}).await;
    let special = add(&mut world, &mut li, |row| {
        row.row.kind = Kind::Lead;
        row.row.project = Some(project);
        row.row.day = "2026-03-06".parse().unwrap();
        // A range of days is looked for by when records were made, so this one agrees with its day.
        row.row.captured = UnixMillis(1_772_790_000_000);
        row.row.review = ReviewState::Returned;
        row.row.review_reason = Some("blurred".to_owned());
        row.row.stage = Some(Stage::Arrived);
        row.row.completeness = Some(80);
        row.row.conflicts = 2;
        row.flags = 1 << 63 | 4;
        row.photos = vec![PhotoHash([7; 32])];
        row.row.search = terms("王小明 13312343333");
    })
    .await;
    assert_eq!(listed(store, &all(&world)).await, [special, plain]);
    let filter = RecordFilter::default();
    let narrowed = [
        RecordFilter { kind: Some(Kind::Lead), ..filter.clone() },
        RecordFilter { office: Some(world.offices[1]), ..filter.clone() },
        RecordFilter { team: Some(world.teams[1]), ..filter.clone() },
        RecordFilter { owner: Some(li.person.id), ..filter.clone() },
        RecordFilter { made_by: Some(li.person.id), ..filter.clone() },
        RecordFilter { made_in: Some(world.offices[1]), ..filter.clone() },
        RecordFilter { project: Some(project), ..filter.clone() },
        RecordFilter { day: Some("2026-03-06".to_owned()), ..filter.clone() },
        RecordFilter { from: Some(date(2026, 3, 6)), ..filter.clone() },
        RecordFilter { from: Some(date(2026, 3, 6)), to: Some(date(2026, 3, 6)), ..filter.clone() },
        RecordFilter { review: Some(ReviewState::Returned), ..filter.clone() },
        RecordFilter { stage: Some(AtStage::At("arrived".to_owned())), ..filter.clone() },
        RecordFilter { flags: Some(1 << 63), ..filter.clone() },
        RecordFilter { flags: Some(4), ..filter.clone() },
        RecordFilter { in_conflict: Some(true), ..filter.clone() },
        RecordFilter { photo: Some(PhotoHash([7; 32])), ..filter.clone() },
        RecordFilter { text: Some("小明".to_owned()), ..filter.clone() },
        RecordFilter {
            kind: Some(Kind::Lead),
            office: Some(world.offices[1]),
            team: Some(world.teams[1]),
            owner: Some(li.person.id),
            project: Some(project),
            day: Some("2026-03-06".to_owned()),
            from: Some(date(2026, 3, 6)),
            to: Some(date(2026, 3, 7)),
            review: Some(ReviewState::Returned),
            stage: Some(AtStage::At("arrived".to_owned())),
            flags: Some(4),
            made_by: Some(li.person.id),
            made_in: Some(world.offices[1]),
            in_conflict: Some(true),
            received: None,
            sealed: None,
            unsealed: true,
            photo: Some(PhotoHash([7; 32])),
            unsearchable: false,
            text: Some("王 3333".to_owned()),
        },
    ];
    for filter in narrowed {
        assert_eq!(
            listed(store, &RecordQuery { filter: filter.clone(), ..all(&world) }).await,
            [special],
            "{filter:?}"
        );
    }
    for filter in [
        RecordFilter { in_conflict: Some(false), ..filter.clone() },
        RecordFilter { review: Some(ReviewState::Received), ..filter.clone() },
    ] {
        assert_eq!(listed(store, &RecordQuery { filter, ..all(&world) }).await, [plain]);
    }
    for nothing in [
        RecordFilter { kind: Some(Kind::Lead), owner: Some(wang.person.id), ..filter.clone() },
        RecordFilter { photo: Some(PhotoHash([8; 32])), ..filter.clone() },
        RecordFilter { unsearchable: true, ..filter },
    ] {
        assert_eq!(listed(store, &RecordQuery { filter: nothing, ..all(&world) }).await, []);
    }
    let line = store.record_line(special).await.unwrap();
    assert_eq!(line.row.stage, Some(Stage::Arrived));
    assert_eq!((line.flags, line.row.conflicts, line.row.completeness), (1 << 63 | 4, 2, Some(80)));
    assert_eq!(line.row.review_reason.as_deref(), Some("blurred"));
    assert!(matches!(store.record_line(world.record_id()).await, Err(StoreError::NotFound)));
}

pub(in crate::store) async fn lists_are_paged_newest_first(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let mut expected = Vec::new();
    for i in 0..7 {
        // Three share a millisecond, and the identifier decides.
        let captured = UnixMillis(if (2..5).contains(&i) { 20 } else { 10 * i });
        let id = add(&mut world, &mut phone, |row| row.row.captured = captured).await;
        expected.push((captured, id));
    }
    expected.sort_by(|one, other| other.cmp(one));
    for limit in [1, 2, 3, 7] {
        let mut seen = Vec::new();
        let mut query = RecordQuery { limit, ..all(&world) };
        loop {
            let page = store.list_records(&query).await.unwrap();
            let Some(last) = page.last() else { break };
            query.after = Some((last.row.captured, last.row.id));
            seen.extend(page.iter().map(|line| (line.row.captured, line.row.id)));
        }
        assert_eq!(seen, expected, "pages of {limit}");
    }
}

pub(in crate::store) async fn scopes_hide_what_is_outside(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut wang = world.promoter_with_phone("Wang", 0).await;
    let mut li = world.promoter_with_phone("Li", 1).await;
    let (of_wang, of_li) = (add(&mut world, &mut wang, |_| {}).await, add(&mut world, &mut li, |_| {}).await);
    let stranger = OrganisationId::new(UnixMillis(1), &mut world.rng);
    for (scope, expected) in [
        (Scope::Person(wang.person.id), vec![of_wang]),
        (Scope::Team(world.teams[1]), vec![of_li]),
        (Scope::Office(world.offices[0]), vec![of_wang]),
        (Scope::Organisation(world.organisation), vec![of_li, of_wang]),
        (Scope::Organisation(stranger), vec![]),
    ] {
        assert_eq!(listed(store, &RecordQuery { scope, ..all(&world) }).await, expected, "{scope:?}");
        let text = Some("hotel".to_owned());
        let filter = RecordFilter { text, ..RecordFilter::default() };
        assert_eq!(listed(store, &RecordQuery { scope, filter, ..all(&world) }).await, expected, "{scope:?}");
        // A filter can't widen a scope.
        let filter = RecordFilter { office: Some(world.offices[1]), ..RecordFilter::default() };
        let narrowed: Vec<_> = expected.iter().copied().filter(|id| *id == of_li).collect();
        assert_eq!(listed(store, &RecordQuery { scope, filter, ..all(&world) }).await, narrowed, "{scope:?}");
    }
}

pub(in crate::store) async fn searches_find_names_and_numbers(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let id = add(&mut world, &mut phone, |row| row.row.search = terms("张伟明 Hotel-Sichuan 13312343333")).await;
    let other = add(&mut world, &mut phone, |row| row.row.search = terms("张三 Harbour")).await;
    let find = async |world: &World<'_>, text: &str| {
        let filter = RecordFilter { text: Some(text.to_owned()), ..RecordFilter::default() };
        listed(store, &RecordQuery { filter, ..all(world) }).await
    };
    for typed in ["伟明", "张伟明", "sich", "HOTEL", "3333", "1331", "伟明 hotel", "hotel-sich", "\"伟"] {
        assert_eq!(find(&world, typed).await, [id], "{typed}");
    }
    for typed in ["明伟", "张明", "otel", "hotel 王", "NOT 李", "harbour OR sichuan", "terms:李"] {
        assert_eq!(find(&world, typed).await, [], "{typed}");
    }
    for typed in ["张", "-- \"", "h"] {
        assert_eq!(find(&world, typed).await, [other, id], "{typed}");
    }
    // After an edit it is found by the new words and not by the old.
    let mut row = world.row(id, &phone.person);
    row.row.search = terms("李四");
    world.change_to(&mut phone, id, row).await;
    assert_eq!(find(&world, "伟明").await, []);
    assert_eq!(find(&world, "李").await, [id]);
}

pub(in crate::store) async fn common_words_are_found_too(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    // More hits than a search begins with.
    let ids: Vec<_> = (0..6_050).map(|_| world.record_id()).collect();
    let hashes = world.receive(&mut phone, &ids).await;
    let mut publications = Vec::new();
    for (i, (id, hash)) in ids.iter().zip(hashes).enumerate() {
        let mut row = world.row(*id, &phone.person);
        row.row.captured = UnixMillis(i64::try_from(i).unwrap());
        row.row.search = terms("海港");
        let publication = Publication {
            id: *id,
            organisation: world.organisation,
            base_seq: 0,
            decided: 0,
            published: vec![hash],
            staff: Vec::new(),
            set_aside: Vec::new(),
            left: Vec::new(),
            row: Some(row),
        };
        publications.push(publication);
    }
    store.publish(&publications, 1, UnixMillis(1)).await.unwrap();
    let filter = RecordFilter { text: Some("海".to_owned()), ..RecordFilter::default() };
    let query = RecordQuery { filter: filter.clone(), limit: 3, ..all(&world) };
    assert_eq!(listed(store, &query).await, [ids[6_049], ids[6_048], ids[6_047]]);
    assert_eq!(store.count_records(&query.scope, &filter).await.unwrap(), 6_050);
    // Not at the beginning of the list, where they are looked for first.
    for i in 0..50 {
        add(&mut world, &mut phone, |row| row.row.captured = UnixMillis(1_000_000 + i)).await;
    }
    assert_eq!(listed(store, &query).await, [ids[6_049], ids[6_048], ids[6_047]]);
    let next = RecordQuery { after: Some((UnixMillis(6_048), ids[6_048])), ..query };
    assert_eq!(listed(store, &next).await, [ids[6_047], ids[6_046], ids[6_045]]);
}

pub(in crate::store) async fn origins_tell_who_and_when(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let id = world.record_id();
    let (push, hashes) = world.push(&mut phone, &[id]);
    store.append(std::slice::from_ref(&push), SALT).await.unwrap();
    assert_eq!(store.origins(id).await.unwrap(), [], "not published yet");
    let seq = world.change_received(&phone, id, hashes[0]).await;
    let origins = store.origins(id).await.unwrap();
    assert_eq!(
        origins,
        [ChangeOrigin {
            hash: hashes[0],
            raw: super::world::raw_of(&hashes[0]),
            device: Some(phone.id),
            device_label: Some("phone".to_owned()),
            n: Some(1),
            written_at: Some(push.lines[0].entry.clock.wall),
            skew_ms: Some(push.report.skew_ms),
            adopted: false,
            person: phone.person.id,
            person_name: "Wang".to_owned(),
            received_at: push.report.at,
            anchor: None,
            seq,
        }]
    );
    // The next line stands on the one that was receipted, however large the numbers of its clock are.
    let (next, hashes) = world.push(&mut phone, &[id]);
    store.append(std::slice::from_ref(&next), SALT).await.unwrap();
    world.change_received(&phone, id, hashes[0]).await;
    let anchored = store.origins(id).await.unwrap();
    assert_eq!(anchored[1].anchor, Some(Anchor { received_at: push.report.at, elapsed_ms: 0 }));
}

pub(in crate::store) async fn rebuilt_rows_are_the_same(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(add(&mut world, &mut phone, |_| {}).await);
    }
    // Received only: nothing to rebuild.
    let received = world.record_id();
    world.receive(&mut phone, &[received]).await;
    let first = store.record_ids(None, 3).await.unwrap();
    assert_eq!(first, ids[..3]);
    assert_eq!(store.record_ids(first.last().copied(), 9).await.unwrap(), ids[3..]);
    let before = store.list_records(&all(&world)).await.unwrap();
    let rows: Vec<_> = before
        .iter()
        .map(|line| {
            let row = sync_core::index::Row { search: terms("Hotel Sichuan"), ..line.row.clone() };
            let heads = line.heads.clone();
            let row = RecordRow {
                organisation: line.organisation,
                made_by: row.owner,
                made_in: row.office,
                row,
                flags: line.flags,
                seen: Sighting::default(),
                partners: Vec::new(),
                heads,
                photos: Vec::new(),
                facts: Vec::new(),
            };
            rebuild::Remade { row, changes: line.changes, seq: line.seq, standing: None }
        })
        .collect();
    assert_eq!(outdated(store, &rows).await, [], "they are what they were");
    store.replace_rows(&rows.iter().collect::<Vec<_>>()).await.unwrap();
    assert_eq!(outdated(store, &rows).await, []);
    assert_eq!(store.list_records(&all(&world)).await.unwrap(), before);
    let filter = RecordFilter { text: Some("sichuan".to_owned()), ..RecordFilter::default() };
    assert_eq!(listed(store, &RecordQuery { filter, ..all(&world) }).await.len(), 5);
    // A cache may be wrong, and is then put right.
    let mut wrong = rows[0].clone();
    wrong.row.row.title = "wrong".to_owned();
    store.replace_rows(&[&wrong]).await.unwrap();
    assert_ne!(store.list_records(&all(&world)).await.unwrap(), before);
    assert_eq!(outdated(store, &rows).await, [wrong.row.row.id]);
    store.replace_rows(&[&rows[0]]).await.unwrap();
    assert_eq!(store.list_records(&all(&world)).await.unwrap(), before);
}

async fn outdated(store: &dyn Store, rows: &[rebuild::Remade]) -> Vec<RecordId> {
    let mut outdated: Vec<RecordId> = store.rebuild().outdated(rows).await.unwrap().into_iter().collect();
    outdated.sort_unstable();
    outdated
}

/// Each thing that is kept of a record is noticed when it is not what its changes say.
pub(in crate::store) async fn whatever_a_row_keeps_is_compared(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let id = add(&mut world, &mut phone, |row| row.row.kind = Kind::Lead).await;
    let source = store.rebuild().published(None, 9).await.unwrap();
    assert_eq!(source.iter().map(|it| (it.record.id, it.record.published.len())).collect::<Vec<_>>(), [(id, 1)]);
    let mut row = world.row(id, &phone.person);
    row.row.kind = Kind::Lead;
    let right = rebuild::Remade { row, changes: 1, seq: source[0].record.base_seq, standing: None };
    store.replace_rows(&[&right]).await.unwrap();
    assert_eq!(outdated(store, std::slice::from_ref(&right)).await, []);
    let entry = days::ARRIVAL;
    let day = "2026-03-07".parse().unwrap();
    let arrival = days::DayFact { entry, sort: days::FactSort::Arrival, day, amount: None, consultant: None };
    let alterations: [&dyn Fn(&mut rebuild::Remade); 13] = [
        &|remade| remade.changes = 2,
        &|remade| remade.row.row.title.push('!'),
        &|remade| remade.row.row.review_reason = Some("why".to_owned()),
        &|remade| remade.row.row.search.push_str(" more"),
        &|remade| remade.row.row.team = None,
        &|remade| remade.row.flags = 2,
        &|remade| remade.row.partners = vec![(id, 2)],
        &|remade| remade.row.heads.clear(),
        &|remade| remade.row.made_in = OfficeId::from([9; 16]),
        &|remade| remade.row.seen.point = Some(Point { lat: 1, lon: 1 }),
        &|remade| remade.row.seen.phones = vec![7],
        &|remade| remade.row.photos = vec![PhotoHash([7; 32])],
        &|remade| remade.row.facts = vec![arrival.clone()],
    ];
    for (number, alter) in alterations.iter().enumerate() {
        let mut altered = right.clone();
        alter(&mut altered);
        assert_eq!(outdated(store, &[altered]).await, [id], "alteration {number}");
    }
    // What was published since has made the row by itself.
    let mut older = rebuild::Remade { seq: right.seq - 1, ..right.clone() };
    older.row.row.title = "older".to_owned();
    store.replace_rows(&[&older]).await.unwrap();
    assert_eq!(outdated(store, &[right]).await, []);
}

/// What is kept of counts changes with the records, and is the same when it is counted anew.
pub(in crate::store) async fn totals_follow_their_records(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(add(&mut world, &mut phone, |_| {}).await);
    }
    let mut moved = world.row(ids[0], &phone.person);
    moved.row.review = ReviewState::Approved;
    moved.row.day = "2026-03-07".parse().unwrap();
    moved.row.office = world.offices[1];
    moved.row.team = None;
    world.change_to(&mut phone, ids[0], moved).await;
    let none = RecordFilter::default();
    let filters = [
        (3, none.clone()),
        (1, RecordFilter { review: Some(ReviewState::Approved), ..none.clone() }),
        (2, RecordFilter { review: Some(ReviewState::Received), ..none.clone() }),
        (1, RecordFilter { day: Some("2026-03-07".to_owned()), ..none.clone() }),
        (1, RecordFilter { office: Some(world.offices[1]), ..none.clone() }),
        (2, RecordFilter { team: Some(world.teams[0]), ..none.clone() }),
        (3, RecordFilter { owner: Some(phone.person.id), ..none.clone() }),
        (0, RecordFilter { day: Some(String::new()), ..none }),
    ];
    for _ in 0..2 {
        for (count, filter) in &filters {
            let counted = store.count_records(&Scope::Organisation(world.organisation), filter).await.unwrap();
            assert_eq!(counted, *count, "{filter:?}");
        }
        for (count, scope) in [(2, Scope::Office(world.offices[0])), (3, Scope::Person(phone.person.id))] {
            assert_eq!(store.count_records(&scope, &RecordFilter::default()).await.unwrap(), count, "{scope:?}");
        }
        store.recount().await.unwrap();
    }
}

pub(in crate::store) async fn a_row_without_changes_is_refused(store: &dyn Store) {
    let mut world = World::found(store).await;
    let phone = world.promoter_with_phone("Wang", 0).await;
    let unknown = world.record_id();
    let remade = rebuild::Remade { row: world.row(unknown, &phone.person), changes: 1, seq: 1, standing: None };
    assert!(matches!(store.replace_rows(&[&remade]).await, Err(StoreError::NotFound)), "it has no changes");
}

/// Whatever phones and people write is stored, and whatever they ask for is looked for.
pub(in crate::store) async fn texts_may_hold_any_character(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang\0", 0).await;
    let odd = "a\0b\u{feff}'\\:*\u{10ffff}";
    let id = add(&mut world, &mut phone, |row| {
        row.row.title = odd.to_owned();
        row.row.subtitle = "\0".to_owned();
        row.row.review_reason = Some(odd.to_owned());
        row.row.search = terms(&format!("{} 张伟 {odd}", "long".repeat(1_000)));
    })
    .await;
    let line = store.record_line(id).await.unwrap();
    assert_eq!(line.row.title.replace('\0', ""), odd.replace('\0', ""));
    for text in ["张伟", "longlong", "伟 a", odd] {
        let filter = RecordFilter { text: Some(text.to_owned()), ..RecordFilter::default() };
        assert_eq!(listed(store, &RecordQuery { filter, ..all(&world) }).await, [id], "{text:?}");
    }
    for filter in [
        RecordFilter { text: Some("'a' | !\0".to_owned()), ..RecordFilter::default() },
        RecordFilter { stage: Some(AtStage::At("\0".to_owned())), ..RecordFilter::default() },
        RecordFilter { day: Some(odd.to_owned()), ..RecordFilter::default() },
    ] {
        store.list_records(&RecordQuery { filter, ..all(&world) }).await.unwrap();
    }
    assert!(matches!(store.person_by_login("\0").await, Err(StoreError::NotFound)));
}

/// More words than any index takes of one record cost the record nothing but being found by all of them.
pub(in crate::store) async fn a_book_of_words_is_stored(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut phone = world.promoter_with_phone("Wang", 0).await;
    let id = add(&mut world, &mut phone, |row| {
        row.row.search = (0..200_000).map(|n| format!("word{n} ")).collect();
    })
    .await;
    let filter = RecordFilter { text: Some("word17".to_owned()), ..RecordFilter::default() };
    assert_eq!(listed(store, &RecordQuery { filter, ..all(&world) }).await, [id]);
}
