//! A toy that takes messages: what each text means is written in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{LazyLock, Mutex};

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use aws_sdk_sqs::Client;
use local::{Build, Handler, Options, Registry, Stack, TemplateSource};
use serde_json::{Value, json};

use crate::toy::sdk_of;

pub(crate) const TEMPLATE: &str = include_str!("errands.yaml");
/// A minute of an ordinary day.
const NOON: &str = "2026-03-02T12:00:00Z";

/// The events of each stack's worker, and the stacks whose worker fails no more.
static EVENTS: LazyLock<Mutex<BTreeMap<String, Vec<Value>>>> = LazyLock::new(Mutex::default);
static HEALED: LazyLock<Mutex<BTreeSet<String>>> = LazyLock::new(Mutex::default);

pub(crate) fn options(name: &str) -> Options {
    let functions: [(&'static str, Build); 1] = [("worker", worker)];
    let template = TemplateSource::Text(TEMPLATE.to_owned());
    let mut options = Options::for_test(template, Registry::new(functions));
    options.variables.insert("STACK".to_owned(), name.to_owned());
    options.clock = Clock::manual(NOON.parse().unwrap());
    options
}

pub(crate) async fn stack(name: &str) -> Stack {
    Stack::start(options(name)).await.unwrap()
}

/// From now on the stack's worker takes everything.
pub(crate) fn heal(name: &str) {
    HEALED.lock().unwrap().insert(name.to_owned());
}

/// The events that the stack's worker was called with.
pub(crate) fn events(name: &str) -> Vec<Value> {
    EVENTS.lock().unwrap().get(name).cloned().unwrap_or_default()
}

/// The bodies of each call.
pub(crate) fn bodies(name: &str) -> Vec<Vec<String>> {
    let body = |record: &Value| record["body"].as_str().unwrap().to_owned();
    let of_call = |event: &Value| event["Records"].as_array().unwrap().iter().map(body).collect();
    events(name).iter().map(of_call).collect()
}

/// A client of the stack's queues, and the URL of one.
pub(crate) struct Post {
    pub(crate) client: Client,
    pub(crate) url: String,
}

pub(crate) fn post(stack: &Stack, queue: &str) -> Post {
    let url = stack.template().queue(queue).unwrap().url.clone();
    Post { client: Client::new(&sdk_of(stack, "worker", "SQS")), url }
}

impl Post {
    pub(crate) async fn send(&self, body: &str) {
        let send = self.client.send_message().queue_url(&self.url).message_body(body);
        send.send().await.unwrap();
    }

    /// The bodies that one receipt gives.
    pub(crate) async fn receive(&self) -> Vec<String> {
        let receive = self.client.receive_message().queue_url(&self.url).max_number_of_messages(10);
        let messages = receive.send().await.unwrap().messages.unwrap_or_default();
        messages.into_iter().map(|message| message.body.unwrap()).collect()
    }
}

/// Fails altogether over "explode", names "refuse" as failed, and for "lie" a message that nobody sent.
fn worker(env: &Environment) -> Result<Handler, EnvironmentError> {
    let stack = env.required("STACK")?;
    Ok(Handler::event(move |event: Value| {
        let stack = stack.clone();
        async move {
            EVENTS.lock().unwrap().entry(stack.clone()).or_default().push(event.clone());
            let records = event["Records"].as_array().cloned().unwrap_or_default();
            if HEALED.lock().unwrap().contains(&stack) {
                return Ok(json!({"batchItemFailures": []}));
            }
            if records.is_empty() || records.iter().any(|record| record["body"] == "explode") {
                return Err("the toy explodes".into());
            }
            let named = |record: &Value| match record["body"].as_str() {
                Some("refuse") => Some(json!({"itemIdentifier": record["messageId"]})),
                Some("lie") => Some(json!({"itemIdentifier": "nobody"})),
                _ => None,
            };
            let failures: Vec<Value> = records.iter().filter_map(named).collect();
            Ok(json!({"batchItemFailures": failures}))
        }
    }))
}
