//! GET /api/v1/audit/check: follows the whole trail from its first record and names the first link that is broken.

use std::time::Duration;

use adapters::table::Month;
use axum::Json as Reply;
use axum::extract::State;
use domain::audit::{AuditHead, AuditRecord, BrokenLink, ChainHash, follow};
use domain::page::{PageRefused, Position};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::{IntoParams, ToSchema};
use web::input::Params;
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::invariants::tenant;

/// What the cursors of a check are sealed for.
const LIST: &str = "audit check";
/// How long a check may take here: the gateway gives up at 30 seconds.
const BUDGET: Duration = Duration::from_secs(20);

/// From where.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckParams {
    /// The cursor that an incomplete check gave.
    cursor: Option<String>,
}

/// What a check has found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CheckResponse {
    /// Whether nothing is off, as far as was checked.
    ok: bool,
    /// Whether everything was checked.
    complete: bool,
    /// The place of the last record that is known to be whole.
    seq: u64,
    /// Its hash. Whoever keeps it elsewhere can tell later whether the trail was written anew.
    hash: ChainHash,
    /// The first link that is broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    broken: Option<BrokenLink>,
    /// The same for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// For the rest of a trail that is too long for one check.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// How far a check came.
struct Followed {
    head: AuditHead,
    broken: Option<BrokenLink>,
    complete: bool,
}

/// Checks each record's hash and that none is missing. What is off is in the answer, not in its status.
#[utoipa::path(
    get,
    path = "/api/v1/audit/check",
    tag = "finance",
    operation_id = "check_audit",
    params(CheckParams),
    responses(
        (status = 200, description = "What was checked, and what is off", body = CheckResponse),
        (status = 422, description = "A cursor that is not valid", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn check_audit(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceRead>,
    Params(params): Params<CheckParams>,
) -> Result<Reply<CheckResponse>, Problem> {
    let owner = caller.tenant.as_str();
    let from = deps.seal.position(owner, LIST, params.cursor.as_deref()).await?;
    let from = from.as_ref().map(head_of).transpose()?.unwrap_or_default();
    let tenant = tenant(&deps.table, &caller.tenant).await?;
    let found = walk(&deps, &tenant, from).await?;
    if let Some(broken) = &found.broken {
        tracing::error!(event = "audit_broken", tenant = %tenant.id, "the audit trail is off: {broken}");
    }
    let mark = serde_json::to_string(&found.head).ok().filter(|_| !found.complete);
    let next_cursor = match mark {
        Some(mark) => Some(deps.seal.cursor(owner, LIST, &Position(mark)).await?),
        None => None,
    };
    Ok(Reply(CheckResponse::of(found, next_cursor)))
}

impl CheckResponse {
    fn of(found: Followed, next_cursor: Option<String>) -> Self {
        Self {
            ok: found.broken.is_none(),
            complete: found.complete,
            seq: found.head.seq,
            hash: found.head.hash,
            detail: found.broken.as_ref().map(ToString::to_string),
            broken: found.broken,
            next_cursor,
        }
    }
}

fn head_of(position: &Position) -> Result<AuditHead, PageRefused> {
    serde_json::from_str(&position.0).map_err(|_| PageRefused::Cursor)
}

/// Month by month, and at last whether the trail ends where it says that it does.
async fn walk(
    deps: &Deps,
    tenant: &domain::tenant::Tenant,
    from: AuditHead,
) -> Result<Followed, Problem> {
    // The end is read first: what is written meanwhile lies behind it.
    let end = deps.table.audit_head(&tenant.id).await?;
    let (deadline, mut head) = (Instant::now() + BUDGET, from);
    for month in Month::between(begin(tenant, &head), end.at.max(deps.ids.now())) {
        loop {
            if Instant::now() > deadline {
                return Ok(Followed { head, broken: None, complete: false });
            }
            let records = deps.table.audit_behind(&tenant.id, month, head.seq).await?;
            let Some(last) = records.last() else { break };
            let last = last.head();
            match follow(head.clone(), &records) {
                Ok(_) => head = last,
                Err(broken) => {
                    let whole = records.iter().take_while(|record| record.seq < broken.seq());
                    let head = whole.last().map_or(head, AuditRecord::head);
                    return Ok(Followed { head, broken: Some(broken), complete: true });
                }
            }
        }
    }
    let reached = head.seq > end.seq || (head.seq == end.seq && head.hash == end.hash);
    let broken = (!reached).then_some(BrokenLink::End { seq: head.seq });
    Ok(Followed { head, broken, complete: true })
}

fn begin(tenant: &domain::tenant::Tenant, head: &AuditHead) -> Timestamp {
    if head.seq == 0 { tenant.created_at } else { head.at }
}
