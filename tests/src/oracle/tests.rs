use serde_json::json;
use sync_core::record::entry::FollowUpRequest;
use sync_core::record::lead::{LeadEdit, LeadFacts};

use super::*;
use crate::model::{Chapter, Diary};

const PROMOTER: [u8; 16] = [1; 16];
const SUPERVISOR: [u8; 16] = [2; 16];

fn id() -> RecordId {
    RecordId::from([9; 16])
}

fn diaries() -> Vec<Diary> {
    let mut promoter = Diary::of(PersonId::from(PROMOTER));
    let phones = BTreeMap::from([("14000000001".parse().unwrap(), "本人".to_owned())]);
    let facts = LeadFacts { name: Some("张三".into()), notes: "在家。".into(), phones, ..LeadFacts::default() };
    promoter.made(id(), Chapter::Morning, &facts);
    let follow_up = FollowUpRequest { text: "第1次联系".into(), by_means_of: None, next_on: None };
    promoter.followed_up(id(), Chapter::Morning, &follow_up);
    let mut supervisor = Diary::of(PersonId::from(SUPERVISOR));
    promoter.edited::<LeadFacts>(id(), Chapter::Afternoon, &[LeadEdit::IntentArea(Some("a".into()))]);
    supervisor.edited::<LeadFacts>(id(), Chapter::Afternoon, &[LeadEdit::IntentArea(Some("b".into()))]);
    vec![promoter, supervisor]
}

/// A server that has everything right.
fn published() -> Published {
    let set = |author: &str, field: &str, value: &str| json!({"zone": "facts", "author": author, "field": field, "act": "set", "value": value});
    Published {
        id: id(),
        view: json!({
            "header": {"owner": PersonId::from(PROMOTER), "kind": "lead"},
            "facts": {"name": "张三", "notes": "在家。", "intent_area": "b", "phones": {"+8614000000001": "本人"}},
            "follow_ups": [{"id": "e1", "author": "p", "text": "第1次联系"}],
            "stages": [],
            "review": {"state": "received"},
            "conflicts": [{"zone": "facts", "field": "intent_area", "values": [
                {"author": "p", "value": "a", "shown": false},
                {"author": "s", "value": "b", "shown": true},
            ]}],
        }),
        history: vec![
            set("p", "name", "张三"),
            set("p", "phones/+8614000000001", "本人"),
            set("p", "intent_area", "a"),
            set("s", "intent_area", "b"),
        ],
        authors: BTreeMap::from([("p".into(), PersonId::from(PROMOTER)), ("s".into(), PersonId::from(SUPERVISOR))]),
    }
}

fn findings(published: Published) -> Vec<(Fault, String)> {
    let model = Model::of(&diaries());
    let mut findings = record_against_model(&model, &published);
    findings.extend(server_against_model(&model, &BTreeMap::from([(published.id, published)])));
    findings.0.into_iter().map(|finding| (finding.fault, finding.place)).collect()
}

#[test]
fn a_faithful_server_has_no_findings() {
    assert_eq!(findings(published()), []);
}

#[test]
fn a_record_that_is_nowhere_and_one_from_nowhere() {
    let mut other = published();
    other.id = RecordId::from([8; 16]);
    let faults: Vec<_> = findings(other).into_iter().map(|(fault, _)| fault).collect();
    assert_eq!(faults, [Fault::Duplicated, Fault::Missing]);
}

#[test]
fn a_conflict_that_is_not_listed_or_lists_too_little() {
    let mut unlisted = published();
    unlisted.view["conflicts"] = json!([]);
    assert_eq!(findings(unlisted), [(Fault::Missing, "the conflict of intent_area".into())]);
    let mut short = published();
    short.view["conflicts"][0]["values"] = json!([{"author": "s", "value": "b"}]);
    assert_eq!(findings(short), [(Fault::Different, "the concurrent values of intent_area".into())]);
    let mut invented = published();
    let another = json!({"zone": "facts", "field": "name", "values": []});
    invented.view["conflicts"].as_array_mut().unwrap().push(another);
    assert_eq!(findings(invented), [(Fault::Different, "a conflict of name that nobody made".into())]);
}

#[test]
fn an_entry_that_is_gone_or_there_twice_or_somebody_elses() {
    let mut gone = published();
    gone.view["follow_ups"] = json!([]);
    assert_eq!(findings(gone), [(Fault::Missing, "follow_ups".into())]);
    let mut twice = published();
    let again = json!({"id": "e2", "author": "p", "text": "第1次联系"});
    twice.view["follow_ups"].as_array_mut().unwrap().push(again);
    assert_eq!(findings(twice), [(Fault::Duplicated, "follow_ups".into())]);
    let mut foreign = published();
    foreign.view["follow_ups"][0]["author"] = json!("s");
    assert_eq!(findings(foreign).len(), 2);
}

#[test]
fn text_that_is_lost_or_doubled_and_values_that_changed() {
    let mut lost = published();
    lost.view["facts"]["notes"] = json!("");
    assert_eq!(findings(lost), [(Fault::Missing, "what was typed into notes".into())]);
    let mut doubled = published();
    doubled.view["facts"]["notes"] = json!("在家。在家。");
    assert_eq!(findings(doubled), [(Fault::Duplicated, "what was typed into notes".into())]);
    let mut changed = published();
    changed.view["facts"]["name"] = json!("李四");
    assert_eq!(findings(changed), [(Fault::Different, "what name shows".into())]);
    let mut forgotten = published();
    forgotten.history.remove(2);
    assert_eq!(findings(forgotten), [(Fault::Missing, "a value of intent_area in the history".into())]);
}

#[test]
fn the_same_contact_twice() {
    let mut twin = published();
    twin.id = RecordId::from([7; 16]);
    let server = BTreeMap::from([(id(), published()), (twin.id, twin)]);
    let found = server_against_model(&Model::of(&diaries()), &server);
    assert!(found.0.iter().any(|finding| finding.place == "a contact" && finding.fault == Fault::Duplicated));
}

#[test]
fn phones_read_like_the_server() {
    let server = BTreeMap::from([(id(), published())]);
    let own = BTreeSet::from([id()]);
    let of = |view: Value| {
        let findings = phone_against_server(&BTreeMap::from([(id(), view)]), &own, &server);
        findings.0.into_iter().map(|finding| finding.place).collect::<Vec<_>>()
    };
    assert!(of(published().view).is_empty());
    let mut other = published().view;
    other["facts"]["name"] = json!("李四");
    other["review"]["state"] = json!("returned");
    assert_eq!(of(other), ["facts/name on a phone and on the server", "review on a phone and on the server"]);
    assert_eq!(phone_against_server(&BTreeMap::new(), &own, &server).count(Fault::Missing), 1);
}
