//! What people saved, as they remember it themselves. Nothing in here is read from Daybook: a person knows what they
//! typed, and that the app said it was saved.

use std::collections::BTreeMap;

use sync_core::id::RecordId;

/// Something that somebody saved. Every text is unique in its run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A field was given a value.
    Field {
        /// Which field of the facts.
        field: &'static str,
        /// What it was given.
        value: String,
    },
    /// A phrase was added to the notes.
    Phrase(String),
    /// A follow-up was added.
    FollowUp(String),
    /// A stage was added, with this reason.
    Stage(String),
    /// The office named a consultant.
    Consultant(String),
}

impl What {
    /// The text by which it is recognised.
    pub fn words(&self) -> &str {
        match self {
            Self::Field { value: words, .. }
            | Self::Phrase(words)
            | Self::FollowUp(words)
            | Self::Stage(words)
            | Self::Consultant(words) => words,
        }
    }
}

/// One save on a phone: one tap on "save", one change, one line of its journal.
#[derive(Clone, Debug)]
pub struct Saved {
    /// On which phone.
    pub phone: usize,
    /// The how-manieth save on that phone, from 1.
    pub n: u64,
    /// About which record.
    pub record: RecordId,
    /// Whether it made the record.
    pub made: bool,
    /// What was in it.
    pub what: Vec<What>,
}

/// What head quarters wrote at the console.
#[derive(Clone, Debug)]
pub struct Corrected {
    /// About which record.
    pub record: RecordId,
    /// What.
    pub what: What,
}

/// Everything that was saved.
#[derive(Clone, Debug, Default)]
pub struct Diary {
    /// On phones, in order.
    pub saved: Vec<Saved>,
    /// At the console.
    pub corrected: Vec<Corrected>,
    counts: BTreeMap<usize, u64>,
    makers: BTreeMap<RecordId, usize>,
}

impl Diary {
    /// Notes a save on a phone.
    pub fn save(&mut self, phone: usize, record: RecordId, made: bool, what: Vec<What>) {
        let count = self.counts.entry(phone).or_default();
        *count += 1;
        if made {
            self.makers.insert(record, phone);
        }
        self.saved.push(Saved { phone, n: *count, record, made, what });
    }

    /// How often somebody saved on a phone.
    pub fn count(&self, phone: usize) -> u64 {
        self.counts.get(&phone).copied().unwrap_or(0)
    }

    /// On which phone a record was made.
    pub fn maker(&self, record: RecordId) -> Option<usize> {
        self.makers.get(&record).copied()
    }

    /// The records that were made, each with its phone.
    pub fn records(&self) -> impl Iterator<Item = (RecordId, usize)> {
        self.makers.iter().map(|(record, phone)| (*record, *phone))
    }
}
