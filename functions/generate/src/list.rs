//! GET /api/v1/qr/list: the tenant's codes in pages, by status, as JSON or CSV (P29).

use adapters::table::Table;
use axum::Json as Reply;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use domain::code::{CodeStatus, PropertyCode};
use domain::id::TenantId;
use domain::page::{Page, PageSize, Position};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::input::Params;
use web::problem::ProblemBody;
use web::{Caller, Problem, csv, may};

use crate::Deps;
use crate::metadata::{QrCodeResponse, counted};

/// What the cursors of this list are sealed for.
const LIST: &str = "codes";
/// Rows of one CSV: well below what an answer may weigh.
const CSV_ROWS_MAX: usize = 10_000;
/// Pages that are looked through for the codes of one status before an answer with fewer is given.
const PAGES_PER_ANSWER_MAX: usize = 20;
/// Says where a CSV that was cut goes on.
const NEXT_CURSOR: HeaderName = HeaderName::from_static("x-next-cursor");

/// Which codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StatusFilter {
    /// Alive and not expired.
    Active,
    /// Deleted by their owner.
    Deleted,
    /// Alive, but their time is over.
    Expired,
}

/// The list's form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ListFormat {
    /// A page.
    #[default]
    Json,
    /// Up to 10,000 rows.
    Csv,
}

/// Which page of which list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListParams {
    /// `active`, `deleted` or `expired`; all of them when absent.
    #[param(inline)]
    status: Option<StatusFilter>,
    /// The cursor that the page before gave.
    cursor: Option<String>,
    /// How many entries, 1 to 100.
    limit: Option<u32>,
    /// `json` or `csv`.
    #[serde(default)]
    #[param(inline)]
    format: ListFormat,
}

/// A page of codes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListResponse {
    /// The codes, oldest first.
    codes: Vec<QrCodeResponse>,
    /// For the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl StatusFilter {
    fn takes(self, code: &PropertyCode, now: Timestamp) -> bool {
        let (alive, over) = (code.status == CodeStatus::Active, code.is_expired(now));
        match self {
            StatusFilter::Active => alive && !over,
            StatusFilter::Deleted => !alive,
            StatusFilter::Expired => alive && over,
        }
    }
}

/// The tenant's codes.
#[utoipa::path(
    get,
    path = "/api/v1/qr/list",
    tag = "codes",
    operation_id = "list_codes",
    params(ListParams),
    responses(
        (status = 200, description = "The codes", content((ListResponse = "application/json"), (String = "text/csv"))),
        (status = 422, description = "A limit, status or cursor that is not valid", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["codes:read"]))
)]
pub(crate) async fn list_codes(
    State(deps): State<Deps>,
    caller: Caller<may::CodesRead>,
    Params(params): Params<ListParams>,
) -> Result<Response, Problem> {
    let size = PageSize::parse(params.limit)?;
    let owner = caller.tenant.as_str();
    let from = deps.seal.position(owner, LIST, params.cursor.as_deref()).await?;
    let wanted = match params.format {
        ListFormat::Json => usize::try_from(size.get()).unwrap_or(usize::MAX),
        ListFormat::Csv => CSV_ROWS_MAX,
    };
    let page = codes(&deps, &caller.tenant, params.status, wanted, from).await?;
    let next_cursor = match &page.next {
        Some(next) => Some(deps.seal.cursor(owner, LIST, next).await?),
        None => None,
    };
    match params.format {
        ListFormat::Json => {
            Ok(Reply(ListResponse { codes: page.entries, next_cursor }).into_response())
        }
        ListFormat::Csv => {
            let rows = page.entries.iter().map(QrCodeResponse::row);
            let mut table = csv::table("codes", &QrCodeResponse::COLUMNS, rows);
            if let Some(cursor) = next_cursor.and_then(|cursor| HeaderValue::from_str(&cursor).ok())
            {
                table.headers_mut().insert(NEXT_CURSOR, cursor);
            }
            Ok(table)
        }
    }
}

/// Up to `wanted` codes of a status. The index does not know when a code expires, so the filter comes after it.
async fn codes(
    deps: &Deps,
    tenant: &TenantId,
    status: Option<StatusFilter>,
    wanted: usize,
    mut from: Option<Position>,
) -> Result<Page<QrCodeResponse>, Problem> {
    let now = deps.clock.now();
    let mut found: Vec<QrCodeResponse> = Vec::new();
    let pages_max =
        PAGES_PER_ANSWER_MAX.max(wanted / usize::try_from(PageSize::largest().get()).unwrap_or(1));
    for _ in 0..=pages_max {
        let page = deps.table.codes_of_tenant(tenant, PageSize::largest(), from.as_ref()).await?;
        let taken =
            page.entries.into_iter().filter(|code| status.is_none_or(|s| s.takes(code, now)));
        let mut taken: Vec<PropertyCode> = taken.collect();
        let room = wanted - found.len();
        let cut = taken.len() > room;
        taken.truncate(room);
        // A cut page goes on behind the last code that is shown.
        from = if cut { taken.last().map(Table::place_of) } else { page.next };
        let counted: Vec<_> = taken.iter().map(counted).collect();
        let totals = deps.table.totals_of(&counted).await?;
        for (code, counted) in taken.iter().zip(&counted) {
            let totals = totals.get(counted).cloned().unwrap_or_default();
            found.push(QrCodeResponse::of(code, &totals, &deps.images, now));
        }
        if from.is_none() || found.len() >= wanted {
            break;
        }
    }
    Ok(Page { entries: found, next: from })
}
