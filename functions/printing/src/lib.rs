//! Makes the codes of a printing (V7), part by part: signs them, gives each its short code, writes the list and the
//! sheets. After each part it is written down how far the printing is, so whoever dies, or runs out of time, is
//! followed by somebody who goes on right there and makes the same codes.
//!
//! Deliberately absent: a whole printing in memory, but for its list at the very end.

mod part;
mod work;

use adapters::environment::{Environment, EnvironmentError};
use adapters::files::{Files, FilesError};
use adapters::ids::Ids;
use adapters::queue::{Queue, QueueError};
use adapters::signer::{SignError, VoucherSigner};
use adapters::table::{StoreError, Table};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use domain::campaign::BatchRefused;
use domain::failure::chain;
use domain::voucher_token::StatusListFull;
use web::{BoxError, batch};

/// What the press may touch.
#[derive(Clone, Debug)]
pub struct Deps {
    table: Table,
    signer: VoucherSigner,
    files: Files,
    queue: Queue,
    ids: Ids,
}

impl Deps {
    /// From the function's variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] names the variable that is missing.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        Ok(Self {
            table: Table::from_env(env)?,
            signer: VoucherSigner::from_env(env)?,
            files: Files::from_env(env)?,
            queue: Queue::from_env(env, "PRINTINGS_QUEUE_URL")?,
            ids: Ids::from_env(env),
        })
    }
}

/// Why a printing was not gone on with now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unprinted {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error(transparent)]
    Sign(#[from] SignError),
    #[error(transparent)]
    Places(#[from] StatusListFull),
    #[error(transparent)]
    Refused(#[from] BatchRefused),
    #[error("somebody else has gone on with this printing")]
    Outrun,
    #[error("all short codes that were tried for one code are taken")]
    NoShortCode,
    #[error("the lines of part {0} are not where they were written")]
    LinesMissing(u32),
    #[error("rows of the list have different lengths")]
    Rows(#[from] csv::Error),
    #[error("a sheet could not be written")]
    Sheet(#[from] qr::SheetRefused),
    #[error("the thread that prints was stopped")]
    Stopped(#[from] tokio::task::JoinError),
}

/// Works on a batch of messages, one after the other. Those that could not be worked on now are named, and come again.
///
/// # Errors
/// None: a batch fails in part, never as a whole.
pub async fn handle(deps: Deps, event: SqsEvent) -> Result<SqsBatchResponse, BoxError> {
    let mut failed = Vec::new();
    for record in event.records {
        let id = record.message_id.unwrap_or_default();
        let message = serde_json::from_str(record.body.as_deref().unwrap_or_default());
        let Ok(message) = message else {
            tracing::error!(message.id = id, "message `{id}` cannot be read");
            failed.push(id);
            continue;
        };
        if let Err(unprinted) = work::go_on(&deps, message).await {
            metrics::counter!("printings_unprinted_total").increment(1);
            let error = chain(&unprinted);
            tracing::warn!(error, message.id = id, "message `{id}` is not done");
            failed.push(id);
        }
    }
    Ok(batch::again(failed))
}
