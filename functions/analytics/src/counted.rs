//! From counters to a summary: which items a span needs, and how they add up.

use std::collections::BTreeMap;

use adapters::table::{Counted, Table, Totals};
use axum::response::Response;
use domain::sketch::Sketch;
use domain::tally::{Counts, Day, HourKey, NameCount, Span, SpanRefused, Summary, add_counts};
use futures::future::try_join_all;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use web::{Problem, csv};

/// Days that are shown unless the request says which.
const DAYS_DEFAULT: i64 = 30;

/// The answer's form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AnalyticsFormat {
    /// The whole summary.
    #[default]
    Json,
    /// One row per day and per value of each breakdown.
    Csv,
}

/// Which days, of which zone, in which form.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpanParams {
    /// The first day, `2026-11-01`; 30 days up to today when absent.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// The last day; today when absent.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<Date>,
    /// The time zone whose days are meant, for example `Africa/Lagos`; UTC when absent.
    tz: Option<String>,
    /// Whether the breakdowns are wanted too; yes when absent.
    #[serde(default = "yes")]
    pub details: bool,
    /// `json` or `csv`.
    #[serde(default)]
    #[param(inline)]
    pub format: AnalyticsFormat,
}

fn yes() -> bool {
    true
}

impl SpanParams {
    /// The span that is asked for.
    pub(crate) fn span(&self, now: Timestamp) -> Result<Span, SpanRefused> {
        let zone = Span::zone(self.tz.as_deref().unwrap_or("UTC"))?;
        let last = self.to.unwrap_or_else(|| now.to_zoned(zone.clone()).date());
        let days_before = (DAYS_DEFAULT - 1).days();
        let first = self.from.unwrap_or_else(|| last.saturating_sub(days_before));
        Span::of_days(first, last, zone)
    }
}

/// What was counted under some names together, within a span and in all.
pub(crate) async fn read(
    table: &Table,
    of: &[Counted],
    span: &Span,
) -> Result<(Totals, Summary), Problem> {
    let hours: Vec<HourKey> = span.hours().collect();
    let days = span.utc_days();
    let bounds = |texts: Vec<String>| {
        let first = texts.first().cloned().unwrap_or_default();
        (first, texts.last().cloned().unwrap_or_default())
    };
    let (first_hour, last_hour) = bounds(hours.iter().map(ToString::to_string).collect());
    let (first_day, last_day) = bounds(days.iter().map(ToString::to_string).collect());
    let parts = of.iter().map(|of| async {
        futures::try_join!(
            table.totals(of),
            table.hours(of, &first_hour, &last_hour),
            table.visitors(of, &first_day, &last_day),
        )
    });
    let mut totals = Totals::default();
    let mut counts: BTreeMap<HourKey, Counts> = BTreeMap::new();
    let mut sketches: BTreeMap<Day, Sketch> = BTreeMap::new();
    for (total, hours, visitors) in try_join_all(parts).await? {
        totals = totals.plus(total);
        for (hour, counted) in hours {
            if let Ok(hour) = hour.parse() {
                add_counts(counts.entry(hour).or_default(), &counted);
            }
        }
        for (day, bytes) in visitors {
            if let (Ok(day), Ok(sketch)) = (day.parse::<Day>(), Sketch::from_bytes(&bytes)) {
                sketches.entry(day).or_default().merge(&sketch);
            }
        }
    }
    let summary = Summary::of(span, &counts, &sketches, totals.first_scan, totals.last_scan);
    Ok((totals, summary))
}

/// The counters as a table: one row per day, then one per value of each breakdown.
pub(crate) fn as_csv(name: &str, summary: &Summary) -> Response {
    let row = |dimension: &str, value: &str, scans: i64| {
        [dimension.to_owned(), value.to_owned(), scans.to_string()]
    };
    let mut rows = vec![
        row("total", "people", summary.total_scans),
        row("total", "refused", summary.refused_scans),
        row("total", "bots", summary.bot_scans),
    ];
    rows.extend(summary.by_day.iter().map(|day| row("day", &day.day, day.scans)));
    let breakdowns: [(&str, &[NameCount]); 9] = [
        ("country", &summary.countries),
        ("region", &summary.regions),
        ("device", &summary.devices),
        ("os", &summary.os),
        ("browser", &summary.browsers),
        ("source", &summary.sources),
        ("qr_version", &summary.versions),
        ("redirect", &summary.redirects),
        ("outcome", &summary.outcomes),
    ];
    for (dimension, values) in breakdowns {
        rows.extend(values.iter().map(|value| row(dimension, &value.name, value.count)));
    }
    csv::table(name, &["dimension", "value", "scans"], rows)
}
