//! POST /api/v1/customers/{customer_id}/links: a link with which a customer of the tenant comes to the wallet, once.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use domain::customer::CustomerId;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use web::customer::make_link;
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;

/// A link for one customer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LinkResponse {
    /// The address. Whoever opens it first is the customer, so send it to nobody else.
    url: String,
    /// The first instant at which it does not work any more: ten minutes from now.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Makes a link for a customer: it works once, within ten minutes, and signs the customer in for thirty days. Asked
/// again, it makes another one; the first still works.
#[utoipa::path(
    post,
    path = "/api/v1/customers/{customer_id}/links",
    tag = "wallet",
    operation_id = "create_customer_link",
    params(("customer_id" = String, Path, description = "The customer, by your own id: 1 to 64 letters, digits, dots, dashes and underscores")),
    responses(
        (status = 201, description = "The link", body = LinkResponse),
        (status = 422, description = "The id is not one", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["customers:write"]))
)]
pub(crate) async fn create_customer_link(
    State(deps): State<Deps>,
    caller: Caller<may::CustomersWrite>,
    Path(customer): Path<String>,
) -> Result<(StatusCode, Json<LinkResponse>), Problem> {
    let customer = CustomerId::parse(&customer)?;
    let made = make_link(&deps.table, &deps.ids, (&caller.tenant, &customer)).await;
    let (token, expires_at) = made?;
    let url = format!("{}/my/link/{token}", deps.public.0);
    tracing::info!(event = "customer_link_made", key.id = %caller.key, "made a customer's link");
    Ok((StatusCode::CREATED, Json(LinkResponse { url, expires_at })))
}
