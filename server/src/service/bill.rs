//! What judging a record cost, and whose changes it was.
//!
//! Devices pay for it afterwards, out of a budget of their own ([`crate::admission`]): one that sends what is costly to
//! judge, or mostly false, soon has to wait, and the others don't.

use std::collections::HashMap;
use std::time::Duration;

use sync_core::id::{ChangeHash, DeviceId};

use crate::state::App;
use crate::store::{ChangeState, NewLine, PendingRecord, Publication};

/// What judging a record cost.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bill {
    /// For each device: how long its share took, and how many bytes of it were set aside as false.
    items: Vec<(DeviceId, Duration, u64)>,
}

impl Bill {
    /// For a record that was judged. The time is divided by the number of changes.
    pub(super) fn of(record: &PendingRecord, publication: &Publication, took: Duration) -> Self {
        let each = took / u32::try_from(record.incoming.len()).unwrap_or(u32::MAX).max(1);
        let is_false = |state| state == ChangeState::Quarantined;
        let verdicts: HashMap<ChangeHash, bool> =
            publication.set_aside.iter().map(|(hash, state, _)| (*hash, is_false(*state))).collect();
        let mut shares: HashMap<DeviceId, (Duration, u64)> = HashMap::new();
        for change in &record.incoming {
            let (time, bytes) = shares.entry(change.device).or_default();
            *time += each;
            if verdicts.get(&change.hash) == Some(&true) {
                *bytes += change.raw.as_ref().map_or(0, |raw| raw.len() as u64);
            }
        }
        Self { items: shares.into_iter().map(|(device, (time, bytes))| (device, time, bytes)).collect() }
    }

    /// Makes the devices pay.
    pub(super) fn settle(self, app: &App) {
        let now = app.clock.now();
        for (device, took, bytes) in self.items {
            app.admission.note_judging(device, took, now);
            if bytes > 0 {
                app.admission.note_set_aside(device, bytes, now);
            }
        }
    }
}

/// Makes a device pay for what was set aside at once.
pub(super) fn for_lines(app: &App, device: DeviceId, lines: &[NewLine]) {
    let quarantined = lines.iter().filter(|line| line.state == ChangeState::Quarantined);
    let bytes: u64 = quarantined.filter_map(|line| line.raw.as_ref()).map(|raw| raw.len() as u64).sum();
    if bytes > 0 {
        app.admission.note_set_aside(device, bytes, app.clock.now());
    }
}
