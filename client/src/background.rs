//! Syncing when the platform's scheduler says so: WorkManager, BGTaskScheduler.

use std::cell::Cell;
use std::sync::TryLockError;
use std::time::Duration;

use sync_core::engine::{Event, Failure, Outcome};
use sync_core::photo::PhotoPolicy;

use crate::clock::Clock;
use crate::daybook::Daybook;
use crate::error::Error;
use crate::photos::PhotoReport;
use crate::sync::{Limits, SyncReport};

/// A request that can't take at least so long is not begun: it would only cost data.
const LEAST_PATIENCE: Duration = Duration::from_secs(2);
/// The longest time between two calls that is asked for.
const LONGEST_WAIT_MS: u64 = 24 * 60 * 60 * 1_000;

/// What one call of [`Daybook::sync_once`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// What was exchanged.
    pub records: SyncReport,
    /// What became of photos.
    pub photos: PhotoReport,
    /// Why it ended.
    pub ended: PassEnd,
    /// When to call again. The scheduler may be later; before that there is nothing to do.
    pub call_again_after: Duration,
}

/// Why a call of [`Daybook::sync_once`] ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PassEnd {
    /// Everything that may go over this network was exchanged.
    Done,
    /// It is not this device's turn: nothing new is here, or the server asked to be left alone.
    NotDue,
    /// The time was up. The next call goes on where this one stopped.
    OutOfTime,
    /// Another run is under way in this process, and does the work.
    Busy,
    /// It did not work; what was exchanged until then stands.
    Failed(Failure),
}

impl Daybook {
    /// Syncs if it is time to, in at most `budget`: records over any network, then photos as `policy` allows. Obeys the
    /// server's slot, resumes photos where they stopped, and does not wait for another run.
    ///
    /// # Errors
    /// [`Error::NotEnrolled`], and whatever the storage says. What the network and the server say is in the answer.
    pub fn sync_once(&self, budget: Duration, policy: &PhotoPolicy) -> Result<Pass, Error> {
        let limits = Until::new(self.clock(), budget);
        let mut pass = Pass {
            records: SyncReport::default(),
            photos: PhotoReport::default(),
            ended: PassEnd::Done,
            call_again_after: Duration::ZERO,
        };
        match self.records_within(&limits)? {
            Ok(outcome) => {
                let Outcome { exchanges, pushed, pulled, .. } = outcome;
                pass.records = SyncReport { exchanges, pushed, pulled };
                match outcome.failure {
                    Some(Failure::NotEnrolled) => return Err(Error::NotEnrolled),
                    Some(failure) => pass.ended = PassEnd::Failed(failure),
                    None => self.photos_after_records(policy, &limits, &mut pass)?,
                }
            }
            Err(end) => pass.ended = end,
        }
        if limits.ran_out.get() && pass.ended == PassEnd::Done {
            pass.ended = PassEnd::OutOfTime;
        }
        pass.call_again_after = self.wait()?;
        Ok(pass)
    }

    fn records_within(&self, limits: &dyn Limits) -> Result<Result<Outcome, PassEnd>, Error> {
        let _run = match self.run.try_lock() {
            Ok(run) => run,
            Err(TryLockError::Poisoned(run)) => run.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(Err(PassEnd::Busy)),
        };
        let lane = self.photo_lane()?;
        // A photo needs a token and so an exchange, but not against the server's word.
        let event = if lane.photos > lane.failed { Event::Online } else { Event::Tick };
        Ok(self.drive_by(event, limits)?.ok_or(PassEnd::NotDue))
    }

    fn photos_after_records(&self, policy: &PhotoPolicy, limits: &dyn Limits, pass: &mut Pass) -> Result<(), Error> {
        let _run = match self.photo_run.try_lock() {
            Ok(run) => run,
            Err(TryLockError::Poisoned(run)) => run.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(()),
        };
        pass.photos = self.photos_within(policy, limits)?;
        if let Some(failure) = &pass.photos.stopped {
            pass.ended = PassEnd::Failed(failure.clone());
        }
        Ok(())
    }

    fn wait(&self) -> Result<Duration, Error> {
        let now = self.clock().now().wall;
        let alarm = self.core()?.alarm;
        let millis = alarm.map_or(0, |alarm| u64::try_from(alarm.since(now)).unwrap_or(0));
        Ok(Duration::from_millis(millis.min(LONGEST_WAIT_MS)))
    }
}

/// A time by the clock that nobody can set.
struct Until<'a> {
    clock: &'a dyn Clock,
    mono_ms: u64,
    ran_out: Cell<bool>,
}

impl<'a> Until<'a> {
    fn new(clock: &'a dyn Clock, budget: Duration) -> Self {
        let budget = u64::try_from(budget.as_millis()).unwrap_or(u64::MAX);
        Self { clock, mono_ms: clock.now().mono_ms.saturating_add(budget), ran_out: Cell::new(false) }
    }
}

impl Limits for Until<'_> {
    fn patience(&self) -> Option<Duration> {
        let left = Duration::from_millis(self.mono_ms.saturating_sub(self.clock.now().mono_ms));
        self.ran_out.set(left < LEAST_PATIENCE);
        (left >= LEAST_PATIENCE).then_some(left)
    }
}
