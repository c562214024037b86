//! The table's stream: batches of its records to the functions that ask for them.
//!
//! At least once and in order, as Lambda does it: a function's place in the stream moves on only after the function
//! has answered, and is kept in a file. Deliberately absent: a shard id, or anything else in the event that the real
//! service does not send.

mod pattern;
mod switches;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use dynoxide::actions::describe_stream::DescribeStreamRequest;
use dynoxide::actions::get_records::GetRecordsRequest;
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use dynoxide::streams;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Mutex;

pub(crate) use pattern::{check_pattern, matches};
pub use switches::Deliveries;
pub(crate) use switches::Dice;

use crate::embedded::dynamo::Dynamo;
use crate::embedded::files::{self, Readers};
use crate::queue::DeadLetters;
use crate::registry::BoxError;
use crate::stack::Running;
use crate::template::StreamSource;

/// How long an idle reader rests before it looks again.
const IDLE_PAUSE: Duration = Duration::from_millis(50);
/// The first pause after a failed batch; it doubles up to the longest.
const RETRY_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause after a failed batch.
const RETRY_PAUSE_MAX: Duration = Duration::from_secs(10);

/// What a reader reads and whom it calls.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) running: Arc<Running>,
    pub(crate) source: StreamSource,
    pub(crate) dynamo: Dynamo,
    pub(crate) table: String,
    pub(crate) region: String,
    pub(crate) deliveries: Deliveries,
    pub(crate) dead_letters: Option<DeadLetters>,
}

/// One function's place in one table's stream.
#[derive(Debug)]
pub(crate) struct Reader {
    reading: Reading,
    stream_arn: String,
    checkpoint: PathBuf,
    place: Mutex<Place>,
}

#[derive(Debug)]
struct Place {
    kept: Checkpoint,
    /// How often the batch at this place has failed.
    failures: u32,
    dice: Dice,
}

/// What is written down: the last record that the function has taken.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Checkpoint {
    /// Whether the place was ever set; an empty stream has no record to name.
    started: bool,
    after: Option<String>,
}

/// A batch that the function did not take.
#[derive(Debug, thiserror::Error)]
#[error("`{function}` did not take a batch of {table}'s stream: {reason}")]
pub(crate) struct NotTaken {
    function: String,
    table: String,
    reason: String,
}

impl Reader {
    /// Opens the stream at the place that was kept, else where the template says.
    pub(crate) fn open(reading: Reading, folder: &Path) -> Result<Self, BoxError> {
        // A function may read one stream for several events, each with a place of its own.
        let (function, event) = (&reading.running.name, &reading.source.name);
        let checkpoint = folder.join(format!("{function}-{event}-{}.json", reading.table));
        let mut kept: Checkpoint = files::read_or_default(&checkpoint)?;
        let label = reading.dynamo.database().get_table_metadata(&reading.table)?;
        let label = label.and_then(|table| table.stream_label);
        let label = label.ok_or_else(|| format!("the table {} has no stream", reading.table))?;
        let stream_arn = streams::stream_arn(&reading.table, &label);
        if !kept.started && !reading.source.from_oldest {
            // Written down at once: what comes while the process is down must not be passed over.
            let request =
                DescribeStreamRequest { stream_arn: stream_arn.clone(), ..Default::default() };
            let stream = reading.dynamo.database().describe_stream(request)?.stream_description;
            let newest = stream.shards.into_iter().next_back();
            kept.after =
                newest.and_then(|shard| shard.sequence_number_range.ending_sequence_number);
            kept.started = true;
            files::replace(&checkpoint, &kept, Readers::Anyone)?;
        }
        let dice = Dice::new(reading.deliveries.seed, &format!("{function}/{event}"));
        let place = Mutex::new(Place { kept, failures: 0, dice });
        Ok(Self { reading, stream_arn, checkpoint, place })
    }

    /// The function that it calls.
    pub(crate) fn function(&self) -> &str {
        &self.reading.running.name
    }

    /// The table that it reads.
    pub(crate) fn table(&self) -> &str {
        &self.reading.table
    }

    /// The last record that the function has taken.
    pub(crate) async fn passed(&self) -> Option<String> {
        self.place.lock().await.kept.after.clone()
    }

    /// Delivers the next batch, and says how many records the place moved on by.
    pub(crate) async fn pump(&self) -> Result<usize, NotTaken> {
        let mut place = self.place.lock().await;
        let place = &mut *place;
        let mut batch = self.next_batch(place.kept.after.as_deref())?;
        if batch.is_empty() {
            return Ok(0);
        }
        if self.reading.source.halves_failed {
            let halved = batch.len() >> place.failures.min(usize::BITS - 1);
            batch.truncate(halved.max(1));
        }
        if self.reading.deliveries.split {
            batch.truncate(place.dice.one_to(batch.len()));
        }
        let taken = self.deliver(&batch, &mut place.dice).await;
        let reason = match taken {
            Ok(taken) if taken == batch.len() => {
                self.move_on(place, &batch)?;
                return Ok(taken);
            }
            Ok(0) => "it named the first record as failed".to_owned(),
            // What comes before the first failed record counts as taken.
            Ok(taken) => {
                self.move_on(place, batch.get(..taken).unwrap_or_default())?;
                return Ok(taken);
            }
            Err(error) => error.to_string(),
        };
        place.failures = place.failures.saturating_add(1);
        if self.reading.source.retries_max.is_some_and(|retries| place.failures > retries) {
            tracing::error!("{}; it is given up", self.not_taken(&reason));
            self.keep_dead(&batch, place.failures);
            self.move_on(place, &batch)?;
            return Ok(batch.len());
        }
        Err(self.not_taken(&reason))
    }

    /// Delivers batches as they come, for ever.
    pub(crate) async fn run(&self) {
        let mut pause = RETRY_PAUSE;
        loop {
            self.gather().await;
            match self.pump().await {
                Ok(0) => tokio::time::sleep(IDLE_PAUSE).await,
                Ok(_) => pause = RETRY_PAUSE,
                Err(error) => {
                    tracing::warn!("{error}; it is tried again");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(RETRY_PAUSE_MAX);
                }
            }
        }
    }

    /// Waits for a full batch, at most as long as the template says.
    async fn gather(&self) {
        let batching = &self.reading.source.batching;
        if batching.window.is_zero() {
            return;
        }
        let after = self.passed().await;
        let waiting = self.next_batch(after.as_deref()).map_or(0, |batch| batch.len());
        if (1..batching.size_max as usize).contains(&waiting) {
            tokio::time::sleep(batching.window).await;
        }
    }

    /// Calls the function, and says how many records from the first on it has taken.
    async fn deliver(&self, batch: &[Value], dice: &mut Dice) -> Result<usize, BoxError> {
        let filters = &self.reading.source.filters;
        let wanted = |record: &&Value| {
            filters.is_empty() || filters.iter().any(|filter| matches(filter, record))
        };
        let records: Vec<&Value> = batch.iter().filter(wanted).collect();
        if records.is_empty() {
            return Ok(batch.len());
        }
        let event = json!({"Records": records});
        let deliveries = &self.reading.deliveries;
        if dice.percent(deliveries.fail_before_percent) {
            return Err("injected: it failed before it began".into());
        }
        let mut answer = self.reading.running.invoke(event.clone()).await?;
        if deliveries.twice {
            answer = self.reading.running.invoke(event).await?;
        }
        if dice.percent(deliveries.fail_after_percent) {
            return Err("injected: it failed after it was done".into());
        }
        if !self.reading.source.batching.reports_failures {
            return Ok(batch.len());
        }
        first_failed(&answer, batch).map(|failed| failed.unwrap_or(batch.len()))
    }

    fn move_on(&self, place: &mut Place, taken: &[Value]) -> Result<(), NotTaken> {
        let Some(last) = taken.last().and_then(sequence_of) else {
            return Ok(());
        };
        let kept = Checkpoint { started: true, after: Some(last.to_owned()) };
        files::replace(&self.checkpoint, &kept, Readers::Anyone)
            .map_err(|error| self.not_taken(&error.to_string()))?;
        place.kept = kept;
        place.failures = 0;
        Ok(())
    }

    fn next_batch(&self, after: Option<&str>) -> Result<Vec<Value>, NotTaken> {
        self.read(after).map_err(|error| self.not_taken(&error.to_string()))
    }

    fn read(&self, after: Option<&str>) -> Result<Vec<Value>, BoxError> {
        let database = self.reading.dynamo.database();
        let kind = if after.is_some() { "AFTER_SEQUENCE_NUMBER" } else { "TRIM_HORIZON" };
        let iterator = database.get_shard_iterator(GetShardIteratorRequest {
            stream_arn: self.stream_arn.clone(),
            shard_id: streams::shard_id(&self.reading.table),
            shard_iterator_type: kind.to_owned(),
            sequence_number: after.map(str::to_owned),
        })?;
        let answer = database.get_records(GetRecordsRequest {
            shard_iterator: iterator.shard_iterator.unwrap_or_default(),
            limit: Some(self.reading.source.batching.size_max as usize),
        })?;
        let mut records = Vec::with_capacity(answer.records.len());
        for record in answer.records {
            let mut record = serde_json::to_value(record)?;
            // The embedded database has a region of its own; functions see the one that they run in.
            record["awsRegion"] = json!(self.reading.region);
            let arn = self.stream_arn.replacen(streams::LOCAL_REGION, &self.reading.region, 1);
            record["eventSourceARN"] = Value::String(arn);
            records.push(record);
        }
        Ok(records)
    }

    /// What Lambda tells a stream's dead-letter queue: where the batch is, and not what is in it.
    fn keep_dead(&self, batch: &[Value], attempts: u32) {
        let Some(dead_letters) = &self.reading.dead_letters else {
            return;
        };
        dead_letters.keep(&json!({
            "requestContext": {
                "functionArn": self.function(),
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": attempts,
            },
            "version": "1.0",
            "DDBStreamBatchInfo": {
                "streamArn": self.stream_arn,
                "startSequenceNumber": batch.first().and_then(sequence_of),
                "endSequenceNumber": batch.last().and_then(sequence_of),
                "batchSize": batch.len(),
            },
        }));
    }

    fn not_taken(&self, reason: &str) -> NotTaken {
        NotTaken {
            function: self.function().to_owned(),
            table: self.table().to_owned(),
            reason: reason.to_owned(),
        }
    }
}

/// The place of the first record that `batchItemFailures` names.
fn first_failed(answer: &Value, batch: &[Value]) -> Result<Option<usize>, BoxError> {
    let failures = answer.get("batchItemFailures").and_then(Value::as_array);
    let mut first: Option<usize> = None;
    for failure in failures.map(Vec::as_slice).unwrap_or_default() {
        let id = failure.get("itemIdentifier").and_then(Value::as_str);
        let at = id.and_then(|id| batch.iter().position(|r| sequence_of(r) == Some(id)));
        // Lambda takes an identifier that it does not know as the failure of the whole batch.
        let at = at.ok_or_else(|| format!("it named an unknown record: {failure}"))?;
        first = Some(first.map_or(at, |first| first.min(at)));
    }
    Ok(first)
}

fn sequence_of(record: &Value) -> Option<&str> {
    record.pointer("/dynamodb/SequenceNumber").and_then(Value::as_str)
}
