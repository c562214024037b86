//! The events that are no requests: a batch of the table's stream, and the schedule.

use adapters::salts::Salts;
use adapters::table::{Counted, Table};
use domain::id::PropertyId;
use jiff::ToSpan;
use jiff::tz::TimeZone;
use local::Stack;
use serde_json::{Value, json};

use crate::fixture::{NOON, options, root};
use crate::seed::{WITH_CODE, seed, tenant_id};

fn event(path: &str) -> Value {
    let text = std::fs::read_to_string(root().join("events").join(path)).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn a_batch_of_the_stream_is_counted_once_and_only_its_new_scans() {
    let stack = Stack::start(options()).await.unwrap();
    seed(&stack).await;
    let table = Table::from_env(stack.environment("tenants").unwrap()).unwrap();
    let of = Counted::Code(tenant_id(), PropertyId::parse(WITH_CODE).unwrap().into());
    let batch = event("dynamodb/scan-events.json");
    let records = batch["Records"].as_array().unwrap();
    let kinds: Vec<&str> = records.iter().map(|r| r["eventName"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["INSERT", "INSERT", "INSERT", "REMOVE"]);
    for round in 1..=2 {
        let answer = stack.invoke("aggregate", batch.clone()).await.unwrap();
        assert_eq!(answer, json!({ "batchItemFailures": [] }), "round {round}");
        let totals = table.totals(&of).await.unwrap();
        // A person and a bot; the foreign item and the removed scan are not counted.
        assert_eq!(totals.scans(), 1, "round {round}");
        assert_eq!(totals.last_scan, Some(NOON.parse().unwrap()), "round {round}");
    }
    stack.stop().await;
}

#[tokio::test]
async fn the_daily_schedule_destroys_the_salts_before_yesterday() {
    let stack = Stack::start(options()).await.unwrap();
    let salts = Salts::from_env(stack.environment("scan").unwrap()).unwrap();
    let today = stack.clock().now().to_zoned(TimeZone::UTC).date();
    for days in 0..4 {
        salts.of_day(today.checked_sub(days.days()).unwrap()).await.unwrap();
    }
    let daily = event("schedule/daily.json");
    let report = stack.invoke("janitor", daily.clone()).await.unwrap();
    assert_eq!(report, json!({ "salts_destroyed": 2 }));
    let report = stack.invoke("janitor", daily.clone()).await.unwrap();
    assert_eq!(report, json!({ "salts_destroyed": 0 }));

    // What the local process sends by itself has the same form.
    let fields =
        |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(daily["source"], "aws.scheduler");
    assert_eq!(
        fields(&daily),
        [
            "account",
            "detail",
            "detail-type",
            "id",
            "region",
            "resources",
            "source",
            "time",
            "version"
        ]
    );
    assert!(stack.fire("janitor").await.is_ok());
    stack.stop().await;
}
