//! POST /api/v1/scan/{property_id}/outcome: the page's script reports which of its tabs opened (X3, P55).
//!
//! Public, so a report counts only with the seal that the page carried, within its time, and once per scan.

use adapters::secrets::SecretError;
use axum::extract::State;
use axum::http::StatusCode;
use domain::failure::{Failure, Kind};
use domain::id::{ScanId, TenantId};
use domain::scan::{OutcomeEvent, RedirectOutcome};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;
use web::Problem;
use web::input::{Json, PropertyPath};
use web::problem::ProblemBody;

use crate::Deps;
use crate::visit::Scanned;

/// A report is late after this many seconds: the page has led on long before.
const REPORT_MAX_AGE_S: i64 = 600;
/// What a sealed report is sealed for.
const PURPOSE: &str = "scan-report";

/// What became of a scan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OutcomeRequest {
    /// What the page carried.
    report: String,
    /// Which tabs opened.
    outcome: RedirectOutcome,
}

/// The report is not one of ours, or too late.
#[derive(Debug, thiserror::Error)]
#[error("the report is not valid any more")]
struct ReportRefused;

impl Failure for ReportRefused {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        "invalid_report"
    }
}

/// Takes down what became of a scan. A repetition changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/scan/{property_id}/outcome",
    tag = "scan",
    operation_id = "report_outcome",
    params(("property_id" = String, Path, description = "The property's ObjectId")),
    request_body = OutcomeRequest,
    responses(
        (status = 204, description = "Noted"),
        (status = 422, description = "Not a report of ours", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn report_outcome(
    State(deps): State<Deps>,
    PropertyPath(property_id): PropertyPath,
    Json(request): Json<OutcomeRequest>,
) -> Result<StatusCode, Problem> {
    let now = deps.clock.now();
    let opened = deps.seal.open(&[PURPOSE, property_id.as_str()], &request.report).await?;
    let (tenant_id, scan_id, at) = opened.as_deref().and_then(parts_of).ok_or(ReportRefused)?;
    if now.duration_since(at).as_secs() > REPORT_MAX_AGE_S {
        return Err(ReportRefused.into());
    }
    let outcome = request.outcome;
    let event = OutcomeEvent { scan_id, property_id, tenant_id, at, outcome };
    if deps.targets.table.append_outcome(event).await? {
        metrics::counter!("scan_redirects_total", "outcome" => outcome.as_str()).increment(1);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// What a page carries so that its report is believed.
pub(crate) async fn sealed_report(deps: &Deps, scanned: &Scanned) -> Result<String, SecretError> {
    let at = deps.clock.now().as_millisecond();
    let value = format!("{}|{}|{at}", scanned.target.tenant, scanned.scan_id);
    deps.seal.close(&[PURPOSE, scanned.data.property_id.as_str()], &value).await
}

fn parts_of(value: &str) -> Option<(TenantId, ScanId, Timestamp)> {
    let (tenant, rest) = value.split_once('|')?;
    let (scan, at) = rest.split_once('|')?;
    let at = Timestamp::from_millisecond(at.parse().ok()?).ok()?;
    Some((TenantId::parse(tenant).ok()?, ScanId::parse(scan).ok()?, at))
}
