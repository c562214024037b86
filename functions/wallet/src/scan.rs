//! GET and POST /api/v1/vouchers/{voucher_id}/scan: a customer has read a voucher's code (V22, X24).

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use domain::claim::Claim as Copy;
use domain::id::ScanId;
use domain::voucher::VoucherState;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::Problem;
use web::customer::Customer;
use web::input::{Json, Params};
use web::problem::ProblemBody;
use web::wallet::{Place, Seen, VoucherDetails, near};

use crate::visit::{Source, Visit};
use crate::{Deps, VoucherPath};

/// Most places of an answer.
const NEARBY_MAX: usize = 10;

/// How a voucher's code was read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScanRequest {
    /// `CAMERA`, `GALLERY` or `LINK`.
    #[serde(default)]
    source: Source,
}

/// What a customer sees after a scan.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScanResponse {
    /// The voucher.
    voucher: VoucherDetails,
    /// The scan that was counted: the same for a visitor's scans within a minute. None for machines and previews.
    #[serde(rename = "scanId")]
    #[schema(value_type = Option<String>)]
    scan_id: Option<ScanId>,
    /// Whether it can be claimed: by whoever has signed in, else by somebody who does.
    #[serde(rename = "canClaim")]
    can_claim: bool,
    /// Where it is redeemed, those of the visitor's city first; at most ten.
    #[serde(rename = "nearbyLocations")]
    nearby_locations: Vec<Place>,
}

/// Tells of a voucher and counts the scan, once for each visitor and minute.
#[utoipa::path(
    method(get, head),
    path = "/api/v1/vouchers/{voucher_id}/scan",
    tag = "wallet",
    operation_id = "scan_voucher",
    params(
        ("voucher_id" = String, Path, description = "The voucher's id"),
        ("source" = Option<String>, Query, description = "How it was read: `CAMERA` (as when absent), `GALLERY` or `LINK`"),
    ),
    responses(
        (status = 200, description = "The voucher, the scan, and where it is redeemed", body = ScanResponse),
        (status = 404, description = "There is no such voucher, or it is a draft", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The source is none of the three", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many scans in a minute", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn scan_voucher(
    State(deps): State<Deps>,
    path: VoucherPath,
    parts: Parts,
    Params(request): Params<ScanRequest>,
) -> Result<Reply<ScanResponse>, Problem> {
    scan(&deps, path, &parts, request).await.map(Reply)
}

/// The same for whoever must not be repeated by a prefetcher: the voucher's page says with it that somebody has looked.
#[utoipa::path(
    post,
    path = "/api/v1/vouchers/{voucher_id}/scan",
    tag = "wallet",
    operation_id = "report_voucher_scan",
    params(("voucher_id" = String, Path, description = "The voucher's id")),
    request_body = ScanRequest,
    responses(
        (status = 200, description = "The voucher, the scan, and where it is redeemed", body = ScanResponse),
        (status = 404, description = "There is no such voucher, or it is a draft", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The source is none of the three", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many scans in a minute", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn report_voucher_scan(
    State(deps): State<Deps>,
    path: VoucherPath,
    parts: Parts,
    Json(request): Json<ScanRequest>,
) -> Result<Reply<ScanResponse>, Problem> {
    scan(&deps, path, &parts, request).await.map(Reply)
}

async fn scan(
    deps: &Deps,
    VoucherPath(id): VoucherPath,
    parts: &Parts,
    request: ScanRequest,
) -> Result<ScanResponse, Problem> {
    let visit = Visit::of(deps, &id, parts).await?;
    let seen = Seen::of(&deps.table, &id, visit.now).await?;
    let can_claim = can_claim(deps, &seen, parts, visit.now).await?;
    let (city, country) = (visit.visitor.city.clone(), visit.visitor.country.clone());
    let places = &seen.business.profile.locations;
    let mut nearby_locations = near(places, city.as_deref(), country.as_deref());
    nearby_locations.truncate(NEARBY_MAX);
    let scan_id = visit.count(deps, &seen, request.source).await?;
    let voucher = seen.details(&deps.public.0);
    Ok(ScanResponse { voucher, scan_id, can_claim, nearby_locations })
}

/// Whether whoever has signed in may claim it. Somebody whose visit has ended is nobody in particular.
async fn can_claim(
    deps: &Deps,
    seen: &Seen,
    parts: &Parts,
    now: jiff::Timestamp,
) -> Result<bool, Problem> {
    if seen.state != VoucherState::Published {
        return Ok(false);
    }
    let customer = match Customer::of(&parts.headers, &deps.table, now).await {
        Ok(customer) => customer,
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => None,
        Err(problem) => return Err(problem),
    };
    let voucher = &seen.voucher;
    let Some(customer) = customer.filter(|customer| customer.tenant == voucher.tenant) else {
        return Ok(true);
    };
    let found = deps.table.claim_of(&customer.tenant, &customer.id, &voucher.id).await?;
    Ok(Copy::claimable(voucher, (&customer.id, found), now).is_ok())
}
