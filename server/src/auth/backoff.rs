//! Slows down those who guess passwords: after a few failures in a row a login has to wait, longer each time.
//!
//! It is kept in memory and per login name, known or not, so that waiting does not tell which names exist.

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

/// The failures of each login.
#[derive(Debug, Default)]
pub struct LoginBackoff(Mutex<HashMap<[u8; 32], Failures>>);

impl LoginBackoff {
    /// How long this login still has to wait; `None` if it may try now.
    pub fn wait(&self, login: &str, now: UnixMillis) -> Option<Duration> {
        let failures = self.with(|known| known.get(&key(login)).copied())?;
        u64::try_from(failures.wait_until().since(now)).ok().filter(|ms| *ms > 0).map(Duration::from_millis)
    }

    /// Notes a failure.
    pub fn failed(&self, login: &str, now: UnixMillis) {
        self.with(|known| {
            known.retain(|_, failures| now.since(failures.last) < FORGET_MS);
            if known.len() >= MOST
                && let Some(oldest) = known.iter().min_by_key(|(_, failures)| failures.last).map(|(key, _)| *key)
            {
                known.remove(&oldest);
            }
            let failures = known.entry(key(login)).or_insert(Failures { count: 0, last: now });
            *failures = Failures { count: failures.count.saturating_add(1), last: now };
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

    #[test]
    fn waiting_grows_after_five_failures_and_ends_with_success() {
        let logins = LoginBackoff::default();
        let mut now = UnixMillis(0);
        for _ in 0..FREE {
            assert_eq!(logins.wait("wang", now), None);
            logins.failed("wang", now);
        }
        assert_eq!(logins.wait("wang", now), Some(Duration::from_secs(1)));
        assert_eq!(logins.wait("li", now), None, "others don't wait");
        now = now.plus(1_000);
        assert_eq!(logins.wait("wang", now), None);
        logins.failed("wang", now);
        assert_eq!(logins.wait("wang", now), Some(Duration::from_secs(2)));
        for _ in 0..100 {
            logins.failed("wang", now);
        }
        assert_eq!(logins.wait("wang", now), Some(Duration::from_secs(300)));
        logins.succeeded("wang");
        assert_eq!(logins.wait("wang", now), None);
    }

    #[test]
    fn memory_is_bounded_and_old_failures_are_forgotten() {
        let logins = LoginBackoff::default();
        for n in 0..200 {
            logins.failed(&n.to_string(), UnixMillis(n));
        }
        logins.failed("late", UnixMillis(FORGET_MS + 1_000));
        assert_eq!(logins.with(|known| known.len()), 1);
    }
}
