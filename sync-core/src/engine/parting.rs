//! How a device parts with its identity: cut off by the office it still hands in what it has; told to, it forgets
//! everything, and says so; and with a new code it becomes another device.

use rand_core::Rng;

use super::link::Purpose;
use super::{Effect, Engine, EngineError, Failure, Route};
use crate::id::RecordId;
use crate::store::{Progress, RowFilter, Standing, Store};
use crate::time::ClockReading;
use crate::wire;
use crate::wire::exchange::{Backlog, ExchangeRequest, Order, PullLimits};

impl<S: Store> Engine<S> {
    /// Goes on after an answer to a device that is cut off. `through` is the last line that was sent, 0 if none.
    pub(super) fn handed_in(
        &mut self,
        now: ClockReading,
        rng: &mut dyn Rng,
        through: u64,
        orders: &[Order],
        effects: &mut Vec<Effect>,
    ) -> Result<(), EngineError<S::Error>> {
        let acknowledged = self.progress.acknowledged;
        if self.store.head().map_err(EngineError::Store)?.n > acknowledged {
            return self.advance(now, rng, effects);
        }
        if orders.contains(&Order::Wipe) && self.store.backlog(acknowledged).map_err(EngineError::Store)?.photos == 0 {
            return self.wipe(now, rng, effects);
        }
        if through > 0 {
            // Says that nothing is left: only to such a message the server can order a wipe.
            return self.advance(now, rng, effects);
        }
        match &mut self.run {
            Some(run) if run.enrolment.is_some() => {
                run.common_through = Some(acknowledged);
                self.advance(now, rng, effects)
            }
            _ => self.finish(now, rng, Some(Failure::Revoked), effects),
        }
    }

    fn wipe(
        &mut self,
        now: ClockReading,
        rng: &mut dyn Rng,
        effects: &mut Vec<Effect>,
    ) -> Result<(), EngineError<S::Error>> {
        let listed = self.store.list(&RowFilter::default(), None, usize::MAX).map_err(EngineError::Store)?;
        let gone: Vec<RecordId> = listed.into_iter().map(|listed| listed.row.id).collect();
        self.store.wipe().map_err(EngineError::Store)?;
        self.tombstone = self.store.tombstone().map_err(EngineError::Store)?;
        self.identity = None;
        self.moved = false;
        self.progress = Progress::default();
        self.withheld.clear();
        if let Some(run) = &mut self.run {
            // Whoever wanted to enrol types the code again: it was asked for while there was something to lose.
            run.enrolment = None;
            run.wiped = true;
        }
        if !gone.is_empty() {
            effects.push(Effect::Changed(gone));
        }
        self.advance(now, rng, effects)
    }

    /// Tells the server that the device is wiped.
    pub(super) fn send_farewell(&mut self, now: ClockReading, effects: &mut Vec<Effect>) {
        let request = ExchangeRequest {
            clock: now,
            app: self.app.clone(),
            backlog: Backlog::default(),
            segment: None,
            cursor: None,
            limits: PullLimits { records: 0, bytes: 0 },
            profile_version: 0,
            acknowledged: 0,
            wiped: true,
            acknowledged_link: None,
            reminded_at: None,
            digest: None,
            offers: Vec::new(),
            holding: None,
        };
        self.send(Route::Exchange, Purpose::Farewell, wire::encode(&request), effects);
    }

    /// The server knows that the device is wiped, or has no idea who it was.
    pub(super) fn bury(
        &mut self,
        now: ClockReading,
        rng: &mut dyn Rng,
        effects: &mut Vec<Effect>,
    ) -> Result<(), EngineError<S::Error>> {
        self.store.bury().map_err(EngineError::Store)?;
        self.tombstone = None;
        self.token = None;
        self.nonce.clear();
        let goes_on = self.identity.is_some() || self.run.as_ref().is_some_and(|run| run.enrolment.is_some());
        if goes_on {
            return self.advance(now, rng, effects);
        }
        let failure =
            if self.run.as_ref().is_some_and(|run| run.wiped) { Failure::Wiped } else { Failure::NotEnrolled };
        self.finish(now, rng, Some(failure), effects)
    }

    /// Whether the device has forgotten everything and the server has not heard of it yet.
    pub fn is_wiped(&self) -> bool {
        self.tombstone.is_some()
    }

    /// Whether a new code may be redeemed although there is an identity. The run asks the server again before it does.
    pub(super) fn may_enrol(&self) -> bool {
        self.identity.is_none() || self.progress.standing != Standing::Good
    }
}
