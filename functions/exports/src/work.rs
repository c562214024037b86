//! One export: claimed, written part by part, completed.

use std::time::Duration;

use adapters::files::PART_BYTES_MIN;
use domain::export::{Export, ExportState, Progress};
use domain::message::ExportMessage;
use tokio::time::Instant;
use web::csv;

use crate::source::{Chunk, chunk, heads, totals};
use crate::{Deps, Unwritten};

/// How long one message may take; another one goes on then. Well below the function's timeout.
const BUDGET: Duration = Duration::from_secs(480);

/// Goes on with an export until it is done, or until the time is over.
///
/// # Errors
/// [`Unwritten`]: the message comes again.
pub(crate) async fn go_on(deps: &Deps, message: ExportMessage) -> Result<(), Unwritten> {
    let Some(export) = deps.table.export(&message.tenant, &message.export).await? else {
        tracing::warn!(export.id = %message.export, "there is no export `{}`", message.export);
        return Ok(());
    };
    if export.is_over() {
        return Ok(());
    }
    let claimed = export.claim(deps.ids.now())?;
    let mut export = save(deps, begun(deps, claimed).await?).await?;
    let deadline = Instant::now() + BUDGET;
    while !export.progress.ended {
        if Instant::now() > deadline {
            save(deps, export.release()).await?;
            return Ok(deps.queue.send(&message).await?);
        }
        export = save(deps, part(deps, export).await?).await?;
    }
    let upload = export.progress.upload.clone().unwrap_or_default();
    deps.files.complete(&export, &upload, &export.progress.parts).await?;
    let done = save(deps, export.finish(ExportState::Done, deps.ids.now())).await?;
    tracing::info!(event = "export_done", export.id = %done.id, rows = done.rows, "export `{}` is written", done.id);
    Ok(())
}

/// The export with a file that its parts are sent to.
async fn begun(deps: &Deps, export: Export) -> Result<Export, Unwritten> {
    if export.progress.upload.is_some() {
        return Ok(export);
    }
    let upload = Some(deps.files.begin(&export).await?);
    Ok(Export { progress: Progress { upload, ..export.progress }, ..export })
}

/// Writes down how far the export is; only who has read the version before it may.
async fn save(deps: &Deps, export: Export) -> Result<Export, Unwritten> {
    let read = export.version.saturating_sub(1);
    match deps.table.replace_export(&export, read).await? {
        true => Ok(export),
        false => Err(Unwritten::Outrun),
    }
}

/// The export with one part more. A part is as large as the store wants it, but for the last one.
async fn part(deps: &Deps, export: Export) -> Result<Export, Unwritten> {
    let mut export = export;
    let mut bytes = match export.progress.parts.is_empty() {
        true => csv::rows([heads(export.kind)])?,
        false => Vec::new(),
    };
    while !export.progress.ended && bytes.len() < PART_BYTES_MIN {
        let Chunk { rows, sums, next } = chunk(deps, &export).await?;
        export.rows = export.rows.saturating_add(rows.len() as u64);
        bytes.extend(csv::rows(rows)?);
        for (name, minor) in sums {
            let sum = export.progress.sums.entry(name).or_default();
            *sum = sum.saturating_add(minor);
        }
        export.progress.ended = next.is_none();
        export.progress.place = next;
    }
    if export.progress.ended {
        bytes.extend(csv::rows(totals(&export))?);
    }
    let upload = export.progress.upload.clone().unwrap_or_default();
    let number = export.progress.parts.len().saturating_add(1);
    let tag = deps.files.send_part(&export, &upload, number, bytes).await?;
    export.progress.parts.push(tag);
    Ok(export.lease(deps.ids.now()))
}
