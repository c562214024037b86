//! DELETE /api/v1/qr/{property_id}: a code stops working within a minute (P30). Its scans stay counted.

use axum::extract::State;
use axum::http::StatusCode;
use domain::code::CodeStatus;
use web::input::PropertyPath;
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::commit::{NoCode, retire};

/// Deletes a code. Deleting it again changes nothing.
#[utoipa::path(
    delete,
    path = "/api/v1/qr/{property_id}",
    tag = "codes",
    operation_id = "delete_code",
    params(("property_id" = String, Path, description = "The property's ObjectId")),
    responses(
        (status = 204, description = "The code is deleted"),
        (status = 404, description = "No such code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Changed at the same moment", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["codes:write"]))
)]
pub(crate) async fn delete_code(
    State(deps): State<Deps>,
    caller: Caller<may::CodesWrite>,
    PropertyPath(id): PropertyPath,
) -> Result<StatusCode, Problem> {
    let code = deps.table.code(&caller.tenant, &id).await?.ok_or(NoCode)?;
    let deleted = code.clone().delete();
    if code.status != CodeStatus::Deleted {
        deps.table.commit_deletion(&deleted).await??;
        tracing::info!(event = "code_deleted", property.id = %id, "deleted code `{id}`");
    }
    // Also the second time: a crash may have left the images.
    retire(&deps, &deleted).await?;
    Ok(StatusCode::NO_CONTENT)
}
