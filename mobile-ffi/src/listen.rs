//! Telling the app's screens what happens. Listeners are called on a thread of the library, one call after another;
//! a slow one delays only itself.

use std::sync::Arc;

use client::news::{News, Subscription as Inner};
use client::sync_core::id::RecordId;

use crate::session::{SyncProgress, SyncStatus};

/// Hears which records read differently now, whether changed here or by others.
#[uniffi::export(with_foreign)]
pub trait RecordListener: Send + Sync {
    /// These records changed. The first call names everything that changed since the store was opened.
    fn on_records_changed(&self, records: Vec<RecordId>);
}

/// Hears how a run with the server goes on.
#[uniffi::export(with_foreign)]
pub trait SyncListener: Send + Sync {
    /// Something more was exchanged.
    fn on_sync_progress(&self, progress: SyncProgress);
}

/// Hears where the device stands: what is unsent, when the last exchange was, what is wrong.
#[uniffi::export(with_foreign)]
pub trait StatusListener: Send + Sync {
    /// The status is another one now.
    fn on_status_changed(&self, status: SyncStatus);
}

/// A listener that is being served. Closing it, or letting go of it, ends that and frees the listener at once.
#[derive(uniffi::Object)]
pub struct Subscription(pub(crate) Inner);

#[uniffi::export]
impl Subscription {
    /// Ends it. A call that is under way goes on.
    pub fn stop(&self) {
        self.0.stop();
    }
}

pub(crate) fn records(listener: Arc<dyn RecordListener>) -> impl FnMut(&News) + Send + 'static {
    move |news| {
        if let News::Records(records) = news {
            listener.on_records_changed(records.clone());
        }
    }
}

pub(crate) fn progress(listener: Arc<dyn SyncListener>) -> impl FnMut(&News) + Send + 'static {
    move |news| {
        if let News::Progress(progress) = news {
            listener.on_sync_progress((*progress).into());
        }
    }
}

pub(crate) fn status(listener: Arc<dyn StatusListener>) -> impl FnMut(&News) + Send + 'static {
    move |news| {
        if let News::Status(status) = news {
            listener.on_status_changed(status.clone().into());
        }
    }
}
