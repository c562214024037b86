//! The invariants of a ledger, recomputed from what was read. Nothing that was read is trusted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::account::Side;
use super::{Account, Posting, Reference};

/// A transaction as it was read from storage: not yet known to be one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its reference.
    pub reference: Reference,
    /// Its postings.
    pub postings: Vec<Posting>,
}

/// Something that is off. Amounts are minor units.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "violation", rename_all = "snake_case")]
pub enum Violation {
    /// A transaction's postings do not sum to zero.
    Unbalanced {
        /// The transaction.
        reference: Reference,
        /// What they sum to.
        sum: i64,
    },
    /// A transaction has postings of several currencies.
    CurrencyMismatch {
        /// The transaction.
        reference: Reference,
    },
    /// A transaction has no postings, or one of zero.
    EmptyPosting {
        /// The transaction.
        reference: Reference,
    },
    /// Two transactions have one reference.
    DuplicateReference {
        /// The reference.
        reference: Reference,
    },
    /// A balance is not the sum of its entries.
    BalanceOff {
        /// The account.
        account: Account,
        /// What is stored; nothing counts as zero.
        stored: i64,
        /// What its entries sum to.
        derived: i64,
    },
    /// A balance is on the wrong side of zero: payable or in transit above, receivable below.
    WrongSide {
        /// The account.
        account: Account,
        /// What its entries sum to.
        balance: i64,
    },
    /// A sum is beyond what can be counted.
    Overflow {
        /// The account.
        account: Account,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::Unbalanced { reference, sum } => {
                write!(f, "{reference}: its postings sum to {sum}")
            }
            Violation::CurrencyMismatch { reference } => {
                write!(f, "{reference}: it has postings of several currencies")
            }
            Violation::EmptyPosting { reference } => {
                write!(f, "{reference}: it has no postings, or one of zero")
            }
            Violation::DuplicateReference { reference } => {
                write!(f, "{reference}: two transactions have this reference")
            }
            Violation::BalanceOff { account, stored, derived } => {
                write!(f, "{account}: {stored} is stored, its entries sum to {derived}")
            }
            Violation::WrongSide { account, balance } => {
                write!(f, "{account}: {balance} is on the wrong side of zero")
            }
            Violation::Overflow { account } => write!(f, "{account}: its sum cannot be counted"),
        }
    }
}

/// Adds up a ledger as its pages are read.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    references: BTreeSet<Reference>,
    sums: BTreeMap<Account, i64>,
    violations: BTreeSet<Violation>,
}

impl Audit {
    /// Takes the next transaction.
    pub fn record(&mut self, record: &Record) {
        let reference = &record.reference;
        if !self.references.insert(reference.clone()) {
            self.note(Violation::DuplicateReference { reference: reference.clone() });
        }
        if record.postings.is_empty() || record.postings.iter().any(|posting| posting.minor == 0) {
            self.note(Violation::EmptyPosting { reference: reference.clone() });
        }
        let mut by_currency: BTreeMap<_, i64> = BTreeMap::new();
        for posting in &record.postings {
            let sum = by_currency.entry(posting.account.currency).or_default();
            *sum = sum.saturating_add(posting.minor);
            let total = self.sums.get(&posting.account).copied().unwrap_or(0);
            match total.checked_add(posting.minor) {
                Some(total) => {
                    self.sums.insert(posting.account.clone(), total);
                }
                None => self.note(Violation::Overflow { account: posting.account.clone() }),
            }
        }
        if by_currency.len() > 1 {
            self.note(Violation::CurrencyMismatch { reference: reference.clone() });
        }
        for sum in by_currency.into_values().filter(|sum| *sum != 0) {
            self.note(Violation::Unbalanced { reference: reference.clone(), sum });
        }
    }

    /// Whether a transaction of this reference was taken.
    pub fn knows(&self, reference: &Reference) -> bool {
        self.references.contains(reference)
    }

    /// How many transactions were taken.
    pub fn transactions(&self) -> usize {
        self.references.len()
    }

    /// What the entries of each account sum to so far, in minor units.
    pub fn sums(&self) -> &BTreeMap<Account, i64> {
        &self.sums
    }

    /// What is off, once every transaction was taken; sorted. `balances` are the stored ones.
    pub fn finish(mut self, balances: &BTreeMap<Account, i64>) -> Vec<Violation> {
        let accounts: BTreeSet<&Account> = self.sums.keys().chain(balances.keys()).collect();
        let mut found = Vec::new();
        for account in accounts {
            let derived = self.sums.get(account).copied().unwrap_or(0);
            let stored = balances.get(account).copied().unwrap_or(0);
            if stored != derived {
                let account = account.clone();
                found.push(Violation::BalanceOff { account, stored, derived });
            }
            let wrong = match account.side() {
                Side::Owed => derived > 0,
                Side::Held => derived < 0,
                Side::Free => false,
            };
            if wrong {
                found.push(Violation::WrongSide { account: account.clone(), balance: derived });
            }
        }
        self.violations.extend(found);
        self.violations.into_iter().collect()
    }

    fn note(&mut self, violation: Violation) {
        self.violations.insert(violation);
    }
}

/// What is off in a ledger that is at hand as a whole.
pub fn check<'r>(
    records: impl IntoIterator<Item = &'r Record>,
    balances: &BTreeMap<Account, i64>,
) -> Vec<Violation> {
    let mut audit = Audit::default();
    for record in records {
        audit.record(record);
    }
    audit.finish(balances)
}
