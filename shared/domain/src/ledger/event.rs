//! The postings of each event: charges, payouts and their transfers, settlements, top-ups.

use super::transaction::Draft;
use super::{
    AccountKind, FeeBearer, LedgerRefused, PaystackReference, Reference, Shares, Transaction,
    TransferReference,
};
use crate::id::{GuardId, PayoutId};
use crate::money::{Currency, EXACT_MAX, Money};

/// A charge that succeeded, with the amounts as Paystack has verified them. In minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Its reference at Paystack.
    pub reference: PaystackReference,
    /// Whom the tip is for.
    pub guard: GuardId,
    /// The currency of all amounts.
    pub currency: Currency,
    /// What the patron gives to the guard, before any fee.
    pub tip: i64,
    /// What was collected: the tip, and what was asked on top where the patron bears the fee.
    pub collected: i64,
    /// What Paystack kept (`fees` of the event, never an estimate).
    pub psp_fee: i64,
    /// What the platform takes of the tip.
    pub platform_fee: i64,
    /// Who bears Paystack's fee.
    pub bearer: FeeBearer,
}

impl Charge {
    /// Who ends up with which part of what was collected.
    ///
    /// Where the guard bears a fee that leaves less than the platform's part, the platform takes what is left: a guard
    /// never owes anything for having been tipped.
    ///
    /// # Errors
    /// [`LedgerRefused::Amounts`] for amounts that no verified charge of this kind has.
    pub fn shares(&self) -> Result<Shares, LedgerRefused> {
        self.check()?;
        let kept = self.collected.saturating_sub(self.psp_fee);
        let net = self.tip.saturating_sub(self.platform_fee);
        Ok(match self.bearer {
            FeeBearer::Guard => {
                let platform = self.platform_fee.min(kept);
                let guard = kept.saturating_sub(platform);
                Shares { guard, platform, expense: self.psp_fee }
            }
            // The expense is posted with the charge; a refund finds nothing left to expense.
            FeeBearer::Platform => Shares { guard: net, platform: self.platform_fee, expense: 0 },
            FeeBearer::Patron => {
                Shares { guard: net, platform: kept.saturating_sub(net), expense: self.psp_fee }
            }
        })
    }

    /// The charge's postings. `receivable` is what the guard owes us at this moment: it is repaid first.
    ///
    /// # Errors
    /// As [`Charge::shares`].
    pub fn transaction(&self, receivable: i64) -> Result<Transaction, LedgerRefused> {
        let shares = self.shares()?;
        let repaid = shares.guard.min(receivable.max(0));
        let guard = || self.guard.clone();
        Draft::new(Reference::charge(&self.reference), self.currency)
            .post(AccountKind::Clearing, self.collected.saturating_sub(self.psp_fee))
            .post(AccountKind::PspFees, self.psp_fee.saturating_sub(shares.expense))
            .post(AccountKind::Payable(guard()), repaid.saturating_sub(shares.guard))
            .post(AccountKind::Receivable(guard()), repaid.saturating_neg())
            .post(AccountKind::PlatformFees, shares.platform.saturating_neg())
            .finish()
    }

    fn check(&self) -> Result<(), LedgerRefused> {
        let rules = [
            (self.tip > 0, "a tip is more than nothing"),
            (self.collected <= EXACT_MAX, "an amount can be kept exactly"),
            ((0..self.collected).contains(&self.psp_fee), "the fee leaves something of the charge"),
            ((0..=self.tip).contains(&self.platform_fee), "the platform's part is one of the tip"),
            (
                match self.bearer {
                    FeeBearer::Guard | FeeBearer::Platform => self.collected == self.tip,
                    FeeBearer::Patron => self.collected >= self.tip,
                },
                "only a patron who bears the fee pays more than the tip",
            ),
        ];
        let broken = rules.into_iter().find(|(holds, _)| !holds);
        broken.map_or(Ok(()), |(_, rule)| Err(LedgerRefused::Amounts { rule }))
    }
}

/// A payout's attempt reserves what it is going to send. The condition on payable is that so much is available.
///
/// # Errors
/// [`LedgerRefused`] unless the amount is above zero.
pub fn payout_start(
    payout: &PayoutId,
    attempt: u32,
    guard: &GuardId,
    amount: Money,
) -> Result<Transaction, LedgerRefused> {
    above_zero(amount)?;
    Draft::new(Reference::payout_start(payout, attempt), amount.currency)
        .post(AccountKind::Payable(guard.clone()), amount.minor)
        .post(AccountKind::InTransit(guard.clone()), amount.minor.saturating_neg())
        .finish()
}

/// A transfer to a guard that was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Its reference at Paystack.
    pub reference: TransferReference,
    /// Who gets it.
    pub guard: GuardId,
    /// What was reserved for it.
    pub amount: Money,
}

/// What Paystack says about a transfer, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferNews {
    /// It succeeded.
    Success {
        /// What it cost.
        fee: i64,
    },
    /// It failed, or was rejected, blocked, abandoned or reversed.
    Returned {
        /// What of the fee came back; counts only after a success, for no fee is posted before.
        fee_back: i64,
    },
}

/// Which of a transfer's two references are in the ledger already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransferPosted {
    /// Its success.
    pub success: bool,
    /// Its return.
    pub returned: bool,
}

/// What news about a transfer leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferStep {
    /// This transaction.
    Post(Transaction),
    /// Nothing: it was posted before.
    Repeat,
    /// A case for a person: a success after the money had come back. Nothing is posted.
    SuccessAfterReturn,
}

impl Transfer {
    /// What follows from news, in whatever order and however often they arrive.
    ///
    /// # Errors
    /// [`LedgerRefused`] for an amount of nothing or a negative fee.
    pub fn step(
        &self,
        news: TransferNews,
        posted: TransferPosted,
    ) -> Result<TransferStep, LedgerRefused> {
        above_zero(self.amount)?;
        match (news, posted.success, posted.returned) {
            (TransferNews::Success { .. }, true, _) | (TransferNews::Returned { .. }, _, true) => {
                Ok(TransferStep::Repeat)
            }
            (TransferNews::Success { .. }, false, true) => Ok(TransferStep::SuccessAfterReturn),
            (TransferNews::Success { fee }, false, false) => {
                self.success(fee).map(TransferStep::Post)
            }
            (TransferNews::Returned { .. }, false, false) => {
                self.given_back().map(TransferStep::Post)
            }
            (TransferNews::Returned { fee_back }, true, false) => {
                self.reversed(fee_back).map(TransferStep::Post)
            }
        }
    }

    fn success(&self, fee: i64) -> Result<Transaction, LedgerRefused> {
        self.paid_in_part(self.amount.minor, fee)
    }

    /// It succeeded, and so much of what was reserved has reached the guard, in minor units; the rest is owed again.
    ///
    /// # Errors
    /// [`LedgerRefused`] for less than nothing, for more than was reserved, or for a negative fee.
    pub fn paid_in_part(&self, reached: i64, fee: i64) -> Result<Transaction, LedgerRefused> {
        let (amount, fee) = (self.amount.minor, not_negative(fee)?);
        if !(1..=amount).contains(&reached) {
            let rule = "what reaches a guard is a part of what was reserved";
            return Err(LedgerRefused::Amounts { rule });
        }
        Draft::new(Reference::transfer_success(&self.reference), self.amount.currency)
            .post(AccountKind::InTransit(self.guard.clone()), amount)
            .post(AccountKind::Payable(self.guard.clone()), reached.saturating_sub(amount))
            .post(AccountKind::Balance, reached.saturating_neg())
            .post(AccountKind::PspFees, fee)
            .post(AccountKind::Balance, fee.saturating_neg())
            .finish()
    }

    /// Nothing of what was reserved has reached the guard: all of it is owed again.
    ///
    /// # Errors
    /// [`LedgerRefused`] for an amount of nothing.
    pub fn given_back(&self) -> Result<Transaction, LedgerRefused> {
        above_zero(self.amount)?;
        let amount = self.amount.minor;
        Draft::new(Reference::transfer_returned(&self.reference), self.amount.currency)
            .post(AccountKind::InTransit(self.guard.clone()), amount)
            .post(AccountKind::Payable(self.guard.clone()), amount.saturating_neg())
            .finish()
    }

    fn reversed(&self, fee_back: i64) -> Result<Transaction, LedgerRefused> {
        let (amount, fee_back) = (self.amount.minor, not_negative(fee_back)?);
        Draft::new(Reference::transfer_returned(&self.reference), self.amount.currency)
            .post(AccountKind::Balance, amount.saturating_add(fee_back))
            .post(AccountKind::PspFees, fee_back.saturating_neg())
            .post(AccountKind::Payable(self.guard.clone()), amount.saturating_neg())
            .finish()
    }
}

/// Where Paystack moves what it has collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettledInto {
    /// Its own balance, for transfers.
    Balance,
    /// The tenant's bank account.
    Bank,
}

/// Paystack credits its balance, or pays out to the bank.
///
/// # Errors
/// [`LedgerRefused`] unless the amount is above zero.
pub fn settlement(id: u64, into: SettledInto, amount: Money) -> Result<Transaction, LedgerRefused> {
    above_zero(amount)?;
    let account = match into {
        SettledInto::Balance => AccountKind::Balance,
        SettledInto::Bank => AccountKind::Bank,
    };
    Draft::new(Reference::settlement(id), amount.currency)
        .post(account, amount.minor)
        .post(AccountKind::Clearing, amount.minor.saturating_neg())
        .finish()
}

/// The tenant moves money from its bank to Paystack's balance.
///
/// # Errors
/// [`LedgerRefused`] unless the amount is above zero.
pub fn topup(id: u64, amount: Money) -> Result<Transaction, LedgerRefused> {
    above_zero(amount)?;
    Draft::new(Reference::topup(id), amount.currency)
        .post(AccountKind::Balance, amount.minor)
        .post(AccountKind::Bank, amount.minor.saturating_neg())
        .finish()
}

/// Paystack has taken what went back to a patron from its balance, and not from what it has collected; or has given it
/// back there, where the amount is above zero. `line` is the id of the line in Paystack's balance ledger.
///
/// # Errors
/// [`LedgerRefused`] for an amount of nothing.
pub fn drawn(line: u64, amount: Money) -> Result<Transaction, LedgerRefused> {
    if amount.minor == 0 {
        return Err(LedgerRefused::Amounts { rule: "what is moved is more than nothing" });
    }
    Draft::new(Reference::drawn(line), amount.currency)
        .post(AccountKind::Balance, amount.minor)
        .post(AccountKind::Clearing, amount.minor.saturating_neg())
        .finish()
}

/// Somebody has paid from Paystack's balance past us: what a person has to explain is set down. `amount` is in minor
/// units and with the fee.
///
/// # Errors
/// [`LedgerRefused`] unless the amount is above zero.
pub fn foreign_transfer(id: u64, amount: Money) -> Result<Transaction, LedgerRefused> {
    above_zero(amount)?;
    Draft::new(Reference::foreign(id), amount.currency)
        .post(AccountKind::Balance, amount.minor.saturating_neg())
        .post(AccountKind::Suspense, amount.minor)
        .finish()
}

/// The money of such a transfer is back in Paystack's balance, in minor units.
///
/// # Errors
/// [`LedgerRefused`] unless the amount is above zero.
pub fn foreign_returned(id: u64, amount: Money) -> Result<Transaction, LedgerRefused> {
    above_zero(amount)?;
    Draft::new(Reference::foreign_returned(id), amount.currency)
        .post(AccountKind::Balance, amount.minor)
        .post(AccountKind::Suspense, amount.minor.saturating_neg())
        .finish()
}

fn above_zero(amount: Money) -> Result<(), LedgerRefused> {
    let rule = "what is moved is more than nothing";
    if amount.minor > 0 { Ok(()) } else { Err(LedgerRefused::Amounts { rule }) }
}

fn not_negative(fee: i64) -> Result<i64, LedgerRefused> {
    let rule = "a fee is not negative";
    if fee >= 0 { Ok(fee) } else { Err(LedgerRefused::Amounts { rule }) }
}
