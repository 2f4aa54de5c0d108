//! Driving the engine: sending what it wants sent, and bringing back what came of it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{PoisonError, TryLockError};
use std::time::Duration;

use sync_core::engine::{Effect, Event, Failure, Outcome, RequestId, TransportError, WireRequest};
use sync_core::store::{Standing, Store as _};
use sync_core::time::UnixMillis;
use sync_core::wire::enrol::Profile;
use sync_core::wire::exchange::Reminder;

use crate::daybook::{Core, Daybook};
use crate::error::Error;
use crate::rng;

/// What a run with the server moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SyncReport {
    /// Exchanges that were answered.
    pub exchanges: u32,
    /// Changes that the server acknowledged.
    pub pushed: u64,
    /// Records with news from the server.
    pub pulled: u64,
}

/// How far a run with the server has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SyncProgress {
    /// Requests that were answered, or failed.
    pub requests: u32,
    /// Changes that the server has not acknowledged yet.
    pub unsent_changes: u64,
    /// Whether the run is over.
    pub finished: bool,
}

/// Where the device stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncStatus {
    /// Records with changes that the server has not acknowledged.
    pub unsent_records: u32,
    /// Those changes.
    pub unsent_changes: u32,
    /// When the oldest of them was saved, by the device's wall clock.
    pub oldest_unsent: Option<UnixMillis>,
    /// When the last exchange succeeded, by the device's wall clock.
    pub last_exchange: Option<UnixMillis>,
    /// When [`Daybook::tick`] wants to be called next, by the device's wall clock; `None` for as soon as possible.
    pub next_exchange: Option<UnixMillis>,
    /// Why the last run ended early, in plain words by its `Display`; `None` if it did not.
    pub last_error: Option<Failure>,
    /// The app is too old for what the server has to say.
    pub upgrade_required: bool,
    /// What the device is to the server, as it last said. [`Standing::Revoked`] with nothing unsent: cut off, and
    /// everything handed in. Unless it is [`Standing::Good`], [`Daybook::enrol`] takes a new code.
    pub standing: Standing,
    /// The newest reminder of the office. Show it until its day is handed in or the person has seen it: it stays here.
    pub reminder: Option<Reminder>,
}

/// What a step of the engine left to do.
#[derive(Debug, Default)]
pub(crate) struct Todo {
    send: Option<(RequestId, WireRequest)>,
    finished: Option<Outcome>,
}

impl Core {
    /// Does what can be done at once, and gives back what can't.
    pub(crate) fn take_in(&mut self, effects: Vec<Effect>) -> Todo {
        let mut todo = Todo::default();
        for effect in effects {
            match effect {
                Effect::Send(id, request) => todo.send = Some((id, request)),
                Effect::WakeAt(time) => self.alarm = Some(time),
                Effect::Changed(records) => self.subscribers.announce(&records),
                Effect::Finished(outcome) => todo.finished = Some(outcome),
            }
        }
        todo
    }
}

impl Daybook {
    /// Redeems an enrolment code. `label` is what the device is called in lists, for example its model.
    ///
    /// # Errors
    /// [`Error::AlreadyEnrolled`] unless the server has cut the device off or does not know it any more, or
    /// [`Error::Exchange`] with what the server or the network said.
    pub fn enrol(&self, code: &str, label: &str) -> Result<Profile, Error> {
        let _run = self.run.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = self.drive(Event::Enrol { code: code.to_owned(), label: label.to_owned() })?;
        let Some(Outcome { failure: None, enrolled: Some(profile), .. }) = outcome else {
            return Err(outcome.and_then(|outcome| outcome.failure).map_or(Error::Crashed, Error::from));
        };
        Ok(profile)
    }

    /// Sends everything and takes in all news. If a run is under way, waits for it first and then makes its own,
    /// so that what was saved before this call has been sent when it returns.
    ///
    /// # Errors
    /// [`Error::NotEnrolled`], or [`Error::Exchange`] when the run ended early. What was exchanged until then
    /// stands, and what was saved stays saved.
    pub fn sync(&self) -> Result<SyncReport, Error> {
        let _run = self.run.lock().unwrap_or_else(PoisonError::into_inner);
        self.report(Event::SyncNow)?.ok_or(Error::Crashed)
    }

    /// For schedulers: syncs if it is time to. [`SyncStatus::next_exchange`] says when to call again. `None` if
    /// nothing was due, or a run is under way already.
    ///
    /// # Errors
    /// As [`Self::sync`].
    pub fn tick(&self) -> Result<Option<SyncReport>, Error> {
        self.run_if_free(Event::Tick)
    }

    /// For when the network came back: syncs unless the server asked to be left alone. `None` if it did, or a run
    /// is under way already.
    ///
    /// # Errors
    /// As [`Self::sync`].
    pub fn network_is_back(&self) -> Result<Option<SyncReport>, Error> {
        self.run_if_free(Event::Online)
    }

    /// Where the device stands.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn sync_status(&self) -> Result<SyncStatus, Error> {
        let core = self.core()?;
        let progress = core.engine.progress();
        let backlog = core.engine.store().backlog(progress.acknowledged)?;
        Ok(SyncStatus {
            unsent_records: backlog.records,
            unsent_changes: backlog.changes,
            oldest_unsent: backlog.oldest,
            last_exchange: progress.last_exchange,
            next_exchange: core.alarm,
            last_error: core.engine.last_failure().cloned(),
            upgrade_required: progress.upgrade_required,
            standing: progress.standing,
            reminder: progress.reminder.clone(),
        })
    }

    fn run_if_free(&self, event: Event) -> Result<Option<SyncReport>, Error> {
        let _run = match self.run.try_lock() {
            Ok(run) => run,
            Err(TryLockError::Poisoned(run)) => run.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(None),
        };
        self.report(event)
    }

    fn report(&self, event: Event) -> Result<Option<SyncReport>, Error> {
        match self.drive(event)? {
            Some(Outcome { failure: Some(failure), .. }) => Err(failure.into()),
            Some(Outcome { exchanges, pushed, pulled, .. }) => Ok(Some(SyncReport { exchanges, pushed, pulled })),
            None => Ok(None),
        }
    }

    /// Goes on until the run is over; `None` if none began. The caller holds `self.run`; the engine is free for
    /// others whenever the network is waited for.
    pub(crate) fn drive(&self, event: Event) -> Result<Option<Outcome>, Error> {
        self.drive_by(event, &Unhurried)
    }

    /// As [`Self::drive`], within the limits of a caller.
    pub(crate) fn drive_by(&self, event: Event, limits: &dyn Limits) -> Result<Option<Outcome>, Error> {
        let mut todo = self.step(event)?;
        let mut requests = 0;
        while let Some((id, request)) = todo.send.take() {
            self.report_progress(SyncProgress { requests, ..SyncProgress::default() })?;
            let Some(patience) = limits.patience() else {
                todo = self.step(Event::Stop)?;
                break;
            };
            // A transport of the app's own that panics must not leave the engine waiting for it for ever.
            let send = || match self.forget_photos_if_wiped() {
                Ok(()) => self.transport.send_within(&request, patience),
                Err(_) => Err(TransportError::Interrupted),
            };
            let result = catch_unwind(AssertUnwindSafe(send)).unwrap_or(Err(TransportError::Interrupted));
            requests += 1;
            todo = self.step(Event::Response(id, result))?;
        }
        if let Some(Outcome { failure: Some(Failure::Wiped), .. }) = &todo.finished {
            // Nothing that is left in the store names a photo any more.
            self.settle_photos()?;
        }
        if todo.finished.is_some() {
            self.report_progress(SyncProgress { requests, finished: true, ..SyncProgress::default() })?;
            // The run stands whether or not this works; if not, a later save moves the log.
            let _ = self.core()?.engine.store().tidy();
        }
        Ok(todo.finished)
    }

    fn report_progress(&self, progress: SyncProgress) -> Result<(), Error> {
        let mut core = self.core()?;
        let unsent_changes = core.engine.store().head()?.n.saturating_sub(core.engine.progress().acknowledged);
        core.subscribers.progress(SyncProgress { unsent_changes, ..progress });
        core.subscribers.status();
        Ok(())
    }

    /// Nobody is told that the device is wiped before the files beside the store are gone too.
    fn forget_photos_if_wiped(&self) -> Result<(), Error> {
        let wiped = self.core()?.engine.is_wiped();
        if wiped { self.settle_photos() } else { Ok(()) }
    }

    fn step(&self, event: Event) -> Result<Todo, Error> {
        let mut core = self.core()?;
        let effects = core.engine.handle(self.clock().now(), &mut rng::system(), event)?;
        Ok(core.take_in(effects))
    }
}

/// How long a run may go on.
pub(crate) trait Limits {
    /// How long the next request may take; `None` if there is to be none.
    fn patience(&self) -> Option<Duration>;
}

/// No limits.
pub(crate) struct Unhurried;

impl Limits for Unhurried {
    fn patience(&self) -> Option<Duration> {
        Some(Duration::MAX)
    }
}
