//! What can go wrong, and how often it did: a fault that never fires tests nothing.

use std::collections::BTreeMap;

use serde::Serialize;

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)+) => {
        /// A kind of fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fault { $($(#[$doc])* $name,)+ }

        impl Fault {
            /// All kinds.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// Its name in reports.
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }
        }
    };
}

faults! {
    /// A request never arrived.
    RequestLost = "request_lost",
    /// The server did its work and the phone never heard of it.
    ReplyLost = "reply_lost",
    /// A message took its time.
    Delayed = "delayed",
    /// A request arrived again while or after the first was served.
    RequestDuplicated = "request_duplicated",
    /// A reply arrived twice.
    ReplyDuplicated = "reply_duplicated",
    /// A message overtook one of the same phone that was sent before it.
    Reordered = "reordered",
    /// A request was cut off on its way.
    RequestTruncated = "request_truncated",
    /// A reply was cut off on its way.
    ReplyTruncated = "reply_truncated",
    /// A login page answered 200 instead of the server.
    CaptivePortal = "captive_portal",
    /// There was no network.
    Offline = "offline",
    /// The app was killed between two storage steps.
    PhoneKilled = "phone_killed",
    /// The app was killed after a write was durable and before it knew.
    PhoneKilledAfterWrite = "phone_killed_after_write",
    /// The phone's storage refused a write.
    WriteFailed = "write_failed",
    /// The phone's disk was full.
    DiskFull = "disk_full",
    /// The wall clock was set.
    ClockSet = "clock_set",
    /// The phone was restarted: another boot, the monotonic clock from zero.
    Reboot = "reboot",
    /// The server process was killed without a word.
    ServerKilled = "server_killed",
    /// The server process was killed after it had stored a push and before it answered.
    ServerKilledAfterCommit = "server_killed_after_commit",
    /// The server was restored from a backup, as the documentation says.
    ServerRestored = "server_restored",
    /// The server's database file was replaced by an older copy, and nobody raised the epoch.
    ServerSetBack = "server_set_back",
    /// Received changes had to wait for the projector.
    PublishedLate = "published_late",
    /// Two people wrote the same field without knowing of each other.
    Conflict = "conflict",
    /// A change was set aside for a person to decide.
    Held = "held",
}

/// How often each kind of fault fired.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Faults(BTreeMap<&'static str, u64>);

impl Faults {
    /// One more of a kind.
    pub fn fired(&mut self, fault: Fault) {
        *self.0.entry(fault.word()).or_default() += 1;
    }

    /// How often a kind fired.
    pub fn count(&self, fault: Fault) -> u64 {
        self.0.get(fault.word()).copied().unwrap_or(0)
    }

    /// Adds those of another run.
    pub fn add(&mut self, other: &Self) {
        for (word, count) in &other.0 {
            *self.0.entry(word).or_default() += count;
        }
    }

    /// Every kind with its count, those that never fired included.
    pub fn all(&self) -> BTreeMap<&'static str, u64> {
        Fault::ALL.iter().map(|fault| (fault.word(), self.count(*fault))).collect()
    }
}
