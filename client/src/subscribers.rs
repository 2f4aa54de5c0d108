//! Telling the app's screens which records read differently now.

use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, Sender, channel};

use sync_core::id::RecordId;

use crate::news::Signal;
use crate::sync::SyncProgress;

/// Everybody who wants to know.
#[derive(Debug, Default)]
pub(crate) struct Subscribers {
    since_opened: BTreeSet<RecordId>,
    senders: Vec<Sender<Vec<RecordId>>>,
    hearers: Vec<Sender<Signal>>,
}

impl Subscribers {
    /// A subscription that begins with what has changed since the store was opened.
    pub(crate) fn subscribe(&mut self) -> Receiver<Vec<RecordId>> {
        let (sender, receiver) = channel();
        let begun = self.since_opened.is_empty() || sender.send(self.since_opened.iter().copied().collect()).is_ok();
        if begun {
            self.senders.push(sender);
        }
        receiver
    }

    /// Signals that begin with what has changed since the store was opened, and with a status.
    pub(crate) fn hear(&mut self) -> Receiver<Signal> {
        let (sender, receiver) = channel();
        let since_opened = Signal::Records(self.since_opened.iter().copied().collect());
        if sender.send(since_opened).and_then(|()| sender.send(Signal::Status)).is_ok() {
            self.hearers.push(sender);
        }
        receiver
    }

    /// Tells everybody who still listens which records read differently now.
    pub(crate) fn announce(&mut self, records: &[RecordId]) {
        self.since_opened.extend(records);
        self.senders.retain(|sender| sender.send(records.to_vec()).is_ok());
        self.signal(&Signal::Records(records.to_vec()));
    }

    /// Tells everybody who still listens how far a run has come.
    pub(crate) fn progress(&mut self, progress: SyncProgress) {
        self.signal(&Signal::Progress(progress));
    }

    /// Tells everybody who still listens that the device's status may be another one.
    pub(crate) fn status(&mut self) {
        self.signal(&Signal::Status);
    }

    fn signal(&mut self, signal: &Signal) {
        self.hearers.retain(|hearer| hearer.send(signal.clone()).is_ok());
    }
}
