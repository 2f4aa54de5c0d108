//! What a phone says of its journal, held against what the server knows of it.

use sync_core::id::Link;
use sync_core::journal::{Head, Receipt};
use sync_core::wire::exchange::ExchangeRequest;

use super::receive::{Received, receive};
use crate::error::ServiceError;
use crate::state::App;
use crate::store::{Device, DeviceReport};

/// How the two accounts of a journal compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Account {
    /// They are the same, and there was nothing to take in.
    Even,
    /// What the phone sent is stored.
    Stored(Receipt),
    /// The server misses lines, or has to see them again to find out where the accounts part.
    Resend {
        /// From this line on.
        from: u64,
    },
    /// The journal was continued elsewhere.
    Forked {
        /// Up to this line they are the same.
        common_through: u64,
    },
}

/// Compares the accounts and takes in what the phone sends.
///
/// # Errors
/// When the message can't be accepted as a whole, or the database fails.
pub(super) async fn settle(
    app: &App,
    device: &Device,
    request: &ExchangeRequest,
    report: &DeviceReport,
) -> Result<Account, ServiceError> {
    let (acknowledged, held) = (request.acknowledged, device.head.n);
    if acknowledged > held {
        // The phone was told that more is here than there is: this database was set back.
        return Ok(Account::Resend { from: held + 1 });
    }
    if let Some(link) = request.acknowledged_link
        && !is_ours(app, device, Head { n: acknowledged, link }).await?
    {
        // This database was set back and went on with another phone's lines, so what was acknowledged here once need
        // not be here now. Only the lines themselves tell how far the two agree.
        return Ok(Account::Resend { from: 1 });
    }
    match &request.segment {
        // Also of an identity that was given up: what two copies have not sent yet they both have, and whoever comes
        // first sends it for both. If nobody could, each would write it again under a name of its own.
        Some(segment) => Ok(stored(receive(app, device, segment, report).await?)),
        // Everything is in, and the identity was given up. Or it was told of less than it has said, and has nothing
        // more to say: it is a copy of its former self.
        None if device.forked_at.is_some() || acknowledged < held => {
            Ok(Account::Forked { common_through: acknowledged })
        }
        None => Ok(Account::Even),
    }
}

fn stored(received: Received) -> Account {
    match received {
        Received::Stored(receipt) => Account::Stored(receipt),
        Received::Gap { from } => Account::Resend { from },
        Received::Forked { common_through } => Account::Forked { common_through },
    }
}

/// Whether the journal stood like this here too.
async fn is_ours(app: &App, device: &Device, head: Head) -> Result<bool, ServiceError> {
    if head.n == device.head.n {
        return Ok(head == device.head);
    }
    if head.n == 0 {
        return Ok(head.link == Link::GENESIS);
    }
    Ok(super::receive::head_at(app, device, head.n).await? == head)
}
