//! POST /api/v1/exports: asks for a table of a period as a file, once per `Idempotency-Key`.

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use domain::export::{Export, ExportKind, ExportState, Progress};
use domain::failure::{FieldError, InvalidFields};
use domain::id::ExportId;
use domain::message::ExportMessage;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;
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

impl ExportRequest {
    fn export(
        &self,
        deps: &Deps,
        caller: &Caller<may::FinanceRead>,
    ) -> Result<Export, InvalidFields> {
        let now = deps.ids.now();
        let to = self.to.unwrap_or(now).min(now);
        if self.from >= to {
            let detail = "the period ends after it begins, and begins in the past";
            return Err(InvalidFields(vec![FieldError::new("from", "out_of_range", detail)]));
        }
        Ok(Export {
            id: deps.ids.make(ExportId::new),
            tenant: caller.tenant.clone(),
            kind: self.kind,
            from: self.from,
            to,
            by: caller.actor(),
            state: ExportState::Requested,
            rows: 0,
            created_at: now,
            finished_at: None,
            progress: Progress::default(),
            version: 1,
        })
    }
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
    let export = once.request.export(&deps, &caller)?;
    let reply = ExportResponse::of(&export, None);
    let answer = once.key.saving(StatusCode::ACCEPTED, &reply);
    if !deps.table.insert_export(&export, answer).await? {
        return Err(KeyRefused::Running.into());
    }
    send(&deps, &export).await;
    tracing::info!(event = "export_asked", export.id = %export.id, "export `{}` is asked for", export.id);
    Ok((StatusCode::ACCEPTED, Reply(reply)))
}

/// Tells the worker. Where that fails, whoever looks at the export later does so again.
pub(crate) async fn send(deps: &Deps, export: &Export) {
    let message = ExportMessage { tenant: export.tenant.clone(), export: export.id.clone() };
    if let Err(error) = deps.queue.send(&message).await {
        let error = domain::failure::chain(&error);
        tracing::warn!(error, export.id = %export.id, "the worker has not heard of `{}`", export.id);
    }
}
