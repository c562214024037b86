//! Who gets which part of a charge: fees with a named rounding, and what a refund of a part takes back from whom.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::LedgerRefused;
use crate::device::words;
use crate::money::{Money, MoneyRefused};

words! {
    /// Who bears Paystack's fee on a tip.
    pub enum FeeBearer {
        /// It is taken from the tip.
        Guard = "guard",
        /// The platform pays it.
        Platform = "platform",
        /// The patron is asked for the tip and a quoted fee on top.
        Patron = "patron",
    }
}

/// Hundredths of a percent.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
pub struct BasisPoints(pub u16);

impl BasisPoints {
    /// The whole.
    pub const WHOLE: BasisPoints = BasisPoints(10_000);
}

/// Where a fraction of a minor unit goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// To the net: the fee is rounded down.
    Down,
    /// To the fee: it is rounded up.
    Up,
}

/// A gross amount in two parts: `fee + net == gross`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    /// What is taken.
    pub fee: Money,
    /// What is left.
    pub net: Money,
}

impl Money {
    /// Splits off a fee. A rate above the whole counts as the whole.
    ///
    /// # Errors
    /// [`MoneyRefused::TooLarge`] for an amount beyond what can be kept exactly.
    pub fn split_fee(self, rate: BasisPoints, round: Round) -> Result<Split, MoneyRefused> {
        let rate = i64::from(rate.min(BasisPoints::WHOLE).0);
        let whole = i64::from(BasisPoints::WHOLE.0);
        let fee = match round {
            Round::Down => portion(self.minor, rate, whole),
            // Rounding up is rounding the mirrored amount down.
            Round::Up => self
                .minor
                .checked_neg()
                .and_then(|mirrored| portion(mirrored, rate, whole))
                .and_then(i64::checked_neg),
        };
        let fee = Money::new(fee.ok_or(MoneyRefused::TooLarge)?, self.currency)?;
        let net = self.minor.checked_sub(fee.minor).ok_or(MoneyRefused::TooLarge)?;
        Ok(Split { fee, net: Money::new(net, self.currency)? })
    }
}

/// The largest whole number at or below `amount × part / whole`; nothing for a whole of zero or an overflow.
fn portion(amount: i64, part: i64, whole: i64) -> Option<i64> {
    let product = i128::from(amount).checked_mul(i128::from(part))?;
    i64::try_from(product.checked_div_euclid(i128::from(whole))?).ok()
}

/// What was collected from a patron, by who ends up with it. In minor units; the three sum to what was collected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shares {
    /// The guard's; never negative.
    pub guard: i64,
    /// The platform's; negative where the patron's quote was too low for Paystack's fee.
    pub platform: i64,
    /// What Paystack kept and does not give back with a refund; the platform's expense then. Never negative.
    pub expense: i64,
}

impl Shares {
    /// What was collected.
    pub fn collected(&self) -> i64 {
        self.guard.saturating_add(self.platform).saturating_add(self.expense)
    }

    /// The part of each share that is taken back once `returned` of the whole is returned. It depends on the sum
    /// alone, so that any partition into refunds, in any order, ends with the same shares; each grows with the sum,
    /// so that no refund has a share of the wrong sign; and at the whole nothing is left. A fraction stays with the
    /// guard.
    ///
    /// # Errors
    /// [`LedgerRefused::Amounts`] beyond what was collected, or for shares that cannot be.
    pub fn returned(&self, returned: i64) -> Result<Shares, LedgerRefused> {
        let whole = self.collected();
        let rule = "a refund lies between nothing and what was collected";
        let refused = || LedgerRefused::Amounts { rule };
        if self.guard < 0 || self.expense < 0 || !(0..=whole).contains(&returned) {
            return Err(refused());
        }
        if returned == whole {
            return Ok(*self);
        }
        let guard = portion(self.guard, returned, whole).ok_or_else(refused)?;
        let rest = returned.checked_sub(guard).ok_or_else(refused)?;
        let platform = if self.platform < 0 {
            let loss = self.platform.checked_neg().ok_or_else(refused)?;
            portion(loss, returned, whole).and_then(i64::checked_neg).ok_or_else(refused)?
        } else if self.expense == 0 {
            rest
        } else {
            // Of the rest, so that the roundings of two shares never add up against the third.
            portion(rest, self.platform, self.platform.saturating_add(self.expense))
                .ok_or_else(refused)?
        };
        let expense = rest.checked_sub(platform).ok_or_else(refused)?;
        Ok(Shares { guard, platform, expense })
    }

    /// What a refund takes that raises the sum from `before` to `after`.
    ///
    /// # Errors
    /// As [`Shares::returned`].
    pub fn between(&self, before: i64, after: i64) -> Result<Shares, LedgerRefused> {
        let (from, to) = (self.returned(before)?, self.returned(after)?);
        let minus = |to: i64, from: i64| to.checked_sub(from).ok_or(LedgerRefused::TooLarge);
        Ok(Shares {
            guard: minus(to.guard, from.guard)?,
            platform: minus(to.platform, from.platform)?,
            expense: minus(to.expense, from.expense)?,
        })
    }
}
