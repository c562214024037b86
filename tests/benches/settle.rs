//! A settlement run over many guards: how long it takes, and what memory its two workers need, each in a process of
//! its own as on Lambda (`cargo bench -p tessera-tests --bench settle`; `-- 1000 3000` for other numbers of guards).
//!
//! The times are those of this machine's embedded services: only how they grow says something.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a bench prints and stops at what goes wrong"
)]

#[path = "settle/apart.rs"]
mod apart;

use std::time::Instant;

use domain::money::Currency;
use jiff::SignedDuration;
use tessera_tests::{Platform, Start, Town};

/// Guards of the runs.
const GUARDS: [u32; 3] = [1_000, 3_000, 10_000];
/// What each guard is tipped, in kobo.
const TIP: i64 = 200_000;
/// The most that a worker may need, in KiB.
const MEMORY_MAX_KIB: u64 = 150 * 1024;
/// Steps of five seconds that a run may take.
const STEPS_MAX: usize = 10_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(function) = arguments.iter().find_map(|a| a.strip_prefix("--worker=")) {
        return apart::work(function);
    }
    // `cargo test --benches` only wants to know that it starts.
    if arguments.iter().any(|argument| argument == "--test") {
        return;
    }
    let mut guards: Vec<u32> = arguments.iter().filter_map(|number| number.parse().ok()).collect();
    if guards.is_empty() {
        guards.extend(GUARDS);
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    println!("guards  run_s  ms_per_guard  settle_peak_mib  payouts_peak_mib");
    for guards in guards {
        runtime.block_on(settle(guards));
    }
}

async fn settle(guards: u32) {
    let platform =
        Platform::start_with(Start { registry: apart::registry(), ..Start::default() }).await;
    let owner = platform.owner();
    let town = Town::of(&platform, &owner.tenant, guards).await;
    let earned = town.is_tipped(platform.now(), &vec![TIP; guards as usize]).await;
    let later = SignedDuration::from_secs(i64::from(guards) + 1);
    platform.stack().clock().advance(later);
    platform.quiet().await;
    let url = platform.environment("payments").required("PAYSTACK_URL").unwrap();
    let all = owner.get(&format!("{url}/_simulator/merchants")).await.is(200).json();
    let merchant = all[0]["integration"].as_u64().unwrap();
    platform.simulator().top_up(merchant, Currency::Ngn, 2 * earned).unwrap();
    apart::forget();
    let started = Instant::now();
    let _run = owner.post_once("/api/v1/settlements/run").await.is(202);
    platform.quiet().await;
    for _ in 0..STEPS_MAX {
        let paid: i64 = platform.simulator().money().iter().map(|money| money.paid_out).sum();
        if paid == earned {
            break;
        }
        platform.passes(SignedDuration::from_secs(5)).await;
        platform.quiet().await;
    }
    let took = started.elapsed();
    let [settle, payouts] = apart::peaks_kib();
    println!(
        "{guards:>6}  {:>5.1}  {:>12.1}  {:>15}  {:>16}",
        took.as_secs_f64(),
        took.as_secs_f64() * 1000.0 / f64::from(guards),
        settle / 1024,
        payouts / 1024
    );
    let paid: i64 = platform.simulator().money().iter().map(|money| money.paid_out).sum();
    assert_eq!(paid, earned, "each guard is paid once");
    assert!(settle.max(payouts) < MEMORY_MAX_KIB, "a worker needs {settle} or {payouts} KiB");
}
