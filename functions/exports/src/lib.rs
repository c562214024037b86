//! Writes exports into files, part by part (T44). After each part it is written down how far the export is, so whoever
//! dies, or runs out of time, is followed by somebody who goes on right there.
//!
//! Deliberately absent: a whole table in memory. A part has about five megabytes, and nothing else grows with the
//! table.

mod ledger;
mod payouts;
mod source;
mod tips;
mod work;

use adapters::environment::{Environment, EnvironmentError};
use adapters::files::{Files, FilesError};
use adapters::ids::Ids;
use adapters::queue::{Queue, QueueError};
use adapters::table::{StoreError, Table};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use domain::export::ExportRefused;
use domain::failure::chain;
use web::{BoxError, batch};

/// What the writer may touch.
#[derive(Clone, Debug)]
pub struct Deps {
    table: Table,
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
            files: Files::from_env(env)?,
            queue: Queue::from_env(env, "EXPORTS_QUEUE_URL")?,
            ids: Ids::from_env(env),
        })
    }
}

/// Why an export was not gone on with now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unwritten {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error(transparent)]
    Refused(#[from] ExportRefused),
    #[error("somebody else has gone on with this export")]
    Outrun,
    #[error("the place where the export goes on cannot be read")]
    Place(#[source] serde_json::Error),
    #[error("rows of the table have different lengths")]
    Rows(#[from] csv::Error),
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
        if let Err(unwritten) = work::go_on(&deps, message).await {
            metrics::counter!("exports_unwritten_total").increment(1);
            let error = chain(&unwritten);
            tracing::warn!(error, message.id = id, "message `{id}` is not done");
            failed.push(id);
        }
    }
    Ok(batch::again(failed))
}
