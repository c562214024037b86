//! Rewards: one item each. How many were given is an attribute of its own, which the write that gives one counts up on
//! the condition that one is left; a change of the terms leaves it alone.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::id::{ProgrammeId, RewardId, TenantId};
use domain::page::{Page, PageSize, Position};
use domain::reward::Reward;
use serde::{Deserialize, Serialize};

use super::list::{List, Order, each};
use super::{Answer, Claim, Item, StoreError, Table, encode, keys, number};

const KIND: &str = "reward";

#[derive(Serialize, Deserialize)]
struct RewardItem {
    reward: Reward,
    /// How many there are in all, where the condition of a gift looks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stock: Option<u32>,
    given: u32,
    #[serde(rename = "GSI1PK")]
    gsi1_pk: String,
    #[serde(rename = "GSI1SK")]
    gsi1_sk: String,
}

impl RewardItem {
    fn from_domain(reward: &Reward) -> Self {
        Self {
            reward: Reward { given: 0, ..reward.clone() },
            stock: reward.terms.stock,
            given: reward.given,
            gsi1_pk: keys::rewards_of_programme(&reward.tenant, &reward.programme),
            gsi1_sk: format!("{:010}#{}", reward.terms.price, reward.id),
        }
    }

    fn into_domain(self) -> Reward {
        Reward { given: self.given, ..self.reward }
    }
}

impl Table {
    /// The tenant's reward.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reward(
        &self,
        tenant: &TenantId,
        id: &RewardId,
    ) -> Result<Option<Reward>, StoreError> {
        let item: Option<RewardItem> = self.read_as(&keys::reward(tenant, id), KIND).await?;
        Ok(item.map(RewardItem::into_domain))
    }

    /// The rewards of a programme by price.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rewards(
        &self,
        (tenant, programme): (&TenantId, &ProgrammeId),
        size: PageSize,
        from: Option<&Position>,
    ) -> Result<Page<Reward>, StoreError> {
        let pk = keys::rewards_of_programme(tenant, programme);
        let list = List { what: KIND, pk, order: Order::Ascending, most: size.get(), from };
        each(self.page::<RewardItem>(list).await?, |item| Ok(item.into_domain()))
    }

    /// Adds a reward with the answer to the request; `false` when the request has lost its claim.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_reward(
        &self,
        reward: &Reward,
        (claim, answer): (Claim, Answer),
    ) -> Result<bool, StoreError> {
        let key = keys::reward(&reward.tenant, &reward.id);
        let item = encode(&key, KIND, &RewardItem::from_domain(reward))?;
        let writes = vec![
            self.put(item, Some("attribute_not_exists(PK)"), Item::new()),
            self.write_answer(&claim, &answer)?,
        ];
        Ok(self.transact(writes).await?.is_ok())
    }

    /// Replaces the terms of the reward that was read at version `read`; `false` when somebody else was faster. What
    /// was given meanwhile stays counted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace_reward(&self, reward: &Reward, read: u64) -> Result<bool, StoreError> {
        let key = keys::reward(&reward.tenant, &reward.id);
        let mut item = encode(&key, KIND, &RewardItem::from_domain(reward))?;
        let mut values = Item::from([(":read".to_owned(), number(read))]);
        let mut set = String::from("SET #reward = :reward, GSI1SK = :place");
        for (name, value) in [(":reward", "reward"), (":place", "GSI1SK")] {
            values.extend(item.remove(value).map(|found| (name.to_owned(), found)));
        }
        match item.remove("stock") {
            Some(stock) => {
                set.push_str(", stock = :stock");
                values.insert(":stock".to_owned(), stock);
            }
            None => set.push_str(" REMOVE stock"),
        }
        self.update_if(&key, &set, "#reward.#version = :read", values).await
    }

    /// Counts one more as given, on the condition that one is left.
    pub(super) fn write_reward(&self, tenant: &TenantId, id: &RewardId) -> TransactWriteItem {
        let values = Item::from([(":one".to_owned(), number(1))]);
        let left = "attribute_exists(PK) AND (attribute_not_exists(stock) OR given < stock)";
        self.update(&keys::reward(tenant, id), "ADD given :one", left, values)
    }
}
