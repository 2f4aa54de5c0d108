//! How a phone becomes known, proves itself, and gets its tokens.

use sync_core::id::DeviceId;
use sync_core::journal::{verify_challenge, verify_enrolment, verify_reidentification};
use sync_core::wire::enrol::{EnrolRequest, EnrolResponse, ReidentifyRequest, TokenRequest, TokenResponse};

use super::events::heard_of;
use super::profile::profile;
use super::upkeep::raise_first_forked;
use crate::auth::code::Code;
use crate::auth::{challenge, token};
use crate::clock::millis;
use crate::error::{ServiceError, codes};
use crate::state::App;
use crate::store::{Device, NewDevice, StoreError};

/// Longest name of an app or phone that is kept, in characters.
const LONGEST_NAME: usize = 80;

/// Makes a phone known to whoever the code was issued for. The same key may redeem the same code again: the answer to
/// the first attempt may have been lost on its way. A phone that this database has forgotten gets the identity that it
/// had, unless somebody has that: then it gets another one and writes its journal again.
///
/// # Errors
/// [`codes::ENROL_CODE`] if the code is wrong, expired or used by another key; [`codes::ENROL_PROOF`] if the phone
/// does not hold the key that it shows; [`codes::DEVICE_REVOKED`] if it was cut off since.
pub async fn enrol(app: &App, request: EnrolRequest) -> Result<EnrolResponse, ServiceError> {
    let code = Code::parse(&request.code).ok_or(codes::ENROL_CODE)?;
    if !verify_enrolment(&request.key, &request.code, &request.proof) {
        return Err(codes::ENROL_PROOF.into());
    }
    let now = app.clock.now();
    let formerly = match request.formerly {
        Some(id) => forgotten(app, id).await?,
        None => None,
    };
    let device = NewDevice {
        id: formerly.unwrap_or_else(|| app.dice.roll(|rng| DeviceId::new(now, rng))),
        key: request.key,
        label: shorten(&request.label),
        app: shorten(&request.app),
    };
    let redeemed = app.store.redeem_code(&code.hash(), &device, now).await;
    let device = redeemed.map_err(|error| error.missing(codes::ENROL_CODE)).and_then(still_good)?;
    app.events.tell(heard_of(&device, now));
    let profile = profile(app, &device.person).await?;
    Ok(EnrolResponse { device: device.id, server_key: app.keys.public(), profile })
}

/// An identity, if nobody has it.
async fn forgotten(app: &App, id: DeviceId) -> Result<Option<DeviceId>, ServiceError> {
    match app.store.device(id).await {
        Ok(_) => Ok(None),
        Err(StoreError::NotFound) => Ok(Some(id)),
        Err(error) => Err(error.into()),
    }
}

/// Gives a phone that was cloned or restored an identity of its own. The same key may ask again: the answer to the
/// first attempt may have been lost on its way. The new identity of a phone that was cut off is cut off as well: it is
/// there to hand in what the old one can't take.
///
/// # Errors
/// [`codes::ENROL_PROOF`] if the phone does not hold the key that it shows.
pub async fn reidentify(app: &App, old: &Device, request: ReidentifyRequest) -> Result<EnrolResponse, ServiceError> {
    if !verify_reidentification(&request.key, old.id, &request.proof) {
        return Err(codes::ENROL_PROOF.into());
    }
    let now = app.clock.now();
    let device = NewDevice {
        id: app.dice.roll(|rng| DeviceId::new(now, rng)),
        key: request.key,
        label: old.label.clone(),
        app: shorten(&request.app),
    };
    let device = app.store.replace_device(old.id, &device, now).await.map_err(|e| e.missing(codes::DEVICE_UNKNOWN))?;
    raise_first_forked(app).await;
    app.events.tell(heard_of(&device, app.clock.now()));
    tracing::warn!(old = %old.id, new = %device.id, "a phone was cloned or restored and goes on under a new identity");
    let profile = profile(app, &device.person).await?;
    Ok(EnrolResponse { device: device.id, server_key: app.keys.public(), profile })
}

/// Answers with a token if the phone has answered a challenge of ours, and in any case with the next challenge. A phone
/// that was cut off gets one too, to hand in what it has; every operation looks at the device again.
///
/// # Errors
/// [`codes::DEVICE_UNKNOWN`], or [`codes::TOKEN_SIGNATURE`] if a good challenge was
/// answered by another key.
pub async fn token(app: &App, request: TokenRequest) -> Result<TokenResponse, ServiceError> {
    let id = request.device;
    let device = known(app, id).await?;
    let now = app.clock.now();
    let nonce = challenge::issue(&app.keys, id, now, app.dice.bytes());
    if !challenge::is_good(&app.keys, id, now, &request.nonce) {
        return Ok(TokenResponse { token: None, lifetime_ms: 0, nonce });
    }
    if !verify_challenge(&device.key, id, &request.nonce, &request.signature) {
        return Err(codes::TOKEN_SIGNATURE.into());
    }
    let lifetime = app.config.auth.token;
    let token = token::issue(&app.keys, id, now, lifetime)?;
    Ok(TokenResponse { token: Some(token), lifetime_ms: millis(lifetime).cast_unsigned(), nonce })
}

/// The phone behind a token. Its row is looked at each time, so that a lost phone can be cut off at once.
///
/// # Errors
/// [`codes::TOKEN`], [`codes::DEVICE_UNKNOWN`] or [`codes::DEVICE_REVOKED`].
pub async fn authenticate(app: &App, token: &str) -> Result<Device, ServiceError> {
    authenticate_any(app, token).await.and_then(still_good)
}

/// The phone behind a token, also one that was cut off: for handing in what it has, and for nothing else.
///
/// # Errors
/// [`codes::TOKEN`] or [`codes::DEVICE_UNKNOWN`].
pub async fn authenticate_any(app: &App, token: &str) -> Result<Device, ServiceError> {
    let id = token::check(&app.keys, token, app.clock.now())?;
    known(app, id).await
}

async fn known(app: &App, id: DeviceId) -> Result<Device, ServiceError> {
    app.store.device(id).await.map_err(|error| error.missing(codes::DEVICE_UNKNOWN))
}

fn still_good(device: Device) -> Result<Device, ServiceError> {
    if device.is_cut_off() { Err(codes::DEVICE_REVOKED.into()) } else { Ok(device) }
}

fn shorten(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect()
}
