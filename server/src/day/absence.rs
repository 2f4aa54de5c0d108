//! Which phones have not handed in their day.

use serde::{Deserialize, Serialize};
use sync_core::time::UnixMillis;

/// Why a phone counts as missing. It is evidence: the person who closes the day says what is behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Absence {
    /// It has never exchanged anything.
    Never,
    /// Not since the evening of the day began.
    Silent,
    /// It said that something was left on it.
    Unsent,
    /// It was cut off on that day or later, before it had handed it in.
    CutOff,
}

impl Absence {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::Never, Self::Silent, Self::Unsent, Self::CutOff];

    /// Its name in statements and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Silent => "silent",
            Self::Unsent => "unsent",
            Self::CutOff => "cut_off",
        }
    }
}

/// Whether a phone is missing from a day whose evening began then.
pub fn absence(evening: UnixMillis, last_exchange: Option<UnixMillis>, unsent_changes: u32) -> Option<Absence> {
    match last_exchange {
        None => Some(Absence::Never),
        Some(at) if at < evening => Some(Absence::Silent),
        Some(_) if unsent_changes > 0 => Some(Absence::Unsent),
        Some(_) => None,
    }
}

/// Whether a phone may hold something of a day that ended then. One that was enrolled later does not, unless it goes on
/// as another that was there, or says itself that it has something older.
pub fn may_hold_something(
    end: UnixMillis,
    enrolled_at: UnixMillis,
    goes_on: bool,
    oldest_unsent: Option<UnixMillis>,
) -> bool {
    enrolled_at < end || goes_on || oldest_unsent.is_some_and(|at| at < end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_that_came_after_the_day_is_not_waited_for_unless_it_brings_something_of_it() {
        let end = UnixMillis(1_000);
        for (enrolled, goes_on, oldest, expected) in [
            (999, false, None, true),
            (1_000, false, None, false),
            (1_000, true, None, true),
            (1_000, false, Some(999), true),
            (1_000, false, Some(1_000), false),
        ] {
            assert_eq!(may_hold_something(end, UnixMillis(enrolled), goes_on, oldest.map(UnixMillis)), expected);
        }
    }

    #[test]
    fn a_phone_is_in_when_it_has_said_in_the_evening_that_nothing_is_left() {
        let evening = UnixMillis(1_000);
        for (last, unsent, expected) in [
            (None, 0, Some(Absence::Never)),
            (Some(999), 0, Some(Absence::Silent)),
            (Some(999), 3, Some(Absence::Silent)),
            (Some(1_000), 3, Some(Absence::Unsent)),
            (Some(1_000), 0, None),
        ] {
            assert_eq!(absence(evening, last.map(UnixMillis), unsent), expected, "{last:?} {unsent}");
        }
    }
}
