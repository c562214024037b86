//! Finance looks at payouts and tips, follows one down to its webhooks and postings, and decides about those that need
//! a person.

use domain::money::Currency;
use domain::payout::PayoutState;
use local::paystack::{Fault, FaultKind, TransferStatus};
use serde_json::{Value, json};

use crate::payroll::{OWED, Payroll};

/// The pauses between attempts, in minutes.
const PAUSES_MIN: [i64; 5] = [1, 5, 15, 60, 240];

async fn reads(payroll: &Payroll, path: &str) -> Value {
    payroll.till.platform.owner().get(path).await.is(200).json()
}

async fn decides(payroll: &Payroll, what: &str) -> Value {
    let payout = payroll.payout(0).await.id;
    let path = format!("/api/v1/payouts/{payout}/{what}");
    let note = json!({ "note": "The bank has told us." });
    payroll.till.platform.owner().post(&path).json(&note).await.is(200).json()
}

/// A guard whose transfers all fail.
async fn stuck() -> Payroll {
    let payroll = Payroll::of(1).await;
    let failed = FaultKind::Transfer { status: TransferStatus::Failed };
    payroll.till.breaks(Fault::always("transfer", failed));
    payroll.runs().await;
    for minutes in PAUSES_MIN {
        payroll.passes_s(minutes * 60 + 60).await;
    }
    assert_eq!(payroll.stands(0).await.0, PayoutState::NeedsHuman);
    payroll
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payout_is_followed_down_to_its_tips_postings_and_events() {
    let payroll = Payroll::of(2).await;
    payroll.runs().await;
    let listed = reads(&payroll, "/api/v1/payouts?status=confirmed").await;
    assert_eq!(listed["payouts"].as_array().unwrap().len(), 2);
    let guard = &payroll.guards[1];
    let listed = reads(&payroll, &format!("/api/v1/payouts?guard={guard}&limit=1")).await;
    let payout = &listed["payouts"][0];
    assert_eq!((&payout["amount"], &payout["status"]), (&json!(OWED), &json!("confirmed")));
    let path = format!("/api/v1/payouts/{}", payout["payout_id"].as_str().unwrap());
    let detail = reads(&payroll, &path).await;
    let [transfer] = detail["transfers"].as_array().unwrap().as_slice() else { panic!("{detail}") };
    assert_eq!(transfer["transactions"].as_array().unwrap().len(), 2, "{transfer}");
    assert_eq!(transfer["webhooks"][0]["event"], "transfer.success");
    let tips = reads(&payroll, &format!("{path}/tips")).await;
    assert_eq!(tips["paid"], OWED);
    let [entry] = tips["entries"].as_array().unwrap().as_slice() else { panic!("{tips}") };
    assert_eq!((&entry["amount"], &entry["paid"]), (&json!(OWED), &json!(OWED)));
    assert_eq!(entry["webhooks"][0]["event"], "charge.success");
    let sum: i64 = entry["transaction"]["postings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|posting| posting["amount"].as_i64().unwrap())
        .sum();
    assert_eq!(sum, 0);
    // The tip says which payout has settled it, here and in its entries.
    let settled = reads(&payroll, &format!("/api/v1/tips?status=settled&guard={guard}")).await;
    let [tip] = settled["tips"].as_array().unwrap().as_slice() else { panic!("{settled}") };
    assert_eq!((&tip["payout_id"], &tip["net_amount"]), (&payout["payout_id"], &json!(OWED)));
    let entries = format!("/api/v1/tips/{}/entries", tip["tip_id"].as_str().unwrap());
    assert_eq!(
        reads(&payroll, &entries).await["entries"][0]["payout_batch_id"],
        payout["payout_id"]
    );
    assert_eq!(reads(&payroll, "/api/v1/tips?status=succeeded").await["tips"], json!([]));
    let all = reads(&payroll, "/api/v1/tips").await;
    assert_eq!(all["tips"].as_array().unwrap().len(), 2);
    let stranger = payroll.till.platform.newcomer().await;
    stranger.get(&path).await.problem(404, "payout_unknown");
    assert_eq!(stranger.get("/api/v1/tips").await.is(200).json()["tips"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tips_are_listed_over_days_page_by_page_each_once() {
    let payroll = Payroll::of(1).await;
    for _ in 0..5 {
        let _tip = payroll.till.earns().await;
        payroll.till.platform.passes(jiff::SignedDuration::from_hours(17)).await;
    }
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = reads(&payroll, &format!("/api/v1/tips?limit=2{cursor}")).await;
        for tip in page["tips"].as_array().unwrap() {
            found.push((tip["created_at"].to_string(), tip["tip_id"].to_string()));
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(found.len(), 6, "{found:?}");
    assert!(found.is_sorted_by(|one, next| one >= next), "newest first: {found:?}");
    let from = payroll.till.platform.now() - jiff::SignedDuration::from_hours(40);
    let late = reads(&payroll, &format!("/api/v1/tips?from={from}")).await;
    assert_eq!(late["tips"].as_array().unwrap().len(), 2);
    let totals = reads(&payroll, &format!("/api/v1/finance/totals?from={from}")).await;
    assert_eq!((&totals["complete"], &totals["totals"][0]["tips"]), (&json!(true), &json!(2)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payout_that_needs_a_person_is_tried_again() {
    let payroll = stuck().await;
    let owner = payroll.till.platform.owner();
    payroll.till.platform.simulator().clear_faults().unwrap();
    let retried = decides(&payroll, "retry").await;
    assert_eq!(retried["status"], "returned");
    let path = format!("/api/v1/payouts/{}/retry", payroll.payout(0).await.id);
    owner.post(&path).json(&json!({ "note": "x" })).await.problem(409, "payout_state");
    payroll.passes_s(120).await;
    assert_eq!(payroll.stands(0).await.0, PayoutState::Confirmed);
    assert_eq!(payroll.paid(0).await, OWED);
    payroll.balances().await;
    let check = reads(&payroll, "/api/v1/audit/check").await;
    assert_eq!(check["ok"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payout_that_is_given_up_leaves_its_money_to_the_next_run() {
    let payroll = stuck().await;
    payroll.till.platform.simulator().clear_faults().unwrap();
    let given_up = decides(&payroll, "cancel").await;
    assert_eq!(
        (&given_up["status"], &given_up["trouble"]),
        (&json!("cancelled"), &json!("given_up"))
    );
    let table = payroll.till.platform.table();
    let balances =
        table.guard_balances(payroll.tenant(), &payroll.guards[0], Currency::Ngn).await.unwrap();
    assert_eq!((balances.payout, balances.in_transit), (None, 0));
    payroll.passes_s(24 * 3_600).await;
    assert_eq!(payroll.paid(0).await, OWED, "once");
    payroll.balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tip_that_two_payouts_pay_is_on_both_statements_which_add_up() {
    let payroll = Payroll::of(1).await;
    let owner = payroll.till.platform.owner();
    let mut settings = owner.get("/api/v1/tenant").await.is(200).json();
    for field in ["id", "has_logo", "version", "destinations_applied"] {
        settings.as_object_mut().unwrap().remove(field);
    }
    settings["payouts"]["max_per_transfer"] = 150_000.into();
    settings["payouts"]["threshold"] = 1_000.into();
    let _set = owner.put("/api/v1/tenant").json(&settings).await.is(200);
    payroll.runs().await;
    payroll.passes_s(24 * 3_600).await;
    let payouts = payroll.payouts(0).await;
    let amounts: Vec<i64> = payouts.iter().rev().map(|payout| payout.amount.minor).collect();
    assert_eq!(amounts, [150_000, 46_000]);
    for (payout, elsewhere) in payouts.iter().rev().zip(["460.00", "1500.00"]) {
        let tips = reads(&payroll, &format!("/api/v1/payouts/{}/tips", payout.id)).await;
        assert_eq!(tips["paid"], payout.amount.minor);
        assert_eq!(tips["entries"][0]["amount"], OWED, "{tips}");
        let path = format!("/api/v1/guards/{}/payouts/{}/statement", payout.guard, payout.id);
        let page = owner.get(&path).await.is(200);
        assert!(page.header("content-type").starts_with("text/html"));
        let (page, paid) = (page.text(), payout.amount.minor / 100);
        for text in ["2000.00", "40.00", elsewhere, &format!("{paid}.00"), "Musa Adebayo", "paid, "]
        {
            assert!(page.contains(text), "{text} is not in {page}");
        }
        assert!(!page.contains("the next statement names"), "{page}");
    }
    payroll.balances().await;
}
