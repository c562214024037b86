//! Keys from seeds, a realm, and tokens as anybody could write them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};

use super::*;

/// The instant of these tests, in Unix seconds.
pub(super) const NOW_S: i64 = 1_800_000_000;
/// The tenant of these tests.
pub(super) const TENANT: &str = "tnt_01j00000000000000000000001";

/// A key pair.
pub(super) struct Pair {
    signing: SigningKey,
    pub(super) public: PublicKey,
}

impl Pair {
    /// The pair of a seed.
    pub(super) fn of(seed: u8) -> Self {
        let signing = SigningKey::from_slice(&[seed; 32]).unwrap();
        let point = signing.verifying_key().to_sec1_point(false);
        Self { public: PublicKey::from_point(point.as_bytes()).unwrap(), signing }
    }

    /// The uncompressed point.
    pub(super) fn point(&self) -> Vec<u8> {
        self.signing.verifying_key().to_sec1_point(false).as_bytes().to_vec()
    }

    pub(super) fn signature(&self, message: &[u8]) -> Signature {
        self.signing.sign(message)
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.signature(message).to_bytes().into()
    }

    pub(super) fn signed(&self, to_sign: ToSign) -> String {
        let signature = self.sign(to_sign.message());
        to_sign.signed(&signature)
    }
}

/// Keys of ours, one of somebody else, and where tokens are good.
pub(super) struct World {
    pub(super) ours: Pair,
    pub(super) before: Pair,
    pub(super) other: Pair,
    pub(super) realm: Realm,
    pub(super) voucher: VoucherId,
}

impl World {
    pub(super) fn new() -> Self {
        let tenant = TenantId::parse(TENANT).unwrap();
        Self {
            ours: Pair::of(1),
            before: Pair::of(2),
            other: Pair::of(3),
            realm: Realm::new("https://q.example.com/", tenant),
            voucher: VoucherId::from_bytes([0x5a; 16]),
        }
    }

    pub(super) fn of_tenant(&self, tenant: &str) -> Self {
        let tenant = TenantId::parse(tenant).unwrap();
        Self { realm: Realm::new(self.realm.issuer(), tenant), ..Self::new() }
    }

    pub(super) fn of_issuer(&self, issuer: &str) -> Self {
        Self { realm: Realm::new(issuer, self.realm.tenant().clone()), ..Self::new() }
    }

    pub(super) fn keys(&self) -> KeySet {
        KeySet::of([self.ours.public.clone(), self.before.public.clone()])
    }

    pub(super) fn verifier(&self) -> Verifier {
        Verifier::new(self.keys(), self.realm.clone())
    }

    pub(super) fn claims(&self, form: Form, ttl: SignedDuration) -> Claims {
        Claims::new(form, self.voucher.clone(), TokenIndex::new(7).unwrap(), at(NOW_S), ttl)
    }

    pub(super) fn jwt(&self, claims: &Claims) -> String {
        self.ours.signed(jwt::to_sign(claims, &self.realm, &self.ours.public))
    }

    pub(super) fn compact(&self, claims: &Claims) -> String {
        self.ours.signed(compact::to_sign(claims, &self.realm, &self.ours.public).unwrap())
    }

    pub(super) fn status(&self, bits: &StatusBits) -> String {
        self.ours.signed(bits.to_sign(&self.realm, at(NOW_S), &self.ours.public))
    }

    /// A status list with this text as its list.
    pub(super) fn status_of(&self, lst: &str) -> String {
        let mut claims = payload(&self.status(&StatusBits::default()));
        claims["status_list"]["lst"] = json!(lst);
        self.ours.signed(jwt::to_sign_json(status::TYP, &claims, &self.ours.public))
    }

    pub(super) fn verify(
        &self,
        text: &str,
        kinds: &[TokenKind],
        now: i64,
    ) -> Result<Claims, TokenRefused> {
        self.verifier().verify(text, kinds, None, at(now))
    }
}

/// An instant in Unix seconds.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

pub(super) fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The claims of a JWT, whoever has signed them.
pub(super) fn payload(token: &str) -> Value {
    part(token, 1)
}

/// The header of a JWT.
pub(super) fn head(token: &str) -> Value {
    part(token, 0)
}

fn part(token: &str, at: usize) -> Value {
    let part = token.split('.').nth(at).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Numbers that follow from a seed (xorshift), because tests repeat.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn of(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11
    }
}
