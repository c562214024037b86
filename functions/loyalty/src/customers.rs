//! GET /api/v1/loyalty/customers: who has points, those who joined last in front.

use axum::Json as Reply;
use axum::extract::State;
use domain::page::PageSize;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::input::Params;
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::customer::CustomerResponse;

/// What the cursors of this list are sealed for.
const LIST: &str = "loyalty customers";

/// A page of customers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CustomersResponse {
    /// The customers, those who joined last in front.
    customers: Vec<CustomerResponse>,
    /// For the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomersParams {
    /// The cursor that the page before gave.
    cursor: Option<String>,
    /// How many entries, 1 to 100.
    limit: Option<u32>,
}

/// The tenant's customers.
#[utoipa::path(
    get,
    path = "/api/v1/loyalty/customers",
    tag = "loyalty",
    operation_id = "list_loyalty_customers",
    params(CustomersParams),
    responses(
        (status = 200, description = "A page of customers", body = CustomersResponse),
        (status = 422, description = "A limit or cursor that is not valid", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["loyalty:read"]))
)]
pub(crate) async fn list_customers(
    State(deps): State<Deps>,
    caller: Caller<may::LoyaltyRead>,
    Params(params): Params<CustomersParams>,
) -> Result<Reply<CustomersResponse>, Problem> {
    let size = PageSize::parse(params.limit)?;
    let owner = caller.tenant.as_str();
    let from = deps.seal.position(owner, LIST, params.cursor.as_deref()).await?;
    let page = deps.table.members(&caller.tenant, size, from.as_ref()).await?;
    let next_cursor = match &page.next {
        Some(next) => Some(deps.seal.cursor(owner, LIST, next).await?),
        None => None,
    };
    let customers = page.entries.into_iter().map(CustomerResponse::of).collect();
    Ok(Reply(CustomersResponse { customers, next_cursor }))
}
