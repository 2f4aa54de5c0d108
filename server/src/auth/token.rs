//! Tokens of phones: short-lived JWTs (RFC 7519), signed with Ed25519 by the server's key.
//!
//! They are kept as short as possible, because a phone that has nothing to say still sends one.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};
use sync_core::id::DeviceId;
use sync_core::time::UnixMillis;

use super::keys::ServerKeys;
use crate::clock::millis;
use crate::error::{ServiceError, codes};

/// How far the clocks of several servers may lie apart, in seconds.
const LEEWAY: i64 = 30;

#[derive(Serialize, Deserialize)]
struct Claims {
    /// The device: its sixteen bytes in base64url.
    sub: String,
    /// When it was issued, in seconds.
    iat: i64,
    /// Until when it is good, in seconds.
    exp: i64,
}

/// Issues a token.
///
/// # Errors
/// A fault of ours: the key can't sign.
pub fn issue(keys: &ServerKeys, device: DeviceId, now: UnixMillis, lifetime: Duration) -> Result<String, ServiceError> {
    let claims = Claims {
        sub: URL_SAFE_NO_PAD.encode(device.as_bytes()),
        iat: now.0.div_euclid(1_000),
        exp: now.plus(millis(lifetime)).0.div_euclid(1_000),
    };
    let header = Header { typ: None, ..Header::new(Algorithm::EdDSA) };
    jsonwebtoken::encode(&header, &claims, &keys.token_signing).map_err(ServiceError::internal)
}

/// Whose token it is.
///
/// # Errors
/// [`codes::TOKEN`] if it is not ours, not good yet or no longer.
pub fn check(keys: &ServerKeys, token: &str, now: UnixMillis) -> Result<DeviceId, ServiceError> {
    let mut validation = Validation::new(Algorithm::EdDSA);
    // The times are compared below with the server's clock, which tests can set.
    validation.validate_exp = false;
    let claims = jsonwebtoken::decode::<Claims>(token, &keys.token_checking, &validation)
        .map_err(|error| ServiceError::from(codes::TOKEN).because(error))?
        .claims;
    let now = now.0.div_euclid(1_000);
    if now >= claims.exp.saturating_add(LEEWAY) || claims.iat > now.saturating_add(LEEWAY) {
        return Err(codes::TOKEN.into());
    }
    let bytes = URL_SAFE_NO_PAD.decode(&claims.sub).ok().and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
    bytes.map(DeviceId::from).ok_or_else(|| codes::TOKEN.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
    const QUARTER: Duration = Duration::from_secs(900);

    fn device() -> DeviceId {
        DeviceId::from([7; 16])
    }

    fn keys() -> ServerKeys {
        ServerKeys::from_seed([1; 32])
    }

    fn is_good(keys: &ServerKeys, token: &str, now: UnixMillis) -> bool {
        check(keys, token, now).is_ok_and(|found| found == device())
    }

    #[test]
    fn a_token_is_good_for_its_lifetime_and_a_moment_longer() {
        let token = issue(&keys(), device(), NOW, QUARTER).unwrap();
        assert!(token.len() < 200, "{}", token.len());
        assert!(is_good(&keys(), &token, NOW));
        assert!(is_good(&keys(), &token, NOW.plus(900_000 + 20_000)), "servers' clocks differ a little");
        assert!(!is_good(&keys(), &token, NOW.plus(900_000 + 31_000)));
        assert!(!is_good(&keys(), &token, NOW.plus(-60_000)), "from the future");
    }

    #[test]
    fn forged_tokens_are_refused() {
        let token = issue(&keys(), device(), NOW, QUARTER).unwrap();
        assert!(!is_good(&ServerKeys::from_seed([2; 32]), &token, NOW), "another key");

        let payload = token.split('.').nth(1).unwrap();
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        assert!(!is_good(&keys(), &format!("{none}.{payload}."), NOW), "no signature");

        // The classic confusion: the public key used as an HMAC secret.
        let secret = jsonwebtoken::EncodingKey::from_secret(&keys().public().0);
        let claims = Claims { sub: URL_SAFE_NO_PAD.encode([7; 16]), iat: 1_800_000_000, exp: 1_900_000_000 };
        let confused = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &secret).unwrap();
        assert!(!is_good(&keys(), &confused, NOW), "another algorithm");

        let eternal = jsonwebtoken::encode(
            &Header::new(Algorithm::EdDSA),
            &serde_json::json!({ "sub": claims.sub, "iat": 1_800_000_000 }),
            &keys().token_signing,
        );
        assert!(!is_good(&keys(), &eternal.unwrap(), NOW), "without an end");
        for garbage in ["", ".", "..", "a.b.c", &token[1..], &token[..token.len() - 2]] {
            assert!(!is_good(&keys(), garbage, NOW), "{garbage}");
        }
    }
}
