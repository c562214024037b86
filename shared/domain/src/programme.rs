//! A loyalty programme: for what there are points, how many, and how long they live (L36).
//!
//! Deliberately absent: restaurants, of which several may share a programme, and rewards, which have prices of their
//! own.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::business::printable;
use crate::failure::{Failure, FieldError, InvalidFields, Kind};
use crate::id::{ProgrammeId, TenantId};
use crate::money::{Currency, Money};
use crate::points::POINTS_MAX;

/// The longest name, in characters.
const NAME_MAX_CHARS: usize = 80;
/// The longest life of points, in months.
const MONTHS_MAX: u8 = 60;

/// A programme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Programme {
    /// Its id.
    pub id: ProgrammeId,
    /// Whose programme.
    pub tenant: TenantId,
    /// What a caller may say about it.
    pub terms: ProgrammeTerms,
    /// When it was made.
    pub created_at: Timestamp,
    /// Counts the changes; a write names the version that it has read.
    pub version: u64,
}

/// What a caller may say about a programme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProgrammeTerms {
    /// The name that customers see: 1 to 80 characters.
    pub name: String,
    /// For what there are points.
    pub earning: Earning,
    /// After how many months points expire, at the end of that month; 1 to 60. Nothing: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points_live_months: Option<u8>,
    /// The most points that one customer earns on one day. Nothing: as many as there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily_points_max: Option<i64>,
    /// How far below zero the reversal of a purchase may bring a customer, in points.
    #[serde(default)]
    pub overdraft_points_max: i64,
    /// Where its days and months begin: an IANA time zone.
    #[serde(default = "utc")]
    pub time_zone: String,
}

/// For what there are points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "per", rename_all = "snake_case", deny_unknown_fields)]
pub enum Earning {
    /// For each full amount spent.
    Amount {
        /// Points for each of it.
        points: i64,
        /// The amount, in minor units.
        minor: i64,
        /// Its currency.
        currency: Currency,
    },
    /// For each visit.
    Visit {
        /// Points for one.
        points: i64,
    },
}

/// What a customer gets points for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Award {
    /// A purchase of this amount.
    Amount(Money),
    /// A visit.
    Visit,
}

impl Award {
    /// What was spent; nothing for a visit.
    pub fn amount(self) -> Option<Money> {
        match self {
            Award::Amount(amount) => Some(amount),
            Award::Visit => None,
        }
    }
}

/// Why a programme is not shown, does not change, or gives no points.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProgrammeRefused {
    /// There is none of this id.
    #[error("there is no such programme")]
    Unknown,
    /// Somebody else was faster.
    #[error("the programme was changed meanwhile, read it again")]
    Changed,
    /// It counts visits, and an amount came, or the other way round.
    #[error("this programme gives points for each {wanted}; send that")]
    OtherAward {
        /// What it wants.
        wanted: &'static str,
    },
    /// The amount is of another currency.
    #[error("this programme counts amounts in {}", .wanted.code())]
    OtherCurrency {
        /// What it wants.
        wanted: Currency,
    },
    /// The amount is not one of a purchase.
    #[error(
        "the amount of a purchase is above zero, in minor units, and not beyond what can be counted"
    )]
    Amount,
    /// It is too small for a point.
    #[error("this purchase is too small for a point")]
    TooSmall,
}

impl Failure for ProgrammeRefused {
    fn kind(&self) -> Kind {
        match self {
            ProgrammeRefused::Unknown => Kind::Missing,
            ProgrammeRefused::Changed => Kind::Conflict,
            ProgrammeRefused::OtherAward { .. }
            | ProgrammeRefused::OtherCurrency { .. }
            | ProgrammeRefused::Amount
            | ProgrammeRefused::TooSmall => Kind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            ProgrammeRefused::Unknown => "programme_unknown",
            ProgrammeRefused::Changed => "programme_changed",
            ProgrammeRefused::OtherAward { .. } => "award_of_another_kind",
            ProgrammeRefused::OtherCurrency { .. } => "award_of_another_currency",
            ProgrammeRefused::Amount => "award_amount_invalid",
            ProgrammeRefused::TooSmall => "award_too_small",
        }
    }
}

impl Programme {
    /// A new programme.
    pub fn open(id: ProgrammeId, tenant: TenantId, terms: ProgrammeTerms, at: Timestamp) -> Self {
        Self { id, tenant, terms, created_at: at, version: 1 }
    }

    /// The programme with other terms. Points that were given keep the life that they were given with.
    #[must_use]
    pub fn changed(self, terms: ProgrammeTerms) -> Self {
        Self { terms, version: self.version.saturating_add(1), ..self }
    }

    /// How many points there are for this, rounded down.
    ///
    /// # Errors
    /// [`ProgrammeRefused`] for another kind of award, another currency, and amounts that give no point.
    pub fn points_for(&self, award: Award) -> Result<i64, ProgrammeRefused> {
        match (&self.terms.earning, award) {
            (Earning::Visit { points }, Award::Visit) => Ok(*points),
            (Earning::Amount { points, minor, currency }, Award::Amount(spent)) => {
                if spent.currency != *currency {
                    return Err(ProgrammeRefused::OtherCurrency { wanted: *currency });
                }
                if spent.minor <= 0 {
                    return Err(ProgrammeRefused::Amount);
                }
                let times = spent.minor.checked_div(*minor).ok_or(ProgrammeRefused::Amount)?;
                let earned = times.checked_mul(*points).filter(|earned| *earned <= POINTS_MAX);
                match earned.ok_or(ProgrammeRefused::Amount)? {
                    0 => Err(ProgrammeRefused::TooSmall),
                    earned => Ok(earned),
                }
            }
            (Earning::Visit { .. }, Award::Amount(_)) => {
                Err(ProgrammeRefused::OtherAward { wanted: "visit" })
            }
            (Earning::Amount { .. }, Award::Visit) => {
                Err(ProgrammeRefused::OtherAward { wanted: "amount" })
            }
        }
    }

    /// The day of this instant, which the cap of a day goes by.
    pub fn day(&self, now: Timestamp) -> Date {
        now.to_zoned(self.zone()).date()
    }

    /// When points that are earned now expire: at the end of a month. Nothing: never.
    pub fn points_expire_at(&self, now: Timestamp) -> Option<Timestamp> {
        let months = i64::from(self.terms.points_live_months?).saturating_add(1);
        let first = self.day(now).first_of_month().checked_add(months.months()).ok()?;
        first.to_zoned(self.zone()).ok().map(|midnight| midnight.timestamp())
    }

    fn zone(&self) -> TimeZone {
        TimeZone::get(&self.terms.time_zone).unwrap_or(TimeZone::UTC)
    }
}

impl ProgrammeTerms {
    /// The terms without blanks around their texts.
    ///
    /// # Errors
    /// [`InvalidFields`] names every field that breaks its rule.
    pub fn check(self) -> Result<Self, InvalidFields> {
        let mut errors = Vec::new();
        let name = printable("name", &self.name, NAME_MAX_CHARS, &mut errors);
        let counted = 1..=POINTS_MAX;
        let mut rule = |holds: bool, field: &str, detail: &str| {
            if !holds {
                errors.push(FieldError::new(field, "out_of_range", detail));
            }
        };
        let (points, minor) = match self.earning {
            Earning::Amount { points, minor, .. } => (points, minor),
            Earning::Visit { points } => (points, 1),
        };
        let many = format!("points are 1 to {POINTS_MAX}");
        rule(counted.contains(&points), "earning.points", &many);
        rule(counted.contains(&minor), "earning.minor", "an amount above zero, in minor units");
        let months =
            self.points_live_months.is_none_or(|months| (1..=MONTHS_MAX).contains(&months));
        rule(months, "points_live_months", "points live for 1 to 60 months, or for ever");
        let daily = self.daily_points_max.is_none_or(|most| counted.contains(&most));
        rule(daily, "daily_points_max", &many);
        let overdraft = (0..=POINTS_MAX).contains(&self.overdraft_points_max);
        rule(overdraft, "overdraft_points_max", "points from 0 on");
        let zone = TimeZone::get(&self.time_zone).is_ok();
        rule(zone, "time_zone", "an IANA time zone, for example Africa/Lagos");
        if errors.is_empty() { Ok(Self { name, ..self }) } else { Err(InvalidFields(errors)) }
    }
}

fn utc() -> String {
    "UTC".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programme(earning: Earning) -> Programme {
        let terms = ProgrammeTerms {
            name: "Regulars".to_owned(),
            earning,
            points_live_months: Some(12),
            daily_points_max: None,
            overdraft_points_max: 0,
            time_zone: "Africa/Lagos".to_owned(),
        };
        let at = Timestamp::UNIX_EPOCH;
        Programme::open(ProgrammeId::new(at, [0; 10]), TenantId::new(at, [0; 10]), terms, at)
    }

    fn naira(minor: i64) -> Award {
        Award::Amount(Money { minor, currency: Currency::Ngn })
    }

    #[test]
    fn points_are_rounded_down_and_never_for_nothing() {
        let per_100 =
            programme(Earning::Amount { points: 2, minor: 10_000, currency: Currency::Ngn });
        let check = |award: Award, wanted: Result<i64, ProgrammeRefused>| {
            assert_eq!(per_100.points_for(award), wanted, "{award:?}");
        };
        check(naira(10_000), Ok(2));
        check(naira(19_999), Ok(2));
        check(naira(250_000), Ok(50));
        check(naira(9_999), Err(ProgrammeRefused::TooSmall));
        check(naira(0), Err(ProgrammeRefused::Amount));
        check(naira(-10_000), Err(ProgrammeRefused::Amount));
        check(naira(i64::MAX), Err(ProgrammeRefused::Amount));
        check(Award::Visit, Err(ProgrammeRefused::OtherAward { wanted: "amount" }));
        let other = Award::Amount(Money { minor: 10_000, currency: Currency::Ghs });
        check(other, Err(ProgrammeRefused::OtherCurrency { wanted: Currency::Ngn }));
        let visits = programme(Earning::Visit { points: 10 });
        assert_eq!(visits.points_for(Award::Visit), Ok(10));
        assert_eq!(
            visits.points_for(naira(1)),
            Err(ProgrammeRefused::OtherAward { wanted: "visit" })
        );
    }

    #[test]
    fn points_live_to_the_end_of_a_month_where_the_programme_is() {
        let check = |now: &str, until: &str| {
            let programme = programme(Earning::Visit { points: 1 });
            let expires = programme.points_expire_at(now.parse().unwrap());
            assert_eq!(expires, Some(until.parse().unwrap()), "{now}");
        };
        check("2026-01-31T12:00:00Z", "2027-01-31T23:00:00Z");
        check("2026-01-31T23:00:00Z", "2027-02-28T23:00:00Z");
        check("2026-02-01T00:00:00Z", "2027-02-28T23:00:00Z");
    }

    #[test]
    fn every_wrong_field_is_named() {
        let check = |change: &dyn Fn(&mut ProgrammeTerms), wrong: &[&str]| {
            let mut terms = programme(Earning::Visit { points: 1 }).terms;
            change(&mut terms);
            let fields: Vec<String> = match terms.check() {
                Ok(_) => Vec::new(),
                Err(InvalidFields(errors)) => errors.into_iter().map(|error| error.field).collect(),
            };
            assert_eq!(fields, wrong);
        };
        check(&|_| {}, &[]);
        check(&|terms| terms.name = " ".to_owned(), &["name"]);
        check(&|terms| terms.earning = Earning::Visit { points: 0 }, &["earning.points"]);
        check(&|terms| terms.points_live_months = Some(61), &["points_live_months"]);
        check(&|terms| terms.daily_points_max = Some(0), &["daily_points_max"]);
        check(&|terms| terms.overdraft_points_max = -1, &["overdraft_points_max"]);
        check(&|terms| terms.time_zone = "Lagos".to_owned(), &["time_zone"]);
        let free = Earning::Amount { points: 1, minor: 0, currency: Currency::Ngn };
        check(&|terms| terms.earning = free.clone(), &["earning.minor"]);
    }
}
