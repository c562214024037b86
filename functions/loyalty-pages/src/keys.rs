//! POST /wallet/{restaurant_id}/keys: a browser enrols the public half of the key with which it signs codes where there
//! is no network.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use domain::failure::Failure;
use domain::id::MemberKeyId;
use domain::member::{MemberKey, MemberRefused};
use serde::Serialize;
use utoipa::ToSchema;
use web::Problem;
use web::customer::Customer;
use web::loyalty::wallet_key::{enrol_key, forget_key};
use web::problem::ProblemBody;

use crate::Deps;
use crate::door::{Place, Visit, Wants};

/// A key that was enrolled.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EnrolledKey {
    /// Its id, which codes name.
    #[schema(value_type = String)]
    key_id: MemberKeyId,
}

/// Enrols the key of a customer's browser. Where the customer has as many as there may be, it takes the oldest one's
/// place.
#[utoipa::path(
    post,
    path = "/wallet/{restaurant_id}/keys",
    tag = "loyalty",
    operation_id = "enrol_wallet",
    params(("restaurant_id" = String, Path, description = "The restaurant whose page it is")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "`csrf` of the page, and `public_key`: base64url of the uncompressed point on P-256"),
    responses(
        (status = 200, description = "It is enrolled", body = EnrolledKey),
        (status = 401, description = "No customer has signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The request is not one of this customer's page", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such restaurant, or nobody who has joined", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "It is no key", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("customer" = []))
)]
pub(crate) async fn enrol_wallet(
    State(deps): State<Deps>,
    Place { restaurant, .. }: Place,
    request: Request,
) -> Response {
    match enrol(&deps, &restaurant, request).await {
        Ok(key) => Json(EnrolledKey { key_id: key.id }).into_response(),
        Err(problem) => Wants::Json.turned_away(problem),
    }
}

async fn enrol(deps: &Deps, restaurant: &str, request: Request) -> Result<MemberKey, Problem> {
    let (Visit { customer, .. }, fields) = Visit::sent(deps, restaurant, request).await?;
    let Customer { tenant, id, .. } = &customer;
    let (own, public_key) = ((&deps.table, &deps.ids), fields.get("public_key"));
    let enrolled = enrol_key(own, (tenant, id), public_key).await;
    match enrolled {
        Err(problem) if problem.code() == MemberRefused::TooManyKeys.code() => {
            let keys = deps.table.member_keys(tenant, id).await?;
            if let Some(oldest) = keys.iter().min_by_key(|key| key.created_at) {
                forget_key(&deps.table, (tenant, id), oldest.id.as_str()).await?;
            }
            enrol_key(own, (tenant, id), public_key).await
        }
        enrolled => enrolled,
    }
}
