//! GET /api/v1/vouchers/{voucher_id}/analytics: what became of a voucher (V25, V30, V37, V38).

use adapters::table::Counted;
use axum::Json as Reply;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::id::VoucherId;
use domain::scan::CodeSubject;
use domain::tally::{NameCount, Summary, VoucherNumbers, wait_in_iso, wait_in_words};
use domain::voucher::VoucherRefused;
use serde::Serialize;
use utoipa::ToSchema;
use web::counted::{self, VoucherFigures};
use web::input::{Params, VoucherPath};
use web::problem::ProblemBody;
use web::{BusinessReader, Problem, csv, may};

use crate::Deps;
use crate::counted::{AnalyticsFormat, SpanParams};

/// What became of a voucher. Rates are parts of one, with three digits.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VoucherAnalytics {
    /// The voucher.
    #[schema(value_type = String)]
    voucher_id: VoucherId,
    /// Scans by people within the span.
    total_scans: i64,
    /// Different visitors within the span, to about 2.3 %.
    unique_users: u64,
    /// Claims for each different visitor; none without visitors.
    #[schema(value_type = Option<f64>)]
    claim_rate: Option<Permille>,
    /// Redemptions for each claim, or for each scan where nobody claims; none without either.
    #[schema(value_type = Option<f64>)]
    redemption_rate: Option<Permille>,
    /// Between claim and redemption, in words: `3.5 days`; none before the first.
    average_time_to_redeem: Option<String>,
    /// The same as a duration of ISO 8601: `P3DT12H`.
    average_time_to_redeem_iso: Option<String>,
    /// Claims, redemptions and refusals.
    numbers: VoucherNumbers,
    /// The scans.
    scans: Summary,
    /// Scans by country and city, `NG Lagos`, the most first, of the months that the span touches.
    cities: Vec<NameCount>,
}

/// A part of one in thousandths, written as a decimal number.
#[derive(Clone, Copy, Debug)]
struct Permille(i64);

impl Serialize for Permille {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        // Thousandths of numbers below 2^31 are exact to three digits.
        to.serialize_f64(f64::from(i32::try_from(self.0).unwrap_or(i32::MAX)) / 1000.0)
    }
}

/// What became of a voucher in a span of days.
#[utoipa::path(
    get,
    path = "/api/v1/vouchers/{voucher_id}/analytics",
    tag = "vouchers",
    operation_id = "voucher_analytics",
    params(("voucher_id" = String, Path, description = "The voucher's id"), SpanParams),
    responses(
        (status = 200, description = "The numbers", content((VoucherAnalytics = "application/json"), (String = "text/csv"))),
        (status = 404, description = "No such voucher", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Days or a zone that are not valid", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["vouchers:read"]))
)]
pub(crate) async fn voucher_analytics(
    State(deps): State<Deps>,
    reader: BusinessReader<may::VouchersRead>,
    VoucherPath(id): VoucherPath,
    Params(params): Params<SpanParams>,
) -> Result<Response, Problem> {
    let span = params.span(deps.clock.now())?;
    let voucher = deps.table.voucher_of(&reader.tenant, &id).await?;
    voucher.filter(|voucher| reader.may_see(&voucher.business)).ok_or(VoucherRefused::Unknown)?;
    let subject = CodeSubject::Voucher(id.clone());
    let counted = Counted::Code(reader.tenant, subject);
    let VoucherFigures { scans, numbers } = counted::voucher(&deps.table, &counted, &span).await?;
    if params.format == AnalyticsFormat::Csv {
        return Ok(as_csv(&id, &scans, &numbers));
    }
    let cities = match params.details {
        true => counted::cities(&deps.table, &counted, &span).await?,
        false => Vec::new(),
    };
    let scans = if params.details { scans } else { scans.without_details() };
    let analytics = VoucherAnalytics {
        voucher_id: id,
        total_scans: scans.total_scans,
        unique_users: scans.unique_visitors,
        claim_rate: numbers.claims_permille.map(Permille),
        redemption_rate: numbers.redemptions_permille.map(Permille),
        average_time_to_redeem: numbers.average_wait_s.map(wait_in_words),
        average_time_to_redeem_iso: numbers.average_wait_s.map(wait_in_iso),
        numbers,
        scans,
        cities,
    };
    Ok(Reply(analytics).into_response())
}

/// One row per number and per value of each breakdown.
fn as_csv(id: &VoucherId, scans: &Summary, numbers: &VoucherNumbers) -> Response {
    let row = |dimension: &str, value: &str, count: i64| {
        [dimension.to_owned(), value.to_owned(), count.to_string()]
    };
    let mut rows = vec![
        row("total", "scans", scans.total_scans),
        row("total", "claims", numbers.claims),
        row("total", "redemptions", numbers.redemptions),
        row("total", "rolled_back", numbers.rolled_back),
        row("total", "refused", numbers.refused),
    ];
    rows.extend(scans.by_day.iter().map(|day| row("scans_by_day", &day.day, day.scans)));
    let breakdowns: [(&str, &[NameCount]); 4] = [
        ("refusal", &numbers.refusals),
        ("form", &numbers.forms),
        ("variant", &numbers.variants),
        ("country", &scans.countries),
    ];
    for (dimension, values) in breakdowns {
        rows.extend(values.iter().map(|value| row(dimension, &value.name, value.count)));
    }
    csv::table(&format!("voucher-{id}"), &["dimension", "value", "count"], rows)
}
