//! POST /api/v1/loyalty/customers/search: who has this e-mail address (L6). The address is in the body, so that none
//! gets into an access log.

use axum::Json as Reply;
use axum::extract::State;
use domain::member::{EmailHash, Member, MemberRefused};
use serde::Deserialize;
use utoipa::ToSchema;
use web::Problem;
use web::input::Json;
use web::problem::ProblemBody;

use crate::Deps;
use crate::counter::Counter;
use crate::customer::{CustomerResponse, email};

/// Who is looked for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchRequest {
    /// Their address, however its letters are written.
    email: String,
}

/// The customer with an e-mail address.
#[utoipa::path(
    post,
    path = "/api/v1/loyalty/customers/search",
    tag = "loyalty",
    operation_id = "find_loyalty_customer",
    request_body = SearchRequest,
    responses(
        (status = 200, description = "The customer", body = CustomerResponse),
        (status = 404, description = "Nobody has this address", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "No address", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["loyalty:redeem"]), ("api_key" = ["loyalty:write"]))
)]
pub(crate) async fn find_customer(
    State(deps): State<Deps>,
    counter: Counter,
    Json(request): Json<SearchRequest>,
) -> Result<Reply<CustomerResponse>, Problem> {
    let member = of_email(&deps, &counter, &request.email).await?;
    Ok(Reply(CustomerResponse::of(member)))
}

/// The customer with this address.
pub(crate) async fn of_email(
    deps: &Deps,
    counter: &Counter,
    text: &str,
) -> Result<Member, Problem> {
    let hash = EmailHash::of(counter.tenant(), &email(text)?);
    let found = deps.table.member_by_email(counter.tenant(), &hash).await?;
    Ok(found.ok_or(MemberRefused::Unknown)?)
}
