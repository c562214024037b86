//! A transaction: postings that sum to zero. No other kind can be built.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::account::Side;
use super::{Account, AccountKind, LedgerRefused, Reference};
use crate::money::{Currency, EXACT_MAX};

/// The most postings of a transaction.
pub const POSTINGS_MAX: usize = 8;

/// An amount added to an account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Posting {
    /// The account.
    pub account: Account,
    /// Minor units, signed; never zero.
    pub minor: i64,
}

/// Postings of one event, in one currency, that sum to zero. Never changed once it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    reference: Reference,
    currency: Currency,
    postings: Vec<Posting>,
}

/// What has to hold of a balance before it is changed, in minor units. No stored balance counts as zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// At least this.
    AtLeast(i64),
    /// At most this: what we owe is negative, so "at least 500 available" is "at most −500".
    AtMost(i64),
    /// This and nothing else.
    Exactly(i64),
}

impl Condition {
    /// Whether a balance meets it.
    pub fn holds(self, balance: i64) -> bool {
        match self {
            Condition::AtLeast(bound) => balance >= bound,
            Condition::AtMost(bound) => balance <= bound,
            Condition::Exactly(bound) => balance == bound,
        }
    }
}

/// What a transaction does to one balance, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceChange {
    /// The account.
    pub account: Account,
    /// Minor units to add, signed; never zero.
    pub by: i64,
    /// What has to hold before, where anything has to.
    pub condition: Option<Condition>,
}

impl Transaction {
    /// A transaction of these postings.
    ///
    /// # Errors
    /// [`LedgerRefused`] unless there are 1 to [`POSTINGS_MAX`], none of zero, of one currency and with the sum zero.
    pub fn build(reference: Reference, postings: Vec<Posting>) -> Result<Self, LedgerRefused> {
        let Some(first) = postings.first() else { return Err(LedgerRefused::PostingCount) };
        if postings.len() > POSTINGS_MAX {
            return Err(LedgerRefused::PostingCount);
        }
        let currency = first.account.currency;
        let mut sum = 0_i64;
        for posting in &postings {
            if posting.account.currency != currency {
                return Err(LedgerRefused::CurrencyMismatch);
            }
            if posting.minor == 0 {
                return Err(LedgerRefused::ZeroPosting);
            }
            if posting.minor.unsigned_abs() > EXACT_MAX.unsigned_abs() {
                return Err(LedgerRefused::TooLarge);
            }
            sum = sum.checked_add(posting.minor).ok_or(LedgerRefused::TooLarge)?;
        }
        if sum == 0 {
            Ok(Self { reference, currency, postings })
        } else {
            Err(LedgerRefused::Unbalanced { sum })
        }
    }

    /// What makes it unique.
    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    /// The currency of all its postings.
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// The postings, in the order of the event's description.
    pub fn postings(&self) -> &[Posting] {
        &self.postings
    }

    /// What it does to each balance, and what has to hold for it; both follow from the postings.
    ///
    /// - Nothing is taken from payable, in transit or receivable that is not there.
    /// - Where it moves payable and receivable of one guard, the one that it draws from ends at zero: a charge repays
    ///   all that is owed before it credits, a refund takes all that is available before it lends. If a condition is
    ///   lost, read the balances again and build the transaction anew.
    pub fn changes(&self) -> Vec<BalanceChange> {
        let mut sums: BTreeMap<&Account, i64> = BTreeMap::new();
        for posting in &self.postings {
            // At most eight amounts below 2^53 each: the sum has room.
            let sum = sums.entry(&posting.account).or_default();
            *sum = sum.saturating_add(posting.minor);
        }
        let change = |(account, by): (&&Account, &i64)| {
            let condition = condition(account, *by, &sums);
            (*by != 0).then(|| BalanceChange { account: (*account).clone(), by: *by, condition })
        };
        sums.iter().filter_map(change).collect()
    }
}

/// What has to hold of `account` before `by` is added.
fn condition(account: &Account, by: i64, sums: &BTreeMap<&Account, i64>) -> Option<Condition> {
    let needed = by.saturating_neg();
    let draws = match account.side() {
        Side::Owed => by > 0,
        Side::Held => by < 0,
        Side::Free => false,
    };
    let other = match &account.kind {
        AccountKind::Payable(guard) => Some(AccountKind::Receivable(guard.clone())),
        AccountKind::Receivable(guard) => Some(AccountKind::Payable(guard.clone())),
        _ => None,
    };
    let moves_other = other.is_some_and(|kind| {
        let other = Account::new(kind, account.currency);
        sums.get(&other).is_some_and(|sum| sum.signum() == by.signum())
    });
    match (draws, moves_other, account.side()) {
        (false, _, _) | (_, _, Side::Free) => None,
        (true, true, _) => Some(Condition::Exactly(needed)),
        (true, false, Side::Owed) => Some(Condition::AtMost(needed)),
        (true, false, Side::Held) => Some(Condition::AtLeast(needed)),
    }
}

/// Collects the postings of an event. A part of the event that moves nothing is left out.
pub(super) struct Draft {
    reference: Reference,
    currency: Currency,
    postings: Vec<Posting>,
}

impl Draft {
    pub(super) fn new(reference: Reference, currency: Currency) -> Self {
        Self { reference, currency, postings: Vec::new() }
    }

    pub(super) fn post(mut self, kind: AccountKind, minor: i64) -> Self {
        if minor != 0 {
            self.postings.push(Posting { account: Account::new(kind, self.currency), minor });
        }
        self
    }

    pub(super) fn finish(self) -> Result<Transaction, LedgerRefused> {
        Transaction::build(self.reference, self.postings)
    }
}
