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
    /// A phone's wall clock stood near 1970 when it was read.
    ClockIn1970 = "clock_in_1970",
    /// A phone's wall clock stood years ahead when it was read.
    ClockYearsAhead = "clock_years_ahead",
    /// The server process was killed without a word.
    ServerKilled = "server_killed",
    /// The server process was killed after it had stored a push and before it answered.
    ServerKilledAfterCommit = "server_killed_after_commit",
    /// The server process was killed before a step of its storage.
    ServerKilledBetweenSteps = "server_killed_between_steps",
    /// The server process was killed after a write was durable and before it knew.
    ServerKilledAfterWrite = "server_killed_after_write",
    /// The server's storage refused a write.
    ServerWriteFailed = "server_write_failed",
    /// The server's disk was full.
    ServerDiskFull = "server_disk_full",
    /// The server's clock had been stepped back when it served.
    ServerClockBack = "server_clock_back",
    /// A phone was copied with everything on it, and both copies went on.
    PhoneCloned = "phone_cloned",
    /// A phone was set back to a backup of itself.
    PhoneRestored = "phone_restored",
    /// A phone noticed, or was told, that it is not who it was, and took a new identity.
    Reidentified = "reidentified",
    /// The server was restored from a backup, as the documentation says.
    ServerRestored = "server_restored",
    /// The server's database file was replaced by an older copy, and nobody raised the epoch.
    ServerSetBack = "server_set_back",
    /// The server was set back to a backup that was not the newest.
    ServerOlderBackup = "server_older_backup",
    /// The server was set back, and had been before in the same run.
    ServerRestoredTwice = "server_restored_twice",
    /// Received changes had to wait for the projector.
    PublishedLate = "published_late",
    /// A record was given to somebody else.
    RecordReassigned = "record_reassigned",
    /// Somebody went to another team or office.
    PersonMoved = "person_moved",
    /// A page of the feed was not the last one.
    PullPaged = "pull_paged",
    /// The scope changed while the feed was being read page by page.
    ScopeChangedWhilePaging = "scope_changed_while_paging",
    /// A phone dropped a record that had left its scope.
    RecordGone = "record_gone",
    /// A phone was cut off.
    PhoneCutOff = "phone_cut_off",
    /// A phone that was cut off handed in what it had.
    Deposited = "deposited",
    /// A phone forgot everything.
    PhoneWiped = "phone_wiped",
    /// Somebody enrolled anew on a phone that had belonged to them.
    EnrolledAnew = "enrolled_anew",
    /// An amendment was accepted.
    AmendmentAccepted = "amendment_accepted",
    /// An amendment was rejected.
    AmendmentRejected = "amendment_rejected",
    /// News was lost inside a phone, or passed over in the feed.
    GapPlanted = "gap_planted",
    /// A comparison of phone and server brought something back.
    DriftRepaired = "drift_repaired",
    /// An older app wrote to a record that holds what only a newer one knows.
    UnknownFieldCarried = "unknown_field_carried",
    /// A message held keys that the other side does not know.
    UnknownKeys = "unknown_keys",
    /// A device sent what it may not, or what is false.
    Hostile = "hostile",
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
