//! POST /api/v1/vouchers/{voucher_id}/claim: a customer puts a voucher into the wallet, once (V23).

use axum::Json as Reply;
use axum::extract::{FromRequest, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::claim::Claim as Copy;
use domain::id::ClaimId;
use domain::voucher::Voucher;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::customer::Acting;
use web::idempotency::Held;
use web::input::Json;
use web::problem::ProblemBody;
use web::{Once, Stopped, wallet};

use crate::{Deps, VoucherPath};

/// For whom.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimRequest {
    /// The customer, by the tenant's own id. A key has to name one.
    #[serde(default)]
    customer_id: Option<String>,
}

/// A voucher in the wallet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClaimResponse {
    /// The claim.
    #[serde(rename = "claimId")]
    #[schema(value_type = String)]
    claim_id: ClaimId,
    /// The last day on which it is redeemed.
    #[serde(rename = "expiresAt")]
    #[schema(value_type = String, format = Date, example = "2024-12-31")]
    expires_at: String,
    /// Its place in the wallet, from 1.
    #[serde(rename = "walletPosition")]
    wallet_position: u32,
}

impl ClaimResponse {
    fn of(voucher: &Voucher, claim: &Copy) -> Self {
        Self {
            claim_id: claim.id(),
            expires_at: voucher.last_day(claim.expires_at).to_string(),
            wallet_position: claim.position,
        }
    }
}

/// Puts a voucher into the customer's wallet. A key needs an `Idempotency-Key`; a customer has one wallet, and a second
/// claim finds the first.
#[utoipa::path(
    post,
    path = "/api/v1/vouchers/{voucher_id}/claim",
    tag = "wallet",
    operation_id = "claim_voucher",
    params(
        ("voucher_id" = String, Path, description = "The voucher's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "A value of your own, the same for each try; required with a key"),
    ),
    request_body = ClaimRequest,
    responses(
        (status = 201, description = "It is in the wallet", body = ClaimResponse),
        (status = 400, description = "No Idempotency-Key", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "There is no such voucher", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It is in the wallet already, was redeemed, cannot be claimed now, or the wallet is full", body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "It has expired", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "No customer is named, or the key stands for another request", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["customers:write"]), ("customer" = []))
)]
pub(crate) async fn claim_voucher(
    State(deps): State<Deps>,
    acting: Acting,
    VoucherPath(id): VoucherPath,
    request: Request,
) -> Result<Response, Stopped> {
    let (request, key) = asked(&deps, &acting, request).await?;
    let customer = acting.customer(request.customer_id.as_deref())?;
    let answer = |voucher: &Voucher, claim: &Copy| {
        let key: &Held = key.as_ref()?;
        Some(key.saving(StatusCode::CREATED, &ClaimResponse::of(voucher, claim)))
    };
    let whose = (acting.tenant(), &customer);
    let held = wallet::claim(&deps.table, whose, &id, deps.ids.now(), answer).await?;
    tracing::info!(event = "voucher_claimed", voucher.id = %id, "claimed voucher `{id}`");
    let reply = ClaimResponse::of(&held.voucher, &held.claim);
    Ok((StatusCode::CREATED, Reply(reply)).into_response())
}

/// What is asked for; of a key once for each `Idempotency-Key`.
async fn asked(
    deps: &Deps,
    acting: &Acting,
    request: Request,
) -> Result<(ClaimRequest, Option<Held>), Stopped> {
    match acting {
        Acting::Customer(_) => {
            let Json(request) = Json::<ClaimRequest>::from_request(request, deps).await?;
            Ok((request, None))
        }
        Acting::Key { .. } => {
            let Once { request, key } = Once::<ClaimRequest>::from_request(request, deps).await?;
            Ok((request, Some(key)))
        }
    }
}
