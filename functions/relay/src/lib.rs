//! Puts the notices of the outbox onto the bus, from the table's stream: what was written down together with what
//! happened is told afterwards, at least once, whatever dies in between.
//!
//! Deliberately absent: who is told, and how. That is decided where a notice is sent.

use adapters::bus::{Bus, BusEvent};
use adapters::environment::{Environment, EnvironmentError};
use adapters::table::notice_in_image;
use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use domain::failure::chain;
use domain::notice::{Notice, NoticeKind};
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

/// A notice and its place in the stream.
struct Sequenced {
    sequence: String,
    notice: Notice,
}

/// Relays a batch of the stream. Where the bus does not take all of it, the batch comes again from its first notice on:
/// whoever tells a notice does so once, however often it hears of it.
///
/// # Errors
/// A notice that cannot be written as JSON.
pub async fn handle(deps: Deps, event: Event) -> Result<DynamoDbEventResponse, BoxError> {
    let notices: Vec<Sequenced> = event.records.into_iter().filter_map(read).collect();
    let events = notices.iter().map(|sequenced| event_of(&sequenced.notice));
    let events = events.collect::<Result<Vec<BusEvent<'_>>, serde_json::Error>>()?;
    let mut response = DynamoDbEventResponse::default();
    if let Err(error) = deps.bus.put(&events).await {
        tracing::warn!(error = chain(&error), "notices will be relayed later");
        let first = notices.into_iter().next().map(|notice| failure(notice.sequence));
        response.batch_item_failures = first.into_iter().collect();
    } else if !events.is_empty() {
        let count = events.len();
        tracing::info!(event = "notices_relayed", count, "relayed {count} notices");
    }
    Ok(response)
}

fn event_of(notice: &Notice) -> Result<BusEvent<'_>, serde_json::Error> {
    let kind = match notice.kind() {
        NoticeKind::TipReceived => "tip.received",
        NoticeKind::TipReturned => "tip.returned",
        NoticeKind::CodeSent => "guard_code.sent",
    };
    Ok(BusEvent { kind, detail: serde_json::to_value(notice)?, at: notice.at })
}

/// A record that cannot be read would block the stream for ever: it is reported and left out.
fn read(record: EventRecord) -> Option<Sequenced> {
    if record.event_name != "INSERT" {
        return None;
    }
    let sequence = record.change.sequence_number?;
    match notice_in_image(record.change.new_image) {
        Ok(notice) => notice.map(|notice| Sequenced { sequence, notice }),
        Err(error) => {
            metrics::counter!("notices_unreadable_total").increment(1);
            tracing::error!(%error, sequence, "a notice cannot be read and nobody hears of it");
            None
        }
    }
}

fn failure(sequence: String) -> DynamoDbBatchItemFailure {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = Some(sequence);
    failure
}
