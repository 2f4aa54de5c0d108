//! Holds what the server and the phones say against what people saved.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;
use sync_core::id::{PersonId, RecordId};
use sync_core::record::Kind;

use crate::model::{Model, Remembered};

/// A record as the server shows it to head quarters.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    /// Which record.
    pub id: RecordId,
    /// How it reads: header, facts, entries, office, review and conflicts.
    pub view: Value,
    /// What each change did to each field.
    pub history: Vec<Value>,
    /// Who the actors in it are.
    pub authors: BTreeMap<String, PersonId>,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Something that was saved is nowhere.
    Missing,
    /// Something is there more often than it was saved.
    Duplicated,
    /// Something reads otherwise than it should.
    Different,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub fault: Fault,
    /// About which record.
    pub record: RecordId,
    /// Where in it, without its content.
    pub place: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fault = match self.fault {
            Fault::Missing => "missing",
            Fault::Duplicated => "duplicated",
            Fault::Different => "different",
        };
        write!(f, "{fault}: {} in record {}", self.place, self.record)
    }
}

/// Everything that is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings(pub Vec<Finding>);

impl Findings {
    /// How many there are of a sort.
    pub fn count(&self, fault: Fault) -> usize {
        self.0.iter().filter(|finding| finding.fault == fault).count()
    }

    /// Adds one.
    pub fn add(&mut self, fault: Fault, record: RecordId, place: impl Into<String>) {
        self.0.push(Finding { fault, record, place: place.into() });
    }

    /// Adds all of another check.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    fn times(&mut self, record: RecordId, place: &str, saved: usize, found: usize) {
        for _ in found..saved {
            self.add(Fault::Missing, record, place);
        }
        for _ in saved..found {
            self.add(Fault::Duplicated, record, place);
        }
    }
}

/// Holds one record against the memory of who saved what.
pub fn record_against_model(model: &Model, published: &Published) -> Findings {
    let mut findings = Findings::default();
    match model.records.get(&published.id) {
        Some(remembered) => check_record(published.id, remembered, published, &mut findings),
        None => findings.add(Fault::Duplicated, published.id, "a record that nobody made"),
    }
    findings
}

/// Holds the set of all records against the memory: none is missing, and no contact is there twice.
pub fn server_against_model(model: &Model, server: &BTreeMap<RecordId, Published>) -> Findings {
    let mut findings = Findings::default();
    for id in model.records.keys().filter(|id| !server.contains_key(id)) {
        findings.add(Fault::Missing, *id, "everything");
    }
    check_contacts(server, &mut findings);
    findings
}

fn check_record(id: RecordId, remembered: &Remembered, published: &Published, findings: &mut Findings) {
    let view = &published.view;
    for (field, writes) in &remembered.fields {
        for write in writes {
            let kept = published.history.iter().any(|line| {
                line["zone"] == "facts"
                    && line["field"] == field.as_str()
                    && is_value(line, &write.value)
                    && published.person(&line["author"]) == Some(write.by)
            });
            if !kept {
                findings.add(Fault::Missing, id, format!("a value of {field} in the history"));
            }
        }
        check_standing(id, remembered, field, published, findings);
    }
    for conflict in list(&view["conflicts"]) {
        let field = conflict["field"].as_str().unwrap_or_default();
        if remembered.standing(field).len() < 2 {
            findings.add(Fault::Different, id, format!("a conflict of {field} that nobody made"));
        }
    }
    for (field, phrase) in &remembered.phrases {
        let same = remembered.phrases.iter().filter(|other| other.1 == *phrase && other.0 == *field).count();
        let found = view["facts"][field].as_str().unwrap_or_default().matches(phrase.as_str()).count();
        if found < same {
            findings.add(Fault::Missing, id, format!("what was typed into {field}"));
        } else if found > same {
            findings.add(Fault::Duplicated, id, format!("what was typed into {field}"));
        }
    }
    check_entries(id, published, "follow_ups", "text", &remembered.follow_ups, findings);
    check_entries(id, published, "stages", "stage", &remembered.stages, findings);
    if view["review"]["state"] != remembered.review.as_str() {
        findings.add(Fault::Different, id, "the verdict of head quarters");
    }
    if view["header"]["owner"] != remembered.owner.to_string() || view["header"]["kind"] != remembered.kind.as_str() {
        findings.add(Fault::Different, id, "the header");
    }
}

/// A field shows a value that stands; if several stand, it lists exactly those, each with its author.
fn check_standing(id: RecordId, remembered: &Remembered, field: &str, published: &Published, findings: &mut Findings) {
    let standing = remembered.standing(field);
    let shown = shown(&published.view["facts"], field);
    if !standing.iter().any(|write| write.value == *shown) {
        findings.add(Fault::Different, id, format!("what {field} shows"));
    }
    let listed = list(&published.view["conflicts"]).find(|conflict| conflict["field"] == field);
    let Some(listed) = listed else {
        if standing.len() > 1 {
            findings.add(Fault::Missing, id, format!("the conflict of {field}"));
        }
        return;
    };
    let mut values: Vec<_> =
        list(&listed["values"]).map(|value| (published.person(&value["author"]), value["value"].to_string())).collect();
    values.sort();
    let mut expected: Vec<_> = standing.iter().map(|write| (Some(write.by), write.value.to_string())).collect();
    expected.sort();
    if values != expected && standing.len() > 1 {
        findings.add(Fault::Different, id, format!("the concurrent values of {field}"));
    }
}

fn check_entries(
    id: RecordId,
    published: &Published,
    list_name: &str,
    key: &str,
    saved: &BTreeMap<(PersonId, String), u32>,
    findings: &mut Findings,
) {
    let mut found: BTreeMap<(PersonId, String), usize> = BTreeMap::new();
    let mut entries = BTreeSet::new();
    for entry in list(&published.view[list_name]) {
        if !entries.insert(entry["id"].to_string()) {
            findings.add(Fault::Duplicated, id, format!("an entry of {list_name}"));
        }
        match published.person(&entry["author"]) {
            Some(person) => {
                *found.entry((person, entry[key].as_str().unwrap_or_default().to_owned())).or_default() += 1;
            }
            None => findings.add(Fault::Different, id, format!("the author of an entry of {list_name}")),
        }
    }
    for (entry, times) in saved {
        findings.times(id, list_name, *times as usize, found.remove(entry).unwrap_or(0));
    }
    for times in found.into_values() {
        findings.times(id, list_name, 0, times);
    }
}

/// No contact is there twice: a lead is known by its promoter and telephone number, a survey by its lead, and a visit by
/// its promoter and the moment at which it began.
fn check_contacts(server: &BTreeMap<RecordId, Published>, findings: &mut Findings) {
    let mut seen = BTreeSet::new();
    for published in server.values() {
        let (facts, header) = (&published.view["facts"], &published.view["header"]);
        let key = match header["kind"].as_str().and_then(|kind| kind.parse().ok()) {
            Some(Kind::Lead) => {
                let phone = facts["phones"].as_object().and_then(|phones| phones.keys().next());
                phone.map(|phone| format!("{} {phone}", header["owner"]))
            }
            Some(Kind::Survey) => facts["lead"].as_str().map(str::to_owned),
            Some(Kind::Visit) => Some(format!("{} {}", header["owner"], facts["check_in_at"])),
            None => None,
        };
        match key.map(|key| seen.insert((header["kind"].to_string(), key))) {
            Some(true) => {}
            Some(false) => findings.add(Fault::Duplicated, published.id, "a contact"),
            None => findings.add(Fault::Different, published.id, "what the record is about"),
        }
    }
}

/// Holds what one phone shows against the server. `own` are the records that have to be on this phone.
pub fn phone_against_server(
    phone: &BTreeMap<RecordId, Value>,
    own: &BTreeSet<RecordId>,
    server: &BTreeMap<RecordId, Published>,
) -> Findings {
    let mut findings = Findings::default();
    for id in own.iter().filter(|id| !phone.contains_key(id)) {
        findings.add(Fault::Missing, *id, "everything on a phone that should have it");
    }
    for (id, view) in phone {
        match server.get(id) {
            None => findings.add(Fault::Missing, *id, "everything that a phone has"),
            Some(published) => {
                for part in differing_parts(view, &published.view) {
                    findings.add(Fault::Different, *id, format!("{part} on a phone and on the server"));
                }
            }
        }
    }
    findings
}

/// The parts of a phone's view that read otherwise on the server. Facts are compared one by one.
fn differing_parts(phone: &Value, server: &Value) -> Vec<String> {
    let mut parts = Vec::new();
    for (part, value) in phone.as_object().into_iter().flatten() {
        match (part.as_str(), value.as_object()) {
            ("facts", Some(facts)) => {
                let all = facts.keys().chain(server[part].as_object().into_iter().flat_map(|facts| facts.keys()));
                let fields: BTreeSet<_> = all.collect();
                let differ = fields.into_iter().filter(|field| value[field.as_str()] != server[part][field.as_str()]);
                parts.extend(differ.map(|field| format!("facts/{field}")));
            }
            _ if *value != server[part] => parts.push(part.clone()),
            _ => {}
        }
    }
    parts
}

impl Published {
    /// Fields that the server lists as being in conflict.
    pub fn conflicts(&self) -> impl Iterator<Item = &str> {
        list(&self.view["conflicts"]).filter_map(|conflict| conflict["field"].as_str())
    }

    fn person(&self, actor: &Value) -> Option<PersonId> {
        self.authors.get(actor.as_str()?).copied()
    }
}

/// Null is how an emptied field reads.
fn is_value(line: &Value, value: &Value) -> bool {
    if value.is_null() { line["act"] == "cleared" } else { line["act"] == "set" && line["value"] == *value }
}

/// The value of a scalar or, for `map/key`, of one key.
fn shown<'a>(facts: &'a Value, field: &str) -> &'a Value {
    match field.split_once('/') {
        Some((map, key)) => &facts[map][key],
        None => &facts[field],
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests;
