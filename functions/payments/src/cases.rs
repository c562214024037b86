//! What does not fit becomes a case for a person, once for each thing that does not: a case that is there already stays
//! as it was opened.

use domain::alert::Alert;
use domain::case::{Case, CaseKind};
use domain::id::TenantId;
use domain::ledger::Reference;
use domain::message::SignedEvent;
use domain::tip::{ChargeFacts, Mismatch, Tip, TipReturn};
use sha2::{Digest, Sha256};

use crate::Deps;
use crate::post::Unsettled;
use crate::truth::Truth;

/// Bytes of an event's hash in the name of its case.
const HASH_BYTES: usize = 8;

/// A charge that differs from its tip.
pub(crate) async fn mismatch(
    deps: &Deps,
    tip: &Tip,
    truth: &Truth,
    mismatch: Mismatch,
) -> Result<(), Unsettled> {
    let found = truth.charge.as_ref().map(|facts| match mismatch {
        Mismatch::AmountMismatch => facts.requested_amount.unwrap_or(facts.amount),
        Mismatch::Reference
        | Mismatch::Status
        | Mismatch::Currency
        | Mismatch::Underpaid
        | Mismatch::Overpaid
        | Mismatch::Fees
        | Mismatch::Recipient => facts.amount,
    });
    let case = Case {
        mismatch: Some(mismatch),
        expected: Some(tip.asked),
        found,
        currency: truth.charge.as_ref().map(|facts| facts.currency.clone()),
        ..of_tip(deps, tip, CaseKind::ChargeMismatch, mismatch.as_str())
    };
    open(deps, case).await
}

/// A refund that Paystack could not carry out.
pub(crate) async fn refund_failed(
    deps: &Deps,
    tip: &Tip,
    cause: &Reference,
    amount: i64,
) -> Result<(), Unsettled> {
    let case = of_tip(deps, tip, CaseKind::RefundFailed, cause.as_str());
    open(deps, Case { expected: Some(amount), ..case }).await
}

/// A refund that waits for the customer's account, or that nobody knows the end of. `cause` tells it from others.
pub(crate) async fn refund_needs_attention(
    deps: &Deps,
    tip: &Tip,
    cause: &str,
    amount: i64,
) -> Result<(), Unsettled> {
    let case = of_tip(deps, tip, CaseKind::RefundNeedsAttention, cause);
    open(deps, Case { expected: Some(amount), ..case }).await
}

/// A dispute stands where nobody has heard of.
pub(crate) async fn dispute_unclear(
    deps: &Deps,
    tip: &Tip,
    cause: &Reference,
) -> Result<(), Unsettled> {
    let case = of_tip(deps, tip, CaseKind::ChargeMismatch, cause.as_str());
    open(deps, Case { mismatch: Some(Mismatch::Status), ..case }).await
}

/// Refunds and disputes together want more than the charge.
pub(crate) async fn return_exceeds_charge(
    deps: &Deps,
    tip: &Tip,
    back: &TipReturn,
) -> Result<(), Unsettled> {
    let case = of_tip(deps, tip, CaseKind::ReturnExceedsCharge, back.reference.as_str());
    open(deps, Case { expected: Some(back.taken), found: Some(back.wanted), ..case }).await
}

/// Paystack has a charge that is no tip of this tenant.
pub(crate) async fn unknown_reference(
    deps: &Deps,
    tenant: &TenantId,
    facts: &ChargeFacts,
    reference: &str,
) -> Result<(), Unsettled> {
    let now = deps.ids.now();
    let kind = CaseKind::UnknownReference;
    let case = Case::open(tenant.clone(), kind, reference, "charge", now);
    let currency = Some(facts.currency.clone());
    open(deps, Case { found: Some(facts.amount), currency, ..case }).await
}

/// Paystack has a transfer that no payout of this tenant has made.
pub(crate) async fn unknown_transfer(
    deps: &Deps,
    tenant: &TenantId,
    reference: &str,
) -> Result<(), Unsettled> {
    let now = deps.ids.now();
    // Before the case, so that whoever dies in between tells it again, which is told once.
    deps.table.insert_alert(&Alert::foreign_transfer(tenant, reference, now)).await?;
    let kind = CaseKind::UnknownReference;
    open(deps, Case::open(tenant.clone(), kind, reference, "transfer", now)).await
}

/// A signed event that cannot be read.
pub(crate) async fn unreadable(
    deps: &Deps,
    signed: &SignedEvent,
    name: &str,
) -> Result<(), Unsettled> {
    let digest = Sha256::digest(signed.event.as_bytes());
    let cause = domain::access::hex(digest.get(..HASH_BYTES).unwrap_or_default());
    let kind = CaseKind::UnreadableEvent;
    open(deps, Case::open(signed.tenant.clone(), kind, name, &cause, deps.ids.now())).await
}

/// A return whose currency or amount is not what it could be: nothing is posted for it.
pub(crate) struct Odd<'a> {
    /// The return's reference in the ledger.
    pub cause: Reference,
    /// Its currency, where Paystack says it.
    pub currency: Option<&'a str>,
}

impl Odd<'_> {
    /// The amount of the return in minor units, if it can be posted; else a case is opened.
    ///
    /// # Errors
    /// [`Unsettled`] when the case could not be opened.
    pub(crate) async fn check(
        &self,
        deps: &Deps,
        tip: &Tip,
        amount: Option<i64>,
    ) -> Result<Option<i64>, Unsettled> {
        let foreign = self.currency.is_some_and(|code| code != tip.amount.currency.code());
        let mismatch = match amount {
            _ if foreign => Mismatch::Currency,
            Some(amount) if amount > 0 => return Ok(Some(amount)),
            _ => Mismatch::AmountMismatch,
        };
        let case = Case {
            mismatch: Some(mismatch),
            found: amount,
            currency: self.currency.map(str::to_owned),
            ..of_tip(deps, tip, CaseKind::ChargeMismatch, self.cause.as_str())
        };
        open(deps, case).await.map(|()| None)
    }
}

/// A case of a tip.
fn of_tip(deps: &Deps, tip: &Tip, kind: CaseKind, cause: &str) -> Case {
    let reference = tip.reference();
    let case = Case::open(tip.tenant.clone(), kind, reference.as_str(), cause, deps.ids.now());
    let currency = Some(tip.amount.currency.code().to_owned());
    Case { tip: Some(tip.id.clone()), currency, ..case }
}

async fn open(deps: &Deps, case: Case) -> Result<(), Unsettled> {
    if deps.table.insert_case(&case).await? {
        let kind = case.kind.as_str();
        metrics::counter!("reconciliation_cases_total", "kind" => kind).increment(1);
        tracing::warn!(event = "case_opened", kind, case.id = case.id, "opened case `{}`", case.id);
    }
    Ok(())
}
