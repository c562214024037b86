//! GET /api/v1/vouchers/{voucher_id}/details: what everybody may know of a voucher (V8, X25).

use axum::Json;
use axum::extract::State;
use web::Problem;
use web::problem::ProblemBody;
use web::wallet::{Seen, VoucherDetails};

use crate::{Deps, VoucherPath};

/// What everybody may know of a voucher. Reading it counts nothing.
#[utoipa::path(
    get,
    path = "/api/v1/vouchers/{voucher_id}/details",
    tag = "wallet",
    operation_id = "voucher_details",
    params(("voucher_id" = String, Path, description = "The voucher's id")),
    responses(
        (status = 200, description = "The voucher", body = VoucherDetails),
        (status = 404, description = "There is no such voucher, or it is a draft", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn voucher_details(
    State(deps): State<Deps>,
    VoucherPath(id): VoucherPath,
) -> Result<Json<VoucherDetails>, Problem> {
    let seen = Seen::of(&deps.table, &id, deps.ids.now()).await?;
    Ok(Json(seen.details(&deps.public.0)))
}
