//! Businesses: one item each, replaced by version, listed by name.

use domain::business::Business;
use domain::id::{BusinessId, TenantId};
use domain::page::{Page, PageSize, Position};
use serde::{Deserialize, Serialize};

use super::list::{List, Order, each};
use super::{Answer, Claim, Item, StoreError, Table, encode, keys, number};

const KIND: &str = "business";

#[derive(Serialize, Deserialize)]
struct BusinessItem {
    business: Business,
    #[serde(rename = "GSI1PK")]
    gsi1_pk: String,
    #[serde(rename = "GSI1SK")]
    gsi1_sk: String,
}

impl BusinessItem {
    fn from_domain(business: &Business) -> Self {
        Self {
            business: business.clone(),
            gsi1_pk: keys::businesses_of_tenant(&business.tenant),
            gsi1_sk: format!("{}#{}", business.profile.name.to_lowercase(), business.id),
        }
    }
}

impl Table {
    /// The tenant's business.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn business(
        &self,
        tenant: &TenantId,
        id: &BusinessId,
    ) -> Result<Option<Business>, StoreError> {
        let item: Option<BusinessItem> = self.read_as(&keys::business(tenant, id), KIND).await?;
        Ok(item.map(|item| item.business))
    }

    /// The tenant's businesses by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn businesses(
        &self,
        tenant: &TenantId,
        size: PageSize,
        from: Option<&Position>,
    ) -> Result<Page<Business>, StoreError> {
        let pk = keys::businesses_of_tenant(tenant);
        let list = List { what: KIND, pk, order: Order::Ascending, most: size.get(), from };
        each(self.page::<BusinessItem>(list).await?, |item| Ok(item.business))
    }

    /// Adds a business with the answer to the request; `false` when the request has lost its claim.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_business(
        &self,
        business: &Business,
        (claim, answer): (Claim, Answer),
    ) -> Result<bool, StoreError> {
        let key = keys::business(&business.tenant, &business.id);
        let item = encode(&key, KIND, &BusinessItem::from_domain(business))?;
        let writes = vec![
            self.put(item, Some("attribute_not_exists(PK)"), Item::new()),
            self.write_answer(&claim, &answer)?,
        ];
        Ok(self.transact(writes).await?.is_ok())
    }

    /// Replaces the business that was read at version `read`; `false` when somebody else was faster.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace_business(
        &self,
        business: &Business,
        read: u64,
    ) -> Result<bool, StoreError> {
        let key = keys::business(&business.tenant, &business.id);
        let item = encode(&key, KIND, &BusinessItem::from_domain(business))?;
        let values = Item::from([(":read".to_owned(), number(read))]);
        let write = self.put(item, Some("#business.#version = :read"), values);
        Ok(self.transact(vec![write]).await?.is_ok())
    }
}
