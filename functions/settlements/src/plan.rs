//! What a run would do now. The same planner goes through the same index, and nothing is written.

use domain::money::Currency;
use domain::settlement::{Line, Totals};
use domain::tenant::Tenant;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use web::Problem;
use web::finance::{Plan, plan_run};

use crate::Deps;

/// What a run would do. Amounts are minor units.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlanResponse {
    /// Always `true`.
    dry_run: bool,
    /// When it was planned.
    #[schema(value_type = String, format = DateTime)]
    planned_at: Timestamp,
    /// The currency (ISO 4217).
    currency: Currency,
    /// What Paystack's balance holds.
    balance: i64,
    /// What the payouts and their fees would leave of that.
    left: i64,
    /// Who would be paid, and who would wait.
    totals: Totals,
    /// The guards, the oldest money first; at most 500.
    lines: Vec<Line>,
    /// Whether every guard was looked at. Where there are too many for one request, the real run looks at the rest.
    complete: bool,
}

/// The plan of a run that began now.
///
/// # Errors
/// The table or Paystack does not answer.
pub(crate) async fn plan(deps: &Deps, tenant: &Tenant) -> Result<PlanResponse, Problem> {
    let now = deps.ids.now();
    let plan = plan_run(&deps.table, &deps.paystack, tenant, now).await?;
    let Plan { balance, planner, lines, complete } = plan;
    Ok(PlanResponse {
        dry_run: true,
        planned_at: now,
        currency: planner.currency,
        balance,
        left: planner.left,
        totals: planner.totals,
        lines,
        complete,
    })
}
