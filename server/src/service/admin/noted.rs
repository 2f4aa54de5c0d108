//! Orders to the machine in the audit trail.

use serde_json::Value;
use sync_core::id::{DeviceId, OrganisationId};

use super::{AsideOrder, Order, StrayOrder, find};
use crate::error::{Code, ServiceError};
use crate::service::trail::{self, Act};
use crate::state::App;
use crate::store::StoreError;

/// An order that was written down.
pub(super) struct Noted {
    organisation: OrganisationId,
    no: u64,
}

/// Writes down an order that changes something of an organisation, before it is carried out.
pub(super) async fn note(app: &App, order: &Order) -> Result<Option<Noted>, ServiceError> {
    let organisation = match about(order) {
        About::Nothing => return Ok(None),
        About::Organisation(named) => find::organisation(app, named).await?,
        About::Device(device) => match of_device(app, device).await? {
            Some(organisation) => organisation,
            // The order itself says that there is no such device.
            None => return Ok(None),
        },
    };
    let mut detail = serde_json::to_value(order).map_err(ServiceError::internal)?;
    let named = detail.as_object_mut().and_then(|order| order.remove("order"));
    let act = named.as_ref().and_then(Value::as_str).unwrap_or("order").to_owned();
    let no = trail::note(app, organisation, act_of(act, detail)).await?;
    Ok(Some(Noted { organisation, no }))
}

fn act_of(act: String, detail: Value) -> Act {
    Act { person: None, origin: "machine".to_owned(), act, subject: "daybook admin".to_owned(), detail }
}

impl Noted {
    /// Writes down that nothing came of it.
    pub(super) async fn refused(&self, app: &App, why: Code) {
        let detail = serde_json::json!({ "entry": self.no, "code": why.name });
        if let Err(error) = trail::note(app, self.organisation, act_of("refused".to_owned(), detail)).await {
            tracing::warn!(code = error.code.name, "that an order was refused was not written down");
        }
    }
}

/// What an order changes something of.
enum About {
    /// It only looks, or concerns the server as a whole, or there is no organisation yet.
    Nothing,
    Organisation(Option<String>),
    Device(DeviceId),
}

fn about(order: &Order) -> About {
    match order {
        Order::CreateOrganisation { .. }
        | Order::ListOrganisations
        | Order::ListOffices { .. }
        | Order::ListTeams { .. }
        | Order::ListProjects { .. }
        | Order::ListPeople { .. }
        | Order::ListCodes { .. }
        | Order::ListDevices { .. }
        | Order::ListTrail { .. }
        | Order::CheckTrail { .. }
        | Order::NoteBackup { .. }
        | Order::NotePhotoBackup { .. }
        | Order::CollectPhotos { .. }
        | Order::Stray { stray: StrayOrder::List { .. }, .. }
        | Order::SetAside {
            aside:
                AsideOrder::List { .. }
                | AsideOrder::Inspect { .. }
                | AsideOrder::ListAmendments { .. }
                | AsideOrder::InspectAmendment { .. },
            ..
        } => About::Nothing,
        Order::ChangeOrganisation { organisation, .. }
        | Order::CreateOffice { organisation, .. }
        | Order::CreateTeam { organisation, .. }
        | Order::CreateProject { organisation, .. }
        | Order::CreatePerson { organisation, .. }
        | Order::ChangePerson { organisation, .. }
        | Order::ResetPassword { organisation, .. }
        | Order::HandOver { organisation, .. }
        | Order::Reassign { organisation, .. }
        | Order::IssueCode { organisation, .. }
        | Order::Stray { organisation, .. }
        | Order::SetAside { organisation, .. } => About::Organisation(organisation.clone()),
        Order::RevokeDevice { device } | Order::WipeDevice { device, .. } | Order::CompareDevice { device } => {
            About::Device(*device)
        }
    }
}

async fn of_device(app: &App, device: DeviceId) -> Result<Option<OrganisationId>, ServiceError> {
    match app.store.device(device).await {
        Ok(device) => Ok(Some(device.person.organisation)),
        Err(StoreError::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
