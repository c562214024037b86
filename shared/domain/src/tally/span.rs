//! The time that an answer covers: from quarter hour to quarter hour, and in which zone days and hours are told (P18).
//!
//! Deliberately absent: "today" and "last week". The clock is the caller's.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, tz::TimeZone};

use super::{Day, HOUR_S, HourKey, QUARTER_S, second};
use crate::failure::{Failure, Kind};

/// Longest span, in days: a year and a month to compare it with. It bounds what is read and what is answered.
pub const SPAN_MAX_DAYS: i64 = 400;
/// Seconds of a day without a change of the clocks.
const DAY_S: i64 = 24 * HOUR_S;

/// A span of time, its end excluded, and a zone. Both ends are whole quarters of an hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    from: Timestamp,
    to: Timestamp,
    tz: TimeZone,
}

/// Why a span is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpanRefused {
    /// It ends before or where it begins.
    #[error("the end is not after the beginning")]
    Empty,
    /// It is longer than [`SPAN_MAX_DAYS`].
    #[error("the span is longer than {SPAN_MAX_DAYS} days")]
    TooLong,
    /// The day does not exist in the calendar, or the zone has no name that we know.
    #[error("the days or the time zone are not known")]
    Unknown,
}

impl Failure for SpanRefused {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        match self {
            SpanRefused::Empty => "span_empty",
            SpanRefused::TooLong => "span_too_long",
            SpanRefused::Unknown => "span_unknown",
        }
    }
}

impl Span {
    /// From one instant to another, both cut to the quarter of the hour: the finest that is counted.
    ///
    /// # Errors
    /// [`SpanRefused`].
    pub fn new(from: Timestamp, to: Timestamp, tz: TimeZone) -> Result<Self, SpanRefused> {
        let quarter = |at: Timestamp| second(at.as_second().div_euclid(QUARTER_S) * QUARTER_S);
        let (from, to) = (quarter(from), quarter(to));
        if to <= from {
            return Err(SpanRefused::Empty);
        }
        // An hour more: the days of a zone that set its clocks back are longer.
        if to.as_second() - from.as_second() > SPAN_MAX_DAYS * DAY_S + HOUR_S {
            return Err(SpanRefused::TooLong);
        }
        Ok(Self { from, to, tz })
    }

    /// Whole days of a zone, the last one included.
    ///
    /// # Errors
    /// [`SpanRefused`].
    pub fn of_days(first: Date, last: Date, tz: TimeZone) -> Result<Self, SpanRefused> {
        let start = |day: Date| day.to_zoned(tz.clone()).map_err(|_| SpanRefused::Unknown);
        let after = last.checked_add(1.day()).map_err(|_| SpanRefused::Unknown)?;
        let (from, to) = (start(first)?.timestamp(), start(after)?.timestamp());
        Self::new(from, to, tz)
    }

    /// A zone by its IANA name, for example `Africa/Lagos`.
    ///
    /// # Errors
    /// [`SpanRefused::Unknown`].
    pub fn zone(name: &str) -> Result<TimeZone, SpanRefused> {
        TimeZone::get(name).map_err(|_| SpanRefused::Unknown)
    }

    /// The first instant.
    pub fn from(&self) -> Timestamp {
        self.from
    }

    /// The first instant after it.
    pub fn to(&self) -> Timestamp {
        self.to
    }

    /// The zone's name, or its offset.
    pub fn zone_name(&self) -> String {
        match self.tz.iana_name() {
            Some(name) => name.to_owned(),
            None => self.tz.to_offset(self.from).to_string(),
        }
    }

    /// The hours to read: those that have a part in the span.
    pub fn hours(&self) -> impl Iterator<Item = HourKey> {
        let end = self.to;
        let first = Some(HourKey::of(self.from));
        std::iter::successors(first, |hour| Some(hour.next())).take_while(move |h| h.start() < end)
    }

    /// The UTC days whose sketches to read. Sketches are by UTC day, so that of another zone's day is that of the UTC
    /// day whose noon it has. A span without a noon has the days that it touches.
    pub fn utc_days(&self) -> Vec<Day> {
        let mut touched: Vec<Day> = self.hours().map(HourKey::day).collect();
        touched.dedup();
        let has_noon = |day: &Day| noon(*day).is_some_and(|noon| self.contains(noon));
        let days: Vec<Day> = touched.iter().copied().filter(has_noon).collect();
        if days.is_empty() { touched } else { days }
    }

    /// The days of the zone, without gaps.
    pub(super) fn days(&self) -> impl Iterator<Item = Date> {
        let last = self.date(second(self.to.as_second() - 1));
        let next = |day: &Date| day.checked_add(1.day()).ok();
        std::iter::successors(Some(self.date(self.from)), next).take_while(move |day| *day <= last)
    }

    pub(super) fn contains(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }

    /// The zone's day of an instant.
    pub(super) fn date(&self, at: Timestamp) -> Date {
        self.tz.to_datetime(at).date()
    }

    /// The zone's hour of the day of an instant.
    pub(super) fn hour_of_day(&self, at: Timestamp) -> usize {
        usize::try_from(self.tz.to_datetime(at).hour()).unwrap_or(0)
    }
}

/// Noon of a UTC day.
pub(super) fn noon(day: Day) -> Option<Timestamp> {
    TimeZone::UTC.to_timestamp(day.0.at(12, 0, 0, 0)).ok()
}
