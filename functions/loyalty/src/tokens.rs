//! GET /api/v1/loyalty/tokens: which codes were issued for a restaurant, and what became of them (L12, L13).
//!
//! Deliberately absent: anything that could be shown as a code. A token's hash leads to none, and only its beginning
//! is here, to tell one from another.

use axum::Json as Reply;
use axum::extract::State;
use domain::customer::CustomerId;
use domain::id::RewardId;
use domain::loyalty_token::{LoyaltyToken, TokenState, TokenUse};
use domain::page::PageSize;
use futures::future::try_join_all;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::input::Params;
use web::loyalty::staff::RestaurantStaff;
use web::problem::ProblemBody;
use web::{Problem, may};

use crate::Deps;

/// What the cursors of this list are sealed for.
const LIST: &str = "loyalty tokens";
/// So much of a hash tells one code from another.
const PREFIX_CHARS: usize = 12;

/// A code that was issued.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenResponse {
    /// The beginning of its hash, 12 hexadecimal digits.
    hash_prefix: String,
    /// Who has shown it or may show it.
    #[schema(value_type = String)]
    customer_id: CustomerId,
    /// What it is for.
    purpose: TokenUse,
    /// What has become of it.
    state: TokenState,
    /// The reward that it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    reward_id: Option<RewardId>,
    /// When it was issued.
    #[schema(value_type = String, format = DateTime)]
    issued_at: Timestamp,
    /// From when on it is not good.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// When it was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    used_at: Option<Timestamp>,
}

/// A page of codes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokensResponse {
    /// The codes, those that were issued last in front.
    tokens: Vec<TokenResponse>,
    /// For the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Which page of which restaurant's.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokensParams {
    /// The restaurant; a key that is bound to one need not say it.
    restaurant_id: Option<String>,
    /// The cursor that the page before gave.
    cursor: Option<String>,
    /// How many entries, 1 to 100.
    limit: Option<u32>,
}

/// The codes of a restaurant. A key that is bound to one sees only its own.
#[utoipa::path(
    get,
    path = "/api/v1/loyalty/tokens",
    tag = "loyalty",
    operation_id = "list_loyalty_tokens",
    params(TokensParams),
    responses(
        (status = 200, description = "A page of codes", body = TokensResponse),
        (status = 404, description = "No such restaurant", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "No restaurant, or a limit or cursor that is not valid", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["loyalty:read"]))
)]
pub(crate) async fn list_tokens(
    State(deps): State<Deps>,
    staff: RestaurantStaff<may::LoyaltyRead>,
    Params(params): Params<TokensParams>,
) -> Result<Reply<TokensResponse>, Problem> {
    let size = PageSize::parse(params.limit)?;
    let restaurant = staff.restaurant(&deps.table, params.restaurant_id.as_deref()).await?;
    let (owner, list) = (staff.tenant.as_str(), format!("{LIST} {}", restaurant.id));
    let from = deps.seal.position(owner, &list, params.cursor.as_deref()).await?;
    let whose = (&staff.tenant, &restaurant.id);
    let page = deps.table.tokens_of_restaurant(whose, size, from.as_ref()).await?;
    let next_cursor = match &page.next {
        Some(next) => Some(deps.seal.cursor(owner, &list, next).await?),
        None => None,
    };
    let shown = page.entries.into_iter().map(|token| shown(&deps, token));
    Ok(Reply(TokensResponse { tokens: try_join_all(shown).await?, next_cursor }))
}

async fn shown(deps: &Deps, token: LoyaltyToken) -> Result<TokenResponse, Problem> {
    Ok(TokenResponse {
        hash_prefix: token.hash.as_str().chars().take(PREFIX_CHARS).collect(),
        state: state(deps, &token).await?,
        purpose: token.purpose(),
        customer_id: token.customer,
        reward_id: token.claimed.map(|claimed| claimed.reward),
        issued_at: token.issued_at,
        expires_at: token.expires_at,
        used_at: token.used.map(|used| used.at),
    })
}

/// What has become of a token. A code for earning ends when the customer has a newer one, which it does not know.
async fn state(deps: &Deps, token: &LoyaltyToken) -> Result<TokenState, Problem> {
    let known = token.state(deps.ids.now());
    if known != TokenState::Active || token.purpose() != TokenUse::Earn {
        return Ok(known);
    }
    let LoyaltyToken { tenant, restaurant, customer, .. } = token;
    let current = deps.table.current_token(tenant, restaurant, customer).await?;
    Ok(if current.as_ref() == Some(&token.hash) { known } else { TokenState::Expired })
}
