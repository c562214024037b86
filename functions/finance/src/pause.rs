//! POST /api/v1/payouts/pause and /resume: stops all payouts of the tenant at once, and lets them go on. What Paystack
//! has taken already goes on; nothing new is reserved or sent.

use axum::Json as Reply;
use axum::extract::State;
use domain::audit::{Actor, Note, Operation};
use domain::pause::Pause;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::problem::ProblemBody;
use web::{Caller, Repeatable, Stopped, finance, may};

use crate::Deps;

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PauseRequest {
    /// For the audit, in 1 to 500 characters.
    note: String,
}

/// Whether payouts are stopped.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PauseResponse {
    /// Whether they are.
    paused: bool,
    /// By whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    paused_by: Option<Actor>,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    paused_at: Option<Timestamp>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    note: Option<Note>,
}

impl From<Option<Pause>> for PauseResponse {
    fn from(pause: Option<Pause>) -> Self {
        match pause {
            None => Self { paused: false, paused_by: None, paused_at: None, note: None },
            Some(Pause { by, at, note }) => {
                Self { paused: true, paused_by: Some(by), paused_at: Some(at), note: Some(note) }
            }
        }
    }
}

/// Stops all payouts. Where they are stopped already, that stays as it is.
#[utoipa::path(
    post,
    path = "/api/v1/payouts/pause",
    tag = "finance",
    operation_id = "pause_payouts",
    request_body = PauseRequest,
    responses(
        (status = 200, description = "Payouts are stopped", body = PauseResponse),
        (status = 422, description = "No note", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:write"]))
)]
pub(crate) async fn pause_payouts(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceWrite>,
    Repeatable(request): Repeatable<PauseRequest>,
) -> Result<Reply<PauseResponse>, Stopped> {
    let (note, now) = (Note::parse(&request.note)?, deps.ids.now());
    let change = caller.change(Operation::PayoutsPaused, caller.tenant.as_str(), now);
    Ok(Reply(finance::pause_payouts(&deps.table, note, change).await?.into()))
}

/// Lets payouts go on, with the next run or the next look at one that waits.
#[utoipa::path(
    post,
    path = "/api/v1/payouts/resume",
    tag = "finance",
    operation_id = "resume_payouts",
    request_body = PauseRequest,
    responses(
        (status = 200, description = "Payouts go on", body = PauseResponse),
        (status = 422, description = "No note", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:write"]))
)]
pub(crate) async fn resume_payouts(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceWrite>,
    Repeatable(request): Repeatable<PauseRequest>,
) -> Result<Reply<PauseResponse>, Stopped> {
    let (note, now) = (Note::parse(&request.note)?, deps.ids.now());
    let change = caller.change(Operation::PayoutsResumed, caller.tenant.as_str(), now);
    finance::resume_payouts(&deps.table, note, change).await?;
    Ok(Reply(None.into()))
}
