//! GET /desk/charts: tips and payouts per day, each chart with its table beside it.

use std::collections::BTreeMap;

use adapters::takings;
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::id::TenantId;
use domain::money::{Currency, Money};
use domain::takings::Takings;
use domain::tip::local_amount;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use web::desk::{Choice, Field, Fields, Frame, Section, Staff, TurnedAway};
use web::page::{self, Shell};
use web::{Problem, may};

use crate::Deps;
use crate::drawing::{Chart, Day};

/// The periods that can be chosen, in days.
const PERIODS: [(i64, &str); 3] = [(7, "A week"), (30, "30 days"), (90, "90 days")];

/// A row of the table beside a chart.
struct Row {
    day: String,
    number: u64,
    amount: String,
}

/// A chart with its table.
struct Plot {
    id: String,
    title: String,
    /// What is counted.
    unit: &'static str,
    chart: Chart,
    rows: Vec<Row>,
    total: Row,
}

#[derive(Template)]
#[template(path = "charts.html")]
struct ChartsPage {
    shell: Shell,
    frame: Frame,
    days: Field,
    plots: Vec<Plot>,
    whole: bool,
}

/// Sums by currency and day.
type Sums = BTreeMap<Currency, BTreeMap<Date, Takings>>;

/// Tips and payouts per day.
#[utoipa::path(
    get,
    path = "/desk/charts",
    tag = "desk",
    operation_id = "charts_page",
    params(("days" = Option<u16>, Query, description = "7, 30 or 90; 30 when absent")),
    responses(
        (status = 200, description = "The charts", content_type = "text/html"),
        (status = 303, description = "To signing in"),
        (status = 403, description = "The key lacks the scope", content_type = "text/html"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn charts_page(
    State(deps): State<Deps>,
    staff: Staff<may::FinanceRead>,
    RawQuery(query): RawQuery,
) -> Result<Response, TurnedAway> {
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    let asked = query.get("days").parse().unwrap_or(0);
    let days = PERIODS.into_iter().map(|(days, _)| days).find(|days| *days == asked).unwrap_or(30);
    let frame = deps.frame(&staff.who, Section::Charts).await?;
    let last = deps.ids.now().to_zoned(frame.zone.clone()).date();
    let first = last.saturating_sub((days - 1).days());
    let (sums, whole) = sums(&deps, &staff.who.tenant, (first, last), &frame.zone).await?;
    let choices = PERIODS.map(|(days, label)| Choice::new(days.to_string(), label)).into();
    let page = ChartsPage {
        shell: Shell::titled("Charts"),
        days: Field::choice("days", "Period", choices).holding(days.to_string()),
        plots: sums
            .into_iter()
            .flat_map(|(currency, days)| plots(currency, &days, (first, last)))
            .collect(),
        whole,
        frame,
    };
    Ok(page::html(StatusCode::OK, &page))
}

async fn sums(
    deps: &Deps,
    tenant: &TenantId,
    (first, last): (Date, Date),
    zone: &TimeZone,
) -> Result<(Sums, bool), Problem> {
    let begin = |day: Date| day.to_zoned(zone.clone()).map(|at| at.timestamp()).unwrap_or_default();
    let period = (begin(first), begin(last.saturating_add(1.day())));
    let mut sums = Sums::new();
    let whole = takings::read(&deps.table, tenant, period, |one| {
        let day = one.posting.recorded_at.to_zoned(zone.clone()).date();
        let sum = sums.entry(one.currency).or_default().entry(day).or_default();
        *sum = sum.plus(one.takings);
    });
    let whole = whole.await?;
    Ok((sums, whole))
}

/// The two charts of a currency.
fn plots(
    currency: Currency,
    sums: &BTreeMap<Date, Takings>,
    (first, last): (Date, Date),
) -> [Plot; 2] {
    let code = currency.code();
    let of = |name: &str, title: String, unit, pick: fn(&Takings) -> (u64, i64)| {
        let id = format!("{name}-{code}");
        let money = |minor| local_amount(Money { minor, currency });
        let all = std::iter::successors(Some(first), |day| day.tomorrow().ok())
            .take_while(|day| *day <= last)
            .map(|day| (day, sums.get(&day).map(pick).unwrap_or_default()));
        let (mut days, mut rows, mut total) = (Vec::new(), Vec::new(), (0_u64, 0_i64));
        for (day, (number, minor)) in all {
            let (label, text) = (day.strftime("%-d %b").to_string(), money(minor));
            total = (total.0.saturating_add(number), total.1.saturating_add(minor));
            rows.push(Row {
                day: day.strftime("%-d %b %Y").to_string(),
                number,
                amount: text.clone(),
            });
            days.push(Day { label, value: minor, text });
        }
        // The latest day is what one looks for first.
        rows.reverse();
        let total = Row { day: "Total".to_owned(), number: total.0, amount: money(total.1) };
        Plot { chart: Chart::of(&id, &title, &days), id, title, unit, rows, total }
    };
    [
        of("tips", format!("Tips per day, {code}, after fees"), "Tips", |sum| {
            (sum.tips, sum.credited)
        }),
        of("payouts", format!("Payouts per day, {code}"), "Payouts", |sum| {
            (sum.payouts, sum.paid_out)
        }),
    ]
}
