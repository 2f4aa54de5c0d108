//! What the store knows of offices' days: what they count, and what was sealed of it.

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::civil::Date;
use rust_decimal::Decimal;
use sync_core::id::{DeviceId, OfficeId, OrganisationId, PersonId, RecordId, Signature};
use sync_core::record::Kind;
use sync_core::time::UnixMillis;

use super::{Device, DeviceReminder, Person, StoreError};

/// Something of a record that a business day counts beside the record itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactSort {
    /// 到访: a customer came to the sales site.
    Arrival,
    /// 认筹.
    Reserved,
    /// 认购.
    Subscribed,
    /// 签约.
    Signed,
    /// 回款.
    Paid,
    /// 按揭.
    Mortgage,
}

impl FactSort {
    /// All of them, in the order of a statement.
    pub const ALL: [Self; 6] =
        [Self::Arrival, Self::Reserved, Self::Subscribed, Self::Signed, Self::Paid, Self::Mortgage];

    /// Its name in the database and in statements.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Arrival => "arrival",
            Self::Reserved => "reserved",
            Self::Subscribed => "subscribed",
            Self::Signed => "signed",
            Self::Paid => "paid",
            Self::Mortgage => "mortgage",
        }
    }

    /// The sort of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.as_str() == name)
    }
}

/// The name of a fact within its record: the entry's identifier.
pub type FactId = [u8; 8];

/// The name of an arrival, which is a field and not an entry.
pub const ARRIVAL: FactId = [0; 8];

/// A fact, as the row of its record brings it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayFact {
    /// Which one of its record.
    pub entry: FactId,
    /// What it is.
    pub sort: FactSort,
    /// On which business day.
    pub day: Date,
    /// Yuan, where it is about money and the writer said how much.
    pub amount: Option<Decimal>,
    /// Who receives the customer.
    pub consultant: Option<String>,
}

/// A record that a day counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedRecord {
    /// Which one.
    pub record: RecordId,
    /// What it is about.
    pub kind: Kind,
    /// Who made it.
    pub by: PersonId,
    /// Bit set of its flags.
    pub flags: u64,
    /// In which statement it is sealed.
    pub sealed: Option<u32>,
}

/// A fact that a day counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedFact {
    /// Of which record.
    pub record: RecordId,
    /// The fact.
    pub fact: DayFact,
    /// In which statement it is sealed.
    pub sealed: Option<u32>,
}

/// A sealed statement of an office's day, or a supplement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Of which organisation.
    pub organisation: OrganisationId,
    /// Of which office.
    pub office: OfficeId,
    /// Of which business day.
    pub day: Date,
    /// 0 for the statement, 1 and more for its supplements.
    pub number: u32,
    /// When it was sealed.
    pub sealed_at: UnixMillis,
    /// By whom.
    pub person: PersonId,
    /// The signed bytes: a JSON object.
    pub body: String,
    /// The server's signature over them.
    pub signature: Signature,
}

/// What a statement counts: whole records, and facts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SealedItems {
    /// The records.
    pub records: Vec<RecordId>,
    /// The facts, each with its record.
    pub facts: Vec<(RecordId, FactId)>,
}

/// How an office's day stands, without looking into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayLine {
    /// Which office.
    pub office: OfficeId,
    /// How many records the day counts.
    pub records: u64,
    /// So many of them are in no statement.
    pub unsealed: u64,
    /// So many of the day's facts are in none: arrivals and money.
    pub unsealed_facts: u64,
    /// When it was closed.
    pub closed_at: Option<UnixMillis>,
    /// How many statements there are, supplements included.
    pub statements: u32,
}

/// A day of an office that somebody has still to see to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnfinishedDay {
    /// Which day.
    pub day: Date,
    /// Of which office.
    pub office: OfficeId,
    /// Whether it is closed; otherwise there are records, and no statement.
    pub closed: bool,
    /// So many records came late for the closed day, and are in no statement.
    pub records: u64,
    /// So many facts, too.
    pub facts: u64,
}

/// What a consultant has received of late.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Who.
    pub consultant: String,
    /// How many customers on the day in question.
    pub on_day: u32,
    /// On which day before it the last one; `None` if not for weeks.
    pub before: Option<Date>,
}

/// A turn of a rota that somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RotaTurn {
    /// Of which office.
    pub office: OfficeId,
    /// For the customer of which lead.
    pub record: RecordId,
    /// On which day they come.
    pub day: Date,
    /// From which day on it counts who received the last customer.
    pub since: Date,
    /// What time it is.
    pub now: UnixMillis,
}

/// What the store knows of offices' days. Every method that writes is durable when it returns.
#[async_trait]
pub trait DayStore: Send + Sync {
    /// The records that were made for an office on a day.
    async fn day_records(&self, office: OfficeId, day: Date) -> Result<Vec<CountedRecord>, StoreError>;
    /// The facts of an office's day.
    async fn day_facts(&self, office: OfficeId, day: Date) -> Result<Vec<CountedFact>, StoreError>;
    /// The people who belonged to an office on a day.
    async fn day_people(&self, office: OfficeId, day: Date) -> Result<Vec<Person>, StoreError>;
    /// The people who made the records of an office's day, wherever they belong.
    async fn day_makers(&self, office: OfficeId, day: Date) -> Result<Vec<Person>, StoreError>;
    /// The phones of those who belonged to an office on a day.
    async fn day_devices(&self, office: OfficeId, day: Date) -> Result<Vec<Device>, StoreError>;
    /// The phones of those who belonged to any office of an organisation on a day, each with that office.
    async fn day_devices_everywhere(
        &self,
        organisation: OrganisationId,
        day: Date,
    ) -> Result<Vec<(OfficeId, Device)>, StoreError>;
    /// The phones that wrote the records of an office's day, wherever they are now and whether they are cut off or not.
    async fn day_writers(&self, office: OfficeId, day: Date) -> Result<Vec<Device>, StoreError>;
    /// How a day stands in all offices of an organisation that have anything to do with it.
    async fn day_lines(&self, organisation: OrganisationId, day: Date) -> Result<Vec<DayLine>, StoreError>;
    /// Those of some days that are not finished at offices of an organisation, the latest first. What is late is told by
    /// its flag.
    async fn unfinished(&self, organisation: OrganisationId, days: &[Date]) -> Result<Vec<UnfinishedDay>, StoreError>;
    /// The statements of an office's day, by number.
    async fn statements(&self, office: OfficeId, day: Date) -> Result<Vec<Statement>, StoreError>;
    /// All statements of an organisation, by office, day and number, after `after`.
    async fn statements_after(
        &self,
        organisation: OrganisationId,
        after: Option<(OfficeId, Date, u32)>,
        limit: u32,
    ) -> Result<Vec<Statement>, StoreError>;
    /// How many statements there are of each day that has any.
    async fn sealed_days(&self) -> Result<HashMap<(OfficeId, Date), u32>, StoreError>;
    /// Keeps a statement, with what it counts. [`StoreError::Conflict`] unless it is the next of its day, or if another
    /// one counts something of it already; then nothing is kept.
    async fn seal(&self, statement: &Statement, items: &SealedItems) -> Result<(), StoreError>;
    /// The consultants of an office, in the order of its rota.
    async fn consultants(&self, office: OfficeId) -> Result<Vec<String>, StoreError>;
    /// Sets the consultants of an office.
    async fn set_consultants(&self, office: OfficeId, names: &[String]) -> Result<(), StoreError>;
    /// Asks devices for a day; whatever they were asked for before is forgotten.
    async fn remind(&self, devices: &[DeviceId], reminder: &DeviceReminder) -> Result<(), StoreError>;
    /// A device has what it was asked until `reminded_at`. What was asked later is on its way still, and the first time that
    /// it says so counts.
    async fn reminder_reached(
        &self,
        device: DeviceId,
        reminded_at: UnixMillis,
        now: UnixMillis,
    ) -> Result<(), StoreError>;
    /// Takes the next turn of an office's rota for a customer whose arrival is written afterwards; `None` without
    /// consultants. Nobody else gets it, also at the same moment at another server.
    async fn take_turn(&self, turn: &RotaTurn) -> Result<Option<String>, StoreError>;
}
