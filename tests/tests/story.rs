//! One lead, three pairs of hands, a real server and real HTTP: saved without a network, disputed, settled, returned,
//! corrected, approved, and locked.

#![expect(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in what they share")]

use std::path::Path;

use e2e::database::Database;
use e2e::model::Chapter;
use e2e::oddity::raised;
use e2e::phone::Phone;
use e2e::play::{Plan, Play};
use serde_json::json;
use sync_core::id::RecordId;
use sync_core::notebook::CreateRequest;
use sync_core::record::entry::FollowUpRequest;
use sync_core::record::lead::{LeadEdit, LeadFacts};
use sync_core::record::review::ReviewState;
use sync_core::status::Step;
use sync_core::wire::exchange::Verdict;

const PLAN: Plan = Plan { promoters: 1, records: 3, seed: 7, chaos: false, database: Database::Sqlite };

fn sync(phone: &Phone, play: &Play) -> client::SyncReport {
    phone.sync_through(&play.pulse).unwrap().moved
}

fn write_area(phone: &mut Phone, id: RecordId, area: &str) {
    phone.edit::<LeadFacts>(id, &[LeadEdit::IntentArea(Some(area.to_owned()))]).unwrap();
}

fn step(phone: &Phone, id: RecordId) -> Step {
    phone.daybook.status(id).unwrap().step
}

fn the_line(play: &Play) -> e2e::console::Listed {
    let lines = play.console.list("").unwrap();
    assert_eq!(lines.len(), 1);
    lines.into_iter().next().unwrap()
}

#[test]
fn a_leads_way_from_the_field_to_head_quarters_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut play = set_up(folder.path());
    let mut promoter = play.world.promoters.pop().unwrap().phone;
    let mut supervisor = play.world.supervisors.pop().unwrap().phone;
    promoter.clock.run();
    supervisor.clock.run();

    // Saved on the phone, and nowhere else.
    let facts = LeadFacts { name: Some("张三".into()), notes: "在家。".into(), ..LeadFacts::default() };
    let id = promoter.make(CreateRequest { facts, ..CreateRequest::default() }).unwrap();
    assert_eq!(step(&promoter, id), Step::Saved);
    assert!(play.console.list("").unwrap().is_empty());
    assert_eq!(promoter.daybook.sync_status().unwrap().unsent_records, 1);

    // Synced, it is everybody's.
    assert_eq!(sync(&promoter, &play).pushed, 1);
    play.publish(&promoter).unwrap();
    assert_eq!(step(&promoter, id), Step::Published);
    assert_eq!(sync(&supervisor, &play).pulled, 1);
    assert_eq!(supervisor.get::<LeadFacts>(id).unwrap().facts.name.as_deref(), Some("张三"));

    // Three people write the same field without hearing of each other, and two of them more that fits together.
    write_area(&mut promoter, id, "城东");
    write_area(&mut supervisor, id, "城西");
    play.console.correct(id, "intent_area", json!("城南")).unwrap();
    promoter.add_note::<LeadFacts>(id, "想要电梯。").unwrap();
    supervisor.add_note::<LeadFacts>(id, "已核对。").unwrap();
    let follow_up = |text: &str| FollowUpRequest { text: text.to_owned(), ..FollowUpRequest::default() };
    promoter.follow_up::<LeadFacts>(id, follow_up("电话")).unwrap();
    supervisor.follow_up::<LeadFacts>(id, follow_up("微信")).unwrap();
    for phone in [&promoter, &supervisor, &promoter] {
        play.publish(phone).unwrap();
    }
    let published = play.console.record(id).unwrap();
    assert_eq!(published.conflicts().collect::<Vec<_>>(), ["intent_area"]);
    let values: Vec<_> = published.view["conflicts"][0]["values"].as_array().unwrap().iter().collect();
    let mut areas: Vec<_> = values.iter().map(|value| value["value"].as_str().unwrap()).collect();
    areas.sort_unstable();
    let mut expected = ["城东", "城西", "城南"];
    expected.sort_unstable();
    assert_eq!(areas, expected);
    let notes = published.view["facts"]["notes"].as_str().unwrap();
    assert!(notes.starts_with("在家。") && notes.contains("想要电梯。") && notes.contains("已核对。"), "{notes}");
    assert_eq!(published.view["follow_ups"].as_array().unwrap().len(), 2);

    // The supervisor sees all three on the phone and settles it by writing the field.
    sync(&supervisor, &play);
    assert_eq!(supervisor.get::<LeadFacts>(id).unwrap().conflicts[0].values.len(), 3);
    write_area(&mut supervisor, id, "城北");
    play.publish(&supervisor).unwrap();
    assert_eq!(play.console.record(id).unwrap().conflicts().count(), 0);

    // Returned with a reason, it comes back, is corrected, and approved.
    play.console.decide(&the_line(&play), ReviewState::Returned, Some("缺预算")).unwrap();
    sync(&promoter, &play);
    let view = promoter.get::<LeadFacts>(id).unwrap();
    assert_eq!((view.review.state, view.review.reason.as_deref()), (ReviewState::Returned, Some("缺预算")));
    assert_eq!(view.facts.intent_area.as_deref(), Some("城北"));
    promoter.chapter = Chapter::Correction;
    promoter.edit::<LeadFacts>(id, &[LeadEdit::Budget(Some(1_500_000.into()))]).unwrap();
    play.publish(&promoter).unwrap();
    let corrected = the_line(&play);
    play.console.decide(&corrected, ReviewState::Approved, None).unwrap();
    let stale = play.console.decide(&corrected, ReviewState::Rejected, Some("太迟"));
    assert!(stale.unwrap_err().to_string().contains("review.stale"), "nobody decides about what they have not seen");
    sync(&promoter, &play);
    assert_eq!(step(&promoter, id), Step::Reviewed);

    // What is saved after that is not lost and not merged: it waits for a person, and the phone says so.
    write_area(&mut promoter, id, "城中");
    sync(&promoter, &play);
    let held = Verdict::Held { code: "record.closed".to_owned() };
    let problems = promoter.daybook.status(id).unwrap().problems;
    assert!(problems.iter().any(|problem| problem.verdict == held), "{problems:?}");
    assert_eq!(play.console.record(id).unwrap().view["facts"]["intent_area"], "城北");
    let listed = play.server().admin(&["quarantine", "list", "--state", "held"]).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 1);
}

#[test]
fn the_demonstration_in_small_with_a_rough_line_and_a_server_that_stops_and_starts() {
    let folder = tempfile::tempdir().unwrap();
    let mut play = Play::set_up(Plan { promoters: 3, records: 90, ..PLAN }, folder.path()).unwrap();
    play.day(&e2e::contacts::Sources::sample().unwrap()).unwrap();
    let aftermath = play.storm().unwrap();
    assert!(aftermath.faults > 0);
    let (listed, wrong) = play.conflicts().unwrap();
    assert!(listed > 0);
    assert_eq!(wrong, 0);
    // A polite stop loses nothing either.
    play.server().stop().unwrap();
    play.server().start_again().unwrap();
    play.settle().unwrap();
    play.review().unwrap();
    let made = play.night().unwrap();
    assert_eq!(play.quiet().unwrap(), 0);
    let reckoning = play.reckon().unwrap();
    assert_eq!(reckoning.findings.0, []);
    assert_eq!(reckoning.broken_receipts, 0);
    assert_eq!(reckoning.listed.len(), 90 + made);
    // What was made to look odd is flagged, and nothing else is.
    let expected = play.flags();
    assert_eq!(raised(&reckoning.listed), expected);
    // All records of the night look odd.
    let odd_contacts = expected.len() - made;
    assert!((1..=9).contains(&odd_contacts), "{expected:?}");
}

fn set_up(folder: &Path) -> Play {
    Play::set_up(PLAN, folder).unwrap()
}
