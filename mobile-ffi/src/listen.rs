//! Telling the app's screens what happens. Listeners are called on a thread of the library, one call after another; a slow
//! one delays only itself.

use std::sync::Arc;

use client::news::{News, Subscription as Inner};
use client::sync_core::id::RecordId;

use crate::session::{SyncProgress, SyncStatus};

/// A listener's interface, and how news reach it.
macro_rules! listeners {
    ($(
        $(#[$doc:meta])*
        $name:ident by $serve:ident;
        $(#[$call_doc:meta])*
        $call:ident($argument:ident: $type:ty) = $kind:ident => $given:expr;
    )+) => {$(
        $(#[$doc])*
        #[uniffi::export(with_foreign)]
        pub trait $name: Send + Sync {
            $(#[$call_doc])*
            fn $call(&self, $argument: $type);
        }

        pub(crate) fn $serve(listener: Arc<dyn $name>) -> impl FnMut(&News) + Send + 'static {
            move |news| {
                if let News::$kind($argument) = news {
                    listener.$call($given);
                }
            }
        }
    )+};
}

listeners! {
    /// Hears which records read differently now, whether changed here or by others.
    RecordListener by records;
    /// These records changed. The first call names everything that changed since the store was opened.
    on_records_changed(records: Vec<RecordId>) = Records => records.clone();
    /// Hears how a run with the server goes on.
    SyncListener by progress;
    /// Something more was exchanged.
    on_sync_progress(progress: SyncProgress) = Progress => (*progress).into();
    /// Hears where the device stands: what is unsent, when the last exchange was, what is wrong.
    StatusListener by status;
    /// The status is another one now.
    on_status_changed(status: SyncStatus) = Status => status.clone().into();
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
