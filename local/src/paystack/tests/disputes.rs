//! Disputes: raised, answered, or not answered in time.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::bench;
use crate::paystack::{Resolution, SettleTo};

#[tokio::test]
async fn a_dispute_is_told_answered_and_costs_what_was_accepted() {
    let bench = bench().await;
    let charge = bench.paid("tip-1", 100_000).await;
    let id = bench.simulator.raise_dispute("tip-1", None).unwrap();
    bench.simulator.remind_dispute(id).unwrap();
    let of_charge = format!("/dispute/transaction/{}", charge["id"]);
    let seen = bench.get(&of_charge).await.content();
    assert_eq!((&seen["id"], &seen["status"]), (&json!(id), &json!("awaiting-merchant-feedback")));
    assert!(seen["createdAt"].is_string() && seen["transaction"]["reference"] == "tip-1");
    let path = format!("PUT /dispute/{id}/resolve");
    let wrong = bench.ask(&path, json!({"resolution": "perhaps"})).await;
    assert_eq!(wrong.status, 400);
    let body =
        json!({"resolution": "merchant-accepted", "message": "sorry", "refund_amount": 60_000});
    let resolved = bench.ask(&path, body.clone()).await.content();
    assert_eq!(
        (&resolved["status"], &resolved["resolution"]),
        (&json!("resolved"), &json!("merchant-accepted"))
    );
    assert_eq!(bench.ask(&path, body).await.status, 400, "only once");
    bench.simulator.pump().await;
    let names = [
        "charge.success",
        "charge.dispute.create",
        "charge.dispute.remind",
        "charge.dispute.resolve",
    ];
    assert_eq!(bench.receiver.names(), names);
    let event = bench.receiver.last("charge.dispute.resolve");
    assert!(event["created_at"].is_string() && event["transaction_reference"].is_null());
    assert_eq!(event["transaction"]["metadata"], "");
    assert_eq!(bench.receiver.last("charge.dispute.create")["resolution"], Value::Null);
    let money = bench.money();
    assert_eq!((money.charged_back, money.clearing, money.refunded), (60_000, 38_500, 0));
    assert_eq!(bench.get("/dispute?status=resolved").await.content()[0]["id"], json!(id));
    assert_eq!(bench.get("/dispute?status=pending").await.content(), json!([]));
    // What is left can be refunded, and no more.
    let refund = async |amount: i64| {
        bench.ask("POST /refund", json!({"transaction": "tip-1", "amount": amount})).await.status
    };
    assert_eq!((refund(40_001).await, refund(40_000).await), (400, 200));
}

#[tokio::test]
async fn silence_loses_and_a_settled_charge_is_taken_from_the_balance() {
    let bench = bench().await;
    bench.paid("tip-1", 100_000).await;
    bench.top_up(5_000);
    bench.simulator.settle(None, None, SettleTo::Balance).unwrap();
    let id = bench.simulator.raise_dispute("tip-1", None).unwrap();
    bench.after(SignedDuration::from_hours(24)).await;
    let dispute = bench.get(&format!("/dispute/{id}")).await.content();
    assert_eq!(dispute["resolution"], "auto-accepted");
    let money = bench.money();
    assert_eq!((money.charged_back, money.clearing, money.balance), (100_000, 0, 3_500));
    assert_eq!(bench.verified("tip-1").await["status"], "reversed");
}

#[tokio::test]
async fn a_won_dispute_costs_nothing() {
    let bench = bench().await;
    bench.charge("open", 100_000).await;
    assert!(bench.simulator.raise_dispute("open", None).is_err(), "not paid");
    bench.paid("tip-1", 100_000).await;
    assert!(bench.simulator.raise_dispute("tip-1", Some(100_001)).is_err());
    let id = bench.simulator.raise_dispute("tip-1", Some(50_000)).unwrap();
    bench.simulator.end_dispute(id, Resolution::Declined, None).unwrap();
    assert!(bench.simulator.end_dispute(id, Resolution::AutoAccepted, None).is_err());
    assert_eq!((bench.money().charged_back, bench.money().clearing), (0, 98_500));
    assert_eq!(bench.verified("tip-1").await["status"], "success");
}
