//! Staff sign in and out.

use super::trail::{self, Act};
use crate::auth::session::SessionToken;
use crate::clock::millis;
use crate::error::{ServiceError, codes};
use crate::state::App;
use crate::store::{Person, Session, StoreError};

/// Signs a staff member in.
///
/// An unknown login, a wrong password and somebody without a password take the same time and get the same answer.
///
/// # Errors
/// [`codes::CREDENTIALS`], or [`codes::ATTEMPTS`] after too many failures in a row.
pub async fn sign_in(
    app: &App,
    login: &str,
    password: &str,
    origin: &str,
) -> Result<(SessionToken, Person), ServiceError> {
    let now = app.clock.now();
    let login = login.trim().to_lowercase();
    if let Some(wait) = app.logins.wait(&login, now) {
        return Err(ServiceError::from(codes::ATTEMPTS).retry_after(wait));
    }
    let (person, stored) = match app.store.person_by_login(&login).await {
        Ok((person, hash)) => (Some(person), Some(hash)),
        Err(StoreError::NotFound) => (None, None),
        Err(error) => return Err(error.into()),
    };
    let fits = app.passwords.fits(password, stored).await?;
    let act = |act: &str, person: &Person| Act {
        person: Some(person.id),
        origin: origin.to_owned(),
        act: act.to_owned(),
        subject: "/api/v1/session".to_owned(),
        detail: serde_json::Value::Null,
    };
    let person = match person {
        Some(person) if fits => person,
        known => {
            app.logins.failed(&login, now);
            if let Some(person) = known {
                trail::note(app, person.organisation, act("sign-in failed", &person)).await?;
            }
            return Err(codes::CREDENTIALS.into());
        }
    };
    app.logins.succeeded(&login);
    trail::note(app, person.organisation, act("sign-in", &person)).await?;

    let token = SessionToken::from_random(app.dice.bytes());
    let expires_at = now.plus(millis(app.config.auth.session));
    let session = Session { token_hash: token.hash(), person: person.id, created_at: now, expires_at };
    app.store.create_session(&session).await?;
    Ok((token, person))
}

/// Who is signed in with this token.
///
/// # Errors
/// [`codes::NO_SESSION`] if nobody is, or not any more.
pub async fn person_of(app: &App, token: &SessionToken) -> Result<Person, ServiceError> {
    let found = app.store.session_person(&token.hash(), app.clock.now()).await;
    found.map_err(|error| error.missing(codes::NO_SESSION))
}

/// Ends a session; no error if there is none.
///
/// # Errors
/// When the database does not answer.
pub async fn sign_out(app: &App, token: &SessionToken) -> Result<(), ServiceError> {
    Ok(app.store.end_session(&token.hash()).await?)
}
