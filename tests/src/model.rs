//! The demonstration's own memory of who saved what, kept beside Daybook and never read from it.
//!
//! A write knows its [`Chapter`]. Between two chapters everybody who writes in the later one has received everything
//! of the earlier, so a write overwrites those of earlier chapters and the same person's of its own chapter, and is
//! concurrent to other people's of its own chapter. That is all it takes to say how every field has to read.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sync_core::id::{PersonId, RecordId};
use sync_core::record::Kind;
use sync_core::record::entry::{FollowUpRequest, StageRequest};
use sync_core::record::facts::Write;
use sync_core::record::review::ReviewState;
use sync_core::record::view::RecordFacts;

/// A stretch of the day in which nobody hears of anybody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chapter {
    /// Until the short sync at noon.
    Morning,
    /// From noon to the storm.
    Afternoon,
    /// Supervisors settle conflicts.
    Settling,
    /// Promoters correct what came back.
    Correction,
    /// Odd things are saved on other phones.
    Night,
}

/// A value that somebody wrote to a field.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// When.
    pub chapter: Chapter,
    /// By whom.
    pub by: PersonId,
    /// What, as JSON; null if the field was emptied.
    pub value: Value,
}

/// Everything that was saved about one record.
#[derive(Clone, Debug, PartialEq)]
pub struct Remembered {
    /// What it is about.
    pub kind: Kind,
    /// Who made it.
    pub owner: PersonId,
    /// Scalars and keys of maps (`phones/+86...`), each with its writes in order.
    pub fields: BTreeMap<String, Vec<Written>>,
    /// Texts that merge by character: by field, what was typed in one go.
    pub phrases: Vec<(String, String)>,
    /// How often somebody added this follow-up.
    pub follow_ups: BTreeMap<(PersonId, String), u32>,
    /// How often somebody added this stage.
    pub stages: BTreeMap<(PersonId, String), u32>,
    /// The last verdict of head quarters.
    pub review: ReviewState,
}

impl Remembered {
    /// The values with which a field has to read: one, or several that are in conflict. The last writes of the
    /// newest chapter that wrote it, one for each person.
    pub fn standing(&self, field: &str) -> Vec<&Written> {
        let writes = self.fields.get(field).map(Vec::as_slice).unwrap_or_default();
        let newest = writes.iter().map(|write| write.chapter).max();
        let last: BTreeMap<PersonId, &Written> =
            writes.iter().filter(|write| Some(write.chapter) == newest).map(|write| (write.by, write)).collect();
        last.into_values().collect()
    }
}

/// What somebody adds to the memory.
#[derive(Clone, Debug, PartialEq)]
enum Note {
    Made { kind: Kind },
    Field { field: String, value: Value },
    Phrase { field: String, text: String },
    FollowUp(String),
    Stage(String),
    Verdict(ReviewState),
}

/// What one person saved, in order.
#[derive(Clone, Debug)]
pub struct Diary {
    person: PersonId,
    lines: Vec<(RecordId, Chapter, Note)>,
}

impl Diary {
    /// An empty diary.
    pub fn of(person: PersonId) -> Self {
        Self { person, lines: Vec::new() }
    }

    /// How many things were written.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Which records this person wrote to.
    pub fn records(&self) -> BTreeSet<RecordId> {
        self.lines.iter().map(|(id, ..)| *id).collect()
    }

    /// A record was made.
    pub fn made<F: RecordFacts>(&mut self, id: RecordId, chapter: Chapter, facts: &F) {
        self.lines.push((id, chapter, Note::Made { kind: F::KIND }));
        for (field, write) in facts.writes() {
            self.wrote(id, chapter, field, write);
        }
    }

    /// Fields were edited. Texts are not: see [`Diary::typed`].
    pub fn edited<F: RecordFacts>(&mut self, id: RecordId, chapter: Chapter, edits: &[F::Edit]) {
        for (field, write) in edits.iter().map(F::write) {
            self.wrote(id, chapter, field, write);
        }
    }

    /// A field was given a value through the API of head quarters.
    pub fn set(&mut self, id: RecordId, chapter: Chapter, field: &str, value: Value) {
        self.lines.push((id, chapter, Note::Field { field: field.to_owned(), value }));
    }

    /// Text was added to a field that merges by character.
    pub fn typed(&mut self, id: RecordId, chapter: Chapter, field: &str, text: &str) {
        self.lines.push((id, chapter, Note::Phrase { field: field.to_owned(), text: text.to_owned() }));
    }

    /// A follow-up was added.
    pub fn followed_up(&mut self, id: RecordId, chapter: Chapter, request: &FollowUpRequest) {
        self.lines.push((id, chapter, Note::FollowUp(request.text.clone())));
    }

    /// A stage was reached.
    pub fn reached(&mut self, id: RecordId, chapter: Chapter, request: &StageRequest) {
        self.lines.push((id, chapter, Note::Stage(request.stage.as_str().to_owned())));
    }

    /// Head quarters decided.
    pub fn decided(&mut self, id: RecordId, chapter: Chapter, state: ReviewState) {
        self.lines.push((id, chapter, Note::Verdict(state)));
    }

    fn wrote(&mut self, id: RecordId, chapter: Chapter, field: &str, write: Write) {
        let json = |value: Option<_>| serde_json::to_value(value).unwrap_or_default();
        match write {
            Write::Put(value) => self.set(id, chapter, field, json(value)),
            Write::Key(key, value) => self.set(id, chapter, &format!("{field}/{key}"), json(value)),
            Write::Text(text) => self.typed(id, chapter, field, &text),
        }
    }
}

/// Everything that everybody saved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    /// By record.
    pub records: BTreeMap<RecordId, Remembered>,
}

impl Model {
    /// Puts diaries together.
    pub fn of<'a>(diaries: impl IntoIterator<Item = &'a Diary>) -> Self {
        let mut model = Self::default();
        let diaries: Vec<&Diary> = diaries.into_iter().collect();
        // Records first: head quarters' diary may stand before that of the promoter who made what it is about.
        for (person, id, note) in
            diaries.iter().flat_map(|diary| diary.lines.iter().map(|line| (diary.person, line.0, &line.2)))
        {
            if let Note::Made { kind } = note {
                let fresh = Remembered {
                    kind: *kind,
                    owner: person,
                    fields: BTreeMap::new(),
                    phrases: Vec::new(),
                    follow_ups: BTreeMap::new(),
                    stages: BTreeMap::new(),
                    review: ReviewState::Received,
                };
                model.records.insert(id, fresh);
            }
        }
        for diary in diaries {
            for (id, chapter, note) in &diary.lines {
                if let Some(record) = model.records.get_mut(id) {
                    record.take(diary.person, *chapter, note);
                }
            }
        }
        model
    }

    /// Fields that have to be in conflict.
    pub fn conflicts(&self) -> BTreeSet<(RecordId, String)> {
        let fields =
            self.records.iter().flat_map(|(id, record)| record.fields.keys().map(move |field| (id, record, field)));
        fields
            .filter(|(_, record, field)| record.standing(field).len() > 1)
            .map(|(id, _, field)| (*id, field.clone()))
            .collect()
    }
}

impl Remembered {
    fn take(&mut self, by: PersonId, chapter: Chapter, note: &Note) {
        match note {
            Note::Made { .. } => {}
            Note::Field { field, value } => {
                self.fields.entry(field.clone()).or_default().push(Written { chapter, by, value: value.clone() });
            }
            Note::Phrase { field, text } => self.phrases.push((field.clone(), text.clone())),
            Note::FollowUp(text) => *self.follow_ups.entry((by, text.clone())).or_default() += 1,
            Note::Stage(stage) => *self.stages.entry((by, stage.clone())).or_default() += 1,
            Note::Verdict(state) => self.review = *state,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use sync_core::record::lead::{LeadEdit, LeadFacts};

    use super::*;

    fn person(n: u8) -> PersonId {
        PersonId::from([n; 16])
    }

    #[test]
    fn writes_of_one_chapter_are_concurrent_and_later_chapters_settle_them() {
        let id = RecordId::from([9; 16]);
        let (mut promoter, mut supervisor) = (Diary::of(person(1)), Diary::of(person(2)));
        promoter.made(id, Chapter::Morning, &LeadFacts { intent_area: Some("a".into()), ..LeadFacts::default() });
        let edit = |text: &str| [LeadEdit::IntentArea(Some(text.to_owned()))];
        promoter.edited::<LeadFacts>(id, Chapter::Afternoon, &edit("b"));
        promoter.edited::<LeadFacts>(id, Chapter::Afternoon, &edit("c"));
        supervisor.edited::<LeadFacts>(id, Chapter::Afternoon, &edit("d"));
        let model = Model::of([&supervisor, &promoter]);
        let values: Vec<_> =
            model.records[&id].standing("intent_area").iter().map(|write| write.value.clone()).collect();
        assert_eq!(values, [json!("c"), json!("d")]);
        assert_eq!(model.conflicts().len(), 1);

        supervisor.edited::<LeadFacts>(id, Chapter::Settling, &edit("e"));
        let model = Model::of([&promoter, &supervisor]);
        assert_eq!(model.records[&id].standing("intent_area").len(), 1);
        assert!(model.conflicts().is_empty());
    }
}
