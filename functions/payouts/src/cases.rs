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
    let case = Case::transfer_mismatch(&payout.tenant, reference, mismatch, deps.ids.now());
    let (expected, found_amount) = (Some(payout.amount.minor), found.map(|seen| seen.amount));
    let currency = found.map(|seen| seen.currency.clone());
    open(deps, Case { expected, found: found_amount, currency, ..case }).await
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

async fn open(deps: &Deps, case: Case) -> Result<(), Unsettled> {
    if deps.table.insert_case(&case).await? {
        let kind = case.kind.as_str();
        metrics::counter!("reconciliation_cases_total", "kind" => kind).increment(1);
        tracing::warn!(event = "case_opened", kind, case.id = case.id, "opened case `{}`", case.id);
    }
    Ok(())
}
