//! Web Push: a message to a guard's browser, encrypted for it (RFC 8291) and sent to the service that the browser has
//! chosen (RFC 8030), which knows us by a signature (RFC 8292).
//!
//! Deliberately absent: calling any other host. The address of a subscription comes from a browser; only services that
//! we know are called, and nothing that they answer is passed on.

mod encryption;
mod subscription;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, StatusCode};
use http_body_util::Full;
use jiff::SignedDuration;
use serde_json::json;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub use encryption::PAYLOAD_MAX_BYTES;
pub use subscription::{PushServices, Subscription};

use crate::environment::{Environment, EnvironmentError};
use crate::https::Https;
use crate::ids::Ids;
use crate::secrets::{Secret, SecretError};
use crate::signer::KeyPair;

/// What the key is for, and how it is derived (RFC 5869, `info`).
const INFO: &[u8] = b"tessera vapid v1";
/// How long our signature is good; a day is the most (RFC 8292, 2).
const SIGNED_FOR: SignedDuration = SignedDuration::from_hours(12);
/// The longest answer that is read, in bytes.
const ANSWER_MAX_BYTES: usize = 64 * 1024;

/// The message did not get there.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The browser has withdrawn the subscription: forget it.
    #[error("the subscription is gone")]
    Gone,
    /// It was not accepted, or not even sent: trying again later is safe.
    #[error("the push service has not taken the message")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No definite answer: it may have arrived.
    #[error("the push service gives no answer")]
    Unknown(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Sends messages to browsers. Clones share connections.
#[derive(Clone, Debug)]
pub struct Push {
    https: Https,
    secret: Secret,
    ids: Ids,
    services: PushServices,
    /// Whom a push service may write to about us: a `mailto:` address.
    contact: String,
}

impl Push {
    /// With the key from the secret that `VAPID_SECRET_ID` names. `MAIL_FROM` is the address for complaints, which
    /// some services insist on; `PUSH_SERVICE_URL` may name one more service.
    ///
    /// # Errors
    /// [`EnvironmentError`] names a variable that is missing or wrong.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        let from = env.required("MAIL_FROM")?;
        let address = from.rsplit_once('<').map_or(&*from, |(_, address)| address);
        Ok(Self {
            https: Https::new(&env.clock)?,
            secret: Secret::from_env(env, "VAPID_SECRET_ID")?,
            ids: Ids::from_env(env),
            services: PushServices::from_env(env)?,
            contact: format!("mailto:{}", address.trim_end_matches('>').trim()),
        })
    }

    /// What a browser subscribes with (`applicationServerKey`): the public key, base64url. A subscription is good for
    /// the key that it was made with: through one rotation of the secret, not through two.
    ///
    /// # Errors
    /// [`SecretError`] when the key cannot be read.
    pub async fn public_key(&self) -> Result<String, SecretError> {
        let pairs = self.pairs().await?;
        Ok(URL_SAFE_NO_PAD.encode(pairs.first().ok_or_else(no_key)?.public_key()))
    }

    /// Sends a message of at most [`PAYLOAD_MAX_BYTES`] bytes, which the service keeps for `ttl_s` seconds while the
    /// browser is not there.
    ///
    /// # Errors
    /// [`PushError`].
    pub async fn send(
        &self,
        subscription: &Subscription,
        payload: &[u8],
        ttl_s: u32,
    ) -> Result<(), PushError> {
        let started = std::time::Instant::now();
        let outcome = self.deliver(subscription, payload, ttl_s).await;
        let status = match &outcome {
            Ok(()) => "success",
            Err(PushError::Gone) => "gone",
            Err(PushError::Refused(_)) => "refused",
            Err(PushError::Unknown(_)) => "unknown",
        };
        metrics::histogram!("push_request_duration_seconds").record(started.elapsed());
        metrics::counter!("push_requests_total", "status" => status).increment(1);
        outcome
    }

    async fn deliver(
        &self,
        subscription: &Subscription,
        payload: &[u8],
        ttl_s: u32,
    ) -> Result<(), PushError> {
        if !self.services.know(subscription.endpoint()) {
            return Err(PushError::Refused("the endpoint is no push service that we know".into()));
        }
        let body = encryption::encrypt(subscription, payload, self.ids.random());
        let body = body.ok_or_else(|| PushError::Refused("the payload is too long".into()))?;
        let pairs = self.pairs().await.map_err(|error| PushError::Refused(error.into()))?;
        let mut outcome = Err(PushError::Refused(no_key().into()));
        for pair in &pairs {
            let token = self.token(pair, subscription)?;
            let request = request(subscription, body.clone(), token, ttl_s)?;
            let answer = self.https.call(request, ANSWER_MAX_BYTES).await;
            let status = answer.map_err(|broken| PushError::Unknown(broken.into()))?.status;
            outcome = judge(status);
            // The browser may have subscribed with the key before this one.
            if !matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
                break;
            }
        }
        outcome
    }

    /// The value of `Authorization` for one service.
    fn token(&self, pair: &KeyPair, to: &Subscription) -> Result<HeaderValue, PushError> {
        let expires_at = self.ids.now().saturating_add(SIGNED_FOR).unwrap_or_default();
        let claims = json!({
            "aud": to.endpoint().origin().ascii_serialization(),
            "exp": expires_at.as_second(),
            "sub": self.contact,
        });
        let token = pair.sign_with(&json!({ "typ": "JWT", "alg": "ES256" }), &claims);
        let key = URL_SAFE_NO_PAD.encode(pair.public_key());
        let value = token.map(|token| format!("vapid t={token}, k={key}"));
        let header = value.and_then(|value| HeaderValue::from_str(&value).ok());
        let mut header = header.ok_or_else(|| PushError::Refused("it cannot be signed".into()))?;
        header.set_sensitive(true);
        Ok(header)
    }

    /// The key pairs, the present one first.
    async fn pairs(&self) -> Result<Vec<KeyPair>, SecretError> {
        let versions = self.secret.versions().await?;
        versions.iter().map(|text| KeyPair::derive(text, INFO).ok_or_else(no_key)).collect()
    }
}

fn no_key() -> SecretError {
    SecretError::of("no key can be derived from the secret")
}

fn request(
    subscription: &Subscription,
    body: Vec<u8>,
    token: HeaderValue,
    ttl_s: u32,
) -> Result<Request<Full<Bytes>>, PushError> {
    Request::builder()
        .method(Method::POST)
        .uri(subscription.endpoint().as_str())
        .header("ttl", ttl_s)
        .header("urgency", "high")
        .header(AUTHORIZATION, token)
        .header(CONTENT_ENCODING, "aes128gcm")
        .header(CONTENT_TYPE, "application/octet-stream")
        .body(Full::new(body.into()))
        .map_err(|error| PushError::Refused(error.into()))
}

fn judge(status: StatusCode) -> Result<(), PushError> {
    let said = format!("the push service answered {}", status.as_u16());
    match status {
        status if status.is_success() => Ok(()),
        StatusCode::NOT_FOUND | StatusCode::GONE => Err(PushError::Gone),
        status if status.is_server_error() => Err(PushError::Unknown(said.into())),
        _ => Err(PushError::Refused(said.into())),
    }
}

#[cfg(test)]
mod tests;
