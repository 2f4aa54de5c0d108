//! The flags of orders about changes that were set aside.

use clap::Subcommand;
use sync_core::id::{ChangeHash, DeviceId, RecordId};

use super::In;
use crate::service::admin::{Aside, AsideOrder, Order};

#[derive(Subcommand)]
pub(super) enum QuarantineOrder {
    /// Lists changes that were set aside, newest first.
    List {
        #[command(flatten)]
        within: In,
        /// What became of them.
        #[arg(long, value_enum, default_value = "quarantined")]
        state: Aside,
        /// Only this phone's.
        #[arg(long)]
        device: Option<DeviceId>,
        /// Only with this code.
        #[arg(long)]
        code: Option<String>,
        /// Only those that stand before this one in the log.
        #[arg(long)]
        before: Option<i64>,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Shows one with what it would do, what it waits for and its bytes in base64.
    Inspect {
        #[command(flatten)]
        within: In,
        /// Its id in the list.
        id: i64,
    },
    /// Judges one again, after a fix.
    Replay {
        #[command(flatten)]
        within: In,
        /// Its id in the list.
        id: i64,
        /// Why.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Sets one away for good. Its bytes are kept, and the phone is told.
    Discard {
        #[command(flatten)]
        within: In,
        /// Its id in the list.
        id: i64,
        /// Why.
        #[arg(long)]
        reason: String,
    },
}

#[derive(Subcommand)]
pub(super) enum AmendmentOrder {
    /// Lists amendments that wait for a decision, the latest first.
    List {
        #[command(flatten)]
        within: In,
        /// Only those before the one with this `last`.
        #[arg(long)]
        before: Option<i64>,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Shows what an amendment would change.
    Inspect {
        #[command(flatten)]
        within: In,
        /// The record.
        record: RecordId,
        /// The phone.
        device: DeviceId,
    },
    /// Makes an amendment part of its record.
    Accept {
        #[command(flatten)]
        within: In,
        /// The record.
        record: RecordId,
        /// The phone.
        device: DeviceId,
        /// The last change to accept; what it follows comes with it.
        #[arg(long)]
        through: Option<ChangeHash>,
        /// Why.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Refuses an amendment; the phone shows the person's own text again.
    Reject {
        #[command(flatten)]
        within: In,
        /// The record.
        record: RecordId,
        /// The phone.
        device: DeviceId,
        /// Why.
        #[arg(long)]
        reason: String,
    },
}

impl QuarantineOrder {
    pub(super) fn order(self) -> Order {
        match self {
            Self::List { within, state, device, code, before, limit } => {
                within.aside(AsideOrder::List { state, device, code, before, limit })
            }
            Self::Inspect { within, id } => within.aside(AsideOrder::Inspect { id }),
            Self::Replay { within, id, reason } => within.aside(AsideOrder::Replay { id, reason }),
            Self::Discard { within, id, reason } => within.aside(AsideOrder::Discard { id, reason: Some(reason) }),
        }
    }
}

impl AmendmentOrder {
    pub(super) fn order(self) -> Order {
        match self {
            Self::List { within, before, limit } => within.aside(AsideOrder::ListAmendments { before, limit }),
            Self::Inspect { within, record, device } => within.aside(AsideOrder::InspectAmendment { record, device }),
            Self::Accept { within, record, device, through, reason } => {
                within.aside(AsideOrder::Accept { record, device, through, reason })
            }
            Self::Reject { within, record, device, reason } => {
                within.aside(AsideOrder::Reject { record, device, reason: Some(reason) })
            }
        }
    }
}

impl In {
    fn aside(self, aside: AsideOrder) -> Order {
        Order::SetAside { organisation: self.organisation, aside }
    }
}
