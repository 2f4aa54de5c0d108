//! Whatever comes later, nothing changes what an office has sealed.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use sync_core::engine::Failure;
use sync_core::id::RecordId;
use sync_core::record::entry::{Stage, StageRequest};
use sync_core::wire::enrol::Role::{HqAdmin, Promoter, Reviewer, Secretary};

use super::super::support::Backup;
use super::super::support::house::{HERE, THERE};
use super::{DAY, Evening, id_of, is_genuine, post};

#[derive(Clone, Debug)]
enum Step {
    /// Somebody saves a lead.
    Save(usize),
    /// Somebody syncs.
    Sync(usize),
    /// A record goes to the other office, or back.
    Give(usize, bool),
    /// Somebody edits a record.
    Edit(usize, usize),
    /// A customer gets on, and pays for it.
    Reach(usize, usize, usize, i64),
    /// Head quarters decides about a record.
    Decide(usize, bool),
    /// A promoter moves to the other office, or back.
    Move(bool),
    /// A phone is cut off; it may hand in what it has.
    CutOff(usize),
    /// Names are others from now on.
    Rename,
    /// A customer comes, and somebody receives them.
    Arrive(usize),
    /// The office closes the day, or seals what is late.
    Seal,
    Backup,
    Restore,
}

/// The stages that a day counts.
const MONEY: [Stage; 5] = [Stage::Reserved, Stage::Subscribed, Stage::Signed, Stage::Paid, Stage::Mortgage];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => (0..2_usize).prop_map(Step::Save),
        4 => (0..2_usize).prop_map(Step::Sync),
        3 => (any::<usize>(), any::<bool>()).prop_map(|(record, there)| Step::Give(record, there)),
        2 => (0..2_usize, any::<usize>()).prop_map(|(phone, record)| Step::Edit(phone, record)),
        4 => (0..2_usize, any::<usize>(), 0..MONEY.len(), 0..100_000_i64)
            .prop_map(|(phone, record, stage, cents)| Step::Reach(phone, record, stage, cents)),
        3 => any::<usize>().prop_map(Step::Arrive),
        2 => (any::<usize>(), any::<bool>()).prop_map(|(record, good)| Step::Decide(record, good)),
        1 => any::<bool>().prop_map(Step::Move),
        1 => (0..2_usize).prop_map(Step::CutOff),
        1 => Just(Step::Rename),
        4 => Just(Step::Seal),
        1 => Just(Step::Backup),
        1 => Just(Step::Restore),
    ];
    prop::collection::vec(step, 1..40)
}

struct Play {
    evening: Evening,
    promoters: [String; 2],
    records: Vec<RecordId>,
    backup: Option<Backup>,
    cut_off: BTreeSet<usize>,
    /// Every statement that anybody was ever shown.
    sealed: BTreeMap<u64, Value>,
}

impl Play {
    async fn begin() -> Self {
        let evening = Evening::come().await;
        let promoters = [HERE, THERE].map(|office| evening.house.person(Promoter, office).to_string());
        Self {
            evening,
            promoters,
            records: Vec::new(),
            backup: None,
            cut_off: BTreeSet::new(),
            sealed: BTreeMap::new(),
        }
    }

    async fn take(mut self, step: &Step) -> Self {
        self.evening.test.clock.advance(60_000);
        match *step {
            Step::Save(at) => {
                let name = format!("{}", self.records.len());
                self.records.push(self.evening.phones[at].register(&name));
            }
            Step::Sync(at) => {
                let failure = self.evening.phones[at].sync(&self.evening.test).await.failure;
                // Also one that was cut off in a life of the database that was forgotten since.
                let cut_off = self.cut_off.contains(&at) && failure == Some(Failure::Revoked);
                assert!(failure.is_none() || cut_off, "{failure:?}");
            }
            Step::Give(record, there) if !self.records.is_empty() => {
                let record = self.records[record % self.records.len()];
                let admin = self.evening.house.staff(&self.evening.test, HqAdmin, HERE).await;
                let to = json!({ "owner": self.promoters[usize::from(there)] });
                // It may not be on the server yet, or not any more.
                post(&self.evening.test, &admin, &format!("/api/v1/records/{record}/assignment"), to).await;
            }
            Step::Edit(at, record) if !self.records.is_empty() => {
                let record = self.records[record % self.records.len()];
                let phone = &mut self.evening.phones[at];
                if sync_core::store::Store::row(phone.engine.store(), record).unwrap().is_some() {
                    phone.rename(record, "edited");
                }
            }
            Step::Reach(at, record, stage, cents) if !self.records.is_empty() => {
                let record = self.records[record % self.records.len()];
                let phone = &mut self.evening.phones[at];
                if sync_core::store::Store::row(phone.engine.store(), record).unwrap().is_some() {
                    let amount = Some(Decimal::new(cents, 2));
                    phone.reach(record, StageRequest { stage: MONEY[stage].clone(), reason: None, amount, unit: None });
                }
            }
            Step::Arrive(record) if !self.records.is_empty() => {
                let record = self.records[record % self.records.len()];
                // It may not be on the server, in the other office, or noted already.
                let path = format!("/api/v1/records/{record}/arrival");
                post(&self.evening.test, &self.evening.secretary, &path, json!({ "consultant": "李静" })).await;
            }
            Step::Decide(record, good) if !self.records.is_empty() => {
                let record = self.records[record % self.records.len()];
                let reviewer = self.evening.house.staff(&self.evening.test, Reviewer, HERE).await;
                let verdict = if good { "approved" } else { "returned" };
                let path = format!("/api/v1/records/{record}/review");
                post(&self.evening.test, &reviewer, &path, json!({ "state": verdict, "reason": "照片不清" })).await;
            }
            Step::Give(..) | Step::Edit(..) | Step::Reach(..) | Step::Arrive(_) | Step::Decide(..) => {}
            Step::Move(there) => {
                let office = id_of(&self.evening.test, &self.evening.house, if there { THERE } else { HERE }).await;
                self.change(&format!("/api/v1/people/{}", self.promoters[0]), json!({ "office": office })).await;
            }
            Step::CutOff(at) => {
                // Of a phone that never exchanged nothing is known, and after a restore it may be so again.
                if let Some(identity) = self.evening.phones[at].engine.identity() {
                    let admin = self.evening.house.staff(&self.evening.test, HqAdmin, HERE).await;
                    let path = format!("/api/v1/devices/{}/revoke", identity.device);
                    post(&self.evening.test, &admin, &path, json!({})).await;
                    self.cut_off.insert(at);
                }
            }
            Step::Rename => {
                let name = format!("改名 {}", self.evening.test.app.clock.now().0);
                self.change("/api/v1/organisation", json!({ "name": name })).await;
            }
            Step::Seal => {
                let sealed = match self.sealed.is_empty() {
                    true => self.evening.close().await,
                    false => self.evening.supplement("晚到").await,
                };
                if sealed.status.is_success() {
                    let sealed = sealed.json();
                    assert!(is_genuine(&sealed));
                    let before = self.sealed.insert(sealed["number"].as_u64().unwrap(), sealed);
                    assert_eq!(before, None, "a number is used once");
                } else {
                    assert_eq!(sealed.code(), "day.nothing_late");
                }
            }
            Step::Backup => self.backup = Some(self.evening.test.backup().await),
            Step::Restore => {
                if let Some(backup) = &self.backup {
                    self.evening.test = self.evening.test.restored(backup).await;
                    self.evening.secretary = self.evening.house.staff(&self.evening.test, Secretary, HERE).await;
                }
            }
        }
        self.check().await;
        self
    }

    async fn change(&self, path: &str, body: Value) {
        let admin = self.evening.house.staff(&self.evening.test, HqAdmin, HERE).await;
        self.evening.test.call(Method::PATCH, path, Some(&admin.cookie), Some(&body)).await.good();
    }

    async fn check(&self) {
        // All offices together say of this one how many statements there are, whoever looks first after a
        // restore.
        let admin = self.evening.house.staff(&self.evening.test, HqAdmin, HERE).await;
        let lines = admin.list(&self.evening.test, &format!("/api/v1/days?day={DAY}")).await;
        let line = lines.iter().find(|line| line["office"] == self.evening.office.as_str()).unwrap();
        assert_eq!(line["statements"].as_u64().unwrap(), self.sealed.len() as u64, "{line}");
        let (mut counted, mut facts) = (BTreeSet::new(), BTreeSet::new());
        for (number, sealed) in &self.sealed {
            let path = self.evening.path(&format!("/statements/{number}"));
            let shown = self.evening.secretary.get(&self.evening.test, &path).await.good().json();
            assert_eq!(shown, *sealed, "a statement stays what it was");
            for record in sealed["statement"]["records"].as_array().unwrap() {
                assert!(counted.insert(record.as_str().unwrap().to_owned()), "nothing is counted twice");
            }
            let said = &sealed["statement"];
            let figures = said["figures"].as_object().unwrap().values();
            let counts: u64 = figures.map(|figure| figure["count"].as_u64().unwrap()).sum();
            assert_eq!(counts, said["facts"].as_array().unwrap().len() as u64, "figures are what they name");
            for fact in said["facts"].as_array().unwrap() {
                assert!(facts.insert(fact.to_string()), "no money is counted twice");
            }
        }
        // Whatever is published for this day and office is sealed or in the late tray, wherever it went since. What is
        // sealed may be there too, for money that came later.
        let late: BTreeSet<String> = self.evening.late().await.into_iter().collect();
        if !self.sealed.is_empty() {
            let board = self.evening.board().await;
            assert_eq!(board["late"]["lead"].as_u64().unwrap(), late.difference(&counted).count() as u64);
            let again = late.intersection(&counted).count() as u64;
            assert!(board["late_facts"].as_u64().unwrap() >= again, "{board}");
            // What somebody made who belongs to the other office by now is that one's.
            let made_here = format!("/api/v1/records?limit=200&made_in={}", self.evening.office);
            for line in admin.list(&self.evening.test, &made_here).await {
                let id = line["id"].as_str().unwrap();
                assert!(late.contains(id) || counted.contains(id), "{id} is nowhere");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_comes_later_changes_a_sealed_figure(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut play = Play::begin().await;
            for step in &steps {
                play = play.take(step).await;
            }
        });
    }
}
