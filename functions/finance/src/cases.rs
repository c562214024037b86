//! GET /api/v1/reconciliation/cases: what does not fit, until a person has explained it (T44).

use axum::Json as Reply;
use axum::extract::State;
use domain::case::{Case, CaseKind, CaseStatus};
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

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageParams {
    /// The cursor that the page before gave.
    cursor: Option<String>,
    /// How many entries, 1 to 100.
    limit: Option<u32>,
}

/// A case. Amounts are minor units.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CaseResponse {
    /// What tells it from others.
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
        }
    }
}

/// What needs a person.
#[utoipa::path(
    get,
    path = "/api/v1/reconciliation/cases",
    tag = "finance",
    operation_id = "list_cases",
    params(PageParams),
    responses(
        (status = 200, description = "A page of cases", body = CasesResponse),
        (status = 422, description = "A limit or cursor that is not valid", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn list_cases(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceRead>,
    Params(params): Params<PageParams>,
) -> Result<Reply<CasesResponse>, Problem> {
    let size = PageSize::parse(params.limit)?;
    let owner = caller.tenant.as_str();
    let from = deps.seal.position(owner, LIST, params.cursor.as_deref()).await?;
    let page = deps.table.cases(&caller.tenant, size, from.as_ref()).await?;
    let next_cursor = match &page.next {
        Some(next) => Some(deps.seal.cursor(owner, LIST, next).await?),
        None => None,
    };
    let cases = page.entries.into_iter().map(CaseResponse::from).collect();
    Ok(Reply(CasesResponse { cases, next_cursor }))
}
