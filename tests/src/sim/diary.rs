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

/// Where a person may expect what they saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Their phone has it.
    OnPhone,
    /// Their phone was set back to a time before it, or is gone; the server had it then.
    OnServer,
    /// Their phone was told to forget it once a backup held it: however far the server goes back, it is there.
    BackedUp,
    /// Their phone was set back before it could send it, or the server after that: nobody can have it any more.
    Nowhere,
}

/// One save on a phone: one tap on "save", one change, one line of its journal.
#[derive(Clone, Debug)]
pub struct Saved {
    /// On which phone.
    pub phone: usize,
    /// About which record.
    pub record: RecordId,
    /// Whether it made the record.
    pub made: bool,
    /// What was in it.
    pub what: Vec<What>,
    /// Where it has to be.
    pub kept: Kept,
}

impl Saved {
    /// The text by which it is recognised.
    pub fn words(&self) -> &str {
        self.what.first().map(What::words).unwrap_or_default()
    }
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
    /// The record of a device that lies.
    pub foreign: Option<RecordId>,
    /// By their words: about which record they are.
    places: BTreeMap<String, RecordId>,
    makers: BTreeMap<RecordId, usize>,
}

impl Diary {
    /// Notes a save on a phone.
    pub fn save(&mut self, phone: usize, record: RecordId, made: bool, what: Vec<What>) {
        if made {
            self.makers.insert(record, phone);
        }
        self.places.extend(what.iter().map(|what| (what.words().to_owned(), record)));
        self.saved.push(Saved { phone, record, made, what, kept: Kept::OnPhone });
    }

    /// About which record somebody wrote these words.
    pub fn place_of(&self, words: &str) -> Option<RecordId> {
        self.places.get(words).copied()
    }

    /// On which phone a record was made.
    pub fn maker(&self, record: RecordId) -> Option<usize> {
        self.makers.get(&record).copied()
    }

    /// The newest save on a phone.
    pub fn last_of(&self, phone: usize) -> Option<&Saved> {
        self.saved.iter().rev().find(|saved| saved.phone == phone)
    }

    /// The records that were made, each with its phone.
    pub fn records(&self) -> impl Iterator<Item = (RecordId, usize)> {
        self.makers.iter().map(|(record, phone)| (*record, *phone))
    }
}

/// The words of people in bytes: `p`, the phone, `w`, a number, a full stop.
pub fn words_in(bytes: &[u8]) -> Vec<String> {
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = bytes[at..].iter().position(|byte| *byte == b'p') {
        let begin = at + start;
        at = begin + 1;
        let phone = digits(at);
        if phone == 0 || bytes.get(at + phone) != Some(&b'w') {
            continue;
        }
        let number = digits(at + phone + 1);
        let end = at + phone + 1 + number;
        if number > 0 && bytes.get(end) == Some(&b'.') {
            found.push(String::from_utf8_lossy(&bytes[begin..=end]).into_owned());
            at = end + 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_bytes() {
        assert_eq!(words_in(b"xp1w22.p3w4.p5wp6w7.pw1.p8w9"), ["p1w22.", "p3w4.", "p6w7."]);
    }
}
