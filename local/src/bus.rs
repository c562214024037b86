//! The event bus: copies of events to the queues and topics whose rules they fit.
//!
//! A copy is in its queue before the sender is answered, all of one request in one transaction, so the bus itself has
//! nothing to lose and nothing that waits. What a topic gets is in the inbox before that, so it may be there twice
//! when the sender has to try again. Deliberately absent: an archive, and targets of other kinds.

use adapters::clock::Clock;
use adapters::random::Random;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::embedded::inbox::{Inbox, Item, TopicMessage};
use crate::embedded::new_id;
use crate::queue::{Outgoing, QueueError, Queues};
use crate::stream;
use crate::template::{Rule, Target, Template};

/// The bus that is there without a template.
const DEFAULT: &str = "default";

/// All buses of the template, with their rules.
#[derive(Clone, Debug)]
pub(crate) struct Bus {
    names: Vec<String>,
    rules: Vec<Rule>,
    queues: Queues,
    inbox: Inbox,
    clock: Clock,
    random: Random,
    account_id: String,
    region: String,
}

/// An event on its way in.
#[derive(Clone, Debug)]
pub(crate) struct Incoming {
    pub(crate) bus: String,
    pub(crate) source: String,
    /// Its `detail-type`.
    pub(crate) kind: String,
    pub(crate) detail: Value,
    pub(crate) at: Option<Timestamp>,
}

impl Bus {
    /// The template's buses in front of its queues and of the inbox, which stands for its topics.
    pub(crate) fn new(
        template: &Template,
        (queues, inbox): (Queues, Inbox),
        (clock, random): (Clock, Random),
        (account_id, region): (&str, &str),
    ) -> Self {
        let declared = template.buses().iter().map(|bus| bus.name.clone());
        Self {
            names: declared.chain([DEFAULT.to_owned()]).collect(),
            rules: template.rules().to_vec(),
            queues,
            inbox,
            clock,
            random,
            account_id: account_id.to_owned(),
            region: region.to_owned(),
        }
    }

    /// Whether there is a bus of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    /// Gives each event to the queues and topics that want it; gives the events' ids in the same order.
    pub(crate) fn put(&self, events: &[Incoming]) -> Result<Vec<String>, QueueError> {
        let mut ids = Vec::with_capacity(events.len());
        let mut copies: Vec<(&str, String)> = Vec::new();
        for event in events {
            let id = new_id(&self.random);
            let whole = self.whole(event, &id);
            let text = whole.to_string();
            let fits =
                |rule: &&Rule| rule.bus == event.bus && stream::matches(&rule.pattern, &whole);
            for target in self.rules.iter().filter(fits).flat_map(|rule| &rule.targets) {
                match target {
                    Target::Queue(arn) => {
                        copies.push((&self.queues.by_arn(arn)?.name, text.clone()));
                    }
                    Target::Topic { topic, wording } => {
                        let text = wording.as_ref().map_or(text.clone(), |w| w.of(&whole));
                        self.publish(topic, text);
                    }
                }
            }
            ids.push(id);
        }
        let messages: Vec<Outgoing<'_>> =
            copies.iter().map(|(queue, body)| Outgoing { queue, body, delay: None }).collect();
        self.queues.send(&messages)?;
        Ok(ids)
    }

    /// A failure is logged: as in the cloud, the bus has taken the event.
    fn publish(&self, topic: &str, text: String) {
        let message = TopicMessage { topic: topic.to_owned(), subject: None, text };
        if let Err(error) = self.inbox.keep(&Item::Topic(message)) {
            tracing::error!("the inbox cannot be written: {error}");
        }
    }

    /// The event as its targets see it.
    fn whole(&self, event: &Incoming, id: &str) -> Value {
        let at = event.at.unwrap_or_else(|| self.clock.now());
        json!({
            "version": "0",
            "id": id,
            "detail-type": event.kind,
            "source": event.source,
            "account": self.account_id,
            "time": at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "region": self.region,
            "resources": [],
            "detail": event.detail,
        })
    }
}
