//! Whether a code may be redeemed, from what was read of the table, and what has to be written then. The writes name
//! the versions that were read; the limit in all and per day is left to them.

use jiff::Timestamp;

use super::{
    Balance, CodeRead, Offline, RedeemRefused, RedeemedBy, Redemption, RedemptionStatus,
    rollback_end,
};
use crate::campaign::Batch;
use crate::claim::{Claim, ClaimState};
use crate::customer::CustomerId;
use crate::id::{BusinessId, RedemptionId};
use crate::money::{Currency, Money};
use crate::voucher::{Benefit, Voucher, VoucherState, VoucherStatus};

/// What somebody at a till wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The id of the redemption of a shared code; a unique code has its own.
    pub id: RedemptionId,
    /// What was read.
    pub code: CodeRead,
    /// At which business.
    pub business: BusinessId,
    /// Whose voucher, where somebody has said so.
    pub customer: Option<CustomerId>,
    /// How much of a gift, in minor units.
    pub amount: Option<i64>,
    /// By whom.
    pub by: RedeemedBy,
    /// When: for a device that was offline, then.
    pub at: Timestamp,
    /// What a device did while it was offline.
    pub offline: Option<Offline>,
}

/// What was read of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The voucher.
    pub voucher: Voucher,
    /// The printing, of a printed code.
    pub batch: Option<Batch>,
    /// The customer's record, where [`Wanted::customer_of`] names somebody.
    pub claim: Option<Claim>,
    /// What is left of an unclaimed gift, of a printed code.
    pub balance: Option<Balance>,
}

/// What has to be written, all or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The record.
    pub redemption: Redemption,
    /// Whether the code is redeemed once, so that the record must not be there.
    pub unique: bool,
    /// The customer's record after it, under the condition of the version before.
    pub claim: Option<Claim>,
    /// What is left of an unclaimed gift after it, under the condition of the version before.
    pub balance: Option<Balance>,
}

impl Wanted {
    /// Whose record has to be read: the owner's of a personal code, else the one that was named.
    ///
    /// # Errors
    /// [`RedeemRefused::OtherCustomer`] where the two differ.
    pub fn customer_of(&self) -> Result<Option<&CustomerId>, RedeemRefused> {
        match (&self.code, &self.customer) {
            (CodeRead::User { customer, .. }, Some(named)) if customer != named => {
                Err(RedeemRefused::OtherCustomer)
            }
            (CodeRead::User { customer, .. }, _) => Ok(Some(customer)),
            (CodeRead::Shared(_) | CodeRead::Print { .. }, named) => Ok(named.as_ref()),
        }
    }

    /// Decides by what was found, in the order of V12.
    ///
    /// # Errors
    /// [`RedeemRefused`].
    pub fn decide(self, found: Found) -> Result<Decided, RedeemRefused> {
        let Found { voucher, batch, claim, balance } = found;
        open(&voucher, self.at)?;
        if batch.as_ref().is_some_and(|batch| batch.expires_at <= self.at) {
            return Err(RedeemRefused::CodeExpired);
        }
        if voucher.business != self.business {
            return Err(RedeemRefused::OtherBusiness);
        }
        let customer = self.customer_of()?.cloned();
        let claim = self.claim_to_spend(&voucher, claim, customer.as_ref())?;
        let gift = self.gift(&voucher)?;
        let printed = matches!(self.code, CodeRead::Print { .. });
        let from_claim = gift.filter(|_| !printed);
        let claimed_at = claim.as_ref().and_then(|claim| claim.claimed_at);
        let opened = match (&claim, &balance) {
            (_, Some(balance)) if printed => !balance.is_whole(&voucher),
            (Some(claim), _) if !printed => !claim.is_whole(&voucher),
            _ => false,
        };
        let gift_of = |amount: i64| Money { minor: amount, currency: currency(&voucher) };
        let claim = claim.map(|claim| claim.spend(from_claim.map(gift_of), self.at)).transpose()?;
        let balance = match gift.filter(|_| printed) {
            Some(amount) => Some(spend(&voucher, balance, amount)?),
            None => None,
        };
        let redemption = self.record(&voucher, batch.as_ref(), customer, gift);
        let counted = gift.is_none() || !opened;
        let unique = gift.is_none() && self.code.redemption(&voucher.id).is_some();
        let redemption = Redemption { claimed_at, counted, ..redemption };
        Ok(Decided { redemption, unique, claim, balance })
    }

    /// The customer's record that this redemption is counted in, if it is counted in one.
    fn claim_to_spend(
        &self,
        voucher: &Voucher,
        claim: Option<Claim>,
        customer: Option<&CustomerId>,
    ) -> Result<Option<Claim>, RedeemRefused> {
        let personal = matches!(self.code, CodeRead::User { .. });
        let printed = matches!(self.code, CodeRead::Print { .. });
        let gift = matches!(voucher.terms.benefit, Benefit::GiftBalance { .. });
        let required = personal || voucher.terms.claim_required || (gift && !printed);
        let Some(customer) = customer else {
            let counts = required || (voucher.per_customer().is_some() && !printed);
            return if counts { Err(RedeemRefused::CustomerNeeded) } else { Ok(None) };
        };
        let state = claim.as_ref().and_then(|claim| claim.state(self.at));
        match (state, claim) {
            (Some(ClaimState::Claimed), claim) => Ok(claim),
            (Some(ClaimState::Redeemed), Some(claim)) => Err(used_up(&claim)),
            (Some(ClaimState::Expired), Some(claim)) if required => {
                Err(RedeemRefused::ClaimExpired { at: claim.expires_at })
            }
            (_, _) if required => Err(RedeemRefused::NotClaimed),
            (_, _) if voucher.per_customer().is_none() => Ok(None),
            (_, Some(claim)) if claim.is_used_up() => Err(used_up(&claim)),
            (_, claim) => Ok(Some(claim.unwrap_or_else(|| Claim::counting(voucher, customer)))),
        }
    }

    /// The amount that is taken of a gift, in minor units.
    fn gift(&self, voucher: &Voucher) -> Result<Option<i64>, RedeemRefused> {
        match (&voucher.terms.benefit, self.amount) {
            (Benefit::GiftBalance { .. }, Some(amount)) if amount > 0 => Ok(Some(amount)),
            (Benefit::GiftBalance { .. }, _) => Err(RedeemRefused::AmountNeeded),
            (_, Some(_)) => Err(RedeemRefused::AmountRefused),
            (_, None) => Ok(None),
        }
    }

    fn record(
        &self,
        voucher: &Voucher,
        batch: Option<&Batch>,
        customer: Option<CustomerId>,
        gift: Option<i64>,
    ) -> Redemption {
        // The parts of a gift are many redemptions of one code.
        let own = self.code.redemption(&voucher.id).filter(|_| gift.is_none());
        let number = |batch: &Batch| self.code.index()?.checked_sub(batch.first);
        Redemption {
            id: own.unwrap_or_else(|| self.id.clone()),
            tenant: voucher.tenant.clone(),
            voucher: voucher.id.clone(),
            business: self.business.clone(),
            batch: batch.map(|batch| batch.id.clone()),
            variant: batch.and_then(|batch| batch.variant(number(batch)?)),
            place: batch.and_then(|_| self.code.index()),
            form: self.code.form(),
            customer,
            by: self.by.clone(),
            amount: gift.map(|minor| Money { minor, currency: currency(voucher) }),
            at: self.at,
            claimed_at: None,
            counted: true,
            shard: 0,
            rollback_until: rollback_end(self.at, voucher.terms.rollback_s),
            status: RedemptionStatus::Redeemed,
            rolled_back_at: None,
            offline: self.offline.clone(),
            version: 1,
        }
    }
}

/// Whether the voucher is redeemed at this instant at all.
fn open(voucher: &Voucher, at: Timestamp) -> Result<(), RedeemRefused> {
    match voucher.state(at, None) {
        VoucherState::Published => {}
        VoucherState::Expired => {
            return Err(RedeemRefused::Expired { at: voucher.terms.expires_at });
        }
        state @ (VoucherState::Draft
        | VoucherState::Paused
        | VoucherState::Exhausted
        | VoucherState::Ended) => return Err(RedeemRefused::NotPublished(state)),
    }
    if at < voucher.terms.valid_from {
        return Err(RedeemRefused::NotYetValid { from: voucher.terms.valid_from });
    }
    Ok(())
}

/// Why a voucher whose counter shows this is not redeemed: the same rule, told from what the write has found.
pub fn closed(
    status: VoucherStatus,
    (from, to): (Timestamp, Timestamp),
    at: Timestamp,
) -> Option<RedeemRefused> {
    match status {
        VoucherStatus::Draft => Some(RedeemRefused::NotPublished(VoucherState::Draft)),
        VoucherStatus::Paused => Some(RedeemRefused::NotPublished(VoucherState::Paused)),
        VoucherStatus::Ended => Some(RedeemRefused::NotPublished(VoucherState::Ended)),
        VoucherStatus::Published if to <= at => Some(RedeemRefused::Expired { at: to }),
        VoucherStatus::Published if at < from => Some(RedeemRefused::NotYetValid { from }),
        VoucherStatus::Published => None,
    }
}

fn used_up(claim: &Claim) -> RedeemRefused {
    match (claim.most, claim.redeemed_at) {
        (None | Some(1), Some(at)) => RedeemRefused::AlreadyRedeemed { at },
        _ => RedeemRefused::CustomerLimit,
    }
}

fn currency(voucher: &Voucher) -> Currency {
    match voucher.terms.benefit {
        Benefit::GiftBalance { currency, .. } | Benefit::Amount { currency, .. } => currency,
        // Nothing of these has an amount.
        Benefit::Percentage { .. } | Benefit::FreeItem { .. } => Currency::Usd,
    }
}

/// What is left of an unclaimed gift after `amount` was taken.
fn spend(
    voucher: &Voucher,
    balance: Option<Balance>,
    amount: i64,
) -> Result<Balance, RedeemRefused> {
    let begins_with = match voucher.terms.benefit {
        Benefit::GiftBalance { minor, .. } => minor,
        Benefit::Percentage { .. } | Benefit::Amount { .. } | Benefit::FreeItem { .. } => 0,
    };
    let Balance { left, version } = balance.unwrap_or(Balance { left: begins_with, version: 0 });
    let currency = currency(voucher);
    match left.checked_sub(amount) {
        Some(rest) if rest >= 0 => Ok(Balance { left: rest, version: version.saturating_add(1) }),
        _ => Err(RedeemRefused::TooLittleLeft { left: Money { minor: left, currency } }),
    }
}

impl Claim {
    /// The customer's record with one redemption more; of a gift, with this much less.
    fn spend(self, gift: Option<Money>, at: Timestamp) -> Result<Self, RedeemRefused> {
        let left = match (self.left, gift) {
            (Some(left), Some(amount)) => match left.checked_sub(amount.minor) {
                Some(rest) if rest >= 0 => Some(rest),
                _ => {
                    let left = Money { minor: left, ..amount };
                    return Err(RedeemRefused::TooLittleLeft { left });
                }
            },
            (left, _) => left,
        };
        let used = self.used.saturating_add(1);
        let version = self.version.saturating_add(1);
        Ok(Self { left, used, redeemed_at: Some(at), version, ..self })
    }

    /// The customer's record without a redemption that was taken back.
    #[must_use]
    pub fn give_back(self, gift: Option<i64>) -> Self {
        let left = match (self.left, gift) {
            (Some(left), Some(amount)) => left.checked_add(amount),
            (left, _) => left,
        };
        let used = self.used.saturating_sub(1);
        let redeemed_at = self.redeemed_at.filter(|_| used > 0);
        Self { left, used, redeemed_at, version: self.version.saturating_add(1), ..self }
    }
}
