//! `rate(5 minutes)` and `cron(0 3 * * ? *)`: when a schedule is due next.
//!
//! Deliberately absent: `L`, `W` and `#` of AWS's cron, and `at(…)`: the template must not use what cannot be tried.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

/// Days to look ahead for a cron expression; one that matches 29 February needs eight years.
const CRON_DAYS_MAX: u32 = 8 * 366 + 1;

/// When a schedule fires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timetable(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Rate(SignedDuration),
    Cron(Box<Cron>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Cron {
    minutes: Field,
    hours: Field,
    days: Field,
    months: Field,
    weekdays: Field,
    years: Field,
    zone: TimeZone,
}

/// The values that a field of a cron expression allows; none allows all.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Field(Option<Vec<i16>>);

impl Timetable {
    /// Reads an expression; `zone` is an IANA name, UTC when it is left out.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(expression: &str, zone: Option<&str>) -> Result<Self, String> {
        let inner = |name: &str| {
            expression.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')').map(str::trim)
        };
        if let Some(rate) = inner("rate") {
            return parse_rate(rate).map(|period| Self(Kind::Rate(period)));
        }
        if let Some(cron) = inner("cron") {
            return Cron::parse(cron, zone).map(|cron| Self(Kind::Cron(Box::new(cron))));
        }
        Err(format!("`{expression}` is neither rate(…) nor cron(…)"))
    }

    /// The first instant after `after` at which it is due; none when it never is again.
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        match &self.0 {
            Kind::Rate(period) => after.checked_add(*period).ok(),
            Kind::Cron(cron) => cron.next_after(after),
        }
    }
}

fn parse_rate(text: &str) -> Result<SignedDuration, String> {
    let wrong = || format!("`rate({text})` wants a number and minutes, hours or days");
    let (number, unit) = text.split_once(' ').ok_or_else(wrong)?;
    let number: i64 = number.parse().ok().filter(|n| *n > 0).ok_or_else(wrong)?;
    let minutes = match unit.trim() {
        "minute" | "minutes" => 1,
        "hour" | "hours" => 60,
        "day" | "days" => 24 * 60,
        _ => return Err(wrong()),
    };
    number.checked_mul(minutes).map(SignedDuration::from_mins).ok_or_else(wrong)
}

impl Cron {
    fn parse(text: &str, zone: Option<&str>) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays, years] = fields.as_slice() else {
            return Err(format!("`cron({text})` wants six fields"));
        };
        let zone = match zone {
            None | Some("UTC") => TimeZone::UTC,
            Some(name) => TimeZone::get(name).map_err(|error| error.to_string())?,
        };
        Ok(Self {
            minutes: Field::parse(minutes, 0..=59, &[])?,
            hours: Field::parse(hours, 0..=23, &[])?,
            days: Field::parse(days, 1..=31, &[])?,
            months: Field::parse(months, 1..=12, &MONTHS)?,
            weekdays: Field::parse(weekdays, 1..=7, &WEEKDAYS)?,
            years: Field::parse(years, 1970..=2199, &[])?,
            zone,
        })
    }

    fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let mut date = after.to_zoned(self.zone.clone()).date();
        for _ in 0..CRON_DAYS_MAX {
            if self.allows(date)
                && let Some(due) = self.instants(date).find(|due| *due > after)
            {
                return Some(due);
            }
            date = date.checked_add(1.day()).ok()?;
        }
        None
    }

    fn allows(&self, date: Date) -> bool {
        self.years.allows(date.year())
            && self.months.allows(date.month().into())
            && self.days.allows(date.day().into())
            && self.weekdays.allows(sunday_is_one(date.weekday()))
    }

    /// The instants of a day; an hour that the clocks skip is moved on, as AWS does.
    fn instants(&self, date: Date) -> impl Iterator<Item = Timestamp> {
        let hours = (0_i8..24).filter(|hour| self.hours.allows((*hour).into()));
        let times = hours.flat_map(|hour| {
            let minutes = (0_i8..60).filter(|minute| self.minutes.allows((*minute).into()));
            minutes.map(move |minute| (hour, minute))
        });
        times.filter_map(move |(hour, minute)| {
            let due = date.at(hour, minute, 0, 0).to_zoned(self.zone.clone()).ok()?;
            Some(due.timestamp())
        })
    }
}

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl Field {
    fn parse(
        text: &str,
        range: std::ops::RangeInclusive<i16>,
        names: &[&str],
    ) -> Result<Self, String> {
        if text == "*" || text == "?" {
            return Ok(Self(None));
        }
        let wrong = || format!("the field `{text}` of a cron expression is not supported");
        let value = |part: &str| {
            let named = names.iter().position(|name| name.eq_ignore_ascii_case(part));
            let named = named.and_then(|at| i16::try_from(at + 1).ok());
            named.or_else(|| part.parse().ok()).filter(|v| range.contains(v)).ok_or_else(wrong)
        };
        let mut allowed = Vec::new();
        for part in text.split(',') {
            let (span, step) = match part.split_once('/') {
                Some((span, step)) => (span, step.parse::<usize>().map_err(|_| wrong())?),
                None => (part, 1),
            };
            let (first, last) = match span.split_once('-') {
                _ if span == "*" => (*range.start(), *range.end()),
                Some((first, last)) => (value(first)?, value(last)?),
                // `5/10` runs to the end of the range, a bare `5` does not.
                None if part.contains('/') => (value(span)?, *range.end()),
                None => (value(span)?, value(span)?),
            };
            if step == 0 || first > last {
                return Err(wrong());
            }
            allowed.extend((first..=last).step_by(step));
        }
        Ok(Self(Some(allowed)))
    }

    fn allows(&self, value: i16) -> bool {
        self.0.as_ref().is_none_or(|allowed| allowed.contains(&value))
    }
}

fn sunday_is_one(weekday: Weekday) -> i16 {
    i16::from(weekday.to_sunday_one_offset())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expression: &str, zone: Option<&str>, after: &str, expected: Option<&str>) {
        let timetable = Timetable::parse(expression, zone).unwrap();
        let next = timetable.next_after(after.parse().unwrap());
        assert_eq!(next, expected.map(|e| e.parse().unwrap()), "{expression} after {after}");
    }

    #[test]
    fn the_next_instant_is_the_first_one_that_the_expression_allows() {
        let cases = [
            ("rate(1 minute)", "2026-01-01T00:00:00Z", Some("2026-01-01T00:01:00Z")),
            ("rate(5 hours)", "2026-01-01T00:00:30Z", Some("2026-01-01T05:00:30Z")),
            ("rate(2 days)", "2026-02-27T00:00:00Z", Some("2026-03-01T00:00:00Z")),
            ("cron(0 3 * * ? *)", "2026-01-01T02:59:59Z", Some("2026-01-01T03:00:00Z")),
            ("cron(0 3 * * ? *)", "2026-01-01T03:00:00Z", Some("2026-01-02T03:00:00Z")),
            ("cron(0/15 * * * ? *)", "2026-01-01T00:15:00Z", Some("2026-01-01T00:30:00Z")),
            ("cron(5,50 8-9 ? * MON-FRI *)", "2026-01-02T09:50:00Z", Some("2026-01-05T08:05:00Z")),
            ("cron(0 0 29 2 ? *)", "2026-01-01T00:00:00Z", Some("2028-02-29T00:00:00Z")),
            ("cron(0 12 1 JAN ? 2020)", "2026-01-01T00:00:00Z", None),
            ("cron(0 12 ? * 1 *)", "2026-01-01T00:00:00Z", Some("2026-01-04T12:00:00Z")),
        ];
        for (expression, after, expected) in cases {
            check(expression, None, after, expected);
        }
    }

    #[test]
    fn what_cannot_be_run_here_is_refused() {
        for expression in [
            "",
            "rate(0 minutes)",
            "rate(5 weeks)",
            "rate(5)",
            "cron(* * * *)",
            "cron(61 * * * ? *)",
            "cron(0 0 L * ? *)",
            "at(2026-01-01T00:00:00)",
            "cron(0 0 5-1 * ? *)",
            "cron(0/0 * * * ? *)",
        ] {
            assert!(Timetable::parse(expression, None).is_err(), "{expression}");
        }
    }
}
