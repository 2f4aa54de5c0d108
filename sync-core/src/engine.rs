//! The sync engine of a device, without input or output.
//!
//! [`Engine::handle`] takes an [`Event`] and gives [`Effect`]s; the caller sends the requests, keeps the alarm
//! clock and comes back with what happened. Time and randomness are arguments, storage is a [`Store`] called
//! within the step, so the same engine runs on a phone, in a browser and under a seeded simulator.
//!
//! A run pushes the journal in order and pulls the feed until neither side has more. Nothing counts as done
//! without the server's signed receipt; a failed run re-arms its own alarm.

mod backoff;
mod drift;
mod failure;
mod hold_off;
mod installation;
mod link;
mod parting;
mod pull;
mod refusal;
mod reidentify;

use std::collections::BTreeSet;

use rand_core::Rng;

use crate::id::RecordId;
use crate::index::Row;
use crate::journal::Key;
use crate::notebook::Notebook;
use crate::status::Status;
use crate::store::{BatchLimit, Identity, Progress, RecordSync, Standing, Store, Tombstone};
use crate::time::{ClockReading, UnixMillis};
use crate::wire::enrol::Profile;
use crate::wire::{Body, Encoding};

use backoff::Backoff;
pub use failure::{Failure, TransportError};
pub use hold_off::HoldOff;

/// The largest push.
pub const FULL_BATCH: BatchLimit = BatchLimit { records: 100, bytes: 512 * 1024 };
/// How much the engine unpacks of one answer, in bytes.
pub const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// Tells requests apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// Where a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Become known.
    Enrol,
    /// Get a token.
    Token,
    /// Push and pull.
    Exchange,
    /// Become another device.
    Reidentify,
}

impl Route {
    /// The path below the server's address. Always POST.
    pub fn path(self) -> &'static str {
        match self {
            Self::Enrol => "/sync/v1/enrol",
            Self::Token => "/sync/v1/token",
            Self::Exchange => "/sync/v1/exchange",
            Self::Reidentify => "/sync/v1/reidentify",
        }
    }
}

/// A request for the caller to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireRequest {
    /// Where to.
    pub route: Route,
    /// To be sent as `authorization: Bearer`.
    pub token: Option<String>,
    /// The message, of type [`crate::wire::MEDIA_TYPE`].
    pub body: Body,
}

/// An answer as it came from the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireResponse {
    /// HTTP status.
    pub status: u16,
    /// `content-type` without parameters.
    pub media_type: String,
    /// `content-encoding`.
    pub encoding: Encoding,
    /// `retry-after` in seconds.
    pub retry_after_s: Option<u64>,
    /// The body as it came.
    pub body: Vec<u8>,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// The person typed or scanned an enrolment code. With an identity this is possible only if the server does not
    /// know it, or has cut it off and holds everything: then the device becomes another one.
    Enrol {
        /// The code.
        code: String,
        /// What the device shall be called in lists.
        label: String,
    },
    /// The person asked for a sync.
    SyncNow,
    /// Something was written down.
    Edited,
    /// The network came back.
    Online,
    /// A request was answered, or failed.
    Response(RequestId, Result<WireResponse, TransportError>),
    /// The alarm went off, or the app came to the front.
    Tick,
    /// There is no time to go on: the run ends without the request that was to be sent. That is no failure; what is
    /// left is due at the next [`Self::Tick`].
    Stop,
}

/// What the caller has to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Send this and report back.
    Send(RequestId, WireRequest),
    /// Set the alarm; replaces the one before.
    WakeAt(UnixMillis),
    /// These records read differently now.
    Changed(Vec<RecordId>),
    /// The run is over.
    Finished(Outcome),
}

/// How a run ended and what it moved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Why it ended early; `None` if everything was exchanged.
    pub failure: Option<Failure>,
    /// Exchanges that were answered.
    pub exchanges: u32,
    /// Changes that the server acknowledged.
    pub pushed: u64,
    /// Records of the feed that had news.
    pub pulled: u64,
    /// The profile, if the run was an enrolment.
    pub enrolled: Option<Profile>,
}

/// The storage failed, or something was asked that can't be now. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum EngineError<E> {
    /// The storage failed.
    #[error("the storage failed")]
    Store(#[source] E),
    /// The device belongs to somebody already, and as far as it knows the server agrees.
    #[error("this device is enrolled already")]
    AlreadyEnrolled,
}

/// The sync engine of one device.
#[derive(Debug)]
pub struct Engine<S> {
    store: S,
    app: String,
    identity: Option<Identity>,
    /// The store came from another installation, and this one has no identity of its own yet.
    moved: bool,
    /// The device was wiped, and the server was not told yet.
    tombstone: Option<Tombstone>,
    progress: Progress,
    token: Option<link::Token>,
    nonce: Vec<u8>,
    batch: BatchLimit,
    /// Lines whose change alone is too large for the server: only their names are sent.
    withheld: BTreeSet<u64>,
    backoff: Backoff,
    edit_alarm: Option<UnixMillis>,
    last_failure: Option<Failure>,
    run: Option<Run>,
    flight: Option<link::Flight>,
    requests: u64,
}

/// What is going on between the first request and [`Effect::Finished`].
#[derive(Debug)]
struct Run {
    outcome: Outcome,
    enrolment: Option<link::Enrolment>,
    /// The server does not know the present identity: the enrolment makes it known again.
    forgotten: bool,
    /// The present identity is given up for the enrolment: up to this line its journal is the server's.
    common_through: Option<u64>,
    wiped: bool,
    /// The server said that this device is not who it says it is, and up to where they agree.
    reidentify: Option<u64>,
    reidentified: bool,
    fresh_tokens: u32,
    resends: u32,
    drift: drift::Drift,
}

impl<S: Store> Engine<S> {
    /// Takes up where the store left off.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn open(store: S, app: String) -> Result<Self, EngineError<S::Error>> {
        let identity = store.identity().map_err(EngineError::Store)?;
        let progress = store.progress().map_err(EngineError::Store)?;
        let tombstone = store.tombstone().map_err(EngineError::Store)?;
        let installation = store.installation().map_err(EngineError::Store)?;
        Ok(Self {
            store,
            app,
            identity,
            moved: installation.is_some_and(|installation| installation.moved),
            tombstone,
            progress,
            token: None,
            nonce: Vec::new(),
            batch: FULL_BATCH,
            withheld: BTreeSet::new(),
            backoff: Backoff::default(),
            edit_alarm: None,
            last_failure: None,
            run: None,
            flight: None,
            requests: 0,
        })
    }

    /// The storage, for reading.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Opens the notebook at a moment.
    pub fn notebook(&mut self, now: ClockReading, utc_offset_minutes: i16) -> Notebook<'_, S> {
        Notebook::new(&mut self.store, &self.app, now, utc_offset_minutes)
    }

    /// Who this installation is; `None` before enrolment.
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// How far the exchange has come.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Why the last run ended early; `None` if it did not.
    pub fn last_failure(&self) -> Option<&Failure> {
        self.last_failure.as_ref()
    }

    /// Whether a run is under way.
    pub fn is_running(&self) -> bool {
        self.run.is_some()
    }

    /// How safe a record is.
    pub fn status(&self, sync: &RecordSync, row: &Row) -> Status {
        let in_flight = self.flight.as_ref().map_or(0, link::Flight::through);
        Status::derive(sync, &self.progress, in_flight, row.review)
    }

    /// Takes an event and says what to do.
    ///
    /// # Errors
    /// When the storage fails; the run ends, and the same event may be given again.
    pub fn handle(
        &mut self,
        now: ClockReading,
        rng: &mut dyn Rng,
        event: Event,
    ) -> Result<Vec<Effect>, EngineError<S::Error>> {
        let mut effects = Vec::new();
        let handled = self.dispatch(now, rng, event, &mut effects);
        if handled.is_err() {
            self.run = None;
            self.flight = None;
        }
        handled.map(|()| effects)
    }

    fn dispatch(
        &mut self,
        now: ClockReading,
        rng: &mut dyn Rng,
        event: Event,
        effects: &mut Vec<Effect>,
    ) -> Result<(), EngineError<S::Error>> {
        match event {
            Event::Enrol { code, label } => {
                if !self.may_enrol() {
                    return Err(EngineError::AlreadyEnrolled);
                }
                if self.run.is_none() {
                    let key = self.next_key(rng)?;
                    self.begin(Some(link::Enrolment { code, label, key }));
                    self.advance(now, rng, effects)?;
                }
                Ok(())
            }
            Event::SyncNow => self.start(now, rng, effects),
            Event::Online | Event::Tick => {
                let held_off = self.progress.hold_off.is_some_and(|hold_off| hold_off.left_ms(now) > 0);
                let due = matches!(event, Event::Online) || self.is_due(now.wall)?;
                if due && !held_off {
                    self.start(now, rng, effects)
                } else {
                    effects.push(Effect::WakeAt(self.alarm(now)));
                    Ok(())
                }
            }
            Event::Edited => {
                // The first edit of several sets the alarm: steady work must not put it off.
                let armed = self.edit_alarm.is_some_and(|time| now.wall < time && time.since(now.wall) < DAY_MS);
                if self.run.is_none() && self.identity.is_some() && !armed {
                    let soon = now.wall.plus(EDIT_DELAY_MS);
                    let time = self.progress.hold_off.map_or(soon, |hold_off| hold_off.ends_at(now).max(soon));
                    self.edit_alarm = Some(time);
                    effects.push(Effect::WakeAt(time));
                }
                Ok(())
            }
            Event::Response(id, result) => self.answered(now, rng, id, result, effects),
            Event::Stop => {
                self.progress.next_exchange = Some(now.wall);
                self.finish(now, rng, None, effects)
            }
        }
    }

    fn start(
        &mut self,
        now: ClockReading,
        rng: &mut dyn Rng,
        effects: &mut Vec<Effect>,
    ) -> Result<(), EngineError<S::Error>> {
        if self.run.is_some() {
            return Ok(());
        }
        self.begin(None);
        self.advance(now, rng, effects)
    }

    /// The key of the identity to come: made once, and stored before anybody hears of it, so that asking again is the
    /// same question.
    fn next_key(&mut self, rng: &mut dyn Rng) -> Result<Key, EngineError<S::Error>> {
        let present = self.identity.as_ref().map(|identity| identity.key_seed);
        let kept = self.store.device_key().map_err(EngineError::Store)?;
        if let Some(seed) = kept.filter(|seed| Some(*seed) != present) {
            return Ok(Key::from_seed(seed));
        }
        let key = Key::generate(rng);
        self.store.set_device_key(&key.seed()).map_err(EngineError::Store)?;
        Ok(key)
    }

    fn begin(&mut self, enrolment: Option<link::Enrolment>) {
        self.run = Some(Run {
            outcome: Outcome::default(),
            enrolment,
            forgotten: false,
            common_through: None,
            wiped: false,
            reidentify: None,
            reidentified: false,
            fresh_tokens: 0,
            resends: 0,
            drift: drift::Drift::default(),
        });
    }

    /// Whether an exchange is due: the server's time has come, or something unsent has waited long enough. A wall
    /// clock that was set back must not postpone it for years.
    fn is_due(&self, now: UnixMillis) -> Result<bool, EngineError<S::Error>> {
        let scheduled = self.progress.next_exchange.is_none_or(|time| now >= time || time.since(now) > DAY_MS);
        if scheduled {
            return Ok(true);
        }
        let backlog = self.store.backlog(self.progress.acknowledged).map_err(EngineError::Store)?;
        Ok(backlog.oldest.is_some_and(|oldest| now.since(oldest) >= EDIT_DELAY_MS || now < oldest))
    }

    fn alarm(&self, now: ClockReading) -> UnixMillis {
        let scheduled = self.progress.next_exchange.unwrap_or(now.wall);
        let time = self.progress.hold_off.map_or(scheduled, |hold_off| hold_off.ends_at(now).max(scheduled));
        time.clamp(now.wall.plus(1_000), now.wall.plus(DAY_MS))
    }

    /// Ends the run and sets the alarm for the next one.
    fn finish(
        &mut self,
        now: ClockReading,
        rng: &mut dyn Rng,
        failure: Option<Failure>,
        effects: &mut Vec<Effect>,
    ) -> Result<(), EngineError<S::Error>> {
        let Some(run) = self.run.take() else {
            return Ok(());
        };
        self.flight = None;
        self.edit_alarm = None;
        match &failure {
            None => {
                self.backoff.reset();
                if self.progress.hold_off.take().is_some() {
                    self.store.set_progress(&self.progress).map_err(EngineError::Store)?;
                }
            }
            Some(failure) => {
                if *failure == Failure::UnknownDevice {
                    self.progress.standing = Standing::Unknown;
                }
                let wait = self.backoff.next(rng).max(failure.retry_after_ms().unwrap_or(0));
                let hold_off = HoldOff::from(now, wait);
                self.progress.hold_off = Some(hold_off);
                self.progress.next_exchange = Some(hold_off.ends_at(now));
                self.store.set_progress(&self.progress).map_err(EngineError::Store)?;
            }
        }
        self.last_failure.clone_from(&failure);
        effects.push(Effect::WakeAt(self.alarm(now)));
        effects.push(Effect::Finished(Outcome { failure, ..run.outcome }));
        Ok(())
    }
}

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// How long an edit waits for company before the engine wants to send it by itself.
const EDIT_DELAY_MS: i64 = 60_000;

#[cfg(test)]
mod tests;
