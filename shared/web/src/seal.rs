//! Values that a client carries for us: they are readable and cannot be changed. One secret, one MAC per purpose.

use adapters::environment::{Environment, EnvironmentError};
use adapters::secrets::{Secret, SecretError};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::page::{PageRefused, Position};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::problem::Problem;

/// Half of a SHA-256: 128 bits are not guessed.
const TAG_BYTES: usize = 16;
/// The longest sealed value that is looked at, in bytes.
const SEALED_MAX_BYTES: usize = 1024;

/// Seals and opens values with the secret that `EDGE_SECRET_ID` names; both of its versions open.
#[derive(Clone, Debug)]
pub struct Seal(Secret);

impl Seal {
    /// The seal of this deployment.
    ///
    /// # Errors
    /// [`EnvironmentError`] names a missing variable.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        Ok(Self(Secret::from_env(env, "EDGE_SECRET_ID")?))
    }

    /// The value sealed for a purpose: base64url of tag and value.
    ///
    /// # Errors
    /// [`SecretError`].
    pub async fn close(&self, purpose: &[&str], value: &str) -> Result<String, SecretError> {
        let versions = self.0.versions().await?;
        let mut sealed = Vec::with_capacity(TAG_BYTES + value.len());
        let secret = versions.first().map(|version| version.expose()).unwrap_or_default();
        sealed.extend_from_slice(&tag(secret, purpose, value));
        sealed.extend_from_slice(value.as_bytes());
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// The value that was sealed for the purpose; `None` when it was not.
    ///
    /// # Errors
    /// [`SecretError`].
    pub async fn open(
        &self,
        purpose: &[&str],
        sealed: &str,
    ) -> Result<Option<String>, SecretError> {
        let versions = self.0.versions().await?;
        if sealed.len() > SEALED_MAX_BYTES {
            return Ok(None);
        }
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(sealed) else { return Ok(None) };
        let Some((found, value)) = bytes.split_at_checked(TAG_BYTES) else { return Ok(None) };
        let Ok(value) = std::str::from_utf8(value) else { return Ok(None) };
        let ours = versions.iter().any(|version| {
            bool::from(tag(version.expose(), purpose, value).as_slice().ct_eq(found))
        });
        Ok(ours.then(|| value.to_owned()))
    }

    /// A place in a list as an opaque cursor, for this owner and this list only.
    ///
    /// # Errors
    /// [`SecretError`].
    pub async fn cursor(
        &self,
        owner: &str,
        list: &str,
        position: &Position,
    ) -> Result<String, SecretError> {
        self.close(&["cursor", owner, list], &position.0).await
    }

    /// The place that a cursor stands for.
    ///
    /// # Errors
    /// [`PageRefused::Cursor`] when it was not made here, for this owner and this list.
    pub async fn position(
        &self,
        owner: &str,
        list: &str,
        cursor: Option<&str>,
    ) -> Result<Option<Position>, Problem> {
        let Some(cursor) = cursor else { return Ok(None) };
        let opened = self.open(&["cursor", owner, list], cursor).await?;
        Ok(Some(Position(opened.ok_or(PageRefused::Cursor)?)))
    }
}

/// The lengths keep two parts from being read as one.
fn tag(secret: &[u8], purpose: &[&str], value: &str) -> [u8; TAG_BYTES] {
    let mut tag = [0; TAG_BYTES];
    // HMAC takes a key of any length.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) {
        for part in purpose.iter().chain([&value]) {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part.as_bytes());
        }
        tag.copy_from_slice(&mac.finalize().into_bytes()[..TAG_BYTES]);
    }
    tag
}
