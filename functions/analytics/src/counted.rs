//! Which days are asked for, and the answer as a table. What was counted in them `web::counted` adds up.

use axum::response::Response;
use domain::tally::{NameCount, Span, SpanRefused, Summary};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use web::csv;

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
