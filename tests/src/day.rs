//! The script of the day: whom each promoter meets, what is written down, and what is disputed.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sync_core::id::{ProjectId, RecordId};
use sync_core::notebook::CreateRequest;
use sync_core::record::entry::FollowUpRequest;
use sync_core::record::lead::{LeadEdit, LeadFacts};
use sync_core::record::survey::SurveyFacts;
use sync_core::record::visit::{VisitEdit, VisitFacts};
use sync_core::time::UnixMillis;

use crate::contacts::{Sources, wander};
use crate::failure::Failure;
use crate::oddity::Oddity;
use crate::paperwork::{Paperwork, PaperworkError, budget};
use crate::phone::Phone;
use crate::phrases;
use crate::towns::Town;

/// Work begins at half past eight.
const FIRST_CONTACT_MS: i64 = 8 * 3_600_000 + 1_800_000;
/// It ends at half past five, with an hour off at noon.
const WORK_MS: i64 = 8 * 3_600_000;
/// The short sync at noon.
pub const NOON_MS: i64 = 12 * 3_600_000 + 1_800_000;
/// When the afternoon begins.
const AFTERNOON_MS: i64 = 13 * 3_600_000 + 1_800_000;
/// By how much a clock is turned back that somebody turns back.
const TURNED_MS: i64 = 150 * 60_000;
/// How long the three questions of a survey take that nobody was asked.
const HASTY_MS: i64 = 3_000;

/// What came of one contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Met {
    /// Which contact.
    pub number: u32,
    /// Its visit.
    pub visit: RecordId,
    /// Its lead.
    pub lead: RecordId,
    /// Its survey.
    pub survey: RecordId,
}

/// The script of the day.
#[derive(Debug)]
pub struct Day<'a> {
    /// Contacts and towns.
    pub sources: &'a Sources,
    /// Everything random grows from it.
    pub seed: u64,
    /// Midnight at its beginning.
    pub midnight: UnixMillis,
    /// How many contacts each promoter makes.
    pub contacts: u32,
    /// What they sell.
    pub project: Option<ProjectId>,
}

/// One promoter's route: who they are in the run, and the towns of their office.
#[derive(Clone, Copy, Debug)]
pub struct Route<'a> {
    /// Which promoter of the run, from 0.
    pub promoter: u32,
    /// The towns of the office's province.
    pub towns: &'a [&'a Town],
}

impl Day<'_> {
    /// How many of the contacts lie before noon.
    pub fn morning(&self) -> u32 {
        self.contacts.div_ceil(2)
    }

    /// The contacts of the morning.
    ///
    /// # Errors
    /// When the phone refuses.
    pub fn work_morning(&self, phone: &mut Phone, route: Route<'_>) -> Result<Vec<Met>, Failure> {
        (0..self.morning()).map(|position| self.meet(phone, route, position)).collect()
    }

    /// The contacts of the afternoon.
    ///
    /// # Errors
    /// When the phone refuses.
    pub fn work_afternoon(&self, phone: &mut Phone, route: Route<'_>) -> Result<Vec<Met>, Failure> {
        (self.morning()..self.contacts).map(|position| self.meet(phone, route, position)).collect()
    }

    /// When a promoter makes a contact.
    fn time_of(&self, position: u32) -> UnixMillis {
        let slot = WORK_MS / i64::from(self.contacts.max(1));
        let into_day = FIRST_CONTACT_MS + slot * i64::from(position);
        let lunch = if position < self.morning() { 0 } else { AFTERNOON_MS - NOON_MS };
        self.midnight.plus(into_day + lunch)
    }

    /// One contact, written down as promoters do: the visit when it begins, the person, the questions, what was
    /// said, and now and then a correction a little later.
    fn meet(&self, phone: &mut Phone, route: Route<'_>, position: u32) -> Result<Met, Failure> {
        let number = route.promoter * self.contacts + position;
        let rng = &mut ChaCha8Rng::seed_from_u64(self.seed.wrapping_mul(0x9e37_79b9).wrapping_add(u64::from(number)));
        // Everybody begins their round somewhere else.
        let turn = f64::from(position) / f64::from(self.contacts.max(1)) + f64::from(route.promoter) * 0.618;
        let street = route.towns[wander(route.promoter, route.towns.len())].street(turn);
        let mut paper = Paperwork::of(number, self.seed, self.sources, &street, rng)?;
        let oddity = Oddity::of(number, self.contacts);
        if let Some(oddity) = oddity {
            let bent = oddity.bend(&mut paper, (number, self.contacts, self.seed));
            bent.map_err(|error| PaperworkError { number, reason: error.to_string() })?;
        }
        let request =
            |facts| CreateRequest { project: self.project, place: Some(paper.fix), facts, ..CreateRequest::default() };

        let check_in = self.time_of(position);
        phone.clock.set(check_in);
        let turned = if oddity == Some(Oddity::TurnedClock) { TURNED_MS } else { 0 };
        phone.clock.turn(-turned);
        let visit = phone.make(request(paper.visit(phone.clock.read().wall, rng)))?;
        phone.clock.turn(turned);
        phone.clock.pass(rng.random_range(20_000..90_000));
        let lead_facts = paper.lead(phone.clock.read().wall, rng);
        let lead = phone.make(CreateRequest {
            project: self.project,
            place: Some(paper.fix),
            facts: lead_facts,
            ..CreateRequest::default()
        })?;
        for stage in paper.stages() {
            phone.clock.pass(2_000);
            phone.reach(lead, stage)?;
        }
        let asked = phone.clock.read().wall;
        let asking = rng.random_range(15_000..120_000);
        phone.clock.pass(if oddity == Some(Oddity::HastySurvey) { HASTY_MS } else { asking });
        let survey_facts = paper.survey(lead, asked, phone.clock.read().wall, rng);
        let survey = phone.make(CreateRequest {
            project: self.project,
            place: Some(Oddity::survey_place(oddity, paper.fix)),
            facts: survey_facts,
            ..CreateRequest::default()
        })?;
        for follow_up in paper.follow_ups(rng) {
            phone.clock.pass(rng.random_range(3_000..9_000));
            phone.follow_up::<LeadFacts>(lead, follow_up)?;
        }
        let met = Met { number, visit, lead, survey };
        correct_later(phone, &met, rng)?;
        Ok(met)
    }
}

/// What occurs to a promoter on the way to the next contact.
fn correct_later(phone: &mut Phone, met: &Met, rng: &mut ChaCha8Rng) -> Result<(), Failure> {
    phone.clock.pass(rng.random_range(5_000..30_000));
    if rng.random_bool(0.25) {
        let action = format!("{}（改期）", phrases::action(rng));
        phone.edit::<VisitFacts>(met.visit, &[VisitEdit::NextAction(Some(action))])?;
    }
    if rng.random_bool(0.25) {
        let edits = [
            LeadEdit::IntentArea(Some(format!("{}（确认）", phrases::area(rng)))),
            LeadEdit::PurchaseTime(Some(format!("{}（确认）", phrases::purchase_time(rng)))),
        ];
        phone.edit::<LeadFacts>(met.lead, &edits)?;
    }
    if rng.random_bool(0.1) {
        phone.add_note::<SurveyFacts>(met.survey, "受访者后来补充了说明。")?;
    }
    if rng.random_bool(0.2) {
        let text = format!("拜访备忘：{}", phrases::follow_up(rng));
        phone.follow_up::<VisitFacts>(met.visit, FollowUpRequest { text, ..FollowUpRequest::default() })?;
    }
    Ok(())
}

/// A correction of a returned lead, other than whatever stood there before.
pub fn correction(rng: &mut dyn Rng) -> [LeadEdit; 2] {
    [
        LeadEdit::Budget(Some(budget(rng) + rust_decimal::Decimal::from(7))),
        LeadEdit::IntentArea(Some(format!("{}（按总部要求核实）", phrases::area(rng)))),
    ]
}
