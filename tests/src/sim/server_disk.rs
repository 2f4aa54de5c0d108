//! What can happen to the server's disk and process between any two steps of its storage.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use server::store::StoreError;

use super::fault::{Fault, Faults};

/// The disk of the server, which outlives its processes.
#[derive(Clone, Debug, Default)]
pub struct ServerDisk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    killed: bool,
    steps_left: Option<u32>,
    /// The process dies after a write, not before whatever step comes.
    after_write: bool,
    refusals: u32,
    full: bool,
    /// So many records of the feed are passed over by mistake.
    skips: u32,
    /// Nothing goes wrong for a moment.
    spared: bool,
    faults: Faults,
}

/// A write that is allowed to go on.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Step {
    dies_after: bool,
}

impl ServerDisk {
    /// The process is killed after so many more steps: before a step if the number is even; if it is odd, after the
    /// next write was done and before anybody heard of it.
    pub fn kill_after(&self, steps: u32) {
        let mut state = self.state();
        (state.steps_left, state.after_write) = (Some(steps), steps % 2 == 1);
    }

    /// The next writes fail.
    pub fn refuse(&self, writes: u32) {
        self.state().refusals = writes;
    }

    /// Fills or empties the disk.
    pub fn set_full(&self, full: bool) {
        self.state().full = full;
    }

    /// So many records of the feed will be passed over by mistake.
    pub fn skip_in_feed(&self, records: u32) {
        self.state().skips = records;
    }

    /// Whether a record of the feed is passed over.
    pub fn skips_this(&self) -> bool {
        let mut state = self.state();
        let skips = state.skips > 0;
        if skips {
            state.skips -= 1;
            state.faults.fired(Fault::GapPlanted);
        }
        skips
    }

    /// Whether the process was killed.
    pub fn is_killed(&self) -> bool {
        self.state().killed
    }

    /// A new process starts.
    pub fn restart(&self) {
        let mut state = self.state();
        (state.killed, state.steps_left) = (false, None);
    }

    /// Spares a process that is starting: what the operator does until it starts is not what is simulated.
    pub fn spare(&self, spared: bool) {
        self.state().spared = spared;
    }

    /// Nothing is wrong any more.
    pub fn heal(&self) {
        let mut state = self.state();
        (state.steps_left, state.refusals, state.full, state.skips) = (None, 0, false, 0);
    }

    /// Takes what the faults did since the last time.
    pub fn take_faults(&self) -> Faults {
        std::mem::take(&mut self.state().faults)
    }

    /// A step that reads.
    ///
    /// # Errors
    /// When the process is dead.
    pub fn read(&self) -> Result<(), StoreError> {
        self.state().step(false).map(drop)
    }

    /// A step that writes is about to begin.
    ///
    /// # Errors
    /// When the process is dead, or the disk takes nothing.
    pub fn write(&self) -> Result<Step, StoreError> {
        let mut state = self.state();
        let dies_after = state.step(true)?;
        if state.spared {
            return Ok(Step { dies_after: false });
        }
        if state.full {
            state.faults.fired(Fault::ServerDiskFull);
            return Err(outage("the disk is full"));
        }
        if state.refusals > 0 {
            state.refusals -= 1;
            state.faults.fired(Fault::ServerWriteFailed);
            return Err(outage("the disk refused a write"));
        }
        Ok(Step { dies_after })
    }

    /// A step that writes is done.
    ///
    /// # Errors
    /// When the process died of it, so that nobody hears what was written.
    pub fn written(&self, step: Step) -> Result<(), StoreError> {
        let mut state = self.state();
        if step.dies_after && !state.killed {
            state.killed = true;
            state.faults.fired(Fault::ServerKilledAfterWrite);
        }
        if state.killed { Err(outage("the process was killed")) } else { Ok(()) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here is ever half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// One step; true if the process dies right after it.
    fn step(&mut self, writes: bool) -> Result<bool, StoreError> {
        if self.killed {
            return Err(outage("the process was killed"));
        }
        match self.steps_left {
            None => Ok(false),
            Some(0) => {
                self.killed = true;
                self.faults.fired(Fault::ServerKilledBetweenSteps);
                Err(outage("the process was killed"))
            }
            Some(1) if self.after_write && !writes => Ok(false),
            Some(left) => {
                self.steps_left = Some(left - 1);
                Ok(left == 1)
            }
        }
    }
}

fn outage(why: &'static str) -> StoreError {
    StoreError::Unavailable(why.into())
}
