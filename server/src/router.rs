//! Every address of the server.

mod admit;
mod linger;
mod observe;
mod promise;
mod trail;

use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn_with_state, map_response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::map_request_body::MapRequestBodyLayer;
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::ServiceError;
use crate::routes::{
    access, admin, amendments, arrivals, assignments, console, days, directory, events, exports, health, leads,
    organisation, photos, presets, quarantine, records, session, strays, surveys, sync, system, trail as trails,
};
use crate::state::App;

pub(crate) use admit::{Peer, address};

/// What phones, browsers and load balancers reach.
///
/// # Errors
/// A fault of ours: a trusted origin that the configuration accepted is none.
pub fn public(app: &App) -> Result<Router, ServiceError> {
    let (router, mut document) = described().split_for_parts();
    promise::problems(&mut document);
    let router = router
        .route("/openapi.json", get(move || std::future::ready(Json(document.clone()))))
        .route("/sync/{*rest}", any(sync::other_version))
        .fallback(console::show)
        // Inside the check of origins: what a foreign page tried is nobody's act.
        .route_layer(from_fn_with_state(app.clone(), trail::note))
        .layer(cross_origin_check(app)?)
        .layer(from_fn_with_state(app.clone(), admit::admit));
    Ok(with_limits(router, app))
}

/// What `daybook admin` reaches, over a socket that only the owner of the data folder can open.
pub fn local(app: &App) -> Router {
    let orders = post(admin::perform).layer(DefaultBodyLimit::max(admin::LONGEST_ORDER));
    with_limits(Router::new().route("/orders", orders), app)
}

/// The OpenAPI 3.1 document.
pub fn document() -> OpenApi {
    let mut document = described().into_openapi();
    promise::problems(&mut document);
    document
}

fn described() -> OpenApiRouter<App> {
    let info = InfoBuilder::new().title("Daybook").version("1").description(Some(
        "Phones deposit and fetch records below /sync; offices and head quarters read and review them below /api.",
    ));
    let document = OpenApiBuilder::new().info(info.build()).components(Some(identities())).build();
    OpenApiRouter::with_openapi(document)
        // phones
        .routes(routes!(sync::enrol))
        .routes(routes!(sync::token))
        .routes(routes!(sync::exchange))
        .routes(routes!(sync::reidentify))
        // photos
        .merge(uploads())
        .routes(routes!(photos::states))
        .routes(routes!(photos::fetch))
        .routes(routes!(photos::list))
        .routes(routes!(exports::photos))
        .routes(routes!(photos::show))
        // staff
        .routes(routes!(session::sign_in, session::sign_out))
        .routes(routes!(session::me))
        .routes(routes!(presets::list, presets::keep))
        .routes(routes!(presets::forget))
        .routes(routes!(access::change_password))
        .routes(routes!(access::sessions))
        .routes(routes!(access::end_session))
        .routes(routes!(access::second_factor, access::begin_second_factor))
        .routes(routes!(access::confirm_second_factor))
        .routes(routes!(access::end_second_factor))
        .routes(routes!(events::follow))
        // records
        .routes(routes!(records::list))
        .routes(routes!(records::count))
        .routes(routes!(records::places))
        .routes(routes!(records::lines))
        .routes(routes!(exports::records))
        .routes(routes!(surveys::figures))
        .routes(routes!(surveys::behind))
        .routes(routes!(exports::answers))
        .routes(routes!(exports::surveys))
        .routes(routes!(leads::stages))
        .routes(routes!(exports::stages))
        .routes(routes!(leads::received))
        .routes(routes!(exports::received))
        .routes(routes!(leads::cases))
        .routes(routes!(exports::cases))
        .routes(routes!(records::detail))
        .routes(routes!(records::decide))
        .routes(routes!(events::stay, events::leave))
        .routes(routes!(records::edit))
        .routes(routes!(assignments::assign))
        .routes(routes!(assignments::assign_all))
        .routes(routes!(quarantine::list))
        .routes(routes!(quarantine::codes))
        .routes(routes!(exports::quarantine))
        .routes(routes!(quarantine::inspect))
        .routes(routes!(quarantine::replay))
        .routes(routes!(quarantine::discard))
        .routes(routes!(strays::list))
        .routes(routes!(exports::strays))
        .routes(routes!(strays::adopt))
        .routes(routes!(strays::discard))
        .routes(routes!(amendments::list))
        .routes(routes!(exports::amendments))
        .routes(routes!(amendments::inspect))
        .routes(routes!(amendments::accept))
        .routes(routes!(amendments::reject))
        // the office's day
        .routes(routes!(days::lines))
        .routes(routes!(days::unfinished))
        .routes(routes!(exports::unfinished))
        .routes(routes!(exports::days))
        .routes(routes!(days::board))
        .routes(routes!(exports::board))
        .routes(routes!(days::close))
        .routes(routes!(days::remind))
        .routes(routes!(days::supplement))
        .routes(routes!(days::late))
        .routes(routes!(exports::late))
        .routes(routes!(days::behind))
        .routes(routes!(exports::behind))
        .routes(routes!(days::statement))
        .routes(routes!(arrivals::arrive))
        .routes(routes!(arrivals::consultants, arrivals::set_consultants))
        // the organisation
        .routes(routes!(organisation::show, organisation::change))
        .routes(routes!(directory::offices, directory::create_office))
        .routes(routes!(directory::change_office))
        .routes(routes!(directory::teams, directory::create_team))
        .routes(routes!(exports::teams))
        .routes(routes!(directory::rename_team))
        .routes(routes!(directory::people, directory::add_person))
        .routes(routes!(exports::people))
        .routes(routes!(assignments::change_person))
        .routes(routes!(assignments::hand_over))
        .routes(routes!(directory::invite))
        .routes(routes!(access::reset_password))
        .routes(routes!(access::end_sessions))
        .routes(routes!(access::take_off_second_factor))
        .routes(routes!(directory::projects, directory::create_project))
        .routes(routes!(directory::rename_project))
        .routes(routes!(directory::devices))
        .routes(routes!(exports::devices))
        .routes(routes!(directory::revoke))
        .routes(routes!(directory::wipe))
        .routes(routes!(trails::list))
        .routes(routes!(trails::verify))
        .routes(routes!(trails::chain))
        .routes(routes!(exports::audit))
        // the server itself
        .routes(routes!(system::system))
        .routes(routes!(health::alive))
        .routes(routes!(health::ready))
}

/// What the tus protocol is about; each answer says so.
fn uploads() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(photos::begin, photos::offers))
        .routes(routes!(photos::ask, photos::append, photos::give_up))
        .layer(map_response(photos::sign))
}

fn identities() -> Components {
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
        "__Host-daybook",
        "The session of a staff member; `daybook` where cookies are not secure.",
    )));
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("The token of a phone, from /sync/v1/token."))
        .build();
    ComponentsBuilder::new()
        .security_scheme("session", cookie)
        .security_scheme("device", SecurityScheme::Http(token))
        .build()
}

/// Cookies travel with requests from anywhere, so requests that change something must come from our own pages, from
/// trusted ones, or from no browser at all.
fn cross_origin_check(app: &App) -> Result<CsrfLayer, ServiceError> {
    let trusted = &app.config.http.trusted_origins;
    let layer = trusted.iter().try_fold(CsrfLayer::new(), |layer, origin| layer.add_trusted_origin(origin));
    layer.map_err(ServiceError::internal)
}

/// The layers around everything; the first is the outermost, and sees what all others answer.
fn with_limits(router: Router<App>, app: &App) -> Router {
    let limits = &app.config.limits;
    let layers = ServiceBuilder::new()
        .layer(from_fn_with_state(app.clone(), observe::observe))
        .layer(CatchPanicLayer::new())
        .layer(TimeoutLayer::with_status_code(axum::http::StatusCode::REQUEST_TIMEOUT, limits.request))
        // Somebody who sends a byte a minute holds a connection, not more.
        .layer(RequestBodyTimeoutLayer::new(limits.idle))
        .layer(MapRequestBodyLayer::new(Body::new))
        .layer(from_fn_with_state(app.clone(), linger::linger))
        .layer(DefaultBodyLimit::max(limits.json_bytes));
    router.layer(layers).with_state(app.clone())
}
