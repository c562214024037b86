//! Where a browser wants its messages: an address and two keys, all of which the browser names. Nothing of it is
//! believed before it is checked.

use std::fmt;

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use domain::failure::{FieldError, InvalidFields};
use p256::PublicKey;
use url::{Origin, Url};

use crate::environment::{Environment, EnvironmentError};
use crate::https::base_url;

/// The hosts of the push services that browsers use, and what a service's own hosts end with.
const HOSTS: [&str; 3] =
    ["fcm.googleapis.com", "updates.push.services.mozilla.com", "web.push.apple.com"];
/// What the name of a host may end with.
const SUFFIXES: [&str; 3] =
    [".push.services.mozilla.com", ".notify.windows.com", ".push.apple.com"];
/// The longest address, in bytes.
const ENDPOINT_MAX_BYTES: usize = 2048;
/// Bytes of the secret that the browser shares with us (RFC 8291, 3.2).
const AUTH_BYTES: usize = 16;

/// Some browsers' libraries pad.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The push services that may be called.
#[derive(Clone, Debug)]
pub struct PushServices {
    /// One more than the known ones: the local process's own inbox.
    extra: Option<Origin>,
}

impl PushServices {
    /// The known services, and the one at `PUSH_SERVICE_URL`, where that is set.
    ///
    /// # Errors
    /// [`EnvironmentError`] names a variable that is wrong.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        let extra = env.optional("PUSH_SERVICE_URL");
        let extra = extra.map(|text| base_url("PUSH_SERVICE_URL", &text)).transpose()?;
        let origin = |text: String| Url::parse(&text).ok().map(|url| url.origin());
        Ok(Self { extra: extra.and_then(origin) })
    }

    /// Whether this is an address of one of the services.
    pub(super) fn know(&self, endpoint: &Url) -> bool {
        if !endpoint.username().is_empty() || endpoint.password().is_some() {
            return false;
        }
        if self.extra.as_ref().is_some_and(|extra| *extra == endpoint.origin()) {
            return true;
        }
        let Some(host) = endpoint.domain() else { return false };
        let known = HOSTS.contains(&host) || SUFFIXES.iter().any(|suffix| host.ends_with(suffix));
        endpoint.scheme() == "https" && endpoint.port().is_none() && known
    }
}

/// A subscription that was checked. It is not printed: who has the address can tell that it is there.
#[derive(Clone, PartialEq, Eq)]
pub struct Subscription {
    endpoint: Url,
    p256dh: PublicKey,
    auth: [u8; AUTH_BYTES],
}

impl Subscription {
    /// Checks what a browser has named: `endpoint`, and the two keys in base64url.
    ///
    /// # Errors
    /// [`InvalidFields`] names each field that is wrong.
    pub fn parse(
        services: &PushServices,
        endpoint: &str,
        p256dh: &str,
        auth: &str,
    ) -> Result<Self, InvalidFields> {
        let mut errors = Vec::new();
        let mut wrong = |field, detail: &str| {
            errors.push(FieldError::new(field, "invalid_subscription", detail));
        };
        let short = endpoint.len() <= ENDPOINT_MAX_BYTES;
        let endpoint = Url::parse(endpoint).ok().filter(|url| short && services.know(url));
        if endpoint.is_none() {
            wrong("endpoint", "endpoint is an address of a push service that we know");
        }
        let p256dh = bytes(p256dh).and_then(|key| PublicKey::from_sec1_bytes(&key).ok());
        if p256dh.is_none() {
            wrong("p256dh", "p256dh is a public key on P-256 in base64url");
        }
        let auth = bytes(auth).and_then(|auth| <[u8; AUTH_BYTES]>::try_from(auth).ok());
        if auth.is_none() {
            wrong("auth", "auth has 16 bytes in base64url");
        }
        match (endpoint, p256dh, auth) {
            (Some(endpoint), Some(p256dh), Some(auth)) => Ok(Self { endpoint, p256dh, auth }),
            _ => Err(InvalidFields(errors)),
        }
    }

    /// Where messages go.
    pub fn endpoint(&self) -> &Url {
        &self.endpoint
    }

    pub(super) fn p256dh(&self) -> &PublicKey {
        &self.p256dh
    }

    pub(super) fn auth(&self) -> &[u8] {
        &self.auth
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subscription({}, …)", self.endpoint.host_str().unwrap_or_default())
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text).ok()
}
