//! The first tenant and the first key, which no API route can make: each route wants a key already.

use adapters::clock::Clock;
use adapters::random::Random;
use adapters::table::{StoreError, Table};
use domain::access::{ApiKey, Scope, fingerprint, key_secret};
use domain::failure::InvalidFields;
use domain::id::{KeyId, TenantId};
use domain::tenant::{Rollout, Tenant, TenantSettings};

/// Where tenants and keys are written, and what their ids are made of.
#[derive(Clone, Debug)]
pub(crate) struct Registrar {
    pub(crate) table: Table,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
}

/// Why there is no new tenant or key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TenancyRefused {
    /// The name or the scopes break a rule.
    #[error("{}", sentence(.0))]
    Invalid(#[from] InvalidFields),
    /// An id or a secret that was just made up is there already.
    #[error("the new id is taken already; try again")]
    Taken,
    /// The table does not work.
    #[error("{error}: {}", cause(.error))]
    Store {
        /// What it says.
        #[from]
        error: StoreError,
    },
}

impl Registrar {
    /// Adds a tenant of this name.
    pub(crate) async fn insert_tenant(&self, name: &str) -> Result<TenantId, TenancyRefused> {
        let id = TenantId::new(self.clock.now(), self.random.bytes());
        if self.ensure_tenant(&id, name).await? { Ok(id) } else { Err(TenancyRefused::Taken) }
    }

    /// Adds a tenant of this id, unless it is there; says whether it is new.
    pub(crate) async fn ensure_tenant(
        &self,
        id: &TenantId,
        name: &str,
    ) -> Result<bool, TenancyRefused> {
        let settings = TenantSettings::named(name.trim());
        settings.check()?;
        let tenant = Tenant {
            id: id.clone(),
            settings,
            logo: None,
            version: 1,
            rollout: Rollout::Done,
            created_at: self.clock.now(),
        };
        Ok(self.table.insert_tenant(&tenant).await?)
    }

    /// Adds a key, and gives its secret, which is kept nowhere.
    pub(crate) async fn insert_key(
        &self,
        tenant: &TenantId,
        name: &str,
        scopes: &[Scope],
    ) -> Result<String, TenancyRefused> {
        ApiKey::check(name, scopes, None)?;
        let now = self.clock.now();
        let key = ApiKey {
            id: KeyId::new(now, self.random.bytes()),
            tenant: tenant.clone(),
            name: name.to_owned(),
            scopes: scopes.to_vec(),
            bound_to: None,
            created_at: now,
        };
        let secret = key_secret(self.random.bytes());
        let added = self.table.insert_api_key(&key, &fingerprint(&secret)).await?;
        if added { Ok(secret) } else { Err(TenancyRefused::Taken) }
    }
}

fn sentence(invalid: &InvalidFields) -> String {
    invalid.0.iter().map(|error| error.detail.as_str()).collect::<Vec<_>>().join("; ")
}

/// What the store's public sentence keeps to itself: here the reader is the operator.
fn cause(error: &StoreError) -> String {
    std::error::Error::source(error).map(ToString::to_string).unwrap_or_default()
}
