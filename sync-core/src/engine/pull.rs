//! Taking in the feed: unpack, put together with what is here, and work out the new line in lists.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Engine, EngineError};
use crate::document::Document;
use crate::id::{ChangeHash, RecordId};
use crate::index::Row;
use crate::store::{PulledRecord, Store};
use crate::trust::chunk;
use crate::wire::exchange::{GoneReason, News, PullItem};

type Gone = Vec<(RecordId, GoneReason)>;

impl<S: Store> Engine<S> {
    pub(super) fn read_pull(&self, items: &[PullItem]) -> Result<(Vec<PulledRecord>, Gone), EngineError<S::Error>> {
        let mut pulled = Vec::with_capacity(items.len());
        let mut gone = Vec::new();
        for item in items {
            match &item.news {
                News::Gone(reason) => gone.push((item.record, *reason)),
                News::Changes(packed) => {
                    let known = self.store.changes(item.record).map_err(EngineError::Store)?;
                    pulled.push(read_record(item.record, &known, packed));
                }
            }
        }
        Ok((pulled, gone))
    }
}

fn read_record(id: RecordId, known: &[(ChangeHash, Vec<u8>)], packed: &[Vec<u8>]) -> PulledRecord {
    let names: BTreeSet<ChangeHash> = known.iter().map(|(hash, _)| *hash).collect();
    let mut changes: Vec<(ChangeHash, Vec<u8>)> = Vec::with_capacity(packed.len());
    let mut previous = None;
    for bytes in packed {
        // Whatever can't be unpacked is missed by the ones after it, and shows in the digest.
        if let Ok((hash, raw)) = chunk::unpack(bytes, previous.as_ref()) {
            previous = Some(hash);
            if !names.contains(&hash) {
                changes.push((hash, raw));
            }
        }
    }
    let log = known.iter().chain(&changes).map(|(_, raw)| raw.as_slice());
    // The server has verified every change; a panic here is a fault of ours that must not cost the other records.
    let row = catch_unwind(AssertUnwindSafe(|| Document::load(log).and_then(|mut document| document.any_view())))
        .ok()
        .and_then(Result::ok)
        .map(|view| Row::of(&view));
    PulledRecord { id, changes, row }
}
