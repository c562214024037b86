//! GET /wallet/{restaurant_id}/state: what a page asks every few seconds while it shows a code.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use domain::loyalty_token::{LoyaltyToken, TokenState};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::try_join;
use utoipa::ToSchema;
use web::Problem;
use web::input::Params;
use web::loyalty::issue::hash_of;
use web::principal::AccessRefused;
use web::problem::ProblemBody;

use crate::Deps;
use crate::door::{Place, Visit, Wants};

/// Which code.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StateQuery {
    #[serde(default)]
    code: Option<String>,
}

/// A customer's points, and what has become of a code.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WalletState {
    /// What the customer can spend, in points.
    balance: i64,
    /// Counts the changes of the points; a page that shows another number is old.
    version: u64,
    /// The code that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<CodeState>,
}

/// What has become of a code.
#[derive(Debug, Serialize, ToSchema)]
struct CodeState {
    /// `active`, `used` or `expired`.
    #[schema(value_type = String)]
    state: TokenState,
    /// The points that it brought.
    #[serde(skip_serializing_if = "Option::is_none")]
    awarded: Option<i64>,
}

/// A customer's points, and what has become of the code that the page shows.
#[utoipa::path(
    get,
    path = "/wallet/{restaurant_id}/state",
    tag = "loyalty",
    operation_id = "wallet_state",
    params(
        ("restaurant_id" = String, Path, description = "The restaurant"),
        ("code" = Option<String>, Query, description = "The id of a code that the page shows"),
    ),
    responses(
        (status = 200, description = "The points and the code", body = WalletState),
        (status = 401, description = "No customer has signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Another site asks", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such restaurant", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("customer" = []))
)]
pub(crate) async fn wallet_state(
    State(deps): State<Deps>,
    Place { restaurant, .. }: Place,
    Params(query): Params<StateQuery>,
    headers: HeaderMap,
) -> Response {
    match look(&deps, &restaurant, &query, &headers).await {
        Ok(state) => Json(state).into_response(),
        Err(problem) => Wants::Json.turned_away(problem),
    }
}

async fn look(
    deps: &Deps,
    restaurant: &str,
    query: &StateQuery,
    headers: &HeaderMap,
) -> Result<WalletState, Problem> {
    if headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin") {
        return Err(AccessRefused::ForeignSite.into());
    }
    let visit = Visit::of(deps, headers, restaurant).await?;
    let (tenant, customer, now) = (&visit.customer.tenant, &visit.customer.id, deps.ids.now());
    let purse = deps.table.purse(tenant, &visit.restaurant.programme, customer);
    let code = async {
        match query.code.as_deref().and_then(hash_of) {
            Some(hash) => deps.table.loyalty_token(&hash).await,
            None => Ok(None),
        }
    };
    let (purse, code) = try_join!(purse, code)?;
    let own = |token: &LoyaltyToken| token.tenant == *tenant && token.customer == *customer;
    let code = match code.filter(own) {
        Some(token) => Some(become_of(deps, &token, now).await?),
        None => None,
    };
    Ok(WalletState { balance: purse.free(now), version: purse.version, code })
}

/// A code for earning is over once there is a newer one.
async fn become_of(
    deps: &Deps,
    token: &LoyaltyToken,
    now: Timestamp,
) -> Result<CodeState, Problem> {
    let awarded = token.used.as_ref().and_then(|used| used.outcome.awarded);
    let state = token.state(now);
    if state != TokenState::Active || token.claimed.is_some() {
        return Ok(CodeState { state, awarded });
    }
    let LoyaltyToken { tenant, restaurant, customer, hash, .. } = token;
    let current = deps.table.current_token(tenant, restaurant, customer).await?;
    let is_current = current.as_ref() == Some(hash);
    let state = if is_current { state } else { TokenState::Expired };
    Ok(CodeState { state, awarded })
}
