//! Orders about changes that were set aside, as the API has them for staff.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sync_core::id::{ChangeHash, DeviceId, OrganisationId, RecordId};

use crate::error::ServiceError;
use crate::service::amendments::{self, Ruling, Which};
use crate::service::decider::Decider;
use crate::service::quarantine::{self, Wanted, in_words};
use crate::state::App;
use crate::store::{AsideChange, ChangeState, SetAside};

/// What became of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Aside {
    /// They wait for somebody to decide.
    Held,
    /// They are broken or false, or have waited too long.
    Quarantined,
    /// They follow changes that have not come.
    Waiting,
    /// Somebody said no.
    Refused,
    /// They have come and are not judged yet.
    Received,
}

impl From<Aside> for ChangeState {
    fn from(aside: Aside) -> Self {
        match aside {
            Aside::Held => Self::Held,
            Aside::Quarantined => Self::Quarantined,
            Aside::Waiting => Self::Waiting,
            Aside::Refused => Self::Refused,
            Aside::Received => Self::Received,
        }
    }
}

/// What to do with changes that were set aside.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "act")]
#[expect(missing_docs, reason = "the fields are the flags of the command line, which explains each")]
pub enum AsideOrder {
    /// Lists changes.
    List { state: Aside, device: Option<DeviceId>, code: Option<String>, before: Option<i64>, limit: u32 },
    /// Shows one, with its bytes.
    Inspect { id: i64 },
    /// Judges one again.
    Replay { id: i64, reason: Option<String> },
    /// Sets one away for good.
    Discard { id: i64, reason: Option<String> },
    /// Lists amendments.
    ListAmendments { before: Option<i64>, limit: u32 },
    /// Shows what an amendment would change.
    InspectAmendment { record: RecordId, device: DeviceId },
    /// Accepts an amendment.
    Accept { record: RecordId, device: DeviceId, through: Option<ChangeHash>, reason: Option<String> },
    /// Rejects an amendment.
    Reject { record: RecordId, device: DeviceId, reason: Option<String> },
}

pub(super) async fn perform(app: &App, organisation: OrganisationId, order: AsideOrder) -> Result<Value, ServiceError> {
    let who = Decider::Machine(organisation);
    match order {
        AsideOrder::List { state, device, code, before, limit } => {
            let wanted = Wanted { state: state.into(), device, code, before, limit };
            let listed = quarantine::list(app, who, wanted).await?;
            Ok(listed.into_iter().map(|listed| with(line(listed.line), "overdue", listed.overdue)).collect())
        }
        AsideOrder::Inspect { id } => shown(quarantine::inspect(app, who, id).await?),
        AsideOrder::Replay { id, reason } => shown(quarantine::replay(app, who, id, reason).await?),
        AsideOrder::Discard { id, reason } => shown(quarantine::discard(app, who, id, reason).await?),
        AsideOrder::ListAmendments { before, limit } => {
            let groups = amendments::list(app, who, before, limit).await?.into_iter();
            let line = |group: crate::store::HeldGroup| {
                serde_json::json!({
                    "record": group.record, "device": group.device, "person": group.person, "held": group.held,
                    "since_at": group.since, "last": group.last,
                })
            };
            Ok(groups.map(line).collect())
        }
        AsideOrder::InspectAmendment { record, device } => {
            let found = amendments::inspect(app, who, Which { record, device }).await?;
            let fields = json(found.comparison.fields)?;
            let changes: Value = found.changes.into_iter().map(decided).collect();
            let unfit = json(found.comparison.unfit)?;
            Ok(
                serde_json::json!({ "record": record, "device": device, "changes": changes, "fields": fields, "unfit": unfit }),
            )
        }
        AsideOrder::Accept { record, device, through, reason } => {
            let ruling = Ruling { through, seen: None, reason };
            let became = amendments::accept(app, who, Which { record, device }, ruling).await?;
            Ok(became.into_iter().map(decided).collect())
        }
        AsideOrder::Reject { record, device, reason } => {
            let ruling = Ruling { reason, ..Ruling::default() };
            let became = amendments::reject(app, who, Which { record, device }, ruling).await?;
            Ok(became.into_iter().map(decided).collect())
        }
    }
}

fn json(value: impl Serialize) -> Result<Value, ServiceError> {
    serde_json::to_value(value).map_err(ServiceError::internal)
}

fn with(mut line: Value, name: &str, value: impl Into<Value>) -> Value {
    line[name] = value.into();
    line
}

fn line(aside: SetAside) -> Value {
    serde_json::json!({
        "id": aside.id, "record": aside.record, "change": aside.hash, "person": aside.person, "device": aside.device,
        "state": aside.state, "code": aside.code, "received_at": aside.received_at, "bytes": aside.bytes,
    })
}

fn decided(change: AsideChange) -> Value {
    let decision = serde_json::to_value(&change.decision).unwrap_or_default();
    with(line(change.line), "decision", decision)
}

fn shown(inspected: quarantine::Inspected) -> Result<Value, ServiceError> {
    let words = in_words(&inspected.change.line.code);
    let (missing, fields) = (json(inspected.missing)?, json(inspected.fields)?);
    let raw = inspected.change.raw.as_ref().map(|raw| {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(raw)
    });
    let mut shown = decided(inspected.change);
    for (name, value) in [
        ("reason", Value::from(words)),
        ("overdue", inspected.overdue.into()),
        ("missing", missing),
        ("fields", fields),
        ("raw", raw.into()),
    ] {
        shown[name] = value;
    }
    Ok(shown)
}
