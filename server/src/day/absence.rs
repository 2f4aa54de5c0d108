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
}

impl Absence {
    /// Its name in statements and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Silent => "silent",
            Self::Unsent => "unsent",
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

#[cfg(test)]
mod tests {
    use super::*;

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
