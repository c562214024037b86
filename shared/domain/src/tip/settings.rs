//! What a tenant decides about tips: bounds, presets, and who bears which fee (X51).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::amount::AmountRefused;
use crate::failure::{FieldError, InvalidFields};
use crate::ledger::{BasisPoints, FeeBearer, Round, Split};
use crate::money::{Currency, Money, MoneyRefused};

/// The most presets on a page.
const PRESETS_MAX: usize = 8;
/// The largest charge that Paystack takes, in minor units of any currency (its error page: 10,000,000 major units).
const CHARGE_MAX_MINOR: i64 = 1_000_000_000;
/// The most that a platform takes of a tip.
const PLATFORM_FEE_MAX: BasisPoints = BasisPoints(5_000);

/// The smallest charge that Paystack takes, in minor units (paystack.com/docs/api, "Supported currency").
fn charge_min_minor(currency: Currency) -> i64 {
    match currency {
        Currency::Ghs => 10,
        Currency::Kes => 300,
        Currency::Ngn => 5_000,
        Currency::Usd => 200,
        Currency::Zar => 100,
    }
}

/// A tenant's settings for tips. Amounts are minor units (kobo).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TipSettings {
    /// The currency of all tips.
    pub currency: Currency,
    /// The amounts that the page offers, ascending.
    pub presets: Vec<i64>,
    /// The smallest tip.
    pub min: i64,
    /// The largest tip.
    pub max: i64,
    /// Who bears Paystack's fee.
    pub fee_bearer: FeeBearer,
    /// What the platform takes of a tip, in hundredths of a percent; the fraction stays with the guard.
    #[schema(value_type = u16)]
    pub platform_fee: BasisPoints,
    /// Whether the page opens Paystack's checkout inside itself, which needs a script of theirs (X40).
    pub inline_checkout: bool,
}

impl Default for TipSettings {
    /// X51: presets of 200, 500, 1,000 and 2,000 naira, at least 100, at most 100,000.
    fn default() -> Self {
        Self {
            currency: Currency::Ngn,
            presets: vec![20_000, 50_000, 100_000, 200_000],
            min: 10_000,
            max: 10_000_000,
            fee_bearer: FeeBearer::Guard,
            platform_fee: BasisPoints(50),
            inline_checkout: false,
        }
    }
}

impl TipSettings {
    /// Checks the settings as a whole.
    ///
    /// # Errors
    /// [`InvalidFields`] names each field that breaks a rule.
    pub fn check(&self) -> Result<(), InvalidFields> {
        let mut errors = Vec::new();
        let lowest = charge_min_minor(self.currency);
        if !(lowest..=CHARGE_MAX_MINOR).contains(&self.min) {
            let detail = format!("min lies between {lowest} and {CHARGE_MAX_MINOR} minor units");
            errors.push(FieldError::new("min", "out_of_range", detail));
        }
        if self.max < self.min || self.max > CHARGE_MAX_MINOR {
            let detail = format!("max lies between min and {CHARGE_MAX_MINOR} minor units");
            errors.push(FieldError::new("max", "out_of_range", detail));
        }
        if self.presets.is_empty() || self.presets.len() > PRESETS_MAX {
            let detail = format!("there are 1 to {PRESETS_MAX} presets");
            errors.push(FieldError::new("presets", "out_of_range", detail));
        }
        if !self.presets.iter().all(|preset| (self.min..=self.max).contains(preset)) {
            let detail = "each preset lies between min and max";
            errors.push(FieldError::new("presets", "out_of_bounds", detail));
        }
        if !self.presets.is_sorted_by(|left, right| left < right) {
            let detail = "the presets ascend, each once";
            errors.push(FieldError::new("presets", "not_ascending", detail));
        }
        if self.platform_fee > PLATFORM_FEE_MAX {
            let detail = format!("platform_fee is at most {} basis points", PLATFORM_FEE_MAX.0);
            errors.push(FieldError::new("platform_fee", "out_of_range", detail));
        }
        if errors.is_empty() { Ok(()) } else { Err(InvalidFields(errors)) }
    }

    /// Takes an amount that lies within the tenant's bounds.
    ///
    /// # Errors
    /// [`AmountRefused`] for another currency or an amount out of bounds.
    pub fn admit(&self, amount: Money) -> Result<Money, AmountRefused> {
        let bound = |minor| Money { minor, currency: self.currency };
        if amount.currency != self.currency {
            return Err(AmountRefused::Currency { currency: self.currency });
        }
        if amount.minor < self.min {
            return Err(AmountRefused::BelowMin { min: bound(self.min) });
        }
        if amount.minor > self.max {
            return Err(AmountRefused::AboveMax { max: bound(self.max) });
        }
        Ok(amount)
    }

    /// The platform's part of a tip and the rest; rounded down, in the guard's favour.
    ///
    /// # Errors
    /// [`MoneyRefused`] for an amount beyond what can be kept exactly.
    pub fn platform_split(&self, tip: Money) -> Result<Split, MoneyRefused> {
        tip.split_fee(self.platform_fee, Round::Down)
    }
}
