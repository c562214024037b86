//! The queues: messages that wait for a function, kept in one SQLite file.
//!
//! As SQS does it: at least once, in no promised order. A message that was handed out is hidden for a while and comes
//! back unless it is deleted; one that came too often goes to the dead-letter queue. Time is the stack's clock.
//! Deliberately absent: first-in-first-out queues, message attributes and long polling, which no function uses.

mod dead;
mod event;
mod pump;
mod store;

pub(crate) use dead::DeadLetters;
pub(crate) use event::{attributes_of, md5_of};
pub(crate) use pump::{Consuming, Pump};
pub use store::QueueState;
pub(crate) use store::{Home, Message, Outgoing, QueueError, Queues};

/// Looks at the queues of a stack, and changes nothing.
#[derive(Clone, Debug)]
pub struct QueueWatch(pub(crate) Queues);

impl QueueWatch {
    /// What each queue of the template holds.
    pub fn states(&self) -> Vec<QueueState> {
        self.0.states().unwrap_or_else(|error| {
            tracing::error!("{error}");
            Vec::new()
        })
    }
}
