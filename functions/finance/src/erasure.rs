//! POST /api/v1/tips/{tip_id}/erasure: a patron wants to be forgotten. Alias, message and address go, with what
//! Paystack's events say of people; the money stays, because the books have to.
//!
//! Deliberately absent: what Paystack itself keeps of its customers, which is asked for there.

use axum::Json as Reply;
use axum::extract::State;
use domain::audit::{AuditChange, Facts, Note, Operation};
use domain::id::{TenantId, TipId};
use domain::ledger::Reference;
use domain::tip::{Tip, event_without_patron};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use web::problem::ProblemBody;
use web::{Caller, Problem, Repeatable, Stopped, may};

use crate::Deps;
use crate::refund::RefundRefused;
use crate::tip::{TipPath, load};

/// How often the tip is written anew because it has changed.
const TRIES_MAX: u32 = 8;

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErasureRequest {
    /// For the audit, in 1 to 500 characters. It names no patron.
    note: String,
}

/// What was erased.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErasureResponse {
    /// The tip.
    #[schema(value_type = String)]
    tip_id: TipId,
    /// Whether something was there to erase.
    erased: bool,
}

/// Erases what a tip says of its patron. A repetition finds nothing any more.
#[utoipa::path(
    post,
    path = "/api/v1/tips/{tip_id}/erasure",
    tag = "finance",
    operation_id = "erase_patron",
    params(("tip_id" = String, Path, description = "The tip")),
    request_body = ErasureRequest,
    responses(
        (status = 200, description = "The tip says nothing of its patron", body = ErasureResponse),
        (status = 404, description = "No such tip", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Changed all the time; try again", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "No note", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:write"]))
)]
pub(crate) async fn erase_patron(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceWrite>,
    TipPath(id): TipPath,
    Repeatable(request): Repeatable<ErasureRequest>,
) -> Result<Reply<ErasureResponse>, Stopped> {
    let note = Note::parse(&request.note)?;
    let change = caller.change(Operation::PatronErased, id.as_str(), deps.ids.now());
    let change = AuditChange { note: Some(note), ..change };
    for _ in 0..TRIES_MAX {
        let stored = load(&deps.table, &caller.tenant, &id).await?;
        let rewritten = rewrite(&deps, &caller.tenant, &stored.tip).await?;
        let before = facts(&stored.tip);
        let tip = stored.tip.clone().without_patron();
        if !stored.tip.names_patron() && !rewritten {
            return Ok(Reply(ErasureResponse { tip_id: id, erased: false }));
        }
        let change = AuditChange { before, after: facts(&tip), ..change.clone() };
        if deps.table.replace_tip_audited(&tip, stored.version, &change).await? {
            tracing::info!(event = "patron_erased", tip.id = %id, "tip `{id}` says nothing of its patron");
            return Ok(Reply(ErasureResponse { tip_id: id, erased: true }));
        }
    }
    Err(RefundRefused::Busy.into())
}

/// What stands elsewhere goes first: should this request die, the tip still says that something is left to erase.
async fn rewrite(deps: &Deps, tenant: &TenantId, tip: &Tip) -> Result<bool, Problem> {
    let reference = tip.reference();
    let events = deps.table.rewrite_webhooks(tenant, reference.as_str(), event_without_patron);
    let events = events.await?;
    let alias = deps.table.erase_alias(tenant, &Reference::charge(&reference)).await?;
    Ok(events > 0 || alias)
}

/// What is there, not what it says.
fn facts(tip: &Tip) -> Facts {
    Facts::of(&json!({
        "alias": tip.patron.alias.is_some(),
        "message": tip.patron.message.is_some(),
        "email": tip.patron.email.is_some(),
    }))
}
