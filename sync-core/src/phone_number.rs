//! Telephone numbers of the people whom promoters meet.
//!
//! Sales offices register either the full number 全号 or a masked one 隐号 such as `133****3333`, which proves
//! less: DOMAIN.md, "Identity".

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A number as it identifies a person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PhoneNumber {
    /// The whole number in E.164, for example `+8613312343333`.
    Full(String),
    /// Leading and trailing digits with `****` between them.
    Masked(String),
}

/// A text that is not a telephone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a telephone number: give all digits (13312343333, +8613312343333) or mask the middle (133****3333)")]
pub struct PhoneNumberError;

impl PhoneNumber {
    /// The text that stands in documents and lists.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Full(number) | Self::Masked(number) => number,
        }
    }

    /// Whether every digit is known.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full(_))
    }

    /// What a masked form of this number would look like, to compare the two kinds.
    pub fn masked(&self) -> String {
        match self {
            Self::Masked(number) => number.clone(),
            Self::Full(number) => {
                let digits = number.strip_prefix("+86").unwrap_or(number);
                if digits.len() < 8 || !digits.is_ascii() {
                    return digits.to_owned();
                }
                format!("{}****{}", &digits[..3], &digits[digits.len() - 4..])
            }
        }
    }
}

impl FromStr for PhoneNumber {
    type Err = PhoneNumberError;

    /// Reads a number as people type it; numbers without a country code are Chinese.
    fn from_str(text: &str) -> Result<Self, PhoneNumberError> {
        let compact: String =
            text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '(' | ')' | '.')).collect();
        if let Some((head, tail)) = compact.split_once('*') {
            let tail = tail.trim_start_matches('*');
            let digits = |part: &str| !part.is_empty() && part.len() <= 8 && part.bytes().all(|b| b.is_ascii_digit());
            return if digits(head) && digits(tail) {
                Ok(Self::Masked(format!("{head}****{tail}")))
            } else {
                Err(PhoneNumberError)
            };
        }
        if compact.len() > 24 {
            return Err(PhoneNumberError);
        }
        // Nearly every number that is read comes from a document, where it has this form already; the library takes
        // eight microseconds to find the same.
        if is_chinese_mobile(&compact) {
            return Ok(Self::Full(compact));
        }
        let number = phonenumber::parse(Some(phonenumber::country::Id::CN), &compact).map_err(|_| PhoneNumberError)?;
        let e164 = number.format().mode(phonenumber::Mode::E164).to_string();
        (8..=16).contains(&e164.len()).then_some(Self::Full(e164)).ok_or(PhoneNumberError)
    }
}

/// Whether this is a Chinese mobile number in E.164, with one of the prefixes that most have: 13x, 15x, 18x, 19x.
fn is_chinese_mobile(text: &str) -> bool {
    let prefixed = match text.strip_prefix("+861").map(str::as_bytes) {
        Some([b'3' | b'8', ..]) => true,
        Some([b'5' | b'9', third, ..]) => *third != b'4',
        _ => false,
    };
    prefixed && text.len() == "+8613312343333".len() && text.bytes().skip(1).all(|digit| digit.is_ascii_digit())
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for PhoneNumber {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PhoneNumber {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_same_number_has_one_form() {
        for text in ["13312343333", "133 1234 3333", "+86 133-1234-3333", "0086 13312343333"] {
            assert_eq!(text.parse(), Ok(PhoneNumber::Full("+8613312343333".into())), "{text}");
        }
        assert_eq!("133****3333".parse(), Ok(PhoneNumber::Masked("133****3333".into())));
        assert_eq!("133 ** 3333".parse(), Ok(PhoneNumber::Masked("133****3333".into())));
        assert_eq!("+8613312343333".parse::<PhoneNumber>().unwrap().masked(), "133****3333");
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "abc", "***", "133****", "1", "+", &"9".repeat(40)] {
            assert_eq!(text.parse::<PhoneNumber>(), Err(PhoneNumberError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_has_its_final_form_reads_as_the_library_reads_it(digits in "[0-9]{8,11}") {
            let own = format!("+861{digits}").parse::<PhoneNumber>();
            prop_assert_eq!(own, format!("00861{digits}").parse());
        }
    }
}
