//! From one contact of the campaign to what a promoter writes down about it: a visit, a lead and a survey.
//!
//! The person is the lead, the contact is the visit, the count of contacts is the number of follow-ups, the
//! answers on default, housing and loan are the survey, and who subscribed has reached the stage `subscribed`.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rand::{Rng, RngExt};
use rust_decimal::Decimal;
use sync_core::id::RecordId;
use sync_core::phone_number::PhoneNumber;
use sync_core::place::Place;
use sync_core::record::entry::{FollowUpRequest, Stage, StageRequest};
use sync_core::record::lead::{LeadFacts, ProductType, PurchasePurpose};
use sync_core::record::scalar::ChannelSource;
use sync_core::record::survey::{Answer, SurveyFacts};
use sync_core::record::visit::{Outcome, VisitFacts, VisitKind};
use sync_core::time::UnixMillis;

use crate::contacts::{Contact, Means, Reply, Sources, Weekday};
use crate::people::{INVENTED, Invented, phone};
use crate::phrases;
use crate::towns::{Town, in_front_of};

/// The form that the survey answers; the campaign asked these three questions of everybody.
pub const SURVEY_FORM: &str = "bank-marketing";

/// A number of the run could not be made into records.
#[derive(Debug, thiserror::Error)]
#[error("contact {number} can't be written down: {reason}")]
pub struct PaperworkError {
    /// Which contact.
    pub number: u32,
    /// Why.
    pub reason: String,
}

/// One contact with the person and the outlet that go with it.
#[derive(Clone, Debug)]
pub struct Paperwork {
    /// The row.
    pub contact: Contact,
    /// An invented name.
    pub person: Invented,
    /// An invented number, which no other contact has.
    pub phone: PhoneNumber,
    /// What the outlet is called.
    pub outlet: String,
    /// Where it stands.
    pub outlet_place: Place,
    /// Where the promoter's phone believed to be.
    pub fix: Place,
    /// Whether the person's consent was noted.
    pub consent: bool,
}

impl Paperwork {
    /// Everything about the contact with this number, in one of these towns.
    ///
    /// # Errors
    /// When the data hold coordinates out of range.
    pub fn of(
        number: u32,
        seed: u64,
        sources: &Sources,
        town: &Town,
        rng: &mut dyn Rng,
    ) -> Result<Self, PaperworkError> {
        let wrong = |reason: String| PaperworkError { number, reason };
        let outlet_place = town.outlet(rng).map_err(|error| wrong(error.to_string()))?;
        let sort = ["社区服务站", "物业服务中心", "商会", "旅行社门店", "房产中介门店"];
        Ok(Self {
            contact: sources.contact(number).clone(),
            person: Invented::numbered(number, seed),
            phone: phone(number, seed).map_err(|error| wrong(error.to_string()))?,
            outlet: format!("{}{}", town.name, sort[rng.random_range(0..sort.len())]),
            outlet_place,
            fix: in_front_of(outlet_place, rng).map_err(|error| wrong(error.to_string()))?,
            consent: true,
        })
    }

    /// The visit, begun at this time.
    pub fn visit(&self, check_in: UnixMillis, rng: &mut dyn Rng) -> VisitFacts {
        let subscribed = self.contact.subscribed == Reply::Yes;
        let outcome = match (subscribed, self.contact.duration_s) {
            (true, _) => Outcome::Deal,
            (false, 0..60) => Outcome::NotInterested,
            (false, 60..300) => Outcome::Undecided,
            (false, _) => Outcome::Interested,
        };
        VisitFacts {
            visit_kind: Some(if self.contact.contacts > 1 { VisitKind::FollowUp } else { VisitKind::Cold }),
            outlet: Some(self.outlet.clone()),
            outlet_place: Some(self.outlet_place),
            person: Some(self.person.name.clone()),
            purpose: Some("客户拜访".to_owned()),
            channel_source: Some(self.channel_source()),
            check_in_at: Some(check_in),
            check_in_place: Some(self.fix),
            check_out_at: Some(check_in.plus(i64::from(self.contact.duration_s) * 1_000)),
            check_out_place: Some(self.fix),
            outcome: Some(outcome),
            next_action: Some(phrases::action(rng)),
            next_action_on: next(self.contact.day_of_week, check_in.day(crate::clock::UTC_OFFSET_MINUTES)),
            notes: phrases::note(rng),
            ..VisitFacts::default()
        }
    }

    /// The lead, as registered at this time.
    pub fn lead(&self, at: UnixMillis, rng: &mut dyn Rng) -> LeadFacts {
        LeadFacts {
            name: Some(self.person.name.clone()),
            gender: Some(self.person.gender.clone()),
            age_band: Some(age_band(self.contact.age)),
            occupation: occupation(&self.contact.job),
            marital_status: marital_status(&self.contact.marital),
            education: education(&self.contact.education),
            channel_source: Some(self.channel_source()),
            product_type: [None, Some(ProductType::HighRise), Some(ProductType::GardenHouse), Some(ProductType::Villa)]
                [rng.random_range(0..4)]
            .clone(),
            intent_area: rng.random_bool(0.6).then(|| phrases::area(rng)),
            budget: rng.random_bool(0.5).then(|| budget(rng)),
            purchase_purpose: rng.random_bool(0.5).then_some(PurchasePurpose::Live),
            purchase_time: rng.random_bool(0.5).then(|| phrases::purchase_time(rng)),
            consent: self.consent.then_some(true),
            consent_at: self.consent.then_some(at),
            notes: format!("{INVENTED}{}", phrases::note(rng)),
            phones: BTreeMap::from([(self.phone.clone(), "本人".to_owned())]),
            ..LeadFacts::default()
        }
    }

    /// The survey of the same person, asked from one time to another.
    pub fn survey(&self, lead: RecordId, started: UnixMillis, ended: UnixMillis, rng: &mut dyn Rng) -> SurveyFacts {
        let answers =
            [("default", self.contact.default), ("housing", self.contact.housing), ("loan", self.contact.loan)];
        SurveyFacts {
            form: Some(SURVEY_FORM.to_owned()),
            form_version: Some("2014".to_owned()),
            language: Some("zh-CN".to_owned()),
            respondent: Some(self.person.name.clone()),
            lead: Some(lead.to_string()),
            started_at: Some(started),
            ended_at: Some(ended),
            interviewer_notes: phrases::note(rng),
            answers: answers.into_iter().map(|(question, reply)| (question.to_owned(), answer(reply))).collect(),
        }
    }

    /// The follow-ups, as many as the campaign had contacts with the person. Each is told apart by its count.
    pub fn follow_ups(&self, rng: &mut dyn Rng) -> Vec<FollowUpRequest> {
        (1..=self.contact.contacts)
            .map(|count| FollowUpRequest {
                text: format!("第{count}次联系：{}", phrases::follow_up(rng)),
                by_means_of: Some(if self.contact.means == Means::Cellular { "wechat" } else { "phone" }.to_owned()),
                next_on: None,
            })
            .collect()
    }

    /// The stages: everybody is registered, some have subscribed.
    pub fn stages(&self) -> Vec<StageRequest> {
        let reached = |stage| StageRequest { stage, reason: None, amount: None, unit: None };
        let subscribed = self.contact.subscribed == Reply::Yes;
        let mut stages = vec![reached(Stage::Registered)];
        stages.extend(subscribed.then(|| reached(Stage::Subscribed)));
        stages
    }

    /// A landline stands in a home or shop, so its owner was met in the neighbourhood; a mobile phone was not.
    fn channel_source(&self) -> ChannelSource {
        match self.contact.means {
            Means::Telephone => ChannelSource::Community,
            Means::Cellular => ChannelSource::ColdVisit,
        }
    }
}

/// A budget in whole ten thousands of yuan.
pub fn budget(rng: &mut dyn Rng) -> Decimal {
    Decimal::from(rng.random_range(40..400u32) * 10_000)
}

fn answer(reply: Reply) -> Answer {
    match reply {
        Reply::Yes => Answer::Bool(true),
        Reply::No => Answer::Bool(false),
        Reply::Unknown => Answer::Text("unknown".to_owned()),
    }
}

/// The first such weekday after a day: people are called again on the weekday on which they could be reached.
fn next(weekday: Weekday, after: Date) -> Option<Date> {
    use jiff::civil::Weekday as Day;
    let day = match weekday {
        Weekday::Mon => Day::Monday,
        Weekday::Tue => Day::Tuesday,
        Weekday::Wed => Day::Wednesday,
        Weekday::Thu => Day::Thursday,
        Weekday::Fri => Day::Friday,
    };
    after.nth_weekday(1, day).ok()
}

fn age_band(age: u32) -> String {
    match age {
        0..30 => "18-29".to_owned(),
        30..70 => format!("{}-{}", age / 10 * 10, age / 10 * 10 + 9),
        _ => "70+".to_owned(),
    }
}

/// The words of a table, `None` for what the campaign did not learn, and as it is for what the table lacks.
fn translated(text: &str, table: &[(&str, &str)]) -> Option<String> {
    if text == "unknown" {
        return None;
    }
    let found = table.iter().find(|(english, _)| *english == text);
    Some(found.map_or(text, |(_, chinese)| chinese).to_owned())
}

fn occupation(job: &str) -> Option<String> {
    translated(
        job,
        &[
            ("admin.", "行政"),
            ("blue-collar", "工人"),
            ("entrepreneur", "企业主"),
            ("housemaid", "家政"),
            ("management", "管理"),
            ("retired", "退休"),
            ("self-employed", "个体经营"),
            ("services", "服务业"),
            ("student", "学生"),
            ("technician", "技术员"),
            ("unemployed", "待业"),
        ],
    )
}

fn marital_status(marital: &str) -> Option<String> {
    translated(marital, &[("single", "未婚"), ("married", "已婚"), ("divorced", "离异")])
}

fn education(education: &str) -> Option<String> {
    translated(
        education,
        &[
            ("illiterate", "未上学"),
            ("basic.4y", "小学四年"),
            ("basic.6y", "小学六年"),
            ("basic.9y", "初中"),
            ("high.school", "高中"),
            ("professional.course", "职业教育"),
            ("university.degree", "大学"),
        ],
    )
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn a_row_becomes_what_the_data_set_says() {
        let sources = Sources::sample().unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let number = (0..120).find(|number| sources.contact(*number).subscribed == Reply::Yes).unwrap();
        let paper = Paperwork::of(number, 1, &sources, &sources.towns[0], &mut rng).unwrap();
        let visit = paper.visit(UnixMillis(1_700_000_000_000), &mut rng);
        assert_eq!(visit.duration_ms(), Some(i64::from(paper.contact.duration_s) * 1_000));
        assert_eq!(visit.outcome, Some(Outcome::Deal));
        assert_eq!(paper.follow_ups(&mut rng).len(), paper.contact.contacts as usize);
        assert_eq!(paper.stages().last().map(|request| request.stage.clone()), Some(Stage::Subscribed));
        let lead = paper.lead(UnixMillis(0), &mut rng);
        assert!(lead.notes.starts_with(INVENTED));
        assert_eq!(lead.phones.len(), 1);
    }

    #[test]
    fn every_word_of_the_data_set_has_a_translation() {
        for contact in Sources::find().unwrap().contacts {
            for text in [occupation(&contact.job), marital_status(&contact.marital), education(&contact.education)] {
                assert!(text.is_none_or(|text| !text.is_ascii()), "{contact:?}");
            }
        }
    }

    #[test]
    fn the_next_contact_falls_on_the_weekday_of_the_campaign() {
        let tuesday = Date::constant(2026, 3, 3);
        assert_eq!(next(Weekday::Tue, tuesday), Some(Date::constant(2026, 3, 10)));
        assert_eq!(next(Weekday::Fri, tuesday), Some(Date::constant(2026, 3, 6)));
    }
}
