//! Cutting phones off, and having them wiped.

use sync_core::id::DeviceId;

use super::events::heard_of;
use super::notes;
use crate::error::{ServiceError, codes};
use crate::scope;
use crate::state::App;
use crate::store::{Device, Person};

/// Cuts a phone off at once: it gets nothing any more, and what it still has is quarantined when it hands it in. Doing
/// it again changes nothing.
///
/// # Errors
/// [`codes::NOT_FOUND`] outside one's territory, [`codes::PERMISSION`] if one may not.
pub async fn revoke(app: &App, who: &Person, device: DeviceId) -> Result<Device, ServiceError> {
    allowed(app, who, device).await?;
    app.store.revoke_device(device, app.clock.now()).await?;
    after(app, device).await
}

/// Cuts a phone off and has it forget everything, once it has handed in what it has and a verified backup of the server
/// holds all of it. With `at_once` the backup is not waited for: a server that is restored then may lack what only
/// that phone had. Doing it again changes nothing, except that `at_once` once said stays.
///
/// # Errors
/// As [`revoke`].
pub async fn wipe(app: &App, who: &Person, device: DeviceId, at_once: bool) -> Result<Device, ServiceError> {
    allowed(app, who, device).await?;
    app.store.order_wipe(device, at_once, app.clock.now()).await?;
    after(app, device).await
}

async fn allowed(app: &App, who: &Person, device: DeviceId) -> Result<(), ServiceError> {
    let device = app.store.device(device).await.map_err(|error| error.missing(codes::NOT_FOUND))?;
    if !scope::sees_person(who, &device.person) {
        return Err(codes::NOT_FOUND.into());
    }
    if scope::may_cut_off(who, &device.person) { Ok(()) } else { Err(codes::PERMISSION.into()) }
}

async fn after(app: &App, device: DeviceId) -> Result<Device, ServiceError> {
    notes::flush(app).await?;
    let device = app.store.device(device).await?;
    app.events.tell(heard_of(&device, app.clock.now()));
    Ok(device)
}
