//! POST /api/v1/loyalty/rewards, GET and PUT /api/v1/loyalty/rewards/{reward_id}: what points are spent on.

use axum::Json as Reply;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use domain::id::{ProgrammeId, RewardId, TenantId};
use domain::reward::{Reward, RewardRefused, RewardState, RewardTerms};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::idempotency::KeyRefused;
use web::input::Json;
use web::problem::ProblemBody;
use web::{Caller, Once, Problem, Stopped, may};

use crate::Deps;
use crate::programme;

/// A reward.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RewardResponse {
    /// Its id.
    #[schema(value_type = String)]
    reward_id: RewardId,
    /// For whose points.
    #[schema(value_type = String)]
    programme_id: ProgrammeId,
    /// What is said of it.
    #[serde(flatten)]
    terms: RewardTerms,
    /// Whether it can be had now.
    state: RewardState,
    /// How many were given.
    given: u32,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Counts the changes of what is said of it.
    version: u64,
}

/// A reward that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateRewardRequest {
    /// For whose points.
    #[schema(value_type = String)]
    programme_id: ProgrammeId,
    /// What is said of it.
    #[serde(flatten)]
    terms: RewardTerms,
}

/// What a reward is to be from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplaceRewardRequest {
    /// The version that this change is made to; without it, whatever is there is changed.
    #[serde(default)]
    version: Option<u64>,
    /// What is said of it.
    #[serde(flatten)]
    terms: RewardTerms,
}

/// The path part `reward_id`. A text that is no id is a reward that is not there.
#[derive(Debug)]
pub(crate) struct RewardPath(RewardId);

impl<S: Send + Sync> FromRequestParts<S> for RewardPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = text.map_err(|_| RewardRefused::Unknown)?;
        Ok(Self(RewardId::parse(&text).map_err(|_| RewardRefused::Unknown)?))
    }
}

impl RewardResponse {
    /// A reward as it is at this instant.
    pub(crate) fn of(reward: Reward, now: Timestamp) -> Self {
        Self {
            state: reward.state(now),
            reward_id: reward.id,
            programme_id: reward.programme,
            terms: reward.terms,
            given: reward.given,
            created_at: reward.created_at,
            version: reward.version,
        }
    }
}

async fn load(deps: &Deps, tenant: &TenantId, id: &RewardId) -> Result<Reward, Problem> {
    Ok(deps.table.reward(tenant, id).await?.ok_or(RewardRefused::Unknown)?)
}

/// Offers a reward for the points of a programme. Needs an `Idempotency-Key`.
#[utoipa::path(
    post,
    path = "/api/v1/loyalty/rewards",
    tag = "loyalty",
    operation_id = "create_reward",
    params(("Idempotency-Key" = String, Header, description = "A value of your own; a repetition offers no second reward")),
    request_body = CreateRewardRequest,
    responses(
        (status = 201, description = "The reward", body = RewardResponse),
        (status = 400, description = "No Idempotency-Key", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such programme", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The same request is still running", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A reward that breaks a rule", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["loyalty:write"]))
)]
pub(crate) async fn create_reward(
    State(deps): State<Deps>,
    caller: Caller<may::LoyaltyWrite>,
    once: Once<CreateRewardRequest>,
) -> Result<(StatusCode, Reply<RewardResponse>), Stopped> {
    let CreateRewardRequest { programme_id, terms } = once.request;
    let terms = terms.check()?;
    let programme = programme::load(&deps, &caller.tenant, &programme_id).await?;
    let (id, now) = (deps.ids.make(RewardId::new), deps.ids.now());
    let reward = Reward::offer(id, (caller.tenant, programme.id), terms, now);
    let reply = RewardResponse::of(reward.clone(), now);
    let answer = once.key.saving(StatusCode::CREATED, &reply);
    if !deps.table.insert_reward(&reward, answer).await? {
        return Err(KeyRefused::Running.into());
    }
    tracing::info!(event = "reward_offered", reward.id = %reward.id, "offered reward `{}`", reward.id);
    Ok((StatusCode::CREATED, Reply(reply)))
}

/// One reward.
#[utoipa::path(
    get,
    path = "/api/v1/loyalty/rewards/{reward_id}",
    tag = "loyalty",
    operation_id = "read_reward",
    params(("reward_id" = String, Path, description = "The reward")),
    responses(
        (status = 200, description = "The reward", body = RewardResponse),
        (status = 404, description = "No such reward", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["loyalty:read"]))
)]
pub(crate) async fn read_reward(
    State(deps): State<Deps>,
    caller: Caller<may::LoyaltyRead>,
    RewardPath(id): RewardPath,
) -> Result<Reply<RewardResponse>, Problem> {
    let reward = load(&deps, &caller.tenant, &id).await?;
    Ok(Reply(RewardResponse::of(reward, deps.ids.now())))
}

/// Replaces what is said of a reward. Codes that were issued keep the price that they were issued for, and what was
/// given stays counted.
#[utoipa::path(
    put,
    path = "/api/v1/loyalty/rewards/{reward_id}",
    tag = "loyalty",
    operation_id = "replace_reward",
    params(("reward_id" = String, Path, description = "The reward")),
    request_body = ReplaceRewardRequest,
    responses(
        (status = 200, description = "The reward as it is now", body = RewardResponse),
        (status = 404, description = "No such reward", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Changed by somebody else", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A reward that breaks a rule", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["loyalty:write"]))
)]
pub(crate) async fn replace_reward(
    State(deps): State<Deps>,
    caller: Caller<may::LoyaltyWrite>,
    RewardPath(id): RewardPath,
    Json(request): Json<ReplaceRewardRequest>,
) -> Result<Reply<RewardResponse>, Problem> {
    let ReplaceRewardRequest { version, terms } = request;
    let terms = terms.check()?;
    let before = load(&deps, &caller.tenant, &id).await?;
    let read = before.version;
    let reward = before.changed(terms);
    let expected = version.is_none_or(|version| version == read);
    if !expected || !deps.table.replace_reward(&reward, read).await? {
        return Err(RewardRefused::Changed.into());
    }
    Ok(Reply(RewardResponse::of(reward, deps.ids.now())))
}
