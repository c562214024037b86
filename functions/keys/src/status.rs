//! GET /api/v1/tenants/{tenant}/voucher-status: which of a tenant's codes were taken back, signed (V16).

use adapters::signer::SignError;
use axum::extract::Path;
use axum::extract::State;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::failure::{Failure, Kind};
use domain::id::TenantId;
use domain::voucher_token::StatusBits;
use web::Problem;
use web::problem::ProblemBody;

use crate::Deps;

/// As long as the list says of itself (`ttl`).
const CACHE_CONTROL: &str = "public, max-age=300";
/// The media type of a signed status list.
const CONTENT_TYPE: &str = "application/statuslist+jwt";

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
enum StatusRefused {
    /// Nobody has this id.
    #[error("there is no such organisation")]
    NoTenant,
    /// The table holds more bits than a list has places.
    #[error("the status list cannot be read")]
    TooLong,
}

impl Failure for StatusRefused {
    fn kind(&self) -> Kind {
        match self {
            StatusRefused::NoTenant => Kind::Missing,
            StatusRefused::TooLong => Kind::Bug,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            StatusRefused::NoTenant => "organisation_unknown",
            StatusRefused::TooLong => "voucher_status_too_long",
        }
    }
}

/// The status list of an organisation's voucher codes, one bit each, as a signed Token Status List. A code's place is
/// its `idx`. The list is good for a day, and a newer one is there every five minutes.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/voucher-status",
    tag = "vouchers",
    operation_id = "read_voucher_status",
    params(("tenant" = String, Path, description = "The organisation")),
    responses(
        (status = 200, description = "The signed list", content_type = "application/statuslist+jwt"),
        (status = 404, description = "There is no such organisation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The list cannot be read now", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn read_status(
    State(deps): State<Deps>,
    tenant: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let Path(text) = tenant.map_err(|_| StatusRefused::NoTenant)?;
    let tenant = TenantId::parse(&text).map_err(|_| StatusRefused::NoTenant)?;
    // Nobody makes us sign for ids that they have made up.
    deps.table.tenant(&tenant).await?.ok_or(StatusRefused::NoTenant)?;
    let bits = StatusBits::from_bytes(deps.table.status_bits(&tenant).await?);
    let list = signed(&deps, &bits.ok_or(StatusRefused::TooLong)?, &tenant).await?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE)),
        (header::CACHE_CONTROL, HeaderValue::from_static(CACHE_CONTROL)),
    ];
    Ok((headers, list).into_response())
}

/// The list under the local key: anybody may ask, and signatures of KMS are counted.
async fn signed(deps: &Deps, bits: &StatusBits, tenant: &TenantId) -> Result<String, SignError> {
    deps.signer.local().status_list(bits, tenant, deps.clock.now()).await
}
