//! What people do about their own access, and administrators about others': passwords and sessions.

use sync_core::id::PersonId;
use uuid::Uuid;

use super::events::News;
use super::session::guess;
use crate::auth::password::Passwords;
use crate::auth::password::rules::Owner;
use crate::error::{ServiceError, codes};
use crate::scope::{self, Action};
use crate::state::App;
use crate::store::{Person, Session};

/// Gives somebody who knows their present password another one, and ends all of their other sessions.
///
/// # Errors
/// [`codes::OLD_PASSWORD`], [`codes::ATTEMPTS`], and those of [`crate::auth::password::rules::check`].
pub async fn change_password(
    app: &App,
    session: &Session,
    who: &Person,
    old: &str,
    new: &str,
) -> Result<(), ServiceError> {
    prove(app, who, old).await?;
    let owner = Owner { login: who.login.as_deref(), name: &who.name };
    let hash = app.passwords.choose(new, owner, &app.dice).await?;
    app.store.access().change_password(who.id, &hash, Some(&session.token_hash)).await?;
    app.events.tell([News::Access]);
    Ok(())
}

/// Makes sure that it is really the owner of a session who asks, and not somebody at their desk.
pub(super) async fn prove(app: &App, who: &Person, password: &str) -> Result<(), ServiceError> {
    let login = who.login.clone().unwrap_or_else(|| who.id.to_string());
    guess(app, &login, async {
        let stored = app.store.access().password_hash(who.id).await?;
        if app.passwords.fits(password, stored).await? { Ok(()) } else { Err(codes::OLD_PASSWORD.into()) }
    })
    .await
}

/// Somebody's own sessions, the last used first.
///
/// # Errors
/// When the database does not answer.
pub async fn sessions(app: &App, who: &Person) -> Result<Vec<Session>, ServiceError> {
    Ok(app.store.access().sessions(who.id, app.clock.now()).await?)
}

/// Ends one of somebody's own sessions.
///
/// # Errors
/// [`codes::NOT_FOUND`] if it is none of theirs.
pub async fn end_session(app: &App, who: &Person, id: Uuid) -> Result<(), ServiceError> {
    app.store.access().end_one_session(who.id, id).await?;
    app.events.tell([News::Access]);
    Ok(())
}

/// Ends all sessions of a person.
///
/// # Errors
/// [`codes::PERSON_NOT_FOUND`] outside the territory, [`codes::PERMISSION`] without the role.
pub async fn end_sessions(app: &App, who: &Person, id: PersonId) -> Result<u64, ServiceError> {
    let person = administered(app, who, id).await?;
    let ended = app.store.access().end_sessions(person.id).await?;
    app.events.tell([News::Access]);
    Ok(ended)
}

/// Gives a person a password that was made just now, and ends all of their sessions. It is told this once.
///
/// # Errors
/// [`codes::PERSON_NOT_FOUND`] outside the territory, [`codes::PERMISSION`] without the role, [`codes::NO_LOGIN`] for
/// somebody who does not sign in.
pub async fn reset_password(app: &App, who: &Person, id: PersonId) -> Result<String, ServiceError> {
    let person = administered(app, who, id).await?;
    reset_any_password(app, &person).await
}

/// [`reset_password`] without asking who wants it, for `daybook admin`.
pub(super) async fn reset_any_password(app: &App, person: &Person) -> Result<String, ServiceError> {
    let login = person.login.as_deref().ok_or(codes::NO_LOGIN)?;
    let password = Passwords::generate(&app.dice);
    let owner = Owner { login: Some(login), name: &person.name };
    let hash = app.passwords.choose(&password, owner, &app.dice).await?;
    app.store.access().change_password(person.id, &hash, None).await?;
    // Whoever guessed did not guess this one.
    app.logins.succeeded(login);
    app.events.tell([News::Access]);
    Ok(password)
}

/// A person whose access somebody may take away.
pub(super) async fn administered(app: &App, who: &Person, id: PersonId) -> Result<Person, ServiceError> {
    let person = app.store.person(id).await.map_err(|error| error.missing(codes::PERSON_NOT_FOUND))?;
    if !scope::sees_person(who, &person) {
        return Err(codes::PERSON_NOT_FOUND.into());
    }
    if scope::may_do(who, Action::Administer) { Ok(person) } else { Err(codes::PERMISSION.into()) }
}
