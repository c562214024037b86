//! GET /api/v1/analytics/system: the scans of all a tenant's codes (P16).

use adapters::table::Counted;
use adapters::table::keys::TENANT_SHARDS;
use axum::Json as Reply;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::failure::{FieldError, InvalidFields};
use domain::tally::SystemAnalytics;
use web::counted::read;
use web::input::Params;
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::counted::{AnalyticsFormat, SpanParams, as_csv};

/// Hours of one answer: 92 days, and one hour more where clocks were set back. Each has an item per shard.
const SYSTEM_HOURS_MAX: usize = 92 * 24 + 1;

/// The scans of all the caller's codes together, over up to 92 days.
#[utoipa::path(
    get,
    path = "/api/v1/analytics/system",
    tag = "analytics",
    operation_id = "system_analytics",
    params(SpanParams),
    responses(
        (status = 200, description = "The scans", content((SystemAnalytics = "application/json"), (String = "text/csv"))),
        (status = 422, description = "Days or a zone that are not valid", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["analytics:read"]))
)]
pub(crate) async fn system_analytics(
    State(deps): State<Deps>,
    caller: Caller<may::AnalyticsRead>,
    Params(params): Params<SpanParams>,
) -> Result<Response, Problem> {
    let span = params.span(deps.clock.now())?;
    if span.hours().count() > SYSTEM_HOURS_MAX {
        let detail = "ask for at most 92 days of all codes together";
        return Err(InvalidFields(vec![FieldError::new("from", "out_of_range", detail)]).into());
    }
    let shards: Vec<Counted> =
        (0..TENANT_SHARDS).map(|shard| Counted::Tenant(caller.tenant.clone(), shard)).collect();
    let (totals, summary) = read(&deps.table, &shards, &span).await?;
    if params.format == AnalyticsFormat::Csv {
        return Ok(as_csv("scans", &summary));
    }
    let summary = if params.details { summary } else { summary.without_details() };
    let (tenant_id, all_time_scans) = (caller.tenant, totals.scans());
    Ok(Reply(SystemAnalytics { tenant_id, all_time_scans, summary }).into_response())
}
