//! A queue of SQS, as far as a sender sees it. Receiving is Lambda's part: a function gets its messages as an event.

use std::sync::Arc;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use domain::failure::{Failure, Kind};
use serde::Serialize;

use crate::batch::{self, Room};
use crate::environment::{Environment, EnvironmentError};

/// The longest text of a message, in bytes of UTF-8; also what the messages of one request may have together.
pub const MESSAGE_BYTES_MAX: usize = 256 * 1024;
/// The longest delay of a message, in seconds: SQS's own limit.
pub const DELAY_MAX_S: u32 = 900;
/// What one request takes.
const ROOM: Room = Room { entries_max: 10, bytes_max: MESSAGE_BYTES_MAX };
/// So often the part of a request that SQS did not take is sent.
const ATTEMPTS_MAX: usize = 3;

/// The queue did not take a message. Some of several may have been taken.
#[derive(Debug, thiserror::Error)]
#[error("the queue does not answer, try again")]
pub struct QueueError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl Failure for QueueError {
    fn kind(&self) -> Kind {
        Kind::Unavailable
    }

    fn code(&self) -> &'static str {
        "queue_unavailable"
    }

    fn retry_after_s(&self) -> Option<u64> {
        Some(1)
    }
}

/// One queue, for sending to it.
#[derive(Clone, Debug)]
pub struct Queue {
    client: Client,
    url: Arc<str>,
}

impl Queue {
    /// The queue whose URL the variable `variable` holds.
    ///
    /// # Errors
    /// [`EnvironmentError`] names a missing variable.
    pub fn from_env(env: &Environment, variable: &'static str) -> Result<Self, EnvironmentError> {
        let url = env.required(variable)?.into();
        Ok(Self { client: Client::new(&env.aws("SQS")?), url })
    }

    /// Sends one message, as JSON. An answer means that SQS keeps it; it may arrive more than once.
    ///
    /// # Errors
    /// [`QueueError`], also for a message longer than [`MESSAGE_BYTES_MAX`].
    pub async fn send(&self, message: &impl Serialize) -> Result<(), QueueError> {
        let send = self.client.send_message().queue_url(&*self.url).message_body(text_of(message)?);
        send.send().await.map(drop).map_err(broken)
    }

    /// Sends one message that nobody is given for so long: at most [`DELAY_MAX_S`] seconds, a longer delay is cut.
    ///
    /// # Errors
    /// As [`Queue::send`].
    pub async fn send_after(
        &self,
        message: &impl Serialize,
        delay_s: u32,
    ) -> Result<(), QueueError> {
        let send = self.client.send_message().queue_url(&*self.url).message_body(text_of(message)?);
        let delay_s = i32::try_from(delay_s.min(DELAY_MAX_S)).unwrap_or_default();
        send.delay_seconds(delay_s).send().await.map(drop).map_err(broken)
    }

    /// Sends several messages, as JSON, in no order. Those that SQS does not take are sent again.
    ///
    /// # Errors
    /// [`QueueError`] when some were not taken; others may have been.
    pub async fn send_all(&self, messages: &[impl Serialize]) -> Result<(), QueueError> {
        let texts: Vec<String> = messages.iter().map(text_of).collect::<Result<_, _>>()?;
        let sizes: Vec<usize> = texts.iter().map(String::len).collect();
        for range in batch::ranges(&sizes, ROOM) {
            self.send_batch(texts.get(range).unwrap_or_default()).await?;
        }
        Ok(())
    }

    async fn send_batch(&self, texts: &[String]) -> Result<(), QueueError> {
        let entry = |(at, text): (usize, &String)| {
            let entry = SendMessageBatchRequestEntry::builder().id(at.to_string());
            entry.message_body(text).build().map_err(broken)
        };
        let mut left: Vec<_> = texts.iter().enumerate().map(entry).collect::<Result<_, _>>()?;
        let mut refusal = String::new();
        for _ in 0..ATTEMPTS_MAX {
            let send = self.client.send_message_batch().queue_url(&*self.url);
            let answer = send.set_entries(Some(left.clone())).send().await.map_err(broken)?;
            let Some(failed) = answer.failed().first() else {
                return Ok(());
            };
            refusal = format!("{} ({} in all)", failed.code(), answer.failed().len());
            // What is wrong with the message itself stays wrong.
            if answer.failed().iter().any(|failed| failed.sender_fault()) {
                break;
            }
            left.retain(|entry| answer.failed().iter().any(|failed| failed.id() == entry.id()));
        }
        Err(QueueError(format!("messages were not taken: {refusal}").into()))
    }
}

fn text_of(message: &impl Serialize) -> Result<String, QueueError> {
    let text = serde_json::to_string(message).map_err(|error| QueueError(error.into()))?;
    if text.len() > MESSAGE_BYTES_MAX {
        return Err(QueueError(format!("a message has {} bytes", text.len()).into()));
    }
    Ok(text)
}

fn broken<E: std::error::Error + Send + Sync + 'static>(error: E) -> QueueError {
    QueueError(format!("{}", DisplayErrorContext(error)).into())
}
