//! What an analytics request is answered with (P15, P16, P21, P28). The counting is [`super::summary`]'s.
//!
//! Deliberately absent: fractions. Rates are in thousandths, times in microseconds.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::id::{GuardId, PropertyId, TenantId};

/// The scans of a span of time. `total_scans` is people only; each breakdown sums to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Summary {
    /// The first instant counted.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// The first instant not counted any more.
    #[schema(value_type = String, format = DateTime)]
    pub to: Timestamp,
    /// The zone of days and hours of the day.
    #[schema(example = "Africa/Lagos")]
    pub tz: String,
    /// Scans by people.
    pub total_scans: i64,
    /// People whose code was expired, used up or deleted, or whom we failed; not among the scans.
    pub refused_scans: i64,
    /// Visits by bots, previews and HEAD requests.
    pub bot_scans: i64,
    /// Different visitors, to about 2.3 %. Somebody who comes on two days counts on both: a visitor's hash lives for
    /// one UTC day.
    pub unique_visitors: u64,
    /// Mean handling time in microseconds; none without scans.
    pub average_response_us: Option<i64>,
    /// 95th percentile of the handling time in microseconds, at most 12.5 % too high.
    pub p95_response_us: Option<u64>,
    /// Scans that led somewhere, in thousandths of those and the refused ones (P19).
    pub success_rate_permille: Option<i64>,
    /// Reports where everything wanted opened, in thousandths of the reports (P55).
    pub redirect_success_permille: Option<i64>,
    /// The first scan ever, by a person; of a code only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub first_scan: Option<Timestamp>,
    /// The last scan ever, by a person; of a code only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_scan: Option<Timestamp>,
    /// Each day of the span, days without scans included (P53).
    pub by_day: Vec<DayCount>,
    /// Each UTC hour with scans.
    pub by_hour: Vec<HourCount>,
    /// Scans by hour of the day, 24 numbers.
    pub hour_of_day: Vec<i64>,
    /// By country (P54); `ZZ` is unknown.
    pub countries: Vec<NameCount>,
    /// By country and region (P54); the country alone where the region is unknown.
    pub regions: Vec<NameCount>,
    /// By kind of device.
    pub devices: Vec<NameCount>,
    /// By operating system.
    pub os: Vec<NameCount>,
    /// By browser.
    pub browsers: Vec<NameCount>,
    /// By source.
    pub sources: Vec<NameCount>,
    /// By version of the code.
    pub versions: Vec<NameCount>,
    /// By redirect type.
    pub redirects: Vec<NameCount>,
    /// Reports by outcome (P55); a scan may have none, so they do not sum to `total_scans`.
    pub outcomes: Vec<NameCount>,
}

/// The scans of one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DayCount {
    /// The day, `2026-11-21`.
    pub day: String,
    /// Scans by people.
    pub scans: i64,
    /// Different visitors of the UTC day whose noon this day has; none where a change of clocks leaves it without noon,
    /// or the span does.
    pub unique_visitors: Option<u64>,
}

/// The scans of one hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct HourCount {
    /// The hour's first instant.
    #[schema(value_type = String, format = DateTime)]
    pub hour: Timestamp,
    /// Scans by people.
    pub scans: i64,
}

/// One row of a breakdown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct NameCount {
    /// What is counted.
    pub name: String,
    /// How often.
    pub count: i64,
}

/// The analytics of one property (P15, P28).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PropertyScanAnalytics {
    /// The property.
    #[schema(value_type = String)]
    pub property_id: PropertyId,
    /// Scans by people since the code exists, whatever the span.
    pub all_time_scans: i64,
    /// The span's numbers.
    #[serde(flatten)]
    pub summary: Summary,
}

/// The scans of a guard's codes, over all codes that the guard ever had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct GuardScanAnalytics {
    /// The guard.
    #[schema(value_type = String)]
    pub guard_id: GuardId,
    /// Scans by people since the guard exists, whatever the span.
    pub all_time_scans: i64,
    /// The span's numbers.
    #[serde(flatten)]
    pub summary: Summary,
}

/// The analytics of everything that a tenant has (P16).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SystemAnalytics {
    /// The tenant.
    #[schema(value_type = String)]
    pub tenant_id: TenantId,
    /// Scans by people since the tenant exists, whatever the span.
    pub all_time_scans: i64,
    /// The span's numbers.
    #[serde(flatten)]
    pub summary: Summary,
}

impl Summary {
    /// The same without series and breakdowns: P21's `false`.
    pub fn without_details(self) -> Summary {
        Summary {
            by_day: Vec::new(),
            by_hour: Vec::new(),
            hour_of_day: Vec::new(),
            countries: Vec::new(),
            regions: Vec::new(),
            devices: Vec::new(),
            os: Vec::new(),
            browsers: Vec::new(),
            sources: Vec::new(),
            versions: Vec::new(),
            redirects: Vec::new(),
            outcomes: Vec::new(),
            ..self
        }
    }
}
