//! POST /api/v1/redemptions/{redemption_id}/rollback: takes a redemption back within the voucher's window. The limit,
//! the customer's copy and the gift get back what it took, and the code may be redeemed again.

use axum::Json as Reply;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use domain::id::RedemptionId;
use domain::redemption::{Redemption, RollbackRefused, Stood, TakenBack};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;
use web::idempotency::Held;
use web::problem::ProblemBody;
use web::till::Till;
use web::{Once, Problem, Stopped};

use crate::Deps;
use crate::response::RedemptionResponse;
use crate::take::rest;

/// How often it is all read because something was faster.
const READS_MAX: u32 = 8;

/// Nothing has to be said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RollbackRequest {}

/// The path part `redemption_id`. A text that is no id is a redemption that is not there.
#[derive(Debug)]
pub(crate) struct RedemptionPath(RedemptionId);

impl<S: Send + Sync> FromRequestParts<S> for RedemptionPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = text.map_err(|_| RollbackRefused::Unknown)?;
        Ok(Self(RedemptionId::parse(&text).map_err(|_| RollbackRefused::Unknown)?))
    }
}

/// Takes a redemption back, once per `Idempotency-Key`.
#[utoipa::path(
    post,
    path = "/api/v1/redemptions/{redemption_id}/rollback",
    tag = "vouchers",
    operation_id = "roll_back_redemption",
    params(
        ("redemption_id" = String, Path, description = "The redemption"),
        ("Idempotency-Key" = String, Header, description = "A value of your own; a repetition gets the same answer"),
    ),
    request_body = RollbackRequest,
    responses(
        (status = 200, description = "The redemption, taken back", body = RedemptionResponse),
        (status = 400, description = "No Idempotency-Key", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such redemption", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Taken back already, or too old", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["redemptions:write"]), ("device" = ["redemptions:write"]))
)]
pub(crate) async fn roll_back(
    State(deps): State<Deps>,
    till: Till,
    RedemptionPath(id): RedemptionPath,
    once: Once<RollbackRequest>,
) -> Result<Reply<RedemptionResponse>, Stopped> {
    for read in 0..READS_MAX {
        rest(read).await;
        let redemption = deps.table.redemption(&till.tenant, &id).await?;
        let redemption = redemption.filter(|redemption| till.may_see(&redemption.business));
        let stood = stood(&deps, redemption.ok_or(RollbackRefused::Unknown)?).await?;
        if let Some(reply) = take_back(&deps, stood, &once.key, deps.ids.now()).await? {
            metrics::counter!("voucher_rollbacks_total").increment(1);
            tracing::info!(event = "redemption_rolled_back", redemption.id = %id, "took back `{id}`");
            return Ok(Reply(reply));
        }
    }
    Err(RollbackRefused::Changed.into())
}

/// What belongs to a redemption.
async fn stood(deps: &Deps, redemption: Redemption) -> Result<Stood, Problem> {
    let voucher = deps.table.voucher_of(&redemption.tenant, &redemption.voucher).await?;
    let voucher = voucher.ok_or(RollbackRefused::Unknown)?;
    let claim = match redemption.customer.as_ref().filter(|_| redemption.spent_a_claim(&voucher)) {
        Some(customer) => deps.table.claim_of(&voucher.tenant, customer, &voucher.id).await?,
        None => None,
    };
    let balance = match redemption.gift_place() {
        Some(place) => deps.table.gift_balance(&voucher.id, place).await?,
        None => None,
    };
    Ok(Stood { redemption, voucher, claim, balance })
}

/// The answer once it is taken back; nothing where something was faster.
async fn take_back(
    deps: &Deps,
    stood: Stood,
    key: &Held,
    now: Timestamp,
) -> Result<Option<RedemptionResponse>, Problem> {
    let voucher = stood.voucher.clone();
    let back: TakenBack = stood.take_back(now)?;
    let of_claim = back.claim.as_ref().and_then(|claim| claim.left);
    let left = back.balance.map(|(_, balance)| balance.left).or(of_claim);
    let left = left.filter(|_| back.redemption.amount.is_some());
    let reply = RedemptionResponse::of(&back.redemption, &voucher, left);
    let answer = key.saving(StatusCode::OK, &reply);
    Ok(deps.table.commit_rollback(&back, &voucher, now, answer).await?.is_ok().then_some(reply))
}
