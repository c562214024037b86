//! Secrets, from Secrets Manager: the present version and the one before it, so that a rotation breaks nothing.

use std::sync::Arc;

use aws_sdk_secretsmanager::Client;
use domain::failure::{Failure, Kind, chain};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::RwLock;

use crate::clock::Clock;
use crate::environment::{Environment, EnvironmentError};

/// How long a secret is kept in memory before it is asked for again.
const FRESH_FOR: SignedDuration = SignedDuration::from_mins(5);
/// How long kept versions serve on after they could not be read again.
const RETRY_AFTER: SignedDuration = SignedDuration::from_secs(30);
/// The stages of Secrets Manager that are accepted.
const STAGES: [&str; 2] = ["AWSCURRENT", "AWSPREVIOUS"];

/// The secret did not arrive.
#[derive(Debug, thiserror::Error)]
#[error("a secret cannot be read, try again")]
pub struct SecretError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl SecretError {
    /// A secret that is not what it should be. `cause` has nothing of its text.
    pub(crate) fn of(cause: &'static str) -> Self {
        Self(cause.into())
    }

    /// A service that keeps a key did not answer as it should.
    pub(crate) fn caused(cause: String) -> Self {
        Self(cause.into())
    }
}

impl Failure for SecretError {
    fn kind(&self) -> Kind {
        Kind::Unavailable
    }

    fn code(&self) -> &'static str {
        "secret_unavailable"
    }

    fn retry_after_s(&self) -> Option<u64> {
        Some(1)
    }
}

/// A secret's text. It is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(Arc<str>);

impl SecretText {
    /// A secret of this text.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The bytes, for a MAC or a signature.
    pub fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl std::fmt::Debug for SecretText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretText(…)")
    }
}

/// One secret, by its id.
#[derive(Clone, Debug)]
pub struct Secret {
    client: Client,
    id: Arc<str>,
    clock: Clock,
    kept: Arc<RwLock<Option<Kept>>>,
}

/// The versions of a secret, and how long they need not be asked for.
#[derive(Debug)]
struct Kept {
    versions: Vec<SecretText>,
    asked_at: Timestamp,
    fresh_for: SignedDuration,
}

impl Kept {
    fn fresh(&self, now: Timestamp) -> Option<Vec<SecretText>> {
        (now.duration_since(self.asked_at) < self.fresh_for).then(|| self.versions.clone())
    }
}

impl Secret {
    /// The secret whose id the variable `variable` holds.
    ///
    /// # Errors
    /// [`EnvironmentError`] names a missing variable.
    pub fn from_env(env: &Environment, variable: &'static str) -> Result<Self, EnvironmentError> {
        let client = Client::new(&env.aws("SECRETS_MANAGER")?);
        Ok(Self::of(&client, &env.required(variable)?, &env.clock))
    }

    /// The secret of this id.
    pub(crate) fn of(client: &Client, id: &str, clock: &Clock) -> Self {
        let (client, id, clock) = (client.clone(), id.into(), clock.clone());
        Self { client, id, clock, kept: Arc::default() }
    }

    /// The present version first, then the one before it, if there is one. Versions that were read once serve until
    /// they can be read again, or the secret is gone.
    ///
    /// # Errors
    /// [`SecretError`] when there is no present version.
    pub async fn versions(&self) -> Result<Vec<SecretText>, SecretError> {
        let versions = self.versions_if_any().await?;
        versions.ok_or_else(|| SecretError::of("there is no such secret, or it has no version"))
    }

    /// As [`Secret::versions`]; nothing where there is no such secret, which is asked for again each time.
    pub(crate) async fn versions_if_any(&self) -> Result<Option<Vec<SecretText>>, SecretError> {
        let now = self.clock.now();
        if let Some(versions) = self.kept.read().await.as_ref().and_then(|kept| kept.fresh(now)) {
            return Ok(Some(versions));
        }
        let mut kept = self.kept.write().await;
        // Whoever had the lock before may have read them.
        let now = self.clock.now();
        if let Some(versions) = kept.as_ref().and_then(|kept| kept.fresh(now)) {
            return Ok(Some(versions));
        }
        let (versions, fresh_for) = match (self.fetch().await, kept.take()) {
            (Ok(Some(versions)), _) => (versions, FRESH_FOR),
            (Ok(None), _) => return Ok(None),
            (Err(error), Some(stale)) => {
                tracing::warn!(error = chain(&error), "a secret serves on that could not be read");
                (stale.versions, RETRY_AFTER)
            }
            (Err(error), None) => return Err(error),
        };
        let asked_at = self.clock.now();
        *kept = Some(Kept { versions: versions.clone(), asked_at, fresh_for });
        Ok(Some(versions))
    }

    async fn fetch(&self) -> Result<Option<Vec<SecretText>>, SecretError> {
        let Some(present) = self.fetch_stage(STAGES[0]).await? else { return Ok(None) };
        let mut versions = vec![present];
        // A secret that was never rotated has no previous version.
        versions.extend(self.fetch_stage(STAGES[1]).await?);
        Ok(Some(versions))
    }

    async fn fetch_stage(&self, stage: &str) -> Result<Option<SecretText>, SecretError> {
        let wanted = self.client.get_secret_value().secret_id(&*self.id).version_stage(stage);
        match wanted.send().await {
            Ok(output) => Ok(output.secret_string.map(SecretText::new)),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|e| e.is_resource_not_found_exception()) =>
            {
                Ok(None)
            }
            Err(error) => Err(SecretError(aws_error(error))),
        }
    }
}

fn aws_error<E: std::error::Error + Send + Sync + 'static>(
    error: E,
) -> Box<dyn std::error::Error + Send + Sync> {
    format!("{}", aws_sdk_secretsmanager::error::DisplayErrorContext(error)).into()
}
