//! The double-entry ledger of one tenant: accounts, balanced transactions, the postings of each event, and the check
//! that recomputes everything. Postings are signed minor units and sum to zero; what we owe is negative.
//!
//! Deliberately absent: storage, instants, the tenant (it is in the storage's keys, so that no transaction can span
//! two), conversion between currencies, and points, which bring accounts and references of their own.

mod account;
mod audit;
mod book;
mod event;
mod give_back;
mod reference;
mod share;
mod transaction;

pub use account::{Account, AccountKind, InvalidAccount};
pub use audit::{Audit, Record, Violation, check};
pub use book::{Applied, Book, ConditionLost};
pub use event::{Charge, Transfer, TransferNews, TransferPosted, TransferStep};
pub use event::{
    SettledInto, drawn, foreign_returned, foreign_transfer, payout_start, settlement, topup,
};
pub use give_back::{GiveBack, Given, give_back};
pub use reference::{InvalidReference, PaystackReference, Reference, TransferReference};
pub use share::{BasisPoints, FeeBearer, Round, Shares, Split};
pub use transaction::{BalanceChange, Condition, POSTINGS_MAX, Posting, Transaction};

use crate::failure::{Failure, Kind};

/// Why a transaction cannot be built. Each of these is our mistake: what comes from outside is judged before.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerRefused {
    /// The postings do not sum to zero.
    #[error("the postings sum to {sum}, not to zero")]
    Unbalanced {
        /// What they sum to, in minor units.
        sum: i64,
    },
    /// Two currencies in one transaction.
    #[error("a transaction has one currency")]
    CurrencyMismatch,
    /// A posting of nothing.
    #[error("a posting moves something")]
    ZeroPosting,
    /// No postings, or more than [`POSTINGS_MAX`].
    #[error("a transaction has 1 to {POSTINGS_MAX} postings")]
    PostingCount,
    /// Beyond what can be kept exactly.
    #[error("an amount is too large")]
    TooLarge,
    /// The amounts of an event contradict each other, or one that must not be negative is.
    #[error("the amounts of the event do not fit together: {rule}")]
    Amounts {
        /// The rule that they break.
        rule: &'static str,
    },
}

impl Failure for LedgerRefused {
    fn kind(&self) -> Kind {
        Kind::Bug
    }

    fn code(&self) -> &'static str {
        "ledger_refused"
    }
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod structure;
#[cfg(test)]
mod tests;
