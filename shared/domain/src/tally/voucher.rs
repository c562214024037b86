//! What happens to a voucher besides scans (V25, V37, V38): claims, redemptions, refusals, and how long people wait.
//!
//! Deliberately absent: who. Claims and redemptions are counted, customers are not.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Counts, HourKey, NameCount, Span, Tally, bump, count, permille, rows};
use crate::claim::Claim;
use crate::id::{TenantId, VoucherId};
use crate::redemption::{Redemption, RedemptionStatus};

/// The names of a voucher's counters; the ones that end in a colon are followed by a value.
pub mod fact {
    /// Claims.
    pub const CLAIMS: &str = "claims";
    /// Redemptions.
    pub const REDEEMED: &str = "redeemed";
    /// Redemptions that were taken back; they are among the redemptions.
    pub const ROLLED_BACK: &str = "rolled_back";
    /// Codes that were refused.
    pub const REFUSED: &str = "refused";
    /// By reason, `rf:voucher_expired`.
    pub const REASON: &str = "rf:";
    /// Redemptions by the form of the code, `fm:short`.
    pub const FORM: &str = "fm:";
    /// Redemptions by the variant of the printing, `va:A`.
    pub const VARIANT: &str = "va:";
    /// Redemptions of claims.
    pub const OF_CLAIMS: &str = "of_claims";
    /// Seconds between those claims and their redemption.
    pub const WAITED: &str = "waited_s";
}

/// Seconds of a day, of an hour and of a minute.
const DAY_S: i64 = 86_400;
const HOUR_S: i64 = 3_600;
const MINUTE_S: i64 = 60;

/// Something that has happened to a voucher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoucherEvent {
    /// Tells it from every other one, so that it is counted once.
    pub id: String,
    /// Whose voucher.
    pub tenant: TenantId,
    /// Which voucher.
    pub voucher: VoucherId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub fact: VoucherFact,
}

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VoucherFact {
    /// A customer has claimed it.
    Claimed,
    /// It was redeemed.
    Redeemed {
        /// The word for the form of the code.
        form: &'static str,
        /// The variant of the printing.
        variant: Option<char>,
        /// Seconds since it was claimed.
        waited_s: Option<i64>,
    },
    /// A redemption was taken back.
    RolledBack,
    /// A code of it was refused.
    Refused {
        /// The code of the problem.
        reason: String,
    },
}

impl VoucherEvent {
    /// What has happened between two states of a claim; nothing unless it was claimed.
    pub fn of_claim(before: Option<&Claim>, claim: &Claim) -> Option<Self> {
        let at = claim.claimed_at?;
        if before.and_then(|before| before.claimed_at) == Some(at) {
            return None;
        }
        let Claim { voucher, customer, .. } = claim;
        Some(Self {
            id: format!("claim#{voucher}#{customer}#{}", at.as_millisecond()),
            tenant: claim.tenant.clone(),
            voucher: voucher.clone(),
            at,
            fact: VoucherFact::Claimed,
        })
    }

    /// What has happened to a redemption; nothing where it is as it was.
    pub fn of_redemption(before: Option<&Redemption>, redemption: &Redemption) -> Option<Self> {
        if before.map(|before| (before.status, before.at))
            == Some((redemption.status, redemption.at))
        {
            return None;
        }
        let Redemption { id, status, at, .. } = redemption;
        let fact = match status {
            RedemptionStatus::Redeemed => VoucherFact::Redeemed {
                form: redemption.form.as_str(),
                variant: redemption.variant,
                waited_s: redemption.claimed_at.map(|since| at.duration_since(since).as_secs()),
            },
            RedemptionStatus::RolledBack => VoucherFact::RolledBack,
        };
        Some(Self {
            id: format!("{status}#{id}#{}", at.as_millisecond()),
            tenant: redemption.tenant.clone(),
            voucher: redemption.voucher.clone(),
            at: redemption.rolled_back_at.unwrap_or(*at),
            fact,
        })
    }
}

impl Tally {
    /// Counts what has happened to one voucher, in any order.
    pub fn of_voucher<'e>(events: impl Iterator<Item = &'e VoucherEvent>) -> Self {
        let mut tally = Self::default();
        for VoucherEvent { at, fact, .. } in events {
            for (name, by) in added(fact) {
                bump(&mut tally.total, &name, by);
                bump(tally.hours.entry(HourKey::of(*at)).or_default(), &name, by);
            }
        }
        tally
    }
}

fn added(fact: &VoucherFact) -> Vec<(String, i64)> {
    let named = |prefix: &str, value: &str| (format!("{prefix}{value}"), 1);
    match fact {
        VoucherFact::Claimed => vec![(fact::CLAIMS.to_owned(), 1)],
        VoucherFact::RolledBack => vec![(fact::ROLLED_BACK.to_owned(), 1)],
        VoucherFact::Refused { reason } => {
            vec![(fact::REFUSED.to_owned(), 1), named(fact::REASON, reason)]
        }
        VoucherFact::Redeemed { form, variant, waited_s } => {
            let mut added = vec![(fact::REDEEMED.to_owned(), 1), named(fact::FORM, form)];
            added.extend(variant.map(|letter| named(fact::VARIANT, &letter.to_string())));
            if let Some(seconds) = waited_s {
                added.push((fact::OF_CLAIMS.to_owned(), 1));
                added.push((fact::WAITED.to_owned(), (*seconds).max(0)));
            }
            added
        }
    }
}

/// What became of a voucher within a span of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct VoucherNumbers {
    /// Claims.
    pub claims: i64,
    /// Redemptions, without those that were taken back.
    pub redemptions: i64,
    /// Redemptions that were taken back.
    pub rolled_back: i64,
    /// Codes that were refused.
    pub refused: i64,
    /// Claims in thousandths of the different visitors (V37).
    pub claims_permille: Option<i64>,
    /// Redemptions in thousandths of the claims; of the scans where nobody claims (V30, V37).
    pub redemptions_permille: Option<i64>,
    /// Seconds between claim and redemption, on the average.
    pub average_wait_s: Option<i64>,
    /// Refusals by reason (V38).
    pub refusals: Vec<NameCount>,
    /// Redemptions by the form of the code.
    pub forms: Vec<NameCount>,
    /// Redemptions by variant of the printing (V28).
    pub variants: Vec<NameCount>,
    /// Redemptions by weekday and hour of the zone, Monday first: 7 rows of 24 (V30).
    pub redemptions_by_weekday: Vec<Vec<i64>>,
    /// Scans by people in the same way.
    pub scans_by_weekday: Vec<Vec<i64>>,
}

impl VoucherNumbers {
    /// Sums up the hours of a span, in which so many people have scanned and so many of them were different. Hours
    /// count with the instant at which they begin.
    pub fn of<'h>(
        span: &Span,
        hours: impl Iterator<Item = (HourKey, &'h Counts)>,
        (scans, visitors): (i64, i64),
    ) -> Self {
        let mut sum = Counts::new();
        let mut redeemed_at = vec![vec![0; 24]; 7];
        let mut scanned_at = redeemed_at.clone();
        for (hour, counts) in hours.filter(|(hour, _)| span.contains(hour.start())) {
            super::add_counts(&mut sum, counts);
            let (weekday, hour) = span.weekday_and_hour(hour.start());
            let add = |grid: &mut Vec<Vec<i64>>, by: i64| {
                if let Some(slot) = grid.get_mut(weekday).and_then(|row| row.get_mut(hour)) {
                    *slot += by;
                }
            };
            add(&mut redeemed_at, count(counts, fact::REDEEMED));
            add(&mut scanned_at, count(counts, super::name::PEOPLE));
        }
        let claims = count(&sum, fact::CLAIMS);
        let rolled_back = count(&sum, fact::ROLLED_BACK);
        let redemptions = count(&sum, fact::REDEEMED) - rolled_back;
        let of = if claims > 0 { claims } else { scans };
        Self {
            claims,
            redemptions,
            rolled_back,
            refused: count(&sum, fact::REFUSED),
            claims_permille: permille(claims, visitors),
            redemptions_permille: permille(redemptions, of),
            average_wait_s: count(&sum, fact::WAITED).checked_div(count(&sum, fact::OF_CLAIMS)),
            refusals: rows(&sum, fact::REASON),
            forms: rows(&sum, fact::FORM),
            variants: rows(&sum, fact::VARIANT),
            redemptions_by_weekday: redeemed_at,
            scans_by_weekday: scanned_at,
        }
    }
}

/// A wait in the largest unit that fits, with one digit after the point: `3.5 days` (V25).
pub fn wait_in_words(seconds: i64) -> String {
    let (unit, one, many) = match seconds {
        DAY_S.. => (DAY_S, "day", "days"),
        HOUR_S.. => (HOUR_S, "hour", "hours"),
        MINUTE_S.. => (MINUTE_S, "minute", "minutes"),
        _ => (1, "second", "seconds"),
    };
    let tenths = (seconds.max(0) * 10 + unit / 2) / unit;
    let word = if tenths == 10 { one } else { many };
    match tenths % 10 {
        0 => format!("{} {word}", tenths / 10),
        rest => format!("{}.{rest} {word}", tenths / 10),
    }
}

/// A wait as a duration of ISO 8601, `P3DT12H`.
pub fn wait_in_iso(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let parts = [
        (seconds / DAY_S, "D"),
        (seconds % DAY_S / HOUR_S, "H"),
        (seconds % HOUR_S / MINUTE_S, "M"),
        (seconds % MINUTE_S, "S"),
    ];
    let [day, rest @ ..] = parts;
    let part = |(number, unit): &(i64, &str)| match number {
        0 => String::new(),
        number => format!("{number}{unit}"),
    };
    let time: String = rest.iter().map(part).collect();
    match (part(&day), time.as_str()) {
        (day, "") if day.is_empty() => "PT0S".to_owned(),
        (day, "") => format!("P{day}"),
        (day, time) => format!("P{day}T{time}"),
    }
}

impl Span {
    /// The zone's weekday, Monday first, and hour of an instant.
    fn weekday_and_hour(&self, at: Timestamp) -> (usize, usize) {
        let weekday = self.date(at).weekday().to_monday_zero_offset();
        (usize::try_from(weekday).unwrap_or(0), self.hour_of_day(at))
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn a_wait_is_told_in_words_and_as_iso_8601() {
        let check = |seconds: i64, words: &str, iso: &str| {
            assert_eq!((wait_in_words(seconds), wait_in_iso(seconds)), (words.into(), iso.into()));
        };
        check(302_400, "3.5 days", "P3DT12H");
        check(86_400, "1 day", "P1D");
        check(5_400, "1.5 hours", "PT1H30M");
        check(3_600, "1 hour", "PT1H");
        check(61, "1 minute", "PT1M1S");
        check(0, "0 seconds", "PT0S");
        check(1, "1 second", "PT1S");
    }

    #[test]
    fn numbers_add_up_over_the_hours_of_a_span() {
        // A Saturday, one o'clock in the afternoon in Lagos.
        let at: Timestamp = "2026-11-21T12:30:00Z".parse().unwrap();
        let event = |fact| VoucherEvent {
            id: "1".to_owned(),
            tenant: TenantId::new(at, [1; 10]),
            voucher: VoucherId::new(at, [1; 10]),
            at,
            fact,
        };
        let redeemed =
            |waited_s| VoucherFact::Redeemed { form: "user", variant: Some('A'), waited_s };
        let events = [
            event(VoucherFact::Claimed),
            event(VoucherFact::Claimed),
            event(redeemed(Some(10))),
            event(redeemed(Some(20))),
            event(redeemed(None)),
            event(VoucherFact::RolledBack),
            event(VoucherFact::Refused { reason: "voucher_expired".to_owned() }),
        ];
        let tally = Tally::of_voucher(events.iter());
        let zone = TimeZone::get("Africa/Lagos").unwrap();
        let day = at.to_zoned(zone.clone()).date();
        let span = Span::of_days(day, day, zone).unwrap();
        let hours = tally.hours.iter().map(|(hour, counts)| (*hour, counts));
        let numbers = VoucherNumbers::of(&span, hours, (10, 4));
        assert_eq!((numbers.claims, numbers.redemptions, numbers.refused), (2, 2, 1));
        assert_eq!(
            (numbers.claims_permille, numbers.redemptions_permille),
            (Some(500), Some(1000))
        );
        assert_eq!(numbers.average_wait_s, Some(15));
        assert_eq!(numbers.redemptions_by_weekday[5][13], 3);
        assert_eq!(numbers.variants, [NameCount { name: "A".to_owned(), count: 3 }]);
        assert_eq!(tally.total.get(fact::REASON.to_owned().as_str()), None);
    }
}
