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
use crate::shape::mirrors;

/// Reads a value that may have been typed by a person; `what` names it in the error.
fn read<T: std::str::FromStr<Err: std::fmt::Display>>(what: &str, text: &str) -> Result<T, DaybookError> {
    text.parse().map_err(|error: T::Err| DaybookError::invalid(what, error))
}

macro_rules! text_types {
    ($($name:ident => $doc:tt,)+) => {$(
        uniffi::custom_type!(#[doc = $doc] $name, String, {
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
    RecordId => "A visit, survey or lead. Made on the device.",
    PersonId => "A promoter, supervisor or anybody else of the company.",
    DeviceId => "One enrolled installation of the app.",
    OrganisationId => "The company.",
    OfficeId => "A regional office 分所.",
    TeamId => "A team of promoters inside an office.",
    ProjectId => "A development 楼盘 that promoters sell.",
    EntryId => "One entry of a record's follow-ups, stages or photos.",
    ActorId => "Who wrote a change, as documents name writers; ask `Daybook.author` for the person.",
    ChangeHash => "One change, by its SHA-256.",
    PhotoHash => "A photo, by the SHA-256 of its bytes.",
    PhoneNumber => "A customer's telephone number as people type it: whole, or masked (`133****3333`).",
    Money => "An exact amount in yuan.",
    Day => "A calendar day.",
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

mirrors! {
    /// The coordinate system of a point. Chinese map services use GCJ-02, which is some hundred metres off WGS-84.
    choice Datum {
        Wgs84 => "What GPS receivers report.",
        Gcj02 => "What Chinese map services report.",
    }
    /// Why there is no position.
    choice NoFix {
        Denied => "The person did not allow it.",
        Timeout => "No satellite in time, typically indoors.",
        Unavailable => "The phone has no working receiver, or it is switched off.",
    }
    /// The answer to one question of a survey.
    choice Answer {
        Bool(bool) => "Yes or no.",
        Int(i64) => "A whole number.",
        Text(String) => "Everything else as XForms writes it: decimals, dates, choices separated by spaces.",
    }
}

/// A customer's telephone numbers, each with whose it is in words.
type Phones = BTreeMap<PhoneNumber, String>;
/// Answers by the question's path.
type Answers = BTreeMap<String, Answer>;

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
