//! Staff sign in and out.

use sync_core::time::UnixMillis;
use uuid::Uuid;

use super::events::News;
use super::second_factor;
use super::trail::{self, Act};
use crate::auth::session::SessionToken;
use crate::clock::millis;
use crate::error::{ServiceError, codes};
use crate::state::App;
use crate::store::{Person, Session, StoreError};

/// When a session was last used is noted so often at most.
const TOUCH_MS: i64 = 60_000;

/// What somebody signs in with, and from where.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    /// Their name for this.
    pub login: &'a str,
    /// Their password.
    pub password: &'a str,
    /// A code of their app or a recovery code, if they have a second factor.
    pub code: Option<&'a str>,
    /// The address, for the trail.
    pub origin: &'a str,
    /// On which kind of network.
    pub network: &'a str,
    /// With which browser on which system.
    pub client: &'a str,
}

/// Signs a staff member in.
///
/// An unknown login, a wrong password and somebody without a password take the same time and get the same answer.
///
/// # Errors
/// [`codes::CREDENTIALS`], [`codes::TOTP_REQUIRED`] if a code is missing, [`codes::TOTP_CODE`] if it is wrong or used,
/// or [`codes::ATTEMPTS`] after too many failures in a row.
pub async fn sign_in(app: &App, attempt: Attempt<'_>) -> Result<(SessionToken, Person), ServiceError> {
    let now = app.clock.now();
    let login = attempt.login.trim().to_lowercase();
    let person = guess(app, &login, prove(app, &login, attempt, now)).await?;
    note(app, "sign-in", attempt.origin, &person).await?;

    let token = SessionToken::from_random(app.dice.bytes());
    let session = Session {
        token_hash: token.hash(),
        id: Uuid::from_bytes(app.dice.bytes()),
        person: person.id,
        created_at: now,
        expires_at: now.plus(millis(app.config.auth.session)),
        last_seen_at: now,
        network: attempt.network.to_owned(),
        client: attempt.client.to_owned(),
    };
    app.store.create_session(&session).await?;
    Ok((token, person))
}

/// Makes sure that it is who they say they are.
async fn prove(app: &App, login: &str, attempt: Attempt<'_>, now: UnixMillis) -> Result<Person, ServiceError> {
    let (person, stored) = match app.store.person_by_login(login).await {
        Ok((person, hash)) => (Some(person), Some(hash)),
        Err(StoreError::NotFound) => (None, None),
        Err(error) => return Err(error.into()),
    };
    let fits = app.passwords.fits(attempt.password, stored).await?;
    let person = match person {
        Some(person) if fits => person,
        known => {
            if let Some(person) = known {
                note(app, "sign-in failed", attempt.origin, &person).await?;
            }
            return Err(codes::CREDENTIALS.into());
        }
    };
    let passed = second_factor::pass(app, person.id, attempt.code, now).await;
    if passed.as_ref().is_err_and(|error| error.code == codes::TOTP_CODE) {
        note(app, "sign-in failed", attempt.origin, &person).await?;
    }
    passed.map(|()| person)
}

async fn note(app: &App, act: &str, origin: &str, person: &Person) -> Result<(), ServiceError> {
    let act = Act {
        person: Some(person.id),
        origin: origin.to_owned(),
        act: act.to_owned(),
        subject: "/api/v1/session".to_owned(),
        detail: serde_json::Value::Null,
    };
    trail::note(app, person.organisation, act).await.map(drop)
}

/// Lets somebody try a password or a code, unless they have to wait. Wrong ones make the next wait longer.
///
/// # Errors
/// [`codes::ATTEMPTS`], and those of the attempt.
pub(super) async fn guess<T>(
    app: &App,
    login: &str,
    attempt: impl Future<Output = Result<T, ServiceError>>,
) -> Result<T, ServiceError> {
    let begun = app.logins.begin(login, app.clock.now());
    let begun = begun.map_err(|wait| ServiceError::from(codes::ATTEMPTS).retry_after(wait))?;
    let outcome = attempt.await;
    match &outcome {
        Ok(_) => app.logins.succeeded(login),
        Err(error) if [codes::CREDENTIALS, codes::TOTP_CODE, codes::OLD_PASSWORD].contains(&error.code) => {}
        // Who has not been asked for a code yet has not failed, nor has whoever found no database.
        Err(_) => app.logins.take_back(begun),
    }
    outcome
}

/// The session of a token, and who is signed in with it.
///
/// # Errors
/// [`codes::NO_SESSION`] if nobody is, or not any more.
pub async fn of(app: &App, token: &SessionToken) -> Result<(Session, Person), ServiceError> {
    let now = app.clock.now();
    let found = app.store.session(&token.hash(), now).await;
    let (session, person) = found.map_err(|error| error.missing(codes::NO_SESSION))?;
    if now.since(session.last_seen_at) >= TOUCH_MS
        && let Err(error) = app.store.access().touch_session(&session.token_hash, now).await
    {
        // Somebody who only looks must be able to, also on a full disk.
        tracing::warn!(%error, "that a session was used was not noted");
    }
    Ok((session, person))
}

/// Ends a session, which the trail tells; no error if there is none.
///
/// # Errors
/// When the database does not answer.
pub async fn sign_out(app: &App, token: &SessionToken, origin: &str) -> Result<(), ServiceError> {
    match app.store.session(&token.hash(), app.clock.now()).await {
        Ok((_, person)) => note(app, "sign-out", origin, &person).await?,
        Err(StoreError::NotFound) => {}
        Err(error) => return Err(error.into()),
    }
    app.store.end_session(&token.hash()).await?;
    app.events.tell([News::Access]);
    Ok(())
}
