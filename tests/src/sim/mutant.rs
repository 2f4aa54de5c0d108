//! Deliberately broken variants: a simulator that does not catch them sees nothing.
//!
//! Each is injected where the simulation wraps the product (a phone's storage, the line, the server's storage), so
//! that the product itself carries no switch for it.

use std::str::FromStr;

use sync_core::engine::{Route, WireResponse};
use sync_core::wire::exchange::ExchangeResponse;
use sync_core::wire::{self, MEDIA_TYPE};

macro_rules! mutants {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)+) => {
        /// A broken variant.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Mutant { $($(#[$doc])* $name,)+ }

        impl Mutant {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// Its name on the command line and in reports.
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }
        }
    };
}

mutants! {
    /// The phone says "saved" before the disk has it.
    CommitNotFlushed = "commit-not-flushed",
    /// The server gives a receipt before it has committed.
    AckBeforeCommit = "ack-before-commit",
    /// The server's verdicts get lost on the way to the phone.
    VerdictDropped = "verdict-dropped",
    /// After a failed sync the app writes the unsent again under new names.
    RetryWithNewIds = "retry-with-new-ids",
    /// The feed moves past a change whose transaction was still open.
    LateCommitSkipped = "late-commit-skipped",
    /// The phone forgets changes as soon as the server has acknowledged them.
    PruneBeforeBackup = "prune-before-backup",
    /// The server takes any cursor for its own.
    CursorWithoutSalt = "cursor-without-salt",
    /// What is sent of a record lacks the newest change, as after a careless compaction.
    NewestChangeDropped = "newest-change-dropped",
    /// Feeds are read without regard to the territory.
    ScopeIgnored = "scope-ignored",
    /// Receipts claim one line more than was stored.
    ReceiptTooFar = "receipt-too-far",
    /// The phone is told that its changes are published while they still wait.
    JudgedTooEarly = "judged-too-early",
}

impl FromStr for Mutant {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let known = || Self::ALL.iter().map(|mutant| mutant.word()).collect::<Vec<_>>().join(", ");
        let found = Self::ALL.iter().copied().find(|mutant| mutant.word() == word);
        found.ok_or_else(|| format!("there is no mutant {word}; there are {}", known()))
    }
}

impl Mutant {
    /// Changes an answer on its way, if this is a mutant of the line.
    pub fn tamper_with(self, response: &mut WireResponse, route: Route) {
        let ours = route == Route::Exchange && response.status == 200 && response.media_type == MEDIA_TYPE;
        if !ours || !matches!(self, Self::VerdictDropped | Self::ReceiptTooFar) {
            return;
        }
        let Ok(mut answer) = wire::decode::<ExchangeResponse>(&response.body, response.encoding, 64 << 20) else {
            return;
        };
        match self {
            Self::VerdictDropped => answer.verdicts.clear(),
            _ => {
                if let Some(receipt) = &mut answer.receipt {
                    receipt.head.n += 1;
                }
            }
        }
        let body = wire::encode(&answer);
        (response.body, response.encoding) = (body.bytes, body.encoding);
    }
}
