//! The nightly settlement: who is paid, who waits, and what the books say afterwards.

use domain::money::Currency;
use local::paystack::SettleTo;
use serde_json::{Value, json};
use tessera_tests::Platform;

use crate::till::{FEE, NET, TIP, Till};

/// What a transfer of up to 5,000 naira costs, in kobo (Paystack's price list).
const TRANSFER_FEE: i64 = 1_000;
/// Minutes of a day.
const DAY: i64 = 24 * 60;

/// Gives the guard of the till an account of its own.
async fn banks(till: &Till, number: &str) {
    let account = json!({ "kind": "bank", "account_number": number, "bank_code": "057" });
    let path = format!("/api/v1/guards/{}/payout-account", till.guard);
    let _set = till.platform.owner().put(&path).json(&account).await.is(200);
}

/// What Paystack has collected becomes its balance, from which transfers are made.
fn settles(platform: &Platform) {
    let _ids = platform.simulator().settle(None, None, SettleTo::Balance).unwrap();
}

/// The tenant puts money into Paystack's balance.
fn tops_up(platform: &Platform, minor: i64) {
    let merchant = platform.simulator().money()[0].integration;
    platform.simulator().top_up(merchant, Currency::Ngn, minor).unwrap();
}

async fn plan(platform: &Platform) -> Value {
    let path = "/api/v1/settlements/run?dry_run=true";
    platform.owner().post(path).await.is(200).json()
}

async fn runs(platform: &Platform) -> Value {
    let run = platform.owner().post("/api/v1/settlements/run").await.is(202).json();
    platform.quiet().await;
    run
}

async fn run_of(platform: &Platform, run: &Value) -> Value {
    let path = format!("/api/v1/settlements/{}", run["date"].as_str().unwrap());
    platform.owner().get(&path).await.is(200).json()
}

/// The tenant changes its rules for payouts.
async fn decides(platform: &Platform, rules: &[(&str, i64)]) {
    let mut settings = platform.owner().get("/api/v1/tenant").await.is(200).json();
    for field in ["tenant_id", "id", "has_logo", "version", "destinations_applied"] {
        settings.as_object_mut().unwrap().remove(field);
    }
    for (rule, minor) in rules {
        settings["payouts"][*rule] = (*minor).into();
    }
    let _set = platform.owner().put("/api/v1/tenant").json(&settings).await.is(200);
}

async fn statuses(till: &Till) -> Vec<String> {
    let path = format!("/api/v1/guards/{}/tips", till.guard);
    let page = till.platform.owner().get(&path).await.is(200).json();
    let status = |tip: &Value| tip["status"].as_str().unwrap().to_owned();
    page["tips"].as_array().unwrap().iter().map(status).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_night_each_guard_is_paid_once_and_the_tips_are_settled() {
    let till = Till::open().await;
    banks(&till, "2000000001").await;
    let (_first, _second) = (till.earns().await, till.earns().await);
    settles(&till.platform);
    assert_eq!(statuses(&till).await, ["succeeded", "succeeded"]);
    till.passes(DAY).await;
    let purse = till.purse().await;
    assert_eq!((purse.payable, purse.in_transit, purse.payout), (0, 0, None));
    assert_eq!(statuses(&till).await, ["settled", "settled"]);
    let listed = till.platform.owner().get("/api/v1/settlements").await.is(200).json();
    let run = &listed["settlements"][0];
    assert_eq!((&run["asked_by"], &run["state"]), (&json!("schedule"), &json!("planned")));
    assert_eq!(run["totals"]["paid"]["amount"], 2 * NET);
    till.balances().await;
    // The next night finds nobody to pay, and makes no run.
    till.passes(DAY).await;
    let listed = till.platform.owner().get("/api/v1/settlements").await.is(200).json();
    assert_eq!(listed["settlements"].as_array().unwrap().len(), 1);
    let money: Vec<_> = till.platform.simulator().money();
    let paid: i64 =
        money.iter().flat_map(|money| money.recipients.iter()).map(|paid| paid.amount).sum();
    assert_eq!(paid, 2 * NET);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_plans_what_the_run_then_does_and_writes_nothing() {
    let mut till = Till::open().await;
    decides(&till.platform, &[("threshold", NET)]).await;
    banks(&till, "2000000001").await;
    let _tip = till.earns().await;
    till.platform.passes(jiff::SignedDuration::from_secs(1)).await;
    till.hires().await;
    let _tip = till.earns().await;
    settles(&till.platform);
    till.passes(1).await;
    let before = till.platform.inventory().await;
    let dry = plan(&till.platform).await;
    assert_eq!(till.platform.inventory().await, before, "a dry run writes nothing");
    let verdicts: Vec<&str> =
        dry["lines"].as_array().unwrap().iter().map(|l| l["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["pay", "no_account"]);
    let run = runs(&till.platform).await;
    let done = run_of(&till.platform, &run).await;
    for field in ["balance", "left", "totals", "currency", "lines"] {
        assert_eq!(done[field], dry[field], "{field}");
    }
    // A day has one run.
    let again = till.platform.owner().post("/api/v1/settlements/run").await.is(200).json();
    assert_eq!(again["started_at"], run["started_at"]);
    assert_eq!(again["state"], "planned");
    till.balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_owed_the_threshold_is_paid_and_one_kobo_less_waits() {
    for (minor, is_paid) in [(NET, true), (NET + 1, false)] {
        let till = Till::open().await;
        decides(&till.platform, &[("threshold", minor)]).await;
        banks(&till, "2000000001").await;
        let _tip = till.earns().await;
        settles(&till.platform);
        tops_up(&till.platform, TRANSFER_FEE);
        till.passes(1).await;
        let _run = runs(&till.platform).await;
        till.passes(1).await;
        let left = if is_paid { 0 } else { -NET };
        assert_eq!(till.purse().await.payable, left, "threshold {minor}");
        till.balances().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_balance_is_short_the_oldest_money_is_paid_and_the_rest_is_named() {
    let mut till = Till::open().await;
    decides(&till.platform, &[("threshold", NET)]).await;
    let mut guards = Vec::new();
    for number in ["2000000001", "2000000002"] {
        banks(&till, number).await;
        let _tip = till.earns().await;
        guards.push(till.guard.clone());
        // Only what the first has earned is in the balance.
        if guards.len() == 1 {
            settles(&till.platform);
            tops_up(&till.platform, TRANSFER_FEE);
        }
        till.passes(1).await;
        till.hires().await;
    }
    let run = runs(&till.platform).await;
    till.passes(1).await;
    let run = run_of(&till.platform, &run).await;
    let line = |at: usize| (run["lines"][at]["guard"].clone(), run["lines"][at]["verdict"].clone());
    assert_eq!(line(0), (json!(guards[0]), json!("pay")));
    assert_eq!(line(1), (json!(guards[1]), json!("balance_short")));
    assert_eq!(run["totals"]["short"]["amount"], NET);
    assert_eq!(run["left"], TIP - FEE - NET);
    settles(&till.platform);
    tops_up(&till.platform, TRANSFER_FEE);
    till.passes(DAY).await;
    till.guard = guards[1].clone();
    assert_eq!(till.purse().await.payable, 0, "the next night pays who waited");
    till.balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_capped_payout_ends_inside_a_tip_that_the_next_one_settles() {
    let till = Till::open().await;
    let rules = [("threshold", 1_000), ("max_per_transfer", NET + NET / 2)];
    decides(&till.platform, &rules).await;
    banks(&till, "2000000001").await;
    for _ in 0..2 {
        let _tip = till.earns().await;
        till.passes(1).await;
    }
    settles(&till.platform);
    till.passes(DAY).await;
    assert_eq!(till.purse().await.payable, -NET / 2);
    assert_eq!(statuses(&till).await, ["succeeded", "settled"], "newest first");
    tops_up(&till.platform, TIP);
    till.passes(DAY).await;
    assert_eq!(till.purse().await.payable, 0);
    assert_eq!(statuses(&till).await, ["settled", "settled"]);
    till.balances().await;
}
