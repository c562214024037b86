//! The alarms that watch queues: each rings once when its queue holds too much, and again only after it held less.
//!
//! Deliberately absent: periods and missing values. A look is a look, and what rang is forgotten when the process ends.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::embedded::inbox::{Inbox, Item, TopicMessage};
use crate::queue::Queues;
use crate::template::QueueAlarm;

/// All alarms of the template that watch queues. Clones share what rings.
#[derive(Clone, Debug)]
pub(crate) struct Alarms {
    watched: Arc<[QueueAlarm]>,
    queues: Queues,
    inbox: Inbox,
    /// The logical ids of those that ring.
    ringing: Arc<Mutex<BTreeSet<String>>>,
}

impl Alarms {
    pub(crate) fn new(watched: &[QueueAlarm], queues: Queues, inbox: Inbox) -> Self {
        Self { watched: watched.into(), queues, inbox, ringing: Arc::default() }
    }

    /// Looks at each queue, and tells the topics of those alarms that begin to ring.
    pub(crate) fn look(&self) {
        let mut ringing = self.ringing.lock().unwrap_or_else(PoisonError::into_inner);
        for alarm in self.watched.iter() {
            let queue = self.queues.declared(&alarm.queue);
            let waiting = match queue.and_then(|queue| self.queues.state(queue)) {
                Ok(state) => state.waiting,
                Err(error) => {
                    tracing::warn!("the alarm {} cannot see its queue: {error}", alarm.id);
                    continue;
                }
            };
            if waiting <= alarm.most {
                ringing.remove(&alarm.id);
            } else if ringing.insert(alarm.id.clone()) {
                self.tell(alarm, waiting);
            }
        }
    }

    fn tell(&self, alarm: &QueueAlarm, waiting: u64) {
        for topic in &alarm.topics {
            let message = TopicMessage {
                topic: topic.clone(),
                subject: Some(format!("ALARM: {}", alarm.id)),
                text: format!("{} ({waiting} in {})", alarm.description, alarm.queue),
            };
            if let Err(error) = self.inbox.keep(&Item::Topic(message)) {
                tracing::error!("the inbox cannot be written: {error}");
            }
        }
    }
}
