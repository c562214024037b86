//! Taking out what is known of patrons: of the events as they came, of the notice that stands with a charge, and how
//! far back that has been done of each tenant's tips. The money that stands beside it is not touched.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::id::TenantId;
use domain::ledger::Reference;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Item, StoreError, Table, encode, keys, text};

const WEBHOOK_KIND: &str = "webhook";
const KIND: &str = "retention";

/// An event as it lies in the table, as far as it is wanted here.
#[derive(Deserialize)]
struct RawItem {
    #[serde(rename = "SK")]
    sk: String,
    raw: String,
}

#[derive(Serialize, Deserialize)]
struct RetentionItem {
    /// Tips that were made before say nothing of their patrons.
    until: Timestamp,
}

impl Table {
    /// Rewrites the events of a reference; says how many of them have changed. What is written stands under the same
    /// key, so that the same event is still known when it comes again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rewrite_webhooks(
        &self,
        tenant: &TenantId,
        reference: &str,
        rewrite: impl Fn(&str) -> String,
    ) -> Result<usize, StoreError> {
        let pk = keys::webhooks_pk(tenant, reference);
        let events: Vec<RawItem> = self.all_of(&pk, "", WEBHOOK_KIND).await?;
        let mut changed = 0;
        for event in events {
            let raw = rewrite(&event.raw);
            if raw == event.raw {
                continue;
            }
            let key = keys::Key { pk: pk.clone(), sk: event.sk };
            let values = Item::from([
                (":raw".to_owned(), text(raw)),
                (":read".to_owned(), AttributeValue::S(event.raw)),
            ]);
            changed +=
                usize::from(self.update_if(&key, "SET #raw = :raw", "#raw = :read", values).await?);
        }
        Ok(changed)
    }

    /// Takes what the patron called itself out of the notice that stands with a transaction, where it is there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erase_alias(
        &self,
        tenant: &TenantId,
        reference: &Reference,
    ) -> Result<bool, StoreError> {
        let key = keys::posting(tenant, reference);
        let alias = "#outbox.#news.#alias";
        let (remove, there) = (format!("REMOVE {alias}"), format!("attribute_exists({alias})"));
        self.update_if(&key, &remove, &there, Item::new()).await
    }

    /// Before which instant the tenant's tips say nothing of their patrons any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn cleared_until(&self, tenant: &TenantId) -> Result<Option<Timestamp>, StoreError> {
        let item: Option<RetentionItem> = self.read_as(&keys::retention(tenant), KIND).await?;
        Ok(item.map(|item| item.until))
    }

    /// Notes that the tenant's tips before this instant say nothing of their patrons. Whoever notes less loses nothing:
    /// what was cleared is looked at again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_cleared(
        &self,
        tenant: &TenantId,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let item = encode(&keys::retention(tenant), KIND, &RetentionItem { until })?;
        let write = self.put(item, None, Item::new());
        self.transact(vec![write]).await.map(drop)
    }
}
