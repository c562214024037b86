//! How long the codes of loyalty take, beside their limits (L22 to L28), and what they cost the table
//! (`cargo bench -p tessera-tests --bench loyalty`). The counts hold on AWS; the times are those of the local process,
//! with its embedded table and the way over HTTP, on whatever machine this is.

#![expect(clippy::unwrap_used, reason = "a bench prints and stops at what goes wrong")]

use std::time::{Duration, Instant};

use adapters::random::Random;
use domain::customer::CustomerId;
use domain::loyalty_token::{LoyaltyToken, TokenSecret};
use serde_json::{Value, json};
use tessera_tests::{Bistro, Platform};
use web::loyalty::draw::draw;

/// How often each is timed.
const ROUNDS: usize = 300;
/// Where codes are issued.
const TOKENS: &str = "/api/v1/loyalty/tokens";
/// Where they are used.
const VERIFY: &str = "/api/v1/loyalty/verify";
/// Ten points.
const AWARD_KOBO: i64 = 100_000;

#[tokio::main]
async fn main() {
    // `cargo test --benches` only wants to know that it starts.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let platform = Platform::start().await;
    let bistro = Bistro::opens(platform.owner()).await;
    bistro.welcomes("ada").await;
    units(&platform, &bistro).await;
    println!("times of {ROUNDS} each (limits: L22 to L28)");
    store_times(&platform, &bistro).await;
    flow_times(&bistro).await;
}

/// What the codes cost.
async fn units(platform: &Platform, bistro: &Bistro) {
    println!("requests to the table (design: 4, 16, 18 and 2 write units)");
    let coffee = bistro.offers(&json!({ "stock": 10 })).await;
    let award = json!({ "amount": { "minor": 100 * AWARD_KOBO, "currency": "NGN" } });
    let meter = platform.meter();
    let show = |name: &str| {
        let of = "loyalty-tokens";
        let (requests, reads) = (meter.table_requests(of), meter.read_units(of));
        let writes = meter.write_units(of);
        println!("  {name:<24} {requests} requests  {reads} read units  {writes} write units");
        meter.reset();
    };
    meter.reset();
    let code = issued(bistro).await;
    show("a code for earning");
    used(bistro, &code, Some(&award)).await;
    show("verified, with points");
    let code = issued(bistro).await;
    meter.reset();
    used(bistro, &code, None).await;
    show("verified, identified only");
    let wish = json!({
        "restaurant_id": bistro.id(), "customer_id": "ada", "reward_id": coffee["reward_id"],
    });
    let ask = bistro.owner.post(&format!("{TOKENS}/redemption")).json(&wish);
    let code = ask.await.is(201).json();
    show("a code for a reward");
    used(bistro, &code, None).await;
    show("verified, a reward given");
}

/// The steps of a code by themselves.
async fn store_times(platform: &Platform, bistro: &Bistro) {
    let (table, random) = (platform.table(), Random::system());
    let (mut made, mut inserted, mut selected) = (Vec::new(), Vec::new(), Vec::new());
    let customer = CustomerId::parse("ada").unwrap();
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let secret = TokenSecret::new(random.bytes());
        let of = (bistro.owner.tenant.clone(), bistro.id(), bistro.programme_id());
        let now = platform.now();
        let token = LoyaltyToken::issue(secret.hash(), of, customer.clone(), None, now);
        let svg = draw(&secret.url("https://tessera.example.com")).unwrap();
        made.push(begun.elapsed());
        assert!(!svg.is_empty());
        let begun = Instant::now();
        table.insert_earn_token(&token).await.unwrap();
        inserted.push(begun.elapsed());
        let begun = Instant::now();
        assert!(table.loyalty_token(&token.hash).await.unwrap().is_some());
        selected.push(begun.elapsed());
    }
    row("loyalty_token_generation", 10, made);
    row("loyalty_token_insert", 20, inserted);
    row("loyalty_token_select", 15, selected);
}

/// A code from the request for it to its use, over HTTP.
async fn flow_times(bistro: &Bistro) {
    let (mut verified, mut whole) = (Vec::new(), Vec::new());
    let award = json!({ "amount": { "minor": AWARD_KOBO, "currency": "NGN" } });
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let code = issued(bistro).await;
        let scanned = Instant::now();
        used(bistro, &code, Some(&award)).await;
        verified.push(scanned.elapsed());
        whole.push(begun.elapsed());
    }
    row("loyalty_token_validation", 50, verified);
    row("loyalty_flow", 200, whole);
}

async fn issued(bistro: &Bistro) -> Value {
    let wish = json!({ "restaurant_id": bistro.id(), "customer_id": "ada" });
    bistro.owner.post(TOKENS).json(&wish).await.is(201).json()
}

async fn used(bistro: &Bistro, code: &Value, award: Option<&Value>) {
    let mut wish = json!({ "restaurant_id": bistro.id(), "payload": code["payload"] });
    if let Some(award) = award {
        wish["award"] = award.clone();
    }
    let ask = bistro.owner.post(VERIFY).header("idempotency-key", "bench");
    drop(ask.json(&wish).await.is(200));
}

fn row(name: &str, limit_ms: u32, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |percent: usize| times[times.len() * percent / 100].as_micros();
    let (middle, most) = (at(50), at(95));
    println!("  {name:<24} p50 {middle:>6} us  p95 {most:>6} us  limit {limit_ms} ms");
}
