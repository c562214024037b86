//! Plans a tenant's settlement run, page by page, and hands each page's payouts to their worker (T41, T42).
//!
//! Each page is written down before anything of it is done, and what is done of it can be done twice: whoever dies in
//! the middle is followed by somebody who does the same. Deliberately absent: transfers, and setting money aside.

mod night;
mod run;

use adapters::environment::{Environment, EnvironmentError};
use adapters::ids::Ids;
use adapters::paystack::{Paystack, PaystackError};
use adapters::queue::{Queue, QueueError};
use adapters::table::{StoreError, Table};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use domain::failure::chain;
use domain::message::SettlementMessage;
use web::{BoxError, batch};

/// What the planner may touch.
#[derive(Clone, Debug)]
pub struct Deps {
    table: Table,
    paystack: Paystack,
    settlements: Queue,
    payouts: Queue,
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
            paystack: Paystack::from_env(env)?,
            settlements: Queue::from_env(env, "SETTLEMENTS_QUEUE_URL")?,
            payouts: Queue::from_env(env, "PAYOUTS_QUEUE_URL")?,
            ids: Ids::from_env(env),
        })
    }
}

/// Why a message was not settled now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unsettled {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Paystack(#[from] PaystackError),
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error("the run is gone")]
    RunGone,
    #[error("a page of the run's plan is gone")]
    PageGone,
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
        if let Err(unsettled) = work(&deps, message).await {
            metrics::counter!("settle_unsettled_total").increment(1);
            let error = chain(&unsettled);
            tracing::warn!(error, message.id = id, "message `{id}` is not settled");
            failed.push(id);
        }
    }
    Ok(batch::again(failed))
}

async fn work(deps: &Deps, message: SettlementMessage) -> Result<(), Unsettled> {
    match message {
        SettlementMessage::Night(day) => night::begin(deps, &day).await,
        SettlementMessage::Run(day) => run::go_on(deps, &day).await,
    }
}
