//! What is going on between all phones and the server at this moment.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Counts requests, and tells whether the server is up. Phones wait here while it is not; whoever kills it waits here
/// for a moment at which that hurts.
#[derive(Debug, Default)]
pub struct Pulse {
    state: Mutex<State>,
    changed: Condvar,
}

/// How much has happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Requests that left a phone.
    pub requests: u64,
    /// Receipts that reached one.
    pub receipts: usize,
}

#[derive(Debug, Default)]
struct State {
    /// Requests that left a phone, since the beginning.
    sent: u64,
    /// Requests without an answer yet.
    in_flight: u32,
    /// Receipts that reached a phone.
    receipts: usize,
    /// Blows that fell.
    struck: u32,
    /// Phones that are done.
    done: usize,
    down: bool,
    over: bool,
}

impl Pulse {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request is on its way until the guard is dropped.
    pub fn request(&self) -> Beat<'_> {
        let mut state = self.state();
        state.sent += 1;
        state.in_flight += 1;
        self.changed.notify_all();
        Beat(self)
    }

    /// A receipt reached a phone.
    pub fn receipt(&self) {
        self.state().receipts += 1;
        self.changed.notify_all();
    }

    /// How many requests left a phone, and how many receipts reached one.
    pub fn count(&self) -> Count {
        let state = self.state();
        Count { requests: state.sent, receipts: state.receipts }
    }

    /// Waits until the server is up, but not longer than `patience`; whether it is.
    pub fn wait_up(&self, patience: Duration) -> bool {
        let (state, _) = self
            .changed
            .wait_timeout_while(self.state(), patience, |state| state.down)
            .unwrap_or_else(PoisonError::into_inner);
        !state.down
    }

    /// Waits for a time that the server asked for.
    pub fn rest(&self, time: Duration) {
        drop(self.changed.wait_timeout_while(self.state(), time, |_| true));
    }

    /// Waits until so many blows have fallen, or so many phones are done.
    pub fn wait_turn(&self, struck: u32, done: usize) {
        drop(self.changed.wait_while(self.state(), |state| state.struck < struck && state.done < done));
    }

    /// A phone is done.
    pub fn done(&self) {
        self.state().done += 1;
        self.changed.notify_all();
    }

    /// The server is there again.
    pub fn up(&self) {
        self.state().down = false;
        self.changed.notify_all();
    }

    /// Every phone is done: who waits for requests waits in vain.
    pub fn over(&self) {
        self.state().over = true;
        self.changed.notify_all();
    }

    /// Waits until so many requests have left and so many receipts arrived, then until `delay` has passed, then until at least one is in flight;
    /// and strikes while none of those in flight can end. Phones then find the server down. `None` if the storm is
    /// over before.
    pub fn strike<T>(&self, after: Count, delay: Duration, blow: impl FnOnce(u32) -> T) -> Option<T> {
        let mut state = self.state();
        while (state.sent < after.requests || state.receipts < after.receipts) && !state.over {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let moment = Instant::now() + delay;
        loop {
            let left = moment.saturating_duration_since(Instant::now());
            if state.over {
                return None;
            }
            if left.is_zero() && state.in_flight > 0 {
                break;
            }
            let left = if left.is_zero() { Duration::from_secs(60) } else { left };
            (state, _) = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
        }
        state.down = true;
        state.struck += 1;
        let struck = blow(state.in_flight);
        drop(state);
        self.changed.notify_all();
        Some(struck)
    }
}

/// A request on its way.
#[derive(Debug)]
pub struct Beat<'a>(&'a Pulse);

impl Drop for Beat<'_> {
    fn drop(&mut self) {
        self.0.state().in_flight -= 1;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests(requests: u64) -> Count {
        Count { requests, receipts: 0 }
    }

    #[test]
    fn a_blow_falls_only_while_a_request_is_in_flight() {
        let pulse = Pulse::default();
        std::thread::scope(|scope| {
            let struck = scope.spawn(|| pulse.strike(requests(2), Duration::ZERO, |in_flight| in_flight));
            drop(pulse.request());
            let second = pulse.request();
            assert_eq!(struck.join().unwrap(), Some(1));
            assert!(!pulse.wait_up(Duration::ZERO));
            pulse.up();
            assert!(pulse.wait_up(Duration::ZERO));
            drop(second);
        });
    }

    #[test]
    fn a_turn_comes_with_a_blow_or_when_the_others_are_done() {
        let pulse = Pulse::default();
        let request = pulse.request();
        std::thread::scope(|scope| {
            let by_blow = scope.spawn(|| pulse.wait_turn(1, 9));
            let by_others = scope.spawn(|| pulse.wait_turn(9, 1));
            assert_eq!(pulse.strike(requests(1), Duration::ZERO, |_| ()), Some(()));
            by_blow.join().unwrap();
            pulse.done();
            by_others.join().unwrap();
        });
        drop(request);
    }

    #[test]
    fn when_the_storm_is_over_nobody_strikes() {
        let pulse = Pulse::default();
        drop(pulse.request());
        pulse.over();
        assert_eq!(pulse.strike(requests(1), Duration::ZERO, |_| ()), None);
        assert_eq!(pulse.strike(requests(9), Duration::ZERO, |_| ()), None);
    }
}
