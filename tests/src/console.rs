//! Head quarters at work: the server's API for staff, as the console in the browser calls it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use sync_core::id::{OfficeId, PersonId, RecordId};
use sync_core::record::Kind;
use sync_core::record::review::ReviewState;

use crate::failure::Failure;
use crate::oracle::Published;

/// Lines of a page at most.
const PAGE: u32 = 200;

/// A signed-in member of staff.
#[derive(Debug)]
pub struct Console {
    agent: ureq::Agent,
    base: String,
    cookie: String,
    /// Who is signed in.
    pub person: PersonId,
}

/// A record in a list, as far as reviewers go by it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Listed {
    /// Which record.
    pub id: RecordId,
    /// What it is about.
    pub kind: Kind,
    /// Who owns it.
    pub owner: PersonId,
    /// To which office it belongs.
    pub office: OfficeId,
    /// Where it stands in review.
    pub review: ReviewState,
    /// How many fields are in conflict.
    pub conflicts: u32,
    /// Reasons to look at it more closely.
    pub flags: Vec<String>,
    /// What the reviewer has looked at.
    pub heads: Vec<String>,
}

#[derive(Deserialize)]
struct Page {
    items: Vec<Listed>,
    next: Option<String>,
}

impl Console {
    /// Signs in.
    ///
    /// # Errors
    /// When the server does not answer, or login and password don't fit.
    pub fn sign_in(base: &str, login: &str, password: &str) -> Result<Self, Failure> {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .proxy(None)
            .build();
        let agent = ureq::Agent::new_with_config(config);
        let mut console = Self { agent, base: base.to_owned(), cookie: String::new(), person: PersonId::from([0; 16]) };
        let credentials = json!({ "login": login, "password": password });
        let (me, cookie) = console.ask("POST", "/api/v1/session", Some(&credentials))?;
        console.cookie = cookie.ok_or_else(|| Failure::Unexpected("signing in gave no session".to_owned()))?;
        let id = me["id"].as_str().and_then(|id| id.parse().ok());
        console.person = id.ok_or_else(|| Failure::Unexpected("signing in did not say who it is".to_owned()))?;
        Ok(console)
    }

    /// All records that a query finds, page by page. The query begins with `?`, or is empty.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn list(&self, query: &str) -> Result<Vec<Listed>, Failure> {
        let mut lines = Vec::new();
        let mut after = String::new();
        loop {
            let query = if query.is_empty() { "?".to_owned() } else { format!("{query}&") };
            let (page, _) = self.ask("GET", &format!("/api/v1/records{query}limit={PAGE}{after}"), None)?;
            let page: Page = serde_json::from_value(page)
                .map_err(|error| Failure::Unexpected(format!("a page of records is not one: {error}")))?;
            lines.extend(page.items);
            match page.next {
                Some(next) => after = format!("&after={next}"),
                None => return Ok(lines),
            }
        }
    }

    /// One record in full.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn record(&self, id: RecordId) -> Result<Published, Failure> {
        let (detail, _) = self.ask("GET", &format!("/api/v1/records/{id}"), None)?;
        published(id, detail)
    }

    /// Writes a field of a record.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn correct(&self, id: RecordId, field: &str, value: Value) -> Result<(), Failure> {
        self.ask("PATCH", &format!("/api/v1/records/{id}/facts"), Some(&json!({ "facts": { field: value } }))).map(drop)
    }

    /// Decides about a record as it was seen in a list.
    ///
    /// # Errors
    /// When the server refuses, for example because the record changed since.
    pub fn decide(&self, seen: &Listed, state: ReviewState, reason: Option<&str>) -> Result<(), Failure> {
        let verdict = json!({ "state": state, "reason": reason, "seen": seen.heads });
        self.ask("POST", &format!("/api/v1/records/{}/review", seen.id), Some(&verdict)).map(drop)
    }

    /// Closes the day of an office, with a word about each phone that is missing.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn close_day(&self, office: OfficeId, day: &str) -> Result<(), Failure> {
        let path = format!("/api/v1/offices/{office}/days/{day}");
        let board = self.get(&path)?;
        let people = board["people"].as_array().into_iter().flatten();
        let phones = people.flat_map(|line| line["devices"].as_array().into_iter().flatten());
        let missing = phones.filter(|phone| !phone["absence"].is_null());
        let missing: Vec<Value> = missing.map(|phone| json!({ "device": phone["id"], "reason": "没有网络" })).collect();
        self.ask("POST", &format!("{path}/close"), Some(&json!({ "missing": missing }))).map(drop)
    }

    /// What stands at an address of the API.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn get(&self, path: &str) -> Result<Value, Failure> {
        self.ask("GET", path, None).map(|(value, _)| value)
    }

    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<(Value, Option<String>), Failure> {
        let refused =
            |status: u16, said: String| Failure::Console { request: format!("{method} {path}"), status, said };
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("cookie", &self.cookie)
            .header("content-type", "application/json")
            .body(body.map(Value::to_string).unwrap_or_default())
            .map_err(|error| refused(0, error.to_string()))?;
        let mut response = self.agent.run(request).map_err(|error| refused(0, error.to_string()))?;
        let status = response.status().as_u16();
        let cookie = response.headers().get("set-cookie").and_then(|value| value.to_str().ok());
        let cookie = cookie.and_then(|value| value.split(';').next()).map(str::to_owned);
        let text = response.body_mut().read_to_string().map_err(|error| refused(status, error.to_string()))?;
        if !(200..300).contains(&status) {
            return Err(refused(status, text));
        }
        let value = serde_json::from_str(&text).map_err(|error| refused(status, error.to_string()))?;
        Ok((value, cookie))
    }
}

fn published(id: RecordId, mut detail: Value) -> Result<Published, Failure> {
    let wrong = |what: &str| Failure::Unexpected(format!("record {id} in full has no {what}"));
    let mut authors = BTreeMap::new();
    for author in detail["people"].as_array().ok_or_else(|| wrong("people"))? {
        let (actor, person) = (author["actor"].as_str(), author["person"].as_str());
        let person = person.and_then(|id| id.parse().ok()).ok_or_else(|| wrong("people"))?;
        authors.insert(actor.ok_or_else(|| wrong("people"))?.to_owned(), person);
    }
    let history = match detail["history"].take() {
        Value::Array(history) => history,
        _ => return Err(wrong("history")),
    };
    Ok(Published { id, view: detail["record"].take(), history, authors })
}
