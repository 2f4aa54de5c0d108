//! Telling the app's screens which records read differently now.

use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, Sender, channel};

use sync_core::id::RecordId;

/// Everybody who wants to know.
#[derive(Debug, Default)]
pub(crate) struct Subscribers {
    since_opened: BTreeSet<RecordId>,
    senders: Vec<Sender<Vec<RecordId>>>,
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

    /// Tells everybody who still listens.
    pub(crate) fn announce(&mut self, records: &[RecordId]) {
        self.since_opened.extend(records);
        self.senders.retain(|sender| sender.send(records.to_vec()).is_ok());
    }
}
