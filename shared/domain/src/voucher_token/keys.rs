//! Public keys: a JWK set (RFC 7517) as a type. Each key is parsed once per set, not once per token.
//!
//! Deliberately absent: fetching. A set comes from our own address and from nowhere that a token names.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::compact::SIGNATURE_BYTES;
use super::jwt::ALG;
use crate::failure::{Failure, Kind};

/// The most keys of a set.
pub const KEYS_MAX: usize = 16;
/// The largest set, in bytes.
const SET_MAX_BYTES: usize = 16 * 1024;
/// The longest key id, in bytes.
const KID_MAX_BYTES: usize = 128;
/// The only curve.
const CURVE: &str = "P-256";
/// A coordinate, in bytes.
const COORDINATE_BYTES: usize = 32;

/// A key on P-256.
#[derive(Clone, Debug)]
pub struct PublicKey {
    kid: String,
    thumbprint: [u8; 32],
    coordinates: [String; 2],
    key: VerifyingKey,
}

/// The keys that are accepted, the present one first.
#[derive(Clone, Debug)]
pub struct KeySet(Vec<PublicKey>);

/// A text that is not a key set that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a set of ES256 keys")]
pub struct KeySetRefused;

impl Failure for KeySetRefused {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        "voucher_keys_unreadable"
    }
}

#[derive(Deserialize)]
struct Wire {
    keys: Vec<WireKey>,
}

/// A member of the set. Keys of other kinds lack some of these.
#[derive(Deserialize)]
struct WireKey {
    kty: String,
    #[serde(default)]
    crv: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
    #[serde(default)]
    kid: String,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
}

impl PublicKey {
    /// The key of an uncompressed point, 65 bytes; its id is its thumbprint (RFC 7638). None for no point of the curve.
    pub fn from_point(point: &[u8]) -> Option<Self> {
        let key = VerifyingKey::from_sec1_bytes(point).ok()?;
        let (x, y) = point.strip_prefix(&[4])?.split_at_checked(COORDINATE_BYTES)?;
        let coordinates = [x, y].map(|half| URL_SAFE_NO_PAD.encode(half));
        let [x, y] = &coordinates;
        let text = format!(r#"{{"crv":"{CURVE}","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let thumbprint: [u8; 32] = Sha256::digest(text).into();
        let kid = URL_SAFE_NO_PAD.encode(thumbprint);
        Some(Self { kid, thumbprint, coordinates, key })
    }

    /// The id that tokens name.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// What a compact token says of its key: the first byte of the thumbprint.
    pub fn hint(&self) -> u8 {
        self.thumbprint[0]
    }

    /// As a member of a set.
    pub fn jwk(&self) -> Value {
        let [x, y] = &self.coordinates;
        json!({
            "kty": "EC", "crv": CURVE, "x": x, "y": y, "kid": self.kid, "use": "sig", "alg": ALG,
        })
    }

    /// Whether this key has signed the message. As in the standard, s and n − s are both taken: so a token is told from
    /// another one by its claims, never by its text.
    pub fn has_signed(&self, message: &[u8], signature: &[u8; SIGNATURE_BYTES]) -> bool {
        let signature = Signature::from_slice(signature);
        signature.is_ok_and(|signature| self.key.verify(message, &signature).is_ok())
    }

    /// The key of a set's member; none for one of another kind.
    fn of_wire(wire: &WireKey) -> Option<Self> {
        let other = |text: &Option<String>, ours| text.as_deref().is_some_and(|text| text != ours);
        let strange = wire.kty != "EC" || wire.crv != CURVE;
        if strange || other(&wire.alg, ALG) || other(&wire.purpose, "sig") {
            return None;
        }
        let half = |text: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(text).ok();
            bytes.filter(|bytes| bytes.len() == COORDINATE_BYTES)
        };
        let point = [vec![4], half(&wire.x)?, half(&wire.y)?].concat();
        let fine = (1..=KID_MAX_BYTES).contains(&wire.kid.len());
        let key = Self::from_point(&point).filter(|_| fine)?;
        Some(Self { kid: wire.kid.clone(), ..key })
    }
}

impl KeySet {
    /// The set of these keys, of which those that come twice count once.
    pub fn of(keys: impl IntoIterator<Item = PublicKey>) -> Self {
        let mut set: Vec<PublicKey> = Vec::new();
        for key in keys {
            if set.iter().all(|known| known.kid != key.kid) {
                set.push(key);
            }
        }
        Self(set)
    }

    /// Reads a JWK set. Keys of other kinds are passed over, as the standard wants it.
    ///
    /// # Errors
    /// [`KeySetRefused`] when it is no set, is too large, has no key that we can use, or one id twice.
    pub fn parse(jwks: &str) -> Result<Self, KeySetRefused> {
        if jwks.len() > SET_MAX_BYTES {
            return Err(KeySetRefused);
        }
        let wire: Wire = serde_json::from_str(jwks).map_err(|_| KeySetRefused)?;
        let keys: Vec<PublicKey> = wire.keys.iter().filter_map(PublicKey::of_wire).collect();
        let (count, set) = (keys.len(), Self::of(keys));
        if set.0.len() != count || !(1..=KEYS_MAX).contains(&count) {
            return Err(KeySetRefused);
        }
        Ok(set)
    }

    /// The set as JSON.
    pub fn jwks(&self) -> Value {
        let keys: Vec<Value> = self.0.iter().map(PublicKey::jwk).collect();
        json!({ "keys": keys })
    }

    /// The keys.
    pub fn keys(&self) -> &[PublicKey] {
        &self.0
    }

    /// The key of this id.
    pub(super) fn of_kid(&self, kid: &str) -> Option<&PublicKey> {
        self.0.iter().find(|key| key.kid == kid)
    }

    /// The keys that a compact token may mean.
    pub(super) fn of_hint(&self, hint: u8) -> impl Iterator<Item = &PublicKey> {
        self.0.iter().filter(move |key| key.hint() == hint)
    }
}
