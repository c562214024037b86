//! What carries messages: queues, the event bus and its rules.
//!
//! Deliberately absent: first-in-first-out queues, and rules that a schedule fires; both are refused, not ignored.

use std::time::Duration;

use serde_json::Value;

use super::resource::named;
use super::scope::Scope;
use super::topic::{Topic, Wording, wording};
use super::{Node, Resource, TemplateError};

/// SQS's own default.
const VISIBILITY_SECONDS_DEFAULT: u32 = 30;
/// SQS's own limit: twelve hours.
const VISIBILITY_SECONDS_MAX: u32 = 43_200;
/// SQS's own limit: fifteen minutes.
const DELAY_SECONDS_MAX: u32 = 900;
/// SQS's own default: four days.
const RETENTION_SECONDS_DEFAULT: u32 = 345_600;
/// SQS's own limits: a minute and fourteen days.
const RETENTION_SECONDS: std::ops::RangeInclusive<u32> = 60..=1_209_600;
/// The bus that is there without a template.
const DEFAULT_BUS: &str = "default";

/// An SQS queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// Its logical id.
    pub id: String,
    /// Its physical name.
    pub name: String,
    /// What functions send to.
    pub url: String,
    /// What event sources and rules name.
    pub arn: String,
    /// How long a message that was handed out stays hidden.
    pub visibility: Duration,
    /// How long a new message stays hidden.
    pub delay: Duration,
    /// How long a message is kept.
    pub retention: Duration,
    /// Where messages go that fail too often.
    pub redrive: Option<Redrive>,
}

/// Where messages go that fail too often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redrive {
    /// The ARN of the dead-letter queue.
    pub to: String,
    /// After so many receipts.
    pub receipts_max: u32,
}

/// An event bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventBus {
    /// Its logical id.
    pub id: String,
    /// Its physical name.
    pub name: String,
}

/// A rule of a bus: which events go where.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its logical id.
    pub id: String,
    /// The name of its bus.
    pub bus: String,
    /// What an event must look like.
    pub pattern: Value,
    /// Who gets a copy.
    pub targets: Vec<Target>,
}

/// Who gets a copy of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The queue of this ARN gets the whole event.
    Queue(String),
    /// People hear of it.
    Topic {
        /// The topic's logical id.
        topic: String,
        /// In these words; without them they read the event itself.
        wording: Option<Wording>,
    },
}

pub(super) fn queue(resource: &Resource<'_>, scope: &Scope<'_>) -> Result<Queue, TemplateError> {
    let properties = &resource.properties;
    let fifo = properties.get("FifoQueue");
    if fifo.truth(scope)? {
        return Err(fifo.broken("first-in-first-out queues are not known here"));
    }
    let broken = |reason| properties.broken(reason);
    let seconds = |name: &str, default: u32, limits: std::ops::RangeInclusive<u32>| {
        let property = properties.get(name);
        let seconds = property.number(scope)?.unwrap_or(default);
        let (least, most) = (limits.start(), limits.end());
        if !limits.contains(&seconds) {
            return Err(property.broken(format!("it must be from {least} to {most} seconds")));
        }
        Ok(Duration::from_secs(seconds.into()))
    };
    Ok(Queue {
        id: resource.id.to_owned(),
        name: named(resource, "QueueName", scope)?,
        url: scope.queue_url(resource.id).map_err(broken)?,
        arn: scope.queue_arn(resource.id).map_err(broken)?,
        visibility: seconds(
            "VisibilityTimeout",
            VISIBILITY_SECONDS_DEFAULT,
            0..=VISIBILITY_SECONDS_MAX,
        )?,
        delay: seconds("DelaySeconds", 0, 0..=DELAY_SECONDS_MAX)?,
        retention: seconds("MessageRetentionPeriod", RETENTION_SECONDS_DEFAULT, RETENTION_SECONDS)?,
        redrive: redrive(&properties.get("RedrivePolicy"), scope)?,
    })
}

fn redrive(policy: &Node<'_>, scope: &Scope<'_>) -> Result<Option<Redrive>, TemplateError> {
    if policy.is_missing() {
        return Ok(None);
    }
    let receipts = policy.get("maxReceiveCount");
    let receipts_max = receipts.number(scope)?.filter(|most| (1..=1000).contains(most));
    let receipts_max = receipts_max.ok_or_else(|| receipts.broken("it must be from 1 to 1000"))?;
    let to = policy.get("deadLetterTargetArn").text(scope)?;
    Ok(Some(Redrive { to, receipts_max }))
}

/// Each dead-letter queue must be one of the template's.
pub(super) fn check_redrives(queues: &[Queue]) -> Result<(), TemplateError> {
    let lost = |queue: &&Queue| {
        queue.redrive.as_ref().is_some_and(|redrive| !queues.iter().any(|q| q.arn == redrive.to))
    };
    match queues.iter().find(lost) {
        None => Ok(()),
        Some(queue) => Err(TemplateError::Broken {
            at: format!("Resources.{}.Properties.RedrivePolicy.deadLetterTargetArn", queue.id),
            reason: "it is not a queue of this template".to_owned(),
        }),
    }
}

pub(super) fn bus(resource: &Resource<'_>, scope: &Scope<'_>) -> Result<EventBus, TemplateError> {
    Ok(EventBus { id: resource.id.to_owned(), name: named(resource, "Name", scope)? })
}

/// A rule that is switched off is not there.
pub(super) fn rule(
    resource: &Resource<'_>,
    (queues, topics): (&[Queue], &[Topic]),
    scope: &Scope<'_>,
) -> Result<Option<Rule>, TemplateError> {
    let properties = &resource.properties;
    let schedule = properties.get("ScheduleExpression");
    if !schedule.is_missing() {
        return Err(schedule.broken("a rule that time fires is an event of its function here"));
    }
    if properties.get("State").optional_text(scope)?.as_deref() == Some("DISABLED") {
        return Ok(None);
    }
    let pattern = properties.get("EventPattern");
    let resolved = pattern.resolved(scope)?;
    crate::stream::check_pattern(&resolved).map_err(|reason| pattern.broken(reason))?;
    let bus = properties.get("EventBusName").optional_text(scope)?;
    let mut targets = Vec::new();
    for target in properties.get("Targets").items() {
        targets.push(target_of(&target, (queues, topics), scope)?);
    }
    Ok(Some(Rule {
        id: resource.id.to_owned(),
        bus: bus.map_or_else(|| DEFAULT_BUS.to_owned(), |bus| bus_name(&bus).to_owned()),
        pattern: resolved,
        targets,
    }))
}

/// A bus is named by its name or by its ARN.
pub(crate) fn bus_name(text: &str) -> &str {
    text.rsplit_once(":event-bus/").map_or(text, |(_, name)| name)
}

fn target_of(
    target: &Node<'_>,
    (queues, topics): (&[Queue], &[Topic]),
    scope: &Scope<'_>,
) -> Result<Target, TemplateError> {
    for shaping in ["Input", "InputPath"] {
        let property = target.get(shaping);
        if !property.is_missing() {
            return Err(property.broken("a target gets the whole event here"));
        }
    }
    let arn = target.get("Arn").text(scope)?;
    if let Some(topic) = topics.iter().find(|topic| topic.arn == arn) {
        return Ok(Target::Topic { topic: topic.id.clone(), wording: wording(target, scope)? });
    }
    if !queues.iter().any(|queue| queue.arn == arn) {
        return Err(target.get("Arn").broken("it is neither a queue nor a topic of this template"));
    }
    let transformer = target.get("InputTransformer");
    if transformer.is_missing() {
        return Ok(Target::Queue(arn));
    }
    Err(transformer.broken("a queue gets the whole event here"))
}
