//! Signs vouchers' tokens: with a key that KMS keeps and never shows, where there is one, or with the key that is
//! derived from the signing secret.
//!
//! Every key that has signed stays in the set of public keys: the keys of KMS, the present one first, and those of
//! the secret's present and previous version. Deliberately absent: what a voucher is, and reading tokens other than
//! through [`Verifier`].

use domain::failure::{Failure, Kind};
use domain::id::TenantId;
use domain::voucher_token::{
    Claims, CompactRefused, KeySet, PublicKey, Realm, StatusBits, ToSign, Verifier, compact, jwt,
};
use jiff::Timestamp;

use super::kms::KmsKey;
use super::{KeyPair, TokenSigner};
use crate::environment::{Environment, EnvironmentError};
use crate::secrets::SecretError;

/// From how many codes on a batch is signed by the local key: KMS signs a few hundred a second for a whole account.
pub const BATCH_BY_KMS_MAX: usize = 100;

/// A token could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The key cannot be asked.
    #[error(transparent)]
    Key(#[from] SecretError),
    /// The claims do not fit into a printed code.
    #[error(transparent)]
    Claims(#[from] CompactRefused),
}

impl Failure for SignError {
    fn kind(&self) -> Kind {
        match self {
            Self::Key(error) => error.kind(),
            Self::Claims(refused) => refused.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Key(error) => error.code(),
            Self::Claims(refused) => refused.code(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Key(error) => error.retry_after_s(),
            Self::Claims(_) => None,
        }
    }
}

/// Signs the tokens of all tenants.
#[derive(Clone, Debug)]
pub struct VoucherSigner {
    issuer: String,
    secret: TokenSigner,
    /// The keys in KMS, the present one first.
    kms: Vec<KmsKey>,
    by_kms: bool,
}

/// The key that signs now.
enum Hand {
    Local(KeyPair, PublicKey),
    Kms(KmsKey, PublicKey),
}

impl VoucherSigner {
    /// The signer of `PUBLIC_URL`, with the secret that `SIGNING_SECRET_ID` names. With `VOUCHER_KEY_IDS`, one or two
    /// ids of keys in KMS with a comma between them, the first of these signs.
    ///
    /// # Errors
    /// [`EnvironmentError`] names a missing variable.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        let issuer = env.required("PUBLIC_URL")?;
        let ids = env.optional("VOUCHER_KEY_IDS").unwrap_or_default();
        let ids = ids.split(',').map(str::trim).filter(|id| !id.is_empty());
        let kms = ids.map(|id| KmsKey::from_env(env, id)).collect::<Result<Vec<_>, _>>()?;
        let by_kms = !kms.is_empty();
        Ok(Self { issuer, secret: TokenSigner::from_env(env)?, kms, by_kms })
    }

    /// The same, signing with the local key: for batches of more than [`BATCH_BY_KMS_MAX`] codes.
    #[must_use]
    pub fn local(&self) -> Self {
        Self { by_kms: false, ..self.clone() }
    }

    /// Where the tokens of a tenant are good.
    pub fn realm(&self, tenant: &TenantId) -> Realm {
        Realm::new(&self.issuer, tenant.clone())
    }

    /// The JWT of these claims.
    ///
    /// # Errors
    /// [`SignError::Key`].
    pub async fn jwt(&self, claims: &Claims, tenant: &TenantId) -> Result<String, SignError> {
        let hand = self.hand().await?;
        Ok(hand.sign(jwt::to_sign(claims, &self.realm(tenant), hand.public())).await?)
    }

    /// The compact token of these claims.
    ///
    /// # Errors
    /// [`SignError`].
    pub async fn compact(&self, claims: &Claims, tenant: &TenantId) -> Result<String, SignError> {
        let hand = self.hand().await?;
        Ok(hand.sign(compact::to_sign(claims, &self.realm(tenant), hand.public())?).await?)
    }

    /// A tenant's status list, signed at `now`.
    ///
    /// # Errors
    /// [`SignError::Key`].
    pub async fn status_list(
        &self,
        bits: &StatusBits,
        tenant: &TenantId,
        now: Timestamp,
    ) -> Result<String, SignError> {
        let hand = self.hand().await?;
        Ok(hand.sign(bits.to_sign(&self.realm(tenant), now, hand.public())).await?)
    }

    /// The keys that verify what was signed, now and before.
    ///
    /// # Errors
    /// [`SecretError`] when a key cannot be asked for its public half.
    pub async fn keys(&self) -> Result<KeySet, SecretError> {
        let mut keys = Vec::new();
        for key in &self.kms {
            keys.push(key.public().await?);
        }
        for pair in self.secret.pairs().await? {
            keys.push(pair.public()?);
        }
        Ok(KeySet::of(keys))
    }

    /// The verifier of a tenant's tokens.
    ///
    /// # Errors
    /// [`SecretError`] when the keys cannot be read.
    pub async fn verifier(&self, tenant: &TenantId) -> Result<Verifier, SecretError> {
        Ok(Verifier::new(self.keys().await?, self.realm(tenant)))
    }

    async fn hand(&self) -> Result<Hand, SecretError> {
        if let Some(key) = self.kms.first().filter(|_| self.by_kms) {
            let public = key.public().await?;
            return Ok(Hand::Kms(key.clone(), public));
        }
        let pair = self.secret.pairs().await?.into_iter().next().ok_or_else(super::no_key)?;
        let public = pair.public()?;
        Ok(Hand::Local(pair, public))
    }
}

impl Hand {
    fn public(&self) -> &PublicKey {
        match self {
            Self::Local(_, public) | Self::Kms(_, public) => public,
        }
    }

    async fn sign(&self, to_sign: ToSign) -> Result<String, SecretError> {
        let signature = match self {
            Self::Local(pair, _) => pair.signature(to_sign.message()),
            Self::Kms(key, _) => key.sign(to_sign.message()).await?,
        };
        Ok(to_sign.signed(&signature))
    }
}
