//! Leads together.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use sync_core::id::{OfficeId, ProjectId};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::cursor;
use super::extract::{Json, Parameters};
use super::identity::SignedIn;
use super::records::line::LineBody;
use crate::error::ServiceError;
use crate::service::leads::{self, Case};
use crate::service::records::USUAL_PAGE;
use crate::state::App;
use crate::store::RecordFilter;
use crate::store::leads::Received;

/// Which leads.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LeadsWanted {
    /// The office to which they belong now.
    #[param(value_type = Option<Uuid>)]
    pub(super) office: Option<OfficeId>,
    /// The development that they are about.
    #[param(value_type = Option<Uuid>)]
    pub(super) project: Option<ProjectId>,
}

/// Which part of a list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Part {
    /// So many leads are looked through at most, 1 to 200; 50 if left out.
    limit: Option<u32>,
    /// The `next` of the page before.
    after: Option<String>,
}

/// How many leads stand at a stage.
#[derive(Serialize, ToSchema)]
pub(crate) struct StageBody {
    /// For example `arrived`; null for those without one.
    stage: Option<String>,
    leads: u64,
}

/// How many customers somebody has received.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReceivedBody {
    office: Uuid,
    /// Null for customers whom nobody received.
    consultant: Option<String>,
    arrivals: u64,
}

/// Leads that name the same full phone number.
#[derive(Serialize, ToSchema)]
pub(crate) struct CaseBody {
    /// Those of one's territory, the newest first.
    leads: Vec<LineBody>,
    /// So many more belong elsewhere.
    elsewhere: u32,
}

/// A page of cases. It may be empty although others follow.
#[derive(Serialize, ToSchema)]
pub(crate) struct CasesBody {
    items: Vec<CaseBody>,
    /// To be sent as `after`; missing at the end.
    next: Option<String>,
}

/// How far the leads of one's territory have come.
#[utoipa::path(
    get, path = "/api/v1/leads/stages", tag = "leads", params(LeadsWanted),
    responses((status = 200, body = Vec<StageBody>)), security(("session" = []))
)]
pub(crate) async fn stages(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Parameters(LeadsWanted { office, project }): Parameters<LeadsWanted>,
) -> Result<Json<Vec<StageBody>>, ServiceError> {
    let stages = leads::stages(&app, &who, office, project).await?;
    Ok(Json(stages.into_iter().map(|(stage, leads)| StageBody { stage, leads }).collect()))
}

/// Which consultants have received how many customers.
#[utoipa::path(
    get, path = "/api/v1/leads/received", tag = "leads", params(LeadsWanted),
    responses((status = 200, body = Vec<ReceivedBody>)), security(("session" = []))
)]
pub(crate) async fn received(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Parameters(LeadsWanted { office, project }): Parameters<LeadsWanted>,
) -> Result<Json<Vec<ReceivedBody>>, ServiceError> {
    let received = leads::received(&app, &who, office, project).await?;
    let body =
        |Received { office, consultant, arrivals }: Received| ReceivedBody { office: office.0, consultant, arrivals };
    Ok(Json(received.into_iter().map(body).collect()))
}

/// Leads of one's territory that may be about the same customer, because they name the same full phone number.
#[utoipa::path(
    get, path = "/api/v1/leads/cases", tag = "leads", params(LeadsWanted, Part),
    responses((status = 200, body = CasesBody)), security(("session" = []))
)]
pub(crate) async fn cases(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Parameters(LeadsWanted { office, project }): Parameters<LeadsWanted>,
    Parameters(Part { limit, after }): Parameters<Part>,
) -> Result<Json<CasesBody>, ServiceError> {
    let after = after.as_deref().map(cursor::read).transpose()?;
    let filter = RecordFilter { office, project, ..RecordFilter::default() };
    let (cases, next) = leads::cases(&app, &who, filter, after, limit.unwrap_or(USUAL_PAGE)).await?;
    let body = |Case { leads, elsewhere }: Case| CaseBody {
        leads: leads.into_iter().map(LineBody::from).collect(),
        elsewhere,
    };
    Ok(Json(CasesBody { items: cases.into_iter().map(body).collect(), next: next.map(cursor::write) }))
}
