//! POST /api/v1/payouts/pause and /resume: stops all payouts of the tenant at once, and lets them go on. What Paystack
//! has taken already goes on; nothing new is reserved or sent.

use axum::Json as Reply;
use axum::extract::State;
use domain::audit::{Actor, AuditChange, Facts, Note, Operation};
use domain::pause::Pause;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use web::problem::ProblemBody;
use web::{Caller, Repeatable, Stopped, may};

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
    let pause = Pause { by: caller.actor(), at: now, note: note.clone() };
    let change = AuditChange {
        before: facts(false),
        after: facts(true),
        note: Some(note),
        ..caller.change(Operation::PayoutsPaused, caller.tenant.as_str(), now)
    };
    if deps.table.pause_payouts(&pause, &change).await? {
        tracing::warn!(event = "payouts_paused", "all payouts of a tenant are stopped");
        return Ok(Reply(Some(pause).into()));
    }
    Ok(Reply(deps.table.payouts_paused(&caller.tenant).await?.into()))
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
    let note = Note::parse(&request.note)?;
    let change = AuditChange {
        before: facts(true),
        after: facts(false),
        note: Some(note),
        ..caller.change(Operation::PayoutsResumed, caller.tenant.as_str(), deps.ids.now())
    };
    if deps.table.resume_payouts(&change).await? {
        tracing::info!(event = "payouts_resumed", "the payouts of a tenant go on");
    }
    Ok(Reply(None.into()))
}

fn facts(paused: bool) -> Facts {
    Facts::of(&json!({ "paused": paused }))
}
