//! Every code that an answer can carry. A code never changes its meaning; docs/API.md explains each one, and a
//! test compares the two lists.

use sync_core::wire::problem::code as wire;

/// What kind of failure it is, without saying anything about HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request makes no sense.
    Invalid,
    /// Who asks is not known.
    Unauthenticated,
    /// Who asks may not do that.
    Forbidden,
    /// It is not there, or not there for who asks.
    NotFound,
    /// The address knows no such method.
    Method,
    /// The request did not arrive in time.
    Timeout,
    /// It contradicts what is stored.
    Conflict,
    /// It is gone for good.
    Gone,
    /// Somebody else is at it.
    Locked,
    /// It was made for another version.
    Precondition,
    /// The bytes are not what they should come to.
    Checksum,
    /// There is no room left.
    Full,
    /// It is larger than we take.
    TooLarge,
    /// It is of a type that we do not read.
    MediaType,
    /// Too often.
    TooMany,
    /// A fault of ours.
    Internal,
    /// Not now.
    Unavailable,
}

/// A stable name for a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Code {
    /// The name: `record.not_found`.
    pub name: &'static str,
    /// What kind of failure it is.
    pub kind: Kind,
    /// What is wrong and what to do, for people.
    pub title: &'static str,
}

macro_rules! codes {
    ($($constant:ident = $name:expr, $kind:ident, $title:literal;)+) => {
        $(
            #[doc = $title]
            pub const $constant: Code = Code { name: $name, kind: Kind::$kind, title: $title };
        )+
        /// All of them, in the order of docs/API.md.
        pub const ALL: &[Code] = &[$($constant),+];
    };
}

codes! {
    // any request
    MALFORMED_REQUEST = "request.malformed", Invalid, "The request can't be read; the detail says where.";
    CURSOR = "request.cursor", Invalid, "The cursor is not one of ours: start again without `after`.";
    CROSS_ORIGIN = "request.cross_origin", Forbidden, "The request comes from a page of another origin.";
    NO_SUCH_ADDRESS = "request.not_found", NotFound, "There is nothing at this address.";
    METHOD = "request.method", Method, "This address does not know this method.";
    TIMEOUT = "request.timeout", Timeout, "The request took too long: try again, with less at once.";
    REQUEST_TOO_LARGE = "request.too_large", TooLarge, "The request is larger than the server takes.";
    REQUEST_MEDIA_TYPE = "request.media_type", MediaType, "Send JSON as `content-type: application/json`.";

    // staff
    CREDENTIALS = "session.credentials", Unauthenticated, "Login or password is wrong.";
    NO_SESSION = "session.required", Unauthenticated, "Sign in first, or again: the session has ended.";
    ATTEMPTS = "session.too_many_attempts", TooMany, "Too many failed attempts: wait before the next one.";
    TOTP_REQUIRED = "session.totp_required", Unauthenticated, "Give a code of the authenticator app, or a recovery code, as well.";
    TOTP_CODE = "session.totp_code", Forbidden, "The code is wrong, or was used already: wait for the app's next one.";
    TOTP_ON = "session.totp_on", Conflict, "Signing in asks for codes already: switch that off first.";
    TOTP_OFF = "session.totp_off", Conflict, "There is nothing to confirm: begin again.";
    OLD_PASSWORD = "session.old_password", Forbidden, "The present password is wrong.";
    EVENTS = "events.too_many", TooMany, "Too many pages of this session follow the news: close some.";
    PERMISSION = "permission.denied", Forbidden, "Your role may not do this.";

    // phones
    SYNC_MEDIA_TYPE = "sync.media_type", MediaType, "This is not a Daybook sync message of version 1.";
    SYNC_MALFORMED = wire::MALFORMED, Invalid, "The message is damaged, cut off, or not of this version.";
    SYNC_TOO_LARGE = wire::TOO_LARGE, TooLarge, "The message is larger than the server takes: send less at once.";
    SYNC_VERSION = "sync.version", NotFound, "This version of the sync protocol is not served here; served is v1.";
    JOURNAL = wire::JOURNAL, Invalid, "The journal is not signed by this device, or its chain is broken.";
    ENROL_CODE = wire::ENROL_CODE, Forbidden, "The enrolment code is wrong, used or expired: ask for a new one.";
    ENROL_PROOF = "enrol.proof", Forbidden, "The phone did not prove that it holds its key.";
    TOKEN = wire::TOKEN, Unauthenticated, "The token is missing, expired or not ours: get a new one.";
    TOKEN_SIGNATURE = "token.signature", Unauthenticated, "The answer to the challenge is not signed by this device.";
    DEVICE_UNKNOWN = wire::UNKNOWN_DEVICE, NotFound, "The server does not know this device: enrol it again.";
    DEVICE_REVOKED = wire::REVOKED, Forbidden, "This device was cut off. Ask the office for a new enrolment code.";

    ONE_AT_A_TIME = "sync.one_at_a_time", TooMany, "Another request of this device is under way: wait for its answer.";
    DEVICE_BUDGET = "device.over_budget", TooMany, "This device asks for more than its share: wait a while.";
    DEVICE_SET_ASIDE = "device.set_aside", TooMany, "Too much of what this device sent is false. What it holds stays on it; ask the office.";
    ADDRESS_BUDGET = "address.over_budget", TooMany, "Too many requests come from this address: wait a while.";

    // photos
    UPLOAD_VERSION = "upload.version", Precondition, "Send `Tus-Resumable: 1.0.0`: no other version is served here.";
    UPLOAD_MEDIA_TYPE = "upload.media_type", MediaType, "Pieces of photos come as `content-type: application/offset+octet-stream`.";
    UPLOAD_UNKNOWN = "upload.unknown", NotFound, "There is no such upload: begin again.";
    UPLOAD_EXPIRED = "upload.expired", Gone, "The upload was not finished in time: begin again.";
    UPLOAD_OFFSET = "upload.offset", Conflict, "The upload stands elsewhere: ask where, and go on there.";
    UPLOAD_BUSY = "upload.busy", Locked, "Another piece of this upload is being taken in: wait a moment.";
    UPLOAD_CHECKSUM = "upload.checksum", Checksum, "The piece is not what its checksum says, and does not count: send it again.";
    UPLOADS_TOO_MANY = "upload.too_many", TooMany, "This device has too many uploads open: finish or give up some.";
    PHOTO_CONTENT = wire::PHOTO_CONTENT, Checksum, "The whole is not what its name says, and was thrown away: begin again.";
    PHOTO_TOO_LARGE = wire::PHOTO_TOO_LARGE, TooLarge, "The photo is larger than the server takes, or than was said.";
    PHOTO_NOT_FOUND = "photo.not_found", NotFound, "There is no such photo, or not in your territory.";
    PHOTO_NO_PREVIEW = "photo.no_preview", NotFound, "There is no small picture of this photo.";
    STORAGE_FULL = "storage.full", Full, "The server has no room left: come back later. Nothing is lost.";

    // what is looked for
    NOT_FOUND = "resource.not_found", NotFound, "It is not there, or not in your territory.";
    RECORD_NOT_FOUND = "record.not_found", NotFound, "There is no such record, or not in your territory.";
    ORGANISATION_NOT_FOUND = "organisation.not_found", NotFound, "There is no such organisation.";
    OFFICE_NOT_FOUND = "office.not_found", NotFound, "The organisation has no such office.";
    TEAM_NOT_FOUND = "team.not_found", NotFound, "The organisation has no such team.";
    PERSON_NOT_FOUND = "person.not_found", NotFound, "The organisation has nobody of this id or login.";

    // decisions and corrections
    REASON = "review.reason", Invalid, "Say why: a record is returned or rejected with a reason.";
    STALE = "review.stale", Conflict, "The record changed since you looked at it: look again and decide anew.";
    NOT_CLEAN = "review.not_clean", Conflict, "The record is flagged, in conflict or decided about: look at it by itself.";
    RECORD_CLOSED = "record.closed", Conflict, "The record is approved or rejected, or not yours to write.";
    FIELD = "record.field", Invalid, "A field can't take this value; the detail says which and why.";

    DECISION_REASON = "decision.reason", Invalid, "Say why: nothing is rejected or discarded without a reason.";
    QUARANTINE_DECIDED = "quarantine.decided", Conflict, "It is not quarantined any more; the detail says why.";
    NOT_REPLAYABLE = "quarantine.not_replayable", Conflict, "It can't be judged again; the detail says why.";
    STRAY_NOT_FOUND = "stray.not_found", NotFound, "There is no such stray, or it was decided about already.";
    STRAY_AUTHOR = "stray.author", Conflict, "The server does not know who wrote it: say who.";
    STRAY_UNFIT = "stray.unfit", Conflict, "It can't become part of its record; the detail says why.";
    AMENDMENT_GREW = "amendment.grew", Conflict, "More of it came since you looked at it: look again and decide anew.";
    AMENDMENT_DECIDED = "amendment.decided", Conflict, "It was decided about already; the detail says how.";

    // the office's day
    DAY_FUTURE = "day.future", Invalid, "That day has not come yet at the office.";
    DAY_CLOSED = "day.closed", Conflict, "The day is closed, or somebody sealed something of it just now: look again.";
    DAY_OPEN = "day.open", Conflict, "The day is not closed: close it first.";
    DAY_MISSING = "day.missing", Conflict, "Phones are missing: say why for each that the detail names.";
    DAY_NOBODY_MISSING = "day.nobody_missing", Conflict, "None of these phones is missing: there is nobody to remind.";
    DAY_LATE_GREW = "day.late_grew", Conflict, "Something else is late than what you looked at: look again.";
    DAY_NOTHING_LATE = "day.nothing_late", Conflict, "Nothing is late: everything that came is in a statement.";
    STATEMENT_NOT_FOUND = "statement.not_found", NotFound, "The day has no statement of this number.";
    REASON_LENGTH = "decision.reason_length", Invalid, "A reason has at most 500 characters.";
    NOT_A_LEAD = "record.not_a_lead", Invalid, "Only the customers of leads arrive.";
    ARRIVED = "record.arrived", Conflict, "The arrival is noted already.";
    CONSULTANTS = "office.consultants", Invalid, "A consultant has a name of up to 100 characters, each once, up to 200.";
    PRESETS = "preset.limit", Invalid, "Up to 50 filters are kept, each of up to 2,000 bytes: remove one first.";

    EXPORT_TOO_LONG = "export.too_long", Invalid, "A spreadsheet holds 1,048,575 rows: filter the list, or take CSV.";

    // administration
    NAME = "name.length", Invalid, "A name has 1 to 100 characters.";
    AMBIGUOUS = "name.ambiguous", Invalid, "Several have this name: give the id.";
    TAKEN = "name.taken", Conflict, "The name is taken, or it changed meanwhile.";
    PERSON_PLACE = "person.place", Invalid, "Roles of the field and of offices need an office; supervisors need a team.";
    LOGIN = "person.login", Invalid, "A login has 1 to 100 characters and no spaces.";
    LOGIN_TAKEN = "person.login_taken", Conflict, "Somebody has this login already: take another one.";
    NO_LOGIN = "person.no_login", Conflict, "This person does not sign in: there is no password to set.";
    NO_OFFICE = "person.no_office", Invalid, "Records need an office: only people with an office can enrol a phone.";
    TIME_ZONE = "office.time_zone", Invalid, "The time zone is not an IANA name such as Asia/Shanghai.";
    EVENING_HOUR = "organisation.evening_hour", Invalid, "The evening begins at a full hour from 12 to 23.";
    THRESHOLD = "organisation.threshold", Invalid, "A threshold of flags is out of its range; the detail says which.";
    PASSWORD = "person.password", Invalid, "A password has 12 to 128 characters.";
    PASSWORD_PERSONAL = "person.password_personal", Invalid, "One's own login or name is no password: take another one.";
    PASSWORD_KNOWN = "person.password_known", Invalid, "This password is among those that are tried first: take a longer or less usual one.";

    // the server itself
    INTERNAL = "server.internal", Internal, "Something went wrong on our side; it has been noted.";
    BUSY = wire::BUSY, Unavailable, "The server is busy: come back later.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_dotted() {
        let mut names: Vec<_> = ALL.iter().map(|code| code.name).collect();
        assert!(names.iter().all(|name| name.split('.').count() == 2), "{names:?}");
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
    }

    #[test]
    fn docs_api_md_lists_every_code_and_no_other() {
        let page = include_str!("../../../docs/API.md");
        // In the table of codes each line begins with the code between back-quotes.
        let listed: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
        let ours: Vec<_> = ALL.iter().map(|code| code.name).collect();
        assert_eq!(listed, ours);
    }
}
