//! What a patron who bears the fee is asked for. A quote, never an entry: the ledger counts the fee that Paystack
//! reports, and what the quote was off goes to the platform.

use crate::ledger::{BasisPoints, Round};
use crate::money::{Currency, Money, MoneyRefused};

/// Paystack's fee on a local charge: a rate, a flat part from some amount on, and a cap. In minor units.
struct Tariff {
    rate: BasisPoints,
    flat: i64,
    /// From this charge on the flat part is taken.
    flat_from: i64,
    cap: Option<i64>,
}

/// Fees of local cards (paystack.com/pricing, support.paystack.com articles 360009973579 and 2130306). At exactly
/// 2,500 naira the sources differ; we quote the higher one.
fn tariff(currency: Currency) -> Tariff {
    let plain = |points| Tariff { rate: BasisPoints(points), flat: 0, flat_from: 0, cap: None };
    match currency {
        Currency::Ngn => {
            Tariff { flat: 10_000, flat_from: 250_000, cap: Some(200_000), ..plain(150) }
        }
        Currency::Ghs => plain(195),
        Currency::Kes => plain(290),
        Currency::Usd => plain(390),
        Currency::Zar => Tariff { flat: 100, ..plain(290) },
    }
}

/// How often a quote is corrected by the fee on itself. A step adds at most 4 % of the one before, and amounts are
/// below 2^53: it stands still long before.
const STEPS_MAX: usize = 32;

/// What we expect Paystack to keep of a charge; rounded up, as its samples are.
///
/// # Errors
/// [`MoneyRefused::TooLarge`].
pub fn expected_fee(charge: Money) -> Result<Money, MoneyRefused> {
    let tariff = tariff(charge.currency);
    let rated = charge.split_fee(tariff.rate, Round::Up)?.fee;
    let flat = if charge.minor >= tariff.flat_from { tariff.flat } else { 0 };
    let fee = rated.plus(Money::new(flat, charge.currency)?)?;
    Ok(Money { minor: tariff.cap.map_or(fee.minor, |cap| fee.minor.min(cap)), ..fee })
}

/// The least that a patron has to be asked for so that, after the expected fee, the tip is left.
///
/// # Errors
/// [`MoneyRefused::TooLarge`].
pub fn asked_with_fee(tip: Money) -> Result<Money, MoneyRefused> {
    let mut asked = tip;
    for _ in 0..STEPS_MAX {
        let next = tip.plus(expected_fee(asked)?)?;
        if next == asked {
            break;
        }
        asked = next;
    }
    Ok(asked)
}
