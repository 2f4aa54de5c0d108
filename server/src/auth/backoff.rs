//! Slows down those who guess passwords: after a few failures in a row a login has to wait, longer each time.
//!
//! It is kept in memory and per login name, known or not, so that waiting does not tell which names exist. An attempt
//! counts as a failure from its beginning: comparing takes a while, and many that begin at once would all be let in.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use sync_core::time::UnixMillis;

/// So many failures cost nothing: people mistype.
const FREE: u32 = 5;
const FIRST_WAIT_MS: i64 = 1_000;
const LONGEST_WAIT_MS: i64 = 5 * 60_000;
/// Failures are forgotten after this time without another.
const FORGET_MS: i64 = 3_600_000;
/// Names that are remembered at most; the oldest are forgotten first.
const MOST: usize = 10_000;

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: UnixMillis,
}

impl Failures {
    fn wait_until(self) -> UnixMillis {
        let doublings = self.count.saturating_sub(FREE).min(20);
        if self.count < FREE {
            return self.last;
        }
        self.last.plus((FIRST_WAIT_MS << doublings).min(LONGEST_WAIT_MS))
    }
}

/// An attempt that has begun.
#[derive(Debug)]
pub struct Begun {
    key: [u8; 32],
    at: UnixMillis,
    /// When the attempt before it was.
    before: Option<UnixMillis>,
}

/// The failures of each login.
#[derive(Debug, Default)]
pub struct LoginBackoff(Mutex<HashMap<[u8; 32], Failures>>);

impl LoginBackoff {
    /// Begins an attempt, which counts as a failure until [`Self::succeeded`] or [`Self::take_back`].
    ///
    /// # Errors
    /// How long this login still has to wait.
    pub fn begin(&self, login: &str, now: UnixMillis) -> Result<Begun, Duration> {
        let key = key(login);
        self.with(|known| {
            let before = known.get(&key).copied().filter(|failures| now.since(failures.last) < FORGET_MS);
            let wait = before.map_or(0, |failures| failures.wait_until().since(now));
            if let Some(ms) = u64::try_from(wait).ok().filter(|ms| *ms > 0) {
                return Err(Duration::from_millis(ms));
            }
            known.retain(|_, failures| now.since(failures.last) < FORGET_MS);
            if known.len() >= MOST
                && let Some(oldest) = known.iter().min_by_key(|(_, failures)| failures.last).map(|(key, _)| *key)
            {
                known.remove(&oldest);
            }
            let count = before.map_or(0, |failures| failures.count).saturating_add(1);
            known.insert(key, Failures { count, last: now });
            Ok(Begun { key, at: now, before: before.map(|failures| failures.last) })
        })
    }

    /// An attempt was no guess after all.
    pub fn take_back(&self, Begun { key, at, before }: Begun) {
        self.with(|known| {
            let Some(failures) = known.get_mut(&key) else {
                return;
            };
            failures.count = failures.count.saturating_sub(1);
            if failures.last == at {
                failures.last = before.unwrap_or(at);
            }
            if failures.count == 0 {
                known.remove(&key);
            }
        });
    }

    /// Forgets the failures of a login that got in.
    pub fn succeeded(&self, login: &str) {
        self.with(|known| known.remove(&key(login)));
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashMap<[u8; 32], Failures>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Names are hashed, so that a long one takes no more room than a short one.
fn key(login: &str) -> [u8; 32] {
    Sha256::digest(login.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(logins: &LoginBackoff, login: &str, now: UnixMillis) -> Option<Duration> {
        match logins.begin(login, now) {
            Ok(begun) => {
                logins.take_back(begun);
                None
            }
            Err(wait) => Some(wait),
        }
    }

    #[test]
    fn waiting_grows_after_five_failures_and_ends_with_success() {
        let logins = LoginBackoff::default();
        let mut now = UnixMillis(0);
        for _ in 0..FREE {
            logins.begin("wang", now).unwrap();
        }
        assert_eq!(wait(&logins, "wang", now), Some(Duration::from_secs(1)));
        assert_eq!(wait(&logins, "li", now), None, "others don't wait");
        for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            now = now.plus(seconds * 1_000 - 1);
            assert_eq!(wait(&logins, "wang", now), Some(Duration::from_millis(1)), "{seconds}");
            now = now.plus(1);
            logins.begin("wang", now).unwrap();
        }
        logins.succeeded("wang");
        assert_eq!(wait(&logins, "wang", now), None);
    }

    #[test]
    fn what_was_no_guess_costs_nothing() {
        let logins = LoginBackoff::default();
        for _ in 0..FREE {
            logins.begin("wang", UnixMillis(0)).unwrap();
        }
        for _ in 0..FREE {
            assert_eq!(wait(&logins, "wang", UnixMillis(1_000)), None, "taken back each time");
        }
        logins.begin("wang", UnixMillis(1_000)).unwrap();
        assert_eq!(wait(&logins, "wang", UnixMillis(1_000)), Some(Duration::from_secs(2)));
    }

    #[test]
    fn memory_is_bounded_and_old_failures_are_forgotten() {
        let logins = LoginBackoff::default();
        for n in 0..200 {
            logins.begin(&n.to_string(), UnixMillis(n)).unwrap();
        }
        logins.begin("late", UnixMillis(FORGET_MS + 1_000)).unwrap();
        assert_eq!(logins.with(|known| known.len()), 1);
    }
}
