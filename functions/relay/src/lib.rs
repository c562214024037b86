//! Puts what stands in the outbox onto the bus, from the table's stream: what was written down together with what
//! happened is told afterwards, at least once, whatever dies in between.
//!
//! Deliberately absent: who is told, and how. That is decided where a notice is sent, and by the rule of the alerts.

use adapters::bus::{Bus, BusEvent};
use adapters::environment::{Environment, EnvironmentError};
use adapters::table::outbox_in_image;
use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use domain::alert::Outbox;
use domain::failure::chain;
use domain::notice::NoticeKind;
use web::BoxError;

/// What relaying may touch.
#[derive(Clone, Debug)]
pub struct Deps {
    bus: Bus,
}

impl Deps {
    /// From the function's variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] names the variable that is missing.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        Ok(Self { bus: Bus::from_env(env)? })
    }
}

/// What stands in an outbox, and its place in the stream.
struct Sequenced {
    sequence: String,
    outbox: Outbox,
}

/// Relays a batch of the stream. Where the bus does not take all of it, the batch comes again from its first record on:
/// whoever tells a notice does so once, however often it hears of it. An alert may then go out twice.
///
/// # Errors
/// What cannot be written as JSON.
pub async fn handle(deps: Deps, event: Event) -> Result<DynamoDbEventResponse, BoxError> {
    let outboxes: Vec<Sequenced> = event.records.into_iter().filter_map(read).collect();
    let events = outboxes.iter().map(|sequenced| event_of(&sequenced.outbox));
    let events = events.collect::<Result<Vec<BusEvent<'_>>, serde_json::Error>>()?;
    let mut response = DynamoDbEventResponse::default();
    if let Err(error) = deps.bus.put(&events).await {
        tracing::warn!(error = chain(&error), "notices and alerts will be relayed later");
        let first = outboxes.into_iter().next().map(|sequenced| failure(sequenced.sequence));
        response.batch_item_failures = first.into_iter().collect();
    } else if !events.is_empty() {
        let count = events.len();
        outboxes.iter().for_each(|sequenced| count_alert(&sequenced.outbox));
        tracing::info!(event = "outbox_relayed", count, "relayed {count} notices and alerts");
    }
    Ok(response)
}

fn event_of(outbox: &Outbox) -> Result<BusEvent<'_>, serde_json::Error> {
    let (kind, at) = match outbox {
        Outbox::Notice(notice) => (kind_of(notice.kind()), notice.at),
        Outbox::Alert(alert) => (alert.detail_type(), alert.at),
    };
    Ok(BusEvent { kind, detail: serde_json::to_value(outbox)?, at })
}

fn count_alert(outbox: &Outbox) {
    if let Outbox::Alert(alert) = outbox {
        metrics::counter!("alerts_total", "kind" => alert.alert.as_str()).increment(1);
    }
}

fn kind_of(notice: NoticeKind) -> &'static str {
    match notice {
        NoticeKind::TipReceived => "tip.received",
        NoticeKind::TipReturned => "tip.returned",
        NoticeKind::CodeSent => "guard_code.sent",
        NoticeKind::PayoutAccountChanged => "guard.payout_account_changed",
    }
}

/// A record that cannot be read would block the stream for ever: it is reported and left out.
fn read(record: EventRecord) -> Option<Sequenced> {
    if record.event_name != "INSERT" {
        return None;
    }
    let sequence = record.change.sequence_number?;
    match outbox_in_image(record.change.new_image) {
        Ok(outbox) => outbox.map(|outbox| Sequenced { sequence, outbox }),
        Err(error) => {
            metrics::counter!("outbox_unreadable_total").increment(1);
            tracing::error!(%error, sequence, "what stands in an outbox cannot be read, and nobody hears of it");
            None
        }
    }
}

fn failure(sequence: String) -> DynamoDbBatchItemFailure {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = Some(sequence);
    failure
}
