//! Devices that were cut off: they may hand in what they have and get nothing for it but receipts; and when nothing is
//! left on them they can be told to forget everything.

use sync_core::wire::exchange::{Backlog, ExchangeRequest, ExchangeResponse, Order};

use super::account::{Account, settle};
use super::events::heard_of;
use super::exchange::tell_verdicts;
use super::notes;
use crate::error::ServiceError;
use crate::state::App;
use crate::store::{Device, DeviceReport};

/// Serves an exchange of a device that was cut off, or that says it was wiped.
///
/// # Errors
/// When the message can't be accepted as a whole, or the database fails.
pub(super) async fn deposit(
    app: &App,
    device: Device,
    request: ExchangeRequest,
    report: DeviceReport,
) -> Result<ExchangeResponse, ServiceError> {
    let mut response = ExchangeResponse {
        orders: vec![Order::Deposit],
        next_sync_after_ms: app.admission.next_sync_ms(device.id, report.at),
        ..ExchangeResponse::default()
    };
    if request.wiped {
        tracing::info!(device = %device.id, "a device says that it is wiped");
        app.store.note_wiped(device.id, report.at).await?;
        app.events.tell(heard_of(&device, app.clock.now()));
        return Ok(response);
    }
    let account = settle(app, &device, &request, &report).await?;
    let even = account == Account::Even;
    let nothing_left = even && request.backlog == Backlog::default();
    if even {
        let waiting = DeviceReport { backlog: request.backlog, ..report };
        notes::note(app, &device, waiting).await?;
    }
    if device.deposited_at.is_some() != nothing_left {
        app.store.note_deposit(device.id, nothing_left.then_some(report.at)).await?;
    }
    match account {
        Account::Forked { common_through } => {
            response.orders.push(Order::Reidentify);
            response.common_through = common_through;
            return Ok(response);
        }
        Account::Resend { from } => response.resend_from = Some(from),
        Account::Stored { receipt, .. } => {
            response.receipt = Some(receipt);
            app.events.tell(heard_of(&device, app.clock.now()));
        }
        Account::Even => {}
    }
    tell_verdicts(app, &device, request.cursor.map_or(0, |cursor| cursor.seq), &mut response).await?;
    // A wiped phone can't send anything again, so the server alone has to be able to come through a restore.
    let is_safe = device.wipe_at_once || response.backed_up_through >= device.head.n;
    if nothing_left && device.wipe_ordered_at.is_some() && is_safe {
        response.orders.push(Order::Wipe);
    }
    Ok(response)
}
