//! GET /api/v1/payouts: what guards were paid and what is under way, newest first (T9, T43).

use adapters::table::PayoutFilter;
use axum::Json as Reply;
use axum::extract::State;
use domain::failure::{FieldError, InvalidFields};
use domain::id::{GuardId, PayoutId};
use domain::money::Currency;
use domain::page::PageSize;
use domain::payout::{Payout, PayoutState, Trouble};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::input::Params;
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::period::Period;

/// What the cursors of this list are sealed for.
const LIST: &str = "payouts";

/// Which payouts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PayoutsParams {
    /// Where they stand.
    #[param(inline)]
    status: Option<PayoutState>,
    /// Of this guard.
    guard: Option<String>,
    /// Planned at this instant or later (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Planned before this instant.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    /// The cursor that the page before gave.
    cursor: Option<String>,
    /// How many payouts, 1 to 100.
    limit: Option<u32>,
}

/// A payout.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PayoutResponse {
    /// Its id.
    #[schema(value_type = String)]
    payout_id: PayoutId,
    /// Who is paid.
    #[schema(value_type = String)]
    guard_id: GuardId,
    /// The night of the run that planned it.
    #[schema(value_type = String, format = Date)]
    run: Date,
    /// Minor units (kobo).
    amount: i64,
    /// ISO 4217.
    currency: Currency,
    /// Where it stands.
    status: PayoutState,
    /// What keeps it, or has ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<Trouble>,
    /// The same for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'static str>,
    /// Transfers that were begun.
    attempts: u32,
    /// Since when the oldest of the money has been owed.
    #[schema(value_type = String, format = DateTime)]
    owed_since: Timestamp,
    /// When it was planned.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    changed_at: Timestamp,
    /// When it is looked at next.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Timestamp>,
}

/// A page of payouts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PayoutsResponse {
    /// The payouts, newest first.
    payouts: Vec<PayoutResponse>,
    /// For the next page; absent on the last. A page before it may have fewer payouts than asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl From<&Payout> for PayoutResponse {
    fn from(payout: &Payout) -> Self {
        Self {
            payout_id: payout.id.clone(),
            guard_id: payout.guard.clone(),
            run: payout.run,
            amount: payout.amount.minor,
            currency: payout.amount.currency,
            status: payout.state,
            trouble: payout.trouble,
            detail: payout.trouble.map(Trouble::sentence),
            attempts: payout.attempt,
            owed_since: payout.since,
            created_at: payout.created_at,
            changed_at: payout.changed_at,
            due_at: payout.due_at,
        }
    }
}

/// The guard that a parameter names.
pub(crate) fn guard_of(text: Option<&str>) -> Result<Option<GuardId>, InvalidFields> {
    let wrong =
        |detail: String| InvalidFields(vec![FieldError::new("guard", "invalid_id", detail)]);
    text.map(|text| GuardId::parse(text).map_err(|error| wrong(error.to_string()))).transpose()
}

/// The tenant's payouts.
#[utoipa::path(
    get,
    path = "/api/v1/payouts",
    tag = "finance",
    operation_id = "list_payouts",
    params(PayoutsParams),
    responses(
        (status = 200, description = "A page of payouts", body = PayoutsResponse),
        (status = 422, description = "A filter, limit or cursor that is not valid", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn list_payouts(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceRead>,
    Params(params): Params<PayoutsParams>,
) -> Result<Reply<PayoutsResponse>, Problem> {
    let size = PageSize::parse(params.limit)?;
    let Period { from, to } = Period::of(&deps, &caller.tenant, params.from, params.to).await?;
    let guard = guard_of(params.guard.as_deref())?;
    let filter = PayoutFilter { from, to, state: params.status, guard };
    let owner = caller.tenant.as_str();
    let place = deps.seal.position(owner, LIST, params.cursor.as_deref()).await?;
    let page = deps.table.payouts_where(&caller.tenant, &filter, size, place.as_ref()).await?;
    let next_cursor = match &page.next {
        Some(next) => Some(deps.seal.cursor(owner, LIST, next).await?),
        None => None,
    };
    let payouts = page.entries.iter().map(PayoutResponse::from).collect();
    Ok(Reply(PayoutsResponse { payouts, next_cursor }))
}
