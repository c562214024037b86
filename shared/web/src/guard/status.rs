//! Whether a guard takes tips: changed with the record of who has done so.

use adapters::table::Table;
use domain::audit::{AuditChange, Facts};
use domain::guard::{Guard, GuardRefused};
use serde_json::json;

use crate::problem::Problem;

/// The guard after a turn of its status. `change` says who turns it.
///
/// # Errors
/// [`GuardRefused`], or the store's failure.
pub async fn turn_guard(
    table: &Table,
    before: &Guard,
    to: fn(Guard) -> Result<Guard, GuardRefused>,
    change: AuditChange,
) -> Result<Guard, Problem> {
    let guard = to(before.clone())?;
    let facts = |guard: &Guard| Facts::of(&json!({ "status": guard.status }));
    let change = AuditChange { before: facts(before), after: facts(&guard), ..change };
    table.replace_guard_audited(&guard, before, &change, None).await??;
    let (id, status) = (&guard.id, guard.status);
    tracing::info!(event = "guard_turned", guard.id = %id, %status, "guard `{id}` is {status} now");
    Ok(guard)
}
