//! GET /api/v1/ledger/invariants: recomputes the whole ledger and names what is off.

use std::collections::BTreeSet;
use std::time::Duration;

use adapters::audit::{Findings, Scope, audit};
use adapters::table::Table;
use axum::Json as Reply;
use axum::extract::State;
use domain::failure::{Failure, Kind};
use domain::id::TenantId;
use domain::ledger::{Account, Violation};
use domain::tenant::Tenant;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;

/// How long a check may take here: the gateway gives up at 30 seconds.
const BUDGET: Duration = Duration::from_secs(22);
/// What to do where that was not enough.
const ADVICE: &str = "The ledger was not checked as a whole within the time of a request, or was changed all the time. \
    Run `tessera ledger check --tenant <id>` with TABLE_NAME in the environment; it takes the time it needs.";

/// What a check has found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvariantsResponse {
    /// Whether nothing is off, as far as was checked.
    ok: bool,
    /// Whether everything was checked.
    complete: bool,
    /// When it was checked.
    #[schema(value_type = String, format = DateTime)]
    checked_at: Timestamp,
    /// Transactions that were read.
    transactions: usize,
    /// Accounts that were compared with their entries.
    accounts: usize,
    /// Transactions that the system's accounts do not contain yet; a few are usual while tips arrive.
    waiting: usize,
    /// Accounts that changed each time they were looked at.
    #[schema(value_type = Vec<String>)]
    moving: BTreeSet<Account>,
    /// What is off.
    violations: Vec<ViolationResponse>,
    /// What to do if the check is not complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<&'static str>,
}

/// Something that is off.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ViolationResponse {
    /// What it is, and where, for a program.
    #[schema(value_type = Object)]
    #[serde(flatten)]
    violation: Violation,
    /// The same for a person.
    detail: String,
}

/// The tenant is gone while its key is not.
#[derive(Debug, thiserror::Error)]
#[error("there is no such tenant")]
struct NoTenant;

impl Failure for NoTenant {
    fn kind(&self) -> Kind {
        Kind::Missing
    }

    fn code(&self) -> &'static str {
        "not_found"
    }
}

impl InvariantsResponse {
    fn of(found: Findings, checked_at: Timestamp) -> Self {
        let violation =
            |violation: Violation| ViolationResponse { detail: violation.to_string(), violation };
        Self {
            ok: found.violations.is_empty(),
            complete: found.complete,
            checked_at,
            transactions: found.transactions,
            accounts: found.accounts,
            waiting: found.waiting,
            moving: found.moving,
            violations: found.violations.into_iter().map(violation).collect(),
            advice: (!found.complete).then_some(ADVICE),
        }
    }
}

/// The caller's tenant.
///
/// # Errors
/// [`NoTenant`], or the store's failure.
pub(crate) async fn tenant(table: &Table, id: &TenantId) -> Result<Tenant, Problem> {
    Ok(table.tenant(id).await?.ok_or(NoTenant)?)
}

/// Checks every transaction and every balance of the ledger. What is off is in the answer, not in its status.
#[utoipa::path(
    get,
    path = "/api/v1/ledger/invariants",
    tag = "finance",
    operation_id = "check_ledger",
    responses(
        (status = 200, description = "What was checked, and what is off", body = InvariantsResponse),
        (status = 403, description = "A key without the scope", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn check_ledger(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceRead>,
) -> Result<Reply<InvariantsResponse>, Problem> {
    let tenant = tenant(&deps.table, &caller.tenant).await?;
    let now = deps.ids.now();
    let scope = Scope {
        tenant: tenant.id,
        since: tenant.created_at,
        now,
        currencies: BTreeSet::from([tenant.settings.tips.currency]),
        budget: Some(BUDGET),
    };
    let found = audit(&deps.table, &scope).await?;
    for violation in &found.violations {
        metrics::counter!("ledger_violations_total").increment(1);
        tracing::error!(event = "ledger_violation", tenant = %scope.tenant, "the ledger is off: {violation}");
    }
    Ok(Reply(InvariantsResponse::of(found, now)))
}
