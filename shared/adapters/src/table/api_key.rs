//! API keys: one item beside the tenant for lists, one under the secret's fingerprint for the door. Both are
//! written and deleted together.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::access::{ApiKey, Binding, Scope};
use domain::id::{KeyId, TenantId};
use domain::page::{Page, PageSize, Position};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Answer, Claim, Item, StoreError, Table, broken, decode, encode, keys, text};

const KIND: &str = "api_key";

#[derive(Serialize, Deserialize)]
struct ApiKeyItem {
    id: KeyId,
    tenant: TenantId,
    name: String,
    scopes: Vec<Scope>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bound_to: Option<Binding>,
    created_at: Timestamp,
    /// SHA-256 of the secret: the other item's key.
    fingerprint: String,
}

impl ApiKeyItem {
    fn from_domain(key: &ApiKey, fingerprint: &str) -> Self {
        Self {
            id: key.id.clone(),
            tenant: key.tenant.clone(),
            name: key.name.clone(),
            scopes: key.scopes.clone(),
            bound_to: key.bound_to.clone(),
            created_at: key.created_at,
            fingerprint: fingerprint.to_owned(),
        }
    }

    fn into_domain(self) -> ApiKey {
        ApiKey {
            id: self.id,
            tenant: self.tenant,
            name: self.name,
            scopes: self.scopes,
            bound_to: self.bound_to,
            created_at: self.created_at,
        }
    }
}

impl Table {
    /// Adds a key under the fingerprint of its secret; `false` when the id or the secret is there already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_api_key(
        &self,
        key: &ApiKey,
        fingerprint: &str,
    ) -> Result<bool, StoreError> {
        let writes = self.write_api_key(key, fingerprint)?;
        Ok(self.transact(writes).await?.is_ok())
    }

    /// Adds a key together with the answer to the request that asked for it; `false` when the request lost its
    /// claim, and then nothing is written.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn commit_api_key(
        &self,
        key: &ApiKey,
        fingerprint: &str,
        (claim, answer): (Claim, Answer),
    ) -> Result<bool, StoreError> {
        let mut writes = self.write_api_key(key, fingerprint)?;
        writes.push(self.write_answer(&claim, &answer)?);
        Ok(self.transact(writes).await?.is_ok())
    }

    fn write_api_key(
        &self,
        key: &ApiKey,
        fingerprint: &str,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let value = ApiKeyItem::from_domain(key, fingerprint);
        let absent = Some("attribute_not_exists(PK)");
        let listed = encode(&keys::api_key(&key.tenant, &key.id), KIND, &value)?;
        let found = encode(&keys::api_key_secret(fingerprint), KIND, &value)?;
        Ok(vec![self.put(listed, absent, Item::new()), self.put(found, absent, Item::new())])
    }

    /// The key whose secret has this fingerprint.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn api_key_by_fingerprint(
        &self,
        fingerprint: &str,
    ) -> Result<Option<ApiKey>, StoreError> {
        let item: Option<ApiKeyItem> =
            self.read_as(&keys::api_key_secret(fingerprint), KIND).await?;
        Ok(item.map(ApiKeyItem::into_domain))
    }

    /// The tenant's keys, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn api_keys_of_tenant(
        &self,
        tenant: &TenantId,
        size: PageSize,
        from: Option<&Position>,
    ) -> Result<Page<ApiKey>, StoreError> {
        let pk = keys::tenant(tenant).pk;
        let start = from.map(|position| keys::Key { pk: pk.clone(), sk: position.0.clone() });
        let output = self
            .client
            .query()
            .table_name(&*self.name)
            .key_condition_expression("PK = :pk AND begins_with(SK, :prefix)")
            .expression_attribute_values(":pk", text(pk))
            .expression_attribute_values(":prefix", text(keys::API_KEY_PREFIX))
            .set_exclusive_start_key(start.map(|key| key.attributes()))
            .limit(i32::try_from(size.get()).unwrap_or(i32::MAX))
            .consistent_read(true)
            .send()
            .await
            .map_err(broken)?;
        let next = output.last_evaluated_key.and_then(|mut key| match key.remove(keys::SK) {
            Some(AttributeValue::S(sk)) => Some(Position(sk)),
            _ => None,
        });
        let keys = output.items.unwrap_or_default().into_iter();
        let entries = keys
            .map(|item| decode::<ApiKeyItem>(item, KIND).map(ApiKeyItem::into_domain))
            .collect::<Result<_, _>>()?;
        Ok(Page { entries, next })
    }

    /// Deletes the tenant's key; `false` when it has none of this id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_api_key(&self, tenant: &TenantId, id: &KeyId) -> Result<bool, StoreError> {
        let listed = keys::api_key(tenant, id);
        let Some(item) = self.read_as::<ApiKeyItem>(&listed, KIND).await? else {
            return Ok(false);
        };
        let there = "attribute_exists(PK)";
        let found = keys::api_key_secret(&item.fingerprint);
        let writes =
            vec![self.delete(&listed, there, Item::new()), self.delete(&found, there, Item::new())];
        Ok(self.transact(writes).await?.is_ok())
    }
}
