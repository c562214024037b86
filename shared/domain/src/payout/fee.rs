//! What Paystack takes for a transfer, so that a run plans within the balance. The true fee is that of the transfer.

use crate::money::{Currency, Money};

/// What a transfer costs by Paystack's price list, in minor units, at the dearest kind of account of the currency
/// (support.paystack.com, "How much does a transfer cost?").
pub fn transfer_fee(amount: Money) -> i64 {
    let steps: &[(i64, i64)] = match amount.currency {
        Currency::Ngn => &[(500_000, 1_000), (5_000_000, 2_500), (i64::MAX, 5_000)],
        Currency::Ghs => &[(i64::MAX, 800)],
        Currency::Kes => &[(1_000_000, 8_000), (5_000_000, 14_000), (i64::MAX, 18_000)],
        Currency::Zar => &[(i64::MAX, 300)],
        // Paystack transfers no dollars.
        Currency::Usd => &[],
    };
    steps.iter().find(|(most, _)| amount.minor <= *most).map_or(0, |(_, fee)| *fee)
}
