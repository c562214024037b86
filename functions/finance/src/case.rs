//! POST /api/v1/reconciliation/cases/{case_id}/assign and …/resolve: a case in somebody's hands, and its explanation.
//! Both leave a record of who and what. A repetition of what is so already changes nothing.

use axum::Json as Reply;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use domain::audit::{Note, Operation};
use domain::case::CaseRefused;
use serde::Deserialize;
use utoipa::ToSchema;
use web::finance::case_of;
use web::problem::ProblemBody;
use web::{Caller, Problem, Repeatable, Stopped, finance, may};

use crate::Deps;
use crate::cases::{CaseResponse, actor};

/// Who is to look into a case.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssignRequest {
    /// The id of an API key; the caller's own when absent.
    #[serde(default)]
    assignee: Option<String>,
    /// The version that this change is made to; without it, whatever is there is changed.
    #[serde(default)]
    version: Option<u64>,
}

/// The explanation of a case.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolveRequest {
    /// What it was, in 1 to 500 characters.
    note: String,
    /// The version that this change is made to; without it, whatever is there is changed.
    #[serde(default)]
    version: Option<u64>,
}

/// The path part `case_id`. A text that is no id is a case that is not there.
#[derive(Debug)]
pub(crate) struct CasePath(String);

impl<S: Send + Sync> FromRequestParts<S> for CasePath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = text.map_err(|_| CaseRefused::Unknown)?;
        Ok(Self(text))
    }
}

/// Gives a case to somebody.
#[utoipa::path(
    post,
    path = "/api/v1/reconciliation/cases/{case_id}/assign",
    tag = "finance",
    operation_id = "assign_case",
    params(("case_id" = String, Path, description = "The case's id")),
    request_body = AssignRequest,
    responses(
        (status = 200, description = "The case as it is now", body = CaseResponse),
        (status = 404, description = "No such case", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Resolved before, or changed by somebody else", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Nobody is named", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:write"]))
)]
pub(crate) async fn assign_case(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceWrite>,
    CasePath(id): CasePath,
    Repeatable(request): Repeatable<AssignRequest>,
) -> Result<Reply<CaseResponse>, Stopped> {
    let to = match request.assignee.as_deref() {
        Some(text) => actor("assignee", text)?,
        None => caller.actor(),
    };
    let before = case_of(&deps.table, &caller.tenant, &id).await?;
    let change = caller.change(Operation::CaseAssigned, &id, deps.ids.now());
    let case = finance::assign_case(&deps.table, before, to, request.version, change).await?;
    Ok(Reply(case.into()))
}

/// Closes a case with an explanation. Nothing is posted by it.
#[utoipa::path(
    post,
    path = "/api/v1/reconciliation/cases/{case_id}/resolve",
    tag = "finance",
    operation_id = "resolve_case",
    params(("case_id" = String, Path, description = "The case's id")),
    request_body = ResolveRequest,
    responses(
        (status = 200, description = "The case as it is now", body = CaseResponse),
        (status = 404, description = "No such case", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Resolved before, or changed by somebody else", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "No explanation", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:write"]))
)]
pub(crate) async fn resolve_case(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceWrite>,
    CasePath(id): CasePath,
    Repeatable(request): Repeatable<ResolveRequest>,
) -> Result<Reply<CaseResponse>, Stopped> {
    let (note, now) = (Note::parse(&request.note)?, deps.ids.now());
    let before = case_of(&deps.table, &caller.tenant, &id).await?;
    let change = caller.change(Operation::CaseResolved, &id, now);
    let case = finance::resolve_case(&deps.table, before, note, request.version, change).await?;
    Ok(Reply(case.into()))
}
