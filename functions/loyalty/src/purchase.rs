//! POST /api/v1/loyalty/purchases: points for a purchase or a visit, once per reference of its restaurant.

use axum::Json as Reply;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use domain::customer::CustomerId;
use domain::failure::{FieldError, InvalidFields};
use domain::id::RestaurantId;
use domain::member::Member;
use domain::money::Money;
use domain::points::PurchaseReference;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::try_join;
use utoipa::ToSchema;
use web::Problem;
use web::idempotency::REPLAYED;
use web::input::Json;
use web::loyalty::points::{Earned, Purchase, award};
use web::loyalty::verified::AwardRequest;
use web::problem::ProblemBody;

use crate::Deps;
use crate::counter::Counter;
use crate::{customer, programme, search};

/// A purchase that points are wanted for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PurchaseRequest {
    /// Where it was; a key that is bound to a restaurant need not say it.
    #[serde(default)]
    restaurant_id: Option<String>,
    /// Whose purchase. Send this or `email`.
    #[serde(default)]
    customer_id: Option<String>,
    /// The address of whoever has bought something.
    #[serde(default)]
    email: Option<String>,
    /// What was spent. Send this or `visit`.
    #[serde(default)]
    amount: Option<Money>,
    /// That the customer was there: `true`.
    #[serde(default)]
    visit: Option<bool>,
    /// The till's own name of the purchase, which is counted once: 1 to 64 of `A-Z a-z 0-9 . _ -`.
    reference: String,
}

/// Points that were given for a purchase.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PurchaseResponse {
    /// The till's name of the purchase, by which it can be reversed.
    #[schema(value_type = String)]
    purchase_reference: PurchaseReference,
    /// Where it was.
    #[schema(value_type = String)]
    restaurant_id: RestaurantId,
    /// Whose points.
    #[schema(value_type = String)]
    customer_id: CustomerId,
    /// How many points were given; fewer than the purchase is worth where the most of a day was reached.
    awarded: i64,
    /// What the customer could spend after it, in points.
    balance: i64,
    /// When they were given.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// Gives points for a purchase or a visit. The reference makes it happen once: the same again gets the first answer.
#[utoipa::path(
    post,
    path = "/api/v1/loyalty/purchases",
    tag = "loyalty",
    operation_id = "count_purchase",
    request_body = PurchaseRequest,
    responses(
        (status = 200, description = "Counted before: the answer of then", body = PurchaseResponse),
        (status = 201, description = "Points were given", body = PurchaseResponse),
        (status = 404, description = "No such restaurant or customer", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Another purchase has this reference, or the most of a day was reached", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Something that this programme gives no points for", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["loyalty:redeem"]), ("api_key" = ["loyalty:write"]))
)]
pub(crate) async fn count_purchase(
    State(deps): State<Deps>,
    counter: Counter,
    Json(request): Json<PurchaseRequest>,
) -> Result<(StatusCode, HeaderMap, Reply<PurchaseResponse>), Problem> {
    let reference = PurchaseReference::parse(&request.reference)?;
    let (won, _) = AwardRequest::from(&request).read()?;
    let restaurant = counter.restaurant(&deps.table, request.restaurant_id.as_deref()).await?;
    let (programme, member) = try_join!(
        programme::load(&deps, counter.tenant(), &restaurant.programme),
        buyer(&deps, &counter, &request),
    )?;
    let purchase = Purchase {
        programme: &programme,
        restaurant: &restaurant.id,
        customer: &member.id,
        reference: &reference,
        award: won,
    };
    let earned = award(&deps.table, &purchase, deps.ids.clock()).await?;
    told(&restaurant.id, &earned);
    let status = if earned.is_repeat { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, replayed(earned.is_repeat), Reply(PurchaseResponse::of(&purchase, earned))))
}

impl PurchaseResponse {
    fn of(purchase: &Purchase<'_>, earned: Earned) -> Self {
        Self {
            purchase_reference: purchase.reference.clone(),
            restaurant_id: purchase.restaurant.clone(),
            customer_id: purchase.customer.clone(),
            awarded: earned.points,
            balance: earned.balance,
            at: earned.at,
        }
    }
}

/// Says that points were given, once.
fn told(restaurant: &RestaurantId, earned: &Earned) {
    let Earned { points, is_repeat: false, .. } = earned else { return };
    tracing::info!(event = "purchase_counted", restaurant.id = %restaurant, points, "gave {points} points");
}

/// What tells the answer of the first time from the first answer.
pub(crate) fn replayed(is_repeat: bool) -> HeaderMap {
    let header = is_repeat.then(|| (REPLAYED, HeaderValue::from_static("true")));
    header.into_iter().collect()
}

impl From<&PurchaseRequest> for AwardRequest {
    fn from(request: &PurchaseRequest) -> Self {
        Self { amount: request.amount, visit: request.visit, reference: None }
    }
}

/// Whoever has bought something, by id or by address.
async fn buyer(
    deps: &Deps,
    counter: &Counter,
    request: &PurchaseRequest,
) -> Result<Member, Problem> {
    match (&request.customer_id, &request.email) {
        (Some(id), None) => customer::load(deps, counter.tenant(), &CustomerId::parse(id)?).await,
        (None, Some(email)) => search::of_email(deps, counter, email).await,
        (None, None) | (Some(_), Some(_)) => {
            let detail = "send either customer_id or email";
            let error = FieldError::new("customer_id", "missing", detail);
            Err(InvalidFields(vec![error]).into())
        }
    }
}
