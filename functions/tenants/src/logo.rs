//! PUT /api/v1/tenant/logo: the logo in the middle of the tenant's codes (P37): PNG or JPEG, checked before it is
//! decoded, stored under its hash.

use adapters::images::Object;
use axum::Json as Reply;
use axum::extract::{Request, State};
use domain::access::hex;
use domain::tenant::{StoredLogo, Tenant};
use qr::Logo;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use web::input;
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::tenant::TenantRefused;

/// The logo that codes carry from now on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LogoResponse {
    /// Width in pixels.
    width: u32,
    /// Height in pixels.
    height: u32,
    /// SHA-256 of the file, in hexadecimal.
    sha256: String,
    /// `image/png` or `image/jpeg`.
    content_type: String,
}

/// Replaces the logo. The body is the file itself. Codes carry it from their next generation on.
#[utoipa::path(
    put,
    path = "/api/v1/tenant/logo",
    tag = "tenant",
    operation_id = "replace_logo",
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "A PNG or JPEG of at most 100 KB and 2,048 pixels a side"),
    responses(
        (status = 200, description = "The logo", body = LogoResponse),
        (status = 413, description = "Too large a body", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Not a logo that a code can carry", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["admin"]))
)]
pub(crate) async fn replace_logo(
    State(deps): State<Deps>,
    caller: Caller<may::Admin>,
    request: Request,
) -> Result<Reply<LogoResponse>, Problem> {
    let bytes = input::bytes(request, &deps).await?;
    let logo = Logo::parse(&bytes)?;
    let content_type = Logo::sniff(&bytes).unwrap_or_default().to_owned();
    let before = deps.table.tenant(&caller.tenant).await?.ok_or(TenantRefused::Missing)?;

    let sha256 = hex(&Sha256::digest(&bytes));
    let object = Object::Logo(&caller.tenant, &sha256);
    let stored = StoredLogo {
        key: object.key(),
        sha256: sha256.clone(),
        content_type: content_type.clone(),
    };
    let read = before.version;
    let tenant = Tenant { logo: Some(stored), version: read + 1, ..before };

    // First the file, then the record that names it: a crash in between leaves a file that nobody names.
    deps.images.put(&object, &content_type, bytes.to_vec()).await?;
    if !deps.table.replace_tenant(&tenant, read, None).await? {
        return Err(TenantRefused::Outrun.into());
    }
    Ok(Reply(LogoResponse { width: logo.width(), height: logo.height(), sha256, content_type }))
}
