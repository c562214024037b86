//! Who sends an event: whoever holds the tenant's key. The signature is over the body's own bytes, so it is checked
//! before anything is read out of them.

use adapters::paystack::{PaystackKeys, signature_is_valid};
use adapters::secrets::SecretText;
use axum::extract::{FromRef, FromRequest, Path, Request};
use axum::http::HeaderName;
use domain::failure::{Failure, Kind};
use domain::id::TenantId;
use web::Problem;
use web::input;

/// Where Paystack puts the signature: HMAC-SHA512 over the raw body, in lower-case hexadecimal.
const SIGNATURE: HeaderName = HeaderName::from_static("x-paystack-signature");
/// What a queue of SQS has no room for, though Unicode has (SQS, SendMessage: the characters of XML 1.0).
const NOT_IN_QUEUES: [char; 2] = ['\u{fffe}', '\u{ffff}'];

/// The longest event, in bytes. Paystack's have a few thousand; written as JSON a byte becomes six at most, and a
/// message has 256 KB.
const EVENT_BYTES_MAX: usize = 40 * 1024;

/// Why an event is not taken. One reason for all: whoever cannot sign learns nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EventRefused {
    /// Another key, another body, another tenant, or none.
    #[error("the signature is not this organisation's")]
    Unsigned,
}

impl Failure for EventRefused {
    fn kind(&self) -> Kind {
        Kind::Unauthenticated
    }

    fn code(&self) -> &'static str {
        "webhook_signature_invalid"
    }
}

/// An event that was signed with the present or the previous key of the tenant in its address.
#[derive(Debug)]
pub(crate) struct SignedPaystackEvent {
    /// Whose key it was.
    pub tenant: TenantId,
    /// The body. What is no text, or no character that a queue can carry, is replaced: no JSON of Paystack's has it.
    pub text: String,
}

impl<S> FromRequest<S> for SignedPaystackEvent
where
    S: Send + Sync,
    PaystackKeys: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let tenant = axum::RequestPartsExt::extract::<Path<String>>(&mut parts).await;
        let tenant = tenant.map_err(|_| EventRefused::Unsigned)?.0;
        let tenant = TenantId::parse(&tenant).map_err(|_| EventRefused::Unsigned)?;
        let signature = parts.headers.get(SIGNATURE).and_then(|value| value.to_str().ok());
        let signature = signature.ok_or(EventRefused::Unsigned)?.to_owned();
        let raw = input::bytes(Request::from_parts(parts, body), state).await?;
        if raw.len() > EVENT_BYTES_MAX {
            return Err(input::BodyRefused::TooLarge.into());
        }
        let keys = PaystackKeys::from_ref(state).of(&tenant).await?;
        let text = admit(&keys.unwrap_or_default(), &raw, &signature)?;
        Ok(Self { tenant, text })
    }
}

/// The body's text, if one of the keys has signed its bytes.
fn admit(keys: &[SecretText], raw: &[u8], signature: &str) -> Result<String, EventRefused> {
    if !signature_is_valid(keys, raw, signature) {
        return Err(EventRefused::Unsigned);
    }
    let text = String::from_utf8_lossy(raw);
    Ok(text.replace(NOT_IN_QUEUES, "\u{fffd}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_key_has_signed_is_read() {
        let keys = [SecretText::new("sk_test_1")];
        // printf '{"event":"charge.success"}' | openssl dgst -sha512 -hmac sk_test_1
        let body = br#"{"event":"charge.success"}"#;
        let signature = "e8daff118c1468ccfcddf6bb2a489971215ce9de45f89f93379544ecb3b1dc184574e8fca644dccedd2c715089b78b9369083cbc8c626aaeb11e545758f2e419";
        assert_eq!(admit(&keys, body, signature).unwrap().as_bytes(), body);
        assert!(admit(&keys, &body[1..], signature).is_err());
        assert!(admit(&keys, body, "").is_err());
        assert!(admit(&[], body, signature).is_err());
    }
}
