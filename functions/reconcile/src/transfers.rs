//! Paystack's transfers against our payouts: each must be one of ours, and its end must be posted.

use std::collections::{BTreeMap, BTreeSet};

use adapters::paystack::TransferRow;
use adapters::table::StoredPosting;
use domain::case::CaseKind;
use domain::id::PayoutId;
use domain::ledger::{AccountKind, Reference, TransferReference, foreign_transfer};
use domain::message::PayoutMessage;
use domain::money::{Currency, Money};
use domain::payout::{Payout, transfer_fee};
use domain::reconciliation::{Difference, Reconciliation, moved};

use crate::Deps;
use crate::difference::report_unless_known;
use crate::page::{Page, Stuck, place};

/// How a transfer stands, as far as our books are concerned.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// It is paid.
    Paid,
    /// Its money is back.
    Back,
    /// It is under way.
    Open,
}

impl End {
    fn of(status: &str) -> Self {
        match status {
            "success" => End::Paid,
            "failed" | "reversed" | "abandoned" | "blocked" | "rejected" => End::Back,
            _ => End::Open,
        }
    }
}

/// A page of transfers.
///
/// # Errors
/// [`Stuck`].
pub(crate) async fn page(deps: &Deps, state: &Reconciliation) -> Result<Page, Stuck> {
    let (window, place) = ((state.since, state.until), place(state));
    let listed = deps.paystack.transfers(&state.tenant, window, None, place.as_ref()).await?;
    let mut page = Page::behind(&listed);
    let ours = Ours::read(deps, state, &listed.rows).await?;
    for row in &listed.rows {
        page.counted();
        let end = End::of(&row.status);
        match ours.reference(row) {
            None if end == End::Back => {}
            None => {
                let known = (CaseKind::UnknownReference, "transfer");
                let foreign = differs(CaseKind::TransferNotInLedger, row, "transfer", None);
                page.found(report_unless_known(deps, state, foreign, known).await?);
                if end == End::Paid
                    && let Some(money) = cost(row)
                {
                    page.set_down(deps, state, &foreign_transfer(row.id, money)?).await?;
                }
            }
            // What changed a moment ago may still be on its way to us.
            Some(_) if end == End::Open || row.changed_at.is_none_or(|at| at >= state.until) => {}
            Some(reference) => {
                let posted = Reference::transfer_success(reference);
                if ours.agrees(row, end, reference) {
                    page.matched();
                } else {
                    let known = (CaseKind::SuccessAfterReturn, "success");
                    let expected = ours.stored.get(&posted).map(|posting| paid(posting, row));
                    let off = differs(CaseKind::TransferMismatch, row, "ledger", expected);
                    page.found(report_unless_known(deps, state, off, known).await?);
                    look_at(deps, state, reference.clone()).await?;
                }
                page.aside.insert(posted);
            }
        }
    }
    Ok(page)
}

/// Has the worker of payouts look at a transfer: an event of it may have been lost. Harmless where nothing is new.
///
/// # Errors
/// [`Stuck`].
pub(crate) async fn look_at(
    deps: &Deps,
    state: &Reconciliation,
    reference: TransferReference,
) -> Result<(), Stuck> {
    if Payout::of_reference(&reference).is_some() {
        let tenant = state.tenant.clone();
        deps.payouts.send(&PayoutMessage::Look { tenant, reference }).await?;
    }
    Ok(())
}

/// What we know about a page of transfers.
struct Ours {
    references: BTreeMap<u64, TransferReference>,
    stored: BTreeMap<Reference, StoredPosting>,
}

impl Ours {
    async fn read(
        deps: &Deps,
        state: &Reconciliation,
        rows: &[TransferRow],
    ) -> Result<Self, Stuck> {
        let named = rows.iter().filter_map(|row| {
            let reference = TransferReference::parse(&row.reference).ok()?;
            let (payout, attempt) = Payout::of_reference(&reference)?;
            Some((row.id, (reference, payout, attempt)))
        });
        let named: BTreeMap<u64, (TransferReference, PayoutId, u32)> = named.collect();
        let ids: BTreeSet<PayoutId> = named.values().map(|(_, payout, _)| payout.clone()).collect();
        let ids: Vec<PayoutId> = ids.into_iter().collect();
        let payouts = deps.table.payouts_by_id(&ids).await?;
        let is_ours = |payout: &PayoutId, attempt: u32| {
            payouts.iter().any(|stored| {
                let one = &stored.payout;
                one.id == *payout && one.tenant == state.tenant && attempt <= one.attempt
            })
        };
        let references: BTreeMap<u64, TransferReference> = named
            .into_iter()
            .filter(|(_, (_, payout, attempt))| is_ours(payout, *attempt))
            .map(|(id, (reference, _, _))| (id, reference))
            .collect();
        let wanted = references
            .values()
            .flat_map(|one| [Reference::transfer_success(one), Reference::transfer_returned(one)]);
        let stored = deps.table.postings_by_reference(&state.tenant, &wanted.collect()).await?;
        let stored = stored.into_iter().map(|one| (one.record.reference.clone(), one)).collect();
        Ok(Self { references, stored })
    }

    /// Our reference of a transfer; nothing for one that no payout of the tenant has made.
    fn reference(&self, row: &TransferRow) -> Option<&TransferReference> {
        self.references.get(&row.id)
    }

    fn agrees(&self, row: &TransferRow, end: End, reference: &TransferReference) -> bool {
        let success = self.stored.get(&Reference::transfer_success(reference));
        let returned = self.stored.contains_key(&Reference::transfer_returned(reference));
        match end {
            End::Paid => !returned && success.is_some_and(|posting| costs_the_same(posting, row)),
            End::Back => returned,
            End::Open => true,
        }
    }
}

/// What a transfer has taken out of the balance, with its fee.
fn cost(row: &TransferRow) -> Option<Money> {
    let money = Money { minor: row.amount, currency: Currency::of_code(&row.currency)? };
    let fee = row.fee.unwrap_or_else(|| transfer_fee(money));
    let minor = row.amount.saturating_add(fee);
    Some(Money { minor, ..money }).filter(|money| money.minor > 0)
}

/// What our books say that left the balance.
fn paid(posting: &StoredPosting, row: &TransferRow) -> i64 {
    let currency = Currency::of_code(&row.currency);
    let moved = currency.map(|c| moved(&posting.record.postings, &AccountKind::Balance, c));
    moved.unwrap_or(0).saturating_neg()
}

fn costs_the_same(posting: &StoredPosting, row: &TransferRow) -> bool {
    row.fee.is_none_or(|fee| paid(posting, row) == row.amount.saturating_add(fee))
}

fn differs(kind: CaseKind, row: &TransferRow, cause: &str, expected: Option<i64>) -> Difference {
    Difference {
        expected,
        found: Some(row.amount.saturating_add(row.fee.unwrap_or(0))),
        currency: Some(row.currency.clone()),
        ..Difference::new(kind, row.reference.clone(), cause)
    }
}
