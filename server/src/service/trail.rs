//! The audit trail: written before anything is done, read by auditors, checked by anybody who has the database.

use std::collections::BTreeSet;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sync_core::id::{OfficeId, OrganisationId, PersonId, PublicKey};
use sync_core::journal::verify_statement;
use utoipa::ToSchema;

use super::events::{News, Topic};
use super::export::FileStream;
use crate::day::statement::{Anchor, Body};
use crate::error::{ServiceError, codes};
use crate::hex::hex;
use crate::scope::{self, Action};
use crate::state::App;
use crate::store::Person;
use crate::store::trail::{BEGINNING, NewTrailEntry, TrailEntry, TrailQuery};

/// Entries of a page at most.
const LONGEST_PAGE: u32 = 200;
/// Entries that are checked at once.
const PAGE: u32 = 1_000;
/// The longest detail, in bytes. What is longer is named by its length alone.
const LONGEST_DETAIL: usize = 16 * 1024;
/// Words that are never written down, whatever they are part of.
const SECRETS: [&str; 4] = ["password", "old_password", "code", "token"];

/// Something that is about to be done.
#[derive(Clone, Debug)]
pub struct Act {
    /// Who does it; `None` for whoever administers the server itself.
    pub person: Option<PersonId>,
    /// From where.
    pub origin: String,
    /// What.
    pub act: String,
    /// To what.
    pub subject: String,
    /// With what.
    pub detail: Value,
}

/// Writes down what somebody is about to do. If that is not possible it must not be done.
///
/// # Errors
/// When the database does not answer.
pub async fn note(app: &App, organisation: OrganisationId, act: Act) -> Result<u64, ServiceError> {
    let Act { person, origin, act, subject, mut detail } = act;
    conceal(&mut detail);
    let mut detail = detail.to_string();
    if detail.len() > LONGEST_DETAIL {
        detail = json!({ "bytes": detail.len() }).to_string();
    }
    let entry = NewTrailEntry { at: app.clock.now(), person, origin, act, subject, detail };
    let no = app.store.trail().append_trail(organisation, &entry).await?;
    app.events.tell([News::of(Topic::Audit, organisation, None)]);
    Ok(no)
}

/// Takes secrets out of what is written down.
fn conceal(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if SECRETS.contains(&name.as_str()) {
                    *value = Value::Null;
                } else {
                    conceal(value);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(conceal),
        _ => {}
    }
}

fn may_read(who: &Person) -> Result<(), ServiceError> {
    if scope::may_do(who, Action::Audit) { Ok(()) } else { Err(codes::PERMISSION.into()) }
}

/// Entries of the trail of somebody's organisation, newest first.
///
/// # Errors
/// [`codes::PERMISSION`] without the role.
pub async fn list(app: &App, who: &Person, query: TrailQuery) -> Result<Vec<TrailEntry>, ServiceError> {
    may_read(who)?;
    let query = TrailQuery { limit: query.limit.clamp(1, LONGEST_PAGE), ..query };
    Ok(app.store.trail().trail(who.organisation, &query).await?)
}

/// The whole trail of somebody's organisation as a file, oldest entry first, one JSON object a line. That somebody takes it is
/// itself written down: `asked` says so.
///
/// # Errors
/// [`codes::PERMISSION`] without the role.
pub async fn chain(app: &App, who: &Person, asked: Act) -> Result<FileStream, ServiceError> {
    may_read(who)?;
    let newest = note(app, who.organisation, asked).await?;
    let state = (app.clone(), who.organisation, 0);
    Ok(stream::try_unfold(state, move |(app, organisation, after)| async move {
        // What is written down meanwhile is for the next file.
        if after >= newest {
            return Ok(None);
        }
        let page = app.store.trail().trail_after(organisation, after, PAGE).await?;
        let Some(last) = page.last().map(|entry| entry.no) else {
            return Ok(None);
        };
        let lines: String = page.into_iter().map(|entry| format!("{}\n", line(entry))).collect();
        Ok(Some((Bytes::from(lines), (app, organisation, last))))
    })
    .boxed())
}

/// An entry of the trail, as it is exported.
pub(super) fn line(TrailEntry { no, entry, link }: TrailEntry) -> Value {
    json!({
        "no": no,
        "at": entry.at,
        "person": entry.person,
        "origin": entry.origin,
        "act": entry.act,
        "subject": entry.subject,
        "detail": entry.detail,
        "link": hex(&link),
    })
}

/// Where the trail ends.
pub(super) async fn head(app: &App, organisation: OrganisationId) -> Result<Option<Anchor>, ServiceError> {
    let newest = app.store.trail().trail(organisation, &TrailQuery { limit: 1, ..TrailQuery::default() }).await?;
    Ok(newest.first().map(|entry| Anchor { no: entry.no, link: hex(&entry.link) }))
}

/// What a check of the trail found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Checked {
    /// Whether nobody has tampered with it, as far as can be told.
    pub sound: bool,
    /// How many entries there are.
    pub entries: u64,
    /// The first entry that is missing, or is not what it was when it was written; everything before it is.
    pub broken: Option<u64>,
    /// How many sealed statements name an entry of the trail.
    pub anchors: u64,
    /// Entries that sealed statements name, and that are not there or not what they were.
    pub false_anchors: Vec<u64>,
    /// Statements that do not say what was sealed: nothing that they name counts.
    pub false_statements: Vec<FalseStatement>,
    /// The link of the last entry, in hexadecimal digits: whoever has written it down elsewhere can compare.
    pub head: String,
}

/// What somebody kept elsewhere, where whoever has the database can't reach it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Of which organisation; `None` if it does not say so.
    pub organisation: Option<OrganisationId>,
    /// What it says of the trail.
    pub anchor: Anchor,
    /// The key that signed it.
    pub key: Option<PublicKey>,
}

/// What a check of the trail against what was kept elsewhere found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckedAgainst {
    /// The trail itself.
    #[serde(flatten)]
    pub checked: Checked,
    /// How many copies there are to compare with.
    pub kept: u64,
    /// Entries that these name, and that are not there or not what they were.
    pub false_kept: Vec<u64>,
    /// Keys that signed these and are not the server's: it has another one by now.
    pub other_keys: Vec<PublicKey>,
}

/// A statement whose signature is not that of this server, or which can't be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FalseStatement {
    /// Of which office.
    #[schema(value_type = String)]
    pub office: OfficeId,
    /// Of which business day.
    #[schema(value_type = String)]
    pub day: jiff::civil::Date,
    /// 0 for the statement, then its supplements.
    pub number: u32,
}

/// [`check`] for whoever may read the trail.
///
/// # Errors
/// [`codes::PERMISSION`] without the role.
pub async fn verify(app: &App, who: &Person) -> Result<Checked, ServiceError> {
    may_read(who)?;
    check(app, who.organisation).await
}

/// Checks the whole trail of an organisation: that each link fits, and that it holds what sealed statements say of it.
///
/// # Errors
/// When the database does not answer.
pub async fn check(app: &App, organisation: OrganisationId) -> Result<Checked, ServiceError> {
    check_against(app, organisation, Vec::new()).await.map(|found| found.checked)
}

/// The same, and that it holds what was kept of it elsewhere. Whoever has the database has the key of its statements
/// too, and could write all of it anew; copies elsewhere they can't.
///
/// # Errors
/// When the database does not answer.
pub async fn check_against(
    app: &App,
    organisation: OrganisationId,
    mut kept: Vec<Kept>,
) -> Result<CheckedAgainst, ServiceError> {
    kept.retain(|kept| kept.organisation.is_none_or(|of| of == organisation));
    let own = app.keys.public();
    let other_keys: BTreeSet<PublicKey> = kept.iter().filter_map(|kept| kept.key).filter(|key| *key != own).collect();
    let many = kept.len() as u64;
    let mut kept: Vec<Anchor> = kept.into_iter().map(|kept| kept.anchor).collect();
    let (mut anchors, false_statements) = anchors(app, organisation).await?;
    let mut checked = Checked { anchors: anchors.len() as u64, false_statements, ..Checked::default() };
    let mut link = BEGINNING;
    let mut after = 0;
    loop {
        let page = app.store.trail().trail_after(organisation, after, PAGE).await?;
        for TrailEntry { no, entry, link: stored } in &page {
            checked.entries += 1;
            let fits = *no == after + 1 && entry.link(organisation, *no, &link) == *stored;
            if !fits && checked.broken.is_none() {
                checked.broken = Some(after + 1);
            }
            // Goes on with what is stored, so that what sealed statements say of later entries can be compared.
            link = *stored;
            let said = hex(stored);
            for anchors in [&mut anchors, &mut kept] {
                anchors.retain(|anchor| anchor.no != *no || anchor.link != said);
            }
            after = *no;
        }
        if page.len() < PAGE as usize {
            break;
        }
    }
    checked.false_anchors = anchors.into_iter().map(|anchor| anchor.no).collect();
    checked.sound = checked.broken.is_none()
        && checked.false_anchors.is_empty()
        && checked.false_statements.is_empty()
        && kept.is_empty()
        && other_keys.is_empty();
    checked.head = hex(&link);
    Ok(CheckedAgainst {
        checked,
        kept: many,
        false_kept: kept.into_iter().map(|anchor| anchor.no).collect(),
        other_keys: other_keys.into_iter().collect(),
    })
}

/// What sealed statements say of the trail, and those that were not sealed so.
async fn anchors(app: &App, organisation: OrganisationId) -> Result<(Vec<Anchor>, Vec<FalseStatement>), ServiceError> {
    let key = app.keys.public();
    let (mut anchors, mut wrong) = (Vec::new(), Vec::new());
    let mut after: Option<(OfficeId, jiff::civil::Date, u32)> = None;
    loop {
        let page = app.store.days().statements_after(organisation, after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok((anchors, wrong));
        };
        after = Some((last.office, last.day, last.number));
        for it in page {
            let said = verify_statement(&key, it.body.as_bytes(), &it.signature)
                .then(|| serde_json::from_str::<Body>(&it.body).ok())
                .flatten();
            // A true statement may lie where another one was.
            match said.filter(|said| (said.office.id, said.day, said.number) == (it.office, it.day, it.number)) {
                Some(said) => anchors.extend(said.audit),
                None => wrong.push(FalseStatement { office: it.office, day: it.day, number: it.number }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_written_down() {
        let mut detail = json!({ "login": "li", "password": "x", "list": [{ "code": "7K3M" }], "reason": "password" });
        conceal(&mut detail);
        let expected = json!({ "login": "li", "password": null, "list": [{ "code": null }], "reason": "password" });
        assert_eq!(detail, expected);
    }
}
