//! POST /api/v1/exports: asks for a table of a period as a file, once per `Idempotency-Key`.

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use domain::export::ExportKind;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;
use web::finance::{new_export, tell_worker};
use web::idempotency::KeyRefused;
use web::problem::ProblemBody;
use web::{Caller, Once, Stopped, may};

use crate::Deps;
use crate::read::ExportResponse;

/// What is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportRequest {
    /// Of what.
    kind: ExportKind,
    /// The first instant (RFC 3339).
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// The instant at which the period ends; now when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
}

/// Asks for an export. Needs an `Idempotency-Key`. Look at it again until it is done.
#[utoipa::path(
    post,
    path = "/api/v1/exports",
    tag = "finance",
    operation_id = "create_export",
    params(("Idempotency-Key" = String, Header, description = "A value of your own; a repetition makes no second export")),
    request_body = ExportRequest,
    responses(
        (status = 202, description = "The export is being written", body = ExportResponse),
        (status = 400, description = "No Idempotency-Key", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The same request is still running", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "No such period", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn create_export(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceRead>,
    once: Once<ExportRequest>,
) -> Result<(StatusCode, Reply<ExportResponse>), Stopped> {
    let ExportRequest { kind, from, to } = once.request;
    let whose = (&caller.tenant, caller.actor());
    let export = new_export(&deps.ids, whose, kind, (from, to))?;
    let reply = ExportResponse::of(&export, None);
    let answer = once.key.saving(StatusCode::ACCEPTED, &reply);
    if !deps.table.insert_export(&export, answer).await? {
        return Err(KeyRefused::Running.into());
    }
    tell_worker(&deps.queue, &export).await;
    tracing::info!(event = "export_asked", export.id = %export.id, "export `{}` is asked for", export.id);
    Ok((StatusCode::ACCEPTED, Reply(reply)))
}
