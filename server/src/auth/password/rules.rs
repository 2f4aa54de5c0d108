//! Which passwords are taken: long ones that nobody tries first.
//!
//! No rules about digits and signs: they make people write passwords down, and `Passw0rd!2027` keeps them all. Whether a
//! password is known is judged by zxcvbn, whose lists of breached passwords and common words lie in the binary, so it
//! works without a network; it also sees through reversals, rows of keys, dates and letters replaced by digits.

use zxcvbn::{Score, zxcvbn};

use crate::error::{Code, codes};

/// The fewest and the most characters; characters and not bytes, because 密码 are two.
const LENGTH: std::ops::RangeInclusive<usize> = 12..=128;
/// Whatever falls within 10^10 attempts counts as known.
const ENOUGH: Score = Score::Four;

/// Whose password it is to become.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// With which name they sign in.
    pub login: Option<&'a str>,
    /// What they are called.
    pub name: &'a str,
}

/// Whether somebody may take a password.
///
/// # Errors
/// [`codes::PASSWORD`], [`codes::PASSWORD_PERSONAL`] or [`codes::PASSWORD_KNOWN`].
pub fn check(password: &str, owner: Owner<'_>) -> Result<(), Code> {
    if !LENGTH.contains(&password.chars().count()) {
        return Err(codes::PASSWORD);
    }
    let own: Vec<&str> = owner.login.into_iter().chain([owner.name]).collect();
    let plain = password.trim().to_lowercase();
    if own.iter().any(|word| word.trim().to_lowercase() == plain) {
        return Err(codes::PASSWORD_PERSONAL);
    }
    if zxcvbn(password, &own).score() < ENOUGH { Err(codes::PASSWORD_KNOWN) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LI: Owner<'_> = Owner { login: Some("lijing.reviewer"), name: "李静李静李静李静李静李静" };

    #[test]
    fn long_passwords_that_nobody_tries_first_are_taken() {
        for good in
            ["horse battery staple", "correct horse battery", "雨后的桂林山水甲天下，我爱漓江", "mXz7-Qp2r-Vt9k"]
        {
            assert_eq!(check(good, LI), Ok(()), "{good}");
        }
        assert_eq!(check(&"雨后桂林".repeat(3), LI), Err(codes::PASSWORD_KNOWN), "a word thrice is a word");
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(check("mXz7-Qp2r-V", LI), Err(codes::PASSWORD));
        assert_eq!(check("雨后的桂林山水甲天", LI), Err(codes::PASSWORD), "nine characters are 27 bytes");
        let long: String = (0..128).map(|n| char::from(b'a' + (n * n * 7 % 26) as u8)).collect();
        assert_eq!(check(&long, LI), Ok(()));
        assert_eq!(check(&format!("{long}x"), LI), Err(codes::PASSWORD));
    }

    #[test]
    fn ones_own_name_is_no_password() {
        for own in ["lijing.reviewer", " LiJing.Reviewer ", "李静李静李静李静李静李静"] {
            assert_eq!(check(own, LI), Err(codes::PASSWORD_PERSONAL), "{own}");
        }
        assert_eq!(check("lijing.reviewer1", LI), Err(codes::PASSWORD_KNOWN));
    }

    #[test]
    fn well_known_passwords_are_refused_however_they_are_dressed_up() {
        for known in [
            "123456789012",
            "qwertyuiop123",
            "passwordpassword",
            "P4ssw0rd1234",
            "1q2w3e4r5t6y",
            "aaaaaaaaaaaaaaaaaaaa",
            "woaini1314520",
            "zhangwei123456",
            "iloveyou2020",
            "unbelievable",
        ] {
            assert_eq!(check(known, LI), Err(codes::PASSWORD_KNOWN), "{known}");
        }
    }
}
