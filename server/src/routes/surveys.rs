//! Surveys together.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use sync_core::record::survey::Answer;
use utoipa::{IntoParams, ToSchema};

use super::cursor;
use super::extract::{Json, Parameters};
use super::identity::SignedIn;
use super::records::Wanted;
use super::records::line::LineBody;
use crate::error::{ServiceError, codes};
use crate::service::surveys;
use crate::state::App;
use crate::survey::{Figure, FormFigures};

/// What surveys came to.
#[derive(Serialize, ToSchema)]
pub(crate) struct SurveysBody {
    /// How many surveys the conditions find.
    found: u64,
    /// Only so many of them, the newest, were read.
    read: u64,
    forms: Vec<FormFigures>,
}

/// How often each question of each form was answered how, in the newest surveys of a list. `kind`, `limit` and `after` count
/// for nothing.
#[utoipa::path(
    get, operation_id = "survey_figures", path = "/api/v1/surveys/figures", tag = "records", params(Wanted),
    responses((status = 200, body = SurveysBody)), security(("session" = []))
)]
pub(crate) async fn figures(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Json<SurveysBody>, ServiceError> {
    let surveys::Figures { found, read, forms } = surveys::figures(&app, &who, wanted.filter()?).await?;
    Ok(Json(SurveysBody { found, read, forms }))
}

/// Which figure.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FigureWanted {
    /// The form, as in the figures; may be empty.
    form: String,
    /// Its version, as in the figures; may be empty.
    version: String,
    /// The path of a question, as in the figures; all surveys of the form if left out.
    question: Option<String>,
    /// An answer to the question as JSON, `true`, `4` or `"villa"`; any answer if left out.
    answer: Option<String>,
}

/// A page of the surveys that a figure counts.
#[derive(Serialize, ToSchema)]
pub(crate) struct BehindBody {
    /// The newest first.
    items: Vec<LineBody>,
    /// How many there are altogether; only with the first page.
    total: Option<u64>,
    /// To be sent as `after`; missing at the end.
    next: Option<String>,
}

/// The surveys behind one of the figures of the same list, page after page. `kind` counts for nothing.
#[utoipa::path(
    get, operation_id = "survey_figure_records", path = "/api/v1/surveys/figures/records", tag = "records",
    params(Wanted, FigureWanted), responses((status = 200, body = BehindBody)), security(("session" = []))
)]
pub(crate) async fn behind(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Parameters(wanted): Parameters<Wanted>,
    Parameters(FigureWanted { form, version, question, answer }): Parameters<FigureWanted>,
) -> Result<Json<BehindBody>, ServiceError> {
    let malformed = |_| ServiceError::from(codes::MALFORMED_REQUEST).detail("answer: not JSON, or no answer");
    let answer: Option<Answer> = answer.as_deref().map(serde_json::from_str).transpose().map_err(malformed)?;
    let figure = Figure { form, version, question, answer };
    let (after, limit) = wanted.part(cursor::read_counted)?;
    let surveys::Behind { total, lines, next } =
        surveys::behind(&app, &who, wanted.filter()?, figure, after, limit).await?;
    let items = lines.into_iter().map(LineBody::from).collect();
    Ok(Json(BehindBody { items, total, next: next.map(cursor::write_counted) }))
}
