//! GET /api/v1/tips: the tenant's tips, newest first, for whoever keeps the books (T9). Nothing about a patron.

use adapters::table::TipFilter;
use axum::Json as Reply;
use axum::extract::State;
use domain::id::{GuardId, PayoutId, TenantId, TipId};
use domain::money::Currency;
use domain::page::PageSize;
use domain::payout::Payout;
use domain::tip::{Tip, TipStatus};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::finance::Settling;
use web::input::Params;
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::payouts::guard_of;
use crate::period::Period;

/// What the cursors of these lists are sealed for.
const LIST: &str = "tips";
const LIST_OF_GUARD: &str = "tips of a guard";

/// Which tips.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct TipsParams {
    /// Of this guard.
    guard: Option<String>,
    /// Where they stand.
    #[param(inline)]
    status: Option<TipStatus>,
    /// Made at this instant or later (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Made before this instant.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    /// The cursor that the page before gave.
    cursor: Option<String>,
    /// How many tips, 1 to 100.
    limit: Option<u32>,
}

/// A tip, as finance sees it. Amounts are minor units.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FinanceTip {
    /// Its id.
    #[schema(value_type = String)]
    tip_id: TipId,
    /// For whom.
    #[schema(value_type = String)]
    guard_id: GuardId,
    /// What the patron gave, before any fee.
    amount: i64,
    /// ISO 4217.
    currency: Currency,
    /// Where it stands.
    status: TipStatus,
    /// What is the guard's of it, after fees; absent before it is paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    net_amount: Option<i64>,
    /// What refunds and lost disputes have taken of it.
    returned: i64,
    /// Its reference at Paystack.
    reference: String,
    /// The payout that has settled it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    payout_id: Option<PayoutId>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// A page of tips.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FinanceTipsResponse {
    /// The tips, newest first.
    tips: Vec<FinanceTip>,
    /// For the next page; absent on the last. A page before it may have fewer tips than asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl FinanceTip {
    /// `payout` is the one that has settled it.
    fn of(tip: &Tip, payout: Option<&Payout>) -> Self {
        let net = tip.charge().and_then(|charge| charge.shares().ok()).map(|shares| shares.guard);
        Self {
            tip_id: tip.id.clone(),
            guard_id: tip.guard.clone(),
            amount: tip.amount.minor,
            currency: tip.amount.currency,
            status: tip.shown(payout.is_some()),
            net_amount: net,
            returned: tip.returns.iter().fold(0, |sum, back| back.taken.saturating_add(sum)),
            reference: tip.reference().to_string(),
            payout_id: payout.map(|payout| payout.id.clone()),
            created_at: tip.created_at,
        }
    }
}

/// The tenant's tips.
#[utoipa::path(
    get,
    path = "/api/v1/tips",
    tag = "finance",
    operation_id = "list_tips",
    params(TipsParams),
    responses(
        (status = 200, description = "A page of tips", body = FinanceTipsResponse),
        (status = 422, description = "A filter, limit or cursor that is not valid", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn list_tips(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceRead>,
    Params(params): Params<TipsParams>,
) -> Result<Reply<FinanceTipsResponse>, Problem> {
    let size = PageSize::parse(params.limit)?;
    let guard = guard_of(params.guard.as_deref())?;
    let list = if guard.is_some() { LIST_OF_GUARD } else { LIST };
    let owner = caller.tenant.as_str();
    let place = deps.seal.position(owner, list, params.cursor.as_deref()).await?;
    let filter = filter(&deps, &caller.tenant, &params).await?;
    let page = match &guard {
        Some(guard) => {
            let of = (&caller.tenant, guard);
            deps.table.tips_of_guard_where(of, &filter, size, place.as_ref()).await?
        }
        None => deps.table.tips_of_tenant(&caller.tenant, &filter, size, place.as_ref()).await?,
    };
    let next_cursor = match &page.next {
        Some(next) => Some(deps.seal.cursor(owner, list, next).await?),
        None => None,
    };
    let settling = Settling::of(&deps.table, &caller.tenant, &page.entries).await?;
    let of = |tip: &Tip| FinanceTip::of(tip, settling.payout(tip));
    let mut tips: Vec<FinanceTip> = page.entries.iter().map(of).collect();
    tips.retain(|tip| params.status.is_none_or(|status| status == tip.status));
    Ok(Reply(FinanceTipsResponse { tips, next_cursor }))
}

/// A tip does not say itself that it is settled, so these are found among those that have succeeded.
async fn filter(deps: &Deps, tenant: &TenantId, params: &TipsParams) -> Result<TipFilter, Problem> {
    let Period { from, to } = Period::of(deps, tenant, params.from, params.to).await?;
    let status = params.status.map(|status| match status {
        TipStatus::Settled => TipStatus::Succeeded,
        other => other,
    });
    Ok(TipFilter { from, to, status })
}
