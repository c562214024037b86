//! Refunds and lost disputes: money that goes back to the patron, from whoever had got it.

use super::transaction::Draft;
use super::{AccountKind, LedgerRefused, Reference, Shares, Transaction};
use crate::id::GuardId;
use crate::money::Currency;

/// A refund that Paystack has processed, or a dispute that was lost. In minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GiveBack {
    /// The refund's or the dispute's reference.
    pub reference: Reference,
    /// Whose tip it was.
    pub guard: GuardId,
    /// The currency of all amounts.
    pub currency: Currency,
    /// Who got which part of the charge.
    pub shares: Shares,
    /// What refunds and disputes of this tip have taken before.
    pub before: i64,
    /// What this one takes.
    pub wanted: i64,
    /// What the guard has available at this moment: payable with its sign turned.
    pub available: i64,
}

/// What came of it: `taken + excess == wanted`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The postings; none where nothing was left to take.
    pub transaction: Option<Transaction>,
    /// What was taken.
    pub taken: i64,
    /// What goes beyond the charge; a case for a person, not posted.
    pub excess: i64,
}

/// The postings of a refund or a lost dispute: each share pro rata, the last one the rest. What payable cannot cover
/// goes to receivable. Refunds and disputes together never take more than the charge.
///
/// # Errors
/// [`LedgerRefused::Amounts`] for a refund of nothing, or shares that cannot be.
pub fn give_back(back: &GiveBack) -> Result<Given, LedgerRefused> {
    if back.wanted <= 0 {
        return Err(LedgerRefused::Amounts { rule: "a refund is more than nothing" });
    }
    let rest = back.shares.collected().saturating_sub(back.before).max(0);
    let taken = back.wanted.min(rest);
    let excess = back.wanted.saturating_sub(taken);
    if taken == 0 {
        return Ok(Given { transaction: None, taken, excess });
    }
    let part = back.shares.between(back.before, back.before.saturating_add(taken))?;
    let covered = part.guard.min(back.available.max(0));
    let lent = part.guard.saturating_sub(covered);
    let transaction = Draft::new(back.reference.clone(), back.currency)
        .post(AccountKind::Payable(back.guard.clone()), covered)
        .post(AccountKind::Receivable(back.guard.clone()), lent)
        .post(AccountKind::PlatformFees, part.platform)
        .post(AccountKind::PspFees, part.expense)
        .post(AccountKind::Clearing, taken.saturating_neg())
        .finish()?;
    Ok(Given { transaction: Some(transaction), taken, excess })
}
