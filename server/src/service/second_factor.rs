//! Signing in with a code of an authenticator app as well.

use sync_core::id::PersonId;
use sync_core::time::UnixMillis;

use super::access::{administered, prove};
use crate::auth::code::Code;
use crate::auth::totp::{self, Enrolment};
use crate::error::{ServiceError, codes};
use crate::state::App;
use crate::store::{Person, SecondFactor, StoreError};

/// How many recovery codes somebody gets.
const RECOVERY_CODES: usize = 10;

/// Lets somebody in whose password was right: without a second factor at once, otherwise with a code that counts.
pub(super) async fn pass(app: &App, person: PersonId, code: Option<&str>, now: UnixMillis) -> Result<(), ServiceError> {
    let access = app.store.access();
    let Some(factor) = access.second_factor(person).await?.filter(|factor| factor.confirmed_at.is_some()) else {
        return Ok(());
    };
    let code = code.map(str::trim).filter(|code| !code.is_empty()).ok_or(codes::TOTP_REQUIRED)?;
    let counts = match (totp::step(&factor.secret, code, now), Code::parse(code)) {
        (Some(step), _) => access.use_step(person, step).await?,
        (None, Some(recovery)) => access.use_recovery_code(person, &recovery.hash(), now).await?,
        (None, None) => false,
    };
    if counts { Ok(()) } else { Err(codes::TOTP_CODE.into()) }
}

/// Somebody's own second factor.
///
/// # Errors
/// When the database does not answer.
pub async fn of(app: &App, who: &Person) -> Result<Option<SecondFactor>, ServiceError> {
    Ok(app.store.access().second_factor(who.id).await?)
}

/// Makes a secret for somebody's app. Nothing changes until [`confirm`].
///
/// # Errors
/// [`codes::OLD_PASSWORD`], [`codes::ATTEMPTS`], or [`codes::TOTP_ON`].
pub async fn begin(app: &App, who: &Person, password: &str) -> Result<Enrolment, ServiceError> {
    prove(app, who, password).await?;
    let secret: [u8; totp::SECRET_BYTES] = app.dice.bytes();
    let begun = app.store.access().begin_second_factor(who.id, &secret, app.clock.now()).await;
    begun.map_err(|error| standing(error, codes::TOTP_ON))?;
    totp::enrolment(&secret, who.login.as_deref().unwrap_or(&who.name))
}

/// Switches it on with a first code of the app, which is used with that. The recovery codes are shown this once.
///
/// # Errors
/// [`codes::TOTP_CODE`], [`codes::TOTP_OFF`] without [`begin`], or [`codes::TOTP_ON`].
pub async fn confirm(app: &App, who: &Person, code: &str) -> Result<Vec<Code>, ServiceError> {
    let (access, now) = (app.store.access(), app.clock.now());
    let factor = access.second_factor(who.id).await?.ok_or(codes::TOTP_OFF)?;
    if factor.confirmed_at.is_some() {
        return Err(codes::TOTP_ON.into());
    }
    let step = totp::step(&factor.secret, code, now).ok_or(codes::TOTP_CODE)?;
    let recovery: Vec<Code> = (0..RECOVERY_CODES).map(|_| Code::from_random(app.dice.bytes())).collect();
    let hashes: Vec<[u8; 32]> = recovery.iter().map(Code::hash).collect();
    let confirmed = access.confirm_second_factor(who.id, &factor.secret, step, &hashes, now).await;
    confirmed.map_err(|error| standing(error, codes::TOTP_OFF))?;
    Ok(recovery)
}

/// Switches it off; also if it was never on.
///
/// # Errors
/// [`codes::OLD_PASSWORD`] or [`codes::ATTEMPTS`].
pub async fn end(app: &App, who: &Person, password: &str) -> Result<(), ServiceError> {
    prove(app, who, password).await?;
    app.store.access().end_second_factor(who.id).await?;
    Ok(())
}

/// Switches it off for somebody who has lost the app and the recovery codes.
///
/// # Errors
/// [`codes::PERSON_NOT_FOUND`] outside the territory, [`codes::PERMISSION`] without the role.
pub async fn take_off(app: &App, who: &Person, id: PersonId) -> Result<(), ServiceError> {
    let person = administered(app, who, id).await?;
    app.store.access().end_second_factor(person.id).await?;
    Ok(())
}

fn standing(error: StoreError, code: crate::error::Code) -> ServiceError {
    match error {
        StoreError::Conflict(_) => code.into(),
        other => other.into(),
    }
}
