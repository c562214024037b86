//! What does not fit becomes a case for a person, once for each thing that does not: a case that is there already stays
//! as it was opened.

use adapters::paystack::TransferSeen;
use domain::alert::Alert;
use domain::case::{Case, CaseKind};
use domain::id::TenantId;
use domain::ledger::TransferReference;
use domain::payout::Payout;
use domain::tip::Mismatch;

use crate::Deps;
use crate::step::Unsettled;

/// A transfer that differs from its payout. `found` is nothing where Paystack does not know it any more.
pub(crate) async fn mismatch(
    deps: &Deps,
    payout: &Payout,
    reference: &TransferReference,
    mismatch: Mismatch,
    found: Option<&TransferSeen>,
) -> Result<(), Unsettled> {
    let cause = mismatch.as_str();
    let case = of_payout(deps, payout, CaseKind::TransferMismatch, reference, cause);
    let found_amount = found.map(|seen| seen.amount);
    let currency = found.map(|seen| seen.currency.clone());
    open(deps, Case { mismatch: Some(mismatch), found: found_amount, currency, ..case }).await
}

/// A transfer that has succeeded after its money had come back.
pub(crate) async fn success_after_return(
    deps: &Deps,
    payout: &Payout,
    seen: &TransferSeen,
) -> Result<(), Unsettled> {
    let case = Case::success_after_return(&payout.tenant, &seen.reference, deps.ids.now());
    let (expected, found) = (Some(payout.amount.minor), Some(seen.amount));
    let currency = Some(payout.amount.currency.code().to_owned());
    open(deps, Case { expected, found, currency, ..case }).await
}

/// Paystack has a transfer that no payout of this tenant has made.
pub(crate) async fn unknown_reference(
    deps: &Deps,
    tenant: &TenantId,
    seen: &TransferSeen,
) -> Result<(), Unsettled> {
    let (kind, now) = (CaseKind::UnknownReference, deps.ids.now());
    // Before the case, so that whoever dies in between tells it again, which is told once.
    let alert = Alert::foreign_transfer(tenant, seen.reference.as_str(), now);
    deps.table.insert_alert(&alert).await?;
    let case = Case::open(tenant.clone(), kind, seen.reference.as_str(), "transfer", now);
    let currency = Some(seen.currency.clone());
    open(deps, Case { found: Some(seen.amount), currency, ..case }).await
}

fn of_payout(
    deps: &Deps,
    payout: &Payout,
    kind: CaseKind,
    reference: &TransferReference,
    cause: &str,
) -> Case {
    let tenant = payout.tenant.clone();
    let case = Case::open(tenant, kind, reference.as_str(), cause, deps.ids.now());
    let currency = Some(payout.amount.currency.code().to_owned());
    Case { expected: Some(payout.amount.minor), currency, ..case }
}

async fn open(deps: &Deps, case: Case) -> Result<(), Unsettled> {
    if deps.table.insert_case(&case).await? {
        let kind = case.kind.as_str();
        metrics::counter!("reconciliation_cases_total", "kind" => kind).increment(1);
        tracing::warn!(event = "case_opened", kind, case.id = case.id, "opened case `{}`", case.id);
    }
    Ok(())
}
