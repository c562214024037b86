//! KMS: signatures with keys on P-256, and their public halves.
//!
//! A key that the process is told of is made at the first start and then kept. Deliberately absent: encryption,
//! policies, aliases, making keys on request, and every other kind of key.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use adapters::random::Random;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::EncodePublicKey;
use serde_json::{Value, json};

use super::aws::{AwsError, text};
use super::files::{self, Readers};

/// How many keys are tried: one in 2^32 random texts is no key.
const TRIES_MAX: usize = 8;
/// The bytes of a SHA-256.
const DIGEST_BYTES: usize = 32;
/// The only algorithm.
const ALGORITHM: &str = "ECDSA_SHA_256";

/// The keys, kept in one file that only its owner may read.
#[derive(Debug)]
pub(crate) struct Keys {
    file: PathBuf,
    random: Random,
    /// The private scalars in hexadecimal digits, by the key's id.
    kept: Mutex<BTreeMap<String, String>>,
}

impl Keys {
    pub(crate) fn open(file: &Path, random: Random) -> std::io::Result<Self> {
        let kept = Mutex::new(files::read_or_default(file)?);
        Ok(Self { file: file.to_path_buf(), random, kept })
    }

    /// Makes the keys of these ids that are not there yet.
    pub(crate) fn ensure<'i>(&self, ids: impl Iterator<Item = &'i str>) -> Result<(), String> {
        let mut kept = self.lock();
        let mut after = kept.clone();
        for id in ids.filter(|id| !kept.contains_key(*id)) {
            after.insert(id.to_owned(), self.scalar().ok_or("no key came out of random bytes")?);
        }
        if after.len() > kept.len() {
            files::replace(&self.file, &after, Readers::Owner).map_err(|e| e.to_string())?;
            *kept = after;
        }
        Ok(())
    }

    pub(super) fn answer(&self, operation: &str, input: &Value) -> Result<Value, AwsError> {
        let id = text(input, "KeyId")
            .ok_or_else(|| AwsError::new("ValidationException", "KeyId is required"))?;
        let kept = self.lock().get(id).and_then(|scalar| hex::decode(scalar).ok());
        let key = kept.and_then(|scalar| SigningKey::from_slice(&scalar).ok());
        let key = key.ok_or_else(|| {
            AwsError::new("NotFoundException", format!("Key '{id}' does not exist"))
        })?;
        match operation {
            "GetPublicKey" => public_key(id, &key),
            "Sign" => sign(id, &key, input),
            other => Err(AwsError::new("UnknownOperationException", format!("no {other} here"))),
        }
    }

    /// A private key.
    fn scalar(&self) -> Option<String> {
        let mut tries = (0..TRIES_MAX).map(|_| self.random.bytes::<32>());
        let scalar = tries.find(|bytes| SigningKey::from_slice(bytes).is_ok())?;
        Some(hex::encode(scalar))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn public_key(id: &str, key: &SigningKey) -> Result<Value, AwsError> {
    let der = key.verifying_key().to_public_key_der();
    let der = der.map_err(|_| AwsError::new("KMSInternalException", "the key has no DER"))?;
    Ok(json!({
        "KeyId": id,
        "PublicKey": STANDARD.encode(der.as_bytes()),
        "KeySpec": "ECC_NIST_P256",
        "KeyUsage": "SIGN_VERIFY",
        "SigningAlgorithms": [ALGORITHM],
    }))
}

fn sign(id: &str, key: &SigningKey, input: &Value) -> Result<Value, AwsError> {
    let invalid = |message: &str| AwsError::new("ValidationException", message);
    if text(input, "SigningAlgorithm") != Some(ALGORITHM) {
        return Err(invalid("the key signs with ECDSA_SHA_256"));
    }
    if text(input, "MessageType") != Some("DIGEST") {
        return Err(invalid("only digests are signed here"));
    }
    let digest = text(input, "Message").and_then(|message| STANDARD.decode(message).ok());
    let digest = digest.filter(|digest| digest.len() == DIGEST_BYTES);
    let digest = digest.ok_or_else(|| invalid("Digest is invalid length for algorithm"))?;
    let signature: Result<Signature, _> = key.sign_prehash(&digest);
    let signature = signature.map_err(|_| invalid("the digest cannot be signed"))?;
    let signature = STANDARD.encode(signature.to_der().as_bytes());
    Ok(json!({ "KeyId": id, "Signature": signature, "SigningAlgorithm": ALGORITHM }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(bytes: usize) -> Value {
        json!({
            "KeyId": "one", "Message": STANDARD.encode(vec![7; bytes]), "MessageType": "DIGEST",
            "SigningAlgorithm": ALGORITHM,
        })
    }

    #[test]
    fn a_key_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.json");
        let open = || Keys::open(&file, Random::system()).unwrap();
        let public = |keys: &Keys| keys.answer("GetPublicKey", &json!({ "KeyId": "one" }));
        let keys = open();
        assert_eq!(public(&keys).unwrap_err().kind, "NotFoundException");
        keys.ensure(["one"].into_iter()).unwrap();
        let first = public(&keys).unwrap();
        let again = open();
        again.ensure(["one", "two"].into_iter()).unwrap();
        assert_eq!(public(&again).unwrap(), first);
        assert!(keys.answer("Sign", &digest(32)).is_ok());
        assert!(keys.answer("Sign", &digest(31)).is_err());
        let mut raw = digest(32);
        raw["MessageType"] = json!("RAW");
        assert!(keys.answer("Sign", &raw).is_err());
    }
}
