//! Deliberately broken variants: a simulator that does not catch them sees nothing.
//!
//! Each is injected where the simulation wraps the product (a phone's storage, the line, the server's storage), so
//! that the product itself carries no switch for it.

use std::str::FromStr;

use server::state::App;
use sync_core::engine::{Event, Route, WireRequest, WireResponse};
use sync_core::id::DeviceId;
use sync_core::wire::exchange::{ExchangeRequest, ExchangeResponse, Order};
use sync_core::wire::{self, Encoding, MEDIA_TYPE};

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
    CompactionDropsNewestChange = "compaction-drops-newest-change",
    /// The server never notices that two phones go by one identity.
    NoForkDetection = "no-fork-detection",
    /// The feed's number is taken before the transaction: for a while readers see later numbers and not this one.
    FeedNumberOutsideTransaction = "feed-number-outside-transaction",
    /// Phones never compare what they hold with the server.
    DigestOff = "digest-off",
    /// A phone that is cut off forgets everything before it has handed it in.
    WipeBeforeDeposit = "wipe-before-deposit",
    /// Who may write is asked when a change comes, and not again when it becomes part of the record.
    AuthorityAtReceiptOnly = "authority-at-receipt-only",
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
    /// The scenario whose plans are made for what this mutant breaks, if seeds alone would need long.
    pub fn scenario(self) -> Option<&'static str> {
        match self {
            Self::PruneBeforeBackup => Some("restored-twice"),
            Self::NoForkDetection => Some("cloned-phone"),
            Self::DigestOff => Some("feed-gap"),
            Self::WipeBeforeDeposit => Some("moved-and-revoked-offline"),
            Self::FeedNumberOutsideTransaction | Self::LateCommitSkipped => Some("three-app-versions"),
            _ => None,
        }
    }

    /// Changes a request on its way, if this is a mutant of the line.
    pub fn tamper_with_request(self, request: &mut WireRequest, cut_off: bool) {
        let silent = self == Self::WipeBeforeDeposit && cut_off;
        if !(self == Self::DigestOff || silent) || request.route != Route::Exchange {
            return;
        }
        if let Ok(mut asked) = read::<ExchangeRequest>(&request.body.bytes, request.body.encoding) {
            match self {
                Self::DigestOff => asked.digest = None,
                _ => asked.segment = None,
            }
            request.body = wire::encode(&asked);
        }
    }

    /// Whether this mutant forgets everything when it hears this.
    pub fn wipes_itself(self, event: &Event) -> bool {
        let (Self::WipeBeforeDeposit, Event::Response(_, Ok(response))) = (self, event) else {
            return false;
        };
        let answer = read::<ExchangeResponse>(&response.body, response.encoding);
        response.media_type == MEDIA_TYPE && answer.is_ok_and(|answer| answer.orders.contains(&Order::Deposit))
    }

    /// Changes an answer on its way, if this is a mutant of the line.
    pub fn tamper_with(self, app: &App, device: Option<DeviceId>, request: &WireRequest, response: &mut WireResponse) {
        let ours = request.route == Route::Exchange && response.status == 200 && response.media_type == MEDIA_TYPE;
        let (true, Ok(mut answer)) = (ours, read::<ExchangeResponse>(&response.body, response.encoding)) else {
            return;
        };
        match self {
            Self::VerdictDropped => answer.verdicts.clear(),
            Self::ReceiptTooFar => {
                if let Some(receipt) = &mut answer.receipt {
                    receipt.head.n += 1;
                }
            }
            Self::NoForkDetection => answer = without_fork_detection(app, device, request, answer),
            _ => return,
        }
        let body = wire::encode(&answer);
        (response.body, response.encoding) = (body.bytes, body.encoding);
    }
}

fn read<T: for<'b> minicbor::Decode<'b, ()>>(bytes: &[u8], encoding: Encoding) -> Result<T, wire::WireError> {
    wire::decode(bytes, encoding, 64 << 20)
}

/// What a server would say that takes whatever it has that many lines of for the same lines.
fn without_fork_detection(
    app: &App,
    device: Option<DeviceId>,
    request: &WireRequest,
    answer: ExchangeResponse,
) -> ExchangeResponse {
    let asked = read::<ExchangeRequest>(&request.body.bytes, request.body.encoding).ok();
    let (true, Some(device), Some(asked)) = (answer.orders.contains(&Order::Reidentify), device, asked) else {
        return answer;
    };
    let receipt =
        asked.segment.map(|segment| app.keys.signing.sign_receipt(device, segment.head, app.clock.now(), app.epoch, 0));
    ExchangeResponse { receipt, orders: Vec::new(), next_sync_after_ms: 900_000, ..answer }
}
