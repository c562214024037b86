//! Paystack's transactions against our ledger: what was collected must be posted, with the same net amount.

use std::collections::BTreeMap;

use adapters::paystack::TransactionSeen;
use adapters::table::StoredPosting;
use domain::case::CaseKind;
use domain::ledger::{AccountKind, PaystackReference, Reference};
use domain::money::Currency;
use domain::reconciliation::{Difference, Reconciliation, moved};

use crate::Deps;
use crate::difference::{report, report_unless_known};
use crate::page::{Page, Stuck, place};

/// A page of transactions.
///
/// # Errors
/// [`Stuck`].
pub(crate) async fn page(deps: &Deps, state: &Reconciliation) -> Result<Page, Stuck> {
    let (window, place) = ((state.since, state.until), place(state));
    let listed = deps.paystack.transactions(&state.tenant, window, place.as_ref()).await?;
    let mut page = Page::behind(&listed);
    let collected: Vec<&TransactionSeen> =
        listed.rows.iter().filter(|seen| is_collected(seen, state)).collect();
    let references = collected.iter().filter_map(|seen| reference_of(seen)).collect();
    let stored = deps.table.postings_by_reference(&state.tenant, &references).await?;
    let stored: BTreeMap<Reference, StoredPosting> =
        stored.into_iter().map(|posting| (posting.record.reference.clone(), posting)).collect();
    for seen in collected {
        page.counted();
        let reference = reference_of(seen);
        let posting = reference.as_ref().and_then(|reference| stored.get(reference));
        match posting {
            Some(posting) if agrees(posting, seen) => page.matched(),
            Some(posting) => page.found(report(deps, state, mismatch(posting, seen)).await?),
            None => {
                let known = [(CaseKind::UnknownReference, "charge")];
                let missing = differs(CaseKind::ChargeNotInLedger, seen, "charge", None);
                page.found(report_unless_known(deps, state, missing, &known).await?);
            }
        }
        page.aside.extend(reference);
    }
    Ok(page)
}

/// Whether its money was collected, and long enough ago to be in our books. A reversed one was collected too.
fn is_collected(seen: &TransactionSeen, state: &Reconciliation) -> bool {
    let at = seen.paid_at.or(seen.created_at);
    matches!(seen.status.as_str(), "success" | "reversed") && at.is_none_or(|at| at < state.until)
}

fn reference_of(seen: &TransactionSeen) -> Option<Reference> {
    PaystackReference::parse(&seen.reference).ok().map(|reference| Reference::charge(&reference))
}

/// What our books say that was collected, after Paystack's fee.
fn net(posting: &StoredPosting, seen: &TransactionSeen) -> Option<i64> {
    let currency = Currency::of_code(&seen.currency)?;
    Some(moved(&posting.record.postings, &AccountKind::Clearing, currency))
}

fn agrees(posting: &StoredPosting, seen: &TransactionSeen) -> bool {
    let found = seen.fees.map(|fees| seen.amount.saturating_sub(fees));
    // Without a fee the amount is not yet final.
    found.is_none() || net(posting, seen) == found
}

fn mismatch(posting: &StoredPosting, seen: &TransactionSeen) -> Difference {
    let fees = seen.fees.unwrap_or(0);
    let found = Some(seen.amount.saturating_sub(fees));
    let expected = net(posting, seen);
    Difference { found, ..differs(CaseKind::ChargeMismatch, seen, "ledger", expected) }
}

fn differs(
    kind: CaseKind,
    seen: &TransactionSeen,
    cause: &str,
    expected: Option<i64>,
) -> Difference {
    Difference {
        expected,
        found: Some(seen.amount),
        currency: Some(seen.currency.clone()),
        ..Difference::new(kind, seen.reference.clone(), cause)
    }
}
