//! POST /api/v1/loyalty/tokens, /tokens/redemption and /tokens/release: codes for whoever shows them to customers
//! (L2, L12).

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use domain::customer::CustomerId;
use domain::loyalty_token::LoyaltyToken;
use domain::member::MemberRefused;
use serde::Deserialize;
use utoipa::ToSchema;
use web::Problem;
use web::input::Json;
use web::loyalty::issue::{
    CodeFormat, IssuedCode, Released, Wish, issue_earn, issue_reward, release,
};
use web::loyalty::staff::RestaurantStaff;
use web::may;
use web::problem::ProblemBody;

use crate::Deps;

/// For whom and where a code is to be good.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenRequest {
    /// Where.
    restaurant_id: String,
    /// Who is to show it.
    customer_id: String,
    /// How it is spelled; as an address when absent.
    #[serde(default)]
    format: CodeFormat,
}

/// The same for a reward.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RewardTokenRequest {
    /// Where.
    restaurant_id: String,
    /// Who is to show it.
    customer_id: String,
    /// For which reward.
    reward_id: String,
    /// How it is spelled; as an address when absent.
    #[serde(default)]
    format: CodeFormat,
}

/// A code that is given up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReleaseRequest {
    /// What the code says.
    payload: String,
}

/// Issues a code for earning, good for five minutes and once. The customer's one before it is over.
#[utoipa::path(
    post,
    path = "/api/v1/loyalty/tokens",
    tag = "loyalty",
    operation_id = "issue_loyalty_token",
    request_body = TokenRequest,
    responses(
        (status = 201, description = "The code", body = IssuedCode),
        (status = 404, description = "No such restaurant or customer", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "It could not be drawn", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["loyalty:write"]))
)]
pub(crate) async fn issue_token(
    State(deps): State<Deps>,
    staff: RestaurantStaff<may::LoyaltyWrite>,
    Json(request): Json<TokenRequest>,
) -> Result<(StatusCode, Reply<IssuedCode>), Problem> {
    let customer = customer(&request.customer_id)?;
    let restaurant = staff.restaurant(&deps.table, Some(&request.restaurant_id)).await?;
    let wish = Wish { restaurant: &restaurant, customer: &customer, format: request.format };
    let code = issue_earn((&deps.table, &deps.ids), &deps.public_url, &wish).await?;
    Ok((StatusCode::CREATED, Reply(code)))
}

/// Issues a code for a reward, good for ten minutes and once. Its points are set aside meanwhile.
#[utoipa::path(
    post,
    path = "/api/v1/loyalty/tokens/redemption",
    tag = "loyalty",
    operation_id = "issue_reward_token",
    request_body = RewardTokenRequest,
    responses(
        (status = 201, description = "The code", body = IssuedCode),
        (status = 404, description = "No such restaurant, customer or reward", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Too few points, too many open codes, or none of the reward is left", body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "The reward is over", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "It could not be drawn", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["loyalty:write"]))
)]
pub(crate) async fn issue_reward_token(
    State(deps): State<Deps>,
    staff: RestaurantStaff<may::LoyaltyWrite>,
    Json(request): Json<RewardTokenRequest>,
) -> Result<(StatusCode, Reply<IssuedCode>), Problem> {
    let customer = customer(&request.customer_id)?;
    let restaurant = staff.restaurant(&deps.table, Some(&request.restaurant_id)).await?;
    let wish = Wish { restaurant: &restaurant, customer: &customer, format: request.format };
    let edge = (&deps.table, &deps.ids);
    let code = issue_reward(edge, &deps.public_url, &wish, &request.reward_id).await?;
    Ok((StatusCode::CREATED, Reply(code)))
}

/// Gives up a code for a reward: its points are free at once. It may be sent again.
#[utoipa::path(
    post,
    path = "/api/v1/loyalty/tokens/release",
    tag = "loyalty",
    operation_id = "release_reward_token",
    request_body = ReleaseRequest,
    responses(
        (status = 200, description = "Its points are free", body = Released),
        (status = 404, description = "No such code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It was used, or holds no points", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["loyalty:write"]))
)]
pub(crate) async fn release_token(
    State(deps): State<Deps>,
    staff: RestaurantStaff<may::LoyaltyWrite>,
    Json(request): Json<ReleaseRequest>,
) -> Result<Reply<Released>, Problem> {
    let edge = (&deps.table, &deps.ids);
    let is_own = |token: &LoyaltyToken| staff.may_see(&token.restaurant);
    Ok(Reply(release(edge, &staff.tenant, is_own, &request.payload).await?))
}

/// A customer's id. A text that is none names a customer who is not there.
fn customer(text: &str) -> Result<CustomerId, MemberRefused> {
    CustomerId::parse(text).map_err(|_| MemberRefused::Unknown)
}
