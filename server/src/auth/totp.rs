//! Codes of authenticator apps (RFC 6238): SHA-1, six digits, a new one every thirty seconds, because that is what all
//! apps understand.

use sync_core::time::UnixMillis;
use totp_rs::{Builder, Secret, Totp};

use crate::error::ServiceError;

/// As many bytes as SHA-1 has (RFC 4226, section 4).
pub const SECRET_BYTES: usize = 20;
/// Who asks for the code, as apps show it.
const ISSUER: &str = "Daybook";

/// What an app needs to know.
#[derive(Clone)]
pub struct Enrolment {
    /// The secret in base32, for typing.
    pub secret: String,
    /// The same as a link for a QR code.
    pub url: String,
}

/// What to show to somebody who begins; `account` tells them their entries apart.
///
/// # Errors
/// A fault of ours.
pub fn enrolment(secret: &[u8], account: &str) -> Result<Enrolment, ServiceError> {
    // The one character that a label can't hold.
    let account = account.replace(':', " ");
    let totp = totp(secret).with_account_name(account).with_issuer(Some(ISSUER)).build();
    let totp = totp.map_err(|error| ServiceError::internal(error.to_string()))?;
    let url = totp.to_url().map_err(|error| ServiceError::internal(error.to_string()))?;
    Ok(Enrolment { secret: Secret::from(secret).to_base32(), url })
}

/// The step of time whose code this is, if it is one of now: the present step, or one beside it.
pub fn step(secret: &[u8], code: &str, now: UnixMillis) -> Option<u64> {
    let totp: Totp = totp(secret).build().ok()?;
    let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    totp.check(&digits, u64::try_from(now.0 / 1_000).ok()?)
}

fn totp(secret: &[u8]) -> Builder {
    Builder::new().with_secret(Secret::from(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, without the two leading digits of eight.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = b"12345678901234567890";
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")] {
            let now = UnixMillis(seconds * 1_000);
            assert_eq!(step(secret, code, now), Some(seconds as u64 / 30));
            assert_eq!(step(secret, &format!(" {} {}", &code[..3], &code[3..]), now), Some(seconds as u64 / 30));
            assert_eq!(step(secret, code, now.plus(30_000)), Some(seconds as u64 / 30), "a slow clock");
            assert_eq!(step(secret, code, now.plus(60_000)), None);
            for wrong in ["", "000000", "28708", "2870822", "２８７０８２"] {
                assert_eq!(step(secret, wrong, now), None, "{wrong}");
            }
        }
    }

    #[test]
    fn an_app_learns_all_that_it_needs() {
        let shown = enrolment(b"12345678901234567890", "li:jing").unwrap();
        assert_eq!(shown.secret, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert!(shown.url.starts_with("otpauth://totp/Daybook:li%20jing?secret=GEZDGNBV"), "{}", shown.url);
        assert!(shown.url.contains("issuer=Daybook"), "{}", shown.url);
    }
}
