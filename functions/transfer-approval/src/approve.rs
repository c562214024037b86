//! POST /webhooks/paystack/{tenant}/approve/{secret}: Paystack asks whether a transfer may go.

use axum::extract::State;
use axum::http::StatusCode;
use domain::failure::{Failure, Kind};
use domain::payout::{ApprovalRefused, Payout, TransferQuestion};
use web::Problem;
use web::problem::ProblemBody;

use crate::Deps;
use crate::address::Question;

/// The answer that makes Paystack reject a transfer. It says nothing else; the log does.
#[derive(Debug, thiserror::Error)]
#[error("this transfer is not one of ours that is under way")]
struct NotApproved(#[source] ApprovalRefused);

impl Failure for NotApproved {
    fn kind(&self) -> Kind {
        // Paystack reads 400 as "no".
        Kind::Malformed
    }

    fn code(&self) -> &'static str {
        "transfer_not_approved"
    }
}

/// Approves a transfer whose money we have set aside, and rejects every other. Paystack is told this address, with its
/// secret, in its dashboard; it is a second lock beside the account's key.
#[utoipa::path(
    post,
    path = "/webhooks/paystack/{tenant}/approve/{secret}",
    tag = "webhooks",
    operation_id = "approve_transfer",
    params(
        ("tenant" = String, Path, description = "The organisation whose Paystack account it is"),
        ("secret" = String, Path, description = "The organisation's approval secret, 64 hexadecimal digits"),
    ),
    request_body(content = String, description = "The transfer, in whatever shape Paystack sends it", content_type = "application/json"),
    responses(
        (status = 200, description = "It may go"),
        (status = 400, description = "It must not go", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "There is nothing at this address", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "A body of more than 8 KB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "It cannot be found out now, so it must not go", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security()
)]
pub(crate) async fn approve_transfer(
    State(deps): State<Deps>,
    question: Question,
) -> Result<StatusCode, Problem> {
    let asked = TransferQuestion::read(&question.body).map_err(refused)?;
    let (id, _) =
        Payout::of_reference(&asked.reference).ok_or(ApprovalRefused::Foreign).map_err(refused)?;
    let stored = deps.table.payout(&id).await?;
    let payout = stored.ok_or(ApprovalRefused::Unknown).map_err(refused)?.payout;
    payout.approve(&question.tenant, &asked).map_err(refused)?;
    tracing::info!(
        event = "transfer_approved",
        payout.id = %id,
        "payout `{id}`: attempt {} may go",
        payout.attempt
    );
    Ok(StatusCode::OK)
}

fn refused(why: ApprovalRefused) -> NotApproved {
    metrics::counter!("transfers_not_approved_total").increment(1);
    tracing::warn!(event = "transfer_not_approved", "a transfer was not approved: {why}");
    NotApproved(why)
}
