//! `AWS::Serverless::Function`: where its code is, what it is told, and what calls it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use super::scope::Scope;
use super::{Node, Resource, TemplateError};
use crate::schedule::Timetable;

/// Lambda's own default.
const TIMEOUT_SECONDS_DEFAULT: u32 = 3;
/// Lambda's own default.
const MEMORY_MIB_DEFAULT: u32 = 128;
/// Lambda's default for a stream.
const STREAM_BATCH_DEFAULT: u32 = 100;
/// Lambda's default for a queue, and the most without a window.
const QUEUE_BATCH_DEFAULT: u32 = 10;
/// Lambda's limits for the calls that one queue causes at once.
const QUEUE_CONCURRENCY: std::ops::RangeInclusive<u32> = 2..=1000;

/// One Lambda function.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its logical id, for example `ScanFunction`.
    pub id: String,
    /// The name of its folder, for example `scan`: the last part of `CodeUri`.
    pub name: String,
    /// How long one call may take.
    pub timeout: Duration,
    /// Its memory.
    pub memory_mib: u32,
    /// What calls it.
    pub triggers: Vec<Trigger>,
    /// Its environment variables, resolved for this machine.
    pub variables: BTreeMap<String, String>,
    /// The ARN of the queue that gets what failed too often, where nobody waits for an answer.
    pub dead_letters: Option<String>,
    policies: Value,
}

impl Function {
    /// `Policies` in CloudFormation's long forms, with nothing resolved.
    pub fn policies(&self) -> &Value {
        &self.policies
    }

    /// The routes that call it.
    pub fn routes(&self) -> impl Iterator<Item = &HttpRoute> {
        self.triggers.iter().filter_map(|trigger| match trigger {
            Trigger::Http(route) => Some(route),
            _ => None,
        })
    }
}

/// One event source.
#[derive(Clone, Debug)]
pub enum Trigger {
    /// A route of the HTTP API.
    Http(HttpRoute),
    /// A table's stream.
    Stream(StreamSource),
    /// A queue.
    Queue(QueueSource),
    /// A schedule.
    Schedule(ScheduleSource),
}

/// A route of the HTTP API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRoute {
    /// In capitals; `ANY` for all.
    pub method: String,
    /// With `{name}` and `{name+}`.
    pub path: String,
}

/// How records are gathered before a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batching {
    /// At most so many records.
    pub size_max: u32,
    /// Wait so long for a full batch.
    pub window: Duration,
    /// Whether the answer names the records that failed.
    pub reports_failures: bool,
}

/// A table's stream.
#[derive(Clone, Debug)]
pub struct StreamSource {
    /// The name of the event within the function.
    pub name: String,
    /// The logical id of the table.
    pub table: String,
    /// How records are gathered.
    pub batching: Batching,
    /// Whether a first start reads from the oldest record (`TRIM_HORIZON`) instead of only new ones.
    pub from_oldest: bool,
    /// Event patterns, one of which a record must match; empty passes all.
    pub filters: Vec<Value>,
    /// Whether a batch that fails is halved.
    pub halves_failed: bool,
    /// So many retries before a batch is given up; none for ever, as is Lambda's default.
    pub retries_max: Option<u32>,
    /// The ARN of the queue that is told of a batch that was given up.
    pub dead_letters: Option<String>,
}

/// A queue.
#[derive(Clone, Debug)]
pub struct QueueSource {
    /// The logical id of the queue.
    pub queue: String,
    /// How messages are gathered.
    pub batching: Batching,
    /// At most so many calls at once; none for as many as Lambda likes.
    pub concurrency_max: Option<u32>,
}

/// A schedule.
#[derive(Clone, Debug)]
pub struct ScheduleSource {
    /// The name of the event within the function.
    pub name: String,
    /// When it fires.
    pub timetable: Timetable,
    /// What the function gets; none for the scheduler's own notice.
    pub input: Option<String>,
    /// Whether EventBridge Scheduler (`ScheduleV2`) fires it, rather than a rule.
    pub by_scheduler: bool,
}

pub(super) fn read(
    resource: &Resource<'_>,
    globals: &Node<'_>,
    scope: &Scope<'_>,
) -> Result<Function, TemplateError> {
    let own = &resource.properties;
    let either = |name: &str| {
        let property = own.get(name);
        if property.is_missing() { globals.get(name) } else { property }
    };
    let timeout = either("Timeout").number(scope)?.unwrap_or(TIMEOUT_SECONDS_DEFAULT);
    let mut triggers = Vec::new();
    for (name, event) in own.get("Events").entries() {
        triggers.extend(trigger(name, &event, scope)?);
    }
    Ok(Function {
        id: resource.id.to_owned(),
        name: folder(&either("CodeUri"), scope)?,
        timeout: Duration::from_secs(timeout.into()),
        memory_mib: either("MemorySize").number(scope)?.unwrap_or(MEMORY_MIB_DEFAULT),
        triggers,
        variables: variables(own, globals, scope)?,
        dead_letters: either("DeadLetterQueue").get("TargetArn").optional_text(scope)?,
        policies: either("Policies").value.clone(),
    })
}

/// Each stream and queue that calls a function must be one of the template's.
pub(super) fn check_references(
    functions: &[Function],
    resources: &Map<String, Value>,
) -> Result<(), TemplateError> {
    for function in functions {
        for trigger in &function.triggers {
            let (target, kind) = match trigger {
                Trigger::Stream(source) => (&source.table, "AWS::DynamoDB::Table"),
                Trigger::Queue(source) => (&source.queue, "AWS::SQS::Queue"),
                Trigger::Http(_) | Trigger::Schedule(_) => continue,
            };
            let found = resources.get(target).and_then(|r| r.get("Type")).and_then(Value::as_str);
            if found != Some(kind) {
                return Err(TemplateError::Broken {
                    at: format!("Resources.{}.Properties.Events", function.id),
                    reason: format!("{target} is not a {kind} of this template"),
                });
            }
        }
    }
    Ok(())
}

fn folder(code_uri: &Node<'_>, scope: &Scope<'_>) -> Result<String, TemplateError> {
    let uri = code_uri.text(scope)?;
    let name = uri.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    if name.is_empty() || name == "." {
        return Err(code_uri.broken("its last part must be the function's folder"));
    }
    Ok(name.to_owned())
}

fn variables(
    own: &Node<'_>,
    globals: &Node<'_>,
    scope: &Scope<'_>,
) -> Result<BTreeMap<String, String>, TemplateError> {
    let mut variables = BTreeMap::new();
    for owner in [globals, own] {
        for (name, value) in owner.get("Environment").get("Variables").entries() {
            // `AWS::NoValue` takes the variable away, also one of the globals.
            if value.resolved(scope)?.is_null() {
                variables.remove(name);
            } else {
                variables.insert(name.to_owned(), value.text(scope)?);
            }
        }
    }
    Ok(variables)
}

fn trigger(
    name: &str,
    event: &Node<'_>,
    scope: &Scope<'_>,
) -> Result<Option<Trigger>, TemplateError> {
    let properties = event.get("Properties");
    let kind = event.get("Type").text(scope)?;
    Ok(Some(match kind.as_str() {
        "HttpApi" => Trigger::Http(http_route(&properties, scope)?),
        "DynamoDB" => Trigger::Stream(stream(name, &properties, scope)?),
        "SQS" => Trigger::Queue(queue(&properties, scope)?),
        "Schedule" | "ScheduleV2" => {
            if !properties.get("Enabled").is_missing() && !properties.get("Enabled").truth(scope)?
                || properties.get("State").optional_text(scope)?.as_deref() == Some("DISABLED")
            {
                return Ok(None);
            }
            Trigger::Schedule(schedule(name, kind == "ScheduleV2", &properties, scope)?)
        }
        other => {
            return Err(event.get("Type").broken(format!("{other} events are not known here")));
        }
    }))
}

fn http_route(properties: &Node<'_>, scope: &Scope<'_>) -> Result<HttpRoute, TemplateError> {
    // SAM's own default when neither is given: everything.
    if properties.get("Path").is_missing() && properties.get("Method").is_missing() {
        return Ok(HttpRoute { method: "ANY".to_owned(), path: "/{proxy+}".to_owned() });
    }
    let path = properties.get("Path").text(scope)?;
    if !path.starts_with('/') {
        return Err(properties.get("Path").broken("it must begin with a slash"));
    }
    let method = properties.get("Method").text(scope)?.to_uppercase();
    let known = ["ANY", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    // SAM writes `x-amazon-apigateway-any-method` for ANY.
    let method = if method == "X-AMAZON-APIGATEWAY-ANY-METHOD" { "ANY".to_owned() } else { method };
    if !known.contains(&method.as_str()) {
        return Err(properties.get("Method").broken(format!("{method} is not a method")));
    }
    Ok(HttpRoute { method, path })
}

fn queue(properties: &Node<'_>, scope: &Scope<'_>) -> Result<QueueSource, TemplateError> {
    let filters = properties.get("FilterCriteria");
    if !filters.is_missing() {
        return Err(filters.broken("a queue's messages are not filtered here"));
    }
    let batching = batching(properties, QUEUE_BATCH_DEFAULT, scope)?;
    if batching.size_max > QUEUE_BATCH_DEFAULT && batching.window.is_zero() {
        let reason = "more than 10 want a MaximumBatchingWindowInSeconds";
        return Err(properties.get("BatchSize").broken(reason));
    }
    let concurrency = properties.get("ScalingConfig").get("MaximumConcurrency");
    let concurrency_max = concurrency.number(scope)?;
    if concurrency_max.is_some_and(|most| !QUEUE_CONCURRENCY.contains(&most)) {
        return Err(concurrency.broken("it must be from 2 to 1000"));
    }
    let queue = target(&properties.get("Queue"), "Arn")?;
    Ok(QueueSource { queue, batching, concurrency_max })
}

fn stream(
    name: &str,
    properties: &Node<'_>,
    scope: &Scope<'_>,
) -> Result<StreamSource, TemplateError> {
    let start = properties.get("StartingPosition").text(scope)?;
    let from_oldest = match start.as_str() {
        "TRIM_HORIZON" => true,
        "LATEST" => false,
        other => {
            let reason = format!("{other} is neither TRIM_HORIZON nor LATEST");
            return Err(properties.get("StartingPosition").broken(reason));
        }
    };
    let mut filters = Vec::new();
    for filter in properties.get("FilterCriteria").get("Filters").items() {
        let pattern = filter.get("Pattern");
        let text = pattern.text(scope)?;
        let parsed = serde_json::from_str(&text)
            .map_err(|error| pattern.broken(format!("it is not JSON: {error}")))?;
        crate::stream::check_pattern(&parsed).map_err(|reason| pattern.broken(reason))?;
        filters.push(parsed);
    }
    // Lambda writes -1 for ever.
    let retries = properties.get("MaximumRetryAttempts");
    let retries_max = match retries.optional_text(scope)?.as_deref() {
        None | Some("-1") => None,
        Some(_) => retries.number(scope)?,
    };
    let on_failure = properties.get("DestinationConfig").get("OnFailure");
    Ok(StreamSource {
        name: name.to_owned(),
        table: target(&properties.get("Stream"), "StreamArn")?,
        batching: batching(properties, STREAM_BATCH_DEFAULT, scope)?,
        from_oldest,
        filters,
        halves_failed: properties.get("BisectBatchOnFunctionError").truth(scope)?,
        retries_max,
        dead_letters: on_failure.get("Destination").optional_text(scope)?,
    })
}

fn schedule(
    name: &str,
    by_scheduler: bool,
    properties: &Node<'_>,
    scope: &Scope<'_>,
) -> Result<ScheduleSource, TemplateError> {
    let property = if by_scheduler { "ScheduleExpression" } else { "Schedule" };
    let expression = properties.get(property);
    let zone = properties.get("ScheduleExpressionTimezone").optional_text(scope)?;
    let timetable = Timetable::parse(&expression.text(scope)?, zone.as_deref())
        .map_err(|reason| expression.broken(reason))?;
    let input = properties.get("Input").optional_text(scope)?;
    Ok(ScheduleSource { name: name.to_owned(), timetable, input, by_scheduler })
}

fn batching(
    properties: &Node<'_>,
    size_default: u32,
    scope: &Scope<'_>,
) -> Result<Batching, TemplateError> {
    let window = properties.get("MaximumBatchingWindowInSeconds").number(scope)?.unwrap_or(0);
    let size_max = properties.get("BatchSize").number(scope)?.unwrap_or(size_default);
    if size_max == 0 {
        return Err(properties.get("BatchSize").broken("it must be at least 1"));
    }
    let reports_failures = properties
        .get("FunctionResponseTypes")
        .items()
        .any(|kind| kind.value == "ReportBatchItemFailures");
    Ok(Batching { size_max, window: Duration::from_secs(window.into()), reports_failures })
}

/// The logical id in `!GetAtt Id.Attribute`: an event source must be of this template.
fn target(node: &Node<'_>, attribute: &str) -> Result<String, TemplateError> {
    let get_att = node.value.get("Fn::GetAtt").and_then(Value::as_array).map(Vec::as_slice);
    match get_att {
        Some([Value::String(id), Value::String(of)]) if of == attribute => Ok(id.clone()),
        _ => Err(node.broken(format!("it must be !GetAtt of a resource's {attribute}"))),
    }
}
