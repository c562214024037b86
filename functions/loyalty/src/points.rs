//! GET /api/v1/loyalty/customers/{customer_id}/balance and …/history: what a customer has in a programme, and what has
//! happened to it.

use adapters::table::StoredPoints;
use axum::Json as Reply;
use axum::extract::State;
use domain::failure::{FieldError, InvalidFields};
use domain::id::{ProgrammeId, RestaurantId, RewardId, TenantId};
use domain::money::Money;
use domain::page::PageSize;
use domain::points::{LineKind, PurchaseReference};
use domain::programme::{Award, Programme, ProgrammeRefused};
use domain::restaurant::RestaurantRefused;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::input::Params;
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::customer::{self, CustomerPath};
use crate::programme;

/// What the cursors of this list are sealed for.
const LIST: &str = "points";

/// What a customer has.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BalanceResponse {
    /// In which programme.
    #[schema(value_type = String)]
    programme_id: ProgrammeId,
    /// What can be spent now, in points; below zero where a reversal has taken more than there was.
    balance: i64,
    /// What codes for rewards hold, in points.
    held: i64,
    /// Which points run out next; `null` where none do.
    expires_next: Option<ExpiryResponse>,
}

/// Points that run out together.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExpiryResponse {
    /// From when on they are gone.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// How many.
    points: i64,
}

/// Something that has happened to a customer's points.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LineResponse {
    /// What it was.
    kind: LineKind,
    /// To how many points, always above zero.
    points: i64,
    /// At which restaurant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    restaurant_id: Option<RestaurantId>,
    /// The till's name of the purchase.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    purchase_reference: Option<PurchaseReference>,
    /// What was spent in money.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<Money>,
    /// For which reward.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    reward_id: Option<RewardId>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What could be spent after it, and after what else has happened at that moment.
    balance: i64,
}

/// A page of a customer's history.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryResponse {
    /// What has happened, the last in front.
    lines: Vec<LineResponse>,
    /// For the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// In which programme: name it, or one of its restaurants.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct BalanceParams {
    /// The programme.
    programme_id: Option<String>,
    /// A restaurant of the programme.
    restaurant_id: Option<String>,
}

/// Which page of what happened in which programme: name it, or one of its restaurants.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct HistoryParams {
    /// The programme.
    programme_id: Option<String>,
    /// A restaurant of the programme.
    restaurant_id: Option<String>,
    /// The cursor that the page before gave.
    cursor: Option<String>,
    /// How many changes, 1 to 100. One may have several lines.
    limit: Option<u32>,
}

/// The programme that is named, by itself or by one of its restaurants.
///
/// # Errors
/// [`InvalidFields`] unless one of them is named, the refusal of one that is not there, or the store's failure.
pub(crate) async fn programme_of(
    deps: &Deps,
    tenant: &TenantId,
    named: (Option<&str>, Option<&str>),
) -> Result<Programme, Problem> {
    let id = match named {
        (Some(programme), None) => {
            ProgrammeId::parse(programme).map_err(|_| ProgrammeRefused::Unknown)?
        }
        (None, Some(restaurant)) => {
            let id = RestaurantId::parse(restaurant).map_err(|_| RestaurantRefused::Unknown)?;
            let found = deps.table.restaurant(tenant, &id).await?;
            found.ok_or(RestaurantRefused::Unknown)?.programme
        }
        (None, None) | (Some(_), Some(_)) => {
            let detail = "name either the programme or one of its restaurants";
            let error = FieldError::new("programme_id", "missing", detail);
            return Err(InvalidFields(vec![error]).into());
        }
    };
    programme::load(deps, tenant, &id).await
}

/// What a customer has in a programme.
#[utoipa::path(
    get,
    path = "/api/v1/loyalty/customers/{customer_id}/balance",
    tag = "loyalty",
    operation_id = "read_balance",
    params(("customer_id" = String, Path, description = "The customer"), BalanceParams),
    responses(
        (status = 200, description = "What the customer has", body = BalanceResponse),
        (status = 404, description = "No such customer, programme or restaurant", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "No programme", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["loyalty:read"]))
)]
pub(crate) async fn read_balance(
    State(deps): State<Deps>,
    caller: Caller<may::LoyaltyRead>,
    CustomerPath(id): CustomerPath,
    Params(params): Params<BalanceParams>,
) -> Result<Reply<BalanceResponse>, Problem> {
    let named = (params.programme_id.as_deref(), params.restaurant_id.as_deref());
    let programme = programme_of(&deps, &caller.tenant, named).await?;
    let member = customer::load(&deps, &caller.tenant, &id).await?;
    let purse = deps.table.purse(&caller.tenant, &programme.id, &member.id).await?;
    let now = deps.ids.now();
    let next = purse.expires_next(now);
    Ok(Reply(BalanceResponse {
        programme_id: programme.id,
        balance: purse.free(now),
        held: purse.held(now),
        expires_next: next.map(|(at, points)| ExpiryResponse { at, points }),
    }))
}

/// What has happened to a customer's points in a programme.
#[utoipa::path(
    get,
    path = "/api/v1/loyalty/customers/{customer_id}/history",
    tag = "loyalty",
    operation_id = "list_history",
    params(("customer_id" = String, Path, description = "The customer"), HistoryParams),
    responses(
        (status = 200, description = "A page of what happened", body = HistoryResponse),
        (status = 404, description = "No such customer, programme or restaurant", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "No programme, or a limit or cursor that is not valid", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["loyalty:read"]))
)]
pub(crate) async fn list_history(
    State(deps): State<Deps>,
    caller: Caller<may::LoyaltyRead>,
    CustomerPath(id): CustomerPath,
    Params(params): Params<HistoryParams>,
) -> Result<Reply<HistoryResponse>, Problem> {
    let size = PageSize::parse(params.limit)?;
    let named = (params.programme_id.as_deref(), params.restaurant_id.as_deref());
    let programme = programme_of(&deps, &caller.tenant, named).await?;
    let member = customer::load(&deps, &caller.tenant, &id).await?;
    let (owner, list) = (caller.tenant.as_str(), format!("{LIST} {} {}", programme.id, member.id));
    let from = deps.seal.position(owner, &list, params.cursor.as_deref()).await?;
    let whose = (&caller.tenant, &programme.id, &member.id);
    let page = deps.table.points_of_customer(whose, size, from.as_ref()).await?;
    let next_cursor = match &page.next {
        Some(next) => Some(deps.seal.cursor(owner, &list, next).await?),
        None => None,
    };
    let lines = page.entries.iter().flat_map(LineResponse::of).collect();
    Ok(Reply(HistoryResponse { lines, next_cursor }))
}

impl LineResponse {
    /// The lines of a change, the last in front.
    fn of(stored: &StoredPoints) -> impl Iterator<Item = Self> {
        stored.transaction.lines.iter().rev().map(|line| {
            // What had run out before has nothing to do with the purchase.
            let is_own = matches!(line.kind, LineKind::Earned | LineKind::TakenBack);
            let amount = stored.award.and_then(Award::amount).filter(|_| is_own);
            Self {
                kind: line.kind,
                points: line.points,
                restaurant_id: stored.restaurant.clone(),
                purchase_reference: stored.purchase.clone().filter(|_| is_own),
                amount,
                reward_id: line.reward.clone(),
                at: stored.at,
                balance: stored.balance,
            }
        })
    }
}
