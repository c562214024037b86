//! A payout is ended by a person, because Paystack has another transfer under its reference than was asked for: with
//! another amount, or for somebody else. Paystack is asked first, so that nobody ends what is under way.

use adapters::paystack::Paystack;
use adapters::table::{LedgerWrite, StoredPayout, Table};
use domain::audit::{AuditChange, Facts, Note};
use domain::case::{Case, CaseStatus};
use domain::id::PayoutId;
use domain::ledger::Reference;
use domain::money::Money;
use domain::payout::{Credit, Ended, Finding, Payout, PayoutRefused, TransferShown};
use serde_json::json;

use crate::finance::{paid_entries, payout_of};
use crate::problem::Problem;

/// How often an end begins anew because the payout, the balances or the case have changed.
const TRIES_MAX: u32 = 6;

/// Ends a payout by what a person has found out about the transfer that Paystack has in its stead, and explains the
/// case of that transfer. What has left Paystack's balance and is no payout waits in suspense.
///
/// # Errors
/// [`PayoutRefused`], Paystack's failure or the store's.
pub async fn end_payout(
    (table, paystack): (&Table, &Paystack),
    id: &PayoutId,
    finding: Finding,
    note: Note,
    change: AuditChange,
) -> Result<Payout, Problem> {
    let asked = payout_of(table, &change.tenant, id).await?.payout;
    let shown = shown(table, paystack, &asked).await?;
    for _ in 0..TRIES_MAX {
        let stored = payout_of(table, &change.tenant, id).await?;
        let paid = entries(table, &stored.payout, &change).await?;
        let ended = stored.payout.clone().end(&shown, finding, paid, change.at)?;
        if write(table, &stored, &ended, &shown, (&note, &change)).await? {
            let state = ended.payout.state.as_str();
            tracing::info!(event = "payout_ended", payout.id = %id, state, "finance ends `{id}`");
            return Ok(ended.payout);
        }
    }
    Err(PayoutRefused::Changed.into())
}

/// The transfer that Paystack has under the payout's reference.
async fn shown(
    table: &Table,
    paystack: &Paystack,
    payout: &Payout,
) -> Result<TransferShown, Problem> {
    let reference = payout.reference().ok_or(PayoutRefused::NoWay { from: payout.state })?;
    let seen = paystack.verify_transfer(&payout.tenant, &reference).await?;
    let shown = seen.ok_or(PayoutRefused::NoStray)?.shown();
    let booked = match shown.id {
        Some(id) => table.posting(&payout.tenant, &Reference::foreign(id)).await?.is_some(),
        None => false,
    };
    Ok(TransferShown { booked, ..shown })
}

/// What the payout was to pay.
async fn entries(
    table: &Table,
    payout: &Payout,
    change: &AuditChange,
) -> Result<Vec<Credit>, Problem> {
    let paid = paid_entries(table, payout, change.at).await?.into_iter();
    let credit = |entry: adapters::table::Entry| Credit {
        seq: entry.seq,
        minor: entry.minor.saturating_neg(),
    };
    Ok(paid.map(|paid| credit(paid.entry)).collect())
}

/// Whether it was written; not when something is not what was read.
async fn write(
    table: &Table,
    before: &StoredPayout,
    ended: &Ended,
    shown: &TransferShown,
    (note, change): (&Note, &AuditChange),
) -> Result<bool, Problem> {
    let payout = &ended.payout;
    let (transaction, astray) = ended.transactions()?;
    let currency = payout.amount.currency;
    let balances = table.guard_balances(&payout.tenant, &payout.guard, currency).await?;
    let case = explained(table, &before.payout, shown, (note, change)).await?;
    let write = LedgerWrite {
        tenant: &payout.tenant,
        transaction: &transaction,
        guard: Some(&payout.guard),
        balances: &balances,
        tip: None,
        payout: Some((payout, before.version)),
        outbox: None,
        at: change.at,
    };
    let (then, now) = (facts(&before.payout, None), facts(payout, ended.astray()));
    let change =
        AuditChange { before: then, after: now, note: Some(note.clone()), ..change.clone() };
    let case = case.as_ref().map(|(case, read)| (case, *read));
    Ok(table.end_payout(&write, astray.as_ref(), case, &change).await?)
}

/// The case of the transfer with its explanation, and the version that was read; nothing where it is explained already.
async fn explained(
    table: &Table,
    payout: &Payout,
    shown: &TransferShown,
    (note, change): (&Note, &AuditChange),
) -> Result<Option<(Case, u64)>, Problem> {
    let Some(mismatch) = payout.mismatch(payout.attempt, shown) else { return Ok(None) };
    let opened =
        Case::transfer_mismatch(&payout.tenant, &shown.reference, mismatch, payout.changed_at);
    let case = table.case(&payout.tenant, &opened.id).await?;
    let Some(case) = case.filter(|case| case.status == CaseStatus::Open) else { return Ok(None) };
    let read = case.version;
    Ok(Some((case.resolve(change.actor.clone(), note.clone(), change.at)?, read)))
}

fn facts(payout: &Payout, astray: Option<Money>) -> Facts {
    Facts::of(&json!({
        "status": payout.state,
        "trouble": payout.trouble,
        "attempts": payout.attempt,
        "amount": payout.amount.minor,
        "currency": payout.amount.currency,
        "to_suspense": astray.map(|money| money.minor),
    }))
}
