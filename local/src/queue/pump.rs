//! From a queue to the function that takes its messages, as Lambda's event source does it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::event;
use super::store::{Message, QueueError, Queues};
use crate::registry::BoxError;
use crate::stack::Running;
use crate::stream::{Deliveries, Dice};
use crate::template::{Queue, QueueSource};

/// How long an idle pump rests before it looks again.
const IDLE_PAUSE: Duration = Duration::from_millis(50);
/// Lambda begins with so many calls at once for a queue.
const CALLS_AT_ONCE: u32 = 5;

/// Which queue is emptied, and into which function.
#[derive(Debug)]
pub(crate) struct Consuming {
    pub(crate) running: Arc<Running>,
    pub(crate) source: QueueSource,
    pub(crate) queues: Queues,
    pub(crate) queue: Queue,
    pub(crate) account_id: String,
    pub(crate) region: String,
    pub(crate) deliveries: Deliveries,
}

/// Empties one queue into one function.
#[derive(Debug)]
pub(crate) struct Pump {
    consuming: Consuming,
    dice: Mutex<Dice>,
}

/// Messages that the function did not take.
#[derive(Debug, thiserror::Error)]
#[error("`{function}` did not take messages of `{queue}`: {reason}")]
pub(crate) struct NotTaken {
    function: String,
    queue: String,
    reason: String,
}

/// What became of a batch.
enum Outcome {
    /// The function took all but these.
    Answered { failed: BTreeSet<String> },
    /// The function failed.
    Failed(BoxError),
    /// A switch broke the delivery; the queue is to look as if it had not happened.
    Broken,
}

impl Pump {
    pub(crate) fn new(consuming: Consuming) -> Self {
        let source = format!("{}/{}", consuming.running.name, consuming.queue.id);
        let dice = Mutex::new(Dice::new(consuming.deliveries.seed, &source));
        Self { consuming, dice }
    }

    /// How many calls may be under way at once.
    pub(crate) fn calls_at_once(&self) -> u32 {
        self.consuming.source.concurrency_max.unwrap_or(CALLS_AT_ONCE).min(CALLS_AT_ONCE)
    }

    /// When the next message that is hidden shows itself.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        let due = self.consuming.queues.next_due(&self.consuming.queue.name);
        due.inspect_err(|error| tracing::warn!("{error}")).ok().flatten()
    }

    /// Delivers the next batch, and says how many messages it moved.
    pub(crate) async fn pump(&self) -> Result<usize, NotTaken> {
        let (queues, name) = (&self.consuming.queues, &self.consuming.queue.name);
        let batch = self.receive().map_err(|error| self.not_taken(&error))?;
        if batch.is_empty() {
            return Ok(0);
        }
        match self.deliver(&batch).await {
            Outcome::Answered { failed } => {
                let taken = batch.iter().filter(|message| !failed.contains(&message.id));
                for message in taken {
                    queues.delete(name, &message.receipt).map_err(|e| self.not_taken(&e))?;
                }
                if failed.is_empty() {
                    return Ok(batch.len());
                }
                let reason = format!("it named {} of {} as failed", failed.len(), batch.len());
                Err(self.not_taken(&reason))
            }
            // They stay hidden until their time is over, and count as received.
            Outcome::Failed(error) => Err(self.not_taken(&error)),
            Outcome::Broken => {
                for message in &batch {
                    queues.give_back(name, message).map_err(|error| self.not_taken(&error))?;
                }
                Ok(batch.len())
            }
        }
    }

    /// Delivers messages as they come, for ever.
    pub(crate) async fn run(&self) {
        loop {
            self.gather().await;
            match self.pump().await {
                Ok(0) => tokio::time::sleep(IDLE_PAUSE).await,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!("{error}; they come again");
                    tokio::time::sleep(IDLE_PAUSE).await;
                }
            }
        }
    }

    /// Waits for a full batch, at most as long as the template says.
    async fn gather(&self) {
        let batching = &self.consuming.source.batching;
        if batching.window.is_zero() {
            return;
        }
        let state = self.consuming.queues.state(&self.consuming.queue);
        let waiting = state.map_or(0, |state| state.waiting);
        if (1..u64::from(batching.size_max)).contains(&waiting) {
            tokio::time::sleep(batching.window).await;
        }
    }

    fn receive(&self) -> Result<Vec<Message>, QueueError> {
        let (consuming, deliveries) = (&self.consuming, &self.consuming.deliveries);
        let mut dice = self.dice.lock().unwrap_or_else(PoisonError::into_inner);
        let full = consuming.source.batching.size_max as usize;
        let most = if deliveries.split { dice.one_to(full) } else { full };
        let dice = deliveries.shuffle.then_some(&mut *dice);
        consuming.queues.receive(&consuming.queue.name, most, None, dice)
    }

    async fn deliver(&self, batch: &[Message]) -> Outcome {
        let (consuming, deliveries) = (&self.consuming, &self.consuming.deliveries);
        if self.strikes(deliveries.fail_before_percent) {
            return Outcome::Broken;
        }
        let (arn, account, region) =
            (&consuming.queue.arn, &consuming.account_id, &consuming.region);
        let records = batch.iter().map(|message| event::record(message, arn, account, region));
        let event = json!({"Records": records.collect::<Vec<Value>>()});
        let mut answer = consuming.running.invoke(event.clone()).await;
        if deliveries.twice && answer.is_ok() {
            answer = consuming.running.invoke(event).await;
        }
        if self.strikes(deliveries.fail_after_percent) {
            return Outcome::Broken;
        }
        let failed = answer.and_then(|answer| {
            if consuming.source.batching.reports_failures {
                event::failed_ids(&answer, batch)
            } else {
                Ok(BTreeSet::new())
            }
        });
        match failed {
            Ok(failed) => Outcome::Answered { failed },
            Err(error) => Outcome::Failed(error),
        }
    }

    fn strikes(&self, percent: u8) -> bool {
        self.dice.lock().unwrap_or_else(PoisonError::into_inner).percent(percent)
    }

    fn not_taken(&self, reason: &impl std::fmt::Display) -> NotTaken {
        NotTaken {
            function: self.consuming.running.name.clone(),
            queue: self.consuming.queue.id.clone(),
            reason: reason.to_string(),
        }
    }
}
