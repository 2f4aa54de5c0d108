//! What a phone says of its journal, held against what the server knows of it.

use sync_core::journal::{Head, Receipt};
use sync_core::wire::exchange::ExchangeRequest;

use super::receive::{Past, Received, head_at, receive};
use crate::error::{ServiceError, codes};
use crate::state::App;
use crate::store::{Device, DeviceReport};

/// How the two accounts of a journal compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Account {
    /// They are the same, and there was nothing to take in.
    Even,
    /// What the phone sent is stored.
    Stored {
        /// For the phone.
        receipt: Receipt,
        /// Whether some of it still has to be judged.
        open: bool,
    },
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
/// When the message can't be accepted as a whole, [`codes::SYNC_TOO_LARGE`] among others, or the database fails.
pub(super) async fn settle(
    app: &App,
    device: &Device,
    request: &ExchangeRequest,
    report: &DeviceReport,
) -> Result<Account, ServiceError> {
    let most = app.config.limits.push_lines;
    if request.segment.as_ref().is_some_and(|segment| segment.entries.len() > most) {
        return Err(ServiceError::from(codes::SYNC_TOO_LARGE).detail(format!("at most {most} lines at once")));
    }
    let (acknowledged, held) = (request.acknowledged, device.head.n);
    if acknowledged > held {
        // The phone was told that more is here than there is: this database was set back.
        return Ok(Account::Resend { from: held + 1 });
    }
    if let Some(link) = request.acknowledged_link
        && let Some(from) = doubtful(app, device, Head { n: acknowledged, link }).await?
    {
        return Ok(Account::Resend { from });
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
        Received::Stored { receipt, open } => Account::Stored { receipt, open },
        Received::Gap { from } => Account::Resend { from },
        Received::Forked { common_through } => Account::Forked { common_through },
    }
}

/// From which line on the journal has to be seen again, if it can't be told that it stood like this here too.
async fn doubtful(app: &App, device: &Device, head: Head) -> Result<Option<u64>, ServiceError> {
    let past = match head.n {
        n if n == device.head.n => Past::Known(device.head),
        0 => Past::Known(Head::EMPTY),
        n => head_at(app, device, n).await?,
    };
    Ok(match past {
        Past::Known(known) if known == head => None,
        // This database was set back and went on with another phone's lines, so what was acknowledged here once need
        // not be here now. Only the lines themselves tell how far the two agree.
        Past::Known(_) => Some(1),
        Past::Lost { from } => Some(from),
    })
}
