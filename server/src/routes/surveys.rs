//! Surveys together.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use sync_core::id::RecordId;
use sync_core::record::survey::Answer;
use utoipa::{IntoParams, ToSchema};

use super::extract::{Json, Parameters};
use super::identity::SignedIn;
use super::records::Wanted;
use super::records::line::LineBody;
use crate::error::{ServiceError, codes};
use crate::service::surveys;
use crate::state::App;
use crate::survey::{Answers, Figure, FormFigures};

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

/// Which figure. Its names are not those of the file in which its surveys are taken away.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FigureWanted {
    /// The form, as in the figures; may be empty.
    survey_form: String,
    /// Its version, as in the figures; may be empty.
    survey_version: String,
    /// The path of a question, as in the figures; all surveys of the form if left out.
    question: Option<String>,
    /// An answer to the question as JSON, `true`, `4` or `"villa"`; any answer if left out.
    answer: Option<String>,
    /// Only those that answer the question as no answer of the figures says.
    others: Option<bool>,
}

impl FigureWanted {
    pub(super) fn read(self) -> Result<Figure, ServiceError> {
        let malformed = |what: &str| ServiceError::from(codes::MALFORMED_REQUEST).detail(what.to_owned());
        let Self { survey_form: form, survey_version: version, question, answer, others } = self;
        let answer: Option<Answer> = answer
            .as_deref()
            .map(serde_json::from_str)
            .transpose()
            .map_err(|_| malformed("answer: not JSON, or no answer"))?;
        let answers = match (answer, others.unwrap_or_default()) {
            (None, false) => Answers::Any,
            (Some(_), true) => return Err(malformed("others: an answer is asked for")),
            (_, _) if question.is_none() => return Err(malformed("question: missing")),
            (Some(answer), false) => Answers::Same(answer),
            (None, true) => Answers::Others,
        };
        Ok(Figure { form, version, question, answers })
    }
}

/// The surveys that a figure counts.
#[derive(Serialize, ToSchema)]
pub(crate) struct BehindBody {
    /// The newest of them, newest first.
    items: Vec<LineBody>,
    /// The others, in the same order. `GET /api/v1/records/lines` has their lines.
    #[schema(value_type = Vec<Uuid>)]
    rest: Vec<RecordId>,
}

/// The surveys behind one of the figures of the same list. `kind` and `after` count for nothing.
#[utoipa::path(
    get, operation_id = "survey_figure_records", path = "/api/v1/surveys/figures/records", tag = "records",
    params(Wanted, FigureWanted), responses((status = 200, body = BehindBody)), security(("session" = []))
)]
pub(crate) async fn behind(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Parameters(wanted): Parameters<Wanted>,
    Parameters(figure): Parameters<FigureWanted>,
) -> Result<Json<BehindBody>, ServiceError> {
    let (filter, limit) = (wanted.filter()?, wanted.limit());
    let surveys::Behind { lines, rest } = surveys::behind(&app, &who, filter, figure.read()?, limit).await?;
    Ok(Json(BehindBody { items: lines.into_iter().map(LineBody::from).collect(), rest }))
}
