//! GET /api/v1/payouts/{payout_id}/tips: what a payout pays, entry by entry, each with its tip, the postings of the
//! ledger, and Paystack's events (T9).

use std::collections::BTreeSet;

use adapters::table::Entry;
use axum::Json as Reply;
use axum::extract::State;
use domain::id::TipId;
use domain::ledger::{AccountKind, PaystackReference, Reference};
use domain::page::{PageRefused, PageSize, Position};
use domain::payout::Payout;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::input::Params;
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::payout::{PayoutPath, TransactionResponse, WebhookResponse, load, webhooks};

/// What the cursors of this list are sealed for.
const LIST: &str = "payout-tips";
/// Entries on one page at most: each takes two questions to the table.
const PAGE_MAX: usize = 50;

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PayoutTipsParams {
    /// The cursor that the page before gave.
    cursor: Option<String>,
    /// How many entries, 1 to 100; of more than 50 the first 50 are given.
    limit: Option<u32>,
}

/// An entry that the payout pays. Amounts are minor units.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaidEntryResponse {
    /// Its place among the guard's entries.
    seq: u64,
    /// The tip.
    #[schema(value_type = Option<String>)]
    tip_id: Option<TipId>,
    /// What it came to for the guard, after fees; below zero where something went back.
    amount: i64,
    /// What this payout pays of it: less than all where an earlier or a later payout pays the rest.
    paid: i64,
    /// When it was written down.
    #[schema(value_type = String, format = DateTime)]
    recorded_at: Timestamp,
    /// The transaction in the ledger.
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<TransactionResponse>,
    /// Paystack's events about it.
    webhooks: Vec<WebhookResponse>,
}

/// What a payout pays.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PayoutTipsResponse {
    /// What all entries of the payout, on all pages, come to; the payout's amount.
    paid: i64,
    /// The entries, oldest first.
    entries: Vec<PaidEntryResponse>,
    /// For the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// An entry, and what a payout pays of it.
#[derive(Clone, Debug)]
pub(crate) struct Paid {
    /// The entry.
    pub entry: Entry,
    /// What the payout pays of it, in minor units.
    pub minor: i64,
}

/// The entries that a payout pays, oldest first: tips and what went back of them. The first may have been paid in part
/// before, and the last is paid in part where the payout was capped.
///
/// # Errors
/// The store's failure.
pub(crate) async fn paid_entries(deps: &Deps, payout: &Payout) -> Result<Vec<Paid>, Problem> {
    let entries = deps.table.entries_of_payout(payout, deps.ids.now()).await?;
    Ok(share(payout, entries))
}

/// What was set aside and came back again is none of what a payout pays.
fn share(payout: &Payout, entries: Vec<Entry>) -> Vec<Paid> {
    let is_transit = |entry: &&Entry| matches!(entry.account.kind, AccountKind::InTransit(_));
    let moved: BTreeSet<Reference> =
        entries.iter().filter(is_transit).map(|entry| entry.reference.clone()).collect();
    let owed = entries.into_iter().filter(|entry| {
        matches!(entry.account.kind, AccountKind::Payable(_)) && !moved.contains(&entry.reference)
    });
    let credits: Vec<Entry> = owed.collect();
    let in_full = credits.iter().filter(|entry| entry.seq <= payout.to_seq);
    let in_full = in_full.fold(0_i64, |sum, entry| sum.saturating_sub(entry.minor));
    let mut left = in_full.saturating_add(payout.part);
    // What the payout before has paid of the first.
    let mut before = left.saturating_sub(payout.amount.minor).max(0);
    let mut paid = Vec::new();
    for entry in credits {
        if left <= 0 && entry.seq > payout.to_seq {
            break;
        }
        let taken = entry.minor.saturating_neg().min(left);
        left = left.saturating_sub(taken);
        let earlier = before.min(taken.max(0));
        before = before.saturating_sub(earlier);
        paid.push(Paid { entry, minor: taken.saturating_sub(earlier) });
    }
    paid
}

/// What a payout pays.
#[utoipa::path(
    get,
    path = "/api/v1/payouts/{payout_id}/tips",
    tag = "finance",
    operation_id = "list_payout_tips",
    params(("payout_id" = String, Path, description = "The payout"), PayoutTipsParams),
    responses(
        (status = 200, description = "A page of entries", body = PayoutTipsResponse),
        (status = 404, description = "No such payout", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A limit or cursor that is not valid", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn list_payout_tips(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceRead>,
    PayoutPath(id): PayoutPath,
    Params(params): Params<PayoutTipsParams>,
) -> Result<Reply<PayoutTipsResponse>, Problem> {
    let size = (PageSize::parse(params.limit)?.get() as usize).min(PAGE_MAX);
    let payout = load(&deps, &caller.tenant, &id).await?.payout;
    let owner = id.as_str();
    let behind = deps.seal.position(owner, LIST, params.cursor.as_deref()).await?;
    let behind = behind.as_ref().map_or(Ok(0), seq_of)?;
    let all = paid_entries(&deps, &payout).await?;
    let paid = all.iter().fold(0_i64, |sum, one| sum.saturating_add(one.minor));
    let mut rest = all.into_iter().filter(|one| one.entry.seq > behind).peekable();
    let mut entries = Vec::new();
    for one in rest.by_ref().take(size) {
        entries.push(entry(&deps, &payout, one).await?);
    }
    let last = entries.last().map(|entry: &PaidEntryResponse| entry.seq.to_string());
    let next_cursor = match last.filter(|_| rest.peek().is_some()) {
        Some(last) => Some(deps.seal.cursor(owner, LIST, &Position(last)).await?),
        None => None,
    };
    Ok(Reply(PayoutTipsResponse { paid, entries, next_cursor }))
}

fn seq_of(position: &Position) -> Result<u64, PageRefused> {
    position.0.parse().map_err(|_| PageRefused::Cursor)
}

async fn entry(deps: &Deps, payout: &Payout, paid: Paid) -> Result<PaidEntryResponse, Problem> {
    let Paid { entry, minor } = paid;
    let transaction = deps.table.posting(&payout.tenant, &entry.reference).await?;
    let webhooks = match charge_of(&entry) {
        Some(charge) => webhooks(deps, &payout.tenant, charge.as_str()).await?,
        None => Vec::new(),
    };
    Ok(PaidEntryResponse {
        seq: entry.seq,
        tip_id: entry.tip,
        amount: entry.minor.saturating_neg(),
        paid: minor,
        recorded_at: entry.recorded_at,
        transaction: transaction.map(TransactionResponse::from),
        webhooks,
    })
}

/// The charge under which Paystack tells of an entry: a refund's events name the charge that they give back.
fn charge_of(entry: &Entry) -> Option<PaystackReference> {
    entry.tip.as_ref().map(PaystackReference::of)
}
