//! One payout: found for its tenant, tried again, or given up by a person; its transfers, what the ledger has of them,
//! and what Paystack has told.

use adapters::table::{StoredPayout, StoredPosting, StoredWebhook, Table};
use domain::audit::{AuditChange, Facts, Note};
use domain::case::{Case, CaseStatus};
use domain::id::{PayoutId, TenantId};
use domain::ledger::{Reference, TransferReference};
use domain::payout::{Payout, PayoutRefused};
use serde_json::json;

use crate::problem::Problem;

/// How often a cancellation begins anew because the guard's balances have changed.
const TRIES_MAX: u32 = 6;

/// The tenant's payout.
///
/// # Errors
/// [`PayoutRefused::Unknown`], or the store's failure.
pub async fn payout_of(
    table: &Table,
    tenant: &TenantId,
    id: &PayoutId,
) -> Result<StoredPayout, Problem> {
    let stored = table.payout(id).await?.filter(|stored| stored.payout.tenant == *tenant);
    Ok(stored.ok_or(PayoutRefused::Unknown)?)
}

/// Begins another round of attempts for a payout that needs a person. The worker asks Paystack first where a transfer
/// may be under way.
///
/// # Errors
/// [`PayoutRefused`], or the store's failure.
pub async fn retry_payout(
    table: &Table,
    id: &PayoutId,
    note: Note,
    change: AuditChange,
) -> Result<Payout, Problem> {
    let StoredPayout { payout: before, version } = payout_of(table, &change.tenant, id).await?;
    let payout = before.clone().retry(change.at)?;
    explained(table, &before).await?;
    if !table.retry_payout(&payout, version, &decided(change, note, &before, &payout)).await? {
        return Err(PayoutRefused::Changed.into());
    }
    tracing::info!(event = "payout_retried", payout.id = %id, "payout `{id}` is tried again");
    Ok(payout)
}

/// Gives a payout up that needs a person; the worker asks Paystack first where a transfer may be under way. Its money
/// waits for a later run.
///
/// # Errors
/// [`PayoutRefused`], or the store's failure.
pub async fn cancel_payout(
    table: &Table,
    id: &PayoutId,
    note: Note,
    change: AuditChange,
) -> Result<Payout, Problem> {
    for _ in 0..TRIES_MAX {
        let StoredPayout { payout: before, version } = payout_of(table, &change.tenant, id).await?;
        let payout = before.clone().give_up(change.at)?;
        explained(table, &before).await?;
        let currency = payout.amount.currency;
        let balances = table.guard_balances(&change.tenant, &payout.guard, currency).await?;
        let change = decided(change.clone(), note.clone(), &before, &payout);
        if table.cancel_payout(&payout, version, &balances, &change).await? {
            tracing::info!(event = "payout_cancelled", payout.id = %id, "finance gives `{id}` up");
            return Ok(payout);
        }
    }
    Err(PayoutRefused::Changed.into())
}

/// Nothing is paid again before somebody has explained why an attempt has succeeded after its money had come back.
async fn explained(table: &Table, payout: &Payout) -> Result<(), Problem> {
    for attempt in 1..=payout.attempt {
        let reference = TransferReference::of(&payout.id, attempt);
        let case = Case::success_after_return(&payout.tenant, &reference, payout.changed_at);
        let case = table.case(&payout.tenant, &case.id).await?;
        if case.is_some_and(|case| case.status == CaseStatus::Open) {
            return Err(PayoutRefused::Unexplained.into());
        }
    }
    Ok(())
}

fn decided(change: AuditChange, note: Note, before: &Payout, after: &Payout) -> AuditChange {
    let facts = |payout: &Payout| {
        Facts::of(&json!({
            "status": payout.state,
            "trouble": payout.trouble,
            "attempts": payout.attempt,
            "amount": payout.amount.minor,
            "currency": payout.amount.currency,
        }))
    };
    AuditChange { before: facts(before), after: facts(after), note: Some(note), ..change }
}

/// One attempt of a payout.
#[derive(Clone, Debug)]
pub struct TransferSeen {
    /// Its reference at Paystack.
    pub reference: TransferReference,
    /// Counts from 1.
    pub attempt: u32,
    /// What the ledger has of it.
    pub postings: Vec<StoredPosting>,
    /// Paystack's events about it, in the order of their arrival.
    pub webhooks: Vec<StoredWebhook>,
}

/// An attempt of a payout, as the ledger and Paystack's events tell of it.
///
/// # Errors
/// The store's failure.
pub async fn transfer_seen(
    table: &Table,
    payout: &Payout,
    attempt: u32,
) -> Result<TransferSeen, Problem> {
    let reference = TransferReference::of(&payout.id, attempt);
    let steps = [
        Reference::payout_start(&payout.id, attempt),
        Reference::transfer_success(&reference),
        Reference::transfer_returned(&reference),
    ];
    let mut postings = Vec::new();
    for step in &steps {
        postings.extend(table.posting(&payout.tenant, step).await?);
    }
    let webhooks = webhooks_of(table, &payout.tenant, reference.as_str()).await?;
    Ok(TransferSeen { reference, attempt, postings, webhooks })
}

/// Paystack's events about a reference, in the order of their arrival.
///
/// # Errors
/// The store's failure.
pub async fn webhooks_of(
    table: &Table,
    tenant: &TenantId,
    reference: &str,
) -> Result<Vec<StoredWebhook>, Problem> {
    let mut events = table.webhooks(tenant, reference).await?;
    events.sort_by_key(|event| event.received_at);
    Ok(events)
}
