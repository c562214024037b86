//! POST /api/v1/settlements/run: today's run, or what it would do. A day has one run: a second request of the day is
//! answered with the state of the first.

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::audit::Operation;
use domain::money::Currency;
use domain::settlement::{Run, RunState, Totals};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::finance::begin_run;
use web::guard::tenant_of;
use web::input::Params;
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::plan::{PlanResponse, plan};

/// Whether it is only a question.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunParams {
    /// `true` plans and writes nothing.
    #[serde(default)]
    dry_run: bool,
}

/// A run. Amounts are minor units.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunResponse {
    /// The day in the tenant's time zone.
    #[schema(value_type = String, format = Date)]
    date: Date,
    /// Where it stands.
    state: RunState,
    /// Who asked for it: `schedule`, or the id of an API key.
    asked_by: String,
    /// The currency (ISO 4217).
    currency: Currency,
    /// What Paystack's balance held when it began.
    balance: i64,
    /// What its payouts and their fees leave of that.
    left: i64,
    /// Who is paid, and who waits.
    totals: Totals,
    /// Pages of its plan, up to a hundred guards each.
    pages: u32,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    /// When each guard had been looked at.
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
}

impl From<Run> for RunResponse {
    fn from(run: Run) -> Self {
        Self {
            date: run.date,
            state: run.state,
            asked_by: run.asked_by,
            currency: run.currency,
            balance: run.balance,
            left: run.left,
            totals: run.totals,
            pages: run.pages,
            started_at: run.started_at,
            finished_at: run.finished_at,
        }
    }
}

/// Runs today's settlement, or says what it would do.
#[utoipa::path(
    post,
    path = "/api/v1/settlements/run",
    tag = "settlements",
    operation_id = "run_settlement",
    params(RunParams),
    responses(
        (status = 200, description = "Today's run, which was there already; or, for a dry run, its plan", body = RunResponse),
        (status = 202, description = "The run has begun", body = RunResponse),
        (status = 409, description = "The tenant has not connected its account at Paystack", body = ProblemBody, content_type = "application/problem+json"),
        (status = 502, description = "Paystack does not say what the balance holds", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:write"]))
)]
pub(crate) async fn run_settlement(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceWrite>,
    Params(params): Params<RunParams>,
) -> Result<Response, Problem> {
    let tenant = tenant_of(&deps.table, &caller.tenant).await?;
    if params.dry_run {
        let plan: PlanResponse = plan(&deps, &tenant).await?;
        return Ok(Reply(plan).into_response());
    }
    let change = caller.change(Operation::SettlementStarted, "", deps.ids.now());
    let (run, is_new) = begin_run(&deps.table, &deps.queue, &tenant, change).await?;
    let status = if is_new { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, Reply(RunResponse::from(run))).into_response())
}
