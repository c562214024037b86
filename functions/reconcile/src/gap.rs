//! A gap between the balances: one case for each currency, which follows the gap from night to night and is closed by
//! the night that finds none.
//!
//! Deliberately absent: cases of other kinds. Those are about one thing that has happened, and a person closes them.

use domain::audit::{Actor, AuditChange, Facts, Note, Operation};
use domain::case::{Case, CaseStatus};
use domain::reconciliation::{Difference, Findings, Reconciliation};
use serde_json::json;

use crate::Deps;
use crate::difference::report;
use crate::page::Stuck;

/// Why the platform closes such a case.
const ALIKE: &str = "A later comparison has found the balances alike.";

/// Opens the case of a gap; says in an open one, or one that was closed, what the gap is now.
///
/// # Errors
/// [`Stuck`].
pub(crate) async fn report_gap(
    deps: &Deps,
    state: &Reconciliation,
    gap: Difference,
) -> Result<Findings, Stuck> {
    let now = gap.clone().case(&state.tenant, deps.clock.now());
    let Some(before) = deps.table.case(&state.tenant, &now.id).await? else {
        return report(deps, state, gap).await;
    };
    let known = Findings { differences: 1, ..Findings::default() };
    let Some(case) = before.clone().found_again(now) else { return Ok(known) };
    let change = change(state, Operation::CaseReopened, (&before, &case), deps);
    // Whoever is outrun here leaves it to the next night.
    let written = deps.table.replace_case(&case, before.version, &change).await?;
    Ok(Findings { new_differences: u32::from(written), ..known })
}

/// Closes the case of a gap that is not there any more.
///
/// # Errors
/// [`Stuck`].
pub(crate) async fn close_gap(
    deps: &Deps,
    state: &Reconciliation,
    gap: Difference,
) -> Result<(), Stuck> {
    let (now, note) = (deps.clock.now(), Note::ours(ALIKE));
    let id = gap.case(&state.tenant, now).id;
    let Some(before) = deps.table.case(&state.tenant, &id).await? else { return Ok(()) };
    let Ok(case) = before.clone().resolve(Actor::System, note.clone(), now) else {
        return Ok(());
    };
    let change = change(state, Operation::CaseResolved, (&before, &case), deps);
    let change = AuditChange { note: Some(note), ..change };
    if deps.table.replace_case(&case, before.version, &change).await? {
        tracing::info!(event = "case_closed", case.id = %id, "closed case `{id}`: nothing is off");
    }
    Ok(())
}

fn change(
    state: &Reconciliation,
    operation: Operation,
    (before, after): (&Case, &Case),
    deps: &Deps,
) -> AuditChange {
    let facts = |case: &Case| {
        let status: CaseStatus = case.status;
        Facts::of(&json!({ "status": status, "expected": case.expected, "found": case.found }))
    };
    AuditChange {
        tenant: state.tenant.clone(),
        at: deps.clock.now(),
        actor: Actor::System,
        operation,
        subject: after.id.clone(),
        before: facts(before),
        after: facts(after),
        note: None,
    }
}
