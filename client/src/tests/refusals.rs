//! What the server refuses, from the verdict to the new edit.

use sync_core::history::Act;
use sync_core::record::entry::FollowUpRequest;
use sync_core::record::lead::LeadEdit;
use sync_core::record::scalar::Scalar;
use sync_core::wire::exchange::Verdict;

use super::{enrolled_phone, lead};
use crate::Error;

fn refused(code: &str) -> Verdict {
    Verdict::Refused { code: code.to_owned(), reason: "缺证明".to_owned() }
}

#[test]
fn a_refused_edit_is_taken_back_and_offered_again() {
    let phone = enrolled_phone();
    let daybook = &phone.daybook;
    let leads = daybook.leads();
    let id = leads.create(lead("张伟")).unwrap().header.id;
    let edits = [LeadEdit::Name(Some("张炜".into())), LeadEdit::Notes("周末想看".into())];
    leads.edit(id, &edits).unwrap();
    leads.add_follow_up(id, FollowUpRequest { text: "打过电话".into(), ..FollowUpRequest::default() }).unwrap();
    daybook.sync().unwrap();
    let news = daybook.changes_since_opened().unwrap();
    while news.try_recv().is_ok() {}

    phone.server.judge(2, refused("amendment.rejected"));
    daybook.sync().unwrap();
    assert!(news.try_iter().flatten().any(|changed| changed == id));
    let view = leads.get(id).unwrap();
    assert_eq!((view.facts.name.as_deref(), view.facts.notes.as_str()), (Some("张伟"), ""));
    assert!(view.follow_ups.is_empty(), "what follows the refused change goes with it");
    let refusals = daybook.refusals().list().unwrap();
    let said: Vec<_> = refusals.iter().map(|refusal| (refusal.code.as_str(), refusal.reason.as_str())).collect();
    assert_eq!(said, [("amendment.rejected", "缺证明"), ("amendment.follows_refused", "")]);
    let name = Act::Set { value: Scalar::Text("张炜".into()) };
    assert!(refusals[0].fields.iter().any(|field| field.field == "name" && field.act == name));
    assert_eq!(daybook.status(id).unwrap().problems.len(), 1, "the status says so");

    // Told once more, by a server that tells everything again: nothing changes.
    phone.server.judge(2, refused("amendment.rejected"));
    phone.server.judge(3, refused("amendment.follows_refused"));
    daybook.sync().unwrap();
    assert_eq!(daybook.refusals().list().unwrap(), refusals);

    leads.edit(id, &[LeadEdit::Notes("下周再看".into())]).unwrap();
    assert_eq!(daybook.refusals().offer_again(&refusals[0]).unwrap(), id);
    assert_eq!(daybook.refusals().offer_again(&refusals[1]).unwrap(), id);
    let again = leads.get(id).unwrap();
    assert_eq!(again.facts.name.as_deref(), Some("张炜"));
    assert_eq!(again.facts.notes, "下周再看\n周末想看", "texts are added to what is there");
    assert_eq!(again.follow_ups.len(), 1);
    assert_eq!(daybook.refusals().list().unwrap(), []);
    assert_eq!(daybook.status(id).unwrap().problems, []);
    // Pressed twice.
    daybook.refusals().offer_again(&refusals[0]).unwrap();
    daybook.refusals().offer_again(&refusals[1]).unwrap();
    assert_eq!(leads.get(id).unwrap().frame.heads, again.frame.heads);
    assert_eq!(daybook.sync().unwrap().pushed, 3);
}

#[test]
fn a_refused_record_lives_on_in_a_new_one() {
    let phone = enrolled_phone();
    let daybook = &phone.daybook;
    let leads = daybook.leads();
    let id = leads.create(lead("张伟")).unwrap().header.id;
    leads.edit(id, &[LeadEdit::Phone("13312343333".parse().unwrap(), Some("本人".into()))]).unwrap();
    daybook.sync().unwrap();
    phone.server.judge(1, refused("quarantine.discarded"));
    daybook.sync().unwrap();
    assert!(matches!(leads.get(id), Err(Error::NotFound)));
    let refusals = daybook.refusals().list().unwrap();
    assert_eq!((refusals.len(), refusals[0].title.as_str()), (2, "张伟"));

    daybook.refusals().dismiss(&refusals[1]).unwrap();
    assert_eq!(daybook.refusals().list().unwrap().len(), 1);
    let new = daybook.refusals().offer_again(&refusals[0]).unwrap();
    assert_ne!(new, id);
    assert_eq!(leads.get(new).unwrap().facts.name.as_deref(), Some("张伟"));
    assert_eq!(daybook.refusals().list().unwrap(), []);
    phone.server.judge(2, refused("amendment.follows_refused"));
    daybook.sync().unwrap();
    assert_eq!(daybook.refusals().list().unwrap(), [], "what was dismissed does not come back");
}

#[test]
fn a_refusal_that_is_taken_back_puts_the_change_back() {
    let phone = enrolled_phone();
    let daybook = &phone.daybook;
    let leads = daybook.leads();
    let id = leads.create(lead("张伟")).unwrap().header.id;
    leads.edit(id, &[LeadEdit::Name(Some("张炜".into()))]).unwrap();
    daybook.sync().unwrap();
    phone.server.judge(2, refused("amendment.rejected"));
    daybook.sync().unwrap();
    assert_eq!(leads.get(id).unwrap().facts.name.as_deref(), Some("张伟"));
    phone.server.judge(2, Verdict::Published);
    daybook.sync().unwrap();
    assert_eq!(leads.get(id).unwrap().facts.name.as_deref(), Some("张炜"));
    assert_eq!(daybook.refusals().list().unwrap(), []);
    assert_eq!(daybook.status(id).unwrap().problems, []);
}
