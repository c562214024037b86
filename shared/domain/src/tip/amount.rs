//! An amount as a patron types it: digits, perhaps in groups of three, perhaps with the currency's sign. No float is
//! involved, and nothing is guessed: what could mean two things is refused.

use crate::failure::{Failure, Kind};
use crate::money::{Currency, Money};

/// The longest text that is looked at, in bytes.
const TEXT_MAX_BYTES: usize = 64;

/// Why a typed amount is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountRefused {
    /// Nothing was typed.
    #[error("enter an amount")]
    Missing,
    /// It is not written like an amount.
    #[error("write the amount in digits, for example 1,000 or 1,000.50")]
    NotAnAmount,
    /// More decimals than the currency has.
    #[error("an amount has at most two digits after the point")]
    TooManyDecimals,
    /// Beyond what can be kept exactly.
    #[error("this amount is too large")]
    TooLarge,
    /// Below what the tenant takes.
    #[error("the smallest tip is {min}")]
    BelowMin {
        /// The smallest amount.
        min: Money,
    },
    /// Above what the tenant takes.
    #[error("the largest tip is {max}")]
    AboveMax {
        /// The largest amount.
        max: Money,
    },
    /// In a currency that the tenant does not take.
    #[error("tips are in {}", currency.code())]
    Currency {
        /// The tenant's currency.
        currency: Currency,
    },
}

impl Failure for AmountRefused {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        match self {
            AmountRefused::Missing => "amount_missing",
            AmountRefused::NotAnAmount => "amount_not_readable",
            AmountRefused::TooManyDecimals => "amount_too_many_decimals",
            AmountRefused::TooLarge => "tip_amount_too_large",
            AmountRefused::BelowMin { .. } => "tip_below_minimum",
            AmountRefused::AboveMax { .. } => "tip_above_maximum",
            AmountRefused::Currency { .. } => "tip_currency",
        }
    }
}

/// What people write before or after an amount of a currency, in lower case, longest first.
fn signs(currency: Currency) -> &'static [&'static str] {
    match currency {
        Currency::Ghs => &["gh₵", "ghs", "₵"],
        Currency::Kes => &["kshs", "ksh", "kes"],
        Currency::Ngn => &["naira", "ngn", "₦", "n"],
        Currency::Usd => &["us$", "usd", "$"],
        Currency::Zar => &["zar", "r"],
    }
}

/// The minor units of a typed amount: "1,000", "1 000.50", "₦500", "0500".
///
/// # Errors
/// [`AmountRefused`]; the tenant's bounds are not looked at here.
pub fn parse_amount(text: &str, currency: Currency) -> Result<Money, AmountRefused> {
    if text.len() > TEXT_MAX_BYTES {
        return Err(AmountRefused::NotAnAmount);
    }
    let lower = text.trim().to_lowercase();
    let mut rest = lower.as_str();
    for sign in signs(currency) {
        // Before or after, not both.
        let without = rest.strip_prefix(sign).or_else(|| rest.strip_suffix(sign));
        if let Some(without) = without {
            rest = without.trim();
            break;
        }
    }
    if rest.is_empty() {
        return Err(AmountRefused::Missing);
    }
    let (whole, decimals) = rest.split_once('.').unwrap_or((rest, "00"));
    if decimals.is_empty() || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AmountRefused::NotAnAmount);
    }
    let exponent = usize::try_from(currency.exponent()).unwrap_or(0);
    if decimals.len() > exponent {
        return Err(AmountRefused::TooManyDecimals);
    }
    let minor = number(&format!("{}{decimals:0<exponent$}", ungrouped(whole)?))?;
    Money::new(minor, currency).map_err(|_| AmountRefused::TooLarge)
}

/// The digits without what separates groups of three.
fn ungrouped(whole: &str) -> Result<String, AmountRefused> {
    let separator = whole.chars().find(|c| !c.is_ascii_digit());
    let groups: Vec<&str> = match separator {
        // The space, and those that do not break: U+00A0, U+2009 (thin) and U+202F (narrow).
        Some(separator @ (',' | ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}')) => {
            whole.split(separator).collect()
        }
        Some(_) => return Err(AmountRefused::NotAnAmount),
        None => vec![whole],
    };
    let digits = groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_digit()));
    let (first, others) = groups.split_first().ok_or(AmountRefused::NotAnAmount)?;
    // "1,50" may mean one and a half, "10,0000" anything.
    let threes = others.iter().all(|group| group.len() == 3);
    let begins = if others.is_empty() { !first.is_empty() } else { (1..=3).contains(&first.len()) };
    if digits && threes && begins { Ok(groups.concat()) } else { Err(AmountRefused::NotAnAmount) }
}

fn number(digits: &str) -> Result<i64, AmountRefused> {
    // Only digits are left, so that the one thing that can be wrong is their number.
    digits.parse().map_err(|_| AmountRefused::TooLarge)
}
