//! Each tenant's secrets for Paystack: one secret `{prefix}{tenant_id}` with the JSON
//! `{"secret_key":"sk_…","approval_secret":"…"}`. The present version calls; the one before it still verifies events
//! and approvals, so that a rotation loses none. A new approval secret is known everywhere after five minutes: only
//! then is the approval address changed at Paystack.
//!
//! The tenant's id comes from the address of a public route: how often an id without a key may be asked for is bounded.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_secretsmanager::Client;
use domain::id::TenantId;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use subtle::{Choice, ConstantTimeEq};
use tokio::sync::Mutex;

use crate::clock::Clock;
use crate::environment::{Environment, EnvironmentError};
use crate::secrets::{Secret, SecretError, SecretText};

/// How long a tenant without a key is not asked for again.
const ABSENT_FOR: SignedDuration = SignedDuration::from_mins(1);
/// How many tenants may turn out to have no key within that time. Beyond it, unknown ones are told to come later.
const ABSENT_MAX: usize = 60;
/// How many tenants' keys are kept; beyond it, the one that was wanted least recently goes.
const KEPT_MAX: usize = 1000;

/// An approval secret has so many hexadecimal digits: 256 bits.
const APPROVAL_SECRET_CHARACTERS: usize = 64;

/// The tenants' keys.
#[derive(Clone, Debug)]
pub struct PaystackKeys {
    client: Client,
    prefix: Arc<str>,
    clock: Clock,
    shelf: Arc<Mutex<Shelf>>,
}

/// What is known about tenants.
#[derive(Debug, Default)]
struct Shelf {
    /// Who has a key, and when it was last wanted.
    kept: BTreeMap<TenantId, (Secret, Timestamp)>,
    /// Who has none, and until when that is believed.
    absent: BTreeMap<TenantId, Timestamp>,
}

/// The secret's text.
#[derive(Deserialize)]
struct Content {
    secret_key: String,
    /// The last part of the approval address, 256 bits in lower-case hexadecimal.
    #[serde(default)]
    approval_secret: Option<String>,
}

impl PaystackKeys {
    /// The keys below the prefix that `PAYSTACK_SECRET_PREFIX` holds, for example `tessera/dev/paystack/`.
    ///
    /// # Errors
    /// [`EnvironmentError`] names a missing variable.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        Ok(Self {
            client: Client::new(&env.aws("SECRETS_MANAGER")?),
            prefix: env.required("PAYSTACK_SECRET_PREFIX")?.into(),
            clock: env.clock.clone(),
            shelf: Arc::default(),
        })
    }

    /// The tenant's present key first, then the one before it, if there is one; nothing when the tenant has none.
    ///
    /// # Errors
    /// [`SecretError`] when that cannot be found out now.
    pub async fn of(&self, tenant: &TenantId) -> Result<Option<Vec<SecretText>>, SecretError> {
        self.versions(tenant).await?.map(|versions| keys(&versions)).transpose()
    }

    /// Whether this is the secret of the tenant's approval address: the present one, or the one before it. All are
    /// compared, in constant time; a tenant without one has none that fits.
    ///
    /// # Errors
    /// [`SecretError`] when that cannot be found out now.
    pub async fn opens_approval(
        &self,
        tenant: &TenantId,
        given: &str,
    ) -> Result<bool, SecretError> {
        let versions = self.versions(tenant).await?.unwrap_or_default();
        let known = versions.iter().filter_map(approval_secret);
        let one = |open: Choice, known: SecretText| open | known.expose().ct_eq(given.as_bytes());
        Ok(known.fold(Choice::from(0), one).into())
    }

    /// The versions of the tenant's secret, the present one first; nothing when there is none.
    async fn versions(&self, tenant: &TenantId) -> Result<Option<Vec<SecretText>>, SecretError> {
        let Some(secret) = self.secret(tenant).await? else { return Ok(None) };
        let versions = secret.versions_if_any().await?;
        self.shelf.lock().await.learn(tenant, secret, versions.is_some(), self.clock.now());
        Ok(versions)
    }

    /// The secret to ask for, unless the tenant is known to have none.
    async fn secret(&self, tenant: &TenantId) -> Result<Option<Secret>, SecretError> {
        let now = self.clock.now();
        let mut shelf = self.shelf.lock().await;
        if let Some((secret, wanted_at)) = shelf.kept.get_mut(tenant) {
            *wanted_at = now;
            return Ok(Some(secret.clone()));
        }
        shelf.absent.retain(|_, until| now < *until);
        if shelf.absent.contains_key(tenant) {
            return Ok(None);
        }
        if shelf.absent.len() >= ABSENT_MAX {
            return Err(SecretError::of("too many tenants without a key were asked for"));
        }
        Ok(Some(Secret::of(&self.client, &format!("{}{tenant}", self.prefix), &self.clock)))
    }
}

impl Shelf {
    fn learn(&mut self, tenant: &TenantId, secret: Secret, present: bool, now: Timestamp) {
        if !present {
            self.kept.remove(tenant);
            self.absent.insert(tenant.clone(), now.saturating_add(ABSENT_FOR).unwrap_or(now));
            return;
        }
        if !self.kept.contains_key(tenant) && self.kept.len() >= KEPT_MAX {
            let idle = self.kept.iter().min_by_key(|(_, (_, wanted_at))| *wanted_at);
            if let Some(idle) = idle.map(|(tenant, _)| tenant.clone()) {
                self.kept.remove(&idle);
            }
        }
        self.kept.entry(tenant.clone()).or_insert((secret, now));
    }
}

/// The keys in a secret's versions. One before the present that is no key is passed over.
fn keys(versions: &[SecretText]) -> Result<Vec<SecretText>, SecretError> {
    let (present, before) = versions.split_first().ok_or_else(unreadable)?;
    let mut keys = vec![key(present).ok_or_else(unreadable)?];
    keys.extend(before.iter().filter_map(key));
    Ok(keys)
}

fn unreadable() -> SecretError {
    SecretError::of("a tenant's secret is no JSON with a secret_key that begins with sk_")
}

fn key(text: &SecretText) -> Option<SecretText> {
    let content: Content = serde_json::from_slice(text.expose()).ok()?;
    let key = content.secret_key.trim();
    let fine = key.starts_with("sk_") && key.bytes().all(|byte| byte.is_ascii_graphic());
    fine.then(|| SecretText::new(key))
}

/// The approval secret of a version; one that is too short to be safe is none.
fn approval_secret(text: &SecretText) -> Option<SecretText> {
    let content: Content = serde_json::from_slice(text.expose()).ok()?;
    let secret = content.approval_secret?;
    let fine = secret.len() == APPROVAL_SECRET_CHARACTERS
        && secret.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    fine.then(|| SecretText::new(secret))
}

#[cfg(test)]
mod tests;
