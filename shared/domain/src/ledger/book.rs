//! A ledger in memory: what the table does with transactions, in a few lines. For tests, and for trying out.

use std::collections::BTreeMap;

use super::{Account, AccountKind, Posting, Record, Reference, Transaction};
use crate::id::GuardId;
use crate::money::Currency;

/// Transactions, each once, and the balances that they lead to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    transactions: BTreeMap<Reference, Transaction>,
    balances: BTreeMap<Account, i64>,
}

/// What came of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It was posted.
    Posted,
    /// Its reference was there already; nothing was changed.
    Repeat,
}

/// A balance was not as the transaction supposes: read again and build it anew. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the balance of {account} does not allow it")]
pub struct ConditionLost {
    /// The account.
    pub account: Account,
}

impl Book {
    /// Posts a transaction, at most once per reference, as a whole or not at all.
    ///
    /// # Errors
    /// [`ConditionLost`].
    pub fn apply(&mut self, transaction: Transaction) -> Result<Applied, ConditionLost> {
        if self.transactions.contains_key(transaction.reference()) {
            return Ok(Applied::Repeat);
        }
        let changes = transaction.changes();
        for change in &changes {
            let balance = self.balance(&change.account);
            let fine = change.condition.is_none_or(|condition| condition.holds(balance));
            if !fine || balance.checked_add(change.by).is_none() {
                return Err(ConditionLost { account: change.account.clone() });
            }
        }
        for change in changes {
            let balance = self.balances.entry(change.account).or_default();
            *balance = balance.saturating_add(change.by);
        }
        self.transactions.insert(transaction.reference().clone(), transaction);
        Ok(Applied::Posted)
    }

    /// The balance of an account, in minor units; zero where nothing was posted.
    pub fn balance(&self, account: &Account) -> i64 {
        self.balances.get(account).copied().unwrap_or(0)
    }

    /// What a guard can be paid, in minor units.
    pub fn available(&self, guard: &GuardId, currency: Currency) -> i64 {
        let payable = Account::new(AccountKind::Payable(guard.clone()), currency);
        self.balance(&payable).saturating_neg()
    }

    /// What a guard owes us, in minor units.
    pub fn receivable(&self, guard: &GuardId, currency: Currency) -> i64 {
        self.balance(&Account::new(AccountKind::Receivable(guard.clone()), currency))
    }

    /// Whether a reference was posted.
    pub fn has(&self, reference: &Reference) -> bool {
        self.transactions.contains_key(reference)
    }

    /// Every balance that anything was posted to.
    pub fn balances(&self) -> &BTreeMap<Account, i64> {
        &self.balances
    }

    /// The transactions as they would be read from storage, by reference.
    pub fn records(&self) -> impl Iterator<Item = Record> + '_ {
        self.transactions.values().map(|transaction| Record {
            reference: transaction.reference().clone(),
            postings: transaction.postings().iter().map(Posting::clone).collect(),
        })
    }
}
