//! PUT /api/v1/qr/{property_id}/regenerate: the next version of a code (P31). Scans of older versions stay counted.

use axum::Json as Reply;
use axum::extract::State;
use domain::code::CodeStatus;
use web::input::{Json, PropertyPath};
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::commit::{NoCode, NoProperty, generate};
use crate::draw::studio;
use crate::generate::GenerateRequest;
use crate::metadata::{QrCodeResponse, counted};

/// Makes the next version of a code.
#[utoipa::path(
    put,
    path = "/api/v1/qr/{property_id}/regenerate",
    tag = "codes",
    operation_id = "regenerate_code",
    params(("property_id" = String, Path, description = "The property's ObjectId")),
    request_body = GenerateRequest,
    responses(
        (status = 200, description = "The next version", body = QrCodeResponse),
        (status = 404, description = "No such code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Changed at the same moment", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Not eligible, or settings that cannot be read back", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["codes:write"]))
)]
pub(crate) async fn regenerate_code(
    State(deps): State<Deps>,
    caller: Caller<may::CodesWrite>,
    PropertyPath(id): PropertyPath,
    Json(request): Json<GenerateRequest>,
) -> Result<Reply<QrCodeResponse>, Problem> {
    let order = request.order(deps.clock.now(), true)?;
    let property = deps.table.property(&caller.tenant, &id).await?.ok_or(NoProperty)?;
    let present = deps.table.code(&caller.tenant, &id).await?;
    present.filter(|code| code.status == CodeStatus::Active).ok_or(NoCode)?;
    let mut studio = studio(&deps, &caller.tenant).await?;
    let code = generate(&deps, &mut studio, &property, &order).await?.code;
    let totals = deps.table.totals(&counted(&code)).await?;
    tracing::info!(event = "code_regenerated", property.id = %id, version = code.version, "regenerated code `{id}`");
    Ok(Reply(QrCodeResponse::of(&code, &totals, &deps.images, deps.clock.now())))
}
