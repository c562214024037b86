//! GET /api/v1/guards/{guard_id}/analytics: the scans of a guard's codes (T28).

use adapters::table::Counted;
use axum::Json as Reply;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::guard::GuardRefused;
use domain::tally::GuardScanAnalytics;
use web::counted::read;
use web::input::Params;
use web::problem::ProblemBody;
use web::{GuardReader, Problem, may};

use crate::Deps;
use crate::counted::{AnalyticsFormat, SpanParams, as_csv};

/// How often a guard's page was opened, over all codes that the guard ever had. A scan of a replaced code counts as
/// refused.
#[utoipa::path(
    get,
    path = "/api/v1/guards/{guard_id}/analytics",
    tag = "analytics",
    operation_id = "guard_analytics",
    params(("guard_id" = String, Path, description = "The guard's id"), SpanParams),
    responses(
        (status = 200, description = "The scans", content((GuardScanAnalytics = "application/json"), (String = "text/csv"))),
        (status = 404, description = "No such guard", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Days or a zone that are not valid", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["guards:read"]))
)]
pub(crate) async fn guard_analytics(
    State(deps): State<Deps>,
    reader: GuardReader<may::GuardsRead>,
    Params(params): Params<SpanParams>,
) -> Result<Response, Problem> {
    let span = params.span(deps.clock.now())?;
    deps.table.guard(&reader.tenant, &reader.guard).await?.ok_or(GuardRefused::Unknown)?;
    let counted = Counted::Code(reader.tenant, reader.guard.clone().into());
    let (totals, summary) = read(&deps.table, &[counted], &span).await?;
    if params.format == AnalyticsFormat::Csv {
        return Ok(as_csv(&format!("scans-{}", reader.guard), &summary));
    }
    let summary = if params.details { summary } else { summary.without_details() };
    let (guard_id, all_time_scans) = (reader.guard, totals.scans());
    Ok(Reply(GuardScanAnalytics { guard_id, all_time_scans, summary }).into_response())
}
