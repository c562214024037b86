//! PUT /api/v1/vouchers/{voucher_id}: everything of a draft; of a published voucher its texts, its design and a later
//! end.

use axum::Json as Reply;
use axum::extract::State;
use domain::audit::{Facts, Operation};
use domain::voucher::{Voucher, VoucherRefused, VoucherWishes};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use web::input::{Json, VoucherPath};
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::voucher::{VoucherResponse, load, shown};

/// What a voucher is to be from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplaceVoucherRequest {
    /// The version that this change is made to; without it, whatever is there is changed.
    #[serde(default)]
    version: Option<u64>,
    /// What it is. `valid_from` stays when it is absent.
    #[serde(flatten)]
    wishes: VoucherWishes,
}

/// What the audit trail says of a voucher: no texts.
fn facts(voucher: &Voucher) -> Facts {
    Facts::of(&json!({ "version": voucher.version, "expires_at": voucher.terms.expires_at }))
}

/// Replaces what is said of a voucher. Its business and its codes stay.
#[utoipa::path(
    put,
    path = "/api/v1/vouchers/{voucher_id}",
    tag = "vouchers",
    operation_id = "replace_voucher",
    params(("voucher_id" = String, Path, description = "The voucher")),
    request_body = ReplaceVoucherRequest,
    responses(
        (status = 200, description = "The voucher as it is now", body = VoucherResponse),
        (status = 404, description = "No such voucher", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Published, so its rules stay; ended; or changed by somebody else", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A voucher that breaks a rule", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["vouchers:write"]))
)]
pub(crate) async fn replace_voucher(
    State(deps): State<Deps>,
    caller: Caller<may::VouchersWrite>,
    VoucherPath(id): VoucherPath,
    Json(request): Json<ReplaceVoucherRequest>,
) -> Result<Reply<VoucherResponse>, Problem> {
    let ReplaceVoucherRequest { version, wishes } = request;
    let before = load(&deps, &caller.tenant, &id).await?;
    if version.is_some_and(|version| version != before.version) {
        return Err(VoucherRefused::Changed.into());
    }
    let valid_from = wishes.valid_from.or(Some(before.terms.valid_from));
    let terms = VoucherWishes { valid_from, ..wishes }.check(deps.ids.now())?;
    let voucher = before.clone().described(terms)?;
    let mut change = caller.change(Operation::VoucherChanged, id.as_str(), deps.ids.now());
    (change.before, change.after) = (facts(&before), facts(&voucher));
    deps.table.replace_voucher(&voucher, &before, &change).await??;
    Ok(Reply(shown(&deps, &voucher).await?))
}
