//! What a scan and its counting cost, in requests and write units, and how long the parts take beside their limits.
//!
//! `cargo bench -p tessera-tests --bench scan`. The counts hold on AWS; the times are those of the local process, with
//! its embedded table, on whatever machine this is.

#![expect(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    reason = "a bench prints and stops at what goes wrong"
)]

use std::time::{Duration, Instant};

use adapters::images::{Images, Object};
use domain::render::Format;
use tessera_tests::{House, Platform, at_once, houses};

/// Scans whose counting is measured.
const SCANS: usize = 1000;
/// Samples of each time.
const SAMPLES: usize = 200;
/// What counting a scan may cost at most when all are of one code, in write units.
const COUNTING_MAX: f64 = 0.05;

#[tokio::main]
async fn main() {
    // `cargo test --benches` only wants to know that it starts.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    scan_costs().await;
    counting_costs().await;
    times().await;
}

async fn platform_with(codes: usize) -> (Platform, Vec<House>) {
    let platform = Platform::start().await;
    let houses = houses(codes);
    platform.owner().imports(&houses).await;
    // What a batch does not begin in time is sent again.
    while platform.owner().generates_all(&houses).await.is(200).json()["not_started"] != 0 {}
    platform.quiet().await;
    (platform, houses)
}

async fn scan_costs() {
    let (platform, houses) = platform_with(1).await;
    println!("requests of one scan to the table (design: 1 write, at most 1 read, 0 when kept)");
    for name in ["first in a new environment", "kept in memory"] {
        platform.meter().reset();
        let _ = platform.visitor().scans(&houses[0]).await.is(200);
        let requests = platform.meter().table_requests("scan");
        let (reads, writes) = units(&platform, "scan");
        println!("  {name:<28} {requests} requests  {reads} read units  {writes} write units");
    }
}

async fn counting_costs() {
    println!("counting {SCANS} scans, in write units a scan");
    for codes in [1, 100, 1000] {
        let (platform, houses) = platform_with(codes).await;
        let visitors = (0..SCANS).map(|number| {
            let house = &houses[number % codes];
            let visitor = platform.visitor().number(number);
            async move { visitor.scans(house).await.is(200) }
        });
        at_once(64, visitors).await;
        platform.meter().reset();
        platform.quiet().await;
        let (reads, writes) = units(&platform, "aggregate");
        let requests = platform.meter().table_requests("aggregate");
        let each = writes / SCANS as f64;
        println!(
            "  on {codes:>4} codes  {each:>7.3} write units  ({requests} requests, {reads} read units in all)"
        );
        assert!(codes > 1 || each <= COUNTING_MAX, "counting costs {each} write units a scan");
    }
}

fn units(platform: &Platform, function: &str) -> (f64, f64) {
    (platform.meter().read_units(function), platform.meter().write_units(function))
}

async fn times() {
    let (platform, houses) = platform_with(SAMPLES).await;
    let owner = platform.owner();
    println!("times, {SAMPLES} samples each, one after the other");

    let mut generated = Vec::new();
    for house in &houses {
        let started = Instant::now();
        let _ = owner.regenerates(house, &serde_json::json!({})).await.is(200);
        generated.push(started.elapsed());
    }
    show("P47 generation over HTTP", generated, 500);

    let images = Images::from_env(platform.environment("generate")).unwrap();
    let png =
        platform.visitor().get(&format!("/qr-images/{}.png", houses[0].id)).await.is(200).body;
    let id = houses[0].id.clone();
    let mut uploaded = Vec::new();
    for _ in 0..SAMPLES {
        let started = Instant::now();
        images.put(&Object::Present(&id, Format::Png), "image/png", png.to_vec()).await.unwrap();
        uploaded.push(started.elapsed());
    }
    show("P48 upload of an image", uploaded, 1000);

    let mut scanned = Vec::new();
    for house in &houses {
        let started = Instant::now();
        let _ = platform.visitor().scans(house).await.is(200);
        scanned.push(started.elapsed());
    }
    show("P49 scan page over HTTP", scanned, 100);

    let started = Instant::now();
    let _ = owner.generates_all(&houses).await.is(200);
    println!(
        "  {:<26} {SAMPLES} codes in {} ms",
        "P50 batch, unchanged codes",
        started.elapsed().as_millis()
    );
}

fn show(name: &str, mut times: Vec<Duration>, limit_ms: u64) {
    times.sort_unstable();
    let at =
        |permille: usize| times[(times.len() * permille / 1000).min(times.len() - 1)].as_micros();
    println!(
        "  {name:<26} min {:>6} us  p50 {:>6} us  p95 {:>6} us  limit {limit_ms} ms",
        at(0),
        at(500),
        at(950)
    );
}
