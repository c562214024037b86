//! Taking a redemption back: what becomes of the record, of the customer's copy, of a gift's rest and of the limit.
//!
//! Deliberately absent: what the limit has left. It gets back what this redemption has taken from it.

use jiff::Timestamp;

use super::{Balance, Redemption, RedemptionStatus, RollbackRefused};
use crate::claim::Claim;
use crate::voucher::{Benefit, Voucher};

/// What was read of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stood {
    /// The redemption.
    pub redemption: Redemption,
    /// Its voucher.
    pub voucher: Voucher,
    /// The customer's record, where [`Redemption::spent_a_claim`].
    pub claim: Option<Claim>,
    /// What is left of the gift, where [`Redemption::gift_place`] names one.
    pub balance: Option<Balance>,
}

/// What has to be written, all or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenBack {
    /// The record.
    pub redemption: Redemption,
    /// The customer's record after it, under the condition of the version before.
    pub claim: Option<Claim>,
    /// Where the rest of a printed code's gift lies and what it is after it, under the condition of the version before.
    pub balance: Option<(u32, Balance)>,
    /// Whether the limit gets one back.
    pub returns: bool,
}

impl Redemption {
    /// The redemption taken back.
    ///
    /// # Errors
    /// [`RollbackRefused`].
    pub fn rolled_back(self, now: Timestamp) -> Result<Self, RollbackRefused> {
        match self.status {
            RedemptionStatus::RolledBack => Err(RollbackRefused::Already),
            RedemptionStatus::Redeemed if now >= self.rollback_until => {
                Err(RollbackRefused::TooLate { until: self.rollback_until })
            }
            RedemptionStatus::Redeemed => Ok(Self {
                status: RedemptionStatus::RolledBack,
                rolled_back_at: Some(now),
                version: self.version.saturating_add(1),
                ..self
            }),
        }
    }

    /// Whether it was counted in a customer's record: in that of a claim, or because the voucher counts customers. The
    /// rules of a published voucher do not change, so this can be told afterwards.
    pub fn spent_a_claim(&self, voucher: &Voucher) -> bool {
        let counts = self.claimed_at.is_some() || voucher.per_customer().is_some();
        self.customer.is_some() && counts
    }

    /// The place of the printed code whose gift it has taken from.
    pub fn gift_place(&self) -> Option<u32> {
        self.place.filter(|_| self.amount.is_some())
    }
}

impl Stood {
    /// Takes the redemption back. Of a gift that was spent bit by bit the limit gets its one back with the last bit.
    ///
    /// # Errors
    /// [`RollbackRefused`]; [`RollbackRefused::Changed`] where a record that it has to change was not found.
    pub fn take_back(self, now: Timestamp) -> Result<TakenBack, RollbackRefused> {
        let Self { redemption, voucher, claim, balance } = self;
        let spent = redemption.spent_a_claim(&voucher);
        let place = redemption.gift_place();
        let redemption = redemption.rolled_back(now)?;
        let amount = redemption.amount.map(|amount| amount.minor);
        let claim = match claim.filter(|_| spent) {
            None if spent => return Err(RollbackRefused::Changed),
            claim => claim.map(|claim| claim.give_back(amount.filter(|_| place.is_none()))),
        };
        let balance = match (place, balance) {
            (None, _) => None,
            (Some(_), None) => return Err(RollbackRefused::Changed),
            (Some(place), Some(balance)) => {
                let left = balance.left.saturating_add(amount.unwrap_or(0));
                let version = balance.version.saturating_add(1);
                Some((place, Balance { left, version }))
            }
        };
        let returns = match (amount, &balance, &claim) {
            (None, _, _) => redemption.counted,
            (Some(_), Some((_, balance)), _) => balance.is_whole(&voucher),
            (Some(_), None, claim) => claim.as_ref().is_none_or(|claim| claim.is_whole(&voucher)),
        };
        Ok(TakenBack { redemption, claim, balance, returns })
    }
}

impl Balance {
    /// Whether nothing of the gift was taken, or all of that was taken back.
    pub fn is_whole(&self, voucher: &Voucher) -> bool {
        is_whole(self.left, voucher)
    }
}

impl Claim {
    /// The same of a gift that was claimed. How often the claim was used says nothing: a printed gift of the same
    /// customer counts as a use, and is paid from its own balance.
    pub fn is_whole(&self, voucher: &Voucher) -> bool {
        self.left.is_none_or(|left| is_whole(left, voucher))
    }
}

fn is_whole(left: i64, voucher: &Voucher) -> bool {
    match voucher.terms.benefit {
        Benefit::GiftBalance { minor, .. } => left >= minor,
        Benefit::Percentage { .. } | Benefit::Amount { .. } | Benefit::FreeItem { .. } => false,
    }
}
