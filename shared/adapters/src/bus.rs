//! The event bus: what happened, for whoever wants to hear of it. Who that is, is said by the template's rules.

use std::sync::Arc;

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::error::DisplayErrorContext;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use jiff::Timestamp;
use serde_json::Value;

use crate::batch::{self, Room};
use crate::environment::{Environment, EnvironmentError};

/// Who says so: `source` of every event.
pub const SOURCE: &str = "tessera";
/// The largest event, in bytes: its source, its kind, its detail as JSON, and its time. What the events of one
/// request may have together is the same.
pub const EVENT_BYTES_MAX: usize = 256 * 1024;
/// What AWS counts for an event's time.
const TIME_BYTES: usize = 14;
/// What one request takes.
const ROOM: Room = Room { entries_max: 10, bytes_max: EVENT_BYTES_MAX };
/// So often the part of a request that the bus did not take is sent.
const ATTEMPTS_MAX: usize = 3;

/// The bus did not take an event. Some of several may have been taken.
#[derive(Debug, thiserror::Error)]
#[error("the event bus does not answer, try again")]
pub struct BusError(#[source] Box<dyn std::error::Error + Send + Sync>);

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct BusEvent<'a> {
    /// What kind of thing, for example `tip.received`: the event's `detail-type`.
    pub kind: &'a str,
    /// What is known of it, a JSON object.
    pub detail: Value,
    /// When it happened.
    pub at: Timestamp,
}

/// The platform's bus.
#[derive(Clone, Debug)]
pub struct Bus {
    client: Client,
    name: Arc<str>,
}

impl Bus {
    /// The bus that `BUS_NAME` names.
    ///
    /// # Errors
    /// [`EnvironmentError`] names a missing variable.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        let name = env.required("BUS_NAME")?.into();
        Ok(Self { client: Client::new(&env.aws("EVENTBRIDGE")?), name })
    }

    /// Puts events on the bus, in no order. Those that it does not take are put again. An event may arrive more than
    /// once.
    ///
    /// # Errors
    /// [`BusError`] when some were not taken; others may have been.
    pub async fn put(&self, events: &[BusEvent<'_>]) -> Result<(), BusError> {
        let details: Vec<String> = events.iter().map(|event| event.detail.to_string()).collect();
        let size = |(event, detail): (&BusEvent<'_>, &String)| {
            TIME_BYTES + SOURCE.len() + event.kind.len() + detail.len()
        };
        let sizes: Vec<usize> = events.iter().zip(&details).map(size).collect();
        let entries: Vec<_> = events.iter().zip(details).map(|(e, d)| self.entry(e, d)).collect();
        for range in batch::ranges(&sizes, ROOM) {
            self.put_batch(entries.get(range).unwrap_or_default().to_vec()).await?;
        }
        Ok(())
    }

    fn entry(&self, event: &BusEvent<'_>, detail: String) -> PutEventsRequestEntry {
        PutEventsRequestEntry::builder()
            .event_bus_name(&*self.name)
            .source(SOURCE)
            .detail_type(event.kind)
            .detail(detail)
            .time(time_of(event.at))
            .build()
    }

    async fn put_batch(&self, mut left: Vec<PutEventsRequestEntry>) -> Result<(), BusError> {
        let mut refusal = String::new();
        for _ in 0..ATTEMPTS_MAX {
            let put = self.client.put_events().set_entries(Some(left.clone()));
            let answer = put.send().await.map_err(broken)?;
            if answer.failed_entry_count() == 0 {
                return Ok(());
            }
            // The results stand in the order of the entries.
            let failed = |at: usize| answer.entries().get(at).and_then(|entry| entry.error_code());
            let codes = (0..left.len()).filter_map(failed);
            refusal = codes.take(1).collect::<String>();
            let places = left.into_iter().enumerate();
            left = places.filter(|(at, _)| failed(*at).is_some()).map(|(_, entry)| entry).collect();
            if left.is_empty() {
                break;
            }
        }
        Err(BusError(format!("events were not taken: {refusal}").into()))
    }
}

fn time_of(at: Timestamp) -> DateTime {
    DateTime::from_millis(at.as_millisecond())
}

fn broken<E: std::error::Error + Send + Sync + 'static>(error: E) -> BusError {
    BusError(format!("{}", DisplayErrorContext(error)).into())
}
