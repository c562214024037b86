//! Vouchers and the codes that are typed in for them, each code one voucher's.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::audit::AuditChange;
use domain::id::{BatchId, TenantId, VoucherId};
use domain::page::{Page, PageSize, Position};
use domain::redemption::CodeForm;
use domain::voucher::{Voucher, VoucherRefused, VoucherStatus, share};
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::list::{List, Order, each};
use super::quota::{QuotaItem, QuotaName};
use super::{Answer, Claim, Item, StoreError, Table, decode, encode, keys, number};

const KIND: &str = "voucher";
const CODE_KIND: &str = "voucher_code";
/// Most items that one request reads.
const BATCH_MOST: usize = 100;

#[derive(Serialize, Deserialize)]
struct VoucherItem {
    voucher: Voucher,
    #[serde(rename = "GSI1PK")]
    gsi1_pk: String,
    #[serde(rename = "GSI1SK")]
    gsi1_sk: String,
}

/// What a code that is typed in stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypedCode {
    /// Of which voucher.
    pub voucher: VoucherId,
    /// Short or fixed.
    pub form: CodeForm,
    /// Of which printing, and its place in the status list; nothing for the voucher's own.
    pub printed: Option<(BatchId, u32)>,
}

impl VoucherItem {
    fn from_domain(voucher: &Voucher) -> Self {
        Self {
            voucher: voucher.clone(),
            gsi1_pk: keys::vouchers_of_tenant(&voucher.tenant),
            gsi1_sk: format!("{}#{}", keys::instant(voucher.created_at), voucher.id),
        }
    }
}

impl Table {
    /// The voucher of this id, whoever's it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn voucher(&self, id: &VoucherId) -> Result<Option<Voucher>, StoreError> {
        let item: Option<VoucherItem> = self.read_as(&keys::voucher(id), KIND).await?;
        Ok(item.map(|item| item.voucher))
    }

    /// The tenant's voucher.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn voucher_of(
        &self,
        tenant: &TenantId,
        id: &VoucherId,
    ) -> Result<Option<Voucher>, StoreError> {
        Ok(self.voucher(id).await?.filter(|voucher| voucher.tenant == *tenant))
    }

    /// Up to a hundred vouchers, in no order; who is not there is left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn vouchers_by_id(&self, ids: &[VoucherId]) -> Result<Vec<Voucher>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let keys = ids.iter().map(|id| keys::voucher(id).attributes()).collect();
        let items = self.read_batch(keys).await?.into_iter();
        items.map(|item| decode::<VoucherItem>(item, KIND).map(|item| item.voucher)).collect()
    }

    /// How many redemptions are left of each of these vouchers that has a limit and counters, in batches of a hundred
    /// counters.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn vouchers_left(
        &self,
        vouchers: &[&Voucher],
    ) -> Result<HashMap<VoucherId, u32>, StoreError> {
        let limited =
            |voucher: &&&Voucher| voucher.terms.limits.total.is_some() && voucher.was_published();
        let of = |voucher: &Voucher, shard| keys::quota(&voucher.id, None, shard);
        let mut whose = HashMap::new();
        let mut counters = Vec::new();
        for voucher in vouchers.iter().filter(limited) {
            for shard in 0..voucher.shards() {
                let key = of(voucher, shard);
                counters.push(key.attributes());
                whose.insert(key.pk, voucher.id.clone());
            }
        }
        let parts = counters.chunks(BATCH_MOST).map(|part| self.read_batch(part.to_vec()));
        let mut left: HashMap<VoucherId, u32> = HashMap::new();
        for item in try_join_all(parts).await?.into_iter().flatten() {
            let Some(AttributeValue::S(pk)) = item.get(keys::PK) else { continue };
            let Some(voucher) = whose.remove(pk) else { continue };
            let counter = decode::<QuotaItem>(item, KIND)?;
            let sum = left.entry(voucher).or_default();
            *sum = sum.saturating_add(counter.left().unwrap_or(0));
        }
        Ok(left)
    }

    /// The tenant's vouchers, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn vouchers_of_tenant(
        &self,
        tenant: &TenantId,
        size: PageSize,
        from: Option<&Position>,
    ) -> Result<Page<Voucher>, StoreError> {
        let pk = keys::vouchers_of_tenant(tenant);
        let list = List { what: KIND, pk, order: Order::Descending, most: size.get(), from };
        each(self.page::<VoucherItem>(list).await?, |item| Ok(item.voucher))
    }

    /// What a code that was typed in stands for.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn typed_code(
        &self,
        tenant: &TenantId,
        code: &str,
    ) -> Result<Option<TypedCode>, StoreError> {
        self.read_as(&keys::voucher_code(tenant, code), CODE_KIND).await
    }

    /// Adds a voucher with its codes and the answer to the request. [`VoucherRefused::CodeTaken`] where the fixed code
    /// is another voucher's or, which happens to one in a billion, the short one; [`VoucherRefused::Changed`] where the
    /// request has lost its claim.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_voucher(
        &self,
        voucher: &Voucher,
        (claim, answer): (Claim, Answer),
    ) -> Result<Result<(), VoucherRefused>, StoreError> {
        let own = |form| TypedCode { voucher: voucher.id.clone(), form, printed: None };
        let item = encode(&keys::voucher(&voucher.id), KIND, &VoucherItem::from_domain(voucher))?;
        let short = voucher.short.as_str();
        let mut writes = vec![
            self.write_answer(&claim, &answer)?,
            self.put(item, Some("attribute_not_exists(PK)"), Item::new()),
            self.write_code(&voucher.tenant, short, &own(CodeForm::Short))?,
        ];
        if let Some(fixed) = &voucher.fixed {
            writes.push(self.write_code(
                &voucher.tenant,
                fixed.as_str(),
                &own(CodeForm::Static),
            )?);
        }
        Ok(self.transact(writes).await?.map_err(|refused| {
            let lost = refused.at(0) || refused.at(1);
            if lost { VoucherRefused::Changed } else { VoucherRefused::CodeTaken }
        }))
    }

    /// Replaces the voucher that was read as `before`, tells its counters, and writes the record of the change. A
    /// voucher that is published for the first time gets its counters. [`VoucherRefused::Changed`] where somebody else
    /// was faster.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace_voucher(
        &self,
        voucher: &Voucher,
        before: &Voucher,
        change: &AuditChange,
    ) -> Result<Result<(), VoucherRefused>, StoreError> {
        let mut writes = vec![self.write_voucher(voucher, before)?];
        match (before.status, voucher.status) {
            (VoucherStatus::Draft, VoucherStatus::Draft | VoucherStatus::Ended) => {}
            (VoucherStatus::Draft, _) => {
                for shard in 0..voucher.shards() {
                    let name = QuotaName { voucher: &voucher.id, batch: None, shard };
                    let part = |total| share(total, shard, voucher.shards());
                    let left = voucher.terms.limits.total.map(part);
                    writes.push(self.write_new_quota(&name, &QuotaItem::new(voucher, left))?);
                }
            }
            _ => writes.extend(self.write_quota_states(voucher)),
        }
        let written = self.transact_audited(change, writes).await?;
        Ok(written.map_err(|_| VoucherRefused::Changed))
    }

    /// The write of a voucher on the condition that it is still what was read.
    pub(super) fn write_voucher(
        &self,
        voucher: &Voucher,
        before: &Voucher,
    ) -> Result<TransactWriteItem, StoreError> {
        let item = encode(&keys::voucher(&voucher.id), KIND, &VoucherItem::from_domain(voucher))?;
        let values = Item::from([(":read".to_owned(), number(before.version))]);
        Ok(self.put(item, Some("#voucher.#version = :read"), values))
    }

    /// The write of a code that no voucher of the tenant has.
    pub(super) fn write_code(
        &self,
        tenant: &TenantId,
        code: &str,
        stands_for: &TypedCode,
    ) -> Result<TransactWriteItem, StoreError> {
        let item = encode(&keys::voucher_code(tenant, code), CODE_KIND, stands_for)?;
        Ok(self.put(item, Some("attribute_not_exists(PK)"), Item::new()))
    }

    /// Gives a printed code its short code; `false` where another code has it. The same call again is no change.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_printed_code(
        &self,
        tenant: &TenantId,
        code: &str,
        stands_for: &TypedCode,
    ) -> Result<bool, StoreError> {
        let key = keys::voucher_code(tenant, code);
        let item = encode(&key, CODE_KIND, stands_for)?;
        if self.put_if(item, "attribute_not_exists(PK)", Item::new()).await? {
            return Ok(true);
        }
        Ok(self.typed_code(tenant, code).await?.as_ref() == Some(stands_for))
    }
}
