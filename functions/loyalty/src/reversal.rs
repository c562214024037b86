//! POST /api/v1/loyalty/purchases/{reference}/reversal: takes back what was given for a purchase, once, and below zero
//! only as far as the programme lets a customer owe points.

use axum::Json as Reply;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use domain::customer::CustomerId;
use domain::points::{PointsRefused, PurchaseReference};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::Problem;
use web::input::Json;
use web::loyalty::points::{Returned, take_back};
use web::problem::ProblemBody;

use crate::Deps;
use crate::counter::Counter;
use crate::programme;
use crate::purchase::replayed;

/// Where the purchase was.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReversalRequest {
    /// The restaurant; a key that is bound to one need not say it.
    #[serde(default)]
    restaurant_id: Option<String>,
}

/// Points that were taken back.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReversalResponse {
    /// The till's name of the purchase.
    #[schema(value_type = String)]
    purchase_reference: PurchaseReference,
    /// Whose points.
    #[schema(value_type = String)]
    customer_id: CustomerId,
    /// How many points were taken back.
    taken_back: i64,
    /// How many were spent already, beyond what the programme lets the customer owe.
    missing: i64,
    /// What the customer could spend after it; below zero where the customer owes points.
    balance: i64,
    /// When they were taken back.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// The path part `reference`. A text that is none is a purchase that is not there.
#[derive(Debug)]
pub(crate) struct ReferencePath(PurchaseReference);

impl<S: Send + Sync> FromRequestParts<S> for ReferencePath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = text.map_err(|_| PointsRefused::PurchaseUnknown)?;
        let reference = PurchaseReference::parse(&text);
        Ok(Self(reference.map_err(|_| PointsRefused::PurchaseUnknown)?))
    }
}

/// Takes back what was given for a purchase. The same again gets the first answer.
#[utoipa::path(
    post,
    path = "/api/v1/loyalty/purchases/{reference}/reversal",
    tag = "loyalty",
    operation_id = "reverse_purchase",
    params(("reference" = String, Path, description = "The till's name of the purchase")),
    request_body = ReversalRequest,
    responses(
        (status = 200, description = "What was taken back", body = ReversalResponse),
        (status = 404, description = "No such purchase or restaurant", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "No restaurant", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["loyalty:redeem"]), ("api_key" = ["loyalty:write"]))
)]
pub(crate) async fn reverse_purchase(
    State(deps): State<Deps>,
    counter: Counter,
    ReferencePath(reference): ReferencePath,
    Json(request): Json<ReversalRequest>,
) -> Result<(HeaderMap, Reply<ReversalResponse>), Problem> {
    let restaurant = counter.restaurant(&deps.table, request.restaurant_id.as_deref()).await?;
    let programme = programme::load(&deps, counter.tenant(), &restaurant.programme).await?;
    let purchase = (&restaurant.id, &reference);
    let returned = take_back(&deps.table, &programme, purchase, deps.ids.clock()).await?;
    let Returned { customer, taken, missing, balance, at, is_repeat } = returned;
    if !is_repeat {
        tracing::info!(event = "purchase_reversed", restaurant.id = %restaurant.id, taken, missing, "took {taken} points back");
    }
    let reply = ReversalResponse {
        purchase_reference: reference,
        customer_id: customer,
        taken_back: taken,
        missing,
        balance,
        at,
    };
    Ok((replayed(is_repeat), Reply(reply)))
}
