//! What time it is, and what comes out of the dice: both are asked here, so that tests can decide them.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use getrandom::SysRng;
use rand_core::{Rng, UnwrapErr};
use sync_core::time::UnixMillis;

/// The server's wall clock.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> UnixMillis;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixMillis {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        UnixMillis(millis(since))
    }
}

/// A length of time in the unit of [`UnixMillis`].
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A source of randomness that all requests share.
pub struct Dice(Mutex<Box<dyn Rng + Send>>);

impl Dice {
    /// The operating system's randomness, fit for keys.
    pub fn system() -> Self {
        Self::from_rng(UnwrapErr(SysRng))
    }

    /// Randomness that a test can repeat.
    pub fn from_rng(rng: impl Rng + Send + 'static) -> Self {
        Self(Mutex::new(Box::new(rng)))
    }

    /// Lends the generator for as long as `with` runs.
    pub fn roll<T>(&self, with: impl FnOnce(&mut dyn Rng) -> T) -> T {
        // A generator is never half changed, so one that a panic left behind is still good.
        let mut rng = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        with(&mut **rng)
    }

    /// So many random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.roll(|rng| rng.fill_bytes(&mut bytes));
        bytes
    }
}

impl std::fmt::Debug for Dice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Dice")
    }
}
