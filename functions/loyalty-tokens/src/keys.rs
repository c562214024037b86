//! POST /api/v1/loyalty/customers/{customer_id}/keys and DELETE …/keys/{key_id}: the public keys of customers'
//! wallets.

use axum::Json as Reply;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use domain::customer::CustomerId;
use domain::id::MemberKeyId;
use domain::member::MemberRefused;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::input::Json;
use web::loyalty::wallet_key::{enrol_key, forget_key};
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;

/// A wallet's public key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyRequest {
    /// The uncompressed point on P-256 (SEC 1, 2.3.3): 65 bytes in base64url.
    public_key: String,
}

/// A key that was enrolled.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyResponse {
    /// Its id, which codes name.
    #[schema(value_type = String)]
    key_id: MemberKeyId,
}

/// Enrols the key with which a customer's wallet signs codes where there is no network.
#[utoipa::path(
    post,
    path = "/api/v1/loyalty/customers/{customer_id}/keys",
    tag = "loyalty",
    operation_id = "enrol_wallet_key",
    params(("customer_id" = String, Path, description = "The customer, by your own id")),
    request_body = KeyRequest,
    responses(
        (status = 201, description = "What its codes name", body = KeyResponse),
        (status = 404, description = "No such customer", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The customer has as many as there may be", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Not a key", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["loyalty:write"]))
)]
pub(crate) async fn enrol_wallet_key(
    State(deps): State<Deps>,
    caller: Caller<may::LoyaltyWrite>,
    path: Result<Path<String>, PathRejection>,
    Json(request): Json<KeyRequest>,
) -> Result<(StatusCode, Reply<KeyResponse>), Problem> {
    let Path(named) = path.map_err(|_| MemberRefused::Unknown)?;
    let customer = CustomerId::parse(&named).map_err(|_| MemberRefused::Unknown)?;
    let of = (&caller.tenant, &customer);
    let key = enrol_key((&deps.table, &deps.ids), of, &request.public_key).await?;
    Ok((StatusCode::CREATED, Reply(KeyResponse { key_id: key.id })))
}

/// Forgets a wallet's key: what it signs is no code any more. It may be sent again.
#[utoipa::path(
    delete,
    path = "/api/v1/loyalty/customers/{customer_id}/keys/{key_id}",
    tag = "loyalty",
    operation_id = "forget_wallet_key",
    params(
        ("customer_id" = String, Path, description = "The customer, by your own id"),
        ("key_id" = String, Path, description = "The key"),
    ),
    responses(
        (status = 204, description = "It is forgotten"),
        (status = 404, description = "No such customer", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["loyalty:write"]))
)]
pub(crate) async fn forget_wallet_key(
    State(deps): State<Deps>,
    caller: Caller<may::LoyaltyWrite>,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<StatusCode, Problem> {
    let Path((named, key)) = path.map_err(|_| MemberRefused::Unknown)?;
    let customer = CustomerId::parse(&named).map_err(|_| MemberRefused::Unknown)?;
    forget_key(&deps.table, (&caller.tenant, &customer), &key).await?;
    Ok(StatusCode::NO_CONTENT)
}
