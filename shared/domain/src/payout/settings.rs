//! What a tenant decides about payouts, and when its nights are.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::device::words;
use crate::failure::{FieldError, InvalidFields};
use crate::money::Money;

/// The hour of the night at which a tenant's run begins unless it says otherwise.
pub const NIGHT_HOUR: i8 = 2;
/// The largest amount of a setting, in minor units: ten million in major ones (Paystack's own limit of an amount).
const AMOUNT_MAX: i64 = 1_000_000_000;
/// Patrons' words are kept for 1 to 120 months.
const RETENTION_MONTHS_MAX: u16 = 120;
/// Scans and refused codes are kept for 1 to 730 days.
const RETENTION_DAYS_MAX: u16 = 730;
/// The last day that each month has.
const MONTH_DAY_MAX: i8 = 28;

words! {
    /// How often guards are paid (T25).
    pub enum Rhythm {
        /// Each night.
        Daily = "daily",
        /// In one night of the week.
        Weekly = "weekly",
        /// In one night of the month.
        Monthly = "monthly",
    }
}

/// How often guards are paid, and in which night.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cadence {
    /// How often.
    pub rhythm: Rhythm,
    /// The day of the week, 1 is Monday; for `weekly`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weekday: Option<i8>,
    /// The day of the month, 1 to 28; for `monthly`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub month_day: Option<i8>,
}

/// A tenant's settings for payouts. Amounts are minor units (kobo) of the currency of its tips.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PayoutSettings {
    /// A guard is paid who is owed at least this much (T42).
    pub threshold: i64,
    /// The most that one transfer pays; the rest waits for the next run.
    pub max_per_transfer: i64,
    /// In which nights.
    pub cadence: Cadence,
    /// Whose nights: a time zone of the IANA database.
    pub time_zone: String,
    /// At which hour of the night, 0 to 23.
    pub hour: i8,
    /// How long the alias, message and address of a patron are kept, in months.
    pub retention_months: u16,
    /// How long a scan is kept, in days; what was counted from it stays. Counts for scans from then on.
    pub retention_scan_days: u16,
    /// How long it is kept that a voucher's code was refused, in days. Counts for refusals from then on.
    pub retention_attempt_days: u16,
}

impl Default for PayoutSettings {
    fn default() -> Self {
        Self {
            threshold: 100_000,
            max_per_transfer: 100_000_000,
            cadence: Cadence { rhythm: Rhythm::Daily, weekday: None, month_day: None },
            time_zone: "Africa/Lagos".to_owned(),
            hour: NIGHT_HOUR,
            retention_months: 18,
            retention_scan_days: 90,
            retention_attempt_days: 180,
        }
    }
}

impl PayoutSettings {
    /// Checks the settings as a whole.
    ///
    /// # Errors
    /// [`InvalidFields`] names each field that breaks a rule.
    pub fn check(&self) -> Result<(), InvalidFields> {
        let mut errors = Vec::new();
        let mut rule = |holds: bool, field: &str, detail: String| {
            if !holds {
                errors.push(FieldError::new(field, "out_of_range", detail));
            }
        };
        let fine = (1..=AMOUNT_MAX).contains(&self.threshold);
        rule(fine, "threshold", format!("threshold is 1 to {AMOUNT_MAX} minor units"));
        let fine = (self.threshold..=AMOUNT_MAX).contains(&self.max_per_transfer);
        let detail =
            format!("max_per_transfer lies between threshold and {AMOUNT_MAX} minor units");
        rule(fine, "max_per_transfer", detail);
        rule((0..=23).contains(&self.hour), "hour", "hour is 0 to 23".to_owned());
        let fine = (1..=RETENTION_MONTHS_MAX).contains(&self.retention_months);
        let detail = format!("retention_months is 1 to {RETENTION_MONTHS_MAX}");
        rule(fine, "retention_months", detail);
        for (field, days) in [
            ("retention_scan_days", self.retention_scan_days),
            ("retention_attempt_days", self.retention_attempt_days),
        ] {
            let fine = (1..=RETENTION_DAYS_MAX).contains(&days);
            rule(fine, field, format!("{field} is 1 to {RETENTION_DAYS_MAX}"));
        }
        let Cadence { rhythm, weekday, month_day } = self.cadence;
        let week = weekday.is_some_and(|day| (1..=7).contains(&day));
        let month = month_day.is_some_and(|day| (1..=MONTH_DAY_MAX).contains(&day));
        let (fine, detail) = match rhythm {
            Rhythm::Daily => (weekday.is_none() && month_day.is_none(), "daily has no day"),
            Rhythm::Weekly => (week && month_day.is_none(), "weekly has a weekday, 1 to 7"),
            Rhythm::Monthly => (month && weekday.is_none(), "monthly has a month_day, 1 to 28"),
        };
        rule(fine, "cadence", detail.to_owned());
        if TimeZone::get(&self.time_zone).is_err() {
            let detail = "time_zone is a name of the IANA database, for example Africa/Lagos";
            errors.push(FieldError::new("time_zone", "unknown_time_zone", detail));
        }
        if errors.is_empty() { Ok(()) } else { Err(InvalidFields(errors)) }
    }

    /// Whether guards are paid in the night of this day.
    pub fn pays_on(&self, day: Date) -> bool {
        match self.cadence.rhythm {
            Rhythm::Daily => true,
            Rhythm::Weekly => {
                let weekday = |day: i8| Weekday::from_monday_one_offset(day).ok();
                self.cadence.weekday.and_then(weekday) == Some(day.weekday())
            }
            Rhythm::Monthly => self.cadence.month_day == Some(day.day()),
        }
    }

    /// What a guard who is owed `available` is paid: nothing below the threshold, and no more than one transfer takes.
    pub fn payable(&self, available: Money) -> Option<Money> {
        let minor = available.minor.min(self.max_per_transfer);
        (available.minor >= self.threshold).then_some(Money { minor, ..available })
    }

    /// When its nights are.
    pub fn night(&self) -> Night {
        Night { time_zone: self.time_zone.clone(), hour: self.hour }
    }
}

/// When a tenant's nights are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Night {
    /// A time zone of the IANA database.
    pub time_zone: String,
    /// The hour, 0 to 23.
    pub hour: i8,
}

impl Night {
    /// The tenant's day at an instant.
    pub fn day_of(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone()).date()
    }

    /// When the next night begins after an instant. An hour that a change of the clocks leaves out is the one after it.
    pub fn next_after(&self, now: Timestamp) -> Timestamp {
        let today = self.day_of(now);
        let days = std::iter::successors(Some(today), |day| day.tomorrow().ok());
        let begins = |day: Date| self.begins(day).map(|zoned| zoned.timestamp());
        days.filter_map(begins).find(|at| *at > now).unwrap_or(Timestamp::MAX)
    }

    fn begins(&self, day: Date) -> Option<Zoned> {
        day.at(self.hour, 0, 0, 0).to_zoned(self.zone()).ok()
    }

    /// Settings are checked before they are stored; a zone that a later database lacks counts as UTC.
    fn zone(&self) -> TimeZone {
        TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC)
    }
}
