//! An export: asked for, told to its worker, and looked at.

use adapters::ids::Ids;
use adapters::queue::Queue;
use adapters::table::Table;
use domain::audit::Actor;
use domain::export::{Export, ExportKind, ExportRefused, ExportState, Progress};
use domain::failure::{FieldError, InvalidFields, chain};
use domain::id::{ExportId, TenantId};
use domain::message::ExportMessage;
use jiff::Timestamp;

use crate::problem::Problem;

/// After so many seconds without anybody at it, the worker is told again of an export that somebody looks at.
const FORGOTTEN_S: i64 = 60;

/// A new export of a period, which ends now when nothing is said.
///
/// # Errors
/// [`InvalidFields`] where the period ends before it begins.
pub fn new_export(
    ids: &Ids,
    (tenant, by): (&TenantId, Actor),
    kind: ExportKind,
    (from, to): (Timestamp, Option<Timestamp>),
) -> Result<Export, InvalidFields> {
    let now = ids.now();
    let to = to.unwrap_or(now).min(now);
    if from >= to {
        let detail = "the period ends after it begins, and begins in the past";
        return Err(InvalidFields(vec![FieldError::new("from", "out_of_range", detail)]));
    }
    Ok(Export {
        id: ids.make(ExportId::new),
        tenant: tenant.clone(),
        kind,
        from,
        to,
        by,
        state: ExportState::Requested,
        rows: 0,
        created_at: now,
        finished_at: None,
        progress: Progress::default(),
        version: 1,
    })
}

/// Tells the worker. Where that fails, whoever looks at the export later does so again.
pub async fn tell_worker(queue: &Queue, export: &Export) {
    let message = ExportMessage { tenant: export.tenant.clone(), export: export.id.clone() };
    if let Err(error) = queue.send(&message).await {
        let error = chain(&error);
        tracing::warn!(error, export.id = %export.id, "the worker has not heard of `{}`", export.id);
    }
}

/// The tenant's export; where its worker seems to have forgotten it, it is told again.
///
/// # Errors
/// [`ExportRefused::Unknown`], or the store's failure.
pub async fn export_of(
    (table, queue): (&Table, &Queue),
    tenant: &TenantId,
    id: &ExportId,
    now: Timestamp,
) -> Result<Export, Problem> {
    let export = table.export(tenant, id).await?.ok_or(ExportRefused::Unknown)?;
    if is_forgotten(&export, now) {
        tell_worker(queue, &export).await;
    }
    Ok(export)
}

/// Whether nobody is at an export that is not over: its message may have been lost.
fn is_forgotten(export: &Export, now: Timestamp) -> bool {
    let since = export.progress.leased_until.unwrap_or(export.created_at);
    !export.is_over() && now.duration_since(since).as_secs() > FORGOTTEN_S
}
