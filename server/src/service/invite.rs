//! Enrolment codes for phones.

use sync_core::id::PersonId;

use crate::auth::code::Code;
use crate::clock::millis;
use crate::error::{ServiceError, codes};
use crate::scope;
use crate::state::App;
use crate::store::{EnrolmentCode, Person};

/// A code with which one phone of a person can be enrolled, for a while. It is shown once.
///
/// # Errors
/// [`codes::PERSON_NOT_FOUND`] outside the territory, [`codes::PERMISSION`] if one may not, [`codes::NO_OFFICE`] for
/// people without an office.
pub async fn invite(app: &App, who: &Person, person: PersonId) -> Result<(EnrolmentCode, Code), ServiceError> {
    let person = app.store.person(person).await.map_err(|error| error.missing(codes::PERSON_NOT_FOUND))?;
    if !scope::sees_person(who, &person) {
        return Err(codes::PERSON_NOT_FOUND.into());
    }
    if !scope::may_invite(who, &person) {
        return Err(codes::PERMISSION.into());
    }
    issue(app, &person).await
}

/// [`invite`] without asking who wants it, for `daybook admin`.
pub(super) async fn issue(app: &App, person: &Person) -> Result<(EnrolmentCode, Code), ServiceError> {
    if person.office.is_none() {
        return Err(codes::NO_OFFICE.into());
    }
    let now = app.clock.now();
    let code = Code::from_random(app.dice.bytes());
    let stored = EnrolmentCode {
        code_hash: code.hash(),
        organisation: person.organisation,
        person: person.id,
        hint: code.hint().to_owned(),
        created_at: now,
        expires_at: now.plus(millis(app.config.auth.code)),
        used_at: None,
        device: None,
    };
    app.store.create_enrolment_code(&stored).await?;
    Ok((stored, code))
}
