//! What people do with payouts: find them, see which entries one pays, try one again or give it up. The last two leave
//! a record in the audit trail, in the same transaction.

use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use domain::audit::AuditChange;
use domain::id::{GuardId, TenantId};
use domain::page::{Page, PageSize, Position};
use domain::payout::{Payout, PayoutState};
use jiff::Timestamp;

use super::list::{List, Order};
use super::payout::{KIND, PayoutItem};
use super::statement::{ENTRY_KIND, Entry, EntryItem, Month};
use super::{GuardBalances, Item, StoreError, Table, broken, decode, keys, text};

/// Questions that the entries of one payout take at most: each brings about a megabyte, some thousand entries.
const READS_MAX: usize = 200;
/// How far behind the last entry that is paid in full the one that is paid in part is looked for: what was set aside
/// and came back again may lie between them.
const BEHIND_MAX: u64 = 500;

/// Which payouts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutFilter {
    /// Planned at this instant or later.
    pub from: Timestamp,
    /// Planned before this instant.
    pub to: Timestamp,
    /// In this state.
    pub state: Option<PayoutState>,
    /// Of this guard.
    pub guard: Option<GuardId>,
}

impl PayoutFilter {
    fn lets_through(&self, payout: &Payout) -> bool {
        (self.from..self.to).contains(&payout.created_at)
            && self.state.is_none_or(|state| state == payout.state)
            && self.guard.as_ref().is_none_or(|guard| *guard == payout.guard)
    }
}

impl Table {
    /// A page of the tenant's payouts that the filter lets through, newest first. It may have fewer than asked for and
    /// still be followed by another.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn payouts_where(
        &self,
        tenant: &TenantId,
        filter: &PayoutFilter,
        size: PageSize,
        from: Option<&Position>,
    ) -> Result<Page<Payout>, StoreError> {
        let (first, last) = (keys::instant(filter.from), format!("{}~", keys::instant(filter.to)));
        let pk = keys::payouts_of_tenant(tenant);
        let list = List { what: KIND, pk, order: Order::Descending, most: size.get(), from };
        let keep = |item: PayoutItem| {
            let payout = item.into_domain()?.payout;
            Ok(filter.lets_through(&payout).then_some(payout))
        };
        self.sift(list, Some((&first, &last)), keep).await
    }

    /// What was posted to the payout's guard from the first entry that it pays to the one that it pays in part, and
    /// some behind that, by sequence; also what is none of its own, like the starts of other payouts.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn entries_of_payout(
        &self,
        payout: &Payout,
        now: Timestamp,
    ) -> Result<Vec<Entry>, StoreError> {
        let behind = if payout.part > 0 { BEHIND_MAX } else { 0 };
        let places = [payout.from_seq, payout.to_seq.saturating_add(behind)].map(place_of);
        let (mut entries, mut reads) = (Vec::new(), 0..READS_MAX);
        for month in Month::between(payout.since, now) {
            let mut start = None;
            while reads.next().is_some() {
                let output = self.entries_between(payout, month, &places, start).await?;
                for item in output.items.unwrap_or_default() {
                    entries.push(decode::<EntryItem>(item, ENTRY_KIND)?.into_domain()?);
                }
                start = output.last_evaluated_key;
                if start.is_none() {
                    break;
                }
            }
        }
        Ok(entries)
    }

    async fn entries_between(
        &self,
        payout: &Payout,
        month: Month,
        [first, last]: &[String; 2],
        start: Option<Item>,
    ) -> Result<QueryOutput, StoreError> {
        let (currency, month) = (payout.amount.currency, month.to_string());
        let pk = keys::entries_of_guard(&payout.tenant, &payout.guard, currency, &month);
        self.client
            .query()
            .table_name(&*self.name)
            .index_name(keys::GSI1)
            .key_condition_expression("GSI1PK = :pk AND GSI1SK BETWEEN :first AND :last")
            .expression_attribute_values(":pk", text(pk))
            .expression_attribute_values(":first", text(first))
            .expression_attribute_values(":last", text(last))
            .set_exclusive_start_key(start)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(broken)
    }

    /// Writes a payout that a person wants tried again, with the record of it; `false` when it is not what was read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn retry_payout(
        &self,
        payout: &Payout,
        read: u64,
        change: &AuditChange,
    ) -> Result<bool, StoreError> {
        let write = self.write_payout(payout, read)?;
        Ok(self.transact_audited(change, vec![write]).await?.is_ok())
    }

    /// Writes a payout that a person has given up and lets its guard be paid by another, with the record of it; `false`
    /// when the payout or the balances are not what was read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn cancel_payout(
        &self,
        payout: &Payout,
        read: u64,
        balances: &GuardBalances,
        change: &AuditChange,
    ) -> Result<bool, StoreError> {
        let mut writes = vec![self.write_payout(payout, read)?];
        // One that was never begun holds nobody, and one whose transfer is asked about holds its guard until then.
        let released = balances.released(payout, payout.changed_at);
        if let Some(after) = released.filter(|_| !payout.state.is_open()) {
            let of = (&payout.tenant, &payout.guard, payout.amount.currency);
            writes.push(after.write(self, of, balances)?);
        }
        Ok(self.transact_audited(change, writes).await?.is_ok())
    }
}

/// An entry's place in its month.
fn place_of(seq: u64) -> String {
    format!("{seq:012}")
}
