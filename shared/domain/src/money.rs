//! Money: a whole number of minor units and a currency, checked at every step.
//!
//! Deliberately absent: floats, conversion between currencies, and any operation that could overflow unseen.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::failure::{Failure, Kind};

/// The largest whole number that JSON readers in every language keep exactly: 2^53 − 1 (X6).
pub const EXACT_MAX: i64 = 9_007_199_254_740_991;

/// A currency that Paystack settles (ISO 4217).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    /// Ghanaian cedi.
    Ghs,
    /// Kenyan shilling.
    Kes,
    /// Nigerian naira.
    Ngn,
    /// United States dollar.
    Usd,
    /// South African rand.
    Zar,
}

impl Currency {
    /// Every currency.
    pub const ALL: [Currency; 5] =
        [Currency::Ghs, Currency::Kes, Currency::Ngn, Currency::Usd, Currency::Zar];

    /// The currency of this code, in capitals (ISO 4217).
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|currency| currency.code() == code)
    }

    /// The ISO 4217 code.
    pub fn code(self) -> &'static str {
        match self {
            Currency::Ghs => "GHS",
            Currency::Kes => "KES",
            Currency::Ngn => "NGN",
            Currency::Usd => "USD",
            Currency::Zar => "ZAR",
        }
    }

    /// How many decimal digits the minor unit has (ISO 4217).
    pub fn exponent(self) -> u32 {
        match self {
            Currency::Ghs | Currency::Kes | Currency::Ngn | Currency::Usd | Currency::Zar => 2,
        }
    }
}

/// An amount in minor units (kobo, cents) of one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub struct Money {
    /// Minor units; negative is what we owe.
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

/// A sum that cannot be formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyRefused {
    /// Two currencies in one sum.
    #[error("amounts of different currencies cannot be added")]
    CurrencyMismatch,
    /// Beyond what can be kept exactly.
    #[error("the amount is too large")]
    TooLarge,
}

impl Failure for MoneyRefused {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        match self {
            MoneyRefused::CurrencyMismatch => "currency_mismatch",
            MoneyRefused::TooLarge => "amount_too_large",
        }
    }
}

impl Money {
    /// An amount of `minor` units.
    ///
    /// # Errors
    /// [`MoneyRefused::TooLarge`] beyond [`EXACT_MAX`] on either side of zero.
    pub fn new(minor: i64, currency: Currency) -> Result<Self, MoneyRefused> {
        if minor.unsigned_abs() > EXACT_MAX.unsigned_abs() {
            return Err(MoneyRefused::TooLarge);
        }
        Ok(Self { minor, currency })
    }

    /// The sum of two amounts of one currency.
    ///
    /// # Errors
    /// [`MoneyRefused`] for two currencies or a sum beyond [`EXACT_MAX`].
    pub fn plus(self, other: Money) -> Result<Money, MoneyRefused> {
        if self.currency != other.currency {
            return Err(MoneyRefused::CurrencyMismatch);
        }
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyRefused::TooLarge)?;
        Money::new(minor, self.currency)
    }
}

impl std::fmt::Display for Money {
    /// `1,000.50 NGN`: grouped by thousands, with the currency's digits.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let unit = 10_u64.pow(self.currency.exponent());
        let absolute = self.minor.unsigned_abs();
        let sign = if self.minor < 0 { "-" } else { "" };
        let digits = usize::try_from(self.currency.exponent()).unwrap_or(0);
        let whole = grouped(absolute / unit);
        write!(f, "{sign}{whole}.{:0digits$} {}", absolute % unit, self.currency.code())
    }
}

/// A whole number with a comma between groups of three digits.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_exact_or_refused() {
        let ngn = |minor| Money { minor, currency: Currency::Ngn };
        let check = |left: Money, right: Money, expected| assert_eq!(left.plus(right), expected);
        check(ngn(1), ngn(2), Ok(ngn(3)));
        check(ngn(1), ngn(-2), Ok(ngn(-1)));
        check(ngn(EXACT_MAX), ngn(1), Err(MoneyRefused::TooLarge));
        check(ngn(-EXACT_MAX), ngn(-1), Err(MoneyRefused::TooLarge));
        check(ngn(i64::MAX), ngn(i64::MAX), Err(MoneyRefused::TooLarge));
        let usd = Money { minor: 1, currency: Currency::Usd };
        check(ngn(1), usd, Err(MoneyRefused::CurrencyMismatch));
    }

    #[test]
    fn amounts_are_written_for_people() {
        let check = |minor, text| {
            assert_eq!(Money { minor, currency: Currency::Ngn }.to_string(), text);
        };
        check(0, "0.00 NGN");
        check(5, "0.05 NGN");
        check(-100_050, "-1,000.50 NGN");
        check(12_345_678_901, "123,456,789.01 NGN");
    }
}
