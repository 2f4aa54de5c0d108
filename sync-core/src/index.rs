//! The line of a record in lists and searches, on phones and on the server alike.

use jiff::civil::Date;
use serde::Serialize;

use crate::id::{OfficeId, PersonId, ProjectId, RecordId, TeamId};
use crate::record::Kind;
use crate::record::entry::Stage;
use crate::record::facts::Facts as _;
use crate::record::review::ReviewState;
use crate::record::scalar::{FieldValue as _, Scalar};
use crate::record::view::AnyView;
use crate::time::UnixMillis;

/// A record in a list: everything that lists show, sort and filter by, so that no list loads a document.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Which record.
    pub id: RecordId,
    /// What it is about.
    pub kind: Kind,
    /// Who owns it now.
    pub owner: PersonId,
    /// The office to which it belongs now.
    pub office: OfficeId,
    /// The team to which it belongs now.
    pub team: Option<TeamId>,
    /// The development it is about.
    pub project: Option<ProjectId>,
    /// The business day.
    pub day: Date,
    /// When it was made, by the device's wall clock.
    pub captured: UnixMillis,
    /// What to call it: the person, outlet or form.
    pub title: String,
    /// A second line: purpose, intent or respondent.
    pub subtitle: String,
    /// The current stage of a lead.
    pub stage: Option<Stage>,
    /// Where it stands in review.
    pub review: ReviewState,
    /// Why it came back or was refused.
    pub review_reason: Option<String>,
    /// How many fields have concurrent values.
    pub conflicts: u32,
    /// How complete a lead is, 0 to 100.
    pub completeness: Option<u8>,
    /// What a search finds it by; see [`terms`].
    #[serde(skip)]
    pub search: String,
}

impl Row {
    /// The line of a record.
    pub fn of(view: &AnyView) -> Self {
        let frame = view.frame();
        let (title, subtitle, words, completeness) = match view {
            AnyView::Visit(view) => {
                let facts = &view.facts;
                let title = first(&[&facts.outlet, &facts.partner, &facts.person]);
                (title, first(&[&facts.purpose, &facts.next_action]), words(&facts.writes()), None)
            }
            AnyView::Survey(view) => {
                let facts = &view.facts;
                (first(&[&facts.form]), first(&[&facts.respondent]), words(&facts.writes()), None)
            }
            AnyView::Lead(view) => {
                let facts = &view.facts;
                let phone = facts.phones.keys().next().map(ToString::to_string);
                let subtitle = first(&[&facts.intent_area, &phone]);
                (first(&[&facts.name, &phone]), subtitle, words(&facts.writes()), Some(facts.completeness()))
            }
        };
        Self {
            id: frame.header.id,
            kind: frame.header.kind,
            owner: frame.owner(),
            office: frame.office_id(),
            team: frame.team_id(),
            project: frame.header.project,
            day: frame.header.day(),
            captured: frame.header.captured.wall,
            title,
            subtitle,
            stage: frame.stage.clone(),
            review: frame.review.state,
            review_reason: frame.review.reason.clone(),
            conflicts: u32::try_from(frame.conflicts.len()).unwrap_or(u32::MAX),
            completeness,
            search: terms(&words),
        }
    }
}

fn first(candidates: &[&Option<String>]) -> String {
    candidates.iter().find_map(|text| text.as_ref().filter(|text| !text.is_empty())).cloned().unwrap_or_default()
}

/// The fields by which people look for a record: names, places, numbers and notes, not choices and times.
fn words(writes: &[(&'static str, crate::record::facts::Write)]) -> String {
    use crate::record::facts::Write;
    const NAMES_AND_NOTES: &[&str] = &[
        "partner",
        "outlet",
        "person",
        "companions",
        "notes",
        "respondent",
        "interviewer_notes",
        "name",
        "intent_area",
        "phones",
    ];
    let mut text = String::new();
    for (field, write) in writes.iter().filter(|(field, _)| NAMES_AND_NOTES.contains(field)) {
        let found = match write {
            Write::Put(Some(Scalar::Text(value))) | Write::Text(value) => value.as_str(),
            Write::Key(key, _) if *field == "phones" => key.strip_prefix("+86").unwrap_or(key),
            _ => continue,
        };
        text.push_str(found);
        text.push(' ');
    }
    text
}

/// Cuts text into terms for a full-text index that knows words between spaces only: every Chinese character is
/// a term of its own (a name of two characters must be findable by either), other letters and digits stay
/// together in lower case, and a number of seven or more digits is also found by its last four.
pub fn terms(text: &str) -> String {
    let mut terms = String::with_capacity(text.len() * 2);
    let mut word = String::new();
    for c in text.chars() {
        if is_ideograph(c) {
            end_word(&mut terms, &mut word);
            terms.push(c);
            terms.push(' ');
        } else if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        } else {
            end_word(&mut terms, &mut word);
        }
    }
    end_word(&mut terms, &mut word);
    terms.truncate(terms.trim_end().len());
    terms
}

fn end_word(terms: &mut String, word: &mut String) {
    if word.is_empty() {
        return;
    }
    terms.push_str(word);
    terms.push(' ');
    if word.len() >= 7 && word.bytes().all(|b| b.is_ascii_digit()) {
        terms.push_str(&word[word.len() - 4..]);
        terms.push(' ');
    }
    word.clear();
}

/// Whether a character is a term of its own.
pub fn is_ideograph(c: char) -> bool {
    matches!(u32::from(c), 0x3040..=0x30ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3134f)
}

/// One phrase of a search: neighbouring terms that must stand together, the last one perhaps unfinished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// The terms in order.
    pub terms: Vec<String>,
    /// Whether the last term may be the beginning of a longer one: not so for ideographs, which are whole.
    pub prefix: bool,
}

/// What somebody typed into a search field, as phrases that must all be found.
pub fn phrases(typed: &str) -> Vec<Phrase> {
    typed
        .split_whitespace()
        .filter_map(|word| {
            let mut found = Vec::new();
            let mut current = String::new();
            for c in word.chars() {
                if is_ideograph(c) {
                    found.extend((!current.is_empty()).then(|| std::mem::take(&mut current)));
                    found.push(c.to_string());
                } else if c.is_alphanumeric() {
                    current.extend(c.to_lowercase());
                } else {
                    found.extend((!current.is_empty()).then(|| std::mem::take(&mut current)));
                }
            }
            let prefix = !current.is_empty();
            found.extend(prefix.then_some(current));
            (!found.is_empty()).then_some(Phrase { terms: found, prefix })
        })
        .collect()
}

/// Whether terms, as [`terms`] cut them, contain a phrase.
pub fn contains(terms: &str, phrase: &Phrase) -> bool {
    let terms: Vec<&str> = terms.split(' ').collect();
    terms.windows(phrase.terms.len()).any(|window| {
        let last = window.len() - 1;
        window.iter().zip(&phrase.terms).enumerate().all(|(i, (found, wanted))| {
            if i == last && phrase.prefix { found.starts_with(wanted.as_str()) } else { found == wanted }
        })
    })
}

impl Row {
    /// The stage as it stands in databases.
    pub fn stage_text(&self) -> Option<String> {
        match self.stage.as_ref().map(Stage::to_scalar) {
            Some(Scalar::Text(text)) => Some(text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_any_character_and_numbers_by_their_end() {
        let indexed = terms("张伟明 Hotel-Sichuan 13312343333");
        assert_eq!(indexed, "张 伟 明 hotel sichuan 13312343333 3333");
        for typed in ["张", "伟明", "张伟明", "sich", "3333", "1331", "伟明 hotel"] {
            assert!(phrases(typed).iter().all(|phrase| contains(&indexed, phrase)), "{typed}");
        }
        for typed in ["明伟", "张明", "otel", "hotel 王"] {
            assert!(!phrases(typed).iter().all(|phrase| contains(&indexed, phrase)), "{typed}");
        }
        assert!(phrases(" -- ").is_empty());
    }
}
