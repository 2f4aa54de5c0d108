//! One-time enrolment codes: sixteen characters of Crockford's base32, shown as `7K3M-9QTX-04BZ-RF6W`.
//!
//! People read them aloud and type them on phones, so letters that look like digits count as those digits, and case,
//! spaces and dashes don't matter.

use sha2::{Digest as _, Sha256};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 16;
const GROUP: usize = 4;

/// A code in its plain form, without dashes.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// The code that shows these eighty random bits.
    pub fn from_random(random: [u8; 10]) -> Self {
        let bits = random.iter().fold(0u128, |bits, byte| bits << 8 | u128::from(*byte));
        let digit = |at: usize| char::from(ALPHABET[(bits >> (5 * at)) as usize & 31]);
        Self((0..LENGTH).rev().map(digit).collect())
    }

    /// Reads what somebody typed; `None` if it can't be a code.
    pub fn parse(typed: &str) -> Option<Self> {
        let mut plain = String::with_capacity(LENGTH);
        for c in typed.chars().filter(|c| !c.is_whitespace() && *c != '-') {
            let digit = match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                c => c,
            };
            if plain.len() == LENGTH || !digit.is_ascii() || !ALPHABET.contains(&(digit as u8)) {
                return None;
            }
            plain.push(digit);
        }
        (plain.len() == LENGTH).then_some(Self(plain))
    }

    /// What is stored of it. A plain hash is enough: nobody can try 2^80 codes.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// The beginning, which tells codes apart in a list.
    pub fn hint(&self) -> &str {
        &self.0[..GROUP]
    }

    /// The code as people see it.
    pub fn shown(&self) -> String {
        let mut shown = String::with_capacity(LENGTH + LENGTH / GROUP);
        for (at, c) in self.0.chars().enumerate() {
            if at > 0 && at % GROUP == 0 {
                shown.push('-');
            }
            shown.push(c);
        }
        shown
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Code({}-…)", self.hint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_show_all_bits() {
        assert_eq!(Code::from_random([0; 10]).shown(), "0000-0000-0000-0000");
        assert_eq!(Code::from_random([255; 10]).shown(), "ZZZZ-ZZZZ-ZZZZ-ZZZZ");
        assert_eq!(Code::from_random([0, 0, 0, 0, 0, 0, 0, 0, 0x04, 0x21]).shown(), "0000-0000-0000-0111");
    }

    #[test]
    fn typing_is_forgiven_and_nonsense_is_not() {
        let code = Code::parse("7K3M-9QTX-01BZ-RF6W").unwrap();
        for typed in [
            "7k3m9qtx01bzrf6w",
            " 7K3M 9QTX OIBZ RF6W ",
            "7k3m-9qtx-olbz-rf6w",
            "7K3M‑9QTX‑01BZ‑RF6W".replace('‑', "-").as_str(),
        ] {
            assert_eq!(Code::parse(typed).unwrap().hash(), code.hash(), "{typed}");
        }
        for typed in [
            "",
            "7K3M-9QTX-01BZ-RF6",
            "7K3M-9QTX-01BZ-RF6WW",
            "7K3M-9QTX-01BZ-RF6U",
            "七七七七七七七七七七七七七七七七",
        ] {
            assert_eq!(Code::parse(typed), None, "{typed}");
        }
        assert_eq!(Code::parse(&code.shown()), Some(code));
    }
}
