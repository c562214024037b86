//! Counting scans (P15, P18, P19, P53–P55): what `aggregate` adds to the table, and what `analytics` makes of it.
//!
//! Counters are flat and named, so that each maps to one `ADD`; adding is all there is, in any order and any batches.
//! Deliberately absent: storage, referrers (their number is unbounded), and time zones: an hour has its
//! people by quarter, and each zone's offset is a multiple of a quarter, so that days are cut where they are read.

mod answer;
mod latency;
mod span;
mod summary;
mod voucher;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};

pub use answer::{
    DayCount, GuardScanAnalytics, HourCount, NameCount, PropertyScanAnalytics, Summary,
    SystemAnalytics,
};
pub use span::{SPAN_MAX_DAYS, Span, SpanRefused};
pub use voucher::{VoucherEvent, VoucherFact, VoucherNumbers, fact, wait_in_iso, wait_in_words};

use summary::{count, permille, rows};

use crate::device::VisitClass;
use crate::scan::{CodeEvent, CodeSubject, OutcomeEvent, ScanEvent, ScanOutcome};

/// Named counters.
pub type Counts = BTreeMap<String, i64>;

/// The names of the counters; the ones that end in a colon are followed by a value.
pub mod name {
    /// Scans by people; each of the breakdowns sums to it.
    pub const PEOPLE: &str = "people";
    /// Visits by machines.
    pub const BOTS: &str = "bots";
    /// Link previews and prefetches.
    pub const PREVIEWS: &str = "previews";
    /// HEAD requests.
    pub const HEADS: &str = "heads";
    /// People whom we failed; they are not among the people.
    pub const FAILED: &str = "failed";
    /// People whose code was expired, used up or taken back; they are not among the people.
    pub const ENDED: &str = "ended";
    /// Microseconds that answering people took.
    pub const MICROS: &str = "us";
    /// People per quarter of the hour.
    pub const QUARTERS: [&str; 4] = ["q0", "q1", "q2", "q3"];
    /// Country, `c:NG`.
    pub const COUNTRY: &str = "c:";
    /// Country and region, `r:NG-LA`.
    pub const REGION: &str = "r:";
    /// City, `ct:Lagos`; within the item of a month and a country.
    pub const CITY: &str = "ct:";
    /// Kind of device, `d:mobile`.
    pub const DEVICE: &str = "d:";
    /// Operating system, `os:android`.
    pub const OS: &str = "os:";
    /// Browser, `b:chrome`.
    pub const BROWSER: &str = "b:";
    /// Source, `s:qr_code`.
    pub const SOURCE: &str = "s:";
    /// Version of the code, `v:3`.
    pub const VERSION: &str = "v:";
    /// Redirect type, `rt:dual_redirect`.
    pub const REDIRECT: &str = "rt:";
    /// Reported outcome, `o:both_opened`; not a breakdown of people.
    pub const OUTCOME: &str = "o:";
    /// Bin of the handling time, `l:12`.
    pub const LATENCY: &str = "l:";
    /// The breakdowns: the counters under each prefix sum to [`PEOPLE`].
    pub const BREAKDOWNS: [&str; 9] =
        [COUNTRY, REGION, DEVICE, OS, BROWSER, SOURCE, VERSION, REDIRECT, LATENCY];
    /// The country where none is known (ISO 3166-1 leaves ZZ to its users).
    pub const NOWHERE: &str = "ZZ";
}

/// One hour, UTC; prints `2026-11-21T13`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HourKey(i64);

/// One day, UTC; prints `2026-11-21`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub Date);

/// A text that is no hour or no day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an hour is written 2026-11-21T13, a day 2026-11-21")]
pub struct NotAnHourOrDay;

/// Seconds of an hour.
const HOUR_S: i64 = 3_600;
/// Seconds of a quarter of an hour.
const QUARTER_S: i64 = 900;

impl HourKey {
    /// The hour of an instant.
    pub fn of(at: Timestamp) -> Self {
        Self(at.as_second().div_euclid(HOUR_S))
    }

    /// Its first instant.
    pub fn start(self) -> Timestamp {
        second(self.0 * HOUR_S)
    }

    /// The hour after it.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The day that it belongs to, UTC.
    pub fn day(self) -> Day {
        Day::of(self.start())
    }

    /// The first instant of each of its quarters.
    fn quarters(self) -> [Timestamp; 4] {
        [0, 1, 2, 3].map(|quarter| second(self.0 * HOUR_S + quarter * QUARTER_S))
    }
}

/// Hours come from instants, so this is always within the calendar.
fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH)
}

impl Day {
    /// The day of an instant, UTC.
    pub fn of(at: Timestamp) -> Self {
        Self(TimeZone::UTC.to_datetime(at).date())
    }
}

impl fmt::Display for HourKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = TimeZone::UTC.to_datetime(self.start());
        write!(f, "{}T{:02}", at.date(), at.hour())
    }
}

impl FromStr for HourKey {
    type Err = NotAnHourOrDay;

    fn from_str(text: &str) -> Result<Self, NotAnHourOrDay> {
        let start: Timestamp = format!("{text}:00:00Z").parse().map_err(|_| NotAnHourOrDay)?;
        let hour = Self::of(start);
        if hour.to_string() == text { Ok(hour) } else { Err(NotAnHourOrDay) }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for Day {
    type Err = NotAnHourOrDay;

    fn from_str(text: &str) -> Result<Self, NotAnHourOrDay> {
        let day = Self(text.parse().map_err(|_| NotAnHourOrDay)?);
        if day.to_string() == text { Ok(day) } else { Err(NotAnHourOrDay) }
    }
}

/// What a batch of one code's events adds up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// To add to the item of all time: people, bots, previews, heads, failed, ended, us, and the outcomes. No
    /// breakdown: the item is written with every batch and must stay small.
    pub total: Counts,
    /// The first scan by a person; the item of all time keeps the smallest.
    pub first_scan: Option<Timestamp>,
    /// The last scan by a person; the item of all time keeps the largest.
    pub last_scan: Option<Timestamp>,
    /// To add to the item of each hour.
    pub hours: BTreeMap<HourKey, Counts>,
    /// To add to the item of each month and country, `2026-11#NG`: people by city, where cities are counted (V30).
    pub cities: BTreeMap<String, Counts>,
    /// The visitors of each UTC day, ascending, each once; people only. To insert into the day's sketch.
    pub visitors: BTreeMap<Day, Vec<u64>>,
}

impl Tally {
    /// Counts events, in any order.
    pub fn of<'e>(events: impl Iterator<Item = &'e CodeEvent>) -> Self {
        let mut tally = Self::default();
        for event in events {
            match event {
                CodeEvent::Scan(scan) => tally.count_scan(scan),
                CodeEvent::Outcome(report) => tally.count_outcome(report),
            }
        }
        tally.visitors.values_mut().for_each(sort_once);
        tally
    }

    /// Adds another batch.
    pub fn add(&mut self, other: Tally) {
        add_counts(&mut self.total, &other.total);
        for (hour, counts) in &other.hours {
            add_counts(self.hours.entry(*hour).or_default(), counts);
        }
        for (month, counts) in &other.cities {
            add_counts(self.cities.entry(month.clone()).or_default(), counts);
        }
        for (day, visitors) in other.visitors {
            let known = self.visitors.entry(day).or_default();
            known.extend(visitors);
            sort_once(known);
        }
        self.first_scan = self.first_scan.into_iter().chain(other.first_scan).min();
        self.last_scan = self.last_scan.max(other.last_scan);
    }

    /// Adds to a counter of all time and of the hour.
    fn both(&mut self, at: Timestamp, name: &str, by: i64) {
        bump(&mut self.total, name, by);
        self.hour(at, name, by);
    }

    fn hour(&mut self, at: Timestamp, name: &str, by: i64) {
        bump(self.hours.entry(HourKey::of(at)).or_default(), name, by);
    }

    fn count_outcome(&mut self, report: &OutcomeEvent) {
        self.both(report.at, &format!("{}{}", name::OUTCOME, report.outcome), 1);
    }

    /// A person counts as a scan where we served them; where we did not, under the reason alone.
    fn count_scan(&mut self, scan: &ScanEvent) {
        let counter = match (scan.class, scan.outcome) {
            (VisitClass::Bot, _) => name::BOTS,
            (VisitClass::Preview, _) => name::PREVIEWS,
            (VisitClass::Head, _) => name::HEADS,
            (VisitClass::Person, ScanOutcome::Served) => name::PEOPLE,
            (VisitClass::Person, ScanOutcome::Failed) => name::FAILED,
            (
                VisitClass::Person,
                ScanOutcome::Expired | ScanOutcome::LimitReached | ScanOutcome::Retired,
            ) => name::ENDED,
        };
        self.both(scan.at, counter, 1);
        if counter == name::PEOPLE {
            self.count_person(scan);
        }
    }

    fn count_person(&mut self, scan: &ScanEvent) {
        self.both(scan.at, name::MICROS, i64::try_from(scan.handling_us).unwrap_or(i64::MAX));
        self.first_scan = Some(self.first_scan.map_or(scan.at, |first| first.min(scan.at)));
        self.last_scan = self.last_scan.max(Some(scan.at));
        if let Some(visitor) = scan.visitor {
            self.visitors.entry(Day::of(scan.at)).or_default().push(visitor.0);
        }
        let quarter = scan.at.as_second().rem_euclid(HOUR_S) / QUARTER_S;
        for (counter, start) in name::QUARTERS.into_iter().zip(0..) {
            if start == quarter {
                self.hour(scan.at, counter, 1);
            }
        }
        for (prefix, value) in breakdown(scan) {
            self.hour(scan.at, &format!("{prefix}{value}"), 1);
        }
        self.count_city(scan);
    }

    /// Cities are many: they have items of their own, and only those of vouchers are counted.
    fn count_city(&mut self, scan: &ScanEvent) {
        let (CodeSubject::Voucher(_), Some(city)) = (&scan.subject, &scan.city) else { return };
        let country = scan.country.as_deref().unwrap_or(name::NOWHERE);
        let month = format!("{}#{country}", scan.at.strftime("%Y-%m"));
        bump(self.cities.entry(month).or_default(), &format!("{}{city}", name::CITY), 1);
    }
}

/// One value for each of [`name::BREAKDOWNS`], so that each breakdown sums to the people.
fn breakdown(scan: &ScanEvent) -> [(&'static str, String); 9] {
    let country = scan.country.clone().unwrap_or_else(|| name::NOWHERE.to_owned());
    let region = match (&scan.country, &scan.region) {
        (Some(country), Some(region)) => format!("{country}-{region}"),
        _ => country.clone(),
    };
    [
        (name::COUNTRY, country),
        (name::REGION, region),
        (name::DEVICE, scan.device.kind.to_string()),
        (name::OS, scan.device.os.to_string()),
        (name::BROWSER, scan.device.browser.to_string()),
        (name::SOURCE, scan.source.to_string()),
        (name::VERSION, scan.qr_version.to_string()),
        (name::REDIRECT, scan.redirect.to_string()),
        (name::LATENCY, latency::bin(scan.handling_us).to_string()),
    ]
}

/// Adds one set of counters to another.
pub fn add_counts(to: &mut Counts, from: &Counts) {
    for (name, by) in from {
        bump(to, name, *by);
    }
}

fn bump(counts: &mut Counts, name: &str, by: i64) {
    match counts.get_mut(name) {
        Some(count) => *count = count.saturating_add(by),
        None => {
            counts.insert(name.to_owned(), by);
        }
    }
}

fn sort_once(visitors: &mut Vec<u64>) {
    visitors.sort_unstable();
    visitors.dedup();
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
