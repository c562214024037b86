//! GET /api/v1/payouts/{payout_id}/tips: what a payout pays, entry by entry, each with its tip, the postings of the
//! ledger, and Paystack's events (T9).

use adapters::table::Entry;
use axum::Json as Reply;
use axum::extract::State;
use domain::id::TipId;
use domain::ledger::PaystackReference;
use domain::page::{PageRefused, PageSize, Position};
use domain::payout::Payout;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::finance::{Paid, paid_entries, payout_of, webhooks_of};
use web::input::Params;
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::payout::{PayoutPath, TransactionResponse, WebhookResponse};

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
    let payout = payout_of(&deps.table, &caller.tenant, &id).await?.payout;
    let owner = id.as_str();
    let behind = deps.seal.position(owner, LIST, params.cursor.as_deref()).await?;
    let behind = behind.as_ref().map_or(Ok(0), seq_of)?;
    let all = paid_entries(&deps.table, &payout, deps.ids.now()).await?;
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
        Some(charge) => webhooks_of(&deps.table, &payout.tenant, charge.as_str()).await?,
        None => Vec::new(),
    };
    Ok(PaidEntryResponse {
        seq: entry.seq,
        tip_id: entry.tip,
        amount: entry.minor.saturating_neg(),
        paid: minor,
        recorded_at: entry.recorded_at,
        transaction: transaction.map(TransactionResponse::from),
        webhooks: webhooks.into_iter().map(WebhookResponse::from).collect(),
    })
}

/// The charge under which Paystack tells of an entry: a refund's events name the charge that they give back.
fn charge_of(entry: &Entry) -> Option<PaystackReference> {
    entry.tip.as_ref().map(PaystackReference::of)
}
