//! A lead 意向客户: somebody who might buy, as the channel registers them 报备.

use rust_decimal::Decimal;

use super::facts::record_facts;
use super::scalar::{ChannelSource, open_choices};
use crate::id::RecordId;
use crate::phone_number::PhoneNumber;
use crate::time::UnixMillis;

/// The choices of a lead, for `$declare` to make types of: here, and where other languages have to know them.
#[macro_export]
macro_rules! lead_choices {
    ($declare:ident) => {
        $declare! {
            /// How the person is addressed.
            pub enum Gender {
                /// 女.
                Female = "female",
                /// 男.
                Male = "male",
            }
        }
        $declare! {
            /// What is for sale.
            pub enum ProductType {
                /// 高层.
                HighRise = "high_rise",
                /// 洋房.
                GardenHouse = "garden_house",
                /// 别墅.
                Villa = "villa",
            }
        }
        $declare! {
            /// What the person is to the head of the relation group. A family is one customer.
            pub enum Relation {
                /// The person who decides.
                Head = "head",
                /// 配偶.
                Spouse = "spouse",
                /// 父母.
                Parent = "parent",
                /// 子女.
                Child = "child",
            }
        }
        $declare! {
            /// Why somebody would buy.
            pub enum PurchasePurpose {
                /// To live in 自住.
                Live = "live",
                /// As an investment 投资.
                Invest = "invest",
                /// For the school district 学区.
                School = "school",
                /// For parents 养老.
                Parents = "parents",
            }
        }
    };
}
lead_choices!(open_choices);

/// The fields of a lead, for `$declare` to make types of: here, and where other languages have to know them.
#[macro_export]
macro_rules! lead_fields {
    ($declare:ident) => {
        $declare! {
            /// What a promoter registers about a person.
            LeadFacts, LeadEdit;
            scalars {
                /// The person's name.
                Name name: String,
                /// How the person is addressed.
                Gender gender: Gender,
                /// Age band such as `30-39`.
                AgeBand age_band: String,
                /// Occupation.
                Occupation occupation: String,
                /// Marital status.
                MaritalStatus marital_status: String,
                /// Education.
                Education education: String,
                /// The lead that heads the family group to which the person belongs.
                RelationGroup relation_group: RecordId,
                /// What the person is to that head.
                Relation relation: Relation,
                /// The channel through which the person came.
                ChannelSource channel_source: ChannelSource,
                /// What sort of home is wanted.
                ProductType product_type: ProductType,
                /// Wanted floor area or district, in words.
                IntentArea intent_area: String,
                /// Budget in yuan.
                Budget budget: Decimal,
                /// Why the person would buy.
                PurchasePurpose purchase_purpose: PurchasePurpose,
                /// When the person would buy, in words.
                PurchaseTime purchase_time: String,
                /// Whether the person agreed that these data are kept.
                Consent consent: bool,
                /// When the person agreed or refused.
                ConsentAt consent_at: UnixMillis,
            }
            texts {
                /// Notes in words; merge by character.
                Notes notes,
            }
            maps {
                /// Telephone numbers, each with whose it is in words.
                Phone phones: PhoneNumber => String,
            }
        }
    };
}
lead_fields!(record_facts);

/// What each field adds to the completeness score; the sum is 100. The score is a KPI of channel departments
/// (DOMAIN, "Lead"); the weights favour what it takes to find the person again and to judge the intent.
pub const COMPLETENESS_WEIGHTS: &[(&str, u8)] = &[
    ("name", 12),
    ("phones", 20),
    ("gender", 3),
    ("age_band", 4),
    ("occupation", 5),
    ("marital_status", 3),
    ("education", 3),
    ("channel_source", 6),
    ("product_type", 8),
    ("intent_area", 7),
    ("budget", 9),
    ("purchase_purpose", 6),
    ("purchase_time", 6),
    ("consent", 8),
];

impl LeadFacts {
    /// How complete the registration is, 0 to 100. A masked phone counts half.
    pub fn completeness(&self) -> u8 {
        let filled = |present: bool, weight: u8| if present { weight } else { 0 };
        COMPLETENESS_WEIGHTS
            .iter()
            .map(|&(field, weight)| match field {
                "name" => filled(self.name.is_some(), weight),
                "phones" if self.phones.keys().any(PhoneNumber::is_full) => weight,
                "phones" => filled(!self.phones.is_empty(), weight / 2),
                "gender" => filled(self.gender.is_some(), weight),
                "age_band" => filled(self.age_band.is_some(), weight),
                "occupation" => filled(self.occupation.is_some(), weight),
                "marital_status" => filled(self.marital_status.is_some(), weight),
                "education" => filled(self.education.is_some(), weight),
                "channel_source" => filled(self.channel_source.is_some(), weight),
                "product_type" => filled(self.product_type.is_some(), weight),
                "intent_area" => filled(self.intent_area.is_some(), weight),
                "budget" => filled(self.budget.is_some(), weight),
                "purchase_purpose" => filled(self.purchase_purpose.is_some(), weight),
                "purchase_time" => filled(self.purchase_time.is_some(), weight),
                "consent" => filled(self.consent.is_some(), weight),
                _ => 0,
            })
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::facts::Facts as _;

    #[test]
    fn weights_name_real_fields_and_sum_to_a_hundred() {
        for (field, _) in COMPLETENESS_WEIGHTS {
            assert!(LeadFacts::sort(field).is_some(), "{field}");
        }
        assert_eq!(COMPLETENESS_WEIGHTS.iter().map(|&(_, weight)| u32::from(weight)).sum::<u32>(), 100);
    }

    #[test]
    fn a_masked_phone_counts_half() {
        let mut lead = LeadFacts::default();
        assert_eq!(lead.completeness(), 0);
        lead.phones.insert("133****3333".parse().unwrap(), String::new());
        assert_eq!(lead.completeness(), 10);
        lead.phones.insert("13312343333".parse().unwrap(), String::new());
        assert_eq!(lead.completeness(), 20);
    }
}
