//! A voucher's benefit and its end in plain words, the same on every page and print.
//!
//! Deliberately absent: other languages, and what an owner says in their own words.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Benefit, Voucher};
use crate::money::Money;
use crate::tip::local_amount;

/// Hundredths of a percent in a percent.
const PERCENT: u32 = 100;
/// From how many days on the rest of a voucher's life is not counted out.
const COUNTED_DAYS_MAX: i32 = 60;

impl Benefit {
    /// What the holder gets, in a few words: `15 % off`, `₦500 off`, `a gift of ₦5,000`, `free: a coffee`.
    pub fn words(&self) -> String {
        let money = |minor, currency| local_amount(Money { minor, currency });
        match self {
            Benefit::Percentage { basis_points } => match basis_points % PERCENT {
                0 => format!("{} % off", basis_points / PERCENT),
                rest => {
                    let text = format!("{}.{rest:02}", basis_points / PERCENT);
                    format!("{} % off", text.trim_end_matches('0'))
                }
            },
            Benefit::Amount { minor, currency } => format!("{} off", money(*minor, *currency)),
            Benefit::GiftBalance { minor, currency } => {
                format!("A gift of {}", money(*minor, *currency))
            }
            Benefit::FreeItem { item } => format!("Free: {item}"),
        }
    }
}

impl Voucher {
    /// The last day on which it is redeemed, where it is redeemed. An end at midnight belongs to the day before.
    pub fn last_day(&self, expires_at: Timestamp) -> Date {
        let last = expires_at.as_nanosecond().saturating_sub(1);
        self.day(Timestamp::from_nanosecond(last).unwrap_or(expires_at))
    }

    /// Until when it is redeemed: `until the end of 31 December 2026`, or with the hour where it ends within a day.
    pub fn until_words(&self, expires_at: Timestamp) -> String {
        let zone = TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC);
        let end = expires_at.to_zoned(zone);
        if end.time() == jiff::civil::Time::midnight() {
            return format!("until the end of {}", self.last_day(expires_at).strftime("%-d %B %Y"));
        }
        format!("until {}", end.strftime("%-d %B %Y, %H:%M"))
    }

    /// How long that is from now: `today is the last day`, `3 days left`; nothing where it is long, or over.
    pub fn left_words(&self, expires_at: Timestamp, now: Timestamp) -> Option<String> {
        if expires_at <= now {
            return None;
        }
        let days = self.last_day(expires_at).since(self.day(now)).ok()?.get_days();
        match days {
            0 => Some("today is the last day".to_owned()),
            1 => Some("tomorrow is the last day".to_owned()),
            2..=COUNTED_DAYS_MAX => Some(format!("{days} days left")),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    #[test]
    fn a_benefit_is_said_in_a_few_words() {
        let check = |benefit: Benefit, words: &str| assert_eq!(benefit.words(), words);
        check(Benefit::Percentage { basis_points: 1_500 }, "15 % off");
        check(Benefit::Percentage { basis_points: 1_250 }, "12.5 % off");
        check(Benefit::Percentage { basis_points: 5 }, "0.05 % off");
        check(Benefit::Percentage { basis_points: 10_000 }, "100 % off");
        check(Benefit::Amount { minor: 50_000, currency: Currency::Ngn }, "₦500 off");
        check(
            Benefit::GiftBalance { minor: 500_050, currency: Currency::Ngn },
            "A gift of ₦5,000.50",
        );
        check(Benefit::FreeItem { item: "A coffee".to_owned() }, "Free: A coffee");
    }
}
