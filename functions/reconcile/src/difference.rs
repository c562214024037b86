//! A difference becomes a case, once, however many nights find it.

use domain::case::{Case, CaseKind};
use domain::reconciliation::{Difference, Findings, Reconciliation};

use crate::Deps;
use crate::page::Stuck;

const ONE: Findings =
    Findings { counted: 0, matched: 0, posted: 0, differences: 1, new_differences: 0 };

/// Opens the case of a difference, unless there is one.
///
/// # Errors
/// [`Stuck`].
pub(crate) async fn report(
    deps: &Deps,
    state: &Reconciliation,
    difference: Difference,
) -> Result<Findings, Stuck> {
    let case = difference.case(&state.tenant, deps.clock.now());
    let new = deps.table.insert_case(&case).await?;
    if new {
        let kind = case.kind.as_str();
        metrics::counter!("reconciliation_cases_total", "kind" => kind).increment(1);
        tracing::warn!(event = "case_opened", kind, case.id = case.id, "opened case `{}`", case.id);
    }
    Ok(Findings { new_differences: u32::from(new), ..ONE })
}

/// As [`report`], unless what happened has opened a case of its own, of one of these kinds and causes: then a second
/// one would say nothing new.
///
/// # Errors
/// [`Stuck`].
pub(crate) async fn report_unless_known(
    deps: &Deps,
    state: &Reconciliation,
    difference: Difference,
    known: &[(CaseKind, &str)],
) -> Result<Findings, Stuck> {
    let now = deps.clock.now();
    for (kind, cause) in known {
        let known = Case::open(state.tenant.clone(), *kind, &difference.reference, cause, now);
        if deps.table.case(&state.tenant, &known.id).await?.is_some() {
            return Ok(ONE);
        }
    }
    report(deps, state, difference).await
}
