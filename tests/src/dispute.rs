//! Leads that promoter, supervisor and head quarters edit at once, without hearing of each other.
//!
//! Everybody writes another value, so a field that several people wrote is in conflict until somebody settles it.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use sync_core::id::RecordId;
use sync_core::phone_number::PhoneNumber;
use sync_core::record::entry::FollowUpRequest;
use sync_core::record::lead::{LeadEdit, LeadFacts, ProductType};
use sync_core::record::survey::{Answer, SurveyEdit, SurveyFacts};

use crate::console::Console;
use crate::day::Met;
use crate::failure::Failure;
use crate::model::{Chapter, Diary};
use crate::phone::Phone;

/// What is disputed about a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dispute {
    /// The budget: promoter, supervisor and head quarters.
    Budget,
    /// The wanted area: promoter and supervisor.
    Area,
    /// The product: promoter and head quarters.
    Product,
    /// The time of purchase: supervisor and head quarters.
    Time,
    /// Whose number it is: promoter and supervisor.
    Whose,
    /// The answer to a question of the survey: promoter and supervisor.
    Answer,
    /// Nothing: both add notes and follow-ups and write different fields, and everything fits together.
    Harmony,
}

/// All disputes, in the order in which the contacts of a morning get them.
pub const DISPUTES: [Dispute; 7] = [
    Dispute::Budget,
    Dispute::Area,
    Dispute::Product,
    Dispute::Time,
    Dispute::Whose,
    Dispute::Answer,
    Dispute::Harmony,
];

/// Whose hand writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hand {
    Promoter,
    Supervisor,
    HeadQuarters,
    Settler,
}

impl Hand {
    fn name(self) -> &'static str {
        match self {
            Self::Promoter => "行销",
            Self::Supervisor => "主管",
            Self::HeadQuarters => "总部",
            Self::Settler => "主管裁定",
        }
    }
}

/// A budget that nobody else names for this contact.
fn budget_of(hand: Hand, met: &Met) -> Decimal {
    Decimal::from(1_000_000 + u64::from(met.number) * 10 + hand as u64 + 1)
}

fn text_of(hand: Hand, what: &str) -> Option<String> {
    Some(format!("{what}（{}）", hand.name()))
}

impl Dispute {
    /// The dispute about a promoter's n-th contact of the morning.
    pub fn about(position: usize) -> Option<Self> {
        DISPUTES.get(position).copied()
    }

    /// What the promoter writes, offline.
    ///
    /// # Errors
    /// When the phone refuses.
    pub fn promoter(self, phone: &mut Phone, met: &Met) -> Result<(), Failure> {
        match self {
            Self::Product => {
                phone.edit::<LeadFacts>(met.lead, &[LeadEdit::ProductType(Some(other_product("promoter")))])
            }
            Self::Time => Ok(()),
            _ => self.on_phone(phone, met, Hand::Promoter),
        }
    }

    /// What the supervisor writes, offline.
    ///
    /// # Errors
    /// When the phone refuses.
    pub fn supervisor(self, phone: &mut Phone, met: &Met) -> Result<(), Failure> {
        match self {
            Self::Product => Ok(()),
            _ => self.on_phone(phone, met, Hand::Supervisor),
        }
    }

    fn on_phone(self, phone: &mut Phone, met: &Met, hand: Hand) -> Result<(), Failure> {
        match self {
            Self::Budget => phone.edit::<LeadFacts>(met.lead, &[LeadEdit::Budget(Some(budget_of(hand, met)))]),
            Self::Area => phone.edit::<LeadFacts>(met.lead, &[LeadEdit::IntentArea(text_of(hand, "城南"))]),
            Self::Time => phone.edit::<LeadFacts>(met.lead, &[LeadEdit::PurchaseTime(text_of(hand, "两个月内"))]),
            Self::Whose => {
                let number = number_of(phone, met.lead)?;
                phone.edit::<LeadFacts>(met.lead, &[LeadEdit::Phone(number, text_of(hand, "家人"))])
            }
            Self::Answer => {
                // Nobody of the campaign said either.
                let answer = Answer::Text(if hand == Hand::Promoter { "paid_off" } else { "applied_for" }.to_owned());
                phone.edit::<SurveyFacts>(met.survey, &[SurveyEdit::Answer("housing".to_owned(), Some(answer))])
            }
            Self::Harmony => harmony(phone, met, hand),
            Self::Product => Ok(()),
        }
    }

    /// What head quarters writes meanwhile at the console.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn head_quarters(self, console: &Console, diary: &mut Diary, met: &Met) -> Result<(), Failure> {
        let (field, value): (&str, Value) = match self {
            Self::Budget => ("budget", json!(budget_of(Hand::HeadQuarters, met).to_string())),
            Self::Product => ("product_type", json!(other_product("head_quarters").as_str())),
            Self::Time => ("purchase_time", json!(text_of(Hand::HeadQuarters, "两个月内"))),
            _ => return Ok(()),
        };
        console.correct(met.lead, field, value.clone())?;
        diary.set(met.lead, Chapter::Afternoon, field, value);
        Ok(())
    }
}

/// The supervisor sees all values of a disputed budget on the phone and writes the one that holds.
///
/// # Errors
/// When the phone does not show the dispute, or refuses.
pub fn settle(phone: &mut Phone, met: &Met) -> Result<(), Failure> {
    let view = phone.get::<LeadFacts>(met.lead)?;
    let values =
        view.conflicts.iter().find(|conflict| conflict.field == "budget").map_or(0, |found| found.values.len());
    if values != 3 {
        return Err(phone.failed(&format!("a budget that three people wrote shows {values} concurrent values")));
    }
    phone.edit::<LeadFacts>(met.lead, &[LeadEdit::Budget(Some(budget_of(Hand::Settler, met)))])
}

/// A choice of an organisation's own, different for each hand.
fn other_product(hand: &str) -> ProductType {
    ProductType::from(format!("loft_{hand}").as_str())
}

fn number_of(phone: &Phone, lead: RecordId) -> Result<PhoneNumber, Failure> {
    let numbers = phone.get::<LeadFacts>(lead)?.facts.phones;
    numbers.into_keys().next().ok_or_else(|| phone.failed(&"a lead without a telephone number"))
}

fn harmony(phone: &mut Phone, met: &Met, hand: Hand) -> Result<(), Failure> {
    phone.add_note::<LeadFacts>(met.lead, &format!("（{}补充：已核对）", hand.name()))?;
    let text = format!("{}跟进：已核对资料", hand.name());
    phone.follow_up::<LeadFacts>(met.lead, FollowUpRequest { text, ..FollowUpRequest::default() })?;
    let edit = match hand {
        Hand::Promoter => LeadEdit::IntentArea(text_of(hand, "河边")),
        _ => LeadEdit::PurchaseTime(text_of(hand, "年底前")),
    };
    phone.edit::<LeadFacts>(met.lead, &[edit])
}
