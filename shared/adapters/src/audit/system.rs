//! The system's accounts. They are added up after the transactions are written, each transaction once and marked with
//! it; so a balance is the sum of those that are marked, at a moment when nobody adds up.

use std::collections::{BTreeMap, BTreeSet};

use domain::ledger::{Account, Reference, Violation};
use futures::stream::{StreamExt, TryStreamExt, iter};
use jiff::Timestamp;

use super::{LATE, TRIES_MAX, Walk};
use crate::table::StoreError;

/// Transactions whose marks are read again at the same time.
const AT_ONCE: usize = 16;
/// The most transactions whose marks are read again. If more are waiting, whoever adds up has stopped, and the balances
/// stand still without that.
const MARKS_MAX: usize = 5_000;

impl Walk<'_> {
    /// Compares the system's accounts; `false` when there was no time for it.
    pub(super) async fn compare_system(&mut self) -> Result<bool, StoreError> {
        let mut before: BTreeMap<Account, (i64, i64)> = BTreeMap::new();
        for tries in 1..=TRIES_MAX {
            let stored = self.read_system().await?;
            // After the balances: what they contain is marked by now.
            if !self.read_marks().await? {
                return Ok(false);
            }
            let derived = self.added_up();
            let accounts: BTreeSet<&Account> = stored.keys().chain(derived.keys()).collect();
            let of =
                |sums: &BTreeMap<Account, i64>, account| sums.get(account).copied().unwrap_or(0);
            let pairs: BTreeMap<Account, (i64, i64)> = accounts
                .into_iter()
                .map(|account| (account.clone(), (of(&stored, account), of(&derived, account))))
                .collect();
            let off = pairs.values().any(|(stored, derived)| stored != derived);
            if !off || tries == TRIES_MAX {
                self.settle_system(&pairs, &before);
                return Ok(true);
            }
            before = pairs;
            self.pause(tries).await;
        }
        Ok(true)
    }

    async fn read_system(&self) -> Result<BTreeMap<Account, i64>, StoreError> {
        let mut stored = BTreeMap::new();
        for currency in self.currencies() {
            stored.extend(self.table.system_balances(&self.scope.tenant, currency).await?);
        }
        Ok(stored)
    }

    /// Reads what may have been written or marked since it was read.
    async fn read_marks(&mut self) -> Result<bool, StoreError> {
        let late = self.scope.now.saturating_sub(LATE).unwrap_or(Timestamp::MIN);
        if !self.read_since(late).await? {
            return Ok(false);
        }
        let unmarked: Vec<Reference> = self.waiting.keys().take(MARKS_MAX).cloned().collect();
        let (table, tenant) = (self.table, &self.scope.tenant);
        let marked: Vec<Reference> = iter(unmarked)
            .map(|reference| async move {
                let posting = table.posting(tenant, &reference).await?;
                Ok::<_, StoreError>(posting.filter(|posting| posting.counted).map(|_| reference))
            })
            .buffer_unordered(AT_ONCE)
            .try_filter_map(|marked| async move { Ok(marked) })
            .try_collect()
            .await?;
        for reference in marked {
            self.waiting.remove(&reference);
        }
        Ok(!self.is_over())
    }

    /// What the marked transactions sum to.
    fn added_up(&self) -> BTreeMap<Account, i64> {
        let system = self.audit.sums().iter().filter(|(account, _)| account.guard().is_none());
        let mut sums: BTreeMap<Account, i64> =
            system.map(|(account, sum)| (account.clone(), *sum)).collect();
        let waiting = self.waiting.values().flatten();
        for posting in waiting.filter(|posting| posting.account.guard().is_none()) {
            let sum = sums.entry(posting.account.clone()).or_default();
            *sum = sum.saturating_sub(posting.minor);
        }
        sums
    }

    /// What is equal is right; what is off and did not move since the last look is wrong; the rest is moving.
    fn settle_system(
        &mut self,
        pairs: &BTreeMap<Account, (i64, i64)>,
        before: &BTreeMap<Account, (i64, i64)>,
    ) {
        for (account, (stored, derived)) in pairs {
            // The audit compares what is stored with all entries, the waiting ones included.
            self.stored.insert(account.clone(), self.sum(account));
            if stored == derived {
                continue;
            }
            if before.get(account) == Some(&(*stored, *derived)) {
                let (account, stored, derived) = (account.clone(), *stored, *derived);
                self.found.violations.insert(Violation::BalanceOff { account, stored, derived });
            } else {
                self.found.moving.insert(account.clone());
            }
        }
    }
}
