//! Codes that were refused, with the reason (V14, V35): written beside the request, and listed with the redemptions of
//! the business. A redemption is its own record.

use domain::id::{BusinessId, ScanId, TenantId, VoucherId};
use domain::limit::ATTEMPT_DAYS;
use domain::redemption::{CodeForm, RedeemedBy};
use domain::tally::{VoucherEvent, VoucherFact};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::redemption::line;
use super::stream::of_image;
use super::{StoreError, Table, encode, keys};

const ATTEMPT_KIND: &str = "redemption_attempt";

/// A code that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Its id.
    pub id: ScanId,
    /// Whose business it was.
    pub tenant: TenantId,
    /// At which business.
    pub business: BusinessId,
    /// Of which voucher, where that could be told.
    pub voucher: Option<VoucherId>,
    /// How it was read, where that could be told.
    pub form: Option<CodeForm>,
    /// By whom.
    pub by: RedeemedBy,
    /// Why not: the code of the problem.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

#[derive(Serialize, Deserialize)]
pub(super) struct AttemptItem {
    pub attempt: Attempt,
    #[serde(rename = "GSI1PK")]
    gsi1_pk: String,
    #[serde(rename = "GSI1SK")]
    gsi1_sk: String,
    ttl: i64,
}

impl Table {
    /// Keeps a refusal.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn append_attempt(&self, attempt: &Attempt) -> Result<(), StoreError> {
        let Attempt { tenant, business, at, id, .. } = attempt;
        let shard = keys::shard_of(id.as_str(), keys::ATTEMPT_SHARDS);
        let day = at.strftime("%Y-%m-%d").to_string();
        let key = keys::attempt(tenant, &day, shard, line(*at, id.as_str()));
        let kept = SignedDuration::from_hours(24 * ATTEMPT_DAYS);
        let item = AttemptItem {
            attempt: attempt.clone(),
            gsi1_pk: keys::redemptions_of_business(tenant, business),
            gsi1_sk: line(*at, id.as_str()),
            ttl: at.saturating_add(kept).unwrap_or(Timestamp::MAX).as_second(),
        };
        let item = encode(&key, ATTEMPT_KIND, &item)?;
        self.put_if(item, "attribute_not_exists(PK)", super::Item::new()).await.map(drop)
    }
}

/// What the stream shows of a refusal; nothing where nobody knows of which voucher.
pub(super) fn event(image: serde_dynamo::Item) -> Result<Option<VoucherEvent>, StoreError> {
    let attempt = of_image::<AttemptItem>(image, ATTEMPT_KIND)?.map(|item| item.attempt);
    Ok(attempt.and_then(|attempt| {
        Some(VoucherEvent {
            id: format!("refused#{}", attempt.id),
            tenant: attempt.tenant,
            voucher: attempt.voucher?,
            at: attempt.at,
            fact: VoucherFact::Refused { reason: attempt.reason },
        })
    }))
}
