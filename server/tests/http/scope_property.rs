//! Whatever is written, given away, moved and interrupted in whatever order: in the end each phone holds its scope and
//! nothing else, and nothing outside a scope ever went over the line.

use proptest::prelude::*;
use server::scope;
use sync_core::id::RecordId;
use sync_core::store::{RowFilter, Store as _};
use sync_core::wire::enrol::Role::{self, Promoter, Secretary, Supervisor};

use super::scopes::{Stage, moved};
use super::support::house::{HERE, THERE};
use super::support::{Line, Phone};

/// Who has a phone.
const CREW: [(Role, &str); 4] = [(Promoter, HERE), (Promoter, THERE), (Supervisor, HERE), (Secretary, THERE)];
/// Who can own records.
const OWNERS: [(Role, &str); 3] = [(Promoter, HERE), (Promoter, THERE), (Supervisor, HERE)];

#[derive(Clone, Debug)]
enum Step {
    /// Somebody writes a lead down.
    Create(usize),
    /// Somebody renames a lead that they see.
    Edit(usize, usize),
    /// A record is given to somebody.
    Give(usize, usize),
    /// Somebody goes to the team, or for a secretary to the office, of the first or the second place.
    Move(usize, bool),
    /// Somebody gets one page of so many records; then the connection breaks, with or without the next request having
    /// reached the server, and perhaps the app dies.
    Page { phone: usize, records: u32, reply_lost: bool, dies: bool },
    /// Somebody syncs to the end.
    Sync(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let phone = || 0..CREW.len();
    let step = prop_oneof![
        3 => (0..3_usize).prop_map(Step::Create),
        3 => (phone(), any::<usize>()).prop_map(|(phone, record)| Step::Edit(phone, record)),
        4 => (any::<usize>(), 0..OWNERS.len()).prop_map(|(record, owner)| Step::Give(record, owner)),
        2 => (phone(), any::<bool>()).prop_map(|(phone, here)| Step::Move(phone, here)),
        5 => (phone(), 1..3_u32, any::<bool>(), any::<bool>())
            .prop_map(|(phone, records, reply_lost, dies)| Step::Page { phone, records, reply_lost, dies }),
        2 => phone().prop_map(Step::Sync),
    ];
    prop::collection::vec(step, 1..40)
}

struct Play {
    stage: Stage,
    phones: Vec<Phone>,
    named: u32,
}

impl Play {
    async fn begin() -> Self {
        let stage = Stage::set().await;
        let mut phones = Vec::new();
        for (role, office) in CREW {
            phones.push(stage.phone(role, office).await);
        }
        Self { stage, phones, named: 0 }
    }

    async fn take(&mut self, step: &Step) {
        match *step {
            Step::Create(phone) => {
                let name = self.name();
                self.phones[phone].register(&name);
            }
            Step::Edit(phone, number) => {
                let name = self.name();
                let phone = &mut self.phones[phone];
                let rows = phone.engine.store().list(&RowFilter::default(), None, 100).unwrap();
                if !rows.is_empty() {
                    phone.rename(rows[number % rows.len()].row.id, &name);
                }
            }
            Step::Give(number, owner) => {
                let records = self.published().await;
                if !records.is_empty() {
                    let (role, office) = OWNERS[owner];
                    self.stage.give(records[number % records.len()], role, office).await;
                }
            }
            Step::Move(phone, here) => {
                let (role, office) = CREW[phone];
                let to = if here { HERE } else { THERE };
                self.stage.send_to(role, office, to).await;
            }
            Step::Page { phone, records, reply_lost, dies } => {
                self.sync(phone, Line { reply_lost, ..Line::one_page(records) }).await;
                if dies {
                    self.phones[phone].restart();
                }
            }
            Step::Sync(phone) => {
                assert!(self.sync(phone, Line::default()).await, "nothing stands in the way");
            }
        }
    }

    fn name(&mut self) -> String {
        self.named += 1;
        format!("name {}", self.named)
    }

    async fn published(&self) -> Vec<RecordId> {
        self.stage.test.app.store.record_ids(None, 1_000).await.unwrap()
    }

    /// Syncs over this line, and checks that nothing came which the person does not see; whether it got to the end.
    async fn sync(&mut self, phone: usize, line: Line) -> bool {
        let stage = &self.stage;
        let phone = &mut self.phones[phone];
        let before = phone.exchanges().count();
        phone.line = line;
        let outcome = phone.sync(&stage.test).await;
        phone.line = Line::default();
        let device = stage.test.app.store.device(phone.engine.identity().unwrap().device).await.unwrap();
        for (_, answer) in phone.exchanges().skip(before) {
            for id in moved(&answer).0 {
                let line = stage.test.app.store.record_line(id).await.unwrap();
                assert!(scope::sees(&device.person, &line), "{id} was sent to {}", device.person.name);
            }
        }
        outcome.failure.is_none()
    }

    async fn check_end(&mut self) {
        // Twice: what the last ones push is news for the first ones.
        for _ in 0..2 {
            for phone in 0..self.phones.len() {
                assert!(self.sync(phone, Line { page: Some(2), ..Line::default() }).await);
            }
        }
        for phone in 0..self.phones.len() {
            self.stage.holds_its_scope(&self.phones[phone]).await;
            let before = self.phones[phone].exchanges().count();
            assert!(self.sync(phone, Line::default()).await);
            let last: Vec<_> = self.phones[phone].exchanges().skip(before).collect();
            assert_eq!(last.len(), 1, "a further sync moves nothing");
            assert!(last[0].1.pull.is_empty() && last[0].0.body.bytes.len() < 1_000);
        }
    }
}

#[test]
fn in_the_end_a_phone_holds_its_scope_and_nothing_else() {
    let config = ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(steps in steps())| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut play = Play::begin().await;
            for step in &steps {
                play.take(step).await;
            }
            play.check_end().await;
        });
    });
}
