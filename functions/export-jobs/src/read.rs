//! GET /api/v1/exports and /api/v1/exports/{export_id}: how far exports are, and the address of one that is done.

use adapters::files::ADDRESS_VALID_FOR;
use axum::Json as Reply;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use domain::export::{Export, ExportKind, ExportRefused, ExportState};
use domain::id::ExportId;
use domain::page::PageSize;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::finance::export_of;
use web::input::Params;
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;

/// What the cursors of this list are sealed for.
const LIST: &str = "exports";

/// An export.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExportResponse {
    /// Its id.
    #[schema(value_type = String)]
    export_id: ExportId,
    /// Of what.
    kind: ExportKind,
    /// The first instant.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// The instant at which the period ends.
    #[schema(value_type = String, format = DateTime)]
    to: Timestamp,
    /// How far it is.
    state: ExportState,
    /// Rows that are written so far.
    rows: u64,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    /// Where the file is fetched, for five minutes; whoever has the address may. Ask again for another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// Until when that works.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    url_valid_until: Option<Timestamp>,
}

/// A page of exports.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExportsResponse {
    /// The exports, newest first, without addresses.
    exports: Vec<ExportResponse>,
    /// For the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl ExportResponse {
    pub(crate) fn of(export: &Export, address: Option<(String, Timestamp)>) -> Self {
        let (url, url_valid_until) = address.unzip();
        Self {
            export_id: export.id.clone(),
            kind: export.kind,
            from: export.from,
            to: export.to,
            state: export.state,
            rows: export.rows,
            created_at: export.created_at,
            finished_at: export.finished_at,
            url,
            url_valid_until,
        }
    }
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportsParams {
    /// The cursor that the page before gave.
    cursor: Option<String>,
    /// How many exports, 1 to 100.
    limit: Option<u32>,
}

/// The path part `export_id`. A text that is no id is an export that is not there.
#[derive(Debug)]
pub(crate) struct ExportPath(ExportId);

impl<S: Send + Sync> FromRequestParts<S> for ExportPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = text.map_err(|_| ExportRefused::Unknown)?;
        Ok(Self(ExportId::parse(&text).map_err(|_| ExportRefused::Unknown)?))
    }
}

/// One export, with the address of its file once it is done.
#[utoipa::path(
    get,
    path = "/api/v1/exports/{export_id}",
    tag = "finance",
    operation_id = "read_export",
    params(("export_id" = String, Path, description = "The export")),
    responses(
        (status = 200, description = "The export", body = ExportResponse),
        (status = 404, description = "No such export", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn read_export(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceRead>,
    ExportPath(id): ExportPath,
) -> Result<Reply<ExportResponse>, Problem> {
    let now = deps.ids.now();
    let export = export_of((&deps.table, &deps.queue), &caller.tenant, &id, now).await?;
    let address = match export.state {
        ExportState::Done => {
            let valid_for = SignedDuration::try_from(ADDRESS_VALID_FOR).unwrap_or_default();
            let until = now.saturating_add(valid_for).unwrap_or(now);
            Some((deps.files.address(&export).await?, until))
        }
        ExportState::Requested | ExportState::Running | ExportState::Failed => None,
    };
    Ok(Reply(ExportResponse::of(&export, address)))
}

/// The tenant's exports.
#[utoipa::path(
    get,
    path = "/api/v1/exports",
    tag = "finance",
    operation_id = "list_exports",
    params(ExportsParams),
    responses(
        (status = 200, description = "A page of exports", body = ExportsResponse),
        (status = 422, description = "A limit or cursor that is not valid", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn list_exports(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceRead>,
    Params(params): Params<ExportsParams>,
) -> Result<Reply<ExportsResponse>, Problem> {
    let size = PageSize::parse(params.limit)?;
    let owner = caller.tenant.as_str();
    let from = deps.seal.position(owner, LIST, params.cursor.as_deref()).await?;
    let page = deps.table.exports(&caller.tenant, size, from.as_ref()).await?;
    let next_cursor = match &page.next {
        Some(next) => Some(deps.seal.cursor(owner, LIST, next).await?),
        None => None,
    };
    let exports = page.entries.iter().map(|export| ExportResponse::of(export, None)).collect();
    Ok(Reply(ExportsResponse { exports, next_cursor }))
}
