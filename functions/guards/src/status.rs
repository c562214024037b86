//! POST /api/v1/guards/{guard_id}/suspend, …/resume and …/archive: whether a guard takes tips (T20, T55). Its page says
//! so at once; money that it is owed stays owed.

use axum::Json as Reply;
use axum::extract::State;
use domain::audit::Operation;
use domain::guard::{Guard, GuardRefused};
use domain::id::GuardId;
use web::guard::turn_guard;
use web::input::GuardPath;
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::guard::{GuardResponse, load};

/// Stops tips to a guard for a while. Its page says so.
#[utoipa::path(
    post,
    path = "/api/v1/guards/{guard_id}/suspend",
    tag = "guards",
    operation_id = "suspend_guard",
    params(("guard_id" = String, Path, description = "The guard's id")),
    responses(
        (status = 200, description = "The guard as it is now", body = GuardResponse),
        (status = 404, description = "No such guard", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It is not active, or was changed at the same moment", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["guards:write"]))
)]
pub(crate) async fn suspend_guard(
    State(deps): State<Deps>,
    caller: Caller<may::GuardsWrite>,
    GuardPath(id): GuardPath,
) -> Result<Reply<GuardResponse>, Problem> {
    turn(&deps, &caller, &id, Guard::suspend).await
}

/// Lets a suspended guard take tips again.
#[utoipa::path(
    post,
    path = "/api/v1/guards/{guard_id}/resume",
    tag = "guards",
    operation_id = "resume_guard",
    params(("guard_id" = String, Path, description = "The guard's id")),
    responses(
        (status = 200, description = "The guard as it is now", body = GuardResponse),
        (status = 404, description = "No such guard", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It is not suspended, or was changed at the same moment", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["guards:write"]))
)]
pub(crate) async fn resume_guard(
    State(deps): State<Deps>,
    caller: Caller<may::GuardsWrite>,
    GuardPath(id): GuardPath,
) -> Result<Reply<GuardResponse>, Problem> {
    turn(&deps, &caller, &id, Guard::resume).await
}

/// Notes that a guard has left: it takes no tips and changes no more. What it is owed is still paid out.
#[utoipa::path(
    post,
    path = "/api/v1/guards/{guard_id}/archive",
    tag = "guards",
    operation_id = "archive_guard",
    params(("guard_id" = String, Path, description = "The guard's id")),
    responses(
        (status = 200, description = "The guard as it is now", body = GuardResponse),
        (status = 404, description = "No such guard", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It has left before, or was changed at the same moment", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["guards:write"]))
)]
pub(crate) async fn archive_guard(
    State(deps): State<Deps>,
    caller: Caller<may::GuardsWrite>,
    GuardPath(id): GuardPath,
) -> Result<Reply<GuardResponse>, Problem> {
    turn(&deps, &caller, &id, Guard::archive).await
}

async fn turn(
    deps: &Deps,
    caller: &Caller<may::GuardsWrite>,
    id: &GuardId,
    to: fn(Guard) -> Result<Guard, GuardRefused>,
) -> Result<Reply<GuardResponse>, Problem> {
    let before = load(deps, &caller.tenant, id).await?;
    let change = caller.change(Operation::GuardStatusChanged, id.as_str(), deps.ids.now());
    let guard = turn_guard(&deps.table, &before, to, change).await?;
    Ok(Reply(GuardResponse::of(guard, deps)))
}
