//! How a guard is told of tips: a choice per channel, and the browsers that take push messages.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::access::hex;
use domain::guard::{Channel, NotificationPreference};
use domain::id::{GuardId, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::target::attribute;
use super::{Item, StoreError, Table, encode, keys, number, text};

const KIND: &str = "preference";
const PUSH_KIND: &str = "push_subscriptions";
/// The most browsers of one guard.
pub const PUSH_SUBSCRIPTIONS_MAX: u32 = 5;
/// What the attribute of a browser begins with; its endpoint's hash follows.
const PUSH_PREFIX: &str = "s_";

#[derive(Serialize, Deserialize)]
struct PreferenceItem {
    channel: Channel,
    opted_in: bool,
    updated_at: Timestamp,
    /// The same instant in milliseconds, so that it can be compared.
    updated_ms: i64,
}

/// A browser that takes push messages (RFC 8030, RFC 8291).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushSubscription {
    /// Where messages are sent; whoever knows it can send.
    pub endpoint: String,
    /// The browser's public key, in base64url.
    pub p256dh: String,
    /// The browser's secret, in base64url.
    pub auth: String,
}

impl std::fmt::Debug for PushSubscription {
    /// All of it is secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PushSubscription(…)")
    }
}

impl Table {
    /// What the guard has chosen, channel by channel.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn preferences(
        &self,
        tenant: &TenantId,
        guard: &GuardId,
    ) -> Result<Vec<NotificationPreference>, StoreError> {
        let pk = keys::guard(tenant, guard).pk;
        let items: Vec<PreferenceItem> = self.all_of(&pk, keys::PREFERENCE_PREFIX, KIND).await?;
        let choice = |item: PreferenceItem| NotificationPreference {
            channel: item.channel,
            opted_in: item.opted_in,
            updated_at: item.updated_at,
        };
        Ok(items.into_iter().map(choice).collect())
    }

    /// Notes a choice; `false` when a later one is there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace_preference(
        &self,
        tenant: &TenantId,
        guard: &GuardId,
        choice: &NotificationPreference,
    ) -> Result<bool, StoreError> {
        let at = choice.updated_at.as_millisecond();
        let item = PreferenceItem {
            channel: choice.channel,
            opted_in: choice.opted_in,
            updated_at: choice.updated_at,
            updated_ms: at,
        };
        let item = encode(&keys::preference(tenant, guard, choice.channel), KIND, &item)?;
        let values = Item::from([(":at".to_owned(), number(at))]);
        self.put_if(item, "attribute_not_exists(PK) OR updated_ms <= :at", values).await
    }

    /// The browsers of the guard.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn push_subscriptions(
        &self,
        tenant: &TenantId,
        guard: &GuardId,
    ) -> Result<Vec<PushSubscription>, StoreError> {
        let item = self.read(&keys::push_subscriptions(tenant, guard)).await?.unwrap_or_default();
        let found = item.into_iter().filter(|(name, _)| name.starts_with(PUSH_PREFIX));
        let mut found: Vec<(String, AttributeValue)> = found.collect();
        found.sort_by(|(left, _), (right, _)| left.cmp(right));
        let read = |(_, value): (String, AttributeValue)| {
            serde_dynamo::aws_sdk_dynamodb_1::from_attribute_value(value)
                .map_err(|error| StoreError::Corrupt { what: PUSH_KIND, source: error.into() })
        };
        found.into_iter().map(read).collect()
    }

    /// Adds a browser, or its new keys; `false` when the guard has [`PUSH_SUBSCRIPTIONS_MAX`] others.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_push_subscription(
        &self,
        tenant: &TenantId,
        guard: &GuardId,
        subscription: &PushSubscription,
    ) -> Result<bool, StoreError> {
        let key = keys::push_subscriptions(tenant, guard);
        let name = name_of(&subscription.endpoint);
        let value = (":subscription".to_owned(), attribute(subscription)?);
        let values = Item::from([
            value.clone(),
            (":kind".to_owned(), text(PUSH_KIND)),
            (":one".to_owned(), number(1)),
            (":most".to_owned(), number(PUSH_SUBSCRIPTIONS_MAX)),
        ]);
        let add = format!("SET #{name} = :subscription, #kind = :kind ADD #count :one");
        let room = format!(
            "attribute_not_exists(#{name}) AND (attribute_not_exists(#count) OR #count < :most)"
        );
        if self.update_if(&key, &add, &room, values).await? {
            return Ok(true);
        }
        let set = format!("SET #{name} = :subscription");
        let there = format!("attribute_exists(#{name})");
        self.update_if(&key, &set, &there, Item::from([value])).await
    }

    /// Forgets a browser; `false` when the guard has none of this endpoint.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_push_subscription(
        &self,
        tenant: &TenantId,
        guard: &GuardId,
        endpoint: &str,
    ) -> Result<bool, StoreError> {
        let name = name_of(endpoint);
        let values = Item::from([(":less".to_owned(), number(-1))]);
        let remove = format!("REMOVE #{name} ADD #count :less");
        let there = format!("attribute_exists(#{name})");
        self.update_if(&keys::push_subscriptions(tenant, guard), &remove, &there, values).await
    }
}

/// The attribute of an endpoint.
fn name_of(endpoint: &str) -> String {
    format!("{PUSH_PREFIX}{}", hex(&Sha256::digest(endpoint.as_bytes())))
}
