//! Events of Paystack as they arrived, to the byte, for whoever has to find out later what was said. Nothing is decided
//! by them: a truth about money is asked for.

use domain::id::TenantId;
use domain::limit::WEBHOOK_DAYS;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Item, StoreError, Table, encode, keys};

const KIND: &str = "webhook";

/// An event that has arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredWebhook {
    /// Its kind, for example `charge.success`.
    pub event: String,
    /// The body, to the byte.
    pub raw: String,
    /// When it arrived first.
    pub received_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct WebhookItem {
    event: String,
    raw: String,
    at: Timestamp,
    ttl: i64,
}

impl Table {
    /// Keeps an event of a reference; `false` when the same was kept before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_webhook(
        &self,
        tenant: &TenantId,
        reference: &str,
        event: &str,
        raw: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let ttl = at.saturating_add(SignedDuration::from_hours(24 * WEBHOOK_DAYS));
        let item = WebhookItem {
            event: event.to_owned(),
            raw: raw.to_owned(),
            at,
            ttl: ttl.unwrap_or(Timestamp::MAX).as_second(),
        };
        let item = encode(&keys::webhook(tenant, reference, event, raw), KIND, &item)?;
        self.put_if(item, "attribute_not_exists(PK)", Item::new()).await
    }

    /// The events of a reference, by kind.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn webhooks(
        &self,
        tenant: &TenantId,
        reference: &str,
    ) -> Result<Vec<StoredWebhook>, StoreError> {
        let pk = keys::webhooks_pk(tenant, reference);
        let items: Vec<WebhookItem> = self.all_of(&pk, "", KIND).await?;
        let event = |item: WebhookItem| StoredWebhook {
            event: item.event,
            raw: item.raw,
            received_at: item.at,
        };
        Ok(items.into_iter().map(event).collect())
    }
}
