//! The fields of records, as `sync_core::record` declares them. The compiler holds each table against the original:
//! a field too many, too few or of another type does not compile.

use client::sync_core::id::{OfficeId, PersonId, RecordId, TeamId};
use client::sync_core::phone_number::PhoneNumber;
use client::sync_core::place::Place;
use client::sync_core::record::entry::Stage;
use client::sync_core::record::lead::{Gender, LeadEdit, LeadFacts, ProductType, PurchasePurpose, Relation};
use client::sync_core::record::office::{OfficeEdit, OfficeFacts};
use client::sync_core::record::scalar::ChannelSource;
use client::sync_core::record::survey::{Answer, SurveyEdit, SurveyFacts};
use client::sync_core::record::visit::{Outcome, VisitEdit, VisitFacts, VisitKind};
use client::sync_core::time::UnixMillis;

use crate::values::{Answers, Day, Money, Phones};

/// A record of all fields, and an edit for each. In edits, nothing empties the field.
macro_rules! facts {
    (
        $(#[$doc:meta])* $facts:ident;
        $(#[$edit_doc:meta])* $edit:ident;
        scalars { $($(#[$sdoc:meta])* $svariant:ident $sname:ident: $stype:ident,)* }
        texts { $($(#[$tdoc:meta])* $tvariant:ident $tname:ident,)* }
        maps { $($(#[$mdoc:meta])* $mvariant:ident $mname:ident: $map:ident of $mkey:ident to $mvalue:ident,)* }
    ) => {
        $(#[$doc])*
        #[uniffi::remote(Record)]
        pub struct $facts {
            $($(#[$sdoc])* #[uniffi(default)] pub $sname: Option<$stype>,)*
            $($(#[$tdoc])* #[uniffi(default)] pub $tname: String,)*
            $($(#[$mdoc])* #[uniffi(default)] pub $mname: $map,)*
        }

        $(#[$edit_doc])*
        #[uniffi::remote(Enum)]
        pub enum $edit {
            $($(#[$sdoc])* $svariant(Option<$stype>),)*
            $($(#[$tdoc])* $tvariant(String),)*
            $($(#[$mdoc])* $mvariant($mkey, Option<$mvalue>),)*
        }
    };
}

facts! {
    /// What a promoter notes about a visit.
    VisitFacts;
    /// Sets one field of a visit 拜访; nothing empties it.
    VisitEdit;
    scalars {
        /// What sort of visit it was.
        VisitKind visit_kind: VisitKind,
        /// The partner 渠道伙伴 that was visited.
        Partner partner: String,
        /// The outlet or place of business.
        Outlet outlet: String,
        /// Where the outlet stands, to compare with the check-in.
        OutletPlace outlet_place: Place,
        /// The person who was met.
        Person person: String,
        /// Why the promoter went.
        Purpose purpose: String,
        /// The channel through which the contact came.
        ChannelSource channel_source: ChannelSource,
        /// When the visit began 签到.
        CheckInAt check_in_at: UnixMillis,
        /// Where the visit began.
        CheckInPlace check_in_place: Place,
        /// When the visit ended 签退.
        CheckOutAt check_out_at: UnixMillis,
        /// Where the visit ended.
        CheckOutPlace check_out_place: Place,
        /// Who came along, in words.
        Companions companions: String,
        /// How many people make up the group 组 that was brought to the site.
        GroupSize group_size: u32,
        /// How it ended.
        Outcome outcome: Outcome,
        /// What is to be done next.
        NextAction next_action: String,
        /// When it is to be done.
        NextActionOn next_action_on: Day,
        /// Products shown, in words.
        ProductsShown products_shown: String,
        /// Materials left behind, in words.
        Materials materials: String,
        /// Competitor seen, in words.
        CompetitorSeen competitor_seen: String,
    }
    texts {
        /// Notes in words; merge by character.
        Notes notes,
    }
    maps {}
}

facts! {
    /// What an interviewer takes down.
    SurveyFacts;
    /// Sets one field of a survey 客户调查表; nothing empties it.
    SurveyEdit;
    scalars {
        /// Which form was asked.
        Form form: String,
        /// Which version of it.
        FormVersion form_version: String,
        /// The language in which it was asked, as a BCP 47 tag.
        Language language: String,
        /// Who was asked, in words.
        Respondent respondent: String,
        /// The lead that this person is, as the text of a record's identifier.
        Lead lead: String,
        /// When the first question was asked.
        StartedAt started_at: UnixMillis,
        /// When the last answer was given.
        EndedAt ended_at: UnixMillis,
    }
    texts {
        /// The interviewer's own notes; merge by character.
        InterviewerNotes interviewer_notes,
    }
    maps {
        /// Answers by the question's path; the repeats of a group are numbered: `children[0]/age`.
        Answer answers: Answers of String to Answer,
    }
}

facts! {
    /// What a promoter registers about a person.
    LeadFacts;
    /// Sets one field of a lead 意向客户; nothing empties it.
    LeadEdit;
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
        Budget budget: Money,
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
        Phone phones: Phones of PhoneNumber to String,
    }
}

facts! {
    /// The office's part of a record of any kind.
    OfficeFacts;
    /// Sets one field of the office's part of any record; nothing empties it.
    OfficeEdit;
    scalars {
        /// Who owns the record now, if not the one who made it.
        Owner owner: PersonId,
        /// The team to which it belongs now, if not the first one.
        Team team: TeamId,
        /// The office to which it belongs now, if not the first one.
        Office office: OfficeId,
        /// The property consultant 置业顾问 who receives the customer, in words.
        Consultant consultant: String,
        /// When the customer came to the sales site.
        ArrivedAt arrived_at: UnixMillis,
        /// The number of the signed confirmation slip 到访确认单.
        ConfirmationSlip confirmation_slip: String,
    }
    texts {}
    maps {}
}

/// A list of choices that stays open: what a newer app or the organisation's own list adds comes as `Other`.
macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident,)+ })+) => {$(
        $(#[$doc])*
        #[uniffi::remote(Enum)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
            /// A choice that this version does not know by name.
            Other(String),
        }
    )+};
}

choices! {
    /// What sort of visit it was.
    VisitKind {
        /// Cold visit 陌拜: nobody expected it.
        Cold,
        /// Follow-up 回访.
        FollowUp,
        /// Escorted visit 带看: a customer is brought to the sales site.
        Escorted,
        /// Dealer visit 经销商拜访.
        Dealer,
    }
    /// How a visit ended.
    Outcome {
        /// The person is interested.
        Interested,
        /// Nothing decided, worth another visit.
        Undecided,
        /// Not interested.
        NotInterested,
        /// Nobody was there.
        Absent,
        /// A deal came of it.
        Deal,
    }
    /// How the person is addressed.
    Gender {
        /// 女.
        Female,
        /// 男.
        Male,
    }
    /// What is for sale.
    ProductType {
        /// 高层.
        HighRise,
        /// 洋房.
        GardenHouse,
        /// 别墅.
        Villa,
    }
    /// What the person is to the head of the relation group. A family is one customer.
    Relation {
        /// The person who decides.
        Head,
        /// 配偶.
        Spouse,
        /// 父母.
        Parent,
        /// 子女.
        Child,
    }
    /// Why somebody would buy.
    PurchasePurpose {
        /// To live in 自住.
        Live,
        /// As an investment 投资.
        Invest,
        /// For the school district 学区.
        School,
        /// For parents 养老.
        Parents,
    }
    /// How far a lead has come (DOMAIN, "Lead").
    Stage {
        /// 报备.
        Registered,
        /// 到访.
        Arrived,
        /// 认筹.
        Reserved,
        /// 认购.
        Subscribed,
        /// 签约.
        Signed,
        /// 回款.
        Paid,
        /// 按揭: a fact about payment, not a step.
        Mortgage,
        /// The lead is lost, with a reason.
        Lost,
    }
    /// The channel through which a person was reached.
    ChannelSource {
        /// Property managers 物业.
        PropertyManager,
        /// Associations and chambers 协会商会.
        Association,
        /// Affiliated units 关联单位.
        AffiliatedUnit,
        /// Travel agencies 旅行社.
        TravelAgency,
        /// Branches 分支机构.
        Branch,
        /// Second-hand agencies 二手中介.
        SecondHandAgency,
        /// Community 社区.
        Community,
        /// Cold visit 陌拜.
        ColdVisit,
        /// Referral 老带新.
        Referral,
        /// Walk-in 自然到访.
        WalkIn,
    }
}
