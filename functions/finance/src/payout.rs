//! GET /api/v1/payouts/{payout_id}, and POST …/retry and …/cancel of one that needs a person.

use adapters::table::{StoredPosting, StoredWebhook};
use axum::Json as Reply;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use domain::audit::{Note, Operation};
use domain::id::PayoutId;
use domain::ledger::{Account, Reference, TransferReference};
use domain::payout::PayoutRefused;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::finance::{TransferSeen, payout_of, transfer_seen};
use web::problem::ProblemBody;
use web::{Caller, Problem, Repeatable, Stopped, finance, may};

use crate::Deps;
use crate::payouts::PayoutResponse;

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

impl From<StoredWebhook> for WebhookResponse {
    fn from(event: StoredWebhook) -> Self {
        Self { event: event.event, received_at: event.received_at }
    }
}

impl From<TransferSeen> for TransferResponse {
    fn from(seen: TransferSeen) -> Self {
        let TransferSeen { reference, attempt, postings, webhooks } = seen;
        let transactions = postings.into_iter().map(TransactionResponse::from).collect();
        let webhooks = webhooks.into_iter().map(WebhookResponse::from).collect();
        Self { reference, attempt, transactions, webhooks }
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
    let payout = payout_of(&deps.table, &caller.tenant, &id).await?.payout;
    let mut transfers = Vec::new();
    for attempt in (1..=payout.attempt).rev() {
        transfers.push(transfer_seen(&deps.table, &payout, attempt).await?.into());
    }
    let recipient = payout.recipient.clone();
    Ok(Reply(PayoutDetailResponse { payout: (&payout).into(), recipient, transfers }))
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
    let change = caller.change(Operation::PayoutRetried, id.as_str(), now);
    Ok(Reply((&finance::retry_payout(&deps.table, &id, note, change).await?).into()))
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
    let change = caller.change(Operation::PayoutCancelled, id.as_str(), now);
    Ok(Reply((&finance::cancel_payout(&deps.table, &id, note, change).await?).into()))
}
