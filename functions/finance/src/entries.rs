//! GET /api/v1/tips/{tip_id}/entries: a tip's entries in the guard's favour or against it (T24). A view (X10): the
//! truth is the double-entry postings, which the statement shows.

use axum::Json as Reply;
use axum::extract::State;
use domain::failure::{Failure, Kind};
use domain::id::{GuardId, PayoutId, TipId};
use domain::ledger::{LedgerRefused, Reference};
use domain::money::Currency;
use domain::payout::Payout;
use domain::tip::Tip;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::tip::{TipPath, load};

/// An entry (T24). Amounts are minor units.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EntryResponse {
    /// The transaction's reference in the ledger.
    #[schema(value_type = String)]
    entry_id: Reference,
    /// The tip.
    #[schema(value_type = String)]
    tip_id: TipId,
    /// The guard.
    #[schema(value_type = String)]
    guard_id: GuardId,
    /// What the guard gains by it; below zero what the guard loses.
    net_amount: i64,
    /// What others have of it: Paystack and the platform; below zero what they give back.
    fees: i64,
    /// ISO 4217.
    currency: Currency,
    /// The payout that covers it, once there is one.
    #[schema(value_type = Option<String>)]
    payout_batch_id: Option<PayoutId>,
    /// When it was written down.
    #[schema(value_type = String, format = DateTime)]
    recorded_at: Timestamp,
}

/// A tip's entries.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EntriesResponse {
    /// The charge first, then what went back.
    entries: Vec<EntryResponse>,
}

/// A tip says that it was posted, and the ledger does not know of it.
#[derive(Debug, thiserror::Error)]
#[error("the ledger lacks {0}")]
struct NotPosted(Reference);

impl Failure for NotPosted {
    fn kind(&self) -> Kind {
        Kind::Bug
    }

    fn code(&self) -> &'static str {
        "entry_not_posted"
    }
}

/// The entries of a tip. One that was never paid has none.
#[utoipa::path(
    get,
    path = "/api/v1/tips/{tip_id}/entries",
    tag = "finance",
    operation_id = "list_tip_entries",
    params(("tip_id" = String, Path, description = "The tip")),
    responses(
        (status = 200, description = "Its entries", body = EntriesResponse),
        (status = 404, description = "No such tip", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn list_entries(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceRead>,
    TipPath(id): TipPath,
) -> Result<Reply<EntriesResponse>, Problem> {
    let tip = load(&deps.table, &caller.tenant, &id).await?.tip;
    let mut entries = Vec::new();
    let payout = settled_by(&deps, &tip).await?;
    for (reference, net_amount, fees) in amounts(&tip)? {
        let posting = deps.table.posting(&caller.tenant, &reference).await?;
        let posting = posting.ok_or_else(|| NotPosted(reference.clone()))?;
        entries.push(EntryResponse {
            entry_id: reference,
            tip_id: tip.id.clone(),
            guard_id: tip.guard.clone(),
            net_amount,
            fees,
            currency: tip.amount.currency,
            payout_batch_id: payout.clone().filter(|_| net_amount >= 0),
            recorded_at: posting.recorded_at,
        });
    }
    Ok(Reply(EntriesResponse { entries }))
}

/// The payout that has settled the tip's charge (T24): derived from the range that it covers, nothing is rewritten.
async fn settled_by(deps: &Deps, tip: &Tip) -> Result<Option<PayoutId>, Problem> {
    let Some(seq) = tip.seq else { return Ok(None) };
    let payouts = deps.table.payouts_covering(&tip.tenant, &tip.guard, seq).await?;
    Ok(Payout::settling(&payouts, seq).map(|payout| payout.id.clone()))
}

/// Each transaction of a tip, with what the guard and what others have of it, in minor units.
fn amounts(tip: &Tip) -> Result<Vec<(Reference, i64, i64)>, LedgerRefused> {
    let Some(charge) = tip.charge() else { return Ok(Vec::new()) };
    let shares = charge.shares()?;
    let others = charge.collected.saturating_sub(shares.guard);
    let mut amounts = vec![(Reference::charge(&charge.reference), shares.guard, others)];
    for back in tip.returns.iter().filter(|back| back.taken > 0) {
        let part = shares.between(back.before, back.before.saturating_add(back.taken))?;
        let others = part.guard.saturating_sub(back.taken);
        amounts.push((back.reference.clone(), part.guard.saturating_neg(), others));
    }
    Ok(amounts)
}
