//! Tenants: one item each, changed by version.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::audit::AuditChange;
use domain::id::TenantId;
use domain::tenant::{Rollout, StoredLogo, Tenant, TenantSettings};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Item, StoreError, Table, encode, keys, number};

const KIND: &str = "tenant";

#[derive(Serialize, Deserialize)]
struct TenantItem {
    id: TenantId,
    settings: TenantSettings,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    logo: Option<StoredLogo>,
    version: u64,
    rollout: Rollout,
    created_at: Timestamp,
}

impl TenantItem {
    fn from_domain(tenant: &Tenant) -> Self {
        Self {
            id: tenant.id.clone(),
            settings: tenant.settings.clone(),
            logo: tenant.logo.clone(),
            version: tenant.version,
            rollout: tenant.rollout.clone(),
            created_at: tenant.created_at,
        }
    }

    fn into_domain(self) -> Tenant {
        Tenant {
            id: self.id,
            settings: self.settings,
            logo: self.logo,
            version: self.version,
            rollout: self.rollout,
            created_at: self.created_at,
        }
    }
}

impl Table {
    /// The tenant.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tenant(&self, id: &TenantId) -> Result<Option<Tenant>, StoreError> {
        let item: Option<TenantItem> = self.read_as(&keys::tenant(id), KIND).await?;
        Ok(item.map(TenantItem::into_domain))
    }

    /// Adds a tenant, and when its first night is; `false` when one of this id is there already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_tenant(&self, tenant: &Tenant) -> Result<bool, StoreError> {
        let item = encode(&keys::tenant(&tenant.id), KIND, &TenantItem::from_domain(tenant))?;
        let writes = vec![
            self.put(item, Some("attribute_not_exists(PK)"), Item::new()),
            self.write_night(&tenant.id, &tenant.settings.payouts.night(), tenant.created_at)?,
        ];
        Ok(self.transact(writes).await?.is_ok())
    }

    /// Replaces the tenant that was read at version `read`; `false` when somebody else was faster. Where its nights
    /// are others than before, `nights_from` is the instant from which on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace_tenant(
        &self,
        tenant: &Tenant,
        read: u64,
        nights_from: Option<Timestamp>,
    ) -> Result<bool, StoreError> {
        let writes = self.write_tenant(tenant, read, nights_from)?;
        Ok(self.transact(writes).await?.is_ok())
    }

    /// The same with the record of the change.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace_tenant_audited(
        &self,
        tenant: &Tenant,
        read: u64,
        nights_from: Option<Timestamp>,
        change: &AuditChange,
    ) -> Result<bool, StoreError> {
        let writes = self.write_tenant(tenant, read, nights_from)?;
        Ok(self.transact_audited(change, writes).await?.is_ok())
    }

    fn write_tenant(
        &self,
        tenant: &Tenant,
        read: u64,
        nights_from: Option<Timestamp>,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let item = encode(&keys::tenant(&tenant.id), KIND, &TenantItem::from_domain(tenant))?;
        let values = Item::from([(":read".to_owned(), number(read))]);
        let mut writes = vec![self.put(item, Some("version = :read"), values)];
        if let Some(now) = nights_from {
            writes.push(self.write_night(&tenant.id, &tenant.settings.payouts.night(), now)?);
        }
        Ok(writes)
    }

    /// Notes how far the codes have followed; only while the tenant still has version `read`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace_rollout(
        &self,
        id: &TenantId,
        rollout: &Rollout,
        read: u64,
    ) -> Result<bool, StoreError> {
        let rollout = serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(rollout)
            .map_err(|error| StoreError::Corrupt { what: KIND, source: error.into() })?;
        let values =
            Item::from([(":read".to_owned(), number(read)), (":rollout".to_owned(), rollout)]);
        self.update_if(&keys::tenant(id), "SET rollout = :rollout", "version = :read", values).await
    }
}
