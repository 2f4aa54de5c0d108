//! Single values and what they are in other languages (`uniffi.toml` has the other half): identifiers are UUIDs,
//! moments are the platform's instants, money is an exact decimal, and what a person typed is checked on the way in.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use client::sync_core::id::{
    ActorId, ChangeHash, DeviceId, EntryId, OfficeId, OrganisationId, PersonId, PhotoHash, ProjectId, RecordId, TeamId,
};
use client::sync_core::phone_number::PhoneNumber;
use client::sync_core::place::{Datum, NoFix, Place};
use client::sync_core::record::survey::Answer;
use client::sync_core::time::UnixMillis;

use crate::error::DaybookError;

/// Reads a value that may have been typed by a person; `what` names it in the error.
fn read<T: std::str::FromStr<Err: std::fmt::Display>>(what: &str, text: &str) -> Result<T, DaybookError> {
    text.parse().map_err(|error: T::Err| DaybookError::invalid(what, error))
}

macro_rules! text_types {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        uniffi::custom_type!($(#[$doc])* $name, String, {
            remote,
            try_lift: |text| Ok(read(stringify!($name), &text)?),
            lower: |value| value.to_string(),
        });
    )+};
}

/// An exact amount in yuan.
pub(crate) type Money = rust_decimal::Decimal;
/// A calendar day.
pub(crate) type Day = jiff::civil::Date;

text_types! {
    /// A visit, survey or lead. Made on the device.
    RecordId,
    /// A promoter, supervisor or anybody else of the company.
    PersonId,
    /// One enrolled installation of the app.
    DeviceId,
    /// The company.
    OrganisationId,
    /// A regional office 分所.
    OfficeId,
    /// A team of promoters inside an office.
    TeamId,
    /// A development 楼盘 that promoters sell.
    ProjectId,
    /// One entry of a record's follow-ups, stages or photos.
    EntryId,
    /// Who wrote a change, as documents name writers; ask `Daybook.author` for the person.
    ActorId,
    /// One change, by its SHA-256.
    ChangeHash,
    /// A photo, by the SHA-256 of its bytes.
    PhotoHash,
    /// A telephone number of a customer, as people type it: whole (`133 1234 3333`) or masked (`133****3333`).
    PhoneNumber,
    /// An exact amount in yuan.
    Money,
    /// A calendar day.
    Day,
}

/// The first and the last moment that every language has: the years 1 and 9999.
const MOMENTS: std::ops::RangeInclusive<i64> = -62_135_596_800_000..=253_402_300_799_999;

uniffi::custom_type!(
    /// A moment.
    UnixMillis, SystemTime, {
    remote,
    try_lift: |time| Ok(match time.duration_since(UNIX_EPOCH) {
        Ok(after) => UnixMillis(i64::try_from(after.as_millis()).unwrap_or(i64::MAX)),
        Err(before) => UnixMillis(i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |millis| -millis)),
    }),
    lower: |time| {
        let millis = time.0.clamp(*MOMENTS.start(), *MOMENTS.end());
        let distance = Duration::from_millis(millis.unsigned_abs());
        if millis < 0 { UNIX_EPOCH - distance } else { UNIX_EPOCH + distance }
    },
});

/// Where something happened, or why nobody knows.
#[derive(uniffi::Enum)]
pub enum Position {
    /// A position fix.
    Fix {
        /// Degrees north, -90 to 90.
        lat: f64,
        /// Degrees east, -180 to 180.
        lon: f64,
        /// Coordinate system.
        datum: Datum,
        /// Radius in metres within which the true position lies, if the phone said so.
        #[uniffi(default)]
        accuracy_m: Option<f32>,
        /// The phone reported that the position was made up by another app.
        #[uniffi(default)]
        mock: bool,
    },
    /// No position. The record can be saved all the same.
    Missing {
        /// Why there is none.
        why: NoFix,
    },
}

uniffi::custom_type!(Place, Position, {
    remote,
    try_lift: |position| {
        let place = match position {
            Position::Fix { lat, lon, accuracy_m, datum, mock } => Place::Fix { lat, lon, accuracy_m, datum, mock },
            Position::Missing { why } => Place::None(why),
        };
        // The text form is what is stored, and its reader knows the ranges.
        Ok(read("Place", &place.to_string())?)
    },
    lower: |place| match place {
        Place::Fix { lat, lon, accuracy_m, datum, mock } => Position::Fix { lat, lon, accuracy_m, datum, mock },
        Place::None(why) => Position::Missing { why },
    },
});

/// The coordinate system of a point. Chinese map services use GCJ-02, which is some hundred metres off WGS-84.
#[uniffi::remote(Enum)]
pub enum Datum {
    /// What GPS receivers report.
    Wgs84,
    /// What Chinese map services report.
    Gcj02,
}

/// Why there is no position.
#[uniffi::remote(Enum)]
pub enum NoFix {
    /// The person did not allow it.
    Denied,
    /// No satellite in time, typically indoors.
    Timeout,
    /// The phone has no working receiver, or it is switched off.
    Unavailable,
}

/// The answer to one question of a survey.
#[uniffi::remote(Enum)]
pub enum Answer {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Everything else as XForms writes it: decimals, dates, choices separated by spaces.
    Text(String),
}

/// A customer's telephone numbers, each with whose it is in words.
pub(crate) type Phones = BTreeMap<PhoneNumber, String>;
/// Answers by the question's path.
pub(crate) type Answers = BTreeMap<String, Answer>;

uniffi::custom_type!(Phones, HashMap<PhoneNumber, String>, {
    remote,
    try_lift: |map| Ok(map.into_iter().collect()),
    lower: |map| map.into_iter().collect(),
});
uniffi::custom_type!(Answers, HashMap<String, Answer>, {
    remote,
    try_lift: |map| Ok(map.into_iter().collect()),
    lower: |map| map.into_iter().collect(),
});
