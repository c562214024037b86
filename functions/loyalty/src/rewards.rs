//! GET /api/v1/loyalty/rewards: what a programme's points are spent on, by price.

use axum::Json as Reply;
use axum::extract::State;
use domain::page::PageSize;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::input::Params;
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::points::programme_of;
use crate::reward::RewardResponse;

/// What the cursors of this list are sealed for.
const LIST: &str = "rewards";

/// A page of rewards.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RewardsResponse {
    /// The rewards, by price.
    rewards: Vec<RewardResponse>,
    /// For the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Which page of whose rewards. Name the programme, or one of its restaurants.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct RewardsParams {
    /// The programme.
    programme_id: Option<String>,
    /// A restaurant of the programme.
    restaurant_id: Option<String>,
    /// The cursor that the page before gave.
    cursor: Option<String>,
    /// How many entries, 1 to 100.
    limit: Option<u32>,
}

/// The rewards of a programme.
#[utoipa::path(
    get,
    path = "/api/v1/loyalty/rewards",
    tag = "loyalty",
    operation_id = "list_rewards",
    params(RewardsParams),
    responses(
        (status = 200, description = "A page of rewards", body = RewardsResponse),
        (status = 404, description = "No such programme or restaurant", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "No programme, or a limit or cursor that is not valid", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["loyalty:read"]))
)]
pub(crate) async fn list_rewards(
    State(deps): State<Deps>,
    caller: Caller<may::LoyaltyRead>,
    Params(params): Params<RewardsParams>,
) -> Result<Reply<RewardsResponse>, Problem> {
    let size = PageSize::parse(params.limit)?;
    let named = (params.programme_id.as_deref(), params.restaurant_id.as_deref());
    let programme = programme_of(&deps, &caller.tenant, named).await?;
    let (owner, list) = (caller.tenant.as_str(), format!("{LIST} {}", programme.id));
    let from = deps.seal.position(owner, &list, params.cursor.as_deref()).await?;
    let page = deps.table.rewards((&caller.tenant, &programme.id), size, from.as_ref()).await?;
    let next_cursor = match &page.next {
        Some(next) => Some(deps.seal.cursor(owner, &list, next).await?),
        None => None,
    };
    let now = deps.ids.now();
    let shown = page.entries.into_iter().map(|reward| RewardResponse::of(reward, now));
    Ok(Reply(RewardsResponse { rewards: shown.collect(), next_cursor }))
}
