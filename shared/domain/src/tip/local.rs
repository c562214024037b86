//! An amount as it is written where its currency is at home: the sign first, thousands in groups, and decimals only
//! where there are any.

use crate::money::{Currency, Money, grouped};

/// What stands before an amount.
fn sign(currency: Currency) -> &'static str {
    match currency {
        Currency::Ghs => "GH₵",
        Currency::Kes => "KSh\u{a0}",
        Currency::Ngn => "₦",
        Currency::Usd => "$",
        Currency::Zar => "R",
    }
}

/// What people call a currency's larger unit.
pub fn currency_name(currency: Currency) -> &'static str {
    match currency {
        Currency::Ghs => "cedis",
        Currency::Kes => "shillings",
        Currency::Ngn => "naira",
        Currency::Usd => "dollars",
        Currency::Zar => "rand",
    }
}

/// `₦1,000`, `₦1,000.50`: what [`super::parse_amount`] reads back.
pub fn local_amount(money: Money) -> String {
    let unit = 10_u64.pow(money.currency.exponent());
    let absolute = money.minor.unsigned_abs();
    let minus = if money.minor < 0 { "-" } else { "" };
    let whole = format!("{minus}{}{}", sign(money.currency), grouped(absolute / unit));
    match absolute % unit {
        0 => whole,
        rest => {
            let digits = usize::try_from(money.currency.exponent()).unwrap_or(0);
            format!("{whole}.{rest:0digits$}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tip::parse_amount;

    const CURRENCIES: [Currency; 5] =
        [Currency::Ghs, Currency::Kes, Currency::Ngn, Currency::Usd, Currency::Zar];

    #[test]
    fn an_amount_is_written_as_at_home_and_reads_back() {
        let check = |minor, currency, text: &str| {
            assert_eq!(local_amount(Money { minor, currency }), text);
        };
        check(20_000, Currency::Ngn, "₦200");
        check(100_000, Currency::Ngn, "₦1,000");
        check(100_050, Currency::Ngn, "₦1,000.50");
        check(5, Currency::Ghs, "GH₵0.05");
        check(123_456_700, Currency::Kes, "KSh\u{a0}1,234,567");
        check(-100, Currency::Usd, "-$1");
        for currency in CURRENCIES {
            for minor in [1, 100, 99_999, 100_000, 123_456_789] {
                let money = Money { minor, currency };
                assert_eq!(parse_amount(&local_amount(money), currency), Ok(money));
            }
        }
    }
}
