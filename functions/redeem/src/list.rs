//! GET /api/v1/redemptions: what was redeemed and what was refused at a business, newest first (V14, V35).

use adapters::table::AtTill;
use axum::Json as Reply;
use axum::extract::State;
use domain::id::VoucherId;
use domain::page::PageSize;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::Problem;
use web::input::Params;
use web::problem::ProblemBody;
use web::till::Till;

use crate::Deps;
use crate::response::{RedemptionResponse, RefusalResponse};

/// What the cursors of this list are sealed for.
const LIST: &str = "redemptions";

/// Which page of which list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct RedemptionsParams {
    /// At which business; a device and a key that is bound to one need not say.
    business_id: Option<String>,
    /// Of which voucher; of all when absent.
    voucher_id: Option<String>,
    /// The cursor that the page before gave.
    cursor: Option<String>,
    /// How many entries, 1 to 100.
    limit: Option<u32>,
}

/// One line.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum LineResponse {
    /// A redemption.
    Redemption(Box<RedemptionResponse>),
    /// A code that was refused.
    Refusal(RefusalResponse),
}

/// A page of what happened.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RedemptionsResponse {
    /// Redemptions and refusals, newest first.
    lines: Vec<LineResponse>,
    /// For the next page; absent on the last. A page may be shorter than asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// What was redeemed and refused at a business.
#[utoipa::path(
    get,
    path = "/api/v1/redemptions",
    tag = "vouchers",
    operation_id = "list_redemptions",
    params(RedemptionsParams),
    responses(
        (status = 200, description = "A page of redemptions and refusals", body = RedemptionsResponse),
        (status = 404, description = "No such business", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A limit, cursor or id that is not valid", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["redemptions:write"]), ("device" = ["redemptions:write"]))
)]
pub(crate) async fn list_redemptions(
    State(deps): State<Deps>,
    till: Till,
    Params(params): Params<RedemptionsParams>,
) -> Result<Reply<RedemptionsResponse>, Problem> {
    let size = PageSize::parse(params.limit)?;
    let business = till.business(&deps.table, params.business_id.as_deref()).await?;
    let voucher = params.voucher_id.as_deref().map(VoucherId::parse).transpose()?;
    let list = format!("{LIST} {business}");
    let from = deps.seal.position(till.name(), &list, params.cursor.as_deref()).await?;
    let whose = (&till.tenant, &business);
    let page = deps.table.at_till(whose, voucher.as_ref(), size, from.as_ref()).await?;
    let next_cursor = match &page.next {
        Some(next) => Some(deps.seal.cursor(till.name(), &list, next).await?),
        None => None,
    };
    let lines = page.entries.iter().map(LineResponse::from).collect();
    Ok(Reply(RedemptionsResponse { lines, next_cursor }))
}

impl From<&AtTill> for LineResponse {
    fn from(line: &AtTill) -> Self {
        match line {
            AtTill::Redeemed(redemption) => Self::Redemption(Box::new(redemption.into())),
            AtTill::Refused(attempt) => Self::Refusal(attempt.into()),
        }
    }
}
