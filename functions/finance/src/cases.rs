//! GET /api/v1/reconciliation/cases: what does not fit, until a person has explained it (T44).

use adapters::table::CaseFilter;
use axum::Json as Reply;
use axum::extract::State;
use domain::audit::{Actor, Note};
use domain::case::{Case, CaseKind, CaseStatus};
use domain::failure::{FieldError, InvalidFields};
use domain::id::TipId;
use domain::page::PageSize;
use domain::tip::Mismatch;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::input::Params;
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;

/// What the cursors of this list are sealed for.
const LIST: &str = "cases";

/// Which cases.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct CasesParams {
    /// Where they stand.
    #[param(inline)]
    status: Option<CaseStatus>,
    /// What does not fit.
    #[param(inline)]
    kind: Option<CaseKind>,
    /// Who looks into them: the id of an API key.
    assignee: Option<String>,
    /// The cursor that the page before gave.
    cursor: Option<String>,
    /// How many entries, 1 to 100.
    limit: Option<u32>,
}

/// A case. Amounts are minor units.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CaseResponse {
    /// Its id.
    case_id: String,
    /// What does not fit.
    kind: CaseKind,
    /// Paystack's reference.
    reference: String,
    /// The tip, where there is one.
    #[schema(value_type = Option<String>)]
    tip_id: Option<TipId>,
    /// What differs, for a charge.
    mismatch: Option<Mismatch>,
    /// What we expected.
    expected: Option<i64>,
    /// What Paystack says.
    found: Option<i64>,
    /// The currency that Paystack says.
    currency: Option<String>,
    /// Where it stands.
    status: CaseStatus,
    /// When it was noticed.
    #[schema(value_type = String, format = DateTime)]
    opened_at: Timestamp,
    /// Who looks into it.
    #[schema(value_type = Option<String>)]
    assignee: Option<Actor>,
    /// Who has explained it.
    #[schema(value_type = Option<String>)]
    resolved_by: Option<Actor>,
    /// When.
    #[schema(value_type = Option<String>, format = DateTime)]
    resolved_at: Option<Timestamp>,
    /// The explanation.
    #[schema(value_type = Option<String>)]
    note: Option<Note>,
    /// Counts the changes.
    version: u64,
}

/// A page of cases.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CasesResponse {
    /// The cases, newest first.
    cases: Vec<CaseResponse>,
    /// For the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl From<Case> for CaseResponse {
    fn from(case: Case) -> Self {
        Self {
            case_id: case.id,
            kind: case.kind,
            reference: case.reference,
            tip_id: case.tip,
            mismatch: case.mismatch,
            expected: case.expected,
            found: case.found,
            currency: case.currency,
            status: case.status,
            opened_at: case.opened_at,
            assignee: case.assignee,
            resolved_by: case.resolution.as_ref().map(|resolution| resolution.by.clone()),
            resolved_at: case.resolution.as_ref().map(|resolution| resolution.at),
            note: case.resolution.map(|resolution| resolution.note),
            version: case.version,
        }
    }
}

impl CasesParams {
    fn filter(&self) -> Result<CaseFilter, InvalidFields> {
        let assignee = self.assignee.as_deref().map(|text| actor("assignee", text)).transpose()?;
        Ok(CaseFilter { status: self.status, kind: self.kind, assignee })
    }
}

/// The actor that a field names.
pub(crate) fn actor(field: &str, text: &str) -> Result<Actor, InvalidFields> {
    Actor::parse(text).map_err(|invalid| {
        InvalidFields(vec![FieldError::new(field, "invalid_actor", invalid.to_string())])
    })
}

/// What needs a person.
#[utoipa::path(
    get,
    path = "/api/v1/reconciliation/cases",
    tag = "finance",
    operation_id = "list_cases",
    params(CasesParams),
    responses(
        (status = 200, description = "A page of cases", body = CasesResponse),
        (status = 422, description = "A filter, limit or cursor that is not valid", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn list_cases(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceRead>,
    Params(params): Params<CasesParams>,
) -> Result<Reply<CasesResponse>, Problem> {
    let (size, filter) = (PageSize::parse(params.limit)?, params.filter()?);
    let owner = caller.tenant.as_str();
    let from = deps.seal.position(owner, LIST, params.cursor.as_deref()).await?;
    let page = deps.table.cases_where(&caller.tenant, &filter, size, from.as_ref()).await?;
    let next_cursor = match &page.next {
        Some(next) => Some(deps.seal.cursor(owner, LIST, next).await?),
        None => None,
    };
    let cases = page.entries.into_iter().map(CaseResponse::from).collect();
    Ok(Reply(CasesResponse { cases, next_cursor }))
}
