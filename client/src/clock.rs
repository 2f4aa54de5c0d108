//! What time it is.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use sync_core::time::{BootId, ClockReading, UnixMillis};

/// The device's clocks.
pub trait Clock: Send + Sync {
    /// What they say now.
    fn now(&self) -> ClockReading;

    /// Minutes east of UTC where the device is now, daylight saving included.
    fn utc_offset_minutes(&self) -> i16;
}

impl<T: Clock + ?Sized> Clock for Arc<T> {
    fn now(&self) -> ClockReading {
        self.as_ref().now()
    }

    fn utc_offset_minutes(&self) -> i16 {
        self.as_ref().utc_offset_minutes()
    }
}

/// The clocks of the system.
///
/// The monotonic one counts through sleep: `CLOCK_BOOTTIME` on Linux and Android, `CLOCK_MONOTONIC` on Apple
/// systems, which there means the same. The boot is named by Linux's own random boot identifier. Where the system
/// does not tell, each start of the app counts as a boot of its own: that claims less than it could, never more.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    boot: BootId,
    #[cfg(not(unix))]
    started: std::time::Instant,
}

impl SystemClock {
    /// The clocks of the system.
    pub fn new() -> Self {
        Self {
            boot: system_boot().unwrap_or_else(own_boot),
            #[cfg(not(unix))]
            started: std::time::Instant::now(),
        }
    }

    #[cfg(unix)]
    fn mono_ms(&self) -> u64 {
        use rustix::time::{ClockId, clock_gettime};
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let clock = ClockId::Boottime;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let clock = ClockId::Monotonic;
        let time = clock_gettime(clock);
        u64::try_from(time.tv_sec.saturating_mul(1_000).saturating_add(time.tv_nsec / 1_000_000)).unwrap_or(0)
    }

    #[cfg(not(unix))]
    fn mono_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> ClockReading {
        ClockReading { wall: wall(), mono_ms: self.mono_ms(), boot: self.boot }
    }

    fn utc_offset_minutes(&self) -> i16 {
        let offset = jiff::tz::TimeZone::system().to_offset(jiff::Timestamp::now());
        i16::try_from(offset.seconds() / 60).unwrap_or(0)
    }
}

fn wall() -> UnixMillis {
    let millis = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |millis| -millis),
    };
    UnixMillis(millis)
}

/// The boot as Linux names it; `None` on other systems, and where apps may not read it.
#[cfg(unix)]
fn system_boot() -> Option<BootId> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let id = u128::from_str_radix(&text.trim().replace('-', ""), 16).ok()?;
    // Half as long, and no longer the identifier by which other apps could know the device.
    let folded = u64::try_from(id >> 64).ok()? ^ u64::try_from(id & u128::from(u64::MAX)).ok()?;
    Some(BootId(folded))
}

/// Elsewhere the clock starts with the app, so the app's start is the boot.
#[cfg(not(unix))]
fn system_boot() -> Option<BootId> {
    None
}

fn own_boot() -> BootId {
    // Without randomness the moment of the start is still not repeated.
    BootId(getrandom::u64().unwrap_or_else(|_| wall().0.cast_unsigned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clocks_of_one_boot_agree() {
        let (first, second) = (SystemClock::new(), SystemClock::default());
        let (earlier, later) = (first.now(), second.now());
        assert!(later.mono_ms >= earlier.mono_ms);
        assert!(earlier.wall > UnixMillis(1_700_000_000_000));
        assert!((-14 * 60..=14 * 60).contains(&first.utc_offset_minutes()));
        #[cfg(target_os = "linux")]
        assert_eq!(earlier.boot, later.boot, "a restart of the app is not a boot");
    }
}
