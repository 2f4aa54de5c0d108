//! Lists and searches, from the rows alone.

use super::fixture::{NOW, acknowledging, person, pull, record, row, save};
use crate::index::{Row, terms};
use crate::record::Kind;
use crate::record::entry::Stage;
use crate::record::review::ReviewState;
use crate::store::{PageKey, RowFilter, Store};
use crate::time::UnixMillis;

fn numbers<S: Store>(store: &S, filter: &RowFilter) -> Vec<u128> {
    let listed = store.list(filter, None, usize::MAX).unwrap();
    assert_eq!(store.count(filter).unwrap(), listed.len() as u64, "{filter:?}");
    listed.iter().map(|listed| listed.row.id.0.as_u128()).collect()
}

/// Newest first; records of one moment by identifier; pages continue exactly where the last one ended.
pub fn lists_show_the_newest_first_page_by_page<S: Store>(store: &mut S) {
    let at = |number: u128, millis: i64| Row { captured: UnixMillis(millis), ..row(number) };
    let mut rows = vec![at(5, 10), at(1, 30), at(4, 20), at(3, 20), at(2, 20), at(6, -5)];
    rows[0].team = None;
    rows[0].project = Some(crate::id::ProjectId(super::fixture::uuid(11)));
    rows[0].subtitle = "second line".to_owned();
    rows[0].review_reason = Some("blurred".to_owned());
    rows[0].completeness = Some(100);
    pull(store, &rows);
    let everything = RowFilter::default();
    assert_eq!(numbers(store, &everything), [1, 4, 3, 2, 5, 6]);
    let mut after = None;
    let mut pages = Vec::new();
    loop {
        let page = store.list(&everything, after, 2).unwrap();
        let Some(last) = page.last() else { break };
        after = Some(PageKey { captured: last.row.captured, id: last.row.id });
        pages.push(page.into_iter().map(|listed| listed.row).collect::<Vec<_>>());
    }
    let [five, one, four, three, two, six] = rows.try_into().unwrap();
    assert_eq!(pages, [vec![one, four], vec![three, two], vec![five, six]], "rows come back as they were given");
    assert_eq!(store.list(&everything, None, 0).unwrap(), vec![]);
}

/// Each filter alone.
pub fn lists_narrow_by_every_filter<S: Store>(store: &mut S) {
    let day = UnixMillis(NOW).day(0);
    let mut rows: Vec<Row> = (1..=4).map(row).collect();
    rows[0].kind = Kind::Lead;
    rows[0].stage = Some(Stage::Arrived);
    rows[1].owner = person(77);
    rows[1].stage = Some(Stage::Other("toured".to_owned()));
    rows[2].day = day.yesterday().unwrap();
    rows[2].conflicts = 3;
    rows[3].review = ReviewState::Returned;
    pull(store, &rows);
    let none = RowFilter::default;
    let cases = [
        (none(), vec![4, 3, 2, 1]),
        (RowFilter { kind: Some(Kind::Lead), ..none() }, vec![1]),
        (RowFilter { kind: Some(Kind::Survey), ..none() }, vec![]),
        (RowFilter { owner: Some(person(77)), ..none() }, vec![2]),
        (RowFilter { day: Some(day), ..none() }, vec![4, 2, 1]),
        (RowFilter { review: Some(ReviewState::Returned), ..none() }, vec![4]),
        (RowFilter { review: Some(ReviewState::Received), ..none() }, vec![3, 2, 1]),
        (RowFilter { stage: Some(Stage::Arrived), ..none() }, vec![1]),
        (RowFilter { stage: Some(Stage::Other("toured".to_owned())), ..none() }, vec![2]),
        (RowFilter { in_conflict: true, ..none() }, vec![3]),
        (RowFilter { unsent: true, ..none() }, vec![]),
        (RowFilter { text: Some("outlet".to_owned()), ..none() }, vec![4, 3, 2, 1]),
    ];
    for (filter, expected) in cases {
        assert_eq!(numbers(store, &filter), expected, "{filter:?}");
    }
}

/// Filters narrow together, and pages of a narrowed list continue too.
pub fn filters_combine<S: Store>(store: &mut S) {
    let mut rows: Vec<Row> = (1..=8).map(row).collect();
    for row in &mut rows {
        let number = row.id.0.as_u128();
        row.kind = if number % 2 == 0 { Kind::Lead } else { Kind::Visit };
        row.owner = person(number / 4);
        row.stage = (number % 2 == 0).then_some(Stage::Registered);
        row.conflicts = u32::from(number == 6);
    }
    pull(store, &rows);
    let leads = RowFilter { kind: Some(Kind::Lead), stage: Some(Stage::Registered), ..RowFilter::default() };
    let mine = RowFilter { owner: Some(person(1)), ..leads.clone() };
    assert_eq!(numbers(store, &mine), [6, 4]);
    assert_eq!(numbers(store, &RowFilter { in_conflict: true, ..mine }), [6]);
    let searched = RowFilter { text: Some("outlet".to_owned()), ..leads.clone() };
    assert_eq!(numbers(store, &searched), [8, 6, 4, 2]);
    for filter in [leads, searched] {
        let after = PageKey { captured: row(6).captured, id: record(6) };
        let page = store.list(&filter, Some(after), 1).unwrap();
        assert_eq!(page.len(), 1);
        assert_eq!(page[0].row.id, record(4));
    }
}

/// "Unsent" is what the server has not acknowledged, and follows it back when the server loses something.
pub fn unsent_follows_the_acknowledgement<S: Store>(store: &mut S) {
    let unsent = RowFilter { unsent: true, ..RowFilter::default() };
    pull(store, &[row(9)]);
    for (number, about) in [(1, 1), (2, 2), (3, 1), (4, 3)] {
        save(store, &row(about), number);
    }
    assert_eq!(numbers(store, &unsent), [3, 2, 1]);
    store.apply(&acknowledging(2)).unwrap();
    assert_eq!(numbers(store, &unsent), [3, 1]);
    store.apply(&acknowledging(4)).unwrap();
    assert_eq!(numbers(store, &unsent), [0u128; 0]);
    store.apply(&acknowledging(3)).unwrap();
    assert_eq!(numbers(store, &unsent), [3]);
    let listed = store.list(&unsent, None, 10).unwrap();
    assert_eq!(listed[0].sync.last_entry, Some(4));
}

/// Chinese names by any part, words by their beginning, telephone numbers by their end.
pub fn searches_find_names_and_ends_of_numbers<S: Store>(store: &mut S) {
    let texts = ["张伟明 13312343333", "王伟 Hotel-Sichuan", "明伟 café ÉCOLE", "O'Neill \"AND\" star*", ""];
    let rows: Vec<Row> =
        texts.iter().enumerate().map(|(i, text)| Row { search: terms(text), ..row(i as u128 + 1) }).collect();
    pull(store, &rows);
    let cases: [(&str, &[u128]); 20] = [
        ("张", &[1]),
        ("伟", &[3, 2, 1]),
        ("伟明", &[1]),
        ("明伟", &[3]),
        ("伟 明", &[3, 1]),
        ("3333", &[1]),
        ("1331234", &[1]),
        ("2343", &[]),
        ("hotel", &[2]),
        ("HOT", &[2]),
        ("hotel-si", &[2]),
        ("sichuan hotel", &[2]),
        ("otel", &[]),
        ("王伟 hotel", &[2]),
        ("张 hotel", &[]),
        ("école", &[3]),
        ("ecole", &[]),
        ("and", &[4]),
        ("\"neill", &[4]),
        ("star* OR 张", &[]),
    ];
    for (typed, expected) in cases {
        let filter = RowFilter { text: Some(typed.to_owned()), ..RowFilter::default() };
        assert_eq!(numbers(store, &filter), expected, "{typed}");
    }
    for nothing_to_look_for in ["", "  ", "-- \"*\""] {
        let filter = RowFilter { text: Some(nothing_to_look_for.to_owned()), ..RowFilter::default() };
        assert_eq!(numbers(store, &filter), [5, 4, 3, 2, 1], "{nothing_to_look_for}");
    }
}

/// After an edit the old words and states find nothing any more.
pub fn an_edit_replaces_what_is_found<S: Store>(store: &mut S) {
    let old = Row { search: terms("旧名 13300001111"), stage: Some(Stage::Registered), conflicts: 1, ..row(1) };
    save(store, &old, 1);
    let new = Row {
        search: terms("新名"),
        stage: Some(Stage::Paid),
        conflicts: 0,
        owner: person(5),
        day: old.day.tomorrow().unwrap(),
        ..old.clone()
    };
    save(store, &new, 2);
    let text = |typed: &str| RowFilter { text: Some(typed.to_owned()), ..RowFilter::default() };
    let stage = |stage: Stage| RowFilter { stage: Some(stage), ..RowFilter::default() };
    let day = |row: &Row| RowFilter { day: Some(row.day), ..RowFilter::default() };
    for filter in [text("旧"), text("1111"), stage(Stage::Registered), day(&old)] {
        assert_eq!(numbers(store, &filter), [0u128; 0], "{filter:?}");
    }
    for filter in [text("新名"), stage(Stage::Paid), day(&new), RowFilter::default()] {
        assert_eq!(numbers(store, &filter), [1], "{filter:?}");
    }
    assert_eq!(store.row(record(1)).unwrap(), Some(new));
}
