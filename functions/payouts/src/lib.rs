//! Takes payouts through their transfers (T41–T45): sets the money of each attempt aside, has it sent under one
//! reference, and writes down what Paystack says became of it, whoever has told us to look.
//!
//! Deliberately absent: a way to send a transfer of which Paystack may know already. After any doubt it is asked about
//! first, and only what it does not know is sent, with the same reference.

mod alert;
mod cases;
mod funds;
mod look;
mod pause;
mod reserve;
mod send;
mod step;
mod turn;
mod work;

use std::collections::BTreeMap;

use adapters::environment::{Environment, EnvironmentError};
use adapters::ids::Ids;
use adapters::paystack::Paystack;
use adapters::queue::Queue;
use adapters::table::Table;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use domain::failure::chain;
use domain::message::PayoutMessage;
use futures::stream::{StreamExt, iter};
use web::{BoxError, batch};

use step::Unsettled;

/// Tenants that are worked for at the same time, and calls that are under way at once where one does not wait for
/// another.
const AT_ONCE: usize = 8;

/// What the worker may touch.
#[derive(Clone, Debug)]
pub struct Deps {
    table: Table,
    paystack: Paystack,
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
            paystack: Paystack::from_env(env)?,
            queue: Queue::from_env(env, "PAYOUTS_QUEUE_URL")?,
            ids: Ids::from_env(env),
        })
    }
}

/// A message as it was received.
#[derive(Debug)]
struct Received {
    /// SQS's id of it.
    id: String,
    /// What it says; nothing when that cannot be read.
    message: Option<PayoutMessage>,
}

/// Works on a batch of messages. Those that could not be worked on now are named, and come again; one that cannot be
/// read is named each time, until it lies in the queue of the dead.
///
/// # Errors
/// None: a batch fails in part, never as a whole.
pub async fn handle(deps: Deps, event: SqsEvent) -> Result<SqsBatchResponse, BoxError> {
    let failed = iter(lanes(event.records))
        .map(|lane| run(&deps, lane))
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<Vec<String>>>()
        .await;
    Ok(batch::again(failed.into_iter().flatten()))
}

/// The messages by tenant: one tenant's payouts are worked on by one at a time anyway.
fn lanes(records: Vec<SqsMessage>) -> Vec<Vec<Received>> {
    let mut lanes: BTreeMap<String, Vec<Received>> = BTreeMap::new();
    for received in records.into_iter().map(read) {
        let lane = match &received.message {
            Some(PayoutMessage::Work { tenant, .. } | PayoutMessage::Look { tenant, .. }) => {
                tenant.to_string()
            }
            None => received.id.clone(),
        };
        lanes.entry(lane).or_default().push(received);
    }
    lanes.into_values().collect()
}

fn read(record: SqsMessage) -> Received {
    let body = record.body.as_deref().unwrap_or_default();
    let message = serde_json::from_str(body).ok();
    Received { id: record.message_id.unwrap_or_default(), message }
}

/// Works on one lane; the ids of the messages that have to come again.
async fn run(deps: &Deps, lane: Vec<Received>) -> Vec<String> {
    let mut failed = Vec::new();
    for received in lane {
        if !taken(deps, &received).await {
            failed.push(received.id);
        }
    }
    failed
}

/// Whether nothing is left to do about a message.
async fn taken(deps: &Deps, received: &Received) -> bool {
    let id = &received.id;
    let outcome = match &received.message {
        None => {
            tracing::error!(message.id = id, "message `{id}` cannot be read");
            return false;
        }
        Some(PayoutMessage::Work { tenant, payouts }) => work::work(deps, tenant, payouts).await,
        Some(PayoutMessage::Look { tenant, reference }) => {
            look::news(deps, tenant, reference).await
        }
    };
    outcome.inspect_err(|unsettled| report(id, unsettled)).is_ok()
}

fn report(id: &str, unsettled: &Unsettled) {
    metrics::counter!("payouts_unsettled_total").increment(1);
    let error = chain(unsettled);
    tracing::warn!(error, message.id = id, "message `{id}` is not settled");
}

#[cfg(test)]
mod tests {
    use domain::id::{PayoutId, TenantId};
    use domain::ledger::TransferReference;
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;

    fn record(id: &str, body: &serde_json::Value) -> SqsMessage {
        let mut record = SqsMessage::default();
        record.message_id = Some(id.to_owned());
        record.body = Some(body.to_string());
        record
    }

    #[test]
    fn messages_of_one_tenant_are_worked_on_one_after_the_other() {
        let tenant = |number| TenantId::new(Timestamp::UNIX_EPOCH, [number; 10]);
        let payout = PayoutId::new(Timestamp::UNIX_EPOCH, [3; 10]);
        let look = |of| {
            let reference = TransferReference::of(&payout, 1);
            json!(PayoutMessage::Look { tenant: tenant(of), reference })
        };
        let work =
            |of| json!(PayoutMessage::Work { tenant: tenant(of), payouts: vec![payout.clone()] });
        let lanes = lanes(vec![
            record("1", &look(1)),
            record("2", &json!("poison")),
            record("3", &work(2)),
            record("4", &work(1)),
        ]);
        let mut ids: Vec<Vec<&str>> = lanes
            .iter()
            .map(|lane| lane.iter().map(|received| received.id.as_str()).collect())
            .collect();
        ids.sort();
        assert_eq!(ids, [vec!["1", "4"], vec!["2"], vec!["3"]]);
    }
}
