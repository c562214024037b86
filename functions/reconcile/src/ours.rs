//! The way back: what our ledger has of charges and transfers must be known to Paystack. What its lists did not show is
//! asked for by reference.

use std::collections::BTreeSet;

use adapters::table::{Month, Place, StoredPosting};
use domain::case::CaseKind;
use domain::ledger::{AccountKind, PaystackReference, Reference, TransferReference};
use domain::reconciliation::{Difference, Reconciliation};

use crate::Deps;
use crate::difference::report;
use crate::page::{Page, Stuck};

/// Paystack is asked about so many references at most; the next night asks about the rest, which it sees too.
const QUESTIONS_MAX: usize = 1_000;

/// All of our transactions of the time. It is read in one go: what was set aside fits into memory, and doing it again
/// is harmless.
///
/// # Errors
/// [`Stuck`].
pub(crate) async fn page(deps: &Deps, state: &Reconciliation) -> Result<Page, Stuck> {
    let aside = deps.table.references_aside(&state.tenant, state.date).await?;
    let (mut page, mut questions) = (Page::default(), 0);
    for month in Month::between(state.since, state.until) {
        let mut place = Some(Place::before(state.since));
        while let Some(from) = place {
            let stretch =
                deps.table.postings_behind(&state.tenant, month, &from, state.until).await?;
            for posting in stretch.postings.iter().filter(|one| !is_known(one, &aside)) {
                questions += 1;
                if questions > QUESTIONS_MAX {
                    tracing::warn!(tenant.id = %state.tenant, "too much is unknown to Paystack");
                    return Ok(page);
                }
                ask(deps, state, &mut page, posting).await?;
            }
            place = stretch.next;
        }
    }
    Ok(page)
}

/// Whether Paystack has listed it, or does not have to know it.
fn is_known(posting: &StoredPosting, aside: &BTreeSet<Reference>) -> bool {
    let reference = &posting.record.reference;
    aside.contains(reference) || (charge(reference).is_none() && transfer(reference).is_none())
}

fn charge(reference: &Reference) -> Option<PaystackReference> {
    PaystackReference::parse(reference.as_str().strip_prefix("ps:charge:")?).ok()
}

/// Of a transfer that has succeeded; one that came back has moved nothing.
fn transfer(reference: &Reference) -> Option<TransferReference> {
    let name = reference.as_str().strip_prefix("ps:transfer:")?.strip_suffix(":success")?;
    TransferReference::parse(name).ok()
}

async fn ask(
    deps: &Deps,
    state: &Reconciliation,
    page: &mut Page,
    posting: &StoredPosting,
) -> Result<(), Stuck> {
    let reference = &posting.record.reference;
    let (kind, name, is_there, account) = if let Some(charge) = charge(reference) {
        let found = deps.paystack.verify(&state.tenant, &charge).await?;
        let is_there = found.is_some_and(|seen| is_collected(&seen.facts.status));
        let kind = CaseKind::ChargeMissingAtPaystack;
        (kind, charge.to_string(), is_there, AccountKind::Clearing)
    } else if let Some(transfer) = transfer(reference) {
        let found = deps.paystack.verify_transfer(&state.tenant, &transfer).await?;
        let is_there = found.is_some_and(|seen| is_paid(&seen.status));
        let kind = CaseKind::TransferMissingAtPaystack;
        (kind, transfer.to_string(), is_there, AccountKind::Balance)
    } else {
        return Ok(());
    };
    if is_there {
        page.matched();
        return Ok(());
    }
    let mine = posting.record.postings.iter().filter(|one| one.account.kind == account);
    let expected = mine.fold(0_i64, |sum, one| sum.saturating_add(one.minor));
    let difference = Difference { expected: Some(expected), ..Difference::new(kind, name, "") };
    page.found(report(deps, state, difference).await?);
    Ok(())
}

fn is_collected(status: &str) -> bool {
    matches!(status, "success" | "reversed")
}

/// One that came back later was paid too.
fn is_paid(status: &str) -> bool {
    matches!(status, "success" | "reversed")
}
