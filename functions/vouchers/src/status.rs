//! POST /api/v1/vouchers/{voucher_id}/publish, …/pause and …/end: what an owner does with a voucher (X23). Its counters
//! hear of it in the same write, so nobody redeems a voucher that is stopped.

use axum::Json as Reply;
use axum::extract::State;
use domain::audit::{Facts, Operation};
use domain::id::VoucherId;
use domain::voucher::{VoucherChange, VoucherStatus};
use serde_json::json;
use web::input::VoucherPath;
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::voucher::{VoucherResponse, load, shown};

/// Makes a voucher redeemable, for the first time or again. From the first time on its rules stay as they are.
#[utoipa::path(
    post,
    path = "/api/v1/vouchers/{voucher_id}/publish",
    tag = "vouchers",
    operation_id = "publish_voucher",
    params(("voucher_id" = String, Path, description = "The voucher")),
    responses(
        (status = 200, description = "The voucher as it is now", body = VoucherResponse),
        (status = 404, description = "No such voucher", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It is published, has ended or expired, or was changed at the same moment", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["vouchers:write"]))
)]
pub(crate) async fn publish_voucher(
    State(deps): State<Deps>,
    caller: Caller<may::VouchersWrite>,
    VoucherPath(id): VoucherPath,
) -> Result<Reply<VoucherResponse>, Problem> {
    turn(&deps, &caller, &id, VoucherChange::Publish).await
}

/// Stops a voucher for a while.
#[utoipa::path(
    post,
    path = "/api/v1/vouchers/{voucher_id}/pause",
    tag = "vouchers",
    operation_id = "pause_voucher",
    params(("voucher_id" = String, Path, description = "The voucher")),
    responses(
        (status = 200, description = "The voucher as it is now", body = VoucherResponse),
        (status = 404, description = "No such voucher", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It is not published, or was changed at the same moment", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["vouchers:write"]))
)]
pub(crate) async fn pause_voucher(
    State(deps): State<Deps>,
    caller: Caller<may::VouchersWrite>,
    VoucherPath(id): VoucherPath,
) -> Result<Reply<VoucherResponse>, Problem> {
    turn(&deps, &caller, &id, VoucherChange::Pause).await
}

/// Ends a voucher for ever.
#[utoipa::path(
    post,
    path = "/api/v1/vouchers/{voucher_id}/end",
    tag = "vouchers",
    operation_id = "end_voucher",
    params(("voucher_id" = String, Path, description = "The voucher")),
    responses(
        (status = 200, description = "The voucher as it is now", body = VoucherResponse),
        (status = 404, description = "No such voucher", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It has ended before, or was changed at the same moment", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["vouchers:write"]))
)]
pub(crate) async fn end_voucher(
    State(deps): State<Deps>,
    caller: Caller<may::VouchersWrite>,
    VoucherPath(id): VoucherPath,
) -> Result<Reply<VoucherResponse>, Problem> {
    turn(&deps, &caller, &id, VoucherChange::End).await
}

async fn turn(
    deps: &Deps,
    caller: &Caller<may::VouchersWrite>,
    id: &VoucherId,
    to: VoucherChange,
) -> Result<Reply<VoucherResponse>, Problem> {
    let now = deps.ids.now();
    let before = load(deps, &caller.tenant, id).await?;
    let voucher = before.clone().changed(to, now)?;
    let facts = |status: VoucherStatus| Facts::of(&json!({ "status": status }));
    let mut change = caller.change(Operation::VoucherStatusChanged, id.as_str(), now);
    (change.before, change.after) = (facts(before.status), facts(voucher.status));
    deps.table.replace_voucher(&voucher, &before, &change).await??;
    tracing::info!(event = "voucher_changed", voucher.id = %id, "voucher `{id}` is {} now", voucher.status);
    Ok(Reply(shown(deps, &voucher).await?))
}
