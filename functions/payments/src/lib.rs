//! Makes money out of Paystack's events (T34): whatever one says, Paystack is asked for the whole truth of the charge,
//! and what is new of it goes into the ledger, each exactly once, in whatever order and however often it is told.
//!
//! Deliberately absent: a way to move money on the word of an event.

mod cases;
mod event;
mod poll;
mod post;
mod settle;
mod truth;
mod webhook;

use std::collections::BTreeMap;

use adapters::environment::{Environment, EnvironmentError};
use adapters::ids::Ids;
use adapters::paystack::Paystack;
use adapters::queue::Queue;
use adapters::table::Table;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use domain::failure::chain;
use domain::message::PaymentMessage;
use futures::stream::{StreamExt, iter};
use web::{BoxError, batch};

use event::{About, Event};
use post::Unsettled;

/// Tips that are worked on at the same time.
const AT_ONCE: usize = 8;
/// What SQS calls the number of times that it has handed out a message.
const RECEIVE_COUNT: &str = "ApproximateReceiveCount";

/// What the worker may touch.
#[derive(Clone, Debug)]
pub struct Deps {
    table: Table,
    paystack: Paystack,
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
            payouts: Queue::from_env(env, "PAYOUTS_QUEUE_URL")?,
            ids: Ids::from_env(env),
        })
    }
}

/// A message as it was received.
#[derive(Debug)]
struct Received {
    /// SQS's id of it.
    id: String,
    /// How often it was handed out, this time included.
    delivery: u32,
    /// What it says; nothing when that cannot be read.
    message: Option<PaymentMessage>,
}

/// Works on a batch of messages. Those that could not be worked on now are named, and come again; one that cannot be
/// read is named each time, until it lies in the queue of the dead.
///
/// # Errors
/// None: a batch fails in part, never as a whole.
pub async fn handle(deps: Deps, event: SqsEvent) -> Result<SqsBatchResponse, BoxError> {
    let failed = iter(lanes(event.records))
        .map(|lane| work(&deps, lane))
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<Vec<String>>>()
        .await;
    Ok(batch::again(failed.into_iter().flatten()))
}

/// The messages by what they are about: those of one tip stay in their order and do not get in each other's way.
fn lanes(records: Vec<SqsMessage>) -> Vec<Vec<Received>> {
    let mut lanes: BTreeMap<String, Vec<Received>> = BTreeMap::new();
    for received in records.into_iter().map(read) {
        let lane = match &received.message {
            Some(PaymentMessage::Poll(tip)) => tip.to_string(),
            Some(PaymentMessage::Webhook(signed)) => match Event::read(&signed.event).about {
                About::Charge(reference, _) => {
                    reference.tip().map_or_else(|| reference.to_string(), |tip| tip.to_string())
                }
                About::Transfer(reference) => reference.to_string(),
                About::ForeignTransfer | About::Nothing | About::Unreadable => received.id.clone(),
            },
            None => received.id.clone(),
        };
        lanes.entry(lane).or_default().push(received);
    }
    lanes.into_values().collect()
}

fn read(record: SqsMessage) -> Received {
    let count = record.attributes.get(RECEIVE_COUNT).and_then(|count| count.parse().ok());
    let body = record.body.as_deref().unwrap_or_default();
    Received {
        id: record.message_id.unwrap_or_default(),
        delivery: count.unwrap_or(1),
        message: serde_json::from_str(body).ok(),
    }
}

/// Works on one lane; the ids of the messages that have to come again.
async fn work(deps: &Deps, lane: Vec<Received>) -> Vec<String> {
    let mut failed = Vec::new();
    for received in lane {
        // What comes after a failure would meet the same one, and the other lanes' time is not its own.
        if !failed.is_empty() || !taken(deps, &received).await {
            failed.push(received.id);
        }
    }
    failed
}

/// Whether nothing is left to do about a message.
async fn taken(deps: &Deps, received: &Received) -> bool {
    let id = &received.id;
    match &received.message {
        None => {
            tracing::error!(message.id = id, "message `{id}` cannot be read");
            false
        }
        Some(PaymentMessage::Webhook(signed)) => {
            report(id, webhook::receive(deps, signed, received.delivery).await)
        }
        // A poll never comes again: the tip stays due, so the next minute's sweep sends it anew. Were it kept as well,
        // an hour without Paystack would leave the queue full of polls.
        Some(PaymentMessage::Poll(tip)) => {
            report(id, poll::poll(deps, tip).await);
            true
        }
    }
}

fn report(id: &str, outcome: Result<(), Unsettled>) -> bool {
    match outcome {
        Ok(()) => true,
        Err(unsettled) => {
            metrics::counter!("payments_unsettled_total").increment(1);
            let error = chain(&unsettled);
            tracing::warn!(error, message.id = id, "message `{id}` is not settled");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::id::TipId;
    use domain::ledger::PaystackReference;
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;

    fn record(id: &str, body: &serde_json::Value) -> SqsMessage {
        let mut record = SqsMessage::default();
        record.message_id = Some(id.to_owned());
        record.body = Some(body.to_string());
        record
    }

    fn webhook(event: &serde_json::Value) -> serde_json::Value {
        let tenant = domain::id::TenantId::new(Timestamp::UNIX_EPOCH, [1; 10]);
        let (received_at, event) = ("2026-11-20T12:00:00Z", event.to_string());
        json!({ "webhook": { "tenant": tenant, "received_at": received_at, "event": event } })
    }

    #[test]
    fn messages_about_one_tip_are_worked_on_one_after_the_other() {
        let tip = TipId::new(Timestamp::UNIX_EPOCH, [2; 10]);
        let reference = PaystackReference::of(&tip);
        let charge = json!({ "event": "charge.success", "data": { "reference": reference } });
        let refund = json!({
            "event": "refund.processed", "data": { "transaction_reference": reference },
        });
        let other = json!({ "event": "charge.success", "data": { "reference": "shop-1" } });
        let lanes = lanes(vec![
            record("1", &webhook(&refund)),
            record("2", &json!("poison")),
            record("3", &json!({ "poll": tip })),
            record("4", &webhook(&other)),
            record("5", &webhook(&charge)),
            record("6", &webhook(&json!({ "event": "transfer.success", "data": {} }))),
        ]);
        let mut ids: Vec<Vec<&str>> = lanes
            .iter()
            .map(|lane| lane.iter().map(|received| received.id.as_str()).collect())
            .collect();
        ids.sort();
        assert_eq!(ids, [vec!["1", "3", "5"], vec!["2"], vec!["4"], vec!["6"]]);
        let poison = lanes.iter().flatten().find(|received| received.id == "2");
        assert_eq!(poison.map(|received| received.message.is_none()), Some(true));
    }
}
