//! GET /api/v1/scan/{property_id}: what a scan leads to, as data (P22, P27).

use axum::Json;
use axum::extract::{Request, State};
use domain::code::QrScanData;
use domain::scan::ScanSource;
use web::Problem;
use web::input::PropertyPath;
use web::problem::ProblemBody;

use crate::Deps;
use crate::visit::record_scan;

/// What a scan of this property's code leads to. Counts like a scan of the page, under the source `api`.
#[utoipa::path(
    get,
    path = "/api/v1/scan/{property_id}",
    tag = "scan",
    operation_id = "scan_data",
    params(("property_id" = String, Path, description = "The property's ObjectId")),
    responses(
        (status = 200, description = "Where the code leads", body = QrScanData),
        (status = 404, description = "No code belongs to this property", body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "The code was withdrawn or has expired", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn scan_data(
    State(deps): State<Deps>,
    PropertyPath(id): PropertyPath,
    request: Request,
) -> Result<Json<QrScanData>, Problem> {
    let started = deps.clock.stopwatch();
    let (parts, _) = request.into_parts();
    let scanned = record_scan(&deps, &id, ScanSource::Api, &parts, started).await?;
    scanned.written?;
    Ok(Json(scanned.data))
}
