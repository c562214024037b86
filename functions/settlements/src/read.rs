//! GET /api/v1/settlements/{date}: one run, and page by page whom it pays and who waits.

use axum::Json as Reply;
use axum::extract::{Path, State};
use domain::settlement::{Line, RunRefused, Verdict};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::input::Params;
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::run::RunResponse;

/// Which lines.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunLinesParams {
    /// The page of the plan, from 1.
    page: Option<u32>,
    /// Only guards of whom this becomes.
    #[param(inline)]
    verdict: Option<Verdict>,
}

/// A run with a page of its plan.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunWithLines {
    /// The run.
    #[serde(flatten)]
    run: RunResponse,
    /// The page that is shown.
    page: u32,
    /// The guards of that page, the oldest money first.
    lines: Vec<Line>,
}

/// A settlement run of a day, `2026-11-21`.
#[utoipa::path(
    get,
    path = "/api/v1/settlements/{date}",
    tag = "settlements",
    operation_id = "read_settlement",
    params(("date" = String, Path, description = "The day in the tenant's time zone"), RunLinesParams),
    responses(
        (status = 200, description = "The run", body = RunWithLines),
        (status = 404, description = "No run of that day", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn read_settlement(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceRead>,
    Path(date): Path<String>,
    Params(params): Params<RunLinesParams>,
) -> Result<Reply<RunWithLines>, Problem> {
    let date: Date = date.parse().map_err(|_| RunRefused::Unknown)?;
    let run = deps.table.run(&caller.tenant, date).await?.ok_or(RunRefused::Unknown)?;
    let page = params.page.unwrap_or(1);
    let lines = deps.table.run_page(&caller.tenant, date, page).await?.unwrap_or_default();
    let is_wanted = |line: &Line| params.verdict.is_none_or(|verdict| line.verdict == verdict);
    let lines = lines.into_iter().filter(is_wanted).collect();
    Ok(Reply(RunWithLines { run: run.into(), page, lines }))
}
