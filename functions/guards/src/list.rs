//! GET /api/v1/guards: the tenant's guards by name, in pages.

use axum::Json as Reply;
use axum::extract::State;
use domain::guard::GuardStatus;
use domain::page::PageSize;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::input::Params;
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::guard::GuardResponse;

/// What the cursors of this list are sealed for.
const LIST: &str = "guards";
/// Pages that are looked through for the guards of one status before an answer with fewer is given.
const PAGES_PER_ANSWER_MAX: usize = 20;

/// Which guards.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListParams {
    /// `active`, `suspended` or `archived`; all of them when absent.
    #[param(inline)]
    status: Option<GuardStatus>,
    /// The cursor that the page before gave.
    cursor: Option<String>,
    /// How many entries, 1 to 100.
    limit: Option<u32>,
}

/// A page of guards.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GuardsResponse {
    /// The guards, by last name.
    guards: Vec<GuardResponse>,
    /// For the next page; absent on the last. With a status a page may be shorter than it could be.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// The tenant's guards.
#[utoipa::path(
    get,
    path = "/api/v1/guards",
    tag = "guards",
    operation_id = "list_guards",
    params(ListParams),
    responses(
        (status = 200, description = "A page of guards", body = GuardsResponse),
        (status = 422, description = "A limit or cursor that is not valid", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["guards:read"]))
)]
pub(crate) async fn list_guards(
    State(deps): State<Deps>,
    caller: Caller<may::GuardsRead>,
    Params(params): Params<ListParams>,
) -> Result<Reply<GuardsResponse>, Problem> {
    let size = PageSize::parse(params.limit)?;
    let owner = caller.tenant.as_str();
    let mut from = deps.seal.position(owner, LIST, params.cursor.as_deref()).await?;
    let wanted = |status| params.status.is_none_or(|wanted| wanted == status);
    let mut guards = Vec::new();
    for _ in 0..PAGES_PER_ANSWER_MAX {
        let page = deps.table.guards_of_tenant(&caller.tenant, size, from.as_ref()).await?;
        from = page.next;
        guards.extend(page.entries.into_iter().filter(|guard| wanted(guard.status)));
        // A page of the table is never cut, so that the place is always behind its last entry.
        if from.is_none() || !guards.is_empty() {
            break;
        }
    }
    let next_cursor = match &from {
        Some(next) => Some(deps.seal.cursor(owner, LIST, next).await?),
        None => None,
    };
    let guards = guards.into_iter().map(|guard| GuardResponse::of(guard, &deps)).collect();
    Ok(Reply(GuardsResponse { guards, next_cursor }))
}
