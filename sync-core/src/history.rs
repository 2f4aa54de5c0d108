//! The history of every field: what each change did, read from the changes themselves.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::legacy::{Key, ObjectId, OpId, OpType};
use automerge::{Change, ScalarValue};
use minicbor::{Decode, Encode};
use serde::Serialize;

use crate::id::{ActorId, ChangeHash};
use crate::record::Zone;
use crate::record::entry::{FollowUp, PhotoEntry, StageEntry};
use crate::record::scalar::Scalar;
use crate::time::UnixMillis;

/// What one change did to one field.
#[derive(Clone, Debug, PartialEq, Serialize, Encode, Decode)]
#[cbor(map)]
pub struct FieldChange {
    /// The change.
    #[n(0)]
    pub change: ChangeHash,
    /// Who wrote it.
    #[n(1)]
    pub author: ActorId,
    /// When, by the writer's wall clock.
    #[n(2)]
    pub at: UnixMillis,
    /// Which part of the record.
    #[n(3)]
    pub zone: Zone,
    /// Which field; for a map `field/key`; empty for a list.
    #[n(4)]
    pub field: String,
    /// What was done.
    #[n(5)]
    #[serde(flatten)]
    pub act: Act,
}

/// What was done to a field.
#[derive(Clone, Debug, PartialEq, Serialize, Encode, Decode)]
#[serde(rename_all = "snake_case", tag = "act")]
pub enum Act {
    /// It was given a value.
    #[n(0)]
    Set {
        /// The value.
        #[n(0)]
        value: Scalar,
    },
    /// It was emptied.
    #[n(1)]
    Cleared,
    /// Text was typed and removed.
    #[n(2)]
    Typed {
        /// What was typed, in the order of the operations.
        #[n(0)]
        inserted: String,
        /// How many characters were removed.
        #[n(1)]
        deleted: u32,
    },
    /// An entry was added to a list.
    #[n(3)]
    Added {
        /// The entry.
        #[cbor(n(0), with = "json")]
        entry: serde_json::Value,
    },
}

/// Reads the history of changes given in an order in which they can be applied. A change that can't be decoded is
/// passed over: it can't be part of a published record.
pub fn history<'a>(changes: impl IntoIterator<Item = &'a [u8]>) -> Vec<FieldChange> {
    let mut reader = HistoryReader::default();
    for raw in changes {
        // Published changes decode; whatever does not is a fault of the storage and must not hide the rest.
        let _ = catch_unwind(AssertUnwindSafe(|| reader.read(raw)));
    }
    reader.lines
}

#[derive(Default)]
struct HistoryReader {
    /// Where the containers are: the part of the record, and the field for those inside it.
    containers: HashMap<OpId, (Zone, Option<String>)>,
    lines: Vec<FieldChange>,
}

impl HistoryReader {
    fn read(&mut self, raw: &[u8]) {
        let Ok(change) = Change::from_bytes(raw.to_vec()) else {
            return;
        };
        let Some(author) = ActorId::from_slice(change.actor_id().to_bytes()) else {
            return;
        };
        let (hash, at) = (ChangeHash::from(change.hash()), UnixMillis(change.timestamp()));
        let expanded = change.decode();
        for (number, op) in (expanded.start_op.get()..).zip(&expanded.operations) {
            let container = match &op.obj {
                ObjectId::Root => None,
                ObjectId::Id(id) => self.containers.get(id).cloned(),
            };
            if let OpType::Make(_) = &op.action {
                let made = match (container, &op.key) {
                    (None, Key::Map(name)) => Zone::from_key(name).map(|zone| (zone, None)),
                    (Some((zone, None)), Key::Map(name)) => Some((zone, Some(name.to_string()))),
                    _ => None,
                };
                self.containers.extend(made.map(|made| (OpId::new(number, &expanded.actor_id), made)));
                continue;
            }
            let Some((zone, container)) = container else {
                continue;
            };
            if zone == Zone::Header {
                continue;
            }
            let line = |field: String, act: Act| FieldChange { change: hash, author, at, zone, field, act };
            match (&op.key, &op.action) {
                (Key::Map(name), action) => {
                    let field = container.map_or_else(|| name.to_string(), |field| format!("{field}/{name}"));
                    let act = match action {
                        OpType::Put(value) => Act::Set { value: Scalar::from(value) },
                        _ => Act::Cleared,
                    };
                    self.lines.push(line(field, act));
                }
                (Key::Seq(_), OpType::Put(value)) if zone.is_append_only() => {
                    let entry = entry_json(zone, value);
                    self.lines.push(line(String::new(), Act::Added { entry }));
                }
                (Key::Seq(_), action) => {
                    let field = container.unwrap_or_default();
                    self.type_text(line(field, Act::Typed { inserted: String::new(), deleted: 0 }), action);
                }
            }
        }
    }

    /// Adds one character's worth to the line of the same change and field.
    fn type_text(&mut self, fresh: FieldChange, action: &OpType) {
        let same = |line: &FieldChange| {
            line.change == fresh.change && line.field == fresh.field && matches!(line.act, Act::Typed { .. })
        };
        if !self.lines.last().is_some_and(same) {
            self.lines.push(fresh);
        }
        if let Some(FieldChange { act: Act::Typed { inserted, deleted }, .. }) = self.lines.last_mut() {
            match action {
                OpType::Put(ScalarValue::Str(text)) => inserted.push_str(text),
                OpType::Delete => *deleted += 1,
                _ => {}
            }
        }
    }
}

fn entry_json(zone: Zone, value: &ScalarValue) -> serde_json::Value {
    let ScalarValue::Bytes(bytes) = value else {
        return serde_json::Value::Null;
    };
    fn json<T: for<'b> minicbor::Decode<'b, ()> + Serialize>(bytes: &[u8]) -> serde_json::Value {
        minicbor::decode::<T>(bytes).ok().and_then(|entry| serde_json::to_value(entry).ok()).unwrap_or_default()
    }
    match zone {
        Zone::FollowUps => json::<FollowUp>(bytes),
        Zone::Stages => json::<StageEntry>(bytes),
        Zone::Photos => json::<PhotoEntry>(bytes),
        _ => serde_json::Value::Null,
    }
}

/// JSON inside CBOR, as text.
mod json {
    use minicbor::{Decoder, Encoder};
    use serde_json::Value;

    pub(super) fn encode<C, W: minicbor::encode::Write>(
        value: &Value,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.str(&value.to_string())?.ok()
    }

    pub(super) fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Value, minicbor::decode::Error> {
        serde_json::from_str(d.str()?).map_err(|_| minicbor::decode::Error::message("an entry is JSON"))
    }
}
