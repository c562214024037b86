//! POST /api/v1/loyalty/verify: `verifyAndConsumeToken` (L8, L20, L21).

use axum::Json as Reply;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;
use web::idempotency::{REPLAYED, key_of};
use web::input::Json;
use web::loyalty::staff::RestaurantStaff;
use web::loyalty::verified::{VerifiedResponse, VerifyRequest};
use web::loyalty::verify::verify;
use web::problem::ProblemBody;
use web::{Problem, may};

use crate::Deps;

/// A refusal of a code.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NotValid {
    /// The problem.
    #[serde(flatten)]
    problem: ProblemBody,
    /// `false`.
    valid: bool,
    /// The same as `detail` (L29 to L32).
    error: String,
}

/// Uses a code, once: identifies the customer, and gives the points or the reward in the same write. Without `award` a
/// code for earning only identifies. A repetition with the same `Idempotency-Key` gets the same success. A code that is
/// refused for another restaurant, for its award or for want of stock stays usable.
#[utoipa::path(
    post,
    path = "/api/v1/loyalty/verify",
    tag = "loyalty",
    operation_id = "verify_loyalty_token",
    params(("Idempotency-Key" = Option<String>, Header, description = "A value of your own; a repetition gets the same success")),
    request_body = VerifyRequest,
    responses(
        (status = 200, description = "It was used", body = VerifiedResponse),
        (status = 403, description = "Invalid for this restaurant", body = NotValid, content_type = "application/problem+json"),
        (status = 404, description = "Invalid QR code; or no such restaurant", body = NotValid, content_type = "application/problem+json"),
        (status = 409, description = "QR code already used; or the purchase was counted, or none of the reward is left", body = NotValid, content_type = "application/problem+json"),
        (status = 410, description = "QR code has expired", body = NotValid, content_type = "application/problem+json"),
        (status = 422, description = "An award that gives no points, or another request with this key", body = NotValid, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["loyalty:redeem"]))
)]
pub(crate) async fn verify_token(
    State(deps): State<Deps>,
    staff: RestaurantStaff<may::LoyaltyRedeem>,
    headers: HeaderMap,
    Json(request): Json<VerifyRequest>,
) -> Result<impl IntoResponse, Problem> {
    let key = key_of(&headers)?;
    let verified = verify((&deps.table, &deps.ids), &staff, &request, key).await?;
    let replayed = verified.is_repeat.then(|| (REPLAYED, HeaderValue::from_static("true")));
    let headers: HeaderMap = replayed.into_iter().collect();
    Ok((headers, Reply(VerifiedResponse::from(&verified))))
}
