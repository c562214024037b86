//! GET /api/v1/payouts/{payout_id}, and POST …/retry and …/cancel of one that needs a person.

use adapters::table::{StoredPayout, StoredPosting};
use axum::Json as Reply;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use domain::audit::{AuditChange, Facts, Note, Operation};
use domain::id::{PayoutId, TenantId};
use domain::ledger::{Account, Reference, TransferReference};
use domain::payout::{Payout, PayoutRefused, Trouble};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use web::problem::ProblemBody;
use web::{Caller, Problem, Repeatable, Stopped, may};

use crate::Deps;
use crate::payouts::PayoutResponse;

/// How often a cancellation begins anew because the guard's balances have changed.
const TRIES_MAX: u32 = 6;

/// The path part `payout_id`. A text that is no id is a payout that is not there.
#[derive(Debug)]
pub(crate) struct PayoutPath(pub PayoutId);

impl<S: Send + Sync> FromRequestParts<S> for PayoutPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = text.map_err(|_| PayoutRefused::Unknown)?;
        Ok(Self(PayoutId::parse(&text).map_err(|_| PayoutRefused::Unknown)?))
    }
}

/// What is decided about a payout.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecideRequest {
    /// Why, for the audit, in 1 to 500 characters.
    note: String,
}

/// A payout with its transfers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PayoutDetailResponse {
    #[serde(flatten)]
    payout: PayoutResponse,
    /// Paystack's code of the account that is paid.
    recipient: String,
    /// Its transfers, the latest first.
    transfers: Vec<TransferResponse>,
}

/// One attempt.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TransferResponse {
    /// Its reference at Paystack.
    #[schema(value_type = String)]
    reference: TransferReference,
    /// Counts from 1.
    attempt: u32,
    /// What the ledger has of it.
    transactions: Vec<TransactionResponse>,
    /// Paystack's events about it.
    webhooks: Vec<WebhookResponse>,
}

/// A transaction of the ledger.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TransactionResponse {
    /// Its reference.
    #[schema(value_type = String)]
    reference: Reference,
    /// When it was written down.
    #[schema(value_type = String, format = DateTime)]
    recorded_at: Timestamp,
    /// What it moved. The sum is zero.
    postings: Vec<PostingResponse>,
}

/// What a transaction moved on one account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PostingResponse {
    /// The account with its currency.
    #[schema(value_type = String)]
    account: Account,
    /// Minor units, signed; what we owe is negative.
    amount: i64,
}

/// An event of Paystack, without what it says.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookResponse {
    /// Its kind.
    event: String,
    /// When it arrived.
    #[schema(value_type = String, format = DateTime)]
    received_at: Timestamp,
}

impl From<StoredPosting> for TransactionResponse {
    fn from(posting: StoredPosting) -> Self {
        let postings = posting.record.postings.into_iter();
        let each = |one: domain::ledger::Posting| PostingResponse {
            account: one.account,
            amount: one.minor,
        };
        Self {
            reference: posting.record.reference,
            recorded_at: posting.recorded_at,
            postings: postings.map(each).collect(),
        }
    }
}

/// One payout: its transfers, what the ledger says of each, and what Paystack has told.
#[utoipa::path(
    get,
    path = "/api/v1/payouts/{payout_id}",
    tag = "finance",
    operation_id = "read_payout",
    params(("payout_id" = String, Path, description = "The payout")),
    responses(
        (status = 200, description = "The payout", body = PayoutDetailResponse),
        (status = 404, description = "No such payout", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn read_payout(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceRead>,
    PayoutPath(id): PayoutPath,
) -> Result<Reply<PayoutDetailResponse>, Problem> {
    let payout = load(&deps, &caller.tenant, &id).await?.payout;
    let mut transfers = Vec::new();
    for attempt in (1..=payout.attempt).rev() {
        transfers.push(transfer(&deps, &payout, attempt).await?);
    }
    let recipient = payout.recipient.clone();
    Ok(Reply(PayoutDetailResponse { payout: (&payout).into(), recipient, transfers }))
}

async fn transfer(deps: &Deps, payout: &Payout, attempt: u32) -> Result<TransferResponse, Problem> {
    let reference = TransferReference::of(&payout.id, attempt);
    let steps = [
        Reference::payout_start(&payout.id, attempt),
        Reference::transfer_success(&reference),
        Reference::transfer_returned(&reference),
    ];
    let mut transactions = Vec::new();
    for step in &steps {
        let posting = deps.table.posting(&payout.tenant, step).await?;
        transactions.extend(posting.map(TransactionResponse::from));
    }
    let webhooks = webhooks(deps, &payout.tenant, reference.as_str()).await?;
    Ok(TransferResponse { reference, attempt, transactions, webhooks })
}

/// Paystack's events about a reference, in the order of their arrival.
pub(crate) async fn webhooks(
    deps: &Deps,
    tenant: &TenantId,
    reference: &str,
) -> Result<Vec<WebhookResponse>, Problem> {
    let mut events = deps.table.webhooks(tenant, reference).await?;
    events.sort_by_key(|event| event.received_at);
    let each = |event: adapters::table::StoredWebhook| WebhookResponse {
        event: event.event,
        received_at: event.received_at,
    };
    Ok(events.into_iter().map(each).collect())
}

/// Begins another round of attempts for a payout that needs a person.
#[utoipa::path(
    post,
    path = "/api/v1/payouts/{payout_id}/retry",
    tag = "finance",
    operation_id = "retry_payout",
    params(("payout_id" = String, Path, description = "The payout")),
    request_body = DecideRequest,
    responses(
        (status = 200, description = "The payout as it is now", body = PayoutResponse),
        (status = 404, description = "No such payout", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It does not need a person, or was changed at the same moment", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "No note", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:write"]))
)]
pub(crate) async fn retry_payout(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceWrite>,
    PayoutPath(id): PayoutPath,
    Repeatable(request): Repeatable<DecideRequest>,
) -> Result<Reply<PayoutResponse>, Stopped> {
    let (note, now) = (Note::parse(&request.note)?, deps.ids.now());
    let StoredPayout { payout: before, version } = load(&deps, &caller.tenant, &id).await?;
    let payout = before.clone().retry(now)?;
    let change = caller.change(Operation::PayoutRetried, id.as_str(), now);
    let change = decided(change, note, &before, &payout);
    if !deps.table.retry_payout(&payout, version, &change).await? {
        return Err(PayoutRefused::Changed.into());
    }
    tracing::info!(event = "payout_retried", payout.id = %id, "payout `{id}` is tried again");
    Ok(Reply((&payout).into()))
}

/// Gives a payout up that needs a person. Its money waits for a later run.
#[utoipa::path(
    post,
    path = "/api/v1/payouts/{payout_id}/cancel",
    tag = "finance",
    operation_id = "cancel_payout",
    params(("payout_id" = String, Path, description = "The payout")),
    request_body = DecideRequest,
    responses(
        (status = 200, description = "The payout as it is now", body = PayoutResponse),
        (status = 404, description = "No such payout", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "A transfer is under way, it is over, or was changed at the same moment", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "No note", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:write"]))
)]
pub(crate) async fn cancel_payout(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceWrite>,
    PayoutPath(id): PayoutPath,
    Repeatable(request): Repeatable<DecideRequest>,
) -> Result<Reply<PayoutResponse>, Stopped> {
    let (note, now) = (Note::parse(&request.note)?, deps.ids.now());
    for _ in 0..TRIES_MAX {
        let StoredPayout { payout: before, version } = load(&deps, &caller.tenant, &id).await?;
        let payout = before.clone().cancel(Trouble::GivenUp, now)?;
        let currency = payout.amount.currency;
        let balances = deps.table.guard_balances(&caller.tenant, &payout.guard, currency).await?;
        let change = caller.change(Operation::PayoutCancelled, id.as_str(), now);
        let change = decided(change, note.clone(), &before, &payout);
        if deps.table.cancel_payout(&payout, version, &balances, &change).await? {
            tracing::info!(event = "payout_cancelled", payout.id = %id, "payout `{id}` is given up");
            return Ok(Reply((&payout).into()));
        }
    }
    Err(PayoutRefused::Changed.into())
}

/// The tenant's payout.
///
/// # Errors
/// [`PayoutRefused::Unknown`], or the store's failure.
pub(crate) async fn load(
    deps: &Deps,
    tenant: &TenantId,
    id: &PayoutId,
) -> Result<StoredPayout, Problem> {
    let stored = deps.table.payout(id).await?;
    let stored = stored.filter(|stored| stored.payout.tenant == *tenant);
    Ok(stored.ok_or(PayoutRefused::Unknown)?)
}

fn decided(change: AuditChange, note: Note, before: &Payout, after: &Payout) -> AuditChange {
    let facts = |payout: &Payout| {
        Facts::of(&json!({
            "status": payout.state,
            "attempts": payout.attempt,
            "amount": payout.amount.minor,
            "currency": payout.amount.currency,
        }))
    };
    AuditChange { before: facts(before), after: facts(after), note: Some(note), ..change }
}
