//! POST /api/v1/reconciliation/cases/{case_id}/assign and …/resolve: a case in somebody's hands, and its explanation.
//! Both leave a record of who and what. A repetition of what is so already changes nothing.

use axum::Json as Reply;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use domain::audit::{AuditChange, Facts, Note, Operation};
use domain::case::{Case, CaseRefused, CaseStatus};
use domain::id::TenantId;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use web::problem::ProblemBody;
use web::{Caller, Problem, Repeatable, Stopped, may};

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
    let before = load(&deps, &caller.tenant, &id).await?;
    if before.status == CaseStatus::Open && before.assignee.as_ref() == Some(&to) {
        return Ok(Reply(before.into()));
    }
    unchanged_since(&before, request.version)?;
    let case = before.clone().assign(to)?;
    let change = caller.change(Operation::CaseAssigned, &id, deps.ids.now());
    replace(&deps, &before, &case, change).await?;
    tracing::info!(event = "case_assigned", case.id = %id, "gave case `{id}` to somebody");
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
    let (note, by, now) = (Note::parse(&request.note)?, caller.actor(), deps.ids.now());
    let before = load(&deps, &caller.tenant, &id).await?;
    if before.resolution.as_ref().is_some_and(|so| so.by == by && so.note == note) {
        return Ok(Reply(before.into()));
    }
    unchanged_since(&before, request.version)?;
    let case = before.clone().resolve(by, note.clone(), now)?;
    let change = caller.change(Operation::CaseResolved, &id, now);
    replace(&deps, &before, &case, AuditChange { note: Some(note), ..change }).await?;
    tracing::info!(event = "case_resolved", case.id = %id, "case `{id}` is resolved");
    Ok(Reply(case.into()))
}

async fn load(deps: &Deps, tenant: &TenantId, id: &str) -> Result<Case, Problem> {
    Ok(deps.table.case(tenant, id).await?.ok_or(CaseRefused::Unknown)?)
}

fn unchanged_since(case: &Case, version: Option<u64>) -> Result<(), CaseRefused> {
    match version {
        Some(version) if version != case.version => Err(CaseRefused::Changed),
        _ => Ok(()),
    }
}

async fn replace(
    deps: &Deps,
    before: &Case,
    case: &Case,
    change: AuditChange,
) -> Result<(), Problem> {
    let change = AuditChange { before: facts(before), after: facts(case), ..change };
    match deps.table.replace_case(case, before.version, &change).await? {
        true => Ok(()),
        false => Err(CaseRefused::Changed.into()),
    }
}

fn facts(case: &Case) -> Facts {
    Facts::of(&json!({ "status": case.status, "assignee": case.assignee }))
}
