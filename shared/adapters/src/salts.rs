//! The daily salts of the visitor hash (design: no visitor is tracked): one SSM parameter per UTC day, made by
//! whoever needs it first, read once per environment and day, and destroyed after 48 hours. With the salt gone a
//! hash says nothing, not even to us. They are never in the table: its backups would keep them.

use std::sync::Arc;

use aws_sdk_ssm::Client;
use aws_sdk_ssm::types::ParameterType;
use domain::access::hex;
use jiff::civil::Date;
use tokio::sync::Mutex;

use crate::environment::{Environment, EnvironmentError};
use crate::random::Random;

/// Days whose salts an environment keeps: today's, and yesterday's for a request across midnight.
const DAYS_KEPT: usize = 2;

/// The salt did not arrive; a scan goes on without a visitor hash.
#[derive(Debug, thiserror::Error)]
#[error("the day's salt cannot be read")]
pub struct SaltError(#[source] Box<dyn std::error::Error + Send + Sync>);

/// Hands out the salt of a day.
#[derive(Clone, Debug)]
pub struct Salts {
    client: Client,
    prefix: Arc<str>,
    random: Random,
    kept: Arc<Mutex<Vec<DaySalt>>>,
}

/// A day and its salt.
type DaySalt = (Date, Arc<str>);

impl Salts {
    /// The salts below the path that `SALT_PATH` names, for example `/tessera/salt`.
    ///
    /// # Errors
    /// [`EnvironmentError`] names a missing variable.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        Ok(Self {
            client: Client::new(&env.aws("SSM")?),
            prefix: env.required("SALT_PATH")?.trim_end_matches('/').into(),
            random: env.random.clone(),
            kept: Arc::default(),
        })
    }

    /// The salt of a UTC day, made if nobody has made it yet.
    ///
    /// # Errors
    /// [`SaltError`].
    pub async fn of_day(&self, day: Date) -> Result<Arc<str>, SaltError> {
        let mut kept = self.kept.lock().await;
        if let Some((_, salt)) = kept.iter().find(|(of, _)| *of == day) {
            return Ok(salt.clone());
        }
        let salt: Arc<str> = match self.read(day).await? {
            Some(salt) => salt.into(),
            None => self.make(day).await?.into(),
        };
        kept.push((day, salt.clone()));
        let surplus = kept.len().saturating_sub(DAYS_KEPT);
        kept.drain(..surplus);
        Ok(salt)
    }

    /// Destroys the salts of all days before `first_kept`; returns how many.
    ///
    /// # Errors
    /// [`SaltError`].
    pub async fn destroy_before(&self, first_kept: Date) -> Result<usize, SaltError> {
        let mut pages =
            self.client.get_parameters_by_path().path(&*self.prefix).into_paginator().send();
        let mut old = Vec::new();
        while let Some(page) = pages.next().await {
            let parameters = page.map_err(broken)?.parameters.unwrap_or_default();
            let names = parameters.into_iter().filter_map(|parameter| parameter.name);
            old.extend(names.filter(|name| self.day_of(name).is_some_and(|day| day < first_kept)));
        }
        for name in &old {
            self.client.delete_parameter().name(name).send().await.map_err(broken)?;
        }
        Ok(old.len())
    }

    fn name(&self, day: Date) -> String {
        format!("{}/{day}", self.prefix)
    }

    fn day_of(&self, name: &str) -> Option<Date> {
        name.strip_prefix(&*self.prefix)?.strip_prefix('/')?.parse().ok()
    }

    async fn read(&self, day: Date) -> Result<Option<String>, SaltError> {
        let wanted = self.client.get_parameter().name(self.name(day)).with_decryption(true);
        match wanted.send().await {
            Ok(output) => Ok(output.parameter.and_then(|parameter| parameter.value)),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_parameter_not_found()) => {
                Ok(None)
            }
            Err(error) => Err(broken(error)),
        }
    }

    /// Puts a salt if there is none; who comes second reads the first one's.
    async fn make(&self, day: Date) -> Result<String, SaltError> {
        let salt = hex(&self.random.bytes::<32>());
        let made = self
            .client
            .put_parameter()
            .name(self.name(day))
            .value(&salt)
            .r#type(ParameterType::SecureString)
            .overwrite(false)
            .send()
            .await;
        match made {
            Ok(_) => Ok(salt),
            Err(error)
                if error.as_service_error().is_some_and(|e| e.is_parameter_already_exists()) =>
            {
                let read = self.read(day).await?;
                read.ok_or_else(|| SaltError("the salt vanished while it was read".into()))
            }
            Err(error) => Err(broken(error)),
        }
    }
}

fn broken<E: std::error::Error + Send + Sync + 'static>(error: E) -> SaltError {
    SaltError(format!("{}", aws_sdk_ssm::error::DisplayErrorContext(error)).into())
}
