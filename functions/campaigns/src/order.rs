//! POST /api/v1/vouchers/{voucher_id}/batches: orders a printing (V7), once per `Idempotency-Key`.

use adapters::queue::Queue;
use adapters::table::BatchInserted;
use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use domain::campaign::{Batch, BatchRefused, BatchWishes};
use domain::failure::chain;
use domain::id::BatchId;
use domain::message::PrintingMessage;
use domain::voucher::{Voucher, VoucherRefused};
use domain::voucher_token::TokenIndex;
use qr::Sheet;
use web::idempotency::KeyRefused;
use web::input::VoucherPath;
use web::problem::ProblemBody;
use web::{Caller, Once, Problem, Stopped, may};

use crate::Deps;
use crate::read::BatchResponse;

/// Orders a printing: up to 10,000 codes, each redeemed once, as a list and as sheets. Needs an `Idempotency-Key`. Look
/// at it again until it is done.
#[utoipa::path(
    post,
    path = "/api/v1/vouchers/{voucher_id}/batches",
    tag = "vouchers",
    operation_id = "order_batch",
    params(
        ("voucher_id" = String, Path, description = "The voucher"),
        ("Idempotency-Key" = String, Header, description = "A value of your own; a repetition orders no second printing"),
    ),
    request_body = BatchWishes,
    responses(
        (status = 202, description = "The codes are being made", body = BatchResponse),
        (status = 400, description = "No Idempotency-Key", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such voucher", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "A draft, ended or expired; or its limit has less left; or the same request is still running", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A printing that breaks a rule, or whose words have no room on its labels", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["vouchers:write"]))
)]
pub(crate) async fn order_batch(
    State(deps): State<Deps>,
    caller: Caller<may::VouchersWrite>,
    VoucherPath(id): VoucherPath,
    once: Once<BatchWishes>,
) -> Result<(StatusCode, Reply<BatchResponse>), Stopped> {
    once.request.check()?;
    let before = deps.table.voucher_of(&caller.tenant, &id).await?;
    let before = before.ok_or(VoucherRefused::Unknown)?;
    let (batch, voucher) = planned(&deps, &before, once.request).await?;
    let reply = BatchResponse::of(&batch, Vec::new());
    let answer = once.key.saving(StatusCode::ACCEPTED, &reply);
    match deps.table.insert_batch(&batch, (&voucher, &before), answer).await? {
        BatchInserted::Done => {}
        BatchInserted::Refused(refused) => return Err(refused.into()),
        BatchInserted::Changed => return Err(BatchRefused::Changed.into()),
        BatchInserted::KeyLost => return Err(KeyRefused::Running.into()),
    }
    tell_worker(&deps.queue, &batch).await;
    tracing::info!(event = "batch_ordered", batch.id = %batch.id, "printing `{}` is ordered", batch.id);
    Ok((StatusCode::ACCEPTED, Reply(reply)))
}

/// The printing with its places in the status list, and what becomes of its voucher. Places are only taken for what can
/// be printed, as far as words and colours tell; the codes are tried out by the worker, who can sign one.
async fn planned(
    deps: &Deps,
    before: &Voucher,
    wishes: BatchWishes,
) -> Result<(Batch, Voucher), Problem> {
    let now = deps.ids.now();
    let id = (deps.ids.make(BatchId::new), deps.ids.bytes());
    let whose = (before.tenant.clone(), before.id.clone());
    let batch = Batch::order(id, whose, (wishes, 0), (now, before.terms.expires_at));
    let voucher = before.clone().printing(&batch, now)?;
    drop(Sheet::of_batch(before, &batch, None)?);
    let first = deps.table.take_status_places(&before.tenant, batch.count).await?;
    let batch = Batch { first, ..batch };
    TokenIndex::new(batch.index(batch.count))?;
    Ok((batch, voucher))
}

/// Tells the worker. Where that fails, whoever looks at the printing later does so again.
pub(crate) async fn tell_worker(queue: &Queue, batch: &Batch) {
    let message = PrintingMessage { voucher: batch.voucher.clone(), first: batch.first };
    if let Err(error) = queue.send(&message).await {
        let error = chain(&error);
        tracing::warn!(error, batch.id = %batch.id, "the worker has not heard of `{}`", batch.id);
    }
}
