//! The one virtual time, and the clocks that show something else.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use server::clock::Clock;
use sync_core::time::{BootId, ClockReading, UnixMillis};

/// 2027-01-15T00:00:00Z, eight in the morning in China.
pub const MORNING: UnixMillis = UnixMillis(1_799_971_200_000);
/// China has one time zone.
pub const UTC_OFFSET_MINUTES: i16 = 8 * 60;

/// The true time, and how far the server's clock is from it.
#[derive(Clone, Debug)]
pub struct TrueTime(Arc<AtomicI64>, Arc<AtomicI64>);

impl Default for TrueTime {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(MORNING.0)), Arc::default())
    }
}

impl TrueTime {
    /// What time it really is.
    pub fn really(&self) -> UnixMillis {
        UnixMillis(self.0.load(Ordering::Relaxed))
    }

    /// Moves on; never back.
    pub fn advance_to(&self, time: UnixMillis) {
        self.0.fetch_max(time.0, Ordering::Relaxed);
    }

    /// Somebody steps the server's clock.
    pub fn step_server(&self, by_ms: i64) {
        self.1.fetch_add(by_ms, Ordering::Relaxed);
    }

    /// The server's clock is right again.
    pub fn set_server_right(&self) {
        self.1.store(0, Ordering::Relaxed);
    }

    /// What the server's clock shows too much.
    pub fn server_is_ahead_by(&self) -> i64 {
        self.1.load(Ordering::Relaxed)
    }
}

/// The server's clock.
impl Clock for TrueTime {
    fn now(&self) -> UnixMillis {
        self.really().plus(self.server_is_ahead_by())
    }
}

/// The clocks of one phone.
#[derive(Clone, Copy, Debug)]
pub struct PhoneClock {
    /// What the wall clock shows too much.
    offset_ms: i64,
    booted_at: UnixMillis,
    boot: BootId,
}

impl PhoneClock {
    /// A clock that is right; `luck` makes its boot unlike any other.
    pub fn new(luck: u64) -> Self {
        Self { offset_ms: 0, booted_at: MORNING.plus(-3_600_000), boot: BootId(luck >> 1) }
    }

    /// What both clocks show.
    pub fn read(&self, now: UnixMillis) -> ClockReading {
        let mono_ms = u64::try_from(now.since(self.booted_at)).unwrap_or(0);
        ClockReading { wall: now.plus(self.offset_ms), mono_ms, boot: self.boot }
    }

    /// The true time at which the wall clock will show `wall`.
    pub fn true_time_of(&self, wall: UnixMillis) -> UnixMillis {
        wall.plus(-self.offset_ms)
    }

    /// What the wall clock shows too much.
    pub fn is_ahead_by(&self) -> i64 {
        self.offset_ms
    }

    /// Somebody sets the wall clock.
    pub fn set(&mut self, by_ms: i64) {
        self.offset_ms = self.offset_ms.saturating_add(by_ms);
    }

    /// The wall clock is right again.
    pub fn set_right(&mut self) {
        self.offset_ms = 0;
    }

    /// The phone starts anew.
    pub fn reboot(&mut self, now: UnixMillis) {
        self.booted_at = now;
        self.boot = BootId(self.boot.0 + 1);
    }
}
