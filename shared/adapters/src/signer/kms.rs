//! One signing key of KMS (P-256): its public half, kept once it was read, and signatures of digests.
//!
//! Deliberately absent: making and turning keys. An asymmetric key of KMS never changes; another one has another id.

use std::sync::Arc;

use aws_sdk_kms::Client;
use aws_sdk_kms::error::DisplayErrorContext;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{MessageType, SigningAlgorithmSpec};
use domain::voucher_token::PublicKey;
use p256::ecdsa::Signature;
use p256::pkcs8::DecodePublicKey;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use crate::environment::{Environment, EnvironmentError};
use crate::secrets::SecretError;

/// A key, by its id.
#[derive(Clone, Debug)]
pub(super) struct KmsKey {
    client: Client,
    id: Arc<str>,
    public: Arc<OnceCell<PublicKey>>,
}

impl KmsKey {
    /// The key of this id.
    ///
    /// # Errors
    /// [`EnvironmentError`] names a missing variable.
    pub(super) fn from_env(env: &Environment, id: &str) -> Result<Self, EnvironmentError> {
        Ok(Self { client: Client::new(&env.aws("KMS")?), id: id.into(), public: Arc::default() })
    }

    /// The public half.
    ///
    /// # Errors
    /// [`SecretError`] when KMS does not answer, or the key is not on P-256.
    pub(super) async fn public(&self) -> Result<PublicKey, SecretError> {
        self.public.get_or_try_init(|| self.fetch()).await.cloned()
    }

    async fn fetch(&self) -> Result<PublicKey, SecretError> {
        let answer = self.client.get_public_key().key_id(&*self.id).send().await;
        let der = answer.map_err(|error| broken(&error))?.public_key;
        let der = der.ok_or_else(|| SecretError::of("KMS gives no public key"))?;
        let key = p256::PublicKey::from_public_key_der(der.as_ref())
            .map_err(|_| SecretError::of("the key in KMS is not on P-256"))?;
        PublicKey::from_point(&key.to_sec1_bytes()).ok_or_else(super::no_key)
    }

    /// The signature of a message: r and s. KMS answers in DER, whose length varies.
    ///
    /// # Errors
    /// [`SecretError`] when KMS does not sign.
    pub(super) async fn sign(&self, message: &[u8]) -> Result<[u8; 64], SecretError> {
        let digest = Blob::new(Sha256::digest(message).to_vec());
        let asked = self.client.sign().key_id(&*self.id).message(digest);
        let asked = asked
            .message_type(MessageType::Digest)
            .signing_algorithm(SigningAlgorithmSpec::EcdsaSha256);
        let der = asked.send().await.map_err(|error| broken(&error))?.signature;
        let der = der.ok_or_else(|| SecretError::of("KMS gives no signature"))?;
        let signature = Signature::from_der(der.as_ref())
            .map_err(|_| SecretError::of("KMS gives a signature that is none of P-256"))?;
        Ok(signature.to_bytes().into())
    }
}

fn broken<E: std::error::Error + Send + Sync + 'static>(error: &E) -> SecretError {
    SecretError::caused(format!("{}", DisplayErrorContext(error)))
}
