//! Many tips for many guards, settled in a night, and added up again by somebody else: a script that shares no code
//! with the platform reads its files and compares each sum.

use std::process::Command;

use domain::money::Currency;
use domain::page::PageSize;
use domain::payout::PayoutState;
use jiff::SignedDuration;
use serde_json::Value;
use tessera_tests::{Platform, Town};

/// Guards of the town.
const GUARDS: u32 = 300;
/// Tips; the variable `TESSERA_TIPS` asks for another number.
const TIPS: i64 = 1_200;
/// What the merchant puts into its balance, in kobo.
const TOP_UP: i64 = 2_000_000_000;
/// So long the night may take, in steps of five seconds.
const STEPS_MAX: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_tips_add_up_to_the_kobo_in_every_file_and_on_every_page() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let town = Town::of(&platform, &owner.tenant, GUARDS).await;
    let tips = std::env::var_os("TESSERA_TIPS").and_then(|n| n.into_string().ok()?.parse().ok());
    // Below and above what Paystack's flat fee begins at, no two alike; what a guard has of 10,000 tips fits into one
    // transfer.
    let amounts: Vec<i64> =
        (0..tips.unwrap_or(TIPS)).map(|tip| 10_000 + tip * 7_919 % 4_000_001).collect();
    let earned = town.is_tipped(platform.now(), &amounts).await;
    platform.stack().clock().advance(SignedDuration::from_secs(amounts.len() as i64 + 1));
    platform.quiet().await;
    let merchant = merchant_of(&platform).await;
    platform.simulator().top_up(merchant, Currency::Ngn, TOP_UP + earned).unwrap();
    let run = owner.post_once("/api/v1/settlements/run").await.is(202).json();
    platform.quiet().await;
    for _ in 0..STEPS_MAX {
        if open(&platform).await == 0 {
            break;
        }
        platform.passes(SignedDuration::from_secs(5)).await;
        platform.quiet().await;
    }
    assert_eq!(open(&platform).await, 0, "the night has no end");
    let path = format!("/api/v1/settlements/{}", run["date"].as_str().unwrap());
    let run = owner.get(&path).await.is(200).json();
    assert_eq!(run["totals"]["paid"]["guards"], GUARDS, "{run}");
    assert_eq!(run["totals"]["paid"]["amount"], earned, "{run}");
    let paid: i64 = platform.simulator().money().iter().map(|money| money.paid_out).sum();
    assert_eq!(paid, earned, "Paystack's books");
    platform.passes(SignedDuration::from_secs(1)).await;
    let Some(report) = resummed(&platform).await else { return };
    assert_eq!(report["net"], earned, "{report}");
    assert_eq!(report["paid"], earned, "{report}");
    assert_eq!(report["tips"], amounts.len(), "{report}");
}

/// The tenant's number at Paystack.
async fn merchant_of(platform: &Platform) -> u64 {
    let url = platform.environment("payments").required("PAYSTACK_URL").unwrap();
    let all = platform.owner().get(&format!("{url}/_simulator/merchants")).await.is(200).json();
    all[0]["integration"].as_u64().unwrap()
}

/// Payouts that are not confirmed.
async fn open(platform: &Platform) -> usize {
    let (table, tenant) = (platform.table(), &platform.owner().tenant);
    let (mut open, mut from) = (0, None);
    loop {
        let page = table.payouts_of_tenant(tenant, PageSize::largest(), from.as_ref()).await;
        let page = page.unwrap();
        open += page.entries.iter().filter(|p| p.state != PayoutState::Confirmed).count();
        from = page.next;
        if from.is_none() {
            return open;
        }
    }
}

/// What the script says; nothing where there is no Python, which a clone does not need.
async fn resummed(platform: &Platform) -> Option<Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/outside/resum.py");
    let mut command = Command::new("python3");
    command.args([script, platform.base(), &platform.owner().key]);
    let mut asking = tokio::task::spawn_blocking(move || command.output());
    let output = loop {
        // The script waits for files that somebody has to write.
        platform.quiet().await;
        let soon = std::time::Duration::from_millis(50);
        if let Ok(output) = tokio::time::timeout(soon, &mut asking).await {
            break output.unwrap();
        }
    };
    let output = match output {
        Ok(output) => output,
        Err(error) => {
            println!("not added up again, there is no python3: {error}");
            return None;
        }
    };
    let said = String::from_utf8_lossy(&output.stdout);
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{wrong}");
    println!("added up again: {}", said.trim());
    Some(serde_json::from_str(said.trim()).unwrap())
}
