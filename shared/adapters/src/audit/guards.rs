//! The guards' accounts. A guard's balances carry the number of its last entry, so they can be compared exactly with
//! the entries up to that one, whatever is written meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::GuardId;
use domain::ledger::{Account, AccountKind, Reference, Violation};
use domain::money::Currency;
use domain::page::PageSize;

use super::{LATE, TRIES_MAX, Walk};
use crate::table::{Entry, GuardBalances, Month, StoreError};

/// A guard's purse: the three accounts in one currency.
type Purse = (GuardId, Currency);
/// Balances by account.
type Balances = BTreeMap<Account, i64>;

impl Walk<'_> {
    /// Compares the guards' accounts; `false` when there was no time for all.
    pub(super) async fn compare_guards(&mut self) -> Result<bool, StoreError> {
        for (guard, currency) in self.purses().await? {
            if self.is_over() {
                return Ok(false);
            }
            let balances = self.table.guard_balances(&self.scope.tenant, &guard, currency).await?;
            let stored = by_account(&guard, currency, &balances);
            if stored.iter().all(|(account, balance)| self.sum(account) == *balance) {
                self.stored.extend(stored);
            } else if !self.look_again(&guard, currency).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Everybody who has an entry, and every guard.
    async fn purses(&self) -> Result<BTreeSet<Purse>, StoreError> {
        let posted = self.audit.sums().keys();
        let mut purses: BTreeSet<Purse> = posted
            .filter_map(|account| Some((account.guard()?.clone(), account.currency)))
            .collect();
        let size = PageSize::largest();
        let mut from = None;
        loop {
            let page = self.table.guards_of_tenant(&self.scope.tenant, size, from.as_ref()).await?;
            for guard in page.entries {
                let of = |currency: &Currency| (guard.id.clone(), *currency);
                purses.extend(self.scope.currencies.iter().map(of));
            }
            from = page.next;
            if from.is_none() || self.is_over() {
                return Ok(purses);
            }
        }
    }

    /// Compares a guard whose balances are not what the transactions that were read sum to: with its entries up to the
    /// number that the balances carry, and with the transactions of those entries; `false` when there was no time.
    async fn look_again(
        &mut self,
        guard: &GuardId,
        currency: Currency,
    ) -> Result<bool, StoreError> {
        let tenant = &self.scope.tenant;
        let mut last = (Balances::new(), Balances::new(), Balances::new());
        for tries in 1..=TRIES_MAX {
            let balances = self.table.guard_balances(tenant, guard, currency).await?;
            let Some(entries) = self.entries(guard, currency, balances.seq).await? else {
                return Ok(false);
            };
            let stored = by_account(guard, currency, &balances);
            let entered = sums(stored.keys(), entries.iter().map(|e| (&e.account, e.minor)));
            let posted = self.posted(stored.keys(), &entries).await?;
            let whole = entries.iter().map(|entry| entry.seq).eq(1..=balances.seq);
            if whole && entered == stored && posted == stored {
                self.accept(stored.into_keys());
                return Ok(true);
            }
            last = (stored, entered, posted);
            if self.is_over() {
                // What was off at a few looks may only be moving.
                return Ok(false);
            }
            self.pause(tries).await;
        }
        self.report(last);
        Ok(true)
    }

    /// The guard's entries up to a number; nothing when there was no time for all.
    async fn entries(
        &self,
        guard: &GuardId,
        currency: Currency,
        seq: u64,
    ) -> Result<Option<Vec<Entry>>, StoreError> {
        let first = self.scope.since.saturating_sub(LATE).unwrap_or(self.scope.since);
        let last = self.scope.now.saturating_add(LATE).unwrap_or(self.scope.now);
        let (tenant, mut entries) = (&self.scope.tenant, Vec::new());
        for month in Month::between(first, last) {
            let mut from = None;
            loop {
                if self.is_over() {
                    return Ok(None);
                }
                let page = self.table.entries(tenant, guard, currency, month, from.as_ref());
                let page = page.await?;
                entries.extend(page.entries.into_iter().filter(|entry| entry.seq <= seq));
                from = page.next;
                if from.is_none() {
                    break;
                }
            }
        }
        entries.sort_by_key(|entry| entry.seq);
        Ok(Some(entries))
    }

    /// What the transactions sum to: all that were read, and those of the entries that are newer.
    async fn posted(
        &self,
        accounts: impl Iterator<Item = &Account>,
        entries: &[Entry],
    ) -> Result<Balances, StoreError> {
        let mut posted: Balances =
            accounts.map(|account| (account.clone(), self.sum(account))).collect();
        let newer: BTreeSet<&Reference> = entries
            .iter()
            .map(|entry| &entry.reference)
            .filter(|reference| !self.audit.knows(reference))
            .collect();
        for reference in newer {
            let posting = self.table.posting(&self.scope.tenant, reference).await?;
            for posting in posting.iter().flat_map(|posting| &posting.record.postings) {
                if let Some(sum) = posted.get_mut(&posting.account) {
                    *sum = sum.saturating_add(posting.minor);
                }
            }
        }
        Ok(posted)
    }

    /// These accounts are right, though newer than what was read of the transactions.
    fn accept(&mut self, accounts: impl Iterator<Item = Account>) {
        for account in accounts {
            self.stored.insert(account.clone(), self.sum(&account));
        }
    }

    fn report(&mut self, (stored, entered, posted): (Balances, Balances, Balances)) {
        for (account, balance) in &stored {
            for derived in [entered.get(account), posted.get(account)].into_iter().flatten() {
                if derived != balance {
                    let (account, stored, derived) = (account.clone(), *balance, *derived);
                    let off = Violation::BalanceOff { account, stored, derived };
                    self.found.violations.insert(off);
                }
            }
        }
        self.accept(stored.into_keys());
    }
}

fn by_account(guard: &GuardId, currency: Currency, balances: &GuardBalances) -> Balances {
    let account = |kind: fn(GuardId) -> AccountKind| Account::new(kind(guard.clone()), currency);
    BTreeMap::from([
        (account(AccountKind::Payable), balances.payable),
        (account(AccountKind::InTransit), balances.in_transit),
        (account(AccountKind::Receivable), balances.receivable),
    ])
}

fn sums<'a>(
    accounts: impl Iterator<Item = &'a Account>,
    minors: impl Iterator<Item = (&'a Account, i64)>,
) -> Balances {
    let mut sums: Balances = accounts.map(|account| (account.clone(), 0)).collect();
    for (account, minor) in minors {
        let sum = sums.entry(account.clone()).or_default();
        *sum = sum.saturating_add(minor);
    }
    sums
}
