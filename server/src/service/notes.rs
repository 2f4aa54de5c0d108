//! What phones report in exchanges that bring nothing: noted together, about once a second.
//!
//! An idle exchange would otherwise cost a write of its own. These notes are for the board of devices and promise
//! nothing to a phone; a process that is killed loses a second of them.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use sync_core::id::DeviceId;
use sync_core::time::UnixMillis;

use super::events::{News, heard_of};
use crate::error::ServiceError;
use crate::state::App;
use crate::store::{Device, DeviceReport};

/// How long a note waits for others, at most.
const WAIT_MS: i64 = 1_000;

/// The notes that wait.
#[derive(Debug, Default)]
pub struct Notes(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    since: Option<UnixMillis>,
    due: Due,
}

/// What has to be written, and what may be said once it is.
#[derive(Debug, Default, PartialEq)]
struct Due {
    reports: HashMap<DeviceId, DeviceReport>,
    news: BTreeSet<News>,
}

impl Notes {
    /// Takes a note; what it returns has to be written now.
    fn add(&self, device: DeviceId, report: DeviceReport, news: Vec<News>) -> Due {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = report.at;
        let since = *waiting.since.get_or_insert(now);
        waiting.due.reports.insert(device, report);
        waiting.due.news.extend(news);
        // Whichever way the clock was set.
        if now.since(since).abs() >= WAIT_MS { waiting.take() } else { Due::default() }
    }

    fn take(&self) -> Due {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Waiting {
    fn take(&mut self) -> Due {
        self.since = None;
        std::mem::take(&mut self.due)
    }
}

/// Notes what a device reported.
///
/// # Errors
/// When it was the turn of the notes to be written and the database failed.
pub async fn note(app: &App, device: &Device, report: DeviceReport) -> Result<(), ServiceError> {
    let now = report.at;
    write(app, app.notes.add(device.id, report, heard_of(device, now))).await
}

/// Writes the notes that wait.
///
/// # Errors
/// When the database fails; the notes are lost.
pub async fn flush(app: &App) -> Result<(), ServiceError> {
    write(app, app.notes.take()).await
}

async fn write(app: &App, due: Due) -> Result<(), ServiceError> {
    if due.reports.is_empty() {
        return Ok(());
    }
    let reports: Vec<(DeviceId, DeviceReport)> = due.reports.into_iter().collect();
    app.store.note_exchanges(&reports).await?;
    app.events.tell(due.news);
    Ok(())
}

#[cfg(test)]
mod tests {
    use sync_core::id::{OfficeId, OrganisationId};
    use sync_core::wire::exchange::Backlog;

    use super::super::events::Topic;
    use super::*;

    fn report(at: i64) -> DeviceReport {
        DeviceReport { at: UnixMillis(at), skew_ms: 0, app: "a".to_owned(), backlog: Backlog::default() }
    }

    #[test]
    fn notes_are_written_together_the_newest_of_each_device() {
        let notes = Notes::default();
        let [a, b] = [DeviceId::from([1; 16]), DeviceId::from([2; 16])];
        let news = |n: u8| {
            let office = Some(OfficeId::from([n; 16]));
            [Topic::Devices, Topic::Days].map(|topic| News::of(topic, OrganisationId::from([1; 16]), office)).to_vec()
        };
        assert_eq!(notes.add(a, report(5_000), news(1)), Due::default());
        assert_eq!(notes.add(b, report(5_100), news(2)), Due::default());
        let due = notes.add(a, report(6_000), news(1));
        assert_eq!(due.reports, HashMap::from([(a, report(6_000)), (b, report(5_100))]));
        assert_eq!(due.news, BTreeSet::from_iter(news(1).into_iter().chain(news(2))));
        assert_eq!(notes.add(a, report(6_001), news(1)), Due::default());
        assert_eq!(notes.take().reports, HashMap::from([(a, report(6_001))]));
        assert_eq!(notes.take(), Due::default());
    }
}
