//! The lists that can be taken away: the columns of each, and what stands in them.

use sync_core::record::survey::Answer;

use super::{Cell, Names, Row};
use crate::export::words;
use crate::photo::album::{Missing, Named};
use crate::service::days::{BoardDevice, BoardLine};
use crate::service::strays::Described;
use crate::store::days::{DayLine, UnfinishedDay};
use crate::store::leads::Received;
use crate::store::photos::Bringer;
use crate::store::trail::TrailEntry;
use crate::store::{Device, HeldGroup, Office, Person, RecordLine, SetAside, Team};
use crate::survey::{AnswerCount, FormFigures};

/// Records.
pub const RECORDS: &[&str] = &[
    "id",
    "kind",
    "title",
    "subtitle",
    "day",
    "captured",
    "owner",
    "office",
    "team",
    "project",
    "state",
    "reason",
    "stage",
    "completeness",
    "conflicts",
    "flags",
    "changes",
    "updated",
];

/// Leads that name the same number: those of a case have its number, the number of cases before it.
pub const CASES: &[&str] =
    &["case", "elsewhere", "id", "title", "captured", "owner", "office", "project", "stage", "state"];

/// People.
pub const PEOPLE: &[&str] = &["person", "name", "role", "office", "team", "active"];

/// Phones.
pub const DEVICES: &[&str] = &[
    "device",
    "phone",
    "name",
    "office",
    "app",
    "enrolled",
    "last_exchange",
    "skew_seconds",
    "unsent_records",
    "unsent_changes",
    "unsent_photos",
    "unsent_since",
    "revoked",
    "deposited",
    "wipe_ordered",
    "wiped",
];

/// Changes that were set aside.
pub const SET_ASIDE: &[&str] = &["line", "received_at", "standing", "code", "id", "name", "device", "bytes"];

/// Changes that phones brought back and nobody can place.
pub const STRAYS: &[&str] = &["line", "since", "id", "fields", "name", "author_known", "device", "bytes"];

/// Photos, each with the newest record that names it; those that are not here last.
pub const PHOTOS: &[&str] = &[
    "photo",
    "received_at",
    "standing",
    "id",
    "kind",
    "title",
    "captured",
    "owner",
    "office",
    "team",
    "naming_records",
    "other_records",
    "brought_by",
    "phone",
    "media_type",
    "bytes",
];

/// What surveys came to: a row for each of the most frequent answers to a question.
pub const ANSWERS: &[&str] = &["form", "version", "filled_in", "question", "answered", "answer", "count"];

/// Amendments that wait for a decision.
pub const HELD: &[&str] = &["id", "title", "name", "device", "held_changes", "since"];

/// A day in each office.
pub const DAYS: &[&str] =
    &["office", "closed", "statements", "records", "unsealed", "unsealed_facts", "missing_phones"];

/// Earlier days that somebody has still to see to.
pub const UNFINISHED: &[&str] = &["day", "office", "day_closed", "late_records", "late_facts"];

/// How many leads stand at each stage.
pub const STAGES: &[&str] = &["stage", "leads"];

/// Who received how many customers.
pub const RECEIVED: &[&str] = &["office", "consultant", "arrivals"];

/// Teams.
pub const TEAMS: &[&str] = &["team", "office"];

/// The board of an office's day: a row for each phone, and for each person without one.
pub const BOARD: &[&str] = &[
    "name",
    "team",
    "visits",
    "surveys",
    "leads",
    "flagged",
    "late",
    "phone",
    "absence",
    "last_exchange",
    "unsent_changes",
    "reminded",
    "reminder_reached",
];

/// The audit trail.
pub const TRAIL: &[&str] = &["entry", "at", "name", "origin", "act", "subject", "detail"];

/// All of them.
pub const ALL: [&[&str]; 16] = [
    RECORDS, PHOTOS, ANSWERS, CASES, STAGES, RECEIVED, PEOPLE, TEAMS, DEVICES, SET_ASIDE, STRAYS, HELD, DAYS,
    UNFINISHED, BOARD, TRAIL,
];

impl Names {
    /// A row of [`RECORDS`].
    pub fn record(&self, line: &RecordLine) -> Row {
        let row = &line.row;
        let office = Some(row.office);
        vec![
            Cell::text(&row.id.to_string()),
            self.word(row.kind.as_str()),
            Cell::text(&row.title),
            Cell::text(&row.subtitle),
            Cell::text(&row.day.to_string()),
            self.moment(Some(row.captured), office),
            self.person(row.owner),
            self.office(office),
            self.team(row.team),
            self.project(row.project),
            self.word(row.review.as_str()),
            Cell::maybe(row.review_reason.as_deref()),
            row.stage_text().map_or(Cell::Empty, |stage| self.word(&stage)),
            row.completeness.map_or(Cell::Empty, Cell::number),
            Cell::number(row.conflicts),
            self.flags(line.flags),
            Cell::number(line.changes),
            self.moment(Some(line.updated_at), office),
        ]
    }

    /// A row of [`CASES`]: a lead of the case of this number, of which so many leads are not shown.
    pub fn lead_of_case(&self, case: u64, elsewhere: u32, line: &RecordLine) -> Row {
        let row = &line.row;
        vec![
            Cell::Number(case),
            Cell::number(elsewhere),
            Cell::text(&row.id.to_string()),
            Cell::text(&row.title),
            self.moment(Some(row.captured), Some(row.office)),
            self.person(row.owner),
            self.office(Some(row.office)),
            self.project(row.project),
            row.stage_text().map_or(Cell::Empty, |stage| self.word(&stage)),
            self.word(row.review.as_str()),
        ]
    }

    /// A row of [`PEOPLE`].
    pub fn somebody(&self, person: &Person) -> Row {
        vec![
            Cell::text(&person.id.to_string()),
            Cell::text(&person.name),
            self.word(person.role.as_str()),
            self.office(person.office),
            self.team(person.team),
            self.yes(person.active),
        ]
    }

    /// A row of [`DEVICES`].
    pub fn device(&self, device: &Device) -> Row {
        let office = device.person.office;
        let backlog = &device.backlog;
        vec![
            Cell::text(&device.id.to_string()),
            Cell::text(&device.label),
            Cell::text(&device.person.name),
            self.office(office),
            Cell::text(&device.app),
            self.moment(Some(device.enrolled_at), office),
            self.moment(device.last_exchange_at, office),
            // A clock may be slow; cells hold no negative numbers.
            device.skew_ms.map_or(Cell::Empty, |skew| Cell::Text((skew / 1_000).to_string())),
            Cell::number(backlog.records),
            Cell::number(backlog.changes),
            Cell::number(backlog.photos),
            self.moment(backlog.oldest, office),
            self.moment(device.revoked_at, office),
            self.moment(device.deposited_at, office),
            self.moment(device.wipe_ordered_at, office),
            self.moment(device.wiped_at, office),
        ]
    }

    /// A row of [`SET_ASIDE`].
    pub fn set_aside(&self, line: &SetAside) -> Row {
        vec![
            Cell::text(&line.id.to_string()),
            self.moment(Some(line.received_at), self.office_of(line.person)),
            self.word(line.state.as_str()),
            Cell::text(&line.code),
            Cell::text(&line.record.to_string()),
            Cell::text(&line.person_name),
            Cell::maybe(line.device.map(|device| device.to_string()).as_deref()),
            Cell::Number(line.bytes),
        ]
    }

    /// A row of [`STRAYS`].
    pub fn stray(&self, Described { stray, fields }: &Described) -> Row {
        let mut names: Vec<&str> = fields.iter().map(|line| line.field.as_str()).collect();
        names.dedup();
        let author = stray.author.or(stray.change.claimed);
        vec![
            Cell::text(&stray.id.to_string()),
            self.moment(Some(stray.at), author.and_then(|person| self.office_of(person))),
            Cell::text(&stray.change.record.to_string()),
            Cell::text(&names.join(words::between(self.language))),
            author.map_or(Cell::Empty, |person| self.person(person)),
            self.yes(stray.author.is_some()),
            Cell::text(&stray.offered_by.to_string()),
            Cell::number(stray.change.raw.len() as u64),
        ]
    }

    /// A row of [`PHOTOS`], with who brought it for the newest of its records.
    pub fn photo(&self, Named { photo, records, others }: &Named, bringer: Option<&Bringer>) -> Row {
        let office = records.first().map(|line| line.row.office);
        let mut row = vec![
            Cell::text(&photo.hash.to_string()),
            self.moment(Some(photo.stored_at), office),
            self.word(if photo.preview { "uploaded" } else { "no_preview" }),
        ];
        row.extend(self.naming(records, *others));
        row.extend([
            bringer.map_or(Cell::Empty, |bringer| self.person(bringer.person)),
            Cell::maybe(bringer.map(|bringer| bringer.device_label.as_str())),
            Cell::text(&photo.media_type),
            Cell::number(photo.object_bytes),
        ]);
        row
    }

    /// A row of [`PHOTOS`] for one that is not here.
    pub fn missing_photo(&self, Missing { hash, records, others }: &Missing) -> Row {
        let mut row = vec![Cell::text(&hash.to_string()), Cell::Empty, self.word("missing")];
        row.extend(self.naming(records, *others));
        row.extend([const { Cell::Empty }; 4]);
        row
    }

    /// The newest of the records that name a photo, and how many there are.
    fn naming(&self, records: &[RecordLine], others: u32) -> [Cell; 9] {
        let ids: Vec<String> = records.iter().skip(1).map(|line| line.row.id.to_string()).collect();
        let count = Cell::number(records.len() as u64 + u64::from(others));
        let Some(RecordLine { row, .. }) = records.first() else { return [const { Cell::Empty }; 9] };
        let office = Some(row.office);
        [
            Cell::text(&row.id.to_string()),
            self.word(row.kind.as_str()),
            Cell::text(&row.title),
            self.moment(Some(row.captured), office),
            self.person(row.owner),
            self.office(office),
            self.team(row.team),
            count,
            Cell::text(&ids.join(" ")),
        ]
    }

    /// The rows of [`ANSWERS`] for a form.
    pub fn answers(&self, form: &FormFigures) -> Vec<Row> {
        let FormFigures { form, version, surveys, questions } = form;
        let rows = questions.iter().flat_map(|question| {
            let row = move |answer: Cell, count: u32| {
                vec![
                    Cell::text(form),
                    Cell::text(version),
                    Cell::number(*surveys),
                    Cell::text(&question.question),
                    Cell::number(question.answered),
                    answer,
                    Cell::number(count),
                ]
            };
            let counted =
                question.answers.iter().map(move |AnswerCount { answer, count }| row(self.answer(answer), *count));
            counted.chain((question.others > 0).then(|| row(self.word("other_answers"), question.others)))
        });
        rows.collect()
    }

    fn answer(&self, answer: &Answer) -> Cell {
        match answer {
            Answer::Bool(is) => self.yes(*is),
            Answer::Int(number) => u64::try_from(*number).map_or_else(|_| Cell::Text(number.to_string()), Cell::Number),
            Answer::Text(text) => Cell::text(text),
        }
    }

    /// A row of [`HELD`].
    pub fn held(&self, group: &HeldGroup) -> Row {
        vec![
            Cell::text(&group.record.to_string()),
            Cell::maybe(group.title.as_deref()),
            Cell::text(&group.person_name),
            Cell::text(&group.device_label),
            Cell::number(group.held),
            self.moment(Some(group.since), self.office_of(group.person)),
        ]
    }

    /// A row of [`DAYS`].
    pub fn day(&self, office: &Office, line: &DayLine, missing: u32) -> Row {
        vec![
            Cell::text(&office.name),
            self.moment(line.closed_at, Some(office.id)),
            Cell::number(line.statements),
            Cell::Number(line.records),
            Cell::Number(line.unsealed),
            Cell::Number(line.unsealed_facts),
            Cell::number(missing),
        ]
    }

    /// A row of [`UNFINISHED`].
    pub fn unfinished(&self, office: &Office, line: &UnfinishedDay) -> Row {
        vec![
            Cell::text(&line.day.to_string()),
            Cell::text(&office.name),
            self.yes(line.closed),
            Cell::Number(line.records),
            Cell::Number(line.facts),
        ]
    }

    /// A row of [`STAGES`].
    pub fn stage(&self, stage: Option<&str>, leads: u64) -> Row {
        vec![stage.map_or(Cell::Empty, |stage| self.word(stage)), Cell::Number(leads)]
    }

    /// A row of [`RECEIVED`].
    pub fn received(&self, Received { office, consultant, arrivals }: &Received) -> Row {
        vec![self.office(Some(*office)), Cell::maybe(consultant.as_deref()), Cell::Number(*arrivals)]
    }

    /// A row of [`TEAMS`].
    pub fn one_team(&self, team: &Team) -> Row {
        vec![Cell::text(&team.name), self.office(Some(team.office))]
    }

    /// The rows of [`BOARD`] for a person.
    pub fn board(&self, office: &Office, line: &BoardLine) -> Vec<Row> {
        let counts = line.counts;
        let somebody = [
            Cell::text(&line.person.name),
            self.team(line.person.team),
            Cell::number(counts.visit),
            Cell::number(counts.survey),
            Cell::number(counts.lead),
            Cell::number(counts.flagged),
            Cell::number(line.late),
        ];
        let row = |phone: [Cell; 6]| somebody.iter().cloned().chain(phone).collect();
        let phone = |BoardDevice { device, absence, reminder }: &BoardDevice| {
            let here = Some(office.id);
            row([
                Cell::text(&device.label),
                absence.map_or(Cell::Empty, |absence| self.word(absence.as_str())),
                self.moment(device.last_exchange_at, here),
                Cell::number(device.backlog.changes),
                self.moment(reminder.map(|reminder| reminder.at), here),
                self.moment(reminder.and_then(|reminder| reminder.reached_at), here),
            ])
        };
        if line.devices.is_empty() {
            return vec![row([const { Cell::Empty }; 6])];
        }
        line.devices.iter().map(phone).collect()
    }

    /// A row of [`TRAIL`].
    pub fn entry(&self, TrailEntry { no, entry, .. }: &TrailEntry) -> Row {
        vec![
            Cell::Number(*no),
            self.moment(Some(entry.at), None),
            entry.person.map_or_else(|| self.word("machine"), |id| self.person(id)),
            Cell::text(&entry.origin),
            Cell::text(&entry.act),
            Cell::text(&entry.subject),
            Cell::text(if entry.detail == "null" { "" } else { &entry.detail }),
        ]
    }
}
