//! A guard's balances in one currency: one item, written together with each transaction that posts to the guard, and
//! on the condition that it is the one that was read.
//!
//! It also says which payout of the guard is under way and how far payouts have paid. While something is owed and no
//! payout is under way it stands in a sparse index, by the age of the money: a settlement run goes through that and
//! never through all guards.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::id::{GuardId, PayoutId, TenantId};
use domain::ledger::{Account, AccountKind};
use domain::money::Currency;
use domain::page::{Page, Position};
use domain::payout::{Payout, PayoutState};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ledger::LedgerWrite;
use super::list::{List, Order, each};
use super::{Item, StoreError, Table, encode, keys, number};

const KIND: &str = "guard_balances";

/// A guard's balances in one currency, in minor units. What we owe is negative.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardBalances {
    /// What we owe the guard.
    pub payable: i64,
    /// What a payout has reserved.
    pub in_transit: i64,
    /// What the guard owes us.
    pub receivable: i64,
    /// The sequence of the guard's last entry; 0 before the first.
    pub seq: u64,
    /// Since when the oldest of what we owe has been owed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The payout that is under way: no other begins before it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payout: Option<PayoutId>,
    /// The last entry that was paid out in full.
    #[serde(default)]
    pub paid_seq: u64,
    /// What was paid out of the entry behind it.
    #[serde(default)]
    pub paid_part: i64,
    /// Counts the writes.
    #[serde(default)]
    pub turn: u64,
}

/// Guard and tenant stand in the key.
#[derive(Serialize, Deserialize)]
struct BalancesItem {
    #[serde(rename = "PK", default)]
    pk: String,
    #[serde(flatten)]
    balances: GuardBalances,
    #[serde(rename = "GSI1PK", default, skip_serializing_if = "Option::is_none")]
    gsi1_pk: Option<String>,
    #[serde(rename = "GSI1SK", default, skip_serializing_if = "Option::is_none")]
    gsi1_sk: Option<String>,
}

/// A guard who is owed something, while no payout of theirs is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    /// Who.
    pub guard: GuardId,
    /// What, in minor units.
    pub available: i64,
    /// Since when the oldest of it.
    pub since: Timestamp,
}

impl GuardBalances {
    /// What a payout can take: payable with its sign turned.
    pub fn available(&self) -> i64 {
        self.payable.saturating_neg()
    }

    /// The balance that an account of the guard stands for.
    fn of(&mut self, account: &Account) -> Option<&mut i64> {
        match account.kind {
            AccountKind::Payable(_) => Some(&mut self.payable),
            AccountKind::InTransit(_) => Some(&mut self.in_transit),
            AccountKind::Receivable(_) => Some(&mut self.receivable),
            AccountKind::Clearing
            | AccountKind::Balance
            | AccountKind::Bank
            | AccountKind::PlatformFees
            | AccountKind::PspFees
            | AccountKind::Suspense => None,
        }
    }

    /// The balances once the transaction is written; nothing where those that were read do not allow it.
    pub(super) fn after(&self, write: &LedgerWrite<'_>) -> Result<Option<Self>, StoreError> {
        let mut after = self.clone();
        for change in write.transaction.changes() {
            let Some(balance) = after.of(&change.account) else { continue };
            if change.condition.is_some_and(|condition| !condition.holds(*balance)) {
                return Ok(None);
            }
            *balance = balance.checked_add(change.by).ok_or_else(too_large)?;
        }
        let fits = write.payout.is_none_or(|(payout, _)| after.follow(payout));
        after.turn = after.turn.saturating_add(1);
        after.age(write.at);
        Ok(fits.then_some(after))
    }

    /// Takes over what a payout has become; `false` where another one is under way.
    fn follow(&mut self, payout: &Payout) -> bool {
        let is_ours = self.payout.as_ref() == Some(&payout.id);
        if payout.state.is_open() {
            if self.payout.is_some() && !is_ours {
                return false;
            }
            self.payout = Some(payout.id.clone());
        } else if is_ours {
            self.payout = None;
        }
        if payout.state == PayoutState::Confirmed {
            (self.paid_seq, self.paid_part) = (payout.to_seq, payout.part);
        }
        // What comes back is as old as it was.
        if self.available() > 0 && !payout.state.is_in_transit() {
            self.since = Some(self.since.map_or(payout.since, |since| since.min(payout.since)));
        }
        true
    }

    /// Money that is owed has an age; no money has none.
    fn age(&mut self, now: Timestamp) {
        self.since = (self.available() > 0).then(|| self.since.unwrap_or(now));
    }

    /// The balances once a payout is over of which nothing is set aside; nothing where it is not the one under way.
    pub(super) fn released(&self, payout: &Payout, now: Timestamp) -> Option<Self> {
        let mut after = self.clone();
        if after.payout.as_ref() != Some(&payout.id) || !after.follow(payout) {
            return None;
        }
        after.turn = after.turn.saturating_add(1);
        after.age(now);
        Some(after)
    }

    /// The write of these balances over the ones that were read.
    pub(super) fn write(
        &self,
        table: &Table,
        (tenant, guard, currency): (&TenantId, &GuardId, Currency),
        read: &GuardBalances,
    ) -> Result<TransactWriteItem, StoreError> {
        let key = keys::guard_balances(tenant, guard, currency);
        let since = self.since.filter(|_| self.payout.is_none());
        let item = BalancesItem {
            pk: key.pk.clone(),
            balances: self.clone(),
            gsi1_pk: since.map(|_| keys::owed_guards(tenant, currency)),
            gsi1_sk: since.map(|since| format!("{}#{guard}", keys::instant(since))),
        };
        let item = encode(&key, KIND, &item)?;
        Ok(match read.turn {
            0 => table.put(item, Some("attribute_not_exists(#turn)"), Item::new()),
            turn => {
                let values = Item::from([(":read".to_owned(), number(turn))]);
                table.put(item, Some("#turn = :read"), values)
            }
        })
    }
}

impl BalancesItem {
    fn owed(self) -> Result<Owed, StoreError> {
        let corrupt = |source| StoreError::Corrupt { what: KIND, source };
        let guard = self.gsi1_sk.as_deref().and_then(|sk| sk.split('#').nth(1));
        let guard = GuardId::parse(guard.unwrap_or_default());
        let since = self.balances.since.ok_or_else(|| corrupt("it has no age".into()))?;
        let guard = guard.map_err(|error| corrupt(error.into()))?;
        Ok(Owed { guard, available: self.balances.available(), since })
    }
}

impl Table {
    /// The balances of the tenant's guard; all zero before the first entry.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn guard_balances(
        &self,
        tenant: &TenantId,
        guard: &GuardId,
        currency: Currency,
    ) -> Result<GuardBalances, StoreError> {
        let key = keys::guard_balances(tenant, guard, currency);
        let item: Option<GuardBalances> = self.read_as(&key, KIND).await?;
        Ok(item.unwrap_or_default())
    }

    /// A page of the tenant's guards who are owed something and of whom no payout is under way, the oldest money first.
    /// What was written a moment ago may still be missing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn owed_guards(
        &self,
        tenant: &TenantId,
        currency: Currency,
        most: u32,
        from: Option<&Position>,
    ) -> Result<Page<Owed>, StoreError> {
        let pk = keys::owed_guards(tenant, currency);
        let list = List { what: KIND, pk, order: Order::Ascending, most, from };
        each(self.page::<BalancesItem>(list).await?, BalancesItem::owed)
    }

    /// Ends a payout of which nothing is set aside, and lets its guard be paid by another; `false` when the payout or
    /// the balances are not what was read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn release_payout(
        &self,
        payout: &Payout,
        read: u64,
        balances: &GuardBalances,
        more: Vec<TransactWriteItem>,
    ) -> Result<bool, StoreError> {
        let Some(after) = balances.released(payout, payout.changed_at) else { return Ok(false) };
        let of = (&payout.tenant, &payout.guard, payout.amount.currency);
        let mut writes = vec![self.write_payout(payout, read)?, after.write(self, of, balances)?];
        writes.extend(more);
        Ok(self.transact(writes).await?.is_ok())
    }
}

fn too_large() -> StoreError {
    StoreError::Corrupt { what: KIND, source: "a balance is too large".into() }
}
