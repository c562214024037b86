//! POST /api/v1/payouts/{payout_id}/end: a person ends a payout under whose reference Paystack has another transfer.

use axum::Json as Reply;
use axum::extract::State;
use domain::audit::{Note, Operation};
use domain::payout::Finding;
use serde::Deserialize;
use utoipa::ToSchema;
use web::problem::ProblemBody;
use web::{Caller, Repeatable, Stopped, finance, may};

use crate::Deps;
use crate::payout::PayoutPath;
use crate::payouts::PayoutResponse;

/// What is found out about the transfer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndRequest {
    /// Whether its money has reached the guard.
    guard_was_paid: bool,
    /// How that was found out, for the audit, in 1 to 500 characters.
    note: String,
}

impl EndRequest {
    fn finding(&self) -> Finding {
        if self.guard_was_paid { Finding::GuardPaid } else { Finding::GuardUnpaid }
    }
}

/// Ends a payout whose transfer at Paystack has another amount or another recipient than was asked for, once Paystack
/// says how that transfer has ended. The payout is confirmed with what has reached the guard, or its money waits for
/// the next run; what has left Paystack's balance beyond that waits in suspense. The case of the transfer is
/// resolved.
#[utoipa::path(
    post,
    path = "/api/v1/payouts/{payout_id}/end",
    tag = "finance",
    operation_id = "end_payout",
    params(("payout_id" = String, Path, description = "The payout")),
    request_body = EndRequest,
    responses(
        (status = 200, description = "The payout as it is now", body = PayoutResponse),
        (status = 404, description = "No such payout", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It has no such transfer, Paystack says otherwise or nothing yet, or it was changed at the same moment", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "No note", body = ProblemBody, content_type = "application/problem+json"),
        (status = 502, description = "Paystack does not answer", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:write"]))
)]
pub(crate) async fn end_payout(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceWrite>,
    PayoutPath(id): PayoutPath,
    Repeatable(request): Repeatable<EndRequest>,
) -> Result<Reply<PayoutResponse>, Stopped> {
    let (finding, note) = (request.finding(), Note::parse(&request.note)?);
    let change = caller.change(Operation::PayoutEnded, id.as_str(), deps.ids.now());
    let both = (&deps.table, &deps.paystack);
    Ok(Reply((&finance::end_payout(both, &id, finding, note, change).await?).into()))
}
