//! Deliveries of notices: claimed before a message is sent, so that at most one goes out per notice and channel, and
//! settled after it. A claim that was never settled stands for a message of which nobody knows.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::alert::Outbox;
use domain::guard::Channel;
use domain::limit::DELIVERY_DAYS;
use domain::notice::Notice;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::target::attribute;
use super::{Answer, Claim, Item, StoreError, Table, encode, keys};

const KIND: &str = "delivery";
const NOTICE_KIND: &str = "notice";

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivered {
    /// It was taken.
    Sent,
    /// The answer was lost: it may have been taken, and is not sent again.
    Unknown,
    /// It will never be taken: the address does not work.
    Impossible,
}

/// The delivery of a notice on a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredDelivery {
    /// When it was claimed.
    pub claimed_at: Timestamp,
    /// What became of it; nothing while it is under way, or where the sender died.
    pub outcome: Option<Delivered>,
}

#[derive(Serialize, Deserialize)]
struct DeliveryItem {
    claimed_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outcome: Option<Delivered>,
    ttl: i64,
}

#[derive(Serialize)]
struct NoticeItem {
    outbox: Outbox,
    ttl: i64,
}

/// What stands in the outbox of a stream record's new image, if anything does. Only an insertion is news: an item may
/// change later and still have it.
///
/// # Errors
/// [`StoreError::Corrupt`].
pub fn outbox_in_image(image: serde_dynamo::Item) -> Result<Option<Outbox>, StoreError> {
    #[derive(Deserialize)]
    struct OutboxItem {
        #[serde(default)]
        outbox: Option<Outbox>,
    }
    serde_dynamo::from_item::<_, OutboxItem>(image)
        .map(|item| item.outbox)
        .map_err(|error| StoreError::Corrupt { what: NOTICE_KIND, source: error.into() })
}

fn forgotten(now: Timestamp) -> i64 {
    let kept = SignedDuration::from_hours(24 * DELIVERY_DAYS);
    now.saturating_add(kept).unwrap_or(Timestamp::MAX).as_second()
}

impl Table {
    /// Claims the message of a notice ([`Notice::subject`]) on a channel; `false` when it was claimed before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_delivery(
        &self,
        subject: &str,
        channel: Channel,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let item = DeliveryItem { claimed_at: now, outcome: None, ttl: forgotten(now) };
        let item = encode(&keys::delivery(subject, channel), KIND, &item)?;
        // A transaction of one: repeated by the SDK after a lost answer, it is still the same claim.
        let claim = self.put(item, Some("attribute_not_exists(PK)"), Item::new());
        Ok(self.transact(vec![claim]).await?.is_ok())
    }

    /// Notes what became of a claimed message; `false` when that was noted before or nobody has claimed it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn settle_delivery(
        &self,
        subject: &str,
        channel: Channel,
        outcome: Delivered,
    ) -> Result<bool, StoreError> {
        let values = Item::from([(":outcome".to_owned(), attribute(&outcome)?)]);
        self.update_if(
            &keys::delivery(subject, channel),
            "SET #outcome = :outcome",
            "attribute_exists(PK) AND (attribute_not_exists(#outcome) OR #outcome = :outcome)",
            values,
        )
        .await
    }

    /// Gives a claim back: the message was refused for sure, so it may be sent again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn release_delivery(
        &self,
        subject: &str,
        channel: Channel,
    ) -> Result<(), StoreError> {
        let key = keys::delivery(subject, channel);
        let write = self.delete(&key, "attribute_not_exists(#outcome)", Item::new());
        self.transact(vec![write]).await.map(drop)
    }

    /// The delivery of a notice on a channel, once it was claimed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delivery(
        &self,
        subject: &str,
        channel: Channel,
    ) -> Result<Option<StoredDelivery>, StoreError> {
        let item: Option<DeliveryItem> =
            self.read_as(&keys::delivery(subject, channel), KIND).await?;
        Ok(item.map(|item| StoredDelivery { claimed_at: item.claimed_at, outcome: item.outcome }))
    }

    /// Puts a notice that belongs to no other write into the outbox, together with the answer to the request that
    /// wants it; `false` when the request has lost its claim, and then nothing is written.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn commit_notice(
        &self,
        notice: &Notice,
        (claim, answer): (Claim, Answer),
    ) -> Result<bool, StoreError> {
        let writes = vec![self.write_notice(notice)?, self.write_answer(&claim, &answer)?];
        Ok(self.transact(writes).await?.is_ok())
    }

    /// The notice as a part of the transaction of what it tells.
    pub(super) fn write_notice(&self, notice: &Notice) -> Result<TransactWriteItem, StoreError> {
        let item = NoticeItem { outbox: notice.clone().into(), ttl: forgotten(notice.at) };
        let item = encode(&keys::notice(&notice.subject()), NOTICE_KIND, &item)?;
        Ok(self.put(item, Some("attribute_not_exists(PK)"), Item::new()))
    }
}
