//! GET /api/v1/vouchers/{voucher_id}/batches and …/batches/{batch_id}: how far printings are, and the addresses of the
//! files of one.

use adapters::files::ADDRESS_VALID_FOR;
use axum::Json as Reply;
use axum::extract::{FromRequestParts, RawPathParams, State};
use axum::http::request::Parts;
use domain::campaign::{Batch, BatchRefused, BatchState, SheetLayout};
use domain::id::{BatchId, TenantId, VoucherId};
use domain::voucher::{Voucher, VoucherRefused};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;
use web::input::VoucherPath;
use web::problem::ProblemBody;
use web::{BusinessReader, Problem, may};

use crate::Deps;
use crate::order::tell_worker;

/// After so many seconds without anybody at it, the worker is told again of a printing that somebody looks at.
const FORGOTTEN_S: i64 = 60;

/// A printing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BatchResponse {
    /// Its id.
    #[schema(value_type = String)]
    batch_id: BatchId,
    /// Of which voucher.
    #[schema(value_type = String)]
    voucher_id: VoucherId,
    /// What it is called.
    name: String,
    /// How many codes.
    count: u32,
    /// How many of them may be redeemed.
    limit: u32,
    /// From when on they are not redeemed any more.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// How they lie on the paper.
    layout: SheetLayout,
    /// Variants that are compared.
    #[schema(value_type = Vec<String>)]
    variants: Vec<char>,
    /// How far it is.
    state: BatchState,
    /// Codes that are made so far.
    done: u32,
    /// Why it has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    /// When it was ordered.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was done, or given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    /// Its files so far, in the answer for one printing; they are kept for a month.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<FileResponse>,
}

/// A file of a printing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FileResponse {
    /// What it is called.
    name: String,
    /// Where it is fetched, for five minutes; whoever has the address may. Ask again for another one.
    url: String,
    /// Until when that works.
    #[schema(value_type = String, format = DateTime)]
    valid_until: Timestamp,
}

/// The printings of a voucher.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BatchesResponse {
    /// The printings, oldest first, without files.
    batches: Vec<BatchResponse>,
}

/// The path part `batch_id`. A text that is no id is a printing that is not there.
#[derive(Debug)]
pub(crate) struct BatchPath(BatchId);

impl<S: Send + Sync> FromRequestParts<S> for BatchPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let parts = RawPathParams::from_request_parts(parts, state).await;
        let parts = parts.map_err(|_| BatchRefused::Unknown)?;
        let named = parts.iter().find(|(name, _)| *name == "batch_id");
        let id = named.and_then(|(_, text)| BatchId::parse(text).ok());
        Ok(Self(id.ok_or(BatchRefused::Unknown)?))
    }
}

impl BatchResponse {
    pub(crate) fn of(batch: &Batch, files: Vec<FileResponse>) -> Self {
        Self {
            batch_id: batch.id.clone(),
            voucher_id: batch.voucher.clone(),
            name: batch.name.clone(),
            count: batch.count,
            limit: batch.limit,
            expires_at: batch.expires_at,
            layout: batch.layout,
            variants: batch.variants.clone(),
            state: batch.state,
            done: batch.progress.done,
            problem: batch.progress.problem.clone(),
            created_at: batch.created_at,
            finished_at: batch.finished_at,
            files,
        }
    }
}

/// One printing, with the addresses of its files.
#[utoipa::path(
    get,
    path = "/api/v1/vouchers/{voucher_id}/batches/{batch_id}",
    tag = "vouchers",
    operation_id = "read_batch",
    params(
        ("voucher_id" = String, Path, description = "The voucher"),
        ("batch_id" = String, Path, description = "The printing"),
    ),
    responses(
        (status = 200, description = "The printing", body = BatchResponse),
        (status = 404, description = "No such voucher or printing", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["vouchers:read"]))
)]
pub(crate) async fn read_batch(
    State(deps): State<Deps>,
    reader: BusinessReader<may::VouchersRead>,
    VoucherPath(id): VoucherPath,
    BatchPath(batch): BatchPath,
) -> Result<Reply<BatchResponse>, Problem> {
    let now = deps.ids.now();
    let voucher = visible(&deps, &reader, &id).await?;
    let batch = deps.table.batch(&voucher.id, &batch).await?.ok_or(BatchRefused::Unknown)?;
    if is_forgotten(&batch, now) {
        tell_worker(&deps.queue, &batch).await;
    }
    let files = files(&deps, &batch, now).await?;
    Ok(Reply(BatchResponse::of(&batch, files)))
}

/// The voucher's printings.
#[utoipa::path(
    get,
    path = "/api/v1/vouchers/{voucher_id}/batches",
    tag = "vouchers",
    operation_id = "list_batches",
    params(("voucher_id" = String, Path, description = "The voucher")),
    responses(
        (status = 200, description = "The printings", body = BatchesResponse),
        (status = 404, description = "No such voucher", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["vouchers:read"]))
)]
pub(crate) async fn list_batches(
    State(deps): State<Deps>,
    reader: BusinessReader<may::VouchersRead>,
    VoucherPath(id): VoucherPath,
) -> Result<Reply<BatchesResponse>, Problem> {
    let voucher = visible(&deps, &reader, &id).await?;
    let batches = deps.table.batches_of_voucher(&voucher.id).await?;
    let batches = batches.iter().map(|batch| BatchResponse::of(batch, Vec::new())).collect();
    Ok(Reply(BatchesResponse { batches }))
}

/// The voucher, where it is there for whoever asks.
async fn visible(
    deps: &Deps,
    reader: &BusinessReader<may::VouchersRead>,
    id: &VoucherId,
) -> Result<Voucher, Problem> {
    let tenant: &TenantId = &reader.tenant;
    let voucher = deps.table.voucher_of(tenant, id).await?;
    let voucher = voucher.filter(|voucher| reader.may_see(&voucher.business));
    Ok(voucher.ok_or(VoucherRefused::Unknown)?)
}

async fn files(deps: &Deps, batch: &Batch, now: Timestamp) -> Result<Vec<FileResponse>, Problem> {
    let valid_for = SignedDuration::try_from(ADDRESS_VALID_FOR).unwrap_or_default();
    let valid_until = now.saturating_add(valid_for).unwrap_or(now);
    let mut files = Vec::with_capacity(batch.progress.files.len());
    for key in &batch.progress.files {
        let name = key.rsplit('/').next().unwrap_or_default().to_owned();
        let url = deps.files.print_address(key).await?;
        files.push(FileResponse { name, url, valid_until });
    }
    Ok(files)
}

/// Whether nobody is at a printing that is not over: its message may have been lost.
fn is_forgotten(batch: &Batch, now: Timestamp) -> bool {
    let since = batch.progress.leased_until.unwrap_or(batch.created_at);
    !batch.is_over() && now.duration_since(since).as_secs() > FORGOTTEN_S
}
