//! Adds up what is new in the table's stream, each item exactly once, whatever the stream repeats: scan events (I-P1),
//! the postings of the ledger to the accounts of the system, points, and what happens to vouchers. Scans and refused
//! codes that their tenant keeps for another time than the usual one are given that time here, so that a scan stays one
//! write.
//!
//! Deliberately absent: anything on the path of a request. A scan writes an event and is done; so does a payment.

mod count;
mod points;
mod postings;
mod retention;
mod vouchers;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::table::{Images, NewItem, Passing, StoreError, StoredEvent, Table};
use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use futures::future::join5;
use futures::stream::{StreamExt, iter};
use web::BoxError;

use count::{Batch, count_batch, group};
use points::count_points;
use postings::count_postings;
use retention::keep;
use vouchers::count_vouchers;

/// Codes that are counted at the same time.
const AT_ONCE: usize = 8;

/// What counting may touch.
#[derive(Clone, Debug)]
pub struct Deps {
    table: Table,
    clock: Clock,
}

impl Deps {
    /// From the function's variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] names the variable that is missing.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        Ok(Self { table: Table::from_env(env)?, clock: env.clock.clone() })
    }
}

/// An item and its place in the stream.
#[derive(Clone, Debug)]
struct Sequenced<T> {
    sequence: String,
    item: T,
}

/// Counts a batch of the stream. What could not be counted is named by its first record, and comes again.
///
/// # Errors
/// None: a batch fails in part, never as a whole.
pub async fn handle(deps: Deps, event: Event) -> Result<DynamoDbEventResponse, BoxError> {
    let (mut events, mut postings) = (Vec::new(), Vec::new());
    let (mut vouchers, mut points) = (Vec::new(), Vec::new());
    let passing: Vec<_> = event.records.iter().filter_map(passing).collect();
    for Sequenced { sequence, item } in event.records.into_iter().filter_map(read) {
        match item {
            NewItem::Event(item) => events.push(Sequenced { sequence, item }),
            NewItem::Posting(item) => postings.push(Sequenced { sequence, item }),
            NewItem::Voucher(item) => vouchers.push(Sequenced { sequence, item }),
            NewItem::Points(item) => points.push(Sequenced { sequence, item: *item }),
        }
    }
    let (events, postings, vouchers, points, kept) = join5(
        count_events(&deps, events),
        count_postings(&deps, postings),
        count_vouchers(&deps, vouchers),
        count_points(&deps, points),
        keep(&deps, passing),
    )
    .await;
    let lost = events.into_iter().chain(postings).chain(vouchers).chain(points).chain(kept);
    let first_lost = lost.min_by_key(|lost| by_number(lost));
    let mut response = DynamoDbEventResponse::default();
    response.batch_item_failures = first_lost.map(failure).into_iter().collect();
    Ok(response)
}

/// Counts scan events; the first record of those that could not be.
async fn count_events(deps: &Deps, events: Vec<Sequenced<StoredEvent>>) -> Option<String> {
    iter(group(events))
        .map(|lane| count_lane(deps, lane))
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<Option<String>>>()
        .await
        .into_iter()
        .flatten()
        .min_by_key(|sequence| by_number(sequence))
}

/// Counts shares one after the other; the first record of those that could not be.
async fn count_lane(deps: &Deps, lane: Vec<Batch>) -> Option<String> {
    let mut lost = Vec::new();
    for batch in &lane {
        if let Err(error) = count_batch(deps, batch).await {
            let cause = domain::failure::chain(&error);
            tracing::warn!(error = cause, "a batch of scans will be counted later");
            lost.push(batch.first_sequence());
        }
    }
    lost.into_iter().min_by_key(|sequence| by_number(sequence))
}

/// Sequence numbers are decimal without leading zeros.
fn by_number(sequence: &str) -> (usize, String) {
    (sequence.len(), sequence.to_owned())
}

fn failure(sequence: String) -> DynamoDbBatchItemFailure {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = Some(sequence);
    failure
}

/// A new item that the table forgets by itself.
fn passing(record: &EventRecord) -> Option<Sequenced<Passing>> {
    let sequence = record.change.sequence_number.clone()?;
    let item = Passing::of_image(&record.change.new_image)?;
    (record.event_name == "INSERT").then_some(Sequenced { sequence, item })
}

/// A record that cannot be read would block the stream for ever: it is reported and left out.
fn read(record: EventRecord) -> Option<Sequenced<NewItem>> {
    if !matches!(record.event_name.as_str(), "INSERT" | "MODIFY") {
        return None;
    }
    let sequence = record.change.sequence_number?;
    let images = Images { old: record.change.old_image, new: record.change.new_image };
    match NewItem::from_images(images) {
        Ok(item) => item.map(|item| Sequenced { sequence, item }),
        Err(error) => {
            let kind = if let StoreError::Corrupt { what, .. } = &error { what } else { "" };
            metrics::counter!("stream_items_unreadable_total", "kind" => kind).increment(1);
            tracing::error!(%error, kind, sequence, "an item cannot be read and is not counted");
            None
        }
    }
}
