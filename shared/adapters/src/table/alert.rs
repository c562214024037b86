//! Alerts that stand by themselves, each told once: its key is its cause.
//!
//! Deliberately absent: alerts that stand in the outbox of another new record, which are as unique as that is.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::alert::{Alert, Outbox};
use domain::limit::ALERT_DAYS;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Item, StoreError, Table, encode, keys};

const KIND: &str = "alert";

#[derive(Serialize)]
struct AlertItem {
    outbox: Outbox,
    ttl: i64,
}

/// Only an insertion is relayed: an alert that stands there already is not told again, whatever is written over it.
fn item_of(alert: &Alert) -> Result<Item, StoreError> {
    let kept = SignedDuration::from_hours(24 * ALERT_DAYS);
    let ttl = alert.at.saturating_add(kept).unwrap_or(Timestamp::MAX).as_second();
    let item = AlertItem { outbox: alert.clone().into(), ttl };
    encode(&keys::alert(&alert.tenant, &alert.cause()), KIND, &item)
}

impl Table {
    /// Tells the operators, once per cause ([`Alert::cause`]); `false` when they were told before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_alert(&self, alert: &Alert) -> Result<bool, StoreError> {
        self.put_if(item_of(alert)?, "attribute_not_exists(PK)", Item::new()).await
    }

    /// The alert as a part of a transaction, which never fails for its sake: one that was told before stays told.
    pub(crate) fn write_alert(&self, alert: &Alert) -> Result<TransactWriteItem, StoreError> {
        Ok(self.put(item_of(alert)?, None, Item::new()))
    }
}
