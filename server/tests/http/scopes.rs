//! Records and people move: what leaves a scope, what enters it, and what of it ever goes over the line.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::{Value, json};
use server::scope;
use server::service::people::{PersonChange, change};
use server::service::reassign::{Assignment, hand_over, reassign};
use server::store::{ChangeState, Person};
use sync_core::id::{ChangeHash, OfficeId, RecordId, TeamId};
use sync_core::store::Store as _;
use sync_core::wire::enrol::Role::{self, HqAdmin, OfficeManager, Promoter, Secretary, Supervisor};
use sync_core::wire::exchange::{Baseline, News};

use super::support::house::{ELSEWHERE, HERE, THERE};
use super::support::{House, Line, Phone, TestApp};

/// An organisation and its administrator, who moves things.
pub(super) struct Stage {
    pub(super) test: TestApp,
    pub(super) house: House,
    pub(super) admin: Person,
}

impl Stage {
    pub(super) async fn set() -> Self {
        let test = TestApp::new().await;
        let house = House::build(&test).await;
        let admin = test.app.store.person(house.person(HqAdmin, HERE)).await.unwrap();
        Self { test, house, admin }
    }

    pub(super) async fn phone(&self, role: Role, office: &'static str) -> Phone {
        Phone::of(&self.test, &self.house, role, office).await
    }

    pub(super) async fn person(&self, role: Role, office: &'static str) -> Person {
        self.test.app.store.person(self.house.person(role, office)).await.unwrap()
    }

    /// Gives a record to somebody.
    pub(super) async fn give(&self, record: RecordId, role: Role, office: &'static str) {
        let owner = Some(self.house.person(role, office));
        let assignment = Assignment { owner, ..Assignment::default() };
        reassign(&self.test.app, &self.admin, record, assignment).await.unwrap();
    }

    /// Sends somebody to another place: people in teams to its team, others to its office.
    pub(super) async fn send_to(&self, who: Role, of: &'static str, to: &'static str) {
        let place = self.place(to).await;
        let in_team = matches!(who, Promoter | Supervisor);
        let change_to = if in_team {
            PersonChange { team: Some(place.1), ..PersonChange::default() }
        } else {
            PersonChange { office: place.0, ..PersonChange::default() }
        };
        change(&self.test.app, &self.admin, self.house.person(who, of), change_to).await.unwrap();
    }

    /// An office and its team.
    async fn place(&self, office: &str) -> (Option<OfficeId>, Option<TeamId>) {
        let offices = self.test.app.store.offices(self.admin.organisation).await.unwrap();
        let teams = self.test.app.store.teams(self.admin.organisation).await.unwrap();
        let id = offices.iter().find(|one| one.name == office).unwrap().id;
        (Some(id), teams.iter().find(|team| team.office == id).map(|team| team.id))
    }

    pub(super) async fn sync(&self, phone: &mut Phone) {
        self.test.clock.advance(60_000);
        let outcome = phone.sync(&self.test).await;
        assert_eq!(outcome.failure, None);
    }

    /// Checks that a phone, all synced, holds its scope, each record with what is published and what is set aside of
    /// its own, and besides only records of which nothing was ever published.
    pub(super) async fn holds_its_scope(&self, phone: &Phone) {
        let store = &self.test.app.store;
        let device = store.device(phone.engine.identity().unwrap().device).await.unwrap();
        let lines = store.journal(device.id, 1, 10_000).await.unwrap();
        assert_eq!(lines.len() as u64, phone.engine.store().head().unwrap().n, "the whole journal is here");
        assert!(lines.iter().all(|line| line.state != ChangeState::Received));
        let aside: BTreeSet<ChangeHash> =
            lines.iter().filter(|line| line.state != ChangeState::Published).map(|line| line.entry.change).collect();
        let held: BTreeSet<RecordId> = phone.engine.store().held(None, 10_000).unwrap().into_iter().collect();
        for id in store.record_ids(None, 10_000).await.unwrap() {
            let due = scope::sees(&device.person, &store.record_line(id).await.unwrap());
            assert_eq!(held.contains(&id), due, "{id} on the phone of {}", device.person.name);
            if due {
                let record = store.record(id).await.unwrap();
                let published: BTreeSet<_> = record.published.iter().map(|change| change.hash).collect();
                let here: BTreeSet<_> =
                    phone.engine.store().changes(id).unwrap().into_iter().map(|(hash, _)| hash).collect();
                assert!(published.is_subset(&here), "{id} is whole");
                assert!(here.difference(&published).all(|hash| aside.contains(hash)), "{id} is as on the server");
            }
        }
        // Records of which nothing was published have no place on the server; they are their maker's alone.
        let known: BTreeSet<RecordId> = store.record_ids(None, 10_000).await.unwrap().into_iter().collect();
        let own: BTreeSet<RecordId> = lines.iter().map(|line| line.entry.record).collect();
        assert!(held.difference(&known).all(|id| own.contains(id)));
    }
}

/// The records that came in an exchange's answer with changes, and those that left.
pub(super) fn moved(answer: &sync_core::wire::exchange::ExchangeResponse) -> (Vec<RecordId>, Vec<RecordId>) {
    let (came, left): (Vec<_>, Vec<_>) = answer.pull.iter().partition(|item| matches!(item.news, News::Changes(_)));
    let ids = |items: Vec<&sync_core::wire::exchange::PullItem>| items.iter().map(|item| item.record).collect();
    (ids(came), ids(left))
}

#[tokio::test]
async fn a_record_that_is_given_away_and_back_follows_its_owner() {
    let stage = Stage::set().await;
    let mut from = stage.phone(Promoter, HERE).await;
    let mut to = stage.phone(Promoter, THERE).await;
    let mut overseers = Vec::new();
    for (role, office) in [(Supervisor, HERE), (Supervisor, THERE), (Secretary, HERE), (OfficeManager, THERE)] {
        overseers.push(stage.phone(role, office).await);
    }
    let id = from.register("张伟");
    let other = from.register("李娜");
    for (round, owner) in [HERE, THERE, HERE, THERE].into_iter().enumerate() {
        if round > 0 {
            stage.give(id, Promoter, owner).await;
        }
        for phone in [&mut from, &mut to].into_iter().chain(&mut overseers) {
            stage.sync(phone).await;
            stage.holds_its_scope(phone).await;
        }
        assert_eq!(from.engine.store().row(id).unwrap().is_some(), owner == HERE);
        assert_eq!(to.engine.store().row(id).unwrap().is_some(), owner == THERE);
        assert!(from.engine.store().row(other).unwrap().is_some());
        let holder = if owner == HERE { &mut from } else { &mut to };
        holder.rename(id, &format!("round {round}"));
    }
    stage.sync(&mut to).await;
    assert_eq!(to.lead(id).facts.name.as_deref(), Some("round 3"));
}

/// The evening costs what it did: own records never come back, also not to a promoter who was moved.
#[tokio::test]
async fn own_records_do_not_come_back() {
    let stage = Stage::set().await;
    let mut phone = stage.phone(Promoter, HERE).await;
    for evening in 0..3 {
        for i in 0..5 {
            phone.register(&format!("{evening}-{i}"));
        }
        if evening == 1 {
            stage.send_to(Promoter, HERE, THERE).await;
        }
        stage.sync(&mut phone).await;
    }
    // The profile of the second evening came after its records had been written for the old office.
    assert!(phone.exchanges().all(|(_, answer)| answer.pull.is_empty() && answer.baseline.is_none()));
    stage.holds_its_scope(&phone).await;
    assert_eq!(phone.engine.store().held(None, 100).unwrap().len(), 15);
}

#[tokio::test]
async fn a_supervisor_who_moves_ends_with_the_new_team_whatever_breaks_in_between() {
    let stage = Stage::set().await;
    let mut wang = stage.phone(Promoter, HERE).await;
    let mut zhao = stage.phone(Promoter, THERE).await;
    let mut li = stage.phone(Supervisor, HERE).await;
    for i in 0..4 {
        wang.register(&format!("here {i}"));
        zhao.register(&format!("there {i}"));
    }
    let shared = wang.register("corrected");
    for phone in [&mut wang, &mut zhao, &mut li] {
        stage.sync(phone).await;
    }
    li.rename(shared, "corrected by the supervisor");
    stage.sync(&mut li).await;
    assert_eq!(li.engine.store().held(None, 100).unwrap().len(), 5);

    // There, back, and there again; each time one page gets through, the reply to the next is lost, the app dies.
    for to in [THERE, HERE, THERE] {
        stage.send_to(Supervisor, HERE, to).await;
        li.line = Line { reply_lost: true, ..Line::one_page(1) };
        assert!(li.sync(&stage.test).await.failure.is_some());
        li.restart();
        // So that the phone does not ask for more than its share.
        stage.test.clock.advance(60_000);
    }
    li.line = Line { page: Some(1), ..Line::default() };
    stage.sync(&mut li).await;
    stage.holds_its_scope(&li).await;
    assert_eq!(li.engine.store().held(None, 100).unwrap().len(), 4);
    assert!(li.engine.store().row(shared).unwrap().is_none());

    // Home again: what was corrected comes with the correction.
    stage.send_to(Supervisor, HERE, HERE).await;
    stage.sync(&mut li).await;
    stage.holds_its_scope(&li).await;
    assert_eq!(li.lead(shared).facts.name.as_deref(), Some("corrected by the supervisor"));
    let before = li.exchanges().count();
    stage.sync(&mut li).await;
    let last: Vec<_> = li.exchanges().skip(before).collect();
    assert_eq!(last.len(), 1);
    assert!(last[0].1.pull.is_empty() && last[0].1.baseline.is_none(), "it is over");
}

/// The promoter did not know that the record was given to somebody else. What they wrote is seen by people, and the
/// record leaves only then.
#[tokio::test]
async fn what_was_written_into_a_record_that_went_elsewhere_is_held_before_it_leaves() {
    let stage = Stage::set().await;
    let mut wang = stage.phone(Promoter, HERE).await;
    let id = wang.register("张伟");
    stage.sync(&mut wang).await;
    stage.give(id, Promoter, THERE).await;
    wang.rename(id, "written offline");
    wang.line = Line { exchanges: Some(0), reply_lost: true, page: None };
    assert!(wang.sync(&stage.test).await.failure.is_some());
    assert!(wang.engine.store().row(id).unwrap().is_some(), "no receipt came: it stays");
    wang.restart();
    wang.line = Line::default();
    wang.rename(id, "and once more");
    stage.sync(&mut wang).await;
    stage.sync(&mut wang).await;
    stage.holds_its_scope(&wang).await;
    assert!(wang.engine.store().row(id).unwrap().is_none());
    let device = wang.engine.identity().unwrap().device;
    let lines = stage.test.app.store.journal(device, 1, 10).await.unwrap();
    let states: Vec<_> = lines.iter().map(|line| line.state).collect();
    // The second follows the first, and shares its fate.
    assert_eq!(states, [ChangeState::Published, ChangeState::Held, ChangeState::Waiting]);
    // What no backup holds yet can still be asked for.
    let kept = wang.engine.store().outbox(0, sync_core::engine::FULL_BATCH).unwrap();
    assert!(kept.iter().all(|item| item.change.is_some()));
}

/// A record that the server does not have, because it was never published or because the server was set back, is not
/// called gone: the phone may be the only one to have it.
#[tokio::test]
async fn what_the_server_does_not_know_stays_on_the_phone() {
    let stage = Stage::set().await;
    let mut li = stage.phone(Supervisor, HERE).await;
    let mut wang = stage.phone(Promoter, HERE).await;
    wang.register("张伟");
    stage.sync(&mut wang).await;
    let own = li.register("before the move");
    stage.sync(&mut li).await;
    stage.send_to(Supervisor, HERE, THERE).await;
    let held = li.register("for the old team, after the move");
    stage.sync(&mut li).await;
    stage.sync(&mut li).await;
    assert_eq!(li.engine.store().held(None, 10).unwrap(), [held]);
    assert!(li.engine.store().row(own).unwrap().is_none(), "it belongs to the old team");
    stage.holds_its_scope(&li).await;
    let begun = li.exchanges().filter(|(_, answer)| answer.baseline == Some(Baseline::Begun)).count();
    let checked = li.exchanges().filter(|(_, answer)| answer.baseline == Some(Baseline::Checked)).count();
    assert_eq!((begun, checked), (1, 1));
}

#[tokio::test]
async fn nothing_of_another_scope_is_named() {
    let stage = Stage::set().await;
    let mut wang = stage.phone(Promoter, HERE).await;
    let mut zhao = stage.phone(Promoter, THERE).await;
    let (here, there) = (wang.register("here"), zhao.register("there"));
    let stays = wang.register("stays");
    for phone in [&mut wang, &mut zhao] {
        stage.sync(phone).await;
    }
    stage.give(here, Promoter, THERE).await;
    // A phone that is new in the office is not told of what left before it came.
    let mut late = stage.phone(Secretary, HERE).await;
    late.line = Line { page: Some(1), ..Line::default() };
    stage.sync(&mut late).await;
    let named: BTreeSet<RecordId> =
        late.exchanges().flat_map(|(_, answer)| answer.pull).map(|item| item.record).collect();
    assert_eq!(named, BTreeSet::from([stays]));
    assert!(!named.contains(&there));
    stage.holds_its_scope(&late).await;
}

#[tokio::test]
async fn records_are_given_within_the_territory() {
    let stage = Stage::set().await;
    let (test, house) = (&stage.test, &stage.house);
    let mut wang = stage.phone(Promoter, HERE).await;
    let id = wang.register("张伟");
    stage.sync(&mut wang).await;
    let path = format!("/api/v1/records/{id}/assignment");
    let to = |role, office| json!({ "owner": house.person(role, office) });
    let give = async |role: Role, office: &'static str, body: &Value| {
        let staff = house.staff(test, role, office).await;
        let answer = test.call(Method::POST, &path, Some(&staff.cookie), Some(body)).await;
        if answer.status == 200 { "ok".to_owned() } else { answer.code() }
    };
    assert_eq!(give(Secretary, HERE, &to(Promoter, THERE)).await, "person.not_found", "not into another office");
    assert_eq!(give(OfficeManager, THERE, &to(Promoter, THERE)).await, "record.not_found");
    assert_eq!(give(Supervisor, HERE, &to(Supervisor, HERE)).await, "permission.denied");
    assert_eq!(give(HqAdmin, ELSEWHERE, &to(Promoter, ELSEWHERE)).await, "record.not_found");
    assert_eq!(give(HqAdmin, HERE, &to(Promoter, ELSEWHERE)).await, "person.not_found");
    let office = stage.person(Promoter, THERE).await.office.unwrap();
    let team = stage.person(Promoter, HERE).await.team.unwrap();
    assert_eq!(give(Secretary, HERE, &json!({ "office": office })).await, "office.not_found");
    assert_eq!(give(HqAdmin, HERE, &json!({ "office": office, "team": team })).await, "team.not_found");
    assert_eq!(give(Secretary, HERE, &to(Supervisor, HERE)).await, "ok");
    assert_eq!(give(Secretary, HERE, &to(Supervisor, HERE)).await, "ok", "twice is once");
    let line = test.app.store.record_line(id).await.unwrap();
    assert_eq!((line.row.owner, line.changes), (house.person(Supervisor, HERE), 2));
    // An office without saying to whom: the first team stays behind.
    assert_eq!(give(HqAdmin, HERE, &json!({ "office": office })).await, "ok");
    let line = test.app.store.record_line(id).await.unwrap();
    assert_eq!((line.row.office, line.row.team), (office, None));
    assert_eq!(give(HqAdmin, HERE, &json!({ "team": team })).await, "ok");
    assert_eq!(test.app.store.record_line(id).await.unwrap().row.team, Some(team));

    let staff = house.staff(test, HqAdmin, HERE).await;
    let nobodys = RecordId::from([9; 16]);
    let body = json!({ "records": [id, nobodys], "owner": house.person(Promoter, THERE) });
    let answer = test.call(Method::POST, "/api/v1/assignments", Some(&staff.cookie), Some(&body)).await.good().json();
    assert_eq!(answer, json!({ "stayed": [{ "record": nobodys, "code": "record.not_found" }] }));
    assert_eq!(test.app.store.record_line(id).await.unwrap().row.owner, house.person(Promoter, THERE));
    let body = json!({ "records": vec![id; 201], "owner": house.person(Promoter, THERE) });
    let answer = test.call(Method::POST, "/api/v1/assignments", Some(&staff.cookie), Some(&body)).await;
    assert_eq!(answer.code(), "request.malformed");
}

#[tokio::test]
async fn people_move_and_what_they_have_open_is_handed_over() {
    let stage = Stage::set().await;
    let (test, house) = (&stage.test, &stage.house);
    let mut wang = stage.phone(Promoter, HERE).await;
    let mut heir = stage.phone(Supervisor, HERE).await;
    let (open, closed) = (wang.register("open"), wang.register("closed"));
    stage.sync(&mut wang).await;
    let admin = house.staff(test, HqAdmin, HERE).await;
    admin.decide(test, &closed.to_string(), json!({ "state": "approved" })).await.good();

    let path = format!("/api/v1/people/{}", house.person(Promoter, HERE));
    let patch = async |body: Value| test.call(Method::PATCH, &path, Some(&admin.cookie), Some(&body)).await;
    let before = stage.person(Promoter, HERE).await;
    assert_eq!(patch(json!({ "office": house.person(Promoter, HERE) })).await.code(), "office.not_found");
    assert_eq!(patch(json!({ "role": "supervisor", "team": null })).await.code(), "person.place");
    patch(json!({})).await.good();
    assert_eq!(stage.person(Promoter, HERE).await, before, "nothing was said");
    let there = stage.person(Promoter, THERE).await;
    patch(json!({ "office": there.office.unwrap().0 })).await.good();
    let after = stage.person(Promoter, HERE).await;
    assert_eq!((after.office, after.team), (there.office, None));
    assert_eq!((after.profile_version, after.scope_version), (before.profile_version + 1, before.scope_version));
    assert_eq!(test.app.store.memberships(after.id).await.unwrap().len(), 2);
    stage.sync(&mut wang).await;
    assert_eq!(wang.engine.identity().unwrap().profile.office, there.office.unwrap());

    let given = hand_over(&test.app, &stage.admin, after.id, house.person(Supervisor, HERE)).await.unwrap();
    assert_eq!((given.moved, given.closed), (1, 1));
    let again = hand_over(&test.app, &stage.admin, after.id, house.person(Supervisor, HERE)).await.unwrap();
    assert_eq!((again.moved, again.closed), (0, 1));
    for phone in [&mut wang, &mut heir] {
        stage.sync(phone).await;
        stage.holds_its_scope(phone).await;
    }
    assert!(wang.engine.store().row(open).unwrap().is_none());
    assert_eq!(heir.lead(open).facts.name.as_deref(), Some("open"));

    // The office's people may not; and who has left can't sign in.
    let manager = house.staff(test, OfficeManager, THERE).await;
    let answer = test.call(Method::PATCH, &path, Some(&manager.cookie), Some(&json!({ "active": false }))).await;
    assert_eq!(answer.code(), "permission.denied");
    let session = house.staff(test, Promoter, HERE).await;
    patch(json!({ "active": false })).await.good();
    assert_eq!(session.get(test, "/api/v1/me").await.code(), "session.required");
}
