//! Clocks of phones that live through a day in seconds.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use client::clock::Clock;
use sync_core::time::{BootId, ClockReading, UnixMillis};

/// China has one time zone.
pub const UTC_OFFSET_MINUTES: i16 = 8 * 60;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// What time it really is.
pub fn real_now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Midnight, by the clocks of China, at the beginning of yesterday: the day that the demonstration plays, so that
/// nothing of it lies in the future.
pub fn yesterday() -> UnixMillis {
    let offset = i64::from(UTC_OFFSET_MINUTES) * 60_000;
    let local = real_now().plus(offset);
    UnixMillis(local.0.div_euclid(DAY_MS) * DAY_MS).plus(-DAY_MS - offset)
}

/// Rests for so long. A thread may be woken early, by the end of a scope for instance.
pub fn rest(length: Duration) {
    let end = Instant::now() + length;
    while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
        std::thread::park_timeout(left);
    }
}

/// The clock of one phone. By day somebody sets it; in the evening it runs by itself, like the server's.
#[derive(Debug)]
pub struct DayClock {
    skew_ms: i64,
    boot: BootId,
    booted: UnixMillis,
    /// The true time; `None` once it runs by itself.
    set_to: Mutex<Option<UnixMillis>>,
    /// How far its owner has turned it ahead of that, in milliseconds.
    turned_ms: AtomicI64,
}

impl DayClock {
    /// A clock that stands at `start`, of a phone that was switched on an hour before. Its wall clock is `skew_ms`
    /// ahead of the true time.
    pub fn new(start: UnixMillis, skew_ms: i64, boot: u64) -> Self {
        Self {
            skew_ms,
            boot: BootId(boot),
            booted: start.plus(-3_600_000),
            set_to: Mutex::new(Some(start)),
            turned_ms: AtomicI64::new(0),
        }
    }

    /// Moves it to a true time. It never moves back.
    pub fn set(&self, true_time: UnixMillis) {
        let mut set_to = self.set_to.lock().unwrap_or_else(PoisonError::into_inner);
        *set_to = set_to.map(|before| before.max(true_time));
    }

    /// Lets some time pass, in milliseconds.
    pub fn pass(&self, millis: i64) {
        let mut set_to = self.set_to.lock().unwrap_or_else(PoisonError::into_inner);
        *set_to = set_to.map(|before| before.plus(millis));
    }

    /// Its owner turns the wall clock by so much, in milliseconds. The monotonic one goes on.
    pub fn turn(&self, millis: i64) {
        self.turned_ms.fetch_add(millis, Ordering::Relaxed);
    }

    /// From now on it shows the present.
    pub fn run(&self) {
        *self.set_to.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// What its wall clock is ahead of the true time, in milliseconds.
    pub fn skew_ms(&self) -> i64 {
        self.skew_ms
    }

    /// What it shows.
    pub fn read(&self) -> ClockReading {
        let set_to = *self.set_to.lock().unwrap_or_else(PoisonError::into_inner);
        let truth = set_to.unwrap_or_else(real_now);
        let mono_ms = u64::try_from(truth.since(self.booted)).unwrap_or(0);
        ClockReading {
            wall: truth.plus(self.skew_ms + self.turned_ms.load(Ordering::Relaxed)),
            mono_ms,
            boot: self.boot,
        }
    }
}

impl Clock for DayClock {
    fn now(&self) -> ClockReading {
        self.read()
    }

    fn utc_offset_minutes(&self) -> i16 {
        UTC_OFFSET_MINUTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skewed_clock_is_wrong_but_its_monotonic_reading_is_not() {
        let start = yesterday();
        let clock = DayClock::new(start, 90_000, 7);
        clock.pass(1_000);
        let before = clock.read();
        assert_eq!(before.wall, start.plus(91_000));
        clock.set(start);
        assert_eq!(clock.read(), before, "it does not go back");
        clock.turn(-5_000);
        let turned = clock.read();
        assert_eq!((turned.wall, turned.mono_ms), (before.wall.plus(-5_000), before.mono_ms));
        clock.turn(5_000);
        clock.run();
        let now = clock.read();
        assert!(now.mono_ms > before.mono_ms);
        assert!(now.wall.since(real_now()) > 80_000);
    }

    #[test]
    fn yesterday_begins_at_midnight_in_china_and_is_over() {
        let start = yesterday();
        assert_ne!(start.day(UTC_OFFSET_MINUTES), start.plus(-1).day(UTC_OFFSET_MINUTES));
        assert_eq!(start.day(UTC_OFFSET_MINUTES), start.plus(DAY_MS - 1).day(UTC_OFFSET_MINUTES));
        assert!(start.plus(DAY_MS) <= real_now());
    }
}
