//! POST and GET /api/v1/loyalty/programmes, GET and PUT /api/v1/loyalty/programmes/{programme_id}: for what there are
//! points, and how many were given, spent and lost.

use adapters::table::PointsTotals;
use axum::Json as Reply;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use domain::id::{ProgrammeId, TenantId};
use domain::page::PageSize;
use domain::programme::{Programme, ProgrammeRefused, ProgrammeTerms};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::idempotency::KeyRefused;
use web::input::{Json, Params};
use web::problem::ProblemBody;
use web::{Caller, Once, Problem, Stopped, may};

use crate::Deps;

/// What the cursors of this list are sealed for.
const LIST: &str = "programmes";

/// A programme.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProgrammeResponse {
    /// Its id.
    #[schema(value_type = String)]
    programme_id: ProgrammeId,
    /// What is said of it.
    #[serde(flatten)]
    terms: ProgrammeTerms,
    /// What became of its points; lists leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    points: Option<PointsResponse>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Counts the changes.
    version: u64,
}

/// What became of a programme's points, as of a moment ago.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PointsResponse {
    /// Given, less what was taken back.
    issued: i64,
    /// Spent on rewards.
    redeemed: i64,
    /// Not spent in time.
    expired: i64,
    /// What customers have, including what their codes hold.
    outstanding: i64,
}

/// A page of programmes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProgrammesResponse {
    /// The programmes, by name.
    programmes: Vec<ProgrammeResponse>,
    /// For the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// What a programme is to be from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplaceProgrammeRequest {
    /// The version that this change is made to; without it, whatever is there is changed.
    #[serde(default)]
    version: Option<u64>,
    /// What is said of it.
    #[serde(flatten)]
    terms: ProgrammeTerms,
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProgrammesParams {
    /// The cursor that the page before gave.
    cursor: Option<String>,
    /// How many entries, 1 to 100.
    limit: Option<u32>,
}

/// The path part `programme_id`. A text that is no id is a programme that is not there.
#[derive(Debug)]
pub(crate) struct ProgrammePath(ProgrammeId);

impl<S: Send + Sync> FromRequestParts<S> for ProgrammePath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = text.map_err(|_| ProgrammeRefused::Unknown)?;
        Ok(Self(ProgrammeId::parse(&text).map_err(|_| ProgrammeRefused::Unknown)?))
    }
}

impl From<PointsTotals> for PointsResponse {
    fn from(totals: PointsTotals) -> Self {
        let PointsTotals { issued, redeemed, expired } = totals;
        // In the ledger, what comes back from customers counts below zero.
        let outstanding = issued.saturating_add(redeemed).saturating_add(expired);
        let (redeemed, expired) = (redeemed.saturating_neg(), expired.saturating_neg());
        Self { issued, redeemed, expired, outstanding }
    }
}

impl ProgrammeResponse {
    fn of(programme: Programme) -> Self {
        Self {
            programme_id: programme.id,
            terms: programme.terms,
            points: None,
            created_at: programme.created_at,
            version: programme.version,
        }
    }
}

/// The tenant's programme of this id.
pub(crate) async fn load(
    deps: &Deps,
    tenant: &TenantId,
    id: &ProgrammeId,
) -> Result<Programme, Problem> {
    Ok(deps.table.programme(tenant, id).await?.ok_or(ProgrammeRefused::Unknown)?)
}

/// Opens a programme. Needs an `Idempotency-Key`.
#[utoipa::path(
    post,
    path = "/api/v1/loyalty/programmes",
    tag = "loyalty",
    operation_id = "create_programme",
    params(("Idempotency-Key" = String, Header, description = "A value of your own; a repetition opens no second programme")),
    request_body = ProgrammeTerms,
    responses(
        (status = 201, description = "The programme", body = ProgrammeResponse),
        (status = 400, description = "No Idempotency-Key", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The same request is still running", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A programme that breaks a rule", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["loyalty:write"]))
)]
pub(crate) async fn create_programme(
    State(deps): State<Deps>,
    caller: Caller<may::LoyaltyWrite>,
    once: Once<ProgrammeTerms>,
) -> Result<(StatusCode, Reply<ProgrammeResponse>), Stopped> {
    let terms = once.request.check()?;
    let id = deps.ids.make(ProgrammeId::new);
    let programme = Programme::open(id, caller.tenant, terms, deps.ids.now());
    let reply = ProgrammeResponse::of(programme.clone());
    let answer = once.key.saving(StatusCode::CREATED, &reply);
    if !deps.table.insert_programme(&programme, answer).await? {
        return Err(KeyRefused::Running.into());
    }
    tracing::info!(event = "programme_opened", programme.id = %programme.id, "opened programme `{}`", programme.id);
    Ok((StatusCode::CREATED, Reply(reply)))
}

/// One programme, and what became of its points.
#[utoipa::path(
    get,
    path = "/api/v1/loyalty/programmes/{programme_id}",
    tag = "loyalty",
    operation_id = "read_programme",
    params(("programme_id" = String, Path, description = "The programme")),
    responses(
        (status = 200, description = "The programme", body = ProgrammeResponse),
        (status = 404, description = "No such programme", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["loyalty:read"]))
)]
pub(crate) async fn read_programme(
    State(deps): State<Deps>,
    caller: Caller<may::LoyaltyRead>,
    ProgrammePath(id): ProgrammePath,
) -> Result<Reply<ProgrammeResponse>, Problem> {
    let programme = load(&deps, &caller.tenant, &id).await?;
    let totals = deps.table.points_totals(&caller.tenant, &id).await?;
    let points = Some(PointsResponse::from(totals));
    Ok(Reply(ProgrammeResponse { points, ..ProgrammeResponse::of(programme) }))
}

/// The tenant's programmes.
#[utoipa::path(
    get,
    path = "/api/v1/loyalty/programmes",
    tag = "loyalty",
    operation_id = "list_programmes",
    params(ProgrammesParams),
    responses(
        (status = 200, description = "A page of programmes", body = ProgrammesResponse),
        (status = 422, description = "A limit or cursor that is not valid", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["loyalty:read"]))
)]
pub(crate) async fn list_programmes(
    State(deps): State<Deps>,
    caller: Caller<may::LoyaltyRead>,
    Params(params): Params<ProgrammesParams>,
) -> Result<Reply<ProgrammesResponse>, Problem> {
    let size = PageSize::parse(params.limit)?;
    let owner = caller.tenant.as_str();
    let from = deps.seal.position(owner, LIST, params.cursor.as_deref()).await?;
    let page = deps.table.programmes(&caller.tenant, size, from.as_ref()).await?;
    let next_cursor = match &page.next {
        Some(next) => Some(deps.seal.cursor(owner, LIST, next).await?),
        None => None,
    };
    let programmes = page.entries.into_iter().map(ProgrammeResponse::of).collect();
    Ok(Reply(ProgrammesResponse { programmes, next_cursor }))
}

/// Replaces what is said of a programme. Points that were given keep the life that they were given with.
#[utoipa::path(
    put,
    path = "/api/v1/loyalty/programmes/{programme_id}",
    tag = "loyalty",
    operation_id = "replace_programme",
    params(("programme_id" = String, Path, description = "The programme")),
    request_body = ReplaceProgrammeRequest,
    responses(
        (status = 200, description = "The programme as it is now", body = ProgrammeResponse),
        (status = 404, description = "No such programme", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Changed by somebody else", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A programme that breaks a rule", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["loyalty:write"]))
)]
pub(crate) async fn replace_programme(
    State(deps): State<Deps>,
    caller: Caller<may::LoyaltyWrite>,
    ProgrammePath(id): ProgrammePath,
    Json(request): Json<ReplaceProgrammeRequest>,
) -> Result<Reply<ProgrammeResponse>, Problem> {
    let ReplaceProgrammeRequest { version, terms } = request;
    let terms = terms.check()?;
    let before = load(&deps, &caller.tenant, &id).await?;
    let read = before.version;
    let programme = before.changed(terms);
    let expected = version.is_none_or(|version| version == read);
    if !expected || !deps.table.replace_programme(&programme, read).await? {
        return Err(ProgrammeRefused::Changed.into());
    }
    Ok(Reply(ProgrammeResponse::of(programme)))
}
