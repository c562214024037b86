//! POST /webhooks/paystack/{tenant}: Paystack tells that something has happened.

use axum::extract::State;
use axum::http::StatusCode;
use domain::message::{PaymentMessage, SignedEvent};
use web::Problem;
use web::problem::ProblemBody;

use crate::Deps;
use crate::signed::SignedPaystackEvent;

/// Takes an event of Paystack's. It is answered once the queue keeps it, and read only after that.
#[utoipa::path(
    post,
    path = "/webhooks/paystack/{tenant}",
    tag = "webhooks",
    operation_id = "receive_paystack_event",
    params(
        ("tenant" = String, Path, description = "The organisation whose Paystack account it is"),
        ("x-paystack-signature" = String, Header, description = "HMAC-SHA512 over the body, in lower-case hexadecimal, with the account's secret key"),
    ),
    request_body(content = String, description = "The event, to the byte as it was signed", content_type = "application/json"),
    responses(
        (status = 200, description = "It is kept"),
        (status = 401, description = "The signature is not this organisation's", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "A body of more than 40 KB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "It could not be kept; send it again", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security()
)]
pub(crate) async fn receive_event(
    State(deps): State<Deps>,
    SignedPaystackEvent { tenant, text }: SignedPaystackEvent,
) -> Result<StatusCode, Problem> {
    let received_at = deps.clock.now();
    let message = PaymentMessage::Webhook(SignedEvent { tenant, received_at, event: text });
    deps.queue.send(&message).await?;
    Ok(StatusCode::OK)
}
