//! What the codes of loyalty cost the table: budgets that hold on AWS, because DynamoDB itself says the units.

use serde_json::{Value, json};
use tessera_tests::Ask;

use crate::counter::{Counter, spent};

/// Write units of a code for earning: 4 of the table, and one of the index that lists codes by restaurant.
const EARN_MAX: f64 = 4.0 + 1.0;
/// Write units of a code for a reward.
const REWARD_MAX: f64 = 16.0;
/// Write units of a use that moves points.
const POINTS_MAX: f64 = 18.0;
/// Write units of a use that only identifies.
const IDENTIFY_MAX: f64 = 2.0;

/// The function that is measured.
const FUNCTION: &str = "loyalty-tokens";

async fn costs(counter: &Counter, what: &str, ask: Ask, status: u16) -> (f64, Value) {
    let meter = counter.platform.meter();
    meter.reset();
    let answer = ask.await.is(status).json();
    let (units, reads) = (meter.write_units(FUNCTION), meter.read_units(FUNCTION));
    println!("{what}: {units} write units, {reads} read units");
    (units, answer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_cost_what_they_may() {
    let counter = Counter::open().await;
    let (ada, none) = ("ada", json!({}));
    let coffee = counter.bistro.offers(&json!({ "stock": 10 })).await;
    // The first code of a customer, and one in the place of another.
    for what in ["the first code for earning", "another one"] {
        let (units, _) = costs(&counter, what, counter.asks(ada, &none), 201).await;
        assert!(units <= EARN_MAX, "{what}: {units}");
    }
    let code = counter.shows(ada).await;
    let ask = counter.scan(&code, &none).header("idempotency-key", "identify");
    let (units, _) = costs(&counter, "identifying", ask, 200).await;
    assert!(units <= IDENTIFY_MAX, "identifying: {units}");
    for what in ["the first points", "more points"] {
        let code = counter.shows(ada).await;
        let ask = counter.scan(&code, &spent(10_000)).header("idempotency-key", what);
        let (units, _) = costs(&counter, what, ask, 200).await;
        assert!(units <= POINTS_MAX, "{what}: {units}");
    }
    let (units, code) =
        costs(&counter, "a code for a reward", counter.asks_for(ada, &coffee), 201).await;
    assert!(units <= REWARD_MAX, "a code for a reward: {units}");
    let ask = counter.scan(&code, &none).header("idempotency-key", "reward");
    let (units, _) = costs(&counter, "a reward given", ask, 200).await;
    assert!(units <= POINTS_MAX, "a reward given: {units}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_step_of_a_code_is_timed() {
    let counter = Counter::open().await;
    let code = counter.shows("ada").await;
    drop(counter.scans(&code, &spent(1_000)).await.is(200));
    let metrics = counter.owner().get("/metrics").await.is(200).text();
    let steps = ["token_generation", "token_insert", "token_select", "token_validation", "flow"];
    for step in steps {
        let name = format!("loyalty_{step}_seconds_count");
        assert!(metrics.contains(&name), "{name} is not in the metrics");
    }
}
