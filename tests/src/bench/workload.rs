//! What phones have written by the evening: 60 % visits, 25 % leads, 15 % surveys, all grown from a seed.
//!
//! A record has about 28 fields: 13 or 14 that every record has, and 15 of its form. It is Chinese, has a note of a
//! hundred characters, and two follow-ups; it is saved once, and three times later somebody corrects one field. Whoever
//! writes goes around one town, and takes one to ten minutes for each record.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sync_core::id::RecordId;
use sync_core::notebook::CreateRequest;
use sync_core::record::entry::FollowUpRequest;
use sync_core::record::lead::{LeadEdit, LeadFacts, ProductType, PurchasePurpose};
use sync_core::record::survey::{Answer, SurveyEdit, SurveyFacts};
use sync_core::record::visit::{Outcome, VisitEdit, VisitFacts};

use crate::clock::DayClock;
use crate::contacts::{Sources, wander};
use crate::failure::Failure;
use crate::paperwork::{Paperwork, budget};
use crate::phone::Book;
use crate::phrases;
use crate::towns::Town;

/// Later edits of each record.
pub const EDITS: u64 = 3;
/// Changes of a record: the one that makes it, and the edits.
pub const CHANGES: u64 = 1 + EDITS;
/// Characters of a note.
const NOTE: usize = 100;

/// Where records are written down.
pub trait Desk {
    /// Makes a record.
    ///
    /// # Errors
    /// When it can't be made.
    fn make<F: Book>(&mut self, request: CreateRequest<F>) -> Result<RecordId, Failure>;

    /// Edits one field.
    ///
    /// # Errors
    /// When it can't be edited.
    fn edit<F: Book>(&mut self, id: RecordId, edit: F::Edit) -> Result<(), Failure>;
}

/// The records of a run.
#[derive(Debug)]
pub struct Workload {
    sources: Sources,
    seed: u64,
}

#[derive(Clone, Copy)]
enum Kind {
    Visit,
    Lead,
    Survey,
}

impl Workload {
    /// The one that grows from this seed.
    ///
    /// # Errors
    /// When the project's sample of contacts is damaged.
    pub fn new(seed: u64) -> Result<Self, Failure> {
        Ok(Self { sources: Sources::sample()?, seed })
    }

    /// Writes the records with these numbers, and then corrects them. The clock goes on a little with each save.
    ///
    /// # Errors
    /// When the desk refuses.
    pub fn write(
        &self,
        desk: &mut impl Desk,
        clock: &DayClock,
        numbers: std::ops::Range<u32>,
    ) -> Result<Vec<RecordId>, Failure> {
        let mut ids = Vec::with_capacity(numbers.len());
        let towns = &self.sources.towns;
        let town = &towns[wander(numbers.start, towns.len())];
        for number in numbers.clone() {
            let turn = f64::from(number - numbers.start) / f64::from(numbers.end - numbers.start);
            ids.push(self.make(desk, clock, &town.street(turn), number)?);
        }
        for turn in 0..EDITS {
            for (number, id) in numbers.clone().zip(&ids) {
                clock.pass(9_000);
                self.correct(desk, number, *id, turn)?;
            }
        }
        Ok(ids)
    }

    fn rng(&self, number: u32, purpose: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(self.seed ^ (u64::from(number) << 8) ^ purpose)
    }

    fn make(&self, desk: &mut impl Desk, clock: &DayClock, street: &Town, number: u32) -> Result<RecordId, Failure> {
        let rng = &mut self.rng(number, 0);
        let paper = Paperwork::of(number, self.seed, &self.sources, street, rng)?;
        let begun = clock.read().wall;
        clock.pass(rng.random_range(60_000..600_000));
        let now = clock.read().wall;
        let note = phrases::note_of(NOTE, rng);
        let follow_up = |means: &str, rng: &mut ChaCha8Rng| FollowUpRequest {
            text: phrases::follow_up(rng),
            by_means_of: Some(means.to_owned()),
            next_on: None,
        };
        let follow_ups = vec![follow_up("phone", rng), follow_up("wechat", rng)];
        let place = Some(paper.fix);
        match kind(number) {
            Kind::Visit => {
                let facts =
                    VisitFacts { products_shown: Some(phrases::area(rng)), notes: note, ..paper.visit(now, rng) };
                desk.make(CreateRequest { project: None, place, facts, follow_ups })
            }
            Kind::Lead => {
                let facts = LeadFacts {
                    product_type: Some(ProductType::HighRise),
                    intent_area: Some(phrases::area(rng)),
                    budget: Some(budget(rng)),
                    purchase_purpose: Some(PurchasePurpose::Live),
                    purchase_time: Some(phrases::purchase_time(rng)),
                    notes: note,
                    ..paper.lead(now, rng)
                };
                desk.make(CreateRequest { project: None, place, facts, follow_ups })
            }
            Kind::Survey => {
                let lead = RecordId::new(now, &mut self.rng(number, 9));
                let mut facts = SurveyFacts { interviewer_notes: note, ..paper.survey(lead, begun, now, rng) };
                let more = (1..=4).map(|question| (format!("home/q{question}"), Answer::Text(phrases::area(rng))));
                facts.answers.extend(more);
                desk.make(CreateRequest { project: None, place, facts, follow_ups })
            }
        }
    }

    fn correct(&self, desk: &mut impl Desk, number: u32, id: RecordId, turn: u64) -> Result<(), Failure> {
        let rng = &mut self.rng(number, 16 + turn);
        match (kind(number), turn) {
            (Kind::Visit, 0) => {
                let action = format!("{}（改期）", phrases::action(rng));
                desk.edit::<VisitFacts>(id, VisitEdit::NextAction(Some(action)))
            }
            (Kind::Visit, 1) => desk.edit::<VisitFacts>(id, VisitEdit::GroupSize(Some(rng.random_range(1..6)))),
            (Kind::Visit, _) => desk.edit::<VisitFacts>(id, VisitEdit::Outcome(Some(Outcome::Absent))),
            (Kind::Lead, 0) => {
                let area = format!("{}（确认）", phrases::area(rng));
                desk.edit::<LeadFacts>(id, LeadEdit::IntentArea(Some(area)))
            }
            (Kind::Lead, 1) => {
                desk.edit::<LeadFacts>(id, LeadEdit::Budget(Some(budget(rng) + rust_decimal::Decimal::ONE)))
            }
            (Kind::Lead, _) => {
                let time = format!("{}（确认）", phrases::purchase_time(rng));
                desk.edit::<LeadFacts>(id, LeadEdit::PurchaseTime(Some(time)))
            }
            (Kind::Survey, turn) => {
                let answer = Answer::Text(format!("{}（更正）", phrases::area(rng)));
                desk.edit::<SurveyFacts>(id, SurveyEdit::Answer(format!("home/q{}", turn + 1), Some(answer)))
            }
        }
    }
}

/// Of twenty records twelve are visits, five leads, three surveys, mixed.
fn kind(number: u32) -> Kind {
    match number * 7 % 20 {
        0..12 => Kind::Visit,
        12..17 => Kind::Lead,
        _ => Kind::Survey,
    }
}
