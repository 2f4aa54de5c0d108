//! Orders about what phones brought back.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sync_core::id::{OrganisationId, PersonId};

use crate::error::ServiceError;
use crate::service::decider::Decider;
use crate::service::strays::{self, Described};
use crate::state::App;

/// What to do with strays.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
#[expect(missing_docs, reason = "the fields are the flags of the command line, which explains each")]
pub enum StrayOrder {
    /// Lists those that wait.
    List { before: Option<i64>, limit: u32 },
    /// Makes one part of its record.
    Adopt { id: i64, author: Option<PersonId> },
    /// Sets one away for good.
    Discard { id: i64, reason: String },
}

pub(super) async fn perform(app: &App, organisation: OrganisationId, order: StrayOrder) -> Result<Value, ServiceError> {
    let machine = Decider::Machine(organisation);
    match order {
        StrayOrder::List { before, limit } => {
            let found = strays::list(app, machine, before, limit).await?;
            Ok(Value::Array(found.into_iter().map(line).collect()))
        }
        StrayOrder::Adopt { id, author } => Ok(line(strays::adopt(app, machine, id, author).await?)),
        StrayOrder::Discard { id, reason } => Ok(line(strays::discard(app, machine, id, Some(reason)).await?)),
    }
}

fn line(Described { stray, .. }: Described) -> Value {
    json!({
        "id": stray.id,
        "record": stray.change.record,
        "change": stray.change.hash,
        "author": stray.author,
        "claimed": stray.change.claimed,
        "offered_by": stray.offered_by,
        "at": stray.at,
        "bytes": stray.change.raw.len(),
    })
}
