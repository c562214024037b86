//! GET /api/v1/customers/vouchers and DELETE /api/v1/customers/vouchers/{voucher_id}: "My Vouchers" (V24, V26).

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::claim::ClaimState;
use domain::id::{ClaimId, VoucherId};
use domain::voucher::{Benefit, VoucherState};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::Problem;
use web::customer::Acting;
use web::input::Params;
use web::problem::ProblemBody;
use web::wallet::{self, Held, Listed};

use crate::{Deps, VoucherPath};

/// Whose wallet.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WalletQuery {
    #[serde(default)]
    customer_id: Option<String>,
}

/// A customer's vouchers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WalletResponse {
    /// In the wallet's order; at most 200.
    vouchers: Vec<HeldVoucher>,
}

/// A voucher in a wallet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HeldVoucher {
    /// The claim.
    #[schema(value_type = String)]
    claim_id: ClaimId,
    /// The voucher.
    #[schema(value_type = String)]
    voucher_id: VoucherId,
    /// What it is called.
    title: String,
    /// What the holder gets.
    benefit: Benefit,
    /// The same in words.
    benefit_words: String,
    /// What the claim is now.
    state: ClaimState,
    /// What the voucher is now, for this customer: a gift that was begun is not exhausted by others.
    voucher_state: VoucherState,
    /// Whether the customer's codes of it were taken back.
    revoked: bool,
    /// When it was claimed.
    #[schema(value_type = Option<String>, format = DateTime)]
    claimed_at: Option<Timestamp>,
    /// When it was redeemed last.
    #[schema(value_type = Option<String>, format = DateTime)]
    redeemed_at: Option<Timestamp>,
    /// From when on it is not redeemed any more.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// The last day on which it is redeemed.
    #[schema(value_type = String, format = Date)]
    last_day: String,
    /// Its place in the wallet.
    wallet_position: u32,
    /// What is left of a gift, in minor units.
    left: Option<i64>,
}

impl HeldVoucher {
    fn of(listed: Listed, now: Timestamp) -> Option<Self> {
        let Listed { held: Held { claim, voucher }, state, revoked } = listed;
        Some(Self {
            claim_id: claim.id(),
            state: claim.state(now)?,
            voucher_state: state,
            revoked,
            last_day: voucher.last_day(claim.expires_at).to_string(),
            voucher_id: voucher.id,
            title: voucher.terms.text.title,
            benefit_words: voucher.terms.benefit.words(),
            benefit: voucher.terms.benefit,
            claimed_at: claim.claimed_at,
            redeemed_at: claim.redeemed_at,
            expires_at: claim.expires_at,
            wallet_position: claim.position,
            left: claim.left,
        })
    }
}

/// What a customer has claimed and not removed.
#[utoipa::path(
    get,
    path = "/api/v1/customers/vouchers",
    tag = "wallet",
    operation_id = "list_wallet",
    params(("customer_id" = Option<String>, Query, description = "The customer, by your own id; required with a key")),
    responses(
        (status = 200, description = "The wallet", body = WalletResponse),
        (status = 422, description = "No customer is named", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["customers:write"]), ("customer" = []))
)]
pub(crate) async fn list_wallet(
    State(deps): State<Deps>,
    acting: Acting,
    Params(query): Params<WalletQuery>,
) -> Result<Json<WalletResponse>, Problem> {
    let customer = acting.customer(query.customer_id.as_deref())?;
    let now = deps.ids.now();
    let listed = wallet::wallet(&deps.table, (acting.tenant(), &customer), now).await?;
    let vouchers = listed.into_iter().filter_map(|one| HeldVoucher::of(one, now)).collect();
    Ok(Json(WalletResponse { vouchers }))
}

/// Takes a voucher out of the wallet. It may be claimed again while it is to be had; what was redeemed stays counted.
#[utoipa::path(
    delete,
    path = "/api/v1/customers/vouchers/{voucher_id}",
    tag = "wallet",
    operation_id = "remove_from_wallet",
    params(
        ("voucher_id" = String, Path, description = "The voucher's id"),
        ("customer_id" = Option<String>, Query, description = "The customer, by your own id; required with a key"),
    ),
    responses(
        (status = 204, description = "It is not in the wallet any more"),
        (status = 404, description = "It is not in the wallet", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "No customer is named", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["customers:write"]), ("customer" = []))
)]
pub(crate) async fn remove_from_wallet(
    State(deps): State<Deps>,
    acting: Acting,
    VoucherPath(id): VoucherPath,
    Params(query): Params<WalletQuery>,
) -> Result<StatusCode, Problem> {
    let customer = acting.customer(query.customer_id.as_deref())?;
    wallet::remove(&deps.table, (acting.tenant(), &customer), &id, deps.ids.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
