//! GET /api/v1/guards/{guard_id}/tips: what a guard was given, newest first (T40). Nothing about a patron but what the
//! patron wrote for the guard.

use axum::Json as Reply;
use axum::extract::State;
use domain::id::{PayoutId, TipId};
use domain::money::Currency;
use domain::page::PageSize;
use domain::payout::Payout;
use domain::tip::{Tip, TipStatus};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::input::Params;
use web::problem::ProblemBody;
use web::{GuardReader, Problem, may};

use crate::Deps;
use crate::guard::load;

/// What the cursors of this list are sealed for.
const LIST: &str = "guard-tips";

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct TipsParams {
    /// The cursor that the page before gave.
    cursor: Option<String>,
    /// How many entries, 1 to 100.
    limit: Option<u32>,
}

/// A tip, as its guard sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GuardTip {
    /// Its id.
    #[schema(value_type = String)]
    tip_id: TipId,
    /// What the patron gave, in minor units (kobo), before any fee.
    amount: i64,
    /// In what.
    currency: Currency,
    /// Where it stands.
    status: TipStatus,
    /// What the patron called itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    patron_alias: Option<String>,
    /// What the patron wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
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
pub(crate) struct GuardTipsResponse {
    /// The tips, newest first.
    tips: Vec<GuardTip>,
    /// For the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl GuardTip {
    /// `payouts` are those of the guard that can have settled it.
    fn of(tip: Tip, payouts: &[Payout]) -> Self {
        let payout = tip.seq.and_then(|seq| Payout::settling(payouts, seq));
        let status = tip.shown(payout.is_some());
        let text = |text: domain::tip::PatronText| text.as_str().to_owned();
        Self {
            tip_id: tip.id,
            amount: tip.amount.minor,
            currency: tip.amount.currency,
            status,
            patron_alias: tip.patron.alias.map(text),
            message: tip.patron.message.map(text),
            payout_id: payout.map(|payout| payout.id.clone()),
            created_at: tip.created_at,
        }
    }
}

/// What the guard was given.
#[utoipa::path(
    get,
    path = "/api/v1/guards/{guard_id}/tips",
    tag = "guards",
    operation_id = "list_guard_tips",
    params(("guard_id" = String, Path, description = "The guard's id"), TipsParams),
    responses(
        (status = 200, description = "A page of tips", body = GuardTipsResponse),
        (status = 404, description = "No such guard", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A limit or cursor that is not valid", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["guards:read"]))
)]
pub(crate) async fn list_guard_tips(
    State(deps): State<Deps>,
    reader: GuardReader<may::GuardsRead>,
    Params(params): Params<TipsParams>,
) -> Result<Reply<GuardTipsResponse>, Problem> {
    let size = PageSize::parse(params.limit)?;
    let guard = load(&deps, &reader.tenant, &reader.guard).await?;
    // Ids of guards are unique, whoever's they are.
    let owner = guard.id.as_str();
    let from = deps.seal.position(owner, LIST, params.cursor.as_deref()).await?;
    let page = deps.table.tips_of_guard(&guard.tenant, &guard.id, size, from.as_ref()).await?;
    let next_cursor = match &page.next {
        Some(next) => Some(deps.seal.cursor(owner, LIST, next).await?),
        None => None,
    };
    let payouts = match page.entries.iter().filter_map(|tip| tip.seq).min() {
        Some(seq) => deps.table.payouts_covering(&guard.tenant, &guard.id, seq).await?,
        None => Vec::new(),
    };
    let tips = page.entries.into_iter().map(|tip| GuardTip::of(tip, &payouts)).collect();
    Ok(Reply(GuardTipsResponse { tips, next_cursor }))
}
