//! Money: who has how much, in double entry. Each entry sums to zero, so the whole does at any time.
//!
//! An account holds what its owner has; the outside world is negative by what it has put in. Deliberately absent:
//! any way to change a balance but an entry.

use std::collections::BTreeMap;

use domain::money::Currency;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::shelf::Record;
use super::state::State;

/// Where money is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Account {
    /// What patrons have paid, as a negative number.
    Patrons,
    /// Collected for the merchant and not settled.
    Clearing,
    /// What the merchant can transfer.
    Balance,
    /// Settled to the merchant's own bank.
    Bank,
    /// What the merchant has put into its balance, as a negative number.
    TopUps,
    /// Paystack's fees.
    Fees,
    /// Deducted for transfers that have not ended.
    Transit,
    /// Paid out to this recipient, by its number.
    Recipient(u64),
    /// Given back to patrons by refunds, or on its way there.
    Refunded,
    /// Given back to patrons by lost disputes.
    Chargebacks,
}

/// What an entry is about, in the words of the balance ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Model {
    Transaction,
    Refund,
    Transfer,
    Dispute,
    Settlement,
    TopUp,
}

/// One movement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    id: u64,
    pub(super) integration: u64,
    pub(super) currency: Currency,
    pub(super) at: Timestamp,
    pub(super) reason: String,
    pub(super) model: Model,
    pub(super) row: u64,
    pub(super) postings: Vec<(Account, i64)>,
    /// The merchant's balance after it.
    pub(super) balance: i64,
}

impl Record for Entry {
    const KIND: &'static str = "entry";
    const FIRST: u64 = 1;

    fn id(&self) -> u64 {
        self.id
    }
}

/// Whose money, in which currency.
pub(super) type Purse = (u64, Currency);

/// The balances, made of the entries.
#[derive(Debug, Default)]
pub(super) struct Books(BTreeMap<Purse, BTreeMap<Account, i64>>);

impl Books {
    pub(super) fn of<'e>(entries: impl Iterator<Item = &'e Entry>) -> Self {
        let mut books = Self::default();
        for entry in entries {
            books.add((entry.integration, entry.currency), &entry.postings);
        }
        books
    }

    fn add(&mut self, purse: Purse, postings: &[(Account, i64)]) {
        let sum: i64 = postings.iter().map(|(_, amount)| amount).sum();
        assert_eq!(sum, 0, "money is neither made nor lost: {postings:?}");
        let accounts = self.0.entry(purse).or_default();
        for (account, amount) in postings {
            *accounts.entry(account.clone()).or_default() += amount;
        }
    }

    /// What an account holds, in minor units.
    pub(super) fn balance(&self, purse: Purse, account: &Account) -> i64 {
        self.0.get(&purse).and_then(|accounts| accounts.get(account)).copied().unwrap_or(0)
    }

    /// The purses in which money has moved.
    pub(super) fn purses(&self) -> impl Iterator<Item = Purse> {
        self.0.keys().copied()
    }

    fn accounts(&self, purse: Purse) -> impl Iterator<Item = (&Account, i64)> {
        let accounts = self.0.get(&purse).into_iter().flatten();
        accounts.map(|(account, amount)| (account, *amount))
    }
}

impl State {
    /// Moves money. The entry's row is what caused it.
    pub(super) fn post(
        &mut self,
        purse: Purse,
        reason: &str,
        (model, row): (Model, u64),
        postings: &[(Account, i64)],
    ) {
        self.books.add(purse, postings);
        let entry = Entry {
            id: self.entries.next_id(),
            integration: purse.0,
            currency: purse.1,
            at: self.now,
            reason: reason.to_owned(),
            model,
            row,
            postings: postings.to_vec(),
            balance: self.books.balance(purse, &Account::Balance),
        };
        self.entries.put(entry);
    }

    /// Where money that goes back is taken from: what is not settled, else the balance; and where neither suffices,
    /// what is not settled goes below zero and the next settlements make up for it.
    pub(super) fn source_of_return(&self, purse: Purse, amount: i64) -> Account {
        let has = |account: &Account| self.books.balance(purse, account) >= amount;
        if !has(&Account::Clearing) && has(&Account::Balance) {
            Account::Balance
        } else {
            Account::Clearing
        }
    }
}

/// Everybody's money of one merchant in one currency, in minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Money {
    /// The merchant's number.
    pub integration: u64,
    /// The merchant's name.
    pub business_name: String,
    /// The currency.
    pub currency: Currency,
    /// What patrons have paid in all.
    pub patrons_paid: i64,
    /// Collected and not settled; below zero when more went back than was there.
    pub clearing: i64,
    /// What can be transferred.
    pub balance: i64,
    /// Deducted for transfers that have not ended.
    pub in_transit: i64,
    /// Settled to the merchant's own bank.
    pub bank: i64,
    /// Put into the balance by the merchant.
    pub topped_up: i64,
    /// Paystack's fees.
    pub fees: i64,
    /// Refunded to patrons, or on its way there.
    pub refunded: i64,
    /// Lost by disputes.
    pub charged_back: i64,
    /// Paid out in all.
    pub paid_out: i64,
    /// Paid out per recipient.
    pub recipients: Vec<PaidOut>,
    /// The sum over all accounts: always zero.
    pub sum: i64,
}

/// What a recipient has been paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PaidOut {
    /// `RCP_…`.
    pub recipient_code: String,
    /// Its bank or operator.
    pub bank_code: String,
    /// Its account or telephone number.
    pub account_number: String,
    /// In minor units.
    pub amount: i64,
}

impl State {
    /// All purses.
    pub(super) fn money(&self) -> Vec<Money> {
        self.books.purses().filter_map(|purse| self.money_of(purse)).collect()
    }

    fn money_of(&self, purse: Purse) -> Option<Money> {
        let integration = self.integrations.get(purse.0)?;
        let of = |account: Account| self.books.balance(purse, &account);
        let recipients: Vec<PaidOut> = self
            .books
            .accounts(purse)
            .filter_map(|(account, amount)| {
                let Account::Recipient(id) = account else { return None };
                let recipient = self.recipients.get(*id)?;
                Some(PaidOut {
                    recipient_code: recipient.code.clone(),
                    bank_code: recipient.bank_code.clone(),
                    account_number: recipient.account_number.clone(),
                    amount,
                })
            })
            .collect();
        Some(Money {
            integration: integration.id,
            business_name: integration.business_name.clone(),
            currency: purse.1,
            patrons_paid: -of(Account::Patrons),
            clearing: of(Account::Clearing),
            balance: of(Account::Balance),
            in_transit: of(Account::Transit),
            bank: of(Account::Bank),
            topped_up: -of(Account::TopUps),
            fees: of(Account::Fees),
            refunded: of(Account::Refunded),
            charged_back: of(Account::Chargebacks),
            paid_out: recipients.iter().map(|paid| paid.amount).sum(),
            recipients,
            sum: self.books.accounts(purse).map(|(_, amount)| amount).sum(),
        })
    }
}
