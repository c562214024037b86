//! What a tip costs: requests to the table and their units, calls of Paystack, and the time in which an event is taken
//! (`cargo bench -p tessera-tests`). The counts hold on AWS; the times are those of the local process, with its
//! embedded queue and the way over HTTP, on whatever machine this is.

#![expect(clippy::unwrap_used, reason = "a bench prints and stops at what goes wrong")]

use std::time::Instant;

use local::paystack::{Fault, FaultKind, Payment};
use reqwest::Method;
use serde_json::{Value, json};
use tessera_tests::Platform;

/// Deliveries of an event whose answers are timed.
const DELIVERIES: usize = 200;

#[tokio::main]
async fn main() {
    // `cargo test --benches` only wants to know that it starts.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let platform = Platform::start().await;
    let guard = platform.owner().hires("Musa", "Adebayo").await;
    let code = platform.owner().prints_code(&guard).await;
    let (patron, token) = (platform.patron(), code["token"].as_str().unwrap());
    println!(
        "requests to the table (design: a page 1 read; a tip 1 read, 10 write units, 1 call of Paystack)"
    );

    platform.meter().reset();
    let page = patron.scans(token).await.is(200);
    show(&platform, "the page, not cached", "tip-page");
    println!("  the page has {} bytes before any compression", page.body.len());
    let _ = patron.is_counted(token, "").await.is(204);
    platform.meter().reset();
    let _ = patron.is_counted(token, "").await.is(204);
    show(&platform, "a visit counted", "tip-page");

    let mut last = Value::Null;
    for (name, message) in [("a tip", ""), ("a tip with 200 letters", &"x".repeat(200))] {
        let said = json!({
            "guard_token": token, "amount": 100_000, "currency": "NGN", "patron_alias": "Ada",
            "message": message, "email": "ada@example.com",
        });
        platform.meter().reset();
        platform.simulator().forget_calls();
        let tip = patron.asks_for(name, &said).await.is(201).json();
        show(&platform, name, "tip-create");
        println!("  {} calls of Paystack", platform.simulator().calls().values().sum::<u64>());
        platform.meter().reset();
        let path = format!("/tips/{}", tip["tip_id"].as_str().unwrap());
        let _ = patron.ask(Method::GET, &path).await.is(200);
        show(&platform, "its status", "tip-create");
        last = tip;
    }
    event_times(&platform, last["reference"].as_str().unwrap()).await;
}

/// How long Paystack waits until an event of it is safe in our queue.
async fn event_times(platform: &Platform, reference: &str) {
    let simulator = platform.simulator();
    simulator.plan(Fault::always("charge.success", FaultKind::Hold)).unwrap();
    simulator.pay(reference, Payment::Success).unwrap();
    let event = simulator.held()[0].id;
    let mut times = Vec::with_capacity(DELIVERIES);
    for _ in 0..DELIVERIES {
        let begun = Instant::now();
        let answer = simulator.deliver_now(event).await.unwrap();
        times.push(begun.elapsed());
        assert_eq!(answer.status, Some(200));
    }
    times.sort_unstable();
    let at = |percent: usize| times[DELIVERIES * percent / 100].as_micros();
    println!("  an event is taken        p50 {:>6} us  p95 {:>6} us", at(50), at(95));
}

fn show(platform: &Platform, name: &str, function: &str) {
    let meter = platform.meter();
    let (requests, reads, writes) =
        (meter.table_requests(function), meter.read_units(function), meter.write_units(function));
    println!("  {name:<24} {requests} requests  {reads} read units  {writes} write units");
}
