//! Paystack's own fees, in minor units. Local cards; the percentage is rounded up, as its samples show.
//!
//! Deliberately absent: international cards, value added tax, and the rates that a merchant may have agreed.

use domain::money::Currency;

use super::recipient::Kind;

/// What a charge costs.
struct Tariff {
    basis_points: i64,
    flat: i64,
    /// The flat part is waived below this amount.
    flat_from: i64,
    cap: i64,
}

const NO_CAP: i64 = i64::MAX;
const BASIS: i64 = 10_000;

fn tariff(currency: Currency) -> Tariff {
    let percent = |basis_points, flat| Tariff { basis_points, flat, flat_from: 0, cap: NO_CAP };
    match currency {
        // The documentation says that the 100 naira are waived below 2,500.
        Currency::Ngn => {
            Tariff { basis_points: 150, flat: 10_000, flat_from: 250_000, cap: 200_000 }
        }
        Currency::Ghs => percent(195, 0),
        Currency::Zar => percent(290, 100),
        Currency::Kes => percent(290, 0),
        Currency::Usd => percent(390, 0),
    }
}

/// The fee of a charge.
pub(super) fn of_charge(amount: i64, currency: Currency) -> i64 {
    let tariff = tariff(currency);
    let share = amount.saturating_mul(tariff.basis_points);
    let share = share / BASIS + i64::from(share % BASIS != 0);
    let flat = if amount < tariff.flat_from { 0 } else { tariff.flat };
    share.saturating_add(flat).min(tariff.cap)
}

/// The least that may be charged.
pub(super) fn charge_min(currency: Currency) -> i64 {
    match currency {
        Currency::Ngn => 5_000,
        Currency::Usd => 200,
        Currency::Ghs => 10,
        Currency::Zar => 100,
        Currency::Kes => 300,
    }
}

/// The most that may be charged, in every currency.
pub(super) const CHARGE_MAX: i64 = 1_000_000_000;

/// The fee of a transfer; nothing for a currency that cannot be transferred.
pub(super) fn of_transfer(amount: i64, currency: Currency, kind: Kind) -> Option<i64> {
    let stairs = |stairs: &[(i64, i64)], above: i64| {
        stairs.iter().find(|(up_to, _)| amount <= *up_to).map_or(above, |(_, fee)| *fee)
    };
    match (currency, kind) {
        (Currency::Ngn, _) => Some(stairs(&[(500_000, 1_000), (5_000_000, 2_500)], 5_000)),
        (Currency::Ghs, Kind::MobileMoney) => Some(100),
        (Currency::Ghs, _) => Some(800),
        (Currency::Zar, _) => Some(300),
        (Currency::Kes, Kind::MobileMoney) => {
            Some(stairs(&[(150_000, 2_000), (2_000_000, 4_000)], 6_000))
        }
        (Currency::Kes, _) => {
            let bank = [(1_000_000, 8_000), (5_000_000, 14_000), (99_999_900, 18_000)];
            Some(stairs(&bank, 35_000))
        }
        (Currency::Usd, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charges_cost_what_the_tables_say() {
        use Currency::{Ghs, Kes, Ngn, Usd, Zar};
        for (currency, amount, fee) in [
            (Ngn, 5_000, 75),
            (Ngn, 20_000, 300),
            // Rounded up.
            (Ngn, 5_001, 76),
            // The boundary: waived below 2,500 naira.
            (Ngn, 249_999, 3_750),
            (Ngn, 250_000, 13_750),
            // The cap of 2,000 naira.
            (Ngn, 12_666_600, 199_999),
            (Ngn, 12_666_667, 200_000),
            (Ngn, 1_000_000_000, 200_000),
            (Ghs, 10_000, 195),
            (Ghs, 1, 1),
            (Zar, 10_000, 390),
            (Kes, 10_000, 290),
            (Usd, 10_000, 390),
        ] {
            assert_eq!(of_charge(amount, currency), fee, "{currency:?} {amount}");
        }
    }

    #[test]
    fn transfers_cost_what_the_tables_say() {
        use Currency::{Ghs, Kes, Ngn, Usd, Zar};
        for (currency, kind, amount, fee) in [
            (Ngn, Kind::Nuban, 500_000, Some(1_000)),
            (Ngn, Kind::Nuban, 500_001, Some(2_500)),
            (Ngn, Kind::Nuban, 5_000_000, Some(2_500)),
            (Ngn, Kind::Nuban, 5_000_001, Some(5_000)),
            (Ghs, Kind::MobileMoney, 1, Some(100)),
            (Ghs, Kind::Ghipss, 1, Some(800)),
            (Zar, Kind::Basa, 1, Some(300)),
            (Kes, Kind::MobileMoney, 150_000, Some(2_000)),
            (Kes, Kind::MobileMoney, 2_000_001, Some(6_000)),
            (Kes, Kind::Kepss, 99_999_900, Some(18_000)),
            (Kes, Kind::Kepss, 99_999_901, Some(35_000)),
            (Usd, Kind::Nuban, 1, None),
        ] {
            assert_eq!(of_transfer(amount, currency, kind), fee, "{currency:?} {kind:?} {amount}");
        }
    }
}
