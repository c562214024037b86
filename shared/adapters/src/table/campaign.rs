//! Printings: each stands beside its voucher under its first place in the status list, so that the one that a code
//! belongs to is found by the code's own place.
//!
//! A printing that has a limit of its own takes it out of the voucher's counters in the transaction that adds it:
//! what the counters of a voucher and of its printings say together is never more than the voucher's limit.

use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, TransactWriteItem};
use domain::campaign::{Batch, BatchRefused};
use domain::id::{BatchId, VoucherId};
use domain::voucher::{Voucher, VoucherStatus};
use serde::{Deserialize, Serialize};

use super::quota::{QuotaItem, QuotaName};
use super::{Answer, Claim, Item, StoreError, Table, broken, decode, encode, keys, number, text};

const KIND: &str = "batch";
/// How often the voucher's counters are read anew, because they gave something in between.
const ASKS_MAX: u8 = 5;

#[derive(Serialize, Deserialize)]
struct BatchItem {
    batch: Batch,
}

/// How the order of a printing ended when nothing broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchInserted {
    /// It is written.
    Done,
    /// It is not, and this is why.
    Refused(BatchRefused),
    /// The voucher has changed: read it again.
    Changed,
    /// Another request has taken the key over.
    KeyLost,
}

impl Table {
    /// The printing of the voucher to which the code at this place of the status list belongs.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn batch_of_index(
        &self,
        voucher: &VoucherId,
        index: u32,
    ) -> Result<Option<Batch>, StoreError> {
        let last = keys::batch(voucher, index);
        let output = self
            .client
            .query()
            .table_name(&*self.name)
            .key_condition_expression("PK = :pk AND SK BETWEEN :first AND :last")
            .expression_attribute_values(":pk", text(last.pk))
            .expression_attribute_values(":first", text(keys::BATCH_PREFIX))
            .expression_attribute_values(":last", text(last.sk))
            .scan_index_forward(false)
            .limit(1)
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(broken)?;
        let item = output.items.unwrap_or_default().pop();
        let found = item.map(|item| decode::<BatchItem>(item, KIND)).transpose()?;
        Ok(found.map(|item| item.batch).filter(|batch| batch.has(index)))
    }

    /// The printing that begins at this place of the status list.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn batch_at(
        &self,
        voucher: &VoucherId,
        first: u32,
    ) -> Result<Option<Batch>, StoreError> {
        let item: Option<BatchItem> = self.read_as(&keys::batch(voucher, first), KIND).await?;
        Ok(item.map(|item| item.batch))
    }

    /// The voucher's printing of this id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn batch(
        &self,
        voucher: &VoucherId,
        id: &BatchId,
    ) -> Result<Option<Batch>, StoreError> {
        let all = self.batches_of_voucher(voucher).await?;
        Ok(all.into_iter().find(|batch| batch.id == *id))
    }

    /// The voucher's printings, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn batches_of_voucher(&self, voucher: &VoucherId) -> Result<Vec<Batch>, StoreError> {
        let pk = keys::batch(voucher, 0).pk;
        let items: Vec<BatchItem> = self.all_of(&pk, keys::BATCH_PREFIX, KIND).await?;
        Ok(items.into_iter().map(|item| item.batch).collect())
    }

    /// Adds a printing with the answer to the request. `before` is the voucher as it was read, `voucher` what becomes
    /// of it: one with a limit of its own is listed there, and what it may have is taken from the voucher's counters.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_batch(
        &self,
        batch: &Batch,
        (voucher, before): (&Voucher, &Voucher),
        (claim, answer): (Claim, Answer),
    ) -> Result<BatchInserted, StoreError> {
        let key = keys::batch(&batch.voucher, batch.first);
        let item = encode(&key, KIND, &BatchItem { batch: batch.clone() })?;
        let mut fixed = vec![
            self.write_answer(&claim, &answer)?,
            self.put(item, Some("attribute_not_exists(PK)"), Item::new()),
        ];
        if batch.is_limited() {
            let name = QuotaName { voucher: &voucher.id, batch: Some(&batch.id), shard: 0 };
            let counter = QuotaItem::new(voucher, Some(batch.limit));
            fixed.push(self.write_voucher(voucher, before)?);
            fixed.push(self.write_new_quota(&name, &counter)?);
        }
        for _ in 0..ASKS_MAX {
            let Some(takings) = self.escrow(batch, before).await? else {
                return Ok(BatchInserted::Refused(BatchRefused::LimitTooLarge));
            };
            let writes = fixed.iter().cloned().chain(takings).collect();
            let Err(refused) = self.transact(writes).await? else {
                return Ok(BatchInserted::Done);
            };
            match (refused.at(0) || refused.at(1), refused.at(2)) {
                (true, _) => return Ok(BatchInserted::KeyLost),
                (false, true) => return Ok(BatchInserted::Changed),
                // A counter had less than was read: redemptions went on.
                (false, false) => {}
            }
        }
        Ok(BatchInserted::Changed)
    }

    /// The writes that take the printing's limit from the voucher's counters; none where they have less.
    async fn escrow(
        &self,
        batch: &Batch,
        voucher: &Voucher,
    ) -> Result<Option<Vec<TransactWriteItem>>, StoreError> {
        if !batch.is_limited() || voucher.terms.limits.total.is_none() {
            return Ok(Some(Vec::new()));
        }
        let (mut rest, mut takings) = (batch.limit, Vec::new());
        let quotas = self.quotas(voucher).await?;
        let lefts = quotas.iter().map(|quota| quota.left().unwrap_or(0));
        // The counters stay even among each other as long as each gives its part.
        let parts = even(rest, &lefts.collect::<Vec<_>>());
        for (shard, part) in (0..).zip(parts).filter(|(_, part)| *part > 0) {
            rest = rest.saturating_sub(part);
            let values = Item::from([
                (":count".to_owned(), number(part)),
                (":ended".to_owned(), text(VoucherStatus::Ended.as_str())),
            ]);
            let condition = "#left >= :count AND #status <> :ended";
            let key = keys::quota(&voucher.id, None, shard);
            takings.push(self.update(&key, "SET #left = #left - :count", condition, values));
        }
        Ok((rest == 0).then_some(takings))
    }

    /// Replaces the printing that was read at version `read`; `false` when somebody else was faster.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace_batch(&self, batch: &Batch, read: u64) -> Result<bool, StoreError> {
        let key = keys::batch(&batch.voucher, batch.first);
        let item = encode(&key, KIND, &BatchItem { batch: batch.clone() })?;
        let values = Item::from([(":read".to_owned(), number(read))]);
        let write = self.put(item, Some("#batch.#version = :read"), values);
        // A transaction of one: repeated by the SDK after a lost answer, it is still the same write.
        Ok(self.transact(vec![write]).await?.is_ok())
    }

    /// Replaces the printing that was read at version `read` by one that has failed before any of its codes was
    /// written: the voucher has its limit back. `false` when somebody else was faster, or something was redeemed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn give_up_batch(
        &self,
        (batch, read): (&Batch, u64),
        voucher: &Voucher,
    ) -> Result<bool, StoreError> {
        if !batch.is_limited() {
            return self.replace_batch(batch, read).await;
        }
        let item = encode(
            &keys::batch(&batch.voucher, batch.first),
            KIND,
            &BatchItem { batch: batch.clone() },
        )?;
        let values = Item::from([(":read".to_owned(), number(read))]);
        let count = Item::from([
            (":count".to_owned(), number(batch.limit)),
            (":none".to_owned(), number(0)),
        ]);
        let counter = keys::quota(&batch.voucher, Some(&batch.id), 0);
        let mut writes = vec![
            self.put(item, Some("#batch.#version = :read"), values),
            self.update(&counter, "SET #left = :none", "#left = :count", count),
        ];
        if voucher.terms.limits.total.is_some() {
            let name = QuotaName { voucher: &voucher.id, batch: None, shard: 0 };
            writes.push(self.write_giving_back(&name, batch.limit));
        }
        Ok(self.transact(writes).await?.is_ok())
    }
}

/// Parts of `wanted` from counters that have this much, as even as they can be; less than `wanted` where the counters
/// have less together.
fn even(wanted: u32, lefts: &[u32]) -> Vec<u32> {
    let mut parts = vec![0; lefts.len()];
    let mut rest = wanted;
    // Each round empties a counter or ends it all.
    for _ in 0..=lefts.len() {
        let open = parts.iter().zip(lefts).filter(|(part, left)| *part < *left).count();
        let Some(each) = u32::try_from(open).ok().and_then(|open| rest.checked_div(open)) else {
            break;
        };
        for (part, left) in parts.iter_mut().zip(lefts) {
            let more = each.max(1).min(left.saturating_sub(*part)).min(rest);
            *part += more;
            rest -= more;
        }
        if rest == 0 {
            break;
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::even;

    #[test]
    fn counters_give_even_parts_and_never_more_than_they_have() {
        let check = |wanted, lefts: &[u32], parts: &[u32]| {
            assert_eq!(even(wanted, lefts), parts, "{wanted} of {lefts:?}");
        };
        check(10, &[20], &[10]);
        check(10, &[9], &[9]);
        check(9, &[10, 10, 10], &[3, 3, 3]);
        check(10, &[10, 10, 10], &[4, 3, 3]);
        check(10, &[1, 10, 10], &[1, 5, 4]);
        check(10, &[0, 0, 10], &[0, 0, 10]);
        check(10, &[1, 2, 3], &[1, 2, 3]);
        check(5, &[], &[]);
    }

    #[test]
    fn a_part_is_found_whenever_there_is_enough() {
        for wanted in 0..40_u32 {
            for lefts in [vec![1, 5, 9, 13], vec![40], vec![0, 0, 3, 37], vec![10; 4]] {
                let parts = even(wanted, &lefts);
                let sum: u32 = parts.iter().sum();
                assert_eq!(sum, wanted.min(lefts.iter().sum()), "{wanted} of {lefts:?}");
                assert!(parts.iter().zip(&lefts).all(|(part, left)| part <= left));
            }
        }
    }
}
