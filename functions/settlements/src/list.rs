//! GET /api/v1/settlements: the runs, the latest day first.

use axum::Json as Reply;
use axum::extract::State;
use domain::page::PageSize;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::input::Params;
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::run::RunResponse;

/// What the cursors of this list are sealed for.
const LIST: &str = "settlements";

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunsParams {
    /// The cursor that the page before gave.
    cursor: Option<String>,
    /// How many entries, 1 to 100.
    limit: Option<u32>,
}

/// A page of runs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunsResponse {
    /// The runs, the latest day first.
    settlements: Vec<RunResponse>,
    /// For the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// The tenant's settlement runs.
#[utoipa::path(
    get,
    path = "/api/v1/settlements",
    tag = "settlements",
    operation_id = "list_settlements",
    params(RunsParams),
    responses(
        (status = 200, description = "A page of runs", body = RunsResponse),
        (status = 422, description = "A limit or cursor that is not valid", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn list_settlements(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceRead>,
    Params(params): Params<RunsParams>,
) -> Result<Reply<RunsResponse>, Problem> {
    let (size, owner) = (PageSize::parse(params.limit)?, caller.tenant.as_str());
    let from = deps.seal.position(owner, LIST, params.cursor.as_deref()).await?;
    let page = deps.table.runs_of_tenant(&caller.tenant, size, from.as_ref()).await?;
    let next_cursor = match &page.next {
        Some(next) => Some(deps.seal.cursor(owner, LIST, next).await?),
        None => None,
    };
    let settlements = page.entries.into_iter().map(RunResponse::from).collect();
    Ok(Reply(RunsResponse { settlements, next_cursor }))
}
