//! Payouts: one item each, replaced by version; found by tenant, by guard, and by when somebody has to look at them.

use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, TransactWriteItem};
use domain::id::{GuardId, PayoutId, TenantId};
use domain::money::{Currency, Money};
use domain::page::{Page, PageSize, Position};
use domain::payout::{Payout, PayoutState, Trouble};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::list::{List, Order, each};
use super::single::Found;
use super::{Item, StoreError, Table, broken, decode, encode, keys, number, text};

pub(super) const KIND: &str = "payout";
/// Pages of a guard's payouts that are read to find what covers an entry: years of nights.
const COVERING_PAGES_MAX: usize = 20;

/// A payout and the version that a change must name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPayout {
    /// The payout.
    pub payout: Payout,
    /// Counts the changes.
    pub version: u64,
}

/// A payout that somebody has to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuePayout {
    /// Since when.
    pub at: Timestamp,
    /// Whose payout.
    pub tenant: TenantId,
    /// Which one.
    pub payout: PayoutId,
}

/// Amounts are minor units; the id stands in the key.
#[derive(Serialize, Deserialize)]
pub(super) struct PayoutItem {
    #[serde(rename = "PK", default)]
    pk: String,
    #[serde(rename = "v")]
    version: u64,
    tenant: TenantId,
    guard: GuardId,
    run: Date,
    #[serde(rename = "cur")]
    currency: Currency,
    amount: i64,
    recipient: String,
    state: PayoutState,
    attempt: u32,
    failures: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trouble: Option<Trouble>,
    from_seq: u64,
    to_seq: u64,
    part: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    back_seq: Option<u64>,
    since: Timestamp,
    at: Timestamp,
    changed_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_at: Option<Timestamp>,
    #[serde(rename = "GSI1PK")]
    gsi1_pk: String,
    #[serde(rename = "GSI1SK")]
    gsi1_sk: String,
    #[serde(rename = "GSI2PK")]
    gsi2_pk: String,
    #[serde(rename = "GSI2SK")]
    gsi2_sk: String,
    #[serde(rename = "GSI3PK", default, skip_serializing_if = "Option::is_none")]
    gsi3_pk: Option<String>,
    #[serde(rename = "GSI3SK", default, skip_serializing_if = "Option::is_none")]
    gsi3_sk: Option<String>,
}

impl PayoutItem {
    fn from_domain(payout: &Payout, version: u64) -> Self {
        let place = format!("{}#{}", keys::instant(payout.created_at), payout.id);
        let shard = keys::shard_of(payout.id.as_str(), keys::DUE_SHARDS);
        let due = payout.due_at.map(keys::instant);
        Self {
            pk: keys::payout(&payout.id).pk,
            version,
            tenant: payout.tenant.clone(),
            guard: payout.guard.clone(),
            run: payout.run,
            currency: payout.amount.currency,
            amount: payout.amount.minor,
            recipient: payout.recipient.clone(),
            state: payout.state,
            attempt: payout.attempt,
            failures: payout.failures,
            trouble: payout.trouble,
            from_seq: payout.from_seq,
            to_seq: payout.to_seq,
            part: payout.part,
            back_seq: payout.back_seq,
            since: payout.since,
            at: payout.created_at,
            changed_at: payout.changed_at,
            due_at: payout.due_at,
            gsi1_pk: keys::payouts_of_tenant(&payout.tenant),
            gsi1_sk: place.clone(),
            gsi2_pk: keys::payouts_of_guard(&payout.tenant, &payout.guard),
            gsi2_sk: place,
            gsi3_pk: due.as_ref().map(|_| keys::due_payouts(shard)),
            gsi3_sk: due.map(|due| format!("{due}#{}#{}", payout.tenant, payout.id)),
        }
    }

    pub(super) fn into_domain(self) -> Result<StoredPayout, StoreError> {
        let payout = Payout {
            id: payout_of(&self.pk)?,
            tenant: self.tenant,
            guard: self.guard,
            run: self.run,
            amount: Money { minor: self.amount, currency: self.currency },
            recipient: self.recipient,
            state: self.state,
            attempt: self.attempt,
            failures: self.failures,
            trouble: self.trouble,
            from_seq: self.from_seq,
            to_seq: self.to_seq,
            part: self.part,
            back_seq: self.back_seq,
            since: self.since,
            created_at: self.at,
            changed_at: self.changed_at,
            due_at: self.due_at,
        };
        Ok(StoredPayout { payout, version: self.version })
    }
}

fn payout_of(pk: &str) -> Result<PayoutId, StoreError> {
    PayoutId::parse(pk.strip_prefix(keys::PAYOUT_PREFIX).unwrap_or_default())
        .map_err(|error| corrupt(error.into()))
}

fn corrupt(source: super::BoxError) -> StoreError {
    StoreError::Corrupt { what: KIND, source }
}

impl Table {
    /// Adds a payout; `false` when it is there already, whatever has become of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_payout(&self, payout: &Payout) -> Result<bool, StoreError> {
        let item = encode(&keys::payout(&payout.id), KIND, &PayoutItem::from_domain(payout, 1))?;
        self.put_if(item, "attribute_not_exists(PK)", Item::new()).await
    }

    /// Replaces the payout that was read at version `read`; `false` when somebody else was faster. A write that finds
    /// exactly what it wanted to write has been there before: its first answer was lost.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace_payout(&self, payout: &Payout, read: u64) -> Result<bool, StoreError> {
        let version = read.saturating_add(1);
        let item =
            encode(&keys::payout(&payout.id), KIND, &PayoutItem::from_domain(payout, version))?;
        let values = Item::from([(":read".to_owned(), number(read))]);
        Ok(match self.put_or_found(item.clone(), "v = :read", values).await? {
            Found::Nothing => true,
            Found::Item(stood) => stood == item,
        })
    }

    /// The write of a payout that was read at version `read`, for a transaction.
    pub(crate) fn write_payout(
        &self,
        payout: &Payout,
        read: u64,
    ) -> Result<TransactWriteItem, StoreError> {
        let item = PayoutItem::from_domain(payout, read.saturating_add(1));
        let item = encode(&keys::payout(&payout.id), KIND, &item)?;
        let values = Item::from([(":read".to_owned(), number(read))]);
        Ok(self.put(item, Some("v = :read"), values))
    }

    /// The payout.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn payout(&self, id: &PayoutId) -> Result<Option<StoredPayout>, StoreError> {
        let item: Option<PayoutItem> = self.read_as(&keys::payout(id), KIND).await?;
        item.map(PayoutItem::into_domain).transpose()
    }

    /// Up to a hundred payouts as they were last written, in no order; what is not there is left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn payouts_by_id(&self, ids: &[PayoutId]) -> Result<Vec<StoredPayout>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let keys = ids.iter().map(|id| keys::payout(id).attributes()).collect();
        let items = self.read_batch(keys).await?.into_iter();
        items.map(|item| decode::<PayoutItem>(item, KIND)?.into_domain()).collect()
    }

    /// The tenant's payouts, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn payouts_of_tenant(
        &self,
        tenant: &TenantId,
        size: PageSize,
        from: Option<&Position>,
    ) -> Result<Page<Payout>, StoreError> {
        let pk = keys::payouts_of_tenant(tenant);
        let list = List { what: KIND, pk, order: Order::Descending, most: size.get(), from };
        each(self.page::<PayoutItem>(list).await?, |item| Ok(item.into_domain()?.payout))
    }

    /// The payouts of the tenant's guard, newest first: those before `before`, at most a page.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn payouts_of_guard(
        &self,
        tenant: &TenantId,
        guard: &GuardId,
        size: PageSize,
        before: Option<&Payout>,
    ) -> Result<Vec<Payout>, StoreError> {
        let end = before.map_or_else(
            || "~".to_owned(),
            |payout| format!("{}#{}", keys::instant(payout.created_at), payout.id),
        );
        let output = self
            .client
            .query()
            .table_name(&*self.name)
            .index_name(keys::GSI2)
            .key_condition_expression("GSI2PK = :pk AND GSI2SK < :end")
            .expression_attribute_values(":pk", text(keys::payouts_of_guard(tenant, guard)))
            .expression_attribute_values(":end", text(end))
            .scan_index_forward(false)
            .limit(i32::try_from(size.get()).unwrap_or(i32::MAX))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(broken)?;
        let id = |item: Item| {
            let pk = item.get(keys::PK).and_then(|value| value.as_s().ok());
            payout_of(pk.map_or("", String::as_str))
        };
        let ids: Vec<PayoutId> =
            output.items.unwrap_or_default().into_iter().map(id).collect::<Result<_, _>>()?;
        let found = self.payouts_by_id(&ids).await?;
        let mut payouts: Vec<Payout> = found.into_iter().map(|stored| stored.payout).collect();
        payouts.sort_by_key(|payout| std::cmp::Reverse(payout.created_at));
        Ok(payouts)
    }

    /// The guard's payouts, newest first, as far back as they can cover an entry at this place or behind it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn payouts_covering(
        &self,
        tenant: &TenantId,
        guard: &GuardId,
        seq: u64,
    ) -> Result<Vec<Payout>, StoreError> {
        let mut payouts: Vec<Payout> = Vec::new();
        for _ in 0..COVERING_PAGES_MAX {
            let before = payouts.last();
            let page = self.payouts_of_guard(tenant, guard, PageSize::largest(), before).await?;
            let reached = |p: &Payout| p.state == PayoutState::Confirmed && p.from_seq <= seq;
            let is_last = page.is_empty() || page.iter().any(reached);
            payouts.extend(page);
            if is_last {
                break;
            }
        }
        Ok(payouts)
    }

    /// Up to `most` payouts of a shard that somebody has to look at by `now`, the longest due first; `None` stands for
    /// one whose entry cannot be read. There are [`keys::DUE_SHARDS`] shards.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due_payouts(
        &self,
        now: Timestamp,
        shard: u8,
        most: u32,
    ) -> Result<Vec<Option<DuePayout>>, StoreError> {
        let items = self.due(keys::due_payouts(shard), now, most).await?;
        Ok(items.iter().map(due).collect())
    }
}

fn due(item: &Item) -> Option<DuePayout> {
    let place = item.get(keys::GSI3_SK)?.as_s().ok()?;
    let mut parts = place.split('#');
    Some(DuePayout {
        at: keys::instant_of(parts.next()?)?,
        tenant: TenantId::parse(parts.next()?).ok()?,
        payout: PayoutId::parse(parts.next()?).ok()?,
    })
}
