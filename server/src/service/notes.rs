//! What phones report in exchanges that bring nothing: noted together, about once a second.
//!
//! An idle exchange would otherwise cost a write of its own. These notes are for the board of devices and promise
//! nothing to a phone; a process that is killed loses a second of them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sync_core::id::DeviceId;
use sync_core::time::UnixMillis;

use crate::error::ServiceError;
use crate::state::App;
use crate::store::DeviceReport;

/// How long a note waits for others, at most.
const WAIT_MS: i64 = 1_000;

/// The notes that wait.
#[derive(Debug, Default)]
pub struct Notes(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    since: Option<UnixMillis>,
    reports: HashMap<DeviceId, DeviceReport>,
}

impl Notes {
    /// Takes a note; what it returns has to be written now.
    fn add(&self, device: DeviceId, report: DeviceReport) -> Vec<(DeviceId, DeviceReport)> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = report.at;
        let since = *waiting.since.get_or_insert(now);
        waiting.reports.insert(device, report);
        // Whichever way the clock was set.
        if now.since(since).abs() >= WAIT_MS { waiting.take() } else { Vec::new() }
    }

    fn take(&self) -> Vec<(DeviceId, DeviceReport)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Waiting {
    fn take(&mut self) -> Vec<(DeviceId, DeviceReport)> {
        self.since = None;
        std::mem::take(&mut self.reports).into_iter().collect()
    }
}

/// Notes what a device reported.
///
/// # Errors
/// When it was the turn of the notes to be written and the database failed.
pub async fn note(app: &App, device: DeviceId, report: DeviceReport) -> Result<(), ServiceError> {
    let due = app.notes.add(device, report);
    if due.is_empty() { Ok(()) } else { Ok(app.store.note_exchanges(&due).await?) }
}

/// Writes the notes that wait.
///
/// # Errors
/// When the database fails; the notes are lost.
pub async fn flush(app: &App) -> Result<(), ServiceError> {
    let due = app.notes.take();
    if due.is_empty() { Ok(()) } else { Ok(app.store.note_exchanges(&due).await?) }
}

#[cfg(test)]
mod tests {
    use sync_core::wire::exchange::Backlog;

    use super::*;

    fn report(at: i64) -> DeviceReport {
        DeviceReport { at: UnixMillis(at), skew_ms: 0, app: "a".to_owned(), backlog: Backlog::default() }
    }

    #[test]
    fn notes_are_written_together_the_newest_of_each_device() {
        let notes = Notes::default();
        let [a, b] = [DeviceId::from([1; 16]), DeviceId::from([2; 16])];
        assert_eq!(notes.add(a, report(5_000)), []);
        assert_eq!(notes.add(b, report(5_100)), []);
        let mut due = notes.add(a, report(6_000));
        due.sort_by_key(|(device, _)| *device);
        assert_eq!(due, [(a, report(6_000)), (b, report(5_100))]);
        assert_eq!(notes.add(a, report(6_001)), []);
        assert_eq!(notes.take(), [(a, report(6_001))]);
        assert_eq!(notes.take(), []);
    }
}
