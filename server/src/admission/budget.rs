//! How much each device, or each address, may have in a while.
//!
//! A bucket holds five minutes' worth and refills steadily. What is known beforehand is spent beforehand; what shows
//! only afterwards is charged afterwards, may lead into debt, and whoever is in debt waits. Kept in memory: a restart
//! forgives everything but what was set aside as false, which the database remembers.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sync_core::time::UnixMillis;

/// Minutes that a full bucket lasts.
const MINUTES: i64 = 5;
const MINUTE_MS: i64 = 60_000;
/// Buckets that are remembered at most: some megabytes.
const MOST: usize = 50_000;

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// In thousandths; negative is debt.
    level: i64,
    filled_at: UnixMillis,
}

/// The buckets of one kind.
#[derive(Debug)]
pub struct Budgets<K> {
    per_minute: i64,
    buckets: Mutex<HashMap<K, Bucket>>,
}

impl<K: Eq + Hash + Copy> Budgets<K> {
    /// Buckets that refill with so much a minute.
    pub fn per_minute(amount: u64) -> Self {
        // Thousandths of five minutes' worth must fit.
        let per_minute = i64::try_from(amount).unwrap_or(i64::MAX).clamp(1, 1 << 40);
        Self { per_minute, buckets: Mutex::new(HashMap::new()) }
    }

    /// Takes an amount, if it is there. More than a whole bucket is never there: it takes a full one, and the rest
    /// becomes debt.
    ///
    /// # Errors
    /// How long to wait until it is; nothing was taken.
    pub fn spend(&self, who: K, amount: u64, now: UnixMillis) -> Result<(), Duration> {
        let amount = thousandths(amount);
        let mut buckets = self.lock();
        let bucket = self.bucket(&mut buckets, who, now);
        let needed = amount.min(self.most());
        if bucket.level < needed {
            return Err(self.time_for(needed - bucket.level));
        }
        bucket.level = (bucket.level - amount).max(-self.most());
        Ok(())
    }

    /// Takes an amount, even if it is not there.
    pub fn charge(&self, who: K, amount: u64, now: UnixMillis) {
        let mut buckets = self.lock();
        let bucket = self.bucket(&mut buckets, who, now);
        bucket.level = bucket.level.saturating_sub(thousandths(amount)).max(-self.most());
    }

    /// Whether somebody is out of debt.
    ///
    /// # Errors
    /// How long that will take.
    pub fn check(&self, who: K, now: UnixMillis) -> Result<(), Duration> {
        let mut buckets = self.lock();
        if !buckets.contains_key(&who) {
            return Ok(());
        }
        let level = self.bucket(&mut buckets, who, now).level;
        if level >= 0 { Ok(()) } else { Err(self.time_for(-level)) }
    }

    /// Whether somebody has used more than this amount and not got it back.
    pub fn has_used_more_than(&self, who: K, amount: u64, now: UnixMillis) -> bool {
        let mut buckets = self.lock();
        buckets.contains_key(&who) && self.most() - self.bucket(&mut buckets, who, now).level > thousandths(amount)
    }

    /// Whoever has used more than this amount and not got it back, those who used most first; not more than `most`.
    pub fn who_used_more_than(&self, amount: u64, most: usize, now: UnixMillis) -> Vec<K> {
        let mut buckets = self.lock();
        let known: Vec<K> = buckets.keys().copied().collect();
        let used = |who: K| (self.most() - self.bucket(&mut buckets, who, now).level, who);
        let mut used: Vec<(i64, K)> = known.into_iter().map(used).collect();
        buckets.retain(|_, bucket| bucket.level < self.most());
        used.retain(|(used, _)| *used > thousandths(amount));
        used.sort_by_key(|(used, _)| std::cmp::Reverse(*used));
        used.into_iter().take(most).map(|(_, who)| who).collect()
    }

    fn most(&self) -> i64 {
        self.per_minute * 1_000 * MINUTES
    }

    fn time_for(&self, thousandths: i64) -> Duration {
        let millis = thousandths.saturating_mul(MINUTE_MS / 1_000) / self.per_minute + 1;
        Duration::from_millis(millis.unsigned_abs())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bucket as it stands now.
    fn bucket<'a>(&self, buckets: &'a mut HashMap<K, Bucket>, who: K, now: UnixMillis) -> &'a mut Bucket {
        if buckets.len() >= MOST && !buckets.contains_key(&who) {
            // Untouched for as long as a bucket takes to fill: as good as new, unless it was in debt.
            buckets.retain(|_, bucket| now.since(bucket.filled_at) < MINUTES * MINUTE_MS || bucket.level < 0);
            if buckets.len() >= MOST {
                buckets.clear();
            }
        }
        let most = self.most();
        let bucket = buckets.entry(who).or_insert(Bucket { level: most, filled_at: now });
        // A clock that was set back fills nothing.
        let passed = now.since(bucket.filled_at).clamp(0, 2 * MINUTES * MINUTE_MS);
        let refill = passed * self.per_minute / (MINUTE_MS / 1_000);
        // Moments too short to count are counted together with the next ones.
        if refill > 0 || now < bucket.filled_at {
            bucket.level = bucket.level.saturating_add(refill).min(most);
            bucket.filled_at = now;
        }
        bucket
    }
}

fn thousandths(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX).saturating_mul(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

    #[test]
    fn five_minutes_worth_at_once_and_then_as_it_refills() {
        let budgets = Budgets::per_minute(60);
        for _ in 0..300 {
            budgets.spend('a', 1, NOW).unwrap();
        }
        let wait = budgets.spend('a', 1, NOW).unwrap_err();
        assert!(wait <= Duration::from_millis(1_001), "{wait:?}");
        budgets.spend('b', 300, NOW).unwrap();
        budgets.spend('a', 1, NOW.plus(1_000)).unwrap();
        assert!(budgets.spend('a', 1, NOW.plus(1_000)).is_err());
        assert!(budgets.spend('a', 1, NOW.plus(-9_000_000)).is_err(), "a clock that goes back");
        budgets.spend('a', 300, NOW.plus(400_000)).unwrap();
    }

    #[test]
    fn debts_are_waited_off() {
        let budgets = Budgets::per_minute(10);
        assert_eq!(budgets.check('a', NOW), Ok(()));
        budgets.charge('a', 60, NOW);
        assert!(budgets.has_used_more_than('a', 59, NOW) && !budgets.has_used_more_than('a', 60, NOW));
        assert!(!budgets.has_used_more_than('b', 0, NOW));
        budgets.charge('c', 61, NOW);
        assert_eq!(budgets.who_used_more_than(59, 9, NOW), ['c', 'a']);
        assert_eq!(budgets.who_used_more_than(60, 9, NOW), ['c']);
        assert_eq!(budgets.who_used_more_than(0, 1, NOW), ['c']);
        let wait = budgets.check('a', NOW).unwrap_err();
        assert!(wait > Duration::from_secs(59) && wait < Duration::from_secs(61), "{wait:?}");
        assert_eq!(budgets.check('a', NOW.plus(61_000)), Ok(()));
        budgets.charge('a', u64::MAX, NOW.plus(61_000));
        assert!(budgets.check('a', NOW.plus(61_000)).unwrap_err() <= Duration::from_secs(301), "no debt for ever");
    }

    #[test]
    fn something_larger_than_the_bucket_goes_through_when_it_is_full() {
        let budgets = Budgets::per_minute(10);
        budgets.spend('a', 90, NOW).unwrap();
        assert!(budgets.spend('a', 90, NOW.plus(60_000)).is_err());
        budgets.spend('a', 90, NOW.plus(10 * 60_000)).unwrap();
    }

    #[test]
    fn strangers_do_not_fill_the_memory() {
        let budgets = Budgets::per_minute(10);
        for n in 0..2 * MOST {
            budgets.charge(n, 1, NOW);
        }
        assert!(budgets.lock().len() <= MOST);
    }
}
