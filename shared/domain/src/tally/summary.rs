//! From the items of hours and days to a [`Summary`].
//!
//! Deliberately absent: an estimate of scans. Totals, days and hours are exact. A span that begins or ends within a
//! UTC hour (days in India, Nepal) knows that hour's people to the quarter, but not their countries or devices by
//! quarter: there, and nowhere else, the breakdowns are shared out pro rata, so that they still sum to the total.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::span::noon;
use super::{Counts, Day, DayCount, HourCount, HourKey, NameCount, Span, Summary};
use super::{add_counts, bump, latency, name};
use crate::scan::RedirectOutcome;
use crate::sketch::Sketch;

impl Summary {
    /// Sums up the hours and sketches of a span. Items outside of it are ignored; `first_scan` and `last_scan` are the
    /// item of all time's.
    pub fn of(
        span: &Span,
        hours: &BTreeMap<HourKey, Counts>,
        sketches: &BTreeMap<Day, Sketch>,
        first_scan: Option<Timestamp>,
        last_scan: Option<Timestamp>,
    ) -> Summary {
        let series = Series::of(span, hours);
        let sum = sum_within(span, hours);
        let total_scans = count(&sum, name::PEOPLE);
        let refused_scans = count(&sum, name::FAILED) + count(&sum, name::ENDED);
        let machines = [name::BOTS, name::PREVIEWS, name::HEADS];
        let outcomes = rows(&sum, name::OUTCOME);
        let bins = under(&sum, name::LATENCY);
        Summary {
            from: span.from(),
            to: span.to(),
            tz: span.zone_name(),
            total_scans,
            refused_scans,
            bot_scans: machines.iter().map(|class| count(&sum, class)).sum(),
            unique_visitors: unique(&span.utc_days(), sketches, total_scans),
            average_response_us: count(&sum, name::MICROS).checked_div(total_scans),
            p95_response_us: latency::percentile_us(
                bins.filter_map(|(bin, count)| Some((bin.parse().ok()?, count))),
                950,
            ),
            success_rate_permille: permille(total_scans, total_scans + refused_scans),
            redirect_success_permille: redirect_success(&outcomes),
            first_scan,
            last_scan,
            by_day: series.by_day(span, sketches),
            by_hour: series.by_hour,
            hour_of_day: series.hour_of_day,
            countries: rows(&sum, name::COUNTRY),
            regions: rows(&sum, name::REGION),
            devices: rows(&sum, name::DEVICE),
            os: rows(&sum, name::OS),
            browsers: rows(&sum, name::BROWSER),
            sources: rows(&sum, name::SOURCE),
            versions: rows(&sum, name::VERSION),
            redirects: rows(&sum, name::REDIRECT),
            outcomes,
        }
    }
}

/// People over time, exact to the quarter of the hour.
struct Series {
    days: BTreeMap<Date, i64>,
    by_hour: Vec<HourCount>,
    hour_of_day: Vec<i64>,
}

impl Series {
    fn of(span: &Span, hours: &BTreeMap<HourKey, Counts>) -> Self {
        let days = span.days().map(|day| (day, 0)).collect();
        let mut series = Self { days, by_hour: Vec::new(), hour_of_day: vec![0; 24] };
        for (hour, counts) in hours {
            let mut scans = 0;
            for (start, counter) in hour.quarters().into_iter().zip(name::QUARTERS) {
                let people = count(counts, counter);
                if people == 0 || !span.contains(start) {
                    continue;
                }
                scans += people;
                *series.days.entry(span.date(start)).or_default() += people;
                if let Some(slot) = series.hour_of_day.get_mut(span.hour_of_day(start)) {
                    *slot += people;
                }
            }
            if scans > 0 {
                series.by_hour.push(HourCount { hour: hour.start(), scans });
            }
        }
        series
    }

    fn by_day(&self, span: &Span, sketches: &BTreeMap<Day, Sketch>) -> Vec<DayCount> {
        let mut utc_days: BTreeMap<Date, Vec<Day>> = BTreeMap::new();
        for day in span.utc_days() {
            if let Some(noon) = noon(day).filter(|noon| span.contains(*noon)) {
                utc_days.entry(span.date(noon)).or_default().push(day);
            }
        }
        let row = |(day, scans): (&Date, &i64)| DayCount {
            day: day.to_string(),
            scans: *scans,
            unique_visitors: utc_days.get(day).map(|days| unique(days, sketches, *scans)),
        };
        self.days.iter().map(row).collect()
    }
}

/// The counters of the hours within a span.
fn sum_within(span: &Span, hours: &BTreeMap<HourKey, Counts>) -> Counts {
    let mut sum = Counts::new();
    for (hour, counts) in hours {
        let is_inside = hour.quarters().map(|start| span.contains(start));
        match is_inside {
            [true, true, true, true] => add_counts(&mut sum, counts),
            [false, false, false, false] => {}
            _ => add_counts(&mut sum, &part(counts, is_inside)),
        }
    }
    sum
}

/// The part of an hour's counters that belongs to some of its quarters: people are known by quarter, everything that
/// is counted with them is shared out by people, and the rest by time.
fn part(counts: &Counts, is_inside: [bool; 4]) -> Counts {
    let inside = || name::QUARTERS.into_iter().zip(is_inside).filter(|(_, is_inside)| *is_inside);
    let people = count(counts, name::PEOPLE);
    let kept: i64 = inside().map(|(counter, _)| count(counts, counter)).sum();
    let quarters = i64::try_from(inside().count()).unwrap_or(0);

    let mut part = Counts::from([(name::PEOPLE.to_owned(), kept)]);
    for prefix in name::BREAKDOWNS {
        share(&mut part, prefix, under(counts, prefix), kept);
    }
    bump(&mut part, name::MICROS, scaled(count(counts, name::MICROS), kept, people));
    for class in [name::BOTS, name::PREVIEWS, name::HEADS, name::FAILED, name::ENDED] {
        bump(&mut part, class, scaled(count(counts, class), quarters, 4));
    }
    for (outcome, reports) in under(counts, name::OUTCOME) {
        bump(&mut part, &format!("{}{outcome}", name::OUTCOME), scaled(reports, quarters, 4));
    }
    part
}

/// Shares `kept` out over rows in proportion, whole numbers, so that the shares sum to it (largest remainder).
fn share<'a>(to: &mut Counts, prefix: &str, rows: impl Iterator<Item = (&'a str, i64)>, kept: i64) {
    let rows: Vec<(&str, i64)> = rows.collect();
    let total: i64 = rows.iter().map(|(_, count)| count).sum();
    let mut shares: Vec<(i128, &str, i64)> = rows
        .into_iter()
        .map(|(row, count)| {
            let product = i128::from(count) * i128::from(kept);
            (product.checked_rem(i128::from(total)).unwrap_or(0), row, scaled(count, kept, total))
        })
        .collect();
    let missing = kept - shares.iter().map(|(_, _, share)| share).sum::<i64>();
    shares.sort_by(|left, right| right.0.cmp(&left.0).then(left.1.cmp(right.1)));
    for (place, (_, row, share)) in (0..).zip(shares) {
        let share = share + i64::from(place < missing);
        if share > 0 {
            bump(to, &format!("{prefix}{row}"), share);
        }
    }
}

/// `count · kept / total`, rounded down; 0 of nothing.
fn scaled(count: i64, kept: i64, total: i64) -> i64 {
    let product = i128::from(count) * i128::from(kept);
    product.checked_div(i128::from(total)).and_then(|part| i64::try_from(part).ok()).unwrap_or(0)
}

pub(super) fn count(counts: &Counts, name: &str) -> i64 {
    counts.get(name).copied().unwrap_or(0)
}

/// The counters whose name begins with `prefix`, without it.
fn under<'a>(counts: &'a Counts, prefix: &'a str) -> impl Iterator<Item = (&'a str, i64)> {
    let from =
        counts.range::<str, _>((std::ops::Bound::Included(prefix), std::ops::Bound::Unbounded));
    from.map_while(move |(name, count)| Some((name.strip_prefix(prefix)?, *count)))
}

/// The rows of a breakdown, the largest first.
pub(super) fn rows(counts: &Counts, prefix: &str) -> Vec<NameCount> {
    let found = under(counts, prefix).filter(|(_, count)| *count != 0);
    let mut rows: Vec<NameCount> =
        found.map(|(name, count)| NameCount { name: name.to_owned(), count }).collect();
    rows.sort_by(|left, right| {
        right.count.cmp(&left.count).then_with(|| left.name.cmp(&right.name))
    });
    rows
}

/// Different visitors of some UTC days; no more than scans, which are exact.
fn unique(days: &[Day], sketches: &BTreeMap<Day, Sketch>, scans: i64) -> u64 {
    let mut all = Sketch::new();
    for sketch in days.iter().filter_map(|day| sketches.get(day)) {
        all.merge(sketch);
    }
    all.estimate().min(u64::try_from(scans).unwrap_or(0))
}

pub(super) fn permille(part: i64, whole: i64) -> Option<i64> {
    (whole > 0).then(|| scaled(part, 1000, whole))
}

fn redirect_success(outcomes: &[NameCount]) -> Option<i64> {
    let is_success = |row: &&NameCount| {
        RedirectOutcome::ALL.iter().any(|o| o.is_success() && o.as_str() == row.name)
    };
    let good = outcomes.iter().filter(is_success).map(|row| row.count).sum();
    permille(good, outcomes.iter().map(|row| row.count).sum())
}
