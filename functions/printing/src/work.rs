//! One printing: taken in hand, made part by part, completed.

use std::sync::Arc;
use std::time::Duration;

use adapters::files::PrintFile;
use domain::campaign::Batch;
use domain::failure::{Failure, Kind};
use domain::message::PrintingMessage;
use domain::voucher::Voucher;
use qr::{Logo, Sheet};
use tokio::time::Instant;
use web::csv;

use crate::part::{self, HEADS, PART_CODES};
use crate::{Deps, Unprinted};

/// How long one message may take; another one goes on then. A part that begins at its end is still written well within
/// the function's 900 seconds.
const BUDGET: Duration = Duration::from_secs(480);

/// Goes on with a printing until it is done, or until the time is over.
///
/// # Errors
/// [`Unprinted`]: the message comes again.
pub(crate) async fn go_on(deps: &Deps, message: PrintingMessage) -> Result<(), Unprinted> {
    let batch = deps.table.batch_at(&message.voucher, message.first).await?;
    let voucher = deps.table.voucher(&message.voucher).await?;
    let Some((mut batch, voucher)) = batch.zip(voucher) else {
        tracing::warn!(voucher.id = %message.voucher, "there is no such printing of `{}`", message.voucher);
        return Ok(());
    };
    if batch.is_over() {
        return Ok(());
    }
    let logo = logo(deps, &voucher, &batch).await?;
    let sheet = match Sheet::of_batch(&voucher, &batch, logo.as_ref()) {
        Ok(sheet) => Arc::new(sheet),
        Err(refused) if refused.kind() == Kind::Bug => return Err(refused.into()),
        Err(refused) => return give_up(deps, batch, &voucher, refused.to_string()).await,
    };
    let deadline = Instant::now() + BUDGET;
    while batch.progress.done < batch.count {
        if Instant::now() > deadline {
            return Ok(deps.queue.send(&message).await?);
        }
        batch = save(deps, batch.lease(deps.ids.now())?).await?;
        batch = match part::print(deps, &sheet, &batch).await {
            Ok(files) => {
                let done = batch.progress.done.saturating_add(PART_CODES).min(batch.count);
                save(deps, batch.wrote(done, files)).await?
            }
            Err(Unprinted::Sheet(refused)) if refused.kind() != Kind::Bug => {
                return give_up(deps, batch, &voucher, refused.to_string()).await;
            }
            Err(unprinted) => return Err(unprinted),
        };
    }
    complete(deps, batch).await
}

/// Writes down how far the printing is; only who has read the version before it may.
async fn save(deps: &Deps, batch: Batch) -> Result<Batch, Unprinted> {
    match deps.table.replace_batch(&batch, batch.version.saturating_sub(1)).await? {
        true => Ok(batch),
        false => Err(Unprinted::Outrun),
    }
}

/// One list of the lines of all parts.
async fn complete(deps: &Deps, batch: Batch) -> Result<(), Unprinted> {
    let mut list = csv::rows([HEADS.map(str::to_owned)])?;
    for part in 0..batch.count.div_ceil(PART_CODES) {
        let lines = deps.files.print(&batch, PrintFile::Lines(part + 1)).await?;
        list.extend(lines.ok_or(Unprinted::LinesMissing(part + 1))?);
    }
    deps.files.put_print(&batch, PrintFile::Codes, list).await?;
    let list = PrintFile::Codes.key(&batch);
    let files = [list].into_iter().chain(batch.progress.files.clone()).collect();
    let done = save(deps, batch.done(files, deps.ids.now())).await?;
    tracing::info!(event = "batch_printed", batch.id = %done.id, codes = done.count, "printing `{}` is done", done.id);
    Ok(())
}

/// Says why a printing cannot be made. One that has no code yet gives its limit back.
async fn give_up(
    deps: &Deps,
    batch: Batch,
    voucher: &Voucher,
    problem: String,
) -> Result<(), Unprinted> {
    let (read, untouched) = (batch.version, batch.progress.done == 0);
    let failed = batch.failed(problem, deps.ids.now());
    let written = match untouched {
        true => deps.table.give_up_batch((&failed, read), voucher).await?,
        false => deps.table.replace_batch(&failed, read).await?,
    };
    tracing::warn!(event = "batch_failed", batch.id = %failed.id, "printing `{}` cannot be made", failed.id);
    if written { Ok(()) } else { Err(Unprinted::Outrun) }
}

/// The tenant's logo, where the printing carries it. One that vanished from the bucket does not stop the codes.
async fn logo(deps: &Deps, voucher: &Voucher, batch: &Batch) -> Result<Option<Logo>, Unprinted> {
    if !batch.design.as_ref().unwrap_or(&voucher.terms.design).logo {
        return Ok(None);
    }
    let tenant = deps.table.tenant(&batch.tenant).await?;
    let Some(stored) = tenant.and_then(|tenant| tenant.logo) else { return Ok(None) };
    let bytes = deps.files.logo(&stored.key).await?;
    Ok(bytes.and_then(|bytes| Logo::parse(&bytes).ok()))
}
