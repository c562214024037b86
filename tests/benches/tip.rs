//! What a tip costs: requests to the table and their units, and calls of Paystack (`cargo bench -p tessera-tests`).
//! The counts hold on AWS.

#![expect(clippy::unwrap_used, reason = "a bench prints and stops at what goes wrong")]

use reqwest::Method;
use serde_json::json;
use tessera_tests::Platform;

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
    }
}

fn show(platform: &Platform, name: &str, function: &str) {
    let meter = platform.meter();
    let (requests, reads, writes) =
        (meter.table_requests(function), meter.read_units(function), meter.write_units(function));
    println!("  {name:<24} {requests} requests  {reads} read units  {writes} write units");
}
