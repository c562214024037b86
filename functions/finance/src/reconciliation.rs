//! GET /api/v1/reconciliation: the nightly comparisons with Paystack's books, and what each has found (T44).

use axum::Json as Reply;
use axum::extract::State;
use domain::page::PageSize;
use domain::reconciliation::{Findings, Reconciliation, Step};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::input::Params;
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;

/// What the cursors of this list are sealed for.
const LIST: &str = "reconciliations";

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReconciliationsParams {
    /// The cursor that the page before gave.
    cursor: Option<String>,
    /// How many entries, 1 to 100.
    limit: Option<u32>,
}

/// The comparison of a day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReconciliationResponse {
    /// The day, in the organisation's time zone.
    #[schema(value_type = String, format = Date)]
    date: Date,
    /// What is compared began at this instant or after it.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// What is compared is older than this.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
    /// How far it has come.
    step: Step,
    /// What was found. Each difference is a case.
    findings: Findings,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    /// When it was through.
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
}

impl From<Reconciliation> for ReconciliationResponse {
    fn from(state: Reconciliation) -> Self {
        Self {
            date: state.date,
            since: state.since,
            until: state.until,
            step: state.step,
            findings: state.findings,
            started_at: state.started_at,
            finished_at: state.finished_at,
        }
    }
}

/// A page of comparisons.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReconciliationsResponse {
    /// The comparisons, the latest day first.
    reconciliations: Vec<ReconciliationResponse>,
    /// For the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// The comparisons of the organisation's books with Paystack's.
#[utoipa::path(
    get,
    path = "/api/v1/reconciliation",
    tag = "finance",
    operation_id = "list_reconciliations",
    params(ReconciliationsParams),
    responses(
        (status = 200, description = "A page of comparisons", body = ReconciliationsResponse),
        (status = 422, description = "A limit or cursor that is not valid", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn list_reconciliations(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceRead>,
    Params(params): Params<ReconciliationsParams>,
) -> Result<Reply<ReconciliationsResponse>, Problem> {
    let (size, owner) = (PageSize::parse(params.limit)?, caller.tenant.as_str());
    let from = deps.seal.position(owner, LIST, params.cursor.as_deref()).await?;
    let page = deps.table.reconciliations_of_tenant(&caller.tenant, size, from.as_ref()).await?;
    let next_cursor = match &page.next {
        Some(next) => Some(deps.seal.cursor(owner, LIST, next).await?),
        None => None,
    };
    let reconciliations = page.entries.into_iter().map(ReconciliationResponse::from).collect();
    Ok(Reply(ReconciliationsResponse { reconciliations, next_cursor }))
}
