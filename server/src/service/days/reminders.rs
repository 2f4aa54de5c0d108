//! Reminders: the office asks phones for a day that they have not handed in.
//!
//! No server can wake a phone here. A reminder waits for the next exchange, which a phone makes by itself every quarter of
//! an hour while it has a network; the phone says with another one that it has it, and until then the board does not
//! claim that anybody was reached.

use jiff::civil::Date;
use sync_core::id::{DeviceId, OfficeId};
use sync_core::wire::exchange::{ExchangeRequest, ExchangeResponse, Reminder};

use super::{Board, BoardDevice, closable, look, phones};
use crate::day::absence::Absence;
use crate::day::hours;
use crate::error::{ServiceError, codes};
use crate::service::events::{News, Topic, heard_of};
use crate::state::App;
use crate::store::{Device, DeviceReminder, Person, StoreError};

/// Reminds those of the phones that are missing, or all of the missing ones, and shows the board.
///
/// # Errors
/// As [`super::board`], and [`codes::DAY_FUTURE`], [`codes::DAY_NOBODY_MISSING`] if none of these phones is missing.
pub async fn remind(
    app: &App,
    who: &Person,
    office: OfficeId,
    day: Date,
    only: Option<&[DeviceId]>,
) -> Result<Board, ServiceError> {
    let office = closable(app, who, office).await?;
    if day > hours::today(&office.time_zone, app.clock.now()) {
        return Err(codes::DAY_FUTURE.into());
    }
    let (board, _) = look(app, office.clone(), day).await?;
    let wanted = |device: &Device| only.is_none_or(|only| only.contains(&device.id));
    let missing = phones(&board).filter(|(_, phone)| is_waited_for(phone) && wanted(&phone.device));
    let devices: Vec<DeviceId> = missing.map(|(_, phone)| phone.device.id).collect();
    if devices.is_empty() {
        return Err(codes::DAY_NOBODY_MISSING.into());
    }
    let reminder = DeviceReminder { day, at: app.clock.now(), by: who.id, reached_at: None };
    app.store.days().remind(&devices, &reminder).await?;
    app.events.tell(phones(&board).flat_map(|(_, phone)| heard_of(&phone.device, reminder.at)));
    // Somebody on this board may belong to another office by now.
    app.events.tell([News::of(Topic::Days, office.organisation, Some(office.id))]);
    tracing::info!(person = %who.id, office = %office.id, %day, phones = devices.len(), "phones were reminded");
    Ok(look(app, office, day).await?.0)
}

/// One that was cut off is asked for everything in each exchange anyway.
fn is_waited_for(phone: &BoardDevice) -> bool {
    phone.absence.is_some_and(|absence| absence != Absence::CutOff)
}

/// Notes that a phone has its reminder, or tells it.
///
/// # Errors
/// When the database fails.
pub async fn tell(
    app: &App,
    device: &Device,
    request: &ExchangeRequest,
    response: &mut ExchangeResponse,
) -> Result<(), ServiceError> {
    let Some(reminder) = device.reminder.filter(|reminder| reminder.reached_at.is_none()) else {
        return Ok(());
    };
    if let Some(at) = request.reminded_at.filter(|at| *at >= reminder.at) {
        app.store.days().reminder_reached(device.id, at, app.clock.now()).await?;
        app.events.tell(heard_of(device, app.clock.now()));
        return Ok(());
    }
    let by = match app.store.person(reminder.by).await {
        Ok(person) => person.name,
        // Nobody is ever removed; a database that lost somebody still reminds.
        Err(StoreError::NotFound) => String::new(),
        Err(error) => return Err(error.into()),
    };
    response.reminder = Some(Reminder { at: reminder.at, day: reminder.day, by });
    Ok(())
}
