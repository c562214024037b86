//! Paystack's transfers against our payouts: each must be one of ours, and its end must be posted.

use std::collections::{BTreeMap, BTreeSet};

use adapters::paystack::TransferRow;
use adapters::table::StoredPosting;
use domain::case::CaseKind;
use domain::id::PayoutId;
use domain::ledger::{AccountKind, Reference, TransferReference, foreign_transfer};
use domain::message::PayoutMessage;
use domain::money::{Currency, Money};
use domain::payout::{Payout, TransferEnd, transfer_fee};
use domain::reconciliation::{Difference, Reconciliation, moved};
use domain::tip::Mismatch;

use crate::Deps;
use crate::difference::report_unless_known;
use crate::page::{Page, Stuck, place};

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
        let end = TransferEnd::of(&row.status);
        match ours.reference(row) {
            None if end == TransferEnd::Back => {}
            None => {
                let known = [(CaseKind::UnknownReference, "transfer")];
                let foreign = differs(CaseKind::TransferNotInLedger, row, "transfer", None);
                page.found(report_unless_known(deps, state, foreign, &known).await?);
                if end == TransferEnd::Paid
                    && let Some(money) = cost(row)
                {
                    page.set_down(deps, state, &foreign_transfer(row.id, money)?).await?;
                }
            }
            // What changed a moment ago may still be on its way to us.
            Some(_)
                if end == TransferEnd::Open
                    || row.changed_at.is_none_or(|at| at >= state.until) => {}
            Some(reference) => {
                let posted = Reference::transfer_success(reference);
                if ours.agrees(row, end, reference) {
                    page.matched();
                } else {
                    let expected = ours.stored.get(&posted).map(|posting| paid(posting, row));
                    let off = differs(CaseKind::TransferMismatch, row, "ledger", expected);
                    page.found(report_unless_known(deps, state, off, &by_the_worker()).await?);
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

/// The cases that the worker of payouts opens when it looks at a transfer.
fn by_the_worker() -> [(CaseKind, &'static str); 4] {
    let differs = |mismatch: Mismatch| (CaseKind::TransferMismatch, mismatch.as_str());
    [
        (CaseKind::SuccessAfterReturn, "success"),
        differs(Mismatch::AmountMismatch),
        differs(Mismatch::Recipient),
        differs(Mismatch::Currency),
    ]
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
        let wanted = references.iter().flat_map(|(id, one)| {
            let foreign = Reference::foreign(*id);
            [Reference::transfer_success(one), Reference::transfer_returned(one), foreign]
        });
        let stored = deps.table.postings_by_reference(&state.tenant, &wanted.collect()).await?;
        let stored = stored.into_iter().map(|one| (one.record.reference.clone(), one)).collect();
        Ok(Self { references, stored })
    }

    /// Our reference of a transfer; nothing for one that no payout of the tenant has made.
    fn reference(&self, row: &TransferRow) -> Option<&TransferReference> {
        self.references.get(&row.id)
    }

    fn agrees(&self, row: &TransferRow, end: TransferEnd, reference: &TransferReference) -> bool {
        let success = self.stored.get(&Reference::transfer_success(reference));
        let returned = self.stored.contains_key(&Reference::transfer_returned(reference));
        // A person has found that it is another one: what is no payout of it stands in suspense.
        let astray = self.stored.get(&Reference::foreign(row.id));
        let gone = success.into_iter().chain(astray).map(|posting| paid(posting, row));
        let gone = gone.fold(0_i64, i64::saturating_add);
        match end {
            TransferEnd::Paid if success.is_none() && astray.is_none() => false,
            TransferEnd::Paid if success.is_some() == returned => false,
            TransferEnd::Paid => row.fee.is_none_or(|fee| gone == row.amount.saturating_add(fee)),
            TransferEnd::Back => returned,
            TransferEnd::Open => true,
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

fn differs(kind: CaseKind, row: &TransferRow, cause: &str, expected: Option<i64>) -> Difference {
    Difference {
        expected,
        found: Some(row.amount.saturating_add(row.fee.unwrap_or(0))),
        currency: Some(row.currency.clone()),
        ..Difference::new(kind, row.reference.clone(), cause)
    }
}
