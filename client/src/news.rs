//! News for the app's screens, brought to listeners on a thread of their own.
//!
//! Each listener has a thread, so that a slow one delays only itself, and news that pile up meanwhile come as one.
//! No lock is held while a listener is called, so it may call the library.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;

use sync_core::id::RecordId;

use crate::daybook::Daybook;
use crate::error::Error;
use crate::sync::{SyncProgress, SyncStatus};

/// Something that a screen may have to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// These records read differently now; first everything since the store was opened, if there is something.
    Records(Vec<RecordId>),
    /// A run with the server has got further.
    Progress(SyncProgress),
    /// Where the device stands; first as it is now.
    Status(SyncStatus),
}

/// What subscribers are told before it becomes news: a status is read only when somebody is free to hear it.
#[derive(Clone, Debug)]
pub(crate) enum Signal {
    Records(Vec<RecordId>),
    Progress(SyncProgress),
    Status,
}

type Listener = Box<dyn FnMut(&News) + Send>;

/// A listener that is being served. Stopping it, or letting go of it, frees the listener.
pub struct Subscription {
    seat: Arc<Seat>,
}

struct Seat {
    stopped: AtomicBool,
    listener: Mutex<Option<Listener>>,
    /// Held while the status is read: the daybook is kept open by that.
    reading: Mutex<()>,
}

impl Seat {
    /// Frees the listener, unless it is being called: then the caller does, afterwards.
    fn clear(&self) {
        let listener = self.listener.try_lock().ok().and_then(|mut listener| listener.take());
        // Outside of the lock: code of the app's may run now.
        drop(listener);
    }

    /// Where the device stands, unless nobody wants to hear it any more.
    fn read(&self, daybook: &Weak<Daybook>) -> Option<SyncStatus> {
        let _reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        if self.stopped.load(Ordering::Acquire) {
            return None;
        }
        // A status that can't be read now is read with the next signal.
        daybook.upgrade().and_then(|daybook| daybook.sync_status().ok())
    }

    fn tell(&self, news: &News) {
        if let Some(listener) = self.listener.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            // A listener that panics has not heard; it may hear the next.
            let _ = catch_unwind(AssertUnwindSafe(|| listener(news)));
        }
        if self.stopped.load(Ordering::Acquire) {
            self.clear();
        }
    }
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Subscription")
    }
}

impl Subscription {
    /// Ends it. Does not wait for a call that is under way; after that there is none. The daybook is not kept open by it any
    /// more: who lets go of that next can open the store again at once.
    pub fn stop(&self) {
        self.seat.stopped.store(true, Ordering::Release);
        drop(self.seat.reading.lock().unwrap_or_else(PoisonError::into_inner));
        self.seat.clear();
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Daybook {
    /// Tells a listener everything that happens, until the subscription is let go of. Calls come one after another,
    /// on a thread of their own; the daybook may be called from there.
    ///
    /// # Errors
    /// [`Error::Crashed`], also when the system has no thread to give.
    pub fn subscribe(self: &Arc<Self>, listener: impl FnMut(&News) + Send + 'static) -> Result<Subscription, Error> {
        let (stopped, listener) = (AtomicBool::new(false), Mutex::new(Some(Box::new(listener) as Listener)));
        let seat = Arc::new(Seat { stopped, listener, reading: Mutex::new(()) });
        let (daybook, hearer) = (Arc::downgrade(self), Arc::clone(&seat));
        let signals = self.core()?.subscribers.hear();
        let thread = thread::Builder::new().name("daybook news".to_owned());
        thread.spawn(move || serve(&daybook, &signals, &hearer)).map_err(|_| Error::Crashed)?;
        Ok(Subscription { seat })
    }
}

/// Brings news until the subscription or the daybook is gone.
fn serve(daybook: &Weak<Daybook>, signals: &Receiver<Signal>, seat: &Seat) {
    while let Ok(first) = signals.recv() {
        let (mut records, mut progress, mut status) = (BTreeSet::new(), None, false);
        for signal in std::iter::once(first).chain(signals.try_iter()) {
            match signal {
                Signal::Records(changed) => records.extend(changed),
                Signal::Progress(newest) => progress = Some(newest),
                Signal::Status => status = true,
            }
        }
        if seat.stopped.load(Ordering::Acquire) {
            break;
        }
        if !records.is_empty() {
            seat.tell(&News::Records(records.into_iter().collect()));
        }
        if let Some(progress) = progress {
            seat.tell(&News::Progress(progress));
        }
        if status && let Some(status) = seat.read(daybook) {
            seat.tell(&News::Status(status));
        }
    }
    seat.clear();
}
