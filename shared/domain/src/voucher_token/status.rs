//! Which tokens were taken back: one bit each, and the signed form that others can check offline, a Token Status List
//! of the IETF with one bit a token.
//!
//! A list is a snapshot with an age. Whoever is online asks the table, which knows it first. Deliberately absent:
//! statuses beyond "taken back", and why.

use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::jwt::{instant, to_sign_json};
use super::{PublicKey, Realm, ToSign, TokenIndex, TokenRefused, Verifier};

/// The header's `typ`.
pub const TYP: &str = "statuslist+jwt";
/// How long a signed list is good.
pub const LIFE: SignedDuration = SignedDuration::from_hours(24);
/// How long a reader need not ask for a newer list, in seconds.
pub const TTL_S: i64 = 300;
/// The bytes of a list with all places.
const BYTES_MAX: usize = 1 << 21;
/// Bits a token.
const BITS: u8 = 1;

/// One bit for each token that a tenant has issued; 1 for one that was taken back. The first token is the lowest bit of
/// the first byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusBits(Vec<u8>);

/// A tenant's list as it was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusList {
    /// The bits.
    pub bits: StatusBits,
    /// When it was signed.
    pub issued_at: Timestamp,
    /// The first instant at which it must not be relied on any more.
    pub expires_at: Timestamp,
}

/// A JWS whose claims are text instead of base64url: gzip finds nothing in base64 of base64, and this has one layer
/// less. [`OpenJws::token`] is the JWS again, byte for byte, which is what is verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenJws {
    /// The header in base64url.
    pub protected: String,
    /// The claims as they were signed: JSON text.
    pub payload: String,
    /// The signature in base64url.
    pub signature: String,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    iss: String,
    sub: String,
    aud: String,
    iat: i64,
    exp: i64,
    ttl: i64,
    status_list: WireList,
}

#[derive(Serialize, Deserialize)]
struct WireList {
    bits: u8,
    lst: String,
}

impl StatusBits {
    /// A list in which the first `count` tokens are good.
    pub fn of_good(count: u32) -> Self {
        let bytes = usize::try_from(count.div_ceil(8)).unwrap_or(BYTES_MAX);
        Self(vec![0; bytes.min(BYTES_MAX)])
    }

    /// A list of these bytes; none when they are more than a tenant has places.
    pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() <= BYTES_MAX).then_some(Self(bytes))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Takes a token back. The list grows to its place.
    pub fn revoke(&mut self, index: TokenIndex) {
        let (byte, bit) = position(index);
        if self.0.len() <= byte {
            self.0.resize(byte + 1, 0);
        }
        self.0[byte] |= bit;
    }

    /// Makes a token good again.
    pub fn restore(&mut self, index: TokenIndex) {
        let (byte, bit) = position(index);
        if let Some(byte) = self.0.get_mut(byte) {
            *byte &= !bit;
        }
    }

    /// Whether a token was taken back; one beyond the list was not.
    pub fn is_revoked(&self, index: TokenIndex) -> bool {
        let (byte, bit) = position(index);
        self.0.get(byte).is_some_and(|byte| byte & bit != 0)
    }

    /// The list of a tenant, ready to be signed with `key`; good for [`LIFE`].
    pub fn to_sign(&self, realm: &Realm, now: Timestamp, key: &PublicKey) -> ToSign {
        let iat = now.as_second();
        let claims = Wire {
            iss: realm.issuer().to_owned(),
            sub: subject(realm),
            aud: realm.tenant().to_string(),
            iat,
            exp: iat.saturating_add(LIFE.as_secs()),
            ttl: TTL_S,
            status_list: WireList { bits: BITS, lst: self.packed() },
        };
        to_sign_json(TYP, &claims, key)
    }

    /// `lst`: the bytes in zlib, in base64url.
    fn packed(&self) -> String {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        // Memory takes every byte; were it not so, the list would be empty and refused by whoever reads it.
        let packed = encoder.write_all(&self.0).and_then(|()| encoder.finish());
        URL_SAFE_NO_PAD.encode(packed.unwrap_or_default())
    }

    fn unpacked(lst: &str) -> Option<Self> {
        let packed = URL_SAFE_NO_PAD.decode(lst).ok()?;
        let mut bytes = Vec::new();
        let most = u64::try_from(BYTES_MAX).ok()? + 1;
        ZlibDecoder::new(packed.as_slice()).take(most).read_to_end(&mut bytes).ok()?;
        Self::from_bytes(bytes)
    }
}

impl OpenJws {
    /// A token in this form; none for a text that is no JWS.
    pub fn of(token: &str) -> Option<Self> {
        let (message, signature) = token.rsplit_once('.')?;
        let (protected, payload) = message.split_once('.')?;
        let payload = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        Some(Self { protected: protected.to_owned(), payload, signature: signature.to_owned() })
    }

    /// The JWS.
    pub fn token(&self) -> String {
        let payload = URL_SAFE_NO_PAD.encode(&self.payload);
        format!("{}.{payload}.{}", self.protected, self.signature)
    }

    /// The list in it, as [`Verifier::status_list`] reads it.
    ///
    /// # Errors
    /// [`TokenRefused`], without claims.
    pub fn status_list(
        &self,
        verifier: &Verifier,
        now: Timestamp,
    ) -> Result<StatusList, TokenRefused> {
        verifier.status_list(&self.token(), now)
    }
}

/// The address of a tenant's list, which is its name (`sub`).
pub fn subject(realm: &Realm) -> String {
    format!("{}/api/v1/tenants/{}/voucher-status", realm.issuer(), realm.tenant())
}

/// The list in claims whose signature is good.
pub(super) fn read(
    payload: &[u8],
    realm: &Realm,
    now: Timestamp,
) -> Result<StatusList, TokenRefused> {
    let wire: Wire = serde_json::from_slice(payload).map_err(|_| TokenRefused::Malformed)?;
    let dates = instant(wire.iat).zip(instant(wire.exp));
    let (issued_at, expires_at) = dates.ok_or(TokenRefused::Malformed)?;
    let fine = wire.status_list.bits == BITS && issued_at < expires_at;
    let bits = StatusBits::unpacked(&wire.status_list.lst).filter(|_| fine);
    let bits = bits.ok_or(TokenRefused::Malformed)?;
    let ours = wire.iss == realm.issuer() && wire.aud == realm.tenant().as_str();
    if !ours || wire.sub != subject(realm) {
        return Err(TokenRefused::WrongAudience);
    }
    let list = StatusList { bits, issued_at, expires_at };
    list.at(now)
}

impl StatusList {
    /// The list, if it may be relied on at `now`.
    fn at(self, now: Timestamp) -> Result<Self, TokenRefused> {
        let late = now.as_second().saturating_add(super::ISSUE_LEEWAY_S);
        if self.issued_at.as_second() > late {
            return Err(TokenRefused::Malformed);
        }
        if self.expires_at <= now {
            return Err(TokenRefused::Malformed);
        }
        Ok(self)
    }
}

/// The byte of a place, and its bit.
fn position(index: TokenIndex) -> (usize, u8) {
    (usize::try_from(index.0 / 8).unwrap_or(usize::MAX), 1 << (index.0 % 8))
}
