//! GET /api/v1/customers/vouchers/{voucher_id}/code: a customer's own code (V6, V27).

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::Problem;
use web::customer::Acting;
use web::input::Params;
use web::problem::ProblemBody;
use web::wallet::{Held, held, user_code};

use crate::door::named;
use crate::{Deps, draw};

/// For whom.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeQuery {
    #[serde(default)]
    customer_id: Option<String>,
}

/// A customer's code.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CodeResponse {
    /// The signed token.
    token: String,
    /// The address with it: what the QR code carries.
    url: String,
    /// The QR code.
    svg: String,
    /// The first instant at which it is no longer good: five minutes from now.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// A new code with which the customer's voucher is redeemed, good for five minutes.
#[utoipa::path(
    get,
    path = "/api/v1/customers/vouchers/{voucher_id}/code",
    tag = "wallet",
    operation_id = "voucher_code",
    params(
        ("voucher_id" = String, Path, description = "The voucher's id"),
        ("customer_id" = Option<String>, Query, description = "The customer, by your own id; required with a key"),
    ),
    responses(
        (status = 200, description = "The code", body = CodeResponse),
        (status = 404, description = "It is not in the wallet", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It was redeemed, by this customer or as often as it may be at all, or is not to be had now", body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "It has expired, or was taken back", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "No customer is named", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["customers:write"]), ("customer" = []))
)]
pub(crate) async fn voucher_code(
    State(deps): State<Deps>,
    acting: Acting,
    path: Result<Path<String>, PathRejection>,
    Params(query): Params<CodeQuery>,
) -> Result<Json<CodeResponse>, Problem> {
    let (id, now) = (named(path)?, deps.ids.now());
    let customer = acting.customer(query.customer_id.as_deref())?;
    let Held { claim, voucher } = held(&deps.table, (acting.tenant(), &customer), &id, now).await?;
    let code = user_code((&deps.table, &deps.signer), &voucher, &claim, now).await?;
    let svg = draw::code(&code.url)?;
    Ok(Json(CodeResponse { token: code.token, url: code.url, svg, expires_at: code.expires_at }))
}
