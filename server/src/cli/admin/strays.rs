//! The flags of orders about what phones brought back.

use clap::Subcommand;
use sync_core::id::PersonId;

use super::In;
use crate::service::admin::{Order, StrayOrder as Wanted};

#[derive(Subcommand)]
pub(super) enum StrayOrder {
    /// Lists those that wait for somebody, newest first.
    List {
        #[command(flatten)]
        within: In,
        /// Only those with smaller ids than this one.
        #[arg(long)]
        before: Option<i64>,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Makes one part of its record, together with those that it follows.
    Adopt {
        #[command(flatten)]
        within: In,
        /// Its id in the list.
        id: i64,
        /// Who wrote it, if the server does not know: the person's id.
        #[arg(long)]
        author: Option<PersonId>,
    },
    /// Sets one away for good. Its bytes are kept.
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

impl StrayOrder {
    pub(super) fn order(self) -> Order {
        let (In { organisation }, stray) = match self {
            Self::List { within, before, limit } => (within, Wanted::List { before, limit }),
            Self::Adopt { within, id, author } => (within, Wanted::Adopt { id, author }),
            Self::Discard { within, id, reason } => (within, Wanted::Discard { id, reason }),
        };
        Order::Stray { organisation, stray }
    }
}
