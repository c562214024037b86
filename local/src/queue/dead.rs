//! Where work goes that was given up although no queue carried it: a schedule's event, a batch of a stream.

use serde_json::Value;

use super::store::{Outgoing, QueueError, Queues};

/// A queue for what was given up.
#[derive(Clone, Debug)]
pub(crate) struct DeadLetters {
    pub(crate) queues: Queues,
    /// The queue's ARN.
    pub(crate) arn: String,
}

impl DeadLetters {
    /// Keeps a message there. A failure is logged: who gives up has nobody to tell.
    pub(crate) fn keep(&self, message: &Value) {
        let sent = self.queue().and_then(|queue| {
            let body = message.to_string();
            self.queues.send(&[Outgoing { queue: &queue, body: &body, delay: None }])
        });
        if let Err(error) = sent {
            tracing::error!("what was given up is lost: {error}");
        }
    }

    fn queue(&self) -> Result<String, QueueError> {
        Ok(self.queues.by_arn(&self.arn)?.name.clone())
    }
}
