//! Signed tokens (RFC 7515, ES256) that others verify offline: the one beside a guard's code (X11), and vouchers'
//! ([`VoucherSigner`]). The keys are derived from the versions of a generated secret, so that a rotation is the
//! secret's rotation and nothing else. One key signs all kinds; `typ` tells them apart.
//!
//! Deliberately absent: expiry and meaning of the claims. A guard's code is taken back in the table.

mod kms;
mod voucher;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::voucher_token::PublicKey;
use hkdf::Hkdf;
use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{Signature, SigningKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;

pub use voucher::{BATCH_BY_KMS_MAX, SignError, VoucherSigner};

use crate::environment::{Environment, EnvironmentError};
use crate::secrets::{Secret, SecretError, SecretText};

/// What the keys are for, and how they are derived (RFC 5869, `info`).
const INFO: &[u8] = b"tessera es256 v1";
/// The longest token that is looked at, in bytes.
const TOKEN_MAX_BYTES: usize = 4096;

/// Signs tokens, and verifies its own.
#[derive(Clone, Debug)]
pub struct TokenSigner {
    secret: Secret,
}

/// The head of a token.
#[derive(Serialize, Deserialize)]
struct Head<'a> {
    alg: &'a str,
    kid: &'a str,
    typ: &'a str,
}

/// A head as it arrives. `crit` would mean something that we do not know (RFC 7515, 4.1.11).
#[derive(Deserialize)]
struct Claimed {
    alg: String,
    kid: String,
    typ: String,
    crit: Option<Value>,
}

/// A key pair on P-256.
#[derive(Clone)]
pub(crate) struct KeyPair {
    signing: SigningKey,
}

impl TokenSigner {
    /// The keys from the secret that `SIGNING_SECRET_ID` names.
    ///
    /// # Errors
    /// [`EnvironmentError`] names a missing variable.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        Ok(Self { secret: Secret::from_env(env, "SIGNING_SECRET_ID")? })
    }

    /// A token with these claims, signed with the present key. The same claims give the same token.
    ///
    /// # Errors
    /// [`SecretError`] when the key cannot be read, or the claims are not JSON.
    pub async fn sign(&self, claims: &impl Serialize, typ: &str) -> Result<String, SecretError> {
        let pairs = self.pairs().await?;
        let pair = pairs.first().ok_or_else(no_key)?;
        pair.sign(claims, typ).ok_or_else(|| SecretError::of("the claims are not JSON"))
    }

    /// The claims of a token of this kind that the present key has signed, or the one before it.
    ///
    /// # Errors
    /// [`SecretError`] when the keys cannot be read.
    pub async fn verify(&self, token: &str, typ: &str) -> Result<Option<Value>, SecretError> {
        let pairs = self.pairs().await?;
        Ok(claims(&pairs, token, typ))
    }

    async fn pairs(&self) -> Result<Vec<KeyPair>, SecretError> {
        let versions = self.secret.versions().await?;
        versions.iter().map(|text| KeyPair::derive(text, INFO).ok_or_else(no_key)).collect()
    }
}

fn no_key() -> SecretError {
    SecretError::of("no key can be derived from the secret")
}

impl KeyPair {
    /// The pair that belongs to a secret's text. HKDF gives 32 bytes that are a scalar in all but one of 2^32 cases;
    /// a counter behind `info` finds the next.
    pub(crate) fn derive(text: &SecretText, info: &[u8]) -> Option<Self> {
        let source = Hkdf::<Sha256>::new(None, text.expose());
        (0..=u8::MAX).find_map(|counter| {
            let mut scalar = [0; 32];
            source.expand_multi_info(&[info, &[counter]], &mut scalar).ok()?;
            SigningKey::from_slice(&scalar).ok().map(|signing| Self { signing })
        })
    }

    /// The public key, uncompressed: 65 bytes.
    pub(crate) fn public_key(&self) -> Vec<u8> {
        self.signing.verifying_key().to_sec1_point(false).as_bytes().to_vec()
    }

    /// A compact token.
    pub(crate) fn sign_with(
        &self,
        head: &impl Serialize,
        claims: &impl Serialize,
    ) -> Option<String> {
        let part = |json: Vec<u8>| URL_SAFE_NO_PAD.encode(json);
        let head = part(serde_json::to_vec(head).ok()?);
        let input = format!("{head}.{}", part(serde_json::to_vec(claims).ok()?));
        let signature = self.signature(input.as_bytes());
        Some(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn sign(&self, claims: &impl Serialize, typ: &str) -> Option<String> {
        let public = self.public().ok()?;
        self.sign_with(&Head { alg: "ES256", kid: public.kid(), typ }, claims)
    }

    /// r and s of the signature of a message.
    fn signature(&self, message: &[u8]) -> [u8; 64] {
        let signature: Signature = self.signing.sign(message);
        signature.to_bytes().into()
    }

    /// The public half; its id is its thumbprint.
    fn public(&self) -> Result<PublicKey, SecretError> {
        PublicKey::from_point(&self.public_key()).ok_or_else(no_key)
    }

    /// The thumbprint of the public key (RFC 7638).
    fn kid(&self) -> Option<String> {
        self.public().ok().map(|public| public.kid().to_owned())
    }
}

fn claims(pairs: &[KeyPair], token: &str, typ: &str) -> Option<Value> {
    if token.len() > TOKEN_MAX_BYTES {
        return None;
    }
    let (input, signature) = token.rsplit_once('.')?;
    let (head, claims) = input.split_once('.')?;
    let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
    let head: Claimed = serde_json::from_slice(&bytes(head)?).ok()?;
    if head.alg != "ES256" || head.typ != typ || head.crit.is_some() {
        return None;
    }
    let pair = pairs.iter().find(|pair| pair.kid().as_ref() == Some(&head.kid))?;
    let signature = Signature::from_slice(&bytes(signature)?).ok()?;
    pair.signing.verifying_key().verify(input.as_bytes(), &signature).ok()?;
    serde_json::from_slice(&bytes(claims)?).ok().filter(Value::is_object)
}

#[cfg(test)]
mod tests;
