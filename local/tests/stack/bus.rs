//! The event bus: which copies go where.

use adapters::bus::{Bus, BusEvent};
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use jiff::{SignedDuration, Timestamp};
use local::{Fault, Filter};
use serde_json::{Value, json};

use crate::errands::{self, bodies, post};
use crate::toy::sdk_of;

#[tokio::test]
async fn an_event_goes_to_the_queues_whose_rules_it_fits() {
    let name = "bus-rules";
    let stack = errands::stack(name).await;
    let bus = Bus::from_env(stack.environment("worker").unwrap()).unwrap();
    let at: Timestamp = "2026-03-02T11:59:58.5Z".parse().unwrap();
    let event = |kind, detail| BusEvent { kind, detail, at };
    bus.put(&[
        event("tip.received", json!({"urgent": true, "n": 1})),
        event("tip.received", json!({"urgent": false, "n": 2})),
        event("guard_code.sent", json!({"urgent": true, "n": 3})),
    ])
    .await
    .unwrap();
    stack.quiet().await.unwrap();
    let taken = bodies(name).concat();
    assert_eq!(taken.len(), 1, "{taken:?}");
    let mut seen: Value = serde_json::from_str(&taken[0]).unwrap();
    assert_eq!(seen["id"].take().as_str().unwrap().len(), 36);
    let expected = json!({
        "version": "0",
        "id": null,
        "detail-type": "tip.received",
        "source": "tessera",
        "account": "000000000000",
        "time": "2026-03-02T11:59:58Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {"urgent": true, "n": 1},
    });
    assert_eq!(seen, expected);
    stack.advance(SignedDuration::from_secs(5)).await;
    assert_eq!(post(&stack, "Letters").receive().await.len(), 3, "the other rule wants them all");
}

#[tokio::test]
async fn more_than_ten_events_go_in_several_requests_and_refused_ones_again() {
    let stack = errands::stack("bus-many").await;
    let bus = Bus::from_env(stack.environment("worker").unwrap()).unwrap();
    let at = stack.clock().now();
    let events: Vec<_> =
        (0..23).map(|n| BusEvent { kind: "x", detail: json!({"n": n}), at }).collect();
    let puts = Filter::any().service("events").operation("PutEvents");
    let entries = json!([{"EventId": "a"}, {"ErrorCode": "ThrottlingException"}]);
    let partly = json!({"FailedEntryCount": 1, "Entries": entries});
    bus.put(&events).await.unwrap();
    assert_eq!(stack.meter().count(&puts), 3);
    let fault = Fault::Answer { status: 200, body: partly.to_string() };
    stack.meter().break_call(1, puts.clone(), fault, false);
    bus.put(&events[..2]).await.unwrap();
    assert_eq!(stack.meter().count(&puts), 5);
    assert_eq!(stack.queue("Letters").unwrap().delayed, 24, "only the refused one went again");
}

#[tokio::test]
async fn an_entry_that_cannot_be_used_is_named_and_the_others_go_on() {
    let stack = errands::stack("bus-broken").await;
    let client = aws_sdk_eventbridge::Client::new(&sdk_of(&stack, "worker", "EVENTBRIDGE"));
    let entry = |bus: &str, detail: &str| {
        let entry = PutEventsRequestEntry::builder().event_bus_name(bus).source("tessera");
        entry.detail_type("x").detail(detail).build()
    };
    let arn = "arn:aws:events:us-east-1:000000000000:event-bus/errands-dev";
    let put = client.put_events().entries(entry("errands-dev", "not json"));
    let put = put.entries(entry("nobody", "{}")).entries(entry(arn, "{}")).send().await.unwrap();
    assert_eq!(put.failed_entry_count(), 2);
    let codes: Vec<_> = put.entries().iter().map(|entry| entry.error_code()).collect();
    assert_eq!(codes, [Some("MalformedDetail"), Some("ResourceNotFoundException"), None]);
    assert_eq!(stack.queue("Letters").unwrap().delayed, 1);
}

#[tokio::test]
async fn a_topic_is_told_in_the_words_of_its_rule() {
    let stack = errands::stack("bus-topic").await;
    let bus = Bus::from_env(stack.environment("worker").unwrap()).unwrap();
    let at = stack.clock().now();
    let event = |kind, sentence| BusEvent { kind, detail: json!({ "sentence": sentence }), at };
    bus.put(&[event("alert.fire", "It burns."), event("tip.received", "Quiet.")]).await.unwrap();
    let told = stack.inbox().told("Alarms");
    let texts: Vec<&str> = told.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(texts, ["\"It burns. (alert.fire)\""]);
}

#[tokio::test]
async fn an_alarm_rings_once_until_its_queue_is_empty_again() {
    let stack = errands::stack("alarm").await;
    let errands = post(&stack, "Errands");
    let told = || stack.inbox().told("Alarms").len();
    errands.send("refuse").await;
    for rung in [0, 0, 0, 1, 1] {
        stack.quiet().await.unwrap();
        assert_eq!(told(), rung);
        stack.advance(SignedDuration::from_secs(61)).await;
    }
    let message = stack.inbox().told("Alarms").remove(0);
    assert_eq!(message.subject.as_deref(), Some("ALARM: DeadAlarm"));
    assert_eq!(message.text, "An errand was given up. (1 in tessera-local-ErrandsDead)");
    errands.send("refuse").await;
    for _ in 0..4 {
        stack.quiet().await.unwrap();
        stack.advance(SignedDuration::from_secs(61)).await;
    }
    assert_eq!((stack.queue("ErrandsDead").unwrap().waiting, told()), (2, 1), "it rings already");
    errands::heal("alarm");
    assert_eq!(stack.redrive("Errands").unwrap(), 2);
    stack.quiet().await.unwrap();
    assert_eq!((stack.queue("ErrandsDead").unwrap().waiting, told()), (0, 1));
    post(&stack, "ErrandsDead").send("again").await;
    stack.quiet().await.unwrap();
    assert_eq!(told(), 2);
}
