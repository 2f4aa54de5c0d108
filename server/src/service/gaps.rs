//! Lines of a stored journal that were lost here, and come back: with a message that says them again, or among what a
//! phone offers after a comparison.

use std::collections::BTreeMap;

use sync_core::journal::{Entry, Head};
use sync_core::wire::segment::Item;

use super::bill;
use super::receive::{examine, quarantine_deposit};
use crate::error::ServiceError;
use crate::state::App;
use crate::store::Device;

/// A stretch of journal is held against its signed heads if it has at most so many lines.
const LONGEST_STRETCH: u32 = 5_000;

/// Puts lines back into their gaps; they are judged as if they had just come. Answers how many gaps were filled.
///
/// # Errors
/// When the database fails.
pub(super) async fn fill(app: &App, device: &Device, vacant: &[Item]) -> Result<u64, ServiceError> {
    let now = app.clock.now();
    let mut lines = examine(app, device, vacant, now).await?;
    bill::for_lines(app, device.id, &lines);
    if device.is_cut_off() {
        quarantine_deposit(&mut lines);
    }
    let filled = app.store.fill_journal(device.id, &lines, now).await?;
    if filled > 0 {
        tracing::warn!(device = %device.id, filled, "lines of a journal that were lost here came back");
    }
    Ok(filled)
}

/// Whether lines for gaps, in the order of the journal, lead to the heads that the device signed, as far as that can be
/// told: if other lines of the same stretch are missing too, nothing can be told.
///
/// # Errors
/// When the database fails.
pub(super) async fn fits_chain(app: &App, device: &Device, end: Head, vacant: &[Item]) -> Result<bool, ServiceError> {
    let (Some(first), Some(last)) = (vacant.first(), vacant.last()) else {
        return Ok(true);
    };
    let base = app.store.signed_head(device.id, first.entry.n - 1).await?;
    let stored = app.store.journal(device.id, base.n + 1, LONGEST_STRETCH).await?;
    let reach = stored.last().map_or(last.entry.n, |line| line.entry.n.max(last.entry.n));
    let signed = app.store.signed_head(device.id, reach).await?;
    let mut lines: BTreeMap<u64, Entry> = stored.iter().map(|line| (line.entry.n, line.entry)).collect();
    lines.extend(vacant.iter().map(|item| (item.entry.n, item.entry)));
    let mut head = base;
    for entry in lines.values() {
        if entry.n != head.n + 1 {
            break;
        }
        head = head.after(entry);
        if [signed, end].iter().any(|known| known.n == head.n && *known != head) {
            return Ok(false);
        }
    }
    Ok(true)
}
