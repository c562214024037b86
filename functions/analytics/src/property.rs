//! GET /api/v1/qr/{property_id}/analytics: the scans of one code (P21, P28).

use adapters::table::Counted;
use axum::Json as Reply;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::failure::{Failure, Kind};
use domain::tally::PropertyScanAnalytics;
use web::counted::read;
use web::input::{Params, PropertyPath};
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::counted::{AnalyticsFormat, SpanParams, as_csv};

/// The property has no code, or is not the caller's.
#[derive(Debug, thiserror::Error)]
#[error("this property has no code")]
struct NoCode;

impl Failure for NoCode {
    fn kind(&self) -> Kind {
        Kind::Missing
    }

    fn code(&self) -> &'static str {
        "code_unknown"
    }
}

/// The scans of a property's code, over all its versions. A deleted code's scans stay.
#[utoipa::path(
    get,
    path = "/api/v1/qr/{property_id}/analytics",
    tag = "analytics",
    operation_id = "property_analytics",
    params(("property_id" = String, Path, description = "The property's ObjectId"), SpanParams),
    responses(
        (status = 200, description = "The scans", content((PropertyScanAnalytics = "application/json"), (String = "text/csv"))),
        (status = 404, description = "No such code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Days or a zone that are not valid", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["analytics:read"]))
)]
pub(crate) async fn property_analytics(
    State(deps): State<Deps>,
    caller: Caller<may::AnalyticsRead>,
    PropertyPath(id): PropertyPath,
    Params(params): Params<SpanParams>,
) -> Result<Response, Problem> {
    let span = params.span(deps.clock.now())?;
    deps.table.code(&caller.tenant, &id).await?.ok_or(NoCode)?;
    let counted = Counted::Code(caller.tenant, id.clone().into());
    let (totals, summary) = read(&deps.table, &[counted], &span).await?;
    if params.format == AnalyticsFormat::Csv {
        return Ok(as_csv(&format!("scans-{id}"), &summary));
    }
    let summary = if params.details { summary } else { summary.without_details() };
    let all_time_scans = totals.scans();
    Ok(Reply(PropertyScanAnalytics { property_id: id, all_time_scans, summary }).into_response())
}
