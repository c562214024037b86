//! Restaurants of loyalty programmes: one item each, replaced by version, listed by name.

use domain::id::{RestaurantId, TenantId};
use domain::page::{Page, PageSize, Position};
use domain::restaurant::Restaurant;
use serde::{Deserialize, Serialize};

use super::list::{List, Order, each};
use super::{Answer, Claim, Item, StoreError, Table, encode, keys, number};

const KIND: &str = "restaurant";

#[derive(Serialize, Deserialize)]
struct RestaurantItem {
    restaurant: Restaurant,
    #[serde(rename = "GSI1PK")]
    gsi1_pk: String,
    #[serde(rename = "GSI1SK")]
    gsi1_sk: String,
}

impl RestaurantItem {
    fn from_domain(restaurant: &Restaurant) -> Self {
        Self {
            restaurant: restaurant.clone(),
            gsi1_pk: keys::restaurants_of_tenant(&restaurant.tenant),
            gsi1_sk: format!("{}#{}", restaurant.profile.name.to_lowercase(), restaurant.id),
        }
    }
}

impl Table {
    /// The tenant's restaurant.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn restaurant(
        &self,
        tenant: &TenantId,
        id: &RestaurantId,
    ) -> Result<Option<Restaurant>, StoreError> {
        let key = keys::restaurant(tenant, id);
        let item: Option<RestaurantItem> = self.read_as(&key, KIND).await?;
        Ok(item.map(|item| item.restaurant))
    }

    /// The tenant's restaurants by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn restaurants(
        &self,
        tenant: &TenantId,
        size: PageSize,
        from: Option<&Position>,
    ) -> Result<Page<Restaurant>, StoreError> {
        let pk = keys::restaurants_of_tenant(tenant);
        let list = List { what: KIND, pk, order: Order::Ascending, most: size.get(), from };
        each(self.page::<RestaurantItem>(list).await?, |item| Ok(item.restaurant))
    }

    /// Adds a restaurant with the answer to the request; `false` when the request has lost its claim.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_restaurant(
        &self,
        restaurant: &Restaurant,
        (claim, answer): (Claim, Answer),
    ) -> Result<bool, StoreError> {
        let key = keys::restaurant(&restaurant.tenant, &restaurant.id);
        let item = encode(&key, KIND, &RestaurantItem::from_domain(restaurant))?;
        let writes = vec![
            self.put(item, Some("attribute_not_exists(PK)"), Item::new()),
            self.write_answer(&claim, &answer)?,
        ];
        Ok(self.transact(writes).await?.is_ok())
    }

    /// Replaces the restaurant that was read at version `read`; `false` when somebody else was faster.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace_restaurant(
        &self,
        restaurant: &Restaurant,
        read: u64,
    ) -> Result<bool, StoreError> {
        let key = keys::restaurant(&restaurant.tenant, &restaurant.id);
        let item = encode(&key, KIND, &RestaurantItem::from_domain(restaurant))?;
        let values = Item::from([(":read".to_owned(), number(read))]);
        self.put_if(item, "#restaurant.#version = :read", values).await
    }
}
