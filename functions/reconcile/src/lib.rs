//! Compares our books with Paystack's, both ways, once a night and tenant (T44): what only Paystack knows is posted,
//! and whatever differs is a case for a person. A comparison goes on where it was cut off.
//!
//! Deliberately absent: repairs of what contradicts our own records. Where a transfer stands otherwise at Paystack, the
//! worker of payouts is asked to look at it: it asks Paystack itself, and posts what has happened.

mod balances;
mod charges;
mod difference;
mod gap;
mod lines;
mod ours;
mod page;
mod settlements;
mod transfers;
mod work;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::paystack::Paystack;
use adapters::queue::Queue;
use adapters::table::Table;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use domain::failure::chain;
use domain::message::ReconciliationMessage;
use web::{BoxError, batch};

/// What the comparison may touch.
#[derive(Clone, Debug)]
pub struct Deps {
    table: Table,
    paystack: Paystack,
    queue: Queue,
    payouts: Queue,
    clock: Clock,
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
            queue: Queue::from_env(env, "RECONCILIATIONS_QUEUE_URL")?,
            payouts: Queue::from_env(env, "PAYOUTS_QUEUE_URL")?,
            clock: env.clock.clone(),
        })
    }
}

/// Works on a batch of messages, one after the other. Those that could not be worked on now are named, and come again;
/// one that cannot be read is named each time, until it lies in the queue of the dead.
///
/// # Errors
/// None: a batch fails in part, never as a whole.
pub async fn handle(deps: Deps, event: SqsEvent) -> Result<SqsBatchResponse, BoxError> {
    let mut failed = Vec::new();
    for record in event.records {
        let id = record.message_id.clone().unwrap_or_default();
        if !taken(&deps, &id, &record).await {
            failed.push(id);
        }
    }
    Ok(batch::again(failed))
}

/// Whether nothing is left to do about a message.
async fn taken(deps: &Deps, id: &str, record: &SqsMessage) -> bool {
    let message = serde_json::from_str(record.body.as_deref().unwrap_or_default());
    let Ok(ReconciliationMessage::Compare(day)) = message else {
        tracing::error!(message.id = id, "message `{id}` cannot be read");
        return false;
    };
    let compared = work::compare(deps, &day).await;
    if let Err(error) = &compared {
        metrics::counter!("reconciliations_stuck_total").increment(1);
        let error = chain(error);
        tracing::warn!(error, message.id = id, tenant.id = %day.tenant, "a comparison goes on later");
    }
    compared.is_ok()
}
